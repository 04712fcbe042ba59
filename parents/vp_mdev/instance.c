// SPDX-License-Identifier: GPL-2.0-only
/*
 * The instance of a function: what the function must have for one, and how it
 * comes and goes.
 */

#include <linux/iommu.h>
#include <linux/slab.h>
#include <linux/virtio_config.h>
#include <uapi/linux/virtio_ring.h>

#include "vp_mdev.h"

static int vp_mdev_count(struct device *dev, void *data)
{
	unsigned int *count = data;

	(*count)++;
	return 0;
}

/*
 * A driver of the kernel uses the group's default domain.  VFIO and the char device
 * attach one of their own.
 */
static void vp_mdev_warn_identity(struct mdev_class_device *cdev,
				  struct pci_dev *pdev, int group)
{
	struct iommu_domain *domain = iommu_get_domain_for_dev(&pdev->dev);

	if (cdev->class_id == MDEV_CLASS_ID_VIRTIO && domain &&
	    domain->type == IOMMU_DOMAIN_IDENTITY)
		dev_warn(&cdev->dev,
			 "the IOMMU passes the DMA of %s on as it is: boot without iommu=pt, or write DMA to /sys/kernel/iommu_groups/%d/type\n",
			 pci_name(pdev), group);
}

/*
 * The memory of the host is safe from the function only behind an IOMMU, and the
 * memory of the driver from others only if nobody else uses its address space.
 */
static int vp_mdev_check_iommu(struct mdev_class_device *cdev,
			       struct pci_dev *pdev)
{
	struct iommu_group *group;
	unsigned int count = 0;
	int id;

	group = iommu_group_get(&pdev->dev);
	if (!group) {
		mdev_class_error(cdev,
				 "%s is behind no IOMMU: enable it in the firmware and by intel_iommu=on or its like on the kernel's command line",
				 pci_name(pdev));
		return -EOPNOTSUPP;
	}
	id = iommu_group_id(group);
	iommu_group_for_each_dev(group, &count, vp_mdev_count);
	iommu_group_put(group);
	if (count == 1) {
		vp_mdev_warn_identity(cdev, pdev, id);
		return 0;
	}

	mdev_class_error(cdev,
			 "%s shares IOMMU group %d with %u more: use another slot or function, see /sys/kernel/iommu_groups/%d/devices",
			 pci_name(pdev), id, count - 1, id);
	return -EOPNOTSUPP;
}

static u64 vp_mdev_features(struct vp_mdev_function *fn)
{
	u64 carried = ~VIRTIO_MDEV_TRANSPORT_FEATURES |
		      VIRTIO_MDEV_RING_FEATURES |
		      BIT_ULL(VIRTIO_F_ACCESS_PLATFORM);

	if (fn->ring_reset)
		carried |= BIT_ULL(VIRTIO_F_RING_RESET);
	return vp_modern_get_features(&fn->modern) & carried;
}

static int vp_mdev_check_features(struct mdev_class_device *cdev,
				  struct pci_dev *pdev, u64 features)
{
	if (!(features & BIT_ULL(VIRTIO_F_VERSION_1))) {
		mdev_class_error(cdev,
				 "%s does not offer VIRTIO_F_VERSION_1: a legacy function cannot be used",
				 pci_name(pdev));
		return -EOPNOTSUPP;
	}
	if (!(features & BIT_ULL(VIRTIO_F_ACCESS_PLATFORM))) {
		mdev_class_error(cdev,
				 "%s does not offer VIRTIO_F_ACCESS_PLATFORM, so no IOMMU confines it: have it do so (QEMU: iommu_platform=on)",
				 pci_name(pdev));
		return -EOPNOTSUPP;
	}
	return 0;
}

/*
 * How many virtqueues there are with all features taken: some devices count only
 * those that the features which were written last have a use for.
 */
static u16 vp_mdev_count_vqs(struct vp_mdev_function *fn, u64 features)
{
	vp_modern_set_status(&fn->modern, VIRTIO_CONFIG_S_ACKNOWLEDGE |
					  VIRTIO_CONFIG_S_DRIVER);
	vp_modern_set_features(&fn->modern, features);
	return vp_modern_get_num_queues(&fn->modern);
}

static void vp_mdev_unmap_vqs(struct vp_mdev *vp)
{
	u16 i;

	/* else they are parts of one mapping */
	if (vp->modern->notify_base)
		return;
	for (i = 0; i < vp->nr_vqs; i++)
		if (vp->vqs[i].notify)
			pci_iounmap(vp->fn->pdev, vp->vqs[i].notify);
}

