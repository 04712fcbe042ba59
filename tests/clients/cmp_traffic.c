// SPDX-License-Identifier: GPL-2.0-only
/* user-cmp: frames, and where the rings stand in between. */
#include <stdio.h>
#include <string.h>

#include "user_cmp.h"

static void say(const char *name, const char *what, long value)
{
	if (value < 0)
		printf("%s: %s = %s\n", name, what, cmp_err(value));
	else
		printf("%s: %s = %#lx\n", name, what, value);
}

static void say_bases(const char *name, struct vm_dev *d)
{
	say(name, "GET_VRING_BASE 0", vm_vring_get_base(d, 0));
	say(name, "GET_VRING_BASE 1", vm_vring_get_base(d, 1));
}

/* All of them back, to the byte; what is on its way is waited for. */
static void run(const char *name, struct vm_net *n, __u64 frames)
{
	__u64 target = n->pair[0].target + frames;

	vm_net_run(n, target);
	say(name, "frames sent", n->pair[0].sent);
	say(name, "frames done", n->pair[0].done);
	say(name, "frames received", n->pair[0].got);
}

static void traffic(const char *name, const struct vm_net_opts *o)
{
	__u64 f = BIT64(VHOST_MDEV_BACKEND_F_IOTLB_MSG_V2) |
		  BIT64(VHOST_MDEV_BACKEND_F_IOTLB_BATCH) |
		  BIT64(VHOST_MDEV_BACKEND_F_SUSPEND) |
		  BIT64(VHOST_MDEV_BACKEND_F_RESUME);
	struct vm_container c;
	struct vm_dev d;
	struct vm_net n;

	must(vm_container_open(&c));
	must(vm_dev_open(&c, &d, ""));
	say(name, "SET_BACKEND_FEATURES", vm_set_backend_features(&d, f));
	say(name, "start", vm_net_start(&n, &d, o));
	run(name, &n, 500);

	/* Stopped with nothing on its way, twice, and on again */
	say(name, "SUSPEND", vm_suspend(&d));
	say(name, "SUSPEND again", vm_suspend(&d));
	say_bases(name, &d);
	say(name, "GET_STATUS", vm_get_status(&d));
	say(name, "RESUME", vm_resume(&d));
	say(name, "RESUME again", vm_resume(&d));
	run(name, &n, 500);
	say(name, "SUSPEND", vm_suspend(&d));
	say_bases(name, &d);

	/* Reset, and again with empty rings and the memory that is mapped */
	say(name, "SET_STATUS 0", vm_set_status(&d, 0));
	say(name, "GET_STATUS", vm_get_status(&d));
	say_bases(name, &d);
	if (!vm_way.pieces) {
		say(name, "start again", vm_net_again(&n));
		run(name, &n, 300);
	}
	vm_net_free(&n);
	vm_dev_close(&d);
	vm_container_close(&c);
}

void cmp_traffic(void)
{
	struct vm_net_opts o = vm_net_default;

	/* What the simulator has: it leaves 0 for the number of buffers. */
	o.csum = false;
	o.no_count = true;
	traffic("traffic", &o);
	o.size = 300;
	o.num = 64;
	o.vary = true;
	traffic("traffic, small rings", &o);
	vm_way.batch = true;
	traffic("traffic, mapped in a batch", &o);
	vm_way.pieces = true;
	traffic("traffic, mapped in pieces, in a batch", &o);
	vm_way = (struct vm_way){ .chardev = true, .node = vm_way.node,
				  .v1 = true };
	traffic("traffic, messages of version 1", &o);
	vm_way = (struct vm_way){ .chardev = true, .node = vm_way.node,
				  .wronly = true };
	traffic("traffic, opened for writing only", &o);
}
