/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A driver that does whatever the fuzzer says, a device that keeps to the
 * library's contract, and everything that must hold whatever the driver does.
 */
#ifndef _FUZZ_H
#define _FUZZ_H

#include "entry.h"
#include "must.h"
#include "unit.h"

#include <vq_private.h>

/* --- the state of one run -------------------------------------------------- */

#define MAX_NUM		256	/* the largest ring */
#define MAX_HAND	8	/* chains popped at a time */
#define MAX_OPS		256	/* steps of a script */
#define MAX_COPY	8192	/* bytes moved in one go */
#define MAX_ARMS	16

/* Driver memory, besides the rings.  Buffers and tables may lie anywhere. */
enum {
	REGION_DATA = 3,	/* at DATA_IOVA */
	REGION_RO,		/* the device may read it only */
	REGION_TOP,		/* the last page that there is */
	NR_REGIONS,
};

/* Room for a table that is too long, by a page */
#define FUZZ_DATA_PAGES	5
#define FUZZ_DATA_LEN	(FUZZ_DATA_PAGES * PAGE)
#define RO_IOVA		(DATA_IOVA + 16 * PAGE)
#define TOP_IOVA	(~0ULL - PAGE + 1)

/* What the library is asked to do right now: decides what it may access */
enum fuzz_call {
	CALL_NONE,
	CALL_POP,
	CALL_FAULT,
	CALL_COPY,
	CALL_PUSH,
	CALL_PUBLISH,
	CALL_NEED_SIGNAL,
	CALL_DISABLE,
	CALL_ENABLE,
};

/**
 * struct window - a mapped ring as the library sees it
 * @map: whose it is; NULL if there is none
 * @real: where the bytes are
 * @base: what the library takes for the address: nothing can be accessed there
 * @doomed: the driver unmapped it during the present section
 * @loads: how often each half-word was loaded during the present call
 */
struct window {
	struct mdev_ring_map *map;
	u8 *real;
	u8 *base;
	bool doomed;
	u16 loads[MAX_NUM * 16 / 2];
};

/**
 * struct arm - what the driver does while the device reads
 * @countdown: loads and lookups until then
 * @kind: what: see access.c
 * @off: where
 * @val: the value
 */
struct arm {
	u8 countdown;
	u8 kind;
	u16 off;
	u16 val;
};

/* A chain in the device's hand.  @seq counts what was popped, @pos is where. */
struct hand {
	struct mdev_vq_chain chain;
	u64 seq;
	u16 pos;
	bool taken;
};

/**
 * struct model - where the virtqueue must stand, in the fuzzer's own count
 * @avail: where the next chain is popped
 * @limit: how far the device may pop, or of a packed ring, has ever popped
 * @used: where the next chain is pushed
 * @put: where the next used entry is written: with IN_ORDER one entry stands for
 *	all chains from there to @used
 * @run_id: then, the last one of those
 * @run_len: bytes written into it
 * @published: @used at the last publish
 * @signalled: @published when last asked for a signal
 * @signalled_valid: there was such a time since the start
 * @in_hand: of a packed ring: descriptors popped and not published
 * @batch: of those, descriptors pushed
 * @unsignalled: of a packed ring: descriptors published since @signalled
 * @first_flags: of a packed ring: to be written at @published
 *
 * A position in a split ring is its index.  In a packed one, positions of the
 * rounds with wrap counter 1 come first, so that they are counted modulo twice
 * the ring size.
 */
struct model {
	u16 avail;
	u16 limit;
	u16 used;
	u16 put;
	u16 run_id;
	u32 run_len;
	u16 published;
	u16 signalled;
	bool signalled_valid;
	u16 in_hand;
	u16 batch;
	u32 unsignalled;
	u16 first_flags;
};

/**
 * struct expect - a word that the library must write during the present call
 * @area: where
 * @off: where in there
 * @size: of the word
 * @val: what
 * @maybe: or may leave as it is
 * @last: after all others
 */
struct expect {
	enum mdev_vq_area area;
	size_t off;
	unsigned int size;
	u32 val;
	bool maybe;
	bool last;
};

/**
 * struct seen - what the library did during the present call
 * @lookups: of driver memory
 * @missed: a lookup missed
 * @must_break: something that breaks the rules was loaded
 * @idx_loads: loads of the available index
 * @idx: the last one's result
 * @visits: descriptors whose flags were loaded
 * @table: an indirect table is at @addr, with @len bytes
 * @head_loads: loads of an entry of the available ring, or of an id
 * @head: the last one's result
 * @addr: the last 64 bit word of a descriptor
 * @len: the last 32 bit word of one
 * @wish_loads: loads of what the driver says about signals
 * @wish: the last one's result
 * @expect: what it has still to write
 * @nr_expect: how many
 */
struct seen {
	unsigned int lookups;
	bool missed;
	bool must_break;
	unsigned int idx_loads;
	u16 idx;
	unsigned int visits;
	bool table;
	unsigned int head_loads;
	u16 head;
	u64 addr;
	u32 len;
	unsigned int wish_loads;
	u32 wish;
	struct expect expect[8];
	unsigned int nr_expect;
};

struct fuzz;

/**
 * struct rules - what a ring layout lets the library do
 * @set_state: make @where a state that a ring can have; the model's and the
 *	virtqueue's positions are there then
 * @check_state: compare the virtqueue's state with the model's
 * @start: the model's part of a start: whether it can begin in this state
 * @begin: expect what @call writes
 * @load: the library has loaded @val
 * @popped: pop returned @ret
 * @unpop: a chain was given back
 * @done: some other call returned @ret
 */
