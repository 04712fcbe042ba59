// SPDX-License-Identifier: GPL-2.0-only
/* user-net unmap-live, half, memlock, readonly, write-only: memory that is not there any more. */
#include <errno.h>
#include <linux/vfio.h>
#include <pthread.h>
#include <string.h>

#include "user_net.h"

static bool broken(struct vm_net *n)
{
	return must(vm_get_status(n->dev)) & VIRTIO_CONFIG_S_NEEDS_RESET;
}

static void until_broken(struct vm_net *n, int config_call, const char *what)
{
	unsigned int ms;

	for (ms = 0; !broken(n); ms += 10) {
		if (ms > 10000)
			die("%s: the device does not say NEEDS_RESET", what);
		vm_sleep_ms(10);
	}
	if (!vm_eventfd_wait(config_call, 10000))
		die("%s: NEEDS_RESET and no config interrupt", what);
}

/* How many queues' error eventfds are signalled; waits for each. */
static unsigned int errors(struct vm_net *n, int ms)
{
	unsigned int i, nr = 0;

	for (i = 0; i < vm_net_nqs(n); i++)
		if (vm_eventfd_wait(vm_net_vq(n, i)->err, ms))
			nr++;
	return nr;
}

/* With again they are mapped at the same addresses, else elsewhere. */
static void unmap_rings(struct vm_net *n, int ev, bool all, bool again)
{
	unsigned int i, nr;
	__u32 used[VM_MAX_VQS];
	char state[32];

	vm_net_run(n, 50);
	n->pair[0].target = 1000;
	vm_net_pump(n);
	if (all) {
		must(vm_dma_unmap_all(n->dev->c));
		n->rings.mapped = false;
		n->bufs.mapped = false;
	} else {
		must(vm_mem_unmap(&n->rings));
	}
	for (i = 0; i < vm_net_nqs(n); i++)
		used[i] = vm_vq_base(vm_net_vq(n, i));
	until_broken(n, ev, "rings unmapped");
	/* One after the other: NEEDS_RESET comes with the first. */
	nr = errors(n, 10000);
	if (nr != vm_net_nqs(n))
		die("rings unmapped: %u of %u error eventfds", nr,
		    vm_net_nqs(n));
	must(vm_sysfs_read(n->dev->uuid, "state", state, sizeof(state)));
	if (strcmp(state, "broken"))
		die("rings unmapped: state %s", state);
	for (i = 0; i < vm_net_nqs(n); i++) {
		vm_vq_kick_now(vm_net_vq(n, i));
		if (vm_vq_base(vm_net_vq(n, i)) != used[i])
			die("queue %u: written to after the unmap returned", i);
	}
	if (again)
		must(vm_mem_map(&n->rings));
	else
		vm_net_move(n);
	must(vm_net_again(n));
	vm_net_run(n, 100);
	must(vm_set_status(n->dev, 0));
	vm_net_forget(n);
}

static void unmap_buffers(struct vm_net *n, int ev)
{
	unsigned int k;

	vm_net_run(n, 50);
	n->pair[0].target = 1000;
	vm_net_pump(n);
	must(vm_mem_unmap(&n->bufs));
	for (k = 0; k < 200 && !broken(n); k++) {
		vm_net_pump(n);
		vm_net_wait(n, 20);
	}
	until_broken(n, ev, "buffers unmapped");
	if (!errors(n, 0))
		die("buffers unmapped: no error eventfd");
	must(vm_mem_map(&n->bufs));
	must(vm_net_again(n));
	vm_net_run(n, 100);
	must(vm_set_status(n->dev, 0));
	vm_net_forget(n);
}

static void *pump_thread(void *arg)
{
	struct vm_net *n = arg;

	return (void *)(long)vm_net_try(n, 1ULL << 40, 20000);
}

/* The same with a thread in full traffic. */
static void unmap_under_traffic(struct vm_net *n, struct vm_mem *m, int ev)
{
	pthread_t t;
	void *ret;

	if (pthread_create(&t, NULL, pump_thread, n))
		die("pthread_create");
	vm_sleep_ms(30);
	must(vm_mem_unmap(m));
	pthread_join(t, &ret);
	if ((long)ret != -EIO)
		die("traffic ended by %s", vm_err((long)ret));
	until_broken(n, ev, "unmapped under traffic");
	errors(n, 0);
	if (m == &n->rings)
		vm_net_move(n);
	else
		must(vm_mem_map(m));
	must(vm_net_again(n));
	vm_net_run(n, 100);
	must(vm_set_status(n->dev, 0));
	vm_net_forget(n);
}

static void set_up_quiet(struct vm_net *n, int ev)
{
	must(vm_net_again(n));
	vm_eventfd_wait(ev, 0);
	errors(n, 0);
}

