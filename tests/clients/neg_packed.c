// SPDX-License-Identifier: GPL-2.0-only
/*
 * user-neg: packed virtqueues whose contents are wrong, or that are set up wrongly.
 */
#include <errno.h>
#include <string.h>

#include "user_neg.h"

#define NEXT	VRING_DESC_F_NEXT
#define WRITE	VRING_DESC_F_WRITE
#define IND	VRING_DESC_F_INDIRECT
#define AVAIL	BIT64(VRING_PACKED_DESC_F_AVAIL)
#define USED	BIT64(VRING_PACKED_DESC_F_USED)

/* Where a ring begins: both sides at descriptor 0, wrap counters 1 */
#define BEGIN	0x80008000ULL

static void forge(struct neg *t, struct vm_vq *v, unsigned int i,
		  const struct bad_desc *d)
{
	v->pdesc[i].addr = htole64(neg_addr(t, v, d->addr));
	v->pdesc[i].len = htole32(d->len);
	v->pdesc[i].id = htole16(d->next);
	__atomic_store_n(&v->pdesc[i].flags, htole16(d->flags),
			 __ATOMIC_SEQ_CST);
}

/* The first descriptor at last, because the device may look at once. */
void neg_make_packed(struct neg *t, struct vm_vq *v, const struct bad_ring *b)
{
	struct vring_packed_desc *table = (void *)v->ind;
	unsigned int i, nr = b->fill ? v->num : ARRAY_SIZE(b->desc);

	for (i = 0; i < ARRAY_SIZE(b->table) && b->table[i].addr; i++) {
		table[i].addr = htole64(neg_addr(t, v, b->table[i].addr));
		table[i].len = htole32(b->table[i].len);
		table[i].flags = htole16(b->table[i].flags);
	}
	if (b->scribble) {
		memset(v->driver, 0xff, sizeof(*v->driver));
		memset(v->device, 0xff, sizeof(*v->device));
	}
	while (nr--) {
		struct bad_desc d = b->desc[b->fill ? 0 : nr];

		if (!d.addr)
			continue;
		/* Rows begin at descriptor 0, in a round with wrap counter 1. */
		if (!b->raw)
			d.flags |= AVAIL;
		forge(t, v, nr, &d);
	}
}

