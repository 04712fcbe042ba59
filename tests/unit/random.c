// SPDX-License-Identifier: GPL-2.0-only
/*
 * Rings full of chance, alone and with a second thread that scribbles over them
 * while the device reads.  What the library makes of it has to be sane.
 */

#include <pthread.h>

#include "unit.h"

/* Mostly what could be right, because pure noise does not get far */
static void noise_desc(struct vring_desc *desc, unsigned int num)
{
	u64 addr = DATA_IOVA + unit_random(DATA_LEN);
	u32 len = unit_random(3) ? unit_random(300) : 16 * unit_random(64);
	u16 flags = unit_random(8), next = unit_random(num);

	switch (unit_random(24)) {
	case 0:
		addr = ~0ULL - unit_random(400);
		break;
	case 1:
		len = ~0U - unit_random(3);
		break;
	case 2:
		next = unit_random(65536);
		break;
	case 3:
		flags = unit_random(65536);
		break;
	case 4:
		addr = unit_random(~0U);
		break;
	}
	/* Few tables, or hardly a chain would do without one */
	if (unit_random(4))
		flags &= ~VRING_DESC_F_INDIRECT;
	WRITE_ONCE(desc->addr, __cpu_to_le64(addr));
	WRITE_ONCE(desc->len, __cpu_to_le32(len));
	WRITE_ONCE(desc->flags, __cpu_to_le16(flags));
	WRITE_ONCE(desc->next, __cpu_to_le16(next));
}

/* The same, mostly available in this round */
static void noise_packed(struct bench *b, struct vring_packed_desc *desc)
{
	u16 flags, id = unit_random(8);

	noise_desc((struct vring_desc *)desc, 16);
	flags = unit_random(32) ? unit_random(4) : unit_random(65536);
	/* A table may not follow, so rarer still */
	if (!unit_random(8))
		flags = VRING_DESC_F_INDIRECT;
	if (unit_random(8))
		flags |= 1 << VRING_PACKED_DESC_F_AVAIL;
	WRITE_ONCE(desc->id, __cpu_to_le16(id));
	WRITE_ONCE(desc->flags, __cpu_to_le16(flags));
}

static void noise_ring(struct bench *b)
{
	unsigned int i;

	if (b->is_packed) {
		for (i = 0; i < b->num; i++)
			noise_packed(b, &b->packed.desc[i]);
		packed_wish(b, unit_random(65536), unit_random(4));
		return;
	}
	for (i = 0; i < b->num; i++)
		noise_desc(&b->desc[i], 16);
	for (i = unit_random(16); i; i--)
		drv_avail(b, unit_random(32) ? unit_random(16) :
			  unit_random(65536));
	if (!unit_random(64))
		b->avail->idx = __cpu_to_le16(unit_random(65536));
}

static void check_chain(struct bench *b)
{
	u64 out = 0, in = 0;
	unsigned int i;

	CHECK(b->chain.nr_out + b->chain.nr_in <= b->chain.max_segs);
	CHECK(b->is_packed || b->chain.id < b->num);
	CHECK(b->chain.slots && b->chain.slots <= b->num);
	for (i = 0; i < b->chain.nr_out + b->chain.nr_in; i++) {
		CHECK(b->segs[i].len);
		CHECK(b->segs[i].iova + b->segs[i].len - 1 >= b->segs[i].iova);
		if (i < b->chain.nr_out)
			out += b->segs[i].len;
		else
			in += b->segs[i].len;
	}
	CHECK_EQ(out, b->chain.out_len);
	CHECK_EQ(in, b->chain.in_len);
}

/* Read or write the chain, or fail to: no more than a few KiB of it */
static void use_chain(struct bench *b)
{
	struct mdev_vq_iter src, dst, *bad;
	static u8 buf[8192], bounce[512];

	mdev_vq_iter_out(&src, &b->chain);
	mdev_vq_read(&b->space.mem, &src, buf,
		     min((size_t)b->chain.out_len, sizeof(buf)));
	mdev_vq_iter_in(&dst, &b->chain);
	mdev_vq_write(&b->space.mem, &dst, buf,
		      min((size_t)b->chain.in_len, sizeof(buf)));
	mdev_vq_iter_out(&src, &b->chain);
	mdev_vq_iter_in(&dst, &b->chain);
	mdev_vq_move(&b->space.mem, &dst, &src,
		     min(min(b->chain.in_len, b->chain.out_len), 8192U),
		     bounce, sizeof(bounce), &bad);
}

/* One pop, and what follows from it.  True if the queue broke. */
static bool one_pop(struct bench *b, unsigned int *popped)
{
	int ret = dev_pop(b);

	switch (ret) {
	case -EAGAIN:
		return mdev_vq_fault(&b->vq);
	case -EPROTO:
		return true;
	case 0:
		dev_enable(b);
		return false;
	}
	CHECK_EQ(ret, 1);
	check_chain(b);
	use_chain(b);
	++*popped;
	if (unit_random(4)) {
		dev_push(b, unit_random(~0U));
		dev_publish(b);
	} else {
		mdev_vq_unpop(&b->vq, &b->chain);
	}
	return false;
}

