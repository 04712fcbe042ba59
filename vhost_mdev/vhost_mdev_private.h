/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _VHOST_MDEV_PRIVATE_H
#define _VHOST_MDEV_PRIVATE_H

#include <linux/irqbypass.h>
#include <linux/kref.h>
#include <linux/list.h>
#include <linux/mdev_class.h>
#include <linux/mdev_doorbell.h>
#include <linux/mdev_mem.h>
#include <linux/mdev_users.h>
#include <linux/mutex.h>
#include <linux/sched.h>
#include <linux/spinlock.h>
#include <linux/types.h>
#include <linux/uuid.h>
#include <linux/vfio.h>
#include <linux/virtio_mdev.h>
#include <linux/wait.h>

struct eventfd_ctx;
struct pid;
struct vhost_mdev;
struct vhost_mdev_chr;
struct vhost_mdev_vfio;
struct vm_area_struct;

/**
 * struct vhost_mdev_path - what differs between the access paths to a device
 * @name: name of the access path, for messages
 * @mem_way: how the user maps memory, for messages
 * @features: backend features (VHOST_MDEV_BACKEND_F_*) that this access path adds
 *	to those of the parent
 * @mem_open: a user begins to use the device: prepare its memory.  Called with
 *	&vhost_mdev.lock held; returns 0 or a negative errno.
 * @mem_close: the user has closed the device, or it was revoked.  Called after a
 *	reset, to release all of the user's memory, which must be safe even if the
 *	reset failed.  Same context.
 * @nr_as: (optional) number of address spaces, at least 1, constant; 1 if this is
 *	absent
 * @mem: returns the memory of address space @asid, which is less than @nr_as.  It
 *	is open.  NULL if the device reaches memory by itself, through the IOMMU.
 * @iova_range: (optional) narrow the first and the last address that memory
 *	can have; initially they allow all.  Called with &vhost_mdev.lock held.
 * @mem_reset: (optional) the device was reset: release memory that is pinned only
 *	because the device used it; same context
 * @set_owner: (optional) the calling process becomes the owner; same context
 * @reset_owner: (optional) undo @set_owner, after a reset; same context
 * @as_vhost: wrong calls get the errno of vhost-vdpa, for programs that know it
 */
struct vhost_mdev_path {
	const char *name;
	const char *mem_way;
	u64 features;
	bool as_vhost;
	int (*mem_open)(struct vhost_mdev *vd);
	void (*mem_close)(struct vhost_mdev *vd);
	u32 (*nr_as)(struct vhost_mdev *vd);
	struct mdev_mem *(*mem)(struct vhost_mdev *vd, u32 asid);
	void (*iova_range)(struct vhost_mdev *vd, u64 *first, u64 *last);
	void (*mem_reset)(struct vhost_mdev *vd);
	void (*set_owner)(struct vhost_mdev *vd);
	void (*reset_owner)(struct vhost_mdev *vd);
};

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

/**
 * struct vhost_mdev_vq - the user's side of a virtqueue
 * @vd: the device
 * @index: of the virtqueue
 * @kick: the eventfd that kicks; NULL if none.  Guarded by vfio's own lock,
 *	because vfio clears it when the eventfd is closed.
 * @has_kick: there was one since the last vfio_virqfd_disable()
 * @cb: eventfds to signal, NULL if none; guarded by &vhost_mdev.lock
 * @bypass: offers the virtqueue's interrupt to a consumer of @cb's eventfd that
 *	can take it directly, such as KVM; guarded by &vhost_mdev.lock
 * @bypassed: @bypass is registered
 * @doorbell: the page that kicks it
 */
struct vhost_mdev_vq {
	struct vhost_mdev *vd;
	u16 index;
	struct virqfd *kick;
	bool has_kick;
	struct vhost_mdev_vq_cb *cb;
	struct irq_bypass_producer bypass;
	bool bypassed;
	struct mdev_doorbell doorbell;
};

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

/* device.c */
extern struct mdev_users vhost_mdev_users;
struct vhost_mdev *vhost_mdev_create(struct mdev_class_device *cdev);
struct vhost_mdev *vhost_mdev_get(struct vhost_mdev *vd);
void vhost_mdev_put(struct vhost_mdev *vd);
int vhost_mdev_open(struct vhost_mdev *vd, const struct vhost_mdev_path *path);
void vhost_mdev_close(struct vhost_mdev *vd);
void vhost_mdev_end_use(struct vhost_mdev *vd);
int vhost_mdev_lock(struct vhost_mdev *vd);
void vhost_mdev_unlock(struct vhost_mdev *vd);

/* user.c */
/* Room for vhost_mdev_user_name() */
#define VHOST_MDEV_USER_NAME	(TASK_COMM_LEN + 32)
const char *vhost_mdev_user_name(struct vhost_mdev *vd, char *buf, size_t size);
int vhost_mdev_claim(struct vhost_mdev *vd,
		     const struct vhost_mdev_path *path);
void vhost_mdev_unclaim(struct vhost_mdev *vd);
void vhost_mdev_set_user(struct vhost_mdev *vd);

/* revoke.c */
void vhost_mdev_retire(struct vhost_mdev *vd);

/* vfio.c */
int vhost_mdev_vfio_init(void);
void vhost_mdev_vfio_exit(void);
int vhost_mdev_vfio_add(struct vhost_mdev *vd);
void vhost_mdev_vfio_del(struct vhost_mdev *vd, struct mdev_class_device *cdev);
bool vhost_mdev_vfio_request(struct vhost_mdev *vd);

/* carrier.c */
int vhost_mdev_carrier_init(void);
void vhost_mdev_carrier_exit(void);
struct device *vhost_mdev_carrier_add(const char *name);
int vhost_mdev_carrier_link(struct device *carrier, struct device *dev);
void vhost_mdev_carrier_unlink(struct device *dev);

/* chr.c */
int vhost_mdev_chr_init(void);
void vhost_mdev_chr_exit(void);
int vhost_mdev_chr_add(struct vhost_mdev *vd);
void vhost_mdev_chr_hide(struct vhost_mdev *vd);
void vhost_mdev_chr_del(struct vhost_mdev *vd);

/* features.c */
int vhost_mdev_check_access_platform(struct vhost_mdev *vd, u64 features);

/* status.c */
int vhost_mdev_reset(struct vhost_mdev *vd);

/* config.c */
int vhost_mdev_set_config_fd(struct vhost_mdev *vd, int fd);
void vhost_mdev_config_hang_up(struct vhost_mdev *vd);

/* ioctl.c */
long vhost_mdev_ioctl(struct vhost_mdev *vd, unsigned int cmd,
		      unsigned long arg);

/* eventfd.c */
void vhost_mdev_vqs_hang_up(struct vhost_mdev *vd);
void vhost_mdev_vqs_close(struct vhost_mdev *vd);

/* vring.c */
int vhost_mdev_vqs_init(struct vhost_mdev *vd);
void vhost_mdev_vqs_uninit(struct vhost_mdev *vd);
void vhost_mdev_vqs_open(struct vhost_mdev *vd);

/* mmap.c */
bool vhost_mdev_has_doorbell(const struct vhost_mdev *vd);
int vhost_mdev_mmap(struct vhost_mdev *vd, struct vm_area_struct *vma);

#endif /* _VHOST_MDEV_PRIVATE_H */
