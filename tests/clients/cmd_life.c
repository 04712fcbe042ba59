// SPDX-License-Identifier: GPL-2.0-only
/* user-net info, reset, reuse, victim, hold: the life of one user. */
#include <errno.h>
#include <linux/vfio.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "user_net.h"

/* The capability that tells a vhost device from any other VFIO device. */
static void check_cap(struct vm_dev *d)
{
	union {
		struct vfio_device_info info;
		__u8 room[512];
	} u = { .info = { .argsz = sizeof(u) } };
	struct vhost_mdev_device_info_cap cap;
	unsigned int at, n = 0;

	must(vm_ioctl(d->fd, VFIO_DEVICE_GET_INFO, &u));
	if (!(u.info.flags & VFIO_DEVICE_FLAGS_RESET))
		die("VFIO_DEVICE_GET_INFO: flags %#x have no RESET",
		    u.info.flags);
	if (!(u.info.flags & VFIO_DEVICE_FLAGS_CAPS))
		die("VFIO_DEVICE_GET_INFO: flags %#x have no CAPS",
		    u.info.flags);
	if (u.info.num_regions != VHOST_MDEV_NUM_REGIONS ||
	    u.info.num_irqs != VHOST_MDEV_NUM_IRQS)
		die("VFIO_DEVICE_GET_INFO: %u regions, %u irqs",
		    u.info.num_regions, u.info.num_irqs);
	for (at = u.info.cap_offset; at; at = cap.next) {
		if (at + sizeof(cap) > sizeof(u) || n++ > 8)
			die("the capabilities run out of the buffer");
		memcpy(&cap, u.room + at, sizeof(cap));
		if (cap.id == VHOST_MDEV_DEVICE_INFO_CAP)
			break;
	}
	if (!at)
		die("VFIO_DEVICE_GET_INFO: no vhost capability");
	if (cap.version != VHOST_MDEV_DEVICE_INFO_CAP_VERSION ||
	    (int)cap.device_id != vm_get_u32(d, VHOST_MDEV_GET_DEVICE_ID) ||
	    (int)cap.vq_count != vm_get_u32(d, VHOST_MDEV_GET_VQS_COUNT) ||
	    (int)cap.config_size != vm_get_u32(d, VHOST_MDEV_GET_CONFIG_SIZE))
		die("the capability and the ioctls disagree");
	pass("vhost capability: device %u, vendor %#x, %u queues, config of %u bytes",
	     cap.device_id, cap.vendor_id, cap.vq_count, cap.config_size);
}

static void check_info(struct vm_dev *d)
{
	union {
		struct vfio_device_info info;
		__u8 room[512];
	} u;
	size_t min = offsetof(struct vfio_device_info, num_irqs) + 4;

	memset(&u, 0xa5, sizeof(u));
	u.info.argsz = min - 1;
	fails(EINVAL, vm_ioctl(d->fd, VFIO_DEVICE_GET_INFO, &u));
	u.info.argsz = 0;
	fails(EINVAL, vm_ioctl(d->fd, VFIO_DEVICE_GET_INFO, &u));
	u.info.argsz = min;
	must(vm_ioctl(d->fd, VFIO_DEVICE_GET_INFO, &u));
	if (u.room[min] != 0xa5)
		die("VFIO_DEVICE_GET_INFO wrote past argsz");
	pass("VFIO_DEVICE_GET_INFO: argsz checked, and respected");
	/* Room for the fixed part alone: told how much there is to have. */
	memset(&u, 0, sizeof(u));
	u.info.argsz = sizeof(u.info);
	must(vm_ioctl(d->fd, VFIO_DEVICE_GET_INFO, &u));
	if (u.info.argsz <= sizeof(u.info) || u.info.cap_offset)
		die("no room for capabilities: argsz %u cap_offset %u",
		    u.info.argsz, u.info.cap_offset);
	pass("VFIO_DEVICE_GET_INFO: says that %u bytes are needed",
	     u.info.argsz);
	check_cap(d);
}

static void check_vhost_info(struct vm_dev *d)
{
	struct vhost_mdev_iova_range r = { 0, 0 };
	unsigned int i, groups, as;
	__u16 num = 0;
	__u64 f;

	if (must(vm_get_u32(d, VHOST_MDEV_GET_DEVICE_ID)) != 1)
		die("not a network device");
	must(vm_ioctl(d->fd, VHOST_MDEV_GET_VRING_NUM, &num));
	if (num < 256 || (num & (num - 1)))
		die("GET_VRING_NUM says %u", num);
	must(vm_ioctl(d->fd, VHOST_MDEV_GET_IOVA_RANGE, &r));
	if (r.first >= r.last)
		die("GET_IOVA_RANGE: %#llx to %#llx",
		    (unsigned long long)r.first, (unsigned long long)r.last);
	pass("GET_IOVA_RANGE: %#llx to %#llx", (unsigned long long)r.first,
	     (unsigned long long)r.last);
	groups = must(vm_get_u32(d, VHOST_MDEV_GET_GROUP_NUM));
	as = must(vm_get_u32(d, VHOST_MDEV_GET_AS_NUM));
	if (!groups || !as)
		die("%u groups, %u address spaces", groups, as);
	for (i = 0; i < d->nvqs; i++) {
		struct vhost_mdev_vring_state s = { .index = i, .num = 0x55 };

		must(vm_ioctl(d->fd, VHOST_MDEV_GET_VRING_GROUP, &s));
		if (s.index != i || s.num >= groups)
			die("GET_VRING_GROUP %u: %u", i, s.num);
		s.num = 0;
		must(vm_ioctl(d->fd, VHOST_MDEV_GET_VRING_SIZE, &s));
		if (!s.num || s.num > num)
			die("GET_VRING_SIZE %u: %u", i, s.num);
	}
	pass("%u queues of up to %u entries, %u groups, %u address spaces",
	     d->nvqs, num, groups, as);
	must(vm_get_features(d, &f));
	if (!(f & BIT64(VIRTIO_F_VERSION_1)) ||
	    !(f & BIT64(VIRTIO_F_ACCESS_PLATFORM)))
		die("features %#llx", (unsigned long long)f);
	pass("features offered: %#llx", (unsigned long long)f);
	must(vm_get_backend_features(d, &f));
	pass("backend features offered: %#llx", (unsigned long long)f);
	if (must(vm_get_status(d)))
		die("the status is not 0 after open");
}

