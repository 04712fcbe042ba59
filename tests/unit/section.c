// SPDX-License-Identifier: GPL-2.0-only
/*
 * Read sections in which two queues are served: what waits for memory leaves the
 * section and returns in one, and whatever happened meanwhile is found.
 */

#include <linux/mdev_vq_section.h>

#include "unit.h"

#define NEXT	VRING_DESC_F_NEXT
#define WRITE	VRING_DESC_F_WRITE
#define TABLE	VRING_DESC_F_INDIRECT

#define PEER_IOVA	0x1000000ULL
/* Where lookups miss until a fault */
#define FAR		0x9000000ULL
#define FAR_LEN		(4 * PAGE)
/* Where nothing is */
#define NOWHERE		0x5000ULL

/**
 * struct pair - two split virtqueues in one memory, and a section of both
 * @b: the first one
 * @peer: the second one, which has three regions of @b's memory as its rings
 * @ring: these
 * @broken: how often @peer broke
 * @chain: for pop() from @peer
 * @segs: its pieces
 * @far: memory in which lookups miss
 * @section: of both
 */
struct pair {
	struct bench b;
	struct mdev_vq peer;
	struct region *ring[3];
	unsigned int broken;
	struct mdev_vq_chain chain;
	struct mdev_vq_seg segs[4];
	struct region *far;
	struct mdev_vq_section section;
};

static void peer_wake(struct mdev_vq *vq)
{
}

static void peer_broken(struct mdev_vq *vq)
{
	container_of(vq, struct pair, peer)->broken++;
}

static const struct mdev_vq_ops peer_ops = {
	.wake = peer_wake,
	.broken = peer_broken,
};

static void pair_init(struct pair *p)
{
	static struct device dev;
	unsigned int i;

	memset(p, 0, sizeof(*p));
	bench_init(&p->b, 8, F_INDIRECT);
	for (i = 0; i < 3; i++)
		p->ring[i] = space_map(&p->b.space, PEER_IOVA * (i + 1), PAGE,
				       MDEV_MEM_READ | MDEV_MEM_WRITE, false);
	p->far = space_map(&p->b.space, FAR, FAR_LEN,
			   MDEV_MEM_READ | MDEV_MEM_WRITE, false);
	p->chain.segs = p->segs;
	p->chain.max_segs = ARRAY_SIZE(p->segs);

	mdev_vq_init(&p->peer, &peer_ops, &dev, 4, 32768);
	mdev_vq_set_features(&p->peer, F_INDIRECT);
	CHECK_EQ(mdev_vq_set_num(&p->peer, 8), 0);
	CHECK_EQ(mdev_vq_set_address(&p->peer, PEER_IOVA, PEER_IOVA * 2,
				     PEER_IOVA * 3), 0);
	mdev_vq_set_ready(&p->peer, true);
	CHECK_EQ(mdev_vq_start(&p->peer, &p->b.space.mem), 0);
	CHECK(mdev_vq_claim(&p->peer));
	p->section.vqs[0] = &p->b.vq;
	p->section.vqs[1] = &p->peer;
}

static void pair_destroy(struct pair *p)
{
	mdev_vq_release(&p->peer);
	mdev_vq_stop(&p->peer);
	mdev_vq_destroy(&p->peer);
	bench_destroy(&p->b);
}

/* Which queues broke, and that the section of them is refused, and left */
static void pair_breaks(struct pair *p, unsigned int first, unsigned int peer)
{
	CHECK_EQ(p->b.space.depth, 1);
	mdev_vq_section_leave(&p->section);
	CHECK_EQ(p->b.broken, first);
	CHECK_EQ(p->broken, peer);
	CHECK_EQ(mdev_vq_section_enter(&p->section), -EPROTO);
	mdev_vq_section_leave(&p->section);
	CHECK_EQ(p->b.space.depth, 0);
	/* Told once */
	CHECK_EQ(p->b.broken, first);
	CHECK_EQ(p->broken, peer);
}

