// SPDX-License-Identifier: GPL-2.0-only
/* user-net state: VHOST_MDEV_GET_STATE of one instance, SET_STATE of another one. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "user_net.h"

/* The layout of a stream; docs/migration.md */
#define HEADER		16
#define SECTION		8
#define IDENTITY	20
#define OWN		(HEADER + SECTION + IDENTITY)
#define ROOM		1024
#define T_IDENTITY	1
#define T_OWN		2
#define T_UNKNOWN	77
#define REQUIRED	1

static const __u8 moved_mac[6] = { 0x52, 0x54, 0, 0xab, 0xcd, 0xef };

struct stream {
	__u8 data[2 * ROOM];
	__u32 len;
};

static int get_state(struct vm_dev *d, struct stream *s, __u32 room)
{
	struct vhost_mdev_state a = {
		.len = room,
		.data = (unsigned long)s->data,
	};
	int ret = vm_ioctl(d->fd, VHOST_MDEV_GET_STATE, &a);

	if (!ret || ret == -ENOSPC)
		s->len = a.len;
	return ret;
}

static int set_state(struct vm_dev *d, const void *data, __u32 len)
{
	struct vhost_mdev_state a = {
		.len = len,
		.data = (unsigned long)data,
	};

	return vm_ioctl(d->fd, VHOST_MDEV_SET_STATE, &a);
}

static void put16(__u8 *p, __u16 v)
{
	v = htole16(v);
	memcpy(p, &v, sizeof(v));
}

static void put32(__u8 *p, __u32 v)
{
	v = htole32(v);
	memcpy(p, &v, sizeof(v));
}

static __u32 get32(const __u8 *p)
{
	__u32 v;

	memcpy(&v, p, sizeof(v));
	return le32toh(v);
}

/* A section of @len zeros at @at */
static void insert(struct stream *s, __u32 at, __u16 type, __u16 flags,
		   __u32 len)
{
	memmove(s->data + at + SECTION + len, s->data + at, s->len - at);
	memset(s->data + at, 0, SECTION + len);
	put16(s->data + at, type);
	put16(s->data + at + 2, flags);
	put32(s->data + at + 4, len);
	s->len += SECTION + len;
}

/* Reset, and FEATURES_OK; what a device has to have that a state is loaded into */
static void get_ready(struct vm_dev *d, const struct vm_net_opts *o)
{
	must(vm_negotiate(d, vm_net_features(o)));
}

struct hostile {
	const char *what;
	void (*change)(struct stream *s);
	int err;		/* 0: it is taken */
};

static void no_change(struct stream *s) { }
static void bad_magic(struct stream *s) { s->data[0] ^= 1; }
static void bad_version(struct stream *s) { s->data[8] = 2; }
static void bad_class(struct stream *s) { s->data[10] = 1; }
static void bad_device(struct stream *s) { s->data[HEADER + SECTION]++; }
static void bad_nvqs(struct stream *s) { s->data[HEADER + SECTION + 4]++; }
static void bad_config(struct stream *s) { s->data[HEADER + SECTION + 10]++; }
static void bad_features(struct stream *s) { s->data[HEADER + SECTION + 12] ^= 1; }
static void after_end(struct stream *s) { s->len++; }
static void too_long(struct stream *s) { put32(s->data + OWN + 4, 0xfffffff8); }
static void nothing(struct stream *s) { s->len = HEADER; }
static void no_end(struct stream *s) { s->len -= SECTION; }

static void no_own(struct stream *s)
{
	put16(s->data + OWN, T_UNKNOWN);
	put16(s->data + OWN + 2, 0);
}

static void short_own(struct stream *s)
{
	no_own(s);
	insert(s, OWN, T_OWN, REQUIRED, 0);
}

static void identity_later(struct stream *s)
{
	insert(s, HEADER, T_UNKNOWN, 0, 4);
}

static void identity_twice(struct stream *s)
{
	struct stream old = *s;

	insert(s, OWN, T_IDENTITY, REQUIRED, IDENTITY);
	memcpy(s->data + OWN, old.data + HEADER, SECTION + IDENTITY);
}

static void short_identity(struct stream *s)
{
	memmove(s->data + OWN - 1, s->data + OWN, s->len - OWN);
	put32(s->data + HEADER + 4, IDENTITY - 1);
	s->len--;
}

