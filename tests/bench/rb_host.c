// SPDX-License-Identifier: GPL-2.0-only
/*
 * ringbench: frames between the rings and an interface of the host, which is the
 * other end of the device.
 */
#include <arpa/inet.h>
#include <fcntl.h>
#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "profile.h"
#include "ring.h"
#include "ringbench.h"

/* received buffers are given back so many at a time, as drivers do */
#define REFILL		64
/* seconds without a frame after which no more are expected */
#define PATIENCE	20

/* Read /sys/class/net/@name/@what. */
static char *read_attr(const char *name, const char *what)
{
	static char text[64];
	char path[128];
	ssize_t n;
	int fd;

	snprintf(path, sizeof(path), "/sys/class/net/%s/%s", name, what);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	n = fd < 0 ? 0 : read(fd, text, sizeof(text) - 1);
	if (fd >= 0)
		close(fd);
	text[n > 0 ? n : 0] = 0;
	return text;
}

void rb_host_mac(uint8_t mac[6])
{
	if (sscanf(read_attr(opt.host, "address"),
		   "%hhx:%hhx:%hhx:%hhx:%hhx:%hhx", mac, mac + 1, mac + 2,
		   mac + 3, mac + 4, mac + 5) != 6)
		die("address of %s", opt.host);
}

/*
 * An interface has a carrier once its device is started, but its queue is opened
 * some time later, by the kernel's link watch work: until then it drops everything.
 */
void rb_host_wait_up(const char *name)
{
	int i;

	for (i = 0; i < 300 && strncmp(read_attr(name, "operstate"), "up", 2);
	     i++)
		usleep(10000);
	usleep(10000);
}

static uint64_t received_by_host(void)
{
	const char *const what[] = {
		"statistics/rx_packets", "statistics/rx_dropped",
	};
	uint64_t n = 0;
	size_t i;

	/* What an XDP program drops is counted as dropped by some drivers. */
	for (i = 0; i < (opt.xdp ? 2 : 1); i++)
		n += strtoull(read_attr(opt.host, what[i]), NULL, 10);
	return n;
}

/* Have an XDP program drop all, as long as this process runs. */
static void drop_by_xdp(void)
{
	const struct bpf_insn insns[] = {
		{ .code = BPF_ALU64 | BPF_MOV | BPF_K, .imm = XDP_DROP },
		{ .code = BPF_JMP | BPF_EXIT },
	};
	union bpf_attr load = {
		.prog_type = BPF_PROG_TYPE_XDP,
		.insn_cnt = ARRAY_SIZE(insns),
		.insns = (uintptr_t)insns,
		.license = (uintptr_t)"GPL",
	};
	union bpf_attr link = {
		.link_create.target_ifindex = if_nametoindex(opt.host),
		.link_create.attach_type = BPF_XDP,
	};
	int fd = syscall(SYS_bpf, BPF_PROG_LOAD, &load, sizeof(load));

	link.link_create.prog_fd = fd;
	if (fd < 0 ||
	    syscall(SYS_bpf, BPF_LINK_CREATE, &link, sizeof(link)) < 0)
		die("an XDP program on %s", opt.host);
}

pid_t rb_host_echo(void)
{
	struct sockaddr_ll addr = {
		.sll_family = AF_PACKET,
		.sll_protocol = htons(0x88b5),
		.sll_ifindex = if_nametoindex(opt.host),
	};
	int fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, addr.sll_protocol);
	uint8_t frame[RB_BUF_SIZE];
	struct ethhdr *eth = (void *)frame;
	ssize_t n;
	pid_t pid;

	if (fd < 0 || bind(fd, (void *)&addr, sizeof(addr)))
		die("packet socket on %s", opt.host);
	pid = fork();
	if (pid < 0)
		die("fork");
	if (pid) {
		close(fd);
		return pid;
	}
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	for (;;) {
		n = recv(fd, frame, sizeof(frame), 0);
		if (n < ETH_HLEN)
			_exit(1);
		memcpy(eth->h_dest, eth->h_source, ETH_ALEN);
		if (send(fd, frame, n, 0) != n)
			_exit(1);
	}
}

