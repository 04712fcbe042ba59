// SPDX-License-Identifier: GPL-2.0-only
/*
 * Virtqueues of a function.
 */

#include <linux/delay.h>
#include <linux/jiffies.h>
#include <linux/lockdep.h>
#include <linux/log2.h>
#include <linux/mutex.h>
#include <linux/overflow.h>
#include <linux/seq_file.h>
#include <linux/virtio_config.h>
#include <uapi/linux/virtio_ring.h>

#include "doorbell.h"
#include "vp_mdev.h"

/* How long a virtqueue may take for a reset */
#define VP_MDEV_VQ_RESET_TIMEOUT	(5 * HZ)

static bool vp_mdev_packed(const struct vp_mdev *vp)
{
	return vp->driver_features & BIT_ULL(VIRTIO_F_RING_PACKED);
}

/* ---- set-up ---- */

u16 vp_mdev_get_vq_num_max(struct mdev_class_device *cdev, u16 idx)
{
	struct vp_mdev *vp = to_vp_mdev(cdev);
	u16 num;

	mutex_lock(&vp->select_lock);
	num = vp->vqs[idx].num_max ?: vp_modern_get_queue_size(vp->modern, idx);
	mutex_unlock(&vp->select_lock);
	return num;
}

u16 vp_mdev_get_vq_size(struct mdev_class_device *cdev, u16 idx)
{
	u16 num = to_vp_mdev(cdev)->vqs[idx].num;

	return num ?: vp_mdev_get_vq_num_max(cdev, idx);
}

static bool vp_mdev_num_ok(struct vp_mdev *vp, u16 idx, u32 num)
{
	return num && num <= vp_mdev_get_vq_num_max(vp->cdev, idx) &&
	       (vp_mdev_packed(vp) || is_power_of_2(num));
}

int vp_mdev_set_vq_num(struct mdev_class_device *cdev, u16 idx, u32 num)
{
	struct vp_mdev *vp = to_vp_mdev(cdev);

	if (vp_mdev_gone(vp->fn))
		return -ENODEV;
	if (vp->vqs[idx].started)
		return -EBUSY;
	if (!vp_mdev_num_ok(vp, idx, num))
		return -EINVAL;
	vp->vqs[idx].num = num;
	return 0;
}

static bool vp_mdev_area_ok(u64 addr, u64 len, u64 align)
{
	u64 last;

	return IS_ALIGNED(addr, align) &&
	       !check_add_overflow(addr, len - 1, &last);
}

/*
 * The areas of virtio 1.2, sections 2.7 and 2.8, without the event fields: those
 * are optional.
 */
static bool vp_mdev_areas_ok(struct vp_mdev *vp, u16 idx, u64 desc, u64 driver,
			     u64 device)
{
	u64 num = vp_mdev_get_vq_size(vp->cdev, idx);
	bool packed = vp_mdev_packed(vp);

	return num &&
	       vp_mdev_area_ok(desc, 16 * num, 16) &&
	       vp_mdev_area_ok(driver, packed ? 4 : 4 + 2 * num,
			       packed ? 4 : 2) &&
	       vp_mdev_area_ok(device, packed ? 4 : 4 + 8 * num, 4);
}

int vp_mdev_set_vq_address(struct mdev_class_device *cdev, u16 idx,
			   u64 desc_area, u64 driver_area, u64 device_area)
{
	struct vp_mdev *vp = to_vp_mdev(cdev);
	struct vp_mdev_vq *vq = &vp->vqs[idx];

	if (vp_mdev_gone(vp->fn))
		return -ENODEV;
	if (vq->started)
		return -EBUSY;
	if (!vp_mdev_areas_ok(vp, idx, desc_area, driver_area, device_area))
		return -EINVAL;
	vq->desc = desc_area;
	vq->driver = driver_area;
	vq->device = device_area;
	vq->has_address = true;
	return 0;
}

/*
 * The function begins where a reset leaves it, and the registers have no place
 * for anything else.
 */
int vp_mdev_set_vq_state(struct mdev_class_device *cdev, u16 idx,
			 const struct virtio_mdev_vq_state *state)
{
	struct vp_mdev *vp = to_vp_mdev(cdev);

	if (vp_mdev_gone(vp->fn))
		return -ENODEV;
	if (vp->vqs[idx].started)
		return -EBUSY;
	if (vp_mdev_packed(vp) ?
	    state->packed.last_avail_counter == 1 &&
	    !state->packed.last_avail_idx &&
	    state->packed.last_used_counter == 1 &&
	    !state->packed.last_used_idx : !state->split.avail_index)
		return 0;
	dev_err_ratelimited(&cdev->dev,
			    "the function cannot go on in the middle of virtqueue %u\n",
			    idx);
	return -EOPNOTSUPP;
}

/* The registers do not tell where the function stands either. */
int vp_mdev_get_vq_state(struct mdev_class_device *cdev, u16 idx,
			 struct virtio_mdev_vq_state *state)
{
	return vp_mdev_gone(to_vp_mdev(cdev)->fn) ? -ENODEV : -EOPNOTSUPP;
}

