// SPDX-License-Identifier: GPL-2.0-only
/*
 * The common configuration structure: registers by which a driver negotiates
 * features, sets the status, and sets virtqueues up (virtio 1.2, section 4.1.4.3).
 */

#include <linux/minmax.h>
#include <linux/string.h>
#include <linux/virtio_mdev.h>
#include <linux/virtio_pci.h>

#include "common_cfg.h"
#include "device.h"
#include "queue.h"
#include "vector.h"
#include "vfio_mdev.h"

/* ---- registers that only keep their value ---- */

static u64 vfio_mdev_read_device_select(struct vfio_mdev *fn)
{
	return fn->device_select;
}

static void vfio_mdev_write_device_select(struct vfio_mdev *fn, u64 val)
{
	fn->device_select = val;
}

static u64 vfio_mdev_read_driver_select(struct vfio_mdev *fn)
{
	return fn->driver_select;
}

static void vfio_mdev_write_driver_select(struct vfio_mdev *fn, u64 val)
{
	fn->driver_select = val;
}

static u64 vfio_mdev_read_queue_select(struct vfio_mdev *fn)
{
	return fn->queue_select;
}

static void vfio_mdev_write_queue_select(struct vfio_mdev *fn, u64 val)
{
	fn->queue_select = val;
}

/*
 * The virtqueue that is selected, or NULL if there is none, or if it is enabled: what
 * the parent has got of it does not change then, nor what is saved for a migration.
 */
static struct vfio_mdev_queue *vfio_mdev_selected_idle(struct vfio_mdev *fn)
{
	struct vfio_mdev_queue *queue = vfio_mdev_selected(fn);

	return queue && !vfio_mdev_queue_enabled(queue) ? queue : NULL;
}

static u64 vfio_mdev_read_queue_size(struct vfio_mdev *fn)
{
	struct vfio_mdev_queue *queue = vfio_mdev_selected(fn);

	return queue ? queue->size : 0;
}

static void vfio_mdev_write_queue_size(struct vfio_mdev *fn, u64 val)
{
	struct vfio_mdev_queue *queue = vfio_mdev_selected_idle(fn);

	if (queue)
		queue->size = val;
}

static u64 vfio_mdev_read_queue_desc(struct vfio_mdev *fn)
{
	struct vfio_mdev_queue *queue = vfio_mdev_selected(fn);

	return queue ? queue->desc : 0;
}

static void vfio_mdev_write_queue_desc(struct vfio_mdev *fn, u64 val)
{
	struct vfio_mdev_queue *queue = vfio_mdev_selected_idle(fn);

	if (queue)
		queue->desc = val;
}

static u64 vfio_mdev_read_queue_driver(struct vfio_mdev *fn)
{
	struct vfio_mdev_queue *queue = vfio_mdev_selected(fn);

	return queue ? queue->driver : 0;
}

static void vfio_mdev_write_queue_driver(struct vfio_mdev *fn, u64 val)
{
	struct vfio_mdev_queue *queue = vfio_mdev_selected_idle(fn);

	if (queue)
		queue->driver = val;
}

static u64 vfio_mdev_read_queue_device(struct vfio_mdev *fn)
{
	struct vfio_mdev_queue *queue = vfio_mdev_selected(fn);

	return queue ? queue->device : 0;
}

static void vfio_mdev_write_queue_device(struct vfio_mdev *fn, u64 val)
{
	struct vfio_mdev_queue *queue = vfio_mdev_selected_idle(fn);

	if (queue)
		queue->device = val;
}

/* ---- the device ---- */

/* There are 64 features, so that only two values select any. */
static u64 vfio_mdev_feature_word(u64 features, u32 select)
{
	switch (select) {
	case 0:
		return lower_32_bits(features);
	case 1:
		return upper_32_bits(features);
	default:
		return 0;
	}
}

static u64 vfio_mdev_read_device_feature(struct vfio_mdev *fn)
{
	return vfio_mdev_feature_word(vfio_mdev_features(fn),
				      fn->device_select);
}

static u64 vfio_mdev_read_driver_feature(struct vfio_mdev *fn)
{
	return vfio_mdev_feature_word(fn->driver_features, fn->driver_select);
}

static void vfio_mdev_write_driver_feature(struct vfio_mdev *fn, u64 val)
{
	if (fn->driver_select == 0)
		fn->driver_features = (fn->driver_features & ~(u64)U32_MAX) |
				      val;
	else if (fn->driver_select == 1)
		fn->driver_features = (fn->driver_features & U32_MAX) |
				      val << 32;
}

