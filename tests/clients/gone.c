// SPDX-License-Identifier: GPL-2.0-only
/* What is left of a device that is gone, while its file is open: errors. */
#include <errno.h>
#include <linux/vfio.h>
#include <unistd.h>

#include "client.h"

/* Whatever takes longer hangs. */
#define HANG_S		60

static const struct {
	const char *name;
	unsigned long req;
} calls[] = {
#define I(r) { #r, VHOST_MDEV_##r }
	I(GET_FEATURES), I(SET_FEATURES), I(SET_OWNER), I(RESET_OWNER),
	I(SET_VRING_NUM), I(SET_VRING_ADDR), I(SET_VRING_BASE),
	I(GET_VRING_BASE), I(SET_VRING_KICK), I(SET_VRING_CALL),
	I(SET_VRING_ERR), I(SET_BACKEND_FEATURES), I(GET_BACKEND_FEATURES),
	I(GET_DEVICE_ID), I(GET_STATUS), I(SET_STATUS), I(GET_CONFIG),
	I(SET_CONFIG), I(SET_VRING_ENABLE), I(GET_VRING_NUM),
	I(SET_CONFIG_CALL), I(GET_IOVA_RANGE), I(GET_CONFIG_SIZE),
	I(GET_AS_NUM), I(GET_VRING_GROUP), I(SET_GROUP_ASID), I(SUSPEND),
	I(RESUME), I(GET_VRING_DESC_GROUP), I(GET_VQS_COUNT),
	I(GET_GROUP_NUM), I(GET_VRING_SIZE),
#undef I
};

void vm_must_be_gone(const char *name, int ret)
{
	if (ret != -ENODEV)
		die("the device is gone, and %s gives %s", name, vm_err(ret));
}

void vm_check_gone(struct vm_dev *d)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(calls); i++) {
		/* Longer than all of them, and right for many */
		__u64 arg[16] = {};

		alarm(HANG_S);
		vm_must_be_gone(calls[i].name, vm_ioctl(d->fd, calls[i].req, arg));
	}
	if (!vm_way.chardev)
		vm_must_be_gone("VFIO_DEVICE_RESET",
				vm_ioctl(d->fd, VFIO_DEVICE_RESET, NULL));
	alarm(0);
	pass("each call gives ENODEV, and none hangs");
}
