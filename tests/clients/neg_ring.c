// SPDX-License-Identifier: GPL-2.0-only
/*
 * vmneg: rings whose contents are wrong.  The virtqueue breaks, says so by its
 * error eventfd, by NEEDS_RESET with a config interrupt and by its counter, and
 * the other pair's traffic goes on; or, for what is only odd, nothing at all.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "vmneg.h"

#define NEXT	VRING_DESC_F_NEXT
#define WRITE	VRING_DESC_F_WRITE
#define IND	VRING_DESC_F_INDIRECT
#define HDR	sizeof(struct virtio_net_hdr_v1)
#define NOWHERE	0x700000000000ULL

enum victim { RX, TX, CTRL };

struct bad_ring {
	const char *name;
	enum victim q;
	/* Write the ring, and say how many entries become available. */
	unsigned int (*make)(struct neg *t, struct vm_vq *v);
	bool odd;	/* may be refused or not; only the rest must go on */
};

static void desc(struct vm_vq *v, unsigned int i, __u64 addr, __u32 len,
		 __u16 flags, __u16 next)
{
	v->desc[i].addr = htole64(addr);
	v->desc[i].len = htole32(len);
	v->desc[i].flags = htole16(flags);
	v->desc[i].next = htole16(next);
}

static void ind(struct vm_vq *v, unsigned int i, __u64 addr, __u32 len,
		__u16 flags, __u16 next)
{
	v->ind[i].addr = htole64(addr);
	v->ind[i].len = htole32(len);
	v->ind[i].flags = htole16(flags);
	v->ind[i].next = htole16(next);
}

static void avail(struct vm_vq *v, unsigned int i, __u16 head)
{
	v->avail->ring[i & (v->num - 1)] = htole16(head);
}

/* Good memory to point to: the buffers of pair 0. */
static __u64 tx_at(struct neg *t)
{
	return vm_iova(&t->n.bufs, t->n.pair[0].txbuf);
}

static __u64 rx_at(struct neg *t)
{
	return vm_iova(&t->n.bufs, t->n.pair[0].rxbuf);
}

static unsigned int loop_of_one(struct neg *t, struct vm_vq *v)
{
	desc(v, 0, tx_at(t), 100, NEXT, 0);
	avail(v, 0, 0);
	return 1;
}

static unsigned int loop_of_two(struct neg *t, struct vm_vq *v)
{
	desc(v, 0, tx_at(t), 100, NEXT, 1);
	desc(v, 1, tx_at(t), 100, NEXT, 0);
	avail(v, 0, 0);
	return 1;
}

static unsigned int head_num(struct neg *t, struct vm_vq *v)
{
	desc(v, 0, tx_at(t), 100, 0, 0);
	avail(v, 0, v->num);
	return 1;
}

static unsigned int head_max(struct neg *t, struct vm_vq *v)
{
	avail(v, 0, 0xffff);
	return 1;
}

static unsigned int next_num(struct neg *t, struct vm_vq *v)
{
	desc(v, 0, tx_at(t), 100, NEXT, v->num);
	avail(v, 0, 0);
	return 1;
}

static unsigned int next_max(struct neg *t, struct vm_vq *v)
{
	desc(v, 0, tx_at(t), 100, NEXT, 0xffff);
	avail(v, 0, 0);
	return 1;
}

static unsigned int jump(struct neg *t, struct vm_vq *v)
{
	return v->num + 1;
}

static unsigned int jump_far(struct neg *t, struct vm_vq *v)
{
	return 0x8000;
}

static unsigned int backwards(struct neg *t, struct vm_vq *v)
{
	return 0xffff;
}

static unsigned int unmapped(struct neg *t, struct vm_vq *v)
{
	desc(v, 0, NOWHERE, 100, 0, 0);
	avail(v, 0, 0);
	return 1;
}

static unsigned int wraps(struct neg *t, struct vm_vq *v)
{
	desc(v, 0, ~15ULL, 100, 0, 0);
	avail(v, 0, 0);
	return 1;
}

static unsigned int highest(struct neg *t, struct vm_vq *v)
{
	desc(v, 0, ~99ULL, 100, 0, 0);
	avail(v, 0, 0);
	return 1;
}

static unsigned int over_the_end(struct neg *t, struct vm_vq *v)
{
	desc(v, 0, t->n.bufs.iova + t->n.bufs.size - 50, 100, 0, 0);
	avail(v, 0, 0);
	return 1;
}

