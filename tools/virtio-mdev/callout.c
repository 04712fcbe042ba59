// SPDX-License-Identifier: GPL-2.0-only
/*
 * What mdevctl calls for each definition: with options, the definition on stdin, and
 * an exit status of 0, 1, or 2 for a type that is not ours.  mdevctl itself writes the
 * attributes at start, in the order of the definition, so this says if the order is
 * wrong, keeps the class driver away before, and binds it after.
 */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tool.h"

#define CALLOUT_OK	0
#define CALLOUT_ERROR	1
#define CALLOUT_NOT_OURS 2

#define INSTANCE	"instance/"
/* a definition has a few attributes */
#define DEFINITION_MAX	(1024 * 1024)

struct callout {
	const char *type;
	const char *event;
	const char *action;
	const char *state;
	const char *uuid;
	const char *parent;
};

static bool is(const char *word, const char *other)
{
	return word && !strcmp(word, other);
}

static int refuse(const char *attribute, const char *value, const char *why)
{
	tool_put(stderr, attribute);
	fprintf(stderr, " \"");
	tool_put(stderr, value);
	fprintf(stderr, "\": %s\n", why);
	return CALLOUT_ERROR;
}

/*
 * Always all of it: mdevctl takes a pipe that is closed early for a callout that is
 * broken.  An older one closes its end at once when there is nothing to read.
 */
static char *definition_read(void)
{
	char *text = malloc(DEFINITION_MAX + 1);

	if (text)
		text[fread(text, 1, DEFINITION_MAX, stdin)] = '\0';
	return text;
}

/* the next of its attributes: an array of objects, each of which has one */
static bool attribute_next(struct json_object *definition, size_t *at,
			   const char **name, const char **value)
{
	struct json_object *attrs = tool_get(definition, "attrs"), *one;

	if (!json_object_is_type(attrs, json_type_array) ||
	    *at >= json_object_array_length(attrs))
		return false;
	one = json_object_array_get_idx(attrs, (*at)++);
	*name = "";
	*value = "";
	if (!json_object_is_type(one, json_type_object))
		return true;
	json_object_object_foreach(one, key, text) {
		*name = key;
		*value = text ? json_object_get_string(text) : "";
	}
	return true;
}

static int validate_one(const char *name, const char *value)
{
	const char *wrong;

	if (strncmp(name, INSTANCE, strlen(INSTANCE)))
		return refuse(name, value,
			      "attributes of this type begin with instance/, as in instance/mac");
	name += strlen(INSTANCE);
	if (!attribute_name_ok(name))
		return refuse(name, value, "this is no name of an attribute");
	if (attribute_is_common(name) && strcmp(name, "bind") &&
	    strcmp(name, "driver_override"))
		return refuse(name, value, "it cannot be set");
	wrong = attribute_wrong(name, value);
	return wrong ? refuse(name, value, wrong) : CALLOUT_OK;
}

/* whether an attribute comes after one that it has to precede */
static int validate_order(struct json_object *definition, size_t end,
			  const char *name)
{
	const char *other, *value;
	size_t at = 0;

	while (at < end && attribute_next(definition, &at, &other, &value)) {
		/* the last one itself */
		if (at == end || !attribute_too_late(name + strlen(INSTANCE),
						     other + strlen(INSTANCE)))
			continue;
		fprintf(stderr,
			"%s comes after %s, which is too late: give it an index before that with --index\n",
			name, other);
		return CALLOUT_ERROR;
	}
	return CALLOUT_OK;
}

static int validate(struct json_object *definition)
{
	const char *name, *value;
	size_t at = 0;
	int ret = CALLOUT_OK;

	while (!ret && attribute_next(definition, &at, &name, &value)) {
		ret = validate_one(name, value);
		if (!ret)
			ret = validate_order(definition, at, name);
	}
	return ret;
}

/* with a message that has the kernel's reason */
static int write_or_report(const struct instance *instance, const char *file,
			   const char *text)
{
	char why[TOOL_LINE];

	if (!instance_write(instance, file, text, why, sizeof(why)))
		return CALLOUT_OK;
	fprintf(stderr, "%s: cannot set %s: ", instance->uuid, file);
	tool_put(stderr, why);
	fputc('\n', stderr);
	return CALLOUT_ERROR;
}

static int before_start(const struct callout *call)
{
	int ret = type_leave_unbound(call->parent, call->uuid, true);

	if (!ret)
		return CALLOUT_OK;
	fprintf(stderr, "%s: cannot keep the class driver away: %s\n", call->parent,
		strerror(-ret));
	return CALLOUT_ERROR;
}

/* If it cannot be bound mdevctl says that it is started all the same. */
static int after_start(const struct callout *call)
{
	struct instance instance;
	char driver[TOOL_NAME];

	if (!instance_find(&instance, call->uuid) ||
	    instance_driver(&instance, driver, sizeof(driver)))
		return CALLOUT_OK;
	return write_or_report(&instance, "bind", "1");
}

static void add_pair(struct json_object *pairs, const char *name, const char *value)
{
	struct json_object *pair = json_object_new_object();
	char path[TOOL_NAME];

	snprintf(path, sizeof(path), INSTANCE "%s", name);
	tool_add(pair, path, value);
	json_object_array_add(pairs, pair);
}

