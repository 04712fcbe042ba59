/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * mvblk: requests that a disk or a file system works on while the queue goes on.
 */
#ifndef _MVBLK_REQ_H
#define _MVBLK_REQ_H

#include <linux/bio.h>
#include <linux/bvec.h>
#include <linux/fs.h>
#include <linux/list.h>
#include <linux/llist.h>
#include <linux/sizes.h>
#include <linux/types.h>
#include <linux/virtio_blk.h>
#include <linux/workqueue.h>

#include <linux/mdev_vq.h>

struct mvblk;
struct mvblk_backing;
struct mvblk_helpers;
struct mvblk_queue;

/* Pieces that a request has room for itself: header, payload and status of most */
#define MVBLK_REQ_SEGS		8
#define MVBLK_REQ_VECS		8

/* Pieces of payload that a large request can hand on at a time, and bytes */
#define MVBLK_LARGE_VECS	256
#define MVBLK_STEP_BYTES	SZ_1M

/* Large requests of a queue that can be in progress at a time */
#define MVBLK_MAX_LARGE		64

/* Buffers for payload that cannot be handed on, and their size in pages */
#define MVBLK_MAX_BOUNCES	8
#define MVBLK_BOUNCE_PAGES	16

/*
 * Bytes of all requests of a queue in progress: whoever stops the queue waits for all
 * of them.  From MVBLK_WHOLE_BYTES on a request is the last one until it is done, so
 * that the rest of it can be given back.
 */
#define MVBLK_MAX_BYTES		SZ_64M
#define MVBLK_WHOLE_BYTES	SZ_16M

/* Result of &mvblk_store_ops.prepare, of a request and of its ranges: not done yet */
#define MVBLK_SUBMIT		(-EINPROGRESS)
#define MVBLK_WAIT		(-ENOBUFS)

/**
 * struct mvblk_large - what a request needs that has no room for its pieces
 * @node: in &mvblk_reqs.large
 * @ranges: of a request to discard
 * @segs: pieces of its chain
 * @vecs: pieces of payload that are handed on
 */
struct mvblk_large {
	struct list_head node;
	struct virtio_blk_discard_write_zeroes ranges[16];
	struct mdev_vq_seg segs[MDEV_VQ_MAX_SEGS];
	struct bio_vec vecs[MVBLK_LARGE_VECS];
};

/**
 * struct mvblk_bounce - pages that are handed on in place of the driver's
 * @node: in &mvblk_reqs.bounces
 * @vecs: the pages
 */
struct mvblk_bounce {
	struct list_head node;
	struct bio_vec vecs[MVBLK_BOUNCE_PAGES];
};

/**
 * struct mvblk_req - a request in progress
 * @node: in a list of &mvblk_reqs: free, or in progress
 * @work: in a list of those to be submitted, or that wait for a buffer
 * @ended: in &mvblk_reqs.ended
 * @reqs: all those of the queue
 * @q: the queue; it may be gone if @reqs are orphans
 * @chain: where it came from; its pieces are in @segs or in @large
 * @type: VIRTIO_BLK_T_*
 * @unmap: zeroes may be written by giving space back
 * @by_pages: zeroes are written, because the device cannot write them by itself
 * @flushing: this step is a flush
 * @way: how a file is read or written, see fileio.c
 * @refused: the file system has refused direct I/O
 * @dsync: what is written to a file has to be persistent when the step ends
 * @finished: @status is known.  It waits for the rings, or for those before it with
 *	VIRTIO_F_IN_ORDER
 * @out: from &mvblk_store_ops.prepare to the end of that step
 * @again: the step was refused, because it would have had to wait; it is submitted again
 * @status: of a finished request
 * @result: of the last step, 0 or a negative errno; written where it ends
 * @filled: bytes of payload for the used entry
 * @len: bytes of the whole request
 * @sectors: of the whole request, for statistics
 * @start: when it was taken, in ns
 * @pos: byte of the device at which the next step begins
 * @rest: bytes from there on
 * @step: bytes that are handed on; 0 outside of a step
 * @iter: the driver's memory from @pos on
 * @range: next one of @nr_ranges ranges
 * @nr_ranges: ranges in @large, besides that at @pos
 * @large: where there is no room here, or NULL
 * @bounce: pages in place of the driver's, or NULL
 * @bvec: what is handed on, &mvblk_req.vecs or another one
 * @nr_vecs: pieces of @bvec
 * @refs: the pages of @bvec have references
 * @mem: memory that is held; NULL if none is
 * @hold: token of mdev_mem_hold()
 * @bio: for the store
 * @iocb: for the store
 * @segs: pieces of @chain
 * @vecs: pieces that are handed on
 *
 * It belongs to the user of the queue, except from &mvblk_store_ops.submit to
 * mvblk_req_end().
 */
struct mvblk_req {
	struct list_head node;
	struct list_head work;
	struct llist_node ended;
	struct mvblk_reqs *reqs;
	struct mvblk_queue *q;
	struct mdev_vq_chain chain;

