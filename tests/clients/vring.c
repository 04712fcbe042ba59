// SPDX-License-Identifier: GPL-2.0-only
/*
 * The driver's side of a virtqueue: of a split one (virtio 1.2, section 2.7) and
 * what is the same for a packed one.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "client.h"

/* The device writes and reads these while we do. */
#define load(p)		__atomic_load_n(p, __ATOMIC_ACQUIRE)
#define store(p, v)	__atomic_store_n(p, v, __ATOMIC_RELEASE)
#define barrier_full()	__atomic_thread_fence(__ATOMIC_SEQ_CST)

static size_t ind_bytes(unsigned int num)
{
	return sizeof(struct vring_desc) * VM_IND_MAX * num;
}

size_t vm_vq_bytes(unsigned int num, bool indirect)
{
	/* The three parts, their events, and room to align each. */
	return sizeof(struct vring_desc) * num + 16 +
	       sizeof(__u16) * (3 + num) + 16 +
	       sizeof(struct vring_used_elem) * num + sizeof(__u16) * 3 + 16 +
	       (indirect ? ind_bytes(num) + 16 : 0);
}

/* Everything back to how it is before the first buffer. */
static void vq_empty(struct vm_vq *v)
{
	unsigned int i;

	for (i = 0; i < v->num; i++)
		v->chain[i].token = -1;
	v->free_head = 0;
	v->num_free = v->num;
	v->avail_idx = 0;
	v->kicked_idx = 0;
	v->used_idx = 0;
	v->added = 0;
	v->first = 0;
	v->last = 0;
	v->in_run = false;
	v->passed = 0;
	if (v->packed) {
		vm_packed_empty(v);
		return;
	}

	memset(v->desc, 0, sizeof(struct vring_desc) * v->num);
	memset(v->avail, 0, sizeof(__u16) * (3 + v->num));
	memset(v->used, 0, sizeof(struct vring_used_elem) * v->num +
	       sizeof(__u16) * 3);
	for (i = 0; i < v->num; i++)
		v->desc[i].next = htole16((i + 1) % v->num);
}

void vm_vq_moved(struct vm_vq *v, struct vm_mem *m)
{
	v->desc_iova = vm_iova(m, v->desc);
	v->avail_iova = vm_iova(m, v->avail);
	v->used_iova = vm_iova(m, v->used);
	if (v->ind)
		v->ind_iova = vm_iova(m, v->ind);
}

int vm_vq_init(struct vm_vq *v, struct vm_mem *m, unsigned int index,
	       unsigned int num, __u64 features)
{
	bool again = v->desc && v->num == num;

	if (!again) {
		memset(v, 0, sizeof(*v));
		v->kick = VM_NO_FD;
		v->call = VM_NO_FD;
		v->err = VM_NO_FD;
		v->index = index;
		v->num = num;
		v->chain = calloc(num, sizeof(*v->chain));
		v->ids = calloc(num, sizeof(*v->ids));
		v->fifo = calloc(num, sizeof(*v->fifo));
		if (!v->chain || !v->ids || !v->fifo)
			return -ENOMEM;
		v->desc = vm_alloc(m, sizeof(struct vring_desc) * num, 16);
		/* A packed one wants no more memory, and this alignment. */
		v->avail = vm_alloc(m, sizeof(__u16) * (3 + num), 4);
		v->used = vm_alloc(m, sizeof(struct vring_used_elem) * num +
				   sizeof(__u16) * 3, 4);
		v->pdesc = (void *)v->desc;
		v->driver = (void *)v->avail;
		v->device = (void *)v->used;
		vm_vq_moved(v, m);
	}
	v->event_idx = features & BIT64(VIRTIO_RING_F_EVENT_IDX);
	v->indirect = features & BIT64(VIRTIO_RING_F_INDIRECT_DESC);
	v->in_order = features & BIT64(VIRTIO_F_IN_ORDER);
	v->packed = features & BIT64(VIRTIO_F_RING_PACKED);
	if (v->indirect && !v->ind) {
		v->ind = vm_alloc(m, ind_bytes(num), 16);
		v->ind_iova = vm_iova(m, v->ind);
	}
	vq_empty(v);
	if (again) {
		/* News of the former use */
		vm_eventfd_wait(v->call, 0);
		vm_eventfd_wait(v->err, 0);
	}
	if (v->kick < 0) {
		v->kick = must(vm_eventfd());
		v->call = must(vm_eventfd());
		v->err = must(vm_eventfd());
	}
	return 0;
}

