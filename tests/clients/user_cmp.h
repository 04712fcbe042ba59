/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * user-cmp: the calls of a program for vhost-vdpa, one line for each,
 *
 *	CASE: CALL = RESULT
 *
 * to be compared with the same on another device.  What is left of the equals
 * sign does not depend on the device.
 */
#ifndef USER_CMP_H
#define USER_CMP_H

#include "client.h"

/* What a call takes, and where its result is */
enum cmp_kind {
	K_NONE,		/* nothing */
	K_PTR,		/* the pointer @a */
	K_IN8,		/* a number, @a */
	K_IN32,
	K_IN64,
	K_OUT8,		/* a number that is the result */
	K_OUT16,
	K_OUT32,
	K_OUT64,
	K_OFFERED,	/* of 64 bits those in @a are the result */
	K_STATE,	/* virtqueue @a and number @b */
	K_FILE,		/* virtqueue @a and descriptor @b, of enum cmp_fd */
	K_FD,		/* descriptor @b alone */
	K_ADDR,		/* virtqueue @a, rings as enum cmp_addr @b has it */
	K_CONFIG,	/* offset @a and length @b */
	K_RANGE,	/* a range that is the result */
	K_MSG,		/* message of type @a, see struct cmp_call */
	K_WRITE,	/* a message of version @a that maps a page, @b bytes */
	K_FN,		/* &cmp_call.fn is called */
};

enum cmp_fd { FD_EVENT, FD_NONE, FD_CLOSED, FD_NULL, FD_NEGATIVE };

enum cmp_addr {
	ADDR_GOOD, ADDR_DESC_ODD, ADDR_AVAIL_ODD, ADDR_USED_ODD, ADDR_LOG,
	ADDR_FLAG, ADDR_NOWHERE, ADDR_LAST,
};

enum cmp_va { VA_MEM, VA_MEM_8, VA_NOWHERE, VA_READ_ONLY, VA_SHORT };

struct cmp;

struct cmp_call {
	const char *name;
	enum cmp_kind kind;
	unsigned long req;
	__u64 a, b;
	/* of K_MSG: */
	__u64 iova, size;
	enum cmp_va va;
	__u8 perm;
	__u32 asid;
	long (*fn)(struct cmp *c);
};

/* How far a device has been set up before a case begins */
enum cmp_state {
	S_OPEN,		/* no owner */
	S_OWNED,
	S_DRIVER,	/* status 3 */
	S_FEATURES,	/* and features given */
	S_FEATURES_OK,
	S_MAPPED,	/* and memory mapped */
	S_RINGS,	/* and two queues set up and enabled */
	S_LIVE,
	S_SUSPENDED,
	S_RESUMED,
	S_RESET,	/* after it was live */
	NR_STATES,
};

extern const char *const cmp_state_names[NR_STATES];

#define CMP_IOVA	0x40000000ULL
/* Mapped by no state */
#define CMP_ROOM	(CMP_IOVA + (1ULL << 32))
#define CMP_PAGES	16
#define CMP_NUM		64	/* ring size */
#define CMP_BACKEND	(BIT64(VHOST_MDEV_BACKEND_F_IOTLB_MSG_V2) |	\
			 BIT64(VHOST_MDEV_BACKEND_F_IOTLB_BATCH) |	\
			 BIT64(VHOST_MDEV_BACKEND_F_IOTLB_ASID) |	\
			 BIT64(VHOST_MDEV_BACKEND_F_SUSPEND) |		\
			 BIT64(VHOST_MDEV_BACKEND_F_RESUME) |		\
			 BIT64(VHOST_MDEV_BACKEND_F_ENABLE_AFTER_DRIVER_OK))
#define CMP_FEATURES	(BIT64(VIRTIO_F_VERSION_1) |			\
			 BIT64(VIRTIO_F_ACCESS_PLATFORM) |		\
			 BIT64(VIRTIO_NET_F_MAC) | BIT64(VIRTIO_NET_F_MTU) | \
			 BIT64(VIRTIO_NET_F_STATUS))

#define CMP_MAX_FDS	64

struct cmp {
	int fd;
	char name[64];		/* of the case */
	__u8 *mem;		/* CMP_PAGES, and above them nothing */
	__u8 *read_only;	/* a page */
	int fds[CMP_MAX_FDS];	/* eventfds of the case */
	unsigned int nr_fds;
};

/* A case, from open to close; its name is of printf's kind. */
[[gnu::format(printf, 3, 4)]]
void cmp_begin(struct cmp *c, enum cmp_state state, const char *fmt, ...);
void cmp_end(struct cmp *c);
/* Make the call, and say what came of it. */
void cmp_call(struct cmp *c, const struct cmp_call *call);
/* What a reader of the device sees after any call */
void cmp_look(struct cmp *c);
[[gnu::format(printf, 2, 3)]]
void cmp_say(struct cmp *c, const char *fmt, ...);
const char *cmp_err(long ret);
struct vhost_mdev_msg cmp_update(struct cmp *c, __u32 version);

/* cmp_calls.c */
extern const struct cmp_call cmp_calls[];
extern const unsigned int cmp_nr_calls;
/* cmp_args.c */
void cmp_args(struct cmp *c, enum cmp_state s);
/* cmp_order.c */
void cmp_orders(struct cmp *c);
void cmp_clients(struct cmp *c);
/* cmp_traffic.c */
void cmp_traffic(void);

#endif
