// SPDX-License-Identifier: GPL-2.0-only
/*
 * mvnet: making and removing instances.
 */

#include <linux/etherdevice.h>
#include <linux/slab.h>

#include "mvnet.h"

static void mvnet_vq_wake(struct mdev_vq *vq)
{
	struct mvnet *net = to_mvnet_vq(vq)->net;

	/* Not live means that the start, or its undoing, is yet to look. */
	if (!mdev_vq_is_live(vq))
		return;
	/* Any context, so not mvnet_ctrl_kick() */
	if (READ_ONCE(net->ctrl.vq) == to_mvnet_vq(vq))
		kthread_queue_work(net->pairs[0].worker, &net->ctrl.work);
	else
		mvnet_pair_wake(net, vq->index / 2);
}

static void mvnet_vq_broken(struct mdev_vq *vq)
{
	struct mvnet *net = to_mvnet_vq(vq)->net;

	atomic_or(VIRTIO_CONFIG_S_NEEDS_RESET, &net->status);
	mvnet_config_changed(net);
}

static const struct mdev_vq_ops mvnet_vq_ops = {
	.wake = mvnet_vq_wake,
	.broken = mvnet_vq_broken,
};

static void mvnet_free(struct mvnet *net)
{
	unsigned int i;

	for (i = 0; i < net->max_pairs; i++)
		mvnet_pair_destroy(&net->pairs[i]);
	for (i = 0; i < net->nr_vqs; i++)
		mdev_vq_destroy(&net->vqs[i].vq);
	mvnet_doorbell_destroy(net);
	kvfree(net->ctrl.segs);
	mutex_destroy(&net->worker_lock);
	kvfree(net);
}

static int mvnet_create(struct mdev_class_device *cdev)
{
	struct mvnet *net;
	unsigned int i;
	int ret;

	net = kvzalloc(sizeof(*net), GFP_KERNEL);
	if (!net)
		return -ENOMEM;

	net->cdev = cdev;
	net->max_pairs = *(const unsigned int *)cdev->type->data;
	net->nr_vqs = 2 * net->max_pairs + 1;
	net->active_pairs = 1;
	net->net_status = VIRTIO_NET_S_LINK_UP;
	net->filter.promisc = true;
	eth_random_addr(net->mac);
	seqlock_init(&net->state_lock);
	spin_lock_init(&net->cb_lock);
	spin_lock_init(&net->ctrl.lock);
	kthread_init_work(&net->ctrl.work, mvnet_ctrl_work);
	mutex_init(&net->worker_lock);

	for (i = 0; i < net->nr_vqs; i++) {
		net->vqs[i].net = net;
		mdev_vq_init(&net->vqs[i].vq, &mvnet_vq_ops, &cdev->dev, i,
			     MVNET_NUM_MAX);
	}
	ret = -ENOMEM;
	for (i = 0; i < net->max_pairs; i++) {
		if (!zalloc_cpumask_var(&net->pairs[i].affinity, GFP_KERNEL))
			goto err;
		net->pairs[i].net = net;
		net->pairs[i].index = i;
		net->pairs[i].rx = &net->vqs[2 * i];
		net->pairs[i].tx = &net->vqs[2 * i + 1];
		kthread_init_work(&net->pairs[i].work, mvnet_pair_work);
	}

	ret = mvnet_doorbell_init(net);
	if (ret)
		goto err;

	mdev_class_set_data(cdev, net);
	mdev_class_set_virtio_ops(cdev, &mvnet_ops);
	mdev_class_set_groups(cdev, mvnet_groups);
	return 0;

err:
	mvnet_free(net);
	return ret;
}

static void mvnet_remove(struct mdev_class_device *cdev)
{
	struct mvnet *net = to_mvnet(cdev);

	/* The class driver has reset the device, if there ever was one. */
	mvnet_stop(net);
	mvnet_free(net);
}

const struct mdev_class_parent_ops mvnet_parent_ops = {
	.owner = THIS_MODULE,
	.create = mvnet_create,
	.remove = mvnet_remove,
};
