// SPDX-License-Identifier: GPL-2.0-only
/*
 * The state of the function: it is collected at one host, and taken over at another.
 */

#include <linux/mdev_class.h>
#include <linux/mdev_state.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/virtio_config.h>
#include <linux/virtio_mdev.h>
#include <linux/virtio_pci.h>

#include "common_cfg.h"
#include "device.h"
#include "pci_config.h"
#include "queue.h"
#include "saved.h"
#include "state.h"
#include "trace.h"
#include "vector.h"
#include "vfio_mdev.h"

/* ---- identity ---- */

/**
 * vfio_mdev_identity_init() - find out what a stream says of the function
 * @fn: the device, with everything set that is constant
 *
 * Return: 0 or -ENOMEM.
 */
int vfio_mdev_identity_init(struct vfio_mdev *fn)
{
	struct mdev_class_device *cdev = vfio_mdev_cdev(fn);
	struct vfio_mdev_identity *id = &fn->identity;
	u16 i;

	BUILD_BUG_ON(sizeof(fn->pci.bytes) != VFIO_MDEV_SAVED_PCI);
	id->sizes = kvcalloc(fn->nvqs, sizeof(*id->sizes), GFP_KERNEL);
	if (!id->sizes)
		return -ENOMEM;
	for (i = 0; i < fn->nvqs; i++)
		id->sizes[i] = cdev->ops->get_vq_num_max(cdev, i);
	id->device_id = cdev->ops->get_device_id(cdev);
	id->vendor_id = cdev->ops->get_vendor_id(cdev);
	id->features = vfio_mdev_offered(cdev);
	id->config_size = fn->config_size;
	id->nvqs = fn->nvqs;
	id->nr_vectors = fn->nr_vectors;
	return 0;
}

/**
 * vfio_mdev_identity_uninit() - undo vfio_mdev_identity_init()
 * @fn: the device
 */
void vfio_mdev_identity_uninit(struct vfio_mdev *fn)
{
	kvfree(fn->identity.sizes);
}

/**
 * vfio_mdev_refused() - say why a stream is refused
 * @fn: the device
 * @unfit: what is wrong
 */
void vfio_mdev_refused(struct vfio_mdev *fn,
		       const struct vfio_mdev_unfit *unfit)
{
	pr_warn_ratelimited("vfio_mdev: %s: the migrated state is refused: %s is %#llx there and %#llx here; both instances need the same type and attributes\n",
			    fn->session.name, unfit->what, unfit->theirs,
			    unfit->ours);
}

/**
 * vfio_mdev_save_identity() - begin a stream
 * @fn: the device
 * @w: the stream
 */
void vfio_mdev_save_identity(struct vfio_mdev *fn, struct mdev_state_writer *w)
{
	vfio_mdev_saved_put_identity(w, &fn->identity);
}

/* ---- saving ---- */

static int vfio_mdev_save_queue(struct vfio_mdev_queue *queue,
				struct vfio_mdev_saved_queue *saved)
{
	struct mdev_class_device *cdev = vfio_mdev_cdev(queue->fn);
	const u64 packed = BIT_ULL(VIRTIO_F_RING_PACKED);
	struct virtio_mdev_vq_state state = {};
	int ret;

	*saved = (struct vfio_mdev_saved_queue) {
		.size = queue->size,
		.vector = queue->vector,
		.enabled = vfio_mdev_queue_enabled(queue),
		.desc = queue->desc,
		.driver = queue->driver,
		.device = queue->device,
	};
	if (!saved->enabled)
		return 0;
	ret = cdev->ops->get_vq_state(cdev, queue->index, &state);
	if (ret)
		return ret;
	if (cdev->ops->get_driver_features(cdev) & packed) {
		saved->avail = state.packed.last_avail_idx |
			       state.packed.last_avail_counter << 15;
		saved->used = state.packed.last_used_idx |
			      state.packed.last_used_counter << 15;
	} else {
		saved->avail = state.split.avail_index;
		saved->used = state.split.avail_index;
	}
	return 0;
}