/* The first queue's chain, which the device reads, in two pieces */
static void first_pop(struct pair *p, u64 iova, u32 len)
{
	struct bench *b = &p->b;

	drv_desc(b, 0, iova, len / 2, NEXT, 1);
	drv_desc(b, 1, iova + len / 2, len - len / 2, 0, 0);
	drv_avail(b, 0);
	CHECK_EQ(mdev_vq_section_pop(&p->section, &b->vq, &b->chain), 1);
	CHECK_EQ(b->chain.out_len, len);
}

/* The peer's chain, which the device writes */
static void peer_pop(struct pair *p, u64 iova, u32 len)
{
	struct vring_desc *desc = (void *)p->ring[0]->bytes;
	struct vring_avail *avail = (void *)p->ring[1]->bytes;

	desc->addr = __cpu_to_le64(iova);
	desc->len = __cpu_to_le32(len);
	desc->flags = __cpu_to_le16(WRITE);
	avail->idx = __cpu_to_le16(1);
	CHECK_EQ(mdev_vq_section_pop(&p->section, &p->peer, &p->chain), 1);
	CHECK_EQ(p->chain.in_len, len);
}

static void test_section(void)
{
	struct pair p;
	u32 id, len;

	pair_init(&p);
	CHECK_EQ(mdev_vq_section_enter(&p.section), 0);
	CHECK_EQ(p.b.space.depth, 1);
	CHECK_EQ(mdev_vq_section_pop(&p.section, &p.b.vq, &p.b.chain), 0);
	first_pop(&p, DATA_IOVA, 100);
	mdev_vq_section_leave(&p.section);
	CHECK_EQ(p.b.space.depth, 0);

	CHECK_EQ(mdev_vq_section_enter(&p.section), 0);
	mdev_vq_push(&p.b.vq, &p.b.chain, 0);
	mdev_vq_publish(&p.b.vq);
	mdev_vq_section_leave(&p.section);
	CHECK(drv_used(&p.b, &id, &len));
	CHECK_EQ(p.b.space.faults + p.b.space.slow, 0);
	pair_destroy(&p);
}

static void test_pop_table(void)
{
	struct vring_desc desc = { .addr = DATA_IOVA, .len = 11 };
	struct pair p;

	pair_init(&p);
	memcpy(p.far->bytes, &desc, sizeof(desc));
	drv_desc(&p.b, 0, FAR, sizeof(desc), TABLE, 0);
	drv_avail(&p.b, 0);
	CHECK_EQ(mdev_vq_section_enter(&p.section), 0);
	CHECK_EQ(mdev_vq_section_pop(&p.section, &p.b.vq, &p.b.chain), 1);
	CHECK_EQ(p.b.chain.out_len, 11);
	CHECK(p.b.space.faults);
	CHECK_EQ(p.b.space.depth, 1);
	mdev_vq_section_leave(&p.section);
	pair_destroy(&p);
}

/* What would wait is refused, and can be done by whoever may wait. */
static void test_nowait(void)
{
	struct vring_desc desc = { .addr = FAR + PAGE, .len = 11 };
	struct mdev_vq_iter iter;
	struct pair p;
	u8 buf[11];

	pair_init(&p);
	memcpy(p.far->bytes, &desc, sizeof(desc));
	memcpy(p.far->bytes + PAGE, "hello world", 11);
	drv_desc(&p.b, 0, FAR, sizeof(desc), TABLE, 0);
	drv_avail(&p.b, 0);
	p.section.nowait = true;
	CHECK_EQ(mdev_vq_section_enter(&p.section), 0);
	CHECK_EQ(mdev_vq_section_pop(&p.section, &p.b.vq, &p.b.chain), -EAGAIN);
	CHECK_EQ(mdev_vq_section_pop(&p.section, &p.b.vq, &p.b.chain), -EAGAIN);
	CHECK_EQ(p.b.space.depth, 1);
	mdev_vq_section_leave(&p.section);
	CHECK_EQ(p.b.space.faults + p.b.space.slow, 0);

	p.section.nowait = false;
	CHECK_EQ(mdev_vq_section_enter(&p.section), 0);
	CHECK_EQ(mdev_vq_section_pop(&p.section, &p.b.vq, &p.b.chain), 1);
	mdev_vq_section_leave(&p.section);

	p.section.nowait = true;
	CHECK_EQ(mdev_vq_section_enter(&p.section), 0);
	mdev_vq_iter_out(&iter, &p.b.chain);
	CHECK_EQ(mdev_vq_section_read(&p.section, &iter, buf, sizeof(buf)),
		 -EAGAIN);
	mdev_vq_section_leave(&p.section);
	CHECK_EQ(p.b.broken, 0);

	p.section.nowait = false;
	CHECK_EQ(mdev_vq_section_enter(&p.section), 0);
	CHECK_EQ(mdev_vq_section_read(&p.section, &iter, buf, sizeof(buf)), 0);
	CHECK(!memcmp(buf, "hello world", sizeof(buf)));
	mdev_vq_section_leave(&p.section);
	pair_destroy(&p);
}

