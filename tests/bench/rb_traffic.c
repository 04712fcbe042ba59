// SPDX-License-Identifier: GPL-2.0-only
/* ringbench: what a frame costs, and how long it takes. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "profile.h"
#include "ring.h"
#include "ringbench.h"

/* received buffers are given back so many at a time, as drivers do */
#define REFILL		64

/* context switches of the whole machine */
static uint64_t switches(void)
{
	static char text[65536];
	int fd = open("/proc/stat", O_RDONLY);
	ssize_t n = fd < 0 ? 0 : read(fd, text, sizeof(text) - 1);
	char *p;

	if (fd >= 0)
		close(fd);
	text[n > 0 ? n : 0] = 0;
	p = strstr(text, "ctxt ");
	return p ? strtoull(p + 5, NULL, 10) : 0;
}

/* each frame has a number */
static inline void set_number(uint8_t *frame, uint64_t n)
{
	memcpy(frame + RB_HDR + 16, &n, sizeof(n));
}

static inline uint64_t get_number(const uint8_t *frame)
{
	uint64_t n;

	memcpy(&n, frame + RB_HDR + 16, sizeof(n));
	return n;
}

/* Interrupts off, and all receive buffers to the device. */
static void begin(struct rb_dev *d)
{
	struct rb_vq *rx = &d->vq[RB_RX], *tx = &d->vq[RB_TX];
	unsigned int i;

	vq_interrupts(tx, tx->packed, false);
	vq_interrupts(rx, rx->packed, false);
	for (i = 0; i < rx->num; i++)
		vq_add(rx, rx->packed, i);
	vq_kick(rx, rx->packed);
}

/*
 * One loop without calls, because it is part of what is measured.  Never are more
 * frames on their way than the device has receive buffers: it may drop them.
 */
static __always_inline void flood(struct rb_dev *d, bool packed,
				  unsigned int *got, unsigned int *bad)
{
	struct rb_vq *rx = &d->vq[RB_RX], *tx = &d->vq[RB_TX];
	const unsigned int count = opt.count, batch = opt.batch;
	const unsigned int window = opt.window, num = opt.num;
	const uint32_t size = RB_HDR + opt.size;
	unsigned int sent = 0, received = 0, tx_free = num, refill = 0;
	unsigned int want, busy, i;
	bool progress;
	uint32_t len;
	uint16_t id;

	while (received < count) {
		progress = false;
		want = count - sent < batch ? count - sent : batch;
		busy = sent - received + want;
		if (want && tx_free >= want && busy <= window &&
		    busy <= num - refill) {
			for (i = 0; i < want; i++) {
				id = tx->avail_idx & (num - 1);
				set_number(rb_buf(RB_TX, id), sent + i);
				vq_add(tx, packed, id);
			}
			sent += want;
			tx_free -= want;
			vq_kick(tx, packed);
			progress = true;
		}
		while (vq_has_used(tx, packed)) {
			vq_get(tx, packed, &len);
			tx_free++;
			progress = true;
		}
		while (vq_has_used(rx, packed)) {
			id = vq_get(rx, packed, &len);
			if (id >= num)
				die("buffer %u of %u came back", id, num);
			if (len != size ||
			    get_number(rb_buf(RB_RX, id)) != received)
				++*bad;
			received++;
			vq_add(rx, packed, id);
			progress = true;
			if (++refill >= REFILL) {
				vq_kick(rx, packed);
				refill = 0;
			}
		}
		if (progress)
			continue;
		if (opt.spin) {
			__builtin_ia32_pause();
		} else if (!vq_wait(rx, packed)) {
			printf("ERR|%s|flood stalls: %u sent, %u received\n",
			       opt.row, sent, received);
			break;
		}
	}
	*got = received;
}

