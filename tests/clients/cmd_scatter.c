// SPDX-License-Identifier: GPL-2.0-only
/*
 * user-net scatter, reuse-unmap: unmaps that make type1 call the device again and
 * again, because many pages are pinned in what several threads unmap at once, or
 * because a mapping is replaced by another one while a slow thread unmaps it.
 *
 * The first pair has ordinary traffic.  The second one reads single frames out of
 * the memory to be unmapped, so that this is pinned.
 */
#include <dirent.h>
#include <errno.h>
#include <linux/vfio.h>
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "user_net.h"

#define HDR		sizeof(struct virtio_net_hdr_v1)
#define FRAME		60
#define BASE		BIT64(40)

/* Longer than type1 can need with what an instance pins; a hang is for good. */
#define STUCK_MS	60000

#define MAX_THREADS	8

struct scatter {
	struct vm_container c;
	struct vm_dev d;
	struct vm_net n;
	struct vm_dev other;	/* opened and closed all the time, if there is one */
	bool has_other;
	bool stop;
	unsigned int opened;
};

/* ---- the second pair ---- */

static void touch_rx_fill(struct vm_net *n)
{
	struct vm_pair *p = &n->pair[1];

	while (p->rx_nfree) {
		unsigned int slot = p->rx_free[p->rx_nfree - 1];
		struct vm_sg sg = {
			vm_iova(&n->bufs, p->rxbuf + slot * n->rx_size),
			n->rx_size,
		};

		if (vm_vq_add(&p->rx, &sg, 0, 1, slot))
			break;
		p->rx_nfree--;
	}
	vm_vq_kick_now(&p->rx);
}

static void touch_reap(struct vm_net *n)
{
	struct vm_pair *p = &n->pair[1];
	__u32 len;
	int token;

	while ((token = vm_vq_get(&p->rx, &len)) >= 0)
		p->rx_free[p->rx_nfree++] = token;
	while ((token = vm_vq_get(&p->tx, &len)) >= 0)
		p->done++;
	touch_rx_fill(n);
}

/* Until the device has read all frames */
static void touch_wait(struct vm_net *n, __u64 left)
{
	struct vm_pair *p = &n->pair[1];
	__u64 t = vm_now_ms();

	while (p->sent - p->done > left) {
		vm_vq_kick_now(&p->tx);
		touch_reap(n);
		if (vm_now_ms() - t > STUCK_MS)
			die("the device stands still: %llu of %llu frames read",
			    (unsigned long long)p->done,
			    (unsigned long long)p->sent);
		usleep(200);
	}
}

/* Have the device read a frame in the page of @va, which is mapped at @iova. */
static void touch(struct vm_net *n, __u64 iova, __u8 *va)
{
	struct vm_sg sg = { iova, HDR + FRAME };
	struct vm_pair *p = &n->pair[1];

	memset(va, 0, HDR + FRAME);
	memcpy(va + HDR, n->mac, 6);
	memcpy(va + HDR + 6, "\x52\x54\x00\x6d\x64\x76\x88\xb5", 8);
	touch_wait(n, p->tx.num / 2);
	must(vm_vq_add(&p->tx, &sg, 1, 0, 1));
	p->sent++;
}

/* ---- set-up ---- */

static void *other_thread(void *arg)
{
	struct scatter *s = arg;

	while (!__atomic_load_n(&s->stop, __ATOMIC_RELAXED)) {
		must(vm_device_get(&s->other));
		vm_device_put(&s->other);
		s->opened++;
		usleep(1000);
	}
	return NULL;
}

static void scatter_open(struct scatter *s, struct vm_opts *o)
{
	struct vm_net_opts net = o->net;

	memset(s, 0, sizeof(*s));
	if (o->memlock)
		must(vm_limit_memlock(o->memlock));
	net.pairs = 2;
	must(vm_container_open(&s->c));
	must(vm_dev_open(&s->c, &s->d, o->uuid[0]));
	if (o->nr_uuids > 1) {
		must(vm_dev_open(&s->c, &s->other, o->uuid[1]));
		vm_device_put(&s->other);
		s->has_other = true;
	}
	must(vm_net_start(&s->n, &s->d, &net));
	s->n.pair[1].off = true;
	touch_rx_fill(&s->n);
}

static void scatter_close(struct scatter *s)
{
	vm_net_free(&s->n);
	vm_dev_close(&s->d);
	if (s->has_other)
		vm_dev_close(&s->other);
	vm_container_close(&s->c);
}

/* ---- many threads ---- */

struct region {
	struct scatter *s;
	__u64 iova;
	size_t size;
	pthread_barrier_t *start;
	pthread_t thread;
	int ret;
	bool done;
};

