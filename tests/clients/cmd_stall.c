// SPDX-License-Identifier: GPL-2.0-only
/*
 * user-net remap, stall, stalled: rings that are mapped again after an unmap, at
 * once if it is over, and not before if it is not, however long its user makes
 * it take.
 *
 * Type1 writes the dirty bitmap of an unmap to the user's memory with its lock
 * held, and at last the size.  Where that is a page of a userfaultfd it stands
 * still in the one or the other place for as long as we like.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/vfio.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "user_net.h"

static void set_up_again(struct vm_net *n)
{
	must(vm_set_status(n->dev, 0));
	vm_net_forget(n);
	must(vm_negotiate(n->dev, vm_net_features(&n->o)));
	must(vm_net_rings(n, NULL));
}

/* It says so in its own time; what was unmapped it does not touch before. */
static void until_broken(struct vm_dev *d)
{
	unsigned int ms;

	for (ms = 0; ms < 30000; ms++) {
		if (must(vm_get_status(d)) & VIRTIO_CONFIG_S_NEEDS_RESET)
			return;
		vm_sleep_ms(1);
	}
	die("no NEEDS_RESET after the rings were taken away");
}

/* ---- one after the other ---- */

/* If one of these had to wait for a second the test would not end in time. */
int cmd_remap(struct vm_opts *o)
{
	unsigned int i, count = o->count ? o->count : 300;
	struct vm_container c;
	struct vm_net n;
	struct vm_dev d;

	must(vm_container_open(&c));
	must(vm_dev_open(&c, &d, o->uuid[0]));
	must(vm_net_start(&n, &d, &o->net));
	for (i = 0; i < count; i++) {
		must(vm_mem_unmap(&n.rings));
		until_broken(&d);
		must(vm_mem_map(&n.rings));
		set_up_again(&n);
		must(vm_net_live(&n));
		if (!(i % 16))
			vm_net_run(&n, 20);
	}
	vm_net_run(&n, o->frames);
	pass("live rings unmapped and mapped at the same place, %u times",
	     count);
	vm_net_free(&n);
	vm_dev_close(&d);
	vm_container_close(&c);
	return 0;
}

/* ---- memory that stalls ---- */

static void dirty_tracking(struct vm_container *c, __u32 flag)
{
	struct vfio_iommu_type1_dirty_bitmap d = {
		.argsz = sizeof(d),
		.flags = flag,
	};

	must(vm_ioctl(c->fd, VFIO_IOMMU_DIRTY_PAGES, &d));
}

/* An unmap with the bitmap in one stalling page, the argument in another */
struct unmapper {
	pthread_t thread;
	struct vm_container *c;
	struct stall *bitmap;
	struct stall *arg;	/* or NULL */
	__u64 iova;
	size_t size;
	int ret;
};

struct unmap_arg {
	struct vfio_iommu_type1_dma_unmap unmap;
	struct vfio_bitmap bitmap;
};

static void *unmapper(void *p)
{
	struct unmapper *u = p;
	struct unmap_arg here, *a = u->arg ? (void *)u->arg->page : &here;

	memset(a, 0, sizeof(*a));
	a->unmap.argsz = sizeof(*a);
	a->unmap.flags = VFIO_DMA_UNMAP_FLAG_GET_DIRTY_BITMAP;
	a->unmap.iova = u->iova;
	a->unmap.size = u->size;
	a->bitmap.pgsize = VM_PAGE;
	a->bitmap.size = VM_PAGE;
	a->bitmap.data = (void *)u->bitmap->page;
	u->ret = vm_ioctl(u->c->fd, VFIO_IOMMU_UNMAP_DMA, a);
	return NULL;
}

/* Begin to unmap something, up to where type1 holds its lock and waits. */
static void unmap_begin(struct unmapper *u, struct vm_mem *m)
{
	stall_arm(u->bitmap);
	if (u->arg) {
		stall_arm(u->arg);
		stall_let_go(u->arg);
	}
	u->c = m->c;
	u->iova = m->iova;
	u->size = m->size;
	if (pthread_create(&u->thread, NULL, unmapper, u))
		die("pthread_create");
	if (!stall_caught(u->bitmap, 60000))
		die("the unmap does not come to its dirty bitmap");
	m->mapped = false;
}

/* On to where the memory is unmapped, and the ioctl still not over. */
static void unmap_last_step(struct unmapper *u)
{
	stall_arm(u->arg);
	stall_let_go(u->bitmap);
	if (!stall_caught(u->arg, 60000))
		die("the unmap does not come to its end");
}

