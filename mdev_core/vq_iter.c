// SPDX-License-Identifier: GPL-2.0-only
/*
 * Device-side virtqueues: copying between the segments of a chain, or of two,
 * and the kernel.
 */

#include <linux/errno.h>
#include <linux/io.h>
#include <linux/minmax.h>
#include <linux/module.h>
#include <linux/string.h>

#include "vq_tlb.h"

/*
 * How often an address is made known, and then missed again, before the slow path
 * is taken: a driver that unmaps and maps all the time must not keep a worker at
 * one address forever.
 */
#define MDEV_VQ_FAULT_TRIES	3

static u64 mdev_vq_iter_iova(const struct mdev_vq_iter *iter)
{
	return iter->seg->iova + iter->off;
}

static size_t mdev_vq_iter_rest(const struct mdev_vq_iter *iter)
{
	return iter->seg->len - iter->off;
}

/* @len is at most what is left of the segment. */
static void mdev_vq_iter_step(struct mdev_vq_iter *iter, size_t len)
{
	iter->off += len;
	if (iter->off == iter->seg->len) {
		iter->seg++;
		iter->nr--;
		iter->off = 0;
	}
}

/* To be called in each read section before the first lookup of the iterator */
static void mdev_vq_iter_check(const struct mdev_vq_iter *iter,
			       const struct mdev_mem *mem)
{
	if (iter->vq)
		mdev_vq_tlb_check(&iter->vq->tlb, mem);
}

/*
 * Kernel address of where the iterator stands, for at most @len bytes; NULL for a
 * miss or at the end.  mdev_vq_iter_check() was called in this section.
 */
static __always_inline void *
mdev_vq_iter_lookup(struct mdev_mem *mem, const struct mdev_vq_iter *iter,
		    unsigned int perm, size_t *len)
{
	u64 iova;

	if (!iter->nr)
		return NULL;
	*len = min(*len, mdev_vq_iter_rest(iter));
	iova = mdev_vq_iter_iova(iter);
	/*
	 * Such addresses come from the kernel's own virtio core, which is
	 * trusted with all of memory anyway.
	 */
	if (mem->linear)
		return phys_to_virt(iova);
	if (iter->vq)
		return mdev_vq_tlb_lookup(&iter->vq->tlb, mem, iova, perm, len);
	return mdev_mem_lookup(mem, iova, perm, len);
}

/*
 * Copy between a chain and a kernel buffer, inside a read section.  @perm gives the
 * direction, as the device accesses the chain.  It is constant, so it costs nothing.
 */
static __always_inline size_t
mdev_vq_iter_copy(struct mdev_mem *mem, struct mdev_vq_iter *iter, void *buf,
		  size_t len, unsigned int perm)
{
	size_t done = 0;
	void *p;

	/* Fast path for the most frequent case: a single piece */
	if (mem->linear && iter->nr && len <= mdev_vq_iter_rest(iter)) {
		p = phys_to_virt(mdev_vq_iter_iova(iter));
		mdev_vq_iter_step(iter, len);
		if (perm == MDEV_MEM_READ)
			compat_copy_long(buf, p, len);
		else
			compat_copy_long(p, buf, len);
		return len;
	}

	mdev_vq_iter_check(iter, mem);
	while (done < len) {
		size_t n = len - done;

		p = mdev_vq_iter_lookup(mem, iter, perm, &n);
		if (!p)
			break;
		if (perm == MDEV_MEM_READ)
			compat_copy_long(buf + done, p, n);
		else
			compat_copy_long(p, buf + done, n);
		mdev_vq_iter_step(iter, n);
		done += n;
	}
	return done;
}

/**
 * mdev_vq_copy_from() - copy out of a chain
 * @mem: the driver's memory
 * @iter: where to begin; moves on by what was copied
 * @buf: kernel buffer
 * @len: bytes
 *
 * Context: inside a read section.
 * Return: the bytes copied, less than @len at the end of the segments or where
 * a lookup misses; in the latter case leave the section and go on with
 * mdev_vq_read().
 */
