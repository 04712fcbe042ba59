/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _VHOST_MDEV_PRIVATE_H
#define _VHOST_MDEV_PRIVATE_H

#include <linux/mdev_class.h>
#include <linux/mdev_mem.h>
#include <linux/mutex.h>
#include <linux/types.h>
#include <linux/vfio.h>
#include <linux/virtio_mdev.h>

struct eventfd_ctx;
struct vhost_mdev;
struct vm_area_struct;

/**
 * struct vhost_mdev_backend - what differs between the ways to a device
 * @features: backend features (VHOST_MDEV_BACKEND_F_*) that this way adds to
 *	those of the parent
 * @mem_ioctl: an ioctl that has to do with the user's memory; called with
 *	&vhost_mdev.lock held
 * @mem_reset: the device was reset, so hold nothing of the user's memory any
 *	longer than its user asks for; same context
 */
struct vhost_mdev_backend {
	u64 features;
	long (*mem_ioctl)(struct vhost_mdev *vd, unsigned int cmd,
			  void __user *argp);
	void (*mem_reset)(struct vhost_mdev *vd);
};

/**
 * struct vhost_mdev_vq_cb - the eventfds that a virtqueue signals
 * @call: used buffers, or NULL
 * @err: the virtqueue broke, or NULL
 *
 * Never changed once the parent has it, so that a signal takes no lock: a new
 * one replaces it, and set_vq_cb() of the parent waits for users of the old.
 */
struct vhost_mdev_vq_cb {
	struct eventfd_ctx *call;
	struct eventfd_ctx *err;
};

/**
 * struct vhost_mdev_vq - the user's side of a virtqueue
 * @vd: the device
 * @index: of the virtqueue
 * @kick: the eventfd that kicks; NULL if none.  Guarded by vfio's own lock, for
 *	it goes away by itself when the eventfd is closed.
 * @has_kick: there was one since the last vfio_virqfd_disable()
 * @cb: eventfds to signal, NULL if none; guarded by &vhost_mdev.lock
 * @doorbell: physical address of the page to be mapped, PHYS_ADDR_MAX if none;
 *	constant while the device is open
 */
struct vhost_mdev_vq {
	struct vhost_mdev *vd;
	u16 index;
	struct virqfd *kick;
	bool has_kick;
	struct vhost_mdev_vq_cb *cb;
	phys_addr_t doorbell;
};

/**
 * struct vhost_mdev - a device that is driven by vhost ioctls
 * @cdev: the instance
 * @be: how the user got here
 * @mem: the user's memory
 * @lock: serialises the device operations of the instance, as the parent may
 *	expect, and guards what follows.  Taken by ioctls, open and close.  Outer
 *	to everything that pins or copies the user's memory; not to be taken
 *	under the mmap lock, nor by vfio's dma_unmap, which runs while an ioctl
 *	waits for it to end.
 * @config_ctx: eventfd for changes of the configuration space, or NULL
 * @backend_features: acknowledged by the user
 * @owned: SET_OWNER was called
 * @suspended: live, but stopped by SUSPEND
 * @nvqs: number of virtqueues; constant
 * @vqs: the virtqueues; constant
 */
struct vhost_mdev {
	struct mdev_class_device *cdev;
	const struct vhost_mdev_backend *be;
	struct mdev_mem *mem;
	struct mutex lock;	/* guards what follows, see above */
	struct eventfd_ctx *config_ctx;
	u64 backend_features;
	bool owned;
	bool suspended;
	u16 nvqs;
	struct vhost_mdev_vq *vqs;
};

/* main.c: what must be gone before the module's text may go */
void vhost_mdev_get(void);
void vhost_mdev_put(void);

/* vfio.c */
int vhost_mdev_vfio_probe(struct mdev_class_device *cdev);
void vhost_mdev_vfio_remove(struct mdev_class_device *cdev);

/* ioctl.c */
int vhost_mdev_init(struct vhost_mdev *vd, struct mdev_class_device *cdev,
		    const struct vhost_mdev_backend *be, struct mdev_mem *mem);
void vhost_mdev_uninit(struct vhost_mdev *vd);
int vhost_mdev_open(struct vhost_mdev *vd);
void vhost_mdev_close(struct vhost_mdev *vd);
int vhost_mdev_reset(struct vhost_mdev *vd);
long vhost_mdev_ioctl(struct vhost_mdev *vd, unsigned int cmd,
		      unsigned long arg);

/* vring.c */
int vhost_mdev_vqs_init(struct vhost_mdev *vd);
void vhost_mdev_vqs_uninit(struct vhost_mdev *vd);
void vhost_mdev_vqs_open(struct vhost_mdev *vd);
void vhost_mdev_vqs_close(struct vhost_mdev *vd);
bool vhost_mdev_has_doorbell(const struct vhost_mdev *vd);
int vhost_mdev_set_config_call(struct vhost_mdev *vd, int fd);
long vhost_mdev_vring_ioctl(struct vhost_mdev *vd, unsigned int cmd,
			    void __user *argp);
int vhost_mdev_mmap(struct vhost_mdev *vd, struct vm_area_struct *vma);

#endif /* _VHOST_MDEV_PRIVATE_H */
