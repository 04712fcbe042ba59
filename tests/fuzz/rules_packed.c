// SPDX-License-Identifier: GPL-2.0-only
/*
 * What the library may do to a packed ring, and what must come of it.
 */

#include "fuzz.h"

#define ADDR	0
#define LEN	8
#define ID	12
#define FLAGS	14

#define AVAIL	BIT(VRING_PACKED_DESC_F_AVAIL)
#define USED	BIT(VRING_PACKED_DESC_F_USED)
#define INDIRECT	VRING_DESC_F_INDIRECT
#define NEXT		VRING_DESC_F_NEXT

/* --- positions: see &struct model ------------------------------------------- */

static u16 index_of(struct fuzz *f, u16 lin)
{
	return lin % f->num;
}

static bool wrap_of(struct fuzz *f, u16 lin)
{
	return lin < f->num;
}

static u16 ahead(struct fuzz *f, u16 lin, u16 n)
{
	return (lin + n) % (2 * f->num);
}

static u16 behind(struct fuzz *f, u16 lin, u16 n)
{
	return (lin + 2 * f->num - n) % (2 * f->num);
}

/* As the ring has it: the wrap counter above the index */
static u16 off_wrap(struct fuzz *f, u16 lin)
{
	return index_of(f, lin) | (wrap_of(f, lin) ? WRAP : 0);
}

static bool is_avail(struct fuzz *f, u16 lin, u16 flags)
{
	return (flags & (AVAIL | USED)) == (wrap_of(f, lin) ? AVAIL : USED);
}

/* --- loads ------------------------------------------------------------------ */

/* Descriptors are visited one after the other, from where the device stands. */
static void load_flags(struct fuzz *f, unsigned int i, u16 flags)
{
	u16 left = f->num - f->model.in_hand, n = f->seen.visits++;
	u16 lin = ahead(f, f->model.avail, n);

	MUST(i == index_of(f, lin), "descriptor %u is looked at, not %u", i,
	     index_of(f, lin));
	MUST(n <= left, "descriptor %u, all %u are taken", i, f->num);
	f->seen.wish = flags;
	if (!is_avail(f, lin, flags)) {
		/* It is the end, unless a chain goes on there. */
		f->seen.must_break = n;
		return;
	}
	if (n == left || (flags & NEXT && n + 1 == left) ||
	    (flags & INDIRECT &&
	     (n || flags & NEXT || !(f->features & F_INDIRECT))))
		f->seen.must_break = true;
}

static void load_desc(struct fuzz *f, size_t off, unsigned int size, u64 val)
{
	unsigned int i = off / 16;
	u16 seen = ahead(f, f->model.avail, f->seen.visits - 1);

	if (f->call == CALL_ENABLE) {
		MUST(size == 2 && off == 16 * index_of(f, f->model.limit) +
		     FLAGS, "offset %zu is not the next one", off);
		f->seen.idx_loads++;
		f->seen.idx = is_avail(f, f->model.limit, val);
		return;
	}
	MUST(f->call == CALL_POP, "call %d reads descriptors", f->call);
	if (off % 16 == FLAGS) {
		MUST(size == 2, "flags have 16 bits");
		load_flags(f, i, val);
		return;
	}
	MUST(f->seen.visits && i == index_of(f, seen),
	     "descriptor %u is read before its flags", i);
	MUST(is_avail(f, seen, f->seen.wish), "descriptor %u is not ours", i);
	switch (off % 16) {
	case ADDR:
		MUST(size == 8, "an address has 64 bits");
		f->seen.addr = val;
		break;
	case LEN:
		MUST(size == 4, "a length has 32 bits");
		f->seen.len = val;
		if (f->seen.wish & INDIRECT && !f->seen.must_break)
			memory_table(f);
		break;
	case ID:
		MUST(size == 2, "an id has 16 bits");
		f->seen.head_loads++;
		f->seen.head = val;
		break;
	default:
		MUST(0, "offset %zu of a descriptor", off % 16);
	}
}

