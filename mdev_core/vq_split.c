// SPDX-License-Identifier: GPL-2.0-only
/*
 * Device-side virtqueues: the split ring (virtio 1.2, section 2.7).
 *
 * The driver, which may be hostile, writes to the descriptor table and the
 * available ring at any time.  So every word of them is read once, checked, and
 * not read again; and only split_pending() reads back from the used ring.
 */

#include <linux/compiler.h>
#include <linux/errno.h>
#include <linux/kernel.h>
#include <linux/nospec.h>
#include <linux/virtio_ring.h>

#include <asm/barrier.h>
#include <asm/byteorder.h>

#include <trace/events/mdev_core.h>

#include "vq_break.h"
#include "vq_desc.h"
#include "vq_private.h"

/* Parents require VERSION_1, so the rings are little-endian. */
static u16 split_get16(const __virtio16 *p)
{
	return le16_to_cpu((__force __le16)READ_ONCE(*p));
}

static u32 split_get32(const __virtio32 *p)
{
	return le32_to_cpu((__force __le32)READ_ONCE(*p));
}

static u64 split_get64(const __virtio64 *p)
{
	return le64_to_cpu((__force __le64)READ_ONCE(*p));
}

static void split_put16(__virtio16 *p, u16 val)
{
	WRITE_ONCE(*p, (__force __virtio16)cpu_to_le16(val));
}

static void split_put32(__virtio32 *p, u32 val)
{
	WRITE_ONCE(*p, (__force __virtio32)cpu_to_le32(val));
}

/* Without EVENT_IDX there are no event words, and their page need not be mapped. */
static size_t split_map_len(const struct mdev_vq *vq, enum mdev_vq_area area)
{
	size_t event = vq->event_idx ? sizeof(__virtio16) : 0;

	switch (area) {
	case MDEV_VQ_DESC:
		return vq->num * sizeof(struct vring_desc);
	case MDEV_VQ_DRIVER:
		return sizeof(struct vring_avail) +
		       vq->num * sizeof(__virtio16) + event;
	case MDEV_VQ_DEVICE:
	default:
		return sizeof(struct vring_used) +
		       vq->num * sizeof(struct vring_used_elem) + event;
	}
}

static void split_attach(struct mdev_vq *vq)
{
	vq->split.desc = vq->maps[MDEV_VQ_DESC].addr;
	vq->split.avail = vq->maps[MDEV_VQ_DRIVER].addr;
	vq->split.used = vq->maps[MDEV_VQ_DEVICE].addr;
}

static void split_set_state(struct mdev_vq *vq,
			    const struct virtio_mdev_vq_state *state)
{
	struct mdev_vq_split *s = &vq->split;
	u16 idx = state->split.avail_index;

	WRITE_ONCE(s->avail_idx, idx);
	s->avail_seen = idx;
	s->used_idx = idx;
	s->run = idx;
	s->published = idx;
	s->signalled = idx;
	s->signalled_valid = false;
}

static void split_get_state(const struct mdev_vq *vq,
			    struct virtio_mdev_vq_state *state)
{
	state->split.avail_index = READ_ONCE(vq->split.avail_idx);
}

/* The driver may have made more available.  1: it has; 0: no; or an error. */
static int split_look(struct mdev_vq *vq)
{
	struct mdev_vq_split *s = &vq->split;
	u16 idx = split_get16(&s->avail->idx);
	u16 ahead = idx - s->avail_idx;
	u16 taken = s->avail_idx - s->used_idx;

	/* A descriptor belongs to the device until it is used (section 2.7.13). */
	if (ahead + taken > vq->num) {
		mdev_vq_break(vq, "available index %u, %u ahead in a ring of %u with %u taken",
			      idx, ahead, vq->num, taken);
		return -EPROTO;
	}
	if (!ahead)
		return 0;

	s->avail_seen = idx;
	/*
	 * Read the index before the entries and descriptors that it covers.
	 * Pairs with the driver's write barrier (section 2.7.13.3).
	 */
	smp_rmb();
	return 1;
}

static void split_read_desc(const struct vring_desc *from, u64 *addr, u32 *len,
			    u16 *flags, u16 *next)
{
	*addr = split_get64(&from->addr);
	*len = split_get32(&from->len);
	*flags = split_get16(&from->flags);
	*next = split_get16(&from->next);
}