static const struct bad_ring bad_packed[] = {
	{ "packed: a chain without end", TX,
	  { { TX_BUF, 100, NEXT } }, .fill = true },
	{ "packed: a next that is not available", TX,
	  { { TX_BUF, 100, NEXT } } },
	{ "packed: a next of the round before", TX,
	  { { TX_BUF, 100, NEXT | AVAIL }, { TX_BUF, 100, USED } },
	  .raw = true },
	{ "packed: descriptors of the round before", TX,
	  { { TX_BUF, 100, USED } }, .raw = true, .fill = true, .odd = true },
	{ "packed: a ring of used descriptors", TX,
	  { { TX_BUF, 100, AVAIL | USED } },
	  .raw = true, .fill = true, .odd = true },
	{ "packed: a buffer that is not mapped", TX,
	  { { NOWHERE, 100 } } },
	{ "packed: a buffer that wraps", TX,
	  { { ~15ULL, 100 } } },
	{ "packed: a buffer that runs over the end of a mapping", TX,
	  { { THE_END, 100 } } },
	{ "packed: a length of 2^32 - 1", TX,
	  { { TX_BUF, 0xffffffff } }, .odd = true },
	{ "packed: lengths whose sum wraps", TX,
	  { { TX_BUF, 0x80000000, NEXT }, { TX_BUF, 0x80000064 } } },
	{ "packed: a length of 0", TX,
	  { { TX_BUF, 0 } }, .odd = true },
	{ "packed: an id of 65535, twice", TX,
	  { { TX_BUF, 100, 0, 0xffff }, { TX_BUF, 100, 0, 0xffff } },
	  .odd = true },
	{ "packed: unknown descriptor flags", TX,
	  { { TX_BUF, 100, 0x7f78 } }, .odd = true },
	{ "packed: a descriptor to write before one to read", TX,
	  { { TX_BUF, 100, NEXT | WRITE }, { TX_BUF, 100 } } },
	{ "packed: events that cannot be", TX,
	  { { TX_BUF, 100 } }, .scribble = true, .odd = true },
	{ "packed: an indirect table of 17 bytes", TX,
	  { { TABLE, 17, IND } }, { { TX_BUF, 100 } } },
	{ "packed: an indirect table of 0 bytes", TX,
	  { { TABLE, 0, IND } } },
	{ "packed: an indirect table of nearly 4 GiB", TX,
	  { { TABLE, 0xfffffff0, IND } } },
	{ "packed: an indirect table that is not mapped", TX,
	  { { NOWHERE, 32, IND } } },
	{ "packed: an indirect descriptor that has a next", TX,
	  { { TABLE, 16, IND | NEXT }, { TX_BUF, 100 } },
	  { { TX_BUF, 100 } } },
	{ "packed: an indirect descriptor after another", TX,
	  { { TX_BUF, 100, NEXT }, { TABLE, 16, IND } },
	  { { TX_BUF, 100 } } },
	{ "packed: flags without a meaning in an indirect table", TX,
	  { { TABLE, 16, IND } }, { { TX_BUF, 100, IND | NEXT } },
	  .odd = true },
	{ "packed: an indirect table to write before to read", TX,
	  { { TABLE, 32, IND } },
	  { { TX_BUF, 100, WRITE }, { TX_BUF, 100 } } },
	{ "packed: a receive buffer for reading", RX,
	  { { RX_BUF, 2000 } } },
	{ "packed: a receive buffer that is not mapped", RX,
	  { { NOWHERE, 2000, WRITE } } },
	{ "packed: a receive buffer smaller than a header", RX,
	  { { RX_BUF, 4, WRITE } }, .odd = true },
	{ "packed: a chain without end in the receive ring", RX,
	  { { RX_BUF, 8, NEXT | WRITE } }, .fill = true },
	{ "packed: a command with no room for the answer", CTRL,
	  { { TX_BUF, 2 } }, .odd = true },
	{ "packed: a command that is not mapped", CTRL,
	  { { NOWHERE, 2, NEXT }, { RX_BUF, 1, WRITE } } },
};

/* --- set-up ---------------------------------------------------------------- */

static int base_is(struct neg *t, __u32 set, __u32 want)
{
	int ret = vm_vring_base(&t->d, 0, set);
	long got = vm_vring_get_base(&t->d, 0);

	if (got != want)
		die("base %#x is read back as %#lx", set, got);
	return ret;
}

static int base_kept(struct neg *t)
{
	return base_is(t, 0x12348567, 0x12348567);
}

static int base_by_half(struct neg *t)
{
	return base_is(t, 0x8000, BEGIN);
}

/* What is wrong for this ring shows when it is to be used. */
static int live_at(struct neg *t, __u32 base)
{
	must(vm_vring_base(&t->d, 0, base));
	return vm_add_status(&t->d, VIRTIO_CONFIG_S_DRIVER_OK);
}

static int base_past_the_end(struct neg *t)
{
	return live_at(t, BEGIN | t->n.pair[0].rx.num);
}

static int base_used_past_the_end(struct neg *t)
{
	return live_at(t, BEGIN | t->n.pair[0].rx.num << 16);
}

static int base_used_before_available(struct neg *t)
{
	return live_at(t, BEGIN | 1 << 16);
}

static int base_late(struct neg *t)
{
	struct vm_vq *v = &t->n.pair[0].rx;

	must(vm_vring_num(&t->d, 0, v->num));
	must(vm_vring_addr(&t->d, 0, v->desc_iova, v->avail_iova,
			   v->used_iova));
	must(vm_vring_base(&t->d, 0, BEGIN | v->num));
	must(vm_add_status(&t->d, VIRTIO_CONFIG_S_DRIVER_OK));
	return vm_vring_enable(&t->d, 0, true);
}

