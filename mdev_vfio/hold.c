// SPDX-License-Identifier: GPL-2.0-only
/*
 * Driver memory behind a VFIO container: nothing is pinned in a range for as
 * long as an unmap of it goes on.
 */

#include <linux/cred.h>
#include <linux/hashtable.h>
#include <linux/module.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/task_work.h>
#include <linux/user_namespace.h>

#include "mdev_vfio_private.h"

/**
 * struct vhost_mem_user - whom a task belongs to
 * @uid: its id
 * @ns: the outermost user namespace, if that belongs to root; only compared
 */
struct vhost_mem_user {
	kuid_t uid;
	const void *ns;
};

/**
 * struct vhost_mem_unmapper - a task in an unmap ioctl
 * @work: run by the task on its way back to user mode, or when it exits
 * @node: in vhost_mem_unmappers
 * @holds: struct vhost_mem_hold, one for each instance that the task has called;
 *	only the task itself uses this list
 * @task: never looked into, and it outlives @work
 * @user: on whose behalf
 * @began: number of this unmapper; that of a later one is larger
 * @notice: how often type1 has called all instances
 * @strict: it has come across an instance that joined later than it began
 * @calls: how often at most type1 can have come across one mapping
 * @iova: beginning of the mapping of the last call
 */
struct vhost_mem_unmapper {
	struct callback_head work;
	struct hlist_node node;
	struct list_head holds;
	struct task_struct *task;
	struct vhost_mem_user user;
	u64 began;
	unsigned long notice;
	bool strict;
	unsigned int calls;
	u64 iova;
};

/**
 * struct vhost_mem_hold - a range of an instance in which nothing may be pinned
 * @node: in &vhost_mem_vfio.holds, guarded by the lock of that; empty while the
 *	device is closed, because the next user has nothing to do with it
 * @task_node: in &vhost_mem_unmapper.holds
 * @vm: the memory; the reference to its VFIO device keeps it until
 *	&vhost_mem_unmapper.work is done
 * @first: lowest address that is being unmapped
 * @last: highest address that is being unmapped
 * @all: nothing may be pinned elsewhere either
 * @notice: the last &vhost_mem_unmapper.notice that the instance knows of
 * @hurried: an unmap could not wait for so long as it takes
 */
struct vhost_mem_hold {
	struct list_head node;
	struct list_head task_node;
	struct vhost_mem_vfio *vm;
	u64 first;
	u64 last;
	bool all;
	unsigned long notice;
	bool hurried;
};

/*
 * Those of all containers by task, because one that has called some instances of
 * a container may come across another one that has only now been opened.
 */
static DEFINE_HASHTABLE(vhost_mem_unmappers, 6);
static u64 vhost_mem_unmappers_began;
/* Guards these two.  Nothing waits under the lock. */
static DEFINE_SPINLOCK(vhost_mem_unmappers_lock);
/* Woken when an unmapper is gone */
static DECLARE_WAIT_QUEUE_HEAD(vhost_mem_unmappers_gone);

/*
 * The user on whose behalf the current task acts: outside of user namespaces, in
 * which one user may have many ids.  Those that root has made belong to a container
 * manager, and each is a user by itself.
 */
static struct vhost_mem_user vhost_mem_user(void)
{
	const struct cred *cred = current_cred();
	struct vhost_mem_user user = { .uid = cred->uid };
	struct user_namespace *ns;

	for (ns = cred->user_ns; ns->parent; ns = ns->parent) {
		user.uid = ns->owner;
		user.ns = uid_eq(ns->owner, GLOBAL_ROOT_UID) ? ns : NULL;
	}
	return user;
}

static bool vhost_mem_user_eq(const struct vhost_mem_user *a,
			      const struct vhost_mem_user *b)
{
	return uid_eq(a->uid, b->uid) && a->ns == b->ns;
}

/* ---- tasks in an unmap ioctl ---- */

static struct vhost_mem_unmapper *vhost_mem_unmapper_find(void)
{
	unsigned long key = (unsigned long)current;
	struct vhost_mem_unmapper *um;

	lockdep_assert_held(&vhost_mem_unmappers_lock);
	hash_for_each_possible(vhost_mem_unmappers, um, node, key)
		if (um->task == current)
			return um;
	return NULL;
}

static void vhost_mem_hold_free(struct vhost_mem_hold *hold)
{
	struct vhost_mem_vfio *vm = hold->vm;
	struct module *owner = vm->owner;

	vhost_mem_lock(vm);
	list_del(&hold->node);
	vhost_mem_unlock(vm);
	wake_up_all(&vm->drained);
	kfree(hold);
	/* Both pair with vhost_mem_hold_add(); the first may free @vm. */
	vfio_put_device(vm->vdev);
	module_put(owner);
}

