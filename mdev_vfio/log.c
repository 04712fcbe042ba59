// SPDX-License-Identifier: GPL-2.0-only
/*
 * The log of DMA: which pages the device has written to, for a user that asks the
 * device and not the container (VFIO_DEVICE_FEATURE_DMA_LOGGING_*).
 *
 * While there is a log data is copied, see mdev_vfio_mem_copy_begin().  Whoever has
 * copied to a page marks it afterwards, and whoever reports it clears the mark before
 * the user reads the page.  So a page that is written to again is marked again.
 *
 * What is pinned for writing is written to at any time without a mark: rings, and
 * data that could not be unpinned yet.  It is marked at each look, and once more
 * before it is unpinned.  A look marks pins first and then reports what is marked, so
 * that it misses none that is unpinned meanwhile.
 */

#include <linux/bitmap.h>
#include <linux/interval_tree.h>
#include <linux/iova_bitmap.h>
#include <linux/mdev_session.h>
#include <linux/mdev_vfio_device.h>
#include <linux/mm.h>
#include <linux/mutex.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>
#include <linux/vfio.h>
#include <linux/xarray.h>

#include "log.h"
#include "mem.h"
#include "run.h"

/* Pages of the device's that a chunk has bits for */
#define MDEV_VFIO_LOG_CHUNK_BITS	(PAGE_SIZE * BITS_PER_BYTE)

/*
 * Chunks of a log.  They are made where the device writes, so that it takes memory of
 * that size (2 TiB) to need that many, or mappings that are scattered on purpose.
 */
#define MDEV_VFIO_LOG_CHUNKS_MAX	16384

/**
 * struct mdev_vfio_log_range - pages that the user wants to know of
 * @first: number of the first page
 * @last: number of the last page
 */
struct mdev_vfio_log_range {
	u64 first;
	u64 last;
};

/**
 * struct mdev_vfio_log - a log
 * @chunks: pages of bits, one for each page of the device's.  Those that are not there
 *	have no mark.
 * @nr_chunks: how many there are
 * @failed: a mark is lost because there was no memory for it
 * @nr_ranges: number of @ranges
 * @ranges: what to log
 *
 * Guarded by &mdev_vfio_mem.log_lock.
 */
struct mdev_vfio_log {
	struct xarray chunks;
	unsigned int nr_chunks;
	bool failed;
	unsigned int nr_ranges;
	struct mdev_vfio_log_range ranges[] __counted_by(nr_ranges);
};

/* ---- marks ---- */

static unsigned long *mdev_vfio_log_new_chunk(struct mdev_vfio_log *log,
					      unsigned long nr)
{
	const gfp_t gfp = GFP_KERNEL_ACCOUNT | __GFP_NOWARN;
	unsigned long *bits;

	if (log->nr_chunks == MDEV_VFIO_LOG_CHUNKS_MAX)
		return NULL;
	bits = (unsigned long *)get_zeroed_page(gfp);
	if (!bits)
		return NULL;
	if (xa_err(xa_store(&log->chunks, nr, bits, gfp))) {
		free_page((unsigned long)bits);
		return NULL;
	}
	log->nr_chunks++;
	return bits;
}

/* Mark pages, by their numbers.  Returns whether there is memory for it. */
static bool mdev_vfio_log_set(struct mdev_vfio_log *log, u64 first, u64 last)
{
	unsigned long bit, n, *bits;

	for (; first <= last; first += n) {
		bit = first % MDEV_VFIO_LOG_CHUNK_BITS;
		n = min_t(u64, last - first + 1, MDEV_VFIO_LOG_CHUNK_BITS - bit);
		bits = xa_load(&log->chunks, first / MDEV_VFIO_LOG_CHUNK_BITS);
		if (!bits)
			bits = mdev_vfio_log_new_chunk(log, first /
						       MDEV_VFIO_LOG_CHUNK_BITS);
		if (!bits)
			return false;
		bitmap_set(bits, bit, n);
	}
	return true;
}

/*
 * Find the first pages in a row that are marked, and clear their marks.  Returns
 * whether there are any; then they are from *@first to *@end, which are page numbers,
 * @end not included.
 */