static void random_rings(u64 features)
{
	unsigned int round, i, popped = 0, breaks = 0;
	struct bench b;

	bench_init(&b, 16, features);
	for (round = 0; round < 20000; round++) {
		for (i = 0; i < 32; i++)
			noise_desc((struct vring_desc *)b.data->bytes +
				   unit_random(DATA_LEN / 16), 32);
		for (i = 0; i < MAX_PAGES; i++)
			b.data->known[i] = unit_random(2);
		b.data->unpinnable = !unit_random(4);
		b.data->stubborn = !unit_random(4);
		noise_ring(&b);
		for (i = 0; i < 24; i++) {
			if (!one_pop(&b, &popped))
				continue;
			breaks++;
			break;
		}
		bench_restart(&b, features);
	}
	CHECK_EQ(b.broken, breaks);
	/* Else it was all noise, or all well. */
	CHECK(popped > 10000);
	CHECK(breaks > 1000);
	bench_destroy(&b);
}

static void test_random(void)
{
	random_rings(0);
}

static void test_random_all(void)
{
	random_rings(F_INDIRECT | F_EVENT);
}

static void test_random_packed(void)
{
	random_rings(F_PACKED);
}

static void test_random_packed_all(void)
{
	random_rings(F_PACKED | F_INDIRECT | F_EVENT);
}

/* --- with a driver that writes at the same time ---------------------------- */

struct scribbler {
	struct bench *b;
	bool quit;
};

static void *scribble(void *arg)
{
	struct scribbler *s = arg;
	struct bench *b = s->b;
	u32 x = 12345;

	while (!__atomic_load_n(&s->quit, __ATOMIC_ACQUIRE)) {
		struct vring_desc *desc;

		/* unit_random() is the other thread's. */
		x = x * 1664525 + 1013904223;
		desc = (struct vring_desc *)(x & 0x800000 ?
			b->ring[0]->bytes + (x >> 24) % 16 * 16 :
			b->data->bytes + (x >> 24) * 16);
		switch ((x >> 16) % 5) {
		case 0:
			WRITE_ONCE(desc->addr, DATA_IOVA + (x >> 14));
			break;
		case 1:
			WRITE_ONCE(desc->len, (x >> 8) & 0x1f0);
			break;
		case 2:
			/* In a packed ring the id lies there. */
			WRITE_ONCE(desc->flags, (x >> 20) % 8);
			break;
		case 3:
			if (b->is_packed)
				WRITE_ONCE(desc->next, ((x >> 24) & 0x87) |
					   (x & 0x200000 ? 0 : 0x8000));
			else
				WRITE_ONCE(desc->next, (x >> 24) % 18);
			break;
		case 4:
			if (b->is_packed) {
				packed_wish(b, x >> 16, x >> 30);
				break;
			}
			WRITE_ONCE(b->avail->ring[(x >> 28) % 16],
				   (x >> 20) % 17);
			break;
		}
	}
	return NULL;
}

static void double_fetch(u64 features)
{
	unsigned int round, i, popped = 0, breaks = 0;
	struct scribbler s = { 0 };
	pthread_t thread;
	struct bench b;

	bench_init(&b, 16, features);
	s.b = &b;
	CHECK_EQ(pthread_create(&thread, NULL, scribble, &s), 0);
	for (round = 0; round < 20000; round++) {
		for (i = 0; i < MAX_PAGES; i++)
			b.data->known[i] = unit_random(4);
		/* The restart has emptied it. */
		if (b.is_packed)
			noise_ring(&b);
		for (i = 0; i < 12; i++) {
			b.avail_idx++;
			if (!b.is_packed)
				WRITE_ONCE(b.avail->idx,
					   __cpu_to_le16(b.avail_idx));
			if (!one_pop(&b, &popped))
				continue;
			breaks++;
			break;
		}
		bench_restart(&b, features);
	}
	__atomic_store_n(&s.quit, true, __ATOMIC_RELEASE);
	pthread_join(thread, NULL);
	CHECK_EQ(b.broken, breaks);
	CHECK(popped);
	CHECK(breaks);
	bench_destroy(&b);
}

static void test_double_fetch(void)
{
	double_fetch(F_INDIRECT);
}

static void test_double_fetch_packed(void)
{
	double_fetch(F_PACKED | F_INDIRECT | F_EVENT);
}

const struct unit_test random_tests[] = {
	{ "random rings are refused or served", test_random },
	{ "random rings with indirect tables and event indices are refused or served",
	  test_random_all },
	{ "random packed rings are refused or served", test_random_packed },
	{ "random packed rings with indirect tables and events are refused or served",
	  test_random_packed_all },
	{ "rings that change while they are read are refused or served",
	  test_double_fetch },
	{ "packed rings that change while they are read are refused or served",
	  test_double_fetch_packed },
	{ }
};
