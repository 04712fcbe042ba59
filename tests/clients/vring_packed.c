// SPDX-License-Identifier: GPL-2.0-only
/* The driver's side of a packed virtqueue (virtio 1.2, section 2.8). */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "client.h"

/* The device writes and reads these while we do. */
#define load(p)		__atomic_load_n(p, __ATOMIC_ACQUIRE)
#define store(p, v)	__atomic_store_n(p, v, __ATOMIC_RELEASE)
#define barrier_full()	__atomic_thread_fence(__ATOMIC_SEQ_CST)

#define AVAIL		BIT64(VRING_PACKED_DESC_F_AVAIL)
#define USED		BIT64(VRING_PACKED_DESC_F_USED)

void vm_packed_empty(struct vm_vq *v)
{
	unsigned int i;

	memset(v->pdesc, 0, sizeof(*v->pdesc) * v->num);
	memset(v->driver, 0, sizeof(*v->driver));
	memset(v->device, 0, sizeof(*v->device));
	for (i = 0; i < v->num; i++)
		v->ids[i] = i;
	v->avail_idx = VM_WRAP;
	v->kicked_idx = VM_WRAP;
	v->used_idx = VM_WRAP;
}

__u16 vm_packed_next(struct vm_vq *v, __u16 pos, unsigned int n)
{
	n += pos & ~VM_WRAP;
	if (n < v->num)
		return n | (pos & VM_WRAP);
	return (n - v->num) | (~pos & VM_WRAP);
}

/* The flags that make a descriptor available at our position */
static __u16 avail_flags(struct vm_vq *v)
{
	return v->avail_idx & VM_WRAP ? AVAIL : USED;
}

static void fill(struct vm_vq *v, __u64 addr, __u32 len, __u16 id)
{
	struct vring_packed_desc *d = &v->pdesc[v->avail_idx & ~VM_WRAP];

	d->addr = htole64(addr);
	d->len = htole32(len);
	d->id = htole16(id);
}

/* The flags of the first descriptor come last, and give the rest away. */
static void add_direct(struct vm_vq *v, const struct vm_sg *sg,
		       unsigned int out, unsigned int n, __u16 id, __u16 also)
{
	struct vring_packed_desc *head = &v->pdesc[v->avail_idx & ~VM_WRAP];
	__u16 head_flags = 0;
	unsigned int i;

	for (i = 0; i < n; i++) {
		struct vring_packed_desc *d;
		__u16 flags = avail_flags(v) | also |
			      (i < out ? 0 : VRING_DESC_F_WRITE) |
			      (i + 1 < n ? VRING_DESC_F_NEXT : 0);

		d = &v->pdesc[v->avail_idx & ~VM_WRAP];
		fill(v, sg[i].iova, sg[i].len, id);
		if (i)
			d->flags = htole16(flags);
		else
			head_flags = flags;
		v->avail_idx = vm_packed_next(v, v->avail_idx, 1);
	}
	store(&head->flags, htole16(head_flags));
}

static void add_indirect(struct vm_vq *v, const struct vm_sg *sg,
			 unsigned int out, unsigned int n, __u16 id)
{
	size_t at = sizeof(*v->ind) * VM_IND_MAX * id;
	struct vring_packed_desc *t = (void *)((char *)v->ind + at);
	struct vm_sg table = { v->ind_iova + at, n * sizeof(*t) };
	unsigned int i;

	for (i = 0; i < n; i++) {
		t[i].addr = htole64(sg[i].iova);
		t[i].len = htole32(sg[i].len);
		t[i].id = 0;
		t[i].flags = htole16(i < out ? 0 : VRING_DESC_F_WRITE);
	}
	add_direct(v, &table, 1, 1, id, VRING_DESC_F_INDIRECT);
}

int vm_packed_add(struct vm_vq *v, const struct vm_sg *sg, unsigned int out,
		  unsigned int in, int token)
{
	/* Three chains of four, so that both kinds meet in one ring. */
	bool table = v->indirect && out + in <= VM_IND_MAX &&
		     (v->added & 3) != 3;
	unsigned int i, slots = table ? 1 : out + in;
	struct vm_chain *c;
	__u16 id;

	if (slots > v->num_free)
		return -ENOSPC;
	id = v->ids[v->free_head++];
	c = &v->chain[id];
	c->token = token;
	c->slots = slots;
	c->in_len = 0;
	for (i = out; i < out + in; i++)
		c->in_len += sg[i].len;
	v->num_free -= slots;
	v->fifo[v->last++ % v->num] = id;
	v->added++;
	if (table)
		add_indirect(v, sg, out, out + in, id);
	else
		add_direct(v, sg, out, out + in, id, 0);
	return 0;
}

/* Whether what we added since the last kick has the device's event in it */
bool vm_packed_needs_kick(struct vm_vq *v)
{
	__u32 wish = le32toh(load((__u32 *)v->device));
	__u16 event = wish, pos;

	switch (wish >> 16) {
	case VRING_PACKED_EVENT_FLAG_ENABLE:
		return true;
	case VRING_PACKED_EVENT_FLAG_DISABLE:
		return false;
	case VRING_PACKED_EVENT_FLAG_DESC:
		if (v->event_idx)
			break;
		[[fallthrough]];
	default:
		die("queue %u: the device's event is %#x", v->index, wish);
	}
	for (pos = v->kicked_idx; pos != v->avail_idx;
	     pos = vm_packed_next(v, pos, 1))
		if (pos == event)
			return true;
	return false;
}

bool vm_packed_is_used(struct vm_vq *v, __u16 pos)
{
	__u16 flags = le16toh(load(&v->pdesc[pos & ~VM_WRAP].flags));

	return (flags & (AVAIL | USED)) == (pos & VM_WRAP ? AVAIL | USED : 0);
}

bool vm_packed_peek(struct vm_vq *v, __u32 *id, __u32 *len)
{
	struct vring_packed_desc *d = &v->pdesc[v->used_idx & ~VM_WRAP];

	if (!vm_packed_is_used(v, v->used_idx))
		return false;
	*id = le16toh(d->id);
	*len = le16toh(d->flags) & VRING_DESC_F_WRITE ? le32toh(d->len) : 0;
	return true;
}

/* Over all that is used and was not collected, and used means taken. */
__u32 vm_packed_base(struct vm_vq *v)
{
	unsigned int first = v->first, left = v->num;
	__u32 run_id = v->run_id;
	__u16 pos = v->used_idx;
	bool in_run = v->in_run;

	/* More than the ring has is a device gone mad. */
	while (left && (in_run || vm_packed_is_used(v, pos))) {
		__u16 id = le16toh(v->pdesc[pos & ~VM_WRAP].id);

		if (v->in_order) {
			if (!in_run)
				run_id = id;
			id = v->fifo[first++ % v->num];
			in_run = id != run_id;
		}
		if (id >= v->num || v->chain[id].token < 0 ||
		    v->chain[id].slots > left)
			die("queue %u: the device used chain %u, which it does not have",
			    v->index, id);
		left -= v->chain[id].slots;
		pos = vm_packed_next(v, pos, v->chain[id].slots);
	}
	return pos | (__u32)pos << 16;
}

void vm_packed_irq(struct vm_vq *v, bool on)
{
	__u32 wish = VRING_PACKED_EVENT_FLAG_DISABLE << 16;

	if (on && v->event_idx)
		wish = v->used_idx | VRING_PACKED_EVENT_FLAG_DESC << 16;
	else if (on)
		wish = VRING_PACKED_EVENT_FLAG_ENABLE << 16;
	store((__u32 *)v->driver, htole32(wish));
}