static void vhost_mem_unmapper_end(struct callback_head *work)
{
	struct vhost_mem_unmapper *um =
		container_of(work, struct vhost_mem_unmapper, work);
	struct vhost_mem_hold *hold, *next;
	LIST_HEAD(holds);

	spin_lock(&vhost_mem_unmappers_lock);
	hash_del(&um->node);
	spin_unlock(&vhost_mem_unmappers_lock);
	wake_up_all(&vhost_mem_unmappers_gone);
	list_splice(&um->holds, &holds);
	kfree(um);
	list_for_each_entry_safe(hold, next, &holds, task_node)
		vhost_mem_hold_free(hold);
}

/* The current task's; made by its first call of the ioctl. */
static struct vhost_mem_unmapper *vhost_mem_unmapper_get(void)
{
	struct vhost_mem_unmapper *um;

	spin_lock(&vhost_mem_unmappers_lock);
	um = vhost_mem_unmapper_find();
	spin_unlock(&vhost_mem_unmappers_lock);
	if (um)
		return um;

	/* Small, and there is no way to refuse. */
	um = kzalloc(sizeof(*um), GFP_KERNEL_ACCOUNT | __GFP_NOFAIL);
	init_task_work(&um->work, vhost_mem_unmapper_end);
	INIT_LIST_HEAD(&um->holds);
	um->task = current;
	um->user = vhost_mem_user();

	spin_lock(&vhost_mem_unmappers_lock);
	um->began = ++vhost_mem_unmappers_began;
	hash_add(vhost_mem_unmappers, &um->node, (unsigned long)current);
	spin_unlock(&vhost_mem_unmappers_lock);
	return um;
}

/*
 * Type1 counts how often it finds one mapping, by the pointer to it, and that can
 * be a pointer to another mapping which was made in between.  So until nothing
 * can be pinned anew in any mapping each call counts, and from then on those that
 * are for the same mapping as the last one do besides.  With an instance that could
 * pin all the same each call counts again, and each one that there has been.
 */
static void vhost_mem_unmapper_count(struct vhost_mem_unmapper *um, u64 iova)
{
	um->notice++;
	if (um->calls < VHOST_MEM_HOLD_ALL || um->iova == iova)
		um->calls++;
	else
		um->calls = VHOST_MEM_HOLD_ALL + 1;
	um->iova = iova;
	if (um->strict)
		um->calls = min_t(unsigned long, um->notice, UINT_MAX);
}

/* ---- holds ---- */

static struct vhost_mem_hold *
vhost_mem_hold_find(struct vhost_mem_unmapper *um, struct vhost_mem_vfio *vm)
{
	struct vhost_mem_hold *hold;

	list_for_each_entry(hold, &um->holds, task_node)
		if (hold->vm == vm)
			return hold;
	return NULL;
}

static struct vhost_mem_hold *vhost_mem_hold_add(struct vhost_mem_unmapper *um,
						 struct vhost_mem_vfio *vm)
{
	struct vhost_mem_hold *hold;

	hold = kzalloc(sizeof(*hold), GFP_KERNEL_ACCOUNT | __GFP_NOFAIL);
	INIT_LIST_HEAD(&hold->node);
	hold->vm = vm;
	hold->first = U64_MAX;
	list_add(&hold->task_node, &um->holds);
	/*
	 * The module of the device is in use for as long as the ioctl takes,
	 * instead of waiting for that when it is unloaded.  Both pair with
	 * vhost_mem_hold_free().
	 */
	__module_get(vm->owner);
	get_device(&vm->vdev->device);
	return hold;
}

/*
 * Whether the instance may have pinned something without having heard of the ioctl
 * before: it is another user's, see vhost_mem_join().
 */
static bool vhost_mem_is_late(struct vhost_mem_vfio *vm,
			      const struct vhost_mem_unmapper *um)
{
	bool late;

	vhost_mem_lock(vm);
	late = vm->open && vm->joined && um->began <= vm->joined_at;
	vhost_mem_unlock(vm);
	return late;
}

/**
 * vhost_mem_hold() - pin nothing in a range until the current task's ioctl ends
 * @vm: the memory
 * @first: lowest address
 * @last: highest address
 *
 * One that unmaps several ranges holds all between the first and the last of
 * them, and from the call with number VHOST_MEM_HOLD_ALL on the whole of the
 * memory.  There are as many holds as instances that tasks in such an ioctl have
 * called, so this is no way to get at the kernel's memory.
 *
 * Context: vfio's dma_unmap; sleeps.
 * Return: how often type1 may have come across this mapping, including this time.
 */
