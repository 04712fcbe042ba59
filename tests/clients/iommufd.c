// SPDX-License-Identifier: GPL-2.0-only
/*
 * Devices by nodes of their own, and an I/O address space of iommufd in the
 * place of a container.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "iommufd.h"
#include "client.h"

/*
 * VM_IOMMUFD=cdev takes the place of groups and containers; with VM_IOMMUFD=compat
 * /dev/iommu is a container for groups.  In the environment, so that all programs
 * and scripts run over either without knowing.
 */
[[gnu::constructor]] static void way_by_environment(void)
{
	const char *v = getenv("VM_IOMMUFD");

	if (!v || !*v)
		return;
	vm_way.iommufd = true;
	if (!strcmp(v, "cdev"))
		vm_way.cdev = true;
	else if (strcmp(v, "compat"))
		die("VM_IOMMUFD=%s: cdev or compat is expected", v);
}

int vm_ioas_new(int iommufd, __u32 *ioas)
{
	struct vm_ioas_alloc a = { .size = sizeof(a) };
	int ret = vm_ioctl(iommufd, VM_IOAS_ALLOC, &a);

	*ioas = a.ioas;
	return ret;
}

/* Of an instance, behind an IOMMU that of its function; or of a PCI function */
int vm_cdev_path(const char *name, char *path, size_t len)
{
	static const char * const where[] = {
		"/sys/bus/mdev_class/devices/%s/dma_device/vfio-dev",
		"/sys/bus/mdev/devices/%s/vfio-dev",
		"/sys/bus/pci/devices/%s/vfio-dev",
	};
	struct dirent *e = NULL;
	char dir[256];
	unsigned int i;
	DIR *d;

	for (i = 0; i < ARRAY_SIZE(where) && !e; i++) {
		snprintf(dir, sizeof(dir), where[i], name);
		d = opendir(dir);
		if (!d)
			continue;
		while ((e = readdir(d)) && e->d_name[0] == '.')
			;
		if (e)
			snprintf(path, len, "/dev/vfio/devices/%s", e->d_name);
		closedir(d);
	}
	return e ? 0 : -ENOENT;
}

int vm_cdev_bind(int fd, int iommufd)
{
	struct vm_vfio_bind b = { .argsz = sizeof(b), .iommufd = iommufd };

	return vm_ioctl(fd, VM_VFIO_BIND, &b);
}

int vm_cdev_attach(int fd, __u32 ioas)
{
	struct vm_vfio_attach a = { .argsz = sizeof(a), .ioas = ioas };

	return vm_ioctl(fd, VM_VFIO_ATTACH, &a);
}

int vm_cdev_detach(int fd)
{
	struct vm_vfio_detach d = { .argsz = sizeof(d) };

	return vm_ioctl(fd, VM_VFIO_DETACH, &d);
}

int vm_cdev_open(const struct vm_container *c, const char *name)
{
	char path[300];
	int fd, ret = vm_cdev_path(name, path, sizeof(path));

	if (ret)
		return ret;
	fd = open(path, O_RDWR | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	ret = vm_cdev_bind(fd, c->fd);
	if (!ret)
		ret = vm_cdev_attach(fd, c->ioas);
	if (ret) {
		close(fd);
		return ret;
	}
	return fd;
}

int vm_ioas_map(const struct vm_container *c, void *va, __u64 iova, size_t size,
		bool readable, bool writable)
{
	struct vm_ioas_map m = {
		.size = sizeof(m),
		.flags = VM_IOAS_FIXED_IOVA |
			 (readable ? VM_IOAS_READ : 0) |
			 (writable ? VM_IOAS_WRITE : 0),
		.ioas = c->ioas,
		.va = (unsigned long)va,
		.length = size,
		.iova = iova,
	};

	return vm_ioctl(c->fd, VM_IOAS_MAP, &m);
}

int vm_ioas_unmap(const struct vm_container *c, __u64 iova, __u64 size)
{
	struct vm_ioas_unmap u = {
		.size = sizeof(u),
		.ioas = c->ioas,
		.iova = iova,
		.length = size,
	};

	return vm_ioctl(c->fd, VM_IOAS_UNMAP, &u);
}
