// SPDX-License-Identifier: GPL-2.0-only
/*
 * Driver memory behind a VFIO container: pins, that is, tasks that are pinning.
 */

#include <linux/ktime.h>
#include <linux/mm.h>
#include <linux/vfio.h>

#include "mem.h"
#include "pin.h"
#include "trace.h"

/* A time stamp that is larger than any before, even within one clock tick */
u64 mdev_vfio_stamp(struct mdev_vfio_mem *vm)
{
	lockdep_assert_held(&vm->pages.xa_lock);
	vm->stamp = max_t(u64, vm->stamp + 1, ktime_get_ns());
	return vm->stamp;
}

/*
 * Announce that a range is going to be pinned, so that an unmap waits.  To be
 * followed by mdev_vfio_pin_end().
 */
void mdev_vfio_pin_begin(struct mdev_vfio_mem *vm, struct mdev_vfio_pin *pin,
			 u64 first, u64 last)
{
	lockdep_assert_held(&vm->pages.xa_lock);
	pin->first = first;
	pin->last = last;
	pin->dead = false;
	list_add(&pin->node, &vm->pins);
}

void mdev_vfio_pin_end(struct mdev_vfio_mem *vm, struct mdev_vfio_pin *pin)
{
	lockdep_assert_held(&vm->pages.xa_lock);
	list_del(&pin->node);
	if (pin->dead)
		wake_up_all(&vm->drained);
}

/* Tell the tasks that are pinning in a range to undo it. */
void mdev_vfio_kill_pins(struct mdev_vfio_mem *vm, u64 first, u64 last)
{
	struct mdev_vfio_pin *pin;

	lockdep_assert_held(&vm->pages.xa_lock);
	list_for_each_entry(pin, &vm->pins, node)
		if (mdev_vfio_overlap(first, last, pin->first, pin->last))
			pin->dead = true;
}

static int mdev_vfio_pin_count(const struct mdev_vfio_pin *pin)
{
	return ((pin->last - pin->first) >> PAGE_SHIFT) + 1;
}

/*
 * Pin all pages of @pin with one call, VFIO_PIN_PAGES_MAX_ENTRIES at most.
 * Returns 0 or what vfio_pin_pages() failed with.
 */
int mdev_vfio_pin_pages(struct mdev_vfio_mem *vm,
			const struct mdev_vfio_pin *pin, int prot,
			struct page **pages)
{
	int n = mdev_vfio_pin_count(pin), ret;

	ret = vfio_pin_pages(vm->vdev, pin->first, n, prot, pages);
	if (ret == n)
		ret = 0;
	else if (ret >= 0)
		ret = -EFAULT;
	trace_mdev_vfio_pin(vm->dev, pin->first, (u64)n << PAGE_SHIFT, ret);
	return ret;
}

/* Undo mdev_vfio_pin_pages(). */
void mdev_vfio_unpin_pages(struct mdev_vfio_mem *vm,
			   const struct mdev_vfio_pin *pin)
{
	int n = mdev_vfio_pin_count(pin);

	vfio_unpin_pages(vm->vdev, pin->first, n);
	trace_mdev_vfio_unpin(vm->dev, pin->first, (u64)n << PAGE_SHIFT, 0);
}
