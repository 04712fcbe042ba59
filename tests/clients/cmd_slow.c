// SPDX-License-Identifier: GPL-2.0-only
/*
 * user-net slow: the device is given a frame in many pages, each of which comes, but
 * takes its time, so that the device never sleeps for long in one place.
 */
#include <pthread.h>
#include <stdatomic.h>
#include <string.h>
#include <unistd.h>

#include "user_net.h"

#define SLOW_IOVA	BIT64(40)

/* Of the frame: with its head, which is at hand, it fits a ring of 64. */
#define SLOW_PAGES	60
#define SLOW_PIECE	20
#define SLOW_MS		750

struct slow {
	struct vm_container c;
	struct vm_dev d;
	struct vm_net n;
	struct stall pages;
	pthread_t server;
	atomic_bool end;
	atomic_uint given;
};

static void *slow_serve(void *arg)
{
	struct slow *s = arg;
	__u8 *page;

	while (!s->end) {
		page = stall_where(&s->pages, 100);
		if (!page)
			continue;
		vm_sleep_ms(SLOW_MS);
		stall_give(&s->pages, page);
		s->given++;
	}
	return NULL;
}

/* Have the worker come to the pages. */
static void slow_catch(struct slow *s)
{
	struct vm_vq *vq = &s->n.pair[0].tx;
	struct vm_sg sg[1 + SLOW_PAGES];
	__u8 *head = s->n.ctrl_buf;
	unsigned int i;

	/* A header that asks for nothing, and the address that all hear */
	memset(head, 0, SLOW_PIECE);
	memset(head + 12, 0xff, 6);
	sg[0] = (struct vm_sg){ vm_iova(&s->n.bufs, head), SLOW_PIECE };
	for (i = 0; i < SLOW_PAGES; i++)
		sg[1 + i] = (struct vm_sg){ SLOW_IOVA + i * VM_PAGE,
					    SLOW_PIECE };
	must(vm_vq_add(vq, sg, 1 + SLOW_PAGES, 0, 0));
	vm_vq_kick_now(vq);
	for (i = 0; !s->given; i += 10) {
		if (i > 30000)
			die("the device does not come to the pages");
		vm_sleep_ms(10);
	}
}

int cmd_slow(struct vm_opts *o)
{
	struct slow s;

	/* What is to come back and does not is the failure. */
	alarm(300);
	memset(&s, 0, sizeof(s));
	must(vm_container_open(&s.c));
	must(vm_dev_open(&s.c, &s.d, o->uuid[0]));
	o->net.ctrl = true;
	must(vm_net_start(&s.n, &s.d, &o->net));
	vm_net_run(&s.n, 10);
	stall_init_pages(&s.pages, SLOW_PAGES);
	/* For reading only, so that the device copies and does not pin. */
	must(vm_dma_map(&s.c, s.pages.page, SLOW_IOVA, s.pages.len, false));
	stall_arm(&s.pages);
	if (pthread_create(&s.server, NULL, slow_serve, &s))
		die("pthread_create");

	slow_catch(&s);
	must(vm_set_status(&s.d, 0));
	/* All of them take 45 seconds. */
	if (s.given >= SLOW_PAGES / 2)
		die("the reset has waited for %u pages of %u", s.given,
		    SLOW_PAGES);
	s.end = true;
	pthread_join(s.server, NULL);
	pass("a reset does not wait for all pages that come slowly");

	must(vm_net_again(&s.n));
	vm_net_run(&s.n, 20);
	pass("the device works after pages that come slowly");

	vm_net_free(&s.n);
	vm_dev_close(&s.d);
	vm_container_close(&s.c);
	stall_free(&s.pages);
	return 0;
}
