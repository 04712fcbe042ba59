// SPDX-License-Identifier: GPL-2.0-only
/*
 * user-net headers: frames with headers that are wrong, to a device whose other end sends
 * back each frame that it takes.  What is refused does not come back and nothing else
 * happens: the good frame right behind it does come.
 */
#include <stdio.h>
#include <string.h>

#include "../report.h"
#include "user_net.h"

#define HDR		sizeof(struct virtio_net_hdr_v1)
#define ETH		14
#define NEEDS_CSUM	VIRTIO_NET_HDR_F_NEEDS_CSUM
#define TCPV4		VIRTIO_NET_HDR_GSO_TCPV4
#define SLOTS		16
#define ROOM		70000

enum kind {
	PLAIN,		/* 60 bytes of no protocol */
	TCP4,		/* IPv4, TCP, 3000 bytes of data */
	TCP6,
	UDP4,
};

enum verdict {
	REFUSED,
	PASSES,
	EITHER,		/* no rule says so: but nothing breaks */
};

struct header_row {
	const char *name;
	enum kind kind;
	__u8 flags, gso_type;
	__u16 hdr_len, gso_size, csum_start, csum_offset;
	enum verdict verdict;
	unsigned int len;	/* of the frame, if it is not what its kind has */
	bool ihl;		/* an IPv4 header of 60 bytes, it says */
};

#define IP4		ETH		/* where each header begins */
#define AT4		(ETH + 20)
#define AT6		(ETH + 40)
#define TCP_AT(at)	.csum_start = (at), .csum_offset = 16

static const struct header_row rows[] = {
	{ "a plain frame", PLAIN, .verdict = PASSES },
	{ "a checksum to fill in", TCP4, NEEDS_CSUM, TCP_AT(AT4),
	  .verdict = PASSES, .len = AT4 + 120 },
	{ "a TCP frame to segment", TCP4, NEEDS_CSUM, TCPV4, .hdr_len = AT4 + 20,
	  .gso_size = 1448, TCP_AT(AT4), .verdict = PASSES },
	{ "csum_start beyond the end", PLAIN, NEEDS_CSUM, .csum_start = 60000 },
	{ "csum_start at the end", PLAIN, NEEDS_CSUM, .csum_start = 60 },
	{ "a checksum whose second byte is beyond the end", PLAIN, NEEDS_CSUM,
	  .csum_start = 40, .csum_offset = 19 },
	{ "csum_start and csum_offset whose sum wraps", PLAIN, NEEDS_CSUM,
	  .csum_start = 0xfff0, .csum_offset = 0x20 },
	{ "csum_offset beyond the end", PLAIN, NEEDS_CSUM, .csum_start = 34,
	  .csum_offset = 0xffff },
	{ "a checksum at the very end", PLAIN, NEEDS_CSUM, .csum_start = 40,
	  .csum_offset = 18, .verdict = EITHER },
	{ "a checksum of the Ethernet header", PLAIN, NEEDS_CSUM, .csum_start = 0,
	  .csum_offset = 2, .verdict = EITHER },
	{ "GSO without a checksum to fill in", TCP4, 0, TCPV4,
	  .hdr_len = AT4 + 20, .gso_size = 1448, .verdict = EITHER },
	{ "GSO in segments of no bytes", TCP4, NEEDS_CSUM, TCPV4,
	  .hdr_len = AT4 + 20, .gso_size = 0, TCP_AT(AT4) },
	{ "GSO in segments of one byte", TCP4, NEEDS_CSUM, TCPV4,
	  .hdr_len = AT4 + 20, .gso_size = 1, TCP_AT(AT4), .verdict = EITHER },
	{ "GSO of TCP over IPv6, not negotiated", TCP6, NEEDS_CSUM,
	  VIRTIO_NET_HDR_GSO_TCPV6, .hdr_len = AT6 + 20, .gso_size = 1448,
	  TCP_AT(AT6) },
	{ "GSO of UDP, not negotiated", UDP4, NEEDS_CSUM, VIRTIO_NET_HDR_GSO_UDP,
	  .hdr_len = AT4 + 8, .gso_size = 1448, .csum_start = AT4,
	  .csum_offset = 6 },
	{ "GSO of UDP datagrams, not negotiated", UDP4, NEEDS_CSUM, 5,
	  .hdr_len = AT4 + 8, .gso_size = 1448, .csum_start = AT4,
	  .csum_offset = 6 },
	{ "GSO with ECN, not negotiated", TCP4, NEEDS_CSUM,
	  TCPV4 | VIRTIO_NET_HDR_GSO_ECN, .hdr_len = AT4 + 20, .gso_size = 1448,
	  TCP_AT(AT4) },
	{ "ECN of no GSO", TCP4, NEEDS_CSUM, VIRTIO_NET_HDR_GSO_ECN,
	  .hdr_len = AT4 + 20, .gso_size = 1448, TCP_AT(AT4) },
	{ "GSO of an unknown type", TCP4, NEEDS_CSUM, 0x7f, .hdr_len = AT4 + 20,
	  .gso_size = 1448, TCP_AT(AT4) },
	{ "GSO of TCP over IPv4 in a frame of IPv6", TCP6, NEEDS_CSUM, TCPV4,
	  .hdr_len = AT6 + 20, .gso_size = 1448, TCP_AT(AT6) },
	{ "GSO of TCP in a frame of UDP", UDP4, NEEDS_CSUM, TCPV4,
	  .hdr_len = AT4 + 20, .gso_size = 1448, TCP_AT(AT4), .verdict = EITHER },
	{ "GSO in a frame of no protocol", PLAIN, NEEDS_CSUM, TCPV4,
	  .hdr_len = 54, .gso_size = 8, TCP_AT(34), .verdict = EITHER },
	{ "GSO of a frame that ends within its TCP header", TCP4, NEEDS_CSUM, TCPV4,
	  .hdr_len = AT4 + 20, .gso_size = 1448, TCP_AT(AT4), .len = AT4 + 19 },
	{ "GSO of a frame whose IP header says that it is longer", TCP4, NEEDS_CSUM,
	  TCPV4, .hdr_len = AT4 + 20, .gso_size = 1448, TCP_AT(AT4),
	  .verdict = EITHER, .len = AT4 + 30, .ihl = true },
	{ "GSO whose checksum begins in the data", TCP4, NEEDS_CSUM, TCPV4,
	  .hdr_len = AT4 + 20, .gso_size = 1448, TCP_AT(AT4 + 1000),
	  .verdict = EITHER },
	{ "GSO whose checksum begins in the IP header", TCP4, NEEDS_CSUM, TCPV4,
	  .hdr_len = AT4 + 20, .gso_size = 1448, TCP_AT(IP4 + 1),
	  .verdict = EITHER },
	{ "GSO with a header of no bytes, it says", TCP4, NEEDS_CSUM, TCPV4,
	  .hdr_len = 0, .gso_size = 1448, TCP_AT(AT4), .verdict = EITHER },
	{ "GSO with a header of 65535 bytes, it says", TCP4, NEEDS_CSUM, TCPV4,
	  .hdr_len = 0xffff, .gso_size = 1448, TCP_AT(AT4), .verdict = EITHER },
	{ "a header of 65535 bytes without GSO", PLAIN, .hdr_len = 0xffff,
	  .verdict = EITHER },
	{ "segments of more than the frame", TCP4, NEEDS_CSUM, TCPV4,
	  .hdr_len = AT4 + 20, .gso_size = 0xffff, TCP_AT(AT4),
	  .verdict = EITHER },
	{ "a checksum that the driver says it has looked at", PLAIN,
	  VIRTIO_NET_HDR_F_DATA_VALID, .verdict = PASSES },
	{ "flags that there are not", PLAIN, 0xf8, .verdict = EITHER },
	{ "a frame of no bytes", PLAIN, .len = ~0U },
	{ "a frame of one byte", PLAIN, .len = 1 },
	{ "a frame of 13 bytes", PLAIN, .len = ETH - 1 },
	{ "a frame of an Ethernet header", PLAIN, .len = ETH, .verdict = EITHER },
	{ "a frame of 69000 bytes", PLAIN, .len = 69000 },
	{ "a frame of 69000 bytes to segment", TCP4, NEEDS_CSUM, TCPV4,
	  .hdr_len = AT4 + 20, .gso_size = 1448, TCP_AT(AT4), .len = 69000 },
};

