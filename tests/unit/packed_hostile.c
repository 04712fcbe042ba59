// SPDX-License-Identifier: GPL-2.0-only
/*
 * Packed rings that break the rules: each breaks its queue, says why, and no
 * more.  What a rule only reserves is ignored.
 */

#include "unit.h"

#define NEXT	VRING_DESC_F_NEXT
#define WRITE	VRING_DESC_F_WRITE
#define TABLE	VRING_DESC_F_INDIRECT
#define AVAIL	BIT(VRING_PACKED_DESC_F_AVAIL)
#define USED	BIT(VRING_PACKED_DESC_F_USED)
#define ALL	(F_PACKED | F_INDIRECT)

static void pop_breaks(struct bench *b, const char *why)
{
	CHECK_EQ(dev_pop(b), -EPROTO);
	bench_breaks(b, why);
}

/* A descriptor as it never could come about */
static void forge(struct bench *b, unsigned int i, u16 flags)
{
	struct vring_packed_desc *desc = &b->packed.desc[i];

	desc->addr = __cpu_to_le64(DATA_IOVA);
	desc->len = __cpu_to_le32(10);
	desc->flags = __cpu_to_le16(flags);
}

/* NEXT all around the ring, and past its end */
static void test_endless(void)
{
	struct bench b;
	unsigned int i;

	bench_init_at(&b, 8, ALL, WRAP | 5);
	for (i = 0; i < 8; i++)
		packed_desc(&b, DATA_IOVA, i == 7, NEXT, 0);
	pop_breaks(&b, "more than the 8 free descriptors of 8");
	/* A ring of one */
	bench_init(&b, 1, ALL);
	packed_desc(&b, DATA_IOVA, 1, NEXT, 0);
	pop_breaks(&b, "more than the 1 free descriptors of 1");
}

/* Into descriptors that the device has not given back yet */
static void test_into_own(void)
{
	struct bench b;
	unsigned int i;

	bench_init(&b, 4, ALL);
	drv_one(&b, 1, 0);
	CHECK_EQ(dev_pop(&b), 1);
	for (i = 0; i < 3; i++)
		packed_desc(&b, DATA_IOVA, 1, NEXT, 0);
	/* As if it had been given back */
	forge(&b, 0, USED);
	pop_breaks(&b, "more than the 3 free descriptors of 4");

	/* Used, but not yet published, is the same. */
	bench_init(&b, 4, ALL);
	drv_one(&b, 1, 0);
	CHECK_EQ(dev_pop(&b), 1);
	dev_push(&b, 0);
	for (i = 0; i < 3; i++)
		packed_desc(&b, DATA_IOVA, 1, NEXT, 0);
	forge(&b, 0, USED);
	CHECK_EQ(dev_pop(&b), -EPROTO);
	CHECK_STR(shim_message, "more than the 3 free descriptors of 4");
	bench_destroy(&b);
}

static void test_over_full(void)
{
	struct bench b;
	unsigned int i;

	bench_init(&b, 4, ALL);
	for (i = 0; i < 4; i++) {
		drv_one(&b, 1, i);
		CHECK_EQ(dev_pop(&b), 1);
	}
	CHECK_EQ(dev_pop(&b), 0);
	forge(&b, 0, USED);
	pop_breaks(&b, "all 4 are in use");
}

static void test_next_not_available(void)
{
	struct bench b;

	bench_init(&b, 8, ALL);
	packed_desc(&b, DATA_IOVA, 1, NEXT, 0);
	pop_breaks(&b, "descriptor 1 of a chain is not available");
	/* One of the round before */
	bench_init(&b, 8, ALL);
	packed_desc(&b, DATA_IOVA, 1, NEXT, 0);
	forge(&b, 1, USED);
	pop_breaks(&b, "descriptor 1 of a chain");
	/* Behind the end of the ring the wrap counter is another. */
	bench_init_at(&b, 8, ALL, WRAP | 7);
	packed_desc(&b, DATA_IOVA, 1, NEXT, 0);
	forge(&b, 0, AVAIL);
	pop_breaks(&b, "descriptor 0 of a chain");
}

