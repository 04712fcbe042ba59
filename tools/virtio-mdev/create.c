// SPDX-License-Identifier: GPL-2.0-only
/*
 * "create": an instance whose driver finds what was set.  So it is created unbound, set
 * up, and bound last; if any of that fails it is removed again.
 */
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "tool.h"

/* How long the kernel's own driver may take to come: udev loads it */
#define TRIES		50
#define TRY_NS		(100 * 1000 * 1000)

static bool new_uuid(char uuid[TOOL_UUID_LEN + 1])
{
	return file_read("/proc/sys/kernel/random/uuid", uuid, TOOL_UUID_LEN + 1);
}

/* the port's last_error is "UUID: why", of the last instance that could not be made */
static bool port_error(const char *port, const char *uuid, char *text, size_t size)
{
	char path[PATH_MAX], line[TOOL_LINE];
	size_t len = strlen(uuid);

	file_path(path, "/sys/class/mdev_port/%s", port);
	if (!file_read_at(path, "last_error", line, sizeof(line)) ||
	    strncmp(line, uuid, len) || line[len] != ':')
		return false;
	snprintf(text, size, "%s", line + len + 1 + (line[len + 1] == ' '));
	return *text;
}

static const char *create_advice(int error)
{
	switch (error) {
	case EEXIST:
		return "take another UUID, or none";
	case EUSERS:
		return "remove an instance of this port first";
	default:
		return "dmesg has more";
	}
}

static int create_bare(const struct type *type, const char *uuid)
{
	int ret = type_leave_unbound(type->port, uuid, true);
	char text[TOOL_LINE];
	enum tool_exit code;

	if (ret == -ENOENT) {
		tool_advise("it is older than this program: load modules of the same version");
		return tool_error(TOOL_FAILED, "mdev_core has no leave_unbound");
	}
	if (ret)
		return tool_error(tool_code_of(-ret), "cannot write leave_unbound of %s: %s",
				  type->port, strerror(-ret));
	ret = file_write_at(type->dir, "create", uuid);
	if (!ret)
		return TOOL_OK;

	type_leave_unbound(type->port, uuid, false);
	code = tool_code_of(-ret);
	/* mdev itself refuses a UUID that is there, and the port knows nothing of it */
	if (ret != -EEXIST && port_error(type->port, uuid, text, sizeof(text)))
		return tool_error(code, "cannot create a %s: %s", type->name, text);
	if (code != TOOL_DENIED)
		tool_advise("%s", create_advice(-ret));
	return tool_error(code, "cannot create a %s: %s", type->name,
			  strerror(-ret));
}

static int bind_it(const struct instance *instance)
{
	char why[TOOL_LINE];
	int ret = instance_write(instance, "bind", "1", why, sizeof(why));

	if (!ret)
		return TOOL_OK;
	if (ret == -ENODEV)
		tool_advise("modprobe %s_mdev", class_name(instance->class_id));
	return tool_error(tool_code_of(-ret), "cannot bind the class driver: %s", why);
}

/* The kernel's driver comes by udev, and takes a moment. */
static bool wait_running(const struct instance *instance)
{
	struct timespec pause = { .tv_nsec = TRY_NS };
	char state[TOOL_NAME];
	unsigned int i;

	for (i = 0; i < TRIES; i++) {
		instance_state(instance, state, sizeof(state));
		if (!strcmp(state, "running"))
			return true;
		nanosleep(&pause, NULL);
	}
	return false;
}

static int set_up(const struct instance *instance, char **assignments,
		  unsigned int nr)
{
	unsigned int i;
	int ret;

	for (i = 0; i < nr; i++) {
		ret = attribute_check(instance, assignments[i]);
		if (!ret)
			ret = attribute_set(instance, assignments[i]);
		if (ret)
			return ret;
	}
	return options.no_bind ? TOOL_OK : bind_it(instance);
}

static void report(const struct instance *instance)
{
	bool waits = instance->class_id == class_id_of("virtio") &&
		     !options.no_bind;
	bool running;

	/* first, for whoever does not wait */
	if (!options.json) {
		printf("%s\n", instance->uuid);
		fflush(stdout);
	}
	running = !waits || wait_running(instance);
	if (options.json) {
		struct json_object *summary = instance_summary(instance);

		tool_print_json(summary);
		json_object_put(summary);
	}
	if (!running)
		tool_note("no driver has started the device yet; is one loaded? modprobe virtio_%s",
			  !strcmp(device_name(instance->device_id), "block") ?
			  "blk" : device_name(instance->device_id));
}

/* the kernel has UUIDs in small letters, whichever it is given */
static void lower(char *to, const char *uuid)
{
	do {
		*to++ = tolower((unsigned char)*uuid);
	} while (*uuid++);
}

