// SPDX-License-Identifier: GPL-2.0-only
/*
 * "stats": what virtqueues do in a second.  With -j each interval is one JSON document
 * on a line of its own, so that a program reads it as it comes.
 */
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "tool.h"

/* with "\033[H\033[J", the terminal shows the last table only */
#define CLEAR	"\033[H\033[J"

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec + t.tv_nsec / 1e9;
}

static void pause_for(double seconds)
{
	struct timespec t = {
		.tv_sec = seconds,
		.tv_nsec = (seconds - (long)seconds) * 1e9,
	};

	nanosleep(&t, NULL);
}

static void sample_one(struct json_object *sample, const char *uuid)
{
	struct instance instance;

	if (instance_find(&instance, uuid))
		json_object_object_add(sample, instance.uuid, queue_all(&instance));
}

/* the counters of all queues, by UUID; one that has gone is left out */
static struct json_object *sample_take(int argc, char **argv)
{
	struct json_object *sample = json_object_new_object(), *names;
	char path[PATH_MAX];
	size_t n;
	int i;

	for (i = 0; i < argc; i++)
		sample_one(sample, argv[i]);
	if (argc)
		return sample;
	file_path(path, "/sys/bus/mdev_class/devices");
	names = file_names(path);
	for (n = 0; n < json_object_array_length(names); n++)
		sample_one(sample, tool_item(names, n));
	json_object_put(names);
	return sample;
}

/* A counter that begins again is that of another instance of this name. */
static double rate(struct json_object *before, struct json_object *after,
		   const char *key, double seconds)
{
	uint64_t old = tool_uint(before, key), new = tool_uint(after, key);

	return new < old ? 0 : (new - old) / (seconds > 0.000001 ? seconds : 0.000001);
}

static void add_rate(struct json_object *row, const char *key, double value)
{
	char text[32];

	/* as many digits as mean something */
	snprintf(text, sizeof(text), "%.*f", value < 10 ? 1 : 0, value);
	json_object_object_add(row, key, json_object_new_double_s(value, text));
}

static void add_rows(struct json_object *rows, const char *uuid,
		     struct json_object *before, struct json_object *after,
		     double seconds)
{
	size_t i, n = json_object_array_length(after);
	unsigned int c;

	for (i = 0; i < n && i < json_object_array_length(before); i++) {
		struct json_object *old = json_object_array_get_idx(before, i);
		struct json_object *new = json_object_array_get_idx(after, i);
		struct json_object *row = json_object_new_object();

		tool_add(row, "uuid", uuid);
		tool_add_uint(row, "queue", tool_uint(new, "index"));
		for (c = 0; c < QUEUE_COUNTERS; c++)
			if (tool_get(new, queue_counters[c]))
				add_rate(row, queue_counters[c],
					 rate(old, new, queue_counters[c],
					      seconds));
		json_object_array_add(rows, row);
	}
}

static struct json_object *rates(struct json_object *before,
				 struct json_object *after, double seconds)
{
	struct json_object *rows = json_object_new_array();

	json_object_object_foreach(after, uuid, queues) {
		struct json_object *old = tool_get(before, uuid);

		if (old)
			add_rows(rows, uuid, old, queues, seconds);
	}
	return rows;
}

static void print(struct json_object *rows, double seconds)
{
	static const struct tool_column columns[] = {
		{ "uuid", "UUID" }, { "queue", "QUEUE" },
		{ "kicks", "KICKS/s" }, { "signals", "SIGNALS/s" },
		{ "chains", "CHAINS/s" }, { "bytes", "BYTES/s" },
		{ "drops", "DROPS/s" }, { "errors", "ERRORS/s" },
	};

	if (options.json) {
		struct json_object *all = json_object_new_object();

		add_rate(all, "seconds", seconds);
		json_object_object_add(all, "queues", json_object_get(rows));
		tool_print_line(all);
		json_object_put(all);
		return;
	}
	if (isatty(STDOUT_FILENO))
		printf(CLEAR);
	tool_print_table(rows, columns, ARRAY_SIZE(columns));
}

int cmd_stats(int argc, char **argv)
{
	struct json_object *before, *after, *rows;
	struct instance instance;
	unsigned long done;
	double then, t;
	int i, ret;

	for (i = 0; i < argc; i++) {
		ret = instance_get(&instance, argv[i]);
		if (ret)
			return ret;
	}
	before = sample_take(argc, argv);
	then = now();
	for (done = 0; !options.count || done < options.count; done++) {
		pause_for(options.interval);
		after = sample_take(argc, argv);
		t = now();
		rows = rates(before, after, t - then);
		print(rows, t - then);
		json_object_put(rows);
		json_object_put(before);
		before = after;
		then = t;
		/* all that were named have gone */
		if (argc && !json_object_object_length(after)) {
			json_object_put(before);
			return tool_error(TOOL_NOT_FOUND, "no instance is left");
		}
	}
	json_object_put(before);
	return TOOL_OK;
}
