// SPDX-License-Identifier: GPL-2.0-only
/* ringbench: what it costs to tell a device, and to be told. */
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "profile.h"
#include "ring.h"
#include "ringbench.h"

/* A gap in the time of a loop that does nothing else: an interrupt */
#define GAP_NS		300
/* so many rounds of that loop for one interrupt */
#define PATIENCE	20000000UL

static volatile uint16_t *map_doorbell(struct rb_dev *d, int q)
{
	long page = sysconf(_SC_PAGESIZE);
	void *p = mmap(NULL, page, PROT_WRITE, MAP_SHARED, d->fd,
		       d->doorbells + q * page);

	return p == MAP_FAILED ? NULL : p;
}

/* Kicks for a virtqueue in which there is nothing to do */
void do_kick(void)
{
	const struct rb_vq *tx;
	volatile uint16_t *doorbell;
	struct rb_dev d;
	unsigned int i;
	uint64_t t;

	rb_run(&d);
	tx = &d.vq[RB_TX];
	profile(true);
	t = now();
	for (i = 0; i < opt.count; i++)
		vq_notify(tx);
	result(tx->notify ? ".write" : ".eventfd", "ns",
	       (double)(now() - t) / opt.count);
	profile(false);

	doorbell = map_doorbell(&d, RB_TX);
	if (doorbell) {
		t = now();
		for (i = 0; i < opt.count; i++)
			*doorbell = RB_TX;
		result(".mmap", "ns", (double)(now() - t) / opt.count);
	}
	rb_close(&d);
}

/*
 * How long this process stood still for the interrupt that signalled the
 * eventfd: the gap after which the eventfd was found signalled, nobody having
 * waited for it.
 */
static bool one_interrupt(struct rb_vq *tx, uint64_t *ns)
{
	uint64_t last = now(), t, n;
	unsigned long rounds;

	for (rounds = 0; rounds < PATIENCE; rounds++) {
		t = now();
		if (t - last > GAP_NS) {
			*ns = t - last;
			if (read(tx->call, &n, sizeof(n)) == sizeof(n))
				return true;
			t = now();
		}
		last = t;
	}
	return false;
}

void do_interrupt(void)
{
	uint64_t *gaps = calloc(opt.count, sizeof(*gaps)), n;
	struct rb_dev d;
	struct rb_vq *tx = &d.vq[RB_TX];
	unsigned int i;
	uint32_t len;

	if (!gaps)
		die("memory");
	rb_run(&d);
	vq_interrupts(tx, tx->packed, true);
	for (i = 0; i < opt.count; i++) {
		vq_add(tx, tx->packed, tx->avail_idx & (tx->num - 1));
		vq_kick(tx, tx->packed);
		if (!one_interrupt(tx, &gaps[i])) {
			printf("ERR|%s|no interrupt for frame %u\n", opt.row, i);
			break;
		}
		while (vq_has_used(tx, tx->packed))
			vq_get(tx, tx->packed, &len);
		if (read(tx->call, &n, sizeof(n)) == sizeof(n))
			tx->calls += n;
	}
	n = i;
	qsort(gaps, n, sizeof(*gaps), rb_by_value);
	if (n)
		result(".to_eventfd", "ns", gaps[n / 2]);
	rb_close(&d);
	free(gaps);
}
