// SPDX-License-Identifier: GPL-2.0-only
/*
 * mvblk: how what is saved of an instance is written, and read again.  The format is
 * in docs/migration.md.  A new version adds fields at the end.
 *
 * This file also builds in userspace, to be tested with hostile input.
 */

#include <linux/bits.h>
#include <linux/errno.h>
#include <linux/mdev_state.h>
#include <linux/string.h>

#include "saved.h"

#define MVBLK_SAVED_READ_ONLY		BIT(0)
#define MVBLK_SAVED_WRITETHROUGH	BIT(1)
#define MVBLK_SAVED_FLAGS		GENMASK(1, 0)

/**
 * mvblk_saved_write() - append what is saved to a stream
 * @w: the stream, a section open
 * @saved: what to write
 *
 * Context: any.
 */
void mvblk_saved_write(struct mdev_state_writer *w,
		       const struct mvblk_saved *saved)
{
	size_t len = strnlen(saved->name, NAME_MAX);

	mdev_state_put8(w, (saved->read_only ? MVBLK_SAVED_READ_ONLY : 0) |
			   (saved->writethrough ? MVBLK_SAVED_WRITETHROUGH : 0));
	mdev_state_put64(w, saved->capacity);
	mdev_state_put32(w, saved->block_size);
	mdev_state_put(w, saved->serial, sizeof(saved->serial));
	mdev_state_put16(w, len);
	mdev_state_put(w, saved->name, len);
}

/**
 * mvblk_saved_read() - read what mvblk_saved_write() has written, and check it
 * @r: its content, hostile
 * @saved: result; undefined after an error
 *
 * Context: any.
 * Return: 0 or -EINVAL.
 */
int mvblk_saved_read(struct mdev_state_reader *r, struct mvblk_saved *saved)
{
	u8 flags = mdev_state_get8(r);
	u16 len;

	saved->read_only = flags & MVBLK_SAVED_READ_ONLY;
	saved->writethrough = flags & MVBLK_SAVED_WRITETHROUGH;
	saved->capacity = mdev_state_get64(r);
	saved->block_size = mdev_state_get32(r);
	mdev_state_get(r, saved->serial, sizeof(saved->serial));
	len = mdev_state_get16(r);
	if (r->bad || flags & ~MVBLK_SAVED_FLAGS || len > NAME_MAX)
		return -EINVAL;
	mdev_state_get(r, saved->name, len);
	saved->name[len] = '\0';
	return r->bad ? -EINVAL : 0;
}
