// SPDX-License-Identifier: GPL-2.0-only
/*
 * Driver memory behind a VFIO container: nothing is pinned in a range while an
 * unmap of it is in progress.
 */

#include <linux/cred.h>
#include <linux/hashtable.h>
#include <linux/module.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/task_work.h>
#include <linux/user_namespace.h>
#include <linux/vfio.h>

#include "hold.h"
#include "mem.h"

/**
 * struct mdev_vfio_user - the user that a task belongs to
 * @uid: the user's ID
 * @ns: the outermost user namespace, if that belongs to root; only compared
 */
struct mdev_vfio_user {
	kuid_t uid;
	const void *ns;
};

/**
 * struct mdev_vfio_unmapper - a task in an unmap ioctl
 * @work: run by the task on its way back to user mode, or when it exits
 * @node: in mdev_vfio_unmappers
 * @holds: struct mdev_vfio_hold, one for each instance that the task has called;
 *	only the task itself uses this list
 * @task: the task; never dereferenced, and it outlives @work
 * @user: the user on whose behalf the task runs
 * @began: number of this unmapper; that of a later one is larger
 * @notice: how often type1 has called all instances
 * @strict: it has called an instance that joined later than it began
 * @calls: how often, at most, type1 can have found the same mapping
 * @iova: beginning of the mapping of the last call
 */
struct mdev_vfio_unmapper {
	struct callback_head work;
	struct hlist_node node;
	struct list_head holds;
	struct task_struct *task;
	struct mdev_vfio_user user;
	u64 began;
	unsigned long notice;
	bool strict;
	unsigned int calls;
	u64 iova;
};

/**
 * struct mdev_vfio_hold - a range of an instance in which nothing may be pinned
 * @node: in &mdev_vfio_mem.holds, guarded by the lock of that; empty while the
 *	device is closed, because the next user has nothing to do with it
 * @task_node: in &mdev_vfio_unmapper.holds
 * @vm: the memory; the reference to its VFIO device keeps it until
 *	&mdev_vfio_unmapper.work is done
 * @first: lowest address that is being unmapped
 * @last: highest address that is being unmapped
 * @all: nothing may be pinned anywhere else either
 * @notice: the last &mdev_vfio_unmapper.notice that the instance knows of
 * @hurried: the first call's wait was too short, so type1 has called again
 */
struct mdev_vfio_hold {
	struct list_head node;
	struct list_head task_node;
	struct mdev_vfio_mem *vm;
	u64 first;
	u64 last;
	bool all;
	unsigned long notice;
	bool hurried;
};

/*
 * The unmappers of all containers, by task.  A task that has called some instances
 * of a container may next call one that has only just been opened, so they are not
 * kept with the instances.
 */
static DEFINE_HASHTABLE(mdev_vfio_unmappers, 6);
static u64 mdev_vfio_unmappers_began;
/* Guards these two.  Nothing waits under the lock. */
static DEFINE_SPINLOCK(mdev_vfio_unmappers_lock);
/* Woken when an unmapper is gone */
static DECLARE_WAIT_QUEUE_HEAD(mdev_vfio_unmappers_gone);

/*
 * The user on whose behalf the current task acts.  In a user namespace, one user
 * may have many IDs, so this is the owner of the outermost one.  If that is root,
 * the namespace belongs to a container manager, and counts as a user by itself.
 */
static struct mdev_vfio_user mdev_vfio_user(void)
{
	const struct cred *cred = current_cred();
	struct mdev_vfio_user user = { .uid = cred->uid };
	struct user_namespace *ns;

	for (ns = cred->user_ns; ns->parent; ns = ns->parent) {
		user.uid = ns->owner;
		user.ns = uid_eq(ns->owner, GLOBAL_ROOT_UID) ? ns : NULL;
	}
	return user;
}

static bool mdev_vfio_user_eq(const struct mdev_vfio_user *a,
			      const struct mdev_vfio_user *b)
{
	return uid_eq(a->uid, b->uid) && a->ns == b->ns;
}

