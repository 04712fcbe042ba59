// SPDX-License-Identifier: GPL-2.0-only
/* user-net resume: stop in the middle, read where each queue stands, go on. */
#include <errno.h>
#include <string.h>

#include "user_net.h"

enum how {
	BY_ENABLE,	/* SET_VRING_ENABLE 0 */
	BY_SUSPEND,	/* SUSPEND */
	BY_STALL,	/* as the first, with no receive buffer left */
	HOW_MANY
};

static const char * const how_name[HOW_MANY] = {
	"SET_VRING_ENABLE 0", "SUSPEND",
	"SET_VRING_ENABLE 0 with transmit waiting for receive buffers",
};

/* Until frames are on their way that the device has not yet taken. */
static void until_busy(struct vm_net *n, __u64 sure, enum how how)
{
	unsigned int i, k;

	vm_net_run(n, sure);
	for (i = 0; i < n->o.pairs; i++) {
		n->pair[i].target = sure + 4ULL * n->o.num;
		n->pair[i].hold_rx = how == BY_STALL;
	}
	if (how != BY_STALL) {
		vm_net_pump(n);
		return;
	}
	/* Without new buffers it must come to a stand, and lose nothing. */
	for (k = 0; k < 100; k++)
		if (!vm_net_pump(n) && !vm_net_wait(n, 50))
			break;
	for (i = 0; i < n->o.pairs; i++) {
		struct vm_pair *p = &n->pair[i];

		if (p->sent == p->done)
			die("pair %u: transmit does not wait for receive buffers",
			    i);
		if (p->got != p->done)
			die("pair %u: %llu used by transmit, %llu received", i,
			    (unsigned long long)p->done,
			    (unsigned long long)p->got);
	}
}

/* Stop, and where each queue stands; nothing may move from then on. */
static void stop_queues(struct vm_net *n, enum how how, __u32 *base)
{
	unsigned int i, nr = vm_net_nqs(n);

	if (how == BY_SUSPEND)
		must(vm_suspend(n->dev));
	for (i = 0; i < nr; i++) {
		struct vm_vq *v = vm_net_vq(n, i);

		if (how != BY_SUSPEND)
			must(vm_vring_enable(n->dev, v->index, false));
	}
	for (i = 0; i < nr; i++) {
		struct vm_vq *v = vm_net_vq(n, i);

		base[i] = must(vm_vring_get_base(n->dev, v->index));
		if (base[i] != vm_vq_base(v))
			die("queue %u: base %#x, but by what is used %#x",
			    v->index, base[i], vm_vq_base(v));
	}
	for (i = 0; i < nr; i++)
		vm_vq_kick_now(vm_net_vq(n, i));
	vm_sleep_ms(30);
	for (i = 0; i < nr; i++) {
		struct vm_vq *v = vm_net_vq(n, i);

		if (vm_vq_base(v) != base[i])
			die("queue %u moves after the stop", v->index);
		if (vm_vring_get_base(n->dev, v->index) != base[i])
			die("queue %u: the base moves after the stop",
			    v->index);
	}
}

static void restart(struct vm_net *n, const __u32 *base)
{
	unsigned int i;

	must(vm_set_status(n->dev, 0));
	for (i = 0; i < vm_net_nqs(n); i++)
		if (vm_vring_get_base(n->dev, vm_net_vq(n, i)->index))
			die("queue %u: reset, and not at 0", i);
	must(vm_negotiate(n->dev, vm_net_features(&n->o)));
	must(vm_net_rings(n, base));
	must(vm_add_status(n->dev, VIRTIO_CONFIG_S_DRIVER_OK));
	for (i = 0; i < n->o.pairs; i++)
		n->pair[i].hold_rx = false;
	/* What was made available before is not announced a second time. */
	for (i = 0; i < vm_net_nqs(n); i++)
		vm_vq_kick_now(vm_net_vq(n, i));
	if (n->o.pairs > 1) {
		struct virtio_net_ctrl_mq mq = {
			.virtqueue_pairs = htole16(n->o.pairs),
		};

		if (must(vm_net_ctrl(n, VIRTIO_NET_CTRL_MQ,
				     VIRTIO_NET_CTRL_MQ_VQ_PAIRS_SET, &mq,
				     sizeof(mq))))
			die("MQ_VQ_PAIRS_SET");
	}
}

/* Stopped and set going again without a reset. */
static void pause_only(struct vm_net *n, __u64 *at, unsigned int count)
{
	struct vm_dev *d = n->dev;
	unsigned int i, k;
	__u32 base[VM_MAX_VQS];

	for (k = 0; k < count; k++) {
		until_busy(n, *at += 100, BY_SUSPEND);
		stop_queues(n, BY_SUSPEND, base);
		must(vm_resume(d));
		vm_net_run(n, *at += 4ULL * n->o.num);
	}
	pass("SUSPEND and RESUME, %u times", count);
	for (k = 0; k < count; k++) {
		until_busy(n, *at += 100, BY_ENABLE);
		stop_queues(n, BY_ENABLE, base);
		for (i = 0; i < vm_net_nqs(n); i++)
			must(vm_vring_enable(d, vm_net_vq(n, i)->index, true));
		for (i = 0; i < vm_net_nqs(n); i++)
			vm_vq_kick_now(vm_net_vq(n, i));
		vm_net_run(n, *at += 4ULL * n->o.num);
	}
	pass("SET_VRING_ENABLE 0 and 1, %u times", count);
}

int cmd_resume(struct vm_opts *o)
{
	unsigned int i, count = o->count ? o->count : 10;
	struct vm_container c;
	__u32 base[VM_MAX_VQS];
	struct vm_net n;
	struct vm_dev d;
	enum how how;
	__u64 at = 0, be;

	must(vm_container_open(&c));
	must(vm_dev_open(&c, &d, o->uuid[0]));
	must(vm_get_backend_features(&d, &be));
	if (!(be & BIT64(VHOST_MDEV_BACKEND_F_SUSPEND)) ||
	    !(be & BIT64(VHOST_MDEV_BACKEND_F_RESUME)))
		die("no SUSPEND or RESUME among backend features %#llx",
		    (unsigned long long)be);
	must(vm_net_start(&n, &d, &o->net));
	for (how = 0; how < HOW_MANY; how++) {
		for (i = 0; i < count; i++) {
			until_busy(&n, at += 200, how);
			stop_queues(&n, how, base);
			restart(&n, base);
			vm_net_run(&n, at += 4ULL * n.o.num);
		}
		pass("%s, saved, reset and set up again, %u times: nothing lost or twice",
		     how_name[how], count);
	}
	pause_only(&n, &at, count);
	/* The index wraps at 65536 on the way. */
	if (at < 70000 && o->frames > 60000)
		vm_net_run(&n, at = 70000);
	until_busy(&n, at += 200, BY_ENABLE);
	stop_queues(&n, BY_ENABLE, base);
	restart(&n, base);
	vm_net_run(&n, at += 4ULL * n.o.num);
	pass("%llu frames in all, in order", (unsigned long long)at);
	vm_net_free(&n);
	vm_dev_close(&d);
	vm_container_close(&c);
	return 0;
}
