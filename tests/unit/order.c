// SPDX-License-Identifier: GPL-2.0-only
/*
 * VIRTIO_F_IN_ORDER, in rings of both layouts: one used entry for a run of
 * chains, and devices that break their word.
 */

#include "unit.h"

/* Make @nr chains available, with 10 * i bytes to write, and pop them. */
static void pop_some(struct bench *b, struct driver *d, unsigned int nr,
		     struct mdev_vq_chain *chains, struct mdev_vq_seg *segs)
{
	struct mdev_vq_seg seg = { .iova = DATA_IOVA };
	unsigned int i;
	int token;

	for (i = 0; i < nr; i++) {
		seg.len = i ? 10 * i : 1;
		CHECK(driver_add(d, &seg, !i, !!i, i));
	}
	token = mdev_mem_enter(&b->space.mem);
	for (i = 0; i < nr; i++) {
		chains[i].segs = &segs[i];
		chains[i].max_segs = 1;
		CHECK_EQ(mdev_vq_pop(&b->vq, &chains[i]), 1);
		CHECK_EQ(chains[i].in_len, 10 * i);
	}
	mdev_mem_leave(&b->space.mem, token);
}

static void push(struct bench *b, const struct mdev_vq_chain *chain, u32 len)
{
	int token = mdev_mem_enter(&b->space.mem);

	mdev_vq_push(&b->vq, chain, len);
	mdev_mem_leave(&b->space.mem, token);
}

/* What a run leaves in the ring */
static void run(u64 features)
{
	struct mdev_vq_chain chains[6];
	struct mdev_vq_seg segs[6];
	struct driver d;
	struct bench b;
	u32 id, len, token;
	unsigned int i;

	bench_init(&b, 8, features | F_IN_ORDER);
	driver_init(&d, &b, F_IN_ORDER);
	pop_some(&b, &d, 6, chains, segs);
	/* Full, full, half, full, full, full: entries for the third and last */
	for (i = 0; i < 6; i++)
		push(&b, &chains[i], i == 2 ? 7 : 10 * i);
	CHECK(!drv_peek(&b, &id, &len));
	CHECK(dev_publish(&b));
	CHECK(drv_peek(&b, &id, &len));
	CHECK_EQ(len, 7);
	for (i = 0; i < 6; i++) {
		CHECK(driver_get(&d, &token, &len));
		CHECK_EQ(token, i);
		CHECK_EQ(len, i == 2 ? 7 : 10 * i);
	}
	CHECK_EQ(d.passed, 4);
	CHECK(!driver_get(&d, &token, &len));

	/* A batch of one, and none */
	pop_some(&b, &d, 1, chains, segs);
	push(&b, &chains[0], 0);
	dev_publish(&b);
	CHECK(!dev_publish(&b));
	CHECK(driver_get(&d, &token, &len));
	CHECK(!driver_get(&d, &token, &len));
	CHECK_EQ(b.broken, 0);
	driver_destroy(&d);
	bench_destroy(&b);
}

static void test_run(void)
{
	run(0);
	run(F_PACKED);
}

/* A run ends where it is published, even if the next one goes on. */
static void publish_between(u64 features)
{
	struct mdev_vq_chain chains[4];
	struct mdev_vq_seg segs[4];
	struct driver d;
	struct bench b;
	u32 len, token;
	unsigned int i;

	bench_init(&b, 4, features | F_IN_ORDER);
	driver_init(&d, &b, F_IN_ORDER);
	pop_some(&b, &d, 4, chains, segs);
	for (i = 0; i < 4; i++) {
		push(&b, &chains[i], 10 * i);
		if (i == 1)
			dev_publish(&b);
	}
	CHECK(driver_get(&d, &token, &len));
	CHECK(driver_get(&d, &token, &len));
	CHECK(!driver_get(&d, &token, &len));
	dev_publish(&b);
	CHECK(driver_get(&d, &token, &len));
	CHECK(driver_get(&d, &token, &len));
	CHECK_EQ(len, 30);
	CHECK_EQ(d.passed, 2);
	driver_destroy(&d);
	bench_destroy(&b);
}