/* Rings that may return are not waited for, and break nothing. */
static void test_nowait_rings(void)
{
	struct pair p;

	pair_init(&p);
	p.b.space.mem.rings_return = true;
	p.section.nowait = true;
	WRITE_ONCE(p.peer.maps[1].dead, true);
	CHECK_EQ(mdev_vq_section_enter(&p.section), -EAGAIN);
	CHECK_EQ(p.b.space.depth, 1);
	mdev_vq_section_leave(&p.section);
	CHECK_EQ(p.b.broken + p.broken, 0);
	WRITE_ONCE(p.peer.maps[1].dead, false);
	CHECK_EQ(mdev_vq_section_enter(&p.section), 0);
	mdev_vq_section_leave(&p.section);
	p.b.space.mem.rings_return = false;
	pair_destroy(&p);
}

static void test_pop_unmapped(void)
{
	struct pair p;

	pair_init(&p);
	drv_desc(&p.b, 0, NOWHERE, 16, TABLE, 0);
	drv_avail(&p.b, 0);
	CHECK_EQ(mdev_vq_section_enter(&p.section), 0);
	CHECK_EQ(mdev_vq_section_pop(&p.section, &p.b.vq, &p.b.chain), -EPROTO);
	CHECK_STR(shim_message, "which is not mapped");
	pair_breaks(&p, 1, 0);
	pair_destroy(&p);
}

/* Read, write and move what lookups miss; @unpinnable: until the end */
static void copies(bool unpinnable)
{
	u8 in[2 * PAGE], out[2 * PAGE], bounce[100];
	struct mdev_vq_iter src, dst;
	struct pair p;
	unsigned int i;

	pair_init(&p);
	p.far->unpinnable = unpinnable;
	for (i = 0; i < sizeof(in); i++)
		in[i] = i / 7;
	memcpy(p.far->bytes, in, sizeof(in));
	CHECK_EQ(mdev_vq_section_enter(&p.section), 0);
	first_pop(&p, FAR, sizeof(in));
	peer_pop(&p, FAR + 2 * PAGE, sizeof(in));

	mdev_vq_iter_out(&src, &p.b.chain);
	CHECK_EQ(mdev_vq_section_read(&p.section, &src, out, sizeof(out)), 0);
	CHECK(!memcmp(out, in, sizeof(in)));
	CHECK_EQ(p.b.space.depth, 1);

	mdev_vq_iter_in(&dst, &p.chain);
	memset(in, 0x55, 100);
	CHECK_EQ(mdev_vq_section_write(&p.section, &dst, in, 100), 0);
	CHECK(!memcmp(p.far->bytes + 2 * PAGE, in, 100));
	CHECK_EQ(p.b.space.depth, 1);

	mdev_vq_iter_out(&src, &p.b.chain);
	mdev_vq_iter_in(&dst, &p.chain);
	for (i = 0; i < 4; i++)
		p.far->known[i] = i == 1 && !unpinnable;
	CHECK_EQ(mdev_vq_section_move(&p.section, &dst, &src, sizeof(in),
				      bounce, sizeof(bounce)), 0);
	CHECK(!memcmp(p.far->bytes + 2 * PAGE, out, sizeof(out)));
	CHECK_EQ(p.b.space.depth, 1);
	CHECK_EQ(!p.b.space.slow, !unpinnable);
	mdev_vq_section_leave(&p.section);
	CHECK_EQ(p.b.broken + p.broken, 0);
	pair_destroy(&p);
}

