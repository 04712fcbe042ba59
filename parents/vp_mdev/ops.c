// SPDX-License-Identifier: GPL-2.0-only
/*
 * Device operations: status, features and the configuration space of a function.
 */

#include <linux/virtio_config.h>
#include <uapi/linux/virtio_ring.h>

#include "vp_mdev.h"

/* How often the configuration space may change while it is read */
#define VP_MDEV_CONFIG_TRIES	16

/* ---- presence ---- */

static bool vp_mdev_is_present(struct mdev_class_device *cdev)
{
	return !vp_mdev_gone(to_vp_mdev(cdev)->fn);
}

/* ---- features and status ---- */

static u64 vp_mdev_get_device_features(struct mdev_class_device *cdev)
{
	return READ_ONCE(to_vp_mdev(cdev)->features);
}

static void vp_mdev_get_feature_limits(struct mdev_class_device *cdev,
				       u64 *possible, u64 *required)
{
	*possible = to_vp_mdev(cdev)->possible;
	*required = VP_MDEV_REQUIRED_FEATURES;
}

/* Which go together is left to the driver, because only the function knows that. */
static int vp_mdev_set_device_features(struct mdev_class_device *cdev,
				       u64 features)
{
	WRITE_ONCE(to_vp_mdev(cdev)->features, features);
	return 0;
}

static int vp_mdev_check_driver_features(struct vp_mdev *vp, u64 features)
{
	const u64 needed = VP_MDEV_REQUIRED_FEATURES;

	if (features & ~vp->features)
		return -EINVAL;
	if ((features & needed) == needed)
		return 0;
	dev_err_ratelimited(&vp->cdev->dev,
			    "the driver must take VIRTIO_F_VERSION_1 and VIRTIO_F_ACCESS_PLATFORM: the function is behind an IOMMU\n");
	return -EINVAL;
}

static int vp_mdev_set_driver_features(struct mdev_class_device *cdev,
				       u64 features)
{
	struct vp_mdev *vp = to_vp_mdev(cdev);
	int ret;

	ret = vp_mdev_begin(vp);
	if (ret)
		return ret;
	ret = vp_mdev_check_driver_features(vp, features);
	if (!ret) {
		vp->driver_features = features;
		vp_modern_set_features(vp->modern, features);
	}
	vp_mdev_end(vp);
	return ret;
}

static u64 vp_mdev_get_driver_features(struct mdev_class_device *cdev)
{
	return to_vp_mdev(cdev)->driver_features;
}

static u64 vp_mdev_get_mdev_features(struct mdev_class_device *cdev)
{
	return VIRTIO_MDEV_F_VERSION_1;
}

static u8 vp_mdev_get_status(struct mdev_class_device *cdev)
{
	struct vp_mdev *vp = to_vp_mdev(cdev);
	bool lost = vp_mdev_lost(vp);
	u8 status;

	if (lost)
		status = READ_ONCE(vp->status) | VIRTIO_CONFIG_S_NEEDS_RESET;
	else
		status = vp_mdev_away(vp->fn) ? 0 :
			 vp_modern_get_status(vp->modern);
	/* No function that is present and in use has this status. */
	if ((lost || status == U8_MAX) && vp_mdev_gone(vp->fn))
		return VIRTIO_CONFIG_S_NEEDS_RESET;
	return status;
}

static u32 vp_mdev_get_generation(struct mdev_class_device *cdev)
{
	return vp_modern_generation(to_vp_mdev(cdev)->modern);
}

/* Between vp_mdev_begin() and vp_mdev_end() */
static int vp_mdev_write_status(struct vp_mdev *vp, u8 status)
{
	struct mdev_class_device *cdev = vp->cdev;
	u8 new = status & ~vp_mdev_get_status(cdev);
	int ret;

	lockdep_assert_held(&vp->fn->lock);
	/* A driver that never set its features has not taken ACCESS_PLATFORM. */
	if (new & (VIRTIO_CONFIG_S_FEATURES_OK | VIRTIO_CONFIG_S_DRIVER_OK)) {
		ret = vp_mdev_check_driver_features(vp, vp->driver_features);
		if (ret)
			return ret;
	}
	if (new & VIRTIO_CONFIG_S_DRIVER_OK) {
		/* 0 is the vector of the configuration space. */
		if (vp_modern_config_vector(vp->modern, 0)) {
			dev_err(&cdev->dev,
				"the function does not take an interrupt for its configuration space\n");
			return -EBUSY;
		}
		ret = vp_mdev_start_vqs(vp);
		if (ret)
			return ret;
	}

	vp_modern_set_status(vp->modern, status);
	/* From now on a status of 0 means that the function was reset. */
	WRITE_ONCE(vp->status, status);
	if ((new & VIRTIO_CONFIG_S_FEATURES_OK) &&
	    !(vp_mdev_get_status(cdev) & VIRTIO_CONFIG_S_FEATURES_OK)) {
		dev_err_ratelimited(&cdev->dev,
				    "the function does not take the features %#llx together\n",
				    vp->driver_features);
		return -EINVAL;
	}
	if (new & VIRTIO_CONFIG_S_DRIVER_OK) {
		vp->live = true;
		vp_mdev_kick_vqs(vp);
		/* There was no interrupt for what changed before. */
		if (vp_mdev_get_generation(cdev) != vp->generation)
			vp_mdev_config_changed(vp);
	}
	return 0;
}

