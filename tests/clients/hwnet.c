// SPDX-License-Identifier: GPL-2.0-only
/* A virtio-net driver for a function on QEMU's user network. */
#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "hwnet.h"

#define HDR		sizeof(struct virtio_net_hdr_v1)
#define BUF		2048
#define UNTOUCHED	0xa5
/* Buffers are large enough to need no merging, but QEMU 7.2 counts them only so. */
#define FEATURES	(BIT64(VIRTIO_F_VERSION_1) | \
			 BIT64(VIRTIO_F_ACCESS_PLATFORM) | \
			 BIT64(VIRTIO_NET_F_MAC) | BIT64(VIRTIO_NET_F_STATUS) | \
			 BIT64(VIRTIO_NET_F_MRG_RXBUF))

#define ETH		14
#define ARP		28
#define IP		20
#define ICMP		8
#define PAYLOAD		1400

/* What QEMU makes of the router's address */
static const __u8 router_mac[6] = { 0x52, 0x55, 10, 0, 2, 2 };
static const __u8 router_ip[4] = { 10, 0, 2, 2 };
static const __u8 our_ip[4] = { 10, 0, 2, 15 };

/* ---- set-up ---- */

static __u16 *map_doorbell(struct hw_net *n, const struct vm_vq *v)
{
	void *p = mmap(NULL, VM_PAGE, PROT_WRITE, MAP_SHARED, n->d.fd,
		       v->index * VM_PAGE);

	if (p == MAP_FAILED)
		die("doorbell of queue %u: %s", v->index, vm_err(-errno));
	return p;
}

void hw_open(struct hw_net *n, const struct hw_opts *o)
{
	size_t rings = 2 * vm_vq_bytes(o->num, false), bufs = o->num * BUF;

	memset(n, 0, sizeof(*n));
	n->o = *o;
	must(vm_container_open(&n->c));
	must(vm_dev_open(&n->c, &n->d, o->uuid));
	/* QEMU's devices take a ring at address 0 for none. */
	n->c.next_iova = 1UL << 20;
	n->rings = &n->mem[0];
	n->rxmem = o->pci ? &n->mem[0] : &n->mem[1];
	n->txmem = o->pci ? &n->mem[0] : &n->mem[2];
	if (o->pci) {
		must(vm_mem_new(&n->c, n->rings, rings + 2 * bufs +
				2 * VM_PAGE + HW_SPARE));
	} else {
		must(vm_mem_new(&n->c, n->rings, rings));
		must(vm_mem_new(&n->c, n->rxmem, bufs));
		must(vm_mem_new(&n->c, n->txmem, bufs));
	}
	n->rxbuf = vm_alloc(n->rxmem, bufs, VM_PAGE);
	n->txbuf = vm_alloc(n->txmem, bufs, VM_PAGE);
}

static void give_buffer(struct hw_net *n, unsigned int i)
{
	struct vm_sg sg = { vm_iova(n->rxmem, n->rxbuf + i * BUF), BUF };

	memset(n->rxbuf + i * BUF, UNTOUCHED, BUF);
	must(vm_vq_add(&n->rx, &sg, 0, 1, i));
}

static int start_queue(struct hw_net *n, struct vm_vq *v)
{
	int ret = vm_vq_start(&n->d, v, 0);

	if (ret || !n->o.doorbell)
		return ret;
	if (!v->doorbell)
		v->doorbell = map_doorbell(n, v);
	/* So that nothing but the doorbell can have done it. */
	return vm_vring_fd(&n->d, VHOST_MDEV_SET_VRING_KICK, v->index,
			   VM_NO_FD);
}

int hw_set_up(struct hw_net *n)
{
	int ret = vm_negotiate(&n->d, FEATURES);

	if (ret)
		return ret;
	if (n->d.features != FEATURES) {
		vm_info("features offered: %#llx",
			(unsigned long long)n->d.offered);
		return -EOPNOTSUPP;
	}
	ret = vm_get_config(&n->d, 0, n->mac, sizeof(n->mac));
	if (ret)
		return ret;
	must(vm_vq_init(&n->rx, n->rings, 0, n->o.num, n->d.features));
	must(vm_vq_init(&n->tx, n->rings, 1, n->o.num, n->d.features));
	ret = start_queue(n, &n->rx);
	return ret ? ret : start_queue(n, &n->tx);
}

