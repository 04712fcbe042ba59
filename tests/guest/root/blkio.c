// SPDX-License-Identifier: GPL-2.0-only
/*
 * A block device by libblkio's driver virtio-blk-vhost-vdpa, a line for each
 * check:
 *
 *	blkio NODE data CAPACITY	everything that libblkio can ask of it
 *	blkio NODE poll			polled queues, as large as they can be
 *	blkio NODE memlock		memory that cannot be pinned
 *	blkio NODE hold			open and start it, and wait for a signal
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <sys/mman.h>
#include <sys/resource.h>

#include <blkio.h>

#include "report.h"

#define KIB		1024ull
#define MIB		(1024 * KIB)
#define BLOCK		4096u
#define SECTOR		512u

#define QUEUES		2
#define DEPTH		64u		/* requests in a queue at a time */
#define CHUNK		(16 * KIB)	/* bytes of each */
#define SPAN		(16 * MIB)	/* of the device that has the pattern */
#define RANDOM_READS	4096u
#define MAX_SEGS	64u
#define RING_MAX	1024		/* of mvblk */
#define REGIONS		64u
#define SECONDS		120		/* no request takes longer */

static struct blkio *b;
static struct blkioq *queue[QUEUES];
static int failures;

static void result(bool good, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	report(good, "libblkio", fmt, args);
	va_end(args);
	failures += !good;
}

/* is_0() - a check of something that returns 0 or -errno, of the library itself */
static bool is_0(int ret, const char *what)
{
	result(!ret, "%s", what);
	if (ret < 0)
		printf("%s: %s\n", strerror(-ret), blkio_get_error_msg());
	return !ret;
}

/* must() - the same for what makes the rest pointless */
static void must(int ret, const char *what)
{
	if (ret >= 0)
		return;
	is_0(ret, what);
	exit(1);
}

/* ---- data ---- */

/* What the device has at a place, in words; differs from one to the next */
static uint64_t pattern(uint64_t pos)
{
	uint64_t x = (pos / sizeof(x) + 1) * 0x9e3779b97f4a7c15ull;

	return x ^ (x >> 29);
}

static void fill(void *buf, uint64_t pos, size_t len)
{
	uint64_t *word = buf;
	size_t i;

	for (i = 0; i < len / sizeof(*word); i++)
		word[i] = pattern(pos + i * sizeof(*word));
}

static bool is_pattern(const void *buf, uint64_t pos, size_t len)
{
	const uint64_t *word = buf;
	size_t i;

	for (i = 0; i < len / sizeof(*word); i++)
		if (word[i] != pattern(pos + i * sizeof(*word)))
			return false;
	return true;
}

static bool is_zero(const char *buf, size_t len)
{
	return !buf[0] && !memcmp(buf, buf + 1, len - 1);
}

/* finish() - wait for @n requests; 0, or the first error that one of them had */
static int finish(struct blkioq *q, unsigned int n)
{
	struct timespec limit = { .tv_sec = SECONDS };
	struct blkio_completion done;
	int ret = 0;

	while (n--) {
		must(blkioq_do_io(q, &done, 1, 1, &limit), "a request completes");
		if (!ret)
			ret = done.ret;
	}
	return ret;
}

static int read_one(struct blkioq *q, uint64_t pos, void *buf, size_t len)
{
	memset(buf, 0x5a, len);
	blkioq_read(q, pos, buf, len, NULL, 0);
	return finish(q, 1);
}

/* reads_back() - @len bytes at @pos are still what was written first */
static bool reads_back(struct blkioq *q, uint64_t pos, void *buf, size_t len)
{
	return !read_one(q, pos, buf, len) && is_pattern(buf, pos, len);
}

/* ---- set-up ---- */

/* get() - what libblkio knows of the device, which goes to the log as well */
static void get(const char *name, uint64_t *value)
{
	char *text;

	must(blkio_get_str(b, name, &text), name);
	printf("%s %s\n", name, text);
	*value = strtoull(text, NULL, 10);
	free(text);
}

