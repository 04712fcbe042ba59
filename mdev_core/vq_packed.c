// SPDX-License-Identifier: GPL-2.0-only
/*
 * Device-side virtqueues: the packed ring (virtio 1.2, section 2.8).
 *
 * The driver, which may be hostile, writes to the descriptor ring at any time.
 * So every word of it is read once, checked, and not read again; the position of
 * the device is never read back from it.
 *
 * A position in the ring is kept in 16 bits as in section 2.8.10: the index of a
 * descriptor, and above it the wrap counter.  Event suppression structures and the
 * state of a virtqueue have the same form.
 */

#include <linux/build_bug.h>
#include <linux/compiler.h>
#include <linux/device.h>
#include <linux/errno.h>
#include <linux/kernel.h>
#include <linux/minmax.h>
#include <linux/virtio_ring.h>

#include <asm/barrier.h>
#include <asm/byteorder.h>

#include <trace/events/mdev_core.h>

#include "vq_break.h"
#include "vq_desc.h"
#include "vq_private.h"

#define PACKED_WRAP		BIT(VRING_PACKED_EVENT_F_WRAP_CTR)
#define PACKED_AVAIL		BIT(VRING_PACKED_DESC_F_AVAIL)
#define PACKED_USED		BIT(VRING_PACKED_DESC_F_USED)

/* The flags of an event suppression structure; the other bits are reserved. */
#define PACKED_EVENT_FLAGS	0x3

/* An event that the device never writes */
#define PACKED_NO_EVENT		U32_MAX

static unsigned int packed_index(u16 pos)
{
	return pos & ~PACKED_WRAP;
}

/* @n is at most @num, and so is the index of @pos. */
static u16 packed_ahead(u16 pos, unsigned int n, unsigned int num)
{
	unsigned int i = packed_index(pos) + n;

	if (i < num)
		return pos + n;
	return (i - num) | (~pos & PACKED_WRAP);
}

/* How far @to is ahead of @from, up to twice the ring size */
static unsigned int packed_distance(u16 from, u16 to, unsigned int num)
{
	unsigned int n = packed_index(to) + num - packed_index(from);

	return (from ^ to) & PACKED_WRAP ? n : n - num;
}

/* Whether a descriptor with these flags has been made available at @pos */
static bool packed_is_avail(u16 pos, u16 flags)
{
	return (flags & (PACKED_AVAIL | PACKED_USED)) ==
	       (pos & PACKED_WRAP ? PACKED_AVAIL : PACKED_USED);
}

static u16 packed_get16(const __le16 *p)
{
	return le16_to_cpu(READ_ONCE(*p));
}

static u32 packed_get32(const __le32 *p)
{
	return le32_to_cpu(READ_ONCE(*p));
}

static u64 packed_get64(const __le64 *p)
{
	return le64_to_cpu(READ_ONCE(*p));
}

static void packed_put16(__le16 *p, u16 val)
{
	WRITE_ONCE(*p, cpu_to_le16(val));
}

static void packed_put32(__le32 *p, u32 val)
{
	WRITE_ONCE(*p, cpu_to_le32(val));
}

static size_t packed_map_len(const struct mdev_vq *vq, enum mdev_vq_area area)
{
	if (area == MDEV_VQ_DESC)
		return vq->num * sizeof(struct vring_packed_desc);
	return sizeof(struct vring_packed_desc_event);
}

static int packed_check(struct mdev_vq *vq)
{
	struct mdev_vq_packed *p = &vq->packed;
	unsigned int num = vq->num, hand;

	/* Only now is the ring size known that the state belongs to. */
	if (packed_index(p->avail) >= num || packed_index(p->used) >= num) {
		dev_err_ratelimited(vq->dev,
				    "virtqueue %u cannot begin at descriptors %u and %u of a ring of %u: set its state again\n",
				    vq->index, packed_index(p->avail),
				    packed_index(p->used), num);
		return -EINVAL;
	}
	hand = packed_distance(p->used, p->avail, num);
	if (hand > num) {
		dev_err_ratelimited(vq->dev,
				    "virtqueue %u cannot have used %u descriptors more than were available: set its state again\n",
				    vq->index, 2 * num - hand);
		return -EINVAL;
	}
	if (hand && vq->in_order) {
		dev_err_ratelimited(vq->dev,
				    "virtqueue %u cannot leave %u descriptors out, with VIRTIO_F_IN_ORDER: set its state again\n",
				    vq->index, hand);
		return -EINVAL;
	}

	p->in_hand = hand;
	return 0;
}

