// SPDX-License-Identifier: GPL-2.0-only
/*
 * Rings that break the rules: each breaks its queue, says why, and no more.
 */

#include "unit.h"

#define NEXT	VRING_DESC_F_NEXT
#define WRITE	VRING_DESC_F_WRITE
#define TABLE	VRING_DESC_F_INDIRECT

/* What a broken queue has to look like; then it is started again and works. */
void bench_breaks(struct bench *b, const char *why)
{
	struct virtio_mdev_vq_stats stats;

	CHECK_STR(shim_message, "virtqueue 3 broke: ");
	CHECK_STR(shim_message, why);
	CHECK_EQ(b->broken, 1);
	CHECK_EQ(b->errors, 1);
	CHECK_EQ(b->signals, 0);
	mdev_vq_get_stats(&b->vq, &stats);
	CHECK_EQ(stats.errors, 1);
	CHECK_EQ(stats.chains, 0);

	/* It stays so, and is silent. */
	shim_message[0] = 0;
	CHECK_EQ(dev_pop(b), -EPROTO);
	CHECK(!dev_alive(b));
	CHECK(!dev_enable(b));
	CHECK_EQ(mdev_vq_fault(&b->vq), -EPROTO);
	CHECK(!mdev_vq_claim(&b->vq));
	mdev_vq_break(&b->vq, "again");
	CHECK_EQ(b->broken, 1);
	CHECK_EQ(b->errors, 1);
	CHECK_EQ(shim_message[0], 0);

	bench_restart(b, F_INDIRECT | (b->is_packed ? F_PACKED : 0));
	CHECK(dev_alive(b));
	CHECK_EQ(dev_pop(b), 0);
	drv_one(b, 10, 0);
	CHECK_EQ(dev_pop(b), 1);
	CHECK_EQ(b->chain.out_len, 10);
	CHECK_EQ(b->broken, 1);
	bench_destroy(b);
}

/* Pop the chain that begins at descriptor 0. */
static void pop_breaks(struct bench *b, const char *why)
{
	drv_avail(b, 0);
	CHECK_EQ(dev_pop(b), -EPROTO);
	bench_breaks(b, why);
}

static void test_self_loop(void)
{
	struct bench b;

	bench_init(&b, 8, F_INDIRECT);
	drv_desc(&b, 0, DATA_IOVA, 1, NEXT, 0);
	pop_breaks(&b, "a loop");
}

static void test_loop(void)
{
	struct bench b;
	unsigned int i;

	bench_init(&b, 8, F_INDIRECT);
	for (i = 0; i < 8; i++)
		drv_desc(&b, i, DATA_IOVA, i == 7, NEXT, i < 7 ? i + 1 : 3);
	pop_breaks(&b, "a loop");
}

static void test_head_range(void)
{
	static const u16 heads[] = { 8, 9, 255, 32768, 65535 };
	unsigned int i;
	struct bench b;

	for (i = 0; i < ARRAY_SIZE(heads); i++) {
		bench_init(&b, 8, F_INDIRECT);
		drv_avail(&b, heads[i]);
		CHECK_EQ(dev_pop(&b), -EPROTO);
		bench_breaks(&b, "in a ring of 8");
	}
}

static void test_next_range(void)
{
	struct bench b;

	bench_init(&b, 8, F_INDIRECT);
	drv_desc(&b, 0, DATA_IOVA, 1, NEXT, 8);
	pop_breaks(&b, "descriptor 8 in a ring of 8");
	bench_init(&b, 8, F_INDIRECT);
	drv_desc(&b, 0, DATA_IOVA, 1, NEXT, 65535);
	pop_breaks(&b, "descriptor 65535 in a ring of 8");
}