size_t mdev_vq_copy_from(struct mdev_mem *mem, struct mdev_vq_iter *iter,
			 void *buf, size_t len)
{
	return mdev_vq_iter_copy(mem, iter, buf, len, MDEV_MEM_READ);
}
EXPORT_SYMBOL_GPL(mdev_vq_copy_from);

/**
 * mdev_vq_copy_to() - copy into a chain
 * @mem: the driver's memory
 * @iter: where to begin; moves on by what was copied
 * @buf: kernel buffer
 * @len: bytes
 *
 * Context: inside a read section.
 * Return: as mdev_vq_copy_from(); go on with mdev_vq_write().
 */
size_t mdev_vq_copy_to(struct mdev_mem *mem, struct mdev_vq_iter *iter,
		       const void *buf, size_t len)
{
	return mdev_vq_iter_copy(mem, iter, (void *)buf, len, MDEV_MEM_WRITE);
}
EXPORT_SYMBOL_GPL(mdev_vq_copy_to);

/**
 * mdev_vq_copy() - copy from one chain into another
 * @mem: the driver's memory, which both belong to
 * @dst: where to write; moves on by what was copied
 * @src: where to read; moves on by what was copied
 * @len: bytes
 *
 * Context: inside a read section.
 * Return: as mdev_vq_copy_from(); go on with mdev_vq_move().
 */
size_t mdev_vq_copy(struct mdev_mem *mem, struct mdev_vq_iter *dst,
		    struct mdev_vq_iter *src, size_t len)
{
	size_t done = 0;

	mdev_vq_iter_check(src, mem);
	mdev_vq_iter_check(dst, mem);
	while (done < len) {
		size_t n = len - done;
		void *from, *to;

		from = mdev_vq_iter_lookup(mem, src, MDEV_MEM_READ, &n);
		if (!from)
			break;
		to = mdev_vq_iter_lookup(mem, dst, MDEV_MEM_WRITE, &n);
		if (!to)
			break;
		/* A driver may let the two overlap. */
		if (to + n <= from || from + n <= to)
			compat_copy_long(to, from, n);
		else
			memmove(to, from, n);
		mdev_vq_iter_step(src, n);
		mdev_vq_iter_step(dst, n);
		done += n;
	}
	return done;
}
EXPORT_SYMBOL_GPL(mdev_vq_copy);

/*
 * After a miss.  0: look it up again; -EAGAIN: take the slow path for a piece;
 * -EFAULT: nothing is mapped there.
 */
static int mdev_vq_iter_fault(struct mdev_mem *mem,
			      const struct mdev_vq_iter *iter,
			      unsigned int perm, unsigned int *tries)
{
	int ret;

	if (!iter->nr)
		return -EFAULT;
	if (!*tries || mdev_mem_is_copied(mem))
		return -EAGAIN;
	--*tries;
	ret = mdev_mem_fault(mem, mdev_vq_iter_iova(iter), perm);
	return !ret || ret == -EFAULT ? ret : -EAGAIN;
}

/* As mdev_vq_iter_copy(), but outside of any read section, and all of it */
static __always_inline int
mdev_vq_iter_copy_all(struct mdev_mem *mem, struct mdev_vq_iter *iter,
		      void *buf, size_t len, unsigned int perm)
{
	unsigned int tries = MDEV_VQ_FAULT_TRIES;
	size_t n;
	int token, ret;

	while (len) {
		n = 0;
		if (!mdev_mem_is_copied(mem)) {
			token = mdev_mem_enter(mem);
			n = mdev_vq_iter_copy(mem, iter, buf, len, perm);
			mdev_mem_leave(mem, token);
		}
		buf += n;
		len -= n;
		if (!len)
			break;
		if (n)
			tries = MDEV_VQ_FAULT_TRIES;

		ret = mdev_vq_iter_fault(mem, iter, perm, &tries);
		if (!ret)
			continue;
		if (ret != -EAGAIN)
			return ret;
		n = min(len, mdev_vq_iter_rest(iter));
		if (perm == MDEV_MEM_READ)
			ret = mdev_mem_read(mem, mdev_vq_iter_iova(iter), buf,
					    n);
		else
			ret = mdev_mem_write(mem, mdev_vq_iter_iova(iter), buf,
					     n);
		if (ret)
			return ret;
		mdev_vq_iter_step(iter, n);
		buf += n;
		len -= n;
	}
	return 0;
}

