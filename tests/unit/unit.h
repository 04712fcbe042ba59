/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _UNIT_H
#define _UNIT_H

#include <kernel_shim.h>
#include <linux/virtio_config.h>
#include <linux/virtio_ring.h>

#include <asm/byteorder.h>

#include <linux/mdev_vq.h>

/* --- checks ---------------------------------------------------------------- */

/**
 * struct unit_test - a test, run in a process of its own
 * @name: what it shows
 * @run: calls unit_fail(), by one of the macros below, if it does not
 */
struct unit_test {
	const char *name;
	void (*run)(void);
};

extern const struct unit_test ring_tests[];
extern const struct unit_test hostile_tests[];
extern const struct unit_test packed_tests[];
extern const struct unit_test packed_state_tests[];
extern const struct unit_test packed_hostile_tests[];
extern const struct unit_test iter_tests[];
extern const struct unit_test tlb_tests[];
extern const struct unit_test section_tests[];
extern const struct unit_test hold_tests[];
extern const struct unit_test life_tests[];
extern const struct unit_test order_tests[];
extern const struct unit_test doorbell_tests[];
extern const struct unit_test stream_tests[];
extern const struct unit_test sample_state_tests[];
extern const struct unit_test kept_tests[];

void unit_fail(const char *file, int line, const char *fmt, ...);

#define CHECK(cond) do {						\
	if (!(cond))							\
		unit_fail(__FILE__, __LINE__, "%s", #cond);		\
} while (0)

#define CHECK_EQ(a, b) do {						\
	long long _a = (a), _b = (b);					\
	if (_a != _b)							\
		unit_fail(__FILE__, __LINE__, "%s is %lld, not %lld", #a, \
			  _a, _b);					\
} while (0)

#define CHECK_STR(text, part) do {					\
	const char *_text = (text), *_part = (part);			\
	if (!strstr(_text, _part))					\
		unit_fail(__FILE__, __LINE__, "\"%s\" has no \"%s\"",	\
			  _text, _part);				\
} while (0)

u32 unit_random(u32 below);

/* --- memory ---------------------------------------------------------------- */

#define PAGE		4096u
#define MAX_REGIONS	16
#define MAX_PAGES	128	/* the largest ring */

/**
 * struct region - a mapping that the driver made
 * @iova: where
 * @len: bytes
 * @bytes: what backs it; exactly @len, so that the sanitizer sees any overrun
 * @perm: MDEV_MEM_*
 * @known: for each page: lookups find it
 * @stubborn: mdev_mem_fault() claims success and changes nothing
 * @unpinnable: mdev_mem_fault() gives -EAGAIN
 */
struct region {
	u64 iova;
	size_t len;
	u8 *bytes;
	unsigned int perm;
	bool known[MAX_PAGES];
	bool stubborn;
	bool unpinnable;
};

/**
 * struct space - driver memory that lets nobody break its rules
 * @mem: what the library sees
 * @regions: mappings
 * @nr: how many
 * @depth: read sections that somebody is in
 * @maps: rings mapped
 * @lookups: calls of mdev_mem_lookup()
 * @faults: calls of mdev_mem_fault()
 * @slow: calls of mdev_mem_read() and mdev_mem_write()
 * @meanwhile: what the driver does while the device waits in the next fault; NULL for
 *	nothing
 */
struct space {
	struct mdev_mem mem;
	struct region regions[MAX_REGIONS];
	unsigned int nr;
	int depth;
	struct mdev_ring_map *maps[8];
	unsigned int lookups;
	unsigned int faults;
	unsigned int slow;
	void (*meanwhile)(struct space *space);
};

void space_init(struct space *space);
void space_destroy(struct space *space);
struct region *space_map(struct space *space, u64 iova, size_t len,
			 unsigned int perm, bool known);
void space_unmap(struct space *space, struct region *region);

/* What happens whenever the device sleeps; nothing unless a test sets it */
extern void (*unit_sleeper)(void *arg);
extern void *unit_sleeper_arg;
unsigned int space_nr_maps(struct space *space);

/* --- a driver and a device ------------------------------------------------- */

#define RING_IOVA	0x100000ULL
#define DATA_IOVA	0x40000000ULL
#define DATA_LEN	(64 * PAGE)

