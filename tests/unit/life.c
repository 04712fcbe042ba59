// SPDX-License-Identifier: GPL-2.0-only
/*
 * Setting a virtqueue up, starting and stopping it, and losing its memory.
 */

#include <pthread.h>
#include <unistd.h>

#include "unit.h"
#include "vq_private.h"

static void none(struct mdev_vq *vq)
{
}

static const struct mdev_vq_ops no_ops = { .wake = none, .broken = none };

static void test_num(void)
{
	static const u32 bad[] = { 0, 3, 5, 6, 257, 255, 512, 1024, 65536,
				   0x80000000, 0xffffffff, 0x10001 };
	struct mdev_vq vq = { 0 };
	unsigned int i;

	mdev_vq_init(&vq, &no_ops, NULL, 0, 256);
	CHECK_EQ(mdev_vq_num(&vq), 256);
	for (i = 1; i <= 256; i *= 2) {
		CHECK_EQ(mdev_vq_set_num(&vq, i), 0);
		CHECK_EQ(mdev_vq_num(&vq), i);
	}
	for (i = 0; i < ARRAY_SIZE(bad); i++)
		CHECK_EQ(mdev_vq_set_num(&vq, bad[i]), -EINVAL);
	CHECK_EQ(mdev_vq_num(&vq), 256);
	mdev_vq_destroy(&vq);
}

static void test_address(void)
{
	struct mdev_vq vq = { 0 };
	u64 top = 0;

	mdev_vq_init(&vq, &no_ops, NULL, 0, 256);
	mdev_vq_set_ready(&vq, true);
	CHECK(mdev_vq_is_ready(&vq));
	CHECK_EQ(mdev_vq_start(&vq, NULL), -EINVAL);
	mdev_vq_set_ready(&vq, false);
	CHECK(!mdev_vq_is_ready(&vq));

	/* 0 is an address as any other. */
	CHECK_EQ(mdev_vq_set_address(&vq, 0, 0, 0), 0);
	mdev_vq_set_ready(&vq, true);
	CHECK(mdev_vq_is_ready(&vq));
	CHECK_EQ(mdev_vq_set_address(&vq, 16, 2, 4), 0);
	CHECK_EQ(mdev_vq_set_address(&vq, 8, 2, 4), -EINVAL);
	CHECK_EQ(mdev_vq_set_address(&vq, 16, 1, 4), -EINVAL);
	CHECK_EQ(mdev_vq_set_address(&vq, 16, 2, 2), -EINVAL);
	/* Up to the very top, and over it */
	CHECK_EQ(mdev_vq_set_address(&vq, top - 256 * 16, 0, 0), 0);
	CHECK_EQ(mdev_vq_set_address(&vq, top - 256 * 16 + 16, 0, 0), -EINVAL);
	CHECK_EQ(mdev_vq_set_address(&vq, 0, top - 2 * 258, 0), 0);
	CHECK_EQ(mdev_vq_set_address(&vq, 0, top - 2 * 257, 0), -EINVAL);
	CHECK_EQ(mdev_vq_set_address(&vq, 0, 0, top - 8 * 256 - 4), 0);
	CHECK_EQ(mdev_vq_set_address(&vq, 0, 0, top - 8 * 256), -EINVAL);

	mdev_vq_reset(&vq);
	CHECK(!mdev_vq_is_ready(&vq));
	mdev_vq_set_ready(&vq, true);
	CHECK_EQ(mdev_vq_start(&vq, NULL), -EINVAL);
	mdev_vq_set_ready(&vq, false);
	mdev_vq_destroy(&vq);
}

