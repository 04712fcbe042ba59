// SPDX-License-Identifier: GPL-2.0-only
/*
 * user-hw share: a container in which there is an entropy device that vfio-pci has,
 * too.  Both do DMA to one mapping, at the same time.
 */
#include <errno.h>
#include <linux/pci_regs.h>
#include <linux/vfio.h>
#include <linux/virtio_pci.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "hwnet.h"

#define NUM	8
#define BYTES	64
#define ROUNDS	20

struct rng {
	struct vm_dev group;
	int fd;
	__u64 config;		/* offsets in the file */
	__u64 common, notify;
	__u32 multiplier;
	struct vm_mem *mem;
	struct vm_vq vq;
	__u8 *buf;
};

/* ---- registers ---- */

static void rd(struct rng *r, __u64 at, void *buf, size_t len)
{
	if (pread(r->fd, buf, len, at) != (ssize_t)len)
		die("read of %zu bytes at %#llx: %s", len,
		    (unsigned long long)at, vm_err(-errno));
}

static void wr(struct rng *r, __u64 at, __u32 v, size_t len)
{
	/* A PC is little-endian, and so are the registers. */
	if (pwrite(r->fd, &v, len, at) != (ssize_t)len)
		die("write of %zu bytes at %#llx: %s", len,
		    (unsigned long long)at, vm_err(-errno));
}

#define COMMON(r, member) \
	((r)->common + offsetof(struct virtio_pci_common_cfg, member))

static __u64 region(struct rng *r, unsigned int index)
{
	struct vfio_region_info i = { .argsz = sizeof(i), .index = index };

	must(vm_ioctl(r->fd, VFIO_DEVICE_GET_REGION_INFO, &i));
	return i.offset;
}

static void find_registers(struct rng *r)
{
	struct virtio_pci_cap cap;
	__u8 pos;

	r->config = region(r, VFIO_PCI_CONFIG_REGION_INDEX);
	rd(r, r->config + PCI_CAPABILITY_LIST, &pos, 1);
	for (; pos; pos = cap.cap_next) {
		__u64 at;

		rd(r, r->config + pos, &cap, sizeof(cap));
		if (cap.cap_vndr != PCI_CAP_ID_VNDR || cap.bar > 5)
			continue;
		at = region(r, cap.bar) + cap.offset;
		if (cap.cfg_type == VIRTIO_PCI_CAP_COMMON_CFG) {
			r->common = at;
		} else if (cap.cfg_type == VIRTIO_PCI_CAP_NOTIFY_CFG) {
			r->notify = at;
			rd(r, r->config + pos + sizeof(cap), &r->multiplier,
			   sizeof(r->multiplier));
		}
	}
	if (!r->common || !r->notify)
		die("no virtio function");
}

static void set_status(struct rng *r, __u8 status)
{
	__u8 now;

	wr(r, COMMON(r, device_status), status, 1);
	rd(r, COMMON(r, device_status), &now, 1);
	if (now != status)
		die("status %#x reads back as %#x", status, now);
}

static void set_address(struct rng *r, __u64 at, __u64 addr)
{
	wr(r, at, addr, 4);
	wr(r, at + 4, addr >> 32, 4);
}

/* ---- the device ---- */

