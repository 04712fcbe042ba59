/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _VP_MDEV_DOORBELL_H
#define _VP_MDEV_DOORBELL_H

#include <linux/mm.h>
#include <linux/types.h>

/**
 * vp_mdev_doorbell_fits() - does the page of a doorbell hold doorbells alone?
 * @start: physical address of the structure that doorbells are in, as the
 *	function's capability tells it (virtio 1.2, 4.1.4.4)
 * @length: the structure's bytes
 * @pa: physical address of the page
 *
 * What is beside the structure may be the function's registers, or its table of
 * interrupts.
 *
 * Return: true if the page lies in the structure as a whole
 */
static inline bool vp_mdev_doorbell_fits(resource_size_t start, u32 length,
					 resource_size_t pa)
{
	return pa >= start && length >= PAGE_SIZE &&
	       pa - start <= length - PAGE_SIZE;
}

#endif /* _VP_MDEV_DOORBELL_H */