static void long_identity(struct stream *s)
{
	memmove(s->data + OWN + 9, s->data + OWN, s->len - OWN);
	memset(s->data + OWN, 0xff, 9);
	put32(s->data + HEADER + 4, IDENTITY + 9);
	s->len += 9;
}

static void own_twice(struct stream *s)
{
	insert(s, s->len - SECTION, T_OWN, REQUIRED, 0);
}

static void unknown_optional(struct stream *s)
{
	insert(s, OWN, T_UNKNOWN, 0, 13);
	insert(s, s->len - SECTION, T_UNKNOWN + 1, 0, 0);
}

static void unknown_required(struct stream *s)
{
	insert(s, OWN, T_UNKNOWN, REQUIRED, 4);
}

static const struct hostile hostile[] = {
	{ "another magic number", bad_magic, EINVAL },
	{ "another version", bad_version, EINVAL },
	{ "another class", bad_class, EINVAL },
	{ "another type of device", bad_device, EINVAL },
	{ "another number of virtqueues", bad_nvqs, EINVAL },
	{ "a larger configuration space", bad_config, EINVAL },
	{ "other features", bad_features, EINVAL },
	{ "bytes after the end", after_end, EINVAL },
	{ "a section longer than the stream", too_long, EINVAL },
	{ "a header alone", nothing, EINVAL },
	{ "no end", no_end, EINVAL },
	{ "no part of the device's own", no_own, EINVAL },
	{ "an empty part of the device's own", short_own, EINVAL },
	{ "an identity that is not the first", identity_later, EINVAL },
	{ "two identities", identity_twice, EINVAL },
	{ "a short identity", short_identity, EINVAL },
	{ "two parts of the device's own", own_twice, EINVAL },
	{ "an unknown required section", unknown_required, EINVAL },
	{ "a longer identity", long_identity, 0 },
	{ "unknown optional sections", unknown_optional, 0 },
	{ "no change", no_change, 0 },
};

static void try_hostile(struct vm_dev *d, const struct stream *good,
			const struct vm_net_opts *o)
{
	unsigned int i, k, taken = 0;
	struct stream s;
	int ret;

	for (i = 0; i < ARRAY_SIZE(hostile); i++) {
		s = *good;
		hostile[i].change(&s);
		get_ready(d, o);
		ret = set_state(d, s.data, s.len);
		if (ret != -hostile[i].err)
			die("a state with %s: %s, expected %s", hostile[i].what,
			    vm_err(ret), vm_err(-hostile[i].err));
	}
	pass("%zu states that were changed are refused or taken as they should be",
	     ARRAY_SIZE(hostile));
	get_ready(d, o);
	for (i = 0; i < good->len; i++)
		fails(EINVAL, set_state(d, good->data, i));
	pass("none of %u states that were cut off is taken", good->len);
	srandom(1);
	for (i = 0; i < 2000; i++) {
		s = *good;
		for (k = 0; k <= i % 4; k++)
			s.data[random() % s.len] = random();
		ret = set_state(d, s.data, s.len);
		if (!ret) {
			taken++;
			get_ready(d, o);
		} else if (ret != -EINVAL) {
			die("a random state: %s", vm_err(ret));
		}
	}
	pass("2000 random states, %u of them taken", taken);
}

static void try_wrong_time(struct vm_net *n, struct vm_dev *to,
			   const struct stream *good)
{
	struct vhost_mdev_state a = { .reserved = 1 };
	struct stream s;

	fails(EFAULT, vm_ioctl(to->fd, VHOST_MDEV_SET_STATE, NULL));
	fails(EINVAL, vm_ioctl(to->fd, VHOST_MDEV_SET_STATE, &a));
	fails(EINVAL, vm_ioctl(to->fd, VHOST_MDEV_GET_STATE, &a));
	must(vm_set_status(to, 0));
	fails(EINVAL, set_state(to, good->data, good->len));
	must(get_state(to, &s, sizeof(s.data)));
	pass("a device that was reset has a state, and takes none before FEATURES_OK");
	get_ready(to, &n->o);
	fails(E2BIG, set_state(to, good->data, VHOST_MDEV_STATE_MAX + 1));
	fails(EINVAL, set_state(to, good->data, 0));
	fails(EFAULT, set_state(to, (void *)16, good->len));
	must(set_state(to, good->data, good->len));
	fails(EBUSY, set_state(to, good->data, good->len));
	pass("a state is taken once");
}