int cmd_unmap_live(struct vm_opts *o)
{
	unsigned int i, count = o->count ? o->count : 5;
	struct vm_container c;
	struct vm_net n;
	struct vm_dev d;
	int ev;

	must(vm_container_open(&c));
	must(vm_dev_open(&c, &d, o->uuid[0]));
	must(vm_net_start(&n, &d, &o->net));
	ev = must(vm_eventfd());
	must(vm_set_config_call(&d, ev));
	for (i = 0; i < count; i++) {
		set_up_quiet(&n, ev);
		unmap_rings(&n, ev, false, !(i & 1));
	}
	pass("unmap of live rings, %u times: told, and usable again",
	     count);
	set_up_quiet(&n, ev);
	unmap_rings(&n, ev, true, false);
	pass("unmap of everything at once: the same");
	for (i = 0; i < count; i++) {
		set_up_quiet(&n, ev);
		unmap_buffers(&n, ev);
	}
	pass("unmap of buffers, %u times: the same", count);
	for (i = 0; i < count; i++) {
		set_up_quiet(&n, ev);
		unmap_under_traffic(&n, i & 1 ? &n.rings : &n.bufs, ev);
	}
	pass("unmap beside a thread in traffic, %u times: the same", count);
	must(vm_net_again(&n));
	vm_net_run(&n, o->frames);
	vm_net_free(&n);
	vm_dev_close(&d);
	vm_container_close(&c);
	return 0;
}

/*
 * DRIVER_OK fails at the last virtqueue, after the others were started: none is
 * live then, and nothing has to be reset.
 */
int cmd_half(struct vm_opts *o)
{
	struct vm_container c;
	struct vm_net n;
	struct vm_dev d;
	struct vm_vq *v;
	unsigned int ms;
	long pinned;
	int status;

	must(vm_container_open(&c));
	must(vm_dev_open(&c, &d, o->uuid[0]));
	must(vm_net_alloc(&n, &d, &o->net));
	must(vm_net_rings(&n, NULL));
	v = vm_net_vq(&n, vm_net_nqs(&n) - 1);
	must(vm_vring_addr(&d, v->index, v->desc_iova, v->avail_iova,
			   BIT64(46)));
	pinned = vm_pinned();
	n.pair[0].target = 10;
	vm_net_pump(&n);
	fails(EFAULT, vm_add_status(&d, VIRTIO_CONFIG_S_DRIVER_OK));
	status = must(vm_get_status(&d));
	if (status != (VIRTIO_CONFIG_S_ACKNOWLEDGE | VIRTIO_CONFIG_S_DRIVER |
		       VIRTIO_CONFIG_S_FEATURES_OK))
		die("DRIVER_OK failed, and the status is %#x", status);
	/* They are unpinned when nobody can see them any more. */
	for (ms = 0; vm_pinned() != pinned; ms++) {
		if (ms == 30000)
			die("DRIVER_OK failed, and %ld pages stay pinned",
			    vm_pinned() - pinned);
		vm_sleep_ms(1);
	}
	if (errors(&n, 0))
		die("DRIVER_OK failed, and a virtqueue has an error");
	vm_net_pump(&n);
	vm_sleep_ms(100);
	if (vm_net_pump(&n) && n.pair[0].done)
		die("DRIVER_OK failed, and a virtqueue is served");
	pass("DRIVER_OK that fails at the last virtqueue: none is live");
	must(vm_vring_addr(&d, v->index, v->desc_iova, v->avail_iova,
			   v->used_iova));
	must(vm_net_live(&n));
	vm_net_run(&n, o->frames);
	pass("DRIVER_OK works without a reset when the last virtqueue is mapped");
	vm_net_free(&n);
	vm_dev_close(&d);
	vm_container_close(&c);
	return 0;
}

int cmd_memlock(struct vm_opts *o)
{
	struct vm_net_opts many = o->net;
	struct vm_container c;
	struct vm_net n;
	struct vm_dev d;
	long pinned;
	int ret;

	must(vm_limit_memlock(65536));
	must(vm_container_open(&c));
	must(vm_dev_open(&c, &d, o->uuid[0]));
	pinned = vm_pinned();
	must(vm_net_start(&n, &d, &o->net));
	vm_net_run(&n, o->frames);
	if (vm_pinned() - pinned > 16)
		die("%ld pages are pinned under a limit of 16",
		    vm_pinned() - pinned);
	pass("%llu frames, %zu KiB of buffers, %ld pages pinned of 16",
	     (unsigned long long)o->frames, n.bufs.size / 1024,
	     vm_pinned() - pinned);
	must(vm_set_status(&d, 0));
	vm_net_free(&n);

	/* Rings alone that exceed it cannot do. */
	many.pairs = 8;
	many.num = 1024;
	many.size = 60;
	ret = vm_net_start(&n, &d, &many);
	if (ret != -ENOMEM)
		die("rings over the limit: %s, expected ENOMEM", vm_err(ret));
	pass("rings over the limit: ENOMEM");
	must(vm_set_status(&d, 0));
	vm_net_free(&n);
	must(vm_net_start(&n, &d, &o->net));
	vm_net_run(&n, o->frames);
	pass("smaller rings work after rings over the limit");
	vm_net_free(&n);
	vm_dev_close(&d);
	vm_container_close(&c);
	return 0;
}

