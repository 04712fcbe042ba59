/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * mvblk: threads that wait for a file, so that the queue's worker need not.
 */
#ifndef _MVBLK_HELPER_H
#define _MVBLK_HELPER_H

#include <linux/list.h>
#include <linux/mutex.h>
#include <linux/refcount.h>
#include <linux/spinlock.h>
#include <linux/types.h>

#include <linux/mdev_worker.h>

struct mvblk_helpers;
struct mvblk_queue;
struct mvblk_req;
struct mvblk_reqs;

/* Requests of a queue that can wait for its file at a time */
#define MVBLK_HELPERS		8

/**
 * struct mvblk_helper - one of them
 * @all: those of the queue
 * @worker: started when so many requests have waited for the first time
 * @work: one request
 * @busy: it has a request, or is about to look for one; guarded by
 *	&mvblk_helpers.lock
 */
struct mvblk_helper {
	struct mvblk_helpers *all;
	struct mdev_worker worker;
	struct mdev_work work;
	bool busy;
};

/**
 * struct mvblk_helpers - those of a queue
 * @users: the requests, and whoever is in mvblk_helpers_hurry()
 * @hurry_lock: guards @stopped, and is held while they are made to hurry or stopped
 * @stopped: they have been
 * @lock: guards @waiting and &mvblk_helper.busy
 * @waiting: requests that no helper has taken
 * @nr: those that are started, from the first on; written by set-up code and then by
 *	the queue's worker
 * @helper: all of them
 */
struct mvblk_helpers {
	refcount_t users;
	/* guards their end, see above */
	struct mutex hurry_lock;
	bool stopped;
	/* guards what waits for them, see above */
	spinlock_t lock;
	struct list_head waiting;
	unsigned int nr;
	struct mvblk_helper helper[MVBLK_HELPERS];
};

int mvblk_helpers_start(struct mvblk_queue *q);
void mvblk_helpers_stop(struct mvblk_reqs *reqs);
void mvblk_helpers_hurry(struct mvblk_queue *q);
void mvblk_help(struct mvblk_req *req);

#endif /* _MVBLK_HELPER_H */