static unsigned int len_max(struct neg *t, struct vm_vq *v)
{
	desc(v, 0, tx_at(t), 0xffffffff, 0, 0);
	avail(v, 0, 0);
	return 1;
}

static unsigned int len_sum(struct neg *t, struct vm_vq *v)
{
	desc(v, 0, tx_at(t), 0x80000000, NEXT, 1);
	desc(v, 1, tx_at(t), 0x80000064, 0, 0);
	avail(v, 0, 0);
	return 1;
}

static unsigned int len_zero(struct neg *t, struct vm_vq *v)
{
	desc(v, 0, tx_at(t), 0, 0, 0);
	avail(v, 0, 0);
	return 1;
}

static unsigned int short_header(struct neg *t, struct vm_vq *v)
{
	desc(v, 0, tx_at(t), HDR - 1, 0, 0);
	avail(v, 0, 0);
	return 1;
}

static unsigned int no_frame(struct neg *t, struct vm_vq *v)
{
	desc(v, 0, tx_at(t), HDR, 0, 0);
	avail(v, 0, 0);
	return 1;
}

static unsigned int unknown_flags(struct neg *t, struct vm_vq *v)
{
	desc(v, 0, tx_at(t), 100, 0xfff8, 0);
	avail(v, 0, 0);
	return 1;
}

static unsigned int tx_writable(struct neg *t, struct vm_vq *v)
{
	desc(v, 0, tx_at(t), 100, WRITE, 0);
	avail(v, 0, 0);
	return 1;
}

static unsigned int write_then_read(struct neg *t, struct vm_vq *v)
{
	desc(v, 0, tx_at(t), 100, NEXT | WRITE, 1);
	desc(v, 1, tx_at(t), 100, 0, 0);
	avail(v, 0, 0);
	return 1;
}

static unsigned int ind_odd(struct neg *t, struct vm_vq *v)
{
	ind(v, 0, tx_at(t), 100, 0, 0);
	desc(v, 0, v->ind_iova, 17, IND, 0);
	avail(v, 0, 0);
	return 1;
}

static unsigned int ind_empty(struct neg *t, struct vm_vq *v)
{
	desc(v, 0, v->ind_iova, 0, IND, 0);
	avail(v, 0, 0);
	return 1;
}

static unsigned int ind_huge(struct neg *t, struct vm_vq *v)
{
	desc(v, 0, v->ind_iova, 16U * 70000, IND, 0);
	avail(v, 0, 0);
	return 1;
}

static unsigned int ind_max(struct neg *t, struct vm_vq *v)
{
	desc(v, 0, v->ind_iova, 0xfffffff0, IND, 0);
	avail(v, 0, 0);
	return 1;
}

static unsigned int ind_unmapped(struct neg *t, struct vm_vq *v)
{
	desc(v, 0, NOWHERE, 32, IND, 0);
	avail(v, 0, 0);
	return 1;
}

static unsigned int ind_and_next(struct neg *t, struct vm_vq *v)
{
	ind(v, 0, tx_at(t), 100, 0, 0);
	desc(v, 0, v->ind_iova, 16, IND | NEXT, 1);
	desc(v, 1, tx_at(t), 100, 0, 0);
	avail(v, 0, 0);
	return 1;
}

static unsigned int ind_nested(struct neg *t, struct vm_vq *v)
{
	ind(v, 0, v->ind_iova + 16, 16, IND, 0);
	ind(v, 1, tx_at(t), 100, 0, 0);
	desc(v, 0, v->ind_iova, 16, IND, 0);
	avail(v, 0, 0);
	return 1;
}

static unsigned int ind_loop(struct neg *t, struct vm_vq *v)
{
	ind(v, 0, tx_at(t), 100, NEXT, 1);
	ind(v, 1, tx_at(t), 100, NEXT, 0);
	desc(v, 0, v->ind_iova, 32, IND, 0);
	avail(v, 0, 0);
	return 1;
}

static unsigned int ind_next_out(struct neg *t, struct vm_vq *v)
{
	ind(v, 0, tx_at(t), 100, NEXT, 2);
	ind(v, 1, tx_at(t), 100, 0, 0);
	desc(v, 0, v->ind_iova, 32, IND, 0);
	avail(v, 0, 0);
	return 1;
}

