// SPDX-License-Identifier: GPL-2.0-only
/*
 * Interrupts of a function: MSI-X, one for each virtqueue if there are enough,
 * and their callbacks.
 */

#include <linux/interrupt.h>
#include <linux/slab.h>

#include "vp_mdev.h"

/**
 * vp_mdev_config_changed() - notify the driver of a configuration change
 * @vp: the instance
 *
 * Context: any.
 */
void vp_mdev_config_changed(struct vp_mdev *vp)
{
	unsigned long flags;

	spin_lock_irqsave(&vp->config_lock, flags);
	if (vp->config_cb.callback)
		vp->config_cb.callback(vp->config_cb.private);
	spin_unlock_irqrestore(&vp->config_lock, flags);
}

static void vp_mdev_vq_interrupt(struct vp_mdev_vq *vq)
{
	spin_lock(&vq->cb_lock);
	if (vq->cb.callback) {
		WRITE_ONCE(vq->signals, vq->signals + 1);
		vq->cb.callback(vq->cb.private);
	}
	spin_unlock(&vq->cb_lock);
}

/**
 * vp_mdev_fail() - tell the driver that the device has failed
 * @vp: the instance, whose function is gone
 *
 * Context: process context.
 */
void vp_mdev_fail(struct vp_mdev *vp)
{
	struct vp_mdev_vq *vq;
	u16 i;

	for (i = 0; i < vp->nr_vqs; i++) {
		vq = &vp->vqs[i];
		spin_lock_irq(&vq->cb_lock);
		if (vq->cb.error)
			vq->cb.error(vq->cb.private);
		spin_unlock_irq(&vq->cb_lock);
	}
	vp_mdev_config_changed(vp);
}

static irqreturn_t vp_mdev_interrupt(int irq, void *data)
{
	struct vp_mdev_vector *vector = data;
	struct vp_mdev *vp = vector->vp;
	unsigned int i;

	if (vector->config)
		vp_mdev_config_changed(vp);
	for (i = vector->first; i < vp->nr_vqs; i += vp->stride)
		vp_mdev_vq_interrupt(&vp->vqs[i]);
	return IRQ_HANDLED;
}

static bool vp_mdev_shares_vectors(const struct vp_mdev *vp)
{
	return vp->nr_vectors <= vp->nr_vqs;
}

/**
 * vp_mdev_vq_vector() - the vector of a virtqueue
 * @vp: the instance
 * @idx: the virtqueue
 *
 * Return: its number in the function's table.
 */
u16 vp_mdev_vq_vector(struct vp_mdev *vp, u16 idx)
{
	return vp->nr_vectors == 1 ? 0 : 1 + idx % vp->stride;
}

static void vp_mdev_init_vector(struct vp_mdev *vp, unsigned int i)
{
	struct vp_mdev_vector *vector = &vp->vectors[i];
	const char *dev = pci_name(vp->fn->pdev);

	vector->vp = vp;
	vector->config = !i;
	if (vp->nr_vectors == 1)
		vector->first = 0;
	else
		/* The first one has no virtqueue. */
		vector->first = i ? i - 1 : vp->nr_vqs;

	if (vector->config)
		snprintf(vector->name, sizeof(vector->name),
			 "vp_mdev-%s-config", dev);
	else
		snprintf(vector->name, sizeof(vector->name), "vp_mdev-%s-vq%u",
			 dev, vector->first);
}

/**
 * vp_mdev_request_irqs() - get interrupts for the function
 * @vp: the instance; nothing of the device is set up yet
 *
 * Context: process context; sleeps.
 * Return: 0 or a negative errno.
 */
