// SPDX-License-Identifier: GPL-2.0-only
/*
 * Workers: their thread, who pays for it, and how it is made to leave.
 */

#include <linux/cgroup.h>
#include <linux/err.h>
#include <linux/jiffies.h>
#include <linux/kthread.h>
#include <linux/memcontrol.h>
#include <linux/module.h>
#include <linux/sched/mm.h>
#include <linux/sched/signal.h>
#include <linux/sched/task.h>

#include <linux/mdev_mem.h>
#include <linux/mdev_worker.h>
#include <uapi/linux/sched/types.h>

/*
 * How long a worker may sleep in one place: while its user is being killed, while
 * somebody waits for it, and in any case
 */
#define MDEV_WORKER_DYING	HZ
#define MDEV_WORKER_AWAITED	(3 * HZ)
#define MDEV_WORKER_LIMIT	(30 * HZ)

/*
 * How long somebody waits for it in all before it may not sleep at work any more:
 * it may have to wait for many pages, one after the other.
 */
#define MDEV_WORKER_OVERDUE	(5 * HZ)

/* How long somebody waits before a person has to do something */
#define MDEV_WORKER_HOPELESS	(10 * HZ)

/* ---- how long it has slept, and somebody has waited ---- */

/* Whether somebody has waited for as long as @patience, and still does */
static bool mdev_worker_is_awaited(struct mdev_worker *worker,
				   unsigned long patience)
{
	bool awaited;

	spin_lock(&worker->look_lock);
	/* Whoever waits calls mdev_worker_await() about once a second. */
	if (worker->awaited &&
	    time_after(jiffies, worker->awaited_last + MDEV_WORKER_AWAITED))
		worker->awaited = false;
	awaited = worker->awaited &&
		  time_after_eq(jiffies, worker->awaited_since + patience);
	spin_unlock(&worker->look_lock);
	return awaited;
}

static void mdev_worker_await(struct mdev_worker *worker)
{
	bool awaited = mdev_worker_is_awaited(worker, 0);

	spin_lock(&worker->look_lock);
	if (!awaited) {
		worker->awaited = true;
		worker->awaited_since = jiffies;
	}
	worker->awaited_last = jiffies;
	spin_unlock(&worker->look_lock);
}

/* Whether the program that has started the worker is exiting */
static bool mdev_worker_user_dies(const struct mdev_worker *worker)
{
	const struct signal_struct *signal;

	if (!worker->user)
		return false;
	signal = worker->user->signal;
	return READ_ONCE(signal->flags) & SIGNAL_GROUP_EXIT ||
	       !atomic_read(&signal->live);
}

/*
 * As the kernel's own check for hung tasks: a thread that sleeps, and has not
 * been switched to since the last check, has slept since then in one place.
 * A thread that is kept from running by a limit of CPU time does not sleep.
 *
 * If pages arrive slowly, one after the other, it sleeps in many places.  So once
 * somebody has waited for long enough it gets the signal whenever it is asleep.
 */
static void mdev_worker_look(struct mdev_worker *worker, bool awaited)
{
	bool stuck = mdev_worker_is_awaited(worker, MDEV_WORKER_OVERDUE);
	unsigned long switches, patience = MDEV_WORKER_LIMIT;
	struct task_struct *task = worker->task;

	if (mdev_worker_user_dies(worker))
		patience = MDEV_WORKER_DYING;
	else if (awaited)
		patience = MDEV_WORKER_AWAITED;

	spin_lock(&worker->look_lock);
	switches = READ_ONCE(task->nvcsw) + READ_ONCE(task->nivcsw);
	if (!READ_ONCE(worker->running) || task_is_running(task)) {
		worker->switches = switches;
		worker->since = jiffies;
		stuck = false;
	} else if (switches != worker->switches) {
		worker->switches = switches;
		worker->since = jiffies;
	} else {
		stuck |= time_after_eq(jiffies, worker->since + patience);
	}
	spin_unlock(&worker->look_lock);

	/*
	 * The worker of a kernel driver ignores it.  For others it stays pending
	 * until the end of the work, so one is enough for all further pages.
	 */
	if (stuck)
		send_sig(SIGKILL, task, 1);
}