/* A position in a packed ring has its wrap counter above the index. */
#define WRAP		0x8000

/**
 * struct packed - the driver's end of a packed virtqueue
 * @desc: descriptor ring
 * @driver: driver event suppression
 * @device: device event suppression
 * @avail: next descriptor to make available
 * @kicked: @avail at the last decision to kick or not
 * @used: next descriptor to look at
 * @open: descriptors of a chain that is not complete yet
 * @slots: length of the chain that has this id, 0 for none
 */
struct packed {
	struct vring_packed_desc *desc;
	struct vring_packed_desc_event *driver;
	struct vring_packed_desc_event *device;
	u16 avail;
	u16 kicked;
	u16 used;
	u16 open;
	u16 *slots;
};

/**
 * struct bench - a virtqueue, with a driver at one end and a test at the other
 * @space: driver memory
 * @vq: the device's end
 * @desc: descriptor table
 * @avail: available ring
 * @used: used ring
 * @data: memory for buffers, at DATA_IOVA
 * @num: ring size
 * @event_idx: EVENT_IDX was negotiated
 * @is_packed: RING_PACKED was negotiated
 * @packed: then, what counts instead of the others
 * @avail_idx: the driver's
 * @kicked_idx: available index at the last decision to kick or not
 * @used_idx: next used entry that the driver looks at
 * @broken: calls of &mdev_vq_ops.broken
 * @errors: calls of the error callback
 * @signals: calls of the callback
 * @wakes: calls of &mdev_vq_ops.wake
 * @segs: for @chain
 * @chain: for pop()
 */
struct bench {
	struct space space;
	struct mdev_vq vq;
	struct vring_desc *desc;
	struct vring_avail *avail;
	struct vring_used *used;
	struct region *ring[3];
	struct region *data;
	u16 num;
	bool event_idx;
	bool is_packed;
	struct packed packed;
	u16 avail_idx;
	u16 kicked_idx;
	u16 used_idx;
	unsigned int broken;
	unsigned int errors;
	unsigned int signals;
	unsigned int wakes;
	struct mdev_vq_seg segs[MDEV_VQ_MAX_SEGS];
	struct mdev_vq_chain chain;
};

#define F_INDIRECT	BIT_ULL(VIRTIO_RING_F_INDIRECT_DESC)
#define F_EVENT		BIT_ULL(VIRTIO_RING_F_EVENT_IDX)
#define F_PACKED	BIT_ULL(VIRTIO_F_RING_PACKED)
#define F_IN_ORDER	BIT_ULL(VIRTIO_F_IN_ORDER)

void bench_init(struct bench *b, u16 num, u64 features);
void bench_init_at(struct bench *b, u16 num, u64 features, u16 state);
void bench_destroy(struct bench *b);
void bench_restart(struct bench *b, u64 features);
void bench_breaks(struct bench *b, const char *why);

/* The driver.  The first two for a split virtqueue alone */
void drv_desc(struct bench *b, unsigned int i, u64 addr, u32 len, u16 flags,
	      u16 next);
void drv_avail(struct bench *b, u16 head);
void drv_one(struct bench *b, u32 len, u16 id);
bool drv_kick(struct bench *b);
bool drv_peek(struct bench *b, u32 *id, u32 *len);
bool drv_used(struct bench *b, u32 *id, u32 *len);
bool drv_wait_used(struct bench *b);

/* The driver of a packed virtqueue, in packed_model.c */
void packed_init(struct bench *b, u16 state);
u16 packed_next(struct bench *b, u16 pos, unsigned int n);
void packed_desc(struct bench *b, u64 addr, u32 len, u16 flags, u16 id);
void packed_wish(struct bench *b, u16 off_wrap, u16 flags);
bool packed_kick(struct bench *b);
bool packed_is_used(struct bench *b);
bool packed_peek(struct bench *b, u32 *id, u32 *len);
bool packed_used(struct bench *b, u32 *id, u32 *len);
bool packed_wait_used(struct bench *b);

/* The device, each in a read section of its own unless @b is in one */
int dev_pop(struct bench *b);
void dev_push(struct bench *b, u32 len);
bool dev_publish(struct bench *b);
bool dev_enable(struct bench *b);
void dev_disable(struct bench *b);
bool dev_alive(struct bench *b);

#endif /* _UNIT_H */
