/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _TOOL_H
#define _TOOL_H

#include <json-c/json.h>
#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/* What the program ends with; the man page has the list */
enum tool_exit {
	TOOL_OK,
	TOOL_FAILED,	/* the kernel refused */
	TOOL_USAGE,
	TOOL_NOT_FOUND,	/* no such instance, type, attribute */
	TOOL_DENIED,	/* somebody else may do it */
	TOOL_FINDINGS,	/* "check" found an error */
};

/* TOOL_VERSION, the version of the package, is from the Makefile. */
#define TOOL_UUID_LEN	36
#define TOOL_LINE	4096
#define ARRAY_SIZE(a)	(sizeof(a) / sizeof((a)[0]))

/* the name of a class driver, or of a port, fits, as does every name of sysfs */
#define TOOL_NAME	(NAME_MAX + 1)

/* --- options of all commands: main.c --- */

struct tool_options {
	bool json;
	bool no_bind;
	double interval;
	unsigned long count;
};

extern struct tool_options options;

/* --- errors and results: output.c --- */

/* What failed, and what to do about it, NULL if there is nothing to say */
__attribute__((format(printf, 2, 3)))
int tool_error(enum tool_exit code, const char *fmt, ...);
__attribute__((format(printf, 1, 2)))
void tool_advise(const char *fmt, ...);
/* A line for a person who waits: not with -j */
__attribute__((format(printf, 1, 2)))
void tool_note(const char *fmt, ...);
enum tool_exit tool_code_of(int error);
int tool_put(FILE *to, const char *text);
void tool_print_json(struct json_object *object);
/* all of it on one line */
void tool_print_line(struct json_object *object);
void tool_add(struct json_object *object, const char *key, const char *value);
void tool_add_uint(struct json_object *object, const char *key, uint64_t value);
void tool_append(struct json_object *array, const char *value);
const char *tool_string(struct json_object *object, const char *key);
uint64_t tool_uint(struct json_object *object, const char *key);
/* an element of an array of strings */
const char *tool_item(struct json_object *array, size_t index);
struct json_object *tool_get(struct json_object *object, const char *key);

struct tool_column {
	const char *key;
	const char *title;
};

void tool_print_table(struct json_object *rows, const struct tool_column *columns,
		      unsigned int nr);

/* --- files below /sys and others: file.c --- */

__attribute__((format(printf, 2, 3)))
void file_path(char path[PATH_MAX], const char *fmt, ...);
bool file_is(const char *path);
bool file_is_dir(const char *path);
/* the first line, or false and errno */
bool file_read(const char *path, char *line, size_t size);
bool file_read_at(const char *dir, const char *name, char *line, size_t size);
/* all of it without the last line feed, or false and errno */
bool file_read_all(const char *path, char *text, size_t size);
/* whether a line of the file has this text, or begins with it */
bool file_has(const char *path, const char *text, bool begins);
uint64_t file_read_uint(const char *dir, const char *name);
/* 0 or -errno */
int file_write(const char *path, const char *text);
int file_write_at(const char *dir, const char *name, const char *text);
/* the last part of where a link leads; false if there is none */
bool file_link_name(const char *path, char *name, size_t size);
/* names in a directory, sorted: an array of strings, empty if there is none */
struct json_object *file_names(const char *dir);

/* --- instances: instance.c --- */

struct instance {
	char uuid[TOOL_UUID_LEN + 1];
	char dir[PATH_MAX];	/* on the bus mdev_class */
	char mdev[PATH_MAX];	/* on the bus mdev */
	char port[TOOL_NAME];
	char type[TOOL_NAME];
	unsigned int class_id;
	unsigned int device_id;
};

bool instance_uuid_ok(const char *uuid);
bool instance_find(struct instance *instance, const char *uuid);
/* with a message */
int instance_get(struct instance *instance, const char *uuid);
void instance_state(const struct instance *instance, char *state, size_t size);
bool instance_driver(const struct instance *instance, char *driver, size_t size);
/* why something that was tried failed; false if the kernel has not said */
bool instance_error(const struct instance *instance, char *text, size_t size);
/* 0 or -errno, and why, which is the errno's text if the kernel has not said */
int instance_write(const struct instance *instance, const char *file,
		   const char *text, char *why, size_t size);
struct json_object *instance_nodes(const struct instance *instance);
struct json_object *instance_kernel_devices(const struct instance *instance);
struct json_object *instance_users(const struct instance *instance);
void instance_users_text(struct json_object *users, char *text, size_t size);
struct json_object *instance_summary(const struct instance *instance);
int instance_remove(const struct instance *instance);

/* --- attributes of an instance: attribute.c --- */

bool attribute_name_ok(const char *name);
bool attribute_is_common(const char *name);
/* those come first that others depend on */
int attribute_rank(const char *name);
bool attribute_too_late(const char *name, const char *other);
void attribute_sort(char **assignments, unsigned int nr);
/* with a message: whether it can be tried, without an instance the words alone */
int attribute_check(const struct instance *instance, const char *assignment);
/* with a message; it was checked */
int attribute_set(const struct instance *instance, const char *assignment);
struct json_object *attribute_values(const struct instance *instance,
				     bool settable);
/* NULL, or what is wrong */
const char *attribute_wrong(const char *name, const char *value);

/* --- types and classes: type.c --- */

struct type {
	char port[TOOL_NAME];
	char name[TOOL_NAME];
	char dir[PATH_MAX];
};

const char *class_name(unsigned int class_id);
unsigned int class_id_of(const char *name);
int type_find(struct type *type, const char *name);
struct json_object *type_all(void);
int type_leave_unbound(const char *port, const char *uuid, bool leave);

/* --- what the standard has names for: device.c, config.c --- */

const char *device_name(unsigned int device_id);
struct json_object *config_decode(unsigned int device_id, uint64_t features,
				  const char *digits);

/* --- queues: queue.c --- */

#define QUEUE_COUNTERS	6
extern const char *const queue_counters[QUEUE_COUNTERS];
struct json_object *queue_all(const struct instance *instance);

/* --- commands --- */

int cmd_types(int argc, char **argv);
int cmd_list(int argc, char **argv);
int cmd_show(int argc, char **argv);
int cmd_create(int argc, char **argv);
int cmd_set(int argc, char **argv);
int cmd_remove(int argc, char **argv);
int cmd_bind(int argc, char **argv);
int cmd_unbind(int argc, char **argv);
int cmd_stats(int argc, char **argv);
int cmd_check(int argc, char **argv);
int cmd_callout(int argc, char **argv);

#endif /* _TOOL_H */
