/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * An eventfd that kicks a virtqueue.
 */
#ifndef _LINUX_MDEV_KICK_H
#define _LINUX_MDEV_KICK_H

#include <linux/compiler.h>
#include <linux/types.h>

struct mdev_class_device;
struct virqfd;

/**
 * struct mdev_kick - the eventfd that kicks a virtqueue
 * @cdev: the instance
 * @index: of the virtqueue
 * @virqfd: the eventfd; NULL if none.  Guarded by vfio's own lock, because vfio
 *	clears it when the eventfd is closed.
 * @set: there was one since it was last cleared
 *
 * The caller serialises all calls, and clears it before the instance is removed.
 */
struct mdev_kick {
	struct mdev_class_device *cdev;
	u16 index;
	struct virqfd *virqfd;
	bool set;
};

/**
 * mdev_kick_is_set() - whether there is an eventfd that kicks
 * @kick: the kick
 *
 * Context: any; exact unless the program closes the eventfd at this moment.
 * Return: true if there is one, and the program has not closed it.
 */
static inline bool mdev_kick_is_set(const struct mdev_kick *kick)
{
	return kick->set && READ_ONCE(kick->virqfd);
}

void mdev_kick_init(struct mdev_kick *kick, struct mdev_class_device *cdev,
		    u16 index);
int mdev_kick_set(struct mdev_kick *kick, int fd);
void mdev_kick_clear(struct mdev_kick *kick);

#endif /* _LINUX_MDEV_KICK_H */
