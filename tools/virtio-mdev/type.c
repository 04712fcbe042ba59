// SPDX-License-Identifier: GPL-2.0-only
/* Classes, ports and their types. */
#include <stdio.h>
#include <string.h>

#include "tool.h"

#define PORTS		"/sys/class/mdev_port"
/* what the kernel puts before the name that a parent driver gives a type */
#define TYPE_PREFIX	"mdev_port-"

static const char *const classes[] = {
	[1] = "vfio",
	[2] = "virtio",
	[3] = "vhost",
};

const char *class_name(unsigned int class_id)
{
	if (class_id < ARRAY_SIZE(classes) && classes[class_id])
		return classes[class_id];
	return "unknown";
}

unsigned int class_id_of(const char *name)
{
	unsigned int i;

	for (i = 1; i < ARRAY_SIZE(classes); i++)
		if (!strcmp(classes[i], name))
			return i;
	return 0;
}

/* Whether the next instance of this name is to be created unbound; 0 or -errno */
int type_leave_unbound(const char *port, const char *uuid, bool leave)
{
	char path[PATH_MAX], text[TOOL_UUID_LEN + 2];

	file_path(path, PORTS "/%s/leave_unbound", port);
	snprintf(text, sizeof(text), "%s%s", leave ? "" : "-", uuid);
	return file_write(path, text);
}

static struct json_object *type_describe(const char *port, const char *name,
					 const char *dir)
{
	struct json_object *type = json_object_new_object();
	char line[TOOL_LINE], path[PATH_MAX];

	tool_add(type, "port", port);
	tool_add(type, "type", name);
	file_path(path, PORTS "/%s", port);
	tool_add(type, "class", class_name(file_read_uint(path, "class_id")));
	if (file_read_at(dir, "device_api", line, sizeof(line)))
		tool_add(type, "device_api", line);
	tool_add_uint(type, "available_instances",
		      file_read_uint(dir, "available_instances"));
	if (file_read_at(dir, "name", line, sizeof(line)))
		tool_add(type, "name", line);
	return type;
}

struct json_object *type_all(void)
{
	struct json_object *types = json_object_new_array(), *ports, *names;
	char path[PATH_MAX];
	size_t i, j;

	file_path(path, PORTS);
	ports = file_names(path);
	for (i = 0; i < json_object_array_length(ports); i++) {
		const char *port = tool_item(ports, i);

		file_path(path, PORTS "/%s/mdev_supported_types", port);
		names = file_names(path);
		for (j = 0; j < json_object_array_length(names); j++) {
			const char *name = tool_item(names, j);

			file_path(path, PORTS "/%s/mdev_supported_types/%s",
				  port, name);
			json_object_array_add(types,
					      type_describe(port, name, path));
		}
		json_object_put(names);
	}
	json_object_put(ports);
	return types;
}

/* With the prefix of the kernel, or without */
static bool type_named(const char *type, const char *name)
{
	return !strcmp(type, name) ||
	       (!strncmp(type, TYPE_PREFIX, strlen(TYPE_PREFIX)) &&
		!strcmp(type + strlen(TYPE_PREFIX), name));
}

/* find a type by [PORT/]NAME, with a message if there is none or more than one */
int type_find(struct type *type, const char *name)
{
	const char *slash = strrchr(name, '/');
	const char *base = slash ? slash + 1 : name;
	struct json_object *types = type_all();
	char found[TOOL_LINE] = "";
	unsigned int n = 0;
	size_t i, all = json_object_array_length(types);

	for (i = 0; i < all; i++) {
		struct json_object *one = json_object_array_get_idx(types, i);
		const char *port = tool_string(one, "port");
		size_t len = strlen(found);

		if (!type_named(tool_string(one, "type"), base))
			continue;
		if (slash && (strlen(port) != (size_t)(slash - name) ||
			      strncmp(port, name, slash - name)))
			continue;
		n++;
		snprintf(found + len, sizeof(found) - len, " %s/%s", port, base);
		snprintf(type->port, sizeof(type->port), "%s", port);
		snprintf(type->name, sizeof(type->name), "%s",
			 tool_string(one, "type"));
		file_path(type->dir, PORTS "/%s/mdev_supported_types/%s",
			  type->port, type->name);
	}
	json_object_put(types);
	if (n == 1)
		return TOOL_OK;
	if (n) {
		tool_advise("say one of%s", found);
		return tool_error(TOOL_USAGE, "type %s is there more than once",
				  name);
	}
	if (all)
		tool_advise("virtio-mdev types lists them");
	else
		tool_advise("there is no type at all, load a parent driver: modprobe net_mdev");
	return tool_error(TOOL_NOT_FOUND, "no type %s", name);
}

int cmd_types(int argc, char **argv)
{
	static const struct tool_column columns[] = {
		{ "port", "PORT" },
		{ "type", "TYPE" },
		{ "class", "CLASS" },
		{ "available_instances", "AVAILABLE" },
		{ "name", "NAME" },
	};
	struct json_object *types = type_all();

	if (options.json)
		tool_print_json(types);
	else
		tool_print_table(types, columns, ARRAY_SIZE(columns));
	if (!options.json && !json_object_array_length(types))
		tool_note("no type is there: load a parent driver, as in modprobe net_mdev");
	json_object_put(types);
	return TOOL_OK;
}