static int vp_mdev_set_status(struct mdev_class_device *cdev, u8 status)
{
	struct vp_mdev *vp = to_vp_mdev(cdev);
	int ret;

	ret = vp_mdev_begin(vp);
	if (ret)
		return ret;
	ret = vp_mdev_write_status(vp, status);
	vp_mdev_end(vp);
	return ret;
}

static int vp_mdev_reset(struct mdev_class_device *cdev)
{
	struct vp_mdev *vp = to_vp_mdev(cdev);
	int ret = 0;

	vp_mdev_wait_back(vp->fn);
	mutex_lock(&vp->fn->lock);
	/* In this order, so that the reset does not look like another's. */
	WRITE_ONCE(vp->status, 0);
	WRITE_ONCE(vp->failed, false);
	vp->told = false;
	/* One that is being reset by others does no DMA either. */
	if (!vp_mdev_away(vp->fn))
		ret = vp_mdev_reset_function(vp->fn);
	vp->live = false;
	vp->generation = vp_mdev_get_generation(cdev);
	vp->driver_features = 0;
	vp_mdev_forget_vqs(vp);
	mutex_unlock(&vp->fn->lock);
	return ret;
}

/* ---- what is constant ---- */

static u16 vp_mdev_get_vq_count(struct mdev_class_device *cdev)
{
	return to_vp_mdev(cdev)->nr_vqs;
}

static u32 vp_mdev_get_vq_align(struct mdev_class_device *cdev)
{
	return SMP_CACHE_BYTES;
}

static u32 vp_mdev_get_device_id(struct mdev_class_device *cdev)
{
	return to_vp_mdev(cdev)->modern->id.device;
}

static u32 vp_mdev_get_vendor_id(struct mdev_class_device *cdev)
{
	return to_vp_mdev(cdev)->modern->id.vendor;
}

static struct device *vp_mdev_get_dma_dev(struct mdev_class_device *cdev)
{
	return &to_vp_mdev(cdev)->fn->pdev->dev;
}

/* ---- configuration space ---- */

static size_t vp_mdev_get_config_size(struct mdev_class_device *cdev)
{
	return to_vp_mdev(cdev)->modern->device_len;
}

/*
 * A field has to be accessed by its own width (section 4.1.3.1).  Which fields
 * there are only the driver knows: take what it asks for as one field if that can
 * be, two words if it is 64 bits wide, else as an array of bytes.
 */
static unsigned int vp_mdev_config_width(unsigned int offset, unsigned int len)
{
	switch (len) {
	case 2:
	case 4:
		return IS_ALIGNED(offset, len) ? len : 1;
	case 8:
		return IS_ALIGNED(offset, 4) ? 4 : 1;
	default:
		return 1;
	}
}

static void vp_mdev_read_config(void __iomem *from, u8 *buf, unsigned int len,
				unsigned int width)
{
	unsigned int i;
	__le16 word;
	__le32 dword;

	for (i = 0; i < len; i += width) {
		switch (width) {
		case 1:
			buf[i] = ioread8(from + i);
			break;
		case 2:
			word = cpu_to_le16(ioread16(from + i));
			memcpy(buf + i, &word, sizeof(word));
			break;
		case 4:
			dword = cpu_to_le32(ioread32(from + i));
			memcpy(buf + i, &dword, sizeof(dword));
			break;
		}
	}
}

/**
 * vp_mdev_load_config() - read from the configuration space of a function
 * @vp: the instance
 * @offset: where to begin
 * @buf: where to put it
 * @len: how much to read; in one piece, because not everybody who asks can look
 *	at the generation
 *
 * A function that is being reset reads as anything.  A driver that believed it
 * would take a disk to be empty, for example, so then it gets what was read last.
 *
 * Context: any.
 */