static bool mdev_vfio_log_take(struct mdev_vfio_log *log, u64 *first, u64 last,
			       u64 *end)
{
	unsigned long nr = *first / MDEV_VFIO_LOG_CHUNK_BITS, size, bit, stop;
	unsigned long bit0 = *first % MDEV_VFIO_LOG_CHUNK_BITS;
	unsigned long *bits;
	u64 base;

	for (bits = xa_find(&log->chunks, &nr, last / MDEV_VFIO_LOG_CHUNK_BITS,
			    XA_PRESENT);
	     bits;
	     bits = xa_find_after(&log->chunks, &nr,
				  last / MDEV_VFIO_LOG_CHUNK_BITS, XA_PRESENT)) {
		base = (u64)nr * MDEV_VFIO_LOG_CHUNK_BITS;
		if (base > *first)
			bit0 = 0;
		size = min_t(u64, last - base + 1, MDEV_VFIO_LOG_CHUNK_BITS);
		bit = find_next_bit(bits, size, bit0);
		if (bit >= size)
			continue;
		stop = find_next_zero_bit(bits, size, bit);
		bitmap_clear(bits, bit, stop - bit);
		*first = base + bit;
		*end = base + stop;
		return true;
	}
	return false;
}

/**
 * mdev_vfio_log_mark() - the device has written to memory
 * @vm: the memory
 * @first: lowest address
 * @last: highest address
 *
 * To be called after the write.  Nothing happens if there is no log.
 *
 * Context: process context; sleeps.
 */
void mdev_vfio_log_mark(struct mdev_vfio_mem *vm, u64 first, u64 last)
{
	const struct mdev_vfio_log_range *r;
	struct mdev_vfio_log *log;
	bool warn = false;
	unsigned int i;

	/*
	 * Either the log is found here, or whoever has started it finds in memory what
	 * was written before.  Pairs with the barrier in mdev_vfio_log_start().
	 */
	smp_mb();
	if (!READ_ONCE(vm->log))
		return;

	first >>= PAGE_SHIFT;
	last >>= PAGE_SHIFT;
	mutex_lock(&vm->log_lock);
	log = vm->log;
	for (i = 0; log && !log->failed && i < log->nr_ranges; i++) {
		r = &log->ranges[i];
		if (!mdev_vfio_overlap(first, last, r->first, r->last))
			continue;
		warn = !mdev_vfio_log_set(log, max(first, r->first),
					  min(last, r->last));
		log->failed = warn;
	}
	mutex_unlock(&vm->log_lock);
	if (warn)
		dev_warn_ratelimited(vm->dev,
				     "no memory to log which pages the device writes to: a migration that is under way fails\n");
}

/* ---- the operations ---- */

static void mdev_vfio_log_free(struct mdev_vfio_log *log)
{
	unsigned long nr;
	void *bits;

	xa_for_each(&log->chunks, nr, bits) {
		free_page((unsigned long)bits);
		cond_resched();
	}
	xa_destroy(&log->chunks);
	kvfree(log);
}

/* NULL if there is no memory for it, ERR_PTR(-EINVAL) for an empty range */
static struct mdev_vfio_log *mdev_vfio_log_new(struct rb_root_cached *ranges,
					       u32 nnodes)
{
	struct interval_tree_node *node;
	struct mdev_vfio_log_range *r;
	struct mdev_vfio_log *log;

	log = kvzalloc(struct_size(log, ranges, nnodes), GFP_KERNEL_ACCOUNT);
	if (!log)
		return ERR_PTR(-ENOMEM);
	log->nr_ranges = nnodes;
	xa_init_flags(&log->chunks, XA_FLAGS_ACCOUNT);

	r = log->ranges;
	for (node = interval_tree_iter_first(ranges, 0, ULONG_MAX);
	     node && r < log->ranges + nnodes;
	     node = interval_tree_iter_next(node, 0, ULONG_MAX), r++) {
		if (node->last < node->start)
			break;
		r->first = node->start >> PAGE_SHIFT;
		r->last = node->last >> PAGE_SHIFT;
	}
	if (r == log->ranges + nnodes)
		return log;
	mdev_vfio_log_free(log);
	return ERR_PTR(-EINVAL);
}

