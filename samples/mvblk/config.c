// SPDX-License-Identifier: GPL-2.0-only
/*
 * mvblk: the configuration space (virtio 1.2, section 5.2.4) and what changes it.
 */

#include <linux/log2.h>
#include <linux/mm.h>
#include <linux/minmax.h>
#include <linux/string.h>
#include <linux/virtio_ring.h>

#include "mvblk.h"

static __virtio16 mvblk_put16(u16 val)
{
	return (__force __virtio16)cpu_to_le16(val);
}

static __virtio32 mvblk_put32(u32 val)
{
	return (__force __virtio32)cpu_to_le32(val);
}

static __virtio64 mvblk_put64(u64 val)
{
	return (__force __virtio64)cpu_to_le64(val);
}

/*
 * A request has to fit into its ring, but the driver sets the ring's size only
 * after it has read this.  The kernel's drivers use the largest size.  A program
 * may set any size, and then virtio-blk waits for ever for room for a request
 * that is too large, so assume the smallest ring.  With an indirect table, a
 * request takes one entry of a ring.
 */
static u32 mvblk_seg_max(struct mdev_soft *soft)
{
	const struct mdev_mem *mem = READ_ONCE(soft->cdev->mem);
	u32 num = MVBLK_SEG_MAX + MVBLK_SEG_EXTRA;
	u16 i;

	if (!(soft->features & BIT_ULL(VIRTIO_RING_F_INDIRECT_DESC)) &&
	    !(mem && mem->direct))
		num = MVBLK_NUM_MIN;
	for (i = 0; i < soft->nr_vqs; i++)
		num = min_t(u32, num, mdev_vq_num(mdev_soft_vq(soft, i)));
	return max_t(u32, num, MVBLK_SEG_EXTRA + 1) - MVBLK_SEG_EXTRA;
}

/* Bytes in logical blocks, at least one, at most @max */
static u32 mvblk_blocks(u32 bytes, const struct mvblk_limits *limits, u32 max)
{
	return clamp_t(u32, bytes / limits->block, 1, max);
}

void mvblk_get_config(struct mdev_soft *soft, unsigned int offset, void *buf,
		      unsigned int len)
{
	struct mvblk *blk = soft_to_mvblk(soft);
	struct virtio_blk_config config = { };
	struct mvblk_limits limits;

	mvblk_get_limits(blk, &limits);
	config.capacity = mvblk_put64(atomic64_read(&blk->capacity));
	config.seg_max = mvblk_put32(mvblk_seg_max(soft));
	config.blk_size = mvblk_put32(limits.block);
	config.physical_block_exp = ilog2(limits.physical / limits.block);
	config.alignment_offset = limits.offset;
	config.min_io_size = mvblk_put16(mvblk_blocks(limits.io_min, &limits,
						      U16_MAX));
	config.opt_io_size = mvblk_put32(limits.io_opt / limits.block);
	config.wce = mvblk_writeback(blk);
	config.num_queues = mvblk_put16(soft->nr_vqs);
	if (!blk->read_only) {
		config.max_discard_sectors = mvblk_put32(MVBLK_MAX_DISCARD);
		config.max_discard_seg = mvblk_put32(MVBLK_MAX_DISCARD_SEG);
		config.discard_sector_alignment =
			mvblk_put32(limits.discard / MVBLK_SECTOR);
		config.max_write_zeroes_sectors = mvblk_put32(MVBLK_MAX_ZERO);
		config.max_write_zeroes_seg = mvblk_put32(MVBLK_MAX_ZERO_SEG);
		config.write_zeroes_may_unmap = 1;
		config.max_secure_erase_sectors = mvblk_put32(MVBLK_MAX_DISCARD);
		config.max_secure_erase_seg = mvblk_put32(MVBLK_MAX_DISCARD_SEG);
		config.secure_erase_sector_alignment =
			mvblk_put32(limits.discard / MVBLK_SECTOR);
	}
	/* The class driver has checked that the device has that much of it. */
	memcpy(buf, (u8 *)&config + offset, len);
}

