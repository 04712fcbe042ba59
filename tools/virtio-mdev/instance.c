// SPDX-License-Identifier: GPL-2.0-only
/* Instances: what they are, who has them, and how they go. */
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tool.h"

#define BUS	"/sys/bus/mdev_class"
#define MDEVS	"/sys/bus/mdev/devices"

bool instance_uuid_ok(const char *uuid)
{
	unsigned int i;

	for (i = 0; i < TOOL_UUID_LEN; i++) {
		bool dash = i == 8 || i == 13 || i == 18 || i == 23;

		if (dash ? uuid[i] != '-' : !isxdigit((unsigned char)uuid[i]))
			return false;
	}
	return !uuid[i];
}

/* The mdev's directory is in that of its port. */
static void instance_port(struct instance *instance)
{
	char real[PATH_MAX], *slash;

	snprintf(instance->port, sizeof(instance->port), "-");
	if (!realpath(instance->mdev, real))
		return;
	slash = strrchr(real, '/');
	if (!slash)
		return;
	*slash = '\0';
	slash = strrchr(real, '/');
	if (slash)
		snprintf(instance->port, sizeof(instance->port), "%.*s",
			 NAME_MAX, slash + 1);
}

bool instance_find(struct instance *instance, const char *uuid)
{
	char path[PATH_MAX];
	unsigned int i;

	memset(instance, 0, sizeof(*instance));
	if (!instance_uuid_ok(uuid))
		return false;
	/* the kernel has them in small letters */
	for (i = 0; i < TOOL_UUID_LEN; i++)
		instance->uuid[i] = tolower((unsigned char)uuid[i]);
	file_path(instance->dir, BUS "/devices/%s", instance->uuid);
	file_path(instance->mdev, MDEVS "/%s", instance->uuid);
	if (!file_is_dir(instance->dir))
		return false;
	instance->class_id = file_read_uint(instance->dir, "class_id");
	instance->device_id = file_read_uint(instance->dir, "virtio_device_id");
	file_path(path, MDEVS "/%s/mdev_type", instance->uuid);
	if (!file_link_name(path, instance->type, sizeof(instance->type)))
		snprintf(instance->type, sizeof(instance->type), "-");
	instance_port(instance);
	return true;
}

int instance_get(struct instance *instance, const char *uuid)
{
	if (!instance_uuid_ok(uuid))
		return tool_error(TOOL_USAGE, "%s is no UUID", uuid);
	if (instance_find(instance, uuid))
		return TOOL_OK;
	if (file_is_dir(instance->mdev))
		return tool_error(TOOL_NOT_FOUND,
				  "%s is a mediated device of another driver",
				  instance->uuid);
	tool_advise("virtio-mdev list has those that are there");
	return tool_error(TOOL_NOT_FOUND, "no instance %s", instance->uuid);
}

void instance_state(const struct instance *instance, char *state, size_t size)
{
	if (!file_read_at(instance->dir, "state", state, size))
		snprintf(state, size, "unknown");
}

bool instance_driver(const struct instance *instance, char *driver, size_t size)
{
	char path[PATH_MAX];

	file_path(path, BUS "/devices/%s/driver", instance->uuid);
	return file_link_name(path, driver, size);
}

bool instance_error(const struct instance *instance, char *text, size_t size)
{
	return file_read_at(instance->dir, "last_error", text, size) && *text;
}

/* files in /dev through which a program uses it */
struct json_object *instance_nodes(const struct instance *instance)
{
	struct json_object *nodes = json_object_new_array(), *names;
	static const struct {
		const char *dir;
		const char *node;
	} kinds[] = {
		{ BUS "/devices/%s/vhost-mdev", "/dev/%s" },
		{ MDEVS "/%s/vfio-dev", "/dev/vfio/devices/%s" },
		{ BUS "/devices/%s/dma_device/vfio-dev", "/dev/vfio/devices/%s" },
	};
	char path[PATH_MAX], name[TOOL_NAME], node[PATH_MAX];
	unsigned int i;
	size_t j;

