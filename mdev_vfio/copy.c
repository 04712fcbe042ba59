// SPDX-License-Identifier: GPL-2.0-only
/*
 * Driver memory behind a VFIO container: data is copied where it is not pinned.
 */

#include <linux/iommu.h>
#include <linux/mm.h>
#include <linux/overflow.h>
#include <linux/sched/signal.h>

#include "mdev_vfio_private.h"

/* How long a copy waits for an unmap to be over: of the page, and of others */
#define VHOST_MEM_COPY_WAIT	(HZ / 10)
#define VHOST_MEM_COPY_WAIT_ALL	(10 * HZ)

/* Begin to pin a page, unless somebody is unmapping it: then returns false. */
static bool vhost_mem_copy_begin(struct vhost_mem_vfio *vm,
				 struct vhost_mem_pin *pin, u64 first, u64 last,
				 int *ret)
{
	bool wait = false;

	vhost_mem_lock(vm);
	*ret = vm->open ? 0 : -EFAULT;
	if (vm->open) {
		wait = vhost_mem_held(vm, first, last);
		if (!wait)
			vhost_mem_pin_begin(vm, pin, first, last);
	}
	vhost_mem_unlock(vm);
	return !wait;
}

/* Is there a kernel address to copy from or to?  Zeroes can be read only. */
static bool vhost_mem_copyable(struct page *page, bool write)
{
	return vhost_mem_usable(page) ||
	       (!write && is_zero_pfn(page_to_pfn(page)));
}

static int vhost_mem_copy_page(struct vhost_mem_vfio *vm, u64 iova, void *buf,
			       size_t len, bool write)
{
	u64 first = ALIGN_DOWN(iova, PAGE_SIZE), last = first + PAGE_SIZE - 1;
	struct vhost_mem_pin pin;
	struct page *page;
	int ret = -EFAULT;
	long wait;
	void *p;

	vhost_mem_lock(vm);
	/* One that is being unmapped for long is as good as not mapped. */
	wait = vhost_mem_unmapped(vm, first, last) ? VHOST_MEM_COPY_WAIT :
						     VHOST_MEM_COPY_WAIT_ALL;
	vhost_mem_unlock(vm);
	if (wait_event_killable_timeout(vm->drained,
					vhost_mem_copy_begin(vm, &pin, first,
							     last, &ret),
					wait) <= 0)
		return -EFAULT;
	if (ret)
		return ret;

	ret = vhost_mem_pin_pages(vm, &pin, write ? IOMMU_WRITE : IOMMU_READ,
				  &page);
	if (ret)
		goto out_end;

	p = page_address(page) + offset_in_page(iova);
	if (!vhost_mem_copyable(page, write))
		ret = -EFAULT;
	else if (write)
		memcpy(p, buf, len);
	else
		memcpy(buf, p, len);
	vhost_mem_unpin_pages(vm, &pin);

out_end:
	vhost_mem_lock(vm);
	vhost_mem_pin_end(vm, &pin);
	vhost_mem_unlock(vm);
	return ret;
}

/*
 * What vfio_dma_rw() cannot reach: type1 wants a mapping to allow reading even
 * to write to it, and a task that has memory of its own to have that of the
 * mapping.  Each page is pinned for as long as the copy takes.
 */
static int vhost_mem_copy_pinned(struct vhost_mem_vfio *vm, u64 iova, void *buf,
				 size_t len, bool write)
{
	bool again = true;
	size_t n;
	int ret;

	while (len) {
		/* A worker that is to end does not begin another wait. */
		if (fatal_signal_pending(current))
			return -EFAULT;
		n = min_t(size_t, len, PAGE_SIZE - offset_in_page(iova));
		ret = vhost_mem_copy_page(vm, iova, buf, n, write);
		if (ret == -ENOMEM && again) {
			/* There is another way to what is pinned, but not here. */
			vhost_mem_unpin_data(vm, true);
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

static int vhost_mem_copy(struct mdev_mem *mem, u64 iova, void *buf, size_t len,
			  bool write)
{
	struct vhost_mem_vfio *vm = to_vhost_mem_vfio(mem);
	u64 last;

	if (!len)
		return 0;
	if (check_add_overflow(iova, (u64)len - 1, &last))
		return -EFAULT;
	if (!vfio_dma_rw(vm->vdev, iova, buf, len, write))
		return 0;
	return vhost_mem_copy_pinned(vm, iova, buf, len, write);
}

/* mdev_mem_ops.read */
int vhost_mem_read(struct mdev_mem *mem, u64 iova, void *buf, size_t len)
{
	return vhost_mem_copy(mem, iova, buf, len, false);
}

/* mdev_mem_ops.write */
int vhost_mem_write(struct mdev_mem *mem, u64 iova, const void *buf, size_t len)
{
	return vhost_mem_copy(mem, iova, (void *)buf, len, true);
}
