// SPDX-License-Identifier: GPL-2.0-only
/*
 * Driver memory behind a VFIO container: nothing is pinned in a range for as
 * long as an unmap of it goes on.
 */

#include <linux/hashtable.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/task_work.h>

#include "mem_vfio.h"

/**
 * struct vhost_mem_hold - what a task is unmapping
 * @work: run by the task on its way back to user mode, or when it exits
 * @node: in &vhost_mem_vfio.holds
 * @task_node: in vhost_mem_tasks
 * @vm: the memory; the reference to its VFIO device keeps it, and through that
 *	this module, until @work is done
 * @task: whose; never looked into, and it outlives @work
 * @first: lowest address
 * @last: highest address
 * @iova: beginning of the mapping of the last call
 * @calls: how many in a row were for that one
 */
struct vhost_mem_hold {
	struct callback_head work;
	struct list_head node;
	struct hlist_node task_node;
	struct vhost_mem_vfio *vm;
	struct task_struct *task;
	u64 first;
	u64 last;
	u64 iova;
	unsigned int calls;
};

/*
 * Those of all instances by task: what one has counted is news to another that
 * is opened in the middle of it.  Nothing waits under the lock.
 */
static DEFINE_HASHTABLE(vhost_mem_tasks, 6);
static DEFINE_SPINLOCK(vhost_mem_tasks_lock);

/* Count a call.  Who is called first counts as those who were before. */
static unsigned int vhost_mem_hold_count(struct vhost_mem_hold *own, u64 iova)
{
	unsigned long key = (unsigned long)current;
	struct vhost_mem_hold *hold;

	spin_lock(&vhost_mem_tasks_lock);
	if (own->iova == iova && own->calls) {
		own->calls++;
	} else {
		own->calls = 1;
		hash_for_each_possible(vhost_mem_tasks, hold, task_node, key)
			if (hold->task == current && hold->iova == iova)
				own->calls = max(own->calls, hold->calls);
		own->iova = iova;
	}
	if (hlist_unhashed(&own->task_node))
		hash_add(vhost_mem_tasks, &own->task_node, key);
	spin_unlock(&vhost_mem_tasks_lock);
	return own->calls;
}

static struct vhost_mem_hold *vhost_mem_hold_own(struct vhost_mem_vfio *vm)
{
	struct vhost_mem_hold *hold;

	lockdep_assert_held(&vm->pages.xa_lock);
	list_for_each_entry(hold, &vm->holds, node)
		if (hold->task == current)
			return hold;
	return NULL;
}

static void vhost_mem_hold_end(struct callback_head *work)
{
	struct vhost_mem_hold *hold =
		container_of(work, struct vhost_mem_hold, work);
	struct vhost_mem_vfio *vm = hold->vm;

	vhost_mem_lock(vm);
	list_del(&hold->node);
	vhost_mem_unlock(vm);
	wake_up_all(&vm->drained);
	spin_lock(&vhost_mem_tasks_lock);
	hash_del(&hold->task_node);
	spin_unlock(&vhost_mem_tasks_lock);
	kfree(hold);
	/* Pairs with get_device() in vhost_mem_hold() */
	vfio_put_device(vm->vdev);
}

/**
 * vhost_mem_hold() - pin nothing in a range until the current task's ioctl ends
 * @vm: the memory
 * @first: lowest address
 * @last: highest address
 *
 * One that unmaps several ranges holds all between the first and the last of
 * them.  There are as many holds as tasks in such an ioctl, so this is no way
 * to get at the kernel's memory.
 *
 * Context: vfio's dma_unmap; sleeps.
 * Return: how often in a row this ioctl has come with the same mapping; may be
 * one too few for who heard of it later than others.
 */
unsigned int vhost_mem_hold(struct vhost_mem_vfio *vm, u64 first, u64 last)
{
	struct vhost_mem_hold *hold, *own;
	unsigned int calls;

	/* Small, and there is no way to refuse. */
	hold = kzalloc(sizeof(*hold), GFP_KERNEL_ACCOUNT | __GFP_NOFAIL);
	init_task_work(&hold->work, vhost_mem_hold_end);
	hold->vm = vm;
	hold->task = current;
	hold->first = first;
	hold->last = last;

	vhost_mem_lock(vm);
	own = vhost_mem_hold_own(vm);
	if (own) {
		own->first = min(own->first, first);
		own->last = max(own->last, last);
	} else {
		list_add(&hold->node, &vm->holds);
	}
	vhost_mem_unlock(vm);
	/* Nobody but this task takes it away. */
	calls = vhost_mem_hold_count(own ?: hold, first);
	if (own) {
		kfree(hold);
		return calls;
	}

	/* Pairs with vfio_put_device() in vhost_mem_hold_end() */
	get_device(&vm->vdev->device);
	if (!(current->flags & PF_KTHREAD) &&
	    !task_work_add(current, &hold->work, TWA_RESUME))
		return calls;

	/*
	 * Not in an ioctl, so that there is no end to wait for.  No caller like
	 * that is known but those that close a device.
	 */
	vhost_mem_lock(vm);
	vm->limited = true;
	vhost_mem_unlock(vm);
	vhost_mem_hold_end(&hold->work);
	return calls;
}

/* Is somebody unmapping part of a range? */
bool vhost_mem_held(struct vhost_mem_vfio *vm, u64 first, u64 last)
{
	struct vhost_mem_hold *hold;

	lockdep_assert_held(&vm->pages.xa_lock);
	list_for_each_entry(hold, &vm->holds, node)
		if (vhost_mem_overlap(first, last, hold->first, hold->last))
			return true;
	return false;
}

/**
 * vhost_mem_hold_open() - wait for unmaps that the last user left behind
 * @vm: the memory, closed
 *
 * There are none but of a user who aimed at the moment between
 * vhost_mem_hold_close() and the end of the close.
 *
 * Context: as vhost_mem_hold_close(); a killed task does not wait.
 * Return: 0 or -EINTR.
 */
int vhost_mem_hold_open(struct vhost_mem_vfio *vm)
{
	return wait_event_killable(vm->drained, list_empty(&vm->holds)) ?
	       -EINTR : 0;
}

/**
 * vhost_mem_hold_close() - wait for the unmaps of the user
 * @vm: the memory, closed
 *
 * One that goes on must not hold up the next user.  And the same user, in the
 * same container, must not be able to come back as somebody who has not heard
 * of it.
 *
 * Context: process context, with no lock that an unmap needs; sleeps for as
 * long as ioctls of the user take.
 */
void vhost_mem_hold_close(struct vhost_mem_vfio *vm)
{
	struct vhost_mem_hold *own;

	/* Not for itself, where an ioctl drops the last reference to a file. */
	vhost_mem_lock(vm);
	own = vhost_mem_hold_own(vm);
	if (own)
		list_del_init(&own->node);
	vhost_mem_unlock(vm);
	wait_event_idle(vm->drained, list_empty(&vm->holds));
}