static void open_path(const char *node)
{
	must(blkio_create("virtio-blk-vhost-vdpa", &b), "the library has the driver");
	must(blkio_set_str(b, "path", node), "the driver takes a path");
	must(blkio_connect(b), "the driver connects");
}

static void *new_region(struct blkio_mem_region *mem, size_t len)
{
	must(blkio_alloc_mem_region(b, mem, len), "memory is allocated");
	must(blkio_map_mem_region(b, mem), "memory is mapped");
	return mem->addr;
}

/* ---- the parts of "data" ---- */

/* Both queues have all their requests under way at once. */
static bool span(char *buf, bool write)
{
	struct blkioq *q;
	uint64_t pos, at;
	unsigned int i, n;
	bool good = true;
	char *p;

	for (pos = 0; pos < SPAN; pos += QUEUES * DEPTH * CHUNK) {
		for (i = 0; i < QUEUES * DEPTH; i++) {
			p = buf + i * CHUNK;
			at = pos + i * CHUNK;
			/* what one queue wrote the other one reads */
			q = queue[(i + !write) % QUEUES];
			if (write) {
				fill(p, at, CHUNK);
				blkioq_write(q, at, p, CHUNK, NULL, 0);
			} else {
				memset(p, 0x5a, CHUNK);
				blkioq_read(q, at, p, CHUNK, NULL, 0);
			}
		}
		for (n = 0; n < QUEUES; n++)
			must(blkioq_do_io(queue[n], NULL, 0, 0, NULL),
			     "requests are submitted");
		for (n = 0; n < QUEUES; n++)
			good &= !finish(queue[n], DEPTH);
		good &= is_pattern(buf, pos, QUEUES * DEPTH * CHUNK);
	}
	return good;
}

/*
 * random_reads() - of a block each, many more at a time than the ring has room
 * for
 */
static bool random_reads(struct blkioq *q, char *buf, unsigned int depth)
{
	struct timespec limit = { .tv_sec = SECONDS };
	uint64_t at[QUEUES * DEPTH * CHUNK / BLOCK];
	struct blkio_completion done;
	unsigned int i, started = 0, ended = 0;
	bool good = true;
	char *p;

	srandom(1);
	for (i = 0; ended < RANDOM_READS; i++) {
		if (i >= depth) {
			must(blkioq_do_io(q, &done, 1, 1, &limit),
			     "a random read completes");
			/* which one it is, the device cannot know */
			p = done.user_data;
			good &= !done.ret &&
				is_pattern(p, at[(p - buf) / BLOCK], BLOCK);
			ended++;
		} else {
			p = buf + i * BLOCK;
		}
		if (started == RANDOM_READS)
			continue;
		at[(p - buf) / BLOCK] = random() % (SPAN / BLOCK) * BLOCK;
		memset(p, 0x5a, BLOCK);
		blkioq_read(q, at[(p - buf) / BLOCK], p, BLOCK, p, 0);
		started++;
	}
	return good;
}

/* One request of as many pieces as the device takes, the last one first */
static bool pieces(struct blkioq *q, char *buf, unsigned int segs)
{
	struct iovec iov[MAX_SEGS] = { };
	bool good;
	unsigned int i;

	memset(buf, 0x5a, 2 * segs * SECTOR);
	for (i = 0; i < segs; i++) {
		/* with room between them, so that nobody joins them */
		iov[i].iov_base = buf + 2 * (segs - 1 - i) * SECTOR;
		iov[i].iov_len = SECTOR;
	}
	blkioq_readv(q, MIB, iov, segs, NULL, 0);
	good = !finish(q, 1);
	for (i = 0; i < segs; i++) {
		good &= is_pattern(iov[i].iov_base, MIB + i * SECTOR, SECTOR);
		good &= ((char *)iov[i].iov_base)[SECTOR] == 0x5a;
	}
	blkioq_writev(q, MIB, iov, segs, NULL, BLKIO_REQ_FUA);
	good &= !finish(q, 1);
	return good && reads_back(q, MIB, buf, segs * SECTOR);
}