/* Of what the driver set: the function tells nothing of what it does with a ring. */
void vp_mdev_show_vq(struct mdev_class_device *cdev, u16 idx,
		     struct seq_file *m)
{
	const struct vp_mdev *vp = to_vp_mdev(cdev);
	const struct vp_mdev_vq *vq = &vp->vqs[idx];

	seq_printf(m, "size: %u\n", READ_ONCE(vq->num));
	seq_printf(m, "ready: %s\n", READ_ONCE(vq->ready) ? "yes" : "no");
	seq_printf(m, "state: %s\n",
		   READ_ONCE(vq->started) ? "given to the hardware" : "stopped");
	seq_printf(m, "layout: %s\n", vp_mdev_packed(vp) ? "packed" : "split");
	seq_printf(m, "addresses: %#llx %#llx %#llx\n", READ_ONCE(vq->desc),
		   READ_ONCE(vq->driver), READ_ONCE(vq->device));
}

/* ---- start and stop ---- */

/* Hand a virtqueue that is set up to the function. */
static int vp_mdev_start_vq(struct vp_mdev *vp, u16 idx)
{
	struct virtio_pci_modern_device *modern = vp->modern;
	u16 vector = vp_mdev_vq_vector(vp, idx);
	struct vp_mdev_vq *vq = &vp->vqs[idx];
	u16 num = vp_mdev_get_vq_size(vp->cdev, idx);
	u16 num_max = vp_mdev_get_vq_num_max(vp->cdev, idx);
	u16 taken;

	if (vp_mdev_gone(vp->fn))
		return -ENODEV;
	/* The driver may have set the features after the addresses. */
	if (!vp_mdev_num_ok(vp, idx, num) ||
	    !vp_mdev_areas_ok(vp, idx, vq->desc, vq->driver, vq->device)) {
		dev_err_ratelimited(&vp->cdev->dev,
				    "virtqueue %u was set up before the features that it does not fit\n",
				    idx);
		return -EINVAL;
	}
	mutex_lock(&vp->select_lock);
	vq->num_max = num_max;
	vp_modern_set_queue_size(modern, idx, num);
	vp_modern_queue_address(modern, idx, vq->desc, vq->driver, vq->device);
	taken = vp_modern_queue_vector(modern, idx, vector);
	if (taken == vector)
		vp_modern_set_queue_enable(modern, idx, true);
	mutex_unlock(&vp->select_lock);
	if (taken != vector) {
		dev_err_ratelimited(&vp->cdev->dev,
				    "the function does not take interrupt %u for virtqueue %u\n",
				    vector, idx);
		return -EBUSY;
	}
	vq->started = true;
	return 0;
}

/**
 * vp_mdev_start_vqs() - hand all virtqueues that are ready to the function
 * @vp: the instance, about to go live
 *
 * Return: 0; or a negative errno, and only a reset of the device takes back what
 * was handed over.
 */
int vp_mdev_start_vqs(struct vp_mdev *vp)
{
	int ret;
	u16 i;

	for (i = 0; i < vp->nr_vqs; i++) {
		if (!vp->vqs[i].ready || !vp->vqs[i].has_address ||
		    vp->vqs[i].started)
			continue;
		ret = vp_mdev_start_vq(vp, i);
		if (ret)
			return ret;
	}
	return 0;
}

/* The selector is the caller's. */
static int vp_mdev_reset_selected(struct vp_mdev *vp, u16 idx)
{
	struct virtio_pci_modern_common_cfg __iomem *cfg;
	unsigned long end = jiffies + VP_MDEV_VQ_RESET_TIMEOUT;

	lockdep_assert_held(&vp->select_lock);
	cfg = (struct virtio_pci_modern_common_cfg __iomem *)vp->modern->common;
	vp_iowrite16(idx, &cfg->cfg.queue_select);
	vp_iowrite16(1, &cfg->queue_reset);
	while (vp_ioread16(&cfg->queue_reset) ||
	       vp_ioread16(&cfg->cfg.queue_enable)) {
		if (vp_mdev_gone(vp->fn))
			return -ENODEV;
		if (time_after(jiffies, end)) {
			dev_err(&vp->cdev->dev,
				"the function does not reset virtqueue %u\n",
				idx);
			return -ETIMEDOUT;
		}
		usleep_range(100, 1000);
	}
	return 0;
}

static int vp_mdev_stop_vq(struct vp_mdev *vp, u16 idx)
{
	int ret;

	mutex_lock(&vp->select_lock);
	ret = vp_mdev_reset_selected(vp, idx);
	mutex_unlock(&vp->select_lock);
	return ret;
}

static void vp_mdev_forget_vq(struct vp_mdev *vp, u16 idx)
{
	struct vp_mdev_vq *vq = &vp->vqs[idx];

	vq->desc = 0;
	vq->driver = 0;
	vq->device = 0;
	vq->has_address = false;
	vq->num = 0;
	mutex_lock(&vp->select_lock);
	vq->num_max = 0;
	mutex_unlock(&vp->select_lock);
	vq->ready = false;
	vq->started = false;
}