static unsigned int rx_readable(struct neg *t, struct vm_vq *v)
{
	desc(v, 0, rx_at(t), 2000, 0, 0);
	avail(v, 0, 0);
	return 1;
}

static unsigned int rx_unmapped(struct neg *t, struct vm_vq *v)
{
	desc(v, 0, NOWHERE, 2000, WRITE, 0);
	avail(v, 0, 0);
	return 1;
}

static unsigned int rx_loop(struct neg *t, struct vm_vq *v)
{
	desc(v, 0, rx_at(t), 8, NEXT | WRITE, 1);
	desc(v, 1, rx_at(t), 8, NEXT | WRITE, 0);
	avail(v, 0, 0);
	return 1;
}

static unsigned int rx_small(struct neg *t, struct vm_vq *v)
{
	desc(v, 0, rx_at(t), 4, WRITE, 0);
	avail(v, 0, 0);
	return 1;
}

static unsigned int rx_read_then_write(struct neg *t, struct vm_vq *v)
{
	desc(v, 0, rx_at(t), 100, NEXT, 1);
	desc(v, 1, rx_at(t), 2000, WRITE, 0);
	avail(v, 0, 0);
	return 1;
}

static unsigned int ctrl_no_ack(struct neg *t, struct vm_vq *v)
{
	desc(v, 0, tx_at(t), 2, 0, 0);
	avail(v, 0, 0);
	return 1;
}

static unsigned int ctrl_only_ack(struct neg *t, struct vm_vq *v)
{
	desc(v, 0, rx_at(t), 1, WRITE, 0);
	avail(v, 0, 0);
	return 1;
}

static unsigned int ctrl_unmapped(struct neg *t, struct vm_vq *v)
{
	desc(v, 0, NOWHERE, 2, NEXT, 1);
	desc(v, 1, rx_at(t), 1, WRITE, 0);
	avail(v, 0, 0);
	return 1;
}

static unsigned int ctrl_ack_unmapped(struct neg *t, struct vm_vq *v)
{
	desc(v, 0, tx_at(t), 2, NEXT, 1);
	desc(v, 1, NOWHERE, 1, WRITE, 0);
	avail(v, 0, 0);
	return 1;
}

static unsigned int ctrl_huge(struct neg *t, struct vm_vq *v)
{
	desc(v, 0, tx_at(t), 0xfffffff0, NEXT, 1);
	desc(v, 1, rx_at(t), 1, WRITE, 0);
	avail(v, 0, 0);
	return 1;
}

static unsigned int ctrl_loop(struct neg *t, struct vm_vq *v)
{
	desc(v, 0, tx_at(t), 2, NEXT, 0);
	avail(v, 0, 0);
	return 1;
}

static unsigned int used_scribbled(struct neg *t, struct vm_vq *v)
{
	v->used->idx = htole16(0x1234);
	v->used->flags = htole16(0xffff);
	v->avail->flags = htole16(0xffff);
	desc(v, 0, tx_at(t), 100, 0, 0);
	avail(v, 0, 0);
	return 1;
}

