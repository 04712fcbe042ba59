// SPDX-License-Identifier: GPL-2.0-only
/*
 * A driver that keeps to the rules: chains, indirect tables, used entries,
 * notifications, and the state of the queue.
 */

#include "unit.h"

#define NEXT	VRING_DESC_F_NEXT
#define WRITE	VRING_DESC_F_WRITE
#define TABLE	VRING_DESC_F_INDIRECT

static void test_chain(void)
{
	struct bench b;
	u32 id, len;

	bench_init(&b, 8, 0);
	CHECK_EQ(dev_pop(&b), 0);

	drv_desc(&b, 2, DATA_IOVA, 100, NEXT, 5);
	drv_desc(&b, 5, DATA_IOVA + 200, 20, NEXT, 7);
	drv_desc(&b, 7, DATA_IOVA + 300, 3000, NEXT | WRITE, 0);
	drv_desc(&b, 0, DATA_IOVA + 5000, 1, WRITE, 99);
	drv_avail(&b, 2);
	CHECK_EQ(dev_pop(&b), 1);
	CHECK_EQ(b.chain.nr_out, 2);
	CHECK_EQ(b.chain.nr_in, 2);
	CHECK_EQ(b.chain.out_len, 120);
	CHECK_EQ(b.chain.in_len, 3001);
	CHECK_EQ(b.segs[0].iova, DATA_IOVA);
	CHECK_EQ(b.segs[1].len, 20);
	CHECK_EQ(b.segs[2].iova, DATA_IOVA + 300);
	CHECK_EQ(b.segs[3].len, 1);

	dev_push(&b, 77);
	CHECK(!drv_used(&b, &id, &len));
	CHECK(dev_publish(&b));
	CHECK(drv_used(&b, &id, &len));
	CHECK_EQ(id, 2);
	CHECK_EQ(len, 77);
	CHECK_EQ(dev_pop(&b), 0);
	CHECK_EQ(b.broken, 0);
	bench_destroy(&b);
}

static void test_empty_segments(void)
{
	struct bench b;

	bench_init(&b, 4, 0);
	drv_desc(&b, 0, DATA_IOVA, 0, NEXT, 1);
	drv_desc(&b, 1, ~0ULL, 0, NEXT, 2);
	drv_desc(&b, 2, DATA_IOVA, 5, NEXT, 3);
	drv_desc(&b, 3, 0, 0, WRITE, 0);
	drv_avail(&b, 0);
	CHECK_EQ(dev_pop(&b), 1);
	CHECK_EQ(b.chain.nr_out, 1);
	CHECK_EQ(b.chain.nr_in, 0);
	CHECK_EQ(b.chain.nr_descs, 4);
	CHECK_EQ(b.chain.out_len, 5);
	CHECK_EQ(mdev_vq_chain_cost(&b.chain), 5 + 4 * MDEV_VQ_DESC_COST);
	bench_destroy(&b);
}

/* As long as the ring, which is as long as a chain may be */
static void test_whole_ring(void)
{
	struct bench b;
	unsigned int i;

	bench_init(&b, 256, 0);
	for (i = 0; i < 256; i++)
		drv_desc(&b, i, DATA_IOVA + i, 1, i < 255 ? NEXT : 0, i + 1);
	drv_avail(&b, 0);
	CHECK_EQ(dev_pop(&b), 1);
	CHECK_EQ(b.chain.nr_out, 256);
	CHECK_EQ(b.chain.out_len, 256);
	bench_destroy(&b);
}

static void test_one_entry(void)
{
	struct bench b;
	u32 id, len, i;

	bench_init(&b, 1, F_EVENT);
	for (i = 0; i < 10; i++) {
		drv_desc(&b, 0, DATA_IOVA, i + 1, 0, 0);
		drv_avail(&b, 0);
		CHECK_EQ(dev_pop(&b), 1);
		CHECK_EQ(b.chain.out_len, i + 1);
		dev_push(&b, i);
		dev_publish(&b);
		CHECK(drv_used(&b, &id, &len));
		CHECK_EQ(len, i);
	}
	bench_destroy(&b);
}

