// SPDX-License-Identifier: GPL-2.0-only
/* Frames with known contents: sent, received, and compared byte for byte. */
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "client.h"

#define HDR		sizeof(struct virtio_net_hdr_v1)
#define ETH_HDR		14
#define ETH_TYPE	"\x88\xb5"	/* for local experiments */
#define STALL_MS	30000
#define BURST		64
#define GSO_SIZE	1448
#define GSO_HDR		54	/* Ethernet, IPv4, TCP */
#define CSUM_START	34	/* TCP */
#define CSUM_OFFSET	16

struct stamp {
	__u64 seq;
	__u32 len;
	__u16 pair;
	__u16 run;	/* see struct vm_net */
};

static bool is_gso(const struct vm_net *n, __u64 seq)
{
	return n->o.gso && seq % 4 == 3;
}

static bool is_csum(const struct vm_net *n, __u64 seq)
{
	return is_gso(n, seq) || (n->o.csum && seq % 3 == 1);
}

static size_t frame_len(const struct vm_net *n, __u64 seq)
{
	if (is_gso(n, seq))
		return GSO_HDR + 10000 + seq * 977 % 50000;
	if (!n->o.vary)
		return n->o.size;
	return 60 + seq * 7919 % (n->o.size - 60 + 1);
}

/* As the device has to, where the driver does not take what is not complete */
static void complete_csum(__u8 *f, size_t len)
{
	__u32 sum = 0;
	size_t at;

	for (at = CSUM_START; at < len; at++)
		sum += (at - CSUM_START) & 1 ? f[at] : f[at] << 8;
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	sum = ~sum & 0xffff ?: 0xffff;
	f[CSUM_START + CSUM_OFFSET] = sum >> 8;
	f[CSUM_START + CSUM_OFFSET + 1] = sum;
}

/* Frame number seq of a pair, all of it a function of the two. */
static size_t make_frame(const struct vm_net *n, unsigned int pair, __u64 seq,
			 __u8 *f)
{
	size_t len = frame_len(n, seq), head = ETH_HDR, at;
	struct stamp s = { .seq = seq, .len = len, .pair = pair, .run = n->run };
	__u64 x = seq * 0x9e3779b97f4a7c15ULL + pair;

	memcpy(f, n->mac, 6);
	/* Each pair has a station of its own, so that its frames are a flow. */
	memcpy(f + 6, "\x52\x54\x00\x6d\x64\x76", 6);
	f[11] += pair;
	if (n->tag) {
		f[12] = 0x81;
		f[13] = 0;
		f[14] = n->tag >> 8;
		f[15] = n->tag;
		head += 4;
	}
	memcpy(f + head - 2, ETH_TYPE, 2);
	memcpy(f + head, &s, sizeof(s));
	for (at = head + sizeof(s); at < len; at += 8) {
		size_t k = len - at < 8 ? len - at : 8;
		__u64 w;

		x += 0x9e3779b97f4a7c15ULL;
		w = x ^ (x >> 29);
		if (k == 8)
			memcpy(f + at, &w, 8);
		else
			memcpy(f + at, &w, k);
	}
	return len;
}

static void make_hdr(const struct vm_net *n, __u64 seq,
		     struct virtio_net_hdr_v1 *h)
{
	memset(h, 0, sizeof(*h));
	if (is_csum(n, seq)) {
		h->flags = VIRTIO_NET_HDR_F_NEEDS_CSUM;
		h->csum_start = htole16(CSUM_START);
		h->csum_offset = htole16(CSUM_OFFSET);
	}
	if (is_gso(n, seq)) {
		h->gso_type = VIRTIO_NET_HDR_GSO_TCPV4;
		h->gso_size = htole16(GSO_SIZE);
		h->hdr_len = htole16(GSO_HDR);
	}
}

/* The header and frame may be cut anywhere (section 2.7.4). */
static unsigned int cut_tx(__u64 iova, size_t total, __u64 seq,
			   struct vm_sg *sg)
{
	size_t at[4];
	unsigned int i, n;

