// SPDX-License-Identifier: GPL-2.0-only
/*
 * What the library may do to a split ring, and what must come of it.
 */

#include "fuzz.h"

#define AVAIL_FLAGS	0
#define AVAIL_IDX	2
#define AVAIL_RING	4
#define USED_FLAGS	0
#define USED_IDX	2
#define USED_RING	4

static size_t slot(struct fuzz *f, u16 idx)
{
	return idx & (f->num - 1);
}

static void load_desc(struct fuzz *f, size_t off, unsigned int size, u64 val)
{
	MUST(f->call == CALL_POP, "descriptors are for pop only");
	switch (off % 16) {
	case 0:
		MUST(size == 8, "an address has 64 bits");
		f->seen.addr = val;
		break;
	case 8:
		MUST(size == 4, "a length has 32 bits");
		f->seen.len = val;
		break;
	case 12:
		MUST(size == 2, "flags have 16 bits");
		if (val & VRING_DESC_F_INDIRECT &&
		    (val & VRING_DESC_F_NEXT || !(f->features & F_INDIRECT)))
			f->seen.must_break = true;
		else if (val & VRING_DESC_F_INDIRECT)
			memory_table(f);
		break;
	case 14:
		MUST(size == 2, "next has 16 bits");
		break;
	default:
		MUST(0, "offset %zu of a descriptor", off % 16);
	}
}

static void load_avail(struct fuzz *f, size_t off, unsigned int size, u64 val)
{
	MUST(size == 2, "the available ring consists of 16 bit words");
	if (f->call == CALL_NEED_SIGNAL) {
		MUST(off == (f->features & F_EVENT ?
			     AVAIL_RING + 2 * f->num : AVAIL_FLAGS),
		     "offset %zu says nothing about signals", off);
		f->seen.wish_loads++;
		f->seen.wish = val;
		return;
	}
	if (off == AVAIL_IDX) {
		MUST(f->call == CALL_POP || f->call == CALL_ENABLE,
		     "call %d reads the available index", f->call);
		f->seen.idx_loads++;
		f->seen.idx = val;
		if (f->call == CALL_ENABLE)
			return;
		if ((u16)(val - f->model.avail) +
		    (u16)(f->model.avail - f->model.used) > f->num)
			f->seen.must_break = true;
		else
			f->model.limit = val;
		return;
	}
	MUST(f->call == CALL_POP, "call %d reads the available ring", f->call);
	MUST(off == AVAIL_RING + 2 * slot(f, f->model.avail),
	     "offset %zu of the available ring at index %u", off,
	     f->model.avail);
	f->seen.head_loads++;
	f->seen.head = val;
	if (val >= f->num)
		f->seen.must_break = true;
}

static void split_load(struct fuzz *f, enum mdev_vq_area area, size_t off,
		       unsigned int size, u64 val)
{
	switch (area) {
	case MDEV_VQ_DESC:
		load_desc(f, off, size, val);
		break;
	case MDEV_VQ_DRIVER:
		load_avail(f, off, size, val);
		break;
	default:
		MUST(0, "something is read back from the used ring");
	}
}

static void expect_used(struct fuzz *f, u16 id, u32 len)
{
	size_t entry = USED_RING + 8 * slot(f, f->model.put);

	expect(f, MDEV_VQ_DEVICE, entry, 4, id);
	expect(f, MDEV_VQ_DEVICE, entry + 4, 4, len);
	f->model.put = f->model.used;
}

static void begin_push(struct fuzz *f, const struct mdev_vq_chain *chain,
		       u32 len)
{
	struct model *m = &f->model;

	m->used++;
	m->run_id = chain->id;
	m->run_len = len;
	/* What comes before a chain's entry counts as written in full. */
	if (!(f->features & F_IN_ORDER) || len != chain->in_len)
		expect_used(f, chain->id, len);
}

static void begin_publish(struct fuzz *f)
{
	struct model *m = &f->model;

	if (m->used == m->published)
		return;
	if (m->put != m->used)
		expect_used(f, m->run_id, m->run_len);
	expect_last(f, MDEV_VQ_DEVICE, USED_IDX, 2, m->used);
	m->published = m->used;
}

static void split_begin(struct fuzz *f, enum fuzz_call call,
			const struct mdev_vq_chain *chain, u32 len)
{
	if (f->broken)
		return;
	switch (call) {
	case CALL_PUSH:
		begin_push(f, chain, len);
		break;
	case CALL_PUBLISH:
		begin_publish(f);
		break;
	case CALL_DISABLE:
		if (!(f->features & F_EVENT))
			expect_maybe(f, MDEV_VQ_DEVICE, USED_FLAGS, 2,
				     VRING_USED_F_NO_NOTIFY);
		break;
	case CALL_ENABLE:
		if (f->features & F_EVENT)
			expect_maybe(f, MDEV_VQ_DEVICE,
				     USED_RING + 8 * f->num, 2,
				     f->model.limit);
		else
			expect_maybe(f, MDEV_VQ_DEVICE, USED_FLAGS, 2, 0);
		break;
	default:
		break;
	}
}