/* ---- tasks in an unmap ioctl ---- */

static struct mdev_vfio_unmapper *mdev_vfio_unmapper_find(void)
{
	unsigned long key = (unsigned long)current;
	struct mdev_vfio_unmapper *um;

	lockdep_assert_held(&mdev_vfio_unmappers_lock);
	hash_for_each_possible(mdev_vfio_unmappers, um, node, key)
		if (um->task == current)
			return um;
	return NULL;
}

static void mdev_vfio_hold_free(struct mdev_vfio_hold *hold)
{
	struct mdev_vfio_mem *vm = hold->vm;
	struct module *owner = vm->owner;

	mdev_vfio_lock(vm);
	list_del(&hold->node);
	mdev_vfio_unlock(vm);
	wake_up_all(&vm->drained);
	kfree(hold);
	/* Both pair with mdev_vfio_hold_add(); the first may free @vm. */
	vfio_put_device(vm->vdev);
	module_put(owner);
}

static void mdev_vfio_unmapper_end(struct callback_head *work)
{
	struct mdev_vfio_unmapper *um =
		container_of(work, struct mdev_vfio_unmapper, work);
	struct mdev_vfio_hold *hold, *next;
	LIST_HEAD(holds);

	spin_lock(&mdev_vfio_unmappers_lock);
	hash_del(&um->node);
	spin_unlock(&mdev_vfio_unmappers_lock);
	wake_up_all(&mdev_vfio_unmappers_gone);
	list_splice(&um->holds, &holds);
	kfree(um);
	list_for_each_entry_safe(hold, next, &holds, task_node)
		mdev_vfio_hold_free(hold);
}

/* The current task's unmapper, which the first call of an ioctl makes. */
static struct mdev_vfio_unmapper *mdev_vfio_unmapper_of_current(void)
{
	struct mdev_vfio_unmapper *um;

	spin_lock(&mdev_vfio_unmappers_lock);
	um = mdev_vfio_unmapper_find();
	spin_unlock(&mdev_vfio_unmappers_lock);
	if (um)
		return um;

	/* It is small, and dma_unmap cannot fail. */
	um = kzalloc(sizeof(*um), GFP_KERNEL_ACCOUNT | __GFP_NOFAIL);
	init_task_work(&um->work, mdev_vfio_unmapper_end);
	INIT_LIST_HEAD(&um->holds);
	um->task = current;
	um->user = mdev_vfio_user();

	spin_lock(&mdev_vfio_unmappers_lock);
	um->began = ++mdev_vfio_unmappers_began;
	hash_add(mdev_vfio_unmappers, &um->node, (unsigned long)current);
	spin_unlock(&mdev_vfio_unmappers_lock);
	return um;
}

/*
 * Type1 counts how often in a row it finds the same mapping.  It compares pointers,
 * and the same pointer may belong to another mapping that was made in between.  So
 * each call counts until nothing can be pinned again in any mapping.  From then on
 * a call counts if it is for the same mapping as the last one, and a call for
 * another mapping starts again from that number.  If there is an instance that
 * could pin nevertheless (@strict), every call of the ioctl counts.
 */
static void mdev_vfio_unmapper_count(struct mdev_vfio_unmapper *um, u64 iova)
{
	um->notice++;
	if (um->calls < MDEV_VFIO_HOLD_ALL || um->iova == iova)
		um->calls++;
	else
		um->calls = MDEV_VFIO_HOLD_ALL + 1;
	um->iova = iova;
	if (um->strict)
		um->calls = min_t(unsigned long, um->notice, UINT_MAX);
}

/* ---- holds ---- */

static struct mdev_vfio_hold *
mdev_vfio_hold_find(struct mdev_vfio_unmapper *um, struct mdev_vfio_mem *vm)
{
	struct mdev_vfio_hold *hold;

	list_for_each_entry(hold, &um->holds, task_node)
		if (hold->vm == vm)
			return hold;
	return NULL;
}

