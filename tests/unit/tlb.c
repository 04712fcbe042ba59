// SPDX-License-Identifier: GPL-2.0-only
/* Lookups that a virtqueue remembers. */

#include "unit.h"

/* One readable and one writable segment, which the driver makes available */
static void pop_pair(struct bench *b, u64 from, u64 to, u32 len)
{
	drv_desc(b, 0, from, len, VRING_DESC_F_NEXT, 1);
	drv_desc(b, 1, to, len, VRING_DESC_F_WRITE, 0);
	drv_avail(b, 0);
	CHECK_EQ(dev_pop(b), 1);
}

static void end_pair(struct bench *b)
{
	u32 id, len;

	dev_push(b, 0);
	dev_publish(b);
	CHECK(drv_used(b, &id, &len));
}

/* In a section of its own: bytes read, and bytes written */
static void copy(struct bench *b, u32 len, size_t out, size_t in)
{
	struct mdev_vq_iter iter;
	u8 buf[2 * PAGE] = {};
	int token = mdev_mem_enter(&b->space.mem);

	mdev_vq_iter_out(&iter, &b->chain);
	CHECK_EQ(mdev_vq_copy_from(&b->space.mem, &iter, buf, len), out);
	mdev_vq_iter_in(&iter, &b->chain);
	CHECK_EQ(mdev_vq_copy_to(&b->space.mem, &iter, buf, len), in);
	mdev_mem_leave(&b->space.mem, token);
}

static void test_remember(void)
{
	struct bench b;
	unsigned int n;

	bench_init(&b, 4, 0);
	pop_pair(&b, DATA_IOVA + 100, DATA_IOVA + PAGE + 100, PAGE);
	n = b.space.lookups;
	copy(&b, PAGE, PAGE, PAGE);
	CHECK_EQ(b.space.lookups - n, 4);
	/* The same pages, in another section; but page 1 only for writing */
	copy(&b, PAGE, PAGE, PAGE);
	CHECK(b.space.lookups - n < 8);
	end_pair(&b);

	/* Within one page each: no lookup from the second time on */
	pop_pair(&b, DATA_IOVA + 2 * PAGE, DATA_IOVA + 3 * PAGE, 64);
	copy(&b, 64, 64, 64);
	n = b.space.lookups;
	copy(&b, 64, 64, 64);
	copy(&b, 64, 64, 64);
	CHECK_EQ(b.space.lookups, n);
	end_pair(&b);
	bench_destroy(&b);
}

/* What has gone is not found any more, and what comes in its place is. */
static void test_forget(void)
{
	struct region *r;
	struct bench b;
	u64 iova = DATA_IOVA + 1000 * PAGE;

	bench_init(&b, 4, 0);
	r = space_map(&b.space, iova, 2 * PAGE,
		      MDEV_MEM_READ | MDEV_MEM_WRITE, true);
	pop_pair(&b, iova, iova + PAGE, 64);
	copy(&b, 64, 64, 64);

	space_unmap(&b.space, r);
	mdev_mem_forget(&b.space.mem);
	copy(&b, 64, 0, 0);

	r = space_map(&b.space, iova, 2 * PAGE,
		      MDEV_MEM_READ | MDEV_MEM_WRITE, true);
	r->bytes[PAGE] = 0xff;
	copy(&b, 64, 64, 64);
	CHECK_EQ(r->bytes[PAGE], 0);
	end_pair(&b);
	bench_destroy(&b);
}

/* Nor after a start, which may be with other memory. */
static void test_restart(void)
{
	struct bench b;
	unsigned int n;

	bench_init(&b, 4, 0);
	pop_pair(&b, DATA_IOVA, DATA_IOVA + PAGE, 64);
	copy(&b, 64, 64, 64);
	end_pair(&b);
	mdev_vq_release(&b.vq);
	mdev_vq_stop(&b.vq);
	CHECK_EQ(mdev_vq_start(&b.vq, &b.space.mem), 0);
	CHECK(mdev_vq_claim(&b.vq));
	pop_pair(&b, DATA_IOVA, DATA_IOVA + PAGE, 64);
	n = b.space.lookups;
	copy(&b, 64, 64, 64);
	CHECK_EQ(b.space.lookups, n + 2);
	end_pair(&b);
	bench_destroy(&b);
}

