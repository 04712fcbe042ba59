// SPDX-License-Identifier: GPL-2.0-only
/* user-net traffic, demo. */
#include <stdio.h>
#include <string.h>

#include "user_net.h"

static __u64 sum_kicks(struct vm_net *n, __u64 *calls)
{
	__u64 kicks = 0;
	unsigned int i;

	*calls = 0;
	for (i = 0; i < vm_net_nqs(n); i++) {
		kicks += vm_net_vq(n, i)->kicks;
		*calls += vm_net_vq(n, i)->calls;
	}
	return kicks;
}

/* What the device counted must be what we did. */
static void check_counters(struct vm_dev *d, struct vm_net *n,
			   const __u64 *before)
{
	char name[64];
	unsigned int i;

	for (i = 0; i < n->o.pairs; i++) {
		struct vm_pair *p = &n->pair[i];
		__u64 chains;

		snprintf(name, sizeof(name), "vq%u/chains", 2 * i + 1);
		chains = vm_sysfs_u64(d->uuid, name) - before[2 * i + 1];
		if (chains != p->sent)
			die("%s says %llu, %llu were sent", name,
			    (unsigned long long)chains,
			    (unsigned long long)p->sent);
		snprintf(name, sizeof(name), "vq%u/chains", 2 * i);
		chains = vm_sysfs_u64(d->uuid, name) - before[2 * i];
		if (n->o.mrg ? chains < p->got : chains != p->got)
			die("%s says %llu, %llu were received", name,
			    (unsigned long long)chains,
			    (unsigned long long)p->got);
	}
}

static void read_counters(struct vm_dev *d, struct vm_net *n, __u64 *c)
{
	char name[64];
	unsigned int i;

	for (i = 0; i < 2 * n->o.pairs; i++) {
		snprintf(name, sizeof(name), "vq%u/chains", i);
		c[i] = vm_sysfs_u64(d->uuid, name);
	}
}

int cmd_traffic(struct vm_opts *o)
{
	__u64 before[VM_MAX_VQS], sent = 0, got = 0, bytes = 0, kicks, calls;
	struct vm_container c;
	struct vm_net n;
	struct vm_dev d;
	unsigned int i;

	must(vm_container_open(&c));
	must(vm_dev_open(&c, &d, o->uuid[0]));
	must(vm_net_start(&n, &d, &o->net));
	read_counters(&d, &n, before);
	vm_net_run(&n, o->frames);
	for (i = 0; i < n.o.pairs; i++) {
		sent += n.pair[i].sent;
		got += n.pair[i].got;
		bytes += n.pair[i].bytes;
	}
	check_counters(&d, &n, before);
	if (must(vm_get_status(&d)) != 0xf)
		die("the status is %#x in the end", vm_get_status(&d));
	kicks = sum_kicks(&n, &calls);
	/* Nothing more may come than was sent. */
	vm_sleep_ms(20);
	for (i = 0; i < n.o.pairs; i++)
		if (vm_vq_has_used(&n.pair[i].rx))
			die("pair %u: more frames received than sent", i);
	vm_info("%u pairs, %s rings of %u, frames of %u bytes%s%s%s%s%s%s",
		n.o.pairs, n.o.packed ? "packed" : "split", n.o.num, n.o.size,
		n.o.in_order ? ", in-order" : "",
		n.o.indirect ? ", indirect" : "",
		n.o.event_idx ? ", event-idx" : "", n.o.mrg ? ", mrg" : "",
		n.o.csum ? ", csum" : "", n.o.gso ? ", gso" : "");
	vm_info("%llu kicks, %llu calls", (unsigned long long)kicks,
		(unsigned long long)calls);
	/* Transmit chains are used in full, and whole batches at once. */
	for (i = 0; n.o.in_order && i < n.o.pairs; i++)
		if (o->frames >= 100 && n.o.num > 8 && !n.pair[i].tx.passed)
			die("pair %u: a used entry for each chain, in spite of IN_ORDER",
			    i);
	pass("%llu sent, %llu received in order, %llu bytes compared",
	     (unsigned long long)sent, (unsigned long long)got,
	     (unsigned long long)bytes);
	vm_net_free(&n);
	vm_dev_close(&d);
	vm_container_close(&c);
	return 0;
}

static void show_features(const char *what, __u64 f)
{
	static const struct {
		int bit;
		const char *name;
	} names[] = {
		{ VIRTIO_NET_F_CSUM, "CSUM" },
		{ VIRTIO_NET_F_GUEST_CSUM, "GUEST_CSUM" },
		{ VIRTIO_NET_F_MTU, "MTU" },
		{ VIRTIO_NET_F_MAC, "MAC" },
		{ VIRTIO_NET_F_GUEST_TSO4, "GUEST_TSO4" },
		{ VIRTIO_NET_F_GUEST_TSO6, "GUEST_TSO6" },
		{ VIRTIO_NET_F_HOST_TSO4, "HOST_TSO4" },
		{ VIRTIO_NET_F_HOST_TSO6, "HOST_TSO6" },
		{ VIRTIO_NET_F_MRG_RXBUF, "MRG_RXBUF" },
		{ VIRTIO_NET_F_STATUS, "STATUS" },
		{ VIRTIO_NET_F_CTRL_VQ, "CTRL_VQ" },
		{ VIRTIO_NET_F_CTRL_RX, "CTRL_RX" },
		{ VIRTIO_NET_F_GUEST_ANNOUNCE, "GUEST_ANNOUNCE" },
		{ VIRTIO_NET_F_MQ, "MQ" },
		{ VIRTIO_NET_F_CTRL_MAC_ADDR, "CTRL_MAC_ADDR" },
		{ VIRTIO_RING_F_INDIRECT_DESC, "INDIRECT_DESC" },
		{ VIRTIO_RING_F_EVENT_IDX, "EVENT_IDX" },
		{ VIRTIO_F_VERSION_1, "VERSION_1" },
		{ VIRTIO_F_ACCESS_PLATFORM, "ACCESS_PLATFORM" },
		{ VIRTIO_F_RING_PACKED, "RING_PACKED" },
		{ VIRTIO_F_IN_ORDER, "IN_ORDER" },
	};
	char line[512];
	size_t at = 0;
	unsigned int i;

	line[0] = 0;
	for (i = 0; i < ARRAY_SIZE(names); i++)
		if (f & BIT64(names[i].bit))
			at += snprintf(line + at, sizeof(line) - at, " %s",
				       names[i].name);
	vm_info("%s %#llx:%s", what, (unsigned long long)f, line);
}

