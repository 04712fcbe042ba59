// SPDX-License-Identifier: GPL-2.0-only
/*
 * Interrupts: MSI-X vectors, which are eventfds here, and the interrupt status.
 */

#include <linux/eventfd.h>
#include <linux/nospec.h>
#include <linux/pci_regs.h>
#include <linux/sizes.h>
#include <linux/slab.h>
#include <linux/virtio_pci.h>

#include "vector.h"
#include "vfio_mdev.h"

/**
 * vfio_mdev_vector_index() - what a vector register takes
 * @fn: the device
 * @index: what the driver writes
 *
 * Return: @index, or %VIRTIO_MSI_NO_VECTOR if there is no such vector.
 */
u16 vfio_mdev_vector_index(const struct vfio_mdev *fn, u16 index)
{
	return index < fn->nr_vectors ? index : VIRTIO_MSI_NO_VECTOR;
}

static struct vfio_mdev_vector *vfio_mdev_vector(struct vfio_mdev *fn,
						 u16 index)
{
	return &fn->vectors[array_index_nospec(index, fn->nr_vectors)];
}

/* Send what is pending, if that is possible now. */
static void vfio_mdev_vector_send(struct vfio_mdev *fn,
				  struct vfio_mdev_vector *vector)
{
	lockdep_assert_held(&vector->lock);
	if (!vector->pending || !vector->ctx || !READ_ONCE(fn->unmasked))
		return;
	vector->pending = false;
	eventfd_signal(vector->ctx);
}

static void vfio_mdev_signal(struct vfio_mdev *fn, u16 index)
{
	struct vfio_mdev_vector *vector;
	unsigned long flags;

	if (index >= fn->nr_vectors)
		return;
	vector = vfio_mdev_vector(fn, index);
	spin_lock_irqsave(&vector->lock, flags);
	vector->pending = true;
	vfio_mdev_vector_send(fn, vector);
	spin_unlock_irqrestore(&vector->lock, flags);
}

/**
 * vfio_mdev_signal_queue() - tell the driver of used buffers
 * @fn: the device
 * @index: the vector of the virtqueue, or %VIRTIO_MSI_NO_VECTOR
 *
 * The interrupt status is for drivers that have no MSI-X (virtio 1.2, section
 * 4.1.4.5.1).
 *
 * Context: any.
 */
void vfio_mdev_signal_queue(struct vfio_mdev *fn, u16 index)
{
	if (index >= fn->nr_vectors || !READ_ONCE(fn->msix))
		atomic_or(VFIO_MDEV_ISR_QUEUE, &fn->isr);
	vfio_mdev_signal(fn, index);
}

/**
 * vfio_mdev_signal_config() - tell the driver that configuration or status changed
 * @fn: the device
 *
 * Context: any.
 */
void vfio_mdev_signal_config(struct vfio_mdev *fn)
{
	atomic_or(VFIO_MDEV_ISR_CONFIG, &fn->isr);
	vfio_mdev_signal(fn, READ_ONCE(fn->config_vector));
}

/**
 * vfio_mdev_break() - the device needs a reset, and its driver is told
 * @fn: the device
 *
 * Context: any.
 */
void vfio_mdev_break(struct vfio_mdev *fn)
{
	WRITE_ONCE(fn->broken, true);
	vfio_mdev_signal_config(fn);
}

/**
 * vfio_mdev_isr_read() - read the interrupt status register, which clears it
 * @fn: the device
 *
 * Return: its bits.
 */
u8 vfio_mdev_isr_read(struct vfio_mdev *fn)
{
	return atomic_xchg(&fn->isr, 0);
}

/**
 * vfio_mdev_vector_set() - set or remove the eventfd of a vector
 * @fn: the device
 * @index: the vector, less than &vfio_mdev.nr_vectors
 * @ctx: the eventfd, whose reference is taken over; NULL to remove
 *
 * An interrupt that found none is sent now.
 */
