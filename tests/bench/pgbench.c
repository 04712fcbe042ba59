// SPDX-License-Identifier: GPL-2.0-only
/*
 * pgbench - one run of the kernel's packet generator on one network device, and
 * what it cost:
 *
 *	pgbench -R ROW -M METRIC -d DEV -x RXDEV -m DSTMAC [-s SIZE] [-n COUNT]
 *		[-B BURST] [-D DELAY_NS] [-N STARTS]
 *
 * RXDEV is the device on which the frames come back, DEV itself if it loops, or -
 * if DEV counts as sent what has reached the other end.
 * With a delay the generator sleeps between bursts, so the cost is the time that
 * the machine was busy: with a clock that counts instructions, the instructions
 * per packet without those spent spinning on a full queue.  A device to which the
 * generator does not hand bursts is given COUNT / STARTS frames each time that the
 * generator is started, for the same purpose: what a start costs is in the result.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "profile.h"

struct snapshot {
	double now, idle;
	uint64_t switches, rx;
};

static struct {
	const char *row, *metric, *dev, *rxdev, *mac;
	unsigned int size, count, burst, delay, starts;
} opt = {
	.row = "?",
	.metric = "",
	.mac = "ff:ff:ff:ff:ff:ff",
	.size = 60,
	.count = 10000,
	.burst = 1,
	.starts = 1,
};

static char text[1 << 20];
static int nr_cpus;

static char *slurp(const char *path)
{
	int fd = open(path, O_RDONLY);
	size_t have = 0;
	ssize_t got;

	while (fd >= 0 && have < sizeof(text) - 1) {
		got = read(fd, text + have, sizeof(text) - 1 - have);
		if (got <= 0)
			break;
		have += got;
	}
	text[have] = 0;
	if (fd >= 0)
		close(fd);
	return text;
}

__attribute__((format(printf, 2, 3)))
static int put(const char *path, const char *fmt, ...)
{
	int fd = open(path, O_WRONLY), len, ret;
	char line[256];
	va_list ap;

	va_start(ap, fmt);
	len = vsnprintf(line, sizeof(line) - 1, fmt, ap);
	va_end(ap);
	/* pgctrl drops the last character */
	line[len++] = '\n';
	ret = fd >= 0 && write(fd, line, len) == len ? 0 : -1;
	if (fd >= 0)
		close(fd);
	return ret;
}

static uint64_t rx_packets(void)
{
	char path[128];

	if (strcmp(opt.rxdev, "-"))
		snprintf(path, sizeof(path),
			 "/sys/class/net/%s/statistics/rx_packets", opt.rxdev);
	else
		snprintf(path, sizeof(path),
			 "/sys/class/net/%s/statistics/tx_packets", opt.dev);
	return strtoull(slurp(path), NULL, 10);
}

/*
 * /proc/timer_list is exact about idle time, but of a CPU that is idle in this
 * moment it does not say all.  With one CPU that cannot be; with several take
 * /proc/stat, in steps of 10 ms.
 */
static void take(struct snapshot *s)
{
	unsigned long long usr, nice, sys, idle = 0, iowait = 0;
	struct timespec t;
	char *p;

	s->rx = rx_packets();
	p = strstr(slurp("/proc/stat"), "ctxt ");
	s->switches = p ? strtoull(p + 5, NULL, 10) : 0;
	if (nr_cpus > 1) {
		if (sscanf(text, "cpu %llu %llu %llu %llu %llu", &usr, &nice,
			   &sys, &idle, &iowait) != 5)
			idle = 0;
		s->idle = (idle + iowait) * 1e9 / sysconf(_SC_CLK_TCK);
	} else {
		p = strstr(slurp("/proc/timer_list"), ".idle_sleeptime");
		p = p ? strchr(p, ':') : NULL;
		s->idle = p ? strtod(p + 1, NULL) : 0;
	}
	clock_gettime(CLOCK_MONOTONIC, &t);
	s->now = t.tv_sec * 1e9 + t.tv_nsec;
}

static void result(const char *what, const char *unit, double value)
{
	printf("RES|%s|%s%s|%s|%.2f\n", opt.row, opt.metric, what, unit, value);
}

static int error(const char *what)
{
	printf("ERR|%s|%s %s\n", opt.row, opt.metric, what);
	return 1;
}

