// SPDX-License-Identifier: GPL-2.0-only
/*
 * net_mdev: the module parameters.
 */

#undef pr_fmt
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/if_ether.h>
#include <linux/init.h>
#include <linux/limits.h>
#include <linux/moduleparam.h>
#include <linux/netdevice.h>
#include <linux/printk.h>

#include "net_mdev.h"

unsigned int net_mdev_mtu = ETH_DATA_LEN;
module_param_named(mtu, net_mdev_mtu, uint, 0444);
MODULE_PARM_DESC(mtu, "MTU of new devices at both ends, 68 to 65535 (default: 1500)");

unsigned int net_mdev_max_instances = 256;
module_param_named(max_instances, net_mdev_max_instances, uint, 0444);
MODULE_PARM_DESC(max_instances,
		 "Instances of each class that may exist (default: 256)");

unsigned int net_mdev_stall = 1000;
module_param_named(stall, net_mdev_stall, uint, 0444);
MODULE_PARM_DESC(stall,
		 "Milliseconds for which frames wait for a driver of new devices that adds no buffers before they are dropped, 1 to 60000 (default: 1000)");

char *net_mdev_ifname = "vm%d";
module_param_named(ifname, net_mdev_ifname, charp, 0444);
MODULE_PARM_DESC(ifname,
		 "Name of the network interfaces of new devices, %d for a number (default: vm%d)");

unsigned long long net_mdev_features_off;
module_param_named(features_off, net_mdev_features_off, ullong, 0644);
MODULE_PARM_DESC(features_off,
		 "Feature bits that are not offered by devices created from now on, such as 0x400000000 for no packed rings (default: 0)");

/**
 * net_mdev_check_parameters() - whether the parameters make sense
 *
 * Return: 0; -EINVAL, and the log says which one does not.
 */
int __init net_mdev_check_parameters(void)
{
	if (net_mdev_mtu < ETH_MIN_MTU || net_mdev_mtu > ETH_MAX_MTU) {
		pr_err("mtu=%u is not within %u to %u\n", net_mdev_mtu,
		       ETH_MIN_MTU, ETH_MAX_MTU);
		return -EINVAL;
	}
	if (!net_mdev_max_instances || net_mdev_max_instances > INT_MAX) {
		pr_err("max_instances=%u is not within 1 to %d\n",
		       net_mdev_max_instances, INT_MAX);
		return -EINVAL;
	}
	if (!net_mdev_stall || net_mdev_stall > NET_MDEV_MAX_STALL) {
		pr_err("stall=%u is not within 1 to %u\n", net_mdev_stall,
		       NET_MDEV_MAX_STALL);
		return -EINVAL;
	}
	if (!dev_valid_name(net_mdev_ifname)) {
		pr_err("ifname=%s is no name of a network interface\n",
		       net_mdev_ifname);
		return -EINVAL;
	}
	return 0;
}
