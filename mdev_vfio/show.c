// SPDX-License-Identifier: GPL-2.0-only
/*
 * Driver memory behind a VFIO container: what is known of it, for debugfs.
 */

#include <linux/ktime.h>
#include <linux/list.h>
#include <linux/module.h>
#include <linux/seq_file.h>

#include "data.h"
#include "hold.h"
#include "mem.h"
#include "ring.h"
#include "run.h"

/* What the lists of a memory have in them */
struct mdev_vfio_sums {
	u64 data;
	u64 rings;
	u64 ending;
	unsigned int nr_runs;
	unsigned int nr_pins;
	unsigned int nr_holds;
	bool open;
	bool iommufd;
	bool single;
	bool limited;
	bool unmapped;
	unsigned int copy_why;
};

static u64 mdev_vfio_list_bytes(struct list_head *runs)
{
	struct mdev_vfio_run *run;
	u64 sum = 0;

	list_for_each_entry(run, runs, node)
		sum += run->last - run->first + 1;
	return sum;
}

/* The number of runs is bounded, see data.c, and so is that of rings. */
static void mdev_vfio_sum_up(struct mdev_vfio_mem *vm,
			     struct mdev_vfio_sums *sums)
{
	struct list_head *node;

	mdev_vfio_lock(vm);
	sums->data = mdev_vfio_list_bytes(&vm->runs);
	sums->rings = mdev_vfio_list_bytes(&vm->rings);
	sums->ending = mdev_vfio_list_bytes(&vm->dying) +
		       mdev_vfio_list_bytes(&vm->ready) +
		       mdev_vfio_list_bytes(&vm->busy);
	sums->nr_runs = vm->nr_runs;
	list_for_each(node, &vm->pins)
		sums->nr_pins++;
	list_for_each(node, &vm->holds)
		sums->nr_holds++;
	sums->open = vm->open;
	sums->iommufd = vm->iommufd;
	sums->single = vm->single;
	sums->limited = vm->limited;
	sums->unmapped = ktime_get_ns() < vm->copy_until;
	sums->copy_why = vm->copy_why;
	mdev_vfio_unlock(vm);
}

/* Why data is copied now, and not pinned */
static const char *mdev_vfio_copy_reason(const struct mdev_vfio_sums *sums)
{
	if (sums->copy_why & MDEV_VFIO_COPY_MIGRATION)
		return "yes, somebody wants to know which pages are written";
	if (sums->copy_why)
		return "yes, the pages that are written are logged";
	if (sums->limited)
		return "yes, locked memory is exhausted (ulimit -l)";
	if (sums->unmapped)
		return "yes, memory was unmapped a moment ago";
	return "no";
}

/**
 * mdev_vfio_mem_show() - write what is known of the memory
 * @vm: the memory
 * @m: where to write
 *
 * What the container maps is known to VFIO alone: here are pins.
 *
 * Context: process context.
 */
void mdev_vfio_mem_show(struct mdev_vfio_mem *vm, struct seq_file *m)
{
	struct mdev_vfio_sums sums = {};

	mdev_vfio_sum_up(vm, &sums);
	seq_printf(m, "memory: %s\n", sums.iommufd ? "iommufd" : "container");
	seq_printf(m, "open: %s\n", sums.open ? "yes" : "no");
	seq_printf(m, "pinned for data: %llu bytes in %u runs%s\n", sums.data,
		   sums.nr_runs, sums.single ? " of a page" : "");
	seq_printf(m, "pinned for rings: %llu bytes\n", sums.rings);
	seq_printf(m, "to be unpinned: %llu bytes\n", sums.ending);
	seq_printf(m, "pins under way: %u\n", sums.nr_pins);
	seq_printf(m, "unmaps under way: %u\n", sums.nr_holds);
	seq_printf(m, "held by the parent: %s\n",
		   mdev_mem_holds_active(&vm->lent) ? "yes" : "no");
	seq_printf(m, "data is copied: %s\n", mdev_vfio_copy_reason(&sums));
}