/*
 * The control groups of the user may give the thread so little CPU time that it
 * never finishes, and only the user could change that.
 */
static void mdev_worker_go_home(struct mdev_worker *worker)
{
	if (READ_ONCE(worker->at_home))
		return;
	WRITE_ONCE(worker->at_home, true);
	set_user_nice(worker->task, 0);
	cgroup_attach_task_all(&init_task, worker->task);
}

/*
 * Runs every second while the worker does.  A program that is being killed may
 * not even get to close the device: one of its threads may wait uninterruptibly for
 * a lock that is held while the worker sleeps.
 */
static void mdev_worker_watch(struct work_struct *work)
{
	struct mdev_worker *worker = container_of(to_delayed_work(work),
						  struct mdev_worker, watch);

	if (!READ_ONCE(worker->running))
		return;
	/* It may wait for the worker without a call of mdev_worker_hurry(). */
	if (mdev_worker_user_dies(worker))
		mdev_worker_await(worker);
	mdev_worker_look(worker, false);
	schedule_delayed_work(&worker->watch, HZ);
}

/**
 * mdev_worker_hurry() - somebody waits for the worker to finish its work
 * @worker: the worker; nothing happens if it is not started
 *
 * To be called about once a second.  A worker that sleeps for a page of a
 * program's memory is made to give up on it, or on all pages if they arrive slowly,
 * one after the other.  After a while it also leaves the program's control groups,
 * which may keep it from running.
 *
 * Context: process context, serialised with mdev_worker_start() and
 * mdev_worker_stop(); sleeps, and takes the locks of control groups and of CPU
 * hotplug.
 */
void mdev_worker_hurry(struct mdev_worker *worker)
{
	if (!worker->task)
		return;
	if (!worker->user) {
		mdev_worker_look(worker, true);
		return;
	}
	mdev_worker_await(worker);
	mdev_worker_look(worker, true);
	/* What is waited for may be at somebody else: requests at a disk. */
	if (READ_ONCE(worker->running) &&
	    mdev_worker_is_awaited(worker, MDEV_WORKER_HOPELESS))
		pr_warn_ratelimited("%s does not leave the memory of %s[%d]: if that is of a FUSE file, end its server or abort it in /sys/fs/fuse/connections\n",
				    worker->task->comm, worker->user->comm,
				    task_tgid_nr(worker->user));
	if (mdev_worker_is_awaited(worker, MDEV_WORKER_AWAITED))
		mdev_worker_go_home(worker);
}
EXPORT_SYMBOL_GPL(mdev_worker_hurry);

/* ---- the thread ---- */

/* Join the control groups of the user.  The thread calls it: it has the right to. */
static int mdev_worker_join(struct mdev_worker *worker)
{
	if (!worker->user || compat_same_cgroups(worker->user, current))
		return 0;
	return cgroup_attach_task_all(worker->user, current);
}

/* The next work; if there is none, the thread may sleep until it is woken. */
static struct mdev_work *mdev_worker_next(struct mdev_worker *worker)
{
	struct mdev_work *work;

	raw_spin_lock_irq(&worker->lock);
	work = list_first_entry_or_null(&worker->works, struct mdev_work, node);
	if (work)
		list_del_init(&work->node);
	WRITE_ONCE(worker->running, work);
	raw_spin_unlock_irq(&worker->lock);
	return work;
}

/* Undo mdev_worker_go_home() once nobody waits any more.  The thread calls it. */
static void mdev_worker_return(struct mdev_worker *worker)
{
	int ret;

	if (mdev_worker_is_awaited(worker, 0) ||
	    time_before(jiffies, worker->return_next))
		return;
	/* Before it joins: if it does not run there, it can be sent home again. */
	WRITE_ONCE(worker->at_home, false);
	set_user_nice(current, task_nice(worker->user));
	ret = mdev_worker_join(worker);
	if (!ret)
		return;

	/*
	 * The kernel pays until it can join.  To try that takes locks of all control
	 * groups, so not for each work.
	 */
	pr_warn_ratelimited("%s: failed to return to the control groups of %s[%d]: %pe\n",
			    current->comm, worker->user->comm,
			    task_tgid_nr(worker->user), ERR_PTR(ret));
	worker->return_next = jiffies + HZ;
	set_user_nice(current, 0);
	WRITE_ONCE(worker->at_home, true);
}