static void rng_open(struct rng *r, struct hw_net *n)
{
	__u16 off;

	memset(r, 0, sizeof(*r));
	must(vm_group_attach(&n->c, &r->group, n->o.pci));
	r->fd = ioctl(r->group.group, VFIO_GROUP_GET_DEVICE_FD, n->o.pci);
	if (r->fd < 0)
		die("%s: %s", n->o.pci, vm_err(-errno));
	find_registers(r);
	rd(r, r->config + PCI_COMMAND, &off, sizeof(off));
	wr(r, r->config + PCI_COMMAND,
	   off | PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER, 2);

	r->mem = n->rings;
	r->buf = vm_alloc(r->mem, BYTES, 64);
	must(vm_vq_init(&r->vq, r->mem, 0, NUM, BIT64(VIRTIO_F_VERSION_1)));
	vm_vq_irq(&r->vq, false);

	set_status(r, 0);
	set_status(r, VIRTIO_CONFIG_S_ACKNOWLEDGE | VIRTIO_CONFIG_S_DRIVER);
	wr(r, COMMON(r, guest_feature_select), 0, 4);
	wr(r, COMMON(r, guest_feature), 0, 4);
	wr(r, COMMON(r, guest_feature_select), 1, 4);
	/* VERSION_1, ACCESS_PLATFORM */
	wr(r, COMMON(r, guest_feature), 3, 4);
	set_status(r, VIRTIO_CONFIG_S_ACKNOWLEDGE | VIRTIO_CONFIG_S_DRIVER |
		   VIRTIO_CONFIG_S_FEATURES_OK);
	wr(r, COMMON(r, queue_select), 0, 2);
	wr(r, COMMON(r, queue_size), NUM, 2);
	set_address(r, COMMON(r, queue_desc_lo), r->vq.desc_iova);
	set_address(r, COMMON(r, queue_avail_lo), r->vq.avail_iova);
	set_address(r, COMMON(r, queue_used_lo), r->vq.used_iova);
	rd(r, COMMON(r, queue_notify_off), &off, sizeof(off));
	r->notify += off * r->multiplier;
	wr(r, COMMON(r, queue_enable), 1, 2);
	set_status(r, VIRTIO_CONFIG_S_ACKNOWLEDGE | VIRTIO_CONFIG_S_DRIVER |
		   VIRTIO_CONFIG_S_FEATURES_OK | VIRTIO_CONFIG_S_DRIVER_OK);
}

static void rng_ask(struct rng *r)
{
	struct vm_sg sg = { vm_iova(r->mem, r->buf), BYTES };

	memset(r->buf, 0, BYTES);
	must(vm_vq_add(&r->vq, &sg, 0, 1, 0));
	wr(r, r->notify, 0, 2);
}

static void rng_get(struct rng *r, __u8 *last)
{
	__u64 end = vm_now_ms() + 20000;
	__u32 len, i, zeroes = 0;

	while (vm_vq_get(&r->vq, &len) < 0) {
		if (vm_now_ms() > end)
			die("no random bytes came");
		vm_sleep_ms(1);
	}
	if (!len)
		die("no random bytes, and it says it is done");
	for (i = 0; i < len; i++)
		zeroes += !r->buf[i];
	/* One in 2^64 may be unlucky. */
	if ((len >= 8 && zeroes > len / 2) || !memcmp(last, r->buf, BYTES))
		die("%u bytes, of which %u are zero, are not random", len,
		    zeroes);
	memcpy(last, r->buf, BYTES);
}

static void rng_close(struct rng *r)
{
	set_status(r, 0);
	close(r->fd);
	vm_vq_free(&r->vq);
	vm_dev_close(&r->group);
}

int cmd_hw_share(const struct hw_opts *o)
{
	__u8 last[BYTES] = {};
	struct hw_net n;
	struct rng r;
	unsigned int i;

	if (!o->pci)
		die("--pci has to say which function vfio-pci has");
	hw_open(&n, o);
	rng_open(&r, &n);
	must(hw_start(&n));
	hw_traffic(&n, 10);
	for (i = 0; i < ROUNDS; i++) {
		rng_ask(&r);
		if (hw_echo(&n, 10, 20000) != 10)
			die("echoes are missing");
		rng_get(&r, last);
	}
	pass("%u echoes by the instance and %u times random bytes by vfio-pci, all in one mapping",
	     10 * ROUNDS, ROUNDS);
	rng_close(&r);
	hw_traffic(&n, 10);
	pass("the instance goes on without the other one");
	hw_close(&n);
	return 0;
}