	switch (seq % 4) {
	case 0:
		n = 1;
		break;
	case 1:
		at[0] = HDR;
		n = 2;
		break;
	case 2:
		at[0] = HDR;
		at[1] = HDR + ETH_HDR;
		n = 3;
		break;
	default:
		at[0] = 5;
		at[1] = HDR + 31;
		at[2] = HDR + 32;
		n = 4;
	}
	at[n - 1] = total;
	for (i = 0; i < n; i++) {
		sg[i].iova = iova + (i ? at[i - 1] : 0);
		sg[i].len = at[i] - (i ? at[i - 1] : 0);
	}
	return n;
}

/* Another thread may move the buffers under us. */
static __u64 buf_iova(const struct vm_net *n, const __u8 *b, bool tx)
{
	return vm_iova(&n->bufs, b) +
	       __atomic_load_n(&n->shift[tx], __ATOMIC_RELAXED);
}

static bool send_some(struct vm_net *n, unsigned int i)
{
	struct vm_pair *p = &n->pair[i];
	unsigned int k;

	for (k = 0; k < BURST && p->sent < p->target && p->tx_nfree; k++) {
		unsigned int slot = p->tx_free[p->tx_nfree - 1], segs;
		__u8 *b = p->txbuf + slot * n->tx_size;
		struct vm_sg sg[4];
		size_t len;

		if (p->tx.num_free < 4)
			break;
		len = make_frame(n, i, p->sent, b + HDR);
		make_hdr(n, p->sent, (struct virtio_net_hdr_v1 *)b);
		segs = cut_tx(buf_iova(n, b, true), HDR + len, p->sent, sg);
		if (vm_vq_add(&p->tx, sg, segs, 0, slot))
			break;
		p->tx_nfree--;
		p->sent++;
	}
	if (k)
		vm_vq_kick(&p->tx);
	return k;
}

static bool refill(struct vm_net *n, struct vm_pair *p)
{
	bool any = false;

	if (p->hold_rx)
		return false;
	/* As drivers do: not for each single one. */
	if (p->rx_nfree < p->rx_slots / 4 + 1)
		return false;
	while (p->rx_nfree) {
		unsigned int slot = p->rx_free[p->rx_nfree - 1];
		__u64 at = buf_iova(n, p->rxbuf + slot * n->rx_size, false);
		struct vm_sg sg[2] = {
			{ at, HDR },
			{ at + HDR, n->rx_size - HDR },
		};
		struct vm_sg one = { at, n->rx_size };
		int ret;

		/* What came before must not pass for what comes now. */
		memset(p->rxbuf + slot * n->rx_size, 0xee, HDR + 64);
		if (n->o.mrg)
			ret = vm_vq_add(&p->rx, &one, 0, 1, slot);
		else
			ret = vm_vq_add(&p->rx, sg, 0, 2, slot);
		if (ret)
			break;
		p->rx_nfree--;
		any = true;
	}
	if (any)
		vm_vq_kick(&p->rx);
	return any;
}

/* Whether the device has to have completed the checksum of a frame with this header */
static bool is_complete(const struct vm_net *n, const struct virtio_net_hdr_v1 *h)
{
	switch (n->guest_csum) {
	case VM_CSUM_DRIVER:
		return false;
	case VM_CSUM_DEVICE:
		return true;
	default:
		return !(h->flags & VIRTIO_NET_HDR_F_NEEDS_CSUM);
	}
}

static void check_hdr(struct vm_net *n, const struct virtio_net_hdr_v1 *h,
		      unsigned int pair, __u64 seq, unsigned int nbufs)
{
	struct virtio_net_hdr_v1 want;

	make_hdr(n, seq, &want);
	if (is_complete(n, h))
		want.flags = 0;
	n->nr_partial += !!want.flags;
	if (le16toh(h->num_buffers) != nbufs && !n->o.no_count)
		die("pair %u, frame %llu: num_buffers %u, expected %u", pair,
		    (unsigned long long)seq, le16toh(h->num_buffers), nbufs);
	if (h->gso_type != want.gso_type ||
	    (want.gso_type && h->gso_size != want.gso_size))
		die("pair %u, frame %llu: gso type %u size %u", pair,
		    (unsigned long long)seq, h->gso_type, le16toh(h->gso_size));
	if ((h->flags & VIRTIO_NET_HDR_F_NEEDS_CSUM) != want.flags ||
	    (want.flags && (h->csum_start != want.csum_start ||
			    h->csum_offset != want.csum_offset)))
		die("pair %u, frame %llu: flags %#x csum %u+%u", pair,
		    (unsigned long long)seq, h->flags, le16toh(h->csum_start),
		    le16toh(h->csum_offset));
}

