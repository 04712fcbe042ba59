/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _MVBLK_H
#define _MVBLK_H

#include <linux/atomic.h>
#include <linux/bits.h>
#include <linux/list.h>
#include <linux/mutex.h>
#include <linux/seqlock.h>
#include <linux/sizes.h>
#include <linux/spinlock.h>
#include <linux/types.h>
#include <linux/virtio_blk.h>
#include <linux/workqueue.h>

#include <linux/mdev_class.h>
#include <linux/mdev_mem.h>
#include <linux/mdev_soft.h>
#include <linux/mdev_turn.h>
#include <linux/mdev_visit.h>
#include <linux/mdev_vq.h>
#include <linux/mdev_vq_section.h>
#include <linux/mdev_worker.h>

#include "saved.h"

struct block_device;
struct file;
struct inode;
struct mvblk_queue;
struct mvblk_req;
struct mvblk_reqs;

/* The sector of requests, and of whatever else virtio counts in sectors */
#define MVBLK_SECTOR		512u
#define MVBLK_SECTOR_SHIFT	9

/* QEMU and libblkio set up rings of 1024 without asking. */
#define MVBLK_NUM_MAX		1024
#define MVBLK_MAX_QUEUES	16

/* What a request takes beside its payload: header and status */
#define MVBLK_SEG_EXTRA		2

/*
 * The most pieces of payload that a driver is told to use.  It is only advice: some
 * drivers use more, and the library limits what a chain may have.
 */
#define MVBLK_SEG_MAX		(256 - MVBLK_SEG_EXTRA)

/* The smallest ring that has room for a request without an indirect table */
#define MVBLK_NUM_MIN		4

/* Ranges of one request to discard, and sectors of one range */
#define MVBLK_MAX_DISCARD_SEG	16
#define MVBLK_MAX_DISCARD	(SZ_1G / MVBLK_SECTOR)

/* The same for zeroes, all of which may really have to be written */
#define MVBLK_MAX_ZERO_SEG	1
#define MVBLK_MAX_ZERO		(SZ_32M / MVBLK_SECTOR)

/*
 * The most bytes in one read section of the driver's memory, and in one request
 * that is served in the context of a kick
 */
#define MVBLK_SECTION_BYTES	SZ_64K
#define MVBLK_KICK_BYTES	SZ_128K

/**
 * enum mvblk_server - who serves a queue
 * @MVBLK_WORKER: its worker, which may wait
 * @MVBLK_KICK: one of the kernel's own drivers that kicks: in atomic context with
 *	interrupts on.  The driver's memory is direct
 * @MVBLK_TASK: the task of a program that has kicked: in process context, without any
 *	lock.  It is not made to wait for the driver's memory or for the disk
 */
enum mvblk_server {
	MVBLK_WORKER,
	MVBLK_KICK,
	MVBLK_TASK,
};

/**
 * struct mvblk_store_ops - where the sectors are
 * @read: Read @len bytes at @pos into the driver's memory.
 * @write: Write @len bytes at @pos from the driver's memory.
 * @discard: The driver does not need @len bytes at @pos any more.
 * @zero: Write zeroes to @len bytes at @pos; with @unmap the space may be given
 *	back.
 * @atomic: @read and @write do not sleep if &mvblk_queue.atomic is set.  The
 *	others always may.
 * @prepare: (in place of all of the above) Prepare the next step of a request: find
 *	the payload, for example with mvblk_payload_map().  Return MVBLK_SUBMIT;
 *	MVBLK_WAIT if it needs a buffer that another one has, to be called again
 *	then; or the result of the request.  In a read section.
 * @submit: (with @prepare) Start that step.  At its end mvblk_req_end() is called
 *	once, in any context, maybe before @submit returns.  Outside of any read
 *	section; may sleep, but not for that step.
 * @submit_now: (optional, with @submit) As @submit, without waiting: a request that
 *	would have to ends with &mvblk_req.again set.  If &mvblk_queue.atomic is set it
 *	does not sleep.  Returns false if that cannot be done; then nothing has been.
 * @ended: (with @prepare) The step has ended with &mvblk_req.result.  Return
 *	MVBLK_SUBMIT if there is another one to prepare, or the result of the
 *	request.  In a read section.
 *
 * The range is within the device.  @read and @write are called inside a read
 * section of the driver's memory and return in one, maybe another one; the
 * others are called outside of any, unless said otherwise.
 *
 * Return 0; -EIO; -EAGAIN for a request that cannot be done without sleeping, or is
 * not finished when the virtqueue is stopped: it is given back, and repeated from
 * the start later.  @read and @write may also return -EPROTO if the virtqueue broke.
 */
