// SPDX-License-Identifier: GPL-2.0-only
/*
 * A driver that keeps to the rules, and a packed virtqueue: chains, indirect
 * tables, used descriptors, and what is given back.
 */

#include "unit.h"

#define NEXT	VRING_DESC_F_NEXT
#define WRITE	VRING_DESC_F_WRITE
#define TABLE	VRING_DESC_F_INDIRECT

static void test_chain(void)
{
	struct bench b;
	u32 id, len;

	bench_init(&b, 8, F_PACKED);
	CHECK_EQ(dev_pop(&b), 0);

	/* The id counts in the last one. */
	packed_desc(&b, DATA_IOVA, 100, NEXT, 1);
	packed_desc(&b, DATA_IOVA + 200, 20, NEXT, 2);
	packed_desc(&b, DATA_IOVA + 300, 3000, NEXT | WRITE, 3);
	packed_desc(&b, DATA_IOVA + 5000, 1, WRITE, 40000);
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
	CHECK_EQ(id, 40000);
	CHECK_EQ(len, 77);
	CHECK_EQ(dev_pop(&b), 0);

	/* The next one is used where the next chain begins. */
	packed_desc(&b, DATA_IOVA, 5, 0, 0);
	CHECK_EQ(dev_pop(&b), 1);
	dev_push(&b, 0);
	dev_publish(&b);
	CHECK_EQ(b.packed.desc[4].id, 0);
	CHECK(drv_used(&b, &id, &len));
	CHECK_EQ(len, 0);
	CHECK_EQ(b.broken, 0);
	bench_destroy(&b);
}

static void test_empty_segments(void)
{
	struct bench b;

	bench_init(&b, 4, F_PACKED);
	packed_desc(&b, DATA_IOVA, 0, NEXT, 0);
	packed_desc(&b, ~0ULL, 0, NEXT, 0);
	packed_desc(&b, DATA_IOVA, 5, NEXT, 0);
	packed_desc(&b, 0, 0, WRITE, 0);
	CHECK_EQ(dev_pop(&b), 1);
	CHECK_EQ(b.chain.nr_out, 1);
	CHECK_EQ(b.chain.nr_in, 0);
	CHECK_EQ(b.chain.nr_descs, 4);
	CHECK_EQ(b.chain.out_len, 5);
	bench_destroy(&b);
}

/* As long as the ring, from wherever it begins */
static void test_whole_ring(void)
{
	struct bench b;
	u32 id, len, i, n;

	bench_init(&b, 100, F_PACKED);
	for (n = 0; n < 7; n++) {
		for (i = 0; i < 100; i++)
			packed_desc(&b, DATA_IOVA + i, 1, i < 99 ? NEXT : 0, n);
		CHECK_EQ(dev_pop(&b), 1);
		CHECK_EQ(b.chain.nr_out, 100);
		CHECK_EQ(dev_pop(&b), 0);
		/* All are in the device's hand, so nothing more can come. */
		CHECK(!dev_enable(&b));
		dev_push(&b, n);
		dev_publish(&b);
		CHECK(drv_used(&b, &id, &len));
		CHECK_EQ(id, n);
		/* And one of another length, to begin elsewhere next time */
		drv_one(&b, 1, 0);
		CHECK_EQ(dev_pop(&b), 1);
		dev_push(&b, 0);
		dev_publish(&b);
		CHECK(drv_used(&b, &id, &len));
	}
	CHECK_EQ(b.broken, 0);
	bench_destroy(&b);
}

/*
 * Chains of all lengths in batches of all sizes, many times around the ring, in
 * order or not, against what the driver made.
 */
