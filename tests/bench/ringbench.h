/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * ringbench: what its parts share, and what a back end for a device provides.
 *
 * A back end opens a file that takes virtqueues whose memory lies in this
 * process.
 */
#ifndef RINGBENCH_H
#define RINGBENCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include <linux/virtio_config.h>
#include <linux/virtio_net.h>
#include <linux/virtio_ring.h>

#define ARRAY_SIZE(a)	(sizeof(a) / sizeof((a)[0]))
#define BIT64(n)	(1ULL << (n))

/* queues of a virtio-net device: to us, from us */
#define RB_RX		0
#define RB_TX		1
#define RB_MAX_VQS	2
#define RB_MAX_NUM	512

#define RB_HDR		sizeof(struct virtio_net_hdr_v1)
#define RB_BUF_SIZE	2048
/* on purpose not the address that we have */
#define RB_IOVA		0x100000000ULL
#define RB_BAD_IOVA	(RB_IOVA - (1 << 20))

struct rb_vq {
	unsigned int num;		/* a power of two */
	bool packed;
	bool event_idx;

	struct vring split;
	struct vring_packed_desc *desc_ring;
	struct vring_packed_desc_event *driver_event, *device_event;

	/* device addresses; for a packed ring the descriptors', ours, its */
	uint64_t desc, avail, used;
	int kick, call;			/* eventfds */
	/* a kick is a write to a place in this file, not of the eventfd, or 0 */
	off_t notify;
	int region;

	/* These count up; the wrap counter of a packed ring is in them, too. */
	uint16_t avail_idx;		/* next to add */
	uint16_t published;		/* next that the device may not see */
	uint16_t used_idx;		/* next to collect */
	uint16_t first_flags;		/* of a packed descriptor to publish */

	uint64_t buffers;		/* device address of the first */
	int bad;			/* this one shall be nowhere, or -1 */
	uint32_t len;
	uint16_t flags;
	uint64_t kicks, calls;
};

struct rb_dev {
	const struct rb_backend *be;
	const char *path;
	int fd, aux;			/* for the back end */
	void *priv;			/* for the back end */
	uint64_t features;		/* negotiated */
	off_t doorbells;		/* in the fd, a page for each queue */
	unsigned int nr_vqs;
	struct rb_vq vq[RB_MAX_VQS];
};

/* All return 0, or -1 with errno set. */
struct rb_backend {
	const char *name, *help;
	int (*open)(struct rb_dev *d);
	/* as far as FEATURES_OK; sets d->features */
	int (*negotiate)(struct rb_dev *d, uint64_t want);
	/* read the beginning of the configuration space; optional */
	int (*config)(struct rb_dev *d, void *buf, size_t len);
	int (*map)(struct rb_dev *d, uint64_t iova, uint64_t len, void *va);
	int (*unmap)(struct rb_dev *d, uint64_t iova, uint64_t len);
	/* begin or end a batch of the two above; optional */
	int (*batch)(struct rb_dev *d, bool begin);
	int (*setup_vq)(struct rb_dev *d, int q);
	int (*start)(struct rb_dev *d);
	/* wait until frames can flow; optional */
	void (*settle)(struct rb_dev *d);
	void (*close)(struct rb_dev *d);
};

extern const struct rb_backend be_vfio, be_vfiopci, be_vdpa, be_net;

struct rb_options {
	const char *row, *metric, *backend, *path;
	const char *host;		/* interface at the other end, or NULL */
	unsigned int count, size, batch, window, num;
	uint64_t map_len;
	bool spin, event_idx, packed, no_batch, scatter, anon, ioeventfd,
	     blk, no_data, offloads, xdp;
	uint8_t mac[6];
};

extern struct rb_options opt;

__attribute__((noreturn, format(printf, 1, 2)))
void die(const char *fmt, ...);
uint64_t now(void);
void result(const char *what, const char *unit, double value);
/* for qsort() of uint64_t */
int rb_by_value(const void *a, const void *b);

/* two rings, then the buffers of both */
extern uint8_t *rb_mem;
#define RB_RING_SIZE	65536UL

static inline uint8_t *rb_buf(int q, unsigned int i)
{
	return rb_mem + 2 * RB_RING_SIZE +
	       (q * RB_MAX_NUM + i) * (size_t)RB_BUF_SIZE;
}

/* what the device calls an address in that memory */
static inline uint64_t rb_iova(const void *p)
{
	return RB_IOVA + ((const uint8_t *)p - rb_mem);
}

/* xorshift */
#define RB_SEED		88172645463325252ULL

static inline uint64_t rb_random(uint64_t *seed)
{
	*seed ^= *seed << 13;
	*seed ^= *seed >> 7;
	*seed ^= *seed << 17;
	return *seed;
}

/* rb_host.c: the network interface of the host at the other end of the device */
void rb_host_mac(uint8_t mac[6]);
void rb_host_wait_up(const char *name);
/* a process that returns each frame that the interface receives */
pid_t rb_host_echo(void);
void rb_host_end(pid_t pid);

/* what is asked for; the back end takes what the device offers */
uint64_t rb_features(void);
void rb_open(struct rb_dev *d);
/* until DRIVER_OK */
void rb_start(struct rb_dev *d);
/* rb_open(), rb_start(), and wait until frames can flow */
void rb_run(struct rb_dev *d);
void rb_close(struct rb_dev *d);

void do_flood(void);
void do_pingpong(void);
void do_setup(void);
void do_kick(void);
void do_interrupt(void);
void do_map(void);
void do_abuse(void);
void do_read(void);
void do_fill(void);
void do_send(void);
void do_receive(void);
void do_tcpsend(void);
void do_tcpreceive(void);
void do_wake(void);

#endif
