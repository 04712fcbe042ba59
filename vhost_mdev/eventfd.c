// SPDX-License-Identifier: GPL-2.0-only
/*
 * The eventfds of a virtqueue: one that kicks it, and those that it signals.
 */

#include <linux/eventfd.h>
#include <linux/mdev_class.h>
#include <linux/slab.h>
#include <linux/vhost_mdev.h>
#include <linux/virtio_mdev.h>

#include "device.h"
#include "eventfd.h"
#include "ioctl.h"
#include "vring.h"

/**
 * struct vhost_mdev_vq_cb - the eventfds that a virtqueue signals
 * @call: used buffers, or NULL
 * @err: the virtqueue broke, or NULL
 *
 * Never changed while the parent has it, so that a signal takes no lock: a new
 * one replaces it, and set_vq_cb() of the parent waits for users of the old one.
 */
struct vhost_mdev_vq_cb {
	struct eventfd_ctx *call;
	struct eventfd_ctx *err;
};

int vhost_mdev_set_vring_kick(struct vhost_mdev_cmd *cmd)
{
	int fd = cmd->arg.file.fd;

	if (fd != VHOST_MDEV_FILE_UNBIND)
		return mdev_kick_set(&cmd->vq->kick, fd);
	mdev_kick_clear(&cmd->vq->kick);
	return 0;
}

/* ---- signals ---- */

static irqreturn_t vhost_mdev_call(void *private)
{
	struct vhost_mdev_vq_cb *cb = private;

	eventfd_signal(cb->call);
	return IRQ_HANDLED;
}

static void vhost_mdev_err(void *private)
{
	struct vhost_mdev_vq_cb *cb = private;

	eventfd_signal(cb->err);
}

static void vhost_mdev_vq_cb_free(struct vhost_mdev_vq_cb *cb)
{
	if (!cb)
		return;
	if (cb->call)
		eventfd_ctx_put(cb->call);
	if (cb->err)
		eventfd_ctx_put(cb->err);
	kfree(cb);
}

/* ---- interrupts without the host ---- */

/*
 * Interrupts for a virtual machine: KVM knows the eventfd as well, and if the CPUs
 * support it, has the virtqueue's interrupt delivered to the guest without the
 * host.  Until there is such a consumer, the eventfd is signalled as usual.
 */
static void vhost_mdev_bypass_start(struct vhost_mdev_vq *vq)
{
	struct mdev_class_device *cdev = vq->vd->session.cdev;
	int irq, ret;

	if (!vq->cb || !vq->cb->call || !cdev->ops->get_vq_irq)
		return;
	irq = cdev->ops->get_vq_irq(cdev, vq->index);
	if (irq < 0)
		return;
	vq->bypass = (struct irq_bypass_producer) {};
	/* Pairs with the removal in vhost_mdev_bypass_stop() */
	ret = irq_bypass_register_producer(&vq->bypass, vq->cb->call, irq);
	vq->bypassed = !ret;
	if (ret)
		dev_dbg(&cdev->dev,
			"virtqueue %u: no interrupt without the host: %pe\n",
			vq->index, ERR_PTR(ret));
}

static void vhost_mdev_bypass_stop(struct vhost_mdev_vq *vq)
{
	if (vq->bypassed)
		irq_bypass_unregister_producer(&vq->bypass);
	vq->bypassed = false;
}

/* ---- all the signals of a virtqueue ---- */

/*
 * Hand @cb, which may be NULL, to the parent.  Returns the former one, which
 * nobody signals any more.
 */
static struct vhost_mdev_vq_cb *
vhost_mdev_replace_cb(struct vhost_mdev_vq *vq, struct vhost_mdev_vq_cb *cb)
{
	struct mdev_class_device *cdev = vq->vd->session.cdev;
	struct virtio_mdev_callback desc;

	lockdep_assert_held(&vq->vd->session.lock);
	if (cb) {
		desc.callback = cb->call ? vhost_mdev_call : NULL;
		desc.error = cb->err ? vhost_mdev_err : NULL;
		desc.private = cb;
		cdev->ops->set_vq_cb(cdev, vq->index, &desc);
	} else {
		cdev->ops->set_vq_cb(cdev, vq->index, NULL);
	}
	swap(vq->cb, cb);
	return cb;
}

/* Set the eventfd for errors if @err, otherwise that for used buffers. */
static int vhost_mdev_set_signal(struct vhost_mdev_vq *vq, int fd, bool err)
{
	struct vhost_mdev_vq_cb *cb = NULL, *old = vq->cb;
	struct eventfd_ctx *ctx = NULL, *other = NULL;

	if (fd != VHOST_MDEV_FILE_UNBIND) {
		/* Pairs with eventfd_ctx_put() in vhost_mdev_vq_cb_free() */
		ctx = eventfd_ctx_fdget(fd);
		if (IS_ERR(ctx))
			return PTR_ERR(ctx);
	}
	if (old)
		other = err ? old->call : old->err;

	if (ctx || other) {
		cb = kzalloc(sizeof(*cb), GFP_KERNEL_ACCOUNT);
		if (!cb) {
			if (ctx)
				eventfd_ctx_put(ctx);
			return -ENOMEM;
		}
		cb->call = err ? other : ctx;
		cb->err = err ? ctx : other;
	}

	if (!err)
		vhost_mdev_bypass_stop(vq);
	old = vhost_mdev_replace_cb(vq, cb);
	if (!err)
		vhost_mdev_bypass_start(vq);
	/* The new structure has taken over the reference to @other. */
	if (old && err)
		old->call = NULL;
	else if (old)
		old->err = NULL;
	vhost_mdev_vq_cb_free(old);
	return 0;
}

int vhost_mdev_set_vring_call(struct vhost_mdev_cmd *cmd)
{
	return vhost_mdev_set_signal(cmd->vq, cmd->arg.file.fd, false);
}

int vhost_mdev_set_vring_err(struct vhost_mdev_cmd *cmd)
{
	return vhost_mdev_set_signal(cmd->vq, cmd->arg.file.fd, true);
}

/* ---- all of them ---- */

/**
 * vhost_mdev_vqs_hang_up() - wake whoever waits for the virtqueues
 * @vd: the device, @vd->session.lock held
 *
 * Signals the eventfds for errors, because no more buffers will be used.
 */
void vhost_mdev_vqs_hang_up(struct vhost_mdev *vd)
{
	u16 i;

	lockdep_assert_held(&vd->session.lock);
	for (i = 0; i < vd->nvqs; i++) {
		struct vhost_mdev_vq_cb *cb = vd->vqs[i].cb;

		if (cb && cb->err)
			eventfd_signal(cb->err);
	}
}

/**
 * vhost_mdev_vqs_close() - release all eventfds
 * @vd: the device, @vd->session.lock held
 */
void vhost_mdev_vqs_close(struct vhost_mdev *vd)
{
	u16 i;

	lockdep_assert_held(&vd->session.lock);
	for (i = 0; i < vd->nvqs; i++) {
		struct vhost_mdev_vq *vq = &vd->vqs[i];

		mdev_kick_clear(&vq->kick);
		vhost_mdev_bypass_stop(vq);
		if (vq->cb)
			vhost_mdev_vq_cb_free(vhost_mdev_replace_cb(vq, NULL));
	}
}
