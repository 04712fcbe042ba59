// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copying between segments and the kernel, fast and slow.
 */

#include "unit.h"

#define FAR	0x90000000ULL

static void fill(u8 *p, size_t len, u8 seed)
{
	while (len--)
		*p++ = seed += 7;
}

/* Segments of odd lengths over the data region: the total */
static size_t make_segs(struct mdev_vq_seg *segs, unsigned int nr, u64 iova)
{
	size_t total = 0;
	unsigned int i;

	for (i = 0; i < nr; i++) {
		segs[i].iova = iova + total + i;
		segs[i].len = 1 + unit_random(2 * PAGE);
		total += segs[i].len;
	}
	return total;
}

static void test_copy(void)
{
	struct mdev_vq_seg segs[5];
	struct mdev_vq_iter iter;
	size_t total, done;
	struct bench b;
	u8 *in, *out;
	int token, i;

	bench_init(&b, 2, 0);
	for (i = 0; i < 50; i++) {
		total = make_segs(segs, 5, DATA_IOVA + unit_random(100));
		in = malloc(total);
		out = malloc(total);
		fill(in, total, i);

		token = mdev_mem_enter(&b.space.mem);
		mdev_vq_iter_segs(&iter, segs, 5);
		/* In pieces that end anywhere */
		for (done = 0; done < total;) {
			size_t n = min(total - done,
				       (size_t)1 + unit_random(5000));

			CHECK_EQ(mdev_vq_copy_to(&b.space.mem, &iter,
						 in + done, n), n);
			done += n;
		}
		CHECK_EQ(iter.nr, 0);
		CHECK_EQ(mdev_vq_copy_to(&b.space.mem, &iter, in, 1), 0);

		mdev_vq_iter_segs(&iter, segs, 5);
		CHECK_EQ(mdev_vq_copy_from(&b.space.mem, &iter, out, total),
			 total);
		CHECK_EQ(mdev_vq_copy_from(&b.space.mem, &iter, out, 1), 0);
		mdev_mem_leave(&b.space.mem, token);
		CHECK(!memcmp(in, out, total));
		free(in);
		free(out);
	}
	CHECK_EQ(b.space.faults + b.space.slow, 0);
	bench_destroy(&b);
}

/* Chain to chain, with pieces that do not match */
static void test_copy_chains(void)
{
	struct mdev_vq_seg from[4], to[7];
	struct mdev_vq_iter src, dst;
	size_t total, room;
	struct bench b;
	u8 *in, *out;
	int token, i;

	bench_init(&b, 2, 0);
	for (i = 0; i < 50; i++) {
		total = make_segs(from, 4, DATA_IOVA);
		room = make_segs(to, 7, DATA_IOVA + 20 * PAGE);
		in = malloc(total);
		out = malloc(total);
		fill(in, total, i);
		mdev_vq_iter_segs(&src, from, 4);
		CHECK_EQ(mdev_vq_write(&b.space.mem, &src, in, total), 0);

		mdev_vq_iter_segs(&src, from, 4);
		mdev_vq_iter_segs(&dst, to, 7);
		token = mdev_mem_enter(&b.space.mem);
		CHECK_EQ(mdev_vq_copy(&b.space.mem, &dst, &src,
				      total + room),
			 min(total, room));
		mdev_mem_leave(&b.space.mem, token);

		mdev_vq_iter_segs(&dst, to, 7);
		total = min(total, room);
		CHECK_EQ(mdev_vq_read(&b.space.mem, &dst, out, total), 0);
		CHECK(!memcmp(in, out, total));
		free(in);
		free(out);
	}
	bench_destroy(&b);
}

