// SPDX-License-Identifier: GPL-2.0-only
/*
 * mvnet: the module parameters.
 */

#undef pr_fmt
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/if_ether.h>
#include <linux/init.h>
#include <linux/limits.h>
#include <linux/moduleparam.h>
#include <linux/printk.h>

#include "mvnet.h"

unsigned int mvnet_mtu = 9000;
module_param_named(mtu, mvnet_mtu, uint, 0444);
MODULE_PARM_DESC(mtu, "MTU that new devices offer, 68 to 9000 (default: 9000)");

unsigned int mvnet_max_instances = 64;
module_param_named(max_instances, mvnet_max_instances, uint, 0444);
MODULE_PARM_DESC(max_instances,
		 "Instances of each class that may exist (default: 64)");

bool mvnet_doorbell;
module_param_named(doorbell, mvnet_doorbell, bool, 0444);
MODULE_PARM_DESC(doorbell,
		 "Offer each queue's doorbell as a page of memory that is looked at every millisecond, to test programs that map doorbells (default: off)");

unsigned int mvnet_busy_poll;
module_param_named(busy_poll, mvnet_busy_poll, uint, 0444);
MODULE_PARM_DESC(busy_poll,
		 "Microseconds for which queues of new devices of classes VHOST and VFIO are polled before their thread sleeps, up to 10000 (default: 0)");

unsigned long long mvnet_features_off;
module_param_named(features_off, mvnet_features_off, ullong, 0644);
MODULE_PARM_DESC(features_off,
		 "Feature bits that are not offered by devices created from now on, such as 0x400000000 for no packed rings (default: 0)");

/**
 * mvnet_check_parameters() - whether the parameters make sense
 *
 * Return: 0; -EINVAL, and the log says which one does not.
 */
int __init mvnet_check_parameters(void)
{
	if (mvnet_mtu < ETH_MIN_MTU || mvnet_mtu > MVNET_MAX_MTU) {
		pr_err("mtu=%u is not within %u to %u\n", mvnet_mtu,
		       ETH_MIN_MTU, MVNET_MAX_MTU);
		return -EINVAL;
	}
	if (mvnet_busy_poll > MVNET_MAX_BUSY_POLL) {
		pr_err("busy_poll=%u is more than %u\n",
		       mvnet_busy_poll, MVNET_MAX_BUSY_POLL);
		return -EINVAL;
	}
	if (!mvnet_max_instances || mvnet_max_instances > INT_MAX) {
		pr_err("max_instances=%u is not within 1 to %d\n",
		       mvnet_max_instances, INT_MAX);
		return -EINVAL;
	}
	return 0;
}