static int vp_mdev_map_vqs(struct vp_mdev *vp)
{
	struct vp_mdev_vq *vq;
	u16 i;

	for (i = 0; i < vp->nr_vqs; i++) {
		vq = &vp->vqs[i];
		spin_lock_init(&vq->cb_lock);
		vq->notify = vp_modern_map_vq_notify(vp->modern, i,
						     &vq->notify_pa);
		if (vq->notify)
			continue;
		mdev_class_error(vp->cdev,
				 "%s has no doorbell for virtqueue %u",
				 pci_name(vp->fn->pdev), i);
		vp_mdev_unmap_vqs(vp);
		return -EINVAL;
	}
	return 0;
}

static struct vp_mdev *vp_mdev_alloc(struct mdev_class_device *cdev,
				     struct vp_mdev_function *fn)
{
	struct pci_dev *pdev = fn->pdev;
	struct vp_mdev *vp;
	u64 features;
	u16 nr_vqs;
	int ret;

	features = vp_mdev_features(fn);
	ret = vp_mdev_check_features(cdev, pdev, features);
	if (ret)
		return ERR_PTR(ret);

	nr_vqs = vp_mdev_count_vqs(fn, features);
	if (!nr_vqs || nr_vqs == U16_MAX) {
		mdev_class_error(cdev, "%s claims to have %u virtqueues",
				 pci_name(pdev), nr_vqs);
		return ERR_PTR(-EIO);
	}

	vp = kvzalloc(struct_size(vp, vqs, nr_vqs), GFP_KERNEL);
	if (!vp)
		return ERR_PTR(-ENOMEM);
	vp->nr_vqs = nr_vqs;
	vp->fn = fn;
	vp->modern = &fn->modern;
	vp->cdev = cdev;
	vp->possible = features;
	vp->features = features;
	spin_lock_init(&vp->config_lock);
	spin_lock_init(&vp->seen_lock);
	mutex_init(&vp->select_lock);

	ret = -ENOMEM;
	vp->seen = kvzalloc(vp->modern->device_len, GFP_KERNEL);
	if (!vp->seen)
		goto err_free;
	vp_mdev_load_config(vp, 0, vp->seen, vp->modern->device_len);
	ret = vp_mdev_map_vqs(vp);
	if (ret)
		goto err_free;
	ret = vp_mdev_reset_function(fn);
	if (ret)
		goto err_unmap;
	ret = vp_mdev_request_irqs(vp);
	if (ret)
		goto err_unmap;
	return vp;

err_unmap:
	vp_mdev_unmap_vqs(vp);
err_free:
	kvfree(vp->seen);
	kvfree(vp);
	return ERR_PTR(ret);
}

/**
 * vp_mdev_create() - make the instance of a function
 * @cdev: the instance
 *
 * Return: 0; -EBUSY if the function has an instance already, of whichever class;
 * -EOPNOTSUPP if it cannot have one, for reasons that the log tells; another
 * negative errno.
 */
int vp_mdev_create(struct mdev_class_device *cdev)
{
	struct vp_mdev_function *fn = mdev_class_parent_data(cdev->parent);
	struct vp_mdev *vp;
	int ret;

	ret = vp_mdev_check_iommu(cdev, fn->pdev);
	if (ret)
		return ret;

	mutex_lock(&fn->lock);
	if (fn->vp) {
		mdev_class_error(cdev, "%s is in use by %s: remove that first",
				 pci_name(fn->pdev), dev_name(&fn->vp->cdev->dev));
		ret = -EBUSY;
		goto out;
	}
	if (vp_mdev_away(fn)) {
		mdev_class_error(cdev,
				 "%s is being reset, or did not recover from an error of the bus",
				 pci_name(fn->pdev));
		ret = -EBUSY;
		goto out;
	}
	vp = vp_mdev_alloc(cdev, fn);
	if (IS_ERR(vp)) {
		ret = PTR_ERR(vp);
		goto out;
	}
	WRITE_ONCE(fn->vp, vp);
	mdev_class_set_data(cdev, vp);
	mdev_class_set_virtio_ops(cdev, vp->features &
					BIT_ULL(VIRTIO_F_RING_RESET) ?
					&vp_mdev_ops_vq_reset : &vp_mdev_ops);
	/* Reset, it is silent until a driver sets it up. */
	pci_set_master(fn->pdev);
out:
	mutex_unlock(&fn->lock);
	return ret;
}

/**
 * vp_mdev_remove() - undo vp_mdev_create()
 * @cdev: the instance, which was reset by the class driver
 */
void vp_mdev_remove(struct mdev_class_device *cdev)
{
	struct vp_mdev *vp = to_vp_mdev(cdev);
	struct vp_mdev_function *fn = vp->fn;

	mutex_lock(&fn->lock);
	/* Even if it could not be reset */
	pci_clear_master(fn->pdev);
	vp_mdev_free_irqs(vp);
	vp_mdev_unmap_vqs(vp);
	WRITE_ONCE(fn->vp, NULL);
	kvfree(vp->seen);
	kvfree(vp);
	mutex_unlock(&fn->lock);
}
