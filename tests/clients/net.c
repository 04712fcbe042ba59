// SPDX-License-Identifier: GPL-2.0-only
/* A virtio-net driver: set-up, start, the control queue. */
#include <errno.h>
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "client.h"

#define CTRL_NUM	16
#define CTRL_BUF	256
#define RX_MRG_BUF	2048
#define HDR		sizeof(struct virtio_net_hdr_v1)
#define GSO_MAX		65550
#define CARRIER_MS	5000

const struct vm_net_opts vm_net_default = {
	.pairs = 1,
	.num = 256,
	.size = 1514,
	.csum = true,
};

__u64 vm_net_features(const struct vm_net_opts *o)
{
	__u64 f = BIT64(VIRTIO_F_VERSION_1) | BIT64(VIRTIO_F_ACCESS_PLATFORM) |
		  BIT64(VIRTIO_NET_F_MAC) | BIT64(VIRTIO_NET_F_STATUS) |
		  BIT64(VIRTIO_NET_F_MTU);

	if (o->event_idx)
		f |= BIT64(VIRTIO_RING_F_EVENT_IDX);
	if (o->indirect)
		f |= BIT64(VIRTIO_RING_F_INDIRECT_DESC);
	if (o->packed)
		f |= BIT64(VIRTIO_F_RING_PACKED);
	if (o->in_order)
		f |= BIT64(VIRTIO_F_IN_ORDER);
	if (o->mrg)
		f |= BIT64(VIRTIO_NET_F_MRG_RXBUF);
	if (o->csum || o->gso)
		f |= BIT64(VIRTIO_NET_F_CSUM) | BIT64(VIRTIO_NET_F_GUEST_CSUM);
	if (o->gso)
		f |= BIT64(VIRTIO_NET_F_HOST_TSO4) |
		     BIT64(VIRTIO_NET_F_GUEST_TSO4);
	if (o->mq || o->pairs > 1)
		f |= BIT64(VIRTIO_NET_F_MQ);
	if (o->mq || o->pairs > 1 || o->ctrl)
		f |= BIT64(VIRTIO_NET_F_CTRL_VQ) |
		     BIT64(VIRTIO_NET_F_CTRL_RX) |
		     BIT64(VIRTIO_NET_F_CTRL_VLAN) |
		     BIT64(VIRTIO_NET_F_CTRL_GUEST_OFFLOADS) |
		     BIT64(VIRTIO_NET_F_CTRL_MAC_ADDR) |
		     BIT64(VIRTIO_NET_F_GUEST_ANNOUNCE);
	return f;
}

unsigned int vm_net_nqs(struct vm_net *n)
{
	return 2 * n->o.pairs + n->has_ctrl;
}

struct vm_vq *vm_net_vq(struct vm_net *n, unsigned int i)
{
	if (i == 2 * n->o.pairs)
		return &n->ctrl;
	return i & 1 ? &n->pair[i / 2].tx : &n->pair[i / 2].rx;
}

static void pair_init(struct vm_net *n, unsigned int i)
{
	struct vm_pair *p = &n->pair[i];
	unsigned int k;

	must(vm_vq_init(&p->rx, &n->rings, 2 * i, n->o.num, n->dev->features));
	must(vm_vq_init(&p->tx, &n->rings, 2 * i + 1, n->o.num,
			n->dev->features));
	p->rx_nfree = p->rx_slots;
	p->tx_nfree = p->tx_slots;
	for (k = 0; k < p->rx_slots; k++)
		p->rx_free[k] = k;
	for (k = 0; k < p->tx_slots; k++)
		p->tx_free[k] = k;
	p->rx_busy = 0;
}

/* Rings without buffers, at the places where they were. */
static void rings_init(struct vm_net *n)
{
	static __u16 runs;
	unsigned int i;

	n->run = getpid() * 61 + runs++;
	for (i = 0; i < n->o.pairs; i++)
		pair_init(n, i);
	if (n->has_ctrl)
		must(vm_vq_init(&n->ctrl, &n->rings, n->ctrl_index, CTRL_NUM,
				n->dev->features));
}

