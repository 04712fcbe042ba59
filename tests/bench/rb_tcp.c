// SPDX-License-Identifier: GPL-2.0-only
/*
 * ringbench: a TCP stream between the rings and a socket of the host.
 *
 * The host's end is the kernel's TCP.  Ours is as little of TCP as a link without
 * loss needs: frames of 64 KiB with the offloads TSO4 and CSUM, one acknowledgment
 * for all frames that are found at once, nothing is ever sent again.  So what is
 * measured is the host's stack, the device, and nearly nothing else.
 *
 * The host's interface has the address 10.9.0.1/24, and knows where 10.9.0.2 is.
 */
#include <arpa/inet.h>
#include <linux/if_ether.h>
#include <linux/ip.h>
#include <linux/tcp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "profile.h"
#include "ring.h"
#include "ringbench.h"

#define HOST_IP		0x0a090001
#define RING_IP		0x0a090002
#define PORT		5001
#define MSS		1460
#define SEGMENTS	44
#define PAYLOAD		(MSS * SEGMENTS)
/* our window is 16 MiB */
#define SHIFT		8
#define WINDOW		65535

#define RX_SIZE		4096
#define TX_BUFS		32
#define TX_SIZE		(17 * 4096)
#define CHUNK		(256 << 10)

struct frame {
	struct virtio_net_hdr_v1 vnet;
	struct ethhdr eth;
	struct iphdr ip;
	struct tcphdr tcp;
	uint8_t options[8];
} __attribute__((packed));

#define HEADERS		(ETH_HLEN + sizeof(struct iphdr) + sizeof(struct tcphdr))

static struct stream {
	struct rb_dev d;
	struct rb_vq *rx, *tx;
	uint8_t host_mac[ETH_ALEN];
	uint16_t port, host_port;
	uint32_t snd_una, snd_nxt, rcv_nxt;
	uint64_t window;		/* of the host */
	unsigned int shift;
	bool connected, ended;
	uint16_t free_bufs[TX_BUFS];
	unsigned int nr_free;
	uint64_t received, acked, frames;
} s;

static uint8_t *rx_buf(unsigned int i)
{
	return rb_mem + 2 * RB_RING_SIZE + (size_t)i * RX_SIZE;
}

static struct frame *tx_buf(unsigned int i)
{
	return (struct frame *)(rx_buf(opt.num) + (size_t)i * TX_SIZE);
}

static uint32_t add_words(const void *p, size_t len, uint32_t sum)
{
	const uint8_t *b = p;
	size_t i;

	for (i = 0; i < len; i += 2)
		sum += b[i] << 8 | b[i + 1];
	return sum;
}

static uint16_t fold(uint32_t sum)
{
	sum = (sum & 0xffff) + (sum >> 16);
	return (sum & 0xffff) + (sum >> 16);
}

static void reap(void)
{
	uint32_t len;

	while (vq_has_used(s.tx, false))
		s.free_bufs[s.nr_free++] = vq_get(s.tx, false, &len);
}

static struct frame *new_frame(void)
{
	struct frame *f;

	for (reap(); !s.nr_free; reap()) {
		vq_kick(s.tx, false);
		if (!vq_wait(s.tx, false))
			die("the device takes no frames");
	}
	f = tx_buf(s.free_bufs[s.nr_free - 1]);
	memset(f, 0, sizeof(*f));
	f->tcp.doff = sizeof(f->tcp) / 4;
	f->tcp.ack = 1;
	return f;
}

/* Complete the headers of new_frame(), and make it available. */
static void send_frame(struct frame *f, unsigned int len)
{
	unsigned int tcp_len = f->tcp.doff * 4 + len;
	uint16_t id = s.free_bufs[--s.nr_free];
	uint32_t sum;

	f->vnet.flags = VIRTIO_NET_HDR_F_NEEDS_CSUM;
	f->vnet.csum_start = ETH_HLEN + sizeof(f->ip);
	f->vnet.csum_offset = offsetof(struct tcphdr, check);
	if (len > MSS) {
		f->vnet.gso_type = VIRTIO_NET_HDR_GSO_TCPV4;
		f->vnet.gso_size = MSS;
		f->vnet.hdr_len = HEADERS;
	}
	memcpy(f->eth.h_dest, s.host_mac, ETH_ALEN);
	memcpy(f->eth.h_source, opt.mac, ETH_ALEN);
	f->eth.h_proto = htons(ETH_P_IP);
	f->ip.version = 4;
	f->ip.ihl = sizeof(f->ip) / 4;
	f->ip.tot_len = htons(sizeof(f->ip) + tcp_len);
	f->ip.ttl = 64;
	f->ip.protocol = IPPROTO_TCP;
	f->ip.saddr = htonl(RING_IP);
	f->ip.daddr = htonl(HOST_IP);
	f->ip.check = htons(~fold(add_words(&f->ip, sizeof(f->ip), 0)));
	f->tcp.source = s.port;
	f->tcp.dest = s.host_port;
	f->tcp.seq = htonl(s.snd_nxt);
	f->tcp.ack_seq = htonl(s.rcv_nxt);
	f->tcp.window = htons(WINDOW);
	/* of the pseudo header; the rest is the host's */
	sum = add_words(&f->ip.saddr, 8, IPPROTO_TCP + tcp_len);
	f->tcp.check = htons(fold(sum));
	s.snd_nxt += len + f->tcp.syn + f->tcp.fin;
	s.tx->split.desc[id].len = sizeof(f->vnet) + ETH_HLEN +
				   sizeof(f->ip) + tcp_len;
	vq_add(s.tx, false, id);
}