/* what mdevctl is to have in the definition of an instance that is there */
static int get_attributes(const struct callout *call)
{
	struct json_object *pairs = json_object_new_array(), *values;
	struct instance instance;
	int rank;

	if (!instance_find(&instance, call->uuid)) {
		fprintf(stderr, "no instance %s\n", call->uuid);
		json_object_put(pairs);
		return CALLOUT_ERROR;
	}
	values = attribute_values(&instance, true);
	for (rank = 0; rank < attribute_rank("bind"); rank++) {
		json_object_object_foreach(values, name, value) {
			const char *text = json_object_get_string(value);

			/* the size of a file is the file's */
			if (!strcmp(name, "size") && tool_get(values, "backing"))
				continue;
			if (!strcmp(name, "announce") || !*text)
				continue;
			if (attribute_rank(name) == rank)
				add_pair(pairs, name, text);
		}
	}
	add_pair(pairs, "bind", "1");
	tool_print_line(pairs);
	json_object_put(values);
	json_object_put(pairs);
	return CALLOUT_OK;
}

static struct json_object *words(const char *const *list, unsigned int nr)
{
	struct json_object *array = json_object_new_array();
	unsigned int i;

	for (i = 0; i < nr; i++)
		tool_append(array, list[i]);
	return array;
}

/* for mdevctl 1.3 and later */
static int get_capabilities(void)
{
	static const char *const actions[] = {
		"start", "stop", "define", "undefine", "modify", "attributes",
		"capabilities",
	};
	static const char *const events[] = {
		"pre", "post", "notify", "get", "live",
	};
	struct json_object *answer = json_object_new_object();
	struct json_object *supports = json_object_new_object();

	tool_add_uint(supports, "version", 2);
	json_object_object_add(supports, "actions",
			       words(actions, ARRAY_SIZE(actions)));
	json_object_object_add(supports, "events",
			       words(events, ARRAY_SIZE(events)));
	json_object_object_add(answer, "supports", supports);
	tool_print_line(answer);
	json_object_put(answer);
	return CALLOUT_OK;
}

/* "mdevctl modify --live": what is different, and never the binding */
static int modify_live(const struct callout *call, struct json_object *definition)
{
	const char *name, *value;
	struct instance instance;
	char now[TOOL_LINE];
	size_t at = 0;
	int ret;

	if (!instance_find(&instance, call->uuid)) {
		fprintf(stderr, "no instance %s\n", call->uuid);
		return CALLOUT_ERROR;
	}
	while (attribute_next(definition, &at, &name, &value)) {
		name += strlen(INSTANCE);
		if (!strcmp(name, "bind") ||
		    (file_read_at(instance.dir, name, now, sizeof(now)) &&
		     !strcmp(now, value)))
			continue;
		ret = write_or_report(&instance, name, value);
		if (ret)
			return ret;
	}
	return CALLOUT_OK;
}

static int with_definition(const struct callout *call, const char *text)
{
	struct json_object *definition = text ? json_tokener_parse(text) : NULL;
	int ret;

	if (!definition) {
		fprintf(stderr, "the definition is no JSON\n");
		return CALLOUT_ERROR;
	}
	ret = validate(definition);
	if (!ret && is(call->event, "live"))
		ret = modify_live(call, definition);
	else if (!ret && is(call->action, "start"))
		ret = before_start(call);
	json_object_put(definition);
	return ret;
}

static bool ours(const struct callout *call)
{
	return call->type && call->uuid && call->parent && call->event &&
	       call->action && !strncmp(call->type, "mdev_port-", 10) &&
	       instance_uuid_ok(call->uuid);
}

static int run(const struct callout *call, const char *text)
{
	bool start = is(call->action, "start");

	if (!ours(call))
		return CALLOUT_NOT_OURS;
	if (is(call->event, "get")) {
		if (is(call->action, "attributes"))
			return get_attributes(call);
		return is(call->action, "capabilities") ? get_capabilities() :
		       CALLOUT_OK;
	}
	if (is(call->event, "live") ||
	    (is(call->event, "pre") &&
	     (start || is(call->action, "define") || is(call->action, "modify"))))
		return with_definition(call, text);
	if (!is(call->event, "post") || !start)
		return CALLOUT_OK;
	if (is(call->state, "success"))
		return after_start(call);
	/* whatever is created by this name next is none of mdevctl's */
	type_leave_unbound(call->parent, call->uuid, false);
	return CALLOUT_OK;
}

int cmd_callout(int argc, char **argv)
{
	struct callout call = { };
	char *text;
	int c, ret;

	opterr = 0;
	while ((c = getopt(argc, argv, "t:e:a:s:u:p:")) != -1) {
		switch (c) {
		case 't':
			call.type = optarg;
			break;
		case 'e':
			call.event = optarg;
			break;
		case 'a':
			call.action = optarg;
			break;
		case 's':
			call.state = optarg;
			break;
		case 'u':
			call.uuid = optarg;
			break;
		case 'p':
			call.parent = optarg;
			break;
		default:
			return CALLOUT_NOT_OURS;
		}
	}
	text = definition_read();
	ret = run(&call, text);
	free(text);
	return ret;
}