/**
 * vp_mdev_forget_vqs() - all virtqueues are as after a reset
 * @vp: the instance, reset
 */
void vp_mdev_forget_vqs(struct vp_mdev *vp)
{
	u16 i;

	for (i = 0; i < vp->nr_vqs; i++)
		vp_mdev_forget_vq(vp, i);
}

int vp_mdev_reset_vq(struct mdev_class_device *cdev, u16 idx)
{
	struct vp_mdev *vp = to_vp_mdev(cdev);
	struct vp_mdev_vq *vq = &vp->vqs[idx];
	int ret;

	if (vp_mdev_gone(vp->fn))
		return -ENODEV;
	if (vq->started) {
		if (!(vp->driver_features & BIT_ULL(VIRTIO_F_RING_RESET)))
			return -EOPNOTSUPP;
		ret = vp_mdev_begin(vp);
		if (ret)
			return ret;
		ret = vp_mdev_stop_vq(vp, idx);
		vp_mdev_end(vp);
		if (ret)
			return ret;
	}
	vp_mdev_forget_vq(vp, idx);
	return 0;
}

int vp_mdev_set_vq_ready(struct mdev_class_device *cdev, u16 idx, bool ready)
{
	struct vp_mdev *vp = to_vp_mdev(cdev);
	struct vp_mdev_vq *vq = &vp->vqs[idx];
	int ret;

	if (vp_mdev_gone(vp->fn))
		return -ENODEV;
	if (ready == vq->ready)
		return 0;
	if (!ready) {
		if (vq->started) {
			dev_err_ratelimited(&cdev->dev,
					    "the function cannot stop virtqueue %u alone: reset the device\n",
					    idx);
			return -EOPNOTSUPP;
		}
		vq->ready = false;
		return 0;
	}

	/* Some users make all queues ready; one without an address stays idle. */
	if (vp->live && vq->has_address) {
		ret = vp_mdev_begin(vp);
		if (ret)
			return ret;
		ret = vp_mdev_start_vq(vp, idx);
		vp_mdev_end(vp);
		if (ret)
			return ret;
		/* Buffers may have been made available and kicked before this. */
		vp_mdev_kick_vq(cdev, idx);
	}
	vq->ready = true;
	return 0;
}

bool vp_mdev_get_vq_ready(struct mdev_class_device *cdev, u16 idx)
{
	return to_vp_mdev(cdev)->vqs[idx].ready;
}

/* ---- notifications ---- */

bool vp_mdev_kick_vq(struct mdev_class_device *cdev, u16 idx)
{
	struct vp_mdev *vp = to_vp_mdev(cdev);
	struct vp_mdev_vq *vq = &vp->vqs[idx];

	WRITE_ONCE(vq->kicks, vq->kicks + 1);
	/* A write that nobody takes may count as an error of the bus. */
	if (!vp_mdev_away(vp->fn))
		iowrite16(idx, vq->notify);
	return true;
}

/**
 * vp_mdev_kick_vqs() - have the function look at its virtqueues
 * @vp: the instance, which has just gone live
 *
 * For buffers that a driver made available and kicked for before.
 */
void vp_mdev_kick_vqs(struct vp_mdev *vp)
{
	u16 i;

	for (i = 0; i < vp->nr_vqs; i++)
		if (vp->vqs[i].started)
			vp_mdev_kick_vq(vp->cdev, i);
}

/*
 * A doorbell can be mapped if nothing is in its page but that: if doorbells are
 * at least a page apart, and the page lies in their structure as a whole.  What is
 * beside that may be the registers of the function or its table of interrupts,
 * which no program is to have.  Virtqueues may have one doorbell together all the same.
 */
int vp_mdev_get_vq_notification(struct mdev_class_device *cdev, u16 idx,
				struct virtio_mdev_notification_area *area)
{
	struct vp_mdev *vp = to_vp_mdev(cdev);
	resource_size_t pa = vp->vqs[idx].notify_pa;
	u16 i;

	if (vp->modern->notify_offset_multiplier < PAGE_SIZE ||
	    !PAGE_ALIGNED(pa) ||
	    !vp_mdev_doorbell_fits(vp->fn->notify_start, vp->fn->notify_length,
				   pa))
		return -EOPNOTSUPP;
	for (i = 0; i < vp->nr_vqs; i++)
		if (i != idx && vp->vqs[i].notify_pa == pa)
			return -EOPNOTSUPP;
	area->addr = pa;
	area->size = PAGE_SIZE;
	return 0;
}

/* The function does not say what goes through its virtqueues. */
int vp_mdev_get_vq_stats(struct mdev_class_device *cdev, u16 idx,
			 struct virtio_mdev_vq_stats *stats)
{
	struct vp_mdev_vq *vq = &to_vp_mdev(cdev)->vqs[idx];

	*stats = (struct virtio_mdev_vq_stats) {
		.kicks = READ_ONCE(vq->kicks),
		.signals = READ_ONCE(vq->signals),
	};
	return 0;
}