/* Flags that are wrong, and nothing but that */
static void test_flags(void)
{
	struct bench b;

	bench_init(&b, 4, ALL);
	forge(&b, 0, AVAIL | USED);
	CHECK_EQ(dev_pop(&b), 0);
	CHECK(!dev_enable(&b));
	forge(&b, 0, USED | NEXT | TABLE | WRITE);
	CHECK_EQ(dev_pop(&b), 0);
	CHECK(!dev_enable(&b));
	/* Bits without a meaning */
	forge(&b, 0, AVAIL | (0xffff & ~(USED | NEXT | TABLE | WRITE)));
	CHECK(dev_enable(&b));
	CHECK_EQ(dev_pop(&b), 1);
	CHECK_EQ(b.chain.out_len, 10);
	CHECK_EQ(b.broken, 0);
	bench_destroy(&b);
}

/* An id is the driver's affair: the device only hands it back. */
static void test_ids(void)
{
	struct bench b;
	unsigned int i;

	bench_init(&b, 4, ALL);
	for (i = 0; i < 4; i++) {
		packed_desc(&b, DATA_IOVA, 1, 0, 65535);
		CHECK_EQ(dev_pop(&b), 1);
		dev_push(&b, i);
	}
	dev_publish(&b);
	for (i = 0; i < 4; i++) {
		CHECK_EQ(__le16_to_cpu(b.packed.desc[i].id), 65535);
		CHECK_EQ(__le32_to_cpu(b.packed.desc[i].len), i);
	}
	CHECK_EQ(b.broken, 0);
	bench_destroy(&b);
}

/* What the device wrote is nothing that it relies on. */
static void test_scribble(void)
{
	struct virtio_mdev_vq_state st;
	struct bench b;

	bench_init(&b, 4, F_PACKED | F_EVENT);
	drv_one(&b, 1, 0);
	drv_one(&b, 2, 1);
	CHECK_EQ(dev_pop(&b), 1);
	dev_push(&b, 5);
	CHECK_EQ(dev_pop(&b), 1);
	dev_push(&b, 6);
	memset(&b.packed.desc[0], 0xff, 2 * 16);
	memset(b.packed.device, 0xff, 4);
	memset(b.packed.driver, 0xff, 4);
	CHECK(dev_publish(&b));
	CHECK_EQ(__le16_to_cpu(b.packed.desc[0].flags), AVAIL | USED | WRITE);
	mdev_vq_get_state(&b.vq, &st);
	CHECK_EQ(st.packed.last_used_idx, 2);
	CHECK_EQ(st.packed.last_used_counter, 1);
	drv_one(&b, 3, 2);
	CHECK_EQ(dev_pop(&b), 1);
	CHECK_EQ(b.chain.out_len, 3);
	CHECK_EQ(b.broken, 0);
	bench_destroy(&b);
}

/* Events beyond the ring: a signal more or less, and no more */
static void test_event_range(void)
{
	static const u16 events[] = {
		5, WRAP | 5, 100, 0x7fff, 0xffff, WRAP | 4, 4,
	};
	struct bench b;
	unsigned int i;
	u32 id, len;

	bench_init(&b, 4, F_PACKED | F_EVENT);
	for (i = 0; i < 10 * ARRAY_SIZE(events); i++) {
		packed_wish(&b, events[i / 10], VRING_PACKED_EVENT_FLAG_DESC);
		drv_one(&b, 1, 0);
		CHECK_EQ(dev_pop(&b), 1);
		dev_push(&b, 0);
		dev_publish(&b);
		CHECK(drv_used(&b, &id, &len));
	}
	CHECK_EQ(b.broken, 0);
	bench_destroy(&b);
}

/* A chain given back that comes again with another length each time */
static void test_unpop_changes(void)
{
	struct virtio_mdev_vq_state st;
	struct bench b;
	unsigned int i, k, n;

	bench_init_at(&b, 8, F_PACKED | F_EVENT, WRAP | 4);
	for (i = 0; i < 1000; i++) {
		n = 1 + unit_random(8);
		b.packed.avail = WRAP | 4;
		for (k = 0; k < n; k++)
			packed_desc(&b, DATA_IOVA, 1, k + 1 < n ? NEXT : 0, 0);
		CHECK_EQ(dev_pop(&b), 1);
		CHECK_EQ(b.chain.nr_out, n);
		if (unit_random(2))
			dev_enable(&b);
		mdev_vq_unpop(&b.vq, &b.chain);
		dev_enable(&b);
		mdev_vq_get_state(&b.vq, &st);
		CHECK_EQ(st.packed.last_avail_idx, 4);
		CHECK_EQ(st.packed.last_avail_counter, 1);
	}
	CHECK_EQ(b.broken, 0);
	bench_destroy(&b);
}

