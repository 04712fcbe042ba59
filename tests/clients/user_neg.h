/* SPDX-License-Identifier: GPL-2.0-only */
/* Tables of what a user may do wrong, and what comes of it. */
#ifndef USER_NEG_H
#define USER_NEG_H

#include "user_net.h"

/* How far the device is set up when a row's ioctl is called. */
enum neg_state {
	S_OPEN,		/* status 0 */
	S_OWNED,	/* the same, after SET_OWNER */
	S_DRIVER,	/* ACKNOWLEDGE, DRIVER */
	S_FEATURES,	/* FEATURES_OK */
	S_RINGS,	/* all virtqueues placed and enabled */
	S_LIVE,		/* DRIVER_OK */
	S_SUSPENDED,	/* SUSPEND */
};

struct neg {
	struct vm_opts *o;
	struct vm_container c;
	struct vm_dev d;
	struct vm_net n;
	int plain_fd;		/* open, but no eventfd */
	int closed_fd;		/* was open once */
	int event_fd;
	void *read_only;	/* a page */
	__u8 *edge;		/* last byte before an unmapped page, plus 1 */
	unsigned int passed, failed;
};

/* What an ioctl is given; A_FN: a function instead, for all else. */
enum neg_arg {
	A_NONE, A_PTR, A_STATE, A_FILE, A_ADDR, A_U64, A_INT, A_U8, A_CONFIG,
	A_FN,
};

/* Placeholders for file descriptors in a table. */
#define FD_PLAIN	(-1001)
#define FD_CLOSED	(-1002)
#define FD_EVENT	(-1003)

/* A queue index that stands for the number of queues, or the last. */
#define Q_COUNT		0xfffffff0U

/* Addresses that stand for the good ones of queue 0. */
#define GOOD		0xdead0000dead0000ULL

struct neg_row {
	const char *name;
	enum neg_state state;
	unsigned long req;
	enum neg_arg arg;
	__u32 index;
	__u64 a, b, c;
	int (*fn)(struct neg *t);	/* 0 or a negative errno */
	int err;			/* positive; 0: must succeed */
	int err_chr;			/* on the char device, if another */
};

[[gnu::format(printf, 3, 4)]]
void neg_result(struct neg *t, bool good, const char *fmt, ...);
/* Reset, and set up as far as a state. */
void neg_go(struct neg *t, enum neg_state s);
void neg_rows(struct neg *t, const struct neg_row *r, unsigned int nr);

/* Of pair 0, except the control queue */
enum victim { RX, TX, CTRL };

/* Addresses that stand for others, next to one where nothing is mapped */
#define NOWHERE	0x700000000000ULL
#define TX_BUF	(NOWHERE + 1)	/* the buffers of pair 0 */
#define RX_BUF	(NOWHERE + 2)
#define THE_END	(NOWHERE + 3)	/* 50 bytes before the end of the mapping */
#define TABLE	(NOWHERE + 4)	/* the indirect table */
#define TABLE_1	(NOWHERE + 5)	/* its second descriptor */

struct bad_desc {
	__u64 addr;		/* 0: the descriptor is left as it is */
	__u32 len;
	__u16 flags;
	__u16 next;		/* packed: the id */
};

struct bad_ring {
	const char *name;
	enum victim q;
	struct bad_desc desc[2];
	struct bad_desc table[2];	/* the indirect table */
	__u16 head;		/* split: first entry of the available ring */
	__u16 avail;		/* split: its index, if not 1 */
	bool raw;		/* packed: the flags say all */
	bool fill;		/* packed: the first descriptor all around */
	bool scribble;		/* over the used ring, flags and events */
	bool odd;	/* may be refused or not; only the rest must go on */
};

__u64 neg_addr(struct neg *t, struct vm_vq *v, __u64 addr);
/* The virtqueue breaks, and says so; the other pair's traffic goes on. */
void neg_try_rings(struct neg *t, const struct bad_ring *b, unsigned int nr);
void neg_make_packed(struct neg *t, struct vm_vq *v, const struct bad_ring *b);

/* neg_table.c, neg_vfio.c, neg_ring.c, neg_packed.c */
void neg_vhost(struct neg *t);
void neg_vfio(struct neg *t);
void neg_rings(struct neg *t);
void neg_packed(struct neg *t);

#endif
