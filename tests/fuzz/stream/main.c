// SPDX-License-Identifier: GPL-2.0-only
/*
 * The kinds of inputs.
 */

#include "stream.h"

const struct kind kinds[KIND_NR] = {
	[KIND_READ] = { .head = 2, .has_stream = true, .run = read_run },
	[KIND_WRITE] = { .run = write_run },
	[KIND_VFIO] = { .head = 3, .has_stream = true, .run = vfio_run },
	[KIND_NET] = { .run = net_run },
	[KIND_BLK] = { .run = blk_run },
	[KIND_VHOST] = { .head = 2, .has_stream = true, .run = vhost_run },
};

int fuzz_run(const u8 *data, size_t size)
{
	struct input in = { data + 1, data + size };

	if (size)
		kinds[data[0] % KIND_NR].run(&in);
	return 0;
}
