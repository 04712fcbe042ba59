/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * An instance as an emulated virtio PCI function.
 */
#ifndef _VFIO_MDEV_H
#define _VFIO_MDEV_H

#include <linux/atomic.h>
#include <linux/mdev_session.h>
#include <linux/mdev_vfio_device.h>
#include <linux/types.h>

#include "bar.h"
#include "pci_config.h"
#include "saved.h"

struct vfio_mdev_queue;
struct vfio_mdev_stream;
struct vfio_mdev_vector;

/**
 * struct vfio_mdev - an instance as an emulated virtio PCI function
 * @vfio: the VFIO device; its reference count keeps the whole structure
 * @session: the program that has the device open.  Its lock serialises the
 *	operations of the instance and guards what follows, unless said otherwise.
 * @nvqs: number of virtqueues; constant
 * @nr_vectors: number of MSI-X vectors; constant
 * @config_size: of the device's configuration space; constant
 * @bars: what each BAR holds; constant
 * @queues: the virtqueues
 * @vectors: the MSI-X vectors, each of which has a lock of its own
 * @config_vector: the vector for changes of the configuration space.  Written with
 *	the lock, read by signals without.
 * @isr: the interrupt status register; atomic
 * @unmasked: the function may send interrupts.  Written with the lock, read with
 *	that of a vector.
 * @msix: the driver has enabled MSI-X.  Written with the lock, read by signals
 *	without.
 * @broken: the device needs a reset.  Set without the lock.
 * @decoding: the function answers accesses to its BARs.  Written with the lock, read
 *	by kicks without.
 * @pci: the PCI configuration space
 * @status: the device status as the driver has written it, without bits that were
 *	refused
 * @live: the parent has got DRIVER_OK
 * @running: the parent is live and not suspended
 * @device_select: which 32 bits of the offered features the driver reads
 * @driver_select: which 32 bits of the accepted features it reads and writes
 * @driver_features: features that the driver accepts; given to the parent with
 *	FEATURES_OK
 * @queue_select: the virtqueue that the registers show
 * @identity: what a function at another host has to have in common; constant
 * @mig_state: where the device is in VFIO's migration protocol.  Written with the lock,
 *	read by sysfs without.
 * @stopped: the device does not run, whatever the registers say, because it is being
 *	migrated
 * @loaded: the state came from another host, and the device has not run since
 * @generation: added to the generation of the device's configuration space, so that the
 *	driver sees one that goes on where it was at another host
 * @stream: the state stream that a file reads or writes, or NULL
 */
struct vfio_mdev {
	struct mdev_vfio_device vfio;
	struct mdev_session session;

	u16 nvqs;
	u16 nr_vectors;
	u32 config_size;
	struct vfio_mdev_bar bars[VFIO_MDEV_NR_BARS];
	struct vfio_mdev_queue *queues;
	struct vfio_mdev_vector *vectors;

	u16 config_vector;
	atomic_t isr;
	bool unmasked;
	bool msix;
	bool broken;
	bool decoding;

	struct vfio_mdev_pci_config pci;
	u8 status;
	bool live;
	bool running;
	u32 device_select;
	u32 driver_select;
	u64 driver_features;
	u16 queue_select;

	struct vfio_mdev_identity identity;
	enum vfio_device_mig_state mig_state;
	bool stopped;
	bool loaded;
	u8 generation;
	struct vfio_mdev_stream *stream;
};

static inline struct vfio_mdev *to_vfio_mdev(struct mdev_vfio_device *vfio)
{
	return container_of(vfio, struct vfio_mdev, vfio);
}

static inline struct mdev_class_device *vfio_mdev_cdev(struct vfio_mdev *fn)
{
	return fn->session.cdev;
}

#endif /* _VFIO_MDEV_H */
