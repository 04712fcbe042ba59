// SPDX-License-Identifier: GPL-2.0-only
/*
 * blkio-hello NODE: write a block to a device and read it back, by libblkio.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <blkio.h>

#define BLOCK	4096

static void must(const char *what, int ret)
{
	if (ret >= 0)
		return;
	fprintf(stderr, "%s: %s: %s\n", what, blkio_get_error_msg(),
		strerror(-ret));
	exit(1);
}

/* Submit the one request that was put in the queue, and wait for it. */
static void finish(const char *what, struct blkioq *q)
{
	struct blkio_completion done;

	must(what, blkioq_do_io(q, &done, 1, 1, NULL));
	if (done.ret < 0) {
		fprintf(stderr, "%s: %s\n", what, strerror(-done.ret));
		exit(1);
	}
}

int main(int argc, char **argv)
{
	struct blkio_mem_region mem;
	struct blkioq *q;
	struct blkio *b;
	uint64_t capacity;
	char *in, *out;

	if (argc != 2) {
		fprintf(stderr, "usage: %s NODE\n", argv[0]);
		return 2;
	}
	must("create", blkio_create("virtio-blk-vhost-vdpa", &b));
	must("path", blkio_set_str(b, "path", argv[1]));
	must("connect", blkio_connect(b));
	must("capacity", blkio_get_uint64(b, "capacity", &capacity));
	printf("%s has %llu bytes\n", argv[1], (unsigned long long)capacity);

	/* What a request reads or writes lies in memory that the device knows. */
	must("start", blkio_start(b));
	must("alloc", blkio_alloc_mem_region(b, &mem, 2 * BLOCK));
	must("map", blkio_map_mem_region(b, &mem));
	out = mem.addr;
	in = out + BLOCK;

	q = blkio_get_queue(b, 0);
	snprintf(out, BLOCK, "hello, block device");
	blkioq_write(q, 0, out, BLOCK, NULL, 0);
	finish("write", q);
	blkioq_flush(q, NULL, 0);
	finish("flush", q);
	blkioq_read(q, 0, in, BLOCK, NULL, 0);
	finish("read", q);
	if (memcmp(in, out, BLOCK)) {
		fprintf(stderr, "read something else than was written\n");
		return 1;
	}
	printf("%s\n", in);
	blkio_destroy(&b);
	return 0;
}