static void test_started(void)
{
	const struct virtio_mdev_vq_state st = { 0 };
	struct bench b;

	bench_init(&b, 8, 0);
	CHECK(mdev_vq_is_started(&b.vq));
	CHECK_EQ(space_nr_maps(&b.space), 3);
	CHECK_EQ(mdev_vq_set_num(&b.vq, 4), -EBUSY);
	CHECK_EQ(mdev_vq_set_state(&b.vq, &st), -EBUSY);
	CHECK_EQ(mdev_vq_set_address(&b.vq, 0, 0, 0), -EBUSY);
	mdev_vq_release(&b.vq);
	mdev_vq_stop(&b.vq);
	mdev_vq_stop(&b.vq);
	CHECK(!mdev_vq_is_started(&b.vq));
	CHECK(!mdev_vq_claim(&b.vq));
	mdev_vq_resume(&b.vq);
	CHECK(!mdev_vq_claim(&b.vq));
	mdev_vq_reset(&b.vq);
	CHECK_EQ(mdev_vq_start(&b.vq, &b.space.mem), -EINVAL);
	mdev_vq_destroy(&b.vq);
	space_destroy(&b.space);
}

/*
 * Whether a queue has to be looked at: yes, wherever the driver may not kick.
 * Packed rings with EVENT_IDX are not worth a closer look.
 */
static void pending(u64 features)
{
	bool event = features & F_EVENT;
	struct bench b;
	u32 id, len;

	bench_init(&b, 8, features);
	CHECK(!mdev_vq_pending(&b.vq));
	drv_one(&b, 10, 0);
	CHECK(mdev_vq_pending(&b.vq));
	CHECK_EQ(dev_pop(&b), 1);
	/* The event index lies behind. */
	CHECK_EQ(mdev_vq_pending(&b.vq), event && !b.is_packed);
	CHECK(!dev_enable(&b));
	CHECK_EQ(mdev_vq_pending(&b.vq), event && b.is_packed);
	dev_push(&b, 0);
	dev_publish(&b);
	CHECK(drv_used(&b, &id, &len));

	/* A driver that goes on where the device had asked for no kick */
	dev_disable(&b);
	mdev_vq_release(&b.vq);
	mdev_vq_pause(&b.vq);
	CHECK(!mdev_vq_pending(&b.vq));
	mdev_vq_resume(&b.vq);
	CHECK_EQ(mdev_vq_pending(&b.vq), !event || b.is_packed);
	drv_one(&b, 10, 1);
	CHECK(mdev_vq_pending(&b.vq));
	CHECK(mdev_vq_claim(&b.vq));

	/* Somebody has to notice, once. */
	CHECK_EQ(dev_pop(&b), 1);
	b.vq.maps[1].dead = true;
	CHECK(mdev_vq_pending(&b.vq));
	CHECK(!dev_alive(&b));
	CHECK(!mdev_vq_pending(&b.vq));
	bench_destroy(&b);
}

static void test_pending(void)
{
	pending(0);
	pending(F_EVENT);
	pending(F_PACKED);
	pending(F_PACKED | F_EVENT);
}

/* Whichever of the three areas is not mapped, nothing stays behind. */
static void test_start_fails(void)
{
	u64 addr[3] = { RING_IOVA, RING_IOVA * 2, RING_IOVA * 3 };
	struct bench b;
	unsigned int i;

	bench_init(&b, 8, 0);
	mdev_vq_release(&b.vq);
	mdev_vq_stop(&b.vq);
	for (i = 0; i < 3; i++) {
		addr[i] += 0x10000;
		CHECK_EQ(mdev_vq_set_address(&b.vq, addr[0], addr[1], addr[2]),
			 0);
		CHECK_EQ(mdev_vq_start(&b.vq, &b.space.mem), -EFAULT);
		CHECK_EQ(space_nr_maps(&b.space), 0);
		CHECK(!mdev_vq_is_live(&b.vq));
		addr[i] -= 0x10000;
	}
	CHECK_EQ(mdev_vq_set_address(&b.vq, addr[0], addr[1], addr[2]), 0);
	/* The rings have no room for the event words. */
	mdev_vq_set_features(&b.vq, F_EVENT);
	CHECK_EQ(mdev_vq_start(&b.vq, &b.space.mem), -EFAULT);
	mdev_vq_set_features(&b.vq, 0);
	/* The used ring is written to. */
	b.ring[2]->perm = MDEV_MEM_READ;
	CHECK_EQ(mdev_vq_start(&b.vq, &b.space.mem), -EFAULT);
	b.ring[2]->perm = MDEV_MEM_READ | MDEV_MEM_WRITE;
	/* The others are not. */
	b.ring[0]->perm = MDEV_MEM_READ;
	b.ring[1]->perm = MDEV_MEM_READ;
	CHECK_EQ(mdev_vq_start(&b.vq, &b.space.mem), 0);
	CHECK(mdev_vq_claim(&b.vq));
	bench_destroy(&b);
}