/* The ranges begin and end where nothing else does. */
static void holes(struct blkioq *q, char *buf)
{
	const uint64_t pos = 3 * MIB + BLOCK, len = MIB - 3 * BLOCK;

	blkioq_write_zeroes(q, pos, len, NULL, 0);
	result(!finish(q, 1) && !read_one(q, pos, buf, len) && is_zero(buf, len),
	       "zeroes are written");
	blkioq_write_zeroes(q, pos + 4 * MIB, len, NULL, BLKIO_REQ_NO_UNMAP);
	result(!finish(q, 1) && !read_one(q, pos + 4 * MIB, buf, len) &&
	       is_zero(buf, len), "zeroes that take room are written");
	/* what it has there then is not said */
	blkioq_discard(q, pos + 8 * MIB, len, NULL, 0);
	result(!finish(q, 1), "a range is discarded");
	result(reads_back(q, pos - BLOCK, buf, BLOCK) &&
	       reads_back(q, pos + len, buf, BLOCK) &&
	       reads_back(q, pos + 4 * MIB - BLOCK, buf, BLOCK) &&
	       reads_back(q, pos + 4 * MIB + len, buf, BLOCK) &&
	       reads_back(q, pos + 8 * MIB - BLOCK, buf, BLOCK) &&
	       reads_back(q, pos + 8 * MIB + len, buf, BLOCK),
	       "what is beside these ranges stays");
}

static void the_end(struct blkioq *q, char *buf, uint64_t capacity)
{
	result(!read_one(q, capacity - BLOCK, buf, BLOCK), "the last block is read");
	result(read_one(q, capacity, buf, BLOCK) < 0, "no block after the last one is read");
	result(read_one(q, capacity - BLOCK, buf, 2 * BLOCK) < 0,
	       "nothing is read that only begins before the end");
	blkioq_write(q, capacity, buf, BLOCK, NULL, 0);
	result(finish(q, 1) < 0, "no block after the last one is written");
	blkioq_write_zeroes(q, capacity - BLOCK, 2 * BLOCK, NULL, 0);
	result(finish(q, 1) < 0, "no block after the last one is made zero");
	blkioq_discard(q, capacity, BLOCK, NULL, 0);
	result(finish(q, 1) < 0, "no block after the last one is discarded");
	result(reads_back(q, 0, buf, BLOCK), "the queue goes on after refused requests");
}

/* An event tells that a request is done. */
static bool by_event(struct blkioq *q, char *buf)
{
	struct pollfd p = { .fd = blkioq_get_completion_fd(q), .events = POLLIN };
	struct blkio_completion done;
	char event[8];

	blkioq_set_completion_fd_enabled(q, true);
	memset(buf, 0x5a, BLOCK);
	blkioq_read(q, 2 * MIB, buf, BLOCK, NULL, 0);
	must(blkioq_do_io(q, NULL, 0, 0, NULL), "a request is submitted");
	/* there may be events without a reason */
	do {
		if (poll(&p, 1, SECONDS * 1000) != 1 ||
		    read(p.fd, event, sizeof(event)) != sizeof(event))
			return false;
	} while (blkioq_do_io(q, &done, 0, 1, NULL) != 1);
	blkioq_set_completion_fd_enabled(q, false);
	return !done.ret && is_pattern(buf, 2 * MIB, BLOCK);
}