struct mvblk_store_ops {
	int (*read)(struct mvblk_queue *q, struct mdev_vq_iter *dst, u64 pos,
		    u32 len);
	int (*write)(struct mvblk_queue *q, struct mdev_vq_iter *src, u64 pos,
		     u32 len);
	int (*discard)(struct mvblk_queue *q, u64 pos, u64 len);
	int (*zero)(struct mvblk_queue *q, u64 pos, u64 len, bool unmap);
	bool atomic;

	int (*prepare)(struct mvblk_req *req);
	void (*submit)(struct mvblk_req *req);
	bool (*submit_now)(struct mvblk_req *req);
	int (*ended)(struct mvblk_req *req);
};

/**
 * struct mvblk_kind - what defines a type
 * @desc: virtqueues and features
 * @store: where the sectors are
 * @bdev: only a block device can be the backing file
 * @size: bytes; 0 if that follows from the backing file
 */
struct mvblk_kind {
	const struct mdev_soft_desc *desc;
	const struct mvblk_store_ops *store;
	bool bdev;
	u64 size;
};

/* What is counted apart, in the order of /proc/diskstats */
enum mvblk_stat_group {
	MVBLK_STAT_READ,
	MVBLK_STAT_WRITE,
	MVBLK_STAT_DISCARD,
	MVBLK_STAT_FLUSH,
	MVBLK_STAT_GROUPS,
};

/**
 * struct mvblk_stat_sums - what requests of a kind add up to
 * @requests: how many
 * @sectors: of all of them
 * @ns: time from taking each to giving it back, in ns
 */
struct mvblk_stat_sums {
	u64 requests;
	u64 sectors;
	u64 ns;
};

/**
 * struct mvblk_stat - what a queue counts
 * @now: the time when it was looked at last
 * @busy: time in which there were requests, in ns
 * @sums: of each kind
 *
 * Written by the user of the queue only.
 */
struct mvblk_stat {
	u64 now;
	u64 busy;
	struct mvblk_stat_sums sums[MVBLK_STAT_GROUPS];
};

/**
 * struct mvblk_queue - a virtqueue, and what it takes to serve it
 * @blk: the instance
 * @vq: the virtqueue
 * @worker: of this queue alone; started with the queue, stopped by a reset
 * @work: one run over the queue
 * @turn: to serve the queue: of @worker, or of whoever kicks
 * @visit: has it served in the task of a program that kicks, or NULL
 * @deep: many requests come together, so that they are left to @worker
 * @tries: kicks that were served in their own context, or might have been; this and
 *	what follows is used only by whoever has @turn
 * @served: requests of the last run
 * @together: requests that @worker has served since it was woken
 * @cost: what the requests of the last run have cost, in bytes
 * @section: the read section of the driver's memory that it is served in
 * @atomic: it may not sleep
 * @chain: the request at hand
 * @filled: bytes of its payload that were written, if all were, else 0
 * @segs: its pieces
 * @claimed: its virtqueue is, because others work on requests of it
 * @store: &mvblk.store for this run
 * @req: the request at hand, where there can be many, else NULL
 * @reqs: the requests in progress, unless the sectors are in RAM
 * @stat: what its requests add up to, unless the sectors are in RAM
 * @watch_done: &mvblk_reqs.done when it was looked at last; this and @silent are
 *	written with &mvblk.medium_lock held
 * @silent: seconds for which no request has ended, although there are some
 */
