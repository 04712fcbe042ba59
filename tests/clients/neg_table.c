// SPDX-License-Identifier: GPL-2.0-only
/* user-neg: the vhost ioctls. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "user_neg.h"

#define ROW(n, s, r, k, ...)						\
	{ .name = n, .state = s, .req = VHOST_MDEV_##r, .arg = k, __VA_ARGS__ }
#define FN(n, s, f, ...)						\
	{ .name = n, .state = s, .arg = A_FN, .fn = f, __VA_ARGS__ }

static const struct {
	unsigned long req;
	const char *name;
	bool vring;	/* begins with a queue index */
	bool out;	/* writes to the user */
} all[] = {
#define I(r, v, o) { VHOST_MDEV_##r, #r, v, o }
	I(GET_FEATURES, false, true),
	I(SET_FEATURES, false, false),
	I(SET_VRING_NUM, true, false),
	I(SET_VRING_ADDR, true, false),
	I(SET_VRING_BASE, true, false),
	I(GET_VRING_BASE, true, true),
	I(SET_VRING_KICK, true, false),
	I(SET_VRING_CALL, true, false),
	I(SET_VRING_ERR, true, false),
	I(SET_BACKEND_FEATURES, false, false),
	I(GET_BACKEND_FEATURES, false, true),
	I(GET_DEVICE_ID, false, true),
	I(GET_STATUS, false, true),
	I(SET_STATUS, false, false),
	I(GET_CONFIG, false, false),
	I(SET_CONFIG, false, false),
	I(SET_VRING_ENABLE, true, false),
	I(GET_VRING_NUM, false, true),
	I(SET_CONFIG_CALL, false, false),
	I(GET_IOVA_RANGE, false, true),
	I(GET_CONFIG_SIZE, false, true),
	I(GET_AS_NUM, false, true),
	I(GET_VRING_GROUP, true, true),
	I(GET_VRING_DESC_GROUP, true, false),
	I(SET_GROUP_ASID, false, false),
	I(GET_VQS_COUNT, false, true),
	I(GET_GROUP_NUM, false, true),
	I(GET_VRING_SIZE, true, true),
	I(GET_STATE, false, false),
	I(SET_STATE, false, false),
#undef I
};

static void bad_pointers(struct neg *t)
{
	static const __u64 where[] = { 0, 16, 0xffff888000001000ULL, ~7ULL };
	struct neg_row r = { .state = S_DRIVER, .arg = A_PTR, .err = EFAULT };
	char name[96];
	unsigned int i, k;

	r.name = name;
	for (i = 0; i < ARRAY_SIZE(all); i++) {
		r.req = all[i].req;
		for (k = 0; k < ARRAY_SIZE(where); k++) {
			r.a = where[k];
			snprintf(name, sizeof(name), "%s at %#llx",
				 all[i].name, (unsigned long long)where[k]);
			neg_rows(t, &r, 1);
		}
		if (!all[i].out)
			continue;
		r.a = (unsigned long)t->read_only;
		snprintf(name, sizeof(name), "%s into read-only memory",
			 all[i].name);
		neg_rows(t, &r, 1);
	}
}

static void bad_indexes(struct neg *t)
{
	static const __u32 index[] = { Q_COUNT, 65536, 0x80000000, 0xffffffff };
	struct neg_row r = { .err = EINVAL, .err_chr = ENOBUFS };
	static const enum neg_state states[] = { S_DRIVER, S_LIVE };
	char name[96];
	unsigned int i, k, s;

	r.name = name;
	for (i = 0; i < ARRAY_SIZE(all); i++) {
		if (!all[i].vring)
			continue;
		r.req = all[i].req;
		r.arg = A_STATE;
		r.a = 1;
		if (r.req == VHOST_MDEV_SET_VRING_ADDR) {
			r.arg = A_ADDR;
			r.a = GOOD;
			r.b = GOOD;
			r.c = GOOD;
		}
		for (k = 0; k < ARRAY_SIZE(index); k++) {
			for (s = 0; s < ARRAY_SIZE(states); s++) {
				r.index = index[k];
				r.state = states[s];
				snprintf(name, sizeof(name),
					 "%s of queue %u%s", all[i].name,
					 index[k] == Q_COUNT ? t->d.nvqs :
					 index[k], s ? ", live" : "");
				neg_rows(t, &r, 1);
			}
		}
	}
}

