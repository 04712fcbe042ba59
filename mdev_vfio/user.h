/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The user of a device, and its name.
 */
#ifndef _MDEV_VFIO_USER_H
#define _MDEV_VFIO_USER_H

#include <linux/sched.h>
#include <linux/types.h>

struct mdev_session;

/* Room for mdev_session_user_name() */
#define MDEV_SESSION_USER_NAME	(TASK_COMM_LEN + 32)
const char *mdev_session_user_name(struct mdev_session *s, char *buf,
				   size_t size);
void mdev_session_unclaim(struct mdev_session *s);

#endif /* _MDEV_VFIO_USER_H */