static void show_queue(struct vm_dev *d, struct vm_vq *v, const char *what)
{
	char name[64];
	__u64 c[4];
	static const char * const counter[] = {
		"kicks", "signals", "chains", "bytes",
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(counter); i++) {
		snprintf(name, sizeof(name), "vq%u/%s", v->index, counter[i]);
		c[i] = vm_sysfs_u64(d->uuid, name);
	}
	vm_info("vq%u (%s): kicks %llu, signals %llu, chains %llu, bytes %llu",
		v->index, what, (unsigned long long)c[0],
		(unsigned long long)c[1], (unsigned long long)c[2],
		(unsigned long long)c[3]);
}

int cmd_demo(struct vm_opts *o)
{
	struct vm_net_opts no = o->net;
	struct vm_container c;
	struct vm_net n;
	struct vm_dev d;
	__u64 t, step, at;
	unsigned int i;

	no.event_idx = true;
	no.indirect = true;
	must(vm_container_open(&c));
	vm_info("opened /dev/vfio/vfio: a new container");
	must(vm_group_attach(&c, &d, o->uuid[0]));
	vm_info("opened /dev/vfio/%d, the group of %s; put it into the container, type1v2",
		d.group_nr, d.uuid);
	must(vm_device_get(&d));
	vm_info("VFIO_GROUP_GET_DEVICE_FD: device fd %d", d.fd);
	vm_info("virtio device type %d, %u virtqueues of up to %d entries",
		vm_get_u32(&d, VHOST_MDEV_GET_DEVICE_ID), d.nvqs,
		vm_get_u32(&d, VHOST_MDEV_GET_VRING_NUM));
	must(vm_ioctl(d.fd, VHOST_MDEV_SET_OWNER, NULL));
	must(vm_net_alloc(&n, &d, &no));
	show_features("features offered ", d.offered);
	show_features("features accepted", d.features);
	vm_info("status %#x: ACKNOWLEDGE, DRIVER, FEATURES_OK", vm_get_status(&d));
	vm_info("MAC %02x:%02x:%02x:%02x:%02x:%02x, up to %u queue pairs", n.mac[0],
		n.mac[1], n.mac[2], n.mac[3], n.mac[4], n.mac[5], n.max_pairs);
	vm_info("VFIO_IOMMU_MAP_DMA: rings, %zu KiB at IOVA %#llx; buffers, %zu KiB at IOVA %#llx",
		n.rings.size / 1024, (unsigned long long)n.rings.iova,
		n.bufs.size / 1024, (unsigned long long)n.bufs.iova);
	must(vm_net_rings(&n, NULL));
	for (i = 0; i < vm_net_nqs(&n); i++) {
		struct vm_vq *v = vm_net_vq(&n, i);

		vm_info("vq%u: %u entries, rings at %#llx, %#llx, %#llx",
			v->index, v->num, (unsigned long long)v->desc_iova,
			(unsigned long long)v->avail_iova,
			(unsigned long long)v->used_iova);
	}
	vm_info("each with eventfds for kick, call and error, and enabled");
	must(vm_net_live(&n));
	vm_info("status %#x: DRIVER_OK", vm_get_status(&d));
	t = vm_now_ms();
	step = o->frames / 4 ? o->frames / 4 : 1;
	for (at = 0; at < o->frames;) {
		at = at + step > o->frames ? o->frames : at + step;
		vm_net_run(&n, at);
		vm_info("%llu frames of %u bytes sent and received, every byte compared",
			(unsigned long long)n.pair[0].got, no.size);
	}
	t = vm_now_ms() - t;
	show_queue(&d, &n.pair[0].rx, "receive");
	show_queue(&d, &n.pair[0].tx, "transmit");
	vm_info("sent %llu, received %llu, lost %llu, all intact and in order",
		(unsigned long long)n.pair[0].sent,
		(unsigned long long)n.pair[0].got,
		(unsigned long long)(n.pair[0].sent - n.pair[0].got));
	vm_info("%llu ms, %llu frames/s", (unsigned long long)t,
		(unsigned long long)(o->frames * 1000 / (t ? t : 1)));
	must(vm_set_status(&d, 0));
	vm_info("status 0: the device is reset");
	vm_net_free(&n);
	vm_dev_close(&d);
	vm_container_close(&c);
	vm_info("closed: device, group, container");
	return 0;
}
