// SPDX-License-Identifier: GPL-2.0-only
/* user-net churn: memory comes and goes with messages, beside traffic. */
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/mman.h>

#include "user_net.h"

#define PAGES	64U
/* Each thread has a range of addresses for itself. */
#define AREA(i)	(((__u64)(i) + 1) << 40)

struct churn {
	pthread_t thread;
	struct vm_net *net;
	unsigned int index, count;
	bool batch;
};

static void *churn(void *arg)
{
	struct churn *t = arg;
	struct vm_net *net = t->net;
	unsigned int i, seed = t->index;
	__u64 at = AREA(t->index);
	__u8 *mem = mmap(NULL, PAGES * VM_PAGE, PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (mem == MAP_FAILED)
		die("mmap: %s", vm_err(-errno));
	for (i = 0; i < t->count; i++) {
		unsigned int n = 1 + rand_r(&seed) % PAGES;
		unsigned int off = rand_r(&seed) % n;

		must(vm_net_msg(net, VHOST_MDEV_IOTLB_UPDATE, at, n * VM_PAGE,
				mem));
		must(vm_net_msg(net, VHOST_MDEV_IOTLB_INVALIDATE,
				at + off * VM_PAGE, VM_PAGE, NULL));
		if (t->batch)
			must(vm_net_msg(net, VHOST_MDEV_IOTLB_BATCH_BEGIN, 0,
					0, NULL));
		must(vm_net_msg(net, VHOST_MDEV_IOTLB_UPDATE,
				at + off * VM_PAGE, VM_PAGE, mem));
		must(vm_net_msg(net, VHOST_MDEV_IOTLB_INVALIDATE, at,
				n * VM_PAGE, NULL));
		if (t->batch)
			must(vm_net_msg(net, VHOST_MDEV_IOTLB_BATCH_END, 0, 0,
					NULL));
	}
	munmap(mem, PAGES * VM_PAGE);
	return NULL;
}

int cmd_churn(struct vm_opts *o)
{
	struct churn t[2];
	struct vm_container c;
	__u64 target = 0;
	struct vm_net n;
	struct vm_dev d;
	unsigned int i;

	vm_way.chardev = true;
	must(vm_container_open(&c));
	must(vm_dev_open(&c, &d, o->uuid[0]));
	must(vm_net_start(&n, &d, &o->net));
	for (i = 0; i < ARRAY_SIZE(t); i++) {
		t[i] = (struct churn) {
			.net = &n,
			.index = i,
			.count = o->count ? o->count : 150,
			.batch = i,
		};
		if (pthread_create(&t[i].thread, NULL, churn, &t[i]))
			die("pthread_create");
	}
	for (i = 0; i < ARRAY_SIZE(t); i++)
		while (pthread_tryjoin_np(t[i].thread, NULL))
			vm_net_run(&n, target += 200);
	vm_net_run(&n, target += o->frames);
	if (must(vm_get_status(&d)) & VIRTIO_CONFIG_S_NEEDS_RESET)
		die("the device is broken");
	pass("%u times mapped and unmapped by two threads, beside %llu frames",
	     2 * t[0].count, (unsigned long long)target);
	vm_net_free(&n);
	if (vm_pinned())
		die("%ld pages are pinned", vm_pinned());
	vm_dev_close(&d);
	vm_container_close(&c);
	return 0;
}