struct mvblk_queue {
	struct mvblk *blk;
	struct mdev_vq *vq;
	struct mdev_worker worker;
	struct mdev_work work;
	struct mdev_turn turn;
	struct mdev_visit *visit;
	bool deep;

	/* one at a time serves the queue, see above */
	unsigned int tries;
	unsigned int served;
	unsigned int together;
	u64 cost;
	struct mdev_vq_section section;
	bool atomic;
	struct mdev_vq_chain chain;
	u32 filled;
	struct mdev_vq_seg *segs;
	bool claimed;
	const struct mvblk_store_ops *store;
	struct mvblk_req *req;
	struct mvblk_reqs *reqs;
	struct mvblk_stat stat;

	unsigned long watch_done;
	unsigned int silent;
};

/**
 * struct mvblk_pages - sectors in RAM
 * @nr: number of elements of @page
 * @page: the pages, NULL where nothing was written to
 */
struct mvblk_pages {
	u64 nr;
	struct page __rcu *page[];
};

/* Bit of &mvblk_backing.flags: the log says that the block device is gone */
#define MVBLK_BACKING_GONE	0
#define MVBLK_GONE_MESSAGE	"%s is gone: requests to it fail until it is attached again\n"

/* The log says that some I/O to the file cannot be direct */
#define MVBLK_BACKING_CACHED	1

/**
 * struct mvblk_backing - a file, or a block device, that has sectors
 * @file: open
 * @path: its name, as it was given
 * @inode: the inode of @path, by which the module recognises a file
 * @write: open for writing
 * @shared: others that are shared may have the same file, to be used in turn
 * @bdev: the block device, NULL for a file
 * @nowait: bios can be submitted to it without waiting
 * @plain: requests can be issued to it in atomic context
 * @dio_align: what addresses of memory must not have in common with for direct I/O to
 *	the file, such as 511
 * @dio_block: what position and length have to be multiples of, a power of two; 0 if
 *	there is no direct I/O
 * @flags: MVBLK_BACKING_*
 * @users: the instance, and orphaned requests
 * @orphans: queues whose requests have not ended, although they were abandoned
 * @node: in the list of all of them
 * @used: a device that is live, and not suspended, uses it
 *
 * Constant, apart from @flags, and from @users on, from mvblk_backing_open() on.
 */
struct mvblk_backing {
	struct file *file;
	char *path;
	const struct inode *inode;
	bool write;
	bool shared;
	struct block_device *bdev;
	bool nowait;
	bool plain;
	unsigned int dio_align;
	unsigned int dio_block;
	unsigned long flags;

	/* guarded by the lock of the list, see backing.c */
	unsigned int users;
	unsigned int orphans;
	struct list_head node;
	bool used;
};

/**
 * struct mvblk_limits - what a driver is told of blocks
 * @block: bytes of a logical block, a power of two
 * @physical: bytes of a physical block, a power of two of these
 * @offset: logical blocks before the first physical one begins
 * @io_min: bytes that are best for small requests
 * @io_opt: bytes that are best for large requests, 0 if that is unknown
 * @discard: bytes that a range to discard is best a multiple of
 */
struct mvblk_limits {
	u32 block;
	u32 physical;
	u8 offset;
	u32 io_min;
	u32 io_opt;
	u32 discard;
};

