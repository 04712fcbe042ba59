// SPDX-License-Identifier: GPL-2.0-only
/*
 * gsosend - send large frames by an interface, which have to be segmented, then small
 * ones; last read a line from FILE, or write TEXT to it.
 *
 * All of that is on CPU 0 and with the priority of real time, so that no thread of the
 * kernel runs there before it waits or ends.  The frames are TCP, and go to all, so that
 * nobody answers.
 */
#include <arpa/inet.h>
#include <fcntl.h>
#include <linux/if_packet.h>
#include <linux/virtio_net.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <netinet/ip.h>
#include <netinet/tcp.h>
#include <sched.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define MSS	1400
#define LARGE	(10 * MSS)
#define SMALL	100

static struct {
	struct virtio_net_hdr vnet;
	struct ether_header eth;
	struct iphdr ip;
	struct tcphdr tcp;
	char data[LARGE];
} __attribute__((packed)) frame;

static void die(const char *what)
{
	perror(what);
	exit(1);
}

static void make_frame(unsigned int len)
{
	const unsigned int headers = sizeof(frame.eth) + sizeof(frame.ip) +
				     sizeof(frame.tcp);
	const unsigned char *p = (void *)&frame.ip;
	unsigned int sum = 0, i;

	memset(&frame, 0, sizeof(frame));
	frame.vnet.flags = VIRTIO_NET_HDR_F_NEEDS_CSUM;
	frame.vnet.csum_start = sizeof(frame.eth) + sizeof(frame.ip);
	frame.vnet.csum_offset = offsetof(struct tcphdr, check);
	frame.vnet.hdr_len = headers;
	if (len > MSS) {
		frame.vnet.gso_type = VIRTIO_NET_HDR_GSO_TCPV4;
		frame.vnet.gso_size = MSS;
	}
	memset(frame.eth.ether_dhost, 0xff, ETH_ALEN);
	frame.eth.ether_type = htons(ETHERTYPE_IP);
	frame.ip.version = 4;
	frame.ip.ihl = sizeof(frame.ip) / 4;
	frame.ip.tot_len = htons(sizeof(frame.ip) + sizeof(frame.tcp) + len);
	frame.ip.ttl = 1;
	frame.ip.protocol = IPPROTO_TCP;
	for (i = 0; i < sizeof(frame.ip); i += 2)
		sum += p[i] << 8 | p[i + 1];
	sum = (sum & 0xffff) + (sum >> 16);
	frame.ip.check = htons(~(sum + (sum >> 16)));
	frame.tcp.doff = sizeof(frame.tcp) / 4;
	frame.tcp.ack = 1;
}

static void send_frames(int fd, const struct sockaddr_ll *to, unsigned long nr,
			unsigned int len)
{
	size_t size = sizeof(frame) - sizeof(frame.data) + len;

	make_frame(len);
	while (nr--)
		if (sendto(fd, &frame, size, 0, (void *)to, sizeof(*to)) !=
		    (ssize_t)size)
			die("sendto");
}

static void use_file(const char *name, const char *text)
{
	int fd = open(name, text ? O_WRONLY : O_RDONLY);
	char line[64];
	ssize_t n;

	if (fd < 0)
		die(name);
	if (text) {
		if (write(fd, text, strlen(text)) < 0)
			die(name);
		return;
	}
	n = read(fd, line, sizeof(line));
	if (n < 0)
		die(name);
	printf("%.*s", (int)n, line);
}

int main(int argc, char **argv)
{
	struct sched_param param = { .sched_priority = 1 };
	struct sockaddr_ll to = {
		.sll_family = AF_PACKET,
		.sll_protocol = htons(ETH_P_IP),
	};
	cpu_set_t cpus;
	int fd, one = 1;

	if (argc < 4 || argc > 6) {
		fputs("usage: gsosend DEV LARGE SMALL [FILE [TEXT]]\n", stderr);
		return 2;
	}
	to.sll_ifindex = if_nametoindex(argv[1]);
	fd = socket(AF_PACKET, SOCK_RAW, 0);
	if (fd < 0 || setsockopt(fd, SOL_PACKET, PACKET_VNET_HDR, &one, sizeof(one)))
		die("socket");
	CPU_ZERO(&cpus);
	CPU_SET(0, &cpus);
	if (sched_setaffinity(0, sizeof(cpus), &cpus) ||
	    sched_setscheduler(0, SCHED_FIFO, &param))
		die("sched");
	send_frames(fd, &to, strtoul(argv[2], NULL, 0), LARGE);
	send_frames(fd, &to, strtoul(argv[3], NULL, 0), SMALL);
	if (argc > 4)
		use_file(argv[4], argv[5]);
	return 0;
}
