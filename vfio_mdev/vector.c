// SPDX-License-Identifier: GPL-2.0-only
/*
 * Interrupts: MSI-X vectors, which are eventfds here, and the interrupt status.
 */

#include <linux/eventfd.h>
#include <linux/nospec.h>
#include <linux/slab.h>
#include <linux/virtio_pci.h>

#include "vector.h"
#include "vfio_mdev.h"

/**
 * vfio_mdev_vector_index() - what a vector register takes
 * @vm: the device
 * @index: what the driver writes
 *
 * Return: @index, or %VIRTIO_MSI_NO_VECTOR if there is no such vector.
 */
u16 vfio_mdev_vector_index(const struct vfio_mdev *vm, u16 index)
{
	return index < vm->nr_vectors ? index : VIRTIO_MSI_NO_VECTOR;
}

static struct vfio_mdev_vector *vfio_mdev_vector(struct vfio_mdev *vm,
						 u16 index)
{
	return &vm->vectors[array_index_nospec(index, vm->nr_vectors)];
}

/* Send what is pending, if that is possible now. */
static void vfio_mdev_vector_send(struct vfio_mdev *vm,
				  struct vfio_mdev_vector *vector)
{
	lockdep_assert_held(&vector->lock);
	if (!vector->pending || !vector->ctx || !vm->unmasked)
		return;
	vector->pending = false;
	eventfd_signal(vector->ctx);
}

/**
 * vfio_mdev_signal() - interrupt the driver
 * @vm: the device
 * @index: the vector, or %VIRTIO_MSI_NO_VECTOR
 * @isr: %VFIO_MDEV_ISR_QUEUE or %VFIO_MDEV_ISR_CONFIG: what a driver without a
 *	vector finds in the interrupt status register
 *
 * Context: any.
 */
void vfio_mdev_signal(struct vfio_mdev *vm, u16 index, int isr)
{
	struct vfio_mdev_vector *vector;
	unsigned long flags;

	if (index >= vm->nr_vectors) {
		atomic_or(isr, &vm->isr);
		return;
	}
	vector = vfio_mdev_vector(vm, index);
	spin_lock_irqsave(&vector->lock, flags);
	vector->pending = true;
	vfio_mdev_vector_send(vm, vector);
	spin_unlock_irqrestore(&vector->lock, flags);
}

/**
 * vfio_mdev_isr_read() - read the interrupt status register, which clears it
 * @vm: the device
 *
 * Return: its bits.
 */
u8 vfio_mdev_isr_read(struct vfio_mdev *vm)
{
	return atomic_xchg(&vm->isr, 0);
}

/**
 * vfio_mdev_vector_set() - set or remove the eventfd of a vector
 * @vm: the device
 * @index: the vector, less than &vfio_mdev.nr_vectors
 * @ctx: the eventfd, whose reference is taken over; NULL to remove
 *
 * An interrupt that found none is sent now.
 */
void vfio_mdev_vector_set(struct vfio_mdev *vm, u16 index,
			  struct eventfd_ctx *ctx)
{
	struct vfio_mdev_vector *vector = vfio_mdev_vector(vm, index);

	spin_lock_irq(&vector->lock);
	swap(vector->ctx, ctx);
	vfio_mdev_vector_send(vm, vector);
	spin_unlock_irq(&vector->lock);
	if (ctx)
		eventfd_ctx_put(ctx);
}

/**
 * vfio_mdev_vector_test() - signal the eventfd of a vector, for a user's test
 * @vm: the device
 * @index: the vector, less than &vfio_mdev.nr_vectors
 */
void vfio_mdev_vector_test(struct vfio_mdev *vm, u16 index)
{
	struct vfio_mdev_vector *vector = vfio_mdev_vector(vm, index);

	spin_lock_irq(&vector->lock);
	if (vector->ctx)
		eventfd_signal(vector->ctx);
	spin_unlock_irq(&vector->lock);
}

/**
 * vfio_mdev_vectors_mask() - set whether the function may interrupt
 * @vm: the device, its lock held
 * @mask: it may not; what happens meanwhile is sent when it may again
 */
void vfio_mdev_vectors_mask(struct vfio_mdev *vm, bool mask)
{
	u16 i;

	lockdep_assert_held(&vm->session.lock);
	if (vm->unmasked == !mask)
		return;
	/* Whoever signals takes a vector's lock first, so each sees it in time. */
	WRITE_ONCE(vm->unmasked, !mask);
	for (i = 0; i < vm->nr_vectors; i++) {
		spin_lock_irq(&vm->vectors[i].lock);
		vfio_mdev_vector_send(vm, &vm->vectors[i]);
		spin_unlock_irq(&vm->vectors[i].lock);
	}
}

/**
 * vfio_mdev_vectors_clear() - forget all interrupts that are pending
 * @vm: the device, reset
 */
void vfio_mdev_vectors_clear(struct vfio_mdev *vm)
{
	u16 i;

	for (i = 0; i < vm->nr_vectors; i++) {
		spin_lock_irq(&vm->vectors[i].lock);
		vm->vectors[i].pending = false;
		spin_unlock_irq(&vm->vectors[i].lock);
	}
	atomic_set(&vm->isr, 0);
}

/**
 * vfio_mdev_vectors_close() - remove all eventfds
 * @vm: the device
 */
void vfio_mdev_vectors_close(struct vfio_mdev *vm)
{
	u16 i;

	for (i = 0; i < vm->nr_vectors; i++)
		vfio_mdev_vector_set(vm, i, NULL);
}

/**
 * vfio_mdev_vectors_init() - allocate the vectors
 * @vm: the device, with their number
 *
 * Return: 0 or -ENOMEM.
 */
int vfio_mdev_vectors_init(struct vfio_mdev *vm)
{
	u16 i;

	vm->vectors = kvcalloc(vm->nr_vectors, sizeof(*vm->vectors),
			       GFP_KERNEL);
	if (!vm->vectors)
		return -ENOMEM;
	for (i = 0; i < vm->nr_vectors; i++)
		spin_lock_init(&vm->vectors[i].lock);
	return 0;
}

/**
 * vfio_mdev_vectors_uninit() - undo vfio_mdev_vectors_init()
 * @vm: the device
 */
void vfio_mdev_vectors_uninit(struct vfio_mdev *vm)
{
	kvfree(vm->vectors);
}