void vfio_mdev_vector_set(struct vfio_mdev *fn, u16 index,
			  struct eventfd_ctx *ctx)
{
	struct vfio_mdev_vector *vector = vfio_mdev_vector(fn, index);

	spin_lock_irq(&vector->lock);
	swap(vector->ctx, ctx);
	vfio_mdev_vector_send(fn, vector);
	spin_unlock_irq(&vector->lock);
	if (ctx)
		eventfd_ctx_put(ctx);
}

/**
 * vfio_mdev_vector_test() - signal the eventfd of a vector, for a user's test
 * @fn: the device
 * @index: the vector, less than &vfio_mdev.nr_vectors
 */
void vfio_mdev_vector_test(struct vfio_mdev *fn, u16 index)
{
	struct vfio_mdev_vector *vector = vfio_mdev_vector(fn, index);

	spin_lock_irq(&vector->lock);
	if (vector->ctx)
		eventfd_signal(vector->ctx);
	spin_unlock_irq(&vector->lock);
}

/**
 * vfio_mdev_vectors_mask() - set whether the function may interrupt
 * @fn: the device, its lock held
 * @mask: it may not; what happens meanwhile is sent when it may again
 */
void vfio_mdev_vectors_mask(struct vfio_mdev *fn, bool mask)
{
	u16 i;

	lockdep_assert_held(&fn->session.lock);
	if (fn->unmasked == !mask)
		return;
	/*
	 * Whoever signals later, under the lock of a vector, sees the new value.
	 * What was signalled before is found below.
	 */
	WRITE_ONCE(fn->unmasked, !mask);
	for (i = 0; i < fn->nr_vectors; i++) {
		spin_lock_irq(&fn->vectors[i].lock);
		vfio_mdev_vector_send(fn, &fn->vectors[i]);
		spin_unlock_irq(&fn->vectors[i].lock);
	}
}

/**
 * vfio_mdev_vectors_clear() - forget all interrupts that are pending
 * @fn: the device, reset, its lock held
 */
void vfio_mdev_vectors_clear(struct vfio_mdev *fn)
{
	u16 i;

	lockdep_assert_held(&fn->session.lock);
	for (i = 0; i < fn->nr_vectors; i++) {
		spin_lock_irq(&fn->vectors[i].lock);
		fn->vectors[i].pending = false;
		spin_unlock_irq(&fn->vectors[i].lock);
	}
	atomic_set(&fn->isr, 0);
}

/**
 * vfio_mdev_vectors_close() - remove all eventfds
 * @fn: the device, its lock held
 */
void vfio_mdev_vectors_close(struct vfio_mdev *fn)
{
	u16 i;

	lockdep_assert_held(&fn->session.lock);
	for (i = 0; i < fn->nr_vectors; i++)
		vfio_mdev_vector_set(fn, i, NULL);
}

/**
 * vfio_mdev_pba_offset() - where the pending bits are in their BAR
 * @fn: the device
 *
 * They have a page of their own after the table.
 *
 * Return: the offset in bytes.
 */
u32 vfio_mdev_pba_offset(const struct vfio_mdev *fn)
{
	return round_up(fn->nr_vectors * PCI_MSIX_ENTRY_SIZE, SZ_4K);
}

/**
 * vfio_mdev_vectors_init() - allocate the vectors
 * @fn: the device, with their number
 *
 * Return: 0 or -ENOMEM.
 */
int vfio_mdev_vectors_init(struct vfio_mdev *fn)
{
	u16 i;

	fn->vectors = kvcalloc(fn->nr_vectors, sizeof(*fn->vectors),
			       GFP_KERNEL);
	if (!fn->vectors)
		return -ENOMEM;
	for (i = 0; i < fn->nr_vectors; i++)
		spin_lock_init(&fn->vectors[i].lock);
	return 0;
}

/**
 * vfio_mdev_vectors_uninit() - undo vfio_mdev_vectors_init()
 * @fn: the device
 */
void vfio_mdev_vectors_uninit(struct vfio_mdev *fn)
{
	kvfree(fn->vectors);
}
