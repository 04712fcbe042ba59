// SPDX-License-Identifier: GPL-2.0-only
/*
 * The window: registers through the PCI configuration space, for firmware that has
 * given the BARs no address yet (virtio 1.2, section 4.1.4.9).
 */

#include <linux/nospec.h>
#include <linux/string.h>
#include <linux/unaligned.h>

#include "bar.h"
#include "vfio_mdev.h"
#include "window.h"

/*
 * Where the driver has moved the window to.  Returns how many bytes it shows, 0 if
 * nothing is there.
 */
static unsigned int vfio_mdev_window_place(struct vfio_mdev *fn,
					   unsigned int *bar, u32 *offset)
{
	const u8 *bytes = fn->pci.bytes;
	u32 length = get_unaligned_le32(bytes + VFIO_MDEV_WINDOW_LENGTH);

	*bar = bytes[VFIO_MDEV_WINDOW_BAR];
	*offset = get_unaligned_le32(bytes + VFIO_MDEV_WINDOW_OFFSET);
	if (*bar >= VFIO_MDEV_NR_BARS)
		return 0;
	*bar = array_index_nospec(*bar, VFIO_MDEV_NR_BARS);
	if ((length != 1 && length != 2 && length != 4) || *offset % length ||
	    *offset >= fn->bars[*bar].size)
		return 0;
	return length;
}

/**
 * vfio_mdev_in_window() - whether an access is one to the window's data
 * @offset: in the configuration space
 * @len: how many bytes
 *
 * One that is to other registers, too, such as to all of the configuration space, is
 * not: it would have side effects that nobody wants.
 *
 * Return: true if it is.
 */
bool vfio_mdev_in_window(u64 offset, unsigned int len)
{
	return offset >= VFIO_MDEV_WINDOW_DATA &&
	       offset + len <= VFIO_MDEV_WINDOW_DATA + VFIO_MDEV_WINDOW_SIZE;
}

/**
 * vfio_mdev_window_read() - let the window's data show the registers
 * @fn: the device, its lock held
 */
void vfio_mdev_window_read(struct vfio_mdev *fn)
{
	u8 *data = fn->pci.bytes + VFIO_MDEV_WINDOW_DATA;
	unsigned int bar, len;
	u32 offset;

	lockdep_assert_held(&fn->session.lock);
	len = vfio_mdev_window_place(fn, &bar, &offset);
	memset(data, 0, VFIO_MDEV_WINDOW_SIZE);
	if (len)
		vfio_mdev_bar_read(fn, bar, offset, data, len);
}

/**
 * vfio_mdev_window_write() - write the registers that the window shows
 * @fn: the device, its lock held
 * @offset: in the configuration space; the range is that of the window's data
 * @buf: what
 * @len: how many bytes; the others are as they were read or written last
 */
void vfio_mdev_window_write(struct vfio_mdev *fn, u64 offset, const u8 *buf,
			    unsigned int len)
{
	u8 *data = fn->pci.bytes + VFIO_MDEV_WINDOW_DATA;
	unsigned int bar, length;
	u32 at;

	lockdep_assert_held(&fn->session.lock);
	memcpy(data + (offset - VFIO_MDEV_WINDOW_DATA), buf, len);
	length = vfio_mdev_window_place(fn, &bar, &at);
	if (length)
		vfio_mdev_bar_write(fn, bar, at, data, length);
}