static void test_publish_between(void)
{
	publish_between(0);
	publish_between(F_PACKED);
}

/* Given back, and taken again: still in order */
static void give_back(u64 features)
{
	struct mdev_vq_chain chains[3];
	struct mdev_vq_seg segs[3];
	struct driver d;
	struct bench b;
	u32 len, token;
	unsigned int i;

	bench_init(&b, 4, features | F_IN_ORDER);
	driver_init(&d, &b, F_IN_ORDER);
	pop_some(&b, &d, 3, chains, segs);
	push(&b, &chains[0], 0);
	mdev_vq_unpop(&b.vq, &chains[2]);
	mdev_vq_unpop(&b.vq, &chains[1]);
	dev_publish(&b);
	for (i = 1; i < 3; i++) {
		CHECK_EQ(dev_pop(&b), 1);
		dev_push(&b, 10 * i);
	}
	dev_publish(&b);
	for (i = 0; i < 3; i++) {
		CHECK(driver_get(&d, &token, &len));
		CHECK_EQ(token, i);
		CHECK_EQ(len, 10 * i);
	}
	CHECK_EQ(b.broken, 0);
	driver_destroy(&d);
	bench_destroy(&b);
}

static void test_give_back(void)
{
	give_back(0);
	give_back(F_PACKED);
}

/* A device that forgets what it offered must not confuse its driver. */
static void out_of_order(u64 features, unsigned int first, unsigned int second)
{
	struct mdev_vq_chain chains[3];
	struct mdev_vq_seg segs[3];
	struct driver d;
	struct bench b;
	u32 id, len;

	bench_init(&b, 4, features | F_IN_ORDER);
	driver_init(&d, &b, F_IN_ORDER);
	pop_some(&b, &d, 3, chains, segs);
	push(&b, &chains[first], 10 * first);
	if (!b.broken)
		push(&b, &chains[second], 10 * second);
	CHECK_EQ(b.broken, 1);
	CHECK_EQ(b.errors, 1);
	CHECK_STR(shim_message, "out of order");
	CHECK(!dev_publish(&b));
	CHECK(!drv_peek(&b, &id, &len));
	driver_destroy(&d);
	bench_destroy(&b);
}

static void test_out_of_order(void)
{
	u64 features;

	for (features = 0; ; features = F_PACKED) {
		out_of_order(features, 1, 0);
		out_of_order(features, 2, 0);
		out_of_order(features, 0, 2);
		out_of_order(features, 0, 0);
		if (features)
			break;
	}
}

/* What is left out can never be used in order. */
static void test_state(void)
{
	struct virtio_mdev_vq_state st = {
		.packed = { 1, 2, 1, 1 },	/* wrapped 2, wrapped 1 */
	};
	struct bench b;

	bench_init(&b, 4, F_PACKED | F_IN_ORDER);
	mdev_vq_release(&b.vq);
	mdev_vq_stop(&b.vq);
	CHECK_EQ(mdev_vq_set_state(&b.vq, &st), 0);
	CHECK_EQ(mdev_vq_start(&b.vq, &b.space.mem), -EINVAL);
	CHECK_STR(shim_message, "VIRTIO_F_IN_ORDER");
	mdev_vq_set_features(&b.vq, F_PACKED);
	CHECK_EQ(mdev_vq_start(&b.vq, &b.space.mem), 0);
	CHECK(mdev_vq_claim(&b.vq));
	bench_destroy(&b);
}

const struct unit_test order_tests[] = {
	{ "in order, one used entry stands for a run of chains", test_run },
	{ "in order, a run ends where it is published", test_publish_between },
	{ "in order, chains given back are popped again", test_give_back },
	{ "in order, chains used in another order break the queue",
	  test_out_of_order },
	{ "in order, a state with descriptors in flight is refused",
	  test_state },
	{ }
};
