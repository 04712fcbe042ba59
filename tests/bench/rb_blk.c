// SPDX-License-Identifier: GPL-2.0-only
/*
 * ringbench: a virtio-blk device, by one split virtqueue.
 *
 * Each request is three descriptors, which stay as they are: header, data, status.
 */
#include <errno.h>
#include <linux/virtio_blk.h>
#include <stdio.h>

#include "profile.h"
#include "ring.h"
#include "ringbench.h"

#define BLOCK		4096
#define SECTORS		(BLOCK / 512)
#define CHAIN		3

/* What a request has beside its data */
struct request {
	struct virtio_blk_outhdr header;
	uint64_t block;
	uint8_t status;
};

static struct request *request(unsigned int i)
{
	return (struct request *)rb_buf(1, 0) + i;
}

static uint64_t *data(unsigned int i)
{
	return (uint64_t *)(rb_buf(0, 0) + (size_t)i * BLOCK);
}

static void init_request(struct rb_vq *v, unsigned int i, bool write)
{
	struct vring_desc *desc = &v->split.desc[i * CHAIN];
	struct request *req = request(i);

	req->header.type = write ? VIRTIO_BLK_T_OUT : VIRTIO_BLK_T_IN;
	desc[0] = (struct vring_desc) {
		.addr = rb_iova(&req->header),
		.len = sizeof(req->header),
		.flags = VRING_DESC_F_NEXT,
		.next = i * CHAIN + 1,
	};
	desc[1] = (struct vring_desc) {
		.addr = rb_iova(data(i)),
		.len = BLOCK,
		.flags = VRING_DESC_F_NEXT | (write ? 0 : VRING_DESC_F_WRITE),
		.next = i * CHAIN + 2,
	};
	desc[2] = (struct vring_desc) {
		.addr = rb_iova(&req->status),
		.len = sizeof(req->status),
		.flags = VRING_DESC_F_WRITE,
	};
}

static void submit(struct rb_vq *v, unsigned int i, uint64_t block, bool write)
{
	struct request *req = request(i);

	req->block = block;
	req->header.sector = block * SECTORS;
	req->status = 0xff;
	/* Each block holds its number, so that it can be seen which one is read. */
	*data(i) = write ? block : ~0ULL;
	vq_add(v, false, i * CHAIN);
}

/* Returns whether it went well. */
static bool complete(unsigned int i, uint32_t len, bool write)
{
	struct request *req = request(i);

	return req->status == VIRTIO_BLK_S_OK &&
	       (opt.no_data || *data(i) == req->block) &&
	       len == sizeof(req->status) + (write ? 0 : BLOCK);
}

/*
 * All blocks in order, if they are written, or @count at random.  Returns how many
 * requests have ended.
 */
static unsigned int transfer(struct rb_dev *d, unsigned int count, bool write,
			     uint64_t nr_blocks, unsigned int *bad)
{
	unsigned int depth = opt.window, sent = 0, done = 0, i;
	struct rb_vq *v = &d->vq[0];
	uint64_t seed = RB_SEED;
	uint32_t len;
	uint16_t id;

	for (; sent < depth && sent < count; sent++)
		submit(v, sent, write ? sent : rb_random(&seed) % nr_blocks,
		       write);
	vq_kick(v, false);
	while (done < count) {
		if (!vq_has_used(v, false) && !vq_wait(v, false))
			break;
		while (vq_has_used(v, false)) {
			id = vq_get(v, false, &len);
			i = id / CHAIN;
			if (id % CHAIN || i >= depth)
				die("descriptor %u came back", id);
			*bad += !complete(i, len, write);
			done++;
			if (sent == count)
				continue;
			submit(v, i, write ? sent :
				     rb_random(&seed) % nr_blocks, write);
			sent++;
		}
		if (v->published != v->avail_idx)
			vq_kick(v, false);
	}
	return done;
}

static void blk(bool write)
{
	struct virtio_blk_config config;
	unsigned int count = opt.count, done, bad = 0, i;
	uint64_t nr_blocks, t;
	struct rb_dev d;
	struct rb_vq *v = &d.vq[0];

	if (opt.window > opt.num / CHAIN)
		opt.window = opt.num / CHAIN;
	rb_run(&d);
	if (v->packed || !d.be->config) {
		errno = EOPNOTSUPP;
		die("a block device with these options");
	}
	if (d.be->config(&d, &config, sizeof(config.capacity)))
		die("capacity");
	nr_blocks = config.capacity / SECTORS;
	if (write)
		count = nr_blocks;
	for (i = 0; i < opt.window; i++)
		init_request(v, i, write);
	vq_interrupts(v, false, false);

	profile(!write);
	t = now();
	done = transfer(&d, count, write, nr_blocks, &bad);
	t = now() - t;
	profile(false);
	if (!write) {
		result(".rate", "iops", done * 1e9 / t);
		result(".cost", "ns/io", (double)t / done);
		result(".kicks", "per-1000io", v->kicks * 1000.0 / done);
		result(".calls", "per-1000io", v->calls * 1000.0 / done);
	}
	if (bad || done != count)
		printf("ERR|%s|%u failed, %u missing\n", opt.row, bad,
		       count - done);
	rb_close(&d);
}

void do_read(void)
{
	blk(false);
}

void do_fill(void)
{
	blk(true);
}