/* Each word that the driver may change was read once, and believed. */
static void check_loads(struct fuzz *f)
{
	const u16 *loads = f->window[MDEV_VQ_DESC].loads;
	unsigned int i, visits = 0;

	MUST(f->seen.idx_loads <= 1, "the index is read once");
	MUST(f->seen.head_loads <= 1, "the head is read once");
	/* A loop may come by several times, and is found out in the end. */
	for (i = 0; i < f->num; i++, loads += 8) {
		visits += loads[6];
		MUST(loads[0] == loads[6] && loads[4] == loads[6] &&
		     loads[7] <= loads[6],
		     "descriptor %u: address %u, length %u, flags %u, next %u times",
		     i, loads[0], loads[4], loads[6], loads[7]);
	}
	MUST(visits <= f->num, "%u descriptors in a ring of %u", visits,
	     f->num);
}

static void split_popped(struct fuzz *f, const struct mdev_vq_chain *chain,
			 int ret)
{
	if (f->window[MDEV_VQ_DESC].map)
		check_loads(f);
	if (f->seen.must_break)
		MUST(ret == -EPROTO, "what was read breaks the queue, not %d",
		     ret);
	switch (ret) {
	case 1:
		MUST(f->seen.head_loads == 1 && chain->id == f->seen.head,
		     "chain %u begins at %u", chain->id, f->seen.head);
		MUST(chain->slots == 1, "%u slots", chain->slots);
		MUST(f->model.avail != f->model.limit,
		     "nothing is popped that was not offered");
		f->model.avail++;
		break;
	case 0:
		MUST(f->seen.idx_loads && f->seen.idx == f->model.avail,
		     "nothing is popped while %u of %u are taken",
		     f->model.avail, f->seen.idx);
		break;
	}
}

static void split_unpop(struct fuzz *f, const struct mdev_vq_chain *chain)
{
	f->model.avail--;
}

static void split_done(struct fuzz *f, enum fuzz_call call, int ret)
{
	struct model *m = &f->model;
	bool wanted;

	switch (call) {
	case CALL_NEED_SIGNAL:
		MUST(f->seen.wish_loads <= 1, "the wish is read once");
		wanted = m->published != m->signalled;
		if (wanted && (f->features & F_EVENT) && m->signalled_valid)
			wanted = vring_need_event(f->seen.wish, m->published,
						  m->signalled);
		else if (wanted && !(f->features & F_EVENT))
			wanted = !(f->seen.wish & VRING_AVAIL_F_NO_INTERRUPT);
		MUST(ret == wanted, "a signal is %swanted",
		     wanted ? "" : "not ");
		if (m->published != m->signalled)
			m->signalled_valid = true;
		m->signalled = m->published;
		break;
	case CALL_ENABLE:
		MUST(f->seen.idx_loads == 1, "the index is read %u times",
		     f->seen.idx_loads);
		MUST(ret == (f->seen.idx != m->limit),
		     "more is available, or not");
		break;
	default:
		break;
	}
}

static void split_set_state(struct fuzz *f, u16 where)
{
	const struct virtio_mdev_vq_state state = {
		.split.avail_index = where,
	};

	MUST(!mdev_vq_set_state(&f->vq, &state), "state %u", where);
	f->model.avail = where;
}

static void split_check_state(struct fuzz *f)
{
	struct virtio_mdev_vq_state state = { 0 };

	MUST(!mdev_vq_get_state(&f->vq, &state), "there is a state");
	MUST(state.split.avail_index == f->model.avail,
	     "state %u for %u chains", state.split.avail_index,
	     f->model.avail);
}

/* Between two starts no chain is in the device's hand. */
static bool split_start(struct fuzz *f)
{
	struct model *m = &f->model;

	m->limit = m->avail;
	m->used = m->avail;
	m->put = m->avail;
	m->published = m->avail;
	m->signalled = m->avail;
	m->signalled_valid = false;
	return true;
}

const struct rules split_rules = {
	.set_state = split_set_state,
	.check_state = split_check_state,
	.start = split_start,
	.begin = split_begin,
	.load = split_load,
	.popped = split_popped,
	.unpop = split_unpop,
	.done = split_done,
};