/* Stopping and starting without a reset goes on where it was. */
static void test_restart(void)
{
	struct virtio_mdev_vq_state st;
	struct bench b;
	u32 id, len;

	bench_init(&b, 8, 0);
	drv_desc(&b, 0, DATA_IOVA, 1, 0, 0);
	drv_avail(&b, 0);
	drv_avail(&b, 0);
	CHECK_EQ(dev_pop(&b), 1);
	dev_push(&b, 5);
	dev_publish(&b);
	mdev_vq_release(&b.vq);
	mdev_vq_stop(&b.vq);
	CHECK_EQ(mdev_vq_start(&b.vq, &b.space.mem), 0);
	CHECK(mdev_vq_claim(&b.vq));
	mdev_vq_get_state(&b.vq, &st);
	CHECK_EQ(st.split.avail_index, 1);
	CHECK_EQ(dev_pop(&b), 1);
	dev_push(&b, 6);
	dev_publish(&b);
	CHECK(drv_used(&b, &id, &len));
	CHECK_EQ(len, 5);
	CHECK(drv_used(&b, &id, &len));
	CHECK_EQ(len, 6);
	bench_destroy(&b);
}

static void unmapped(unsigned int area)
{
	struct virtio_mdev_vq_stats stats;
	struct bench b;

	bench_init(&b, 8, F_EVENT);
	drv_desc(&b, 0, DATA_IOVA, 1, 0, 0);
	drv_avail(&b, 0);
	CHECK_EQ(dev_pop(&b), 1);
	CHECK(dev_alive(&b));
	space_unmap(&b.space, b.ring[area]);
	/* The library does nothing but to have the queue looked at. */
	CHECK_EQ(b.wakes, 1);
	CHECK_EQ(b.broken, 0);
	CHECK(!dev_alive(&b));
	CHECK(!dev_alive(&b));
	CHECK_EQ(b.broken, 1);
	CHECK_EQ(b.errors, 1);
	CHECK_STR(shim_message, "unmapped");
	mdev_vq_get_stats(&b.vq, &stats);
	CHECK_EQ(stats.errors, 1);
	bench_destroy(&b);
}

static void test_unmapped(void)
{
	unmapped(0);
	unmapped(1);
	unmapped(2);
}