static struct mdev_vfio_hold *mdev_vfio_hold_add(struct mdev_vfio_unmapper *um,
						 struct mdev_vfio_mem *vm)
{
	struct mdev_vfio_hold *hold;

	hold = kzalloc(sizeof(*hold), GFP_KERNEL_ACCOUNT | __GFP_NOFAIL);
	INIT_LIST_HEAD(&hold->node);
	hold->vm = vm;
	hold->first = U64_MAX;
	list_add(&hold->task_node, &um->holds);
	/*
	 * The device's module is in use until the ioctl ends, so that unloading
	 * it does not have to wait for that.  Both references pair with
	 * mdev_vfio_hold_free().
	 */
	__module_get(vm->owner);
	get_device(&vm->vdev->device);
	return hold;
}

/*
 * Whether the instance may have pinned something without knowing of the ioctl,
 * which had already begun.  That is possible if it is another user's ioctl, see
 * mdev_vfio_join().
 */
static bool mdev_vfio_is_late(struct mdev_vfio_mem *vm,
			      const struct mdev_vfio_unmapper *um)
{
	bool late;

	mdev_vfio_lock(vm);
	late = vm->open && vm->joined && um->began <= vm->joined_at;
	mdev_vfio_unlock(vm);
	return late;
}

/**
 * mdev_vfio_hold() - pin nothing in a range until the current task's ioctl ends
 * @vm: the memory
 * @first: lowest address
 * @last: highest address
 *
 * An ioctl that unmaps several ranges holds everything from the lowest to the
 * highest of them, and from call number MDEV_VFIO_HOLD_ALL on all of the memory.
 * A task in such an ioctl has one hold for each instance that it has called, so a
 * user cannot use up the kernel's memory with holds.
 *
 * Context: vfio's dma_unmap; sleeps.
 * Return: how often type1 may have found this mapping, including this time.
 */
unsigned int mdev_vfio_hold(struct mdev_vfio_mem *vm, u64 first, u64 last)
{
	struct mdev_vfio_unmapper *um = mdev_vfio_unmapper_of_current();
	bool fresh = list_empty(&um->holds);
	struct mdev_vfio_hold *hold;
	unsigned int calls;
	bool late;

	hold = mdev_vfio_hold_find(um, vm);
	late = mdev_vfio_is_late(vm, um);
	if (late)
		um->strict = true;
	if (fresh || late || (hold && hold->notice == um->notice))
		/* The first instance that is told of this call */
		mdev_vfio_unmapper_count(um, first);
	if (!hold)
		hold = mdev_vfio_hold_add(um, vm);
	hold->notice = um->notice;
	calls = um->calls;

	mdev_vfio_lock(vm);
	hold->first = min(hold->first, first);
	hold->last = max(hold->last, last);
	hold->all = calls >= MDEV_VFIO_HOLD_ALL;
	hold->hurried = calls > 1;
	/* A closed device that is still in the container pins nothing. */
	if (vm->open && list_empty(&hold->node))
		list_add(&hold->node, &vm->holds);
	mdev_vfio_unlock(vm);

	if (!fresh)
		return calls;
	if (!(current->flags & PF_KTHREAD) &&
	    !task_work_add(current, &um->work, TWA_RESUME))
		return calls;

	/*
	 * The task is not in an ioctl, so the hold would never end.  Pin no more
	 * data until the next reset instead.  The only known callers of this kind
	 * are closing a device.
	 */
	mdev_vfio_lock(vm);
	vm->limited = true;
	mdev_vfio_unlock(vm);
	mdev_vfio_unmapper_end(&um->work);
	return calls;
}

/* Is somebody unmapping part of a range? */
bool mdev_vfio_is_unmapping(struct mdev_vfio_mem *vm, u64 first, u64 last)
{
	struct mdev_vfio_hold *hold;

	lockdep_assert_held(&vm->pages.xa_lock);
	list_for_each_entry(hold, &vm->holds, node)
		if (mdev_vfio_overlap(first, last, hold->first, hold->last))
			return true;
	return false;
}

