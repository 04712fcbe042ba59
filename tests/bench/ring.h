/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The driver's side of a virtqueue, split or packed, as small as it can be: each
 * buffer is one descriptor, and buffer N of a split ring is descriptor N.
 *
 * What it costs is part of what is measured.  So whether a virtqueue is packed
 * is an argument, which a caller for whom it is a constant gets for nothing.
 */
#ifndef RING_H
#define RING_H

#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <unistd.h>

#include "ringbench.h"

#define load(x)		__atomic_load_n(&(x), __ATOMIC_ACQUIRE)
#define store(x, v)	__atomic_store_n(&(x), (v), __ATOMIC_RELEASE)
#define barrier_full()	__atomic_thread_fence(__ATOMIC_SEQ_CST)

/* The wrap counter is 1 in the first round. */
static __always_inline bool vq_wrap(const struct rb_vq *v, uint16_t idx)
{
	return !(idx & v->num);
}

static __always_inline uint16_t vq_off_wrap(const struct rb_vq *v, uint16_t idx)
{
	return (idx & (v->num - 1)) |
	       vq_wrap(v, idx) << VRING_PACKED_EVENT_F_WRAP_CTR;
}

static __always_inline uint64_t vq_addr(const struct rb_vq *v, uint16_t id)
{
	return id == v->bad ? RB_BAD_IOVA : v->buffers + id * RB_BUF_SIZE;
}

static __always_inline void vq_add(struct rb_vq *v, bool packed, uint16_t id)
{
	uint16_t at = v->avail_idx & (v->num - 1);
	struct vring_packed_desc *desc;
	uint16_t flags;

	if (!packed) {
		v->split.avail->ring[at] = id;
		v->avail_idx++;
		return;
	}
	desc = &v->desc_ring[at];
	desc->addr = vq_addr(v, id);
	desc->len = v->len;
	desc->id = id;
	flags = v->flags | (vq_wrap(v, v->avail_idx) ?
			    1 << VRING_PACKED_DESC_F_AVAIL :
			    1 << VRING_PACKED_DESC_F_USED);
	/* The device must not see the others before it sees the first. */
	if (v->avail_idx == v->published)
		v->first_flags = flags;
	else
		store(desc->flags, flags);
	v->avail_idx++;
}

/* Show the device all that was added. */
static __always_inline void vq_publish(struct rb_vq *v, bool packed)
{
	if (!packed)
		store(v->split.avail->idx, v->avail_idx);
	else if (v->avail_idx != v->published)
		store(v->desc_ring[v->published & (v->num - 1)].flags,
		      v->first_flags);
	v->published = v->avail_idx;
}

static __always_inline bool vq_wants_kick(struct rb_vq *v, bool packed, uint16_t old)
{
	uint16_t flags, off_wrap, event;

	if (!packed) {
		if (v->event_idx)
			return vring_need_event(load(vring_avail_event(&v->split)),
						v->avail_idx, old);
		return !(load(v->split.used->flags) & VRING_USED_F_NO_NOTIFY);
	}
	flags = load(v->device_event->flags);
	if (flags != VRING_PACKED_EVENT_FLAG_DESC)
		return flags != VRING_PACKED_EVENT_FLAG_DISABLE;
	off_wrap = load(v->device_event->off_wrap);
	/* The offset in this round or, if the wrap bit differs, the one before */
	event = (v->avail_idx & ~(v->num - 1)) | (off_wrap & (v->num - 1));
	if (off_wrap >> VRING_PACKED_EVENT_F_WRAP_CTR !=
	    vq_wrap(v, v->avail_idx))
		event -= v->num;
	return vring_need_event(event, v->avail_idx, old);
}

/* Tell the device, whether it asks or not. */
static __always_inline void vq_notify(const struct rb_vq *v)
{
	uint64_t one = 1;
	uint16_t any = 0;
	bool ok;

	if (v->notify)
		ok = pwrite(v->region, &any, sizeof(any), v->notify) ==
		     sizeof(any);
	else
		ok = write(v->kick, &one, sizeof(one)) == sizeof(one);
	if (!ok)
		die("kick");
}

/* Publish, and tell the device if it asks. */
static __always_inline void vq_kick(struct rb_vq *v, bool packed)
{
	uint16_t old = v->published;

	vq_publish(v, packed);
	/* pairs with the device's between asking and looking */
	barrier_full();
	if (!vq_wants_kick(v, packed, old))
		return;
	v->kicks++;
	vq_notify(v);
}

static __always_inline void vq_interrupts(struct rb_vq *v, bool packed, bool on)
{
	if (!packed) {
		if (v->event_idx)
			store(vring_used_event(&v->split),
			      on ? v->used_idx : v->used_idx - 1);
		else
			store(v->split.avail->flags,
			      on ? 0 : VRING_AVAIL_F_NO_INTERRUPT);
	} else if (!on) {
		store(v->driver_event->flags, VRING_PACKED_EVENT_FLAG_DISABLE);
	} else if (v->event_idx) {
		store(v->driver_event->off_wrap, vq_off_wrap(v, v->used_idx));
		store(v->driver_event->flags, VRING_PACKED_EVENT_FLAG_DESC);
	} else {
		store(v->driver_event->flags, VRING_PACKED_EVENT_FLAG_ENABLE);
	}
	/* ask before looking */
	barrier_full();
}

static __always_inline bool vq_used_at(struct rb_vq *v, uint16_t idx)
{
	uint16_t flags = load(v->desc_ring[idx & (v->num - 1)].flags);
	bool avail = flags & 1 << VRING_PACKED_DESC_F_AVAIL;
	bool used = flags & 1 << VRING_PACKED_DESC_F_USED;

	return avail == used && used == vq_wrap(v, idx);
}

static __always_inline bool vq_has_used(struct rb_vq *v, bool packed)
{
	if (!packed)
		return load(v->split.used->idx) != v->used_idx;
	return vq_used_at(v, v->used_idx);
}

/* Sleep until the device signals; false if nothing came for a second. */
static __always_inline bool vq_wait(struct rb_vq *v, bool packed)
{
	struct pollfd p = { .fd = v->call, .events = POLLIN };
	bool ok = true;
	uint64_t n;

	vq_interrupts(v, packed, true);
	while (!vq_has_used(v, packed)) {
		if (!poll(&p, 1, 1000)) {
			ok = vq_has_used(v, packed);
			break;
		}
		if (read(v->call, &n, sizeof(n)) == sizeof(n))
			v->calls += n;
	}
	vq_interrupts(v, packed, false);
	return ok;
}

/* After vq_has_used(): which buffer it is, and how much was written to it. */
static __always_inline uint16_t vq_get(struct rb_vq *v, bool packed, uint32_t *len)
{
	uint16_t at = v->used_idx++ & (v->num - 1);

	if (!packed) {
		*len = v->split.used->ring[at].len;
		return v->split.used->ring[at].id;
	}
	*len = v->desc_ring[at].len;
	return v->desc_ring[at].id;
}

/* how many could be collected */
static __always_inline unsigned int vq_count_used(struct rb_vq *v, bool packed)
{
	uint16_t idx = v->used_idx;

	if (!packed)
		return (uint16_t)(load(v->split.used->idx) - idx);
	while ((uint16_t)(idx - v->used_idx) < v->num && vq_used_at(v, idx))
		idx++;
	return (uint16_t)(idx - v->used_idx);
}

/* Have a buffer be where nothing is. */
static inline void vq_spoil(struct rb_vq *v, uint16_t id)
{
	v->bad = id;
	if (!v->packed)
		v->split.desc[id].addr = RB_BAD_IOVA;
}

#endif
