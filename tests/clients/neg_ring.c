// SPDX-License-Identifier: GPL-2.0-only
/*
 * user-neg: rings whose contents are wrong.  The virtqueue breaks, says so by its
 * error eventfd, by NEEDS_RESET with a config interrupt and by its counter, and
 * the other pair's traffic goes on; what is only odd has no consequence at all.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "user_neg.h"

#define NEXT	VRING_DESC_F_NEXT
#define WRITE	VRING_DESC_F_WRITE
#define IND	VRING_DESC_F_INDIRECT
#define HDR	sizeof(struct virtio_net_hdr_v1)

/* Numbers that stand for the ring's size, and for one more */
#define NUM	0xfff0
#define NUM_1	0xfff1

static void desc(struct vm_vq *v, unsigned int i, __u64 addr, __u32 len,
		 __u16 flags, __u16 next)
{
	v->desc[i].addr = htole64(addr);
	v->desc[i].len = htole32(len);
	v->desc[i].flags = htole16(flags);
	v->desc[i].next = htole16(next);
}

static void avail(struct vm_vq *v, unsigned int i, __u16 head)
{
	v->avail->ring[i & (v->num - 1)] = htole16(head);
}

static __u64 tx_at(struct neg *t)
{
	return vm_iova(&t->n.bufs, t->n.pair[0].txbuf);
}

static __u64 rx_at(struct neg *t)
{
	return vm_iova(&t->n.bufs, t->n.pair[0].rxbuf);
}

__u64 neg_addr(struct neg *t, struct vm_vq *v, __u64 addr)
{
	switch (addr) {
	case TX_BUF:
		return tx_at(t);
	case RX_BUF:
		return rx_at(t);
	case THE_END:
		return t->n.bufs.iova + t->n.bufs.size - 50;
	case TABLE:
		return v->ind_iova;
	case TABLE_1:
		return v->ind_iova + sizeof(*v->ind);
	default:
		return addr;
	}
}

static __u16 number_of(struct vm_vq *v, __u16 number)
{
	switch (number) {
	case NUM:
		return v->num;
	case NUM_1:
		return v->num + 1;
	default:
		return number;
	}
}

/* Write the ring and its available index. */
static void make_ring(struct neg *t, struct vm_vq *v, const struct bad_ring *b)
{
	const struct bad_desc *d;
	unsigned int i;
	__u16 idx;

	for (i = 0, d = b->table; i < ARRAY_SIZE(b->table); i++, d++) {
		if (!d->addr)
			continue;
		v->ind[i].addr = htole64(neg_addr(t, v, d->addr));
		v->ind[i].len = htole32(d->len);
		v->ind[i].flags = htole16(d->flags);
		v->ind[i].next = htole16(d->next);
	}
	for (i = 0, d = b->desc; i < ARRAY_SIZE(b->desc); i++, d++)
		if (d->addr)
			desc(v, i, neg_addr(t, v, d->addr), d->len, d->flags,
			     number_of(v, d->next));
	if (b->scribble) {
		v->used->idx = htole16(0x1234);
		v->used->flags = htole16(0xffff);
		v->avail->flags = htole16(0xffff);
	}
	avail(v, 0, number_of(v, b->head));
	idx = b->avail ? number_of(v, b->avail) : 1;
	__atomic_store_n(&v->avail->idx, htole16(idx), __ATOMIC_SEQ_CST);
}

