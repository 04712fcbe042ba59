// SPDX-License-Identifier: GPL-2.0-only
/* The driver's side of a split virtqueue (virtio 1.2, section 2.7). */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "vmclient.h"

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

	memset(v->desc, 0, sizeof(struct vring_desc) * v->num);
	memset(v->avail, 0, sizeof(__u16) * (3 + v->num));
	memset(v->used, 0, sizeof(struct vring_used_elem) * v->num +
	       sizeof(__u16) * 3);
	for (i = 0; i < v->num; i++) {
		v->desc[i].next = htole16(i + 1);
		v->token[i] = -1;
	}
	v->free_head = 0;
	v->num_free = v->num;
	v->avail_idx = 0;
	v->kicked_idx = 0;
	v->used_idx = 0;
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
		v->token = calloc(num, sizeof(*v->token));
		if (!v->token)
			return -ENOMEM;
		v->desc = vm_alloc(m, sizeof(struct vring_desc) * num, 16);
		v->avail = vm_alloc(m, sizeof(__u16) * (3 + num), 2);
		v->used = vm_alloc(m, sizeof(struct vring_used_elem) * num +
				   sizeof(__u16) * 3, 4);
		vm_vq_moved(v, m);
	}
	v->event_idx = features & BIT64(VIRTIO_RING_F_EVENT_IDX);
	v->indirect = features & BIT64(VIRTIO_RING_F_INDIRECT_DESC);
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
	free(v->token);
	memset(v, 0, sizeof(*v));
	v->kick = VM_NO_FD;
}

int vm_vq_start(struct vm_dev *d, struct vm_vq *v, __u16 base)
{
	int ret;

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

static void publish(struct vm_vq *v, __u16 head, int token)
{
	v->token[head] = token;
	v->avail->ring[v->avail_idx & (v->num - 1)] = htole16(head);
	v->avail_idx++;
	store(&v->avail->idx, htole16(v->avail_idx));
}

static void add_indirect(struct vm_vq *v, const struct vm_sg *sg,
			 unsigned int out, unsigned int n, int token)
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
	v->num_free--;
	fill(&v->desc[head], &table, VRING_DESC_F_INDIRECT);
	publish(v, head, token);
}

int vm_vq_add(struct vm_vq *v, const struct vm_sg *sg, unsigned int out,
	      unsigned int in, int token)
{
	unsigned int i, n = out + in;
	__u16 head = v->free_head, at = head;

	if (!n)
		return -EINVAL;
	/* Three chains of four, so that both kinds meet in one ring. */
	if (v->indirect && n <= VM_IND_MAX && (v->avail_idx & 3) != 3) {
		if (!v->num_free)
			return -ENOSPC;
		add_indirect(v, sg, out, n, token);
		return 0;
	}
	if (n > v->num_free)
		return -ENOSPC;
	for (i = 0; i < n; i++) {
		fill(&v->desc[at], &sg[i],
		     (i < out ? 0 : VRING_DESC_F_WRITE) |
		     (i + 1 < n ? VRING_DESC_F_NEXT : 0));
		at = le16toh(v->desc[at].next);
	}
	v->free_head = at;
	v->num_free -= n;
	publish(v, head, token);
	return 0;
}

void vm_vq_kick_now(struct vm_vq *v)
{
	__u64 one = 1;

	v->kicked_idx = v->avail_idx;
	v->kicks++;
	if (v->doorbell)
		store(v->doorbell, htole16(v->index));
	else if (write(v->kick, &one, sizeof(one)) != sizeof(one))
		die("kick: %s", vm_err(-errno));
}

void vm_vq_kick(struct vm_vq *v)
{
	bool need;

	if (v->kicked_idx == v->avail_idx)
		return;
	barrier_full();
	if (v->event_idx)
		need = vring_need_event(le16toh(load((__u16 *)&v->used->ring[v->num])),
					v->avail_idx, v->kicked_idx);
	else
		need = !(le16toh(load(&v->used->flags)) &
			 VRING_USED_F_NO_NOTIFY);
	if (need)
		vm_vq_kick_now(v);
	v->kicked_idx = v->avail_idx;
}

__u16 vm_vq_used_idx(struct vm_vq *v)
{
	return le16toh(load(&v->used->idx));
}

bool vm_vq_has_used(struct vm_vq *v)
{
	return vm_vq_used_idx(v) != v->used_idx;
}

int vm_vq_get(struct vm_vq *v, __u32 *len)
{
	struct vring_used_elem *e;
	unsigned int n = 1;
	__u32 id;
	__u16 at;
	int token;

	if (!vm_vq_has_used(v))
		return -1;
	e = &v->used->ring[v->used_idx & (v->num - 1)];
	id = le32toh(e->id);
	if (len)
		*len = le32toh(e->len);
	if (id >= v->num || v->token[id] < 0)
		die("queue %u: the device used chain %u, which it does not have",
		    v->index, id);
	token = v->token[id];
	v->token[id] = -1;
	/* The last descriptor's next still leads to what was free then. */
	at = id;
	while (le16toh(v->desc[at].flags) & VRING_DESC_F_NEXT) {
		at = le16toh(v->desc[at].next);
		n++;
	}
	v->desc[at].next = htole16(v->free_head);
	v->free_head = id;
	v->num_free += n;
	v->used_idx++;
	return token;
}

void vm_vq_irq(struct vm_vq *v, bool on)
{
	if (v->event_idx)
		store(&v->avail->ring[v->num],
		      htole16(on ? v->used_idx : v->used_idx - 1));
	else
		store(&v->avail->flags,
		      htole16(on ? 0 : VRING_AVAIL_F_NO_INTERRUPT));
	barrier_full();
}