/* The fixed part is there, the bytes are not. */
static int config_edge(struct neg *t, unsigned long req)
{
	struct vhost_mdev_config c = { .off = 0, .len = 6 };
	__u8 *p = t->edge - sizeof(c) - 3;

	memcpy(p, &c, sizeof(c));
	return vm_ioctl(t->d.fd, req, p);
}

static int get_config_edge(struct neg *t)
{
	return config_edge(t, VHOST_MDEV_GET_CONFIG);
}

static int set_config_edge(struct neg *t)
{
	return config_edge(t, VHOST_MDEV_SET_CONFIG);
}

static int config_past(struct neg *t, unsigned long req, int past)
{
	__u32 size = must(vm_get_u32(&t->d, VHOST_MDEV_GET_CONFIG_SIZE));
	__u8 buf[2] = { 0, 0 };

	if (req == VHOST_MDEV_GET_CONFIG)
		return vm_get_config(&t->d, size + past, buf, 1);
	return vm_set_config(&t->d, size + past, buf, 1);
}

static int get_config_end(struct neg *t)
{
	return config_past(t, VHOST_MDEV_GET_CONFIG, 0);
}

static int set_config_end(struct neg *t)
{
	return config_past(t, VHOST_MDEV_SET_CONFIG, 0);
}

static int get_config_past(struct neg *t)
{
	return config_past(t, VHOST_MDEV_GET_CONFIG, 1);
}

static int get_config_last(struct neg *t)
{
	return config_past(t, VHOST_MDEV_GET_CONFIG, -1);
}

static int too_large(struct neg *t)
{
	__u16 max;

	must(vm_ioctl(t->d.fd, VHOST_MDEV_GET_VRING_NUM, &max));
	return vm_vring_num(&t->d, 0, 2U * max);
}

static int not_offered(struct neg *t)
{
	__u64 f, bit;

	must(vm_get_features(&t->d, &f));
	for (bit = 1; bit && (f & bit); bit <<= 1)
		;
	return vm_set_features(&t->d, t->d.features | bit);
}

static int no_platform(struct neg *t)
{
	return vm_set_features(&t->d, t->d.features &
			       ~BIT64(VIRTIO_F_ACCESS_PLATFORM));
}

static int no_features_at_all(struct neg *t)
{
	return vm_set_features(&t->d, 0);
}

static int good_features(struct neg *t)
{
	return vm_set_features(&t->d, t->d.features);
}

static int less_features(struct neg *t)
{
	return vm_set_features(&t->d, t->d.features ^ BIT64(VIRTIO_NET_F_MTU));
}

/* DRIVER_OK where a part of queue 0 lies outside of what is mapped. */
static int live_with(struct neg *t, __u64 desc, __u64 avail, __u64 used)
{
	struct vm_vq *v = &t->n.pair[0].rx;
	int ret;

	must(vm_vring_addr(&t->d, 0, desc ? desc : v->desc_iova,
			   avail ? avail : v->avail_iova,
			   used ? used : v->used_iova));
	ret = vm_add_status(&t->d, VIRTIO_CONFIG_S_DRIVER_OK);
	if (ret && (must(vm_get_status(&t->d)) & VIRTIO_CONFIG_S_DRIVER_OK))
		die("DRIVER_OK failed, and is set");
	return ret;
}

#define NOWHERE	0x700000000000ULL

static int desc_unmapped(struct neg *t)
{
	return live_with(t, NOWHERE, 0, 0);
}

static int avail_unmapped(struct neg *t)
{
	return live_with(t, 0, NOWHERE, 0);
}

static int used_unmapped(struct neg *t)
{
	return live_with(t, 0, 0, NOWHERE);
}

/* The first bytes are mapped, the last are not. */
static int desc_over_the_end(struct neg *t)
{
	return live_with(t, t->n.rings.iova + t->n.rings.size - 64, 0, 0);
}

static int late_enable(struct neg *t, __u64 desc)
{
	struct vm_vq *v = &t->n.pair[0].rx;

	must(vm_vring_num(&t->d, 0, v->num));
	must(vm_vring_addr(&t->d, 0, desc ? desc : v->desc_iova, v->avail_iova,
			   v->used_iova));
	must(vm_add_status(&t->d, VIRTIO_CONFIG_S_DRIVER_OK));
	return vm_vring_enable(&t->d, 0, true);
}