static void mdev_worker_run(struct mdev_worker *worker, struct mdev_work *work)
{
	/* The signal was for an earlier work, which has ended. */
	if (signal_pending(current))
		flush_signals(current);
	if (READ_ONCE(worker->at_home))
		mdev_worker_return(worker);
	/*
	 * Pairs with the barrier between the point where the watch is no longer
	 * pending and its read of @running
	 */
	smp_mb();
	if (worker->user && !delayed_work_pending(&worker->watch))
		schedule_delayed_work(&worker->watch, HZ);
	work->fn(work);
	cond_resched();
}

static int mdev_worker_thread(void *data)
{
	struct mdev_worker *worker = data;
	struct mdev_work *work;

	worker->error = mdev_worker_join(worker);
	if (worker->user) {
		/* Only from the kernel: killall5 must not reach this thread. */
		allow_kernel_signal(SIGKILL);
		set_active_memcg(worker->memcg);
	}
	complete(&worker->ready);

	for (;;) {
		/* Not interruptible: signals are for sleeps within a work. */
		set_current_state(TASK_IDLE);
		work = mdev_worker_next(worker);
		if (work) {
			__set_current_state(TASK_RUNNING);
			mdev_worker_run(worker, work);
			continue;
		}
		if (!READ_ONCE(worker->open))
			break;
		schedule();
	}
	__set_current_state(TASK_RUNNING);
	set_active_memcg(NULL);
	complete(&worker->done);
	return 0;
}

/**
 * mdev_worker_queue() - have a work done
 * @worker: the worker; nothing happens if it is not started
 * @work: what to do.  Nothing happens if it is queued already; if it is being
 *	done, it is done once more.
 *
 * Context: any.
 */
void mdev_worker_queue(struct mdev_worker *worker, struct mdev_work *work)
{
	unsigned long flags;

	raw_spin_lock_irqsave(&worker->lock, flags);
	if (worker->open && list_empty(&work->node)) {
		list_add_tail(&work->node, &worker->works);
		/* If it is running a work, it will look for the next. */
		if (!worker->running)
			wake_up_process(worker->task);
	}
	raw_spin_unlock_irqrestore(&worker->lock, flags);
}
EXPORT_SYMBOL_GPL(mdev_worker_queue);

/**
 * mdev_worker_queue_idle() - have a work done if the worker has nothing else to do
 * @worker: the worker
 * @work: what to do
 *
 * For what must not wait until the worker has got a page of the driver's memory.
 *
 * Context: any.
 * Return: false if the worker is not started, or has something to do; then @work is
 * not queued.
 */
bool mdev_worker_queue_idle(struct mdev_worker *worker, struct mdev_work *work)
{
	unsigned long flags;
	bool idle;

	raw_spin_lock_irqsave(&worker->lock, flags);
	idle = worker->open && !worker->running && list_empty(&worker->works);
	if (idle) {
		list_add_tail(&work->node, &worker->works);
		wake_up_process(worker->task);
	}
	raw_spin_unlock_irqrestore(&worker->lock, flags);
	return idle;
}
EXPORT_SYMBOL_GPL(mdev_worker_queue_idle);

/* ---- where it runs ---- */

static void mdev_worker_set_task(struct mdev_worker *worker,
				 struct task_struct *task)
{
	mutex_lock(&worker->affinity_lock);
	worker->task = task;
	mutex_unlock(&worker->affinity_lock);
}

static int mdev_worker_apply_affinity(struct mdev_worker *worker)
{
	lockdep_assert_held(&worker->affinity_lock);
	/* A worker that serves a program runs on the CPUs of the program. */
	if (!worker->task || !worker->affinity_set || worker->user)
		return 0;
	return set_cpus_allowed_ptr(worker->task, &worker->affinity);
}