void vp_mdev_load_config(struct vp_mdev *vp, unsigned int offset, void *buf,
			 unsigned int len)
{
	unsigned int width = vp_mdev_config_width(offset, len);
	unsigned int resets = READ_ONCE(vp->fn->resets);
	unsigned int tries = VP_MDEV_CONFIG_TRIES;
	unsigned long flags;
	u32 generation;

	if (!vp_mdev_away(vp->fn)) {
		do {
			generation = vp_modern_generation(vp->modern);
			vp_mdev_read_config(vp->modern->device + offset, buf,
					    len, width);
		} while (generation != vp_modern_generation(vp->modern) &&
			 --tries);
		if (vp_mdev_gone(vp->fn))
			return;
	}

	spin_lock_irqsave(&vp->seen_lock, flags);
	if (vp_mdev_away(vp->fn) || READ_ONCE(vp->fn->resets) != resets)
		memmove(buf, vp->seen + offset, len);
	else
		memmove(vp->seen + offset, buf, len);
	spin_unlock_irqrestore(&vp->seen_lock, flags);
}

static void vp_mdev_get_config(struct mdev_class_device *cdev,
			       unsigned int offset, void *buf, unsigned int len)
{
	vp_mdev_load_config(to_vp_mdev(cdev), offset, buf, len);
}

static void vp_mdev_set_config(struct mdev_class_device *cdev,
			       unsigned int offset, const void *buf,
			       unsigned int len)
{
	unsigned int i, width = vp_mdev_config_width(offset, len);
	void __iomem *to = to_vp_mdev(cdev)->modern->device + offset;
	const u8 *from = buf;
	__le16 word;
	__le32 dword;

	if (vp_mdev_away(to_vp_mdev(cdev)->fn))
		return;
	for (i = 0; i < len; i += width) {
		switch (width) {
		case 1:
			iowrite8(from[i], to + i);
			break;
		case 2:
			memcpy(&word, from + i, sizeof(word));
			iowrite16(le16_to_cpu(word), to + i);
			break;
		case 4:
			memcpy(&dword, from + i, sizeof(dword));
			iowrite32(le32_to_cpu(dword), to + i);
			break;
		}
	}
}

static const char *
vp_mdev_get_migration_blocker(struct mdev_class_device *cdev)
{
	return "its hardware cannot be stopped and asked where its virtqueues stand";
}

#define VP_MDEV_OPS							\
	.set_vq_address = vp_mdev_set_vq_address,			\
	.set_vq_num = vp_mdev_set_vq_num,				\
	.get_vq_num_max = vp_mdev_get_vq_num_max,			\
	.get_vq_size = vp_mdev_get_vq_size,				\
	.kick_vq = vp_mdev_kick_vq,					\
	.set_vq_cb = vp_mdev_set_vq_cb,					\
	.set_vq_ready = vp_mdev_set_vq_ready,				\
	.get_vq_ready = vp_mdev_get_vq_ready,				\
	.set_vq_state = vp_mdev_set_vq_state,				\
	.get_vq_state = vp_mdev_get_vq_state,				\
	.get_vq_notification = vp_mdev_get_vq_notification,		\
	.get_vq_irq = vp_mdev_get_vq_irq,				\
	.set_vq_affinity = vp_mdev_set_vq_affinity,			\
	.get_vq_affinity = vp_mdev_get_vq_affinity,			\
	.get_vq_stats = vp_mdev_get_vq_stats,				\
	.show_vq = vp_mdev_show_vq,					\
	.get_vq_count = vp_mdev_get_vq_count,				\
	.get_vq_align = vp_mdev_get_vq_align,				\
	.get_device_features = vp_mdev_get_device_features,		\
	.get_feature_limits = vp_mdev_get_feature_limits,		\
	.set_device_features = vp_mdev_set_device_features,		\
	.set_driver_features = vp_mdev_set_driver_features,		\
	.get_driver_features = vp_mdev_get_driver_features,		\
	.get_mdev_features = vp_mdev_get_mdev_features,			\
	.set_config_cb = vp_mdev_set_config_cb,				\
	.get_device_id = vp_mdev_get_device_id,				\
	.get_vendor_id = vp_mdev_get_vendor_id,				\
	.get_status = vp_mdev_get_status,				\
	.set_status = vp_mdev_set_status,				\
	.reset = vp_mdev_reset,						\
	.get_migration_blocker = vp_mdev_get_migration_blocker,		\
	.get_dma_dev = vp_mdev_get_dma_dev,				\
	.is_present = vp_mdev_is_present,				\
	.get_config_size = vp_mdev_get_config_size,			\
	.get_config = vp_mdev_get_config,				\
	.set_config = vp_mdev_set_config,				\
	.get_generation = vp_mdev_get_generation

const struct virtio_mdev_ops vp_mdev_ops = {
	VP_MDEV_OPS,
};

/* Class drivers test for the operation to see whether the device can do it. */
const struct virtio_mdev_ops vp_mdev_ops_vq_reset = {
	VP_MDEV_OPS,
	.reset_vq = vp_mdev_reset_vq,
};
