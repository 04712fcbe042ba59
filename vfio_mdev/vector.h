/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _VFIO_MDEV_VECTOR_H
#define _VFIO_MDEV_VECTOR_H

#include <linux/spinlock.h>
#include <linux/types.h>

struct eventfd_ctx;
struct vfio_mdev;

/* Bits of the interrupt status register (virtio 1.2, section 4.1.4.5) */
#define VFIO_MDEV_ISR_QUEUE	BIT(0)
#define VFIO_MDEV_ISR_CONFIG	BIT(1)

/**
 * struct vfio_mdev_vector - an MSI-X vector
 * @lock: guards what follows.  Taken with interrupts off, because a device signals
 *	from any context, and inside &mdev_session.lock.
 * @ctx: the eventfd that is signalled, NULL if there is none
 * @pending: an interrupt waits for an eventfd, or until the function may send it
 */
struct vfio_mdev_vector {
	spinlock_t lock;	/* guards what follows, see above */
	struct eventfd_ctx *ctx;
	bool pending;
};

u32 vfio_mdev_pba_offset(const struct vfio_mdev *fn);
int vfio_mdev_vectors_init(struct vfio_mdev *fn);
void vfio_mdev_vectors_uninit(struct vfio_mdev *fn);
u16 vfio_mdev_vector_index(const struct vfio_mdev *fn, u16 index);
void vfio_mdev_signal_queue(struct vfio_mdev *fn, u16 index);
void vfio_mdev_signal_config(struct vfio_mdev *fn);
void vfio_mdev_break(struct vfio_mdev *fn);
u8 vfio_mdev_isr_read(struct vfio_mdev *fn);
void vfio_mdev_vector_set(struct vfio_mdev *fn, u16 index,
			  struct eventfd_ctx *ctx);
void vfio_mdev_vector_test(struct vfio_mdev *fn, u16 index);
void vfio_mdev_vectors_mask(struct vfio_mdev *fn, bool mask);
void vfio_mdev_vectors_clear(struct vfio_mdev *fn);
void vfio_mdev_vectors_close(struct vfio_mdev *fn);

#endif /* _VFIO_MDEV_VECTOR_H */