/**
 * mdev_worker_set_affinity() - have a worker run on some CPUs
 * @worker: the worker, started or not; the CPUs are kept for all later starts
 * @mask: copied; NULL for any CPU
 *
 * For &virtio_mdev_ops.set_vq_affinity.  A worker that serves a program runs where
 * the program may, whatever is set.
 *
 * Context: process context; sleeps.
 * Return: 0, or a negative errno if the worker cannot run there.
 */
int mdev_worker_set_affinity(struct mdev_worker *worker,
			     const struct cpumask *mask)
{
	int ret = 0;

	mutex_lock(&worker->affinity_lock);
	if (mask)
		cpumask_copy(&worker->affinity, mask);
	WRITE_ONCE(worker->affinity_set, mask);
	if (mask)
		ret = mdev_worker_apply_affinity(worker);
	else if (worker->task && !worker->user)
		ret = set_cpus_allowed_ptr(worker->task, cpu_possible_mask);
	mutex_unlock(&worker->affinity_lock);
	return ret;
}
EXPORT_SYMBOL_GPL(mdev_worker_set_affinity);

/**
 * mdev_worker_set_batch() - have a worker not take the CPU from whoever wakes it
 * @worker: the worker, just started
 *
 * For one that is woken by a driver which may be about to add more.
 *
 * Context: process context; sleeps.
 */
void mdev_worker_set_batch(struct mdev_worker *worker)
{
	struct sched_attr batch = {
		.sched_policy = SCHED_BATCH,
		.sched_nice = task_nice(worker->task),
	};

	/* It works without this, too, so ignore errors. */
	sched_setattr_nocheck(worker->task, &batch);
}
EXPORT_SYMBOL_GPL(mdev_worker_set_batch);

/* ---- life ---- */

/**
 * mdev_worker_init() - make a worker, without a thread
 * @worker: zeroed memory
 *
 * Context: any.
 */
void mdev_worker_init(struct mdev_worker *worker)
{
	raw_spin_lock_init(&worker->lock);
	spin_lock_init(&worker->look_lock);
	mutex_init(&worker->affinity_lock);
	INIT_LIST_HEAD(&worker->works);
	INIT_DELAYED_WORK(&worker->watch, mdev_worker_watch);
}
EXPORT_SYMBOL_GPL(mdev_worker_init);

/* The user is the program of the caller, with all of its threads. */
static void mdev_worker_set_user(struct mdev_worker *worker)
{
	struct task_struct *leader = current->group_leader;

	/* Pairs with mdev_worker_put_user() */
	worker->user = get_task_struct(leader->exit_state ? current : leader);
	worker->memcg = get_mem_cgroup_from_mm(current->mm);
}

/* The user is that of another worker, whose thread calls this. */
static void mdev_worker_copy_user(struct mdev_worker *worker,
				  const struct mdev_worker *of)
{
	/* Pairs with mdev_worker_put_user() */
	worker->user = get_task_struct(of->user);
	if (compat_memcg_tryget(of->memcg))
		worker->memcg = of->memcg;
}

static void mdev_worker_put_user(struct mdev_worker *worker)
{
	if (!worker->user)
		return;
	mem_cgroup_put(worker->memcg);
	put_task_struct(worker->user);
	worker->memcg = NULL;
	worker->user = NULL;
}