static void test_copies_fault(void)
{
	copies(false);
}

static void test_copies_slow(void)
{
	copies(true);
}

static void test_bad_address(void)
{
	struct mdev_vq_iter src, dst;
	u8 buf[100], bounce[16];
	struct pair p;

	pair_init(&p);
	CHECK_EQ(mdev_vq_section_enter(&p.section), 0);
	first_pop(&p, NOWHERE, sizeof(buf));
	mdev_vq_iter_out(&src, &p.b.chain);
	CHECK_EQ(mdev_vq_section_read(&p.section, &src, buf, sizeof(buf)),
		 -EPROTO);
	CHECK_STR(shim_message, "a buffer at 0x5000, which is not mapped");
	pair_breaks(&p, 1, 0);
	pair_destroy(&p);

	pair_init(&p);
	CHECK_EQ(mdev_vq_section_enter(&p.section), 0);
	peer_pop(&p, NOWHERE, sizeof(buf));
	mdev_vq_iter_in(&dst, &p.chain);
	memset(buf, 0, sizeof(buf));
	CHECK_EQ(mdev_vq_section_write(&p.section, &dst, buf, sizeof(buf)),
		 -EPROTO);
	pair_breaks(&p, 0, 1);
	pair_destroy(&p);

	pair_init(&p);
	CHECK_EQ(mdev_vq_section_enter(&p.section), 0);
	first_pop(&p, FAR, sizeof(buf));
	peer_pop(&p, NOWHERE, sizeof(buf));
	mdev_vq_iter_out(&src, &p.b.chain);
	mdev_vq_iter_in(&dst, &p.chain);
	CHECK_EQ(mdev_vq_section_move(&p.section, &dst, &src, sizeof(buf),
				      bounce, sizeof(bounce)), -EPROTO);
	pair_breaks(&p, 0, 1);
	pair_destroy(&p);
}

/* Direct memory needs no buffer for what lookups miss: that is not mapped. */
static void test_direct(void)
{
	struct mdev_vq_iter src, dst;
	struct pair p;

	pair_init(&p);
	p.b.space.mem.direct = true;
	CHECK_EQ(mdev_vq_section_enter(&p.section), 0);
	first_pop(&p, DATA_IOVA, 100);
	peer_pop(&p, DATA_IOVA + PAGE, 200);
	mdev_vq_iter_out(&src, &p.b.chain);
	mdev_vq_iter_in(&dst, &p.chain);
	CHECK_EQ(mdev_vq_section_move(&p.section, &dst, &src, 101, NULL, 0),
		 -EPROTO);
	pair_breaks(&p, 1, 0);
	pair_destroy(&p);
}

static void peer_ring_goes(struct space *space)
{
	struct bench *b = container_of(space, struct bench, space);

	space_unmap(space, container_of(b, struct pair, b)->ring[2]);
}