void rb_host_end(pid_t pid)
{
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
}

/* Returns how many frames the device has taken. */
static __always_inline unsigned int send_all(struct rb_vq *tx, bool packed)
{
	const unsigned int count = opt.count, batch = opt.batch, num = opt.num;
	unsigned int sent = 0, done = 0, want, i;
	bool progress;
	uint32_t len;

	while (done < count) {
		progress = false;
		want = count - sent < batch ? count - sent : batch;
		if (want && sent - done + want <= opt.window) {
			for (i = 0; i < want; i++)
				vq_add(tx, packed, tx->avail_idx & (num - 1));
			sent += want;
			vq_kick(tx, packed);
			progress = true;
		}
		while (vq_has_used(tx, packed)) {
			vq_get(tx, packed, &len);
			done++;
			progress = true;
		}
		if (!progress && !vq_wait(tx, packed))
			break;
	}
	return done;
}

void do_send(void)
{
	struct rb_dev d;
	struct rb_vq *rx = &d.vq[RB_RX], *tx = &d.vq[RB_TX];
	uint64_t t, base, got;
	unsigned int done, i;

	rb_run(&d);
	if (opt.xdp)
		drop_by_xdp();
	vq_interrupts(rx, rx->packed, false);
	vq_interrupts(tx, tx->packed, false);
	base = received_by_host();
	profile(true);
	t = now();
	done = tx->packed ? send_all(tx, true) : send_all(tx, false);
	/* What was taken may still be on its way. */
	for (i = 0; i < 10000; i++) {
		got = received_by_host() - base;
		if (got >= done)
			break;
		usleep(100);
	}
	t = now() - t;
	profile(false);
	result(".cost", "ns/pkt", (double)t / (got ?: 1));
	result(".kicks", "per-1000pkt", tx->kicks * 1000.0 / (got ?: 1));
	result(".calls", "per-1000pkt", tx->calls * 1000.0 / (got ?: 1));
	if (got != opt.count)
		printf("ERR|%s|send: %u of %u taken, %llu arrived\n", opt.row,
		       done, opt.count, (unsigned long long)got);
	rb_close(&d);
}

static __always_inline unsigned int receive_all(struct rb_vq *rx, bool packed)
{
	unsigned int got = 0, refill = 0, idle = 0;
	uint32_t len;
	uint16_t id;

	while (got < opt.count && idle < PATIENCE) {
		if (!vq_wait(rx, packed))
			idle++;
		while (vq_has_used(rx, packed)) {
			idle = 0;
			id = vq_get(rx, packed, &len);
			if (id >= opt.num)
				die("buffer %u of %u came back", id, opt.num);
			vq_add(rx, packed, id);
			got++;
			if (++refill >= REFILL) {
				vq_kick(rx, packed);
				refill = 0;
			}
		}
	}
	return got;
}

/* Somebody else sends, and says what it has cost. */
void do_receive(void)
{
	struct rb_dev d;
	struct rb_vq *rx = &d.vq[RB_RX], *tx = &d.vq[RB_TX];
	unsigned int i, got;

	rb_run(&d);
	vq_interrupts(rx, rx->packed, false);
	vq_interrupts(tx, tx->packed, false);
	for (i = 0; i < rx->num; i++)
		vq_add(rx, rx->packed, i);
	vq_kick(rx, rx->packed);
	got = rx->packed ? receive_all(rx, true) : receive_all(rx, false);
	result(".kicks", "per-1000pkt", rx->kicks * 1000.0 / (got ?: 1));
	result(".calls", "per-1000pkt", rx->calls * 1000.0 / (got ?: 1));
	if (got != opt.count)
		printf("ERR|%s|receive: %u of %u arrived\n", opt.row, got,
		       opt.count);
	rb_close(&d);
}