static void test_read_after_write(void)
{
	struct bench b;

	bench_init(&b, 8, ALL);
	packed_desc(&b, DATA_IOVA, 1, NEXT | WRITE, 0);
	packed_desc(&b, DATA_IOVA, 1, 0, 0);
	pop_breaks(&b, "readable descriptor after a writable");
}

static void test_lengths(void)
{
	struct bench b;

	bench_init(&b, 8, ALL);
	packed_desc(&b, ~0ULL, 2, 0, 0);
	pop_breaks(&b, "wraps");
	bench_init(&b, 8, ALL);
	packed_desc(&b, 0, 0xffffffff, NEXT, 0);
	packed_desc(&b, 0, 1, 0, 0);
	pop_breaks(&b, "wraps");
	bench_init(&b, 8, ALL);
	b.chain.max_segs = 3;
	packed_desc(&b, DATA_IOVA, 1, NEXT, 0);
	packed_desc(&b, DATA_IOVA, 1, NEXT, 0);
	packed_desc(&b, DATA_IOVA, 1, NEXT, 0);
	packed_desc(&b, DATA_IOVA, 1, 0, 0);
	pop_breaks(&b, "more than 3 segments");
}

/* It breaks in the middle of a batch: what follows leaves the ring alone. */
static void left_alone(u64 features)
{
	struct bench b;
	int token;

	bench_init(&b, 8, features);
	drv_one(&b, 1, 0);
	packed_desc(&b, DATA_IOVA, 1, NEXT, 0);
	token = mdev_mem_enter(&b.space.mem);
	CHECK(mdev_vq_alive(&b.vq));
	CHECK_EQ(mdev_vq_pop(&b.vq, &b.chain), 1);
	mdev_vq_push(&b.vq, &b.chain, 0);
	CHECK_EQ(mdev_vq_pop(&b.vq, &b.chain), -EPROTO);
	mdev_vq_disable_notify(&b.vq);
	mdev_vq_publish(&b.vq);
	CHECK(!mdev_vq_need_signal(&b.vq));
	CHECK(!mdev_vq_enable_notify(&b.vq));
	mdev_mem_leave(&b.space.mem, token);
	CHECK(!packed_is_used(&b));
	CHECK_EQ(*(u32 *)b.packed.device, 0);
	bench_destroy(&b);
}

static void test_left_alone(void)
{
	left_alone(F_PACKED);
	left_alone(F_PACKED | F_EVENT);
}

/* --- indirect tables ------------------------------------------------------- */

static void entry(struct bench *b, unsigned int i, u32 len, u16 flags)
{
	struct vring_packed_desc desc = {
		.addr = DATA_IOVA + PAGE, .len = len, .flags = flags,
	};

	memcpy(b->data->bytes + i * 16, &desc, sizeof(desc));
}

static void test_table_size(void)
{
	static const u32 sizes[] = {
		0, 1, 8, 15, 17, 24, 16 * MDEV_VQ_MAX_SEGS + 1,
		16 * (MDEV_VQ_MAX_SEGS + 1), 0x7fffffff, 0xfffffff0, 0xffffffff,
	};
	unsigned int i;
	struct bench b;

	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		bench_init(&b, 8, ALL);
		packed_desc(&b, DATA_IOVA, sizes[i], TABLE, 0);
		pop_breaks(&b, "an indirect table of");
	}
}

static void test_table_not_negotiated(void)
{
	struct bench b;

	bench_init(&b, 8, F_PACKED);
	entry(&b, 0, 1, 0);
	packed_desc(&b, DATA_IOVA, 16, TABLE, 0);
	pop_breaks(&b, "not negotiated");
}

static void test_table_in_chain(void)
{
	struct bench b;

	bench_init(&b, 8, ALL);
	entry(&b, 0, 1, 0);
	packed_desc(&b, DATA_IOVA, 16, TABLE | NEXT, 0);
	packed_desc(&b, DATA_IOVA, 1, 0, 0);
	pop_breaks(&b, "a descriptor after an indirect table");
	/* Which a split ring may have */
	bench_init(&b, 8, ALL);
	entry(&b, 0, 1, 0);
	packed_desc(&b, DATA_IOVA, 1, NEXT, 0);
	packed_desc(&b, DATA_IOVA, 16, TABLE, 0);
	pop_breaks(&b, "an indirect table after a descriptor");
}