static const struct bad_ring bad_rings[] = {
	{ "a descriptor that leads to itself", TX,
	  { { TX_BUF, 100, NEXT, 0 } } },
	{ "two descriptors that lead to each other", TX,
	  { { TX_BUF, 100, NEXT, 1 }, { TX_BUF, 100, NEXT, 0 } } },
	{ "a head that is the ring size", TX,
	  { { TX_BUF, 100 } }, .head = NUM },
	{ "a head of 65535", TX, .head = 0xffff },
	{ "a next that is the ring size", TX,
	  { { TX_BUF, 100, NEXT, NUM } } },
	{ "a next of 65535", TX,
	  { { TX_BUF, 100, NEXT, 0xffff } } },
	{ "more available than the ring holds", TX, .avail = NUM_1 },
	{ "32768 available", TX, .avail = 0x8000 },
	{ "an available index that goes backwards", TX, .avail = 0xffff },
	{ "a buffer that is not mapped", TX,
	  { { NOWHERE, 100 } } },
	{ "a buffer that wraps", TX,
	  { { ~15ULL, 100 } } },
	{ "a buffer at the highest addresses", TX,
	  { { ~99ULL, 100 } } },
	{ "a buffer that runs over the end of a mapping", TX,
	  { { THE_END, 100 } } },
	{ "a length of 2^32 - 1", TX,
	  { { TX_BUF, 0xffffffff } }, .odd = true },
	{ "lengths whose sum wraps", TX,
	  { { TX_BUF, 0x80000000, NEXT, 1 }, { TX_BUF, 0x80000064 } } },
	{ "a length of 0", TX,
	  { { TX_BUF, 0 } }, .odd = true },
	{ "a frame shorter than its header", TX,
	  { { TX_BUF, HDR - 1 } }, .odd = true },
	{ "a header without a frame", TX,
	  { { TX_BUF, HDR } }, .odd = true },
	{ "unknown descriptor flags", TX,
	  { { TX_BUF, 100, 0xfff8 } }, .odd = true },
	{ "a transmit buffer for writing", TX,
	  { { TX_BUF, 100, WRITE } }, .odd = true },
	{ "a descriptor to write before one to read", TX,
	  { { TX_BUF, 100, NEXT | WRITE, 1 }, { TX_BUF, 100 } } },
	{ "an indirect table of 17 bytes", TX,
	  { { TABLE, 17, IND } }, { { TX_BUF, 100 } } },
	{ "an indirect table of 0 bytes", TX,
	  { { TABLE, 0, IND } } },
	{ "an indirect table of 70000 descriptors", TX,
	  { { TABLE, 16U * 70000, IND } } },
	{ "an indirect table of nearly 4 GiB", TX,
	  { { TABLE, 0xfffffff0, IND } } },
	{ "an indirect table that is not mapped", TX,
	  { { NOWHERE, 32, IND } } },
	{ "an indirect descriptor that has a next", TX,
	  { { TABLE, 16, IND | NEXT, 1 }, { TX_BUF, 100 } },
	  { { TX_BUF, 100 } } },
	{ "an indirect table within an indirect table", TX,
	  { { TABLE, 16, IND } },
	  { { TABLE_1, 16, IND }, { TX_BUF, 100 } } },
	{ "a loop within an indirect table", TX,
	  { { TABLE, 32, IND } },
	  { { TX_BUF, 100, NEXT, 1 }, { TX_BUF, 100, NEXT, 0 } } },
	{ "a next out of an indirect table", TX,
	  { { TABLE, 32, IND } },
	  { { TX_BUF, 100, NEXT, 2 }, { TX_BUF, 100 } } },
	{ "a used ring that the driver writes", TX,
	  { { TX_BUF, 100 } }, .scribble = true, .odd = true },
	{ "a receive buffer for reading", RX,
	  { { RX_BUF, 2000 } } },
	{ "a receive buffer that is not mapped", RX,
	  { { NOWHERE, 2000, WRITE } } },
	{ "a loop in the receive ring", RX,
	  { { RX_BUF, 8, NEXT | WRITE, 1 }, { RX_BUF, 8, NEXT | WRITE, 0 } } },
	{ "a receive buffer smaller than a header", RX,
	  { { RX_BUF, 4, WRITE } }, .odd = true },
	{ "a receive buffer with a part for reading", RX,
	  { { RX_BUF, 100, NEXT, 1 }, { RX_BUF, 2000, WRITE } }, .odd = true },
	{ "32768 available receive buffers", RX, .avail = 0x8000 },
	{ "a command with no room for the answer", CTRL,
	  { { TX_BUF, 2 } }, .odd = true },
	{ "an answer without a command", CTRL,
	  { { RX_BUF, 1, WRITE } }, .odd = true },
	{ "a command that is not mapped", CTRL,
	  { { NOWHERE, 2, NEXT, 1 }, { RX_BUF, 1, WRITE } } },
	{ "an answer that is not mapped", CTRL,
	  { { TX_BUF, 2, NEXT, 1 }, { NOWHERE, 1, WRITE } } },
	{ "a command of nearly 4 GiB", CTRL,
	  { { TX_BUF, 0xfffffff0, NEXT, 1 }, { RX_BUF, 1, WRITE } },
	  .odd = true },
	{ "a loop in the control ring", CTRL,
	  { { TX_BUF, 2, NEXT, 0 } } },
	{ "a head out of the control ring", CTRL, .head = 0xffff },
};