static void test_avail_jump(void)
{
	static const u16 jumps[] = { 9, 10, 100, 32767, 32768, 65535 };
	unsigned int i;
	struct bench b;

	for (i = 0; i < ARRAY_SIZE(jumps); i++) {
		bench_init(&b, 8, F_INDIRECT);
		b.avail->idx = __cpu_to_le16(jumps[i]);
		CHECK_EQ(dev_pop(&b), -EPROTO);
		bench_breaks(&b, "available index");
	}
	/* Back to before what was popped already */
	bench_init_at(&b, 8, F_INDIRECT, 2);
	drv_desc(&b, 0, DATA_IOVA, 1, 0, 0);
	drv_avail(&b, 0);
	CHECK_EQ(dev_pop(&b), 1);
	b.avail->idx = __cpu_to_le16(1);
	CHECK_EQ(dev_pop(&b), -EPROTO);
	bench_breaks(&b, "available index 1, 65534 ahead");
}

/* Make one more available than may be, with @pushed of the first eight back. */
static void avail_one_more(struct bench *b, unsigned int pushed)
{
	unsigned int i;

	/* around the wrap of the index */
	bench_init_at(b, 8, F_INDIRECT, 65530);
	drv_desc(b, 0, DATA_IOVA, 1, 0, 0);
	for (i = 0; i < 8; i++) {
		drv_avail(b, 0);
		CHECK_EQ(dev_pop(b), 1);
	}
	CHECK_EQ(dev_pop(b), 0);
	for (i = 0; i < pushed; i++)
		dev_push(b, 0);
	drv_avail(b, 0);
}

static void test_avail_all_taken(void)
{
	struct bench b;

	avail_one_more(&b, 1);
	CHECK_EQ(dev_pop(&b), 1);
	CHECK_EQ(b.broken, 0);
	bench_destroy(&b);

	avail_one_more(&b, 0);
	CHECK_EQ(dev_pop(&b), -EPROTO);
	bench_breaks(&b, "1 ahead in a ring of 8 with 8 taken");
}

static void test_read_after_write(void)
{
	struct bench b;

	bench_init(&b, 8, F_INDIRECT);
	drv_desc(&b, 0, DATA_IOVA, 1, NEXT | WRITE, 1);
	drv_desc(&b, 1, DATA_IOVA, 1, 0, 0);
	pop_breaks(&b, "readable descriptor after a writable");
}

static void test_address_wraps(void)
{
	struct bench b;

	bench_init(&b, 8, F_INDIRECT);
	drv_desc(&b, 0, ~0ULL, 2, 0, 0);
	pop_breaks(&b, "wraps");
	bench_init(&b, 8, F_INDIRECT);
	drv_desc(&b, 0, ~0ULL - 0xfffffffdULL, 0xffffffff, 0, 0);
	pop_breaks(&b, "wraps");
	/* The last byte that there is */
	bench_init(&b, 8, F_INDIRECT);
	drv_desc(&b, 0, ~0ULL, 1, 0, 0);
	drv_avail(&b, 0);
	CHECK_EQ(dev_pop(&b), 1);
	bench_destroy(&b);
}

static void test_total_wraps(void)
{
	struct bench b;

	bench_init(&b, 8, F_INDIRECT);
	drv_desc(&b, 0, 0, 0xffffffff, NEXT, 1);
	drv_desc(&b, 1, 0, 1, 0, 0);
	pop_breaks(&b, "wraps");
	bench_init(&b, 8, F_INDIRECT);
	drv_desc(&b, 0, 0, 0x80000000, NEXT | WRITE, 1);
	drv_desc(&b, 1, 0, 0x80000000, WRITE, 0);
	pop_breaks(&b, "wraps");
}

static void test_too_many_segments(void)
{
	struct bench b;
	unsigned int i;

	bench_init(&b, 8, F_INDIRECT);
	b.chain.max_segs = 3;
	for (i = 0; i < 4; i++)
		drv_desc(&b, i, DATA_IOVA, 1, i < 3 ? NEXT : 0, i + 1);
	pop_breaks(&b, "more than 3 segments");

	bench_init(&b, 2048, F_INDIRECT);
	for (i = 0; i < 2048; i++)
		drv_desc(&b, i, DATA_IOVA, 1, i < 2047 ? NEXT : 0, i + 1);
	pop_breaks(&b, "more than 1024 segments");
}

