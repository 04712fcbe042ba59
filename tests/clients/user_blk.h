/* SPDX-License-Identifier: GPL-2.0-only */
/* A virtio-blk driver on the VFIO fd, see user_blk.c. */
#ifndef USER_BLK_H
#define USER_BLK_H

#include <linux/virtio_blk.h>

#include "client.h"

#define SECTOR		512U
#define MAX_QUEUES	4
#define NUM		512		/* ring size */
#define BUF		0x100000U	/* payload of a request */
#define SHADOW		(4U << 20)	/* of the device, from its beginning */
#define MAX_SG		500
#define SMALL_NUM	64	/* a smaller ring */

/* What no status is: to see whether the device wrote one */
#define NO_STATUS	0xee
#define BROKEN		0x100

struct user_blk {
	struct vm_container c;
	struct vm_dev d;
	struct vm_mem mem;
	struct vm_vq vq[MAX_QUEUES];
	unsigned int nr_queues;
	unsigned int queue;		/* where requests go */
	__u64 capacity;

	struct virtio_blk_outhdr *hdr;
	__u8 *status;
	__u8 *buf;
	__u8 *shadow;			/* what the device ought to have */

	struct vm_sg sg[MAX_SG];
	unsigned int out, in;
	const __u8 *last;		/* the byte that gets the status */
	__u64 seed;
};

/* ---- user_blk.c ---- */

extern struct user_blk b;

/* Open the instance, with memory for all that follows. */
void blk_open(const char *uuid);
void blk_close(void);
/* Negotiate, set up so many queues, DRIVER_OK. */
void blk_start(__u64 without, unsigned int queues);
/* What the configuration space says of the pieces of a request */
__u32 blk_seg_max(void);
void blk_stop(void);
/* Begin a request; then its pieces, those that the device reads first. */
void blk_begin(__u32 type, __u64 sector);
void blk_out(const void *p, __u32 len);
void blk_in(void *p, __u32 len);
void blk_out_at(__u64 iova, __u32 len);
void blk_in_at(__u64 iova, __u32 len);
/* Its status, or BROKEN */
unsigned int blk_end(void);
/* In the usual pieces, with payload from or to b.buf */
unsigned int blk_write(__u64 sector, __u32 len);
unsigned int blk_read(__u64 sector, __u32 len);
unsigned int blk_flush(void);
unsigned int blk_ranges(__u32 type,
			const struct virtio_blk_discard_write_zeroes *seg,
			unsigned int nr);
unsigned int blk_range(__u32 type, __u64 sector, __u32 sectors, __u32 flags);
void blk_expect(unsigned int got, unsigned int want, const char *what);
__u64 blk_random(__u64 below);
/* b.buf becomes random. */
void blk_scramble(__u32 len);

/* ---- user_blk_neg.c ---- */

void blk_neg(void);

/* ---- user_blk_hung.c ---- */

void blk_hung(void);

/* ---- user_blk_turns.c ---- */

/* With a second instance, which has the same file */
void blk_turns(const char *uuid);

#endif