/* Only one field can be written: wce. */
void mvblk_set_config(struct mdev_soft *soft, unsigned int offset,
		      const void *buf, unsigned int len)
{
	const unsigned int wce = offsetof(struct virtio_blk_config, wce);
	struct mvblk *blk = soft_to_mvblk(soft);

	if (!mvblk_has(blk, VIRTIO_BLK_F_CONFIG_WCE) || offset > wce ||
	    len <= wce - offset)
		return;
	WRITE_ONCE(blk->writethrough, !((const u8 *)buf)[wce - offset]);
}

/* Retries under the seqlock, so that capacity and generation match. */
u32 mvblk_get_generation(struct mdev_soft *soft)
{
	struct mvblk *blk = soft_to_mvblk(soft);
	unsigned int seq;
	u32 generation;

	do {
		seq = read_seqbegin(&blk->state_lock);
		generation = blk->generation;
	} while (read_seqretry(&blk->state_lock, seq));
	return generation;
}

/**
 * mvblk_set_capacity() - change the size of the device
 * @blk: the instance
 * @sectors: the new size; the store must be able to serve these sectors already
 *
 * The caller tells the driver.
 *
 * Context: process context.
 */
void mvblk_set_capacity(struct mvblk *blk, u64 sectors)
{
	unsigned long flags;

	write_seqlock_irqsave(&blk->state_lock, flags);
	/* Pairs with atomic64_read_acquire() in mvblk_in_range() */
	atomic64_set_release(&blk->capacity, sectors);
	blk->generation++;
	write_sequnlock_irqrestore(&blk->state_lock, flags);
}

/**
 * mvblk_default_limits() - what a driver is told of blocks in RAM or in a file
 * @limits: result
 *
 * Context: any.
 */
void mvblk_default_limits(struct mvblk_limits *limits)
{
	*limits = (struct mvblk_limits) {
		.block = mvblk_block_size,
		/* Requests for less are slower, and cannot free pages. */
		.physical = PAGE_SIZE,
		.discard = PAGE_SIZE,
	};
}

/**
 * mvblk_set_limits() - change what a driver is told of blocks
 * @blk: the instance
 * @limits: copied; the caller changes the capacity afterwards
 *
 * Context: process context.
 */
void mvblk_set_limits(struct mvblk *blk, const struct mvblk_limits *limits)
{
	unsigned long flags;

	write_seqlock_irqsave(&blk->state_lock, flags);
	blk->limits = *limits;
	write_sequnlock_irqrestore(&blk->state_lock, flags);
}

/**
 * mvblk_get_limits() - what a driver is told of blocks
 * @blk: the instance
 * @limits: result
 *
 * Context: any.
 */
void mvblk_get_limits(struct mvblk *blk, struct mvblk_limits *limits)
{
	unsigned int seq;

	do {
		seq = read_seqbegin(&blk->state_lock);
		*limits = blk->limits;
	} while (read_seqretry(&blk->state_lock, seq));
}

/**
 * mvblk_set_serial() - change the serial number
 * @blk: the instance
 * @serial: at most VIRTIO_BLK_ID_BYTES characters
 * @len: how many
 *
 * Context: process context.
 */
void mvblk_set_serial(struct mvblk *blk, const char *serial, size_t len)
{
	unsigned long flags;

	write_seqlock_irqsave(&blk->state_lock, flags);
	memset(blk->serial, 0, sizeof(blk->serial));
	memcpy(blk->serial, serial, len);
	write_sequnlock_irqrestore(&blk->state_lock, flags);
}

/**
 * mvblk_get_serial() - get the serial number
 * @blk: the instance
 * @serial: result, VIRTIO_BLK_ID_BYTES bytes, padded with zeroes
 *
 * Context: any.
 */
void mvblk_get_serial(struct mvblk *blk, char *serial)
{
	unsigned int seq;

	do {
		seq = read_seqbegin(&blk->state_lock);
		memcpy(serial, blk->serial, VIRTIO_BLK_ID_BYTES);
	} while (read_seqretry(&blk->state_lock, seq));
}