static void alloc_memory(struct vm_net *n)
{
	const struct vm_net_opts *o = &n->o;
	size_t frame = o->gso ? GSO_MAX : o->size;
	size_t rings, bufs;
	unsigned int i;

	n->tx_size = (HDR + frame + 63) & ~63UL;
	n->rx_size = o->mrg ? RX_MRG_BUF : n->tx_size;
	rings = vm_vq_bytes(o->num, o->indirect) * 2 * o->pairs +
		vm_vq_bytes(CTRL_NUM, o->indirect);
	/* A ring full of the largest is more than a small guest can spare. */
	bufs = 0;
	for (i = 0; i < o->pairs; i++) {
		struct vm_pair *p = &n->pair[i];

		p->rx_slots = o->num;
		p->tx_slots = o->num;
		if (o->gso && p->tx_slots > 32)
			p->tx_slots = 32;
		if (n->rx_size > 16384 && p->rx_slots > 32)
			p->rx_slots = 32;
		bufs += n->rx_size * p->rx_slots + n->tx_size * p->tx_slots +
			2 * VM_PAGE;
	}
	must(vm_mem_new(n->dev->c, &n->rings, rings));
	must(vm_mem_new(n->dev->c, &n->bufs, bufs + CTRL_BUF + VM_PAGE));
	for (i = 0; i < o->pairs; i++) {
		struct vm_pair *p = &n->pair[i];

		/* Pages of their own, so that they can be mapped one by one. */
		p->rxbuf = vm_alloc(&n->bufs, n->rx_size * p->rx_slots,
				    VM_PAGE);
		p->txbuf = vm_alloc(&n->bufs, n->tx_size * p->tx_slots,
				    VM_PAGE);
		p->rx_free = calloc(p->rx_slots, sizeof(*p->rx_free));
		p->tx_free = calloc(p->tx_slots, sizeof(*p->tx_free));
		if (!p->rx_free || !p->tx_free)
			die("no memory");
	}
	n->ctrl_buf = vm_alloc(&n->bufs, CTRL_BUF, VM_PAGE);
	n->expect = malloc(frame + 16);
	n->whole = malloc(frame + 16 + HDR);
	if (!n->expect || !n->whole)
		die("no memory");
}

int vm_net_prepare(struct vm_net *n, struct vm_dev *d,
		   const struct vm_net_opts *o)
{
	struct virtio_net_config c;
	int ret;

	memset(n, 0, sizeof(*n));
	n->dev = d;
	n->o = *o;
	ret = vm_get_config(d, 0, &c, offsetof(struct virtio_net_config,
					       speed));
	if (ret)
		return ret;
	memcpy(n->mac, c.mac, 6);
	n->max_pairs = d->offered & BIT64(VIRTIO_NET_F_MQ) ?
		       le16toh(c.max_virtqueue_pairs) : 1;
	if (o->pairs > n->max_pairs)
		return -ENOSPC;
	n->has_ctrl = d->features & BIT64(VIRTIO_NET_F_CTRL_VQ);
	/* Section 5.1.2: behind the last pair that MQ could use. */
	n->ctrl_index = d->features & BIT64(VIRTIO_NET_F_MQ) ?
			2 * n->max_pairs : 2;
	alloc_memory(n);
	rings_init(n);
	return 0;
}

int vm_net_alloc(struct vm_net *n, struct vm_dev *d,
		 const struct vm_net_opts *o)
{
	__u64 want = vm_net_features(o);
	int ret;

	/* For vm_net_free() */
	memset(n, 0, sizeof(*n));
	n->dev = d;
	ret = vm_negotiate(d, want);
	if (ret)
		return ret;
	if (d->features != want) {
		vm_info("features wanted %#llx, offered %#llx",
			(unsigned long long)want, (unsigned long long)d->offered);
		return -EOPNOTSUPP;
	}
	return vm_net_prepare(n, d, o);
}

int vm_net_rings(struct vm_net *n, const __u32 *base)
{
	unsigned int i;
	int ret;

	for (i = 0; i < vm_net_nqs(n); i++) {
		struct vm_vq *v = vm_net_vq(n, i);

		ret = vm_vq_start(n->dev, v, base ? base[i] : vm_vq_base(v));
		if (ret)
			return ret;
	}
	return 0;
}

/*
 * An interface at the other end of the device, if there is one, gets its carrier soon
 * after DRIVER_OK.  What is sent to it earlier is lost, as by a cable.
 */
static void wait_for_carrier(const struct vm_net *n)
{
	__u64 end = vm_now_ms() + CARRIER_MS;
	char path[128], line[8] = "";
	glob_t found = { 0 };
	bool there;

	snprintf(path, sizeof(path), "/sys/bus/mdev/devices/%s/net/*/carrier",
		 n->dev->uuid);
	there = !glob(path, 0, NULL, &found);
	/* It cannot be read while the interface is down. */
	while (there && line[0] != '1' && vm_now_ms() < end &&
	       vm_read_file(found.gl_pathv[0], line, sizeof(line)) >= 0)
		vm_sleep_ms(1);
	globfree(&found);
	/* So that its frames are spread over all pairs; it may be down. */
	snprintf(path, sizeof(path), "/sys/bus/mdev/devices/%s/net/*/queues/tx-%u",
		 n->dev->uuid, n->o.pairs - 1);
	while (there && line[0] == '1' && vm_now_ms() < end &&
	       glob(path, 0, NULL, &found)) {
		globfree(&found);
		vm_sleep_ms(1);
	}
	globfree(&found);
}