static const struct bad_ring bad_rings[] = {
	{ "a descriptor that leads to itself", TX, loop_of_one },
	{ "two descriptors that lead to each other", TX, loop_of_two },
	{ "a head that is the ring size", TX, head_num },
	{ "a head of 65535", TX, head_max },
	{ "a next that is the ring size", TX, next_num },
	{ "a next of 65535", TX, next_max },
	{ "more available than the ring holds", TX, jump },
	{ "32768 available", TX, jump_far },
	{ "an available index that goes backwards", TX, backwards },
	{ "a buffer that is not mapped", TX, unmapped },
	{ "a buffer that wraps", TX, wraps },
	{ "a buffer at the highest addresses", TX, highest },
	{ "a buffer that runs over the end of a mapping", TX, over_the_end },
	{ "a length of 2^32 - 1", TX, len_max, .odd = true },
	{ "lengths whose sum wraps", TX, len_sum },
	{ "a length of 0", TX, len_zero, .odd = true },
	{ "a frame shorter than its header", TX, short_header, .odd = true },
	{ "a header without a frame", TX, no_frame, .odd = true },
	{ "unknown descriptor flags", TX, unknown_flags, .odd = true },
	{ "a transmit buffer for writing", TX, tx_writable, .odd = true },
	{ "a descriptor to write before one to read", TX, write_then_read },
	{ "an indirect table of 17 bytes", TX, ind_odd },
	{ "an indirect table of 0 bytes", TX, ind_empty },
	{ "an indirect table of 70000 descriptors", TX, ind_huge },
	{ "an indirect table of nearly 4 GiB", TX, ind_max },
	{ "an indirect table that is not mapped", TX, ind_unmapped },
	{ "an indirect descriptor that has a next", TX, ind_and_next },
	{ "an indirect table within an indirect table", TX, ind_nested },
	{ "a loop within an indirect table", TX, ind_loop },
	{ "a next out of an indirect table", TX, ind_next_out },
	{ "a used ring that the driver writes", TX, used_scribbled,
	  .odd = true },
	{ "a receive buffer for reading", RX, rx_readable },
	{ "a receive buffer that is not mapped", RX, rx_unmapped },
	{ "a loop in the receive ring", RX, rx_loop },
	{ "a receive buffer smaller than a header", RX, rx_small,
	  .odd = true },
	{ "a receive buffer with a part for reading", RX, rx_read_then_write,
	  .odd = true },
	{ "32768 available receive buffers", RX, jump_far },
	{ "a command with no room for the answer", CTRL, ctrl_no_ack,
	  .odd = true },
	{ "an answer without a command", CTRL, ctrl_only_ack, .odd = true },
	{ "a command that is not mapped", CTRL, ctrl_unmapped },
	{ "an answer that is not mapped", CTRL, ctrl_ack_unmapped },
	{ "a command of nearly 4 GiB", CTRL, ctrl_huge, .odd = true },
	{ "a loop in the control ring", CTRL, ctrl_loop },
	{ "a head out of the control ring", CTRL, head_max },
};

/* A good frame for pair 0, so that it looks for a receive buffer. */
static void send_one(struct neg *t)
{
	struct vm_vq *v = &t->n.pair[0].tx;

	memset(t->n.pair[0].txbuf, 0, HDR + 64);
	desc(v, 0, tx_at(t), HDR + 60, 0, 0);
	avail(v, 0, 0);
	v->avail_idx = 1;
	__atomic_store_n(&v->avail->idx, htole16(1), __ATOMIC_SEQ_CST);
	vm_vq_kick_now(v);
}

/* And a good receive buffer, the other way round. */
static void room_for_one(struct neg *t)
{
	struct vm_vq *v = &t->n.pair[0].rx;

	desc(v, 0, rx_at(t), t->n.rx_size, WRITE, 0);
	avail(v, 0, 0);
	v->avail_idx = 1;
	__atomic_store_n(&v->avail->idx, htole16(1), __ATOMIC_SEQ_CST);
	vm_vq_kick_now(v);
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
	__u16 idx;
	int ret;

	neg_go(t, S_LIVE);
	vm_eventfd_wait(config_call, 0);
	for (i = 0; i < vm_net_nqs(&t->n); i++)
		vm_eventfd_wait(vm_net_vq(&t->n, i)->err, 0);
	snprintf(name, sizeof(name), "vq%u/errors", v->index);
	errors = vm_sysfs_u64(t->d.uuid, name);

	t->n.pair[0].off = true;
	idx = v->avail_idx;
	/* vm_net_live() used the control queue: its rows start at 0 again. */
	if (idx) {
		must(vm_set_status(&t->d, 0));
		must(vm_negotiate(&t->d, vm_net_features(&t->n.o)));
		vm_net_forget(&t->n);
		must(vm_net_rings(&t->n, NULL));
		must(vm_add_status(&t->d, VIRTIO_CONFIG_S_DRIVER_OK));
	}
	/* Room for a frame: else transmit waits, and does not look. */
	if (b->q == TX)
		room_for_one(t);
	idx = b->make(t, v);
	__atomic_store_n(&v->avail->idx, htole16(idx), __ATOMIC_SEQ_CST);
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

void neg_rings(struct neg *t)
{
	int config_call = must(vm_eventfd());
	unsigned int i;

	must(vm_set_config_call(&t->d, config_call));
	for (i = 0; i < ARRAY_SIZE(bad_rings); i++)
		try_ring(t, &bad_rings[i], config_call);
	must(vm_set_config_call(&t->d, VM_NO_FD));
}