/* Memory that comes and goes while the device runs */
static bool regions(struct blkioq *q)
{
	struct blkio_mem_region mem[REGIONS] = { };
	unsigned int i, round;
	char *base;

	base = mmap(NULL, REGIONS * 2 * BLOCK, PROT_READ | PROT_WRITE,
		    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (base == MAP_FAILED)
		return false;
	for (i = 0; i < REGIONS; i++) {
		/* what lies between them is never mapped */
		mem[i].addr = base + i * 2 * BLOCK;
		mem[i].len = BLOCK;
		mem[i].fd = -1;
	}
	for (round = 0; round < 3; round++) {
		for (i = 0; i < REGIONS; i++)
			must(blkio_map_mem_region(b, &mem[i]), "a region is mapped");
		for (i = 0; i < REGIONS; i++) {
			memset(mem[i].addr, 0x5a, BLOCK);
			blkioq_read(q, i * BLOCK, mem[i].addr, BLOCK, NULL, 0);
		}
		if (finish(q, REGIONS))
			return false;
		for (i = 0; i < REGIONS; i++) {
			if (!is_pattern(mem[i].addr, i * BLOCK, BLOCK))
				return false;
			blkio_unmap_mem_region(b, &mem[i]);
		}
	}
	munmap(base, REGIONS * 2 * BLOCK);
	return true;
}

static void data(const char *node, uint64_t expected)
{
	struct blkio_mem_region mem;
	uint64_t capacity, most, segs, value;
	unsigned int i;
	char *buf;

	open_path(node);
	get("capacity", &capacity);
	result(capacity == expected, "the capacity is what the instance has");
	get("max-queues", &most);
	result(most >= QUEUES, "there are enough queues");
	get("max-queue-size", &value);
	get("max-segments", &segs);
	get("request-alignment", &value);
	get("mem-region-alignment", &value);
	get("max-mem-regions", &value);
	get("discard-alignment", &value);
	must(blkio_set_int(b, "num-queues", most + 1), "queues can be asked for");
	result(blkio_start(b) < 0, "more queues than there are cannot be had");
	printf("%s\n", blkio_get_error_msg());
	must(blkio_set_int(b, "num-queues", QUEUES), "queues can be asked for");
	if (!is_0(blkio_start(b), "the driver starts with two queues"))
		return;
	for (i = 0; i < QUEUES; i++)
		queue[i] = blkio_get_queue(b, i);
	buf = new_region(&mem, QUEUES * DEPTH * CHUNK);

	result(span(buf, true), "a pattern is written through both queues");
	result(span(buf, false), "each queue reads what the other one wrote");
	blkioq_flush(queue[0], NULL, 0);
	result(!finish(queue[0], 1), "the cache is flushed");
	for (i = 0; i < QUEUES; i++)
		result(random_reads(queue[i], buf, QUEUES * DEPTH * CHUNK / BLOCK),
		       "%u random reads by queue %u are right", RANDOM_READS, i);
	if (segs > MAX_SEGS)
		segs = MAX_SEGS;
	result(pieces(queue[1], buf, segs), "requests in %u pieces complete", (int)segs);
	result(by_event(queue[1], buf), "an event tells that a request is done");
	result(regions(queue[0]), "memory can come and go");
	the_end(queue[0], buf, capacity);
	holes(queue[1], buf);
	blkio_destroy(&b);
}

/* What "data" wrote is there, except its holes. */
static void poll_queues(const char *node)
{
	struct blkio_mem_region mem;
	char *buf;
	int fd;

	/* libblkio does not ask how large they may be. */
	open_path(node);
	must(blkio_set_int(b, "queue-size", 2 * RING_MAX), "the driver takes a size of rings");
	result(blkio_start(b) < 0 && strstr(blkio_get_error_msg(), strerror(EINVAL)),
	       "larger rings than the device has cannot be had");
	printf("%s\n", blkio_get_error_msg());
	blkio_destroy(&b);

	fd = open(node, O_RDWR | O_CLOEXEC);
	must(fd < 0 ? -errno : 0, "the node can be opened");
	must(blkio_create("virtio-blk-vhost-vdpa", &b), "the library has the driver");
	must(blkio_set_int(b, "fd", fd), "the driver takes a file descriptor");
	must(blkio_connect(b), "the driver connects");
	must(blkio_set_int(b, "queue-size", RING_MAX), "the driver takes a size of rings");
	must(blkio_set_int(b, "num-queues", 0), "no queues with events are asked for");
	must(blkio_set_int(b, "num-poll-queues", QUEUES), "queues to be polled are asked for");
	if (!is_0(blkio_start(b), "the driver starts with polled queues"))
		return;
	buf = new_region(&mem, QUEUES * DEPTH * CHUNK);
	queue[0] = blkio_get_poll_queue(b, 0);
	queue[1] = blkio_get_poll_queue(b, 1);
	result(span(buf, true), "a pattern is written through both queues");
	result(span(buf, false), "each queue reads what the other one wrote");
	result(random_reads(queue[1], buf, QUEUES * DEPTH * CHUNK / BLOCK),
	       "%u random reads are right", RANDOM_READS);
	blkio_destroy(&b);
}

/* ---- locked memory ---- */

/* pinned() - bytes of this process that are pinned */
static rlim_t pinned(void)
{
	FILE *f = fopen("/proc/self/status", "r");
	unsigned long kib = 0;
	char line[128];

	while (f && fgets(line, sizeof(line), f))
		sscanf(line, "VmPin: %lu", &kib);
	if (f)
		fclose(f);
	return kib * KIB;
}

static void limit_to(rlim_t bytes)
{
	struct rlimit limit = { .rlim_cur = bytes, .rlim_max = RLIM_INFINITY };

	must(setrlimit(RLIMIT_MEMLOCK, &limit) ? -errno : 0, "a limit can be set");
}

static void memlock(const char *node)
{
	struct blkio_mem_region big, small;
	struct blkioq *q;
	rlim_t rings;
	int ret;

	limit_to(0);
	open_path(node);
	ret = blkio_start(b);
	result(ret == -ENOMEM, "rings that cannot be pinned give ENOMEM");
	printf("%s: %s\n", strerror(-ret), blkio_get_error_msg());
	result(!pinned(), "nothing is pinned if rings cannot be");
	blkio_destroy(&b);

	limit_to(RLIM_INFINITY);
	open_path(node);
	must(blkio_start(b), "the driver starts without a limit");
	rings = pinned();
	result(rings, "the rings are pinned, %llu bytes", (unsigned long long)rings);
	limit_to(rings + MIB);
	must(blkio_alloc_mem_region(b, &big, MIB + BLOCK), "memory is allocated");
	ret = blkio_map_mem_region(b, &big);
	result(ret == -ENOMEM, "a region that cannot be pinned: ENOMEM");
	printf("%s: %s\n", strerror(-ret), blkio_get_error_msg());
	result(pinned() == rings, "nothing of such a region is pinned");
	new_region(&small, MIB);
	result(pinned() == rings + MIB, "a region of the limit's size is pinned");
	q = blkio_get_queue(b, 0);
	result(!read_one(q, 0, small.addr, MIB),
	       "the device reads into a region of the limit's size");
	blkio_unmap_mem_region(b, &small);
	result(pinned() == rings, "an unmapped region is not pinned");
	blkio_destroy(&b);
	result(!pinned(), "nothing is pinned in the end");
}

static void hold(const char *node)
{
	struct blkio_mem_region mem;

	open_path(node);
	must(blkio_start(b), "the driver starts");
	new_region(&mem, MIB);
	printf("running %d\n", (int)getpid());
	fflush(stdout);
	pause();
}

int main(int argc, char **argv)
{
	const char *node = argv[1], *what = argc > 2 ? argv[2] : "";

	if (argc == 4 && !strcmp(what, "data")) {
		data(node, strtoull(argv[3], NULL, 10));
	} else if (argc == 3 && !strcmp(what, "poll")) {
		poll_queues(node);
	} else if (argc == 3 && !strcmp(what, "memlock")) {
		memlock(node);
	} else if (argc == 3 && !strcmp(what, "hold")) {
		hold(node);
	} else {
		fprintf(stderr, "usage: blkio NODE data CAPACITY | poll | memlock | hold\n");
		return 2;
	}
	return failures ? 1 : 0;
}
