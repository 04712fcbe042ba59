// SPDX-License-Identifier: GPL-2.0-only
/*
 * A parent for hardware: a virtio function on the PCI bus, physical or virtual,
 * becomes one mediated device.
 *
 * The driver has no table of devices, because the host needs its own disks and
 * NICs.  It takes what it is told to by driver_override or new_id.
 */

#include <linux/module.h>
#include <linux/slab.h>
#include <linux/virtio_config.h>
#include <uapi/linux/virtio_ids.h>

#include "vp_mdev.h"

/* One instance, of any class */
static unsigned int
vp_mdev_get_available(struct mdev_class_parent *parent,
		      const struct mdev_class_type *type)
{
	struct vp_mdev_function *fn = mdev_class_parent_data(parent);

	return READ_ONCE(fn->vp) ? 0 : 1;
}

static const struct mdev_class_parent_ops vp_mdev_parent_ops = {
	.owner = THIS_MODULE,
	.create = vp_mdev_create,
	.remove = vp_mdev_remove,
	.get_available = vp_mdev_get_available,
};

static const struct {
	u32 id;
	const char *name;
	const char *pretty_name;
} vp_mdev_names[] = {
	{ VIRTIO_ID_NET, "net", "network device" },
	{ VIRTIO_ID_BLOCK, "blk", "block device" },
	{ VIRTIO_ID_CONSOLE, "console", "console" },
	{ VIRTIO_ID_RNG, "rng", "entropy device" },
	{ VIRTIO_ID_SCSI, "scsi", "SCSI host" },
	{ VIRTIO_ID_VSOCK, "vsock", "socket device" },
	{ VIRTIO_ID_CRYPTO, "crypto", "crypto device" },
	{ VIRTIO_ID_FS, "fs", "file system device" },
};

static void vp_mdev_name(struct vp_mdev_function *fn)
{
	u32 id = fn->modern.id.device;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(vp_mdev_names); i++) {
		if (vp_mdev_names[i].id != id)
			continue;
		snprintf(fn->type_name, sizeof(fn->type_name), "vp_mdev-%s",
			 vp_mdev_names[i].name);
		snprintf(fn->pretty_name, sizeof(fn->pretty_name),
			 "virtio %s on the PCI bus",
			 vp_mdev_names[i].pretty_name);
		return;
	}
	snprintf(fn->type_name, sizeof(fn->type_name), "vp_mdev-id%u", id);
	snprintf(fn->pretty_name, sizeof(fn->pretty_name),
		 "virtio device %u on the PCI bus", id);
}

static void vp_mdev_describe(struct vp_mdev_function *fn)
{
	static const enum mdev_class_id classes[] = {
		MDEV_CLASS_ID_VFIO,
		MDEV_CLASS_ID_VIRTIO,
		MDEV_CLASS_ID_VHOST,
	};
	unsigned int i;

	BUILD_BUG_ON(ARRAY_SIZE(classes) != ARRAY_SIZE(fn->types));
	vp_mdev_name(fn);
	for (i = 0; i < ARRAY_SIZE(classes); i++) {
		fn->types[i].name = fn->type_name;
		fn->types[i].pretty_name = fn->pretty_name;
		fn->types[i].class_id = classes[i];
		fn->types[i].max_instances = 1;
	}
}

/*
 * The length of the first structure of a type, which is the one that counts for
 * vp_modern_probe(), too; 0 if there is none.  Tells its BAR and where it is there.
 */
static u32 vp_mdev_structure(struct pci_dev *pdev, u8 wanted, u8 *bar,
			     u32 *offset)
{
	u32 length;
	u8 type;
	int pos;

	for (pos = pci_find_capability(pdev, PCI_CAP_ID_VNDR); pos;
	     pos = pci_find_next_capability(pdev, pos, PCI_CAP_ID_VNDR)) {
		pci_read_config_byte(pdev, pos + VIRTIO_PCI_CAP_CFG_TYPE,
				     &type);
		if (type != wanted)
			continue;
		pci_read_config_byte(pdev, pos + VIRTIO_PCI_CAP_BAR, bar);
		if (*bar >= PCI_STD_NUM_BARS || !pci_resource_len(pdev, *bar))
			continue;
		pci_read_config_dword(pdev, pos + VIRTIO_PCI_CAP_OFFSET,
				      offset);
		pci_read_config_dword(pdev, pos + VIRTIO_PCI_CAP_LENGTH,
				      &length);
		return length;
	}
	return 0;
}