int hw_live(struct hw_net *n)
{
	unsigned int i;
	int ret;

	ret = vm_add_status(&n->d, VIRTIO_CONFIG_S_DRIVER_OK);
	if (ret)
		return ret;
	for (i = 0; i < n->o.num; i++)
		give_buffer(n, i);
	vm_vq_irq(&n->rx, true);
	vm_vq_irq(&n->tx, false);
	vm_vq_kick(&n->rx);
	return 0;
}

int hw_start(struct hw_net *n)
{
	int ret = hw_set_up(n);

	return ret ? ret : hw_live(n);
}

static void unmap_doorbell(struct vm_vq *v)
{
	if (v->doorbell)
		munmap(v->doorbell, VM_PAGE);
}

void hw_close(struct hw_net *n)
{
	unsigned int i;

	/* A device that is gone cannot be reset, and does no DMA. */
	vm_set_status(&n->d, 0);
	unmap_doorbell(&n->rx);
	unmap_doorbell(&n->tx);
	vm_vq_free(&n->rx);
	vm_vq_free(&n->tx);
	for (i = 0; i < ARRAY_SIZE(n->mem); i++)
		vm_mem_free(&n->mem[i]);
	vm_dev_close(&n->d);
	vm_container_close(&n->c);
}

/* ---- frames ---- */

int hw_send(struct hw_net *n, const void *frame, size_t len)
{
	struct virtio_net_hdr_v1 *h;
	struct vm_sg sg;
	int token, ret;
	__u8 *b;

	while (vm_vq_get(&n->tx, NULL) >= 0)
		;
	token = n->tx.added % n->o.num;
	b = n->txbuf + token * BUF;
	sg.iova = vm_iova(n->txmem, b);
	sg.len = HDR + len;
	h = (void *)b;
	memset(h, 0, HDR);
	memcpy(b + HDR, frame, len);
	ret = vm_vq_add(&n->tx, &sg, 1, 0, token);
	if (!ret)
		vm_vq_kick(&n->tx);
	return ret;
}

static void check_rest(const __u8 *b, size_t from)
{
	size_t i;

	for (i = from; i < BUF; i++)
		if (b[i] != UNTOUCHED)
			die("byte %zu of a buffer was written, of which %zu are used",
			    i, from);
}

void hw_check_untouched(struct hw_net *n)
{
	unsigned int i;

	for (i = 0; i < n->o.num; i++)
		check_rest(n->rxbuf + i * BUF, 0);
}

static bool wait_used(struct hw_net *n, int ms)
{
	__u64 end = vm_now_ms() + ms;

	while (!vm_vq_has_used(&n->rx)) {
		__u64 now = vm_now_ms();

		if (now >= end)
			return false;
		n->rx.calls += vm_eventfd_wait(n->rx.call, end - now);
	}
	return true;
}

size_t hw_receive(struct hw_net *n, void *frame, int ms)
{
	const struct virtio_net_hdr_v1 plain = {
		.num_buffers = htole16(1),
	};
	__u32 len;
	int token;
	__u8 *b;

	if (!wait_used(n, ms))
		return 0;
	token = vm_vq_get(&n->rx, &len);
	b = n->rxbuf + token * BUF;
	if (len <= HDR || len > HDR + HW_FRAME_MAX)
		die("a frame of %u bytes, with its header", len);
	if (memcmp(b, &plain, HDR))
		die("the header of a frame is not as it should be");
	check_rest(b, len);
	memcpy(frame, b + HDR, len - HDR);
	give_buffer(n, token);
	vm_vq_kick(&n->rx);
	return len - HDR;
}

/* ---- ARP ---- */

static void arp_part(__u8 *f, const __u8 *dst, const __u8 *src, __u8 op,
		     const __u8 *from_mac, const __u8 *from_ip,
		     const __u8 *to_mac, const __u8 *to_ip)
{
	static const __u8 type[] = { 8, 6, 0, 1, 8, 0, 6, 4, 0 };

	memcpy(f, dst, 6);
	memcpy(f + 6, src, 6);
	memcpy(f + 12, type, sizeof(type));
	f[21] = op;
	memcpy(f + 22, from_mac, 6);
	memcpy(f + 28, from_ip, 4);
	memcpy(f + 32, to_mac, 6);
	memcpy(f + 38, to_ip, 4);
}

void hw_ask(struct hw_net *n)
{
	static const __u8 all[6] = { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff };
	static const __u8 none[6];
	__u8 ask[60] = {};

	arp_part(ask, all, n->mac, 1, n->mac, our_ip, none, router_ip);
	must(hw_send(n, ask, sizeof(ask)));
}