void vm_vq_free(struct vm_vq *v)
{
	if (v->kick >= 0) {
		close(v->kick);
		close(v->call);
		close(v->err);
	}
	free(v->chain);
	free(v->ids);
	free(v->fifo);
	memset(v, 0, sizeof(*v));
	v->kick = VM_NO_FD;
}

int vm_vq_start(struct vm_dev *d, struct vm_vq *v, __u32 base)
{
	int ret;

	if (vm_way.pci && vm_way.pci != PCI_IOEVENTFD)
		v->kicked_by = d;
	ret = vm_vring_num(d, v->index, v->num);
	if (!ret)
		ret = vm_vring_base(d, v->index, base);
	if (!ret)
		ret = vm_vring_addr(d, v->index, v->desc_iova, v->avail_iova,
				    v->used_iova);
	if (!ret)
		ret = vm_vring_fd(d, VHOST_MDEV_SET_VRING_KICK, v->index,
				  v->kick);
	if (!ret)
		ret = vm_vring_fd(d, VHOST_MDEV_SET_VRING_CALL, v->index,
				  v->call);
	if (!ret)
		ret = vm_vring_fd(d, VHOST_MDEV_SET_VRING_ERR, v->index,
				  v->err);
	if (!ret)
		ret = vm_vring_enable(d, v->index, true);
	return ret;
}

static void fill(struct vring_desc *d, const struct vm_sg *sg, __u16 flags)
{
	d->addr = htole64(sg->iova);
	d->len = htole32(sg->len);
	d->flags = htole16(flags);
}

static void publish(struct vm_vq *v, __u16 head, __u16 slots)
{
	v->chain[head].slots = slots;
	v->num_free -= slots;
	v->fifo[v->last++ % v->num] = head;
	v->added++;
	v->avail->ring[v->avail_idx & (v->num - 1)] = htole16(head);
	v->avail_idx++;
	store(&v->avail->idx, htole16(v->avail_idx));
}

static void add_indirect(struct vm_vq *v, const struct vm_sg *sg,
			 unsigned int out, unsigned int n)
{
	__u16 head = v->free_head;
	struct vring_desc *t = v->ind + head * VM_IND_MAX;
	unsigned int i;
	struct vm_sg table = {
		.iova = v->ind_iova + head * ind_bytes(1),
		.len = n * sizeof(struct vring_desc),
	};

	for (i = 0; i < n; i++) {
		fill(&t[i], &sg[i], (i < out ? 0 : VRING_DESC_F_WRITE) |
		     (i + 1 < n ? VRING_DESC_F_NEXT : 0));
		t[i].next = htole16(i + 1);
	}
	v->free_head = le16toh(v->desc[head].next);
	fill(&v->desc[head], &table, VRING_DESC_F_INDIRECT);
}

static int split_add(struct vm_vq *v, const struct vm_sg *sg, unsigned int out,
		     unsigned int in, int token)
{
	unsigned int i, n = out + in;
	__u16 head = v->free_head, at = head;
	struct vm_chain *c = &v->chain[head];

	/* Three chains of four, so that both kinds meet in one ring. */
	if (v->indirect && n <= VM_IND_MAX && (v->added & 3) != 3) {
		if (!v->num_free)
			return -ENOSPC;
		add_indirect(v, sg, out, n);
		n = 1;
	} else {
		if (n > v->num_free)
			return -ENOSPC;
		/* They come in order, first to last, if they return so. */
		for (i = 0; i < n; i++) {
			fill(&v->desc[at], &sg[i],
			     (i < out ? 0 : VRING_DESC_F_WRITE) |
			     (i + 1 < n ? VRING_DESC_F_NEXT : 0));
			at = le16toh(v->desc[at].next);
		}
		v->free_head = at;
	}
	c->token = token;
	c->in_len = 0;
	for (i = out; i < out + in; i++)
		c->in_len += sg[i].len;
	publish(v, head, n);
	return 0;
}