static void packed_load(struct fuzz *f, enum mdev_vq_area area, size_t off,
			unsigned int size, u64 val)
{
	switch (area) {
	case MDEV_VQ_DESC:
		load_desc(f, off, size, val);
		break;
	case MDEV_VQ_DRIVER:
		MUST(f->call == CALL_NEED_SIGNAL && size == 4 && !off,
		     "call %d reads %u bytes at %zu of what the driver wishes",
		     f->call, size, off);
		f->seen.wish_loads++;
		f->seen.wish = val;
		break;
	default:
		MUST(0, "something is read back");
	}
}

static void packed_popped(struct fuzz *f, const struct mdev_vq_chain *chain,
			  int ret)
{
	const u16 *loads = f->window[MDEV_VQ_DESC].loads;
	struct model *m = &f->model;
	u16 back = behind(f, m->limit, m->avail);
	unsigned int i;

	/* Each word that the driver may change was read once, and believed. */
	for (i = 0; i < 8 * f->num; i++)
		MUST(loads[i] <= 1, "offset %u was read %u times", 2 * i,
		     loads[i]);
	if (f->seen.must_break)
		MUST(ret == -EPROTO, "what was read breaks the queue, not %d",
		     ret);
	switch (ret) {
	case 1:
		MUST(f->seen.head_loads == 1 && chain->id == f->seen.head,
		     "id %u for %u", chain->id, f->seen.head);
		MUST(chain->slots == f->seen.visits, "%u slots for %u",
		     chain->slots, f->seen.visits);
		if (back < chain->slots)
			m->limit = ahead(f, m->avail, chain->slots);
		m->avail = ahead(f, m->avail, chain->slots);
		m->in_hand += chain->slots;
		break;
	case 0:
		MUST(f->seen.visits == 1 &&
		     !is_avail(f, m->avail, f->seen.wish),
		     "nothing is popped while there is something");
		break;
	}
}

static void packed_unpop(struct fuzz *f, const struct mdev_vq_chain *chain)
{
	f->model.avail = behind(f, f->model.avail, chain->slots);
	f->model.in_hand -= chain->slots;
}

/* --- stores ----------------------------------------------------------------- */

static void expect_used(struct fuzz *f, u16 id, u32 len)
{
	struct model *m = &f->model;
	size_t at = 16 * index_of(f, m->put);
	u16 flags = len ? VRING_DESC_F_WRITE : 0;

	if (wrap_of(f, m->put))
		flags |= AVAIL | USED;
	expect(f, MDEV_VQ_DESC, at + ID, 2, id);
	expect(f, MDEV_VQ_DESC, at + LEN, 4, len);
	/* The first of a batch is not given away before the others. */
	if (m->put != m->published)
		expect(f, MDEV_VQ_DESC, at + FLAGS, 2, flags);
	else
		m->first_flags = flags;
	m->put = m->used;
}

static void begin_push(struct fuzz *f, const struct mdev_vq_chain *chain,
		       u32 len)
{
	struct model *m = &f->model;

	m->batch += chain->slots;
	m->used = ahead(f, m->used, chain->slots);
	m->run_id = chain->id;
	m->run_len = len;
	/* What comes before a chain's descriptor counts as written in full. */
	if (!(f->features & F_IN_ORDER) || len != chain->in_len)
		expect_used(f, chain->id, len);
}

static void begin_publish(struct fuzz *f)
{
	struct model *m = &f->model;

	if (!m->batch)
		return;
	if (m->put != m->used)
		expect_used(f, m->run_id, m->run_len);
	expect_last(f, MDEV_VQ_DESC, 16 * index_of(f, m->published) + FLAGS, 2,
		    m->first_flags);
	m->published = m->used;
	m->in_hand -= m->batch;
	m->unsignalled += m->batch;
	m->batch = 0;
}

static void packed_begin(struct fuzz *f, enum fuzz_call call,
			 const struct mdev_vq_chain *chain, u32 len)
{
	u32 event;

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
		expect_maybe(f, MDEV_VQ_DEVICE, 0, 4,
			     VRING_PACKED_EVENT_FLAG_DISABLE << 16);
		break;
	case CALL_ENABLE:
		event = VRING_PACKED_EVENT_FLAG_ENABLE << 16;
		if (f->features & F_EVENT)
			event = VRING_PACKED_EVENT_FLAG_DESC << 16 |
				off_wrap(f, f->model.limit);
		expect_maybe(f, MDEV_VQ_DEVICE, 0, 4, event);
		break;
	default:
		break;
	}
}

