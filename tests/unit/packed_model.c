// SPDX-License-Identifier: GPL-2.0-only
/*
 * The driver's end of a packed virtqueue.  Where an event lies is found by
 * counting it out, not by the arithmetic that the library has.
 */

#include "unit.h"

#define AVAIL	BIT(VRING_PACKED_DESC_F_AVAIL)
#define USED	BIT(VRING_PACKED_DESC_F_USED)

/* An empty ring in which driver and device have come to @state */
void packed_init(struct bench *b, u16 state)
{
	struct packed *p = &b->packed;
	unsigned int i;

	p->desc = (void *)b->ring[0]->bytes;
	p->driver = (void *)b->ring[1]->bytes;
	p->device = (void *)b->ring[2]->bytes;
	if (!p->slots)
		p->slots = calloc(65536, sizeof(*p->slots));
	memset(p->slots, 0, 65536 * sizeof(*p->slots));
	memset(p->driver, 0, sizeof(*p->driver));
	memset(p->device, 0, sizeof(*p->device));
	for (i = 0; i < b->num; i++) {
		/* Used in this round, or in the one before */
		bool bits = (i < state % WRAP) == state / WRAP;

		memset(&p->desc[i], 0, sizeof(p->desc[i]));
		p->desc[i].flags = __cpu_to_le16(bits ? AVAIL | USED : 0);
	}
	p->avail = state;
	p->kicked = state;
	p->used = state;
	p->open = 0;
}

u16 packed_next(struct bench *b, u16 pos, unsigned int n)
{
	while (n--) {
		pos++;
		if (pos % WRAP == b->num)
			pos = pos & WRAP ? 0 : WRAP;
	}
	return pos;
}

/* The next descriptor; the last one of a chain is that without NEXT. */
void packed_desc(struct bench *b, u64 addr, u32 len, u16 flags, u16 id)
{
	struct packed *p = &b->packed;
	struct vring_packed_desc *desc = &p->desc[p->avail % WRAP];

	WRITE_ONCE(desc->addr, __cpu_to_le64(addr));
	WRITE_ONCE(desc->len, __cpu_to_le32(len));
	WRITE_ONCE(desc->id, __cpu_to_le16(id));
	/* the rest before the flags */
	smp_wmb();
	flags |= p->avail & WRAP ? AVAIL : USED;
	WRITE_ONCE(desc->flags, __cpu_to_le16(flags));

	p->avail = packed_next(b, p->avail, 1);
	p->open++;
	if (flags & VRING_DESC_F_NEXT)
		return;
	p->slots[id] = p->open;
	p->open = 0;
}

bool packed_kick(struct bench *b)
{
	struct packed *p = &b->packed;
	u16 pos = p->kicked, off_wrap;
	u32 wish;

	p->kicked = p->avail;
	/* the descriptors before the device's wish */
	smp_mb();
	wish = __le32_to_cpu(READ_ONCE(*(u32 *)p->device));
	off_wrap = wish;
	switch (wish >> 16) {
	case VRING_PACKED_EVENT_FLAG_ENABLE:
		return true;
	case VRING_PACKED_EVENT_FLAG_DISABLE:
		return false;
	case VRING_PACKED_EVENT_FLAG_DESC:
		break;
	default:
		unit_fail(__FILE__, __LINE__, "event flags %#x", wish >> 16);
	}
	CHECK(b->event_idx);
	CHECK(off_wrap % WRAP < b->num);
	for (; pos != p->avail; pos = packed_next(b, pos, 1))
		if (pos == off_wrap)
			return true;
	return false;
}

bool packed_is_used(struct bench *b)
{
	struct packed *p = &b->packed;
	u16 want = p->used & WRAP ? AVAIL | USED : 0;

	return (__le16_to_cpu(READ_ONCE(p->desc[p->used % WRAP].flags)) &
		(AVAIL | USED)) == want;
}

bool packed_peek(struct bench *b, u32 *id, u32 *len)
{
	struct packed *p = &b->packed;
	struct vring_packed_desc *desc = &p->desc[p->used % WRAP];
	u16 flags;

	if (!packed_is_used(b))
		return false;
	/* the flags before the rest */
	smp_rmb();
	flags = __le16_to_cpu(READ_ONCE(desc->flags));
	*id = __le16_to_cpu(READ_ONCE(desc->id));
	*len = __le32_to_cpu(READ_ONCE(desc->len));
	CHECK_EQ(flags & ~(AVAIL | USED), *len ? VRING_DESC_F_WRITE : 0);
	return true;
}

bool packed_used(struct bench *b, u32 *id, u32 *len)
{
	struct packed *p = &b->packed;

	if (!packed_peek(b, id, len))
		return false;
	CHECK(p->slots[*id]);
	p->used = packed_next(b, p->used, p->slots[*id]);
	p->slots[*id] = 0;
	return true;
}

/* What the driver wants to be signalled of */
void packed_wish(struct bench *b, u16 off_wrap, u16 flags)
{
	WRITE_ONCE(*(u32 *)b->packed.driver,
		   __cpu_to_le32(off_wrap | (u32)flags << 16));
}

bool packed_wait_used(struct bench *b)
{
	if (b->event_idx)
		packed_wish(b, b->packed.used, VRING_PACKED_EVENT_FLAG_DESC);
	else
		packed_wish(b, 0, VRING_PACKED_EVENT_FLAG_ENABLE);
	/* the wish before the last look */
	smp_mb();
	return packed_is_used(b);
}