static void test_ring_goes(void)
{
	struct mdev_vq_iter src;
	struct pair p;
	u32 id, len;
	u8 byte;

	pair_init(&p);
	CHECK_EQ(mdev_vq_section_enter(&p.section), 0);
	peer_pop(&p, DATA_IOVA, 100);
	mdev_vq_push(&p.peer, &p.chain, 100);
	first_pop(&p, FAR, 100);
	mdev_vq_iter_out(&src, &p.b.chain);
	p.b.space.meanwhile = peer_ring_goes;
	CHECK_EQ(mdev_vq_section_read(&p.section, &src, &byte, 1), -EPROTO);
	CHECK_STR(shim_message, "was unmapped");

	/* What remains is for the first queue alone. */
	mdev_vq_push(&p.b.vq, &p.b.chain, 0);
	mdev_vq_publish(&p.peer);
	mdev_vq_publish(&p.b.vq);
	CHECK(!mdev_vq_need_signal(&p.peer));
	CHECK(mdev_vq_need_signal(&p.b.vq));
	CHECK(!mdev_vq_enable_notify(&p.peer));
	mdev_vq_disable_notify(&p.peer);
	CHECK(drv_used(&p.b, &id, &len));
	pair_breaks(&p, 0, 1);
	pair_destroy(&p);
}

static void test_rings_gone(void)
{
	struct pair p;

	pair_init(&p);
	space_unmap(&p.b.space, p.b.ring[0]);
	space_unmap(&p.b.space, p.ring[1]);
	CHECK_EQ(mdev_vq_section_enter(&p.section), -EPROTO);
	pair_breaks(&p, 1, 1);
	pair_destroy(&p);
}

/**
 * struct returning - a ring that comes back, or not
 * @p: whose it is; its first queue's descriptor table
 * @bytes: what is in it
 * @sleeps: how often the device has slept
 * @back: after how many sleeps it is mapped again; 0 never
 * @pause: after how many sleeps somebody pauses the queue; 0 never
 */
struct returning {
	struct pair *p;
	unsigned char *bytes;
	unsigned int sleeps;
	unsigned int back;
	unsigned int pause;
};

static void returning_sleep(void *arg)
{
	struct returning *r = arg;

	r->sleeps++;
	CHECK_EQ(r->p->b.space.depth, 0);
	if (r->sleeps == r->back)
		r->p->b.ring[0]->bytes = r->bytes;
	if (r->sleeps == r->pause)
		WRITE_ONCE(r->p->b.vq.live, false);
}

/* The ring goes while a chain is in it. */
static void returning_init(struct returning *r, struct pair *p)
{
	pair_init(p);
	p->b.space.mem.rings_return = true;
	drv_one(&p->b, 7, 1);
	*r = (struct returning) { .p = p };
	r->bytes = malloc(p->b.ring[0]->len);
	memcpy(r->bytes, p->b.ring[0]->bytes, p->b.ring[0]->len);
	space_unmap(&p->b.space, p->b.ring[0]);
	unit_sleeper = returning_sleep;
	unit_sleeper_arg = r;
}

static void test_ring_returns(void)
{
	struct returning r;
	struct pair p;

	returning_init(&r, &p);
	r.back = 3;
	CHECK_EQ(mdev_vq_section_enter(&p.section), 0);
	CHECK_EQ(r.sleeps, 3);
	CHECK_EQ(mdev_vq_section_pop(&p.section, &p.b.vq, &p.b.chain), 1);
	CHECK_EQ(p.b.chain.out_len, 7);
	mdev_vq_push(&p.b.vq, &p.b.chain, 0);
	mdev_vq_publish(&p.b.vq);
	mdev_vq_section_leave(&p.section);
	CHECK_EQ(p.b.broken, 0);
	CHECK_EQ(p.broken, 0);
	pair_destroy(&p);
}

static void test_ring_stays_away(void)
{
	unsigned long begin = jiffies;
	struct returning r;
	struct pair p;

	returning_init(&r, &p);
	CHECK_EQ(mdev_vq_section_enter(&p.section), -EPROTO);
	CHECK(jiffies - begin >= 10 * HZ);
	CHECK(jiffies - begin <= 11 * HZ);
	pair_breaks(&p, 1, 0);
	free(r.bytes);
	pair_destroy(&p);
}