static int late_enable_unmapped(struct neg *t)
{
	return late_enable(t, NOWHERE);
}

static int late_enable_good(struct neg *t)
{
	return late_enable(t, 0);
}

static int driver_ok_no_features(struct neg *t)
{
	return vm_set_status(&t->d, 0x7);
}

static int remove_bits(struct neg *t)
{
	return vm_set_status(&t->d, 0x1);
}

static int remove_driver_ok(struct neg *t)
{
	return vm_set_status(&t->d, 0xb);
}

static int add_bit(struct neg *t, __u8 bit)
{
	return vm_add_status(&t->d, bit);
}

static int add_10(struct neg *t)
{
	return add_bit(t, 0x10);
}

static int add_20(struct neg *t)
{
	return add_bit(t, 0x20);
}

/* It may come from a status that was read; it is the device's to set. */
static int add_needs_reset(struct neg *t)
{
	int ret = add_bit(t, VIRTIO_CONFIG_S_NEEDS_RESET);

	if (must(vm_get_status(&t->d)) & VIRTIO_CONFIG_S_NEEDS_RESET)
		die("a user can set NEEDS_RESET");
	return ret;
}

static int add_failed(struct neg *t)
{
	int ret = add_bit(t, VIRTIO_CONFIG_S_FAILED);

	if (!ret && !(must(vm_get_status(&t->d)) & VIRTIO_CONFIG_S_FAILED))
		die("FAILED was taken and is not set");
	return ret;
}

/* As one VMM does it: FEATURES_OK first of all. */
static int features_ok_first(struct neg *t)
{
	int ret = vm_set_features(&t->d, t->d.features);

	if (!ret)
		ret = vm_set_status(&t->d, VIRTIO_CONFIG_S_FEATURES_OK);
	if (!ret)
		ret = vm_set_status(&t->d, VIRTIO_CONFIG_S_FEATURES_OK |
				    VIRTIO_CONFIG_S_DRIVER_OK);
	return ret;
}

static int owner_again(struct neg *t)
{
	must(vm_ioctl(t->d.fd, VHOST_MDEV_RESET_OWNER, NULL));
	return vm_ioctl(t->d.fd, VHOST_MDEV_SET_OWNER, NULL);
}

static int suspend_resume(struct neg *t)
{
	int ret = vm_resume(&t->d);

	if (!ret)
		vm_net_run(&t->n, 50);
	return ret;
}

/* The device that is started after it runs. */
static int suspend_early(struct neg *t)
{
	int ret = vm_suspend(&t->d);

	if (!ret) {
		must(vm_net_live(&t->n));
		vm_net_run(&t->n, 50);
	}
	return ret;
}

static int enable_no_address(struct neg *t)
{
	return vm_vring_enable(&t->d, 0, true);
}

static int backend_all(struct neg *t)
{
	__u64 f;

	must(vm_get_backend_features(&t->d, &f));
	return vm_set_backend_features(&t->d, f);
}

static int backend_unknown(struct neg *t)
{
	__u64 f;

	must(vm_get_backend_features(&t->d, &f));
	return vm_set_backend_features(&t->d, f | BIT64(63));
}

static int group_asid(struct neg *t, __u32 group, __u32 asid)
{
	struct vhost_mdev_vring_state s = { .index = group, .num = asid };

	return vm_ioctl(t->d.fd, VHOST_MDEV_SET_GROUP_ASID, &s);
}

static int asid_last(struct neg *t)
{
	return group_asid(t, 0, vm_get_u32(&t->d, VHOST_MDEV_GET_AS_NUM) - 1);
}

static int asid_past(struct neg *t)
{
	return group_asid(t, 0, vm_get_u32(&t->d, VHOST_MDEV_GET_AS_NUM));
}

static int asid_group_past(struct neg *t)
{
	return group_asid(t, vm_get_u32(&t->d, VHOST_MDEV_GET_GROUP_NUM), 0);
}