/* A size that only a packed ring may have, and then a split one */
static int features_after_num(struct neg *t)
{
	struct vm_vq *v = &t->n.pair[0].rx;

	must(vm_set_features(&t->d, t->d.features));
	must(vm_vring_num(&t->d, 0, 60));
	must(vm_vring_addr(&t->d, 0, v->desc_iova, v->avail_iova,
			   v->used_iova));
	must(vm_vring_enable(&t->d, 0, true));
	must(vm_set_features(&t->d, t->d.features &
			     ~BIT64(VIRTIO_F_RING_PACKED)));
	must(vm_add_status(&t->d, VIRTIO_CONFIG_S_FEATURES_OK));
	return vm_add_status(&t->d, VIRTIO_CONFIG_S_DRIVER_OK);
}

#define NUM	VHOST_MDEV_SET_VRING_NUM
#define ADDR	VHOST_MDEV_SET_VRING_ADDR

static const struct neg_row rows[] = {
	{ "packed: SET_VRING_NUM 60", S_FEATURES, NUM, A_STATE, 0, 60 },
	{ "packed: SET_VRING_NUM 0", S_FEATURES, NUM, A_STATE, 0, 0,
	  .err = EINVAL },
	{ "packed: SET_VRING_NUM 32769", S_FEATURES, NUM, A_STATE, 0, 32769,
	  .err = EINVAL },
	{ "packed: SET_VRING_ADDR of a running ring", S_LIVE, ADDR, A_ADDR, 0,
	  GOOD, GOOD, GOOD, .err = EBUSY, .err_chr = EINVAL },
	{ "packed: SET_VRING_ADDR", S_FEATURES, ADDR, A_ADDR, 0, GOOD, GOOD,
	  GOOD },
	{ "packed: SET_VRING_ADDR, descriptors at 8", S_FEATURES, ADDR, A_ADDR,
	  0, 8, GOOD, GOOD, .err = EINVAL },
	{ "packed: SET_VRING_ADDR, driver area at 2", S_FEATURES, ADDR, A_ADDR,
	  0, GOOD, 2, GOOD, .err = EINVAL },
	{ "packed: SET_VRING_ADDR, device area at 2", S_FEATURES, ADDR, A_ADDR,
	  0, GOOD, GOOD, 2, .err = EINVAL },
	{ "packed: SET_VRING_BASE, all bits", S_FEATURES, .arg = A_FN,
	  .fn = base_kept },
	{ "packed: SET_VRING_BASE, the lower half of the beginning",
	  S_FEATURES, .arg = A_FN, .fn = base_by_half },
	{ "packed: DRIVER_OK, base past the end", S_RINGS, .arg = A_FN,
	  .fn = base_past_the_end, .err = EINVAL },
	{ "packed: DRIVER_OK, used past the end", S_RINGS, .arg = A_FN,
	  .fn = base_used_past_the_end, .err = EINVAL },
	{ "packed: DRIVER_OK, used before it was available", S_RINGS,
	  .arg = A_FN, .fn = base_used_before_available, .err = EINVAL },
	{ "packed: SET_VRING_ENABLE, base past the end", S_FEATURES,
	  .arg = A_FN, .fn = base_late, .err = EINVAL },
	{ "packed: DRIVER_OK, a size of packed rings alone, split", S_DRIVER,
	  .arg = A_FN, .fn = features_after_num, .err = EINVAL },
};

/* And leave the options so that traffic in the end is packed and in order. */
void neg_packed(struct neg *t)
{
	t->n.o.packed = true;
	neg_rows(t, rows, ARRAY_SIZE(rows));
	neg_try_rings(t, bad_packed, ARRAY_SIZE(bad_packed));
	t->n.o.in_order = true;
	neg_go(t, S_LIVE);
	vm_net_run(&t->n, 500);
	neg_result(t, true, "packed: frames come back on two pairs, in order");
}