static size_t pages(size_t bytes)
{
	return (bytes + VM_PAGE - 1) & ~(VM_PAGE - 1);
}

int cmd_readonly(struct vm_opts *o)
{
	struct vm_container c;
	struct vm_net n;
	struct vm_dev d;
	struct vm_mem *b = &n.bufs;
	size_t rx;
	int ev;

	must(vm_container_open(&c));
	must(vm_dev_open(&c, &d, o->uuid[0]));
	must(vm_net_alloc(&n, &d, &o->net));
	ev = must(vm_eventfd());
	must(vm_set_config_call(&d, ev));
	rx = pages(n.rx_size * n.pair[0].rx_slots);
	must(vm_mem_unmap(b));
	must(vm_dma_map(&c, b->va, b->iova, rx, true));
	must(vm_dma_map(&c, b->va + rx, b->iova + rx, b->size - rx, false));
	must(vm_net_rings(&n, NULL));
	must(vm_net_live(&n));
	vm_net_run(&n, o->frames);
	pass("transmit buffers mapped read-only: %llu frames",
	     (unsigned long long)o->frames);
	must(vm_set_status(&d, 0));

	must(vm_dma_unmap(&c, b->iova, rx));
	must(vm_dma_map(&c, b->va, b->iova, rx, false));
	must(vm_net_again(&n));
	vm_eventfd_wait(ev, 0);
	errors(&n, 0);
	n.pair[0].target = 10;
	vm_net_pump(&n);
	until_broken(&n, ev, "receive buffers mapped read-only");
	if (!vm_eventfd_wait(n.pair[0].rx.err, 1000))
		die("receive buffers mapped read-only: no error eventfd");
	if (vm_net_pump(&n) && n.pair[0].got)
		die("received into read-only memory");
	pass("receive buffers mapped read-only: that queue breaks");
	must(vm_set_status(&d, 0));

	must(vm_mem_unmap(&n.rings));
	must(vm_dma_map(&c, n.rings.va, n.rings.iova, n.rings.size, false));
	n.rings.mapped = true;
	vm_net_forget(&n);
	must(vm_negotiate(&d, vm_net_features(&n.o)));
	must(vm_net_rings(&n, NULL));
	fails(EFAULT, vm_net_live(&n));
	if (must(vm_get_status(&d)) & VIRTIO_CONFIG_S_DRIVER_OK)
		die("DRIVER_OK failed, and is set");
	pass("rings mapped read-only: EFAULT at DRIVER_OK");
	must(vm_set_status(&d, 0));
	must(vm_dma_unmap(&c, b->iova, rx));
	must(vm_dma_unmap(&c, b->iova + rx, b->size - rx));
	b->mapped = false;
	vm_net_free(&n);
	vm_dev_close(&d);
	vm_container_close(&c);
	return 0;
}

static int map_write_only(struct vm_container *c, void *va, __u64 iova,
			  size_t size)
{
	struct vfio_iommu_type1_dma_map m = {
		.argsz = sizeof(m),
		.flags = VFIO_DMA_MAP_FLAG_WRITE,
		.vaddr = (unsigned long)va,
		.iova = iova,
		.size = size,
	};

	if (vm_way.cdev)
		return vm_ioas_map(c, va, iova, size, false, true);
	return vm_ioctl(c->fd, VFIO_IOMMU_MAP_DMA, &m);
}

/* Receive buffers that the device cannot read, with little to be locked */
int cmd_write_only(struct vm_opts *o)
{
	struct vm_container c;
	struct vm_net n;
	struct vm_dev d;
	struct vm_mem *b = &n.bufs;
	size_t rx;

	if (o->memlock)
		must(vm_limit_memlock(o->memlock));
	must(vm_container_open(&c));
	must(vm_dev_open(&c, &d, o->uuid[0]));
	must(vm_net_alloc(&n, &d, &o->net));
	rx = pages(n.rx_size * n.pair[0].rx_slots);
	must(vm_mem_unmap(b));
	must(map_write_only(&c, b->va, b->iova, rx));
	must(vm_dma_map(&c, b->va + rx, b->iova + rx, b->size - rx, true));
	must(vm_net_rings(&n, NULL));
	must(vm_net_live(&n));
	vm_net_run(&n, o->frames);
	if (broken(&n))
		die("receive buffers mapped for writing only: NEEDS_RESET");
	pass("receive buffers mapped for writing only: %llu frames",
	     (unsigned long long)o->frames);
	must(vm_set_status(&d, 0));
	must(vm_dma_unmap(&c, b->iova, rx));
	must(vm_dma_unmap(&c, b->iova + rx, b->size - rx));
	b->mapped = false;
	vm_net_free(&n);
	vm_dev_close(&d);
	vm_container_close(&c);
	return 0;
}
