// SPDX-License-Identifier: GPL-2.0-only
/*
 * Files of sysfs and their like.  With VIRTIO_MDEV_ROOT they are looked for below
 * that directory: a tree recorded on another host, or one made for a test.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tool.h"

void file_path(char path[PATH_MAX], const char *fmt, ...)
{
	const char *root = getenv("VIRTIO_MDEV_ROOT");
	size_t len = 0;
	va_list ap;

	if (root)
		len = snprintf(path, PATH_MAX, "%s", root);
	if (len >= PATH_MAX)
		len = PATH_MAX - 1;
	va_start(ap, fmt);
	vsnprintf(path + len, PATH_MAX - len, fmt, ap);
	va_end(ap);
}

bool file_is(const char *path)
{
	return !access(path, F_OK);
}

bool file_is_dir(const char *path)
{
	struct stat st;

	return !stat(path, &st) && S_ISDIR(st.st_mode);
}

/* A file of sysfs is read by one read(). */
static ssize_t file_fill(const char *path, char *text, size_t size)
{
	int error, fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t len;

	*text = '\0';
	if (fd < 0)
		return -1;
	len = read(fd, text, size - 1);
	error = errno;
	close(fd);
	errno = error;
	if (len >= 0)
		text[len] = '\0';
	return len;
}

bool file_read(const char *path, char *line, size_t size)
{
	if (file_fill(path, line, size) < 0)
		return false;
	line[strcspn(line, "\n")] = '\0';
	return true;
}

bool file_read_all(const char *path, char *text, size_t size)
{
	ssize_t len = file_fill(path, text, size);

	if (len > 0 && text[len - 1] == '\n')
		text[len - 1] = '\0';
	return len >= 0;
}

bool file_has(const char *path, const char *text, bool begins)
{
	FILE *f = fopen(path, "re");
	bool found = false;
	char *line = NULL;
	size_t size = 0;

	if (!f)
		return false;
	while (!found && getline(&line, &size, f) >= 0)
		found = begins ? !strncmp(line, text, strlen(text)) : !!strstr(line, text);
	free(line);
	fclose(f);
	return found;
}

static bool file_join(char path[PATH_MAX], const char *dir, const char *name)
{
	int len = snprintf(path, PATH_MAX, "%s/%s", dir, name);

	if (len < PATH_MAX)
		return true;
	errno = ENAMETOOLONG;
	return false;
}

bool file_read_at(const char *dir, const char *name, char *line, size_t size)
{
	char path[PATH_MAX];

	*line = '\0';
	return file_join(path, dir, name) && file_read(path, line, size);
}

uint64_t file_read_uint(const char *dir, const char *name)
{
	char line[TOOL_LINE];

	return file_read_at(dir, name, line, sizeof(line)) ?
	       strtoull(line, NULL, 0) : 0;
}

/* In one write: sysfs takes each as a whole, and does not mind O_TRUNC. */
int file_write(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_TRUNC | O_CLOEXEC);
	size_t len = strlen(text);
	ssize_t done;
	int ret = 0;

	if (fd < 0)
		return -errno;
	done = write(fd, text, len);
	if (done < 0)
		ret = -errno;
	else if ((size_t)done != len)
		ret = -EIO;
	close(fd);
	return ret;
}

int file_write_at(const char *dir, const char *name, const char *text)
{
	char path[PATH_MAX];

	return file_join(path, dir, name) ? file_write(path, text) : -errno;
}

bool file_link_name(const char *path, char *name, size_t size)
{
	char target[PATH_MAX];
	ssize_t len = readlink(path, target, sizeof(target) - 1);
	const char *last;

	*name = '\0';
	if (len < 0)
		return false;
	target[len] = '\0';
	last = strrchr(target, '/');
	snprintf(name, size, "%s", last ? last + 1 : target);
	return true;
}

static int by_name(const void *a, const void *b)
{
	struct json_object *const *x = a, *const *y = b;

	/* vq2 before vq10 */
	return strverscmp(json_object_get_string(*x), json_object_get_string(*y));
}

struct json_object *file_names(const char *dir)
{
	struct json_object *names = json_object_new_array();
	struct dirent *entry;
	DIR *d = opendir(dir);

	if (!d)
		return names;
	while ((entry = readdir(d)))
		if (entry->d_name[0] != '.')
			tool_append(names, entry->d_name);
	closedir(d);
	json_object_array_sort(names, by_name);
	return names;
}