/* vfio_log_ops.log_start */
static int mdev_vfio_log_start(struct vfio_device *vdev,
			       struct rb_root_cached *ranges, u32 nnodes,
			       u64 *page_size)
{
	struct mdev_vfio_device *vv = to_mdev_vfio_device(vdev);
	struct mdev_vfio_mem *vm = &vv->mem;
	struct mdev_vfio_log *log;
	int ret;

	log = mdev_vfio_log_new(ranges, nnodes);
	if (IS_ERR(log))
		return PTR_ERR(log);
	ret = mdev_session_lock(vv->session);
	if (ret)
		goto err;

	ret = -EEXIST;
	mutex_lock(&vm->log_lock);
	if (!vm->log) {
		WRITE_ONCE(vm->log, log);
		ret = 0;
	}
	mutex_unlock(&vm->log_lock);
	/* Pairs with the barrier in mdev_vfio_log_mark() */
	smp_mb();
	if (ret)
		goto err_unlock;
	ret = mdev_vfio_mem_copy_begin(vm, MDEV_VFIO_COPY_LOG);
	if (ret)
		mdev_vfio_log_end(vm);
	mdev_session_unlock(vv->session);
	if (!ret)
		*page_size = PAGE_SIZE;
	return ret;

err_unlock:
	mdev_session_unlock(vv->session);

err:
	mdev_vfio_log_free(log);
	return ret;
}

/**
 * mdev_vfio_log_end() - end the log, if there is one
 * @vm: the memory
 *
 * Context: process context; sleeps.
 */
void mdev_vfio_log_end(struct mdev_vfio_mem *vm)
{
	struct mdev_vfio_log *log;

	mutex_lock(&vm->log_lock);
	log = vm->log;
	WRITE_ONCE(vm->log, NULL);
	mutex_unlock(&vm->log_lock);
	if (!log)
		return;
	mdev_vfio_mem_copy_end(vm, MDEV_VFIO_COPY_LOG);
	mdev_vfio_log_free(log);
}

/* vfio_log_ops.log_stop */
static int mdev_vfio_log_stop(struct vfio_device *vdev)
{
	struct mdev_vfio_device *vv = to_mdev_vfio_device(vdev);
	int ret;

	ret = mdev_session_lock(vv->session);
	if (ret)
		return ret;
	mdev_vfio_log_end(&vv->mem);
	mdev_session_unlock(vv->session);
	return 0;
}

/* Mark what is pinned for writing, because it may have been written to. */
static void mdev_vfio_log_runs(struct mdev_vfio_mem *vm, u64 first, u64 last)
{
	u64 run_last;

	while (mdev_vfio_run_next_written(vm, &first, last, &run_last)) {
		mdev_vfio_log_mark(vm, first, run_last);
		if (run_last == last)
			break;
		first = run_last + 1;
		cond_resched();
	}
}

/* vfio_log_ops.log_read_and_clear */
static int mdev_vfio_log_read(struct vfio_device *vdev, unsigned long iova,
			      unsigned long length, struct iova_bitmap *dirty)
{
	struct mdev_vfio_device *vv = to_mdev_vfio_device(vdev);
	u64 first, last, end, addr_last = iova + length - 1;
	struct mdev_vfio_mem *vm = &vv->mem;
	bool found;
	int ret;

	if (READ_ONCE(vv->session->revoked))
		return -ENODEV;
	if (!length || addr_last < iova || !PAGE_ALIGNED(iova | length))
		return -EINVAL;

	mdev_vfio_log_runs(vm, iova, addr_last);
	first = iova >> PAGE_SHIFT;
	last = addr_last >> PAGE_SHIFT;
	while (first <= last) {
		ret = 0;
		found = false;
		mutex_lock(&vm->log_lock);
		if (!vm->log)
			ret = -EINVAL;
		else if (vm->log->failed)
			ret = -ENOMEM;
		else
			found = mdev_vfio_log_take(vm->log, &first, last, &end);
		mutex_unlock(&vm->log_lock);
		if (ret || !found)
			return ret;
		/*
		 * Without the lock, because newer kernels pin the user's bitmap here.
		 * Page by page, because older ones round a length down to the
		 * report's page size, and so forget the end of what lies in two of
		 * its pages.
		 */
		for (; first < end; first++)
			iova_bitmap_set(dirty, first << PAGE_SHIFT, PAGE_SIZE);
		if (fatal_signal_pending(current))
			return -EINTR;
		cond_resched();
	}
	return 0;
}

const struct vfio_log_ops mdev_vfio_log_ops = {
	.log_start = mdev_vfio_log_start,
	.log_stop = mdev_vfio_log_stop,
	.log_read_and_clear = mdev_vfio_log_read,
};