/* It breaks in the middle of a batch: what follows leaves the ring alone. */
static void left_alone(u64 features)
{
	struct bench b;
	int token;

	bench_init(&b, 8, features);
	drv_desc(&b, 0, DATA_IOVA, 1, 0, 0);
	drv_avail(&b, 0);
	drv_avail(&b, 8);
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
	CHECK_EQ(b.used->idx, 0);
	CHECK_EQ(b.used->flags, 0);
	bench_destroy(&b);
}

static void test_left_alone(void)
{
	left_alone(0);
	left_alone(F_EVENT);
}

/* --- indirect tables ------------------------------------------------------- */

static void entry(struct bench *b, unsigned int i, u32 len, u16 flags, u16 next)
{
	struct vring_desc desc = {
		.addr = DATA_IOVA + PAGE, .len = len, .flags = flags,
		.next = next,
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
		bench_init(&b, 8, F_INDIRECT);
		drv_desc(&b, 0, DATA_IOVA, sizes[i], TABLE, 0);
		pop_breaks(&b, "an indirect table of");
	}
}

static void test_table_not_negotiated(void)
{
	struct bench b;

	bench_init(&b, 8, 0);
	entry(&b, 0, 1, 0, 0);
	drv_desc(&b, 0, DATA_IOVA, 16, TABLE, 0);
	pop_breaks(&b, "not negotiated");
}

static void test_table_nested(void)
{
	struct bench b;

	bench_init(&b, 8, F_INDIRECT);
	entry(&b, 0, 1, NEXT, 1);
	entry(&b, 1, 16, TABLE, 0);
	drv_desc(&b, 0, DATA_IOVA, 32, TABLE, 0);
	pop_breaks(&b, "within another");
}

static void test_table_and_next(void)
{
	struct bench b;

	bench_init(&b, 8, F_INDIRECT);
	entry(&b, 0, 1, 0, 0);
	drv_desc(&b, 0, DATA_IOVA, 16, TABLE | NEXT, 1);
	drv_desc(&b, 1, DATA_IOVA, 1, 0, 0);
	pop_breaks(&b, "after an indirect table");
}

static void test_table_range(void)
{
	struct bench b;

	bench_init(&b, 8, F_INDIRECT);
	entry(&b, 0, 1, NEXT, 2);
	drv_desc(&b, 0, DATA_IOVA, 32, TABLE, 0);
	pop_breaks(&b, "entry 2 of an indirect table of 2");
	bench_init(&b, 8, F_INDIRECT);
	entry(&b, 0, 1, NEXT, 65535);
	drv_desc(&b, 0, DATA_IOVA, 32, TABLE, 0);
	pop_breaks(&b, "entry 65535");
}

static void test_table_loop(void)
{
	struct bench b;

	bench_init(&b, 8, F_INDIRECT);
	entry(&b, 0, 0, NEXT, 1);
	entry(&b, 1, 0, NEXT, 0);
	drv_desc(&b, 0, DATA_IOVA, 32, TABLE, 0);
	pop_breaks(&b, "a loop in an indirect table");
}

static void test_table_wraps(void)
{
	struct bench b;

	bench_init(&b, 8, F_INDIRECT);
	drv_desc(&b, 0, ~0ULL - 30, 32, TABLE, 0);
	pop_breaks(&b, "wraps");
}

static void test_table_order(void)
{
	struct bench b;

	bench_init(&b, 8, F_INDIRECT);
	entry(&b, 0, 1, 0, 0);
	drv_desc(&b, 0, DATA_IOVA, 1, NEXT | WRITE, 1);
	drv_desc(&b, 1, DATA_IOVA, 16, TABLE, 0);
	pop_breaks(&b, "readable descriptor after a writable");
}

