/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the state stream of a function says, as plain numbers.  Nothing here knows of
 * the kernel's objects, so that it is compiled in user space and tested there, too.
 */
#ifndef _VFIO_MDEV_SAVED_H
#define _VFIO_MDEV_SAVED_H

#include <linux/mdev_state.h>
#include <linux/types.h>

/* Of the PCI configuration space */
#define VFIO_MDEV_SAVED_PCI	256

/* For what the parent saves, and what later versions may add, in bytes */
#define VFIO_MDEV_SAVED_SPARE	16384

/**
 * struct vfio_mdev_identity - what the functions at both hosts have in common
 * @device_id: virtio device id
 * @vendor_id: PCI subsystem vendor id
 * @features: what the device offers
 * @config_size: of the device's configuration space, in bytes
 * @nvqs: number of virtqueues
 * @nr_vectors: number of MSI-X vectors
 * @sizes: the largest size of each virtqueue
 */
struct vfio_mdev_identity {
	u32 device_id;
	u32 vendor_id;
	u64 features;
	u32 config_size;
	u16 nvqs;
	u16 nr_vectors;
	u16 *sizes;
};

/**
 * struct vfio_mdev_saved_queue - a virtqueue
 * @size: of the rings, in entries
 * @vector: its MSI-X vector, or VIRTIO_MSI_NO_VECTOR
 * @enabled: the parent serves it, or will with DRIVER_OK
 * @avail: where it stands: the next entry of the available ring, or the next available
 *	descriptor of a packed one with its wrap counter in bit 15
 * @used: the next used descriptor of a packed one with its wrap counter in bit 15;
 *	else as @avail
 * @desc: address of the descriptor area
 * @driver: address of the driver area
 * @device: address of the device area
 */
struct vfio_mdev_saved_queue {
	u16 size;
	u16 vector;
	bool enabled;
	u16 avail;
	u16 used;
	u64 desc;
	u64 driver;
	u64 device;
};

/**
 * struct vfio_mdev_saved - the state of a function
 * @status: the device status as the driver has written it
 * @broken: the device needs a reset
 * @isr: the interrupt status register
 * @generation: of the device's configuration space, as the driver sees it
 * @config_vector: the vector for changes of it, or VIRTIO_MSI_NO_VECTOR
 * @queue_select: the virtqueue that the registers show
 * @device_select: which 32 bits of the offered features the driver reads
 * @driver_select: which 32 bits of the accepted features it reads and writes
 * @driver_features: the register by which the driver accepts features
 * @features: what it had accepted with FEATURES_OK; 0 without
 * @queues: the virtqueues, as many as the identity says; memory of the caller's
 * @pci: the PCI configuration space, VFIO_MDEV_SAVED_PCI bytes
 * @config: the device's configuration space, as long as the identity says, or NULL
 * @own: what the parent saved
 * @own_len: how many bytes these are
 */
struct vfio_mdev_saved {
	u8 status;
	bool broken;
	u8 isr;
	u8 generation;
	u16 config_vector;
	u16 queue_select;
	u32 device_select;
	u32 driver_select;
	u64 driver_features;
	u64 features;
	struct vfio_mdev_saved_queue *queues;
	const u8 *pci;
	const u8 *config;
	const u8 *own;
	size_t own_len;
};

/**
 * struct vfio_mdev_unfit - why a stream is refused
 * @what: a part of a sentence
 * @theirs: the number that the stream has
 * @ours: the one that this function has, or a limit
 */
struct vfio_mdev_unfit {
	const char *what;
	u64 theirs;
	u64 ours;
};

size_t vfio_mdev_saved_max(const struct vfio_mdev_identity *id);
size_t vfio_mdev_saved_guess(const struct vfio_mdev_identity *id);
void vfio_mdev_saved_put_identity(struct mdev_state_writer *w,
				  const struct vfio_mdev_identity *id);
void vfio_mdev_saved_put(struct mdev_state_writer *w,
			 const struct vfio_mdev_identity *id,
			 const struct vfio_mdev_saved *saved);
int vfio_mdev_saved_walk(const struct vfio_mdev_identity *id, const u8 *buf,
			 size_t len, size_t *next,
			 struct vfio_mdev_unfit *unfit);
int vfio_mdev_saved_get(const struct vfio_mdev_identity *id, const u8 *buf,
			size_t len, struct vfio_mdev_saved *saved,
			struct vfio_mdev_unfit *unfit);

#endif /* _VFIO_MDEV_SAVED_H */