static void packed_attach(struct mdev_vq *vq)
{
	struct mdev_vq_packed *p = &vq->packed;

	p->desc = vq->maps[MDEV_VQ_DESC].addr;
	p->driver = vq->maps[MDEV_VQ_DRIVER].addr;
	p->device = vq->maps[MDEV_VQ_DEVICE].addr;
}

static void packed_set_state(struct mdev_vq *vq,
			     const struct virtio_mdev_vq_state *state)
{
	struct mdev_vq_packed *p = &vq->packed;

	WRITE_ONCE(p->avail, state->packed.last_avail_idx |
		   (state->packed.last_avail_counter ? PACKED_WRAP : 0));
	WRITE_ONCE(p->used, state->packed.last_used_idx |
		   (state->packed.last_used_counter ? PACKED_WRAP : 0));
	p->run_end = p->used;
	p->published = p->used;
	p->in_hand = 0;
	p->given_back = 0;
	p->batch = 0;
	p->unsignalled = 0;
	p->signalled_valid = false;
	p->event = PACKED_NO_EVENT;
}

static void packed_get_state(const struct mdev_vq *vq,
			     struct virtio_mdev_vq_state *state)
{
	u16 avail = READ_ONCE(vq->packed.avail);
	u16 used = READ_ONCE(vq->packed.used);

	state->packed.last_avail_idx = packed_index(avail);
	state->packed.last_avail_counter = !!(avail & PACKED_WRAP);
	state->packed.last_used_idx = packed_index(used);
	state->packed.last_used_counter = !!(used & PACKED_WRAP);
}

/*
 * All descriptors of a table belong to the chain, in order; of their flags only
 * WRITE has a meaning (section 2.8.7).
 */
static int packed_pop_table(struct mdev_vq *vq, struct mdev_vq_chain *chain,
			    u64 table, u32 table_len)
{
	struct vring_packed_desc desc;
	unsigned int i, nr;
	int ret;

	BUILD_BUG_ON(sizeof(desc) != sizeof(struct vring_desc));

	ret = mdev_vq_table_begin(vq, table, table_len);
	if (ret < 0)
		return ret;
	nr = ret;

	for (i = 0; i < nr; i++) {
		ret = mdev_vq_table_desc(vq, i, &desc);
		if (ret)
			return ret;
		ret = mdev_vq_chain_add(vq, chain, packed_get64(&desc.addr),
					packed_get32(&desc.len),
					packed_get16(&desc.flags) &
					VRING_DESC_F_WRITE);
		if (ret)
			return ret;
	}
	return 0;
}

