/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _COMPAT_VIRTIO_H
#define _COMPAT_VIRTIO_H

/*
 * COMPAT_DEFINE_FIND_VQS(fn) - at file scope, where fn is declared; then
 * compat_find_vqs(fn) is what goes into struct virtio_config_ops
 */
#ifdef COMPAT_HAVE_VIRTQUEUE_INFO
#define COMPAT_DEFINE_FIND_VQS(fn)	struct virtqueue_info
#define compat_find_vqs(fn)		fn
#else
#include <linux/slab.h>
#include <linux/virtio.h>
#include <linux/virtio_config.h>

struct virtqueue_info {
	const char *name;
	vq_callback_t *callback;
	bool ctx;
};

#define COMPAT_DEFINE_FIND_VQS(fn)					\
static int compat_##fn(struct virtio_device *vdev, unsigned int nvqs,	\
		       struct virtqueue *vqs[],				\
		       vq_callback_t *callbacks[],			\
		       const char * const names[], const bool *ctx,	\
		       struct irq_affinity *desc)			\
{									\
	struct virtqueue_info *info;					\
	unsigned int i;							\
	int ret;							\
									\
	info = kcalloc(nvqs, sizeof(*info), GFP_KERNEL);		\
	if (!info)							\
		return -ENOMEM;						\
	for (i = 0; i < nvqs; i++) {					\
		info[i].name = names[i];				\
		info[i].callback = callbacks[i];			\
		info[i].ctx = ctx && ctx[i];				\
	}								\
	ret = fn(vdev, nvqs, vqs, info, desc);				\
	kfree(info);							\
	return ret;							\
}									\
struct virtqueue_info
#define compat_find_vqs(fn)		compat_##fn
#endif

/* Feature bits and header types that came one by one */
#include <linux/virtio_config.h>
#include <uapi/linux/virtio_net.h>

#ifndef VIRTIO_F_NOTIFICATION_DATA
#define VIRTIO_F_NOTIFICATION_DATA	38
#endif
#ifndef VIRTIO_F_NOTIF_CONFIG_DATA
#define VIRTIO_F_NOTIF_CONFIG_DATA	39
#endif
#ifndef VIRTIO_F_RING_RESET
#define VIRTIO_F_RING_RESET		40
#endif
#ifndef VIRTIO_F_ADMIN_VQ
#define VIRTIO_F_ADMIN_VQ		41
#endif
#ifndef VIRTIO_NET_F_GUEST_USO4
#define VIRTIO_NET_F_GUEST_USO4		54
#endif
#ifndef VIRTIO_NET_F_GUEST_USO6
#define VIRTIO_NET_F_GUEST_USO6		55
#endif
#ifndef VIRTIO_NET_F_HOST_USO
#define VIRTIO_NET_F_HOST_USO		56
#endif
/* compat_virtio_net_uso - whether virtio_net_hdr_to_skb() and _from_skb() know it */
#ifdef VIRTIO_NET_HDR_GSO_UDP_L4
#define compat_virtio_net_uso		true
#else
#define compat_virtio_net_uso		false
#define VIRTIO_NET_HDR_GSO_UDP_L4	5
#endif

/* A kernel without suspend has neither of them, and drivers do without, too. */
#include <linux/virtio.h>

#ifdef CONFIG_PM_SLEEP
static inline bool compat_virtio_can_freeze(const struct virtio_driver *drv)
{
	return drv->freeze && drv->restore;
}
#else
static inline bool compat_virtio_can_freeze(const struct virtio_driver *drv)
{
	return false;
}

static inline int virtio_device_freeze(struct virtio_device *vdev)
{
	return 0;
}

static inline int virtio_device_restore(struct virtio_device *vdev)
{
	return 0;
}
#endif

#endif /* _COMPAT_VIRTIO_H */