/* Past the wrap of all 16 bit indices, several chains a batch */
static void test_wrap(void)
{
	u32 pushed = 0, seen = 0, id, len;
	struct bench b;
	unsigned int i, n;

	bench_init(&b, 16, F_EVENT);
	for (i = 0; i < 16; i++)
		drv_desc(&b, i, DATA_IOVA + i * 64, i + 1, WRITE, 0);
	while (seen < 200000) {
		n = 1 + unit_random(16);
		for (i = 0; i < n; i++)
			drv_avail(&b, b.avail_idx % 16);
		for (i = 0; i < n; i++) {
			CHECK_EQ(dev_pop(&b), 1);
			CHECK_EQ(b.chain.in_len, pushed % 16 + 1);
			dev_push(&b, pushed++);
		}
		CHECK_EQ(dev_pop(&b), 0);
		CHECK(!drv_used(&b, &id, &len));
		dev_publish(&b);
		for (i = 0; i < n; i++) {
			CHECK(drv_used(&b, &id, &len));
			CHECK_EQ(id, seen % 16);
			CHECK_EQ(len, seen++);
		}
		CHECK(!drv_used(&b, &id, &len));
	}
	CHECK_EQ(b.broken, 0);
	bench_destroy(&b);
}

static void table_entry(struct bench *b, u64 off, unsigned int i, u64 addr,
			u32 len, u16 flags, u16 next)
{
	struct vring_desc desc = {
		.addr = addr, .len = len, .flags = flags, .next = next,
	};

	memcpy(b->data->bytes + off + i * 16, &desc, sizeof(desc));
}

/* A table over a page's end, at an odd address, after ordinary descriptors */
static void test_table(void)
{
	u64 off = PAGE - 40 + 1;
	struct bench b;
	unsigned int i;

	bench_init(&b, 8, F_INDIRECT);
	for (i = 0; i < 6; i++)
		table_entry(&b, off, i, DATA_IOVA + 3 * PAGE + i, 10 + i,
			    (i < 5 ? NEXT : 0) | (i >= 4 ? WRITE : 0), i + 1);
	drv_desc(&b, 1, DATA_IOVA, 7, NEXT, 4);
	/* WRITE means nothing there. */
	drv_desc(&b, 4, DATA_IOVA + off, 6 * 16, TABLE | WRITE, 0);
	drv_avail(&b, 1);
	CHECK_EQ(dev_pop(&b), 1);
	CHECK_EQ(b.chain.nr_out, 5);
	CHECK_EQ(b.chain.nr_in, 2);
	CHECK_EQ(b.segs[0].len, 7);
	for (i = 0; i < 6; i++) {
		CHECK_EQ(b.segs[i + 1].iova, DATA_IOVA + 3 * PAGE + i);
		CHECK_EQ(b.segs[i + 1].len, 10 + i);
	}
	CHECK_EQ(b.space.faults + b.space.slow, 0);

	/* The order of a table's entries is that of their next fields. */
	table_entry(&b, 0, 0, DATA_IOVA, 1, NEXT, 2);
	table_entry(&b, 0, 2, DATA_IOVA, 2, NEXT, 1);
	table_entry(&b, 0, 1, DATA_IOVA, 3, 0, 0);
	drv_desc(&b, 0, DATA_IOVA, 3 * 16, TABLE, 0);
	drv_avail(&b, 0);
	CHECK_EQ(dev_pop(&b), 1);
	CHECK_EQ(b.segs[1].len, 2);
	CHECK_EQ(b.segs[2].len, 3);
	bench_destroy(&b);
}

