// SPDX-License-Identifier: GPL-2.0-only
/*
 * Driver memory behind a VFIO container: pins, and who is making one.
 */

#include <linux/mm.h>

#include "mem_vfio.h"

/*
 * Announce that a range is going to be pinned, so that an unmap waits.  To be
 * followed by vhost_mem_pin_end().
 */
void vhost_mem_pin_begin(struct vhost_mem_vfio *vm, struct vhost_mem_pin *pin,
			 u64 first, u64 last)
{
	lockdep_assert_held(&vm->pages.xa_lock);
	pin->first = first;
	pin->last = last;
	pin->died = 0;
	list_add(&pin->node, &vm->pins);
}

void vhost_mem_pin_end(struct vhost_mem_vfio *vm, struct vhost_mem_pin *pin)
{
	lockdep_assert_held(&vm->pages.xa_lock);
	list_del(&pin->node);
	if (pin->died)
		wake_up_all(&vm->drained);
}

void vhost_mem_unpin_range(struct vhost_mem_vfio *vm, u64 first,
			   unsigned long npages)
{
	while (npages) {
		unsigned long n = min_t(unsigned long, npages,
					VFIO_PIN_PAGES_MAX_ENTRIES);

		vfio_unpin_pages(vm->vdev, first, n);
		first += (u64)n << PAGE_SHIFT;
		npages -= n;
	}
}

int vhost_mem_pin_range(struct vhost_mem_vfio *vm, u64 first,
			unsigned long npages, int prot, struct page **pages)
{
	unsigned long done, n;
	int ret;

	for (done = 0; done < npages; done += n) {
		n = min_t(unsigned long, npages - done,
			  VFIO_PIN_PAGES_MAX_ENTRIES);
		ret = vfio_pin_pages(vm->vdev,
				     first + ((u64)done << PAGE_SHIFT), n, prot,
				     pages + done);
		if (ret != n) {
			vhost_mem_unpin_range(vm, first, done);
			return ret < 0 ? ret : -EFAULT;
		}
	}
	return 0;
}

/*
 * Memory that is not ordinary RAM may have no place in the kernel's linear
 * mapping, and the shared page of zeroes is replaced as soon as the user
 * writes there.
 */
bool vhost_mem_usable(struct page *page)
{
	return !PageReserved(page) && !is_zone_device_page(page) &&
	       !is_zero_pfn(page_to_pfn(page));
}