static void unmap_end(struct unmapper *u, struct stall *where)
{
	stall_let_go(where);
	pthread_join(u->thread, NULL);
	if (u->ret)
		die("the stalled unmap: %s", vm_err(u->ret));
}

/* ---- what has to wait ---- */

struct waiter {
	pthread_t thread;
	struct vm_net *n;
	bool closes;
	int ret;
	bool done;
};

static void on_signal(int sig)
{
}

static void *waiter(void *p)
{
	struct waiter *w = p;

	if (w->closes)
		vm_device_put(w->n->dev);
	else
		w->ret = vm_add_status(w->n->dev, VIRTIO_CONFIG_S_DRIVER_OK);
	__atomic_store_n(&w->done, true, __ATOMIC_RELEASE);
	return NULL;
}

static void wait_begin(struct waiter *w, struct vm_net *n, bool closes)
{
	w->n = n;
	w->closes = closes;
	w->done = false;
	if (pthread_create(&w->thread, NULL, waiter, w))
		die("pthread_create");
}

static bool wait_over(struct waiter *w)
{
	return __atomic_load_n(&w->done, __ATOMIC_ACQUIRE);
}

/* A signal gets it out of there, as nothing could that waits for a lock. */
static void wait_interrupt(struct waiter *w)
{
	unsigned int i;

	for (i = 0; !wait_over(w); i++) {
		if (i == 600)
			die("a signal does not get DRIVER_OK out of its wait");
		vm_sleep_ms(100);
		pthread_kill(w->thread, SIGUSR1);
	}
	pthread_join(w->thread, NULL);
	fails(EINTR, w->ret);
}

/* Longer than anybody would wait who does not know what for */
static void long_stall(struct waiter *w, const char *what)
{
	vm_sleep_ms(4000);
	if (wait_over(w))
		die("%s came through while the unmap went on: %s", what,
		    vm_err(w->ret));
}

struct stage {
	struct vm_container c;
	struct vm_dev d;
	struct vm_net n;
	struct stall bitmap, arg;
	struct unmapper u;
};

static void stage_open(struct stage *s, struct vm_opts *o)
{
	struct sigaction sa = { .sa_handler = on_signal };

	sigaction(SIGUSR1, &sa, NULL);
	memset(s, 0, sizeof(*s));
	stall_init(&s->bitmap);
	stall_init(&s->arg);
	s->u.bitmap = &s->bitmap;
	s->u.arg = &s->arg;
	must(vm_container_open(&s->c));
	must(vm_dev_open(&s->c, &s->d, o->uuid[0]));
	dirty_tracking(&s->c, VFIO_IOMMU_DIRTY_PAGES_FLAG_START);
}

static void stage_close(struct stage *s)
{
	vm_net_free(&s->n);
	vm_dev_close(&s->d);
	vm_container_close(&s->c);
	stall_free(&s->bitmap);
	stall_free(&s->arg);
}

/* Rings that were live are being unmapped, and are set up again meanwhile. */
static void unmap_live_rings(struct stage *s)
{
	unmap_begin(&s->u, &s->n.rings);
	until_broken(&s->d);
	set_up_again(&s->n);
}

static void stall_rings(struct stage *s)
{
	struct waiter w;

	unmap_live_rings(s);
	wait_begin(&w, &s->n, false);
	long_stall(&w, "DRIVER_OK");
	wait_interrupt(&w);
	if (must(vm_get_status(&s->d)) & VIRTIO_CONFIG_S_DRIVER_OK)
		die("DRIVER_OK was interrupted, and is set");
	pass("an unmap stands still: DRIVER_OK waits, and can be interrupted");

	set_up_again(&s->n);
	wait_begin(&w, &s->n, false);
	vm_sleep_ms(200);
	unmap_end(&s->u, &s->bitmap);
	pthread_join(w.thread, NULL);
	fails(EFAULT, w.ret);
	pass("DRIVER_OK finds nothing mapped when the unmap is over");

	must(vm_mem_map(&s->n.rings));
	set_up_again(&s->n);
	must(vm_net_live(&s->n));
	unmap_live_rings(s);
	unmap_last_step(&s->u);
	must(vm_mem_map(&s->n.rings));
	wait_begin(&w, &s->n, false);
	long_stall(&w, "DRIVER_OK");
	unmap_end(&s->u, &s->arg);
	pthread_join(w.thread, NULL);
	must(w.ret);
	vm_net_run(&s->n, 100);
	pass("an unmap stands still at its end: DRIVER_OK waits, and works");
	must(vm_set_status(&s->d, 0));
	set_up_again(&s->n);
	must(vm_net_live(&s->n));
}

