// SPDX-License-Identifier: GPL-2.0-only
/*
 * user-net order: the calls of programs that drive a char device of vhost-vdpa,
 * each in the order in which that program makes them, with traffic in between.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "user_net.h"

enum call {
	END,
	OWNER,
	GET_FEATURES,
	SET_FEATURES,
	GET_BACKEND,
	SET_BACKEND,		/* a: of those offered */
	DEVICE_ID,
	STATUS,			/* a: the status, read before */
	OR_STATUS,		/* a: bits to add */
	CONFIG,			/* a: offset, b: length */
	SET_MAC,
	IOVA_RANGE,
	VQS_COUNT,
	VRING_NUM,
	CONFIG_SIZE,
	CONFIG_CALL,
	CALLS,			/* SET_VRING_CALL of all queues */
	NO_CALLS,
	RINGS,			/* NUM, BASE, ADDR, KICK of all queues */
	TRY_DOORBELLS,		/* mmap(), which may fail */
	ENABLE,			/* a: on or off; all, the control queue first */
	BATCH_BEGIN,
	BATCH_END,
	CLEAR,			/* INVALIDATE(0, ~0) */
	MAP,
	UNMAP,
	SUSPEND,
	BASES,			/* GET_VRING_BASE; a: as far as traffic went */
	TRAFFIC,
	EMPTY,			/* the driver begins again */
};

struct step {
	enum call call;
	__u64 a;
	__u32 b;
};

static const struct step qemu_7_init[] = {
	{ GET_FEATURES }, { CONFIG, 8, 2 }, { IOVA_RANGE }, { STATUS, 0 },
	{ OR_STATUS, 3 }, { OWNER }, { GET_FEATURES }, { NO_CALLS },
	{ DEVICE_ID }, { GET_FEATURES }, { SET_MAC }, { END }
};

static const struct step qemu_7_start[] = {
	{ CALLS }, { SET_FEATURES }, { OR_STATUS, 8 }, { GET_BACKEND },
	{ SET_BACKEND, 0x6 }, { RINGS }, { TRY_DOORBELLS }, { ENABLE, 1 },
	{ BATCH_BEGIN }, { MAP }, { BATCH_END }, { OR_STATUS, 4 }, { TRAFFIC },
	{ END }
};

static const struct step qemu_7_stop[] = {
	{ STATUS, 0 }, { OR_STATUS, 3 }, { BATCH_BEGIN }, { UNMAP },
	{ BATCH_END }, { BASES, 0 }, { NO_CALLS }, { EMPTY }, { END }
};

static const struct step qemu_10_init[] = {
	{ DEVICE_ID }, { GET_FEATURES }, { CONFIG, 8, 2 }, { GET_BACKEND },
	{ SET_BACKEND, ~0ULL }, { IOVA_RANGE }, { OWNER }, { NO_CALLS },
	{ STATUS, 0 }, { END }
};

static const struct step qemu_10_start[] = {
	{ CALLS }, { SET_FEATURES }, { OR_STATUS, 8 }, { RINGS },
	{ TRY_DOORBELLS }, { BATCH_BEGIN }, { MAP }, { BATCH_END },
	{ OR_STATUS, 4 }, { ENABLE, 1 }, { CONFIG_CALL }, { TRAFFIC }, { END }
};

static const struct step qemu_10_stop[] = {
	{ SUSPEND }, { BASES, 1 }, { STATUS, 0 }, { BATCH_BEGIN }, { UNMAP },
	{ BATCH_END }, { NO_CALLS }, { EMPTY }, { END }
};

/* Maps before anything else, and unmaps after the reset. */
static const struct step qemu_10_2_init[] = {
	{ DEVICE_ID }, { GET_BACKEND }, { SET_BACKEND, ~0ULL }, { OWNER },
	{ BATCH_BEGIN }, { MAP }, { BATCH_END }, { GET_FEATURES },
	{ IOVA_RANGE }, { STATUS, 0 }, { UNMAP }, { END }
};

/* vhost-vdpa-device-pci */
static const struct step qemu_vdev_init[] = {
	{ DEVICE_ID }, { VQS_COUNT }, { VRING_NUM }, { CONFIG_SIZE },
	{ GET_FEATURES }, { GET_BACKEND }, { SET_BACKEND, ~0ULL }, { OWNER },
	{ IOVA_RANGE }, { CONFIG, 0, 12 }, { STATUS, 0 }, { END }
};

static const struct step qemu_vdev_start[] = {
	{ CALLS }, { SET_FEATURES }, { OR_STATUS, 8 }, { RINGS },
	{ ENABLE, 1 }, { MAP }, { OR_STATUS, 4 }, { CONFIG_CALL }, { TRAFFIC },
	{ END }
};

static const struct step dpdk_init[] = {
	{ DEVICE_ID }, { OWNER }, { GET_FEATURES }, { GET_BACKEND },
	{ SET_BACKEND, 0x6 }, { CONFIG, 0, 6 }, { END }
};

