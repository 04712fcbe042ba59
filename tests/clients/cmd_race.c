// SPDX-License-Identifier: GPL-2.0-only
/*
 * user-net race: two threads unmap and map buffers that the device is using, a
 * third opens and closes another instance of the same container.  The two
 * locks of type1 are taken in either order on these paths, and a page that is
 * pinned again while it waits for the last pin to go is a crash of the host:
 * this is the test that none of it can be had from here.
 */
#include <errno.h>
#include <pthread.h>
#include <string.h>
#include <unistd.h>

#include "user_net.h"

static bool stop;

#define stopped()	__atomic_load_n(&stop, __ATOMIC_RELAXED)

/* The places of buffers that move */
#define PLACES	1024

struct range {
	struct vm_container *c;
	__u8 *va;
	__u64 iova;
	__u64 plain;		/* the address with a shift of 0 */
	__u64 *shift;		/* what the sender adds */
	bool move;
	size_t size;
	unsigned int count;
	unsigned int done;
	__u64 longest;
};

static void *mapper(void *arg)
{
	struct range *r = arg;
	__u64 stride = r->size + VM_PAGE, at = r->iova;
	unsigned int seed = r->iova, i;

	for (i = 0; i < r->count; i++) {
		__u64 t = vm_now_ms();

		must(vm_dma_unmap(r->c, at, r->size));
		if (r->move && i + 1 < r->count)
			at = r->iova + (i + 1) % PLACES * stride;
		else
			at = r->iova;
		must(vm_dma_map(r->c, r->va, at, r->size, true));
		__atomic_store_n(r->shift, at - r->plain, __ATOMIC_RELAXED);
		t = vm_now_ms() - t;
		if (t > r->longest)
			r->longest = t;
		__atomic_store_n(&r->done, i + 1, __ATOMIC_RELAXED);
		/* Let the device get at it, now and then for longer. */
		seed = seed * 1103515245 + 12345;
		if (!(seed >> 16 & 7))
			usleep(seed >> 20 & 1023);
	}
	return NULL;
}

struct opener {
	struct vm_container *c;
	const char *uuid;
	struct vm_net n;
	struct vm_dev d;
	unsigned int opens;
};

/* Open, send a little through memory that nobody unmaps, close. */
static void *opener(void *arg)
{
	struct opener *p = arg;

	while (!stopped()) {
		if (p->d.group < 0)
			must(vm_group_attach(p->c, &p->d, p->uuid));
		must(vm_device_get(&p->d));
		p->opens++;
		if (p->opens & 1) {
			must(vm_net_again(&p->n));
			vm_net_run(&p->n, 20);
		}
		vm_device_put(&p->d);
		if (!(p->opens & 3)) {
			close(p->d.group);
			p->d.group = VM_NO_FD;
		}
	}
	return NULL;
}

struct traffic {
	struct vm_net *n;
	__u64 frames;
	unsigned int resets;
};

static void *sender(void *arg)
{
	struct traffic *t = arg;
	int ret;

	while (!stopped()) {
		/* In small steps, to look at whether to stop. */
		ret = vm_net_try(t->n, t->n->pair[0].got + 64, 20000);
		if (!ret)
			continue;
		if (ret != -EIO)
			die("traffic: %s", vm_err(ret));
		t->frames += t->n->pair[0].got;
		t->resets++;
		must(vm_net_again(t->n));
	}
	t->frames += t->n->pair[0].got;
	return NULL;
}

static void split_buffers(struct vm_net *n, struct range *r, unsigned int count,
			  bool move)
{
	size_t rx = n->pair[0].txbuf - n->pair[0].rxbuf;
	unsigned int i;

	must(vm_mem_unmap(&n->bufs));
	r[0].va = n->bufs.va;
	r[0].iova = n->bufs.iova;
	r[0].size = rx;
	r[1].va = n->bufs.va + rx;
	r[1].iova = n->bufs.iova + rx;
	r[1].size = n->bufs.size - rx;
	for (i = 0; i < 2; i++) {
		r[i].c = n->dev->c;
		r[i].move = move;
		r[i].shift = &n->shift[i];
		r[i].plain = r[i].iova;
		if (move) {
			/* Far from each other */
			r[i].iova += (1ULL + i) << 40;
			n->shift[i] = r[i].iova - r[i].plain;
		}
		r[i].count = count;
		must(vm_dma_map(r[i].c, r[i].va, r[i].iova, r[i].size, true));
	}
}

static void watch(struct range *r, unsigned int count)
{
	unsigned int last = 0, at, step = count / 10 ? count / 10 : 1;
	__u64 since = vm_now_ms();

	for (;;) {
		unsigned int sum = __atomic_load_n(&r[0].done, __ATOMIC_RELAXED) +
				   __atomic_load_n(&r[1].done, __ATOMIC_RELAXED);

		at = sum / 2;
		if (sum == 2 * count)
			return;
		if (at >= last + step) {
			vm_info("  %u of %u", at, count);
			last = at;
			since = vm_now_ms();
		}
		if (vm_now_ms() - since > 300000)
			die("the mappers stand still at %u and %u", r[0].done,
			    r[1].done);
		vm_sleep_ms(20);
	}
}

int cmd_race(struct vm_opts *o)
{
	unsigned int i, count = o->count ? o->count : 20000;
	struct range r[2] = { };
	struct traffic t = { };
	struct vm_net_opts no = o->net;
	struct opener p = { };
	pthread_t th[4];
	struct vm_container c;
	struct vm_net n;
	struct vm_dev d;

	must(vm_container_open(&c));
	must(vm_dev_open(&c, &d, o->uuid[0]));
	must(vm_net_alloc(&n, &d, &no));
	split_buffers(&n, r, count, o->move);
	must(vm_net_rings(&n, NULL));
	must(vm_net_live(&n));
	vm_net_run(&n, 500);

	p.c = &c;
	p.uuid = o->uuid[1];
	must(vm_dev_open(&c, &p.d, p.uuid));
	no.num = 16;
	must(vm_net_alloc(&p.n, &p.d, &no));
	vm_device_put(&p.d);

	t.n = &n;
	if (pthread_create(&th[2], NULL, sender, &t) ||
	    pthread_create(&th[3], NULL, opener, &p) ||
	    pthread_create(&th[0], NULL, mapper, &r[0]) ||
	    pthread_create(&th[1], NULL, mapper, &r[1]))
		die("pthread_create");
	watch(r, count);
	__atomic_store_n(&stop, true, __ATOMIC_RELAXED);
	for (i = 0; i < 4; i++)
		pthread_join(th[i], NULL);

	must(vm_net_again(&n));
	vm_net_run(&n, o->frames);
	vm_info("longest unmap and map: %llu and %llu ms",
		(unsigned long long)r[0].longest,
		(unsigned long long)r[1].longest);
	vm_info("meanwhile %llu frames, %u resets, %u opens of another",
		(unsigned long long)t.frames, t.resets, p.opens);
	pass("2 threads unmapped and mapped %u times each", count);
	if (!t.frames || !p.opens)
		die("no traffic, or no open, while they did");
	must(vm_set_status(&d, 0));
	for (i = 0; i < 2; i++)
		must(vm_dma_unmap(&c, r[i].iova, r[i].size));
	n.bufs.mapped = false;
	vm_net_free(&n);
	vm_net_free(&p.n);
	vm_dev_close(&p.d);
	vm_dev_close(&d);
	vm_container_close(&c);
	return 0;
}