int vm_vq_add(struct vm_vq *v, const struct vm_sg *sg, unsigned int out,
	      unsigned int in, int token)
{
	if (!out && !in)
		return -EINVAL;
	if (v->packed)
		return vm_packed_add(v, sg, out, in, token);
	return split_add(v, sg, out, in, token);
}

void vm_vq_kick_now(struct vm_vq *v)
{
	__u64 one = 1;

	v->kicked_idx = v->avail_idx;
	v->kicks++;
	if (v->doorbell)
		store(v->doorbell, htole16(v->index));
	else if (v->kicked_by)
		vm_pci_kick(v->kicked_by, v->index);
	else if (write(v->kick, &one, sizeof(one)) != sizeof(one))
		die("kick: %s", vm_err(-errno));
}

void vm_vq_kick(struct vm_vq *v)
{
	bool need;

	if (v->kicked_idx == v->avail_idx)
		return;
	barrier_full();
	if (v->packed)
		need = vm_packed_needs_kick(v);
	else if (v->event_idx)
		need = vring_need_event(le16toh(load((__u16 *)&v->used->ring[v->num])),
					v->avail_idx, v->kicked_idx);
	else
		need = !(le16toh(load(&v->used->flags)) &
			 VRING_USED_F_NO_NOTIFY);
	if (need)
		vm_vq_kick_now(v);
	v->kicked_idx = v->avail_idx;
}

__u32 vm_vq_base(struct vm_vq *v)
{
	if (v->packed)
		return vm_packed_base(v);
	return le16toh(load(&v->used->idx));
}

/* The next used entry, which may be for other chains before its own, too */
static bool peek(struct vm_vq *v, __u32 *id, __u32 *len)
{
	struct vring_used_elem *e;

	if (v->packed)
		return vm_packed_peek(v, id, len);
	if (le16toh(load(&v->used->idx)) == v->used_idx)
		return false;
	e = &v->used->ring[v->used_idx & (v->num - 1)];
	*id = le32toh(e->id);
	*len = le32toh(e->len);
	return true;
}

bool vm_vq_has_used(struct vm_vq *v)
{
	__u32 id, len;

	return v->in_run || peek(v, &id, &len);
}

static void split_release(struct vm_vq *v, __u16 id, unsigned int slots)
{
	__u16 at = id;

	v->used_idx++;
	/* What is used in order is free in order already. */
	if (v->in_order)
		return;
	/* The last descriptor's next still leads to what was free then. */
	while (--slots)
		at = le16toh(v->desc[at].next);
	v->desc[at].next = htole16(v->free_head);
	v->free_head = id;
}

int vm_vq_get(struct vm_vq *v, __u32 *len)
{
	struct vm_chain *c;
	__u32 id, n;
	int token;

	if (!v->in_run && !peek(v, &v->run_id, &v->run_len))
		return -1;
	id = v->run_id;
	n = v->run_len;
	if (v->in_order) {
		if (v->first == v->last)
			die("queue %u: the device used chain %u, and has none",
			    v->index, id);
		id = v->fifo[v->first++ % v->num];
		v->in_run = id != v->run_id;
		if (v->in_run) {
			/* Passed over, which means in full */
			n = v->chain[id].in_len;
			v->passed++;
		}
	}
	if (id >= v->num || v->chain[id].token < 0)
		die("queue %u: the device used chain %u, which it does not have",
		    v->index, id);
	c = &v->chain[id];
	if (n > c->in_len)
		die("queue %u: %u bytes written to a chain for %u", v->index, n,
		    c->in_len);
	if (len)
		*len = n;
	token = c->token;
	c->token = -1;
	v->num_free += c->slots;
	if (v->packed) {
		v->used_idx = vm_packed_next(v, v->used_idx, c->slots);
		v->ids[--v->free_head] = id;
	} else {
		split_release(v, id, c->slots);
	}
	return token;
}

void vm_vq_irq(struct vm_vq *v, bool on)
{
	if (v->packed)
		vm_packed_irq(v, on);
	else if (v->event_idx)
		store(&v->avail->ring[v->num],
		      htole16(on ? v->used_idx : v->used_idx - 1));
	else
		store(&v->avail->flags,
		      htole16(on ? 0 : VRING_AVAIL_F_NO_INTERRUPT));
	barrier_full();
}
