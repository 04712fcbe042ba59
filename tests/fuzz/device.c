// SPDX-License-Identifier: GPL-2.0-only
/*
 * The steps of a device: it keeps to the contract of <linux/mdev_vq.h>, and
 * what it gets from the library has to be sane.
 */

#include "fuzz.h"

/* As many reads as the longest chain in a ring takes, with its table */
#define POP_BUDGET	(4 * MAX_NUM + 2 * MDEV_VQ_MAX_SEGS + 64)
#define FEW		8
/*
 * For each byte, where each access is one of a byte and pages go as fast as they
 * come: some rounds of looking both up, looking which one misses and fetching
 * it, 7 each; then as many of each alone, and copies in the end.  All but the
 * copies may also look at the whole page first.
 */
#define COPY_BUDGET	64
/* As often as a chain may ask for a table, and once more to learn of it */
#define MANY_FAULTS	9

/* --- sections ---------------------------------------------------------------- */

bool device_claim(struct fuzz *f)
{
	bool live = mdev_vq_is_started(&f->vq) && !f->paused && !f->broken;

	if (f->claimed)
		return true;
	f->claimed = mdev_vq_claim(&f->vq);
	MUST(f->claimed == live, "users come in just when they may");
	return f->claimed;
}

static bool ring_is_mapped(struct fuzz *f)
{
	unsigned int i;

	for (i = 0; i < 3; i++)
		if (!f->window[i].map || f->window[i].map->dead)
			return false;
	return true;
}

static bool device_alive(struct fuzz *f)
{
	bool expected = !f->broken && ring_is_mapped(f);

	f->alive = mdev_vq_alive(&f->vq);
	MUST(f->alive == expected, "the queue is alive just when it can be");
	MUST(f->alive || f->broken, "a dead queue is a broken one");
	return f->alive;
}

/* Into a section, if not there: whether the ring may be touched */
bool device_enter(struct fuzz *f)
{
	if (!device_claim(f))
		return false;
	if (f->inside)
		return f->alive && !f->broken;
	f->token = mdev_mem_enter(&f->space.mem);
	f->inside = true;
	return device_alive(f);
}

void device_leave(struct fuzz *f)
{
	if (!f->inside)
		return;
	mdev_mem_leave(&f->space.mem, f->token);
	f->inside = false;
	f->alive = false;
}

static void device_relax(struct fuzz *f)
{
	if (!f->sticky)
		device_leave(f);
}

/* --- chains ------------------------------------------------------------------ */

static struct hand *hand_find(struct fuzz *f, bool taken)
{
	unsigned int i;

	for (i = 0; i < MAX_HAND; i++)
		if (f->hand[i].taken == taken)
			return &f->hand[i];
	return NULL;
}

/* The @nth of those that were popped, if there are any */
static struct hand *hand_pick(struct fuzz *f, u8 nth)
{
	unsigned int i;

	for (i = 0; i < MAX_HAND; i++)
		if (f->hand[(nth + i) % MAX_HAND].taken)
			return &f->hand[(nth + i) % MAX_HAND];
	return NULL;
}

/* The one that comes next, if the order matters */
static struct hand *hand_first(struct fuzz *f)
{
	struct hand *first = NULL;
	unsigned int i;

	for (i = 0; i < MAX_HAND; i++)
		if (f->hand[i].taken &&
		    (!first || f->hand[i].seq < first->seq))
			first = &f->hand[i];
	return first;
}

/* The one that may be given back: the one popped last, but those given back */
static struct hand *hand_last(struct fuzz *f)
{
	unsigned int i;

	for (i = 0; i < MAX_HAND; i++)
		if (f->hand[i].taken && f->hand[i].seq == f->popped)
			return &f->hand[i];
	return NULL;
}

static void hand_drop(struct hand *hand)
{
	free(hand->chain.segs);
	hand->taken = false;
}

static void check_chain(struct fuzz *f, const struct mdev_vq_chain *chain)
{
	unsigned int i, nr = chain->nr_out + chain->nr_in;
	u64 out = 0, in = 0, last;

	MUST(nr <= f->max_segs, "%u segments where %u fit", nr, f->max_segs);
	MUST(chain->nr_descs >= nr, "%u descriptors had %u segments",
	     chain->nr_descs, nr);
	MUST(chain->nr_descs <= mdev_vq_num(&f->vq) + MDEV_VQ_MAX_SEGS,
	     "%u descriptors are in a ring and a table", chain->nr_descs);
	for (i = 0; i < nr; i++) {
		const struct mdev_vq_seg *seg = &chain->segs[i];

		MUST(seg->len, "segment %u is not empty", i);
		MUST(!check_add_overflow(seg->iova, (u64)seg->len - 1, &last),
		     "segment %u, %u bytes at %#llx, does not wrap", i,
		     seg->len, (unsigned long long)seg->iova);
		if (i < chain->nr_out)
			out += seg->len;
		else
			in += seg->len;
	}
	MUST(out == chain->out_len, "%llu bytes to read are not %u",
	     (unsigned long long)out, chain->out_len);
	MUST(in == chain->in_len, "%llu bytes to write are not %u",
	     (unsigned long long)in, chain->in_len);
}