static void test_largest_table(void)
{
	unsigned int i;
	struct bench b;

	bench_init(&b, 2, F_INDIRECT);
	for (i = 0; i < MDEV_VQ_MAX_SEGS; i++)
		table_entry(&b, 0, i, DATA_IOVA + 20 * PAGE, 1,
			    i < MDEV_VQ_MAX_SEGS - 1 ? NEXT : 0, i + 1);
	drv_desc(&b, 0, DATA_IOVA, MDEV_VQ_MAX_SEGS * 16, TABLE, 0);
	drv_avail(&b, 0);
	CHECK_EQ(dev_pop(&b), 1);
	CHECK_EQ(b.chain.nr_out, MDEV_VQ_MAX_SEGS);
	bench_destroy(&b);
}

/* Descriptors of no bytes have no piece, but it takes time to read them. */
static void test_empty_table(void)
{
	struct bench b;
	unsigned int i;

	bench_init(&b, 2, F_INDIRECT);
	for (i = 0; i < MDEV_VQ_MAX_SEGS; i++)
		table_entry(&b, 0, i, 0, 0,
			    i < MDEV_VQ_MAX_SEGS - 1 ? NEXT : 0, i + 1);
	drv_desc(&b, 0, DATA_IOVA, MDEV_VQ_MAX_SEGS * 16, TABLE, 0);
	drv_avail(&b, 0);
	CHECK_EQ(dev_pop(&b), 1);
	CHECK_EQ(b.chain.nr_out + b.chain.nr_in, 0);
	CHECK_EQ(b.chain.nr_descs, MDEV_VQ_MAX_SEGS);
	CHECK_EQ(mdev_vq_chain_cost(&b.chain),
		 MDEV_VQ_MAX_SEGS * MDEV_VQ_DESC_COST);

	/* The next chain does not pay for this one. */
	drv_one(&b, 7, 1);
	CHECK_EQ(dev_pop(&b), 1);
	CHECK_EQ(b.chain.nr_descs, 1);
	bench_destroy(&b);
}

/* A table that no lookup finds, until it is fetched */
static void table_far(bool unpinnable, bool stubborn)
{
	struct region *r;
	struct bench b;
	unsigned int i;

	bench_init(&b, 8, F_INDIRECT);
	r = space_map(&b.space, 0x7000, 2 * PAGE, MDEV_MEM_READ, false);
	r->unpinnable = unpinnable;
	r->stubborn = stubborn;
	for (i = 0; i < 3; i++) {
		struct vring_desc desc = {
			.addr = DATA_IOVA + i, .len = 1 + i,
			.flags = i < 2 ? NEXT : 0, .next = i + 1,
		};

		memcpy(r->bytes + PAGE - 16 + i * 16, &desc, sizeof(desc));
	}
	drv_desc(&b, 3, 0x7000 + PAGE - 16, 48, TABLE, 0);
	drv_avail(&b, 3);

	for (i = 0; i < 3; i++) {
		CHECK_EQ(dev_pop(&b), -EAGAIN);
		CHECK_EQ(b.broken, 0);
		CHECK_EQ(mdev_vq_fault(&b.vq), 0);
		CHECK_EQ(dev_pop(&b), 1);
		CHECK_EQ(b.chain.nr_out, 3);
		CHECK_EQ(b.chain.out_len, 6);
		if (!unpinnable && !stubborn)
			r->known[0] = false;
		/* What was fetched is not kept for the next time. */
		mdev_vq_unpop(&b.vq, &b.chain);
	}
	/* Nothing to fetch, nothing done */
	i = b.space.faults + b.space.slow;
	CHECK_EQ(mdev_vq_fault(&b.vq), 0);
	CHECK_EQ(b.space.faults + b.space.slow, i);
	bench_destroy(&b);
}

static void test_table_fault(void)
{
	table_far(false, false);
}

static void test_table_slow(void)
{
	table_far(true, false);
	table_far(false, true);
}

