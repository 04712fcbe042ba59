// SPDX-License-Identifier: GPL-2.0-only
/*
 * The memory behind the BARs: registers, the MSI-X table, notifications.
 */

#include <linux/log2.h>
#include <linux/minmax.h>
#include <linux/nospec.h>
#include <linux/pci_regs.h>
#include <linux/sizes.h>
#include <linux/string.h>
#include <linux/virtio_mdev.h>

#include "bar.h"
#include "common_cfg.h"
#include "notify.h"
#include "vector.h"
#include "vfio_mdev.h"

/**
 * vfio_mdev_bars_init() - determine what the BARs hold
 * @fn: the device, with everything set that is constant
 */
void vfio_mdev_bars_init(struct vfio_mdev *fn)
{
	struct vfio_mdev_bar *bar;

	bar = &fn->bars[VFIO_MDEV_BAR_REGISTERS];
	bar->size = roundup_pow_of_two(VFIO_MDEV_DEVICE_OFFSET +
				       max_t(u64, fn->config_size, SZ_8K));
	bar->flags = PCI_BASE_ADDRESS_SPACE_MEMORY |
		     PCI_BASE_ADDRESS_MEM_TYPE_32;

	bar = &fn->bars[VFIO_MDEV_BAR_MSIX];
	bar->size = roundup_pow_of_two(vfio_mdev_pba_offset(fn) + SZ_4K);
	bar->flags = PCI_BASE_ADDRESS_SPACE_MEMORY |
		     PCI_BASE_ADDRESS_MEM_TYPE_32;

	bar = &fn->bars[VFIO_MDEV_BAR_NOTIFY];
	bar->size = roundup_pow_of_two((u64)fn->nvqs * VFIO_MDEV_NOTIFY_STEP);
	bar->flags = PCI_BASE_ADDRESS_SPACE_MEMORY |
		     PCI_BASE_ADDRESS_MEM_TYPE_64 |
		     PCI_BASE_ADDRESS_MEM_PREFETCH;
}

/*
 * The part of an access to @len bytes at @offset that is within @size bytes at
 * @start: returns its length, or 0.  It begins @at bytes after @start and @skip bytes
 * after @offset.
 */
static unsigned int vfio_mdev_overlap(u64 offset, unsigned int len, u64 start,
				      u64 size, u64 *at, unsigned int *skip)
{
	u64 first = max(offset, start), end = min(offset + len, start + size);

	if (first >= end)
		return 0;
	*at = first - start;
	*skip = first - offset;
	return end - first;
}

static void vfio_mdev_registers_read(struct vfio_mdev *fn, u64 offset, u8 *buf,
				     unsigned int len)
{
	struct mdev_class_device *cdev = vfio_mdev_cdev(fn);
	unsigned int n, skip;
	u64 at;

	n = vfio_mdev_overlap(offset, len, VFIO_MDEV_COMMON_OFFSET,
			      VFIO_MDEV_COMMON_SIZE, &at, &skip);
	if (n)
		vfio_mdev_common_read(fn, at, buf + skip, n);
	n = vfio_mdev_overlap(offset, len, VFIO_MDEV_ISR_OFFSET, 1, &at, &skip);
	if (n)
		buf[skip] = vfio_mdev_isr_read(fn);
	n = vfio_mdev_overlap(offset, len, VFIO_MDEV_DEVICE_OFFSET,
			      fn->config_size, &at, &skip);
	if (n)
		cdev->ops->get_config(cdev,
				      array_index_nospec(at, fn->config_size),
				      buf + skip, n);
}

static void vfio_mdev_registers_write(struct vfio_mdev *fn, u64 offset,
				      const u8 *buf, unsigned int len)
{
	struct mdev_class_device *cdev = vfio_mdev_cdev(fn);
	unsigned int n, skip;
	u64 at;

	n = vfio_mdev_overlap(offset, len, VFIO_MDEV_COMMON_OFFSET,
			      VFIO_MDEV_COMMON_SIZE, &at, &skip);
	if (n)
		vfio_mdev_common_write(fn, at, buf + skip, n);
	n = vfio_mdev_overlap(offset, len, VFIO_MDEV_DEVICE_OFFSET,
			      fn->config_size, &at, &skip);
	if (n)
		cdev->ops->set_config(cdev,
				      array_index_nospec(at, fn->config_size),
				      buf + skip, n);
}

/**
 * vfio_mdev_bar_read() - read from a BAR
 * @fn: the device, its lock held
 * @bar: which, less than %VFIO_MDEV_NR_BARS
 * @offset: where; the range is within the BAR
 * @buf: for what is read, little-endian
 * @len: how many bytes, at most 8
 *
 * What no register is at reads as 0.
 */
void vfio_mdev_bar_read(struct vfio_mdev *fn, unsigned int bar, u64 offset,
			u8 *buf, unsigned int len)
{
	lockdep_assert_held(&fn->session.lock);
	memset(buf, 0, len);
	if (bar == VFIO_MDEV_BAR_REGISTERS)
		vfio_mdev_registers_read(fn, offset, buf, len);
	else if (bar == VFIO_MDEV_BAR_MSIX && offset < vfio_mdev_pba_offset(fn))
		/* The VMM emulates the table for its guest; as vfio-pci has it */
		memset(buf, 0xff, len);
}

/**
 * vfio_mdev_bar_write() - write to a BAR
 * @fn: the device, its lock held
 * @bar: which, less than %VFIO_MDEV_NR_BARS
 * @offset: where; the range is within the BAR
 * @buf: what, little-endian
 * @len: how many bytes, at most 8
 *
 * What cannot be written ignores it.
 */
void vfio_mdev_bar_write(struct vfio_mdev *fn, unsigned int bar, u64 offset,
			 const u8 *buf, unsigned int len)
{
	lockdep_assert_held(&fn->session.lock);
	if (bar == VFIO_MDEV_BAR_REGISTERS)
		vfio_mdev_registers_write(fn, offset, buf, len);
	else if (bar == VFIO_MDEV_BAR_NOTIFY)
		/* Through the window: other writes of this BAR take no lock. */
		vfio_mdev_notify(fn, offset);
}
