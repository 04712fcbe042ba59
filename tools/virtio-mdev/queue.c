// SPDX-License-Identifier: GPL-2.0-only
/* Virtqueues and their counters. */
#include <stdio.h>

#include "tool.h"

const char *const queue_counters[QUEUE_COUNTERS] = {
	"kicks", "signals", "chains", "bytes", "drops", "errors",
};

static struct json_object *queue_read(const char *dir, unsigned int index)
{
	struct json_object *queue = json_object_new_object();
	char line[TOOL_LINE];
	unsigned int i;

	tool_add_uint(queue, "index", index);
	if (file_read_at(dir, "size", line, sizeof(line)))
		tool_add_uint(queue, "size", file_read_uint(dir, "size"));
	for (i = 0; i < QUEUE_COUNTERS; i++)
		if (file_read_at(dir, queue_counters[i], line, sizeof(line)))
			tool_add_uint(queue, queue_counters[i],
				      file_read_uint(dir, queue_counters[i]));
	return queue;
}

struct json_object *queue_all(const struct instance *instance)
{
	struct json_object *queues = json_object_new_array();
	char path[PATH_MAX];
	unsigned int index;

	for (index = 0; index <= UINT16_MAX; index++) {
		file_path(path, "/sys/bus/mdev_class/devices/%s/vq%u",
			  instance->uuid, index);
		if (!file_is_dir(path))
			break;
		json_object_array_add(queues, queue_read(path, index));
	}
	return queues;
}