/* Memory that lookups do not find, in each way that there is */
static void far_memory(bool unpinnable, bool stubborn, bool copied)
{
	struct mdev_vq_seg seg = { .iova = FAR + 100, .len = 5 * PAGE };
	struct mdev_vq_seg near = { .iova = DATA_IOVA + 5, .len = 6 * PAGE };
	struct mdev_vq_iter iter, other, *bad = NULL;
	u8 in[5 * PAGE], out[5 * PAGE], bounce[1000];
	struct region *r;
	struct bench b;
	int token;

	bench_init(&b, 2, 0);
	r = space_map(&b.space, FAR, 6 * PAGE, MDEV_MEM_READ | MDEV_MEM_WRITE,
		      false);
	r->unpinnable = unpinnable;
	r->stubborn = stubborn;
	b.space.mem.copied = copied;

	token = mdev_mem_enter(&b.space.mem);
	mdev_vq_iter_segs(&iter, &seg, 1);
	CHECK_EQ(mdev_vq_copy_from(&b.space.mem, &iter, out, 1), 0);
	CHECK_EQ(mdev_vq_copy_to(&b.space.mem, &iter, out, 1), 0);
	CHECK_EQ(iter.nr, 1);
	mdev_mem_leave(&b.space.mem, token);

	fill(in, sizeof(in), 3);
	CHECK_EQ(mdev_vq_write(&b.space.mem, &iter, in, sizeof(in)), 0);
	CHECK_EQ(iter.nr, 0);
	CHECK(!memcmp(r->bytes + 100, in, sizeof(in)));
	CHECK_EQ(b.space.slow, unpinnable || stubborn);
	if (copied)
		CHECK_EQ(b.space.faults, 0);
	else
		CHECK(b.space.faults >= 1 && b.space.faults <= 6);

	memset(r->known, 0, sizeof(r->known));
	mdev_vq_iter_segs(&iter, &seg, 1);
	CHECK_EQ(mdev_vq_read(&b.space.mem, &iter, out, sizeof(out)), 0);
	CHECK(!memcmp(in, out, sizeof(out)));

	/* From there, and back again */
	memset(r->known, 0, sizeof(r->known));
	mdev_vq_iter_segs(&iter, &seg, 1);
	mdev_vq_iter_segs(&other, &near, 1);
	CHECK_EQ(mdev_vq_move(&b.space.mem, &other, &iter, sizeof(in), bounce,
			      sizeof(bounce), &bad), 0);
	CHECK(!memcmp(b.data->bytes + 5, in, sizeof(in)));

	memset(r->known, 0, sizeof(r->known));
	memset(r->bytes, 0, r->len);
	mdev_vq_iter_segs(&iter, &seg, 1);
	mdev_vq_iter_segs(&other, &near, 1);
	CHECK_EQ(mdev_vq_move(&b.space.mem, &iter, &other, sizeof(in), bounce,
			      sizeof(bounce), &bad), 0);
	CHECK(!memcmp(r->bytes + 100, in, sizeof(in)));
	CHECK_EQ(r->bytes[99], 0);
	CHECK_EQ(r->bytes[100 + sizeof(in)], 0);
	bench_destroy(&b);
}

static void test_fault(void)
{
	far_memory(false, false, false);
}

static void test_unpinnable(void)
{
	far_memory(true, false, false);
}

static void test_stubborn(void)
{
	far_memory(false, true, false);
}

static void test_copied(void)
{
	far_memory(true, false, true);
}

static void test_bad_address(void)
{
	struct mdev_vq_seg good = { .iova = DATA_IOVA, .len = 4 * PAGE };
	/* Ends with the region, except the second segment */
	struct mdev_vq_seg segs[2] = {
		{ .iova = DATA_IOVA + DATA_LEN - 10, .len = 10 },
		{ .iova = DATA_IOVA + DATA_LEN, .len = 10 },
	};
	struct mdev_vq_iter iter, other, *bad;
	u8 buf[64] = { 0 }, bounce[16];
	struct region *r;
	struct bench b;

	bench_init(&b, 2, 0);
	mdev_vq_iter_segs(&iter, segs, 2);
	CHECK_EQ(mdev_vq_read(&b.space.mem, &iter, buf, 20), -EFAULT);
	CHECK_EQ(iter.seg->iova + iter.off, DATA_IOVA + DATA_LEN);
	mdev_vq_iter_segs(&iter, segs, 2);
	CHECK_EQ(mdev_vq_write(&b.space.mem, &iter, buf, 20), -EFAULT);

	mdev_vq_iter_segs(&iter, segs, 2);
	mdev_vq_iter_segs(&other, &good, 1);
	bad = NULL;
	CHECK_EQ(mdev_vq_move(&b.space.mem, &other, &iter, 20, bounce,
			      sizeof(bounce), &bad), -EFAULT);
	CHECK(bad == &iter);
	mdev_vq_iter_segs(&iter, segs, 2);
	mdev_vq_iter_segs(&other, &good, 1);
	CHECK_EQ(mdev_vq_move(&b.space.mem, &iter, &other, 20, bounce,
			      sizeof(bounce), &bad), -EFAULT);
	CHECK(bad == &iter);

	/* More than the segments have */
	mdev_vq_iter_segs(&iter, segs, 1);
	CHECK_EQ(mdev_vq_read(&b.space.mem, &iter, buf, 11), -EFAULT);
	mdev_vq_iter_segs(&iter, segs, 1);
	CHECK_EQ(mdev_vq_write(&b.space.mem, &iter, buf, 11), -EFAULT);

	/* And bad memory that only the slow path sees to be so */
	r = space_map(&b.space, FAR, 10, MDEV_MEM_READ | MDEV_MEM_WRITE,
		      false);
	r->unpinnable = true;
	segs[0].iova = FAR;
	segs[0].len = 11;
	mdev_vq_iter_segs(&iter, segs, 1);
	CHECK_EQ(mdev_vq_read(&b.space.mem, &iter, buf, 11), -EFAULT);
	mdev_vq_iter_segs(&iter, segs, 1);
	CHECK_EQ(mdev_vq_write(&b.space.mem, &iter, buf, 11), -EFAULT);
	mdev_vq_iter_segs(&iter, segs, 1);
	mdev_vq_iter_segs(&other, &good, 1);
	CHECK_EQ(mdev_vq_move(&b.space.mem, &other, &iter, 11, bounce,
			      sizeof(bounce), &bad), -EFAULT);
	CHECK(bad == &iter);
	mdev_vq_iter_segs(&iter, segs, 1);
	mdev_vq_iter_segs(&other, &good, 1);
	CHECK_EQ(mdev_vq_move(&b.space.mem, &iter, &other, 11, bounce,
			      sizeof(bounce), &bad), -EFAULT);
	CHECK(bad == &iter);
	bench_destroy(&b);
}

