/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Workers: threads that serve virtqueues in software, on the account of the program
 * that uses them.
 */
#ifndef _LINUX_MDEV_WORKER_H
#define _LINUX_MDEV_WORKER_H

#include <linux/completion.h>
#include <linux/compiler.h>
#include <linux/cpumask.h>
#include <linux/list.h>
#include <linux/mutex.h>
#include <linux/spinlock.h>
#include <linux/types.h>
#include <linux/workqueue.h>

struct mdev_mem;
struct mdev_work;
struct mem_cgroup;
struct task_struct;

/**
 * DOC: workers
 *
 * A &struct mdev_worker is one kernel thread that runs one &struct mdev_work
 * after the other.  It exists from mdev_worker_start(), which the parent calls
 * when a virtqueue is about to start, to mdev_worker_stop(), when the device is
 * reset.
 *
 * *The program pays.*  Where memory is not direct the driver is a program,
 * and the task that calls mdev_worker_start() belongs to it.  The worker joins
 * the control groups of that program, takes its nice value, and charges its
 * memory to it, so that the CPU time, memory and block I/O that serving the
 * queue takes are limited and accounted like the program's own.  What the parent
 * allocates from start to reset is allocated with mdev_mem_gfp().  Where memory
 * is direct the driver is the kernel, and the kernel pays.
 *
 * *A worker can be made to leave.*  To copy to or from a program's memory may mean
 * to wait for a page, and the program may have arranged that the page never
 * arrives (userfaultfd), while VFIO's type1 holds a lock that the program
 * may be waiting for.  So a program's worker accepts SIGKILL, which ends that wait
 * and makes the copy fail; it gets the signal if it has slept in one place
 *
 * - for a second while the program is being killed;
 * - for three seconds while somebody waits for it, see mdev_worker_hurry();
 * - for 30 seconds in any case.
 *
 * Pages may also arrive slowly, one after the other.  So once somebody has waited
 * for a worker for five seconds in all, or its program has been dying for as long,
 * the worker gets the signal wherever it is found asleep at work.  Then it gives up
 * on all further pages of that work.
 *
 * Once somebody has waited for a worker for three seconds, it leaves the control
 * groups of the program until nobody waits any more, because these may give it so
 * little CPU time that it never finishes.
 *
 * The copy breaks its virtqueue, so the driver sees DEVICE_NEEDS_RESET.  The
 * worker goes on with its next work.
 *
 * A worker is a kernel thread and not a thread of the program (as vhost_task makes)
 * for two reasons.  SIGKILL to a thread of the program kills the program, just to
 * reset the device.  And for a task with memory of its own, type1 copies only what
 * the same process has mapped, while a device may be handed to a process other than
 * the one that maps memory.
 */

/**
 * struct mdev_work - something for a worker to do
 *
 * Embedded by the parent.
 */
struct mdev_work {
	/* private: guarded by &mdev_worker.lock */
	struct list_head node;
	void (*fn)(struct mdev_work *work);
};

/**
 * struct mdev_worker - a thread, and what it has to do
 *
 * Embedded by the parent; starting and stopping is serialised by the class
 * driver.
 */
struct mdev_worker {
	/* private: */
	/*
	 * Guards @works, @open and @running.  Raw, because a kick may come with
	 * interrupts off; only the scheduler is called under it.
	 */
	raw_spinlock_t lock;
	struct list_head works;
	bool open;
	bool running;

	/*
	 * Guards @affinity and @affinity_set, and keeps @task from being replaced
	 * while they change: that is not serialised with starting and stopping.
	 */
	struct mutex affinity_lock;
	struct cpumask affinity;
	bool affinity_set;

	/* constant from start to stop; written with @affinity_lock held */
	struct task_struct *task;
	struct task_struct *user;
	struct mem_cgroup *memcg;

	/* written by the thread */
	int error;
	unsigned long return_next;
	struct completion ready;
	struct completion done;

	/*
	 * Guards what follows except @watch and @at_home: @watch and whoever waits
	 * for the thread both check how long it has slept, and how long somebody
	 * has waited.
	 */
	spinlock_t look_lock;
	unsigned long switches;
	unsigned long since;
	bool awaited;
	unsigned long awaited_since;
	unsigned long awaited_last;
	bool at_home;
	struct delayed_work watch;
};

/**
 * mdev_work_init() - make something for a worker to do
 * @work: the work
 * @fn: what to do; @work may be queued again or freed in there
 *
 * Context: any.
 */
static inline void mdev_work_init(struct mdev_work *work,
				  void (*fn)(struct mdev_work *work))
{
	INIT_LIST_HEAD(&work->node);
	work->fn = fn;
}

/**
 * mdev_worker_pending() - whether there is more to do
 * @worker: the worker
 *
 * Context: any; exact in a work of this worker, apart from what others queue.
 * Return: true if works are queued.
 */
static inline bool mdev_worker_pending(const struct mdev_worker *worker)
{
	return !list_empty_careful(&worker->works);
}

/**
 * mdev_worker_affinity() - where a worker shall run
 * @worker: the worker
 *
 * For &virtio_mdev_ops.get_vq_affinity.
 *
 * Context: any.
 * Return: the CPUs that mdev_worker_set_affinity() set last, NULL if none; valid
 * for as long as @worker is.
 */
static inline const struct cpumask *
mdev_worker_affinity(const struct mdev_worker *worker)
{
	return READ_ONCE(worker->affinity_set) ? &worker->affinity : NULL;
}

/**
 * mdev_worker_task() - the thread of a worker
 * @worker: the worker
 *
 * For its scheduling.
 *
 * Context: serialised with mdev_worker_start() and mdev_worker_stop().
 * Return: the task, NULL if the worker is not started.
 */
static inline struct task_struct *
mdev_worker_task(const struct mdev_worker *worker)
{
	return worker->task;
}

void mdev_worker_init(struct mdev_worker *worker);
__printf(3, 4)
int mdev_worker_start(struct mdev_worker *worker, const struct mdev_mem *mem,
		      const char *fmt, ...);
__printf(3, 4)
int mdev_worker_start_beside(struct mdev_worker *worker,
			     const struct mdev_worker *of, const char *fmt, ...);
void mdev_worker_stop(struct mdev_worker *worker);
void mdev_worker_set_batch(struct mdev_worker *worker);
int mdev_worker_set_affinity(struct mdev_worker *worker,
			     const struct cpumask *mask);
void mdev_worker_queue(struct mdev_worker *worker, struct mdev_work *work);
bool mdev_worker_queue_idle(struct mdev_worker *worker, struct mdev_work *work);
void mdev_worker_hurry(struct mdev_worker *worker);

#endif /* _LINUX_MDEV_WORKER_H */
