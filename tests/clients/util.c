// SPDX-License-Identifier: GPL-2.0-only
/* Messages, time, eventfds and sysfs. */
#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "client.h"

void vm_die(const char *file, int line, const char *fmt, ...)
{
	va_list ap;

	fflush(stdout);
	printf("FAILED (%s:%d): ", file, line);
	va_start(ap, fmt);
	vprintf(fmt, ap);
	va_end(ap);
	putchar('\n');
	fflush(stdout);
	_exit(1);
}

void pass(const char *fmt, ...)
{
	va_list ap;

	printf("  good: ");
	va_start(ap, fmt);
	vprintf(fmt, ap);
	va_end(ap);
	putchar('\n');
	fflush(stdout);
}

void vm_info(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vprintf(fmt, ap);
	va_end(ap);
	putchar('\n');
	fflush(stdout);
}

const char *vm_err(long ret)
{
	static __thread char buf[2][96];
	static __thread int turn;
	const char *name;

	if (ret >= 0)
		return "success";
	turn ^= 1;
	name = strerrorname_np(-ret);
	snprintf(buf[turn], sizeof(buf[turn]), "%s (%ld, %s)",
		 name ? name : "?", -ret, strerror(-ret));
	return buf[turn];
}

__u64 vm_now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000ULL + t.tv_nsec / 1000000;
}

void vm_sleep_ms(unsigned int ms)
{
	struct timespec t = { ms / 1000, (ms % 1000) * 1000000L };

	nanosleep(&t, NULL);
}

int vm_eventfd(void)
{
	int fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);

	return fd < 0 ? -errno : fd;
}

__u64 vm_eventfd_wait(int fd, int ms)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };
	__u64 n = 0;

	if (poll(&p, 1, ms) != 1 || read(fd, &n, sizeof(n)) != sizeof(n))
		return 0;
	return n;
}

bool vm_eventfd_peek(int fd)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };

	return poll(&p, 1, 0) == 1;
}

int vm_write_file(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	int ret = 0;

	if (fd < 0)
		return -errno;
	if (write(fd, text, strlen(text)) < 0)
		ret = -errno;
	close(fd);
	return ret;
}

int vm_read_file(const char *path, char *buf, size_t len)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n;

	if (fd < 0)
		return -errno;
	n = read(fd, buf, len - 1);
	if (n < 0)
		n = -errno;
	close(fd);
	if (n < 0)
		return n;
	while (n > 0 && buf[n - 1] == '\n')
		n--;
	buf[n] = 0;
	return n;
}

static void sysfs_path(char *path, size_t len, const char *uuid,
		       const char *name)
{
	snprintf(path, len, "/sys/bus/mdev_class/devices/%s/%s", uuid, name);
}

int vm_sysfs_write(const char *uuid, const char *name, const char *text)
{
	char path[256];

	sysfs_path(path, sizeof(path), uuid, name);
	return vm_write_file(path, text);
}

int vm_sysfs_read(const char *uuid, const char *name, char *buf, size_t len)
{
	char path[256];

	sysfs_path(path, sizeof(path), uuid, name);
	return vm_read_file(path, buf, len);
}

__u64 vm_sysfs_u64(const char *uuid, const char *name)
{
	char buf[64];
	int ret = vm_sysfs_read(uuid, name, buf, sizeof(buf));

	if (ret < 0)
		die("%s of %s: %s", name, uuid, vm_err(ret));
	return strtoull(buf, NULL, 0);
}

long vm_pinned(void)
{
	long got = -1, put = -1, n;
	char name[64];
	FILE *f;

	/* Reading this adds up what each CPU counted for itself. */
	vm_read_file("/proc/sys/vm/stat_refresh", name, sizeof(name));
	f = fopen("/proc/vmstat", "re");
	if (!f)
		die("/proc/vmstat: %s", vm_err(-errno));
	while (fscanf(f, "%63s %ld", name, &n) == 2) {
		if (!strcmp(name, "nr_foll_pin_acquired"))
			got = n;
		else if (!strcmp(name, "nr_foll_pin_released"))
			put = n;
	}
	fclose(f);
	if (got < 0 || put < 0)
		die("/proc/vmstat has no nr_foll_pin counters");
	return got - put;
}

int vm_limit_memlock(size_t bytes)
{
	struct __user_cap_header_struct h = {
		.version = _LINUX_CAPABILITY_VERSION_3,
	};
	struct __user_cap_data_struct c[2];
	struct rlimit r = { bytes, bytes };

	/* Root without the capability: the limit holds for it. */
	if (syscall(SYS_capget, &h, c))
		return -errno;
	c[0].effective &= ~(1U << CAP_IPC_LOCK);
	c[0].permitted &= ~(1U << CAP_IPC_LOCK);
	if (syscall(SYS_capset, &h, c) || setrlimit(RLIMIT_MEMLOCK, &r))
		return -errno;
	return 0;
}

/*
 * A program of its own, since a child of ours would hold the device open that
 * it waits for.
 */
pid_t vm_remove_instance(const char *uuid)
{
	char cmd[256];
	pid_t pid;

	snprintf(cmd, sizeof(cmd), "echo 1 >/sys/bus/mdev/devices/%s/remove",
		 uuid);
	fflush(stdout);
	pid = fork();
	if (pid < 0)
		die("fork: %s", vm_err(-errno));
	if (!pid) {
		execl("/bin/sh", "sh", "-c", cmd, NULL);
		_exit(127);
	}
	return pid;
}