static u64 vfio_mdev_read_config_vector(struct vfio_mdev *fn)
{
	return fn->config_vector;
}

static void vfio_mdev_write_config_vector(struct vfio_mdev *fn, u64 val)
{
	WRITE_ONCE(fn->config_vector, vfio_mdev_vector_index(fn, val));
}

static u64 vfio_mdev_read_num_queues(struct vfio_mdev *fn)
{
	return fn->nvqs;
}

static u64 vfio_mdev_read_status(struct vfio_mdev *fn)
{
	return vfio_mdev_get_status(fn);
}

static void vfio_mdev_write_status(struct vfio_mdev *fn, u64 val)
{
	vfio_mdev_set_status(fn, val);
}

/**
 * vfio_mdev_generation() - the generation of the device's configuration space
 * @fn: the device, its lock held
 *
 * Return: what the driver sees.
 */
u8 vfio_mdev_generation(struct vfio_mdev *fn)
{
	struct mdev_class_device *cdev = vfio_mdev_cdev(fn);
	u8 generation = fn->generation;

	lockdep_assert_held(&fn->session.lock);
	if (cdev->ops->get_generation)
		generation += cdev->ops->get_generation(cdev);
	return generation;
}

static u64 vfio_mdev_read_generation(struct vfio_mdev *fn)
{
	return vfio_mdev_generation(fn);
}

/* ---- the virtqueue that is selected ---- */

static u64 vfio_mdev_read_queue_vector(struct vfio_mdev *fn)
{
	struct vfio_mdev_queue *queue = vfio_mdev_selected(fn);

	return queue ? queue->vector : VIRTIO_MSI_NO_VECTOR;
}

static void vfio_mdev_write_queue_vector(struct vfio_mdev *fn, u64 val)
{
	struct vfio_mdev_queue *queue = vfio_mdev_selected(fn);

	if (queue)
		WRITE_ONCE(queue->vector, vfio_mdev_vector_index(fn, val));
}

static u64 vfio_mdev_read_queue_enable(struct vfio_mdev *fn)
{
	struct vfio_mdev_queue *queue = vfio_mdev_selected(fn);

	return queue ? vfio_mdev_queue_enabled(queue) : 0;
}

static void vfio_mdev_write_queue_enable(struct vfio_mdev *fn, u64 val)
{
	struct vfio_mdev_queue *queue = vfio_mdev_selected(fn);

	/* A driver does not write 0: that would not stop the virtqueue. */
	if (queue && val == 1)
		vfio_mdev_queue_enable(queue);
}

static u64 vfio_mdev_read_queue_notify(struct vfio_mdev *fn)
{
	return vfio_mdev_selected(fn) ? fn->queue_select : 0;
}

/* A reset is over when the write returns, so this always reads as 0. */
static void vfio_mdev_write_queue_reset(struct vfio_mdev *fn, u64 val)
{
	struct vfio_mdev_queue *queue = vfio_mdev_selected(fn);

	if (queue && val == 1)
		vfio_mdev_queue_reset(queue);
}

/* ---- all of them ---- */

/**
 * struct vfio_mdev_register - a field of the structure
 * @offset: where it is
 * @size: in bytes: 1, 2, 4 or 8
 * @read: (optional) its value; 0 if absent
 * @write: (optional) set it; ignored if absent
 */
struct vfio_mdev_register {
	u8 offset;
	u8 size;
	u64 (*read)(struct vfio_mdev *fn);
	void (*write)(struct vfio_mdev *fn, u64 val);
};

