// SPDX-License-Identifier: GPL-2.0-only
/* "list" and "show": what instances there are, and all about one. */
#include <stdio.h>
#include <string.h>

#include "tool.h"

/* The kernel has them as a number, and by the names that it takes in "features" as well. */
static void add_features(struct json_object *to, const char *key,
			 const struct instance *instance, const char *file)
{
	struct json_object *features, *names;
	char line[TOOL_LINE], *rest, *word;

	if (!file_read_at(instance->dir, file, line, sizeof(line)))
		return;
	features = json_object_new_object();
	names = json_object_new_array();
	word = strtok_r(line, " ", &rest);
	tool_add(features, "bits", word ?: "0");
	while (word && (word = strtok_r(NULL, " ", &rest)))
		tool_append(names, word);
	json_object_object_add(features, "names", names);
	json_object_object_add(to, key, features);
}

static void add_config(struct json_object *to, const struct instance *instance,
		       const char *digits)
{
	uint64_t features = file_read_uint(instance->dir, "features");

	json_object_object_add(to, "config",
			       config_decode(instance->device_id, features,
					     digits));
}

static struct json_object *describe(const struct instance *instance)
{
	struct json_object *all = instance_summary(instance);
	char line[TOOL_LINE];

	if (instance_error(instance, line, sizeof(line)))
		tool_add(all, "last_error", line);
	if (file_read_at(instance->dir, "driver_override", line, sizeof(line)) &&
	    strcmp(line, "(null)"))
		tool_add(all, "driver_override", line);
	if (file_read_at(instance->dir, "migration_state", line, sizeof(line)))
		tool_add(all, "migration_state", line);
	json_object_object_add(all, "attributes",
			       attribute_values(instance, false));
	add_features(all, "features_offered", instance, "features");
	add_features(all, "features_negotiated", instance, "driver_features");
	if (file_read_at(instance->dir, "config", line, sizeof(line)))
		add_config(all, instance, line);
	json_object_object_add(all, "queues", queue_all(instance));
	return all;
}

static void print_words(const char *title, struct json_object *words)
{
	size_t i, n = words ? json_object_array_length(words) : 0;
	int column = 0;

	if (!n)
		return;
	printf("  %s:", title);
	for (i = 0; i < n; i++) {
		const char *word = tool_item(words, i);

		column += strlen(word) + 1;
		if (column > 64) {
			printf("\n   ");
			column = strlen(word) + 1;
		}
		putchar(' ');
		tool_put(stdout, word);
	}
	putchar('\n');
}

static void print_pairs(const char *title, struct json_object *pairs)
{
	if (!pairs || !json_object_object_length(pairs))
		return;
	printf("  %s:\n", title);
	json_object_object_foreach(pairs, key, value) {
		printf("    %s ", key);
		tool_put(stdout, json_object_get_string(value));
		putchar('\n');
	}
}

static void print_string(struct json_object *all, const char *key, const char *title)
{
	if (!tool_get(all, key))
		return;
	printf("  %s: ", title);
	tool_put(stdout, tool_string(all, key));
	putchar('\n');
}

static void print_queues(struct json_object *queues)
{
	static const struct tool_column columns[] = {
		{ "index", "    QUEUE" }, { "size", "SIZE" },
		{ "kicks", "KICKS" }, { "signals", "SIGNALS" },
		{ "chains", "CHAINS" }, { "bytes", "BYTES" },
		{ "drops", "DROPS" }, { "errors", "ERRORS" },
	};

	if (json_object_array_length(queues))
		tool_print_table(queues, columns, ARRAY_SIZE(columns));
}

static void print(const struct instance *instance, struct json_object *all)
{
	char users[TOOL_LINE];

	instance_users_text(tool_get(all, "users"), users, sizeof(users));
	printf("%s\n", instance->uuid);
	printf("  device %s (%u), type %s of %s\n", tool_string(all, "device"),
	       instance->device_id, instance->type, instance->port);
	printf("  class %s, driver %s, state %s, user ",
	       tool_string(all, "class"), tool_string(all, "driver"),
	       tool_string(all, "state"));
	tool_put(stdout, users);
	putchar('\n');
	print_words("kernel devices", tool_get(all, "kernel_devices"));
	print_words("nodes", tool_get(all, "nodes"));
	print_string(all, "driver_override", "driver_override");
	print_string(all, "migration_state", "migration_state");
	print_string(all, "last_error", "last error");
	print_pairs("attributes", tool_get(all, "attributes"));
	print_words("features offered",
		    tool_get(tool_get(all, "features_offered"), "names"));
	print_words("features negotiated",
		    tool_get(tool_get(all, "features_negotiated"), "names"));
	print_pairs("config", tool_get(all, "config"));
	print_queues(tool_get(all, "queues"));
}

int cmd_show(int argc, char **argv)
{
	struct json_object *result = json_object_new_array();
	struct instance instance;
	int i, ret = TOOL_OK;

	for (i = 0; i < argc; i++) {
		struct json_object *all;

		ret = instance_get(&instance, argv[i]);
		if (ret)
			break;
		all = describe(&instance);
		json_object_array_add(result, all);
		if (!options.json)
			print(&instance, all);
	}
	/* all of it, or an error alone */
	if (!ret && options.json)
		tool_print_json(result);
	json_object_put(result);
	return ret;
}

/* one line of the table: what is a list becomes text */
static void list_row(struct json_object *rows, const struct instance *instance,
		     struct json_object *summary)
{
	struct json_object *row = json_object_new_object();
	struct json_object *devices = tool_get(summary, "kernel_devices");
	struct json_object *nodes = tool_get(summary, "nodes");
	size_t n = json_object_array_length(devices);
	char users[TOOL_LINE];

	tool_add(row, "uuid", instance->uuid);
	tool_add(row, "type", instance->type);
	tool_add(row, "class", tool_string(summary, "class"));
	tool_add(row, "device", tool_string(summary, "device"));
	tool_add(row, "state", tool_string(summary, "state"));
	/* the last one is what a person looks for: eth1, not virtio1 */
	if (n)
		tool_add(row, "at", tool_item(devices, n - 1));
	else if (json_object_array_length(nodes))
		tool_add(row, "at", tool_item(nodes, 0));
	instance_users_text(tool_get(summary, "users"), users, sizeof(users));
	tool_add(row, "user", users);
	json_object_array_add(rows, row);
}

int cmd_list(int argc, char **argv)
{
	static const struct tool_column columns[] = {
		{ "uuid", "UUID" }, { "type", "TYPE" }, { "class", "CLASS" },
		{ "device", "DEVICE" }, { "state", "STATE" }, { "at", "AT" },
		{ "user", "USER" },
	};
	struct json_object *result = json_object_new_array();
	struct json_object *rows = json_object_new_array(), *names;
	struct instance instance;
	char path[PATH_MAX];
	size_t i;

	file_path(path, "/sys/bus/mdev_class/devices");
	names = file_names(path);
	for (i = 0; i < json_object_array_length(names); i++) {
		struct json_object *summary;

		/* it may have gone since */
		if (!instance_find(&instance, tool_item(names, i)))
			continue;
		summary = instance_summary(&instance);
		json_object_array_add(result, summary);
		list_row(rows, &instance, summary);
	}
	if (options.json)
		tool_print_json(result);
	else
		tool_print_table(rows, columns, ARRAY_SIZE(columns));
	json_object_put(names);
	json_object_put(rows);
	json_object_put(result);
	return TOOL_OK;
}
