// SPDX-License-Identifier: GPL-2.0-only
/*
 * For tests of what a driver does when the host shuts down: loaded with
 * function=0000:00:10.0, does to that function what a shutdown does, and the host
 * stays up to be looked at.
 */

#include <linux/device.h>
#include <linux/module.h>
#include <linux/pci.h>

static char *function;
module_param(function, charp, 0444);
MODULE_PARM_DESC(function, "name of the PCI function to shut down");

static int __init mvshutdown_init(void)
{
	struct device *dev;

	if (!function)
		return -EINVAL;
	dev = bus_find_device_by_name(&pci_bus_type, NULL, function);
	if (!dev)
		return -ENODEV;
	device_lock(dev);
	if (dev->bus->shutdown)
		dev->bus->shutdown(dev);
	device_unlock(dev);
	put_device(dev);
	return 0;
}

static void __exit mvshutdown_exit(void)
{
}

module_init(mvshutdown_init);
module_exit(mvshutdown_exit);

MODULE_DESCRIPTION("Shutdown of one PCI function, for tests");
MODULE_AUTHOR("virtio-mdev developers");
MODULE_LICENSE("GPL");