static void send_flags(bool syn, bool ack, bool fin)
{
	static const uint8_t options[8] = { 2, 4, MSS >> 8, MSS & 0xff,
					    1, 3, 3, SHIFT };
	struct frame *f = new_frame();

	f->tcp.syn = syn;
	f->tcp.ack = ack;
	f->tcp.fin = fin;
	if (syn) {
		memcpy(f->options, options, sizeof(options));
		f->tcp.doff += sizeof(options) / 4;
	}
	send_frame(f, 0);
}

/* What the host's SYN says of its window's scale */
static unsigned int get_shift(const struct frame *f)
{
	const uint8_t *p = (void *)(f + 1), *end;

	p -= sizeof(f->options);
	end = p - sizeof(f->tcp) + f->tcp.doff * 4;
	for (; p < end && *p; p += *p == 1 ? 1 : p[1]) {
		if (*p == 3)
			return p[2];
		if (*p != 1 && (p + 1 >= end || p[1] < 2))
			break;
	}
	return 0;
}

static void handle(const struct frame *f)
{
	const struct tcphdr tcp = f->tcp;
	unsigned int len;

	if (f->eth.h_proto != htons(ETH_P_IP) ||
	    f->ip.protocol != IPPROTO_TCP)
		return;
	if (tcp.rst)
		die("the host resets the connection");
	if (tcp.syn) {
		s.rcv_nxt = ntohl(tcp.seq) + 1;
		s.host_port = tcp.source;
		s.shift = get_shift(f);
		s.connected = true;
	}
	s.window = (uint64_t)ntohs(tcp.window) << (tcp.syn ? 0 : s.shift);
	if (tcp.ack) {
		s.acked += (uint32_t)(ntohl(tcp.ack_seq) - s.snd_una);
		s.snd_una = ntohl(tcp.ack_seq);
	}
	len = ntohs(f->ip.tot_len) - sizeof(f->ip) - tcp.doff * 4;
	if (len && ntohl(tcp.seq) != s.rcv_nxt)
		die("byte %u came, not %u", ntohl(tcp.seq), s.rcv_nxt);
	s.frames += len > 0;
	s.received += len;
	s.rcv_nxt += len + tcp.fin;
	s.ended |= tcp.fin;
}

/* Handle all frames that have come.  Returns whether there was one. */
static bool receive(void)
{
	unsigned int n, left, had = 0;
	uint16_t id;
	uint32_t len;

	for (; vq_has_used(s.rx, false); had++) {
		id = vq_get(s.rx, false, &len);
		if (id >= opt.num)
			die("buffer %u of %u came back", id, opt.num);
		n = ((struct frame *)rx_buf(id))->vnet.num_buffers;
		handle((void *)rx_buf(id));
		vq_add(s.rx, false, id);
		for (left = n; left > 1; left--) {
			if (!vq_has_used(s.rx, false) &&
			    !vq_wait(s.rx, false))
				die("a frame has %u buffers less than it says",
				    left - 1);
			vq_add(s.rx, false, vq_get(s.rx, false, &len));
		}
	}
	if (had)
		vq_kick(s.rx, false);
	return had;
}

static void flush(void)
{
	if (s.tx->published != s.tx->avail_idx)
		vq_kick(s.tx, false);
}

/* Wait for something from the host. */
static void await(void)
{
	reap();
	if (!receive() && !vq_wait(s.rx, false))
		die("the host is silent: %llu bytes acknowledged, of %u no word",
		    (unsigned long long)s.acked, s.snd_nxt - s.snd_una);
}

static void begin(void)
{
	unsigned int i;

	opt.offloads = true;
	rb_run(&s.d);
	s.rx = &s.d.vq[RB_RX];
	s.tx = &s.d.vq[RB_TX];
	if (s.tx->packed ||
	    !(s.d.features & BIT64(VIRTIO_NET_F_MRG_RXBUF)))
		die("TCP needs split rings and mergeable buffers");
	rb_host_mac(s.host_mac);
	vq_interrupts(s.rx, false, false);
	vq_interrupts(s.tx, false, false);
	for (i = 0; i < TX_BUFS; i++) {
		s.free_bufs[s.nr_free++] = i;
		s.tx->split.desc[i].addr = rb_iova(tx_buf(i));
	}
	for (i = 0; i < opt.num; i++) {
		s.rx->split.desc[i].addr = rb_iova(rx_buf(i));
		s.rx->split.desc[i].len = RX_SIZE;
		vq_add(s.rx, false, i);
	}
	vq_kick(s.rx, false);
}

