/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The end of a session.
 */
#ifndef _MDEV_VFIO_SESSION_H
#define _MDEV_VFIO_SESSION_H

struct mdev_session;

void mdev_session_end(struct mdev_session *s);

#endif /* _MDEV_VFIO_SESSION_H */