int vp_mdev_request_irqs(struct vp_mdev *vp)
{
	struct pci_dev *pdev = vp->fn->pdev;
	unsigned int i;
	int ret;

	ret = pci_alloc_irq_vectors(pdev, 1, vp->nr_vqs + 1, PCI_IRQ_MSIX);
	if (ret < 0) {
		mdev_class_error(vp->cdev,
				 "%s has no MSI-X interrupt to give (%pe): it needs at least one vector",
				 pci_name(pdev), ERR_PTR(ret));
		return ret;
	}
	vp->nr_vectors = ret;
	vp->stride = max(vp->nr_vectors - 1, 1U);
	if (vp_mdev_shares_vectors(vp))
		dev_info(&vp->cdev->dev,
			 "%u interrupts for %u virtqueues, so some are shared\n",
			 vp->nr_vectors, vp->nr_vqs);

	vp->vectors = kcalloc(vp->nr_vectors, sizeof(*vp->vectors), GFP_KERNEL);
	if (!vp->vectors) {
		ret = -ENOMEM;
		goto err_vectors;
	}

	for (i = 0; i < vp->nr_vectors; i++) {
		vp_mdev_init_vector(vp, i);
		ret = request_irq(pci_irq_vector(pdev, i), vp_mdev_interrupt, 0,
				  vp->vectors[i].name, &vp->vectors[i]);
		if (ret)
			goto err_irqs;
	}
	return 0;

err_irqs:
	while (i--)
		free_irq(pci_irq_vector(pdev, i), &vp->vectors[i]);
	kfree(vp->vectors);
err_vectors:
	pci_free_irq_vectors(pdev);
	return ret;
}

/**
 * vp_mdev_free_irqs() - undo vp_mdev_request_irqs()
 * @vp: the instance, reset
 *
 * Context: process context; sleeps until no handler runs.
 */
void vp_mdev_free_irqs(struct vp_mdev *vp)
{
	struct pci_dev *pdev = vp->fn->pdev;
	unsigned int i;

	for (i = 0; i < vp->nr_vectors; i++) {
		irq_update_affinity_hint(pci_irq_vector(pdev, i), NULL);
		free_irq(pci_irq_vector(pdev, i), &vp->vectors[i]);
	}
	kfree(vp->vectors);
	pci_free_irq_vectors(pdev);
}

/* Only an interrupt of one virtqueue can be handed on. */
int vp_mdev_get_vq_irq(struct mdev_class_device *cdev, u16 idx)
{
	struct vp_mdev *vp = to_vp_mdev(cdev);

	if (vp_mdev_shares_vectors(vp))
		return -EOPNOTSUPP;
	return pci_irq_vector(vp->fn->pdev, vp_mdev_vq_vector(vp, idx));
}

void vp_mdev_set_vq_cb(struct mdev_class_device *cdev, u16 idx,
		       const struct virtio_mdev_callback *cb)
{
	struct vp_mdev_vq *vq = &to_vp_mdev(cdev)->vqs[idx];

	spin_lock_irq(&vq->cb_lock);
	vq->cb = cb ? *cb : (struct virtio_mdev_callback) {};
	spin_unlock_irq(&vq->cb_lock);
}

void vp_mdev_set_config_cb(struct mdev_class_device *cdev,
			   const struct virtio_mdev_callback *cb)
{
	struct vp_mdev *vp = to_vp_mdev(cdev);

	spin_lock_irq(&vp->config_lock);
	vp->config_cb = cb ? *cb : (struct virtio_mdev_callback) {};
	spin_unlock_irq(&vp->config_lock);
}

/*
 * Advisory, and one mask cannot be right for all virtqueues of a shared vector.
 * Two calls for one virtqueue come from the same driver, which orders them.
 */
int vp_mdev_set_vq_affinity(struct mdev_class_device *cdev, u16 idx,
			    const struct cpumask *mask)
{
	struct vp_mdev *vp = to_vp_mdev(cdev);
	struct vp_mdev_vq *vq = &vp->vqs[idx];
	unsigned int irq;

	if (vp_mdev_shares_vectors(vp))
		return 0;

	irq = pci_irq_vector(vp->fn->pdev, vp_mdev_vq_vector(vp, idx));
	if (!mask) {
		vq->has_affinity = false;
		return irq_update_affinity_hint(irq, NULL);
	}
	/* The hint is what user space reads later, so it has to stay. */
	cpumask_copy(&vq->affinity, mask);
	vq->has_affinity = true;
	return irq_set_affinity_and_hint(irq, &vq->affinity);
}

const struct cpumask *
vp_mdev_get_vq_affinity(struct mdev_class_device *cdev, u16 idx)
{
	struct vp_mdev_vq *vq = &to_vp_mdev(cdev)->vqs[idx];

	return vq->has_affinity ? &vq->affinity : NULL;
}