static int set_up(const char *thread, const char *cfg)
{
	return put(thread, "add_device %s", opt.dev) ||
	       put(cfg, "count %u", opt.count / opt.starts) ||
	       put(cfg, "pkt_size %u", opt.size) ||
	       put(cfg, "delay %u", opt.delay) ||
	       put(cfg, "dst_mac %s", opt.mac) ||
	       put(cfg, "dst 10.9.9.9") ||
	       put(cfg, "src_min 10.9.9.8") ||
	       put(cfg, "src_max 10.9.9.8") ||
	       put(cfg, "clone_skb 0") ||
	       (opt.burst > 1 && put(cfg, "burst %u", opt.burst));
}

static int measure(const char *cfg)
{
	unsigned long long us = 0, sent = 0, errors;
	struct snapshot zero, from, to;
	unsigned int i;
	uint64_t rx_end;
	double busy;
	char *p;

	profile(true);
	take(&zero);
	/* The difference of these two is what taking one costs. */
	take(&from);
	for (i = 0; i < opt.starts; i++) {
		if (put("/proc/net/pktgen/pgctrl", "start"))
			return error("pktgen does not start");
	}
	take(&to);
	profile(false);
	/* what is still on its way */
	usleep(100000);
	rx_end = rx_packets();

	p = strstr(slurp(cfg), "Result: OK: ");
	if (!p || sscanf(p, "Result: OK: %llu(%*[^)]) usec, %llu",
			 &us, &sent) != 2 || !us || !sent)
		return error("no result from pktgen");
	p = strstr(p, "errors: ");
	errors = p ? strtoull(p + 8, NULL, 10) : 0;

	sent *= opt.starts;
	busy = nr_cpus * (to.now - from.now) - (to.idle - from.idle);
	if (nr_cpus == 1)
		busy -= (from.now - zero.now) - (from.idle - zero.idle);
	if (!opt.delay && opt.starts == 1) {
		result(".tx", "pps", sent * 1e6 / us);
		result(".cost", "ns/pkt", us * 1e3 / sent);
		if (rx_end > from.rx)
			result(".rx", "pps", (to.rx - from.rx) * 1e6 / us);
	}
	result(".busy", "ns/pkt", busy / sent);
	result(".ctxsw", "per-1000pkt",
	       (to.switches - from.switches) * 1000.0 / sent);
	if (rx_end > from.rx)
		result(".lost", "per-1000pkt",
		       ((double)sent - (rx_end - from.rx)) * 1000 / sent);
	if (errors)
		return error("errors of pktgen");
	return 0;
}

int main(int argc, char **argv)
{
	char thread[64], cfg[64];
	int c, ret;

	while ((c = getopt(argc, argv, "R:M:d:x:m:s:n:B:D:N:")) != -1) {
		switch (c) {
		case 'R':
			opt.row = optarg;
			break;
		case 'M':
			opt.metric = optarg;
			break;
		case 'd':
			opt.dev = optarg;
			break;
		case 'x':
			opt.rxdev = optarg;
			break;
		case 'm':
			opt.mac = optarg;
			break;
		case 's':
			opt.size = atoi(optarg);
			break;
		case 'n':
			opt.count = atoi(optarg);
			break;
		case 'B':
			opt.burst = atoi(optarg);
			break;
		case 'D':
			opt.delay = atoi(optarg);
			break;
		case 'N':
			opt.starts = atoi(optarg);
			break;
		default:
			return 2;
		}
	}
	if (!opt.dev || !opt.rxdev || !opt.starts || opt.count < opt.starts)
		return 2;
	nr_cpus = sysconf(_SC_NPROCESSORS_ONLN);

	/* The generator runs on the last CPU. */
	for (c = 0; c < nr_cpus; c++) {
		snprintf(thread, sizeof(thread),
			 "/proc/net/pktgen/kpktgend_%d", c);
		put(thread, "rem_device_all");
	}
	snprintf(cfg, sizeof(cfg), "/proc/net/pktgen/%s", opt.dev);
	if (set_up(thread, cfg))
		return error("pktgen refuses its parameters");
	ret = measure(cfg);
	put(thread, "rem_device_all");
	return ret;
}
