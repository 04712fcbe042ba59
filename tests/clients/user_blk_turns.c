// SPDX-License-Identifier: GPL-2.0-only
/*
 * Two instances of mvblk that share a file, and use it in turn.
 */
#include <errno.h>
#include <string.h>

#include "user_blk.h"

/* The one that is not in b */
static struct user_blk other;

static void swap_devices(void)
{
	struct user_blk was = b;

	b = other;
	other = was;
}

/* A write with the device in b, of what a read of the other one has to find */
static void write_turn(const char *what)
{
	blk_scramble(BUF);
	memcpy(other.shadow, b.buf, BUF);
	blk_expect(blk_write(0, BUF), VIRTIO_BLK_S_OK, what);
}

static void read_turn(const char *what)
{
	blk_expect(blk_read(0, BUF), VIRTIO_BLK_S_OK, what);
	if (memcmp(b.buf, b.shadow, BUF))
		die("%s: other data", what);
}

void blk_turns(const char *uuid)
{
	other.seed = b.seed;
	swap_devices();
	blk_open(uuid);
	swap_devices();

	blk_start(0, 1);
	write_turn("a write of the first");
	swap_devices();
	must(vm_negotiate(&b.d, ~0ULL));
	must(vm_vq_init(&b.vq[0], &b.mem, 0, NUM, b.d.features));
	must(vm_vq_start(&b.d, &b.vq[0], vm_vq_base(&b.vq[0])));
	fails(EBUSY, vm_add_status(&b.d, VIRTIO_CONFIG_S_DRIVER_OK));
	blk_stop();
	pass("a device cannot go live while another one uses its file");

	swap_devices();
	must(vm_suspend(&b.d));
	swap_devices();
	blk_start(0, 1);
	read_turn("a read of the second");
	write_turn("a write of the second");
	pass("a device goes live when the other one is suspended, with its data");

	swap_devices();
	fails(EBUSY, vm_resume(&b.d));
	pass("a device cannot be resumed while another one uses its file");

	swap_devices();
	must(vm_suspend(&b.d));
	swap_devices();
	must(vm_resume(&b.d));
	read_turn("a read of the first, resumed");
	pass("a device is resumed when the other one is suspended");

	blk_stop();
	swap_devices();
	must(vm_resume(&b.d));
	blk_stop();
	pass("a device is resumed when the other one is reset");
	blk_close();
	swap_devices();
}
