// SPDX-License-Identifier: GPL-2.0-only
/* ringbench back end: /dev/vhost-vdpa-N */
#include <fcntl.h>
#include <linux/vhost.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "ringbench.h"

static int set_status(struct rb_dev *d, uint8_t status)
{
	return ioctl(d->fd, VHOST_VDPA_SET_STATUS, &status);
}

static int vdpa_open(struct rb_dev *d)
{
	uint64_t features;

	d->fd = open(d->path, O_RDWR | O_CLOEXEC);
	if (d->fd < 0 || ioctl(d->fd, VHOST_SET_OWNER) ||
	    ioctl(d->fd, VHOST_GET_BACKEND_FEATURES, &features))
		return -1;
	features &= BIT64(VHOST_BACKEND_F_IOTLB_MSG_V2) |
		    BIT64(VHOST_BACKEND_F_IOTLB_BATCH);
	return ioctl(d->fd, VHOST_SET_BACKEND_FEATURES, &features);
}

static int vdpa_negotiate(struct rb_dev *d, uint64_t want)
{
	uint8_t status = VIRTIO_CONFIG_S_ACKNOWLEDGE;
	uint64_t offered;

	if (set_status(d, 0) || set_status(d, status))
		return -1;
	status |= VIRTIO_CONFIG_S_DRIVER;
	if (set_status(d, status) || ioctl(d->fd, VHOST_GET_FEATURES, &offered))
		return -1;
	d->features = offered & want;
	status |= VIRTIO_CONFIG_S_FEATURES_OK;
	if (ioctl(d->fd, VHOST_SET_FEATURES, &d->features) ||
	    set_status(d, status) ||
	    ioctl(d->fd, VHOST_VDPA_GET_STATUS, &status))
		return -1;
	return status & VIRTIO_CONFIG_S_FEATURES_OK ? 0 : -1;
}

static int message(struct rb_dev *d, uint8_t type, uint64_t iova, uint64_t len,
		   void *va)
{
	struct vhost_msg_v2 m = {
		.type = VHOST_IOTLB_MSG_V2,
		.iotlb = {
			.type = type,
			.iova = iova,
			.size = len,
			.uaddr = (uintptr_t)va,
			.perm = VHOST_ACCESS_RW,
		},
	};

	return write(d->fd, &m, sizeof(m)) == sizeof(m) ? 0 : -1;
}

static int vdpa_map(struct rb_dev *d, uint64_t iova, uint64_t len, void *va)
{
	return message(d, VHOST_IOTLB_UPDATE, iova, len, va);
}

static int vdpa_unmap(struct rb_dev *d, uint64_t iova, uint64_t len)
{
	return message(d, VHOST_IOTLB_INVALIDATE, iova, len, NULL);
}

static int vdpa_batch(struct rb_dev *d, bool begin)
{
	return message(d, begin ? VHOST_IOTLB_BATCH_BEGIN :
				  VHOST_IOTLB_BATCH_END, 0, 0, NULL);
}

static int vdpa_setup_vq(struct rb_dev *d, int q)
{
	struct rb_vq *v = &d->vq[q];
	struct vhost_vring_state num = { q, v->num };
	/* where a packed ring begins, both wrap counters being 1 */
	struct vhost_vring_state base = { q, v->packed ? 0x80008000 : 0 };
	struct vhost_vring_state enable = { q, 1 };
	struct vhost_vring_addr addr = {
		.index = q,
		.desc_user_addr = v->desc,
		.used_user_addr = v->used,
		.avail_user_addr = v->avail,
	};
	struct vhost_vring_file kick = { q, v->kick };
	struct vhost_vring_file call = { q, v->call };

	return ioctl(d->fd, VHOST_SET_VRING_NUM, &num) ||
	       ioctl(d->fd, VHOST_SET_VRING_BASE, &base) ||
	       ioctl(d->fd, VHOST_SET_VRING_ADDR, &addr) ||
	       ioctl(d->fd, VHOST_SET_VRING_KICK, &kick) ||
	       ioctl(d->fd, VHOST_SET_VRING_CALL, &call) ||
	       ioctl(d->fd, VHOST_VDPA_SET_VRING_ENABLE, &enable) ? -1 : 0;
}

static int vdpa_start(struct rb_dev *d)
{
	return set_status(d, VIRTIO_CONFIG_S_ACKNOWLEDGE |
			     VIRTIO_CONFIG_S_DRIVER |
			     VIRTIO_CONFIG_S_FEATURES_OK |
			     VIRTIO_CONFIG_S_DRIVER_OK);
}

static void vdpa_close(struct rb_dev *d)
{
	close(d->fd);
}

const struct rb_backend be_vdpa = {
	.name = "vdpa",
	.help = "vhost-vdpa, -d /dev/vhost-vdpa-N",
	.open = vdpa_open,
	.negotiate = vdpa_negotiate,
	.map = vdpa_map,
	.unmap = vdpa_unmap,
	.batch = vdpa_batch,
	.setup_vq = vdpa_setup_vq,
	.start = vdpa_start,
	.close = vdpa_close,
};