/* Memory is exchanged while the queue is paused. */
static void renew(u64 features)
{
	struct bench b;
	u32 id, len;

	bench_init(&b, 8, features);
	drv_one(&b, 10, 0);
	CHECK_EQ(dev_pop(&b), 1);
	dev_push(&b, 5);
	dev_publish(&b);
	CHECK(drv_used(&b, &id, &len));
	drv_one(&b, 11, 0);
	mdev_vq_release(&b.vq);

	/* It is all there. */
	mdev_vq_pause(&b.vq);
	CHECK_EQ(mdev_vq_renew(&b.vq), 0);
	CHECK(!mdev_vq_is_live(&b.vq));
	mdev_vq_resume(&b.vq);
	CHECK(mdev_vq_claim(&b.vq));
	mdev_vq_release(&b.vq);

	/* Something else is there. */
	mdev_vq_pause(&b.vq);
	b.vq.maps[2].dead = true;
	CHECK_EQ(mdev_vq_renew(&b.vq), 0);
	CHECK_EQ(b.broken, 0);
	CHECK_EQ(space_nr_maps(&b.space), 3);
	CHECK(mdev_vq_claim(&b.vq));
	CHECK(dev_alive(&b));
	CHECK_EQ(dev_pop(&b), 1);
	dev_push(&b, 6);
	dev_publish(&b);
	CHECK(drv_used(&b, &id, &len));
	CHECK_EQ(len, 6);
	mdev_vq_release(&b.vq);

	/* Nothing is. */
	mdev_vq_pause(&b.vq);
	space_unmap(&b.space, b.ring[1]);
	CHECK_EQ(b.broken, 0);
	CHECK_EQ(mdev_vq_renew(&b.vq), 0);
	CHECK_EQ(b.broken, 1);
	CHECK_EQ(b.errors, 1);
	CHECK_STR(shim_message, "unmapped");
	CHECK_EQ(space_nr_maps(&b.space), 0);
	CHECK(!mdev_vq_is_started(&b.vq));
	mdev_vq_resume(&b.vq);
	CHECK(!mdev_vq_claim(&b.vq));
	CHECK_EQ(mdev_vq_renew(&b.vq), 0);
	CHECK_EQ(b.broken, 1);
	/* for bench_destroy() to release */
	atomic_inc(&b.vq.users);
	bench_destroy(&b);
}

static void test_renew(void)
{
	renew(0);
	renew(F_EVENT);
	renew(F_PACKED);
}

static void test_callbacks(void)
{
	struct virtio_mdev_vq_stats stats;
	struct virtio_mdev_callback cb = { 0 };
	struct bench b;

	bench_init(&b, 8, 0);
	mdev_vq_signal(&b.vq);
	CHECK_EQ(b.signals, 1);
	/* One without either function, and none at all */
	mdev_vq_set_cb(&b.vq, &cb);
	mdev_vq_signal(&b.vq);
	mdev_vq_set_cb(&b.vq, NULL);
	mdev_vq_signal(&b.vq);
	mdev_vq_break(&b.vq, "reason %d", 5);
	CHECK_STR(shim_message, "reason 5");
	CHECK_EQ(b.signals, 1);
	CHECK_EQ(b.errors, 0);
	CHECK_EQ(b.broken, 1);
	mdev_vq_get_stats(&b.vq, &stats);
	CHECK_EQ(stats.signals, 1);
	bench_destroy(&b);
}

static void test_stats(void)
{
	struct virtio_mdev_vq_stats stats;
	struct bench b;

	bench_init(&b, 8, 0);
	drv_desc(&b, 0, DATA_IOVA, 1, 0, 0);
	drv_avail(&b, 0);
	CHECK_EQ(dev_pop(&b), 1);
	dev_push(&b, 5);
	mdev_vq_count(&b.vq, 100, 0);
	mdev_vq_count(&b.vq, 11, 2);
	mdev_vq_kicked(&b.vq);
	/* Counters outlive a reset. */
	mdev_vq_release(&b.vq);
	mdev_vq_stop(&b.vq);
	mdev_vq_reset(&b.vq);
	mdev_vq_get_stats(&b.vq, &stats);
	CHECK_EQ(stats.chains, 1);
	CHECK_EQ(stats.bytes, 111);
	CHECK_EQ(stats.drops, 2);
	CHECK_EQ(stats.kicks, 1);
	CHECK_EQ(stats.signals, 0);
	mdev_vq_destroy(&b.vq);
	space_destroy(&b.space);
}

/* A user that comes and goes while the queue is paused, resumed and stopped */
struct crowd {
	struct bench *b;
	bool quit;
	bool inside;
	unsigned long visits;
};

static void *visitor(void *arg)
{
	struct crowd *c = arg;
	unsigned int i;

	while (!__atomic_load_n(&c->quit, __ATOMIC_ACQUIRE)) {
		if (!mdev_vq_claim(&c->b->vq)) {
			sched_yield();
			continue;
		}
		__atomic_store_n(&c->inside, true, __ATOMIC_RELAXED);
		/* Mapped as long as somebody is inside */
		for (i = 0; i < 20; i++) {
			if (!c->b->vq.maps[2].addr)
				abort();
			sched_yield();
		}
		c->visits++;
		__atomic_store_n(&c->inside, false, __ATOMIC_RELAXED);
		mdev_vq_release(&c->b->vq);
	}
	return NULL;
}