/* In a section: one call of mdev_vq_pop() */
static int pop_once(struct fuzz *f, struct mdev_vq_chain *chain)
{
	unsigned int broken = f->broken;
	int ret;

	call_begin(f, CALL_POP, POP_BUDGET);
	ret = mdev_vq_pop(&f->vq, chain);
	f->rules->popped(f, chain, ret);
	call_end(f);

	MUST(f->broken == (broken || ret == -EPROTO),
	     "pop returns %d, broken %u times", ret, f->broken);
	if (ret == -EAGAIN)
		MUST(f->seen.missed, "a lookup missed");
	else
		MUST(ret == 1 || ret == 0 || ret == -EPROTO, "pop returns %d",
		     ret);
	return ret;
}

/* A chain, whatever it takes */
static int device_pop(struct fuzz *f)
{
	struct hand *hand = hand_find(f, false);
	unsigned int faults;
	u16 pos = f->model.avail;
	u64 addr;
	u32 len;
	int ret;

	if (!hand)
		return 0;
	hand->chain.max_segs = f->max_segs;
	hand->chain.segs = malloc(f->max_segs * sizeof(struct mdev_vq_seg));
	for (faults = 0;; faults++) {
		ret = -EPROTO;
		if (!device_enter(f))
			break;
		ret = pop_once(f, &hand->chain);
		if (ret != -EAGAIN)
			break;
		/* The driver must be quick to have another table wanted. */
		MUST(faults < (f->mutate ? MANY_FAULTS : 1),
		     "a table that was fetched serves");
		addr = f->seen.addr;
		len = f->seen.len;
		device_leave(f);
		call_begin(f, CALL_FAULT, 64);
		f->seen.addr = addr;
		f->seen.len = len;
		memory_table(f);
		ret = mdev_vq_fault(&f->vq);
		call_end(f);
		MUST(ret == (f->broken ? -EPROTO : 0), "fault returns %d, broken %u times",
		     ret, f->broken);
	}

	if (ret == 1) {
		check_chain(f, &hand->chain);
		hand->taken = true;
		hand->seq = ++f->popped;
		hand->pos = pos;
	} else {
		free(hand->chain.segs);
	}
	return ret;
}

static void device_push(struct fuzz *f, struct hand *hand, u32 len)
{
	bool wrong = f->features & F_IN_ORDER && hand->pos != f->model.used;

	call_begin(f, CALL_PUSH, FEW);
	if (!wrong)
		f->rules->begin(f, CALL_PUSH, &hand->chain, len);
	mdev_vq_push(&f->vq, &hand->chain, len);
	MUST(!!f->broken == wrong, "out of order or not");
	call_end(f);
	hand_drop(hand);
}

static void device_unpop(struct fuzz *f, struct hand *hand)
{
	/* No access, so no call */
	mdev_vq_unpop(&f->vq, &hand->chain);
	f->rules->unpop(f, &hand->chain);
	f->popped--;
	hand_drop(hand);
}

/* What follows a batch.  A broken queue is left alone by the library itself. */
static void device_publish(struct fuzz *f)
{
	bool signal;

	call_begin(f, CALL_PUBLISH, FEW);
	f->rules->begin(f, CALL_PUBLISH, NULL, 0);
	mdev_vq_publish(&f->vq);
	call_end(f);

	call_begin(f, CALL_NEED_SIGNAL, FEW);
	f->rules->begin(f, CALL_NEED_SIGNAL, NULL, 0);
	signal = mdev_vq_need_signal(&f->vq);
	if (!f->broken)
		f->rules->done(f, CALL_NEED_SIGNAL, signal);
	call_end(f);
	MUST(!f->broken || !signal, "a broken queue needs no signal");
	if (signal)
		mdev_vq_signal(&f->vq);
}

static void device_disable(struct fuzz *f)
{
	call_begin(f, CALL_DISABLE, FEW);
	f->rules->begin(f, CALL_DISABLE, NULL, 0);
	mdev_vq_disable_notify(&f->vq);
	call_end(f);
}

static bool device_enable(struct fuzz *f)
{
	bool more;

	call_begin(f, CALL_ENABLE, FEW);
	f->rules->begin(f, CALL_ENABLE, NULL, 0);
	more = mdev_vq_enable_notify(&f->vq);
	if (!f->broken)
		f->rules->done(f, CALL_ENABLE, more);
	call_end(f);
	MUST(!f->broken || !more, "a broken queue has nothing");
	return more;
}

/* As the documentation has it */
static void device_drain(struct fuzz *f, u8 variant)
{
	unsigned int n = variant + 1;
	struct hand *hand;

	if (!device_enter(f))
		return;
	device_disable(f);
	while (n-- && device_pop(f) == 1) {
		hand = f->features & F_IN_ORDER ? hand_first(f) : hand_last(f);
		if (!device_enter(f))
			return;
		device_push(f, hand, hand->chain.in_len);
	}
	/* It may have had to leave, and then find the ring gone. */
	if (!f->inside || !f->alive)
		return;
	device_publish(f);
	device_enable(f);
}

