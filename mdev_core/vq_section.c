// SPDX-License-Identifier: GPL-2.0-only
/*
 * Device-side virtqueues: read sections of the driver's memory in which they are
 * served.
 *
 * What is not at hand can only be waited for outside of a section, and between two
 * sections the driver may take the rings away.  So whatever waits here ends the
 * section, begins another one, and looks at all of its queues again.
 */

#include <linux/errno.h>
#include <linux/kernel.h>
#include <linux/module.h>

#include <linux/mdev_vq_section.h>

#include "vq_break.h"
#include "vq_private.h"

/* The first queue whose rings are to be waited for */
static struct mdev_vq *mdev_vq_section_lost(struct mdev_vq_section *section)
{
	unsigned int i;

	if (!section->mem->rings_return)
		return NULL;
	for (i = 0; i < ARRAY_SIZE(section->vqs) && section->vqs[i]; i++)
		if (!READ_ONCE(section->vqs[i]->broken) &&
		    mdev_vq_lost(section->vqs[i]))
			return section->vqs[i];
	return NULL;
}

/**
 * mdev_vq_section_enter() - begin a read section
 * @section: @vqs and @nowait set by the caller; not in a section
 *
 * Queues whose memory the driver took away break, each of them.  If it may return
 * (&mdev_mem.rings_return), this waits for it first.
 *
 * Context: the user of the queues; as mdev_mem_enter(), and as mdev_vq_map_again() if
 * memory may return and @nowait is not set.
 * Return: 0 if the rings of all queues may be touched until the section ends;
 * -EPROTO if one of the queues is broken, or is being paused without its rings; -EAGAIN
 * if rings have to be waited for.  mdev_vq_section_leave() follows in each case.  Before
 * that, unless it was -EAGAIN, mdev_vq_publish(), mdev_vq_need_signal() and the functions
 * that enable and disable notifications may be called: they do nothing to a queue that
 * may not be touched.
 */
int mdev_vq_section_enter(struct mdev_vq_section *section)
{
	struct mdev_vq *lost;
	unsigned int i;
	int ret = 0;

	section->mem = mdev_vq_mem(section->vqs[0]);
	section->token = mdev_mem_enter(section->mem);
	while (unlikely((lost = mdev_vq_section_lost(section)))) {
		if (section->nowait)
			return -EAGAIN;
		mdev_mem_leave(section->mem, section->token);
		ret = mdev_vq_map_again(lost);
		section->token = mdev_mem_enter(section->mem);
		if (ret == -EAGAIN)
			return -EPROTO;
	}
	ret = 0;
	for (i = 0; i < ARRAY_SIZE(section->vqs) && section->vqs[i]; i++)
		if (!mdev_vq_alive(section->vqs[i]))
			ret = -EPROTO;
	return ret;
}
EXPORT_SYMBOL_GPL(mdev_vq_section_enter);

/**
 * mdev_vq_section_leave() - end a read section
 * @section: after mdev_vq_section_enter(), whatever that returned
 *
 * Chains that were popped survive.
 *
 * Context: as mdev_mem_leave().
 */
void mdev_vq_section_leave(struct mdev_vq_section *section)
{
	mdev_mem_leave(section->mem, section->token);
}
EXPORT_SYMBOL_GPL(mdev_vq_section_leave);

/**
 * mdev_vq_section_fault() - fetch the table that mdev_vq_pop() could not reach
 * @section: the section
 * @vq: one of its queues, for which mdev_vq_pop() returned -EAGAIN
 *
 * Context: as mdev_vq_section_pop(), which calls it.
 * Return: 0, or -EPROTO if a queue of the section broke.
 */
int mdev_vq_section_fault(struct mdev_vq_section *section, struct mdev_vq *vq)
{
	mdev_vq_section_leave(section);
	mdev_vq_fault(vq);
	return mdev_vq_section_enter(section);
}
EXPORT_SYMBOL_GPL(mdev_vq_section_fault);

/**
 * mdev_vq_section_read_rest() - go on with mdev_vq_section_read() after a miss
 * @section: the section
 * @iter: where the lookup has missed; moves on by @len
 * @buf: kernel buffer
 * @len: bytes
 *
 * Context: as mdev_vq_section_read(), which calls it.
 * Return: as mdev_vq_section_read().
 */
int mdev_vq_section_read_rest(struct mdev_vq_section *section,
			      struct mdev_vq_iter *iter, void *buf, size_t len)
{
	if (section->nowait)
		return -EAGAIN;
	mdev_vq_section_leave(section);
	if (mdev_vq_read(section->mem, iter, buf, len))
		mdev_vq_break_at(iter);
	return mdev_vq_section_enter(section);
}
EXPORT_SYMBOL_GPL(mdev_vq_section_read_rest);

