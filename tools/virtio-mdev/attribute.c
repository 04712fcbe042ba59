// SPDX-License-Identifier: GPL-2.0-only
/* Attributes of instances: whatever their parent drivers have. */
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "tool.h"

/* files of every instance that are no attribute of its device */
static const char *const common[] = {
	"bind", "class_id", "config", "driver_features",
	"driver_override", "last_error", "modalias", "state", "uevent",
	"virtio_device_id", "copy_mode", "migration_state", "stat",
};

bool attribute_name_ok(const char *name)
{
	if (!*name)
		return false;
	for (; *name; name++)
		if (!isalnum((unsigned char)*name) && *name != '_')
			return false;
	return true;
}

bool attribute_is_common(const char *name)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(common); i++)
		if (!strcmp(common[i], name))
			return true;
	return false;
}

/*
 * The features that are possible depend on the number of queues; what "backing" is
 * opened for, and how, on others.
 */
int attribute_rank(const char *name)
{
	static const char *const last[] = { "features", "backing", "bind" };
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(last); i++)
		if (!strcmp(last[i], name))
			return i + 1;
	return 0;
}

/* Whether it is too late for @name once @other is set */
bool attribute_too_late(const char *name, const char *other)
{
	if (!strcmp(other, "bind"))
		return true;
	return !strcmp(other, "backing") &&
	       (!strcmp(name, "shared") || !strcmp(name, "read_only"));
}

static void assignment_name(const char *assignment, char name[TOOL_NAME])
{
	snprintf(name, TOOL_NAME, "%.*s", (int)strcspn(assignment, "="), assignment);
}

static int assignment_rank(const char *assignment)
{
	char name[TOOL_NAME];

	assignment_name(assignment, name);
	return attribute_rank(name);
}

/* by rank; those of the same rank stay as they are */
void attribute_sort(char **assignments, unsigned int nr)
{
	unsigned int i, j;

	for (i = 1; i < nr; i++)
		for (j = i; j && assignment_rank(assignments[j]) <
		     assignment_rank(assignments[j - 1]); j--) {
			char *swap = assignments[j];

			assignments[j] = assignments[j - 1];
			assignments[j - 1] = swap;
		}
}

/* whether there is such an attribute, and it can be set; with a message if not */
static int attribute_file(const struct instance *instance, const char *name)
{
	char path[PATH_MAX];
	struct stat st;

	file_path(path, "/sys/bus/mdev_class/devices/%s/%s", instance->uuid, name);
	if (!attribute_name_ok(name) || stat(path, &st) || !S_ISREG(st.st_mode)) {
		tool_advise("virtio-mdev show %s has those that are there",
			    instance->uuid);
		return tool_error(TOOL_NOT_FOUND, "%s has no attribute %s",
				  instance->type, name);
	}
	if (!(st.st_mode & 0222))
		return tool_error(TOOL_USAGE, "%s of %s can only be read", name,
				  instance->type);
	return TOOL_OK;
}

int attribute_check(const struct instance *instance, const char *assignment)
{
	const char *value = strchr(assignment, '=');
	char name[TOOL_NAME];

	if (!value || value == assignment)
		return tool_error(TOOL_USAGE, "%s: ATTRIBUTE=VALUE is needed",
				  assignment);
	assignment_name(assignment, name);
	if (!strcmp(name, "bind")) {
		tool_advise(instance ? "virtio-mdev bind %s" :
			    "leave it out, or give -n for an instance that stays unbound",
			    instance ? instance->uuid : "");
		return tool_error(TOOL_USAGE, "bind is a command");
	}
	return instance ? attribute_file(instance, name) : TOOL_OK;
}

int attribute_set(const struct instance *instance, const char *assignment)
{
	char name[TOOL_NAME], why[TOOL_LINE];
	int ret;

	assignment_name(assignment, name);
	ret = instance_write(instance, name, strchr(assignment, '=') + 1, why,
			     sizeof(why));
	if (!ret)
		return TOOL_OK;
	return tool_error(tool_code_of(-ret), "cannot set %s: %s", assignment, why);
}

