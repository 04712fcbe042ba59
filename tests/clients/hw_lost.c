// SPDX-License-Identifier: GPL-2.0-only
/* user-hw lost: the function loses its state under traffic, and is set up again. */
#include <errno.h>
#include <unistd.h>

#include "hwnet.h"

/* Whatever takes longer hangs. */
#define HANG_S		60
#define NEWS_MS		300000

/* Traffic, until a virtqueue says that it broke */
static void wait_lost(struct hw_net *n)
{
	__u64 end = vm_now_ms() + NEWS_MS;

	while (vm_now_ms() < end) {
		hw_echo(n, 8, 300);
		if (vm_eventfd_peek(n->rx.err))
			return;
	}
	die("nothing says that the function has lost its state");
}

static void check_lost(struct hw_net *n, int config)
{
	__u64 features;
	int status;

	if (!vm_eventfd_wait(n->rx.err, NEWS_MS) ||
	    !vm_eventfd_wait(n->tx.err, 1000))
		die("not every error eventfd came");
	if (!vm_eventfd_wait(config, 1000))
		die("the eventfd for the configuration did not come");
	pass("both error eventfds came, and that for the configuration");

	alarm(HANG_S);
	status = must(vm_get_status(&n->d));
	if (!(status & VIRTIO_CONFIG_S_NEEDS_RESET) ||
	    !(status & VIRTIO_CONFIG_S_DRIVER_OK))
		die("the status is %#x, without NEEDS_RESET or DRIVER_OK",
		    status);
	must(vm_get_features(&n->d, &features));
	fails(EIO, vm_add_status(&n->d, VIRTIO_CONFIG_S_FAILED));
	pass("NEEDS_RESET is set, and the status cannot be changed: EIO");
	alarm(0);
}

int cmd_hw_lost(const struct hw_opts *o)
{
	int config = must(vm_eventfd());
	struct hw_net n;

	hw_open(&n, o);
	must(vm_set_config_call(&n.d, config));
	must(hw_start(&n));
	hw_traffic(&n, 100);
	vm_info("running");
	wait_lost(&n);
	check_lost(&n, config);

	alarm(HANG_S);
	must(hw_start(&n));
	hw_traffic(&n, o->frames);
	pass("the device works again after a reset by its user");
	hw_close(&n);
	close(config);
	alarm(0);
	return 0;
}
