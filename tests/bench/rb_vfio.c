// SPDX-License-Identifier: GPL-2.0-only
/*
 * ringbench: the VFIO device of an instance, -d UUID.
 *
 * Container, group and device are opened and closed each time, because that is what
 * a user has to do before it can drive the device.
 */
#include <fcntl.h>
#include <linux/vfio.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "ringbench.h"
#include "rb_vfio.h"

/* The group that a link leads to; of hardware it is the hardware's. */
static ssize_t group_link(const char *uuid, const char *where, char *link,
			  size_t len)
{
	char path[160];

	snprintf(path, sizeof(path), where, uuid);
	return readlink(path, link, len);
}

/*
 * The group's device, found out once: whoever drives an instance has been told
 * of its group, and the way through sysfs is no part of what it takes to open it.
 */
static const char *group_path(const char *uuid)
{
	static char group[64];
	char link[100], *name;
	ssize_t n;

	if (*group)
		return group;
	n = group_link(uuid, "/sys/bus/mdev/devices/%s/iommu_group", link,
		       sizeof(link) - 1);
	if (n < 0)
		n = group_link(uuid,
			       "/sys/bus/mdev_class/devices/%s/dma_device/iommu_group",
			       link, sizeof(link) - 1);
	if (n < 0)
		return "";
	link[n] = 0;
	name = strrchr(link, '/');
	snprintf(group, sizeof(group), "/dev/vfio/%.40s", name ? name + 1 : link);
	return group;
}

int rb_vfio_open(struct rb_dev *d, size_t size)
{
	struct rb_vfio *v = calloc(1, size);

	if (!v)
		return -1;
	d->priv = v;
	v->container = open("/dev/vfio/vfio", O_RDWR | O_CLOEXEC);
	if (v->container < 0 ||
	    ioctl(v->container, VFIO_GET_API_VERSION) != VFIO_API_VERSION)
		return -1;
	v->group = open(group_path(d->path), O_RDWR | O_CLOEXEC);
	if (v->group < 0 ||
	    ioctl(v->group, VFIO_GROUP_SET_CONTAINER, &v->container) ||
	    ioctl(v->container, VFIO_SET_IOMMU, VFIO_TYPE1v2_IOMMU))
		return -1;
	d->fd = ioctl(v->group, VFIO_GROUP_GET_DEVICE_FD, d->path);
	return d->fd < 0 ? -1 : 0;
}

int rb_vfio_map(struct rb_dev *d, uint64_t iova, uint64_t len, void *va)
{
	struct rb_vfio *v = d->priv;
	struct vfio_iommu_type1_dma_map m = {
		.argsz = sizeof(m),
		.flags = VFIO_DMA_MAP_FLAG_READ | VFIO_DMA_MAP_FLAG_WRITE,
		.vaddr = (uintptr_t)va,
		.iova = iova,
		.size = len,
	};

	return ioctl(v->container, VFIO_IOMMU_MAP_DMA, &m);
}

int rb_vfio_unmap(struct rb_dev *d, uint64_t iova, uint64_t len)
{
	struct rb_vfio *v = d->priv;
	struct vfio_iommu_type1_dma_unmap u = {
		.argsz = sizeof(u),
		.iova = iova,
		.size = len,
	};

	if (ioctl(v->container, VFIO_IOMMU_UNMAP_DMA, &u))
		return -1;
	return u.size == len ? 0 : -1;
}

void rb_vfio_close(struct rb_dev *d)
{
	struct rb_vfio *v = d->priv;

	close(d->fd);
	close(v->group);
	close(v->container);
	free(v);
}
