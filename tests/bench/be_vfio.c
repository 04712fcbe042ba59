// SPDX-License-Identifier: GPL-2.0-only
/*
 * ringbench back end: the VFIO fd of an instance of class VHOST, -d UUID.
 *
 * Container, group and device are opened and closed each time, because that is what
 * a user has to do before it can drive the device.
 */
#include <fcntl.h>
#include <linux/vfio.h>
#include <linux/vhost_mdev.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "ringbench.h"

/* of a packed virtqueue: index 0, wrap counter 1, for both sides */
#define PACKED_BASE	0x80008000U

struct vfio_fds {
	int container;
	int group;
};

static int set_status(struct rb_dev *d, __u8 status)
{
	return ioctl(d->fd, VHOST_MDEV_SET_STATUS, &status);
}

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

static int vfio_open(struct rb_dev *d)
{
	struct vfio_fds *v = calloc(1, sizeof(*v));
	__u64 features;

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
	if (d->fd < 0 ||
	    ioctl(d->fd, VHOST_MDEV_GET_BACKEND_FEATURES, &features))
		return -1;
	return ioctl(d->fd, VHOST_MDEV_SET_BACKEND_FEATURES, &features);
}

static int vfio_negotiate(struct rb_dev *d, uint64_t want)
{
	__u64 offered;
	__u8 status = VIRTIO_CONFIG_S_ACKNOWLEDGE;

	if (set_status(d, 0) || set_status(d, status))
		return -1;
	status |= VIRTIO_CONFIG_S_DRIVER;
	if (set_status(d, status) ||
	    ioctl(d->fd, VHOST_MDEV_GET_FEATURES, &offered))
		return -1;
	d->features = offered & want;
	status |= VIRTIO_CONFIG_S_FEATURES_OK;
	if (ioctl(d->fd, VHOST_MDEV_SET_FEATURES, &d->features) ||
	    set_status(d, status) ||
	    ioctl(d->fd, VHOST_MDEV_GET_STATUS, &status))
		return -1;
	return status & VIRTIO_CONFIG_S_FEATURES_OK ? 0 : -1;
}

static int vfio_map(struct rb_dev *d, uint64_t iova, uint64_t len, void *va)
{
	struct vfio_fds *v = d->priv;
	struct vfio_iommu_type1_dma_map m = {
		.argsz = sizeof(m),
		.flags = VFIO_DMA_MAP_FLAG_READ | VFIO_DMA_MAP_FLAG_WRITE,
		.vaddr = (uintptr_t)va,
		.iova = iova,
		.size = len,
	};

	return ioctl(v->container, VFIO_IOMMU_MAP_DMA, &m);
}

static int vfio_unmap(struct rb_dev *d, uint64_t iova, uint64_t len)
{
	struct vfio_fds *v = d->priv;
	struct vfio_iommu_type1_dma_unmap u = {
		.argsz = sizeof(u),
		.iova = iova,
		.size = len,
	};

	if (ioctl(v->container, VFIO_IOMMU_UNMAP_DMA, &u))
		return -1;
	return u.size == len ? 0 : -1;
}

static int vfio_setup_vq(struct rb_dev *d, int q)
{
	struct rb_vq *v = &d->vq[q];
	struct vhost_mdev_vring_state num = { q, v->num };
	struct vhost_mdev_vring_state base = { q, v->packed ? PACKED_BASE : 0 };
	struct vhost_mdev_vring_state enable = { q, 1 };
	struct vhost_mdev_vring_addr addr = {
		.index = q,
		.desc_user_addr = v->desc,
		.used_user_addr = v->used,
		.avail_user_addr = v->avail,
	};
	struct vhost_mdev_vring_file kick = { q, v->kick };
	struct vhost_mdev_vring_file call = { q, v->call };

	return ioctl(d->fd, VHOST_MDEV_SET_VRING_NUM, &num) ||
	       ioctl(d->fd, VHOST_MDEV_SET_VRING_BASE, &base) ||
	       ioctl(d->fd, VHOST_MDEV_SET_VRING_ADDR, &addr) ||
	       ioctl(d->fd, VHOST_MDEV_SET_VRING_KICK, &kick) ||
	       ioctl(d->fd, VHOST_MDEV_SET_VRING_CALL, &call) ||
	       ioctl(d->fd, VHOST_MDEV_SET_VRING_ENABLE, &enable) ? -1 : 0;
}

static int vfio_start(struct rb_dev *d)
{
	return set_status(d, VIRTIO_CONFIG_S_ACKNOWLEDGE |
			     VIRTIO_CONFIG_S_DRIVER |
			     VIRTIO_CONFIG_S_FEATURES_OK |
			     VIRTIO_CONFIG_S_DRIVER_OK);
}

static void vfio_close(struct rb_dev *d)
{
	struct vfio_fds *v = d->priv;

	close(d->fd);
	close(v->group);
	close(v->container);
	free(v);
}

const struct rb_backend be_vfio = {
	.name = "vfio",
	.help = "an instance of class VHOST, -d UUID",
	.open = vfio_open,
	.negotiate = vfio_negotiate,
	.map = vfio_map,
	.unmap = vfio_unmap,
	.setup_vq = vfio_setup_vq,
	.start = vfio_start,
	.close = vfio_close,
};
