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

/* Later than some kernels' headers */
#define VFIO_MDEV_COMMON_Q_RESET	58

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

static u64 vfio_mdev_read_device_feature(struct vfio_mdev *vm)
{
	return vfio_mdev_feature_word(vfio_mdev_features(vm),
				      vm->device_select);
}

static u64 vfio_mdev_read_driver_feature(struct vfio_mdev *vm)
{
	return vfio_mdev_feature_word(vm->driver_features, vm->driver_select);
}

static void vfio_mdev_write_driver_feature(struct vfio_mdev *vm, u64 val)
{
	if (vm->driver_select == 0)
		vm->driver_features = (vm->driver_features & ~(u64)U32_MAX) |
				      val;
	else if (vm->driver_select == 1)
		vm->driver_features = (vm->driver_features & U32_MAX) |
				      val << 32;
}

static u64 vfio_mdev_read_config_vector(struct vfio_mdev *vm)
{
	return vm->config_vector;
}

static void vfio_mdev_write_config_vector(struct vfio_mdev *vm, u64 val)
{
	WRITE_ONCE(vm->config_vector, vfio_mdev_vector_index(vm, val));
}

static u64 vfio_mdev_read_num_queues(struct vfio_mdev *vm)
{
	return vm->nvqs;
}

static u64 vfio_mdev_read_status(struct vfio_mdev *vm)
{
	return vfio_mdev_get_status(vm);
}

static void vfio_mdev_write_status(struct vfio_mdev *vm, u64 val)
{
	vfio_mdev_set_status(vm, val);
}

static u64 vfio_mdev_read_generation(struct vfio_mdev *vm)
{
	struct mdev_class_device *cdev = vfio_mdev_cdev(vm);

	return cdev->ops->get_generation ? cdev->ops->get_generation(cdev) : 0;
}

/* ---- the virtqueue that is selected ---- */

static u64 vfio_mdev_read_queue_vector(struct vfio_mdev *vm)
{
	struct vfio_mdev_queue *queue = vfio_mdev_selected(vm);

	return queue ? queue->vector : VIRTIO_MSI_NO_VECTOR;
}

static void vfio_mdev_write_queue_vector(struct vfio_mdev *vm, u64 val)
{
	struct vfio_mdev_queue *queue = vfio_mdev_selected(vm);

	if (queue)
		WRITE_ONCE(queue->vector, vfio_mdev_vector_index(vm, val));
}

static u64 vfio_mdev_read_queue_enable(struct vfio_mdev *vm)
{
	struct vfio_mdev_queue *queue = vfio_mdev_selected(vm);

	return queue ? vfio_mdev_queue_enabled(queue) : 0;
}

static void vfio_mdev_write_queue_enable(struct vfio_mdev *vm, u64 val)
{
	struct vfio_mdev_queue *queue = vfio_mdev_selected(vm);

	/* A driver does not write 0: that would not stop the virtqueue. */
	if (queue && val == 1)
		vfio_mdev_queue_enable(queue);
}

static u64 vfio_mdev_read_queue_notify(struct vfio_mdev *vm)
{
	return vfio_mdev_selected(vm) ? vm->queue_select : 0;
}

/* A reset is over when the write returns, so this always reads as 0. */
static void vfio_mdev_write_queue_reset(struct vfio_mdev *vm, u64 val)
{
	struct vfio_mdev_queue *queue = vfio_mdev_selected(vm);

	if (queue && val == 1)
		vfio_mdev_queue_reset(queue);
}

/* ---- all of them ---- */

/**
 * struct vfio_mdev_register - a field of the structure
 * @offset: where it is
 * @size: in bytes: 1, 2, 4 or 8
 * @plain: it is a member of a structure, which has that size, and nothing else
 * @of_queue: that structure is the &struct vfio_mdev_queue that is selected, not the
 *	&struct vfio_mdev
 * @member: where in that structure
 * @read: (optional) its value; 0 if absent
 * @write: (optional) set it; ignored if absent
 */
struct vfio_mdev_register {
	u8 offset;
	u8 size;
	bool plain;
	bool of_queue;
	size_t member;
	u64 (*read)(struct vfio_mdev *vm);
	void (*write)(struct vfio_mdev *vm, u64 val);
};

#define VFIO_MDEV_DEVICE_MEMBER(_offset, _member) {			\
	.offset = _offset,						\
	.size = sizeof_field(struct vfio_mdev, _member),		\
	.plain = true,							\
	.member = offsetof(struct vfio_mdev, _member),			\
}

#define VFIO_MDEV_QUEUE_MEMBER(_offset, _member) {			\
	.offset = _offset,						\
	.size = sizeof_field(struct vfio_mdev_queue, _member),		\
	.plain = true,							\
	.of_queue = true,						\
	.member = offsetof(struct vfio_mdev_queue, _member),		\
}

#define VFIO_MDEV_REGISTER(_offset, _size, _read, _write) {		\
	.offset = _offset,						\
	.size = _size,							\
	.read = _read,							\
	.write = _write,						\
}