static int split_pop_table(struct mdev_vq *vq, struct mdev_vq_chain *chain,
			   u64 table, u32 table_len)
{
	struct vring_desc desc;
	unsigned int i = 0, n, nr;
	u16 flags, next;
	u64 addr;
	u32 len;
	int ret;

	ret = mdev_vq_table_begin(vq, table, table_len);
	if (ret < 0)
		return ret;
	nr = ret;

	for (n = 0; n < nr; n++) {
		ret = mdev_vq_table_desc(vq, array_index_nospec(i, nr), &desc);
		if (ret)
			return ret;
		split_read_desc(&desc, &addr, &len, &flags, &next);
		if (flags & VRING_DESC_F_INDIRECT) {
			mdev_vq_break(vq, "an indirect table within another");
			return -EPROTO;
		}
		ret = mdev_vq_chain_add(vq, chain, addr, len,
					flags & VRING_DESC_F_WRITE);
		if (ret)
			return ret;
		if (!(flags & VRING_DESC_F_NEXT))
			return 0;
		i = next;
		if (i >= nr) {
			mdev_vq_break(vq, "entry %u of an indirect table of %u",
				      i, nr);
			return -EPROTO;
		}
	}
	mdev_vq_break(vq, "a loop in an indirect table of %u", nr);
	return -EPROTO;
}

static int split_pop(struct mdev_vq *vq, struct mdev_vq_chain *chain)
{
	struct mdev_vq_split *s = &vq->split;
	unsigned int num = vq->num, i, n;
	u16 head, flags, next;
	u64 addr;
	u32 len;
	int ret;

	if (s->avail_idx == s->avail_seen) {
		ret = split_look(vq);
		if (ret <= 0)
			return ret;
	}

	mdev_vq_chain_begin(chain);
	head = split_get16(&s->avail->ring[s->avail_idx & (num - 1)]);
	i = head;
	/* A chain has each descriptor at most once, so it ends within @num steps. */
	for (n = 0; n < num; n++) {
		if (i >= num) {
			mdev_vq_break(vq, "descriptor %u in a ring of %u",
				      i, num);
			return -EPROTO;
		}
		split_read_desc(&s->desc[array_index_nospec(i, num)], &addr,
				&len, &flags, &next);
		if (flags & VRING_DESC_F_INDIRECT) {
			if (flags & VRING_DESC_F_NEXT) {
				mdev_vq_break(vq, "a descriptor after an indirect table");
				return -EPROTO;
			}
			ret = split_pop_table(vq, chain, addr, len);
			if (ret)
				return ret;
			goto done;
		}
		ret = mdev_vq_chain_add(vq, chain, addr, len,
					flags & VRING_DESC_F_WRITE);
		if (ret)
			return ret;
		if (!(flags & VRING_DESC_F_NEXT))
			goto done;
		i = next;
	}
	mdev_vq_break(vq, "a loop of descriptors from %u", head);
	return -EPROTO;

done:
	vq->table_valid = false;
	vq->table_faults = 0;
	chain->id = head;
	chain->slots = 1;
	chain->pos = s->avail_idx;
	WRITE_ONCE(s->avail_idx, s->avail_idx + 1);
	trace_mdev_vq_take(vq, chain);
	return 1;
}

static void split_unpop(struct mdev_vq *vq, const struct mdev_vq_chain *chain)
{
	struct mdev_vq_split *s = &vq->split;

	WRITE_ONCE(s->avail_idx, s->avail_idx - chain->slots);
}

static void split_put_used(struct mdev_vq *vq, u16 idx, u16 id, u32 len)
{
	struct vring_used_elem *elem;

	elem = &vq->split.used->ring[idx & (vq->num - 1)];
	split_put32(&elem->id, id);
	split_put32(&elem->len, len);
}

/* With IN_ORDER: write one entry for the whole run, in place of the first. */
static void split_end_run(struct mdev_vq *vq)
{
	struct mdev_vq_split *s = &vq->split;

	if (s->run == s->used_idx)
		return;
	split_put_used(vq, s->run, s->run_id, s->run_len);
	s->run = s->used_idx;
}