struct echo {
	struct vm_net n;
	unsigned int number;	/* of the good frame that is sent last */
	unsigned int came;	/* other frames since the last row */
};

static unsigned int put_ip4(__u8 *f, __u8 protocol, bool ihl, unsigned int len)
{
	__u8 *ip = f + ETH;

	f[12] = 0x08;
	f[13] = 0x00;
	ip[0] = ihl ? 0x4f : 0x45;
	ip[2] = (len - ETH) >> 8;
	ip[3] = len - ETH;
	ip[8] = 64;
	ip[9] = protocol;
	ip[12] = 10;
	ip[16] = 10;
	return AT4;
}

static unsigned int put_ip6(__u8 *f, unsigned int len)
{
	__u8 *ip = f + ETH;

	f[12] = 0x86;
	f[13] = 0xdd;
	ip[0] = 0x60;
	ip[4] = (len - AT6) >> 8;
	ip[5] = len - AT6;
	ip[6] = 6;
	ip[7] = 64;
	ip[8] = 0xfe;
	ip[24] = 0xfe;
	return AT6;
}

/* Leaves the frame in @f and its header before it; returns the length of both. */
static unsigned int make(const struct vm_net *n, const struct header_row *r,
			 __u8 *f)
{
	struct virtio_net_hdr_v1 h = {
		.flags = r->flags,
		.gso_type = r->gso_type,
		.hdr_len = htole16(r->hdr_len),
		.gso_size = htole16(r->gso_size),
		.csum_start = htole16(r->csum_start),
		.csum_offset = htole16(r->csum_offset),
	};
	unsigned int len = r->kind == PLAIN ? 60 : 3074, at;

	if (r->len)
		len = r->len == ~0U ? 0 : r->len;
	memcpy(f, &h, HDR);
	f += HDR;
	memset(f, 0x55, len + ETH);
	memcpy(f, n->mac, 6);
	memcpy(f + 6, "\x52\x54\x00\x6d\x64\x77", 6);
	memcpy(f + 12, "\x88\xb6", 2);
	if (r->kind != PLAIN) {
		memset(f + ETH, 0, 60);
		if (r->kind == TCP6)
			at = put_ip6(f, len);
		else
			at = put_ip4(f, r->kind == UDP4 ? 17 : 6, r->ihl, len);
		if (r->kind == UDP4)
			f[at + 5] = 255;
		else
			f[at + 12] = 0x50;	/* 20 bytes of TCP header */
	}
	return HDR + len;
}

