// SPDX-License-Identifier: GPL-2.0-only
/*
 * The same traffic through rings of both layouts, in all mixes of features and
 * several sizes of rings and batches: what comes out has to be the same.
 *
 * A request has up to three pieces to read and three to write.  The device
 * answers with bytes that depend on all that it read.  Driver and device take
 * small steps in turn as chance has it, and sleep until they are notified.
 */

#include "unit.h"

#define REQUESTS	1500
#define SLOTS		128
#define SLOT_LEN	1024
#define MAX_BATCH	32
#define TABLE_IOVA	0x7000000ULL

struct answer {
	u32 len;
	u32 sum;
};

struct slot {
	u32 token;
	u32 out_len;
	u32 in_len;
	u8 *out;
	u8 *in;
};

struct run {
	struct bench b;
	struct driver d;
	u64 features;
	unsigned int batch;

	/* the driver */
	struct slot slots[SLOTS];
	u16 free[SLOTS];
	unsigned int nr_free;
	u32 added;
	u32 got;
	struct answer answers[REQUESTS];
	struct region *tables;
	bool drv_asleep;

	/* the device */
	struct mdev_vq_seg segs[MAX_BATCH][MAX_CHAIN];
	struct mdev_vq_chain chains[MAX_BATCH];
	u32 lens[MAX_BATCH];
	bool dev_asleep;
};

/* Another one for each @x and @y, and the same in each run */
static u32 mix(u32 x, u32 y)
{
	u64 z = ((u64)x << 32 | y) + 0x9e3779b97f4a7c15ULL;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9ULL;
	z = (z ^ z >> 27) * 0x94d049bb133111ebULL;
	return z >> 32;
}

static u32 sum(const u8 *buf, u32 len)
{
	u32 s = 1, i;

	for (i = 0; i < len; i++)
		s = s * 31 + buf[i];
	return s;
}

/* What a device answers with, and how much: all, or a part, or nothing */
static u32 answer(u32 question, u32 room, u8 *buf)
{
	u32 len = room, i;

	switch (question % 4) {
	case 0:
		len = room / 2;
		break;
	case 1:
		len = room ? question / 4 % room : 0;
		break;
	}
	for (i = 0; i < len; i++)
		buf[i] = mix(question, i);
	return len;
}

/* --- the driver ------------------------------------------------------------ */

/* The pieces of request @token, laid out in a slot from @off on */
static unsigned int pieces(u32 token, unsigned int which, u64 iova, u32 *off,
			   struct mdev_vq_seg *segs)
{
	unsigned int i, nr = mix(token, which) % 4;

	for (i = 0; i < nr; i++) {
		segs[i].iova = iova + *off;
		segs[i].len = 1 + mix(token, which + 10 * (i + 1)) % 150;
		*off += segs[i].len;
	}
	return nr;
}

static bool add_one(struct run *r)
{
	struct mdev_vq_seg segs[MAX_CHAIN];
	u16 nr = r->free[r->nr_free - 1];
	struct slot *slot = &r->slots[nr];
	u32 token = r->added, len = 0, i;
	unsigned int out, in;
	u64 at;
	bool done;

	at = DATA_IOVA + nr * SLOT_LEN;
	out = pieces(token, 1, at, &len, segs);
	slot->out_len = len;
	in = pieces(token, 2, at, &len, segs + out);
	if (!out && !in) {
		segs[0].iova = at;
		segs[0].len = 9;
		in = 1;
		len = 9;
	}
	slot->in_len = len - slot->out_len;
	slot->out = r->b.data->bytes + nr * SLOT_LEN;
	slot->in = slot->out + slot->out_len;
	slot->token = token;
	for (i = 0; i < slot->out_len; i++)
		slot->out[i] = mix(token, 1000 + i);
	memset(slot->in, 0xee, slot->in_len);

	if (r->features & F_INDIRECT && mix(token, 3) % 2)
		done = driver_add_table(&r->d, r->tables->bytes + nr * 256,
					TABLE_IOVA + nr * 256, segs, out, in,
					nr);
	else
		done = driver_add(&r->d, segs, out, in, nr);
	if (!done)
		return false;
	r->nr_free--;
	r->added++;
	return true;
}

