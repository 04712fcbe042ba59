/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Read sections of the driver's memory, for whoever serves virtqueues.
 */
#ifndef _LINUX_MDEV_VQ_SECTION_H
#define _LINUX_MDEV_VQ_SECTION_H

#include <linux/compiler.h>
#include <linux/errno.h>
#include <linux/types.h>

#include <linux/mdev_vq.h>

/* Virtqueues that are served together: the two of a pair of a network device */
#define MDEV_VQ_SECTION_MAX	2

/**
 * struct mdev_vq_section - a read section of the driver's memory
 * @vqs: claimed virtqueues that are served in it, all of the same memory; the first
 *	element is never NULL, the others may be
 * @nowait: Nothing waits: what would have to returns -EAGAIN, in the same section,
 *	and may be done again in a section that waits.  For a user that may not sleep
 *	with memory of any kind.
 *
 * Whenever something has to wait for memory, the section ends and another one
 * begins.  It belongs to the user of the queues, which has it on its stack, or in the
 * structure of what it serves.
 */
struct mdev_vq_section {
	struct mdev_vq *vqs[MDEV_VQ_SECTION_MAX];
	bool nowait;

	/* private: the memory, and what mdev_mem_enter() returned */
	struct mdev_mem *mem;
	int token;
};

int mdev_vq_section_enter(struct mdev_vq_section *section);
void mdev_vq_section_leave(struct mdev_vq_section *section);

/* What the functions below do when a lookup has missed */
int mdev_vq_section_fault(struct mdev_vq_section *section, struct mdev_vq *vq);
int mdev_vq_section_read_rest(struct mdev_vq_section *section,
			      struct mdev_vq_iter *iter, void *buf, size_t len);
int mdev_vq_section_write_rest(struct mdev_vq_section *section,
			       struct mdev_vq_iter *iter, const void *buf,
			       size_t len);
int mdev_vq_section_move_rest(struct mdev_vq_section *section,
			      struct mdev_vq_iter *dst,
			      struct mdev_vq_iter *src, size_t len,
			      void *bounce, size_t bounce_len);

/* One chain, in a read section of its own */
int mdev_vq_take(struct mdev_vq *vq, struct mdev_vq_chain *chain);
void mdev_vq_give(struct mdev_vq *vq, const struct mdev_vq_chain *chain,
		  u32 len);

/**
 * mdev_vq_section_pop() - take the next chain, fetching an indirect table if necessary
 * @section: the section
 * @vq: one of its queues
 * @chain: as for mdev_vq_pop()
 *
 * Context: in the section, entered without an error; process context and sleeps,
 * unless the memory is direct or @nowait is set.  Returns in the section, or in
 * another one, which after -EPROTO may only be left.
 * Return: 1; 0 if there is none; -EPROTO if a queue of the section broke; -EAGAIN if
 * there is one whose table cannot be reached without waiting.
 */
static inline int mdev_vq_section_pop(struct mdev_vq_section *section,
				      struct mdev_vq *vq,
				      struct mdev_vq_chain *chain)
{
	int ret;

	while (unlikely((ret = mdev_vq_pop(vq, chain)) == -EAGAIN)) {
		if (section->nowait)
			break;
		/* If the table cannot be fetched, the queue is broken. */
		if (mdev_vq_section_fault(section, vq))
			return -EPROTO;
	}
	return ret;
}

/**
 * mdev_vq_section_read() - copy out of a chain, waiting for its memory if necessary
 * @section: the section
 * @iter: where to begin, in a chain of one of its queues; moves on by @len
 * @buf: kernel buffer
 * @len: bytes
 *
 * If the chain ends early, or some of its memory is not mapped or does not answer, its
 * queue breaks.
 *
 * Context: as mdev_vq_section_pop().
 * Return: 0; -EPROTO if a queue of the section broke; -EAGAIN if that cannot be done
 * without waiting, or not at all: then a part may have been copied.
 */
static inline int mdev_vq_section_read(struct mdev_vq_section *section,
				       struct mdev_vq_iter *iter, void *buf,
				       size_t len)
{
	size_t done = mdev_vq_copy_from(section->mem, iter, buf, len);

	if (likely(done == len))
		return 0;
	return mdev_vq_section_read_rest(section, iter, buf + done, len - done);
}

/**
 * mdev_vq_section_write() - copy into a chain, waiting for its memory if necessary
 * @section: the section
 * @iter: where to begin, in a chain of one of its queues; moves on by @len
 * @buf: kernel buffer
 * @len: bytes
 *
 * As mdev_vq_section_read().
 *
 * Context: as mdev_vq_section_pop().
 * Return: as mdev_vq_section_read(); after an error some may have been written.
 */
static inline int mdev_vq_section_write(struct mdev_vq_section *section,
					struct mdev_vq_iter *iter,
					const void *buf, size_t len)
{
	size_t done = mdev_vq_copy_to(section->mem, iter, buf, len);

	if (likely(done == len))
		return 0;
	return mdev_vq_section_write_rest(section, iter, buf + done,
					  len - done);
}

/**
 * mdev_vq_section_move() - copy between two chains, waiting for memory if necessary
 * @section: the section
 * @dst: where to write, in a chain of one of its queues; moves on by @len
 * @src: where to read, the same way; moves on by @len
 * @len: bytes
 * @bounce: as for mdev_vq_move(); may be NULL if the memory is direct
 * @bounce_len: its size
 *
 * As mdev_vq_section_read(); the queue breaks whose chain it is.
 *
 * Context: as mdev_vq_section_pop().
 * Return: as mdev_vq_section_write().
 */
static inline int mdev_vq_section_move(struct mdev_vq_section *section,
				       struct mdev_vq_iter *dst,
				       struct mdev_vq_iter *src, size_t len,
				       void *bounce, size_t bounce_len)
{
	size_t done = mdev_vq_copy(section->mem, dst, src, len);

	if (likely(done == len))
		return 0;
	return mdev_vq_section_move_rest(section, dst, src, len - done, bounce,
					 bounce_len);
}

#endif /* _LINUX_MDEV_VQ_SECTION_H */
