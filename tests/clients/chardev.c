// SPDX-License-Identifier: GPL-2.0-only
/* The char device, and messages to it. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "client.h"

struct vm_way vm_way;

int vm_chardev_path(const char *uuid, char *path, size_t len)
{
	struct dirent *e;
	char dir[256];
	int ret = -ENOENT;
	DIR *d;

	if (vm_way.node) {
		snprintf(path, len, "%s", vm_way.node);
		return 0;
	}
	snprintf(dir, sizeof(dir), "/sys/bus/mdev_class/devices/%s/vhost-mdev",
		 uuid);
	d = opendir(dir);
	if (!d)
		return -errno;
	while ((e = readdir(d))) {
		if (strncmp(e->d_name, "vhost-mdev-", 11))
			continue;
		snprintf(path, len, "/dev/%s", e->d_name);
		ret = 0;
	}
	closedir(d);
	return ret;
}

int vm_chardev_open_only(const char *uuid)
{
	struct rlimit r = { RLIM_INFINITY, RLIM_INFINITY };
	char path[300];
	int ret, fd;

	/* If it may: else what there is has to do. */
	setrlimit(RLIMIT_MEMLOCK, &r);
	ret = vm_chardev_path(uuid, path, sizeof(path));
	if (ret)
		return ret;
	fd = open(path, (vm_way.wronly ? O_WRONLY : O_RDWR) | O_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

int vm_chardev_open(const char *uuid)
{
	int fd = vm_chardev_open_only(uuid);
	int ret;

	if (fd < 0)
		return fd;
	/* Without an owner nothing can be mapped. */
	ret = vm_ioctl(fd, VHOST_MDEV_SET_OWNER, NULL);
	if (ret) {
		close(fd);
		return ret;
	}
	return fd;
}

int vm_msg(int fd, __u32 asid, __u8 type, __u64 iova, __u64 size,
	   const void *va, __u8 perm)
{
	struct vhost_mdev_msg m;
	ssize_t n;

	memset(&m, 0, sizeof(m));
	m.type = vm_way.v1 ? VHOST_MDEV_MSG_V1 : VHOST_MDEV_MSG_V2;
	/* Where version 1 has nothing there is what happens to be there. */
	m.asid = vm_way.v1 ? 0xdeadbeef : asid;
	m.iotlb.type = type;
	m.iotlb.iova = iova;
	m.iotlb.size = size;
	m.iotlb.uaddr = (unsigned long)va;
	m.iotlb.perm = perm;
	n = write(fd, &m, sizeof(m));
	if (n < 0)
		return -errno;
	return n == sizeof(m) ? 0 : -EIO;
}

int vm_chardev_map(int fd, const void *va, __u64 iova, size_t size,
		   bool writable)
{
	__u8 perm = writable ? VHOST_MDEV_ACCESS_RW : VHOST_MDEV_ACCESS_RO;
	size_t at, piece = vm_way.pieces ? VM_PAGE : size;
	int ret = 0;

	/* There is no device yet to map it into. */
	if (fd < 0)
		return 0;
	if (vm_way.batch)
		must(vm_msg(fd, 0, VHOST_MDEV_IOTLB_BATCH_BEGIN, 0, 0, NULL,
			    0));
	for (at = 0; at < size && !ret; at += piece)
		ret = vm_msg(fd, 0, VHOST_MDEV_IOTLB_UPDATE, iova + at, piece,
			     (const __u8 *)va + at, perm);
	if (vm_way.batch)
		must(vm_msg(fd, 0, VHOST_MDEV_IOTLB_BATCH_END, 0, 0, NULL, 0));
	return ret;
}

int vm_chardev_unmap(int fd, __u64 iova, __u64 size)
{
	int ret;

	/* It went with the device. */
	if (fd < 0)
		return 0;
	if (vm_way.batch)
		must(vm_msg(fd, 0, VHOST_MDEV_IOTLB_BATCH_BEGIN, 0, 0, NULL,
			    0));
	ret = vm_msg(fd, 0, VHOST_MDEV_IOTLB_INVALIDATE, iova, size, NULL, 0);
	if (vm_way.batch)
		must(vm_msg(fd, 0, VHOST_MDEV_IOTLB_BATCH_END, 0, 0, NULL, 0));
	return ret;
}
