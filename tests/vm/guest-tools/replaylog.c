// SPDX-License-Identifier: GPL-2.0-only
/*
 * replaylog - have a disk as a power cut would have left it:
 *
 *	replaylog LOG MARK DEV
 *		write to DEV all that a target "log-writes" of the device mapper has
 *		logged on LOG up to the mark MARK
 *
 * The target logs what was flushed, not what was only written, so what comes before
 * the mark is what was on stable storage when the mark was made.
 */
#include <endian.h>
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define LOG_MAGIC	0x6a736677736872ULL
#define LOG_VERSION	1
#define LOG_DISCARD	4
#define LOG_MARK	8
#define SECTOR		512
#define MAX_ENTRY	(64U << 20)

/* On the disk, little-endian, at the beginning of a sector each */
struct log_super {
	uint64_t magic;
	uint64_t version;
	uint64_t nr_entries;
	uint32_t sectorsize;
};

struct log_entry {
	uint64_t sector;
	uint64_t nr_sectors;
	uint64_t flags;
	uint64_t data_len;
};

__attribute__((noreturn))
static void give_up(const char *what)
{
	fprintf(stderr, "%s: %s\n", what, errno ? strerror(errno) : "not a log");
	exit(1);
}

static void get(int fd, void *buf, size_t len, uint64_t at)
{
	errno = 0;
	if (pread(fd, buf, len, at) != (ssize_t)len)
		give_up("read of the log");
}

static void put(int fd, const void *buf, size_t len, uint64_t at)
{
	errno = 0;
	if (pwrite(fd, buf, len, at) != (ssize_t)len)
		give_up("write");
}

/* What the target does not log the data of */
static void put_zeroes(int fd, uint64_t len, uint64_t at)
{
	static const char zeroes[1 << 16];
	size_t n;

	for (; len; len -= n, at += n) {
		n = len < sizeof(zeroes) ? len : sizeof(zeroes);
		put(fd, zeroes, n, at);
	}
}

/* Whether the entry, which lies at @at, is the mark */
static int replay(int log, uint64_t at, uint32_t size,
		  const struct log_entry *entry, const char *mark, int dev)
{
	uint64_t flags = le64toh(entry->flags);
	uint64_t len = le64toh(entry->nr_sectors) * size;
	uint64_t to = le64toh(entry->sector) * size;
	uint64_t name_len = le64toh(entry->data_len);
	char *data;
	int found;

	if (flags & LOG_MARK) {
		/* The name follows the entry in its sector. */
		char name[SECTOR] = "";

		if (name_len >= SECTOR - sizeof(*entry))
			give_up("mark");
		get(log, name, name_len, at + sizeof(*entry));
		found = !strcmp(name, mark);
		return found;
	}
	if (flags & LOG_DISCARD) {
		put_zeroes(dev, len, to);
		return 0;
	}
	if (!len)
		return 0;
	errno = 0;
	if (len > MAX_ENTRY)
		give_up("entry");
	data = malloc(len);
	if (!data)
		give_up("memory");
	get(log, data, len, at + size);
	put(dev, data, len, to);
	free(data);
	return 0;
}

int main(int argc, char **argv)
{
	struct log_super super;
	struct log_entry entry;
	uint64_t i, at;
	uint32_t size;
	int log, dev;

	if (argc != 4) {
		fputs("usage: replaylog LOG MARK DEV\n", stderr);
		return 2;
	}
	log = open(argv[1], O_RDONLY | O_CLOEXEC);
	dev = open(argv[3], O_RDWR | O_CLOEXEC);
	if (log < 0 || dev < 0)
		give_up(log < 0 ? argv[1] : argv[3]);
	get(log, &super, sizeof(super), 0);
	size = le32toh(super.sectorsize);
	if (le64toh(super.magic) != LOG_MAGIC ||
	    le64toh(super.version) != LOG_VERSION || size < SECTOR)
		give_up(argv[1]);

	at = size;
	for (i = 0; i < le64toh(super.nr_entries); i++) {
		get(log, &entry, sizeof(entry), at);
		if (replay(log, at, size, &entry, argv[2], dev)) {
			printf("%llu entries before the mark %s\n",
			       (unsigned long long)i, argv[2]);
			return fsync(dev) ? 1 : 0;
		}
		at += size;
		if (!(le64toh(entry.flags) & (LOG_DISCARD | LOG_MARK)))
			at += le64toh(entry.nr_sectors) * size;
	}
	fprintf(stderr, "no mark %s in %llu entries\n", argv[2],
		(unsigned long long)i);
	return 1;
}
