// SPDX-License-Identifier: GPL-2.0-only
/*
 * What the program says.  A command makes one JSON value of its result, which is
 * printed as it is or as text; errors go to stderr, in the same form.
 */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tool.h"

#define JSON_FORM (JSON_C_TO_STRING_PRETTY | JSON_C_TO_STRING_SPACED | \
		   JSON_C_TO_STRING_NOSLASHESCAPE)

static char advice[TOOL_LINE];

/* How many bytes the character has that begins here, 0 if it is not of UTF-8 */
static unsigned int utf8_length(const char *text)
{
	static const unsigned int least[] = { 0, 0, 0x80, 0x800, 0x10000 };
	const unsigned char *c = (const unsigned char *)text;
	unsigned int i, n, value;

	if (*c < 0x80)
		return 1;
	n = *c >> 5 == 0x6 ? 2 : *c >> 4 == 0xe ? 3 : *c >> 3 == 0x1e ? 4 : 0;
	value = n ? *c & (0x7f >> n) : 0;
	for (i = 1; i < n; i++) {
		if (c[i] >> 6 != 2)
			return 0;
		value = value << 6 | (c[i] & 0x3f);
	}
	if (!n || value < least[n] || value > 0x10ffff || value >> 11 == 0x1b)
		return 0;
	return n;
}

/* Whether a terminal would do something in place of showing it */
static bool is_control(const char *text)
{
	unsigned char c = *text;

	return c < 0x20 || c == 0x7f || (c == 0xc2 && (unsigned char)text[1] < 0xa0);
}

/*
 * Names of files and of processes are what somebody else has chosen: on one line, and
 * nothing in them reaches the terminal as a command.  Returns the number of columns.
 * Without a file that is all.
 */
int tool_put(FILE *to, const char *text)
{
	int columns = 0;

	while (*text) {
		unsigned int n = utf8_length(text);

		if (n && !is_control(text)) {
			if (to)
				fwrite(text, 1, n, to);
			columns++;
			text += n;
			continue;
		}
		if (to)
			fprintf(to, "\\x%02x", (unsigned char)*text);
		columns += 4;
		text++;
	}
	return columns;
}

/* JSON is of UTF-8: what is not becomes the character for that. */
static struct json_object *json_text(const char *value)
{
	struct json_object *string;
	size_t len = 0;
	char *text = malloc(3 * strlen(value) + 1);

	if (!text)
		abort();
	while (*value) {
		unsigned int n = utf8_length(value);

		memcpy(text + len, n ? value : "\xef\xbf\xbd", n ? n : 3);
		len += n ? n : 3;
		value += n ? n : 1;
	}
	string = json_object_new_string_len(text, len);
	free(text);
	return string;
}

void tool_advise(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(advice, sizeof(advice), fmt, ap);
	va_end(ap);
}

int tool_error(enum tool_exit code, const char *fmt, ...)
{
	char text[TOOL_LINE];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);

	if (options.json) {
		struct json_object *error = json_object_new_object();

		tool_add(error, "error", text);
		if (*advice)
			tool_add(error, "advice", advice);
		json_object_object_add(error, "exit", json_object_new_int(code));
		fprintf(stderr, "%s\n",
			json_object_to_json_string_ext(error, JSON_FORM));
		json_object_put(error);
	} else {
		fprintf(stderr, "virtio-mdev: ");
		tool_put(stderr, text);
		if (*advice) {
			fprintf(stderr, ": ");
			tool_put(stderr, advice);
		}
		fputc('\n', stderr);
	}
	*advice = '\0';
	return code;
}

void tool_note(const char *fmt, ...)
{
	char text[TOOL_LINE];
	va_list ap;

	if (options.json)
		return;
	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	fprintf(stderr, "virtio-mdev: ");
	tool_put(stderr, text);
	fputc('\n', stderr);
}

enum tool_exit tool_code_of(int error)
{
	switch (error) {
	case EACCES:
	case EPERM:
	case EROFS:
		if (geteuid())
			tool_advise("run it as root");
		else if (error == EROFS)
			tool_advise("/sys is read-only here, as in a container");
		return TOOL_DENIED;
	default:
		return TOOL_FAILED;
	}
}

void tool_print_json(struct json_object *object)
{
	printf("%s\n", json_object_to_json_string_ext(object, JSON_FORM));
	fflush(stdout);
}

void tool_print_line(struct json_object *object)
{
	int form = JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE;

	printf("%s\n", json_object_to_json_string_ext(object, form));
	fflush(stdout);
}

void tool_add(struct json_object *object, const char *key, const char *value)
{
	json_object_object_add(object, key, json_text(value));
}

void tool_add_uint(struct json_object *object, const char *key, uint64_t value)
{
	json_object_object_add(object, key, json_object_new_uint64(value));
}

void tool_append(struct json_object *array, const char *value)
{
	json_object_array_add(array, json_text(value));
}

struct json_object *tool_get(struct json_object *object, const char *key)
{
	struct json_object *value = NULL;

	json_object_object_get_ex(object, key, &value);
	return value;
}

const char *tool_item(struct json_object *array, size_t index)
{
	return json_object_get_string(json_object_array_get_idx(array, index));
}

/* Of any kind, as a person wants to see it */
const char *tool_string(struct json_object *object, const char *key)
{
	struct json_object *value = tool_get(object, key);

	return value ? json_object_get_string(value) : "-";
}

uint64_t tool_uint(struct json_object *object, const char *key)
{
	struct json_object *value = tool_get(object, key);

	return value ? json_object_get_uint64(value) : 0;
}

static int column_width(struct json_object *rows, const struct tool_column *column)
{
	int width = strlen(column->title);
	size_t i;

	for (i = 0; i < json_object_array_length(rows); i++) {
		struct json_object *row = json_object_array_get_idx(rows, i);
		int len = tool_put(NULL, tool_string(row, column->key));

		if (len > width)
			width = len;
	}
	return width;
}

void tool_print_table(struct json_object *rows, const struct tool_column *columns,
		      unsigned int nr)
{
	size_t i, n = json_object_array_length(rows);
	unsigned int c;
	int widths[16];

	for (c = 0; c < nr; c++)
		widths[c] = column_width(rows, &columns[c]);
	for (c = 0; c < nr; c++)
		printf("%-*s%s", c + 1 < nr ? widths[c] : 0, columns[c].title,
		       c + 1 < nr ? "  " : "\n");
	for (i = 0; i < n; i++) {
		struct json_object *row = json_object_array_get_idx(rows, i);

		for (c = 0; c < nr; c++) {
			int len = tool_put(stdout, tool_string(row, columns[c].key));

			if (c + 1 < nr)
				printf("%*s", widths[c] - len + 2, "");
		}
		putchar('\n');
	}
	fflush(stdout);
}
