// SPDX-License-Identifier: GPL-2.0-only
/*
 * blkop - what busybox cannot do to a block device:
 *
 *	blkop zero|punch DEV OFFSET LENGTH
 *		write zeroes, and keep the space, or give it back
 *	blkop stress [-e] [-t THREADS] [-n COUNT] DEV
 *		each thread, on a CPU of its own if there are enough, writes to a
 *		part of the device of its own, by requests of all sizes, and reads
 *		what it wrote.  With -e it goes on until a request fails, which is
 *		what it is to do then.
 */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sysinfo.h>
#include <unistd.h>
#include <linux/falloc.h>

#define SECTOR		512
#define WORDS		(SECTOR / sizeof(uint64_t))
#define MAX_THREADS	16
#define PART		(2UL << 20)
#define PART_SECTORS	(PART / SECTOR)
#define MAX_RUN		300		/* sectors of a request */

static unsigned int threads = 1;
static unsigned long count = 2000;
static bool until_error;
static const char *path;

struct worker {
	pthread_t thread;
	unsigned int nr;
	int fd;
	uint64_t seed;
	uint32_t written[PART_SECTORS];	/* number of its last write */
	uint64_t *buf;
	unsigned long done;
	int error;
};

__attribute__((noreturn))
static void syntax(void)
{
	fputs("usage: blkop zero|punch DEV OFFSET LENGTH\n"
	      "       blkop stress [-e] [-t THREADS] [-n COUNT] DEV\n", stderr);
	exit(2);
}

__attribute__((noreturn))
static void give_up(const char *what)
{
	perror(what);
	exit(1);
}

static uint64_t word(const struct worker *w, unsigned int sector,
		     unsigned int i)
{
	if (!w->written[sector])
		return 0;
	return ((uint64_t)w->nr << 56 | (uint64_t)sector << 40 |
		(uint64_t)w->written[sector] << 8 | i) * 0x9e3779b97f4a7c15ULL;
}

/* Whether it could be done. */
static bool transfer(struct worker *w, bool write, unsigned int first,
		     unsigned int nr)
{
	off_t at = w->nr * PART + (off_t)first * SECTOR;
	size_t len = (size_t)nr * SECTOR;
	ssize_t n;

	n = write ? pwrite(w->fd, w->buf, len, at) :
		    pread(w->fd, w->buf, len, at);
	if (n == (ssize_t)len) {
		w->done++;
		return true;
	}
	w->error = n < 0 ? errno : EIO;
	return false;
}

static bool write_run(struct worker *w, unsigned int first, unsigned int nr)
{
	unsigned int s, i;

	for (s = 0; s < nr; s++) {
		w->written[first + s]++;
		for (i = 0; i < WORDS; i++)
			w->buf[s * WORDS + i] = word(w, first + s, i);
	}
	return transfer(w, true, first, nr);
}

static bool read_run(struct worker *w, unsigned int first, unsigned int nr)
{
	unsigned int s, i;

	if (!transfer(w, false, first, nr))
		return false;
	for (s = 0; s < nr; s++) {
		for (i = 0; i < WORDS; i++) {
			if (w->buf[s * WORDS + i] == word(w, first + s, i))
				continue;
			printf("thread %u, request %lu: sector %u of its own, word %u, differs\n",
			       w->nr, w->done, first + s, i);
			exit(1);
		}
	}
	return true;
}

static uint64_t random_of(struct worker *w)
{
	w->seed ^= w->seed << 13;
	w->seed ^= w->seed >> 7;
	w->seed ^= w->seed << 17;
	return w->seed;
}

static void *work(void *arg)
{
	unsigned int first, nr;
	struct worker *w = arg;
	cpu_set_t cpus;
	bool ok;

	CPU_ZERO(&cpus);
	CPU_SET(w->nr % get_nprocs(), &cpus);
	sched_setaffinity(0, sizeof(cpus), &cpus);

	/* What is there is not known yet. */
	for (first = 0; first < PART_SECTORS; first += nr) {
		nr = PART_SECTORS - first < 256 ? PART_SECTORS - first : 256;
		if (!write_run(w, first, nr))
			return NULL;
	}
	while (until_error || w->done < count) {
		first = random_of(w) % PART_SECTORS;
		nr = 1 + random_of(w) % (random_of(w) % 4 ? 16 : MAX_RUN);
		if (nr > PART_SECTORS - first)
			nr = PART_SECTORS - first;
		ok = random_of(w) % 2 ? write_run(w, first, nr) :
					read_run(w, first, nr);
		if (!ok)
			return NULL;
	}
	for (first = 0; first < PART_SECTORS; first += nr) {
		nr = PART_SECTORS - first < 256 ? PART_SECTORS - first : 256;
		if (!read_run(w, first, nr))
			return NULL;
	}
	return NULL;
}

static int stress(void)
{
	static struct worker w[MAX_THREADS];
	unsigned long done = 0;
	unsigned int i;
	int bad = 0;

	for (i = 0; i < threads; i++) {
		w[i].nr = i;
		w[i].seed = 88172645463325252ULL + i;
		w[i].buf = aligned_alloc(4096, (MAX_RUN + 7) / 8 * 4096);
		w[i].fd = open(path, O_RDWR | O_DIRECT | O_CLOEXEC);
		if (w[i].fd < 0)
			give_up(path);
		if (!w[i].buf ||
		    pthread_create(&w[i].thread, NULL, work, &w[i]))
			give_up("thread");
	}
	for (i = 0; i < threads; i++) {
		pthread_join(w[i].thread, NULL);
		done += w[i].done;
		if (w[i].error)
			printf("thread %u: %s\n", i, strerror(w[i].error));
		bad += !w[i].error == until_error;
	}
	printf("%lu requests by %u threads\n", done, threads);
	return bad ? 1 : 0;
}

static int change(int mode, char **argv)
{
	int fd = open(argv[0], O_RDWR | O_CLOEXEC);

	if (fd < 0)
		give_up(argv[0]);
	if (fallocate(fd, mode | FALLOC_FL_KEEP_SIZE, strtoull(argv[1], NULL, 0),
		      strtoull(argv[2], NULL, 0)))
		give_up("fallocate");
	close(fd);
	return 0;
}

int main(int argc, char **argv)
{
	int opt;

	if (argc == 5 && !strcmp(argv[1], "zero"))
		return change(FALLOC_FL_ZERO_RANGE, argv + 2);
	if (argc == 5 && !strcmp(argv[1], "punch"))
		return change(FALLOC_FL_PUNCH_HOLE, argv + 2);
	if (argc < 3 || strcmp(argv[1], "stress"))
		syntax();
	argv++;
	argc--;
	while ((opt = getopt(argc, argv, "en:t:")) != -1) {
		switch (opt) {
		case 'e':
			until_error = true;
			break;
		case 'n':
			count = strtoul(optarg, NULL, 0);
			break;
		case 't':
			threads = strtoul(optarg, NULL, 0);
			break;
		default:
			syntax();
		}
	}
	if (optind != argc - 1 || !threads || threads > MAX_THREADS)
		syntax();
	path = argv[optind];
	setvbuf(stdout, NULL, _IOLBF, 0);
	return stress();
}
