// SPDX-License-Identifier: GPL-2.0-only
/*
 * VIRTIO_F_IN_ORDER, in rings of both layouts: one used entry for a run of
 * chains, and devices that break their word.
 */

#include "unit.h"

/* --- a driver -------------------------------------------------------------- */

#define MAX_CHAINS	8

/**
 * struct driver - a driver with IN_ORDER, each of whose chains is one descriptor
 * @b: the virtqueue
 * @token: the test's name for a chain, by the chain's name in the ring
 * @in_len: bytes that the device may write into it
 * @fifo: names in the order in which they were made available
 * @first: first entry of @fifo
 * @last: behind the last one
 * @in_run: @run_id is the last chain of those used by one entry
 * @run_id: see there
 * @run_len: bytes written into that
 * @passed: chains for which no used entry was written
 */
struct driver {
	struct bench *b;
	u32 token[MAX_CHAINS];
	u32 in_len[MAX_CHAINS];
	u16 fifo[MAX_CHAINS];
	unsigned int first;
	unsigned int last;
	bool in_run;
	u32 run_id;
	u32 run_len;
	unsigned int passed;
};

static void driver_init(struct driver *d, struct bench *b)
{
	CHECK(b->num <= MAX_CHAINS);
	memset(d, 0, sizeof(*d));
	d->b = b;
}

static void driver_add(struct driver *d, u32 len, u16 flags, u32 token)
{
	struct bench *b = d->b;
	u16 name = d->last % b->num;

	CHECK(d->last - d->first < b->num);
	/* Descriptors of a split ring go around (section 2.7.8), ids need not. */
	if (b->is_packed)
		name = b->num - 1 - name;
	d->token[name] = token;
	d->in_len[name] = flags & VRING_DESC_F_WRITE ? len : 0;
	d->fifo[d->last++ % b->num] = name;
	if (b->is_packed) {
		packed_desc(b, DATA_IOVA, len, flags, name);
	} else {
		drv_desc(b, name, DATA_IOVA, len, flags, 0);
		drv_avail(b, name);
	}
}

/* The next chain, which may have been used by the entry of a later one */
static bool driver_get(struct driver *d, u32 *token, u32 *len)
{
	struct bench *b = d->b;
	u16 name;

	if (!d->in_run && !drv_peek(b, &d->run_id, &d->run_len))
		return false;
	CHECK(d->first != d->last);
	name = d->fifo[d->first++ % b->num];
	d->in_run = name != d->run_id;
	*len = d->in_run ? d->in_len[name] : d->run_len;
	d->passed += d->in_run;
	if (b->is_packed) {
		b->packed.used = packed_next(b, b->packed.used, 1);
	} else {
		CHECK(__le16_to_cpu(b->used->idx) != b->used_idx);
		b->used_idx++;
	}
	*token = d->token[name];
	return true;
}

/* --- and a device ------------------------------------------------------------ */

/* Make @nr chains available, with 10 * i bytes to write, and pop them. */
static void pop_some(struct bench *b, struct driver *d, unsigned int nr,
		     struct mdev_vq_chain *chains, struct mdev_vq_seg *segs)
{
	unsigned int i;
	int token;

	for (i = 0; i < nr; i++)
		driver_add(d, i ? 10 * i : 1, i ? VRING_DESC_F_WRITE : 0, i);
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
	driver_init(&d, &b);
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
	driver_init(&d, &b);
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
	bench_destroy(&b);
}

static void test_publish_between(void)
{
	publish_between(0);
	publish_between(F_PACKED);
}

/* The next chain begins behind all descriptors of the one before. */
static void test_long_chains(void)
{
	struct bench b;
	u32 id, len;
	u16 i;

	bench_init(&b, 8, F_PACKED | F_IN_ORDER);
	for (i = 0; i < 2; i++) {
		packed_desc(&b, DATA_IOVA, 1, VRING_DESC_F_NEXT, i);
		packed_desc(&b, DATA_IOVA, 1, VRING_DESC_F_NEXT, i);
		packed_desc(&b, DATA_IOVA, 1, 0, i);
	}
	for (i = 0; i < 2; i++) {
		CHECK_EQ(dev_pop(&b), 1);
		dev_push(&b, 0);
	}
	CHECK_EQ(b.broken, 0);
	CHECK(dev_publish(&b));
	CHECK(drv_peek(&b, &id, &len));
	CHECK_EQ(id, 1);
	bench_destroy(&b);
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
	driver_init(&d, &b);
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
	driver_init(&d, &b);
	pop_some(&b, &d, 3, chains, segs);
	push(&b, &chains[first], 10 * first);
	if (!b.broken)
		push(&b, &chains[second], 10 * second);
	CHECK_EQ(b.broken, 1);
	CHECK_EQ(b.errors, 1);
	CHECK_STR(shim_message, "out of order");
	CHECK(!dev_publish(&b));
	CHECK(!drv_peek(&b, &id, &len));
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
	{ "in order, a chain follows all descriptors of the one before",
	  test_long_chains },
	{ "in order, chains given back are popped again", test_give_back },
	{ "in order, chains used in another order break the queue",
	  test_out_of_order },
	{ "in order, a state with descriptors in flight is refused",
	  test_state },
	{ }
};
