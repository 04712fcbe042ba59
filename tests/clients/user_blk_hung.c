// SPDX-License-Identifier: GPL-2.0-only
/*
 * user-blk hung: a disk that does not answer when its device is to be suspended.  The
 * script has it answer again when this says so.
 */
#include <errno.h>
#include <stdio.h>
#include <unistd.h>

#include "user_blk.h"

/* How many requests the disk works on: the ninth number, as in /proc/diskstats */
static unsigned int in_progress(void)
{
	char text[256];
	unsigned int n;

	must(vm_sysfs_read(b.d.uuid, "stat", text, sizeof(text)));
	if (sscanf(text, "%*u %*u %*u %*u %*u %*u %*u %*u %u", &n) != 1)
		die("stat: \"%s\"", text);
	return n;
}

void blk_hung(void)
{
	struct vm_vq *v;
	__u32 len;

	/* What is to come back and does not is the failure. */
	alarm(240);
	blk_start(0, 1);
	v = &b.vq[0];
	blk_begin(VIRTIO_BLK_T_IN, 0);
	blk_out(b.hdr, sizeof(*b.hdr));
	blk_in(b.buf, VM_PAGE);
	blk_in(b.status, 1);
	must(vm_vq_add(v, b.sg, b.out, b.in, 1));
	vm_vq_kick(v);
	/* What the device has not taken yet does not keep it from being suspended. */
	while (!in_progress())
		vm_sleep_ms(20);
	fails(EBUSY, vm_suspend(&b.d));
	if (vm_vq_has_used(v))
		die("the disk has answered");
	if (must(vm_get_status(&b.d)) & VIRTIO_CONFIG_S_NEEDS_RESET)
		die("the device needs a reset");
	pass("SUSPEND is refused while the disk does not answer");
	fflush(stdout);

	while (!vm_vq_has_used(v))
		if (!vm_eventfd_wait(v->call, 120000))
			die("no answer");
	if (vm_vq_get(v, &len) != 1)
		die("it used another chain");
	blk_expect(*b.status, VIRTIO_BLK_S_OK, "the read that waited");
	blk_expect(blk_read(8, VM_PAGE), VIRTIO_BLK_S_OK, "a read after it");
	pass("the device goes on after it");
	must(vm_suspend(&b.d));
	must(vm_resume(&b.d));
	blk_expect(blk_read(8, VM_PAGE), VIRTIO_BLK_S_OK, "a read after RESUME");
	pass("the device can be suspended when the disk answers");
	blk_stop();
}