static const struct vfio_mdev_register vfio_mdev_registers[] = {
	{ VIRTIO_PCI_COMMON_DFSELECT, 4, vfio_mdev_read_device_select,
	  vfio_mdev_write_device_select },
	{ VIRTIO_PCI_COMMON_DF, 4, vfio_mdev_read_device_feature },
	{ VIRTIO_PCI_COMMON_GFSELECT, 4, vfio_mdev_read_driver_select,
	  vfio_mdev_write_driver_select },
	{ VIRTIO_PCI_COMMON_GF, 4, vfio_mdev_read_driver_feature,
	  vfio_mdev_write_driver_feature },
	{ VIRTIO_PCI_COMMON_MSIX, 2, vfio_mdev_read_config_vector,
	  vfio_mdev_write_config_vector },
	{ VIRTIO_PCI_COMMON_NUMQ, 2, vfio_mdev_read_num_queues },
	{ VIRTIO_PCI_COMMON_STATUS, 1, vfio_mdev_read_status,
	  vfio_mdev_write_status },
	{ VIRTIO_PCI_COMMON_CFGGENERATION, 1, vfio_mdev_read_generation },
	{ VIRTIO_PCI_COMMON_Q_SELECT, 2, vfio_mdev_read_queue_select,
	  vfio_mdev_write_queue_select },
	{ VIRTIO_PCI_COMMON_Q_SIZE, 2, vfio_mdev_read_queue_size,
	  vfio_mdev_write_queue_size },
	{ VIRTIO_PCI_COMMON_Q_MSIX, 2, vfio_mdev_read_queue_vector,
	  vfio_mdev_write_queue_vector },
	{ VIRTIO_PCI_COMMON_Q_ENABLE, 2, vfio_mdev_read_queue_enable,
	  vfio_mdev_write_queue_enable },
	{ VIRTIO_PCI_COMMON_Q_NOFF, 2, vfio_mdev_read_queue_notify },
	{ VIRTIO_PCI_COMMON_Q_DESCLO, 8, vfio_mdev_read_queue_desc,
	  vfio_mdev_write_queue_desc },
	{ VIRTIO_PCI_COMMON_Q_AVAILLO, 8, vfio_mdev_read_queue_driver,
	  vfio_mdev_write_queue_driver },
	{ VIRTIO_PCI_COMMON_Q_USEDLO, 8, vfio_mdev_read_queue_device,
	  vfio_mdev_write_queue_device },
	{ VIRTIO_PCI_COMMON_Q_RESET, 2, NULL, vfio_mdev_write_queue_reset },
};

static u64 vfio_mdev_register_get(struct vfio_mdev *fn,
				  const struct vfio_mdev_register *reg)
{
	return reg->read ? reg->read(fn) : 0;
}

/*
 * The part of @reg that an access to @len bytes at @offset is for, as bytes of
 * either, or false.
 */
static bool vfio_mdev_register_part(const struct vfio_mdev_register *reg,
				    u64 offset, unsigned int len,
				    unsigned int *first, unsigned int *end)
{
	*first = max_t(u64, offset, reg->offset);
	*end = min_t(u64, offset + len, reg->offset + reg->size);
	return *first < *end;
}

/**
 * vfio_mdev_common_read() - read registers
 * @fn: the device, its lock held
 * @offset: in the structure
 * @buf: for their bytes
 * @len: how many; the range is within the structure
 */
void vfio_mdev_common_read(struct vfio_mdev *fn, u64 offset, u8 *buf,
			   unsigned int len)
{
	unsigned int i, first, end;
	__le64 val;

	lockdep_assert_held(&fn->session.lock);
	for (i = 0; i < ARRAY_SIZE(vfio_mdev_registers); i++) {
		const struct vfio_mdev_register *reg = &vfio_mdev_registers[i];

		if (!vfio_mdev_register_part(reg, offset, len, &first, &end))
			continue;
		val = cpu_to_le64(vfio_mdev_register_get(fn, reg));
		memcpy(buf + (first - offset),
		       (u8 *)&val + (first - reg->offset), end - first);
	}
}

/**
 * vfio_mdev_common_write() - write registers
 * @fn: the device, its lock held
 * @offset: in the structure
 * @buf: their bytes
 * @len: how many; the range is within the structure
 *
 * A register that is written in part keeps the other part.
 */
void vfio_mdev_common_write(struct vfio_mdev *fn, u64 offset, const u8 *buf,
			    unsigned int len)
{
	unsigned int i, first, end;
	__le64 val;

	lockdep_assert_held(&fn->session.lock);
	for (i = 0; i < ARRAY_SIZE(vfio_mdev_registers); i++) {
		const struct vfio_mdev_register *reg = &vfio_mdev_registers[i];

		if (!reg->write ||
		    !vfio_mdev_register_part(reg, offset, len, &first, &end))
			continue;
		val = cpu_to_le64(vfio_mdev_register_get(fn, reg));
		memcpy((u8 *)&val + (first - reg->offset),
		       buf + (first - offset), end - first);
		reg->write(fn, le64_to_cpu(val));
	}
}