static void around(u16 num, u64 features, bool shuffle)
{
	struct mdev_vq_seg segs[64][16];
	struct mdev_vq_chain chain[64];
	unsigned int round, n, i, k, pos, seen, left;
	bool busy[64] = { 0 };
	struct bench b;
	int token;
	u32 id, len;

	bench_init(&b, num, features);
	for (round = 0; round < 3000; round++) {
		left = num;
		for (n = 0; n < 64 && left && (!n || unit_random(8)); n++) {
			k = 1 + unit_random(left < 16 ? left : 16);
			left -= k;
			for (i = 0; i < k; i++)
				packed_desc(&b, DATA_IOVA + n, 1 + k,
					    (i + 1 < k ? NEXT : 0) |
					    (2 * i > k ? WRITE : 0), n);
			busy[n] = true;
		}

		token = mdev_mem_enter(&b.space.mem);
		for (i = 0; i < n; i++) {
			chain[i].segs = segs[i];
			chain[i].max_segs = 16;
			CHECK_EQ(mdev_vq_pop(&b.vq, &chain[i]), 1);
			k = chain[i].nr_in + chain[i].nr_out;
			CHECK_EQ(segs[i][0].iova, DATA_IOVA + i);
			CHECK_EQ(segs[i][k - 1].len, 1 + k);
		}
		CHECK_EQ(mdev_vq_pop(&b.vq, &chain[0]), 0);
		for (i = 0; shuffle && i < n; i++) {
			struct mdev_vq_chain tmp = chain[i];

			k = unit_random(n);
			chain[i] = chain[k];
			chain[k] = tmp;
		}

		for (pos = 0, seen = 0; pos < n; ) {
			k = 1 + unit_random(n - pos);
			for (i = 0; i < k; i++) {
				mdev_vq_push(&b.vq, &chain[pos],
					     chain[pos].segs[0].iova -
					     DATA_IOVA);
				pos++;
				/* None before they are published together */
				CHECK(!packed_is_used(&b));
			}
			mdev_vq_publish(&b.vq);
			while (drv_used(&b, &id, &len)) {
				CHECK(id < n && busy[id]);
				CHECK_EQ(len, id);
				CHECK(shuffle || id == seen);
				busy[id] = false;
				seen++;
			}
			CHECK_EQ(seen, pos);
		}
		mdev_mem_leave(&b.space.mem, token);
	}
	CHECK_EQ(b.broken, 0);
	bench_destroy(&b);
}

static void test_around(void)
{
	static const u16 nums[] = { 1, 2, 3, 7, 16, 61, 64, 255, 256 };
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(nums); i++) {
		around(nums[i], F_PACKED, false);
		around(nums[i], F_PACKED | F_EVENT, true);
	}
}

/* The largest ring, in which an index takes all of its bits */
static void test_largest_ring(void)
{
	struct virtio_mdev_vq_state st;
	u32 i, id, len;
	struct bench b;

	bench_init_at(&b, 32768, F_PACKED | F_EVENT, WRAP | 32766);
	for (i = 0; i < 32768; i++)
		drv_one(&b, 1 + i, i);
	for (i = 0; i < 32768; i++) {
		CHECK_EQ(dev_pop(&b), 1);
		CHECK_EQ(b.chain.out_len, 1 + i);
		dev_push(&b, i);
	}
	CHECK_EQ(dev_pop(&b), 0);
	mdev_vq_get_state(&b.vq, &st);
	CHECK_EQ(st.packed.last_avail_idx, 32766);
	CHECK_EQ(st.packed.last_avail_counter, 0);
	CHECK(dev_publish(&b));
	for (i = 0; i < 32768; i++) {
		CHECK(drv_used(&b, &id, &len));
		CHECK_EQ(id, i);
	}
	CHECK(!drv_used(&b, &id, &len));
	bench_destroy(&b);
}

/* Descriptors that the driver made available, except the first one */
static void test_half_written(void)
{
	struct vring_packed_desc *desc;
	struct bench b;

	bench_init(&b, 8, F_PACKED);
	packed_desc(&b, DATA_IOVA, 1, NEXT, 0);
	packed_desc(&b, DATA_IOVA, 1, 0, 0);
	desc = &b.packed.desc[0];
	desc->flags = __cpu_to_le16(NEXT);
	CHECK_EQ(dev_pop(&b), 0);
	/* That of the round before, and of the one after */
	desc->flags = __cpu_to_le16(NEXT | 1 << VRING_PACKED_DESC_F_USED);
	CHECK_EQ(dev_pop(&b), 0);
	desc->flags = __cpu_to_le16(NEXT | 1 << VRING_PACKED_DESC_F_USED |
				    1 << VRING_PACKED_DESC_F_AVAIL);
	CHECK_EQ(dev_pop(&b), 0);
	desc->flags = __cpu_to_le16(NEXT | 1 << VRING_PACKED_DESC_F_AVAIL);
	CHECK_EQ(dev_pop(&b), 1);
	CHECK_EQ(b.broken, 0);
	bench_destroy(&b);
}

