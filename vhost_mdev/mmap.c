// SPDX-License-Identifier: GPL-2.0-only
/*
 * What a user can map of the file: doorbells.
 */

#include <linux/mm.h>
#include <linux/nospec.h>

#include "device.h"
#include "mmap.h"
#include "vring.h"

/**
 * vhost_mdev_has_doorbell() - whether any virtqueue has a page to be mapped
 * @vd: the device, open
 *
 * Context: process context, called by the user.
 * Return: true if one has.
 */
bool vhost_mdev_has_doorbell(const struct vhost_mdev *vd)
{
	u16 i;

	for (i = 0; i < vd->nvqs; i++)
		if (vd->vqs[i].doorbell.addr != PHYS_ADDR_MAX)
			return true;
	return false;
}

/**
 * vhost_mdev_mmap() - map the doorbell of a virtqueue
 * @vd: the device, open
 * @vma: one page, for writing, at the offset of the virtqueue's page
 *
 * The mapping keeps the file, and thereby the device, open.  Called with the mmap
 * lock held, hence without @vd->session.lock.
 *
 * Return: 0; -EINVAL for anything but the above; -EOPNOTSUPP if the virtqueue
 * has no doorbell; -ENODEV if the device was revoked.
 */
int vhost_mdev_mmap(struct vhost_mdev *vd, struct vm_area_struct *vma)
{
	/* A mapping that is made nevertheless gets no page: faults check again. */
	if (READ_ONCE(vd->session.revoked))
		return -ENODEV;
	if (vma->vm_pgoff >= vd->nvqs)
		return -EINVAL;
	return mdev_doorbell_mmap(&vd->vqs[array_index_nospec(vma->vm_pgoff,
							      vd->nvqs)].doorbell,
				  vma, VM_WRITE);
}
