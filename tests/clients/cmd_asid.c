// SPDX-License-Identifier: GPL-2.0-only
/* user-net asid: the control queue in an address space of its own. */
#include <errno.h>
#include <string.h>

#include "user_net.h"

/* Where the second address space has what the first has at 0 */
#define SHIFT	0x4000000000ULL

static int group_asid(struct vm_dev *d, __u32 group, __u32 asid)
{
	struct vhost_mdev_vring_state s = { .index = group, .num = asid };

	return vm_ioctl(d->fd, VHOST_MDEV_SET_GROUP_ASID, &s);
}

static unsigned int group_of(struct vm_dev *d, unsigned int q)
{
	struct vhost_mdev_vring_state s = { .index = q };

	must(vm_ioctl(d->fd, VHOST_MDEV_GET_VRING_GROUP, &s));
	return s.num;
}

static void map(struct vm_net *n, __u32 asid, __u64 shift)
{
	struct vm_mem *m[2] = { &n->rings, &n->bufs };
	unsigned int i;

	for (i = 0; i < 2; i++)
		must(vm_msg(n->dev->fd, asid, VHOST_MDEV_IOTLB_UPDATE,
			    m[i]->iova + shift, m[i]->size, m[i]->va,
			    VHOST_MDEV_ACCESS_RW));
}

static void clear(struct vm_net *n, __u32 asid)
{
	must(vm_msg(n->dev->fd, asid, VHOST_MDEV_IOTLB_INVALIDATE, 0, ~0ULL,
		    NULL, 0));
}

static void check_groups(struct vm_net *n)
{
	struct vm_dev *d = n->dev;
	unsigned int i;

	if (must(vm_get_u32(d, VHOST_MDEV_GET_GROUP_NUM)) != 2 ||
	    must(vm_get_u32(d, VHOST_MDEV_GET_AS_NUM)) != 2)
		die("%d groups, %d address spaces",
		    vm_get_u32(d, VHOST_MDEV_GET_GROUP_NUM),
		    vm_get_u32(d, VHOST_MDEV_GET_AS_NUM));
	for (i = 0; i < n->ctrl_index; i++)
		if (group_of(d, i))
			die("queue %u is in group %u", i, group_of(d, i));
	if (group_of(d, n->ctrl_index) != 1)
		die("the control queue is in group %u",
		    group_of(d, n->ctrl_index));
	fails(EINVAL, group_asid(d, 2, 0));
	fails(EINVAL, group_asid(d, 0, 2));
	fails(EINVAL, group_asid(d, 1, 0xffffffff));
	fails(EINVAL, group_asid(d, 0xffffffff, 1));
	pass("two groups; the control queue %u is in one of its own",
	     n->ctrl_index);
}

static void check_batch(struct vm_dev *d)
{
	must(vm_msg(d->fd, 1, VHOST_MDEV_IOTLB_BATCH_BEGIN, 0, 0, NULL, 0));
	fails(EINVAL, vm_msg(d->fd, 0, VHOST_MDEV_IOTLB_INVALIDATE, 0, 1, NULL,
			     0));
	fails(EINVAL, vm_msg(d->fd, 0, VHOST_MDEV_IOTLB_BATCH_END, 0, 0, NULL,
			     0));
	must(vm_msg(d->fd, 1, VHOST_MDEV_IOTLB_BATCH_END, 0, 0, NULL, 0));
	pass("a batch is of one address space");
}

/* As far as the rings, with the control queue at other addresses */
static void set_up(struct vm_net *n, const struct vm_net_opts *o)
{
	must(vm_set_status(n->dev, 0));
	vm_net_forget(n);
	must(vm_negotiate(n->dev, vm_net_features(o)));
	vm_vq_moved(&n->ctrl, &n->rings);
	n->ctrl.desc_iova += n->ctrl_shift;
	n->ctrl.avail_iova += n->ctrl_shift;
	n->ctrl.used_iova += n->ctrl_shift;
	n->ctrl.ind_iova += n->ctrl_shift;
	must(vm_net_rings(n, NULL));
}