/* May nothing be pinned in a range, because somebody is unmapping? */
bool mdev_vfio_held(struct mdev_vfio_mem *vm, u64 first, u64 last)
{
	struct mdev_vfio_hold *hold;

	lockdep_assert_held(&vm->pages.xa_lock);
	list_for_each_entry(hold, &vm->holds, node)
		if (hold->all)
			return true;
	return mdev_vfio_is_unmapping(vm, first, last);
}

/* Is there an unmap for which it takes too long to unpin one run after another? */
bool mdev_vfio_hurried(struct mdev_vfio_mem *vm)
{
	struct mdev_vfio_hold *hold;

	lockdep_assert_held(&vm->pages.xa_lock);
	/* With several unmaps at a time, type1's lock is rarely free. */
	if (!list_empty(&vm->holds) && !list_is_singular(&vm->holds))
		return true;
	list_for_each_entry(hold, &vm->holds, node)
		if (hold->hurried)
			return true;
	return false;
}

/* ---- devices that are opened meanwhile ---- */

/* Does a user have unmappers whose number is at most @began? */
static bool mdev_vfio_user_unmaps(const struct mdev_vfio_user *user, u64 began)
{
	struct mdev_vfio_unmapper *um;
	bool found = false;
	int bucket;

	spin_lock(&mdev_vfio_unmappers_lock);
	hash_for_each(mdev_vfio_unmappers, bucket, um, node)
		if (um->began <= began && mdev_vfio_user_eq(&um->user, user))
			found = true;
	spin_unlock(&mdev_vfio_unmappers_lock);
	return found;
}

/**
 * mdev_vfio_join() - before the first pin since the device was opened
 * @vm: the memory, open
 * @timeout: jiffies to wait at most
 *
 * Unmaps of the container that began before the device was in it did not call the
 * device, but type1 would count each time that it found the device's pins.  Which
 * container an unmap is of is not known here, but its user is, so this waits for
 * the earlier unmaps of the same user.  An unmap of another user can only get in
 * the way if the two users cooperate; mdev_vfio_hold() counts its calls more
 * strictly.
 *
 * Context: process context, called by the user; sleeps.
 * Return: what is left of @timeout, at least 1; -EINTR for a signal; -EBUSY if
 * such an unmap does not end.
 */
long mdev_vfio_join(struct mdev_vfio_mem *vm, long timeout)
{
	struct mdev_vfio_user user = mdev_vfio_user();
	u64 began;
	long left;

	if (READ_ONCE(vm->joined))
		return timeout;

	spin_lock(&mdev_vfio_unmappers_lock);
	began = mdev_vfio_unmappers_began;
	spin_unlock(&mdev_vfio_unmappers_lock);

	if (vm->killable)
		left = wait_event_killable_timeout(mdev_vfio_unmappers_gone,
						   !mdev_vfio_user_unmaps(&user, began),
						   timeout);
	else
		left = wait_event_interruptible_timeout(mdev_vfio_unmappers_gone,
							!mdev_vfio_user_unmaps(&user, began),
							timeout);
	if (left < 0)
		return -EINTR;
	if (!left) {
		dev_warn_ratelimited(vm->dev,
				     "cannot map virtqueues, because an unmap of the same user goes on since before the device was opened; try again when it has ended\n");
		return -EBUSY;
	}
	mdev_vfio_lock(vm);
	vm->joined = true;
	vm->joined_at = began;
	mdev_vfio_unlock(vm);
	return left;
}

/**
 * mdev_vfio_hold_close() - forget unmaps that are in progress
 * @vm: the memory, closed, with nothing pinned in it
 *
 * They do not concern the next user, unless it is the same one: see
 * mdev_vfio_join().
 *
 * Context: process context.
 */
void mdev_vfio_hold_close(struct mdev_vfio_mem *vm)
{
	struct mdev_vfio_hold *hold, *next;

	mdev_vfio_lock(vm);
	list_for_each_entry_safe(hold, next, &vm->holds, node)
		list_del_init(&hold->node);
	mdev_vfio_unlock(vm);
}
