/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * mvblk: what is saved of an instance, and how it is written.
 */
#ifndef _MVBLK_SAVED_H
#define _MVBLK_SAVED_H

#include <linux/limits.h>
#include <linux/types.h>
#include <linux/virtio_blk.h>

struct mdev_state_reader;
struct mdev_state_writer;

/**
 * struct mvblk_saved - what the disk is like at both hosts, and what a driver has set
 * @capacity: sectors
 * @block_size: bytes
 * @read_only: nothing may be written
 * @writethrough: the driver wants a write to be persistent when it is done
 * @serial: serial number, padded with zeroes
 * @name: of the file, without its directory, for messages; ends with a NUL
 */
struct mvblk_saved {
	u64 capacity;
	u32 block_size;
	bool read_only;
	bool writethrough;
	char serial[VIRTIO_BLK_ID_BYTES];
	char name[NAME_MAX + 1];
};

void mvblk_saved_write(struct mdev_state_writer *w,
		       const struct mvblk_saved *saved);
int mvblk_saved_read(struct mdev_state_reader *r, struct mvblk_saved *saved);

#endif /* _MVBLK_SAVED_H */
