// SPDX-License-Identifier: GPL-2.0-only
/* ringbench back end: the VFIO fd of an instance of class VHOST, -d UUID */
#include <linux/vhost_mdev.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>

#include "ringbench.h"
#include "rb_vfio.h"

/* of a packed virtqueue: index 0, wrap counter 1, for both sides */
#define PACKED_BASE	0x80008000U

static int set_status(struct rb_dev *d, __u8 status)
{
	return ioctl(d->fd, VHOST_MDEV_SET_STATUS, &status);
}

static int vfio_open(struct rb_dev *d)
{
	__u64 features;

	if (rb_vfio_open(d, sizeof(struct rb_vfio)) ||
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

static int vfio_config(struct rb_dev *d, void *buf, size_t len)
{
	struct vhost_mdev_config *config = calloc(1, sizeof(*config) + len);
	int ret;

	if (!config)
		return -1;
	config->len = len;
	ret = ioctl(d->fd, VHOST_MDEV_GET_CONFIG, config);
	memcpy(buf, config->buf, len);
	free(config);
	return ret;
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

const struct rb_backend be_vfio = {
	.name = "vfio",
	.help = "an instance of class VHOST, -d UUID",
	.open = vfio_open,
	.negotiate = vfio_negotiate,
	.config = vfio_config,
	.map = rb_vfio_map,
	.unmap = rb_vfio_unmap,
	.setup_vq = vfio_setup_vq,
	.start = vfio_start,
	.close = rb_vfio_close,
};