static void test_table_contents(void)
{
	struct bench b;

	bench_init(&b, 8, ALL);
	entry(&b, 0, 1, WRITE);
	entry(&b, 1, 1, 0);
	packed_desc(&b, DATA_IOVA, 32, TABLE, 0);
	pop_breaks(&b, "readable descriptor after a writable");
	bench_init(&b, 8, ALL);
	entry(&b, 0, 0xffffffff, 0);
	entry(&b, 1, 0xffffffff, 0);
	packed_desc(&b, DATA_IOVA, 32, TABLE, 0);
	pop_breaks(&b, "wraps");
	bench_init(&b, 8, ALL);
	b.chain.max_segs = 1;
	entry(&b, 0, 1, 0);
	entry(&b, 1, 1, 0);
	packed_desc(&b, DATA_IOVA, 32, TABLE, 0);
	pop_breaks(&b, "more than 1 segments");
}

static void test_table_address(void)
{
	struct bench b;

	bench_init(&b, 8, ALL);
	packed_desc(&b, ~0ULL - 30, 32, TABLE, 0);
	pop_breaks(&b, "wraps");

	bench_init(&b, 8, ALL);
	packed_desc(&b, 0x5000, 32, TABLE, 0);
	CHECK_EQ(dev_pop(&b), -EAGAIN);
	CHECK_EQ(mdev_vq_fault(&b.vq), -EPROTO);
	bench_breaks(&b, "which is not mapped");

	/* Mapped in part */
	bench_init(&b, 8, ALL);
	entry(&b, DATA_LEN / 16 - 1, 1, 0);
	packed_desc(&b, DATA_IOVA + DATA_LEN - 16, 32, TABLE, 0);
	CHECK_EQ(dev_pop(&b), -EAGAIN);
	CHECK_EQ(mdev_vq_fault(&b.vq), -EPROTO);
	bench_breaks(&b, "which is not mapped");
}

/* Another table each time that the last one was fetched */
static void test_table_changes(void)
{
	struct region *r;
	struct bench b;
	int i, ret;

	bench_init(&b, 8, ALL);
	r = space_map(&b.space, 0x10000, 32 * PAGE, MDEV_MEM_READ, false);
	r->unpinnable = true;
	for (i = 0; ; i++) {
		CHECK(i < 32);
		b.packed.avail = WRAP;
		packed_desc(&b, 0x10000 + i * PAGE, 16, TABLE, 0);
		CHECK_EQ(dev_pop(&b), -EAGAIN);
		ret = mdev_vq_fault(&b.vq);
		if (ret)
			break;
	}
	CHECK_EQ(ret, -EPROTO);
	bench_breaks(&b, "keeps changing");
}

const struct unit_test packed_hostile_tests[] = {
	{ "a packed chain without end breaks the queue", test_endless },
	{ "a packed chain into descriptors in use breaks the queue",
	  test_into_own },
	{ "more available descriptors than the packed ring has break the queue",
	  test_over_full },
	{ "a packed chain into what is not available breaks the queue",
	  test_next_not_available },
	{ "a packed descriptor with wrong flags is not popped, one with unknown flags is",
	  test_flags },
	{ "packed ids out of range and in use are handed back as they are",
	  test_ids },
	{ "a packed queue survives that its used descriptors and events are overwritten",
	  test_scribble },
	{ "packed events out of range do not break the queue",
	  test_event_range },
	{ "a packed chain given back may change", test_unpop_changes },
	{ "a readable packed descriptor after a writable one breaks the queue",
	  test_read_after_write },
	{ "packed lengths that wrap and too many segments break the queue",
	  test_lengths },
	{ "a broken packed ring is not written to", test_left_alone },
	{ "packed indirect tables of zero, odd and huge size break the queue",
	  test_table_size },
	{ "a packed indirect table that was not negotiated breaks the queue",
	  test_table_not_negotiated },
	{ "a packed indirect table within a chain breaks the queue",
	  test_table_in_chain },
	{ "a packed indirect table of bad contents breaks the queue",
	  test_table_contents },
	{ "a packed indirect table at a bad address breaks the queue",
	  test_table_address },
	{ "a packed indirect table that keeps changing breaks the queue",
	  test_table_changes },
	{ }
};