/**
 * mdev_vq_read() - copy out of a chain, through the slow path if necessary
 * @mem: the driver's memory
 * @iter: where to begin; moves on by @len
 * @buf: kernel buffer
 * @len: bytes
 *
 * Context: outside of any read section; process context and sleeps, unless the
 * memory is direct.
 * Return: 0, or -EFAULT if the segments end early or some of the memory is not
 * mapped.
 */
int mdev_vq_read(struct mdev_mem *mem, struct mdev_vq_iter *iter, void *buf,
		 size_t len)
{
	return mdev_vq_iter_copy_all(mem, iter, buf, len, MDEV_MEM_READ);
}
EXPORT_SYMBOL_GPL(mdev_vq_read);

/**
 * mdev_vq_write() - copy into a chain, through the slow path if necessary
 * @mem: the driver's memory
 * @iter: where to begin; moves on by @len
 * @buf: kernel buffer
 * @len: bytes
 *
 * Context: as mdev_vq_read().
 * Return: as mdev_vq_read(); after an error some may have been written.
 */
int mdev_vq_write(struct mdev_mem *mem, struct mdev_vq_iter *iter,
		  const void *buf, size_t len)
{
	return mdev_vq_iter_copy_all(mem, iter, (void *)buf, len,
				     MDEV_MEM_WRITE);
}
EXPORT_SYMBOL_GPL(mdev_vq_write);

/* Whether a lookup at the iterator misses. */
static bool mdev_vq_iter_misses(struct mdev_mem *mem,
				const struct mdev_vq_iter *iter,
				unsigned int perm)
{
	size_t len = 1;
	bool miss;
	int token;

	token = mdev_mem_enter(mem);
	mdev_vq_iter_check(iter, mem);
	miss = !mdev_vq_iter_lookup(mem, iter, perm, &len);
	mdev_mem_leave(mem, token);
	return miss;
}

/**
 * mdev_vq_move() - copy between two chains, through the slow path if necessary
 * @mem: the driver's memory, which both belong to
 * @dst: where to write; moves on by @len
 * @src: where to read; moves on by @len
 * @len: bytes
 * @bounce: kernel buffer for what only the slow path can reach
 * @bounce_len: its size
 * @bad: (result) after an error, the iterator that stands on the memory that is
 *	not mapped, @dst or @src
 *
 * Context: as mdev_vq_read().
 * Return: as mdev_vq_read(); after an error some may have been written.
 */
int mdev_vq_move(struct mdev_mem *mem, struct mdev_vq_iter *dst,
		 struct mdev_vq_iter *src, size_t len, void *bounce,
		 size_t bounce_len, struct mdev_vq_iter **bad)
{
	unsigned int tries = MDEV_VQ_FAULT_TRIES;
	size_t n;
	int token, ret;

	while (len) {
		token = mdev_mem_enter(mem);
		n = mdev_vq_copy(mem, dst, src, len);
		mdev_mem_leave(mem, token);
		len -= n;
		if (!len)
			break;
		if (n)
			tries = MDEV_VQ_FAULT_TRIES;

		*bad = mdev_vq_iter_misses(mem, src, MDEV_MEM_READ) ? src : dst;
		ret = mdev_vq_iter_fault(mem, *bad, *bad == src ?
					 MDEV_MEM_READ : MDEV_MEM_WRITE,
					 &tries);
		if (!ret)
			continue;
		if (ret != -EAGAIN)
			return ret;

		n = min(len, bounce_len);
		*bad = src;
		ret = mdev_vq_read(mem, src, bounce, n);
		if (ret)
			return ret;
		*bad = dst;
		ret = mdev_vq_write(mem, dst, bounce, n);
		if (ret)
			return ret;
		len -= n;
	}
	return 0;
}
EXPORT_SYMBOL_GPL(mdev_vq_move);