static void split_push(struct mdev_vq *vq, const struct mdev_vq_chain *chain,
		       u32 len)
{
	struct mdev_vq_split *s = &vq->split;

	if (!vq->in_order) {
		split_put_used(vq, s->used_idx++, chain->id, len);
		return;
	}
	if (!mdev_vq_check_order(vq, chain, s->used_idx))
		return;
	s->run_id = chain->id;
	s->run_len = len;
	s->used_idx++;
	/* The driver takes all of a run except the last chain as written in full. */
	if (len != chain->in_len)
		split_end_run(vq);
}

static void split_publish(struct mdev_vq *vq)
{
	struct mdev_vq_split *s = &vq->split;

	if (s->published == s->used_idx)
		return;
	if (vq->in_order)
		split_end_run(vq);
	/*
	 * Write payload and entries before the index that covers them.  Pairs
	 * with the driver's read barrier after it read the index.
	 */
	smp_wmb();
	split_put16(&s->used->idx, s->used_idx);
	s->published = s->used_idx;
}

static bool split_need_signal(struct mdev_vq *vq)
{
	struct mdev_vq_split *s = &vq->split;
	u16 old = s->signalled, new = s->published;
	bool valid = s->signalled_valid;

	if (new == old)
		return false;
	s->signalled = new;
	s->signalled_valid = true;

	/*
	 * Write the used index before reading what the driver asks for.  Pairs
	 * with the barrier between the driver's asking for interrupts and its last
	 * look at the used index: at least one side sees what the other has written.
	 */
	smp_mb();
	if (!vq->event_idx)
		return !(split_get16(&s->avail->flags) &
			 VRING_AVAIL_F_NO_INTERRUPT);
	/* @old is where this start began: the driver may have asked earlier. */
	if (!valid)
		return true;
	return vring_need_event(split_get16(&s->avail->ring[vq->num]), new,
				old);
}

static void split_disable_notify(struct mdev_vq *vq)
{
	/*
	 * With EVENT_IDX the driver kicks when it passes the event index, which is
	 * behind it until the next split_enable_notify().
	 */
	if (!vq->event_idx)
		split_put16(&vq->split.used->flags, VRING_USED_F_NO_NOTIFY);
}

static bool split_enable_notify(struct mdev_vq *vq)
{
	struct mdev_vq_split *s = &vq->split;

	if (vq->event_idx)
		split_put16((__virtio16 *)&s->used->ring[vq->num],
			    s->avail_seen);
	else
		split_put16(&s->used->flags, 0);
	/*
	 * Ask for a kick before the last look at the ring.  Pairs with the barrier
	 * between the driver's writing the available index and its looking whether
	 * to kick.
	 */
	smp_mb();
	return split_get16(&s->avail->idx) != s->avail_seen;
}

static void split_want_kick(struct mdev_vq *vq)
{
	struct mdev_vq_split *s = &vq->split;

	if (vq->event_idx)
		split_put16((__virtio16 *)&s->used->ring[vq->num],
			    split_get16(&s->avail->idx));
	else
		split_put16(&s->used->flags, 0);
}

/*
 * The driver may have forged what is read from the used ring.  That costs a spurious
 * poll at most, or kicks that the driver itself needs.
 */
static bool split_pending(const struct mdev_vq *vq)
{
	const struct mdev_vq_split *s = &vq->split;
	u16 avail_idx = READ_ONCE(s->avail_idx);

	if (split_get16(&s->avail->idx) != avail_idx)
		return true;
	if (vq->event_idx)
		return split_get16((__virtio16 *)&s->used->ring[vq->num]) !=
		       avail_idx;
	return split_get16(&s->used->flags) & VRING_USED_F_NO_NOTIFY;
}

const struct mdev_vq_layout mdev_vq_split_layout = {
	.align = {
		VRING_DESC_ALIGN_SIZE,
		VRING_AVAIL_ALIGN_SIZE,
		VRING_USED_ALIGN_SIZE,
	},
	.perm = {
		MDEV_MEM_READ,
		MDEV_MEM_READ,
		MDEV_MEM_READ | MDEV_MEM_WRITE,
	},
	.map_len = split_map_len,
	.attach = split_attach,
	.set_state = split_set_state,
	.get_state = split_get_state,
	.pop = split_pop,
	.unpop = split_unpop,
	.push = split_push,
	.publish = split_publish,
	.need_signal = split_need_signal,
	.disable_notify = split_disable_notify,
	.enable_notify = split_enable_notify,
	.want_kick = split_want_kick,
	.pending = split_pending,
};