static void test_pause(void)
{
	struct crowd c = { 0 };
	pthread_t thread;
	struct bench b;
	unsigned int i;

	bench_init(&b, 8, 0);
	mdev_vq_release(&b.vq);
	c.b = &b;
	CHECK_EQ(pthread_create(&thread, NULL, visitor, &c), 0);
	for (i = 0; i < 2000; i++) {
		mdev_vq_pause(&b.vq);
		CHECK(!__atomic_load_n(&c.inside, __ATOMIC_SEQ_CST));
		mdev_vq_resume(&b.vq);
		if (i % 10)
			continue;
		mdev_vq_stop(&b.vq);
		CHECK_EQ(mdev_vq_start(&b.vq, &b.space.mem), 0);
		usleep(100);
	}
	__atomic_store_n(&c.quit, true, __ATOMIC_RELEASE);
	pthread_join(thread, NULL);
	CHECK(c.visits);
	CHECK(mdev_vq_claim(&b.vq));
	bench_destroy(&b);
}

static unsigned int hurries;

/* The user of the queue, which leaves when it is told so for the third time */
static void leave(struct mdev_vq *vq)
{
	if (++hurries == 3)
		mdev_vq_release(vq);
}

static void test_hurry(void)
{
	static const struct mdev_vq_ops ops = {
		.wake = none, .broken = none, .hurry = leave,
	};
	struct bench b;

	bench_init(&b, 8, 0);
	b.vq.ops = &ops;
	hurries = 0;
	mdev_vq_pause(&b.vq);
	CHECK_EQ(hurries, 3);
	/* With nobody inside there is nobody to be told. */
	mdev_vq_resume(&b.vq);
	mdev_vq_pause(&b.vq);
	CHECK_EQ(hurries, 3);
	mdev_vq_resume(&b.vq);
	CHECK(mdev_vq_claim(&b.vq));
	bench_destroy(&b);
}

static bool no_hope(struct mdev_vq *vq)
{
	return hurries == 1;
}

static void stay(struct mdev_vq *vq)
{
	hurries++;
}

static void test_hopeless(void)
{
	static const struct mdev_vq_ops ops = {
		.wake = none, .broken = none, .hurry = stay, .hopeless = no_hope,
	};
	struct bench b;

	bench_init(&b, 8, 0);
	b.vq.ops = &ops;
	hurries = 0;
	CHECK_EQ(mdev_vq_try_pause(&b.vq), -EBUSY);
	CHECK_EQ(hurries, 1);
	/* Nobody else comes in before it is resumed. */
	CHECK(!mdev_vq_claim(&b.vq));
	mdev_vq_resume(&b.vq);
	CHECK(mdev_vq_claim(&b.vq));
	mdev_vq_release(&b.vq);
	mdev_vq_release(&b.vq);
	CHECK_EQ(mdev_vq_try_pause(&b.vq), 0);
	mdev_vq_resume(&b.vq);
	CHECK(mdev_vq_claim(&b.vq));
	bench_destroy(&b);
}

static bool deferring;
static unsigned int deferred;

static bool defer(struct mdev_vq *vq)
{
	deferred += deferring;
	return deferring;
}