/* Payload: @variant is the way, of which some must be outside of a section. */
static void device_copy(struct fuzz *f, u8 variant)
{
	static u8 buf[MAX_COPY], bounce[512];
	u8 from = in8(f), to = in8(f);
	size_t len = in16(f) % MAX_COPY, n;
	struct mdev_vq_iter src, dst, *bad = NULL;
	struct mdev_mem *mem = &f->space.mem;
	struct hand *a = hand_pick(f, from);
	struct hand *b = hand_pick(f, to);
	bool fast = variant % 6 < 3;
	int ret = 0;

	if (!a || !b)
		return;
	if (fast && !device_enter(f))
		return;
	if (!fast)
		device_leave(f);
	if (variant % 6 < 2 || variant % 6 == 3 || variant % 6 == 4)
		len = min(len, sizeof(buf));

	if (variant % 3 != 1)
		f->src = &a->chain;
	if (variant % 3 != 0)
		f->dst = &b->chain;
	mdev_vq_iter_out(&src, &a->chain);
	mdev_vq_iter_in(&dst, &b->chain);
	call_begin(f, CALL_COPY, COPY_BUDGET * MAX_COPY);
	switch (variant % 6) {
	case 0:
		n = mdev_vq_copy_from(mem, &src, buf, len);
		MUST(n <= len, "%zu of %zu bytes", n, len);
		break;
	case 1:
		n = mdev_vq_copy_to(mem, &dst, buf, len);
		MUST(n <= len, "%zu of %zu bytes", n, len);
		break;
	case 2:
		n = mdev_vq_copy(mem, &dst, &src, len);
		MUST(n <= len, "%zu of %zu bytes", n, len);
		break;
	case 3:
		ret = mdev_vq_read(mem, &src, buf, len);
		MUST(ret || len <= a->chain.out_len, "%zu bytes of %u", len,
		     a->chain.out_len);
		break;
	case 4:
		ret = mdev_vq_write(mem, &dst, buf, len);
		MUST(ret || len <= b->chain.in_len, "%zu bytes of %u", len,
		     b->chain.in_len);
		break;
	case 5:
		ret = mdev_vq_move(mem, &dst, &src, len, bounce,
				   1 + len % sizeof(bounce), &bad);
		MUST(ret || (len <= a->chain.out_len && len <= b->chain.in_len),
		     "%zu bytes", len);
		MUST(!ret || bad == &src || bad == &dst,
		     "the bad one is one of the two");
		break;
	}
	call_end(f);
	MUST(!ret || ret == -EFAULT, "an error of %d", ret);
	f->src = NULL;
	f->dst = NULL;
}

/**
 * device_release() - let go of the queue, with nothing left in the hand
 * @f: the run
 */
void device_release(struct fuzz *f)
{
	struct hand *hand;

	if (!f->claimed)
		return;
	while ((hand = hand_last(f)))
		device_unpop(f, hand);
	/* Those before one that was pushed cannot be given back any more. */
	while ((hand = hand_find(f, true))) {
		if (device_enter(f))
			device_push(f, hand, 0);
		else
			hand_drop(hand);
	}
	if (device_enter(f))
		device_publish(f);
	device_leave(f);
	mdev_vq_release(&f->vq);
	f->claimed = false;
}

void device_step(struct fuzz *f, u8 op, u8 variant)
{
	struct hand *hand;

	switch (op) {
	case OP_POP:
		device_pop(f);
		break;
	case OP_COPY:
		device_copy(f, variant);
		break;
	case OP_PUSH:
		hand = hand_pick(f, variant);
		/* The device keeps the order if it has to, or a bit longer. */
		if (f->features & F_IN_ORDER && variant != 7)
			hand = hand_first(f);
		if (hand && device_enter(f)) {
			u32 len = in16(f);

			device_push(f, hand, len == 0xffff ?
				    hand->chain.in_len : len);
		}
		break;
	case OP_PUBLISH:
		if (device_enter(f))
			device_publish(f);
		break;
	case OP_UNPOP:
		hand = hand_last(f);
		if (hand)
			device_unpop(f, hand);
		break;
	case OP_DISABLE:
		if (device_enter(f))
			device_disable(f);
		break;
	case OP_ENABLE:
		if (device_enter(f))
			device_enable(f);
		break;
	case OP_DRAIN:
		device_drain(f, variant);
		break;
	case OP_STICKY:
		f->sticky = !f->sticky;
		break;
	case OP_ALIVE:
		if (f->inside)
			device_alive(f);
		break;
	case OP_BREAK:
		if (device_claim(f))
			mdev_vq_break(&f->vq, "the parent says so %u", variant);
		break;
	}
	device_relax(f);
}