static void vp_mdev_find_structures(struct vp_mdev_function *fn)
{
	struct pci_dev *pdev = fn->pdev;
	u32 offset, length;
	u8 bar;

	/* A device may offer the feature and not have the registers. */
	fn->ring_reset = vp_mdev_structure(pdev, VIRTIO_PCI_CAP_COMMON_CFG,
					   &bar, &offset) >=
			 offsetofend(struct virtio_pci_modern_common_cfg,
				     queue_reset);

	length = vp_mdev_structure(pdev, VIRTIO_PCI_CAP_NOTIFY_CFG, &bar,
				   &offset);
	if (!length || !(pci_resource_flags(pdev, bar) & IORESOURCE_MEM) ||
	    offset >= pci_resource_len(pdev, bar))
		return;
	/* The function may claim more than it has. */
	fn->notify_start = pci_resource_start(pdev, bar) + offset;
	fn->notify_length = min_t(u64, length,
				  pci_resource_len(pdev, bar) - offset);
}

static int vp_mdev_probe(struct pci_dev *pdev, const struct pci_device_id *id)
{
	struct vp_mdev_function *fn;
	int ret;

	fn = kzalloc(sizeof(*fn), GFP_KERNEL);
	if (!fn)
		return -ENOMEM;
	mutex_init(&fn->lock);
	fn->pdev = pdev;
	fn->modern.pci_dev = pdev;

	ret = pci_enable_device(pdev);
	if (ret) {
		pci_err(pdev, "cannot be enabled: %pe\n", ERR_PTR(ret));
		goto err_free;
	}

	ret = vp_modern_probe(&fn->modern);
	if (ret) {
		pci_err(pdev,
			"no virtio function with the interface of virtio 1.0 or later: %pe; a legacy one cannot be used (QEMU has disable-legacy=on)\n",
			ERR_PTR(ret));
		goto err_disable;
	}
	vp_mdev_find_structures(fn);

	/* It may have been left by another driver, or by the firmware. */
	ret = vp_mdev_reset_function(fn);
	if (ret)
		goto err_remove;

	vp_mdev_describe(fn);
	pci_set_drvdata(pdev, fn);
	/* For vp_mdev_err_handler: after an error it is too late to save it. */
	pci_save_state(pdev);
	fn->parent = mdev_class_register_parent(&pdev->dev, &vp_mdev_parent_ops,
						fn->types,
						ARRAY_SIZE(fn->types), fn);
	if (IS_ERR(fn->parent)) {
		ret = PTR_ERR(fn->parent);
		goto err_remove;
	}
	return 0;

err_remove:
	vp_modern_remove(&fn->modern);
err_disable:
	pci_disable_device(pdev);
err_free:
	mutex_destroy(&fn->lock);
	kfree(fn);
	return ret;
}

/* Waits until the user of the instance, if there is one, has closed it. */
static void vp_mdev_unbind(struct pci_dev *pdev)
{
	struct vp_mdev_function *fn = pci_get_drvdata(pdev);

	/* A driver may be waiting for an answer that will never come. */
	mutex_lock(&fn->lock);
	vp_mdev_not_away(fn);
	if (fn->vp && vp_mdev_gone(fn))
		vp_mdev_fail(fn->vp);
	mutex_unlock(&fn->lock);

	mdev_class_unregister_parent(fn->parent);
	vp_modern_remove(&fn->modern);
	pci_disable_device(pdev);
	mutex_destroy(&fn->lock);
	kfree(fn);
}

static struct pci_driver vp_mdev_driver = {
	.name = "vp_mdev",
	.probe = vp_mdev_probe,
	.remove = vp_mdev_unbind,
	.shutdown = vp_mdev_shutdown,
	.err_handler = &vp_mdev_err_handler,
	.driver.pm = pm_sleep_ptr(&vp_mdev_pm_ops),
	/*
	 * The IOMMU is for a user's address space if the instance is of class
	 * VHOST.  If it is not, nobody else has a device in the group.
	 */
	.driver_managed_dma = true,
};
module_pci_driver(vp_mdev_driver);

MODULE_DESCRIPTION("Mediated devices of virtio functions on the PCI bus");
MODULE_AUTHOR("virtio-mdev developers");
MODULE_VERSION(VIRTIO_MDEV_VERSION);
MODULE_LICENSE("GPL");