static void vfio_mdev_save_device(struct vfio_mdev *fn,
				  struct vfio_mdev_saved *saved)
{
	struct mdev_class_device *cdev = vfio_mdev_cdev(fn);
	u8 status = vfio_mdev_get_status(fn);

	saved->status = fn->status;
	saved->broken = status & VIRTIO_CONFIG_S_NEEDS_RESET;
	saved->isr = atomic_read(&fn->isr);
	saved->generation = vfio_mdev_generation(fn);
	saved->config_vector = fn->config_vector;
	saved->queue_select = fn->queue_select;
	saved->device_select = fn->device_select;
	saved->driver_select = fn->driver_select;
	saved->driver_features = fn->driver_features;
	if (fn->status & VIRTIO_CONFIG_S_FEATURES_OK)
		saved->features = cdev->ops->get_driver_features(cdev);
	saved->pci = fn->pci.bytes;
}

static int vfio_mdev_collect(struct vfio_mdev *fn,
			     struct vfio_mdev_saved *saved, u8 *config, u8 *own)
{
	struct mdev_class_device *cdev = vfio_mdev_cdev(fn);
	struct mdev_state_writer w = {
		.buf = own,
		.size = VFIO_MDEV_SAVED_SPARE / 2,
	};
	int ret;
	u16 i;

	vfio_mdev_save_device(fn, saved);
	for (i = 0; i < fn->nvqs; i++) {
		ret = vfio_mdev_save_queue(&fn->queues[i], &saved->queues[i]);
		if (ret)
			return ret;
	}
	if (fn->config_size)
		cdev->ops->get_config(cdev, 0, config, fn->config_size);
	saved->config = config;
	ret = cdev->ops->save(cdev, &w);
	if (ret)
		return ret;
	if (w.len > w.size)
		return -E2BIG;
	saved->own = own;
	saved->own_len = w.len;
	return 0;
}

/**
 * vfio_mdev_save() - save the state of the function
 * @fn: the device, stopped, its lock held
 * @w: the stream, after vfio_mdev_save_identity()
 *
 * Return: 0; -ENOMEM; what the parent failed with.
 */
int vfio_mdev_save(struct vfio_mdev *fn, struct mdev_state_writer *w)
{
	struct vfio_mdev_saved saved = {};
	u8 *config, *own;
	int ret = -ENOMEM;

	lockdep_assert_held(&fn->session.lock);
	saved.queues = kvcalloc(fn->nvqs, sizeof(*saved.queues),
				GFP_KERNEL_ACCOUNT);
	config = kvzalloc(fn->config_size + 1, GFP_KERNEL_ACCOUNT);
	own = kvzalloc(VFIO_MDEV_SAVED_SPARE, GFP_KERNEL_ACCOUNT);
	if (saved.queues && config && own)
		ret = vfio_mdev_collect(fn, &saved, config, own);
	if (!ret)
		vfio_mdev_saved_put(w, &fn->identity, &saved);
	if (!ret && w->len > w->size)
		ret = -E2BIG;
	if (ret)
		dev_warn_ratelimited(&vfio_mdev_cdev(fn)->dev,
				     "the state cannot be saved: %pe\n",
				     ERR_PTR(ret));
	trace_vfio_mdev_save(fn->session.name, w->len, ret);
	kvfree(own);
	kvfree(config);
	kvfree(saved.queues);
	return ret;
}

/* ---- loading ---- */

static int vfio_mdev_load_queue(struct vfio_mdev_queue *queue,
				const struct vfio_mdev_saved_queue *saved)
{
	struct mdev_class_device *cdev = vfio_mdev_cdev(queue->fn);
	const u64 packed = BIT_ULL(VIRTIO_F_RING_PACKED);
	struct virtio_mdev_vq_state state = {};

	queue->size = saved->size;
	WRITE_ONCE(queue->vector, saved->vector);
	queue->desc = saved->desc;
	queue->driver = saved->driver;
	queue->device = saved->device;
	if (!saved->enabled)
		return 0;
	if (cdev->ops->get_driver_features(cdev) & packed) {
		state.packed.last_avail_idx = saved->avail & 0x7fff;
		state.packed.last_avail_counter = saved->avail >> 15;
		state.packed.last_used_idx = saved->used & 0x7fff;
		state.packed.last_used_counter = saved->used >> 15;
	} else {
		state.split.avail_index = saved->avail;
	}
	return vfio_mdev_queue_start(queue, &state);
}