	if (instance->class_id == 2 && !file_is(instance->mdev))
		return nodes;
	for (i = 0; i < ARRAY_SIZE(kinds); i++) {
		file_path(path, kinds[i].dir, instance->uuid);
		names = file_names(path);
		for (j = 0; j < json_object_array_length(names); j++) {
			snprintf(node, sizeof(node), kinds[i].node,
				 tool_item(names, j));
			file_path(path, "%s", node);
			/* VFIO has these only with its option for them */
			if (i == 0 || file_is(path))
				tool_append(nodes, node);
		}
		json_object_put(names);
	}
	file_path(path, MDEVS "/%s/iommu_group", instance->uuid);
	if (!file_link_name(path, name, sizeof(name))) {
		file_path(path, BUS "/devices/%s/dma_device/iommu_group",
			  instance->uuid);
		/* class virtio uses the function without VFIO */
		if (instance->class_id == 2 ||
		    !file_link_name(path, name, sizeof(name)))
			return nodes;
	}
	snprintf(node, sizeof(node), "/dev/vfio/%s", name);
	tool_append(nodes, node);
	return nodes;
}

/* what the kernel's own driver makes of it: eth1, vda */
struct json_object *instance_kernel_devices(const struct instance *instance)
{
	static const char *const kinds[] = {
		"net", "block", "tty", "misc", "hwrng", "virtio-ports",
	};
	struct json_object *devices = json_object_new_array();
	struct json_object *names = file_names(instance->dir), *found;
	char path[PATH_MAX];
	unsigned int k;
	size_t i, j;

	for (i = 0; i < json_object_array_length(names); i++) {
		const char *name = tool_item(names, i);

		if (strncmp(name, "virtio", 6) || !isdigit((unsigned char)name[6]))
			continue;
		tool_append(devices, name);
		for (k = 0; k < ARRAY_SIZE(kinds); k++) {
			file_path(path, BUS "/devices/%s/%s/%s", instance->uuid,
				  name, kinds[k]);
			found = file_names(path);
			for (j = 0; j < json_object_array_length(found); j++)
				tool_append(devices, tool_item(found, j));
			json_object_put(found);
		}
	}
	json_object_put(names);
	return devices;
}

/* the driver of the virtio device, of class virtio */
static bool instance_virtio_driver(const struct instance *instance, char *driver,
				   size_t size)
{
	struct json_object *names = file_names(instance->dir);
	char path[PATH_MAX];
	bool found = false;
	size_t i;

	for (i = 0; !found && i < json_object_array_length(names); i++) {
		const char *name = tool_item(names, i);

		if (strncmp(name, "virtio", 6) || !isdigit((unsigned char)name[6]))
			continue;
		file_path(path, BUS "/devices/%s/%s/driver", instance->uuid, name);
		found = file_link_name(path, driver, size);
	}
	json_object_put(names);
	return found;
}

/*
 * Which processes have a file below /dev open: an object of arrays, by the file.  /proc is read
 * once, however many instances there are.  Of other users' processes root alone sees the
 * files.
 */
static struct json_object *open_files(void)
{
	static struct json_object *all;
	char dir[PATH_MAX], path[PATH_MAX], target[PATH_MAX];
	struct json_object *pids, *fds, *users;
	size_t i, j;
	ssize_t len;

	if (all)
		return all;
	all = json_object_new_object();
	file_path(dir, "/proc");
	pids = file_names(dir);
	for (i = 0; i < json_object_array_length(pids); i++) {
		const char *pid = tool_item(pids, i);

		if (!isdigit((unsigned char)*pid))
			continue;
		file_path(dir, "/proc/%s/fd", pid);
		fds = file_names(dir);
		for (j = 0; j < json_object_array_length(fds); j++) {
			file_path(path, "/proc/%s/fd/%s", pid, tool_item(fds, j));
			len = readlink(path, target, sizeof(target) - 1);
			if (len < 0)
				continue;
			target[len] = '\0';
			if (strncmp(target, "/dev/v", 6))
				continue;
			users = tool_get(all, target);
			if (!users) {
				users = json_object_new_array();
				json_object_object_add(all, target, users);
			}
			tool_append(users, pid);
		}
		json_object_put(fds);
	}
	json_object_put(pids);
	return all;
}