static void get_one(struct run *r, u16 nr, u32 len)
{
	struct slot *slot = &r->slots[nr];
	u8 want[SLOT_LEN];
	u32 want_len, i;

	want_len = answer(sum(slot->out, slot->out_len), slot->in_len, want);
	CHECK_EQ(len, want_len);
	CHECK(!memcmp(slot->in, want, len));
	for (i = len; i < slot->in_len; i++)
		CHECK_EQ(slot->in[i], 0xee);
	/* Once only */
	CHECK_EQ(r->answers[slot->token].sum, 0);
	r->answers[slot->token].len = len;
	r->answers[slot->token].sum = sum(slot->in, slot->in_len);
	r->free[r->nr_free++] = nr;
	r->got++;
}

static void drv_turn(struct run *r)
{
	unsigned int n = 1 + unit_random(12), added = 0;
	u32 nr, len;

	while (unit_random(8) && driver_get(&r->d, &nr, &len))
		get_one(r, nr, len);
	while (added < n && r->added < REQUESTS && r->nr_free && add_one(r))
		added++;
	if (added && drv_kick(&r->b))
		r->dev_asleep = false;
	/* Nothing to do but to wait, or chance will have it so */
	if ((!added || !unit_random(4)) && r->added != r->got)
		r->drv_asleep = !drv_wait_used(&r->b) && !r->d.in_run;
}

/* --- the device ------------------------------------------------------------ */

/* In a section, and out of it where memory is not at hand */
static u32 serve_one(struct run *r, struct mdev_vq_chain *chain)
{
	struct mdev_mem *mem = &r->b.space.mem;
	u8 out[SLOT_LEN], in[SLOT_LEN];
	struct mdev_vq_iter iter;
	u32 done, len;

	CHECK(chain->out_len <= SLOT_LEN && chain->in_len <= SLOT_LEN);
	mdev_vq_iter_out(&iter, chain);
	done = mdev_vq_copy_from(mem, &iter, out, chain->out_len);
	if (done < chain->out_len) {
		mdev_mem_leave(mem, 42);
		CHECK_EQ(mdev_vq_read(mem, &iter, out + done,
				      chain->out_len - done), 0);
		CHECK_EQ(mdev_mem_enter(mem), 42);
		CHECK(mdev_vq_alive(&r->b.vq));
	}
	len = answer(sum(out, chain->out_len), chain->in_len, in);
	mdev_vq_iter_in(&iter, chain);
	done = mdev_vq_copy_to(mem, &iter, in, len);
	if (done < len) {
		mdev_mem_leave(mem, 42);
		CHECK_EQ(mdev_vq_write(mem, &iter, in + done, len - done), 0);
		CHECK_EQ(mdev_mem_enter(mem), 42);
		CHECK(mdev_vq_alive(&r->b.vq));
	}
	return len;
}

static int pop_one(struct run *r, struct mdev_vq_chain *chain)
{
	struct mdev_mem *mem = &r->b.space.mem;
	int ret;

	while ((ret = mdev_vq_pop(&r->b.vq, chain)) == -EAGAIN) {
		mdev_mem_leave(mem, 42);
		CHECK_EQ(mdev_vq_fault(&r->b.vq), 0);
		CHECK_EQ(mdev_mem_enter(mem), 42);
		CHECK(mdev_vq_alive(&r->b.vq));
	}
	CHECK(ret >= 0);
	return ret;
}

static void shuffle(struct run *r, unsigned int nr)
{
	unsigned int i, k;

	for (i = 0; i < nr; i++) {
		struct mdev_vq_chain chain = r->chains[i];
		u32 len = r->lens[i];

		k = unit_random(nr);
		r->chains[i] = r->chains[k];
		r->lens[i] = r->lens[k];
		r->chains[k] = chain;
		r->lens[k] = len;
	}
}