static const struct neg_row set_up_rows[] = {
	ROW("SET_OWNER", S_OPEN, SET_OWNER, A_NONE, .err = 0),
	ROW("SET_OWNER twice", S_OWNED, SET_OWNER, A_NONE, .err = EBUSY),
	ROW("RESET_OWNER without an owner", S_OPEN, RESET_OWNER, A_NONE,
	    .err = EPERM),
	ROW("RESET_OWNER", S_OWNED, RESET_OWNER, A_NONE, .err = 0),
	FN("SET_OWNER after RESET_OWNER", S_OWNED, owner_again, .err = 0),

	FN("SET_FEATURES of what is offered", S_DRIVER, good_features,
	   .err = 0),
	FN("SET_FEATURES of what is not offered", S_DRIVER, not_offered,
	   .err = EINVAL),
	FN("SET_FEATURES without ACCESS_PLATFORM", S_DRIVER, no_platform,
	   .err = EINVAL),
	FN("SET_FEATURES 0", S_DRIVER, no_features_at_all, .err = EINVAL),
	ROW("SET_FEATURES of all bits", S_DRIVER, SET_FEATURES, A_U64,
	    .a = ~0ULL, .err = EINVAL),
	FN("SET_FEATURES of the same after FEATURES_OK", S_FEATURES,
	   good_features, .err = 0, .err_chr = EBUSY),
	FN("SET_FEATURES of the same, live", S_LIVE, good_features, .err = 0,
	   .err_chr = EBUSY),
	FN("SET_FEATURES of less after FEATURES_OK", S_FEATURES, less_features,
	   .err = EBUSY),
	FN("SET_FEATURES of less, live", S_LIVE, less_features, .err = EBUSY),

	FN("SET_BACKEND_FEATURES of what is offered", S_OPEN, backend_all,
	   .err = 0),
	FN("SET_BACKEND_FEATURES of what is not", S_OPEN, backend_unknown,
	   .err = EOPNOTSUPP),

	FN("SET_STATUS: DRIVER_OK without FEATURES_OK", S_DRIVER,
	   driver_ok_no_features, .err = EINVAL),
	ROW("SET_STATUS: DRIVER_OK alone", S_OPEN, SET_STATUS, A_U8, .a = 4,
	    .err = EINVAL),
	FN("SET_STATUS: bits removed", S_FEATURES, remove_bits, .err = EINVAL),
	FN("SET_STATUS: DRIVER_OK removed", S_LIVE, remove_driver_ok,
	   .err = EINVAL),
	FN("SET_STATUS: unknown bit 0x10", S_DRIVER, add_10, .err = EINVAL),
	FN("SET_STATUS: unknown bit 0x20", S_DRIVER, add_20, .err = EINVAL),
	FN("SET_STATUS: NEEDS_RESET by the user", S_LIVE, add_needs_reset,
	   .err = 0),
	FN("SET_STATUS: FAILED", S_LIVE, add_failed, .err = 0),
	FN("SET_STATUS: FEATURES_OK before anything else", S_OPEN,
	   features_ok_first, .err = 0),

	ROW("GET_CONFIG of 0 bytes", S_OPEN, GET_CONFIG, A_CONFIG, .b = 0,
	    .err = EINVAL),
	ROW("SET_CONFIG of 0 bytes", S_OPEN, SET_CONFIG, A_CONFIG, .b = 0,
	    .err = EINVAL),
	ROW("GET_CONFIG at 65536", S_OPEN, GET_CONFIG, A_CONFIG, .a = 65536,
	    .b = 1, .err = EINVAL),
	ROW("SET_CONFIG at 65536", S_OPEN, SET_CONFIG, A_CONFIG, .a = 65536,
	    .b = 1, .err = EINVAL),
	ROW("GET_CONFIG at 2^32 - 1", S_OPEN, GET_CONFIG, A_CONFIG,
	    .a = 0xffffffff, .b = 1, .err = EINVAL),
	FN("GET_CONFIG of the last byte", S_OPEN, get_config_last, .err = 0),
	FN("GET_CONFIG at the end", S_OPEN, get_config_end, .err = EINVAL),
	FN("SET_CONFIG at the end", S_OPEN, set_config_end, .err = EINVAL),
	FN("GET_CONFIG past the end", S_OPEN, get_config_past, .err = EINVAL),
	ROW("GET_CONFIG of too much", S_OPEN, GET_CONFIG, A_CONFIG, .a = 0,
	    .b = 60000, .err = EINVAL),
	ROW("SET_CONFIG of too much", S_OPEN, SET_CONFIG, A_CONFIG, .a = 0,
	    .b = 60000, .err = EINVAL),
	ROW("GET_CONFIG of 4 GiB", S_OPEN, GET_CONFIG, A_CONFIG, .a = 0,
	    .b = 0xffffffff, .err = EINVAL),
	ROW("GET_CONFIG whose sum wraps", S_OPEN, GET_CONFIG, A_CONFIG,
	    .a = 4, .b = 0xfffffffe, .err = EINVAL),
	FN("GET_CONFIG of bytes that run out of memory", S_OPEN,
	   get_config_edge, .err = EFAULT),
	FN("SET_CONFIG of bytes that run out of memory", S_OPEN,
	   set_config_edge, .err = EFAULT),
	ROW("SET_CONFIG_CALL of a closed fd", S_OPEN, SET_CONFIG_CALL, A_INT,
	    .a = FD_CLOSED, .err = EBADF),
	ROW("SET_CONFIG_CALL of no eventfd", S_OPEN, SET_CONFIG_CALL, A_INT,
	    .a = FD_PLAIN, .err = EINVAL),
	ROW("SET_CONFIG_CALL -1", S_OPEN, SET_CONFIG_CALL, A_INT, .a = -1,
	    .err = 0),
	ROW("SET_CONFIG_CALL -2", S_OPEN, SET_CONFIG_CALL, A_INT, .a = -2,
	    .err = EBADF),

	ROW("SET_MEM_TABLE", S_OWNED, SET_MEM_TABLE, A_U64, .err = ENOTTY),
	ROW("SET_LOG_BASE", S_OWNED, SET_LOG_BASE, A_U64, .err = ENOTTY),
	ROW("SET_LOG_FD", S_OWNED, SET_LOG_FD, A_INT, .a = FD_EVENT,
	    .err = ENOTTY),
	ROW("SET_GROUP_ASID to 0", S_OWNED, SET_GROUP_ASID, A_STATE, .a = 0,
	    .err = 0),
	ROW("SET_GROUP_ASID without an owner", S_OPEN, SET_GROUP_ASID, A_STATE,
	    .a = 0, .err = 0, .err_chr = EPERM),
	ROW("GET_VRING_DESC_GROUP", S_FEATURES, GET_VRING_DESC_GROUP, A_STATE,
	    .err = EOPNOTSUPP),
	FN("SET_GROUP_ASID to the last", S_OWNED, asid_last, .err = 0),
	FN("SET_GROUP_ASID past the last", S_OWNED, asid_past, .err = EINVAL),
	FN("SET_GROUP_ASID of the group past the last", S_OWNED,
	   asid_group_past, .err = EINVAL),
	ROW("SET_GROUP_ASID to 2^32 - 1", S_OWNED, SET_GROUP_ASID, A_STATE,
	    .a = 0xffffffff, .err = EINVAL),
	ROW("SET_GROUP_ASID, live", S_LIVE, SET_GROUP_ASID, A_STATE, .a = 0,
	    .err = EBUSY),
	ROW("SET_GROUP_ASID, suspended", S_SUSPENDED, SET_GROUP_ASID, A_STATE,
	    .a = 0, .err = EBUSY),
	ROW("SET_GROUP_ASID of group 2^32 - 1", S_OWNED, SET_GROUP_ASID, A_STATE,
	    .index = 0xffffffff, .err = EINVAL),

	ROW("SUSPEND with status 0", S_OPEN, SUSPEND, A_NONE, .err = 0),
	ROW("SUSPEND before DRIVER_OK", S_RINGS, SUSPEND, A_NONE, .err = 0),
	FN("SUSPEND before DRIVER_OK, which does not last", S_RINGS,
	   suspend_early, .err = 0),
	ROW("SUSPEND", S_LIVE, SUSPEND, A_NONE, .err = 0),
	ROW("RESUME with status 0", S_OPEN, RESUME, A_NONE, .err = 0),
	ROW("SUSPEND twice", S_SUSPENDED, SUSPEND, A_NONE, .err = 0),
	ROW("RESUME of what runs", S_LIVE, RESUME, A_NONE, .err = 0),
	FN("RESUME, and traffic", S_SUSPENDED, suspend_resume, .err = 0),
};