static void *unmapper(void *arg)
{
	struct region *r = arg;

	pthread_barrier_wait(r->start);
	r->ret = vm_dma_unmap(&r->s->c, r->iova, r->size);
	__atomic_store_n(&r->done, true, __ATOMIC_RELEASE);
	return NULL;
}

static void show_stacks(void)
{
	DIR *dir = opendir("/proc/self/task");
	struct dirent *e;
	char path[300], buf[4096];

	while (dir && (e = readdir(dir))) {
		snprintf(path, sizeof(path), "/proc/self/task/%s/stack",
			 e->d_name);
		if (e->d_name[0] != '.' &&
		    vm_read_file(path, buf, sizeof(buf)) > 0)
			vm_info("task %s:\n%s", e->d_name, buf);
	}
	if (dir)
		closedir(dir);
}

/* All of them unmap; meanwhile there is traffic. */
static __u64 unmap_all(struct scatter *s, struct region *r, unsigned int nr)
{
	pthread_barrier_t start;
	unsigned int i, done;
	__u64 t;

	pthread_barrier_init(&start, NULL, nr + 1);
	for (i = 0; i < nr; i++) {
		r[i].start = &start;
		r[i].done = false;
		if (pthread_create(&r[i].thread, NULL, unmapper, &r[i]))
			die("pthread_create");
	}
	pthread_barrier_wait(&start);
	t = vm_now_ms();
	s->n.pair[0].target = ~0ULL;
	do {
		vm_net_pump(&s->n);
		for (i = 0, done = 0; i < nr; i++)
			done += __atomic_load_n(&r[i].done, __ATOMIC_ACQUIRE);
		if (vm_now_ms() - t > STUCK_MS) {
			show_stacks();
			die("%u of %u unmaps came back", done, nr);
		}
	} while (done < nr);
	t = vm_now_ms() - t;
	for (i = 0; i < nr; i++) {
		pthread_join(r[i].thread, NULL);
		must(r[i].ret);
	}
	pthread_barrier_destroy(&start);
	s->n.pair[0].target = s->n.pair[0].sent;
	return t;
}

/*
 * Mappings of o->size_kib at o->threads places, of one piece of memory, with
 * o->touches pages read in each of them, o->stride pages apart.
 */
int cmd_scatter(struct vm_opts *o)
{
	unsigned int nr = o->threads, rounds = o->count ? o->count : 10;
	size_t size = o->size_kib * 1024UL, at;
	unsigned int i, k, round = 0;
	struct region r[MAX_THREADS];
	__u64 end, worst = 0, ms;
	long before, most = 0;
	struct scatter s;
	pthread_t other;
	__u8 *va;

	if (nr < 1 || nr > MAX_THREADS || size < VM_PAGE)
		die("scatter wants --threads 1 to %u and --size-kib", MAX_THREADS);
	scatter_open(&s, o);
	va = mmap(NULL, size, PROT_READ | PROT_WRITE,
		  MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (va == MAP_FAILED)
		die("mmap");
	before = vm_pinned();
	if (s.has_other && pthread_create(&other, NULL, other_thread, &s))
		die("pthread_create");
	end = vm_now_ms() + o->seconds * 1000ULL;
	while (o->seconds ? vm_now_ms() < end : round < rounds) {
		for (i = 0; i < nr; i++) {
			r[i].s = &s;
			r[i].size = size;
			r[i].iova = BASE * (i + 1);
			must(vm_dma_map(&s.c, va, r[i].iova, size, true));
		}
		/* nothing is pinned for a moment after an unmap */
		vm_sleep_ms(12);
		for (k = 0; k < o->touches; k++) {
			at = (size_t)k * o->stride * VM_PAGE;
			if (at >= size)
				break;
			for (i = 0; i < nr; i++)
				touch(&s.n, r[i].iova + at, va + at);
		}
		touch_wait(&s.n, 0);
		if (vm_pinned() - before > most)
			most = vm_pinned() - before;
		ms = unmap_all(&s, r, nr);
		if (ms > worst)
			worst = ms;
		round++;
	}
	__atomic_store_n(&s.stop, true, __ATOMIC_RELAXED);
	if (s.has_other)
		pthread_join(other, NULL);
	if (most < (long)nr)
		die("%ld pages were pinned, so there was nothing to unpin", most);
	vm_net_run(&s.n, s.n.pair[0].sent + 100);
	pass("%u times, %ld pages pinned, at most %llu ms, %llu frames, %u opens of another",
	     round, most, (unsigned long long)worst,
	     (unsigned long long)s.n.pair[0].got, s.opened);
	munmap(va, size);
	scatter_close(&s);
	return 0;
}

/* ---- one mapping after the other ---- */

/* How far the mappings are apart */
#define STRIDE		BIT64(24)

struct slow {
	struct vm_container *c;
	bool done;
	int ret;
};

static bool stop_hogs;

static void on_cpu(int cpu)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	sched_setaffinity(0, sizeof(set), &set);
}