/**
 * mdev_vq_section_write_rest() - go on with mdev_vq_section_write() after a miss
 * @section: the section
 * @iter: where the lookup has missed; moves on by @len
 * @buf: kernel buffer
 * @len: bytes
 *
 * Context: as mdev_vq_section_write(), which calls it.
 * Return: as mdev_vq_section_write().
 */
int mdev_vq_section_write_rest(struct mdev_vq_section *section,
			       struct mdev_vq_iter *iter, const void *buf,
			       size_t len)
{
	if (section->nowait)
		return -EAGAIN;
	mdev_vq_section_leave(section);
	if (mdev_vq_write(section->mem, iter, buf, len))
		mdev_vq_break_at(iter);
	return mdev_vq_section_enter(section);
}
EXPORT_SYMBOL_GPL(mdev_vq_section_write_rest);

/**
 * mdev_vq_section_move_rest() - go on with mdev_vq_section_move() after a miss
 * @section: the section
 * @dst: where to write; moves on by @len
 * @src: where to read; moves on by @len
 * @len: bytes
 * @bounce: as for mdev_vq_section_move()
 * @bounce_len: its size
 *
 * Context: as mdev_vq_section_move(), which calls it.
 * Return: as mdev_vq_section_move().
 */
int mdev_vq_section_move_rest(struct mdev_vq_section *section,
			      struct mdev_vq_iter *dst,
			      struct mdev_vq_iter *src, size_t len,
			      void *bounce, size_t bounce_len)
{
	struct mdev_vq_iter *bad;

	if (section->nowait)
		return -EAGAIN;
	mdev_vq_section_leave(section);
	if (mdev_vq_move(section->mem, dst, src, len, bounce, bounce_len, &bad))
		mdev_vq_break_at(bad);
	return mdev_vq_section_enter(section);
}
EXPORT_SYMBOL_GPL(mdev_vq_section_move_rest);

/**
 * mdev_vq_take() - take the next chain, fetching an indirect table if necessary
 * @vq: claimed virtqueue
 * @chain: @segs and @max_segs set by the caller; the rest is the result
 *
 * If there is none, the driver is asked for a kick.
 *
 * Context: the user of the queue, outside of any read section.  If the parent has
 * &mdev_soft_desc.serve, only that is the user.  Process context and sleeps, unless
 * the memory is direct: then &mdev_soft_desc.serve, or process or softirq context
 * with interrupts on.
 * Return: 1; 0 if there is none; -EPROTO if the queue broke.
 */
int mdev_vq_take(struct mdev_vq *vq, struct mdev_vq_chain *chain)
{
	struct mdev_vq_section section = { .vqs = { vq } };
	int ret = -EPROTO;

	if (!mdev_vq_section_enter(&section)) {
		ret = mdev_vq_section_pop(&section, vq, chain);
		if (!ret && mdev_vq_enable_notify(vq))
			ret = mdev_vq_section_pop(&section, vq, chain);
	}
	mdev_vq_section_leave(&section);
	return ret;
}
EXPORT_SYMBOL_GPL(mdev_vq_take);

/**
 * mdev_vq_give() - give a chain back to the driver
 * @vq: claimed virtqueue
 * @chain: from mdev_vq_take(); not to be used again
 * @len: bytes written into the chain
 *
 * The driver is signalled if it wants to be.
 *
 * Context: as mdev_vq_take().
 */
void mdev_vq_give(struct mdev_vq *vq, const struct mdev_vq_chain *chain,
		  u32 len)
{
	struct mdev_vq_section section = { .vqs = { vq } };
	bool signal = false;

	if (!mdev_vq_section_enter(&section)) {
		mdev_vq_push(vq, chain, len);
		mdev_vq_publish(vq);
		signal = mdev_vq_need_signal(vq);
	} else {
		mdev_vq_unpop(vq, chain);
	}
	mdev_vq_section_leave(&section);

	if (signal)
		mdev_vq_signal(vq);
}
EXPORT_SYMBOL_GPL(mdev_vq_give);

/**
 * mdev_vq_want_kick() - ask for a kick at the next chain, although there are others
 * @vq: claimed virtqueue
 *
 * For a user that leaves chains for later, without knowing how much later.
 * Otherwise a driver that adds one and spins for it would not kick, and never
 * get an answer.
 *
 * Context: as mdev_vq_signal(); outside of any read section.
 */
void mdev_vq_want_kick(struct mdev_vq *vq)
{
	struct mdev_vq_section section = { .vqs = { vq } };

	if (!mdev_vq_section_enter(&section))
		vq->layout->want_kick(vq);
	mdev_vq_section_leave(&section);
}