static const struct neg_row ring_rows[] = {
	ROW("SET_VRING_NUM 0", S_FEATURES, SET_VRING_NUM, A_STATE, .a = 0,
	    .err = EINVAL),
	ROW("SET_VRING_NUM 3", S_FEATURES, SET_VRING_NUM, A_STATE, .a = 3,
	    .err = EINVAL),
	ROW("SET_VRING_NUM 255", S_FEATURES, SET_VRING_NUM, A_STATE, .a = 255,
	    .err = EINVAL),
	FN("SET_VRING_NUM of twice the largest", S_FEATURES, too_large,
	   .err = EINVAL),
	ROW("SET_VRING_NUM 65536", S_FEATURES, SET_VRING_NUM, A_STATE,
	    .a = 65536, .err = EINVAL),
	ROW("SET_VRING_NUM 65536 + 256", S_FEATURES, SET_VRING_NUM, A_STATE,
	    .a = 65536 + 256, .err = EINVAL),
	ROW("SET_VRING_NUM 2^31", S_FEATURES, SET_VRING_NUM, A_STATE,
	    .a = 1U << 31, .err = EINVAL),
	ROW("SET_VRING_NUM 256", S_FEATURES, SET_VRING_NUM, A_STATE, .a = 256,
	    .err = 0),
	ROW("SET_VRING_NUM, live", S_LIVE, SET_VRING_NUM, A_STATE, .a = 256,
	    .err = EBUSY),

	ROW("SET_VRING_ADDR", S_FEATURES, SET_VRING_ADDR, A_ADDR, .a = GOOD,
	    .b = GOOD, .c = GOOD, .err = 0),
	ROW("SET_VRING_ADDR, live", S_LIVE, SET_VRING_ADDR, A_ADDR, .a = GOOD,
	    .b = GOOD, .c = GOOD, .err = EBUSY, .err_chr = EINVAL),
	ROW("SET_VRING_ADDR: descriptors at 8", S_FEATURES, SET_VRING_ADDR,
	    A_ADDR, .a = 0x1008, .b = GOOD, .c = GOOD, .err = EINVAL),
	ROW("SET_VRING_ADDR: available ring at an odd address", S_FEATURES,
	    SET_VRING_ADDR, A_ADDR, .a = GOOD, .b = 0x1001, .c = GOOD,
	    .err = EINVAL),
	ROW("SET_VRING_ADDR: used ring at 2", S_FEATURES, SET_VRING_ADDR,
	    A_ADDR, .a = GOOD, .b = GOOD, .c = 0x1002, .err = EINVAL),
	ROW("SET_VRING_ADDR: descriptors wrap", S_FEATURES, SET_VRING_ADDR,
	    A_ADDR, .a = ~15ULL, .b = GOOD, .c = GOOD, .err = EINVAL),
	ROW("SET_VRING_ADDR: available ring wraps", S_FEATURES, SET_VRING_ADDR,
	    A_ADDR, .a = GOOD, .b = ~1ULL, .c = GOOD, .err = EINVAL),
	ROW("SET_VRING_ADDR: used ring wraps", S_FEATURES, SET_VRING_ADDR,
	    A_ADDR, .a = GOOD, .b = GOOD, .c = ~3ULL, .err = EINVAL),

	ROW("SET_VRING_BASE 65536", S_FEATURES, SET_VRING_BASE, A_STATE,
	    .a = 65536, .err = EINVAL),
	ROW("SET_VRING_BASE 2^32 - 1", S_FEATURES, SET_VRING_BASE, A_STATE,
	    .a = 0xffffffff, .err = EINVAL),
	ROW("SET_VRING_BASE 65535", S_FEATURES, SET_VRING_BASE, A_STATE,
	    .a = 65535, .err = 0),
	ROW("SET_VRING_BASE, live", S_LIVE, SET_VRING_BASE, A_STATE, .a = 1,
	    .err = EBUSY, .err_chr = EINVAL),
	ROW("GET_VRING_BASE with status 0", S_OWNED, GET_VRING_BASE, A_STATE,
	    .err = 0),
	ROW("GET_VRING_BASE without an owner", S_OPEN, GET_VRING_BASE, A_STATE,
	    .err = 0, .err_chr = EPERM),
	ROW("GET_VRING_BASE of queue 65536 without an owner", S_OPEN,
	    GET_VRING_BASE, A_STATE, .index = 65536, .err = EINVAL,
	    .err_chr = EPERM),

	ROW("SET_VRING_ENABLE 2", S_RINGS, SET_VRING_ENABLE, A_STATE, .a = 2,
	    .err = EINVAL),
	ROW("SET_VRING_ENABLE 2^32 - 1", S_RINGS, SET_VRING_ENABLE, A_STATE,
	    .a = 0xffffffff, .err = EINVAL),
	ROW("SET_VRING_ENABLE 0 of what is not enabled", S_FEATURES,
	    SET_VRING_ENABLE, A_STATE, .a = 0, .err = 0),
	FN("SET_VRING_ENABLE with no address", S_FEATURES, enable_no_address,
	   .err = 0),
	FN("DRIVER_OK with descriptors that are not mapped", S_RINGS,
	   desc_unmapped, .err = EFAULT),
	FN("DRIVER_OK with an available ring that is not mapped", S_RINGS,
	   avail_unmapped, .err = EFAULT),
	FN("DRIVER_OK with a used ring that is not mapped", S_RINGS,
	   used_unmapped, .err = EFAULT),
	FN("DRIVER_OK with descriptors that run over the end of a mapping",
	   S_RINGS, desc_over_the_end, .err = EFAULT),
	FN("SET_VRING_ENABLE after DRIVER_OK, not mapped", S_FEATURES,
	   late_enable_unmapped, .err = EFAULT),
	FN("SET_VRING_ENABLE after DRIVER_OK", S_FEATURES, late_enable_good,
	   .err = 0),
};

