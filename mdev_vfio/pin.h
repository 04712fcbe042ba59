/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The tasks that are pinning just now.
 */
#ifndef _MDEV_VFIO_PIN_H
#define _MDEV_VFIO_PIN_H

#include <linux/list.h>
#include <linux/types.h>

struct mdev_vfio_mem;
struct page;

/**
 * struct mdev_vfio_pin - a task that is pinning pages
 * @node: in &mdev_vfio_mem.pins
 * @first: lowest address
 * @last: highest address
 * @dead: the range is being unmapped, and the unmap waits for the task to undo this
 */
struct mdev_vfio_pin {
	struct list_head node;
	u64 first;
	u64 last;
	bool dead;
};

u64 mdev_vfio_stamp(struct mdev_vfio_mem *vm);
void mdev_vfio_pin_begin(struct mdev_vfio_mem *vm, struct mdev_vfio_pin *pin,
			 u64 first, u64 last);
void mdev_vfio_pin_end(struct mdev_vfio_mem *vm, struct mdev_vfio_pin *pin);
void mdev_vfio_kill_pins(struct mdev_vfio_mem *vm, u64 first, u64 last);
int mdev_vfio_pin_pages(struct mdev_vfio_mem *vm,
			const struct mdev_vfio_pin *pin, int prot,
			struct page **pages);
void mdev_vfio_unpin_pages(struct mdev_vfio_mem *vm,
			   const struct mdev_vfio_pin *pin);

#endif /* _MDEV_VFIO_PIN_H */
