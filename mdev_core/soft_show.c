// SPDX-License-Identifier: GPL-2.0-only
/*
 * Software devices: what a virtqueue is doing now, for debugfs.
 *
 * Everything is the device's own, because the driver could change what is in the
 * rings at any time.  Numbers are read one by one beside the user of the queue, which
 * must not be held up: they need not be of the same moment.
 */

#include <linux/minmax.h>
#include <linux/seq_file.h>

#include "soft_private.h"
#include "vq_private.h"

static const char *mdev_soft_vq_state(const struct mdev_vq *vq)
{
	if (!READ_ONCE(vq->started))
		return "stopped";
	if (READ_ONCE(vq->broken))
		return "broken";
	if (READ_ONCE(vq->away))
		return "waits for its memory";
	return mdev_vq_is_live(vq) ? "live" : "paused";
}

static void mdev_soft_show_split(const struct mdev_vq *vq, struct seq_file *m)
{
	const struct mdev_vq_split *s = &vq->split;
	/* First what follows, so that it is not ahead of what it follows */
	u16 published = READ_ONCE(s->published);
	u16 used = READ_ONCE(s->used_idx);
	u16 taken = READ_ONCE(s->avail_idx);

	seq_printf(m, "available: next %u, seen %u\n", taken,
		   READ_ONCE(s->avail_seen));
	seq_printf(m, "used: next %u, published %u\n", used, published);
	seq_printf(m, "in flight: %u chains\n",
		   min_t(u16, taken - published, mdev_vq_num(vq)));
}

static void mdev_soft_show_packed_at(struct seq_file *m, const char *name,
				     u16 pos)
{
	seq_printf(m, "%s %u wrap %u", name, pos & 0x7fff, pos >> 15);
}

static void mdev_soft_show_packed(const struct mdev_vq *vq, struct seq_file *m)
{
	const struct mdev_vq_packed *p = &vq->packed;

	mdev_soft_show_packed_at(m, "available: next", READ_ONCE(p->avail));
	seq_putc(m, '\n');
	mdev_soft_show_packed_at(m, "used: next", READ_ONCE(p->used));
	mdev_soft_show_packed_at(m, ", published", READ_ONCE(p->published));
	seq_putc(m, '\n');
	seq_printf(m, "in flight: %u descriptors\n", READ_ONCE(p->in_hand));
}

static void mdev_soft_show_reason(struct mdev_vq *vq, struct seq_file *m)
{
	char reason[MDEV_VQ_REASON_LEN];

	mdev_vq_get_reason(vq, reason, sizeof(reason));
	seq_printf(m, "broken: %lld times\n",
		   (long long)atomic64_read(&vq->counters.errors));
	if (reason[0])
		seq_printf(m, "last reason: %s\n", reason);
}

/**
 * mdev_soft_show_vq() - &virtio_mdev_ops.show_vq of software devices
 * @cdev: the instance
 * @idx: index of the virtqueue
 * @m: where to write
 */
void mdev_soft_show_vq(struct mdev_class_device *cdev, u16 idx,
		       struct seq_file *m)
{
	struct mdev_vq *vq = mdev_soft_vq(mdev_soft_of(cdev), idx);
	bool packed = READ_ONCE(vq->layout) == &mdev_vq_packed_layout;

	seq_printf(m, "largest size: %u\n", READ_ONCE(vq->num_max));
	seq_printf(m, "size: %u\n", mdev_vq_num(vq));
	seq_printf(m, "ready: %s\n", mdev_vq_is_ready(vq) ? "yes" : "no");
	seq_printf(m, "state: %s\n", mdev_soft_vq_state(vq));
	seq_printf(m, "being served: %s\n",
		   atomic_read(&vq->users) ? "yes" : "no");
	seq_printf(m, "layout: %s\n", packed ? "packed" : "split");
	seq_printf(m, "addresses: %#llx %#llx %#llx\n",
		   READ_ONCE(vq->desc_area), READ_ONCE(vq->driver_area),
		   READ_ONCE(vq->device_area));
	/* If the features change meanwhile, these are numbers without a meaning. */
	if (packed)
		mdev_soft_show_packed(vq, m);
	else
		mdev_soft_show_split(vq, m);
	mdev_soft_show_reason(vq, m);
}
