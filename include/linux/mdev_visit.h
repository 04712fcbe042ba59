/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Virtqueues that a program's own task serves, on its way back to user mode.
 */
#ifndef _LINUX_MDEV_VISIT_H
#define _LINUX_MDEV_VISIT_H

#include <linux/types.h>

struct mdev_mem;
struct mdev_visit;
struct mdev_vq;
struct module;

/**
 * struct mdev_visit_ops - what a parent does in a visit
 * @owner: the parent driver's module
 * @come: The task has come: serve the queue, without waiting for memory, and leave to
 *	the worker what that does not allow.  The task holds no lock, and may sleep.
 * @late: The task has not come for a moment: have the worker look.  Process context.
 *
 * Both are called with the queue claimed, and nothing else.
 */
struct mdev_visit_ops {
	struct module *owner;
	void (*come)(void *data);
	void (*late)(void *data);
};

struct mdev_visit *mdev_visit_create(const struct mdev_visit_ops *ops,
				     struct mdev_vq *vq, void *data);
void mdev_visit_destroy(struct mdev_visit *visit);
void mdev_visit_begin(struct mdev_visit *visit, const struct mdev_mem *mem);
void mdev_visit_end(struct mdev_visit *visit);
bool mdev_visit_kick(struct mdev_visit *visit);

#endif /* _LINUX_MDEV_VISIT_H */