static void test_read_only(void)
{
	struct mdev_vq_seg seg = { .iova = FAR, .len = 100 };
	struct mdev_vq_iter iter;
	u8 buf[100] = { 1 };
	struct region *r;
	struct bench b;

	bench_init(&b, 2, 0);
	r = space_map(&b.space, FAR, PAGE, MDEV_MEM_READ, true);
	mdev_vq_iter_segs(&iter, &seg, 1);
	CHECK_EQ(mdev_vq_read(&b.space.mem, &iter, buf, 100), 0);
	mdev_vq_iter_segs(&iter, &seg, 1);
	memset(buf, 1, sizeof(buf));
	CHECK_EQ(mdev_vq_write(&b.space.mem, &iter, buf, 100), -EFAULT);
	CHECK_EQ(r->bytes[0], 0);
	bench_destroy(&b);
}

/* A frame sent from a buffer to itself, shifted */
static void test_overlap(void)
{
	struct mdev_vq_seg from = { .iova = DATA_IOVA, .len = 1000 };
	struct mdev_vq_seg to = { .iova = DATA_IOVA + 12, .len = 1000 };
	struct mdev_vq_iter src, dst;
	struct bench b;
	u8 in[1000];
	int token;

	bench_init(&b, 2, 0);
	fill(in, sizeof(in), 1);
	memcpy(b.data->bytes, in, sizeof(in));
	mdev_vq_iter_segs(&src, &from, 1);
	mdev_vq_iter_segs(&dst, &to, 1);
	token = mdev_mem_enter(&b.space.mem);
	CHECK_EQ(mdev_vq_copy(&b.space.mem, &dst, &src, 1000), 1000);
	mdev_mem_leave(&b.space.mem, token);
	CHECK(!memcmp(b.data->bytes + 12, in, sizeof(in)));
	bench_destroy(&b);
}

/* The kernel's own drivers: addresses are pointers here. */
static void test_direct(void)
{
	struct mdev_mem *mem = mdev_mem_direct();
	struct mdev_ring_map map = { .len = 16, .perm = MDEV_MEM_READ };
	u8 in[300], out[300] = { 0 }, buf[300];
	struct mdev_vq_seg seg = { .iova = (uintptr_t)buf, .len = 300 };
	struct mdev_vq_iter iter;

	CHECK(mem->direct);
	fill(in, sizeof(in), 9);
	mdev_vq_iter_segs(&iter, &seg, 1);
	CHECK_EQ(mdev_vq_write(mem, &iter, in, sizeof(in)), 0);
	mdev_vq_iter_segs(&iter, &seg, 1);
	CHECK_EQ(mdev_vq_read(mem, &iter, out, sizeof(out)), 0);
	CHECK(!memcmp(in, out, sizeof(in)));
	CHECK_EQ(mdev_mem_read(mem, (uintptr_t)in, out, 10), 0);
	CHECK_EQ(mdev_mem_write(mem, (uintptr_t)out, in, 10), 0);
	CHECK_EQ(mdev_mem_fault(mem, (uintptr_t)in, MDEV_MEM_READ), -EFAULT);

	map.iova = (uintptr_t)buf;
	CHECK_EQ(mdev_mem_map_ring(mem, &map), 0);
	CHECK(map.addr == buf);
	mdev_mem_unmap_ring(&map);
	mdev_mem_unmap_ring(&map);
	map.iova = ~0ULL - 14;
	CHECK_EQ(mdev_mem_map_ring(mem, &map), -EINVAL);
	map.len = 0;
	CHECK_EQ(mdev_mem_map_ring(mem, &map), -EINVAL);
}