/* That a page may be written does not say that it may be read. */
static void test_perm(void)
{
	u64 iova = DATA_IOVA + 1000 * PAGE;
	struct bench b;

	bench_init(&b, 4, 0);
	space_map(&b.space, iova, PAGE, MDEV_MEM_WRITE, true);
	pop_pair(&b, iova, iova, 64);
	copy(&b, 64, 0, 64);
	copy(&b, 64, 0, 64);
	end_pair(&b);
	bench_destroy(&b);
}

/* A mapping that ends within a page */
static void test_half_page(void)
{
	u64 iova = DATA_IOVA + 1000 * PAGE;
	struct bench b;

	bench_init(&b, 4, 0);
	space_map(&b.space, iova, 100, MDEV_MEM_READ | MDEV_MEM_WRITE, true);
	pop_pair(&b, iova + 10, iova + 20, 200);
	copy(&b, 200, 90, 80);
	copy(&b, 200, 90, 80);
	end_pair(&b);
	bench_destroy(&b);
}

/* Pages that have the same place in the table */
static void test_conflict(void)
{
	u64 iova = DATA_IOVA + 1024 * PAGE;
	struct region *r;
	struct bench b;
	int i;

	bench_init(&b, 4, 0);
	r = space_map(&b.space, iova, PAGE, MDEV_MEM_READ | MDEV_MEM_WRITE,
		      true);
	r->bytes[0] = 1;
	b.data->bytes[0] = 2;
	for (i = 0; i < 3; i++) {
		u8 byte[2] = {};
		struct mdev_vq_iter iter;
		int token;

		drv_desc(&b, 0, DATA_IOVA, 1, VRING_DESC_F_NEXT, 1);
		drv_desc(&b, 1, iova, 1, 0, 0);
		drv_avail(&b, 0);
		CHECK_EQ(dev_pop(&b), 1);
		token = mdev_mem_enter(&b.space.mem);
		mdev_vq_iter_out(&iter, &b.chain);
		CHECK_EQ(mdev_vq_copy_from(&b.space.mem, &iter, byte, 2), 2);
		mdev_mem_leave(&b.space.mem, token);
		CHECK_EQ(byte[0], 2);
		CHECK_EQ(byte[1], 1);
		end_pair(&b);
	}
	bench_destroy(&b);
}

static void test_no_memory(void)
{
	struct bench b;

	bench_init(&b, 4, 0);
	mdev_vq_release(&b.vq);
	mdev_vq_stop(&b.vq);
	/* What there is serves again, but not for a ring of another size. */
	shim_fail_alloc = true;
	CHECK_EQ(mdev_vq_start(&b.vq, &b.space.mem), 0);
	mdev_vq_stop(&b.vq);
	CHECK_EQ(mdev_vq_set_num(&b.vq, 2), 0);
	CHECK_EQ(mdev_vq_start(&b.vq, &b.space.mem), -ENOMEM);
	CHECK(!mdev_vq_is_started(&b.vq));
	CHECK_EQ(space_nr_maps(&b.space), 0);
	CHECK_EQ(mdev_vq_start(&b.vq, &b.space.mem), 0);
	CHECK(mdev_vq_claim(&b.vq));
	bench_destroy(&b);
}

const struct unit_test tlb_tests[] = {
	{ "lookups are remembered", test_remember },
	{ "memory that has gone is forgotten", test_forget },
	{ "a start forgets all lookups", test_restart },
	{ "a lookup for writing is none for reading", test_perm },
	{ "half a page is not remembered as a whole one", test_half_page },
	{ "two pages with the same place among remembered lookups are told apart",
	  test_conflict },
	{ "a start fails without memory to remember lookups in", test_no_memory },
	{ }
};