void do_flood(void)
{
	struct rb_dev d;
	struct rb_vq *rx = &d.vq[RB_RX], *tx = &d.vq[RB_TX];
	unsigned int got, bad = 0;
	uint64_t t, sw;
	double n;

	rb_run(&d);
	begin(&d);
	rx->kicks = 0;
	profile(true);
	sw = switches();
	t = now();
	if (tx->packed)
		flood(&d, true, &got, &bad);
	else
		flood(&d, false, &got, &bad);
	t = now() - t;
	sw = switches() - sw;
	profile(false);
	n = got ?: 1;
	result(".rate", "pps", got * 1e9 / t);
	result(".cost", "ns/pkt", t / n);
	result(".kicks", "per-1000pkt", (rx->kicks + tx->kicks) * 1000 / n);
	result(".calls", "per-1000pkt", (rx->calls + tx->calls) * 1000 / n);
	result(".ctxsw", "per-1000pkt", sw * 1000 / n);
	if (bad || got != opt.count)
		printf("ERR|%s|flood: %u lost, %u out of order or damaged\n",
		       opt.row, opt.count - got, bad);
	rb_close(&d);
}

/* One frame there and back; false if it is lost. */
static __always_inline bool ping(struct rb_dev *d, bool packed,
				 unsigned int n, uint64_t *rtt,
				 uint64_t *kick)
{
	struct rb_vq *rx = &d->vq[RB_RX], *tx = &d->vq[RB_TX];
	uint64_t t0, t1, t2;
	uint32_t len;
	uint16_t id;

	if (!opt.spin)
		vq_interrupts(rx, packed, true);
	id = tx->avail_idx & (tx->num - 1);
	set_number(rb_buf(RB_TX, id), n);
	t0 = now();
	vq_add(tx, packed, id);
	vq_kick(tx, packed);
	t1 = now();
	if (opt.spin) {
		while (!vq_has_used(rx, packed))
			__builtin_ia32_pause();
	} else if (!vq_wait(rx, packed)) {
		return false;
	}
	t2 = now();
	*rtt = t2 - t0;
	*kick = t1 - t0;
	while (vq_has_used(tx, packed))
		vq_get(tx, packed, &len);
	while (vq_has_used(rx, packed)) {
		id = vq_get(rx, packed, &len);
		if (id >= rx->num)
			die("buffer %u of %u came back", id, rx->num);
		/* the device has plenty: no kick */
		vq_add(rx, packed, id);
		vq_publish(rx, packed);
	}
	return true;
}

void do_pingpong(void)
{
	uint64_t *rtt = calloc(opt.count, sizeof(*rtt));
	uint64_t *kick = calloc(opt.count, sizeof(*kick));
	unsigned int i, lost = 0;
	struct rb_dev d;
	pid_t echo = 0;
	uint64_t sw;
	bool packed;

	if (!rtt || !kick)
		die("memory");
	rb_run(&d);
	begin(&d);
	if (opt.host)
		echo = rb_host_echo();
	usleep(20000);
	profile(true);
	sw = switches();
	packed = d.vq[RB_TX].packed;
	for (i = 0; packed && i < opt.count; i++)
		lost += !ping(&d, true, i, &rtt[i], &kick[i]);
	for (i = 0; !packed && i < opt.count; i++)
		lost += !ping(&d, false, i, &rtt[i], &kick[i]);
	sw = switches() - sw;
	profile(false);
	qsort(rtt, opt.count, sizeof(*rtt), rb_by_value);
	qsort(kick, opt.count, sizeof(*kick), rb_by_value);
	result(".rtt.p50", "ns", rtt[opt.count / 2]);
	result(".rtt.p99", "ns", rtt[opt.count * 99ULL / 100]);
	result(".kick.p50", "ns", kick[opt.count / 2]);
	result(".ctxsw", "per-rtt", (double)sw / opt.count);
	if (lost)
		printf("ERR|%s|pingpong: %u lost\n", opt.row, lost);
	if (echo)
		rb_host_end(echo);
	free(rtt);
	free(kick);
	rb_close(&d);
}