struct rules {
	void (*set_state)(struct fuzz *f, u16 where);
	void (*check_state)(struct fuzz *f);
	bool (*start)(struct fuzz *f);
	void (*begin)(struct fuzz *f, enum fuzz_call call,
		      const struct mdev_vq_chain *chain, u32 len);
	void (*load)(struct fuzz *f, enum mdev_vq_area area, size_t off,
		     unsigned int size, u64 val);
	void (*popped)(struct fuzz *f, const struct mdev_vq_chain *chain,
		       int ret);
	void (*unpop)(struct fuzz *f, const struct mdev_vq_chain *chain);
	void (*done)(struct fuzz *f, enum fuzz_call call, int ret);
};

extern const struct rules split_rules;
extern const struct rules packed_rules;

struct fuzz {
	/* input */
	const u8 *pos;
	const u8 *end;

	/* the driver's end */
	struct space space;
	struct mdev_mem_ops mem_ops;
	const struct mdev_mem_ops *inner;
	struct region *region[NR_REGIONS];
	u16 num;
	u16 offered;
	u64 features;
	bool packed;
	/* it writes while the device reads */
	bool mutate;
	struct arm arms[MAX_ARMS];
	unsigned int nr_arms;
	unsigned int next_arm;

	/* the device's end */
	struct mdev_vq vq;
	u16 max_segs;
	struct hand hand[MAX_HAND];
	u64 popped;
	bool claimed;
	bool paused;
	bool inside;
	bool alive;
	bool sticky;
	int token;

	/* what the library told us since the start */
	unsigned int broken;
	unsigned int errors;
	unsigned int wakes;

	/* what must hold */
	const struct rules *rules;
	struct model model;
	struct seen seen;
	enum fuzz_call call;
	unsigned int budget;
	const struct mdev_vq_chain *src;
	const struct mdev_vq_chain *dst;
	struct window window[3];
	/* of each region: pages gone during this section, good until it ends */
	u8 leaving[NR_REGIONS];
};

/* The run that goes on; NULL if there is none */
extern struct fuzz *fuzz;

/* --- input: zeroes when it has ended ---------------------------------------- */

static inline u8 in8(struct fuzz *f)
{
	return f->pos < f->end ? *f->pos++ : 0;
}

static inline u16 in16(struct fuzz *f)
{
	u16 low = in8(f);

	return low | in8(f) << 8;
}

static inline u32 in32(struct fuzz *f)
{
	u32 low = in16(f);

	return low | (u32)in16(f) << 16;
}

static inline void in_bytes(struct fuzz *f, void *to, size_t len)
{
	size_t n = min(len, (size_t)(f->end - f->pos));

	if (n)
		memcpy(to, f->pos, n);
	f->pos += n;
}

/* --- access.c: ring words -------------------------------------------------- */

void window_init(void);
void window_open(struct fuzz *f, struct mdev_ring_map *map);
void window_close(struct fuzz *f, struct mdev_ring_map *map);
void call_begin(struct fuzz *f, enum fuzz_call call, unsigned int budget);
void call_end(struct fuzz *f);
void access_count(struct fuzz *f);
void access_tick(struct fuzz *f, u8 *self, unsigned int size);
void access_section_ends(struct fuzz *f);
void expect(struct fuzz *f, enum mdev_vq_area area, size_t off,
	    unsigned int size, u32 val);
void expect_maybe(struct fuzz *f, enum mdev_vq_area area, size_t off,
		  unsigned int size, u32 val);
void expect_last(struct fuzz *f, enum mdev_vq_area area, size_t off,
		 unsigned int size, u32 val);

/* --- memory.c: the rest ---------------------------------------------------- */

void memory_init(struct fuzz *f);
void memory_destroy(struct fuzz *f);
void memory_rings(struct fuzz *f);
void memory_remap(struct fuzz *f, unsigned int region);
void memory_guard(struct fuzz *f);
void memory_unguard(struct fuzz *f);
void memory_permit(struct fuzz *f);
void memory_table(struct fuzz *f);
void memory_page(struct fuzz *f, unsigned int region, unsigned int page,
		 bool known);

/* --- driver.c, device.c, control.c: the steps of a script ---------------------- */

void driver_step(struct fuzz *f, u8 op, u8 variant);
void driver_begin(struct fuzz *f);

bool device_enter(struct fuzz *f);
void device_leave(struct fuzz *f);
bool device_claim(struct fuzz *f);
void device_release(struct fuzz *f);
void device_step(struct fuzz *f, u8 op, u8 variant);

void life_begin(struct fuzz *f);
void life_end(struct fuzz *f);
void life_step(struct fuzz *f, u8 op, u8 variant);

/* The numbers of the steps: the lower five bits of a byte of the script */
enum {
	OP_OFFER,
	OP_IDX,
	OP_DESC,
	OP_ENTRY,
	OP_POKE,
	OP_ADDR,
	OP_LEN,
	OP_EVENT,
	OP_UNMAP,
	OP_REMAP,
	OP_PAGES,
	OP_ARM,
	OP_DRIVER_END,

	OP_POP = 12,
	OP_COPY,
	OP_PUSH,
	OP_PUBLISH,
	OP_UNPOP,
	OP_DISABLE,
	OP_ENABLE,
	OP_DRAIN,
	OP_STICKY,
	OP_ALIVE,
	OP_BREAK,
	OP_DEVICE_END,

	OP_PAUSE = 23,
	OP_RESTART,
	OP_RESET,
	OP_BUSY,
	OP_BAD,
	OP_NOMEM,
	OP_COUNT,
	OP_LIFE_END,
};

#endif /* _FUZZ_H */