bool hw_arp(struct hw_net *n, int ms)
{
	__u8 want[HW_FRAME_MAX] = {}, got[HW_FRAME_MAX];
	size_t len;

	arp_part(want, n->mac, router_mac, 2, router_mac, router_ip, n->mac,
		 our_ip);
	hw_ask(n);
	do {
		len = hw_receive(n, got, ms);
		if (!len)
			return false;
		/* Others may ask for us, or be told about us. */
	} while (memcmp(got, n->mac, 6) || memcmp(got + 12, want + 12, 2));
	/* Behind it is nothing but zeroes, up to the least that a frame has. */
	if (len < ETH + ARP || memcmp(got, want, len))
		die("the answer to ARP is not as it should be");
	memcpy(n->router, got + 6, 6);
	return true;
}

/* ---- echoes ---- */

static __u16 checksum(const __u8 *p, size_t len)
{
	__u32 sum = 0;
	size_t i;

	for (i = 0; i < len; i += 2)
		sum += p[i] << 8 | p[i + 1];
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return ~sum;
}

static void put16(__u8 *p, __u16 v)
{
	p[0] = v >> 8;
	p[1] = v;
}

/* ICMP with its payload, a function of the number and the type */
static void make_icmp(__u8 *p, __u8 type, __u16 seq)
{
	unsigned int i;

	memset(p, 0, ICMP);
	p[0] = type;
	put16(p + 4, 0x6d64);
	put16(p + 6, seq);
	for (i = 0; i < PAYLOAD; i++)
		p[ICMP + i] = seq * 31 + i * 7 + (i >> 8);
	put16(p + 2, checksum(p, ICMP + PAYLOAD));
}

static size_t make_echo(struct hw_net *n, __u8 *f, __u16 seq)
{
	__u8 *ip = f + ETH;

	memcpy(f, n->router, 6);
	memcpy(f + 6, n->mac, 6);
	put16(f + 12, 0x0800);
	memset(ip, 0, IP);
	ip[0] = 0x45;
	put16(ip + 2, IP + ICMP + PAYLOAD);
	put16(ip + 4, seq);
	ip[8] = 64;
	ip[9] = 1;
	memcpy(ip + 12, our_ip, 4);
	memcpy(ip + 16, router_ip, 4);
	put16(ip + 10, checksum(ip, IP));
	make_icmp(ip + IP, 8, seq);
	return ETH + IP + ICMP + PAYLOAD;
}

static void check_echo(struct hw_net *n, const __u8 *f, size_t len, __u16 seq)
{
	const __u8 *ip = f + ETH;
	__u8 want[ICMP + PAYLOAD];

	if (len != ETH + IP + ICMP + PAYLOAD)
		die("echo %u: a frame of %zu bytes", seq, len);
	if (memcmp(f + 6, n->router, 6) || ip[0] != 0x45 || ip[9] != 1 ||
	    memcmp(ip + 12, router_ip, 4) || memcmp(ip + 16, our_ip, 4) ||
	    checksum(ip, IP))
		die("echo %u: the headers are not as they should be", seq);
	make_icmp(want, 0, seq);
	if (memcmp(ip + IP, want, sizeof(want)))
		die("echo %u: the payload is not what was sent", seq);
}

/* Not what a former user of the network is sent, by TCP perhaps */
static bool is_icmp(const struct hw_net *n, const __u8 *f, size_t len)
{
	return len >= ETH + IP && !memcmp(f, n->mac, 6) && f[12] == 8 &&
	       !f[13] && f[ETH + 9] == 1;
}

unsigned int hw_echo(struct hw_net *n, unsigned int count, int ms)
{
	unsigned int sent = 0, got = 0;
	__u16 first = n->seq;
	__u8 f[HW_FRAME_MAX];
	size_t len;

	while (got < count) {
		while (sent < count && sent - got < n->o.num / 4) {
			len = make_echo(n, f, first + sent);
			if (hw_send(n, f, len))
				break;
			sent++;
		}
		len = hw_receive(n, f, ms);
		if (!len)
			break;
		if (!is_icmp(n, f, len))
			continue;
		check_echo(n, f, len, first + got);
		got++;
	}
	/* What comes late is not taken for what is sent next. */
	n->seq += sent;
	n->echoes += got;
	return got;
}

void hw_traffic(struct hw_net *n, unsigned int count)
{
	unsigned int got;

	if (!hw_arp(n, 20000))
		die("no answer to ARP");
	got = hw_echo(n, count, 20000);
	if (got != count)
		die("%u echoes of %u", got, count);
}
