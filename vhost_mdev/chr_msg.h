/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * IOTLB messages.
 */
#ifndef _VHOST_MDEV_CHR_MSG_H
#define _VHOST_MDEV_CHR_MSG_H

#include <linux/types.h>

struct iov_iter;
struct kiocb;

ssize_t vhost_mdev_chr_write(struct kiocb *iocb, struct iov_iter *from);

#endif /* _VHOST_MDEV_CHR_MSG_H */
