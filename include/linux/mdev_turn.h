/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Turns: who serves a queue, if a worker and those who kick both may.
 */
#ifndef _LINUX_MDEV_TURN_H
#define _LINUX_MDEV_TURN_H

#include <linux/atomic.h>
#include <linux/bitops.h>
#include <linux/compiler.h>
#include <linux/types.h>

#include <linux/mdev_worker.h>

/**
 * DOC: turns
 *
 * A parent may have whoever kicks serve a queue, at once or as a &struct mdev_visit.  It
 * has a worker, too, which serves what is left.  They share what serving the queue takes,
 * so one of them serves it at a time: it has the turn, from mdev_turn_begin() or
 * mdev_turn_begin_work() to mdev_turn_end().
 *
 * Nobody waits for the turn.  It is no lock that could be waited for: the worker may
 * sleep while it has the turn, and a kick comes in any context.  So
 *
 * - a kick that does not get the turn leaves the queue to the worker, by
 *   mdev_worker_queue().  Whoever has the turn may have looked already;
 * - a worker that does not get the turn says that it wants it, and ends its work.
 *   Whoever has the turn queues the work again at its end.
 *
 * A turn is not a claim of a virtqueue.  Whoever has the turn calls mdev_vq_claim(), and
 * may do so several times in one turn.  What waits for a virtqueue to stop waits for the
 * claim alone, so the turn may last on after mdev_vq_release().
 */

/* Bit of &mdev_turn.flags: somebody serves the queue. */
#define MDEV_TURN_BUSY		0

/* Bit of &mdev_turn.flags: the worker has come meanwhile.  Only the worker sets it. */
#define MDEV_TURN_WANTED	1

/**
 * struct mdev_turn - whose turn it is to serve a queue
 *
 * Embedded by the parent in what it serves together, a queue or a pair of queues.  Memory
 * that is zero is one that nobody has.  A turn guards what the parent says it does: what
 * one that serves leaves for the next.
 */
struct mdev_turn {
	/* private: MDEV_TURN_BUSY, MDEV_TURN_WANTED */
	unsigned long flags;
};

/**
 * mdev_turn_begin() - take the turn, for anybody but the worker
 * @turn: the turn
 *
 * If it is true, what the last one that had the turn has written is seen.  If it is
 * false, nothing is ordered: the caller queues the work, and the lock of the worker
 * makes the worker see what the caller has seen.
 *
 * Context: any; does not wait.
 * Return: true if the caller has the turn, and calls mdev_turn_end(); false if somebody
 * else has it, who may have looked at the queue before the kick: the worker has to look
 * again.
 */
static inline bool mdev_turn_begin(struct mdev_turn *turn)
{
	/* An acquire.  Pairs with clear_bit_unlock() in mdev_turn_end() */
	return !test_and_set_bit_lock(MDEV_TURN_BUSY, &turn->flags);
}

/**
 * mdev_turn_begin_work() - take the turn, for the worker
 * @turn: the turn
 *
 * There is one worker for a turn, and this is called in the work that mdev_turn_end() is
 * given, so it runs once at a time.
 *
 * Context: a work; does not wait.
 * Return: true if the caller has the turn, and calls mdev_turn_end(); false if somebody
 * else has it, who queues the work again: the caller has nothing to do.
 */
static inline bool mdev_turn_begin_work(struct mdev_turn *turn)
{
	if (!mdev_turn_begin(turn)) {
		set_bit(MDEV_TURN_WANTED, &turn->flags);
		/*
		 * Here WANTED is written, and then BUSY read; mdev_turn_end() writes
		 * BUSY and then reads WANTED.  With a full barrier in both of them one
		 * sees what the other has written at least: either the turn is free now,
		 * or whoever has it sees that it is wanted.
		 */
		smp_mb__after_atomic();
		if (!mdev_turn_begin(turn))
			return false;
	}
	/*
	 * The turn is the worker's, so nobody has to queue it again.  Whoever ended its
	 * turn just now may have seen the bit: then the work runs once more, for nothing.
	 */
	clear_bit(MDEV_TURN_WANTED, &turn->flags);
	return true;
}

/**
 * mdev_turn_end() - give the turn back
 * @turn: the turn, which the caller has
 * @worker: of the queue; it may be stopped, but has to exist: it is used after the turn
 *	is free, so the caller must have a reason of its own why it does
 * @work: that of @worker which calls mdev_turn_begin_work()
 *
 * Queues @work if the worker wanted the turn meanwhile.
 *
 * Context: any.
 */
static inline void mdev_turn_end(struct mdev_turn *turn,
				 struct mdev_worker *worker,
				 struct mdev_work *work)
{
	/* A release.  Pairs with test_and_set_bit_lock() in mdev_turn_begin() */
	clear_bit_unlock(MDEV_TURN_BUSY, &turn->flags);
	/* Pairs with smp_mb__after_atomic() in mdev_turn_begin_work() */
	smp_mb__after_atomic();
	/* Mostly it is not set, and a read is cheap; only one of several queues it. */
	if (unlikely(test_bit(MDEV_TURN_WANTED, &turn->flags)) &&
	    test_and_clear_bit(MDEV_TURN_WANTED, &turn->flags))
		mdev_worker_queue(worker, work);
}

#endif /* _LINUX_MDEV_TURN_H */