/* --- indirect tables ------------------------------------------------------- */

static void table_entry(u8 *at, unsigned int i, u64 addr, u32 len, u16 flags)
{
	struct vring_packed_desc desc = {
		.addr = addr, .len = len, .flags = flags,
		/* which is ignored */
		.id = 0xffff,
	};

	memcpy(at + i * 16, &desc, sizeof(desc));
}

/* A table over a page's end, at an odd address */
static void test_table(void)
{
	u64 off = PAGE - 40 + 1;
	struct bench b;
	unsigned int i;
	u32 id, len;

	bench_init(&b, 8, F_PACKED | F_INDIRECT);
	for (i = 0; i < 6; i++)
		table_entry(b.data->bytes + off, i, DATA_IOVA + 3 * PAGE + i,
			    10 + i, i >= 4 ? WRITE : 0);
	/* WRITE means nothing there. */
	packed_desc(&b, DATA_IOVA + off, 6 * 16, TABLE | WRITE, 5);
	CHECK_EQ(dev_pop(&b), 1);
	CHECK_EQ(b.chain.nr_out, 4);
	CHECK_EQ(b.chain.nr_in, 2);
	for (i = 0; i < 6; i++) {
		CHECK_EQ(b.segs[i].iova, DATA_IOVA + 3 * PAGE + i);
		CHECK_EQ(b.segs[i].len, 10 + i);
	}
	CHECK_EQ(b.space.faults + b.space.slow, 0);
	dev_push(&b, 3);
	dev_publish(&b);
	CHECK(drv_used(&b, &id, &len));
	CHECK_EQ(id, 5);

	/* Nothing but WRITE has a meaning in a table. */
	table_entry(b.data->bytes, 0, DATA_IOVA, 1, 0xffff & ~WRITE);
	table_entry(b.data->bytes, 1, DATA_IOVA, 2, TABLE | WRITE);
	table_entry(b.data->bytes, 2, DATA_IOVA, 4, WRITE);
	packed_desc(&b, DATA_IOVA, 3 * 16, TABLE, 1);
	CHECK_EQ(dev_pop(&b), 1);
	CHECK_EQ(b.chain.out_len, 1);
	CHECK_EQ(b.chain.in_len, 6);
	bench_destroy(&b);
}

static void test_largest_table(void)
{
	unsigned int i;
	struct bench b;

	bench_init(&b, 2, F_PACKED | F_INDIRECT);
	for (i = 0; i < MDEV_VQ_MAX_SEGS; i++)
		table_entry(b.data->bytes, i, DATA_IOVA + 20 * PAGE, 1, 0);
	packed_desc(&b, DATA_IOVA, MDEV_VQ_MAX_SEGS * 16, TABLE, 0);
	CHECK_EQ(dev_pop(&b), 1);
	CHECK_EQ(b.chain.nr_out, MDEV_VQ_MAX_SEGS);
	CHECK_EQ(b.chain.nr_descs, MDEV_VQ_MAX_SEGS);
	bench_destroy(&b);
}

/* A table that no lookup finds, until it is fetched */
static void test_table_far(void)
{
	struct region *r;
	struct bench b;
	unsigned int i;

	bench_init(&b, 8, F_PACKED | F_INDIRECT);
	r = space_map(&b.space, 0x7000, 2 * PAGE, MDEV_MEM_READ, false);
	r->unpinnable = true;
	for (i = 0; i < 3; i++)
		table_entry(r->bytes + PAGE - 16, i, DATA_IOVA, 1 + i, 0);
	packed_desc(&b, 0x7000 + PAGE - 16, 48, TABLE, 3);
	for (i = 0; i < 3; i++) {
		CHECK_EQ(dev_pop(&b), -EAGAIN);
		CHECK_EQ(b.broken, 0);
		CHECK_EQ(mdev_vq_fault(&b.vq), 0);
		CHECK_EQ(dev_pop(&b), 1);
		CHECK_EQ(b.chain.nr_out, 3);
		CHECK_EQ(b.chain.out_len, 6);
		/* What was fetched is not kept for the next time. */
		mdev_vq_unpop(&b.vq, &b.chain);
	}
	bench_destroy(&b);
}

/* --- giving back ----------------------------------------------------------- */

