/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A device that is driven with vhost ioctls.
 */
#ifndef _VHOST_MDEV_DEVICE_H
#define _VHOST_MDEV_DEVICE_H

#include <linux/kref.h>
#include <linux/mdev_doorbell.h>
#include <linux/mdev_users.h>
#include <linux/mutex.h>
#include <linux/sched.h>
#include <linux/spinlock.h>
#include <linux/types.h>
#include <linux/uuid.h>
#include <linux/wait.h>

struct device;
struct eventfd_ctx;
struct mdev_class_device;
struct pid;
struct vhost_mdev_chr;
struct vhost_mdev_path;
struct vhost_mdev_vfio;
struct vhost_mdev_vq;

/**
 * struct vhost_mdev - a device that is driven with vhost ioctls
 * @ref: held by the class driver from probe to remove, and by each access path
 *	for as long as it exists, because an access path may outlive remove
 * @name: the instance's UUID, which an access path may need after the instance was
 *	removed
 * @cdev: the instance, NULL once it was revoked.  Read under @lock or in an RCU
 *	read section, after checking @revoked there; the remover needs neither.
 * @dma_dev: the device that does the DMA, NULL if the parent uses
 *	&vhost_mdev_path.mem; constant
 * @vfio: the VFIO device; constant from probe to remove
 * @chr: the char device; constant from probe to remove
 * @user_lock: guards @path, @leaving, @user_pid, @user_comm and @locker.
 *	Innermost, so that a task that takes it never waits for an ioctl, which a
 *	user can make wait.
 * @path: the user's access path, NULL if there is no user.  Constant while the
 *	device is open, so the user's calls read it without the lock.
 * @leaving: the instance is being removed: there will be no more users
 * @user_pid: the process that uses or last used the device, for messages; a
 *	reference, NULL if there was none yet
 * @user_comm: its name
 * @locker: the task that holds @lock in a call of the user's, or NULL
 * @left: woken when @path becomes NULL
 * @hangup: tasks that poll the user's file; woken when the device is revoked
 * @doorbells: those that the user has mapped
 * @revoked: the user, if there is one, has lost the device, and calls get
 *	ENODEV.  Written by the remover.  It may be read without a lock to fail
 *	early; to use @cdev, check it again as described there.
 * @lock: serialises the device operations of the instance, as the parent may
 *	expect, and guards what follows.  Taken by ioctls, open and close.  Outer
 *	to everything that pins or copies the user's memory; not to be taken
 *	under the mmap lock, nor in vfio's dma_unmap, whose end an ioctl may be
 *	waiting for.
 * @opened: the user's memory is open and the device may be in use
 * @config_ctx: eventfd for changes of the configuration space, or NULL
 * @backend_features: acknowledged by the user
 * @owned: SET_OWNER was called
 * @suspended: live, but stopped by SUSPEND
 * @paused: live, but stopped until the end of a batch of messages
 * @nr_groups: groups of virtqueues; constant
 * @nvqs: number of virtqueues; constant
 * @vqs: the virtqueues; constant
 */
struct vhost_mdev {
	struct kref ref;
	char name[UUID_STRING_LEN + 1];
	struct mdev_class_device *cdev;
	struct device *dma_dev;
	struct vhost_mdev_vfio *vfio;
	struct vhost_mdev_chr *chr;

	spinlock_t user_lock;	/* guards the user, see above */
	const struct vhost_mdev_path *path;
	bool leaving;
	struct pid *user_pid;
	char user_comm[TASK_COMM_LEN];
	struct task_struct *locker;
	wait_queue_head_t left;
	wait_queue_head_t hangup;

	struct mdev_doorbells doorbells;

	bool revoked;
	struct mutex lock;	/* guards what follows, see above */
	bool opened;
	struct eventfd_ctx *config_ctx;
	u64 backend_features;
	bool owned;
	bool suspended;
	bool paused;
	u32 nr_groups;
	u16 nvqs;
	struct vhost_mdev_vq *vqs;
};

extern struct mdev_users vhost_mdev_users;
struct vhost_mdev *vhost_mdev_create(struct mdev_class_device *cdev);
struct vhost_mdev *vhost_mdev_get(struct vhost_mdev *vd);
void vhost_mdev_put(struct vhost_mdev *vd);
int vhost_mdev_open(struct vhost_mdev *vd, const struct vhost_mdev_path *path);
void vhost_mdev_close(struct vhost_mdev *vd);
void vhost_mdev_end_use(struct vhost_mdev *vd);
int vhost_mdev_lock(struct vhost_mdev *vd);
void vhost_mdev_unlock(struct vhost_mdev *vd);

#endif /* _VHOST_MDEV_DEVICE_H */