static int packed_pop(struct mdev_vq *vq, struct mdev_vq_chain *chain)
{
	struct mdev_vq_packed *p = &vq->packed;
	unsigned int num = vq->num, left = num - p->in_hand, n = 1;
	struct vring_packed_desc *desc;
	u16 pos = p->avail, flags;
	int ret;

	desc = &p->desc[packed_index(pos)];
	flags = packed_get16(&desc->flags);
	if (!packed_is_avail(pos, flags))
		return 0;
	/*
	 * Read the flags of the first descriptor before all the rest.  Pairs
	 * with the driver's write barrier (section 2.8.21).
	 */
	smp_rmb();

	if (!left) {
		mdev_vq_break(vq, "descriptor %u is available, and all %u are in use",
			      packed_index(pos), num);
		return -EPROTO;
	}

	mdev_vq_chain_begin(chain);
	if (flags & VRING_DESC_F_INDIRECT) {
		if (flags & VRING_DESC_F_NEXT) {
			mdev_vq_break(vq, "a descriptor after an indirect table");
			return -EPROTO;
		}
		ret = packed_pop_table(vq, chain, packed_get64(&desc->addr),
				       packed_get32(&desc->len));
		if (ret)
			return ret;
		goto done;
	}

	for (;;) {
		ret = mdev_vq_chain_add(vq, chain, packed_get64(&desc->addr),
					packed_get32(&desc->len),
					flags & VRING_DESC_F_WRITE);
		if (ret)
			return ret;
		if (!(flags & VRING_DESC_F_NEXT))
			break;
		if (n == left) {
			mdev_vq_break(vq, "a chain of more than the %u free descriptors of %u",
				      left, num);
			return -EPROTO;
		}
		n++;
		pos = packed_ahead(pos, 1, num);
		desc = &p->desc[packed_index(pos)];
		flags = packed_get16(&desc->flags);
		if (!packed_is_avail(pos, flags)) {
			mdev_vq_break(vq, "descriptor %u of a chain is not available",
				      packed_index(pos));
			return -EPROTO;
		}
		if (flags & VRING_DESC_F_INDIRECT) {
			mdev_vq_break(vq, "an indirect table after a descriptor");
			return -EPROTO;
		}
	}

done:
	vq->table_valid = false;
	vq->table_faults = 0;
	/* Only the last descriptor of a chain has a valid id (section 2.8.6). */
	chain->id = packed_get16(&desc->id);
	chain->slots = n;
	chain->pos = p->avail;
	WRITE_ONCE(p->avail, packed_ahead(pos, 1, num));
	p->in_hand += n;
	if (unlikely(p->given_back))
		p->given_back -= min(p->given_back, chain->slots);
	trace_mdev_vq_take(vq, chain);
	return 1;
}

static void packed_unpop(struct mdev_vq *vq, const struct mdev_vq_chain *chain)
{
	struct mdev_vq_packed *p = &vq->packed;

	WRITE_ONCE(p->avail, chain->pos);
	p->in_hand -= chain->slots;
	p->given_back += chain->slots;
}

/* The next used descriptor will be at @next. */
static void packed_put_used(struct mdev_vq_packed *p, u16 id, u32 len, u16 next)
{
	struct vring_packed_desc *desc = &p->desc[packed_index(p->used)];
	u16 flags = len ? VRING_DESC_F_WRITE : 0;

	if (p->used & PACKED_WRAP)
		flags |= PACKED_AVAIL | PACKED_USED;
	packed_put16(&desc->id, id);
	packed_put32(&desc->len, len);
	/* The driver reads the first one before all others: publish that last. */
	if (p->used == p->published)
		p->first_flags = flags;
	else
		packed_put16(&desc->flags, flags);
	WRITE_ONCE(p->used, next);
}

/* With IN_ORDER: write one descriptor for the whole run, in place of the first. */
static void packed_end_run(struct mdev_vq_packed *p)
{
	if (p->used != p->run_end)
		packed_put_used(p, p->run_id, p->run_len, p->run_end);
}

static void packed_push(struct mdev_vq *vq, const struct mdev_vq_chain *chain,
			u32 len)
{
	struct mdev_vq_packed *p = &vq->packed;

	if (!vq->in_order) {
		packed_put_used(p, chain->id, len,
				packed_ahead(p->used, chain->slots, vq->num));
		p->batch += chain->slots;
		return;
	}
	if (!mdev_vq_check_order(vq, chain, p->run_end))
		return;
	p->run_id = chain->id;
	p->run_len = len;
	p->run_end = packed_ahead(chain->pos, chain->slots, vq->num);
	p->batch += chain->slots;
	/* The driver takes all of a run except the last chain as written in full. */
	if (len != chain->in_len)
		packed_end_run(p);
}

static void packed_publish(struct mdev_vq *vq)
{
	struct mdev_vq_packed *p = &vq->packed;

	if (!p->batch)
		return;
	if (vq->in_order)
		packed_end_run(p);
	/*
	 * Write the payload, and all of the entries, before the flags that show
	 * them to the driver.  Pairs with its read barrier after it read those.
	 */
	smp_wmb();
	packed_put16(&p->desc[packed_index(p->published)].flags,
		     p->first_flags);
	p->published = p->used;
	p->in_hand -= p->batch;
	p->unsignalled += p->batch;
	p->batch = 0;
}