static void check_frame(struct vm_net *n, unsigned int i,
			const struct virtio_net_hdr_v1 *h, const __u8 *f,
			size_t len)
{
	struct vm_pair *p = &n->pair[i];
	size_t want = make_frame(n, i, p->got, n->expect), at;
	struct stamp s;

	if (is_complete(n, h) && is_csum(n, p->got))
		complete_csum(n->expect, want);
	if (len == want && !memcmp(f, n->expect, len))
		return;
	memset(&s, 0, sizeof(s));
	if (len >= ETH_HDR + sizeof(s))
		memcpy(&s, f + ETH_HDR, sizeof(s));
	for (at = 0; at < len && at < want && f[at] == n->expect[at]; at++)
		;
	vm_info("got %zu bytes, stamped frame %llu of pair %u, %u bytes", len,
		(unsigned long long)s.seq, s.pair, s.len);
	die("pair %u: not frame %llu of %zu bytes: first difference at %zu", i,
	    (unsigned long long)p->got, want, at);
}

/* With VM_FOREIGN=skip the network may have frames that are not of this run. */
static bool is_foreign(const struct vm_net *n, const __u8 *f, size_t len)
{
	const char *v = getenv("VM_FOREIGN");
	size_t head = ETH_HDR + (n->tag ? 4 : 0);
	struct stamp s;

	if (!v || strcmp(v, "skip"))
		return false;
	if (len < head + sizeof(s) || memcmp(f + head - 2, ETH_TYPE, 2))
		return true;
	memcpy(&s, f + head, sizeof(s));
	return s.run != n->run;
}

/* Buffers of the driver's that hold a frame which it does not want */
static void skip_frame(struct vm_pair *p, unsigned int slot, unsigned int nbufs)
{
	__u32 len;
	int next;

	p->rx_free[p->rx_nfree++] = slot;
	while (--nbufs) {
		next = vm_vq_get(&p->rx, &len);
		if (next < 0)
			die("%u buffers of a frame are not there", nbufs);
		p->rx_free[p->rx_nfree++] = next;
	}
}

static void take_frame(struct vm_net *n, unsigned int i, unsigned int slot,
		       __u32 len)
{
	struct vm_pair *p = &n->pair[i];
	__u8 *b = p->rxbuf + slot * n->rx_size;
	struct virtio_net_hdr_v1 h;
	unsigned int nbufs, k;
	size_t at;

	if (len < HDR || len > n->rx_size)
		die("pair %u: %u bytes in a receive buffer of %zu", i, len,
		    n->rx_size);
	memcpy(&h, b, HDR);
	nbufs = n->o.mrg ? le16toh(h.num_buffers) : 1;
	if (nbufs && is_foreign(n, b + HDR, len - HDR)) {
		skip_frame(p, slot, nbufs);
		return;
	}
	check_hdr(n, &h, i, p->got, nbufs);
	if (!nbufs || nbufs > p->rx_slots)
		die("pair %u: a frame in %u buffers", i, nbufs);
	p->rx_free[p->rx_nfree++] = slot;
	if (nbufs == 1) {
		check_frame(n, i, &h, b + HDR, len - HDR);
	} else {
		at = len - HDR;
		memcpy(n->whole, b + HDR, at);
		for (k = 1; k < nbufs; k++) {
			int next = vm_vq_get(&p->rx, &len);

			if (next < 0)
				die("pair %u: %u buffers of %u at once", i, k,
				    nbufs);
			b = p->rxbuf + next * n->rx_size;
			if (len > n->rx_size || at + len > n->tx_size)
				die("pair %u: a frame too long", i);
			memcpy(n->whole + at, b, len);
			at += len;
			p->rx_free[p->rx_nfree++] = next;
		}
		check_frame(n, i, &h, n->whole, at);
		len = at + HDR;
	}
	p->bytes += len - HDR;
	p->got++;
}