/* A fetched table serves the chain that it was fetched for, and no other. */
static void test_table_other(void)
{
	struct vring_desc desc = { .addr = DATA_IOVA, .len = 11 };
	struct region *r;
	struct bench b;

	bench_init(&b, 8, F_INDIRECT);
	r = space_map(&b.space, 0x7000, 2 * PAGE, MDEV_MEM_READ, false);
	r->unpinnable = true;
	memcpy(r->bytes, &desc, 16);
	desc.len = 22;
	memcpy(r->bytes + 16, &desc, 16);
	drv_desc(&b, 0, 0x7000, 16, TABLE, 0);
	drv_avail(&b, 0);
	CHECK_EQ(dev_pop(&b), -EAGAIN);
	CHECK_EQ(mdev_vq_fault(&b.vq), 0);
	/* A nasty driver changes the descriptor at that moment. */
	drv_desc(&b, 0, 0x7010, 16, TABLE, 0);
	CHECK_EQ(dev_pop(&b), -EAGAIN);
	CHECK_EQ(mdev_vq_fault(&b.vq), 0);
	CHECK_EQ(dev_pop(&b), 1);
	CHECK_EQ(b.chain.out_len, 22);
	bench_destroy(&b);
}

static void test_unpop(void)
{
	struct mdev_vq_seg segs[3][4];
	struct mdev_vq_chain chain[3];
	struct virtio_mdev_vq_state st;
	struct bench b;
	int token, i;
	u32 id, len;

	bench_init_at(&b, 4, 0, 65534);
	for (i = 0; i < 4; i++) {
		drv_desc(&b, i, DATA_IOVA, i + 1, 0, 0);
		drv_avail(&b, i);
	}
	token = mdev_mem_enter(&b.space.mem);
	for (i = 0; i < 3; i++) {
		chain[i].segs = segs[i];
		chain[i].max_segs = 4;
		CHECK_EQ(mdev_vq_pop(&b.vq, &chain[i]), 1);
		CHECK_EQ(chain[i].out_len, i + 1);
	}
	mdev_mem_leave(&b.space.mem, token);
	mdev_vq_unpop(&b.vq, &chain[2]);
	mdev_vq_unpop(&b.vq, &chain[1]);
	mdev_vq_get_state(&b.vq, &st);
	CHECK_EQ(st.split.avail_index, 65535);

	token = mdev_mem_enter(&b.space.mem);
	mdev_vq_push(&b.vq, &chain[0], 0);
	mdev_vq_publish(&b.vq);
	mdev_mem_leave(&b.space.mem, token);
	CHECK(drv_used(&b, &id, &len));
	CHECK_EQ(id, 0);
	for (i = 1; i < 4; i++) {
		CHECK_EQ(dev_pop(&b), 1);
		CHECK_EQ(b.chain.out_len, i + 1);
		dev_push(&b, 0);
	}
	CHECK_EQ(dev_pop(&b), 0);
	mdev_vq_get_state(&b.vq, &st);
	CHECK_EQ(st.split.avail_index, 2);
	bench_destroy(&b);
}

/* --- notifications --------------------------------------------------------- */

static void test_flags(void)
{
	struct bench b;

	bench_init(&b, 4, 0);
	drv_desc(&b, 0, DATA_IOVA, 1, 0, 0);

	dev_disable(&b);
	drv_avail(&b, 0);
	CHECK(!drv_kick(&b));
	CHECK(dev_enable(&b));
	CHECK_EQ(dev_pop(&b), 1);
	CHECK(!dev_enable(&b));
	drv_avail(&b, 0);
	CHECK(drv_kick(&b));

	b.avail->flags = VRING_AVAIL_F_NO_INTERRUPT;
	dev_push(&b, 0);
	CHECK(!dev_publish(&b));
	b.avail->flags = 0;
	/* Nothing new */
	CHECK(!dev_publish(&b));
	CHECK_EQ(dev_pop(&b), 1);
	dev_push(&b, 0);
	CHECK(dev_publish(&b));
	bench_destroy(&b);
}

