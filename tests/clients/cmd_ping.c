// SPDX-License-Identifier: GPL-2.0-only
/*
 * user-net ping: a station with an IPv4 address that asks another one behind the
 * device for echoes, and answers who asks for its own address.
 */
#include <arpa/inet.h>
#include <string.h>
#include <net/ethernet.h>
#include <net/if_arp.h>
#include <netinet/if_ether.h>
#include <netinet/ip.h>
#include <netinet/ip_icmp.h>

#include "user_net.h"

#define HDR		sizeof(struct virtio_net_hdr_v1)
#define TRIES		10
#define ANSWER_MS	1000
#define MAX_DATA	1472

struct station {
	struct vm_net n;
	struct vm_pair *p;
	struct in_addr own, peer;
	__u8 peer_mac[ETH_ALEN];
	bool peer_known;
	__u8 data[MAX_DATA];
	unsigned int len;
	__u16 id;
	int last;	/* the last echo that came, -1 for none */
	__u64 skipped;	/* frames that were about something else */
};

struct echo {
	struct ether_header eth;
	struct iphdr ip;
	struct icmphdr icmp;
	__u8 data[MAX_DATA];
} __attribute__((packed));

struct arp {
	struct ether_header eth;
	struct ether_arp arp;
} __attribute__((packed));

static __u16 checksum(const void *buf, size_t len)
{
	const __u8 *b = buf;
	__u32 sum = 0;
	size_t i;

	for (i = 0; i + 1 < len; i += 2)
		sum += b[i] << 8 | b[i + 1];
	if (len & 1)
		sum += b[len - 1] << 8;
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return htons(~sum);
}

/* ---- frames ---- */

static void collect_sent(struct station *s)
{
	__u32 len;
	int slot;

	while ((slot = vm_vq_get(&s->p->tx, &len)) >= 0)
		s->p->tx_free[s->p->tx_nfree++] = slot;
}

static void send_frame(struct station *s, const void *frame, size_t len)
{
	struct vm_pair *p = s->p;
	struct vm_sg sg;
	unsigned int slot;
	__u8 *b;

	collect_sent(s);
	if (!p->tx_nfree)
		die("the device has used none of %u frames", p->tx_slots);
	slot = p->tx_free[--p->tx_nfree];
	b = p->txbuf + slot * s->n.tx_size;
	memset(b, 0, HDR + ETH_ZLEN);
	memcpy(b + HDR, frame, len);
	if (len < ETH_ZLEN)
		len = ETH_ZLEN;
	sg.iova = vm_iova(&s->n.bufs, b);
	sg.len = HDR + len;
	must(vm_vq_add(&p->tx, &sg, 1, 0, slot));
	vm_vq_kick(&p->tx);
}

static void fill(struct station *s)
{
	struct vm_pair *p = s->p;
	struct vm_sg sg = { .len = s->n.rx_size };
	unsigned int slot;

	while (p->rx_nfree) {
		slot = p->rx_free[p->rx_nfree - 1];
		sg.iova = vm_iova(&s->n.bufs, p->rxbuf + slot * s->n.rx_size);
		if (vm_vq_add(&p->rx, &sg, 0, 1, slot))
			break;
		p->rx_nfree--;
	}
	vm_vq_kick(&p->rx);
}

static void send_arp(struct station *s, __u16 op, const __u8 *to_mac,
		     struct in_addr to)
{
	struct arp a = { 0 };

	memset(a.eth.ether_dhost, 0xff, ETH_ALEN);
	if (op == ARPOP_REPLY)
		memcpy(a.eth.ether_dhost, to_mac, ETH_ALEN);
	memcpy(a.eth.ether_shost, s->n.mac, ETH_ALEN);
	a.eth.ether_type = htons(ETHERTYPE_ARP);
	a.arp.arp_hrd = htons(ARPHRD_ETHER);
	a.arp.arp_pro = htons(ETHERTYPE_IP);
	a.arp.arp_hln = ETH_ALEN;
	a.arp.arp_pln = sizeof(to);
	a.arp.arp_op = htons(op);
	memcpy(a.arp.arp_sha, s->n.mac, ETH_ALEN);
	memcpy(a.arp.arp_spa, &s->own, sizeof(s->own));
	memcpy(a.arp.arp_tha, to_mac, ETH_ALEN);
	memcpy(a.arp.arp_tpa, &to, sizeof(to));
	send_frame(s, &a, sizeof(a));
}

static void send_echo(struct station *s, __u16 seq)
{
	struct echo e = { 0 };

	memcpy(e.eth.ether_dhost, s->peer_mac, ETH_ALEN);
	memcpy(e.eth.ether_shost, s->n.mac, ETH_ALEN);
	e.eth.ether_type = htons(ETHERTYPE_IP);
	e.ip.version = 4;
	e.ip.ihl = sizeof(e.ip) / 4;
	e.ip.tot_len = htons(sizeof(e.ip) + sizeof(e.icmp) + s->len);
	e.ip.ttl = 64;
	e.ip.protocol = IPPROTO_ICMP;
	e.ip.saddr = s->own.s_addr;
	e.ip.daddr = s->peer.s_addr;
	e.ip.check = checksum(&e.ip, sizeof(e.ip));
	e.icmp.type = ICMP_ECHO;
	e.icmp.un.echo.id = htons(s->id);
	e.icmp.un.echo.sequence = htons(seq);
	memcpy(e.data, s->data, s->len);
	e.icmp.checksum = checksum(&e.icmp, sizeof(e.icmp) + s->len);
	send_frame(s, &e, offsetof(struct echo, data) + s->len);
}

