// SPDX-License-Identifier: GPL-2.0-only
/*
 * mvblk: the module parameters.
 */

#undef pr_fmt
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/init.h>
#include <linux/limits.h>
#include <linux/log2.h>
#include <linux/module.h>
#include <linux/moduleparam.h>
#include <linux/printk.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "mvblk.h"

unsigned int mvblk_nr_queues = 4;
module_param_named(queues, mvblk_nr_queues, uint, 0444);
MODULE_PARM_DESC(queues, "Virtqueues of each device, 1 to 16 (default: 4)");

unsigned int mvblk_block_size = 512;
module_param_named(block_size, mvblk_block_size, uint, 0444);
MODULE_PARM_DESC(block_size,
		 "Block size that the devices offer, 512 to 4096 bytes (default: 512)");

unsigned int mvblk_max_instances = 64;
module_param_named(max_instances, mvblk_max_instances, uint, 0444);
MODULE_PARM_DESC(max_instances,
		 "Instances of each class that may exist (default: 64)");

unsigned long mvblk_ram_limit;
module_param_named(ram_limit, mvblk_ram_limit, ulong, 0644);
MODULE_PARM_DESC(ram_limit,
		 "MiB that the devices in RAM may have together (default: 0, half of the memory)");

bool mvblk_read_only;
module_param_named(read_only, mvblk_read_only, bool, 0644);
MODULE_PARM_DESC(read_only,
		 "Devices created from now on cannot be written to (default: off)");

unsigned long long mvblk_features_off;
module_param_named(features_off, mvblk_features_off, ullong, 0644);
MODULE_PARM_DESC(features_off,
		 "Feature bits that are not offered by devices created from now on, such as 0x10000000 for no indirect descriptors (default: 0)");

static char *backing = "";
module_param(backing, charp, 0644);
MODULE_PARM_DESC(backing,
		 "File that devices of the type mvblk-file have from their creation on; %u in it stands for the UUID (default: none)");

/**
 * mvblk_default_path() - the file that the module parameter names
 * @cdev: an instance that is being created
 * @path: result, to be freed by kfree(); NULL if there is none
 *
 * Context: process context.
 * Return: 0 or -ENOMEM.
 */
int mvblk_default_path(const struct mdev_class_device *cdev, char **path)
{
	const char *u, *end;

	*path = NULL;
	kernel_param_lock(THIS_MODULE);
	end = backing + strcspn(backing, "\n");
	if (end == backing) {
		kernel_param_unlock(THIS_MODULE);
		return 0;
	}
	u = strstr(backing, "%u");
	if (u && u < end)
		*path = kasprintf(GFP_KERNEL, "%.*s%s%.*s", (int)(u - backing),
				  backing, dev_name(&cdev->dev),
				  (int)(end - u - 2), u + 2);
	else
		*path = kstrndup(backing, end - backing, GFP_KERNEL);
	kernel_param_unlock(THIS_MODULE);
	return *path ? 0 : -ENOMEM;
}

/**
 * mvblk_check_parameters() - whether the parameters make sense
 *
 * Return: 0; -EINVAL, and the log says which one does not.
 */
int __init mvblk_check_parameters(void)
{
	if (!mvblk_nr_queues || mvblk_nr_queues > MVBLK_MAX_QUEUES) {
		pr_err("queues=%u is not within 1 to %u\n", mvblk_nr_queues,
		       MVBLK_MAX_QUEUES);
		return -EINVAL;
	}
	if (mvblk_block_size < MVBLK_SECTOR || mvblk_block_size > SZ_4K ||
	    !is_power_of_2(mvblk_block_size)) {
		pr_err("block_size=%u is no power of two within %u to %u\n",
		       mvblk_block_size, MVBLK_SECTOR, SZ_4K);
		return -EINVAL;
	}
	if (!mvblk_max_instances || mvblk_max_instances > INT_MAX) {
		pr_err("max_instances=%u is not within 1 to %d\n",
		       mvblk_max_instances, INT_MAX);
		return -EINVAL;
	}
	return 0;
}