/* For each place of the event around the wrap, against counting it out */
static void test_event_signal(void)
{
	unsigned int start, batch, off, i;
	struct bench b;

	for (start = 65500; start < 65560; start += 7) {
		for (batch = 1; batch <= 8; batch += 3) {
			for (off = 0; off < 20; off++) {
				u16 event = start - 4 + off, idx;
				bool want = false;

				bench_init_at(&b, 16, F_EVENT, start);
				drv_desc(&b, 0, DATA_IOVA, 1, 0, 0);
				/* The first one after the start is special. */
				drv_avail(&b, 0);
				CHECK_EQ(dev_pop(&b), 1);
				dev_push(&b, 0);
				CHECK(dev_publish(&b));

				b.avail->ring[16] = __cpu_to_le16(event);
				for (i = 0; i < batch; i++) {
					drv_avail(&b, 0);
					CHECK_EQ(dev_pop(&b), 1);
					idx = start + 1 + i;
					want |= idx == event;
					dev_push(&b, 0);
				}
				CHECK_EQ(dev_publish(&b), want);
				bench_destroy(&b);
			}
		}
	}
}

static void test_event_kick(void)
{
	struct bench b;

	bench_init_at(&b, 8, F_EVENT, 65533);
	drv_desc(&b, 0, DATA_IOVA, 1, 0, 0);
	CHECK(!dev_enable(&b));
	drv_avail(&b, 0);
	CHECK(drv_kick(&b));
	/* Until the device asks again it is not kicked, over the wrap too. */
	drv_avail(&b, 0);
	CHECK(!drv_kick(&b));
	drv_avail(&b, 0);
	drv_avail(&b, 0);
	CHECK(!drv_kick(&b));
	CHECK(dev_enable(&b));

	/* Waiting for more than there is: kicked at the next one */
	CHECK_EQ(dev_pop(&b), 1);
	mdev_vq_unpop(&b.vq, &b.chain);
	CHECK(!dev_enable(&b));
	drv_avail(&b, 0);
	CHECK(drv_kick(&b));
	CHECK(dev_enable(&b));
	CHECK_EQ(dev_pop(&b), 1);
	bench_destroy(&b);
}

/*
 * Driver and device do one small step at a time, in every order that chance
 * makes, each asking for notifications before it sleeps.  Both asleep with work
 * left is a stall.
 */
struct turns {
	struct bench b;
	unsigned int drv_step;
	unsigned int dev_step;
	bool drv_asleep;
	bool dev_asleep;
	bool dev_more;
	u32 sent;
	u32 got;
};

static void drv_turn(struct turns *t)
{
	struct bench *b = &t->b;
	u32 id, len, i;

	switch (t->drv_step++) {
	case 0:
		while (drv_used(b, &id, &len))
			t->got++;
		break;
	case 1:
		for (i = unit_random(4); i && t->sent - t->got < 8; i--)
			drv_one(b, 1, t->sent++ % 8);
		break;
	case 2:
		if (drv_kick(b))
			t->dev_asleep = false;
		break;
	default:
		t->drv_step = 0;
		/* As if out of descriptors, at any time */
		if (t->sent != t->got && unit_random(2))
			t->drv_asleep = !drv_wait_used(b);
	}
}

static void dev_turn(struct turns *t)
{
	struct bench *b = &t->b;
	unsigned int i;

	switch (t->dev_step++) {
	case 0:
		dev_disable(b);
		t->dev_more = true;
		break;
	case 1:
		for (i = unit_random(4); i; i--) {
			t->dev_more = dev_pop(b) == 1;
			if (!t->dev_more)
				break;
			dev_push(b, 0);
		}
		break;
	case 2:
		if (dev_publish(b))
			t->drv_asleep = false;
		break;
	default:
		t->dev_step = 0;
		if (!t->dev_more)
			t->dev_asleep = !dev_enable(b);
	}
}

static void no_stall(u64 features)
{
	struct turns t = { 0 };

	bench_init_at(&t.b, 8, features, features & F_PACKED ? 3 : 65000);
	while (t.got < 50000) {
		CHECK(!t.drv_asleep || !t.dev_asleep);
		if (!t.drv_asleep && (t.dev_asleep || unit_random(2)))
			drv_turn(&t);
		else if (!t.dev_asleep)
			dev_turn(&t);
	}
	CHECK_EQ(t.b.broken, 0);
	bench_destroy(&t.b);
}

