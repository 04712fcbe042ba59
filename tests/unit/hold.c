// SPDX-License-Identifier: GPL-2.0-only
/*
 * Holds of driver memory: whoever waits for them waits for those that were there, not for
 * new ones, and not for ever.
 */

#include <linux/mdev_mem_hold.h>
#include <linux/percpu.h>
#include <linux/smp.h>

#include "unit.h"

/* Jiffies after which a wait ends */
#define BOUND		(3 * HZ)
/* The longest that a hold takes that ends by itself */
#define LONGEST		40
#define MOST		400
#define NEVER		(~0UL)

int unit_cpu;

/**
 * struct held - a hold
 * @ends: when, in jiffies; 0 if there is none
 * @token: what it began with
 * @given_up: a wait for it has ended without it
 */
struct held {
	unsigned long ends;
	int token;
	bool given_up;
};

static struct mdev_mem_holds holds;
static struct srcu_struct srcu;
static struct held held[MOST];
/* Holds that begin in each jiffy in which somebody waits */
static unsigned int busy;

static struct held *begin(unsigned long ends)
{
	unsigned int i;

	for (i = 0; held[i].ends; i++)
		CHECK(i < MOST - 1);
	unit_cpu = unit_random(UNIT_CPUS);
	held[i] = (struct held) {
		.ends = ends,
		.token = mdev_mem_holds_begin(&holds),
	};
	return &held[i];
}

static void end(struct held *h)
{
	unit_cpu = unit_random(UNIT_CPUS);
	mdev_mem_holds_end(&holds, h->token);
	h->ends = 0;
}

/* A jiffy passes */
static void pass_time(void *arg)
{
	unsigned int i;

	for (i = 0; i < MOST; i++)
		if (held[i].ends && held[i].ends != NEVER &&
		    time_after_eq(jiffies, held[i].ends))
			end(&held[i]);
	for (i = 0; i < busy; i++)
		begin(jiffies + 1 + unit_random(LONGEST));
}

static void set_up(void)
{
	static struct device dev;

	memset(held, 0, sizeof(held));
	memset(&holds, 0, sizeof(holds));
	busy = 0;
	unit_sleeper = pass_time;
	CHECK_EQ(mdev_mem_holds_init(&holds, &dev), 0);
}

static void tear_down(void)
{
	unsigned int i;

	for (i = 0; i < MOST; i++)
		if (held[i].ends)
			end(&held[i]);
	CHECK(!mdev_mem_holds_active(&holds));
	mdev_mem_holds_uninit(&holds);
	unit_sleeper = NULL;
}

/* Wait for holds, and check what is left of those that were there.  Returns how long. */
static unsigned long sync_and_check(void)
{
	unsigned long began = jiffies, took;
	bool old[MOST], left = false;
	int tokens[MOST];
	unsigned int i;

	for (i = 0; i < MOST; i++) {
		old[i] = held[i].ends && !held[i].given_up;
		tokens[i] = held[i].ends == NEVER ? held[i].token : -1;
	}
	mdev_mem_holds_sync(&holds, &srcu);
	took = jiffies - began;
	CHECK(took <= BOUND);
	for (i = 0; i < MOST; i++)
		if (old[i] && held[i].ends == NEVER && held[i].token == tokens[i]) {
			left = true;
			held[i].given_up = true;
		}
	/* Nothing that was there is left unless it took the whole time. */
	CHECK(!left || took == BOUND);
	return took;
}

static void test_none(void)
{
	set_up();
	CHECK_EQ(sync_and_check(), 0);
	end(begin(NEVER));
	CHECK_EQ(sync_and_check(), 0);
	CHECK_EQ(mdev_mem_holds_drain(&holds, &srcu), 0);
	tear_down();
}

static void test_old(void)
{
	unsigned int i;

	set_up();
	for (i = 0; i < 10; i++)
		begin(jiffies + 20);
	CHECK_EQ(sync_and_check(), 20);
	CHECK(!mdev_mem_holds_active(&holds));
	tear_down();
}

static void test_new(void)
{
	unsigned int i;

	set_up();
	busy = 3;
	begin(jiffies + LONGEST);
	for (i = 0; i < 200; i++) {
		CHECK(sync_and_check() <= LONGEST);
		CHECK(mdev_mem_holds_active(&holds));
	}
	for (i = 0; i < 200; i++)
		CHECK_EQ(mdev_mem_holds_drain(&holds, &srcu), 0);
	tear_down();
}

static void test_hung(void)
{
	struct held *h;

	set_up();
	busy = 2;
	h = begin(NEVER);
	shim_message[0] = 0;
	CHECK_EQ(sync_and_check(), BOUND);
	CHECK_STR(shim_message, "memory is taken away");
	/* Waited for once */
	CHECK(sync_and_check() <= LONGEST);
	CHECK(sync_and_check() <= LONGEST);
	CHECK_EQ(mdev_mem_holds_drain(&holds, &srcu), -EBUSY);
	CHECK_STR(shim_message, "what the device writes to");
	/* Another one is waited for, too */
	begin(NEVER);
	CHECK_EQ(sync_and_check(), BOUND);
	CHECK(sync_and_check() <= LONGEST);
	end(h);
	CHECK_EQ(mdev_mem_holds_drain(&holds, &srcu), -EBUSY);
	tear_down();
}

static void test_drained(void)
{
	struct held *h;

	set_up();
	h = begin(NEVER);
	CHECK_EQ(sync_and_check(), BOUND);
	h->ends = jiffies + 50;
	CHECK_EQ(mdev_mem_holds_drain(&holds, &srcu), 0);
	CHECK(!mdev_mem_holds_active(&holds));
	tear_down();
}

/* More of them than there are slots, so that new ones cannot be told from old ones */
static void test_all_hung(void)
{
	unsigned int i;

	set_up();
	busy = 2;
	for (i = 0; i < 2 * MDEV_MEM_HOLD_SLOTS; i++) {
		begin(NEVER);
		CHECK_EQ(sync_and_check(), BOUND);
	}
	for (i = 0; i < MOST; i++)
		if (held[i].ends == NEVER)
			end(&held[i]);
	/* It may still be that one slot only is free, but not for long. */
	sync_and_check();
	CHECK(sync_and_check() <= LONGEST);
	CHECK_EQ(mdev_mem_holds_drain(&holds, &srcu), 0);
	tear_down();
}

static void test_random(void)
{
	unsigned int i, j;

	set_up();
	for (i = 0; i < 3000; i++) {
		busy = unit_random(3);
		if (!unit_random(10))
			begin(NEVER);
		for (j = unit_random(10); j; j--)
			begin(jiffies + 1 + unit_random(LONGEST));
		if (unit_random(4))
			sync_and_check();
		else
			mdev_mem_holds_drain(&holds, &srcu);
		for (j = 0; j < MOST; j++)
			if (held[j].ends == NEVER && !unit_random(5))
				end(&held[j]);
	}
	tear_down();
}

const struct unit_test hold_tests[] = {
	{ "hold: nothing is waited for if nothing is held", test_none },
	{ "hold: what is held is waited for", test_old },
	{ "hold: what is held only since then is not waited for", test_new },
	{ "hold: a hold that does not end is given up, and waited for once",
	  test_hung },
	{ "hold: one that was given up is still waited for where it matters",
	  test_drained },
	{ "hold: waits end however many holds do not", test_all_hung },
	{ "hold: waits at random leave no hold that they waited for",
	  test_random },
	{ }
};