#define UNKNOWN(n, r)							\
	{ .name = n, .state = S_DRIVER, .req = r, .arg = A_U64, .err = ENOTTY }

static const struct neg_row unknown_rows[] = {
	UNKNOWN("an ioctl of number 0x99", _IO(VHOST_MDEV_IOCTL, 0x99)),
	UNKNOWN("an ioctl of number 0xff", _IOWR(VHOST_MDEV_IOCTL, 0xff,
						 __u64)),
	UNKNOWN("an ioctl of another type", _IO('v', 0x70)),
	UNKNOWN("an ioctl of all bits", 0xffffffffUL),
	UNKNOWN("SET_VRING_NUM of another size",
		_IOW(VHOST_MDEV_IOCTL, 0x10, __u8)),
	UNKNOWN("GET_FEATURES in the other direction",
		_IOWR(VHOST_MDEV_IOCTL, 0x00, __u64)),
	UNKNOWN("SET_VRING_ENDIAN", _IOW(VHOST_MDEV_IOCTL, 0x13, __u64)),
	UNKNOWN("VHOST_NET_SET_BACKEND", _IOW(VHOST_MDEV_IOCTL, 0x30, __u64)),
};

static void bad_eventfds(struct neg *t)
{
	static const struct {
		unsigned long req;
		const char *name;
	} fds[] = {
		{ VHOST_MDEV_SET_VRING_KICK, "SET_VRING_KICK" },
		{ VHOST_MDEV_SET_VRING_CALL, "SET_VRING_CALL" },
		{ VHOST_MDEV_SET_VRING_ERR, "SET_VRING_ERR" },
	};
	static const struct {
		__s64 fd;
		const char *name;
		enum neg_state state;
		int err;
	} what[] = {
		{ FD_CLOSED, "a closed fd", S_RINGS, EBADF },
		{ FD_PLAIN, "no eventfd", S_RINGS, EINVAL },
		{ FD_PLAIN, "no eventfd, live", S_LIVE, EINVAL },
		{ -2, "-2", S_RINGS, EBADF },
		{ 0x7fffffff, "2^31 - 1", S_RINGS, EBADF },
		{ -1, "-1", S_RINGS, 0 },
		{ -1, "-1, live", S_LIVE, 0 },
		{ FD_EVENT, "another eventfd, live", S_LIVE, 0 },
	};
	struct neg_row r = { .arg = A_FILE };
	unsigned int i, k;
	char name[64];

	r.name = name;
	for (i = 0; i < ARRAY_SIZE(fds); i++) {
		for (k = 0; k < ARRAY_SIZE(what); k++) {
			r.req = fds[i].req;
			r.state = what[k].state;
			r.a = what[k].fd;
			r.err = what[k].err;
			snprintf(name, sizeof(name), "%s of %s", fds[i].name,
				 what[k].name);
			neg_rows(t, &r, 1);
		}
	}
}

void neg_vhost(struct neg *t)
{
	bad_pointers(t);
	bad_indexes(t);
	neg_rows(t, set_up_rows, ARRAY_SIZE(set_up_rows));
	neg_rows(t, ring_rows, ARRAY_SIZE(ring_rows));
	bad_eventfds(t);
	neg_rows(t, unknown_rows, ARRAY_SIZE(unknown_rows));
}
