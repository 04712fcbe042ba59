// SPDX-License-Identifier: GPL-2.0-only
/*
 * Holds of driver memory: what a memory needs to count them, and to wait for them.
 *
 * Whoever takes pages from the driver first makes lookups miss them, and then waits for
 * read sections and for holds that may have found them.  New holds go on meanwhile, so
 * they have to be told from old ones: there are a few *slots* of counters, and new holds
 * count in one of them, the current one.  A wait makes another slot the current one,
 * waits for the read sections in which somebody may be about to count in the old one,
 * and then for the other slots to become empty.
 *
 * A hold that lasts too long is given up: its slot is not waited for again, and not
 * used again until it is empty.
 */

#include <linux/cpumask.h>
#include <linux/device.h>
#include <linux/jiffies.h>
#include <linux/module.h>
#include <linux/percpu.h>
#include <linux/sched/signal.h>
#include <linux/smp.h>

#include <linux/mdev_mem_hold.h>

/*
 * How long to wait for holds.  Type1 calls an instance eleven times for a mapping, which
 * takes ten seconds and must be enough, see mdev_vfio/unmap.c.  An unmap that begins
 * while there is a wait for another one may have to wait twice as long as this.  After
 * that type1 has to come back once or twice more, because each time its locks are free
 * for a moment.
 */
#define MDEV_MEM_HOLD_WAIT	(3 * HZ)

/**
 * struct mdev_mem_hold_cpu - holds that began on a CPU
 * @nr: how many there are, by slot.  Only the current slot's grows.
 */
struct mdev_mem_hold_cpu {
	atomic_t nr[MDEV_MEM_HOLD_SLOTS];
};

/**
 * mdev_mem_holds_init() - a memory that can be held
 * @holds: zeroed
 * @dev: the device in messages
 *
 * Return: 0 or -ENOMEM.
 */
int mdev_mem_holds_init(struct mdev_mem_holds *holds, struct device *dev)
{
	holds->dev = dev;
	mutex_init(&holds->lock);
	init_waitqueue_head(&holds->released);
	holds->cpus = alloc_percpu(struct mdev_mem_hold_cpu);
	return holds->cpus ? 0 : -ENOMEM;
}
EXPORT_SYMBOL_GPL(mdev_mem_holds_init);

/* Is nothing held in any of the slots of a mask? */
static bool mdev_mem_holds_empty(const struct mdev_mem_holds *holds,
				 unsigned long slots)
{
	unsigned int slot;
	int cpu;

	/* A slot that does not grow is empty if each of its counters was 0 once. */
	for_each_possible_cpu(cpu)
		for (slot = 0; slot < MDEV_MEM_HOLD_SLOTS; slot++)
			if (slots & BIT(slot) &&
			    atomic_read(&per_cpu_ptr(holds->cpus, cpu)->nr[slot]))
				return false;
	return true;
}

/**
 * mdev_mem_holds_uninit() - undo mdev_mem_holds_init()
 * @holds: nothing is held
 *
 * A parent that is reset returns when all of its holds are released.
 */
void mdev_mem_holds_uninit(struct mdev_mem_holds *holds)
{
	WARN_ON_ONCE(mdev_mem_holds_active(holds));
	free_percpu(holds->cpus);
	mutex_destroy(&holds->lock);
}
EXPORT_SYMBOL_GPL(mdev_mem_holds_uninit);

/**
 * mdev_mem_holds_active() - whether something is held
 * @holds: the holds of a memory
 *
 * Context: any.  Exact if no hold begins meanwhile.
 */
bool mdev_mem_holds_active(const struct mdev_mem_holds *holds)
{
	return READ_ONCE(holds->used) &&
	       !mdev_mem_holds_empty(holds, MDEV_MEM_HOLD_ALL_SLOTS);
}
EXPORT_SYMBOL_GPL(mdev_mem_holds_active);

/**
 * mdev_mem_holds_begin() - count a hold
 * @holds: the holds of a memory
 *
 * For &mdev_mem_ops.hold.
 *
 * Context: any but an NMI, inside a read section.
 * Return: a token for mdev_mem_holds_end().
 */
int mdev_mem_holds_begin(struct mdev_mem_holds *holds)
{
	int cpu = raw_smp_processor_id();
	unsigned int slot;

	/* Whoever has waited for this section sees it, so that most need not count. */
	if (!READ_ONCE(holds->used))
		WRITE_ONCE(holds->used, true);
	slot = READ_ONCE(holds->slot);
	atomic_inc(&per_cpu_ptr(holds->cpus, cpu)->nr[slot]);
	return cpu * MDEV_MEM_HOLD_SLOTS + slot;
}
EXPORT_SYMBOL_GPL(mdev_mem_holds_begin);

/**
 * mdev_mem_holds_end() - undo mdev_mem_holds_begin()
 * @holds: the holds of a memory
 * @token: what mdev_mem_holds_begin() returned
 *
 * For &mdev_mem_ops.release.
 *
 * Context: any but an NMI, on any CPU.
 */