unsigned int vhost_mem_hold(struct vhost_mem_vfio *vm, u64 first, u64 last)
{
	struct vhost_mem_unmapper *um = vhost_mem_unmapper_get();
	bool fresh = list_empty(&um->holds);
	struct vhost_mem_hold *hold;
	unsigned int calls;
	bool late;

	hold = vhost_mem_hold_find(um, vm);
	late = vhost_mem_is_late(vm, um);
	if (late)
		um->strict = true;
	if (fresh || late || (hold && hold->notice == um->notice))
		/* The first instance that is told of this call */
		vhost_mem_unmapper_count(um, first);
	if (!hold)
		hold = vhost_mem_hold_add(um, vm);
	hold->notice = um->notice;
	calls = um->calls;

	vhost_mem_lock(vm);
	hold->first = min(hold->first, first);
	hold->last = max(hold->last, last);
	hold->all = calls >= VHOST_MEM_HOLD_ALL;
	hold->hurried = calls > 1;
	/* One that is closed, and still in the container, pins nothing. */
	if (vm->open && list_empty(&hold->node))
		list_add(&hold->node, &vm->holds);
	vhost_mem_unlock(vm);

	if (!fresh)
		return calls;
	if (!(current->flags & PF_KTHREAD) &&
	    !task_work_add(current, &um->work, TWA_RESUME))
		return calls;

	/*
	 * Not in an ioctl, so that there is no end to wait for.  No caller like
	 * that is known but those that close a device.
	 */
	vhost_mem_lock(vm);
	vm->limited = true;
	vhost_mem_unlock(vm);
	vhost_mem_unmapper_end(&um->work);
	return calls;
}

/* Is somebody unmapping part of a range? */
bool vhost_mem_unmapped(struct vhost_mem_vfio *vm, u64 first, u64 last)
{
	struct vhost_mem_hold *hold;

	lockdep_assert_held(&vm->pages.xa_lock);
	list_for_each_entry(hold, &vm->holds, node)
		if (vhost_mem_overlap(first, last, hold->first, hold->last))
			return true;
	return false;
}

/* May nothing be pinned in a range, because somebody is unmapping? */
bool vhost_mem_held(struct vhost_mem_vfio *vm, u64 first, u64 last)
{
	struct vhost_mem_hold *hold;

	lockdep_assert_held(&vm->pages.xa_lock);
	list_for_each_entry(hold, &vm->holds, node)
		if (hold->all)
			return true;
	return vhost_mem_unmapped(vm, first, last);
}

/* Does somebody unmap for whom one run after the other takes too long? */
bool vhost_mem_hurried(struct vhost_mem_vfio *vm)
{
	struct vhost_mem_hold *hold;

	lockdep_assert_held(&vm->pages.xa_lock);
	/* With several of them type1's lock is rarely free. */
	if (!list_empty(&vm->holds) && !list_is_singular(&vm->holds))
		return true;
	list_for_each_entry(hold, &vm->holds, node)
		if (hold->hurried)
			return true;
	return false;
}

/* ---- devices that are opened meanwhile ---- */

/* Are there unmappers of a user up to one of a number? */
static bool vhost_mem_unmapping(const struct vhost_mem_user *user, u64 began)
{
	struct vhost_mem_unmapper *um;
	bool found = false;
	int bucket;

	spin_lock(&vhost_mem_unmappers_lock);
	hash_for_each(vhost_mem_unmappers, bucket, um, node)
		if (um->began <= began && vhost_mem_user_eq(&um->user, user))
			found = true;
	spin_unlock(&vhost_mem_unmappers_lock);
	return found;
}

/**
 * vhost_mem_join() - before the first pin since the device was opened
 * @vm: the memory, open
 * @timeout: jiffies to wait at most
 *
 * Unmaps of the container that began before the device was in it do not know the
 * device, and each that came across its pins would count.  Which container that
 * is nobody tells, but not for which user.  For another user's, which takes two
 * users who do this together, vhost_mem_hold() counts more strictly.
 *
 * Context: process context, by the user; sleeps.
 * Return: what is left of @timeout, at least 1; -EINTR for a signal; -EBUSY if
 * such an unmap does not end.
 */
long vhost_mem_join(struct vhost_mem_vfio *vm, long timeout)
{
	struct vhost_mem_user user = vhost_mem_user();
	u64 began;
	long left;

	if (READ_ONCE(vm->joined))
		return timeout;

	spin_lock(&vhost_mem_unmappers_lock);
	began = vhost_mem_unmappers_began;
	spin_unlock(&vhost_mem_unmappers_lock);

	left = wait_event_interruptible_timeout(vhost_mem_unmappers_gone,
						!vhost_mem_unmapping(&user, began),
						timeout);
	if (left < 0)
		return -EINTR;
	if (!left) {
		dev_warn_ratelimited(vm->dev,
				     "cannot map virtqueues, because an unmap of the same user goes on since before the device was opened; try again when it has ended\n");
		return -EBUSY;
	}
	vhost_mem_lock(vm);
	vm->joined = true;
	vm->joined_at = began;
	vhost_mem_unlock(vm);
	return left;
}

/**
 * vhost_mem_hold_close() - forget unmaps that go on
 * @vm: the memory, closed, with nothing pinned in it
 *
 * They are none of the next user's business, unless that is the same one: see
 * vhost_mem_join().
 *
 * Context: process context.
 */
void vhost_mem_hold_close(struct vhost_mem_vfio *vm)
{
	struct vhost_mem_hold *hold, *next;

	vhost_mem_lock(vm);
	list_for_each_entry_safe(hold, next, &vm->holds, node)
		list_del_init(&hold->node);
	vhost_mem_unlock(vm);
}