static void vfio_mdev_load_device(struct vfio_mdev *fn,
				  const struct vfio_mdev_saved *saved)
{
	WRITE_ONCE(fn->config_vector, saved->config_vector);
	fn->queue_select = saved->queue_select;
	fn->device_select = saved->device_select;
	fn->driver_select = saved->driver_select;
	fn->driver_features = saved->driver_features;
	atomic_set(&fn->isr, saved->isr);
	if (saved->broken)
		WRITE_ONCE(fn->broken, true);
}

/* Returns whether the configuration space is as the driver saw it last. */
static bool vfio_mdev_same_config(struct vfio_mdev *fn, const u8 *config)
{
	struct mdev_class_device *cdev = vfio_mdev_cdev(fn);
	u8 part[64];
	u32 at, len;

	if (!config)
		return false;
	for (at = 0; at < fn->config_size; at += len) {
		len = min_t(u32, fn->config_size - at, sizeof(part));
		cdev->ops->get_config(cdev, at, part, len);
		if (memcmp(part, config + at, len))
			return false;
	}
	return true;
}

/* A driver that reads it while it moves finds that it has changed. */
static void vfio_mdev_load_generation(struct vfio_mdev *fn,
				      const struct vfio_mdev_saved *saved)
{
	u8 generation = saved->generation;

	if (!vfio_mdev_same_config(fn, saved->config))
		generation++;
	fn->generation += generation - vfio_mdev_generation(fn);
}

static int vfio_mdev_apply(struct vfio_mdev *fn,
			   const struct vfio_mdev_saved *saved)
{
	struct mdev_class_device *cdev = vfio_mdev_cdev(fn);
	struct mdev_state_reader r;
	int ret;
	u16 i;

	ret = vfio_mdev_reset_function(fn);
	if (ret)
		return ret;
	ret = vfio_mdev_load_status(fn, saved->status, saved->features);
	if (ret)
		return ret;
	mdev_state_open(&r, saved->own, saved->own_len);
	ret = cdev->ops->load(cdev, &r);
	if (ret)
		return ret;
	for (i = 0; i < fn->nvqs; i++) {
		ret = vfio_mdev_load_queue(&fn->queues[i], &saved->queues[i]);
		if (ret)
			return ret;
	}
	vfio_mdev_load_device(fn, saved);
	vfio_mdev_load_generation(fn, saved);
	vfio_mdev_pci_config_load(fn, saved->pci);
	fn->loaded = true;
	vfio_mdev_update(fn);
	return 0;
}

/**
 * vfio_mdev_load() - take over a state
 * @fn: the device, stopped, its lock held
 * @buf: the stream
 * @len: its length
 *
 * If that fails the device is reset.
 *
 * Return: 0; -EINVAL if the stream is refused; -ENOMEM; what the parent failed with.
 */
int vfio_mdev_load(struct vfio_mdev *fn, const u8 *buf, size_t len)
{
	struct vfio_mdev_saved saved = {};
	struct vfio_mdev_unfit unfit;
	int ret = -ENOMEM;

	lockdep_assert_held(&fn->session.lock);
	saved.queues = kvcalloc(fn->nvqs, sizeof(*saved.queues),
				GFP_KERNEL_ACCOUNT);
	if (!saved.queues)
		goto out;
	ret = vfio_mdev_saved_get(&fn->identity, buf, len, &saved, &unfit);
	if (ret) {
		vfio_mdev_refused(fn, &unfit);
		goto out;
	}
	ret = vfio_mdev_apply(fn, &saved);
	if (ret) {
		dev_warn_ratelimited(&vfio_mdev_cdev(fn)->dev,
				     "the migrated state cannot be taken over: %pe\n",
				     ERR_PTR(ret));
		vfio_mdev_reset_function(fn);
	}
out:
	trace_vfio_mdev_load(fn->session.name, len, ret);
	kvfree(saved.queues);
	return ret;
}