static void promisc(struct vm_net *n)
{
	if (must(vm_net_ctrl(n, VIRTIO_NET_CTRL_RX, VIRTIO_NET_CTRL_RX_PROMISC,
			     "\1", 1)))
		die("the control queue refuses");
}

static void isolated(struct vm_net *n, struct vm_opts *o,
		     const struct vm_net_opts *no)
{
	struct vm_dev *d = n->dev;
	int ev = must(vm_eventfd());

	n->ctrl_shift = SHIFT;
	/* The control queue is nowhere in the first address space. */
	set_up(n, no);
	fails(EFAULT, vm_add_status(d, VIRTIO_CONFIG_S_DRIVER_OK));
	pass("addresses of the other address space: EFAULT");

	map(n, 1, SHIFT);
	must(group_asid(d, 1, 1));
	must(vm_net_live(n));
	promisc(n);
	vm_net_run(n, o->frames);
	promisc(n);
	fails(EBUSY, group_asid(d, 1, 0));
	pass("the control queue in address space 1, and traffic in 0");

	/* What goes there is the affair of that queue alone. */
	must(vm_set_config_call(d, ev));
	clear(n, 1);
	if (!vm_eventfd_wait(ev, 10000) ||
	    !(must(vm_get_status(d)) & VIRTIO_CONFIG_S_NEEDS_RESET))
		die("the control queue is not broken");
	if (!vm_eventfd_wait(n->ctrl.err, 10000))
		die("the control queue does not say so");
	vm_net_run(n, 2 * o->frames);
	pass("INVALIDATE there breaks the control queue, and traffic goes on");

	/* After a reset all is in address space 0 again. */
	map(n, 1, SHIFT);
	set_up(n, no);
	fails(EFAULT, vm_add_status(d, VIRTIO_CONFIG_S_DRIVER_OK));
	n->ctrl_shift = 0;
	set_up(n, no);
	must(vm_net_live(n));
	promisc(n);
	vm_net_run(n, o->frames);
	pass("a reset takes the control queue back to address space 0");
	must(vm_set_config_call(d, VM_NO_FD));
}

/* All in the second one, and nothing in the first */
static void swapped(struct vm_net *n, struct vm_opts *o,
		    const struct vm_net_opts *no)
{
	struct vm_dev *d = n->dev;

	must(vm_set_status(d, 0));
	clear(n, 0);
	clear(n, 1);
	map(n, 1, 0);
	n->ctrl_shift = 0;
	set_up(n, no);
	must(group_asid(d, 0, 1));
	must(group_asid(d, 1, 1));
	must(vm_net_live(n));
	promisc(n);
	vm_net_run(n, o->frames);
	pass("everything in address space 1");
	must(vm_set_status(d, 0));
	clear(n, 1);
	if (vm_pinned())
		die("%ld pages are pinned", vm_pinned());
}

int cmd_asid(struct vm_opts *o)
{
	struct vm_net_opts no = o->net;
	struct vm_container c;
	struct vm_net n;
	struct vm_dev d;
	__u64 be;

	vm_way.chardev = true;
	no.ctrl = true;
	must(vm_container_open(&c));
	must(vm_dev_open(&c, &d, o->uuid[0]));
	must(vm_get_backend_features(&d, &be));
	if (!(be & BIT64(VHOST_MDEV_BACKEND_F_IOTLB_ASID)))
		die("no IOTLB_ASID among backend features %#llx",
		    (unsigned long long)be);
	must(vm_net_alloc(&n, &d, &no));
	check_groups(&n);
	check_batch(&d);
	isolated(&n, o, &no);
	swapped(&n, o, &no);
	vm_net_free(&n);
	vm_dev_close(&d);
	vm_container_close(&c);
	return 0;
}
