/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Software network devices: the receive buffers of the driver that a frame goes to.
 *
 * Inline, because that is done for each frame.
 */
#ifndef _LINUX_MDEV_SOFT_NET_BUFS_H
#define _LINUX_MDEV_SOFT_NET_BUFS_H

#include <linux/errno.h>
#include <linux/minmax.h>
#include <linux/types.h>

#include <linux/mdev_soft_net.h>
#include <linux/mdev_vq.h>
#include <linux/mdev_vq_section.h>

/* Buffers of the driver that one frame may take */
#define MDEV_SOFT_NET_MAX_MERGE		256

/**
 * struct mdev_soft_net_bufs - the receive buffers of the driver that a frame goes to
 * @chains: the buffers
 * @segs: their pieces, one array for all, so that they are written as one
 * @nr: how many of @chains are taken
 * @nr_segs: how many of @segs are
 * @nr_descs: how many descriptors were read for them
 *
 * Belongs to the user of the receive queue.
 */
struct mdev_soft_net_bufs {
	struct mdev_vq_chain *chains;
	struct mdev_vq_seg *segs;
	unsigned int nr;
	unsigned int nr_segs;
	unsigned int nr_descs;
};

int mdev_soft_net_bufs_alloc(struct mdev_soft_net_bufs *bufs, gfp_t gfp);
void mdev_soft_net_bufs_free(struct mdev_soft_net_bufs *bufs);

/*
 * Whether the driver has no buffer left to add: it gets none back until those that
 * are taken are used.
 */
static inline bool
mdev_soft_net_bufs_all_taken(const struct mdev_soft_net *net,
			     const struct mdev_soft_net_bufs *bufs,
			     const struct mdev_vq *vq)
{
	u16 num = mdev_vq_num(vq);

	return bufs->nr == num ||
	       (!mdev_soft_net_has(net, VIRTIO_RING_F_INDIRECT_DESC) &&
		bufs->nr_descs == num);
}

/**
 * mdev_soft_net_bufs_take() - take buffers for a frame
 * @net: the device
 * @bufs: takes them; has none that anybody still wants
 * @section: the section in which @vq is served
 * @vq: the driver's receive queue
 * @len: of the frame, with its header
 *
 * Context: as mdev_vq_section_pop().
 * Return: 0; -ENOBUFS if there are too few; -EMSGSIZE if there can never be enough; or an
 * error of mdev_vq_section_pop().  After an error those that were taken still are, and
 * &mdev_soft_net_bufs.nr_descs says what it has cost.
 */
static inline int mdev_soft_net_bufs_take(struct mdev_soft_net *net,
					  struct mdev_soft_net_bufs *bufs,
					  struct mdev_vq_section *section,
					  struct mdev_vq *vq, u32 len)
{
	bool merge = mdev_soft_net_has(net, VIRTIO_NET_F_MRG_RXBUF);
	struct mdev_vq_chain *chain;
	u32 room = 0;
	int ret;

	bufs->nr = 0;
	bufs->nr_segs = 0;
	bufs->nr_descs = 0;
	do {
		/* Not by segments: a descriptor of no bytes has none. */
		if (bufs->nr == (merge ? MDEV_SOFT_NET_MAX_MERGE : 1) ||
		    bufs->nr_descs > MDEV_VQ_MAX_SEGS)
			return -EMSGSIZE;

		chain = &bufs->chains[bufs->nr];
		chain->segs = bufs->segs + bufs->nr_segs;
		chain->max_segs = MDEV_VQ_MAX_SEGS;
		ret = mdev_vq_section_pop(section, vq, chain);
		if (ret < 0)
			return ret;
		if (!ret)
			return mdev_soft_net_bufs_all_taken(net, bufs, vq) ?
			       -EMSGSIZE : -ENOBUFS;
		bufs->nr++;
		bufs->nr_segs += chain->nr_in;
		bufs->nr_descs += chain->nr_descs;
		if (unlikely(chain->nr_out ||
			     (!room && chain->in_len < MDEV_SOFT_NET_HDR_LEN))) {
			mdev_vq_break(vq,
				      "a receive buffer of %u bytes to write and %u to read",
				      chain->in_len, chain->out_len);
			return -EPROTO;
		}
		/* Cannot overflow: less than @len before */
		room = min_t(u64, (u64)room + chain->in_len, len);
	} while (room < len);
	return 0;
}

/**
 * mdev_soft_net_bufs_return() - give the buffers back that were taken
 * @bufs: the buffers, none afterwards
 * @vq: the driver's receive queue
 *
 * Context: as mdev_vq_unpop().
 */
static inline void mdev_soft_net_bufs_return(struct mdev_soft_net_bufs *bufs,
					     struct mdev_vq *vq)
{
	while (bufs->nr)
		mdev_vq_unpop(vq, &bufs->chains[--bufs->nr]);
}

/**
 * mdev_soft_net_bufs_push() - mark the buffers used
 * @bufs: the buffers, none afterwards
 * @vq: the driver's receive queue
 * @len: bytes in all of them
 *
 * Context: as mdev_vq_push().
 */
static inline void mdev_soft_net_bufs_push(struct mdev_soft_net_bufs *bufs,
					   struct mdev_vq *vq, u32 len)
{
	unsigned int i;
	u32 n;

	for (i = 0; i < bufs->nr; i++) {
		n = min(len, bufs->chains[i].in_len);
		mdev_vq_push(vq, &bufs->chains[i], n);
		len -= n;
	}
	bufs->nr = 0;
}

#endif /* _LINUX_MDEV_SOFT_NET_BUFS_H */