static bool is_among(struct json_object *users, uint64_t pid)
{
	size_t i;

	for (i = 0; i < json_object_array_length(users); i++)
		if (tool_uint(json_object_array_get_idx(users, i), "pid") == pid)
			return true;
	return false;
}

static void add_process(struct json_object *users, const char *pid)
{
	struct json_object *user;
	char dir[PATH_MAX], line[TOOL_LINE];
	uint64_t number = strtoull(pid, NULL, 10);

	if (is_among(users, number))
		return;
	user = json_object_new_object();
	tool_add_uint(user, "pid", number);
	file_path(dir, "/proc/%s", pid);
	if (file_read_at(dir, "comm", line, sizeof(line)))
		tool_add(user, "command", line);
	json_object_array_add(users, user);
}

struct json_object *instance_users(const struct instance *instance)
{
	struct json_object *users = json_object_new_array();
	struct json_object *nodes = instance_nodes(instance), *pids;
	char driver[TOOL_NAME];
	size_t i, j;

	if (instance_virtio_driver(instance, driver, sizeof(driver))) {
		struct json_object *user = json_object_new_object();

		tool_add(user, "driver", driver);
		json_object_array_add(users, user);
	}
	for (i = 0; i < json_object_array_length(nodes); i++) {
		pids = tool_get(open_files(), tool_item(nodes, i));
		for (j = 0; pids && j < json_object_array_length(pids); j++)
			add_process(users, tool_item(pids, j));
	}
	json_object_put(nodes);
	return users;
}

void instance_users_text(struct json_object *users, char *text, size_t size)
{
	size_t i, len = 0;

	snprintf(text, size, "-");
	for (i = 0; i < json_object_array_length(users) && len < size; i++) {
		struct json_object *user = json_object_array_get_idx(users, i);
		const char *driver = json_object_get_string(tool_get(user, "driver"));

		if (driver)
			len += snprintf(text + len, size - len, "%s%s",
					i ? ", " : "", driver);
		else
			len += snprintf(text + len, size - len, "%s%s (%s)",
					i ? ", " : "", tool_string(user, "command"),
					tool_string(user, "pid"));
	}
}

/* what "list" and "show" both begin with */
struct json_object *instance_summary(const struct instance *instance)
{
	struct json_object *summary = json_object_new_object();
	char line[TOOL_LINE];

	tool_add(summary, "uuid", instance->uuid);
	tool_add(summary, "port", instance->port);
	tool_add(summary, "type", instance->type);
	tool_add(summary, "class", class_name(instance->class_id));
	tool_add(summary, "device", device_name(instance->device_id));
	tool_add_uint(summary, "device_id", instance->device_id);
	instance_state(instance, line, sizeof(line));
	tool_add(summary, "state", line);
	if (instance_driver(instance, line, sizeof(line)))
		tool_add(summary, "driver", line);
	json_object_object_add(summary, "kernel_devices",
			       instance_kernel_devices(instance));
	json_object_object_add(summary, "nodes", instance_nodes(instance));
	json_object_object_add(summary, "users", instance_users(instance));
	return summary;
}

/* 0 or -errno */
int instance_remove(const struct instance *instance)
{
	return file_write_at(instance->mdev, "remove", "1");
}

/*
 * What last_error has is of something else that was tried, so it is emptied first.  Whoever
 * may not do that may not write to the file either, and is told so by the errno.
 */
int instance_write(const struct instance *instance, const char *file, const char *text,
		   char *why, size_t size)
{
	int cleared = file_write_at(instance->dir, "last_error", "\n");
	/* a write of no byte is none */
	int ret = file_write_at(instance->dir, file, *text ? text : "\n");

	*why = '\0';
	if (ret && (cleared || !instance_error(instance, why, size)))
		snprintf(why, size, "%s", strerror(-ret));
	return ret;
}