static void stall_close(struct stage *s)
{
	struct waiter w;

	unmap_live_rings(s);
	unmap_last_step(&s->u);
	must(vm_mem_map(&s->n.rings));
	vm_device_put(s->n.dev);
	must(vm_device_get(&s->d));
	pass("an unmap stands still: the device can be closed and opened again");

	set_up_again(&s->n);
	wait_begin(&w, &s->n, false);
	long_stall(&w, "DRIVER_OK");
	wait_interrupt(&w);
	set_up_again(&s->n);
	wait_begin(&w, &s->n, false);
	vm_sleep_ms(200);
	unmap_end(&s->u, &s->arg);
	pthread_join(w.thread, NULL);
	must(w.ret);
	vm_net_run(&s->n, 100);
	must(vm_set_status(&s->d, 0));
	pass("DRIVER_OK of that waits for the unmap, can be interrupted, and works");
}

/* ---- all at once ---- */

struct attack {
	struct stage *s;
	unsigned int count;
	unsigned int rounds;
	unsigned int live, refused;
	bool stop;
};

#define stopped(a)	__atomic_load_n(&(a)->stop, __ATOMIC_RELAXED)

static void *attack_unmap(void *arg)
{
	struct attack *a = arg;
	struct vm_mem *m = &a->s->n.rings;

	for (a->rounds = 0; a->rounds < a->count; a->rounds++) {
		must(vm_mem_unmap(m));
		must(vm_mem_map(m));
		usleep(a->rounds * 7919 % 5000);
	}
	__atomic_store_n(&a->stop, true, __ATOMIC_RELAXED);
	return NULL;
}

static void *attack_pin(void *arg)
{
	struct attack *a = arg;
	int ret;

	while (!stopped(a)) {
		set_up_again(&a->s->n);
		ret = vm_add_status(&a->s->d, VIRTIO_CONFIG_S_DRIVER_OK);
		if (!ret)
			a->live++;
		else if (ret == -EFAULT)
			a->refused++;
		else
			die("DRIVER_OK: %s", vm_err(ret));
	}
	return NULL;
}

/*
 * One thread unmaps and maps rings, one makes them live whenever it can, and
 * here type1 is stalled with its lock held, again and again.
 */
static void stall_attack(struct stage *s, unsigned int count)
{
	struct attack a = { .s = s, .count = count };
	struct unmapper u = { .bitmap = &s->bitmap };
	unsigned int stalls;
	struct vm_mem m;
	pthread_t t[2];

	must(vm_mem_new(&s->c, &m, VM_PAGE));
	if (pthread_create(&t[0], NULL, attack_unmap, &a) ||
	    pthread_create(&t[1], NULL, attack_pin, &a))
		die("pthread_create");
	for (stalls = 0; !stopped(&a); stalls++) {
		unmap_begin(&u, &m);
		vm_sleep_ms(stalls % 64 ? stalls * 31 % 64 : 3000);
		unmap_end(&u, &s->bitmap);
		must(vm_mem_map(&m));
	}
	pthread_join(t[0], NULL);
	pthread_join(t[1], NULL);
	vm_mem_free(&m);
	vm_info("%u times live, %u times refused, %u stalls", a.live, a.refused,
		stalls);
	if (!a.live || !stalls)
		die("the rings were never live, or nothing stalled");
	pass("rings unmapped %u times beside stalls and DRIVER_OK", count);
}

int cmd_stall(struct vm_opts *o)
{
	struct stage s;

	stage_open(&s, o);
	must(vm_net_start(&s.n, &s.d, &o->net));
	stall_rings(&s);
	stall_close(&s);
	stall_attack(&s, o->count ? o->count : 200);
	set_up_again(&s.n);
	must(vm_net_live(&s.n));
	vm_net_run(&s.n, o->frames);
	stage_close(&s);
	return 0;
}

/* An unmap, a DRIVER_OK that waits for it, or a close, until killed. */
int cmd_stalled(struct vm_opts *o)
{
	struct waiter w;
	struct stage s;

	stage_open(&s, o);
	must(vm_net_start(&s.n, &s.d, &o->net));
	unmap_live_rings(&s);
	if (o->count & 1)
		unmap_last_step(&s.u);
	wait_begin(&w, &s.n, o->count & 2);
	vm_sleep_ms(200);
	pass("running");
	pause();
	return 0;
}