int cmd_create(int argc, char **argv)
{
	char uuid[TOOL_UUID_LEN + 1];
	struct instance instance;
	struct type type;
	int i, ret, gone;

	ret = type_find(&type, argv[0]);
	if (ret)
		return ret;
	argv++;
	argc--;
	if (argc && instance_uuid_ok(argv[argc - 1])) {
		lower(uuid, argv[argc - 1]);
		argc--;
	} else if (!new_uuid(uuid)) {
		tool_advise("give one");
		return tool_error(TOOL_FAILED, "cannot make a UUID");
	}
	for (i = 0; i < argc; i++) {
		if (!strchr(argv[i], '='))
			return tool_error(TOOL_USAGE,
					  "%s is neither ATTRIBUTE=VALUE nor a UUID",
					  argv[i]);
		ret = attribute_check(NULL, argv[i]);
		if (ret)
			return ret;
	}
	attribute_sort(argv, argc);

	ret = create_bare(&type, uuid);
	if (ret)
		return ret;
	if (!instance_find(&instance, uuid))
		return tool_error(TOOL_FAILED,
				  "somebody else removed %s meanwhile", uuid);
	ret = set_up(&instance, argv, argc);
	if (!ret) {
		report(&instance);
		return TOOL_OK;
	}
	gone = instance_remove(&instance);
	if (gone)
		tool_note("cannot remove %s again: %s", uuid, strerror(-gone));
	return ret;
}

int cmd_set(int argc, char **argv)
{
	struct instance instance;
	int i, ret;

	ret = instance_get(&instance, argv[0]);
	/* all of it is looked over before anything is changed */
	for (i = 1; !ret && i < argc; i++)
		ret = attribute_check(&instance, argv[i]);
	attribute_sort(argv + 1, argc - 1);
	for (i = 1; !ret && i < argc; i++)
		ret = attribute_set(&instance, argv[i]);
	if (!ret && options.json) {
		struct json_object *values = attribute_values(&instance, false);

		tool_print_json(values);
		json_object_put(values);
	}
	return ret;
}

static void note_user(const struct instance *instance)
{
	char path[PATH_MAX], driver[TOOL_NAME], text[TOOL_LINE];
	struct json_object *users;

	if (!instance_driver(instance, driver, sizeof(driver)) ||
	    !strcmp(driver, "virtio_mdev"))
		return;
	users = instance_users(instance);
	instance_users_text(users, text, sizeof(text));
	json_object_put(users);
	if (!strcmp(text, "-"))
		return;
	file_path(path, "/sys/module/%s/parameters", driver);
	tool_note("%s is open by %s, which has %llu seconds to close it",
		  instance->uuid, text,
		  (unsigned long long)file_read_uint(path, "remove_grace"));
}

int cmd_remove(int argc, char **argv)
{
	struct json_object *removed = json_object_new_array();
	struct instance instance;
	int i, ret = TOOL_OK, error;

	for (i = 0; i < argc; i++) {
		ret = instance_get(&instance, argv[i]);
		if (ret)
			break;
		note_user(&instance);
		error = instance_remove(&instance);
		if (error) {
			ret = tool_error(tool_code_of(-error),
					 "cannot remove %s: %s", instance.uuid,
					 strerror(-error));
			break;
		}
		tool_append(removed, instance.uuid);
	}
	if (!ret && options.json)
		tool_print_json(removed);
	json_object_put(removed);
	return ret;
}

static int unbind(const struct instance *instance)
{
	char path[PATH_MAX], driver[TOOL_NAME];
	int ret;

	if (!instance_driver(instance, driver, sizeof(driver)))
		return TOOL_OK;
	note_user(instance);
	file_path(path, "/sys/bus/mdev_class/drivers/%s/unbind", driver);
	ret = file_write(path, instance->uuid);
	if (!ret || ret == -ENODEV)
		return TOOL_OK;
	return tool_error(tool_code_of(-ret), "cannot unbind %s: %s", driver,
			  strerror(-ret));
}

static int bind_result(const struct instance *instance)
{
	if (options.json) {
		struct json_object *summary = instance_summary(instance);

		tool_print_json(summary);
		json_object_put(summary);
	}
	return TOOL_OK;
}

int cmd_bind(int argc, char **argv)
{
	char override[TOOL_NAME];
	struct instance instance;
	unsigned int class_id;
	int ret;

	ret = instance_get(&instance, argv[0]);
	if (ret)
		return ret;
	class_id = argc > 1 ? class_id_of(argv[1]) : instance.class_id;
	if (!class_id) {
		tool_advise("virtio, vhost and vfio are");
		return tool_error(TOOL_USAGE, "%s is no class", argv[1]);
	}
	/* the class that it was made for needs no word */
	if (class_id == instance.class_id)
		snprintf(override, sizeof(override), "\n");
	else
		snprintf(override, sizeof(override), "%s_mdev",
			 class_name(class_id));

	ret = unbind(&instance);
	if (ret)
		return ret;
	ret = file_write_at(instance.dir, "driver_override", override);
	if (ret)
		return tool_error(tool_code_of(-ret),
				  "cannot write driver_override: %s",
				  strerror(-ret));
	ret = bind_it(&instance);
	return ret ? ret : bind_result(&instance);
}

int cmd_unbind(int argc, char **argv)
{
	struct instance instance;
	int ret;

	ret = instance_get(&instance, argv[0]);
	if (!ret)
		ret = unbind(&instance);
	return ret ? ret : bind_result(&instance);
}
