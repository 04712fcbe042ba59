// SPDX-License-Identifier: GPL-2.0-only
/* ringbench: what becomes of frames if the receiver's rings are wrong. */
#include <unistd.h>

#include "ring.h"
#include "ringbench.h"

static void give_rx(struct rb_dev *d, unsigned int from, unsigned int to)
{
	struct rb_vq *rx = &d->vq[RB_RX];

	while (from < to)
		vq_add(rx, rx->packed, from++);
	vq_kick(rx, rx->packed);
}

static void send(struct rb_dev *d, unsigned int n)
{
	struct rb_vq *tx = &d->vq[RB_TX];

	while (n--)
		vq_add(tx, tx->packed, tx->avail_idx & (tx->num - 1));
	vq_kick(tx, tx->packed);
}

static unsigned int count_used(struct rb_dev *d, int q)
{
	return vq_count_used(&d->vq[q], d->vq[q].packed);
}

static void done(struct rb_dev *d, const char *tx, const char *rx,
		 const char *unit)
{
	result(tx, unit, count_used(d, RB_TX));
	result(rx, unit, count_used(d, RB_RX));
}

/* Twice as many frames as receive buffers, then as many buffers again */
static void overrun(void)
{
	unsigned int half = opt.num / 4, sent = 2 * half;
	struct rb_dev d;

	rb_run(&d);
	give_rx(&d, 0, half);
	send(&d, sent);
	usleep(200000);
	result(".overrun.sent", "count", sent);
	result(".overrun.rx_buffers", "count", half);
	result(".overrun.tx_done", "count", count_used(&d, RB_TX));
	give_rx(&d, half, opt.num);
	usleep(200000);
	result(".overrun.tx_done_after_refill", "count",
	       count_used(&d, RB_TX));
	result(".overrun.lost", "count",
	       (double)sent - count_used(&d, RB_RX));
	rb_close(&d);
}

/* The first receive buffer is where nothing is mapped. */
static void bad_rx(void)
{
	struct rb_dev d;

	rb_run(&d);
	vq_spoil(&d.vq[RB_RX], 0);
	give_rx(&d, 0, 8);
	send(&d, 1);
	usleep(100000);
	done(&d, ".badrx.tx_done", ".badrx.rx_done", "of-1");
	send(&d, 4);
	usleep(100000);
	done(&d, ".badrx.then_tx_done", ".badrx.then_rx_done", "of-5");
	rb_close(&d);
}

/* So is a transmit buffer between two good ones. */
static void bad_tx(void)
{
	struct rb_dev d;

	rb_run(&d);
	give_rx(&d, 0, 8);
	vq_spoil(&d.vq[RB_TX], 1);
	send(&d, 3);
	usleep(100000);
	done(&d, ".badtx.tx_done", ".badtx.rx_done", "of-3");
	rb_close(&d);
}

void do_abuse(void)
{
	overrun();
	bad_rx();
	bad_tx();
}
