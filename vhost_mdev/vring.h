/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The user's side of virtqueues.
 */
#ifndef _VHOST_MDEV_VRING_H
#define _VHOST_MDEV_VRING_H

#include <linux/irqbypass.h>
#include <linux/mdev_doorbell.h>
#include <linux/mdev_kick.h>
#include <linux/types.h>

struct vhost_mdev;
struct vhost_mdev_cmd;
struct vhost_mdev_vq_cb;

/**
 * struct vhost_mdev_vq - the user's side of a virtqueue
 * @vd: the device
 * @index: of the virtqueue
 * @kick: the eventfd that kicks
 * @cb: eventfds to signal, NULL if none; guarded by &mdev_session.lock
 * @bypass: offers the virtqueue's interrupt to a consumer of @cb's eventfd that
 *	can take it directly, such as KVM; guarded by &mdev_session.lock
 * @bypassed: @bypass is registered
 * @doorbell: the page that kicks it
 */
struct vhost_mdev_vq {
	struct vhost_mdev *vd;
	u16 index;
	struct mdev_kick kick;
	struct vhost_mdev_vq_cb *cb;
	struct irq_bypass_producer bypass;
	bool bypassed;
	struct mdev_doorbell doorbell;
};

int vhost_mdev_vqs_init(struct vhost_mdev *vd);
void vhost_mdev_vqs_uninit(struct vhost_mdev *vd);
void vhost_mdev_vqs_open(struct vhost_mdev *vd);

/* ioctls */
int vhost_mdev_get_vqs_count(struct vhost_mdev_cmd *cmd);
int vhost_mdev_get_vring_num(struct vhost_mdev_cmd *cmd);
int vhost_mdev_set_vring_num(struct vhost_mdev_cmd *cmd);
int vhost_mdev_set_vring_addr(struct vhost_mdev_cmd *cmd);
int vhost_mdev_set_vring_base(struct vhost_mdev_cmd *cmd);
int vhost_mdev_get_vring_base(struct vhost_mdev_cmd *cmd);
int vhost_mdev_set_vring_enable(struct vhost_mdev_cmd *cmd);
int vhost_mdev_get_vring_size(struct vhost_mdev_cmd *cmd);

#endif /* _VHOST_MDEV_VRING_H */