static void test_no_stall_flags(void)
{
	no_stall(0);
}

static void test_no_stall_event(void)
{
	no_stall(F_EVENT);
}

static void test_no_stall_packed(void)
{
	no_stall(F_PACKED);
}

static void test_no_stall_packed_event(void)
{
	no_stall(F_PACKED | F_EVENT);
}

/* --- state ----------------------------------------------------------------- */

/* Stopped in the middle, and taken up by another device */
static void test_state(void)
{
	struct virtio_mdev_vq_state st;
	struct bench b;
	unsigned int i;
	u32 id, len;

	bench_init_at(&b, 8, F_EVENT, 65530);
	drv_desc(&b, 0, DATA_IOVA, 9, 0, 0);
	for (i = 0; i < 8; i++)
		drv_avail(&b, 0);
	for (i = 0; i < 3; i++) {
		CHECK_EQ(dev_pop(&b), 1);
		dev_push(&b, i);
		dev_publish(&b);
	}
	mdev_vq_release(&b.vq);
	mdev_vq_stop(&b.vq);
	CHECK_EQ(mdev_vq_get_state(&b.vq, &st), 0);
	CHECK_EQ(st.split.avail_index, 65533);

	mdev_vq_reset(&b.vq);
	CHECK_EQ(mdev_vq_set_num(&b.vq, 8), 0);
	CHECK_EQ(mdev_vq_set_address(&b.vq, RING_IOVA, RING_IOVA * 2,
				     RING_IOVA * 3), 0);
	CHECK_EQ(mdev_vq_set_state(&b.vq, &st), 0);
	CHECK_EQ(mdev_vq_start(&b.vq, &b.space.mem), 0);
	CHECK(mdev_vq_claim(&b.vq));
	for (; i < 8; i++) {
		CHECK_EQ(dev_pop(&b), 1);
		dev_push(&b, i);
	}
	CHECK_EQ(dev_pop(&b), 0);
	/* The driver may have asked for a signal long ago. */
	CHECK(dev_publish(&b));
	for (i = 0; i < 8; i++) {
		CHECK(drv_used(&b, &id, &len));
		CHECK_EQ(len, i);
	}
	CHECK(!drv_used(&b, &id, &len));
	bench_destroy(&b);
}

const struct unit_test ring_tests[] = {
	{ "a chain of readable and writable descriptors is popped",
	  test_chain },
	{ "descriptors of length 0 are left out", test_empty_segments },
	{ "descriptors of length 0 in a table count as read",
	  test_empty_table },
	{ "a chain as long as the ring is popped", test_whole_ring },
	{ "a ring of one entry carries chains", test_one_entry },
	{ "batches go past the wrap of the indices", test_wrap },
	{ "an indirect table after descriptors, unaligned, over pages, is read",
	  test_table },
	{ "the largest indirect table is read", test_largest_table },
	{ "an indirect table is faulted in", test_table_fault },
	{ "an indirect table is read by the slow path", test_table_slow },
	{ "an indirect table that is exchanged while it is faulted in is read again",
	  test_table_other },
	{ "chains given back are popped again", test_unpop },
	{ "flags switch kicks and signals", test_flags },
	{ "the event index asks for signals, around the wrap",
	  test_event_signal },
	{ "the event index asks for kicks, around the wrap", test_event_kick },
	{ "driver and device do not stall with flags", test_no_stall_flags },
	{ "driver and device do not stall with event indices",
	  test_no_stall_event },
	{ "driver and device do not stall in a packed ring with flags",
	  test_no_stall_packed },
	{ "driver and device do not stall in a packed ring with event positions",
	  test_no_stall_packed_event },
	{ "the state is saved and restored in the middle", test_state },
	{ }
};
