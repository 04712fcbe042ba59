/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _VIRTIO_MDEV_PRIVATE_H
#define _VIRTIO_MDEV_PRIVATE_H

#include <linux/mutex.h>
#include <linux/virtio.h>
#include <linux/virtio_config.h>
#include <linux/workqueue.h>

#include <linux/virtio_mdev.h>

/**
 * struct virtio_mdev_device - a virtio device carried by an instance
 * @vdev: what virtio drivers see; its reference count keeps the structure
 * @cdev: the instance, bound to this driver as long as @vdev is registered;
 *	parent of @vdev, unless the device that does the DMA is
 * @lock: serialises the device operations as &struct virtio_mdev_ops asks.
 *	The virtio core holds the device lock of @vdev over probe and remove
 *	only; a driver's sysfs files and network operations come in beside them.
 *	Taken inside of those locks; callbacks from the parent never take it.
 *	Guards @restoring, @dead and @dead_status, too; the latter two are read
 *	without it.
 * @restoring: the virtio driver is being woken up, see pm.c
 * @dead: the device did not come back, and the virtio driver did: operations
 *	succeed without reaching the device, and virtqueues are broken
 * @dead_status: the status of such a device
 * @frozen: the virtio driver is asleep; guarded by the device lock of @cdev
 * @driver_locked: the device lock of @vdev is held, from the beginning of a reset
 *	of the hardware to its end; guarded by the device lock of @cdev
 * @rebind: virtio_mdev_rebind()
 * @pinned: this module and the parent's are pinned; guarded by @lock
 * @keep_pinned: they stay pinned over a reset, because the driver comes back;
 *	guarded by @lock
 * @noio: what memalloc_noio_save() returned at the beginning of a reset of the
 *	hardware; guarded by the device lock of @cdev
 *
 * The list of virtqueues is the core's: @vdev.vqs under @vdev.vqs_list_lock.
 */
struct virtio_mdev_device {
	struct virtio_device vdev;
	struct mdev_class_device *cdev;
	struct mutex lock; /* serialises operations, see above */
	bool restoring;
	bool dead;
	u8 dead_status;
	bool frozen;
	bool driver_locked;
	struct work_struct rebind;
	bool pinned;
	bool keep_pinned;
	unsigned int noio;
};

#define to_virtio_mdev(d) container_of(d, struct virtio_mdev_device, vdev)

/**
 * virtio_mdev_give_up() - whether to go on without the device
 * @vm: the device, which has just failed to do something
 *
 * A virtio driver that is asleep has to wake up whatever became of the device:
 * its remove function would use what its freeze has freed.
 *
 * Return: true if the driver is being woken up.  Then the device is dead.
 */
static inline bool virtio_mdev_give_up(struct virtio_mdev_device *vm)
{
	lockdep_assert_held(&vm->lock);
	if (vm->restoring)
		WRITE_ONCE(vm->dead, true);
	return vm->restoring;
}

/* pm.c */
int virtio_mdev_suspend(struct mdev_class_device *cdev);
int virtio_mdev_resume(struct mdev_class_device *cdev);
void virtio_mdev_reset_prepare(struct mdev_class_device *cdev);
void virtio_mdev_reset_done(struct mdev_class_device *cdev);
void virtio_mdev_rebind(struct work_struct *work);
void virtio_mdev_thaw(struct virtio_mdev_device *vm);

/* transport.c */
int virtio_mdev_reset_device(struct virtio_mdev_device *vm);
extern const struct virtio_config_ops virtio_mdev_config_ops;
extern const struct virtio_config_ops virtio_mdev_config_ops_vq_reset;

/* vq.c */
int virtio_mdev_find_vqs(struct virtio_device *vdev, unsigned int nvqs,
			 struct virtqueue *vqs[],
			 struct virtqueue_info vqs_info[],
			 struct irq_affinity *desc);
void virtio_mdev_del_vqs(struct virtio_device *vdev);
int virtio_mdev_disable_vq_and_reset(struct virtqueue *vq);
int virtio_mdev_enable_vq_after_reset(struct virtqueue *vq);

#endif /* _VIRTIO_MDEV_PRIVATE_H */