static void give(struct echo *e, unsigned int slot)
{
	struct vm_pair *p = &e->n.pair[0];
	struct vm_sg sg = {
		vm_iova(&e->n.bufs, p->rxbuf + slot * e->n.rx_size), e->n.rx_size,
	};

	must(vm_vq_add(&p->rx, &sg, 0, 1, slot));
	vm_vq_kick(&p->rx);
}

/* A frame that comes back for sure, and which one it is */
static void send_good(struct echo *e, __u8 *b)
{
	static const struct header_row good = { .kind = PLAIN };
	struct vm_sg sg = { vm_iova(&e->n.bufs, b), make(&e->n, &good, b) };

	e->number++;
	memcpy(b + HDR + ETH, &e->number, sizeof(e->number));
	memcpy(b + HDR + 12, "\x88\xb5", 2);
	must(vm_vq_add(&e->n.pair[0].tx, &sg, 1, 0, 1));
	vm_vq_kick_now(&e->n.pair[0].tx);
}

static bool is_good(struct echo *e, const __u8 *f, __u32 len)
{
	return len == HDR + 60 && !memcmp(f + HDR + 12, "\x88\xb5", 2) &&
	       !memcmp(f + HDR + ETH, &e->number, sizeof(e->number));
}

/* Up to the good frame: whether it came */
static bool collect(struct echo *e)
{
	struct vm_pair *p = &e->n.pair[0];
	unsigned int ms;
	__u32 len;
	int slot;

	for (ms = 0; ms < 10000; ms += 5) {
		while (vm_vq_get(&p->tx, &len) >= 0)
			;
		while ((slot = vm_vq_get(&p->rx, &len)) >= 0) {
			bool good = is_good(e, p->rxbuf + slot * e->n.rx_size, len);

			give(e, slot);
			if (good)
				return true;
			e->came++;
		}
		if (must(vm_get_status(e->n.dev)) & VIRTIO_CONFIG_S_NEEDS_RESET)
			return false;
		vm_sleep_ms(5);
	}
	return false;
}

/* All buffers to the device, and an end that answers */
static void begin(struct echo *e)
{
	struct vm_pair *p = &e->n.pair[0];
	unsigned int slot;

	for (slot = 0; slot < SLOTS; slot++)
		give(e, slot);
	send_good(e, p->txbuf + e->n.tx_size);
	if (!collect(e))
		die("a good frame does not come back");
	e->came = 0;
}

/* What is wrong, or NULL */
static const char *try_row(struct echo *e, const struct header_row *r)
{
	struct vm_pair *p = &e->n.pair[0];
	struct vm_sg sg = { vm_iova(&e->n.bufs, p->txbuf), 0 };

	sg.len = make(&e->n, r, p->txbuf);
	e->came = 0;
	must(vm_vq_add(&p->tx, &sg, 1, 0, 0));
	send_good(e, p->txbuf + ROOM);
	if (!collect(e)) {
		if (!(must(vm_get_status(e->n.dev)) & VIRTIO_CONFIG_S_NEEDS_RESET))
			return "no frame passes after it";
		must(vm_net_again(&e->n));
		begin(e);
		return r->verdict == REFUSED ? NULL : "the device breaks";
	}
	if (r->verdict == REFUSED && e->came)
		return "it comes back";
	if (r->verdict == PASSES && !e->came)
		return "it does not come back";
	return NULL;
}

[[gnu::format(printf, 2, 3)]]
static void say(bool good, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	report(good, NULL, fmt, args);
	va_end(args);
}

int cmd_headers(struct vm_opts *o)
{
	struct vm_container c;
	unsigned int i, failed = 0, refused = 0;
	struct vm_dev d;
	struct echo e = { };

	o->net.gso = true;
	o->net.num = 64;
	must(vm_container_open(&c));
	must(vm_dev_open(&c, &d, o->uuid[0]));
	must(vm_net_start(&e.n, &d, &o->net));
	begin(&e);
	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		const char *wrong = try_row(&e, &rows[i]);

		say(!wrong, "%s: %s", rows[i].name,
		    wrong ? wrong : e.came ? "passes" : "is dropped");
		failed += !!wrong;
		refused += rows[i].verdict == REFUSED;
	}
	vm_info("refused %u", refused);
	vm_net_free(&e.n);
	vm_dev_close(&d);
	vm_container_close(&c);
	return failed ? 1 : 0;
}