static void take_arp(struct station *s, const struct arp *a, size_t len)
{
	struct in_addr to;

	if (len < sizeof(*a) || memcmp(a->arp.arp_tpa, &s->own, sizeof(s->own)))
		return;
	memcpy(&to, a->arp.arp_spa, sizeof(to));
	if (ntohs(a->arp.arp_op) == ARPOP_REQUEST) {
		send_arp(s, ARPOP_REPLY, a->arp.arp_sha, to);
	} else if (to.s_addr == s->peer.s_addr) {
		memcpy(s->peer_mac, a->arp.arp_sha, ETH_ALEN);
		s->peer_known = true;
	}
}

/* Every byte of an echo is what was sent. */
static void take_echo(struct station *s, const struct echo *e, size_t len)
{
	size_t want = offsetof(struct echo, data) + s->len;

	if (len < offsetof(struct echo, data) ||
	    e->ip.protocol != IPPROTO_ICMP || e->icmp.type != ICMP_ECHOREPLY ||
	    ntohs(e->icmp.un.echo.id) != s->id) {
		s->skipped++;
		return;
	}
	if (e->ip.saddr != s->peer.s_addr || e->ip.daddr != s->own.s_addr)
		die("an echo from or to another address");
	/* Short frames come padded. */
	if (len < want || (len > want && len > ETH_ZLEN))
		die("an echo of %zu bytes, expected %zu", len, want);
	if (memcmp(e->data, s->data, s->len))
		die("an echo with other data");
	if (checksum(&e->icmp, sizeof(e->icmp) + s->len))
		die("an echo with a wrong checksum");
	s->last = ntohs(e->icmp.un.echo.sequence);
}

static void take_frame(struct station *s, const __u8 *f, size_t len)
{
	const struct ether_header *eth = (const void *)f;

	if (len < sizeof(*eth))
		die("a frame of %zu bytes", len);
	switch (ntohs(eth->ether_type)) {
	case ETHERTYPE_ARP:
		take_arp(s, (const void *)f, len);
		break;
	case ETHERTYPE_IP:
		take_echo(s, (const void *)f, len);
		break;
	default:
		s->skipped++;
	}
}

static void take_frames(struct station *s, int ms)
{
	struct vm_pair *p = s->p;
	__u32 len;
	int slot;

	fill(s);
	vm_net_wait(&s->n, ms);
	collect_sent(s);
	while ((slot = vm_vq_get(&p->rx, &len)) >= 0) {
		p->rx_free[p->rx_nfree++] = slot;
		if (len < HDR || len > s->n.rx_size)
			die("%u bytes in a receive buffer", len);
		take_frame(s, p->rxbuf + slot * s->n.rx_size + HDR, len - HDR);
	}
}

/* ---- the command ---- */

static void find_peer(struct station *s)
{
	static const __u8 nobody[ETH_ALEN];
	__u64 end;
	int i;

	for (i = 0; i < TRIES && !s->peer_known; i++) {
		send_arp(s, ARPOP_REQUEST, nobody, s->peer);
		end = vm_now_ms() + ANSWER_MS;
		while (!s->peer_known && vm_now_ms() < end)
			take_frames(s, 100);
	}
	if (!s->peer_known)
		die("nobody has the address %s", inet_ntoa(s->peer));
	pass("%s is at %02x:%02x:%02x:%02x:%02x:%02x", inet_ntoa(s->peer),
	     s->peer_mac[0], s->peer_mac[1], s->peer_mac[2], s->peer_mac[3],
	     s->peer_mac[4], s->peer_mac[5]);
}

static void echo(struct station *s, __u16 seq)
{
	__u64 end;
	int i;

	for (i = 0; i < (int)s->len; i++)
		s->data[i] = i * 7 + seq;
	for (i = 0; i < TRIES && s->last != seq; i++) {
		send_echo(s, seq);
		end = vm_now_ms() + ANSWER_MS;
		while (s->last != seq && vm_now_ms() < end)
			take_frames(s, 100);
	}
	if (s->last != seq)
		die("no echo %u of %u bytes", seq, s->len);
}

int cmd_ping(struct vm_opts *o)
{
	unsigned int i, count = o->count ? o->count : 10;
	struct station s = { .id = 0x6d76, .last = -1 };
	struct vm_container c;
	struct vm_dev d;

	if (!o->own || !o->peer || !inet_aton(o->own, &s.own) ||
	    !inet_aton(o->peer, &s.peer))
		die("ping wants --own ADDRESS and --peer ADDRESS");
	must(vm_container_open(&c));
	must(vm_dev_open(&c, &d, o->uuid[0]));
	must(vm_net_start(&s.n, &d, &o->net));
	s.p = &s.n.pair[0];
	find_peer(&s);
	for (i = 0; i < count; i++) {
		s.len = i * 61 % (MAX_DATA + 1);
		echo(&s, i);
	}
	pass("%u echoes of 0 to %d bytes, each compared", count, MAX_DATA);
	vm_net_free(&s.n);
	vm_dev_close(&d);
	vm_container_close(&c);
	return 0;
}
