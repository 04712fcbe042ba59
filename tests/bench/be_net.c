// SPDX-License-Identifier: GPL-2.0-only
/*
 * ringbench back end: /dev/vhost-net on a tap device, which must be there (ip
 * tuntap add dev T mode tap vnet_hdr) and return what it receives, perhaps by
 *
 *	tc qdisc add dev T clsact
 *	tc filter add dev T ingress matchall action mirred egress redirect dev T
 */
#include <fcntl.h>
#include <linux/if_tun.h>
#include <linux/vhost.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "ringbench.h"

static int net_open(struct rb_dev *d)
{
	struct ifreq ifr = { .ifr_flags = IFF_TAP | IFF_NO_PI | IFF_VNET_HDR };
	int hdr = RB_HDR;

	d->fd = open("/dev/vhost-net", O_RDWR | O_CLOEXEC);
	d->aux = open("/dev/net/tun", O_RDWR | O_CLOEXEC | O_NONBLOCK);
	if (d->fd < 0 || d->aux < 0)
		return -1;
	snprintf(ifr.ifr_name, IFNAMSIZ, "%s", d->path);
	if (ioctl(d->aux, TUNSETIFF, &ifr) ||
	    ioctl(d->aux, TUNSETVNETHDRSZ, &hdr))
		return -1;
	/* With any send buffer but the default vhost-net would not batch. */
	return ioctl(d->fd, VHOST_SET_OWNER);
}

static int net_negotiate(struct rb_dev *d, uint64_t want)
{
	uint64_t offered;

	if (ioctl(d->fd, VHOST_GET_FEATURES, &offered) ||
	    ioctl(d->aux, TUNSETOFFLOAD,
		  want & BIT64(VIRTIO_NET_F_GUEST_TSO4) ?
		  TUN_F_CSUM | TUN_F_TSO4 : 0))
		return -1;
	/* With ACCESS_PLATFORM it would want an IOTLB. */
	d->features = offered & want & ~BIT64(VIRTIO_F_ACCESS_PLATFORM);
	return ioctl(d->fd, VHOST_SET_FEATURES, &d->features);
}

static int net_map(struct rb_dev *d, uint64_t iova, uint64_t len, void *va)
{
	struct vhost_memory *m = calloc(1, sizeof(*m) + sizeof(m->regions[0]));
	int ret;

	if (!m)
		return -1;
	m->nregions = len ? 1 : 0;
	m->regions[0].guest_phys_addr = iova;
	m->regions[0].memory_size = len;
	m->regions[0].userspace_addr = (uintptr_t)va;
	ret = ioctl(d->fd, VHOST_SET_MEM_TABLE, m);
	free(m);
	return ret;
}

static int net_unmap(struct rb_dev *d, uint64_t iova, uint64_t len)
{
	return net_map(d, 0, 0, NULL);
}

static int net_setup_vq(struct rb_dev *d, int q)
{
	struct rb_vq *v = &d->vq[q];
	struct vhost_vring_state num = { q, v->num };
	struct vhost_vring_state base = { q, 0 };
	/* here these are ours */
	struct vhost_vring_addr addr = {
		.index = q,
		.desc_user_addr = (uintptr_t)v->split.desc,
		.used_user_addr = (uintptr_t)v->split.used,
		.avail_user_addr = (uintptr_t)v->split.avail,
	};
	struct vhost_vring_file kick = { q, v->kick };
	struct vhost_vring_file call = { q, v->call };

	return ioctl(d->fd, VHOST_SET_VRING_NUM, &num) ||
	       ioctl(d->fd, VHOST_SET_VRING_BASE, &base) ||
	       ioctl(d->fd, VHOST_SET_VRING_ADDR, &addr) ||
	       ioctl(d->fd, VHOST_SET_VRING_KICK, &kick) ||
	       ioctl(d->fd, VHOST_SET_VRING_CALL, &call) ? -1 : 0;
}

static int net_start(struct rb_dev *d)
{
	struct vhost_vring_file rx = { RB_RX, d->aux };
	struct vhost_vring_file tx = { RB_TX, d->aux };

	return ioctl(d->fd, VHOST_NET_SET_BACKEND, &rx) ||
	       ioctl(d->fd, VHOST_NET_SET_BACKEND, &tx) ? -1 : 0;
}

static void net_settle(struct rb_dev *d)
{
	rb_host_wait_up(d->path);
}

static void net_close(struct rb_dev *d)
{
	close(d->fd);
	close(d->aux);
}

const struct rb_backend be_net = {
	.name = "net",
	.help = "vhost-net, -d TAP",
	.open = net_open,
	.negotiate = net_negotiate,
	.map = net_map,
	.unmap = net_unmap,
	.setup_vq = net_setup_vq,
	.start = net_start,
	.settle = net_settle,
	.close = net_close,
};