/* Takes the CPU from the slow one. */
static void *hog(void *arg)
{
	on_cpu(1);
	while (!__atomic_load_n(&stop_hogs, __ATOMIC_RELAXED))
		;
	return NULL;
}

static void *slow_unmapper(void *arg)
{
	struct sched_param sp = { };
	struct slow *sl = arg;
	struct vfio_iommu_type1_dma_unmap u = {
		.argsz = sizeof(u),
		.iova = BASE,
		.size = BIT64(40),
	};

	on_cpu(1);
	sched_setscheduler(0, SCHED_IDLE, &sp);
	sl->ret = vm_ioctl(sl->c->fd, VFIO_IOMMU_UNMAP_DMA, &u);
	__atomic_store_n(&sl->done, true, __ATOMIC_RELEASE);
	return NULL;
}

#define slow_done(sl)	__atomic_load_n(&(sl)->done, __ATOMIC_ACQUIRE)

/*
 * While one thread is slow to unmap everything from BASE on, unmap what it is
 * about, map something new and have that pinned, so that it may be taken for the
 * same mapping.  Returns how often.
 */
static unsigned int reuse_round(struct scatter *s, __u8 *page, long before)
{
	struct slow sl = { .c = &s->c };
	__u64 at = BASE, t;
	unsigned int times;
	pthread_t thread;

	must(vm_dma_map(&s->c, page, at, VM_PAGE, true));
	vm_sleep_ms(12);
	touch(&s->n, at, page);
	touch_wait(&s->n, 0);
	if (pthread_create(&thread, NULL, slow_unmapper, &sl))
		die("pthread_create");
	for (times = 0; times < 40 && !slow_done(&sl); times++) {
		t = vm_now_ms();
		while (vm_pinned() > before && !slow_done(&sl) &&
		       vm_now_ms() - t < STUCK_MS)
			usleep(500);
		if (slow_done(&sl))
			break;
		/* or the slow one has done it */
		if (vm_dma_unmap(&s->c, at, VM_PAGE))
			break;
		at += STRIDE;
		must(vm_dma_map(&s->c, page, at, VM_PAGE, true));
		/* not pinned if all memory is held meanwhile */
		for (t = vm_now_ms(); vm_pinned() == before && !slow_done(&sl) &&
		     vm_now_ms() - t < 200;) {
			vm_sleep_ms(11);
			touch(&s->n, at, page);
			touch_wait(&s->n, 0);
		}
	}
	for (t = vm_now_ms(); !slow_done(&sl); vm_sleep_ms(1)) {
		if (vm_now_ms() - t > STUCK_MS) {
			show_stacks();
			die("the unmap does not come to its end");
		}
	}
	pthread_join(thread, NULL);
	must(sl.ret);
	vm_dma_unmap(&s->c, at, VM_PAGE);
	return times;
}

int cmd_reuse_unmap(struct vm_opts *o)
{
	unsigned int i, rounds = o->count ? o->count : 10, times, most = 0;
	struct scatter s;
	pthread_t hogs[8];
	long before;
	__u8 *page;

	scatter_open(&s, o);
	on_cpu(0);
	page = mmap(NULL, VM_PAGE, PROT_READ | PROT_WRITE,
		    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (page == MAP_FAILED)
		die("mmap");
	/* what the device pins of its own: receive buffers, one frame */
	must(vm_dma_map(&s.c, page, BASE / 2, VM_PAGE, true));
	for (i = 0; i < 2 * o->net.num; i++)
		touch(&s.n, BASE / 2, page);
	touch_wait(&s.n, 0);
	before = vm_pinned();
	for (i = 0; i < ARRAY_SIZE(hogs); i++)
		if (pthread_create(&hogs[i], NULL, hog, NULL))
			die("pthread_create");
	for (i = 0; i < rounds; i++) {
		times = reuse_round(&s, page, before);
		if (times > most)
			most = times;
	}
	__atomic_store_n(&stop_hogs, true, __ATOMIC_RELAXED);
	for (i = 0; i < ARRAY_SIZE(hogs); i++)
		pthread_join(hogs[i], NULL);
	if (!most)
		die("no mapping was replaced during the unmap");
	pass("%u unmaps, at most %u mappings replaced during one", rounds, most);
	munmap(page, VM_PAGE);
	scatter_close(&s);
	return 0;
}