static bool packed_need_signal(struct mdev_vq *vq)
{
	struct mdev_vq_packed *p = &vq->packed;
	unsigned int n = p->unsignalled, num = vq->num;
	bool valid = p->signalled_valid;
	u16 off_wrap, event, new;
	u32 wish;

	if (!n)
		return false;
	p->unsignalled = 0;
	p->signalled_valid = true;

	/*
	 * Write the used entries before reading what the driver asks for.  Pairs
	 * with the barrier between the driver's asking for interrupts and its last
	 * look at the ring: at least one side sees what the other has written.
	 */
	smp_mb();
	/* Read both halves at once, because they belong together. */
	wish = packed_get32((__le32 *)p->driver);
	switch ((wish >> 16) & PACKED_EVENT_FLAGS) {
	case VRING_PACKED_EVENT_FLAG_DISABLE:
		return false;
	case VRING_PACKED_EVENT_FLAG_DESC:
		break;
	default:
		return true;
	}
	/* It may have asked for one before the start, or more than a round ago. */
	if (!vq->event_idx || !valid || n >= num)
		return true;

	off_wrap = wish;
	event = packed_index(off_wrap);
	if ((off_wrap ^ p->published) & PACKED_WRAP)
		event -= num;
	new = packed_index(p->published);
	return vring_need_event(event, new, new - n);
}

static void packed_put_event(struct mdev_vq_packed *p, u16 off_wrap, u16 flags)
{
	u32 event = off_wrap | (u32)flags << 16;

	/* Leave the line in the cache of the driver's CPU if nothing changes. */
	if (event == p->event)
		return;
	p->event = event;
	packed_put32((__le32 *)p->device, event);
}

static void packed_disable_notify(struct mdev_vq *vq)
{
	packed_put_event(&vq->packed, 0, VRING_PACKED_EVENT_FLAG_DISABLE);
}

static bool packed_enable_notify(struct mdev_vq *vq)
{
	struct mdev_vq_packed *p = &vq->packed;
	u16 seen = packed_ahead(p->avail, p->given_back, vq->num);

	if (vq->event_idx)
		packed_put_event(p, seen, VRING_PACKED_EVENT_FLAG_DESC);
	else
		packed_put_event(p, 0, VRING_PACKED_EVENT_FLAG_ENABLE);
	/*
	 * Ask for a kick before the last look at the ring.  Pairs with the
	 * barrier between the driver's making a descriptor available and its
	 * looking whether to kick.
	 */
	smp_mb();
	return packed_is_avail(seen,
			       packed_get16(&p->desc[packed_index(seen)].flags));
}

static void packed_want_kick(struct mdev_vq *vq)
{
	/* Only a walk would find how far the driver is, so ask for all kicks. */
	packed_put_event(&vq->packed, 0, VRING_PACKED_EVENT_FLAG_ENABLE);
}

/* As split_pending(); ENABLE is also there before the device has written. */
static bool packed_pending(const struct mdev_vq *vq)
{
	const struct mdev_vq_packed *p = &vq->packed;
	u16 pos = READ_ONCE(p->avail);

	return packed_get16(&p->device->flags) !=
	       VRING_PACKED_EVENT_FLAG_ENABLE ||
	       packed_is_avail(pos,
			       packed_get16(&p->desc[packed_index(pos)].flags));
}

const struct mdev_vq_layout mdev_vq_packed_layout = {
	/* Section 2.8.10.1; both sides write to the ring. */
	.align = { VRING_DESC_ALIGN_SIZE, 4, 4 },
	.perm = {
		MDEV_MEM_READ | MDEV_MEM_WRITE,
		MDEV_MEM_READ,
		MDEV_MEM_READ | MDEV_MEM_WRITE,
	},
	.any_num = true,
	.initial.packed = {
		.last_avail_counter = 1,
		.last_used_counter = 1,
	},
	.map_len = packed_map_len,
	.check = packed_check,
	.attach = packed_attach,
	.set_state = packed_set_state,
	.get_state = packed_get_state,
	.pop = packed_pop,
	.unpop = packed_unpop,
	.push = packed_push,
	.publish = packed_publish,
	.need_signal = packed_need_signal,
	.disable_notify = packed_disable_notify,
	.enable_notify = packed_enable_notify,
	.want_kick = packed_want_kick,
	.pending = packed_pending,
};