void mdev_mem_holds_end(struct mdev_mem_holds *holds, int token)
{
	int cpu = token / MDEV_MEM_HOLD_SLOTS, left;

	/*
	 * A full barrier: what was done to the pages is seen by whoever finds 0, and
	 * either that one finds 0 or is found waiting here.
	 */
	left = atomic_dec_return(&per_cpu_ptr(holds->cpus, cpu)->
				 nr[token % MDEV_MEM_HOLD_SLOTS]);
	WARN_ON_ONCE(left < 0);
	if (left)
		return;
	/* No barrier, see above. */
	if (waitqueue_active(&holds->released))
		wake_up(&holds->released);
}
EXPORT_SYMBOL_GPL(mdev_mem_holds_end);

/*
 * Have new holds count in a slot that is empty, if there is one.  Returns the slots in
 * which holds may be that have begun before.
 */
static unsigned long mdev_mem_holds_turn(struct mdev_mem_holds *holds)
{
	unsigned int slot;

	lockdep_assert_held(&holds->lock);
	for (slot = 0; slot < MDEV_MEM_HOLD_SLOTS; slot++) {
		if (slot == holds->slot || !mdev_mem_holds_empty(holds, BIT(slot)))
			continue;
		holds->given_up &= ~BIT(slot);
		WRITE_ONCE(holds->slot, slot);
		return MDEV_MEM_HOLD_ALL_SLOTS & ~BIT(slot);
	}
	/* All but one were given up: the current one may never be seen empty. */
	return MDEV_MEM_HOLD_ALL_SLOTS;
}

/*
 * Take out of a mask the slots that are empty.  Returns whether none is left.  A slot
 * is empty for as long as somebody has the lock; later it may be the current one.
 */
static bool mdev_mem_holds_ended(const struct mdev_mem_holds *holds,
				 unsigned long *slots)
{
	unsigned int slot;

	for (slot = 0; slot < MDEV_MEM_HOLD_SLOTS; slot++)
		if (*slots & BIT(slot) && mdev_mem_holds_empty(holds, BIT(slot)))
			*slots &= ~BIT(slot);
	return !*slots;
}

/**
 * mdev_mem_holds_sync() - wait for all that may have found some pages
 * @holds: the holds of a memory
 * @srcu: the read sections of that memory
 *
 * To be called in place of synchronize_srcu() before pages are unpinned that lookups
 * do not find any more.  Read sections are over afterwards, and so are holds, or they
 * have taken so long that the user and the host are not made to wait for them any more;
 * their pages have references then, see mdev_mem_get_page().  A hold is waited for once:
 * the next call does not wait for those that were given up.
 *
 * Context: process context, outside of any read section; sleeps, for a few seconds at
 * most, or several times that if several tasks call it at a time.
 */
void mdev_mem_holds_sync(struct mdev_mem_holds *holds, struct srcu_struct *srcu)
{
	unsigned long slots, waited;

	/* Expedited, because a user waits for this. */
	synchronize_srcu_expedited(srcu);
	if (!mdev_mem_holds_active(holds))
		return;

	mutex_lock(&holds->lock);
	slots = mdev_mem_holds_turn(holds);
	synchronize_srcu_expedited(srcu);
	waited = slots & ~holds->given_up;
	if (!wait_event_timeout(holds->released,
				mdev_mem_holds_ended(holds, &waited),
				MDEV_MEM_HOLD_WAIT)) {
		dev_warn_ratelimited(holds->dev,
				     "memory is taken away in which I/O has not ended for %u s, so what that I/O writes may be lost; check what is behind the device\n",
				     MDEV_MEM_HOLD_WAIT / HZ);
		/* Not the current one, which new holds are in. */
		holds->given_up |= waited & ~BIT(holds->slot);
	}
	mutex_unlock(&holds->lock);
}
EXPORT_SYMBOL_GPL(mdev_mem_holds_sync);

/**
 * mdev_mem_holds_drain() - wait for all holds that have begun before
 * @holds: the holds of a memory
 * @srcu: the read sections of that memory
 *
 * As mdev_mem_holds_sync(), also for those that were given up, for a caller that can do
 * without.
 *
 * Context: process context, outside of any read section; sleeps as long as
 * mdev_mem_holds_sync().
 * Return: 0 if no such hold is left; -EBUSY if one has not ended in time; -EINTR for a
 * task that is being killed.
 */
int mdev_mem_holds_drain(struct mdev_mem_holds *holds, struct srcu_struct *srcu)
{
	unsigned long slots;
	long left;

	synchronize_srcu_expedited(srcu);
	if (!mdev_mem_holds_active(holds))
		return 0;

	if (mutex_lock_killable(&holds->lock))
		return -EINTR;
	slots = mdev_mem_holds_turn(holds);
	synchronize_srcu_expedited(srcu);
	mutex_unlock(&holds->lock);
	/* Without the lock, because an unmap cannot be late. */
	left = wait_event_killable_timeout(holds->released,
					   mdev_mem_holds_ended(holds, &slots),
					   MDEV_MEM_HOLD_WAIT);
	if (left < 0)
		return -EINTR;
	if (left)
		return 0;
	dev_warn_ratelimited(holds->dev,
			     "cannot find out what the device writes to, because I/O has not ended for %u s; try again when it has, or check what is behind the device\n",
			     MDEV_MEM_HOLD_WAIT / HZ);
	return -EBUSY;
}
EXPORT_SYMBOL_GPL(mdev_mem_holds_drain);
