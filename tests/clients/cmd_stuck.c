// SPDX-License-Identifier: GPL-2.0-only
/*
 * user-net stuck, stuck-killed: the device is given a buffer in a page that never
 * comes, and its worker waits for that page, with type1's lock held.
 */
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "user_net.h"

#define STUCK_IOVA	BIT64(40)

struct stuck {
	struct vm_container c;
	struct vm_dev d;
	struct vm_net n;
	struct stall page;
};

static void stuck_open(struct stuck *s, struct vm_opts *o)
{
	memset(s, 0, sizeof(*s));
	must(vm_container_open(&s->c));
	must(vm_dev_open(&s->c, &s->d, o->uuid[0]));
	o->net.ctrl = true;
	must(vm_net_start(&s->n, &s->d, &o->net));
	vm_net_run(&s->n, 10);
	stall_init(&s->page);
	/* For reading only, so that the device copies and does not pin. */
	must(vm_dma_map(&s->c, s->page.page, STUCK_IOVA, VM_PAGE, false));
}

/* Have the worker wait for the page: as a frame to send, or as a command. */
static void stuck_catch(struct stuck *s, bool ctrl)
{
	struct vm_sg sg[2] = {
		{ STUCK_IOVA, 128 },
		{ vm_iova(&s->n.bufs, s->n.ctrl_buf), 1 },
	};
	struct vm_vq *vq = ctrl ? &s->n.ctrl : &s->n.pair[0].tx;

	stall_arm(&s->page);
	must(vm_vq_add(vq, sg, 1, ctrl ? 1 : 0, 0));
	vm_vq_kick_now(vq);
	if (!stall_caught(&s->page, 30000))
		die("the device does not come to the page");
}

static void stuck_again(struct stuck *s)
{
	must(vm_net_again(&s->n));
	vm_net_run(&s->n, 20);
	must(vm_set_status(&s->d, 0));
	must(vm_net_again(&s->n));
}

static void needs_reset(struct vm_dev *d)
{
	unsigned int ms;

	for (ms = 0; ms < 60000; ms += 10) {
		if (must(vm_get_status(d)) & VIRTIO_CONFIG_S_NEEDS_RESET)
			return;
		vm_sleep_ms(10);
	}
	die("no NEEDS_RESET after the device gave up on a page");
}

int cmd_stuck(struct vm_opts *o)
{
	struct stuck s;

	/* What is to come back and does not is the failure. */
	alarm(300);
	stuck_open(&s, o);

	stuck_catch(&s, false);
	must(vm_set_status(&s.d, 0));
	stuck_again(&s);
	pass("a frame in a page that does not come: status 0 works");

	stuck_catch(&s, true);
	must(vm_set_status(&s.d, 0));
	stuck_again(&s);
	pass("a command in a page that does not come: status 0 works");

	stuck_catch(&s, false);
	must(vm_suspend(&s.d));
	needs_reset(&s.d);
	stuck_again(&s);
	pass("SUSPEND works, and the device needs a reset");

	stuck_catch(&s, false);
	vm_device_put(&s.d);
	must(vm_device_get(&s.d));
	vm_net_forget(&s.n);
	must(vm_net_again(&s.n));
	vm_net_run(&s.n, o->frames);
	pass("close works, and so does the next user");

	/* That takes half a minute. */
	if (o->count) {
		stuck_catch(&s, false);
		needs_reset(&s.d);
		stuck_again(&s);
		pass("with nobody waiting the device gives up by itself");
	}

	vm_net_free(&s.n);
	vm_dev_close(&s.d);
	vm_container_close(&s.c);
	stall_free(&s.page);
	return 0;
}

/* In a thread of its own: for what does not come back. */
static void *stuck_unmap(void *arg)
{
	struct stuck *s = arg;

	vm_dma_unmap(&s->c, STUCK_IOVA, VM_PAGE);
	return NULL;
}

static void *stuck_reset(void *arg)
{
	struct stuck *s = arg;

	vm_set_status(&s->d, 0);
	return NULL;
}

/*
 * Somebody else holds the userfaultfd, so that the page does not come when we
 * are gone.  With an odd count one thread wants type1's lock.
 */
int cmd_stuck_killed(struct vm_opts *o)
{
	pthread_t thread;
	struct stuck s;
	pid_t holder;
	int i;

	stuck_open(&s, o);
	fflush(stdout);
	holder = fork();
	if (!holder) {
		for (i = 0; i < 256; i++)
			if (i != s.page.fd)
				close(i);
		for (;;)
			pause();
	}
	printf("holder %d\n", holder);
	stuck_catch(&s, false);
	if (pthread_create(&thread, NULL, o->count & 1 ? stuck_unmap :
							 stuck_reset, &s))
		die("pthread_create");
	pass("running");
	for (;;)
		pause();
}