static const struct step dpdk_start[] = {
	{ STATUS, 0 }, { STATUS, 1 }, { STATUS, 3 }, { CALLS },
	{ SET_FEATURES }, { STATUS, 0xb }, { BATCH_BEGIN }, { CLEAR }, { MAP },
	{ BATCH_END }, { RINGS }, { ENABLE, 1 }, { STATUS, 0xf }, { TRAFFIC },
	{ END }
};

static const struct step dpdk_stop[] = {
	{ ENABLE, 0 }, { BASES, 1 }, { STATUS, 0 }, { EMPTY }, { END }
};

static const struct step blkio_init[] = {
	{ OWNER }, { GET_BACKEND }, { SET_BACKEND, 0 }, { STATUS, 0 },
	{ STATUS, 3 }, { GET_FEATURES }, { SET_FEATURES }, { STATUS, 0xb },
	{ VQS_COUNT }, { IOVA_RANGE }, { CONFIG, 0, 12 }, { END }
};

static const struct step blkio_start[] = {
	{ MAP }, { RINGS }, { CALLS }, { ENABLE, 1 }, { OR_STATUS, 4 },
	{ TRAFFIC }, { END }
};

static const struct step blkio_stop[] = {
	{ STATUS, 0 }, { EMPTY }, { UNMAP }, { STATUS, 3 }, { SET_FEATURES },
	{ STATUS, 0xb }, { END }
};

static const struct program {
	const char *name;
	const struct step *init, *start, *stop;
	unsigned int num;
	bool v1, wronly;
} programs[] = {
	{ "QEMU 7.2", qemu_7_init, qemu_7_start, qemu_7_stop, 256 },
	{ "QEMU 10.0", qemu_10_init, qemu_10_start, qemu_10_stop, 1024 },
	{ "QEMU 10.2", qemu_10_2_init, qemu_10_start, qemu_10_stop, 1024 },
	{ "QEMU 10.0, vhost-vdpa-device-pci", qemu_vdev_init, qemu_vdev_start,
	  qemu_7_stop, 1024 },
	{ "DPDK 22.11", dpdk_init, dpdk_start, dpdk_stop, 256 },
	{ "libblkio 1.5", blkio_init, blkio_start, blkio_stop, 64, true, true },
};

static void fds(struct vm_net *n, bool on)
{
	unsigned int i;

	for (i = 0; i < vm_net_nqs(n); i++) {
		struct vm_vq *v = vm_net_vq(n, i);

		must(vm_vring_fd(n->dev, VHOST_MDEV_SET_VRING_CALL, v->index,
				 on ? v->call : VM_NO_FD));
	}
}

static void rings(struct vm_net *n)
{
	unsigned int i;

	for (i = 0; i < vm_net_nqs(n); i++) {
		struct vm_vq *v = vm_net_vq(n, i);

		must(vm_vring_num(n->dev, v->index, v->num));
		must(vm_vring_base(n->dev, v->index, vm_vq_base(v)));
		must(vm_vring_addr(n->dev, v->index, v->desc_iova,
				   v->avail_iova, v->used_iova));
		must(vm_vring_fd(n->dev, VHOST_MDEV_SET_VRING_KICK, v->index,
				 v->kick));
	}
}

static void doorbells(struct vm_net *n)
{
	unsigned int i;
	void *p;

	for (i = 0; i < vm_net_nqs(n); i++) {
		p = mmap(NULL, VM_PAGE, PROT_WRITE, MAP_SHARED, n->dev->fd,
			 vm_net_vq(n, i)->index * VM_PAGE);
		if (p != MAP_FAILED)
			munmap(p, VM_PAGE);
		else if (errno != EOPNOTSUPP)
			die("doorbell %u: %s", i, vm_err(-errno));
	}
}

static void enable(struct vm_net *n, bool on)
{
	unsigned int i;

	for (i = vm_net_nqs(n); i--;)
		must(vm_vring_enable(n->dev, vm_net_vq(n, i)->index, on));
	/* What was kicked before was for nobody. */
	for (i = 0; on && i < vm_net_nqs(n); i++)
		vm_vq_kick_now(vm_net_vq(n, i));
}

static void bases(struct vm_net *n, bool moved)
{
	unsigned int i;

	for (i = 0; i < vm_net_nqs(n); i++) {
		struct vm_vq *v = vm_net_vq(n, i);
		long base = must(vm_vring_get_base(n->dev, v->index));

		if (base != (moved ? vm_vq_base(v) : 0))
			die("queue %u: base %#lx", v->index, base);
	}
}

static void status(struct vm_dev *d, __u8 s)
{
	must(vm_get_status(d));
	must(vm_set_status(d, s));
	if (must(vm_get_status(d)) != s)
		die("status %#x, not %#x", vm_get_status(d), s);
}

static void map(struct vm_net *n)
{
	must(vm_dma_map(n->dev->c, n->rings.va, n->rings.iova, n->rings.size,
			true));
	must(vm_dma_map(n->dev->c, n->bufs.va, n->bufs.iova, n->bufs.size,
			true));
}

static void unmap(struct vm_net *n)
{
	must(vm_dma_unmap(n->dev->c, n->rings.iova, n->rings.size));
	must(vm_dma_unmap(n->dev->c, n->bufs.iova, n->bufs.size));
}

