// SPDX-License-Identifier: GPL-2.0-only
/*
 * net_mdev: what the libraries are told of the device.
 */

#include <linux/rtnetlink.h>

#include "net_mdev.h"

#define NET_MDEV_USO		(BIT_ULL(VIRTIO_NET_F_HOST_USO) |	\
				 BIT_ULL(VIRTIO_NET_F_GUEST_USO4) |	\
				 BIT_ULL(VIRTIO_NET_F_GUEST_USO6))

#define NET_MDEV_FEATURES	(MDEV_SOFT_NET_FEATURES |		\
				 BIT_ULL(VIRTIO_NET_F_SPEED_DUPLEX) |	\
				 (compat_virtio_net_uso ? NET_MDEV_USO : 0))

static void net_mdev_kick(struct mdev_soft *soft, u16 idx)
{
	struct net_mdev *nm = soft_to_net_mdev(soft);

	/* A queue that is not live is looked at when it is started or resumed. */
	if (!mdev_vq_is_live(mdev_soft_vq(soft, idx)))
		return;
	if (mdev_soft_net_is_ctrl(&nm->net, idx))
		mdev_soft_net_ctrl_kick(&nm->net);
	else if (idx / 2 < nm->net.max_pairs)
		net_mdev_pair_schedule(&nm->pairs[idx / 2]);
}

static int net_mdev_prepare_vq(struct mdev_soft *soft, u16 idx)
{
	struct net_mdev *nm = soft_to_net_mdev(soft);

	if (mdev_soft_net_is_ctrl(&nm->net, idx))
		return mdev_soft_net_ctrl_prepare(&nm->net);
	if (idx / 2 < mdev_soft_net_nr_pairs(&nm->net))
		return net_mdev_pair_prepare(&nm->pairs[idx / 2]);
	/* A queue that has no meaning with the negotiated features */
	return 1;
}

/* The first pair's worker serves the control queue as well. */
static struct mdev_worker *net_mdev_get_vq_worker(struct mdev_soft *soft,
						  u16 idx)
{
	struct net_mdev *nm = soft_to_net_mdev(soft);

	if (idx / 2 >= mdev_soft_net_nr_pairs(&nm->net))
		idx = 0;
	return &nm->pairs[idx / 2].worker;
}

static void net_mdev_start(struct mdev_soft *soft)
{
	struct net_mdev *nm = soft_to_net_mdev(soft);

	spin_lock_bh(&nm->carrier_lock);
	nm->live = true;
	spin_unlock_bh(&nm->carrier_lock);
	net_mdev_update_soon(nm);
}

static void net_mdev_stop(struct mdev_soft *soft)
{
	struct net_mdev *nm = soft_to_net_mdev(soft);

	spin_lock_bh(&nm->carrier_lock);
	nm->live = false;
	nm->use++;
	netif_carrier_off(nm->dev);
	spin_unlock_bh(&nm->carrier_lock);
}

static void net_mdev_reset(struct mdev_soft *soft)
{
	struct net_mdev *nm = soft_to_net_mdev(soft);
	unsigned int i;

	for (i = 0; i < nm->net.max_pairs; i++)
		net_mdev_pair_reset(&nm->pairs[i]);
	mdev_soft_net_reset(&nm->net);
	net_mdev_steer_forget(nm);
	net_mdev_update_soon(nm);
}

#define NET_MDEV_DESC(_pairs, _features) {				\
	MDEV_SOFT_NET_DESC(_pairs),					\
	.kick = net_mdev_kick,						\
	.get_vq_worker = net_mdev_get_vq_worker,			\
	.prepare_vq = net_mdev_prepare_vq,				\
	.start = net_mdev_start,					\
	.stop = net_mdev_stop,						\
	.reset = net_mdev_reset,					\
	.features = _features,						\
	.num_max = NET_MDEV_NUM_MAX,					\
}

const struct mdev_soft_desc net_mdev_one_pair =
	NET_MDEV_DESC(1, NET_MDEV_FEATURES);

/* The module's init lowers the number of virtqueues where there are fewer CPUs. */
struct mdev_soft_desc net_mdev_more_pairs =
	NET_MDEV_DESC(NET_MDEV_MAX_PAIRS,
		      NET_MDEV_FEATURES | BIT_ULL(VIRTIO_NET_F_MQ));

static int net_mdev_prepare_ctrl(struct mdev_soft_net *net)
{
	return net_mdev_pair_prepare(&net_to_net_mdev(net)->pairs[0]);
}

static struct mdev_worker *net_mdev_ctrl_worker(struct mdev_soft_net *net)
{
	return &net_to_net_mdev(net)->pairs[0].worker;
}

static void net_mdev_changed(struct mdev_soft_net *net)
{
	net_mdev_update_soon(net_to_net_mdev(net));
}

static void net_mdev_pairs_changed(struct mdev_soft_net *net)
{
	struct net_mdev *nm = net_to_net_mdev(net);
	unsigned int i;

	net_mdev_changed(net);
	/* What waits in those that are off is dropped. */
	for (i = 0; i < net->max_pairs; i++)
		net_mdev_pair_schedule(&nm->pairs[i]);
}

/* Both ends have the same. */
static int net_mdev_set_mtu(struct mdev_soft_net *net, unsigned int mtu)
{
	int ret;

	rtnl_lock();
	ret = dev_set_mtu(net_to_net_mdev(net)->dev, mtu);
	rtnl_unlock();
	return ret;
}

const struct mdev_soft_net_ops net_mdev_net_ops = {
	.prepare_ctrl = net_mdev_prepare_ctrl,
	.ctrl_worker = net_mdev_ctrl_worker,
	.pairs_changed = net_mdev_pairs_changed,
	.offloads_changed = net_mdev_changed,
	.link_changed = net_mdev_changed,
	.set_mtu = net_mdev_set_mtu,
};