/* Make the thread; @of is NULL, or the worker whose user is this one's, too. */
static int mdev_worker_make(struct mdev_worker *worker,
			    const struct mdev_worker *of, bool program,
			    const char *name)
{
	struct task_struct *task;

	task = kthread_create(mdev_worker_thread, worker, "%s", name);
	if (IS_ERR(task))
		return PTR_ERR(task);

	/* Pairs with put_task_struct() in mdev_worker_stop() */
	mdev_worker_set_task(worker, get_task_struct(task));
	if (of && of->user)
		mdev_worker_copy_user(worker, of);
	else if (program)
		mdev_worker_set_user(worker);
	if (worker->user)
		set_user_nice(task, task_nice(worker->user));
	worker->error = 0;
	worker->awaited = false;
	worker->at_home = false;
	worker->return_next = jiffies;
	init_completion(&worker->ready);
	init_completion(&worker->done);
	raw_spin_lock_irq(&worker->lock);
	worker->open = true;
	raw_spin_unlock_irq(&worker->lock);
	wake_up_process(task);
	wait_for_completion(&worker->ready);
	if (!worker->error) {
		mutex_lock(&worker->affinity_lock);
		mdev_worker_apply_affinity(worker);
		mutex_unlock(&worker->affinity_lock);
		return 0;
	}

	pr_err_ratelimited("%s: cannot join the control groups of %s[%d]: %pe\n",
			   name, worker->user->comm,
			   task_tgid_nr(worker->user), ERR_PTR(worker->error));
	mdev_worker_stop(worker);
	return worker->error;
}

/**
 * mdev_worker_start() - start the thread of a worker
 * @worker: the worker; nothing happens if it has one
 * @mem: memory of the driver that is served
 * @fmt: name of the thread, of which 15 characters are kept; then its arguments
 *
 * If @mem is not direct, the caller is a task of the program that pays.
 *
 * Context: process context, serialised by the class driver; sleeps.
 * Return: 0; -ENOMEM; -EINTR for a process that is being killed; or the error of
 * joining the program's control groups.
 */
int mdev_worker_start(struct mdev_worker *worker, const struct mdev_mem *mem,
		      const char *fmt, ...)
{
	char name[TASK_COMM_LEN];
	va_list args;

	if (worker->task)
		return 0;
	va_start(args, fmt);
	vscnprintf(name, sizeof(name), fmt, args);
	va_end(args);
	return mdev_worker_make(worker, NULL, !mem->direct && current->mm,
				name);
}
EXPORT_SYMBOL_GPL(mdev_worker_start);

/**
 * mdev_worker_start_beside() - start the thread of a worker that another one needs
 * @worker: the worker; nothing happens if it has one
 * @of: the other one, whose work calls this
 * @fmt: name of the thread, of which 15 characters are kept; then its arguments
 *
 * For what @of does not want to wait for.  Whoever pays for @of pays for this one,
 * which has to be stopped after @of.
 *
 * Context: a work of @of; sleeps.
 * Return: as mdev_worker_start().
 */
int mdev_worker_start_beside(struct mdev_worker *worker,
			     const struct mdev_worker *of, const char *fmt, ...)
{
	char name[TASK_COMM_LEN];
	va_list args;

	if (worker->task)
		return 0;
	va_start(args, fmt);
	vscnprintf(name, sizeof(name), fmt, args);
	va_end(args);
	return mdev_worker_make(worker, of, false, name);
}
EXPORT_SYMBOL_GPL(mdev_worker_start_beside);

/**
 * mdev_worker_stop() - undo mdev_worker_start()
 * @worker: the worker; nothing happens if it is not started
 *
 * What is queued is not done any more.
 *
 * Context: process context, serialised by the class driver; sleeps.  The caller
 * holds no lock that a work takes.
 */
void mdev_worker_stop(struct mdev_worker *worker)
{
	struct task_struct *task = worker->task;
	struct mdev_work *work, *next;

	if (!task)
		return;
	raw_spin_lock_irq(&worker->lock);
	worker->open = false;
	list_for_each_entry_safe(work, next, &worker->works, node)
		list_del_init(&work->node);
	raw_spin_unlock_irq(&worker->lock);
	wake_up_process(task);
	/* The caller may hold locks, so the worker stays in its control groups. */
	while (!wait_for_completion_timeout(&worker->done, HZ)) {
		mdev_worker_await(worker);
		mdev_worker_look(worker, true);
	}
	/* The thread may still execute module text. */
	kthread_stop(task);
	/* Nobody schedules it any more. */
	cancel_delayed_work_sync(&worker->watch);
	mdev_worker_put_user(worker);
	mdev_worker_set_task(worker, NULL);
	put_task_struct(task);
}
EXPORT_SYMBOL_GPL(mdev_worker_stop);