/* A good frame for pair 0, so that it looks for a receive buffer. */
static void send_one(struct neg *t)
{
	struct vm_sg sg = { tx_at(t), HDR + 60 };

	memset(t->n.pair[0].txbuf, 0, HDR + 64);
	must(vm_vq_add(&t->n.pair[0].tx, &sg, 1, 0, 0));
	vm_vq_kick_now(&t->n.pair[0].tx);
}

/* And a good receive buffer, the other way round. */
static void room_for_one(struct neg *t)
{
	struct vm_sg sg = { rx_at(t), t->n.rx_size };

	must(vm_vq_add(&t->n.pair[0].rx, &sg, 0, 1, 0));
	vm_vq_kick_now(&t->n.pair[0].rx);
}

static const char *look(struct neg *t, struct vm_vq *v, int config_call,
			__u64 errors)
{
	struct vm_net *n = &t->n;
	char name[32];
	unsigned int i;

	if (!vm_eventfd_wait(v->err, 10000))
		return "no error eventfd";
	/* It is this that says so, and it may come after the other. */
	if (!vm_eventfd_wait(config_call, 10000))
		return "no config interrupt";
	if (!(must(vm_get_status(&t->d)) & VIRTIO_CONFIG_S_NEEDS_RESET))
		return "no NEEDS_RESET";
	snprintf(name, sizeof(name), "vq%u/errors", v->index);
	if (vm_sysfs_u64(t->d.uuid, name) != errors + 1)
		return "not counted as one error";
	for (i = 0; i < vm_net_nqs(n); i++)
		if (vm_net_vq(n, i) != v && vm_eventfd_peek(vm_net_vq(n, i)->err))
			return "another virtqueue broke, too";
	/* A kick of what is broken does nothing. */
	vm_vq_kick_now(v);
	return NULL;
}

static void try_ring(struct neg *t, const struct bad_ring *b, int config_call)
{
	struct vm_vq *v = b->q == CTRL ? &t->n.ctrl :
			  b->q == TX ? &t->n.pair[0].tx : &t->n.pair[0].rx;
	const char *wrong = NULL;
	char name[32];
	unsigned int i;
	__u64 errors;
	int ret;

	neg_go(t, S_LIVE);
	vm_eventfd_wait(config_call, 0);
	for (i = 0; i < vm_net_nqs(&t->n); i++)
		vm_eventfd_wait(vm_net_vq(&t->n, i)->err, 0);
	snprintf(name, sizeof(name), "vq%u/errors", v->index);
	errors = vm_sysfs_u64(t->d.uuid, name);

	t->n.pair[0].off = true;
	/* vm_net_live() used the control queue: its rows start again. */
	if (v->added) {
		must(vm_set_status(&t->d, 0));
		must(vm_negotiate(&t->d, vm_net_features(&t->n.o)));
		vm_net_forget(&t->n);
		must(vm_net_rings(&t->n, NULL));
		must(vm_add_status(&t->d, VIRTIO_CONFIG_S_DRIVER_OK));
	}
	/* Room for a frame: else transmit waits, and does not look. */
	if (b->q == TX)
		room_for_one(t);
	if (v->packed)
		neg_make_packed(t, v, b);
	else
		make_ring(t, v, b);
	vm_vq_kick_now(v);
	if (b->q == RX)
		send_one(t);
	if (!b->odd)
		wrong = look(t, v, config_call, errors);
	/* The second pair is off where its MQ command could not be sent. */
	if (b->q == CTRL)
		t->n.pair[1].off = true;
	ret = vm_net_try(&t->n, 50, 20000);
	if (!wrong && ret)
		wrong = "the other pair's traffic stops";
	t->n.pair[0].off = false;
	t->n.pair[1].off = false;
	neg_result(t, !wrong, "%s: %s%s", b->name,
		   wrong ? wrong : b->odd ? "harmless" : "that queue breaks",
		   b->q == CTRL || wrong ? "" : ", the others go on");
}

void neg_try_rings(struct neg *t, const struct bad_ring *b, unsigned int nr)
{
	int config_call = must(vm_eventfd());

	must(vm_set_config_call(&t->d, config_call));
	for (; nr; nr--, b++)
		try_ring(t, b, config_call);
	must(vm_set_config_call(&t->d, VM_NO_FD));
	close(config_call);
}

void neg_rings(struct neg *t)
{
	neg_try_rings(t, bad_rings, ARRAY_SIZE(bad_rings));
}