static void one_step(struct vm_net *n, const struct step *s, __u64 frames)
{
	struct vhost_mdev_iova_range range;
	struct vm_dev *d = n->dev;
	__u8 buf[64];
	__u16 num;
	__u64 f;

	switch (s->call) {
	case END:
		break;
	case OWNER:
		must(vm_ioctl(d->fd, VHOST_MDEV_SET_OWNER, NULL));
		break;
	case GET_FEATURES:
		must(vm_get_features(d, &f));
		if ((f & d->features) != d->features)
			die("features %#llx", (unsigned long long)f);
		break;
	case SET_FEATURES:
		must(vm_set_features(d, d->features));
		break;
	case GET_BACKEND:
		must(vm_get_backend_features(d, &f));
		break;
	case SET_BACKEND:
		must(vm_get_backend_features(d, &f));
		must(vm_set_backend_features(d, f & s->a));
		break;
	case DEVICE_ID:
		if (must(vm_get_u32(d, VHOST_MDEV_GET_DEVICE_ID)) != 1)
			die("not a network device");
		break;
	case STATUS:
		status(d, s->a);
		break;
	case OR_STATUS:
		status(d, must(vm_get_status(d)) | s->a);
		break;
	case CONFIG:
		must(vm_get_config(d, s->a, buf, s->b));
		break;
	case SET_MAC:
		must(vm_set_config(d, 0, n->mac, 6));
		break;
	case IOVA_RANGE:
		must(vm_ioctl(d->fd, VHOST_MDEV_GET_IOVA_RANGE, &range));
		break;
	case VQS_COUNT:
		must(vm_get_u32(d, VHOST_MDEV_GET_VQS_COUNT));
		break;
	case VRING_NUM:
		must(vm_ioctl(d->fd, VHOST_MDEV_GET_VRING_NUM, &num));
		break;
	case CONFIG_SIZE:
		must(vm_get_u32(d, VHOST_MDEV_GET_CONFIG_SIZE));
		break;
	case CONFIG_CALL:
		if (d->config_call < 0)
			d->config_call = must(vm_eventfd());
		must(vm_set_config_call(d, d->config_call));
		break;
	case CALLS:
		fds(n, true);
		break;
	case NO_CALLS:
		fds(n, false);
		break;
	case RINGS:
		rings(n);
		break;
	case TRY_DOORBELLS:
		doorbells(n);
		break;
	case ENABLE:
		enable(n, s->a);
		break;
	case BATCH_BEGIN:
	case BATCH_END:
		must(vm_msg(d->fd, 0, s->call == BATCH_BEGIN ?
			    VHOST_MDEV_IOTLB_BATCH_BEGIN :
			    VHOST_MDEV_IOTLB_BATCH_END, 0, 0, NULL, 0));
		break;
	case CLEAR:
		must(vm_dma_unmap_all(d->c));
		break;
	case MAP:
		map(n);
		break;
	case UNMAP:
		unmap(n);
		break;
	case SUSPEND:
		must(vm_suspend(d));
		break;
	case BASES:
		bases(n, s->a);
		break;
	case TRAFFIC:
		if (must(vm_net_ctrl(n, VIRTIO_NET_CTRL_RX,
				     VIRTIO_NET_CTRL_RX_PROMISC, "\1", 1)))
			die("the control queue refuses");
		vm_net_run(n, frames);
		break;
	case EMPTY:
		vm_net_forget(n);
		break;
	}
}

static void steps(struct vm_net *n, const struct step *s, __u64 frames)
{
	for (; s->call != END; s++)
		one_step(n, s, frames);
}

static void program(struct vm_opts *o, const struct program *p)
{
	struct vm_net_opts no = o->net;
	struct vm_container c;
	struct vm_net n;
	struct vm_dev d;
	unsigned int i;

	memset(&vm_way, 0, sizeof(vm_way));
	vm_way.chardev = true;
	vm_way.v1 = p->v1;
	vm_way.wronly = p->wronly;
	no.num = p->num;
	no.ctrl = true;

	/* Where all is to lie: by itself nothing is said to the device. */
	must(vm_container_open(&c));
	must(vm_group_attach(&c, &d, o->uuid[0]));
	d.fd = must(vm_chardev_open_only(o->uuid[0]));
	d.features = vm_net_features(&no);
	must(vm_net_prepare(&n, &d, &no));
	if (n.rings.iova)
		die("the rings are not at 0");
	c.fd = d.fd;

	steps(&n, p->init, o->frames);
	for (i = 0; i < 3; i++) {
		steps(&n, p->start, o->frames);
		steps(&n, p->stop, o->frames);
	}
	vm_net_free(&n);
	vm_dev_close(&d);
	vm_container_close(&c);
	if (vm_pinned())
		die("%s: %ld pages are pinned in the end", p->name, vm_pinned());
	pass("%s: three times set up and stopped, rings of %u", p->name,
	     p->num);
}

int cmd_order(struct vm_opts *o)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(programs); i++)
		program(o, &programs[i]);
	return 0;
}