/* What the control queue has set, and a reset forgets */
static void set_up(struct vm_net *n)
{
	static const __u8 off;

	if (must(vm_net_ctrl(n, VIRTIO_NET_CTRL_MAC, VIRTIO_NET_CTRL_MAC_ADDR_SET,
			     moved_mac, 6)) ||
	    must(vm_net_ctrl(n, VIRTIO_NET_CTRL_RX, VIRTIO_NET_CTRL_RX_PROMISC,
			     &off, 1)))
		die("the control queue refuses what it ought to take");
	memcpy(n->mac, moved_mac, 6);
}

/* The device's part of all virtqueues goes from one instance to the other. */
static void move(struct vm_net *n, struct vm_dev *to, struct stream *s)
{
	unsigned int i, nr = vm_net_nqs(n);
	__u32 base[VM_MAX_VQS];
	struct vm_dev *from = n->dev;
	__u8 mac[6];

	must(vm_suspend(from));
	for (i = 0; i < nr; i++)
		base[i] = must(vm_vring_get_base(from, vm_net_vq(n, i)->index));
	fails(ENOSPC, get_state(from, s, 0));
	if (s->len < OWN + 2 * SECTION || s->len > ROOM)
		die("a state of %u bytes", s->len);
	fails(ENOSPC, get_state(from, s, s->len - 1));
	must(get_state(from, s, s->len));
	if (get32(s->data + HEADER + SECTION) != 1)
		die("the identity is not of a network device");

	get_ready(to, &n->o);
	must(set_state(to, s->data, s->len));
	n->dev = to;
	must(vm_net_rings(n, base));
	must(vm_add_status(to, VIRTIO_CONFIG_S_DRIVER_OK));
	fails(EBUSY, set_state(to, s->data, s->len));
	fails(EBUSY, get_state(to, s, sizeof(s->data)));
	for (i = 0; i < nr; i++)
		vm_vq_kick_now(vm_net_vq(n, i));
	must(vm_get_config(to, 0, mac, 6));
	if (memcmp(mac, moved_mac, 6))
		die("the other device has another address");
	must(vm_set_status(from, 0));
}

/* It says why it has none: ENOTTY, and the kernel log. */
static int no_state(struct vm_dev *d)
{
	struct stream s;

	fails(ENOTTY, get_state(d, &s, sizeof(s.data)));
	fails(ENOTTY, set_state(d, s.data, 100));
	pass("there is no state");
	return 0;
}

int cmd_state(struct vm_opts *o)
{
	struct vm_container c;
	struct vm_dev d[2];
	struct stream s;
	struct vm_net n;
	__u64 at = 0;
	unsigned int i;

	o->net.ctrl = true;
	must(vm_container_open(&c));
	must(vm_dev_open(&c, &d[0], o->uuid[0]));
	if (o->absent) {
		no_state(&d[0]);
		vm_dev_close(&d[0]);
		vm_container_close(&c);
		return 0;
	}
	must(vm_dev_open(&c, &d[1], o->uuid[1]));
	must(vm_net_start(&n, &d[0], &o->net));
	fails(EBUSY, get_state(&d[0], &s, sizeof(s.data)));
	set_up(&n);
	for (i = 0; i < 6; i++) {
		vm_net_run(&n, at += 100);
		/* frames that the device has not taken yet */
		n.pair[0].target = at += 2ULL * n.o.num;
		vm_net_pump(&n);
		move(&n, &d[!(i & 1)], &s);
		vm_net_run(&n, at);
	}
	pass("a driver moves six times between two instances, and nothing is lost or twice");
	try_wrong_time(&n, &d[1], &s);
	try_hostile(&d[1], &s, &o->net);
	/* it is as good as before */
	move(&n, &d[1], &s);
	vm_net_run(&n, at += 500);
	pass("%llu frames in all, in order", (unsigned long long)at);
	vm_net_free(&n);
	vm_dev_close(&d[1]);
	vm_dev_close(&d[0]);
	vm_container_close(&c);
	return 0;
}