static void test_table_unmapped(void)
{
	struct bench b;

	bench_init(&b, 8, F_INDIRECT);
	drv_desc(&b, 0, 0x5000, 32, TABLE, 0);
	drv_avail(&b, 0);
	CHECK_EQ(dev_pop(&b), -EAGAIN);
	CHECK_EQ(mdev_vq_fault(&b.vq), -EPROTO);
	bench_breaks(&b, "which is not mapped");
}

static void test_table_half_mapped(void)
{
	struct bench b;

	bench_init(&b, 8, F_INDIRECT);
	entry(&b, DATA_LEN / 16 - 1, 1, NEXT, 1);
	drv_desc(&b, 0, DATA_IOVA + DATA_LEN - 16, 32, TABLE, 0);
	drv_avail(&b, 0);
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

	bench_init(&b, 8, F_INDIRECT);
	r = space_map(&b.space, 0x10000, 32 * PAGE, MDEV_MEM_READ, false);
	r->unpinnable = true;
	drv_avail(&b, 0);
	for (i = 0; ; i++) {
		CHECK(i < 32);
		drv_desc(&b, 0, 0x10000 + i * PAGE, 16, TABLE, 0);
		CHECK_EQ(dev_pop(&b), -EAGAIN);
		ret = mdev_vq_fault(&b.vq);
		if (ret)
			break;
	}
	CHECK_EQ(ret, -EPROTO);
	bench_breaks(&b, "keeps changing");
}

static void test_table_no_memory(void)
{
	struct bench b;

	bench_init(&b, 8, F_INDIRECT);
	space_map(&b.space, 0x10000, PAGE, MDEV_MEM_READ, false);
	drv_desc(&b, 0, 0x10000, 16, TABLE, 0);
	drv_avail(&b, 0);
	CHECK_EQ(dev_pop(&b), -EAGAIN);
	shim_fail_alloc = true;
	CHECK_EQ(mdev_vq_fault(&b.vq), -EPROTO);
	bench_breaks(&b, "no memory");
}

const struct unit_test hostile_tests[] = {
	{ "a descriptor that follows itself breaks the queue", test_self_loop },
	{ "a loop of descriptors breaks the queue", test_loop },
	{ "a head out of range breaks the queue", test_head_range },
	{ "a next field out of range breaks the queue", test_next_range },
	{ "an available index that jumps breaks the queue", test_avail_jump },
	{ "more chains than descriptors break the queue",
	  test_avail_all_taken },
	{ "a readable descriptor after a writable one breaks the queue",
	  test_read_after_write },
	{ "a descriptor whose address wraps breaks the queue",
	  test_address_wraps },
	{ "a chain whose length wraps breaks the queue", test_total_wraps },
	{ "more segments than there is room for break the queue",
	  test_too_many_segments },
	{ "a broken ring is not written to", test_left_alone },
	{ "indirect tables of zero, odd and huge size break the queue",
	  test_table_size },
	{ "an indirect table that was not negotiated breaks the queue",
	  test_table_not_negotiated },
	{ "an indirect table within another breaks the queue",
	  test_table_nested },
	{ "a descriptor after an indirect table breaks the queue",
	  test_table_and_next },
	{ "an entry out of an indirect table's range breaks the queue",
	  test_table_range },
	{ "a loop in an indirect table breaks the queue", test_table_loop },
	{ "an indirect table whose address wraps breaks the queue",
	  test_table_wraps },
	{ "a table's readable entry after a writable descriptor breaks the queue",
	  test_table_order },
	{ "an indirect table that is not mapped breaks the queue",
	  test_table_unmapped },
	{ "an indirect table mapped in part breaks the queue",
	  test_table_half_mapped },
	{ "an indirect table that keeps changing breaks the queue",
	  test_table_changes },
	{ "a lack of memory for an indirect table breaks the queue",
	  test_table_no_memory },
	{ }
};
