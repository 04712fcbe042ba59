// SPDX-License-Identifier: GPL-2.0-only
/* user-net exchange: memory is mapped again under a device that stands still. */
#include <errno.h>
#include <pthread.h>

#include "user_net.h"

struct exchange {
	pthread_t thread;
	struct vm_net *net;
	unsigned int count;
};

/* All of it goes and comes back, except the rings if they are to be lost. */
static void batch(struct vm_net *n, bool rings)
{
	struct vm_mem *r = &n->rings, *b = &n->bufs;

	must(vm_net_msg(n, VHOST_MDEV_IOTLB_BATCH_BEGIN, 0, 0, NULL));
	must(vm_net_msg(n, VHOST_MDEV_IOTLB_INVALIDATE, r->iova, r->size,
			NULL));
	must(vm_net_msg(n, VHOST_MDEV_IOTLB_INVALIDATE, b->iova, b->size,
			NULL));
	must(vm_net_msg(n, VHOST_MDEV_IOTLB_UPDATE, b->iova, b->size, b->va));
	if (rings)
		must(vm_net_msg(n, VHOST_MDEV_IOTLB_UPDATE, r->iova, r->size,
				r->va));
	must(vm_net_msg(n, VHOST_MDEV_IOTLB_BATCH_END, 0, 0, NULL));
}

static void *batches(void *arg)
{
	struct exchange *x = arg;
	unsigned int i;

	for (i = 0; i < x->count; i++)
		batch(x->net, true);
	return NULL;
}

static void must_be_well(struct vm_net *n, const char *what)
{
	if (must(vm_get_status(n->dev)) & VIRTIO_CONFIG_S_NEEDS_RESET)
		die("%s: the device is broken", what);
}

/* Each virtqueue breaks whose rings did not come back, and says so. */
static void must_be_lost(struct vm_net *n, const char *what)
{
	unsigned int i;

	for (i = 0; i < vm_net_nqs(n); i++)
		if (!vm_eventfd_wait(vm_net_vq(n, i)->err, 10000))
			die("%s: no error eventfd of queue %u", what, i);
	if (!(must(vm_get_status(n->dev)) & VIRTIO_CONFIG_S_NEEDS_RESET))
		die("%s: the device does not say NEEDS_RESET", what);
}

static void by_batches(struct vm_net *n, unsigned int count)
{
	struct exchange x = { .net = n, .count = count };
	__u64 target = 0;

	must(vm_net_again(n));
	if (pthread_create(&x.thread, NULL, batches, &x))
		die("pthread_create");
	while (pthread_tryjoin_np(x.thread, NULL))
		vm_net_run(n, target += 200);
	vm_net_run(n, target += 200);
	must_be_well(n, "batches");
	pass("all memory exchanged by %u batches, beside %llu frames", count,
	     (unsigned long long)target);

	batch(n, false);
	must_be_lost(n, "a batch without the rings");
	n->rings.mapped = false;
	must(vm_mem_map(&n->rings));
	pass("a batch without the rings: each virtqueue broke");
}

/* SUSPEND and RESUME by another thread while a batch is under way */
static void suspend_in_batch(struct vm_net *n)
{
	struct vm_mem *r = &n->rings;
	__u64 done;

	must(vm_net_again(n));
	vm_net_run(n, 200);
	must(vm_net_msg(n, VHOST_MDEV_IOTLB_BATCH_BEGIN, 0, 0, NULL));
	must(vm_net_msg(n, VHOST_MDEV_IOTLB_INVALIDATE, r->iova, r->size,
			NULL));
	must(vm_suspend(n->dev));
	must(vm_resume(n->dev));
	must(vm_net_msg(n, VHOST_MDEV_IOTLB_UPDATE, r->iova, r->size, r->va));
	must(vm_net_msg(n, VHOST_MDEV_IOTLB_BATCH_END, 0, 0, NULL));
	vm_net_run(n, 400);
	must_be_well(n, "RESUME in a batch");
	pass("RESUME in a batch: the device stands still until the batch ends");

	must(vm_net_msg(n, VHOST_MDEV_IOTLB_BATCH_BEGIN, 0, 0, NULL));
	must(vm_net_msg(n, VHOST_MDEV_IOTLB_INVALIDATE, r->iova, r->size,
			NULL));
	must(vm_suspend(n->dev));
	must(vm_net_msg(n, VHOST_MDEV_IOTLB_UPDATE, r->iova, r->size, r->va));
	must(vm_net_msg(n, VHOST_MDEV_IOTLB_BATCH_END, 0, 0, NULL));
	done = n->pair[0].done;
	n->pair[0].target = 600;
	vm_net_pump(n);
	vm_sleep_ms(50);
	vm_net_pump(n);
	if (n->pair[0].done != done)
		die("SUSPEND in a batch: the device runs after the batch");
	must(vm_resume(n->dev));
	vm_net_run(n, 600);
	must_be_well(n, "SUSPEND in a batch");
	pass("SUSPEND in a batch: the device stands still until RESUME");
}

static void by_suspend(struct vm_net *n, unsigned int count)
{
	unsigned int i;

	must(vm_net_again(n));
	for (i = 1; i <= count; i++) {
		n->pair[0].target = i * 200;
		vm_net_pump(n);
		must(vm_suspend(n->dev));
		must(vm_mem_unmap(&n->rings));
		must(vm_mem_unmap(&n->bufs));
		must(vm_mem_map(&n->bufs));
		must(vm_mem_map(&n->rings));
		must(vm_resume(n->dev));
		vm_net_run(n, i * 200);
	}
	must_be_well(n, "SUSPEND");
	pass("all memory exchanged between SUSPEND and RESUME, %u times", count);

	must(vm_suspend(n->dev));
	must(vm_mem_unmap(&n->rings));
	must_be_well(n, "rings unmapped after SUSPEND");
	must(vm_resume(n->dev));
	must_be_lost(n, "RESUME without the rings");
	must(vm_mem_map(&n->rings));
	pass("RESUME without the rings: each virtqueue broke");
}

int cmd_exchange(struct vm_opts *o)
{
	unsigned int count = o->count ? o->count : 100;
	struct vm_container c;
	struct vm_net n;
	struct vm_dev d;

	must(vm_container_open(&c));
	must(vm_dev_open(&c, &d, o->uuid[0]));
	must(vm_net_start(&n, &d, &o->net));
	by_suspend(&n, count / 10);
	if (vm_way.chardev) {
		by_batches(&n, count);
		suspend_in_batch(&n);
	}
	must(vm_net_again(&n));
	vm_net_run(&n, o->frames);
	vm_net_free(&n);
	if (vm_pinned())
		die("%ld pages are pinned", vm_pinned());
	vm_dev_close(&d);
	vm_container_close(&c);
	return 0;
}
