// SPDX-License-Identifier: GPL-2.0-only
/*
 * What every parent built on struct mdev_soft does, seen from the VFIO fd of an
 * entropy device:
 *
 *	user-soft UUID
 */
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <linux/virtio_ids.h>

#include "client.h"

#define NUM	16
#define BYTES	32

static struct vm_container c;
static struct vm_dev d;
static struct vm_mem mem;
static struct vm_vq vq;
static __u8 *buf;

static void set_up(__u16 base, bool enable)
{
	/* A split ring, for a base of one index */
	must(vm_negotiate(&d, ~BIT64(VIRTIO_F_RING_PACKED)));
	must(vm_vq_init(&vq, &mem, 0, NUM, d.features));
	vq.avail_idx = base;
	vq.kicked_idx = base;
	vq.used_idx = base;
	vq.avail->idx = htole16(base);
	vq.used->idx = htole16(base);
	must(vm_vq_start(&d, &vq, base));
	if (!enable)
		must(vm_vring_enable(&d, 0, false));
}

static void live(void)
{
	must(vm_add_status(&d, VIRTIO_CONFIG_S_DRIVER_OK));
}

static void ask_at(__u64 iova)
{
	struct vm_sg sg = { .iova = iova, .len = BYTES };

	must(vm_vq_add(&vq, &sg, 0, 1, 1));
	vm_vq_kick_now(&vq);
}

static void ask(void)
{
	memset(buf, 0, BYTES);
	ask_at(vm_iova(&mem, buf));
}

static bool answered(int ms)
{
	__u64 end = vm_now_ms() + ms;

	while (!vm_vq_has_used(&vq)) {
		if (vm_now_ms() >= end)
			return false;
		vm_eventfd_wait(vq.call, 10);
	}
	return true;
}

static void take(const char *when)
{
	static const __u8 zero[BYTES];
	__u32 len;

	if (!answered(30000))
		die("no answer %s", when);
	if (vm_vq_get(&vq, &len) != 1 || len != BYTES)
		die("%u bytes %s", len, when);
	if (!memcmp(buf, zero, BYTES))
		die("nothing was written %s", when);
	pass("the device answers %s", when);
}

static void basics(void)
{
	__u32 id;

	must(vm_ioctl(d.fd, VHOST_MDEV_GET_DEVICE_ID, &id));
	if (id != VIRTIO_ID_RNG)
		die("device id %u", id);
	if (must(vm_get_u32(&d, VHOST_MDEV_GET_CONFIG_SIZE)))
		die("it has a configuration space");
	if (d.nvqs != 1)
		die("%u virtqueues", d.nvqs);
	pass("one virtqueue, no configuration space");

	must(vm_set_status(&d, 0));
	must(vm_add_status(&d, VIRTIO_CONFIG_S_DRIVER));
	must(vm_get_features(&d, &d.offered));
	fails(EINVAL, vm_set_features(&d, d.offered &
				      ~BIT64(VIRTIO_F_VERSION_1)));
	fails(EINVAL, vm_set_features(&d, d.offered | BIT64(0)));
	pass("features that it cannot do without, or does not have");
}

static void before_and_after(void)
{
	set_up(0, true);
	ask();
	if (answered(100))
		die("an answer before DRIVER_OK");
	live();
	take("to what was asked before DRIVER_OK");

	must(vm_set_status(&d, 0));
	ask();
	if (answered(100))
		die("an answer after a reset");
	pass("silent after a reset");

	set_up(65535, true);
	live();
	ask();
	take("where the index wraps");
	if (must(vm_vring_get_base(&d, 0)) != 0)
		die("the base has not wrapped");
	must(vm_set_status(&d, 0));
}

static void on_and_off(void)
{
	set_up(0, false);
	live();
	ask();
	if (answered(100))
		die("an answer of a queue that is off");
	must(vm_vring_enable(&d, 0, true));
	take("once the queue is enabled after DRIVER_OK");
	must(vm_vring_enable(&d, 0, false));
	ask();
	if (answered(100))
		die("an answer of a queue that was stopped");
	if (must(vm_vring_get_base(&d, 0)) != 1)
		die("a wrong base");
	must(vm_vring_enable(&d, 0, true));
	take("where it was stopped");
	must(vm_set_status(&d, 0));
}

static void suspend(void)
{
	set_up(0, true);
	/* It does nothing, and does not last: what follows is answered. */
	must(vm_suspend(&d));
	live();
	ask();
	take("before SUSPEND");
	must(vm_suspend(&d));
	ask();
	if (answered(100))
		die("an answer while suspended");
	if (must(vm_vring_get_base(&d, 0)) != 1)
		die("a wrong base");
	pass("silent while suspended");
	must(vm_vring_enable(&d, 0, false));
	must(vm_vring_enable(&d, 0, true));
	if (answered(100))
		die("an answer of a queue enabled while suspended");
	must(vm_resume(&d));
	take("after RESUME, to what was asked before");
	must(vm_set_status(&d, 0));
}

static void broken(const char *why)
{
	if (!vm_eventfd_wait(vq.err, 30000))
		die("no error for %s", why);
	if (!vm_eventfd_wait(d.config_call, 30000))
		die("no change for %s", why);
	if (!(must(vm_get_status(&d)) & VIRTIO_CONFIG_S_NEEDS_RESET))
		die("no NEEDS_RESET for %s", why);
	pass("%s breaks the queue", why);

	must(vm_set_status(&d, 0));
	set_up(0, true);
	live();
	ask();
	take("after the reset");
	must(vm_set_status(&d, 0));
}

static void bad_rings(void)
{
	struct vm_sg out = { .iova = vm_iova(&mem, buf), .len = BYTES };

	set_up(0, true);
	live();
	ask_at(0x7f0000000000ULL);
	broken("a buffer that is not mapped");

	set_up(0, true);
	live();
	must(vm_vq_add(&vq, &out, 1, 0, 1));
	vm_vq_kick_now(&vq);
	broken("a buffer that cannot be written");

	set_up(0, true);
	live();
	vq.avail->idx = htole16(NUM + 1);
	vm_vq_kick_now(&vq);
	broken("an index that is too far ahead");
}

static void no_ring(void)
{
	set_up(0, true);
	must(vm_vring_addr(&d, 0, vq.desc_iova, vq.avail_iova,
			   0x7f0000000000ULL));
	fails(EFAULT, vm_add_status(&d, VIRTIO_CONFIG_S_DRIVER_OK));
	if (must(vm_get_status(&d)) & VIRTIO_CONFIG_S_DRIVER_OK)
		die("it is live without a ring");
	must(vm_vring_addr(&d, 0, vq.desc_iova, vq.avail_iova, vq.used_iova));
	live();
	ask();
	take("after a DRIVER_OK that failed");
	must(vm_set_status(&d, 0));
}

int main(int argc, char **argv)
{
	if (argc != 2)
		die("usage: user-soft UUID");
	must(vm_container_open(&c));
	must(vm_dev_open(&c, &d, argv[1]));
	must(vm_mem_new(&c, &mem, vm_vq_bytes(NUM, true) + 3 * VM_PAGE));
	buf = vm_alloc(&mem, BYTES, 64);
	d.config_call = must(vm_eventfd());
	must(vm_set_config_call(&d, d.config_call));

	basics();
	before_and_after();
	on_and_off();
	suspend();
	bad_rings();
	no_ring();

	vm_vq_free(&vq);
	vm_mem_free(&mem);
	vm_dev_close(&d);
	vm_container_close(&c);
	return 0;
}
