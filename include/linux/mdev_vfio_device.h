/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The VFIO device of an instance, which may outlive the instance.
 */
#ifndef _LINUX_MDEV_VFIO_DEVICE_H
#define _LINUX_MDEV_VFIO_DEVICE_H

#include <linux/completion.h>
#include <linux/mdev_vfio.h>
#include <linux/spinlock.h>
#include <linux/types.h>
#include <linux/vfio.h>
#include <linux/workqueue.h>

struct eventfd_ctx;
struct mdev_class_device;
struct mdev_class_parent;
struct mdev_session;
struct seq_file;

/* How users map memory for such a device, for messages */
#define MDEV_VFIO_MEM_WAY \
	"through the container or iommufd, with VFIO_IOMMU_MAP_DMA or IOMMU_IOAS_MAP"

/**
 * struct mdev_vfio_device - the VFIO device of an instance
 * @vdev: for vfio, first in what vfio_alloc_device() allocates; its reference count
 *	keeps the whole structure
 * @session: the program that has the instance open; constant
 * @carrier: the parent of @vdev, NULL if its parent is the device that does the DMA
 * @parent: the parent of the instance; once the instance is removed, kept until
 *	@vdev is unregistered, if @carrier is NULL
 * @end: waits until the last file is closed, unregisters @vdev and then releases
 *	what it depended on
 * @ended: completed by @end
 * @mem: the container's memory, if the device has no DMA of its own
 * @open: a user has the device fd
 * @request_lock: guards @request_ctx.  A lock of its own, because a remover needs
 *	it while a call may be waiting with &mdev_session.lock held.
 * @request_ctx: eventfd that asks the user to close the device, or NULL
 */
struct mdev_vfio_device {
	struct vfio_device vdev;
	struct mdev_session *session;
	struct device *carrier;
	struct mdev_class_parent *parent;
	struct work_struct end;
	struct completion ended;
	struct mdev_vfio_mem mem;
	bool open;
	spinlock_t request_lock;	/* guards request_ctx, see above */
	struct eventfd_ctx *request_ctx;
};

#define to_mdev_vfio_device(v) container_of(v, struct mdev_vfio_device, vdev)

struct device *mdev_vfio_device_parent_get(struct mdev_class_device *cdev);
void mdev_vfio_device_parent_put(struct mdev_class_device *cdev,
				 struct device *parent);
int mdev_vfio_device_add(struct mdev_vfio_device *vv, struct mdev_session *s,
			 struct device *parent);
void mdev_vfio_device_del(struct mdev_vfio_device *vv,
			  struct mdev_class_device *cdev);

bool mdev_vfio_device_ask(struct mdev_vfio_device *vv);
int mdev_vfio_device_set_request(struct mdev_vfio_device *vv,
				 const struct vfio_irq_set *set,
				 const void __user *data, size_t size);

/* Members of struct vfio_device_ops */
int mdev_vfio_device_match(struct vfio_device *vdev, char *buf);
void mdev_vfio_device_dma_unmap(struct vfio_device *vdev, u64 iova,
				u64 length);

void mdev_vfio_device_opened(struct mdev_vfio_device *vv);
void mdev_vfio_device_close(struct mdev_vfio_device *vv);

void mdev_vfio_device_mem_open(struct mdev_vfio_device *vv);
void mdev_vfio_device_mem_close(struct mdev_vfio_device *vv);
void mdev_vfio_device_mem_drop(struct mdev_vfio_device *vv);
struct mdev_mem *mdev_vfio_device_mem(struct mdev_vfio_device *vv);
void mdev_vfio_device_show_mem(struct mdev_vfio_device *vv, struct seq_file *m);
int mdev_vfio_device_copy_begin(struct mdev_vfio_device *vv, unsigned int why);
void mdev_vfio_device_copy_end(struct mdev_vfio_device *vv, unsigned int why);
bool mdev_vfio_device_copying(struct mdev_vfio_device *vv);
ssize_t mdev_vfio_device_show_copying(struct mdev_vfio_device *vv, char *buf);
const char *mdev_vfio_device_migration_blocker(struct mdev_class_device *cdev);

#endif /* _LINUX_MDEV_VFIO_DEVICE_H */