/* --- wishes ----------------------------------------------------------------- */

/* -1 if there is no telling, because the driver talks nonsense */
static int wanted(struct fuzz *f)
{
	u16 off = f->seen.wish, flags = f->seen.wish >> 16 & 3, n;
	struct model *m = &f->model;

	if (!m->unsignalled)
		return false;
	if (flags == VRING_PACKED_EVENT_FLAG_DISABLE)
		return false;
	if (flags != VRING_PACKED_EVENT_FLAG_DESC || !(f->features & F_EVENT) ||
	    !m->signalled_valid || m->unsignalled >= f->num)
		return true;
	if (off % WRAP >= f->num)
		return -1;
	for (n = 1; n <= m->unsignalled; n++)
		if (off_wrap(f, behind(f, m->published, n)) == off)
			return true;
	return false;
}

static void packed_done(struct fuzz *f, enum fuzz_call call, int ret)
{
	int want;

	switch (call) {
	case CALL_NEED_SIGNAL:
		MUST(f->seen.wish_loads <= 1, "the wish is read once");
		want = wanted(f);
		MUST(want < 0 || ret == want, "a signal is %swanted",
		     want ? "" : "not ");
		if (f->model.unsignalled)
			f->model.signalled_valid = true;
		f->model.unsignalled = 0;
		break;
	case CALL_ENABLE:
		MUST(f->seen.idx_loads == 1, "the next one is read %u times",
		     f->seen.idx_loads);
		MUST(ret == f->seen.idx, "more is available, or not");
		break;
	default:
		break;
	}
}

/* --- state ------------------------------------------------------------------ */

/* A valid one: @where is where the chains go on, and all before are used. */
static void packed_set_state(struct fuzz *f, u16 where)
{
	struct virtio_mdev_vq_state state = { 0 };

	f->model.avail = where % (2 * f->num);
	f->model.put = f->model.avail;
	state.packed.last_avail_idx = index_of(f, f->model.avail);
	state.packed.last_avail_counter = wrap_of(f, f->model.avail);
	state.packed.last_used_idx = state.packed.last_avail_idx;
	state.packed.last_used_counter = state.packed.last_avail_counter;
	MUST(!mdev_vq_set_state(&f->vq, &state), "state %u", where);
}

static void packed_check_state(struct fuzz *f)
{
	struct virtio_mdev_vq_state state = { 0 };
	struct model *m = &f->model;

	MUST(!mdev_vq_get_state(&f->vq, &state), "there is a state");
	MUST(state.packed.last_avail_idx == index_of(f, m->avail) &&
	     state.packed.last_avail_counter == wrap_of(f, m->avail),
	     "%u with %u for position %u of twice %u",
	     state.packed.last_avail_idx, state.packed.last_avail_counter,
	     m->avail, f->num);
	MUST(state.packed.last_used_idx == index_of(f, m->put) &&
	     state.packed.last_used_counter == wrap_of(f, m->put),
	     "%u with %u for used position %u of twice %u",
	     state.packed.last_used_idx, state.packed.last_used_counter,
	     m->put, f->num);
}

/* What was in the hand of a queue that broke counts as taken for good. */
static bool packed_start(struct fuzz *f)
{
	struct model *m = &f->model;

	m->limit = m->avail;
	m->used = m->put;
	m->published = m->put;
	m->in_hand = behind(f, m->avail, m->put);
	m->batch = 0;
	m->unsignalled = 0;
	m->signalled_valid = false;
	/* With IN_ORDER nothing can be left out. */
	return !m->in_hand || !(f->features & F_IN_ORDER);
}

const struct rules packed_rules = {
	.set_state = packed_set_state,
	.check_state = packed_check_state,
	.start = packed_start,
	.begin = packed_begin,
	.load = packed_load,
	.popped = packed_popped,
	.unpop = packed_unpop,
	.done = packed_done,
};