static void test_ring_paused(void)
{
	struct returning r;
	struct pair p;

	returning_init(&r, &p);
	r.pause = 2;
	CHECK_EQ(mdev_vq_section_enter(&p.section), -EPROTO);
	CHECK_EQ(r.sleeps, 2);
	/* The ring is not there, and none of these touches it. */
	CHECK_EQ(mdev_vq_pop(&p.b.vq, &p.b.chain), -EPROTO);
	mdev_vq_publish(&p.b.vq);
	CHECK(!mdev_vq_need_signal(&p.b.vq));
	mdev_vq_disable_notify(&p.b.vq);
	CHECK(!mdev_vq_enable_notify(&p.b.vq));
	mdev_vq_section_leave(&p.section);
	CHECK_EQ(p.b.broken, 0);

	/* Whoever has paused it finds the ring mapped again, and lets users in. */
	mdev_vq_release(&p.b.vq);
	p.b.ring[0]->bytes = r.bytes;
	CHECK_EQ(mdev_vq_renew(&p.b.vq), 0);
	CHECK_EQ(p.b.broken, 0);
	CHECK(mdev_vq_claim(&p.b.vq));
	CHECK_EQ(mdev_vq_section_enter(&p.section), 0);
	CHECK_EQ(mdev_vq_section_pop(&p.section, &p.b.vq, &p.b.chain), 1);
	mdev_vq_unpop(&p.b.vq, &p.b.chain);
	mdev_vq_section_leave(&p.section);
	pair_destroy(&p);
}

static void test_take(void)
{
	struct vring_desc desc = { .addr = DATA_IOVA, .len = 11 };
	struct bench *b;
	struct pair p;
	u32 id, len;

	pair_init(&p);
	b = &p.b;
	CHECK_EQ(mdev_vq_take(&b->vq, &b->chain), 0);
	memcpy(p.far->bytes, &desc, sizeof(desc));
	drv_desc(b, 5, FAR, sizeof(desc), TABLE, 0);
	drv_avail(b, 5);
	/* A kick was asked for. */
	CHECK(drv_kick(b));
	CHECK_EQ(mdev_vq_take(&b->vq, &b->chain), 1);
	CHECK_EQ(b->chain.out_len, 11);
	CHECK_EQ(b->signals, 0);
	mdev_vq_give(&b->vq, &b->chain, 0);
	CHECK_EQ(b->signals, 1);
	CHECK(drv_used(b, &id, &len));
	CHECK_EQ(id, 5);

	/* What cannot be given back was never taken. */
	drv_one(b, 7, 1);
	CHECK_EQ(mdev_vq_take(&b->vq, &b->chain), 1);
	space_unmap(&b->space, b->ring[2]);
	mdev_vq_give(&b->vq, &b->chain, 0);
	CHECK_EQ(b->signals, 1);
	CHECK_EQ(b->broken, 1);
	CHECK_EQ(b->vq.split.avail_idx, 1);
	CHECK_EQ(mdev_vq_take(&b->vq, &b->chain), -EPROTO);
	pair_destroy(&p);
}

const struct unit_test section_tests[] = {
	{ "section: chains are popped and used in one", test_section },
	{ "section: pop fetches an indirect table", test_pop_table },
	{ "section: one that may not wait refuses what would", test_nowait },
	{ "section: one that may not wait leaves rings alone that may return",
	  test_nowait_rings },
	{ "section: a table that is not mapped breaks the queue",
	  test_pop_unmapped },
	{ "section: copies wait until memory is known", test_copies_fault },
	{ "section: copies take the slow path in the end", test_copies_slow },
	{ "section: a copy at a bad address breaks the queue of the chain",
	  test_bad_address },
	{ "section: a move in direct memory needs no buffer", test_direct },
	{ "section: a ring that goes during a fault is not touched again",
	  test_ring_goes },
	{ "section: each queue whose ring has gone breaks", test_rings_gone },
	{ "section: a ring that returns is waited for", test_ring_returns },
	{ "section: a ring that does not return in time breaks its queue",
	  test_ring_stays_away },
	{ "section: whoever pauses a queue does not wait for its ring to return",
	  test_ring_paused },
	{ "section: a chain is taken and given in one of its own", test_take },
	{ }
};