/* Wherever the ring ends between the chains */
static void test_unpop(void)
{
	struct virtio_mdev_vq_state before, st;
	struct mdev_vq_seg segs[3][4];
	struct mdev_vq_chain chain[3];
	int token, i, k;
	struct bench b;
	u32 id, len;
	u16 state;

	for (state = 0; state < 2 * 7; state++) {
		bench_init_at(&b, 7, F_PACKED,
			      state < 7 ? state : (state - 7) | WRAP);
		mdev_vq_get_state(&b.vq, &before);
		for (i = 0; i < 3; i++)
			for (k = 0; k <= i; k++)
				packed_desc(&b, DATA_IOVA, i + 1,
					    k < i ? NEXT : 0, i);
		token = mdev_mem_enter(&b.space.mem);
		for (i = 0; i < 3; i++) {
			chain[i].segs = segs[i];
			chain[i].max_segs = 4;
			CHECK_EQ(mdev_vq_pop(&b.vq, &chain[i]), 1);
			CHECK_EQ(chain[i].nr_out, i + 1);
		}
		mdev_mem_leave(&b.space.mem, token);
		for (i = 2; i >= 0; i--)
			mdev_vq_unpop(&b.vq, &chain[i]);
		mdev_vq_get_state(&b.vq, &st);
		CHECK(!memcmp(&st, &before, sizeof(st)));

		for (i = 0; i < 3; i++) {
			CHECK_EQ(dev_pop(&b), 1);
			CHECK_EQ(b.chain.out_len, (i + 1) * (i + 1));
			if (i == 1) {
				mdev_vq_unpop(&b.vq, &b.chain);
				CHECK_EQ(dev_pop(&b), 1);
			}
			dev_push(&b, 0);
			dev_publish(&b);
			CHECK(drv_used(&b, &id, &len));
			CHECK_EQ(id, i);
		}
		CHECK_EQ(dev_pop(&b), 0);
		CHECK_EQ(b.broken, 0);
		bench_destroy(&b);
	}
}

/* A driver that waits for more than there is, is kicked at the next one, not before. */
static void test_unpop_waits(void)
{
	struct mdev_vq_chain two;
	struct mdev_vq_seg seg;
	struct bench b;
	int token;

	bench_init_at(&b, 4, F_PACKED | F_EVENT, WRAP | 2);
	drv_one(&b, 1, 0);
	drv_one(&b, 2, 1);
	drv_kick(&b);
	CHECK_EQ(dev_pop(&b), 1);
	two.segs = &seg;
	two.max_segs = 1;
	token = mdev_mem_enter(&b.space.mem);
	CHECK_EQ(mdev_vq_pop(&b.vq, &two), 1);
	mdev_mem_leave(&b.space.mem, token);
	mdev_vq_unpop(&b.vq, &two);
	mdev_vq_unpop(&b.vq, &b.chain);
	CHECK(!dev_enable(&b));
	drv_one(&b, 3, 2);
	CHECK(drv_kick(&b));
	CHECK(dev_enable(&b));

	/* Taken again in part, they count as seen still. */
	CHECK_EQ(dev_pop(&b), 1);
	CHECK_EQ(b.chain.out_len, 1);
	CHECK(dev_enable(&b));
	CHECK_EQ(dev_pop(&b), 1);
	CHECK_EQ(dev_pop(&b), 1);
	CHECK(!dev_enable(&b));
	drv_one(&b, 4, 3);
	CHECK(drv_kick(&b));
	CHECK_EQ(dev_pop(&b), 1);
	CHECK_EQ(b.chain.out_len, 4);
	bench_destroy(&b);
}

const struct unit_test packed_tests[] = {
	{ "a packed chain of readable and writable descriptors is popped",
	  test_chain },
	{ "packed descriptors of length 0 are left out", test_empty_segments },
	{ "a packed chain as long as the ring is popped", test_whole_ring },
	{ "chains and batches go around packed rings of all sizes",
	  test_around },
	{ "the largest packed ring is used in full", test_largest_ring },
	{ "a packed chain is popped only when its first descriptor has its flags",
	  test_half_written },
	{ "a packed indirect table, unaligned, over pages, is read",
	  test_table },
	{ "the largest packed indirect table is read", test_largest_table },
	{ "a packed indirect table is read by the slow path", test_table_far },
	{ "packed chains given back are popped again", test_unpop },
	{ "a packed queue with chains given back is kicked for new ones",
	  test_unpop_waits },
	{ }
};
