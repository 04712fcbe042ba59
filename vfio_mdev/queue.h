/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _VFIO_MDEV_QUEUE_H
#define _VFIO_MDEV_QUEUE_H

#include <linux/mdev_doorbell.h>
#include <linux/mdev_kick.h>
#include <linux/types.h>

struct vfio_mdev;
struct virtio_mdev_vq_state;

/**
 * struct vfio_mdev_queue - a virtqueue as the driver sets it up
 * @fn: the device; its lock guards what follows, unless said otherwise
 * @index: of the virtqueue; constant
 * @vector: its MSI-X vector, or %VIRTIO_MSI_NO_VECTOR.  Written with the lock, read
 *	by signals without.
 * @size: of the rings, in entries
 * @desc: address of the descriptor area
 * @driver: address of the driver area
 * @device: address of the device area
 * @kick: the eventfd that kicks it in place of a write
 * @kick_offset: where the user wants it to write, in the notification BAR
 * @kick_data: the value that it is to write there
 * @kick_size: of this value, in bytes
 * @doorbell: the page that kicks it
 */
struct vfio_mdev_queue {
	struct vfio_mdev *fn;
	u16 index;
	u16 vector;
	u16 size;
	u64 desc;
	u64 driver;
	u64 device;
	struct mdev_kick kick;
	u64 kick_offset;
	u64 kick_data;
	unsigned int kick_size;
	struct mdev_doorbell doorbell;
};

int vfio_mdev_queues_init(struct vfio_mdev *fn);
void vfio_mdev_queues_uninit(struct vfio_mdev *fn);
void vfio_mdev_queues_open(struct vfio_mdev *fn);
void vfio_mdev_queues_close(struct vfio_mdev *fn);
void vfio_mdev_queues_reset(struct vfio_mdev *fn);
void vfio_mdev_queues_nudge(struct vfio_mdev *fn);
struct vfio_mdev_queue *vfio_mdev_selected(struct vfio_mdev *fn);
bool vfio_mdev_queue_enabled(struct vfio_mdev_queue *queue);
int vfio_mdev_queue_start(struct vfio_mdev_queue *queue,
			  const struct virtio_mdev_vq_state *state);
void vfio_mdev_queue_enable(struct vfio_mdev_queue *queue);
void vfio_mdev_queue_reset(struct vfio_mdev_queue *queue);

#endif /* _VFIO_MDEV_QUEUE_H */