	u32 type;
	bool unmap;
	bool by_pages;
	bool flushing;
	u8 way;
	bool refused;
	bool dsync;
	bool finished;
	bool out;
	bool again;
	u8 status;
	int result;
	u32 filled;
	u64 len;
	u64 sectors;
	u64 start;

	u64 pos;
	u64 rest;
	u32 step;
	struct mdev_vq_iter iter;
	u8 range;
	u8 nr_ranges;

	struct mvblk_large *large;
	struct mvblk_bounce *bounce;
	struct bio_vec *bvec;
	unsigned int nr_vecs;
	bool refs;
	struct mdev_mem *mem;
	int hold;

	union {
		struct bio bio;
		struct kiocb iocb;
	};
	struct mdev_vq_seg segs[MVBLK_REQ_SEGS];
	struct bio_vec vecs[MVBLK_REQ_VECS];
};

/**
 * struct mvblk_reqs - the requests of a queue in progress
 * @nr: how many there can be: as many as the ring has entries
 * @nr_busy: how many there are
 * @nr_out: how many steps of them have not ended; until they have, the queue is claimed
 * @bytes: of all of them
 * @whole: the last one until it is done, or NULL
 * @free: unused ones
 * @busy: those in progress, in the order in which they were taken
 * @submit: those whose next step is to be submitted
 * @starved: those that wait for a bounce buffer
 * @collected: those whose step has ended, to be gone on with in a section
 * @late: those that have ended, or are finished, while the rings were not there
 * @is_late: there may be such
 * @missed: what a server that does not wait has left to the worker
 * @large: unused &struct mvblk_large
 * @nr_large: those that were allocated, used or not
 * @bounces: unused &struct mvblk_bounce
 * @nr_bounces: those that were allocated, used or not
 * @done: steps that have ended since the queue was prepared, except those that are done
 *	once more; for whoever watches
 * @leaves: the driver's memory has holds, so it can be left to a device
 * @helpers: threads that wait for a file, or NULL
 * @abandon: somebody has waited for too long for the queue to stop
 * @orphan: no queue has them any more, see orphans.c
 * @orphan_work: for the last ones of them
 * @backing: of orphans
 * @ended: whose step has ended, from any context
 * @looking: whoever serves the queue is going to look at @ended
 * @req: the requests
 *
 * What is written elsewhere than by the user of the queue: @ended; @abandon.
 */
struct mvblk_reqs {
	unsigned int nr;
	unsigned int nr_busy;
	unsigned int nr_out;
	u64 bytes;
	struct mvblk_req *whole;

	struct list_head free;
	struct list_head busy;
	struct list_head submit;
	struct list_head starved;
	struct list_head collected;
	struct list_head late;
	bool is_late;
	bool missed;
	struct list_head large;
	unsigned int nr_large;
	struct list_head bounces;
	unsigned int nr_bounces;
	unsigned long done;

	struct mvblk_helpers *helpers;
	bool leaves;
	bool abandon;
	bool orphan;
	struct work_struct orphan_work;
	struct mvblk_backing *backing;

	struct llist_head ended ____cacheline_aligned_in_smp;
	bool looking;

	struct mvblk_req req[] ____cacheline_aligned_in_smp;
};

/* reqs.c */
int mvblk_reqs_alloc(struct mvblk_queue *q);
void mvblk_reqs_free(struct mvblk_queue *q);
void mvblk_reqs_forget(struct mvblk_queue *q);
void mvblk_reqs_drop(struct mvblk_queue *q);
void mvblk_reqs_destroy(struct mvblk_reqs *reqs);
unsigned int mvblk_nr_busy(struct mvblk *blk);
struct mvblk_large *mvblk_req_get_large(struct mvblk_req *req);
void mvblk_req_put(struct mvblk_req *req);

/* req.c */
void mvblk_reqs_collect(struct mvblk_reqs *reqs);
bool mvblk_reqs_run(struct mvblk_queue *q, enum mvblk_server by);
void mvblk_req_end(struct mvblk_req *req, int result);
bool mvblk_req_next_range(struct mvblk_req *req);

/* orphans.c */
void mvblk_orphans_begin(struct mvblk_queue *q);
void mvblk_orphans_wake(struct mvblk_reqs *reqs);
void mvblk_orphans_work(struct work_struct *work);
int mvblk_orphans_init(void);
void mvblk_orphans_exit(void);

/* payload.c */
int mvblk_payload_map(struct mvblk_req *req, unsigned int align,
		      unsigned int block);
void mvblk_payload_unmap(struct mvblk_req *req);
void mvblk_payload_put(struct mvblk_req *req);
int mvblk_payload_end(struct mvblk_req *req);
void mvblk_payload_put_bounce(struct mvblk_req *req);
bool mvblk_bounce_alloc(struct mvblk_queue *q, gfp_t mask);
void mvblk_bounces_free(struct mvblk_reqs *reqs);

#endif /* _MVBLK_REQ_H */