/* all that can be read, or of that what can be written as well */
struct json_object *attribute_values(const struct instance *instance, bool settable)
{
	struct json_object *values = json_object_new_object();
	struct json_object *names = file_names(instance->dir);
	char path[PATH_MAX], line[TOOL_LINE];
	struct stat st;
	size_t i;

	for (i = 0; i < json_object_array_length(names); i++) {
		const char *name = tool_item(names, i);

		file_path(path, "/sys/bus/mdev_class/devices/%s/%s",
			  instance->uuid, name);
		if (attribute_is_common(name) || lstat(path, &st) ||
		    !S_ISREG(st.st_mode) || (settable && !(st.st_mode & 0200)))
			continue;
		/* shown by name */
		if (!settable && !strcmp(name, "features"))
			continue;
		if (file_read_all(path, line, sizeof(line)))
			tool_add(values, name, line);
	}
	json_object_put(names);
	return values;
}

/* --- what can be told without the device, for definitions --- */

static const char *wrong_mac(const char *value)
{
	unsigned int i, octet[6];
	char rest;

	if (sscanf(value, "%2x:%2x:%2x:%2x:%2x:%2x%c", &octet[0], &octet[1],
		   &octet[2], &octet[3], &octet[4], &octet[5], &rest) != 6 ||
	    strlen(value) != 17)
		return "six hexadecimal octets with colons between them are needed";
	for (i = 0; i < 6 && !octet[i]; i++)
		;
	if (i == 6)
		return "the address is zero";
	return octet[0] & 1 ? "a group address is no address of a card" : NULL;
}

static bool is_number(const char *value, unsigned long min, unsigned long max)
{
	char *end;
	unsigned long number;

	errno = 0;
	number = strtoul(value, &end, 0);
	return isdigit((unsigned char)*value) && !*end && !errno &&
	       number >= min && number <= max;
}

static const char *wrong_mtu(const char *value)
{
	return is_number(value, 68, 65535) ? NULL : "68 to 65535 is possible";
}

static const char *wrong_link(const char *value)
{
	return !strcmp(value, "up") || !strcmp(value, "down") ? NULL :
	       "\"up\" or \"down\" is possible";
}

static const char *wrong_bool(const char *value)
{
	return is_number(value, 0, 1) || (strlen(value) == 1 && strchr("yYnN", *value)) ?
	       NULL : "1 or 0 is possible";
}

static const char *wrong_backing(const char *value)
{
	return !*value || *value == '/' ? NULL :
	       "an absolute path is needed, because mdevctl starts the device from anywhere";
}

static const char *wrong_serial(const char *value)
{
	const char *c;

	for (c = value; *c; c++)
		if (!isgraph((unsigned char)*c))
			break;
	return !*c && c - value <= 20 ? NULL :
	       "up to 20 printable characters without blanks are possible";
}

static const char *wrong_size(const char *value)
{
	char *end;
	unsigned long long bytes;

	errno = 0;
	bytes = strtoull(value, &end, 0);
	if (errno || !isdigit((unsigned char)*value))
		return "a number is needed, with K, M, G or T if wanted";
	if (*end && strchr("kKmMgGtT", *end))
		return end[1] ? "after K, M, G or T nothing may follow" : NULL;
	if (*end)
		return "a number is needed, with K, M, G or T if wanted";
	return bytes % 512 ? "a multiple of 512 is needed" : NULL;
}

static const char *wrong_bind(const char *value)
{
	return !strcmp(value, "1") ? NULL : "1 is the only value";
}

const char *attribute_wrong(const char *name, const char *value)
{
	static const struct {
		const char *name;
		const char *(*wrong)(const char *value);
	} known[] = {
		{ "mac", wrong_mac },
		{ "mtu", wrong_mtu },
		{ "link", wrong_link },
		{ "shared", wrong_bool },
		{ "read_only", wrong_bool },
		{ "direct", wrong_bool },
		{ "backing", wrong_backing },
		{ "serial", wrong_serial },
		{ "size", wrong_size },
		{ "bind", wrong_bind },
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(known); i++)
		if (!strcmp(known[i].name, name))
			return known[i].wrong(value);
	return NULL;
}