bool vm_net_pump(struct vm_net *n)
{
	bool any = false;
	unsigned int i;

	for (i = 0; i < n->o.pairs; i++) {
		struct vm_pair *p = &n->pair[i];
		__u32 len;
		int slot;

		if (p->off)
			continue;
		any |= refill(n, p);
		any |= send_some(n, i);
		while ((slot = vm_vq_get(&p->tx, &len)) >= 0) {
			if (len)
				die("queue %u: %u bytes written to a transmit chain",
				    p->tx.index, len);
			p->tx_free[p->tx_nfree++] = slot;
			p->done++;
			any = true;
		}
		while ((slot = vm_vq_get(&p->rx, &len)) >= 0) {
			take_frame(n, i, slot, len);
			any = true;
		}
	}
	return any;
}

static bool news(struct vm_net *n)
{
	unsigned int i;

	for (i = 0; i < n->o.pairs; i++)
		if (!n->pair[i].off &&
		    (vm_vq_has_used(&n->pair[i].rx) ||
		     vm_vq_has_used(&n->pair[i].tx)))
			return true;
	return false;
}

bool vm_net_wait(struct vm_net *n, int ms)
{
	struct pollfd p[4 * VM_MAX_PAIRS];
	unsigned int i, nr = 2 * n->o.pairs;
	__u64 c;

	for (i = 0; i < nr; i++) {
		/* poll() passes over a negative one */
		p[i].fd = n->pair[i / 2].off ? -1 : vm_net_vq(n, i)->call;
		p[i].events = POLLIN;
		/* What broke does not call any more. */
		p[nr + i].fd = n->pair[i / 2].off ? -1 : vm_net_vq(n, i)->err;
		p[nr + i].events = POLLIN;
		if (p[i].fd >= 0)
			vm_vq_irq(vm_net_vq(n, i), true);
	}
	/* It may have come between the last look and asking for interrupts. */
	if (!news(n) && !poll(p, 2 * nr, ms) && news(n) &&
	    !poll(p, 2 * nr, 5000))
		die("the device used buffers and never signalled it");
	for (i = 0; i < nr; i++) {
		if (p[i].fd < 0)
			continue;
		if (read(p[i].fd, &c, sizeof(c)) == sizeof(c))
			vm_net_vq(n, i)->calls += c;
		vm_vq_irq(vm_net_vq(n, i), false);
	}
	return news(n);
}

static bool all_done(struct vm_net *n, __u64 target)
{
	unsigned int i;

	for (i = 0; i < n->o.pairs; i++)
		if (!n->pair[i].off &&
		    (n->pair[i].got < target || n->pair[i].done < target))
			return false;
	return true;
}

int vm_net_try(struct vm_net *n, __u64 target, int stall_ms)
{
	__u64 last = vm_now_ms();
	unsigned int i;

	for (i = 0; i < n->o.pairs; i++)
		n->pair[i].target = target;
	while (!all_done(n, target)) {
		if (vm_net_pump(n)) {
			last = vm_now_ms();
			continue;
		}
		if (vm_net_wait(n, stall_ms < 500 ? stall_ms : 500))
			continue;
		for (i = 0; i < 2 * n->o.pairs; i++)
			if (!n->pair[i / 2].off &&
			    vm_eventfd_peek(vm_net_vq(n, i)->err))
				return -EIO;
		if (vm_now_ms() - last > (__u64)stall_ms)
			return -ETIMEDOUT;
	}
	return 0;
}

void vm_net_run(struct vm_net *n, __u64 target)
{
	int ret = vm_net_try(n, target, STALL_MS);
	unsigned int i;

	if (!ret)
		return;
	for (i = 0; i < n->o.pairs; i++) {
		struct vm_pair *p = &n->pair[i];

		vm_info("pair %u: sent %llu, used %llu, received %llu of %llu",
			i, (unsigned long long)p->sent,
			(unsigned long long)p->done,
			(unsigned long long)p->got,
			(unsigned long long)target);
		vm_info("rx avail %#x used %#x, tx avail %#x used %#x",
			p->rx.avail_idx, vm_vq_base(&p->rx),
			p->tx.avail_idx, vm_vq_base(&p->tx));
	}
	die("traffic: %s; device status %#x", vm_err(ret),
	    vm_get_status(n->dev));
}