static void dev_turn(struct run *r)
{
	struct mdev_vq *vq = &r->b.vq;
	unsigned int i, nr, back;

	CHECK_EQ(mdev_mem_enter(&r->b.space.mem), 42);
	CHECK(mdev_vq_alive(vq));
	mdev_vq_disable_notify(vq);
	for (nr = 0; nr < r->batch; nr++) {
		struct mdev_vq_chain *chain = &r->chains[nr];

		chain->segs = r->segs[nr];
		chain->max_segs = MAX_CHAIN;
		if (!pop_one(r, chain))
			break;
		r->lens[nr] = serve_one(r, chain);
	}
	/* Some come again, and others in another order. */
	back = unit_random(4) ? 0 : unit_random(nr + 1);
	for (i = 0; i < back; i++)
		mdev_vq_unpop(vq, &r->chains[--nr]);
	if (!(r->features & F_IN_ORDER) && unit_random(2))
		shuffle(r, nr);
	for (i = 0; i < nr; i++) {
		mdev_vq_push(vq, &r->chains[i], r->lens[i]);
		if (!unit_random(16))
			mdev_vq_publish(vq);
	}
	mdev_vq_publish(vq);
	if (mdev_vq_need_signal(vq))
		r->drv_asleep = false;
	if (!nr && !back)
		r->dev_asleep = !mdev_vq_enable_notify(vq);
	mdev_mem_leave(&r->b.space.mem, 42);
}

/* --- both ------------------------------------------------------------------ */

static void shuffle_memory(struct run *r)
{
	unsigned int i;

	for (i = 0; i < MAX_PAGES; i++)
		r->b.data->known[i] = unit_random(4);
	for (i = 0; i < MAX_PAGES; i++)
		r->tables->known[i] = unit_random(4);
	r->tables->unpinnable = unit_random(2);
	r->b.data->unpinnable = unit_random(2);
}

static void go(struct run *r, u16 num, u64 features, unsigned int batch)
{
	struct virtio_mdev_vq_stats stats;
	unsigned int i, turn;

	memset(r, 0, sizeof(*r));
	bench_init(&r->b, num, features);
	driver_init(&r->d, &r->b, features);
	r->tables = space_map(&r->b.space, TABLE_IOVA, SLOTS * 256,
			      MDEV_MEM_READ, true);
	r->features = features;
	r->batch = batch;
	for (i = 0; i < SLOTS; i++)
		r->free[i] = i;
	r->nr_free = SLOTS;

	for (turn = 0; r->got < REQUESTS; turn++) {
		/* Both asleep with something left to do is a stall. */
		CHECK(!r->drv_asleep || !r->dev_asleep);
		if (turn % 64 == 63)
			shuffle_memory(r);
		if (!r->drv_asleep && (r->dev_asleep || unit_random(2)))
			drv_turn(r);
		else if (!r->dev_asleep)
			dev_turn(r);
	}

	CHECK_EQ(r->b.broken, 0);
	CHECK_EQ(r->d.nr_free, num);
	mdev_vq_get_stats(&r->b.vq, &stats);
	CHECK_EQ(stats.chains, REQUESTS);
	/* Or it would not be what is tested */
	if (features & F_IN_ORDER && batch > 1)
		CHECK(r->d.passed > REQUESTS / 50);
	else
		CHECK_EQ(r->d.passed, 0);
	driver_destroy(&r->d);
	bench_destroy(&r->b);
}

static void differ(u64 mask)
{
	static const unsigned int batches[] = { 1, 5, MAX_BATCH };
	static const u16 nums[] = { 8, 64, 24 };
	static struct answer want[REQUESTS];
	static struct run r;
	unsigned int bits, i, k, runs = 0;

	for (bits = 0; bits < 8; bits++) {
		u64 features = mask;

		features |= bits & 1 ? F_INDIRECT : 0;
		features |= bits & 2 ? F_EVENT : 0;
		features |= bits & 4 ? F_IN_ORDER : 0;
		for (i = 0; i < ARRAY_SIZE(batches); i++) {
			/* Only a packed ring may have any size. */
			for (k = 0; k < (mask ? 3 : 2); k++) {
				go(&r, nums[k], features, batches[i]);
				if (!want[0].sum)
					memcpy(want, r.answers, sizeof(want));
				CHECK(!memcmp(want, r.answers, sizeof(want)));
				runs++;
			}
		}
	}
	CHECK_EQ(runs, mask ? 72 : 48);

	/* And the same as the other layout, in its plainest form */
	go(&r, 64, mask ^ F_PACKED, 1);
	CHECK(!memcmp(want, r.answers, sizeof(want)));
}

static void test_split(void)
{
	differ(0);
}

static void test_packed(void)
{
	differ(F_PACKED);
}

const struct unit_test differ_tests[] = {
	{ "split rings carry the same requests and answers in all mixes of features",
	  test_split },
	{ "packed rings carry the same requests and answers in all mixes of features",
	  test_packed },
	{ }
};
