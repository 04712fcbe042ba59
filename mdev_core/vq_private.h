/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _MDEV_VQ_PRIVATE_H
#define _MDEV_VQ_PRIVATE_H

#include <linux/mdev_vq.h>

/* Index into &mdev_vq.maps */
enum mdev_vq_area {
	MDEV_VQ_DESC,
	MDEV_VQ_DRIVER,
	MDEV_VQ_DEVICE,
};

/**
 * struct mdev_vq_layout - a kind of virtqueue: split or packed
 * @align: what the address of an area must be a multiple of
 * @perm: how the device accesses an area, MDEV_MEM_*
 * @any_num: the ring size need not be a power of two
 * @initial: where a virtqueue begins unless its state is set
 * @map_len: bytes of an area of a ring of @vq's size
 * @check: (optional) -EINVAL if the state cannot belong to a ring of @vq's size;
 *	called before any user
 * @attach: take the addresses from &mdev_vq.maps; called before any user, or by the
 *	user
 * @set_state: the next mdev_vq_start() begins there
 * @get_state: where the virtqueue stands
 * @pop: see mdev_vq_pop(); has broken the queue if -EPROTO
 * @unpop: see mdev_vq_unpop()
 * @push: see mdev_vq_push()
 * @publish: see mdev_vq_publish()
 * @need_signal: see mdev_vq_need_signal()
 * @disable_notify: see mdev_vq_disable_notify()
 * @enable_notify: see mdev_vq_enable_notify()
 * @want_kick: see mdev_vq_want_kick()
 * @pending: see mdev_vq_pending(); may run beside the user of the queue, so it
 *	changes nothing
 *
 * @pop and what follows are called inside a read section, except @unpop, and by the
 * user of the queue, except @pending.
 */
struct mdev_vq_layout {
	u8 align[3];
	u8 perm[3];
	bool any_num;
	struct virtio_mdev_vq_state initial;
	size_t (*map_len)(const struct mdev_vq *vq, enum mdev_vq_area area);
	int (*check)(struct mdev_vq *vq);
	void (*attach)(struct mdev_vq *vq);
	void (*set_state)(struct mdev_vq *vq,
			  const struct virtio_mdev_vq_state *state);
	void (*get_state)(const struct mdev_vq *vq,
			  struct virtio_mdev_vq_state *state);
	int (*pop)(struct mdev_vq *vq, struct mdev_vq_chain *chain);
	void (*unpop)(struct mdev_vq *vq, const struct mdev_vq_chain *chain);
	void (*push)(struct mdev_vq *vq, const struct mdev_vq_chain *chain,
		     u32 len);
	void (*publish)(struct mdev_vq *vq);
	bool (*need_signal)(struct mdev_vq *vq);
	void (*disable_notify)(struct mdev_vq *vq);
	bool (*enable_notify)(struct mdev_vq *vq);
	void (*want_kick)(struct mdev_vq *vq);
	bool (*pending)(const struct mdev_vq *vq);
};

extern const struct mdev_vq_layout mdev_vq_split_layout;
extern const struct mdev_vq_layout mdev_vq_packed_layout;

/* vq.c */
void mdev_vq_set_num_max(struct mdev_vq *vq, u16 num_max);
int mdev_vq_map_again(struct mdev_vq *vq);

/* vq_break.c */
void mdev_vq_get_reason(struct mdev_vq *vq, char *buf, size_t size);

/* vq_section.c */
void mdev_vq_want_kick(struct mdev_vq *vq);

#endif /* _MDEV_VQ_PRIVATE_H */