/**
 * struct mvblk - an instance
 * @soft: what it shares with other software devices
 * @store: where the sectors are
 * @queues: as many as there are virtqueues
 * @bdev_only: &mvblk_kind.bdev
 * @read_only: nothing may be written
 * @writethrough: the driver wants a write to be persistent when it is done; reset
 *	at the end of use
 * @direct: a file is read and written past the page cache where its file system can;
 *	does not change while @active
 * @nowait: &mvblk_backing.nowait, for kicks, which may come at any time
 * @plain: &mvblk_backing.plain, the same
 * @stopping: the device is being reset, so nobody wants the results of requests
 * @state_lock: guards @capacity, @generation and @serial.  Writers are the sysfs
 *	attributes; readers are whoever reads the configuration space, and those
 *	that serve the queues, which read @capacity without the lock.  Writers
 *	disable interrupts, because a read may come from any context.
 * @capacity: sectors
 * @generation: of the configuration space
 * @serial: serial number, padded with zeroes
 * @medium_lock: guards @active, @direct, @shared and @backing, and is held where the size changes.
 *	The reset of a device takes it, so nothing is called under it that waits
 *	for a file system.
 * @active: a driver may have requests in progress.  Until it is reset, the
 *	device does not get smaller and keeps its file.
 * @shared: what &mvblk_backing.shared of the next file is to be
 * @backing: the file, if there is one; once set while @active it stays
 * @watch: looks at a block device, see watch.c
 * @limits: what the configuration space says of blocks; guarded by @state_lock
 * @pages: in RAM: the pages that something was written to; RCU
 * @pages_lock: guards @pages, and the pointers in it, against a second writer;
 *	bottom halves are off, because a kick may come from one
 * @nr_pages: number of pages, with those that were dropped and are not free yet;
 *	see mvblk_ram_limit_of() for its limit
 * @reserved: pages that the instance may have, see mvblk_ram_resize()
 */
struct mvblk {
	struct mdev_soft soft;
	const struct mvblk_store_ops *store;
	struct mvblk_queue *queues;
	bool bdev_only;
	bool read_only;
	bool writethrough;
	bool direct;
	bool nowait;
	bool plain;
	bool stopping;

	seqlock_t state_lock;
	atomic64_t capacity;
	u32 generation;
	char serial[VIRTIO_BLK_ID_BYTES];

	/* guards what is attached, see above */
	struct mutex medium_lock;
	bool active;
	bool shared;
	struct mvblk_backing *backing;
	struct delayed_work watch;
	struct mvblk_limits limits;

	struct mvblk_pages __rcu *pages;
	/* guards them against a second writer, see above */
	spinlock_t pages_lock;
	atomic_long_t nr_pages;
	u64 reserved;
};

static inline struct mvblk *soft_to_mvblk(struct mdev_soft *soft)
{
	return container_of(soft, struct mvblk, soft);
}

static inline struct mvblk *to_mvblk(const struct mdev_class_device *cdev)
{
	return soft_to_mvblk(mdev_soft_of(cdev));
}

static inline bool mvblk_has(const struct mvblk *blk, unsigned int bit)
{
	return mdev_soft_has(&blk->soft, bit);
}

static inline bool mvblk_in_ram(const struct mvblk *blk)
{
	return READ_ONCE(blk->store)->atomic;
}

/*
 * Whether a write may stay in a cache until the driver flushes it.  A driver that
 * cannot switch the cache off finds it on, whatever the one before it did.
 */
static inline bool mvblk_writeback(const struct mvblk *blk)
{
	return mvblk_has(blk, VIRTIO_BLK_F_FLUSH) &&
	       !(mvblk_has(blk, VIRTIO_BLK_F_CONFIG_WCE) &&
		 READ_ONCE(blk->writethrough));
}

/* params.c */
extern unsigned int mvblk_nr_queues;
extern unsigned int mvblk_block_size;
extern unsigned int mvblk_max_instances;
extern bool mvblk_read_only;
extern unsigned long long mvblk_features_off;
extern unsigned long mvblk_ram_limit;
int mvblk_default_path(const struct mdev_class_device *cdev, char **path);
int mvblk_check_parameters(void);

/* instance.c */
void mvblk_limit_features(struct mvblk *blk);
extern const struct mdev_class_parent_ops mvblk_parent_ops;

/* ops.c */
extern const struct mdev_soft_desc mvblk_ram_desc;
extern const struct mdev_soft_desc mvblk_file_desc;
extern const struct mdev_soft_desc mvblk_bdev_desc;

/* config.c */
void mvblk_get_config(struct mdev_soft *soft, unsigned int offset, void *buf,
		      unsigned int len);
void mvblk_set_config(struct mdev_soft *soft, unsigned int offset,
		      const void *buf, unsigned int len);