int cmd_info(struct vm_opts *o)
{
	struct vm_container c;
	struct vm_dev d;

	must(vm_container_open(&c));
	must(vm_dev_open(&c, &d, o->uuid[0]));
	check_info(&d);
	check_vhost_info(&d);
	vm_dev_close(&d);
	vm_container_close(&c);
	return 0;
}

/* After a reset nothing of the former use is left. */
static void check_clean(struct vm_dev *d, const char *what)
{
	unsigned int i;
	int s = must(vm_get_status(d));

	if (s)
		die("%s: status %#x", what, s);
	for (i = 0; i < d->nvqs; i++) {
		int base = must(vm_vring_get_base(d, i));

		if (base)
			die("%s: queue %u stands at %d", what, i, base);
	}
}

int cmd_reset(struct vm_opts *o)
{
	struct vm_container c;
	struct vm_net n;
	struct vm_dev d;
	char state[32];
	unsigned int i;

	must(vm_container_open(&c));
	must(vm_dev_open(&c, &d, o->uuid[0]));
	must(vm_net_start(&n, &d, &o->net));
	for (i = 0; i < 4; i++) {
		static const char * const how[] = {
			"SET_STATUS 0", "VFIO_DEVICE_RESET", "RESET_OWNER",
			"VFIO_DEVICE_RESET, twice",
		};

		must(vm_sysfs_read(d.uuid, "state", state, sizeof(state)));
		if (strcmp(state, "running"))
			die("state is %s, not running", state);
		vm_net_run(&n, 100);
		if (i == 0) {
			must(vm_set_status(&d, 0));
		} else if (i == 2) {
			must(vm_ioctl(d.fd, VHOST_MDEV_SET_OWNER, NULL));
			must(vm_ioctl(d.fd, VHOST_MDEV_RESET_OWNER, NULL));
		} else {
			must(vm_ioctl(d.fd, VFIO_DEVICE_RESET, NULL));
			if (i == 3)
				must(vm_ioctl(d.fd, VFIO_DEVICE_RESET, NULL));
		}
		check_clean(&d, how[i]);
		must(vm_sysfs_read(d.uuid, "state", state, sizeof(state)));
		if (strcmp(state, "idle"))
			die("state is %s, not idle", state);
		must(vm_net_again(&n));
		vm_net_run(&n, 100);
		pass("%s under way, all clean, and again traffic", how[i]);
		must(vm_net_again(&n));
	}
	vm_net_free(&n);
	vm_dev_close(&d);
	vm_container_close(&c);
	return 0;
}

/* Frames under way in both directions when it ends. */
static void some_traffic(struct vm_net *n)
{
	unsigned int i;

	vm_net_run(n, 40);
	for (i = 0; i < n->o.pairs; i++)
		n->pair[i].target = 100;
	vm_net_pump(n);
}

int cmd_reuse(struct vm_opts *o)
{
	unsigned int i, count = o->count ? o->count : 50;
	struct vm_container c;
	struct vm_net n;
	struct vm_dev d;

	must(vm_container_open(&c));
	must(vm_dev_open(&c, &d, o->uuid[0]));
	must(vm_net_start(&n, &d, &o->net));
	for (i = 0; i < count; i++) {
		some_traffic(&n);
		must(vm_net_again(&n));
	}
	pass("reset with frames in flight and used again, %u times", count);
	vm_net_free(&n);
	vm_dev_close(&d);
	vm_container_close(&c);
	for (i = 0; i < count; i++) {
		must(vm_container_open(&c));
		/* Not where memory in use was unmapped a moment ago. */
		c.next_iova = (__u64)i << 32;
		must(vm_dev_open(&c, &d, o->uuid[0]));
		if (must(vm_get_status(&d)))
			die("the status is not 0 after open");
		must(vm_net_start(&n, &d, &o->net));
		some_traffic(&n);
		/* What goes first differs. */
		if (i % 3 == 1) {
			must(vm_mem_unmap(&n.bufs));
			must(vm_mem_unmap(&n.rings));
		}
		if (i & 1)
			vm_device_put(&d);
		vm_net_free(&n);
		vm_dev_close(&d);
		vm_container_close(&c);
	}
	pass("closed with frames in flight and opened again, %u times", count);
	return 0;
}

int cmd_victim(struct vm_opts *o)
{
	struct vm_container c;
	struct vm_net n;
	struct vm_dev d;
	__u64 at = 0;

	must(vm_container_open(&c));
	must(vm_dev_open(&c, &d, o->uuid[0]));
	must(vm_net_start(&n, &d, &o->net));
	for (;;) {
		vm_net_run(&n, at += 500);
		if (at == 500)
			vm_info("running");
	}
}

int cmd_hold(struct vm_opts *o)
{
	struct vm_container c;
	struct vm_dev d;

	must(vm_container_open(&c));
	must(vm_dev_open(&c, &d, o->uuid[0]));
	vm_info("running");
	for (;;)
		pause();
}
