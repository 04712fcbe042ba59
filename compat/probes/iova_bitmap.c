// SPDX-License-Identifier: GPL-2.0-only
/*
 * The bitmap of dirty pages is there.  The inline stubs of a kernel without it could
 * not be defined a second time.
 */
#include <linux/iova_bitmap.h>

void iova_bitmap_set(struct iova_bitmap *bitmap, unsigned long iova, size_t length)
{
}