u32 mvblk_get_generation(struct mdev_soft *soft);
void mvblk_set_capacity(struct mvblk *blk, u64 sectors);
void mvblk_default_limits(struct mvblk_limits *limits);
void mvblk_set_limits(struct mvblk *blk, const struct mvblk_limits *limits);
void mvblk_get_limits(struct mvblk *blk, struct mvblk_limits *limits);
void mvblk_set_serial(struct mvblk *blk, const char *serial, size_t len);
void mvblk_get_serial(struct mvblk *blk, char *serial);

/* sysfs.c */
extern const struct attribute_group *mvblk_groups[];

/* worker.c */
int mvblk_queue_create_visit(struct mvblk_queue *q);
void mvblk_queue_init(struct mvblk_queue *q, struct mvblk *blk, u16 index);
int mvblk_queue_prepare(struct mvblk_queue *q);
void mvblk_queues_reset(struct mvblk *blk);
void mvblk_queue_kick(struct mvblk_queue *q);

/* request.c */
bool mvblk_run(struct mvblk_queue *q, bool atomic);
int mvblk_serve(struct mvblk_queue *q);
int mvblk_status(int ret);
int mvblk_put_status(struct mvblk_queue *q, const struct mdev_vq_chain *chain,
		     u8 status);

/* bdev.c */
extern const struct mvblk_store_ops mvblk_bdev_ops;
void mvblk_bdev_look(struct mvblk_backing *backing);
void mvblk_bdev_limits(struct block_device *bdev, struct mvblk_limits *limits);

/* stat.c */
void mvblk_stat_tick(struct mvblk_queue *q);
void mvblk_stat_count(const struct mvblk_req *req);
ssize_t mvblk_stat_show(struct mvblk *blk, char *buf);

/* watch.c */
void mvblk_watch_init(struct mvblk *blk);
void mvblk_watch_begin(struct mvblk *blk);
void mvblk_watch_end(struct mvblk *blk);
void mvblk_watch_forget(struct mvblk *blk);
bool mvblk_watch_is_hopeless(const struct mvblk_queue *q);

/* ram.c */
extern const struct mvblk_store_ops mvblk_ram_ops;
int mvblk_ram_resize(struct mvblk *blk, u64 bytes);
void mvblk_ram_destroy(struct mvblk *blk);
void mvblk_ram_exit(void);

/* fileio.c */
extern const struct mvblk_store_ops mvblk_file_ops;
void mvblk_file_serve(struct mvblk_req *req);

/* file.c */
int mvblk_file_attach(struct mvblk *blk, const char *path);
int mvblk_file_detach(struct mvblk *blk);

int mvblk_file_wait(struct mvblk *blk);
int mvblk_file_begin_use(struct mvblk *blk);
void mvblk_file_end_use(struct mvblk *blk);
int mvblk_file_sync(struct mvblk *blk);
int mvblk_file_arrive(struct mvblk *blk, u64 capacity);

/* state.c */
const char *mvblk_get_migration_blocker(struct mdev_soft *soft);
int mvblk_save(struct mdev_soft *soft, struct mdev_state_writer *w);
int mvblk_load(struct mdev_soft *soft, struct mdev_state_reader *r);

/* backing.c */
struct mvblk_backing *mvblk_backing_open(struct mvblk *blk, const char *name,
					 bool shared);
void mvblk_backing_close(struct mvblk_backing *backing);
int mvblk_backing_begin_use(struct mvblk_backing *backing);
void mvblk_backing_end_use(struct mvblk_backing *backing);
void mvblk_backing_begin_orphans(struct mvblk_backing *backing);
void mvblk_backing_end_orphans(struct mvblk_backing *backing);
int mvblk_backing_wait_orphans(struct mvblk_backing *backing);
void mvblk_backing_get(struct mvblk_backing *backing);
bool mvblk_backing_is_taken(const struct mvblk_backing *backing);
bool mvblk_backing_is_alone(const struct mvblk_backing *backing);

#endif /* _MVBLK_H */