static void test_defer(void)
{
	struct virtio_mdev_callback cb;
	struct mdev_vq_ops ops;
	struct bench b;

	bench_init(&b, 8, 0);
	ops = *b.vq.ops;
	ops.defer = defer;
	b.vq.ops = &ops;
	deferred = 0;
	deferring = false;
	mdev_vq_signal(&b.vq);
	CHECK_EQ(b.signals, 1);
	deferring = true;
	mdev_vq_signal(&b.vq);
	CHECK_EQ(b.signals, 1);
	CHECK_EQ(deferred, 1);
	mdev_vq_deliver(&b.vq);
	CHECK_EQ(b.signals, 2);

	shim_message[0] = '\0';
	mdev_vq_break(&b.vq, "reason %d", 6);
	CHECK_EQ(deferred, 2);
	CHECK_EQ(b.errors, 0);
	CHECK_EQ(shim_message[0], '\0');
	CHECK(mdev_vq_is_broken(&b.vq));
	mdev_vq_deliver(&b.vq);
	CHECK_EQ(b.errors, 1);
	CHECK_STR(shim_message, "reason 6");
	/* Told once */
	mdev_vq_deliver(&b.vq);
	CHECK_EQ(b.errors, 1);

	/* It is no news for the next driver. */
	mdev_vq_release(&b.vq);
	mdev_vq_stop(&b.vq);
	CHECK_EQ(mdev_vq_start(&b.vq, &b.space.mem), 0);
	CHECK(mdev_vq_claim(&b.vq));
	mdev_vq_break(&b.vq, "reason %d", 7);
	cb = b.vq.cb;
	mdev_vq_set_cb(&b.vq, NULL);
	mdev_vq_set_cb(&b.vq, &cb);
	mdev_vq_deliver(&b.vq);
	CHECK_EQ(b.errors, 1);
	bench_destroy(&b);
}

/* Another chain brings a kick although one was left. */
static void want_kick(u64 features)
{
	struct bench b;

	bench_init(&b, 8, features);
	drv_one(&b, 10, 0);
	drv_one(&b, 10, 1);
	drv_kick(&b);
	dev_disable(&b);
	CHECK_EQ(dev_pop(&b), 1);
	drv_one(&b, 10, 2);
	CHECK(!drv_kick(&b));
	mdev_vq_want_kick(&b.vq);
	drv_one(&b, 10, 3);
	CHECK(drv_kick(&b));
	bench_destroy(&b);
}

static void test_want_kick(void)
{
	want_kick(0);
	want_kick(F_EVENT);
	want_kick(F_PACKED);
	want_kick(F_PACKED | F_EVENT);
}

static void test_cost(void)
{
	struct mdev_vq_chain chain = {
		.nr_out = 1, .nr_in = 2, .nr_descs = 5, .out_len = 60,
		.in_len = 40,
	};

	/* Two descriptors had no bytes. */
	CHECK_EQ(mdev_vq_chain_desc_cost(&chain), 5 * MDEV_VQ_DESC_COST);
	CHECK_EQ(mdev_vq_chain_cost(&chain), 100 + 5 * MDEV_VQ_DESC_COST);
	/* The largest that there can be does not wrap. */
	chain.out_len = U32_MAX;
	chain.in_len = U32_MAX;
	chain.nr_descs = U16_MAX;
	CHECK(mdev_vq_chain_cost(&chain) > 2ULL * U32_MAX);
}

const struct unit_test life_tests[] = {
	{ "ring sizes are accepted or refused", test_num },
	{ "ring addresses are accepted or refused", test_address },
	{ "a started queue cannot be set up", test_started },
	{ "a start that fails leaves nothing mapped", test_start_fails },
	{ "a queue is to be looked at if it has chains or is broken",
	  test_pending },
	{ "a second start goes on where the first one ended", test_restart },
	{ "a queue breaks if its memory is unmapped", test_unmapped },
	{ "a paused queue goes on with exchanged memory", test_renew },
	{ "a queue calls its callbacks, and goes without", test_callbacks },
	{ "the counters count chains, bytes and signals", test_stats },
	{ "pause and stop wait for the queue's user", test_pause },
	{ "pause says that it waits, until the user leaves", test_hurry },
	{ "a try to pause ends when there is no hope", test_hopeless },
	{ "callbacks that are deferred come later, once", test_defer },
	{ "whoever leaves chains is kicked for the next one", test_want_kick },
	{ "the cost of a chain has its bytes and descriptors", test_cost },
	{ }
};
