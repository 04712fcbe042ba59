// SPDX-License-Identifier: GPL-2.0-only
/*
 * IOTLB messages: what a user writes to the char device to map memory.
 */

#include <linux/fs.h>
#include <linux/mdev_class.h>
#include <linux/mdev_page.h>
#include <linux/nospec.h>
#include <linux/sched.h>
#include <linux/uio.h>
#include <linux/vhost_mdev.h>
#include <linux/virtio_config.h>
#include <linux/virtio_mdev.h>

#include "chr.h"
#include "chr_msg.h"
#include "device.h"

static_assert(sizeof(struct vhost_mdev_iotlb_msg) == 32);
static_assert(sizeof(struct vhost_mdev_msg) == 72);
static_assert(VHOST_MDEV_ACCESS_RO == MDEV_PAGE_RO);
static_assert(VHOST_MDEV_ACCESS_WO == MDEV_PAGE_WO);
static_assert(VHOST_MDEV_ACCESS_RW == MDEV_PAGE_RW);

/* Padding may be left out, as for the kernel's own vhost devices. */
#define VHOST_MDEV_MSG_MIN	offsetof(struct vhost_mdev_msg, padding)

static struct vhost_mem_iotlb *
vhost_mdev_chr_as(struct vhost_mdev_chr *chr, u32 asid)
{
	if (asid >= chr->nr_as)
		return NULL;
	return &chr->as[array_index_nospec(asid, chr->nr_as)];
}

/*
 * As with vhost-vdpa, a live device should not see a batch that is half done.  A
 * device that can be suspended is suspended at the first unmap of a batch, so that
 * memory, including that of virtqueues, can be unmapped and mapped again during
 * the batch: QEMU splits and merges large mappings whenever the guest's memory map
 * changes a little.
 */
static void vhost_mdev_chr_pause(struct vhost_mdev *vd)
{
	const struct virtio_mdev_ops *ops = vd->session.cdev->ops;

	lockdep_assert_held(&vd->session.lock);
	if (vd->paused || vd->suspended || !ops->suspend)
		return;
	/* If it cannot be suspended, virtqueues may break, as without a batch. */
	vd->paused = !ops->suspend(vd->session.cdev);
}

static int vhost_mdev_chr_unpause(struct vhost_mdev *vd)
{
	int ret;

	lockdep_assert_held(&vd->session.lock);
	if (!vd->paused)
		return 0;
	vd->paused = false;
	/* The user suspended it during the batch; only RESUME may restart it. */
	if (vd->suspended)
		return 0;
	ret = vd->session.cdev->ops->resume(vd->session.cdev);
	if (ret) {
		vd->suspended = true;
		dev_notice_ratelimited(&vd->session.cdev->dev,
				       "the device cannot go on after a batch: %pe; it stays suspended\n",
				       ERR_PTR(ret));
	}
	return ret;
}

static int vhost_mdev_chr_msg(struct vhost_mdev_chr *chr, u32 asid,
			      const struct vhost_mdev_iotlb_msg *msg)
{
	struct vhost_mem_iotlb *as = vhost_mdev_chr_as(chr, asid);
	struct vhost_mdev *vd = chr->vd;
	struct mdev_class_device *cdev = vd->session.cdev;
	bool live;

	lockdep_assert_held(&vd->session.lock);
	/* The pages are the owner's, and are accounted to the owner. */
	if (!chr->mm || chr->mm != current->mm) {
		dev_notice_ratelimited(&vd->session.cdev->dev,
				       "memory is mapped by the process alone that called SET_OWNER\n");
		return -EPERM;
	}
	if (!as || (chr->in_batch && asid != chr->batch_asid))
		return -EINVAL;

	live = cdev->ops->get_status(cdev) & VIRTIO_CONFIG_S_DRIVER_OK;
	switch (msg->type) {
	case VHOST_MDEV_IOTLB_UPDATE:
		return vhost_mem_iotlb_map(as, chr->mm, msg->iova, msg->size,
					   msg->uaddr, msg->perm, live);
	case VHOST_MDEV_IOTLB_INVALIDATE:
		if (live && chr->in_batch)
			vhost_mdev_chr_pause(vd);
		return vhost_mem_iotlb_unmap(as, chr->mm, msg->iova, msg->size,
					     live, chr->in_batch);
	case VHOST_MDEV_IOTLB_BATCH_BEGIN:
		chr->in_batch = true;
		chr->batch_asid = asid;
		return 0;
	case VHOST_MDEV_IOTLB_BATCH_END:
		chr->in_batch = false;
		vhost_mem_iotlb_settle(as, chr->mm);
		return vhost_mdev_chr_unpause(vd);
	}
	return -EINVAL;
}

/**
 * vhost_mdev_chr_write() - take one message
 * @iocb: the file
 * @from: the message
 *
 * Context: process context, called by the user.
 * Return: bytes taken; -EINVAL for a message that is too short or makes no
 * sense; -EFAULT; -EINTR for a killed task; -ENODEV if the device was revoked;
 * -EPERM if the caller is not the owner; what vhost_mem_iotlb_map() and
 * vhost_mem_iotlb_unmap() return; at the end of a batch, what resuming the device
 * failed with.
 */
ssize_t vhost_mdev_chr_write(struct kiocb *iocb, struct iov_iter *from)
{
	struct vhost_mdev_chr *chr = iocb->ki_filp->private_data;
	size_t len = min(iov_iter_count(from), sizeof(struct vhost_mdev_msg));
	struct vhost_mdev *vd = chr->vd;
	struct vhost_mdev_msg msg;
	u32 asid = 0;
	int ret;

	if (len < VHOST_MDEV_MSG_MIN)
		return -EINVAL;
	if (!copy_from_iter_full(&msg, VHOST_MDEV_MSG_MIN, from))
		return -EFAULT;
	iov_iter_advance(from, len - VHOST_MDEV_MSG_MIN);
	if (msg.type != VHOST_MDEV_MSG_V1 && msg.type != VHOST_MDEV_MSG_V2)
		return -EINVAL;

	ret = mdev_session_lock(&vd->session);
	if (ret)
		return ret;
	if (msg.type == VHOST_MDEV_MSG_V2 && vd->backend_features &
	    BIT_ULL(VHOST_MDEV_BACKEND_F_IOTLB_ASID))
		asid = msg.asid;
	ret = vhost_mdev_chr_msg(chr, asid, &msg.iotlb);
	mdev_session_unlock(&vd->session);
	return ret ? ret : len;
}
