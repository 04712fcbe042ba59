/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Giving up on a virtqueue.
 */
#ifndef _MDEV_VQ_BREAK_H
#define _MDEV_VQ_BREAK_H

#include <linux/compiler.h>
#include <linux/kernel.h>

#include <linux/mdev_vq.h>

bool mdev_vq_check_order(struct mdev_vq *vq, const struct mdev_vq_chain *chain,
			 u16 pos);

/* The ring whose memory the driver took away; NULL if there is none */
static inline const struct mdev_ring_map *
mdev_vq_lost(const struct mdev_vq *vq)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(vq->maps); i++)
		if (READ_ONCE(vq->maps[i].dead))
			return &vq->maps[i];
	return NULL;
}

/* Whether the user of a claimed virtqueue may touch its rings, if they are not lost */
static inline bool mdev_vq_touchable(const struct mdev_vq *vq)
{
	return !READ_ONCE(vq->broken) && !READ_ONCE(vq->away);
}

static inline void mdev_vq_break_lost(struct mdev_vq *vq,
				      const struct mdev_ring_map *lost)
{
	mdev_vq_break(vq, "its memory at %#llx was unmapped",
		      (unsigned long long)lost->iova);
}

#endif /* _MDEV_VQ_BREAK_H */