static void end(uint64_t bytes, uint64_t t, pid_t pid)
{
	int status;

	result(".per_ns", "bytes/ns", (double)bytes / t);
	result(".cost", "ns/64KiB", t * 65536.0 / bytes);
	result(".frame", "bytes", bytes / (double)(s.frames ?: 1));
	result(".kicks", "per-MiB",
	       (s.rx->kicks + s.tx->kicks) * 1048576.0 / bytes);
	result(".calls", "per-MiB",
	       (s.rx->calls + s.tx->calls) * 1048576.0 / bytes);
	if (waitpid(pid, &status, 0) != pid || status)
		printf("ERR|%s|the host's end of TCP failed\n", opt.row);
	if (bytes != opt.count * 1024ULL)
		printf("ERR|%s|%llu bytes arrived\n", opt.row,
		       (unsigned long long)bytes);
	rb_close(&s.d);
}

/* A process with the host's end: @run returns whether all went well. */
static pid_t host_process(bool (*run)(int fd, char *buf), int fd)
{
	pid_t pid = fork();
	char *buf;

	if (pid < 0)
		die("fork");
	if (pid)
		return pid;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	buf = malloc(CHUNK);
	memset(buf, 'x', CHUNK);
	_exit(run(fd, buf) ? 0 : 1);
}

/* --- from the host */

static bool host_sends(int fd, char *buf)
{
	struct sockaddr_in to = {
		.sin_family = AF_INET,
		.sin_port = htons(PORT),
		.sin_addr.s_addr = htonl(RING_IP),
	};
	uint64_t left = opt.count * 1024ULL;
	ssize_t n;

	if (connect(fd, (void *)&to, sizeof(to)))
		return false;
	for (; left; left -= n) {
		n = send(fd, buf, left < CHUNK ? left : CHUNK, 0);
		if (n <= 0)
			return false;
	}
	return !shutdown(fd, SHUT_WR) && !recv(fd, buf, 1, 0);
}

void do_tcpreceive(void)
{
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	uint64_t t;
	pid_t pid;

	begin();
	s.port = htons(PORT);
	pid = host_process(host_sends, fd);
	while (!s.connected)
		await();
	send_flags(true, true, false);
	flush();
	profile(true);
	t = now();
	while (!s.ended) {
		reap();
		if (receive())
			send_flags(false, true, false);
		else if (!vq_wait(s.rx, false))
			die("the host is silent: %llu bytes received",
			    (unsigned long long)s.received);
		flush();
	}
	t = now() - t;
	profile(false);
	send_flags(false, true, true);
	flush();
	end(s.received, t, pid);
}

/* --- to the host */

static bool host_receives(int fd, char *buf)
{
	int conn = accept(fd, NULL, NULL);
	uint64_t got = 0;
	ssize_t n;

	if (conn < 0)
		return false;
	while ((n = recv(conn, buf, CHUNK, 0)) > 0)
		got += n;
	return !n && got == opt.count * 1024ULL;
}

/* How much of the host's window is left */
static unsigned int get_room(void)
{
	uint32_t busy = s.snd_nxt - s.snd_una;

	return s.window > busy ? s.window - busy : 0;
}

static void send_data(uint64_t total)
{
	const uint32_t first = s.snd_nxt;
	uint64_t sent = 0;
	unsigned int len, room;

	s.acked = 0;
	while (s.acked < total) {
		while (sent < total && s.nr_free) {
			len = total - sent < PAYLOAD ? total - sent : PAYLOAD;
			room = get_room();
			/* Less than all of it only if nothing makes more room. */
			if (len > room && s.snd_nxt != s.snd_una)
				break;
			if (len > room)
				len = room - room % MSS;
			if (!len)
				break;
			send_frame(new_frame(), len);
			s.frames++;
			sent += len;
		}
		flush();
		await();
	}
	if (s.snd_nxt - first != (uint32_t)total)
		die("%u bytes sent", s.snd_nxt - first);
}

void do_tcpsend(void)
{
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	struct sockaddr_in at = {
		.sin_family = AF_INET,
		.sin_port = htons(PORT),
		.sin_addr.s_addr = htonl(HOST_IP),
	};
	uint64_t bytes, t;
	int one = 1;
	pid_t pid;

	begin();
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	if (bind(fd, (void *)&at, sizeof(at)) || listen(fd, 1))
		die("listen at the address of %s", opt.host);
	pid = host_process(host_receives, fd);
	/* The host still knows the connection of a run before. */
	s.port = htons(PORT + 1 + getpid() % 10000);
	s.host_port = htons(PORT);
	send_flags(true, false, false);
	flush();
	while (!s.connected)
		await();
	send_flags(false, true, false);
	profile(true);
	t = now();
	send_data(opt.count * 1024ULL);
	t = now() - t;
	profile(false);
	bytes = s.acked;
	send_flags(false, true, true);
	flush();
	while (!s.ended)
		await();
	send_flags(false, true, false);
	flush();
	end(bytes, t, pid);
}
