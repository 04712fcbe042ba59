// SPDX-License-Identifier: GPL-2.0-only
/*
 * Driver memory behind a VFIO container: data is copied where it is not pinned.
 */

#include <linux/iommu.h>
#include <linux/mm.h>
#include <linux/overflow.h>
#include <linux/sched/signal.h>
#include <linux/vfio.h>

#include "copy.h"
#include "data.h"
#include "hold.h"
#include "log.h"
#include "mem.h"
#include "pin.h"

/* How long a copy waits for an unmap to end: one of its page, and one of others */
#define MDEV_VFIO_COPY_WAIT	(HZ / 10)
#define MDEV_VFIO_COPY_WAIT_ALL	(10 * HZ)

/* Begin to pin a page, unless somebody is unmapping it: then returns false. */
static bool mdev_vfio_copy_begin(struct mdev_vfio_mem *vm,
				 struct mdev_vfio_pin *pin, u64 first, u64 last,
				 int *ret)
{
	bool wait = false;

	mdev_vfio_lock(vm);
	*ret = vm->open ? 0 : -EFAULT;
	if (vm->open) {
		wait = mdev_vfio_held(vm, first, last);
		if (!wait)
			mdev_vfio_pin_begin(vm, pin, first, last);
	}
	mdev_vfio_unlock(vm);
	return !wait;
}

/* Is there a kernel address to copy from or to?  The zero page is only read. */
static bool mdev_vfio_copyable(struct page *page, bool write)
{
	return mdev_page_usable(page) ||
	       (!write && is_zero_pfn(page_to_pfn(page)));
}

static int mdev_vfio_copy_page(struct mdev_vfio_mem *vm, u64 iova, void *buf,
			       size_t len, bool write)
{
	u64 first = ALIGN_DOWN(iova, PAGE_SIZE), last = first + PAGE_SIZE - 1;
	struct mdev_vfio_pin pin;
	struct page *page;
	int ret = -EFAULT;
	long wait;
	void *p;

	mdev_vfio_lock(vm);
	/* A page that is being unmapped for long is treated as not mapped. */
	wait = mdev_vfio_is_unmapping(vm, first, last) ?
	       MDEV_VFIO_COPY_WAIT : MDEV_VFIO_COPY_WAIT_ALL;
	mdev_vfio_unlock(vm);
	if (wait_event_killable_timeout(vm->drained,
					mdev_vfio_copy_begin(vm, &pin, first,
							     last, &ret),
					wait) <= 0)
		return -EFAULT;
	if (ret)
		return ret;

	ret = mdev_vfio_pin_pages(vm, &pin, write ? IOMMU_WRITE : IOMMU_READ,
				  &page);
	if (ret)
		goto out_end;

	p = page_address(page) + offset_in_page(iova);
	if (!mdev_vfio_copyable(page, write))
		ret = -EFAULT;
	else if (write)
		memcpy(p, buf, len);
	else
		memcpy(buf, p, len);
	mdev_vfio_unpin_pages(vm, &pin);

out_end:
	mdev_vfio_lock(vm);
	mdev_vfio_pin_end(vm, &pin);
	mdev_vfio_unlock(vm);
	return ret;
}

/*
 * Copy page by page, after vfio_dma_rw() has failed for all at once.
 *
 * It may have written to the first pages, and type1 marks none of what a call has
 * written that fails in the end.  A page that could be written to once can be again,
 * so each one is marked now, even if the caller is being killed.
 *
 * What vfio_dma_rw() refuses is pinned for as long as the copy takes: type1 requires
 * that a mapping allow reading even to write to it, and that the calling task, unless
 * it is a kernel thread, have the mm of the mapping.
 */
static int mdev_vfio_copy_pages(struct mdev_vfio_mem *vm, u64 iova, void *buf,
				size_t len, bool write)
{
	bool again = true;
	size_t n;
	int ret;

	while (len) {
		n = min_t(size_t, len, PAGE_SIZE - offset_in_page(iova));
		ret = vfio_dma_rw(vm->vdev, iova, buf, n, write);
		/* A worker that is being killed does not begin another wait. */
		if (ret && fatal_signal_pending(current))
			return -EFAULT;
		if (ret)
			ret = mdev_vfio_copy_page(vm, iova, buf, n, write);
		if (ret == -ENOMEM && again) {
			/*
			 * Make room: data that is pinned can be copied instead,
			 * but there is no other way to access this page.
			 */
			mdev_vfio_unpin_data(vm, true);
			again = false;
			continue;
		}
		if (ret)
			return -EFAULT;
		iova += n;
		buf += n;
		len -= n;
	}
	return 0;
}

static int mdev_vfio_copy(struct mdev_mem *mem, u64 iova, void *buf, size_t len,
			  bool write)
{
	struct mdev_vfio_mem *vm = to_mdev_vfio_mem(mem);
	u64 last;
	int ret;

	if (!len)
		return 0;
	if (check_add_overflow(iova, (u64)len - 1, &last))
		return -EFAULT;
	ret = vfio_dma_rw(vm->vdev, iova, buf, len, write);
	if (ret && !write && fatal_signal_pending(current))
		return -EFAULT;
	if (ret)
		ret = mdev_vfio_copy_pages(vm, iova, buf, len, write);
	/* Whether it failed or not, because it may have failed half way */
	if (write)
		mdev_vfio_log_mark(vm, iova, last);
	return ret;
}

/* mdev_mem_ops.read */
int mdev_vfio_read(struct mdev_mem *mem, u64 iova, void *buf, size_t len)
{
	return mdev_vfio_copy(mem, iova, buf, len, false);
}

/* mdev_mem_ops.write */
int mdev_vfio_write(struct mdev_mem *mem, u64 iova, const void *buf, size_t len)
{
	return mdev_vfio_copy(mem, iova, (void *)buf, len, true);
}