static const struct vfio_mdev_register vfio_mdev_registers[] = {
	VFIO_MDEV_DEVICE_MEMBER(VIRTIO_PCI_COMMON_DFSELECT, device_select),
	VFIO_MDEV_REGISTER(VIRTIO_PCI_COMMON_DF, 4,
			   vfio_mdev_read_device_feature, NULL),
	VFIO_MDEV_DEVICE_MEMBER(VIRTIO_PCI_COMMON_GFSELECT, driver_select),
	VFIO_MDEV_REGISTER(VIRTIO_PCI_COMMON_GF, 4,
			   vfio_mdev_read_driver_feature,
			   vfio_mdev_write_driver_feature),
	VFIO_MDEV_REGISTER(VIRTIO_PCI_COMMON_MSIX, 2,
			   vfio_mdev_read_config_vector,
			   vfio_mdev_write_config_vector),
	VFIO_MDEV_REGISTER(VIRTIO_PCI_COMMON_NUMQ, 2,
			   vfio_mdev_read_num_queues, NULL),
	VFIO_MDEV_REGISTER(VIRTIO_PCI_COMMON_STATUS, 1, vfio_mdev_read_status,
			   vfio_mdev_write_status),
	VFIO_MDEV_REGISTER(VIRTIO_PCI_COMMON_CFGGENERATION, 1,
			   vfio_mdev_read_generation, NULL),
	VFIO_MDEV_DEVICE_MEMBER(VIRTIO_PCI_COMMON_Q_SELECT, queue_select),
	VFIO_MDEV_QUEUE_MEMBER(VIRTIO_PCI_COMMON_Q_SIZE, size),
	VFIO_MDEV_REGISTER(VIRTIO_PCI_COMMON_Q_MSIX, 2,
			   vfio_mdev_read_queue_vector,
			   vfio_mdev_write_queue_vector),
	VFIO_MDEV_REGISTER(VIRTIO_PCI_COMMON_Q_ENABLE, 2,
			   vfio_mdev_read_queue_enable,
			   vfio_mdev_write_queue_enable),
	VFIO_MDEV_REGISTER(VIRTIO_PCI_COMMON_Q_NOFF, 2,
			   vfio_mdev_read_queue_notify, NULL),
	VFIO_MDEV_QUEUE_MEMBER(VIRTIO_PCI_COMMON_Q_DESCLO, desc),
	VFIO_MDEV_QUEUE_MEMBER(VIRTIO_PCI_COMMON_Q_AVAILLO, driver),
	VFIO_MDEV_QUEUE_MEMBER(VIRTIO_PCI_COMMON_Q_USEDLO, device),
	VFIO_MDEV_REGISTER(VFIO_MDEV_COMMON_Q_RESET, 2, NULL,
			   vfio_mdev_write_queue_reset),
};

/* What a plain register is, or NULL if there is no such virtqueue */
static void *vfio_mdev_register_member(struct vfio_mdev *vm,
				       const struct vfio_mdev_register *reg)
{
	void *base = reg->of_queue ? (void *)vfio_mdev_selected(vm) : vm;

	return base ? base + reg->member : NULL;
}

static u64 vfio_mdev_member_get(const void *member, unsigned int size)
{
	switch (size) {
	case sizeof(u16):
		return *(const u16 *)member;
	case sizeof(u32):
		return *(const u32 *)member;
	default:
		return *(const u64 *)member;
	}
}

static void vfio_mdev_member_set(void *member, unsigned int size, u64 val)
{
	switch (size) {
	case sizeof(u16):
		*(u16 *)member = val;
		break;
	case sizeof(u32):
		*(u32 *)member = val;
		break;
	default:
		*(u64 *)member = val;
	}
}

static u64 vfio_mdev_register_get(struct vfio_mdev *vm,
				  const struct vfio_mdev_register *reg)
{
	void *member;

	if (!reg->plain)
		return reg->read ? reg->read(vm) : 0;
	member = vfio_mdev_register_member(vm, reg);
	return member ? vfio_mdev_member_get(member, reg->size) : 0;
}

static void vfio_mdev_register_set(struct vfio_mdev *vm,
				   const struct vfio_mdev_register *reg,
				   u64 val)
{
	void *member;

	if (!reg->plain) {
		if (reg->write)
			reg->write(vm, val);
		return;
	}
	member = vfio_mdev_register_member(vm, reg);
	if (member)
		vfio_mdev_member_set(member, reg->size, val);
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
 * @vm: the device, its lock held
 * @offset: in the structure
 * @buf: for their bytes
 * @len: how many; the range is within the structure
 */
void vfio_mdev_common_read(struct vfio_mdev *vm, u64 offset, u8 *buf,
			   unsigned int len)
{
	unsigned int i, first, end;
	__le64 val;

	for (i = 0; i < ARRAY_SIZE(vfio_mdev_registers); i++) {
		const struct vfio_mdev_register *reg = &vfio_mdev_registers[i];

		if (!vfio_mdev_register_part(reg, offset, len, &first, &end))
			continue;
		val = cpu_to_le64(vfio_mdev_register_get(vm, reg));
		memcpy(buf + (first - offset),
		       (u8 *)&val + (first - reg->offset), end - first);
	}
}

/**
 * vfio_mdev_common_write() - write registers
 * @vm: the device, its lock held
 * @offset: in the structure
 * @buf: their bytes
 * @len: how many; the range is within the structure
 *
 * A register that is written in part keeps the other part.
 */
void vfio_mdev_common_write(struct vfio_mdev *vm, u64 offset, const u8 *buf,
			    unsigned int len)
{
	unsigned int i, first, end;
	__le64 val;

	for (i = 0; i < ARRAY_SIZE(vfio_mdev_registers); i++) {
		const struct vfio_mdev_register *reg = &vfio_mdev_registers[i];

		if (!vfio_mdev_register_part(reg, offset, len, &first, &end))
			continue;
		val = cpu_to_le64(vfio_mdev_register_get(vm, reg));
		memcpy((u8 *)&val + (first - reg->offset),
		       buf + (first - offset), end - first);
		vfio_mdev_register_set(vm, reg, le64_to_cpu(val));
	}
}