/* In one piece, in several, up to the end of one and beyond, and whole pages */
static void test_direct_pieces(void)
{
	static u8 room[7 * PAGE_SIZE];
	u8 *from = (u8 *)ALIGN_DOWN((uintptr_t)room, PAGE_SIZE) + PAGE_SIZE;
	u8 *to = from + 3 * PAGE_SIZE;
	struct mdev_mem *mem = mdev_mem_direct();
	struct mdev_vq_seg seg[] = {
		{ .iova = (uintptr_t)to, .len = 16 },
		{ .iova = (uintptr_t)to + 16, .len = PAGE_SIZE - 16 },
		{ .iova = (uintptr_t)to + PAGE_SIZE, .len = 2 * PAGE_SIZE },
	};
	struct mdev_vq_iter iter;

	fill(from, 3 * PAGE_SIZE, 5);
	mdev_vq_iter_segs(&iter, seg, ARRAY_SIZE(seg));
	CHECK_EQ(mdev_vq_copy_to(mem, &iter, from, 10), 10);
	CHECK_EQ(iter.nr, 3);
	CHECK_EQ(mdev_vq_copy_to(mem, &iter, from + 10, 6), 6);
	CHECK_EQ(iter.nr, 2);
	CHECK_EQ(iter.off, 0);
	/* The end of one and the beginning of the next */
	CHECK_EQ(mdev_vq_copy_to(mem, &iter, from + 16, PAGE_SIZE), PAGE_SIZE);
	CHECK_EQ(iter.nr, 1);
	CHECK_EQ(iter.off, 16);
	CHECK_EQ(mdev_vq_copy_to(mem, &iter, from + PAGE_SIZE + 16,
				 PAGE_SIZE - 16), PAGE_SIZE - 16);
	CHECK_EQ(mdev_vq_copy_to(mem, &iter, from + 2 * PAGE_SIZE, PAGE_SIZE),
		 PAGE_SIZE);
	CHECK_EQ(iter.nr, 0);
	CHECK_EQ(mdev_vq_copy_to(mem, &iter, from, 1), 0);
	CHECK(!memcmp(from, to, 3 * PAGE_SIZE));

	memset(from, 0, 3 * PAGE_SIZE);
	mdev_vq_iter_segs(&iter, seg + 2, 1);
	CHECK_EQ(mdev_vq_copy_from(mem, &iter, from + PAGE_SIZE, PAGE_SIZE),
		 PAGE_SIZE);
	CHECK_EQ(mdev_vq_copy_from(mem, &iter, from + 2 * PAGE_SIZE,
				   2 * PAGE_SIZE), PAGE_SIZE);
	CHECK(!memcmp(from + PAGE_SIZE, to + PAGE_SIZE, 2 * PAGE_SIZE));
	CHECK_EQ(from[PAGE_SIZE - 1], 0);
}

const struct unit_test iter_tests[] = {
	{ "data is copied into segments and out of them", test_copy },
	{ "data is copied from chain to chain", test_copy_chains },
	{ "a copy goes on after its memory is faulted in", test_fault },
	{ "memory that cannot be pinned is copied the slow way",
	  test_unpinnable },
	{ "memory that is always gone again is copied the slow way",
	  test_stubborn },
	{ "memory that is copied for now is copied without a fault",
	  test_copied },
	{ "a copy from addresses that are not mapped fails", test_bad_address },
	{ "a copy to memory that is mapped read-only fails", test_read_only },
	{ "a copy between chains that overlap has the right data",
	  test_overlap },
	{ "the memory of the kernel's own drivers is copied directly",
	  test_direct },
	{ "pieces and whole pages of a kernel driver's memory are copied",
	  test_direct_pieces },
	{ }
};
