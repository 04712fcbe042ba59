// SPDX-License-Identifier: GPL-2.0-only
/* The vhost ioctls, each as a function that returns a negative errno. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>

#include "client.h"

int vm_ioctl(int fd, unsigned long req, void *arg)
{
	int ret = ioctl(fd, req, arg);

	return ret < 0 ? -errno : ret;
}

int vm_call(struct vm_dev *d, unsigned long req, void *arg)
{
	if (vm_way.pci)
		return vm_pci_call(d, req, arg);
	return vm_ioctl(d->fd, req, arg);
}

int vm_get_features(struct vm_dev *d, __u64 *f)
{
	return vm_call(d, VHOST_MDEV_GET_FEATURES, f);
}

int vm_set_features(struct vm_dev *d, __u64 f)
{
	return vm_call(d, VHOST_MDEV_SET_FEATURES, &f);
}

int vm_get_backend_features(struct vm_dev *d, __u64 *f)
{
	return vm_call(d, VHOST_MDEV_GET_BACKEND_FEATURES, f);
}

int vm_set_backend_features(struct vm_dev *d, __u64 f)
{
	return vm_call(d, VHOST_MDEV_SET_BACKEND_FEATURES, &f);
}

int vm_get_status(struct vm_dev *d)
{
	__u8 s;
	int ret = vm_call(d, VHOST_MDEV_GET_STATUS, &s);

	return ret < 0 ? ret : s;
}

int vm_set_status(struct vm_dev *d, __u8 status)
{
	return vm_call(d, VHOST_MDEV_SET_STATUS, &status);
}

int vm_add_status(struct vm_dev *d, __u8 bits)
{
	int s = vm_get_status(d);

	return s < 0 ? s : vm_set_status(d, s | bits);
}

static int config(struct vm_dev *d, unsigned long req, __u32 off, void *in,
		  const void *out, __u32 len)
{
	struct vhost_mdev_config *c = calloc(1, sizeof(*c) + len);
	int ret;

	if (!c)
		return -ENOMEM;
	c->off = off;
	c->len = len;
	if (out)
		memcpy(c->buf, out, len);
	ret = vm_call(d, req, c);
	if (in && ret >= 0)
		memcpy(in, c->buf, len);
	free(c);
	return ret;
}

int vm_get_config(struct vm_dev *d, __u32 off, void *buf, __u32 len)
{
	return config(d, VHOST_MDEV_GET_CONFIG, off, buf, NULL, len);
}

int vm_set_config(struct vm_dev *d, __u32 off, const void *buf, __u32 len)
{
	return config(d, VHOST_MDEV_SET_CONFIG, off, NULL, buf, len);
}

static int vring_state(struct vm_dev *d, unsigned long req, __u32 q, __u32 num)
{
	struct vhost_mdev_vring_state s = { .index = q, .num = num };

	return vm_call(d, req, &s);
}

int vm_vring_num(struct vm_dev *d, __u32 q, __u32 num)
{
	return vring_state(d, VHOST_MDEV_SET_VRING_NUM, q, num);
}

int vm_vring_base(struct vm_dev *d, __u32 q, __u32 base)
{
	return vring_state(d, VHOST_MDEV_SET_VRING_BASE, q, base);
}

long vm_vring_get_base(struct vm_dev *d, __u32 q)
{
	struct vhost_mdev_vring_state s = { .index = q };
	int ret = vm_call(d, VHOST_MDEV_GET_VRING_BASE, &s);

	/* Of a packed virtqueue it needs all bits. */
	return ret < 0 ? ret : (long)s.num;
}

int vm_vring_addr(struct vm_dev *d, __u32 q, __u64 desc, __u64 avail,
		  __u64 used)
{
	struct vhost_mdev_vring_addr a = {
		.index = q,
		.desc_user_addr = desc,
		.avail_user_addr = avail,
		.used_user_addr = used,
	};

	return vm_call(d, VHOST_MDEV_SET_VRING_ADDR, &a);
}

int vm_vring_fd(struct vm_dev *d, unsigned long req, __u32 q, int fd)
{
	struct vhost_mdev_vring_file f = { .index = q, .fd = fd };

	return vm_call(d, req, &f);
}

int vm_vring_enable(struct vm_dev *d, __u32 q, bool on)
{
	return vring_state(d, VHOST_MDEV_SET_VRING_ENABLE, q, on);
}

int vm_get_u32(struct vm_dev *d, unsigned long req)
{
	__u32 v = 0;
	int ret = vm_call(d, req, &v);

	return ret < 0 ? ret : (int)v;
}

int vm_set_config_call(struct vm_dev *d, int fd)
{
	return vm_call(d, VHOST_MDEV_SET_CONFIG_CALL, &fd);
}

int vm_suspend(struct vm_dev *d)
{
	return vm_call(d, VHOST_MDEV_SUSPEND, NULL);
}

int vm_resume(struct vm_dev *d)
{
	return vm_call(d, VHOST_MDEV_RESUME, NULL);
}

int vm_negotiate(struct vm_dev *d, __u64 want)
{
	__u64 be;
	int ret;

	ret = vm_set_status(d, 0);
	if (ret < 0)
		return ret;
	ret = vm_get_status(d);
	if (ret)
		return ret < 0 ? ret : -EIO;
	ret = vm_get_backend_features(d, &be);
	if (!ret)
		ret = vm_set_backend_features(d, be);
	if (!ret)
		ret = vm_add_status(d, VIRTIO_CONFIG_S_ACKNOWLEDGE);
	if (!ret)
		ret = vm_add_status(d, VIRTIO_CONFIG_S_DRIVER);
	if (!ret)
		ret = vm_get_features(d, &d->offered);
	if (ret < 0)
		return ret;
	d->features = d->offered & want;
	ret = vm_set_features(d, d->features);
	if (!ret)
		ret = vm_add_status(d, VIRTIO_CONFIG_S_FEATURES_OK);
	if (ret < 0)
		return ret;
	ret = vm_get_status(d);
	if (ret < 0)
		return ret;
	return ret & VIRTIO_CONFIG_S_FEATURES_OK ? 0 : -EOPNOTSUPP;
}