int vm_net_live(struct vm_net *n)
{
	struct virtio_net_ctrl_mq mq = {
		.virtqueue_pairs = htole16(n->o.pairs),
	};
	int ret;

	ret = vm_add_status(n->dev, VIRTIO_CONFIG_S_DRIVER_OK);
	if (ret)
		return ret;
	if (n->o.pairs > 1)
		ret = vm_net_ctrl(n, VIRTIO_NET_CTRL_MQ,
				  VIRTIO_NET_CTRL_MQ_VQ_PAIRS_SET, &mq,
				  sizeof(mq));
	if (!ret)
		wait_for_carrier(n);
	return ret;
}

int vm_net_start(struct vm_net *n, struct vm_dev *d,
		 const struct vm_net_opts *o)
{
	int ret = vm_net_alloc(n, d, o);

	if (!ret)
		ret = vm_net_rings(n, NULL);
	if (!ret)
		ret = vm_net_live(n);
	return ret;
}

void vm_net_move(struct vm_net *n)
{
	unsigned int i;

	if (!n->bufs.mapped)
		must(vm_mem_move(&n->bufs));
	must(vm_mem_move(&n->rings));
	for (i = 0; i < vm_net_nqs(n); i++)
		vm_vq_moved(vm_net_vq(n, i), &n->rings);
}

int vm_net_msg(struct vm_net *n, __u8 type, __u64 iova, __u64 size,
	       const void *va)
{
	return vm_msg(n->dev->fd, 0, type, iova, size, va, VHOST_MDEV_ACCESS_RW);
}

void vm_net_forget(struct vm_net *n)
{
	unsigned int i;

	rings_init(n);
	for (i = 0; i < n->o.pairs; i++) {
		struct vm_pair *p = &n->pair[i];

		p->target = 0;
		p->sent = 0;
		p->done = 0;
		p->got = 0;
	}
}

int vm_net_again(struct vm_net *n)
{
	int ret;

	/* Before the rings are emptied under the device */
	ret = vm_set_status(n->dev, 0);
	if (ret)
		return ret;
	vm_net_forget(n);
	ret = vm_negotiate(n->dev, vm_net_features(&n->o));
	if (!ret)
		ret = vm_net_rings(n, NULL);
	if (!ret)
		ret = vm_net_live(n);
	return ret;
}

void vm_net_free(struct vm_net *n)
{
	unsigned int i;

	/* Else the memory would be taken from a device that uses it. */
	if (n->dev->fd >= 0)
		must(vm_set_status(n->dev, 0));
	for (i = 0; i < n->o.pairs; i++) {
		vm_vq_free(&n->pair[i].rx);
		vm_vq_free(&n->pair[i].tx);
		free(n->pair[i].rx_free);
		free(n->pair[i].tx_free);
	}
	if (n->has_ctrl)
		vm_vq_free(&n->ctrl);
	free(n->expect);
	free(n->whole);
	vm_mem_free(&n->rings);
	vm_mem_free(&n->bufs);
	memset(n, 0, sizeof(*n));
}

/* What the device acknowledged: VIRTIO_NET_OK is 0; a negative errno. */
int vm_net_ctrl(struct vm_net *n, __u8 class, __u8 cmd, const void *data,
		size_t len)
{
	struct virtio_net_ctrl_hdr hdr = { .class = class, .cmd = cmd };
	__u64 at = vm_iova(&n->bufs, n->ctrl_buf) + n->ctrl_shift;
	__u8 *ack = n->ctrl_buf + CTRL_BUF - 1;
	struct vm_sg sg[3] = {
		{ at, sizeof(hdr) },
		{ at + sizeof(hdr), len },
		{ at + CTRL_BUF - 1, 1 },
	};
	__u32 used;
	int ret;

	if (!n->has_ctrl)
		return -ENODEV;
	if (len > CTRL_BUF - sizeof(hdr) - 1)
		return -EMSGSIZE;
	memcpy(n->ctrl_buf, &hdr, sizeof(hdr));
	if (len)
		memcpy(n->ctrl_buf + sizeof(hdr), data, len);
	else
		sg[1] = sg[2];
	*ack = 0xff;
	ret = vm_vq_add(&n->ctrl, sg, len ? 2 : 1, 1, 0);
	if (ret)
		return ret;
	vm_vq_irq(&n->ctrl, true);
	vm_vq_kick(&n->ctrl);
	while (!vm_vq_has_used(&n->ctrl))
		if (!vm_eventfd_wait(n->ctrl.call, 10000) &&
		    !vm_vq_has_used(&n->ctrl))
			return -ETIMEDOUT;
	vm_vq_get(&n->ctrl, &used);
	if (used != 1)
		return -EPROTO;
	return *ack;
}
