// SPDX-License-Identifier: GPL-2.0-only
/*
 * blkbench - random O_DIRECT reads (or writes) at a fixed queue depth:
 *
 *	blkbench -R ROW -M METRIC -d DEV -q DEPTH -n COUNT [-s BYTES] [-W]
 *
 * A fixed number of requests, the same ones each time, so that it means
 * something when the clock counts instructions.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/aio_abi.h>
#include <linux/fs.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "profile.h"

#define MAX_DEPTH	64

static struct {
	const char *row, *metric, *dev;
	unsigned int depth, count, size;
	bool write;
} opt = {
	.row = "?",
	.metric = "",
	.depth = 1,
	.count = 10000,
	.size = 4096,
};

static int fd;
static uint64_t blocks, start[MAX_DEPTH];
static struct iocb iocbs[MAX_DEPTH];
static aio_context_t ctx;
static uint8_t *mem;

__attribute__((noreturn))
static void give_up(const char *what)
{
	printf("ERR|%s|%s: %s\n", opt.row, what, strerror(errno));
	exit(1);
}

static uint64_t now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000000000ULL + t.tv_nsec;
}

static int by_value(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return x < y ? -1 : x > y;
}

static void submit(unsigned int slot)
{
	/* xorshift */
	static uint64_t seed = 88172645463325252ULL;
	struct iocb *cb = &iocbs[slot];

	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	memset(cb, 0, sizeof(*cb));
	cb->aio_fildes = fd;
	cb->aio_lio_opcode = opt.write ? IOCB_CMD_PWRITE : IOCB_CMD_PREAD;
	cb->aio_buf = (uintptr_t)mem + (size_t)slot * opt.size;
	cb->aio_nbytes = opt.size;
	cb->aio_offset = seed % blocks * opt.size;
	cb->aio_data = slot;
	start[slot] = now();
	if (syscall(SYS_io_submit, ctx, 1, &cb) != 1)
		give_up("io_submit");
}

static void result(const char *what, const char *unit, double value)
{
	printf("RES|%s|%s%s|%s|%.2f\n", opt.row, opt.metric, what, unit, value);
}

static void measure(void)
{
	unsigned int sent = 0, done = 0, bad = 0;
	struct io_event ev[MAX_DEPTH];
	uint64_t t, *lat = calloc(opt.count, sizeof(*lat));
	long got, i;

	if (!lat)
		give_up("memory");
	profile(true);
	t = now();
	while (sent < opt.depth && sent < opt.count)
		submit(sent++);
	while (done < opt.count) {
		got = syscall(SYS_io_getevents, ctx, 1, MAX_DEPTH, ev, NULL);
		if (got <= 0)
			break;
		for (i = 0; i < got; i++) {
			lat[done++] = now() - start[ev[i].data];
			bad += ev[i].res != (int)opt.size;
			if (sent < opt.count) {
				sent++;
				submit(ev[i].data);
			}
		}
	}
	t = now() - t;
	profile(false);
	if (!done)
		give_up("io_getevents");
	qsort(lat, done, sizeof(*lat), by_value);
	result(".rate", "iops", done * 1e9 / t);
	result(".cost", "ns/io", (double)t / done);
	result(".lat.p50", "ns", lat[done / 2]);
	result(".lat.p99", "ns", lat[done * 99ULL / 100]);
	if (bad || done != opt.count)
		printf("ERR|%s|%u failed, %u missing\n", opt.row, bad,
		       opt.count - done);
}

int main(int argc, char **argv)
{
	uint64_t bytes;
	int c;

	while ((c = getopt(argc, argv, "R:M:d:q:n:s:W")) != -1) {
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
		case 'q':
			opt.depth = atoi(optarg);
			break;
		case 'n':
			opt.count = atoi(optarg);
			break;
		case 's':
			opt.size = atoi(optarg);
			break;
		case 'W':
			opt.write = true;
			break;
		default:
			return 2;
		}
	}
	if (!opt.dev || !opt.depth || opt.depth > MAX_DEPTH || !opt.count ||
	    !opt.size)
		return 2;
	fd = open(opt.dev, (opt.write ? O_RDWR : O_RDONLY) | O_DIRECT);
	if (fd < 0 || ioctl(fd, BLKGETSIZE64, &bytes))
		give_up(opt.dev);
	if (syscall(SYS_io_setup, MAX_DEPTH, &ctx) ||
	    posix_memalign((void **)&mem, 4096, (size_t)opt.size * opt.depth))
		give_up("set-up");
	memset(mem, 0, (size_t)opt.size * opt.depth);
	blocks = bytes / opt.size;
	measure();
	return 0;
}
