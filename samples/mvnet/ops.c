// SPDX-License-Identifier: GPL-2.0-only
/*
 * mvnet: the device operations that set the device up, start and stop it.
 */

#include <linux/module.h>
#include <linux/pci_ids.h>

#include "mvnet.h"

static struct mdev_vq *mvnet_vq(struct mdev_class_device *cdev, u16 idx)
{
	return &to_mvnet(cdev)->vqs[idx].vq;
}

/* --- one virtqueue --------------------------------------------------------- */

static int mvnet_set_vq_address(struct mdev_class_device *cdev, u16 idx,
				u64 desc_area, u64 driver_area,
				u64 device_area)
{
	return mdev_vq_set_address(mvnet_vq(cdev, idx), desc_area, driver_area,
				   device_area);
}

static int mvnet_set_vq_num(struct mdev_class_device *cdev, u16 idx, u32 num)
{
	return mdev_vq_set_num(mvnet_vq(cdev, idx), num);
}

static u16 mvnet_get_vq_num_max(struct mdev_class_device *cdev, u16 idx)
{
	return MVNET_NUM_MAX;
}

static u16 mvnet_get_vq_size(struct mdev_class_device *cdev, u16 idx)
{
	return mdev_vq_num(mvnet_vq(cdev, idx));
}

static void mvnet_set_vq_cb(struct mdev_class_device *cdev, u16 idx,
			    const struct virtio_mdev_callback *cb)
{
	mdev_vq_set_cb(mvnet_vq(cdev, idx), cb);
}

static bool mvnet_get_vq_ready(struct mdev_class_device *cdev, u16 idx)
{
	return mdev_vq_is_ready(mvnet_vq(cdev, idx));
}

static int mvnet_set_vq_state(struct mdev_class_device *cdev, u16 idx,
			      const struct virtio_mdev_vq_state *state)
{
	return mdev_vq_set_state(mvnet_vq(cdev, idx), state);
}

static int mvnet_get_vq_state(struct mdev_class_device *cdev, u16 idx,
			      struct virtio_mdev_vq_state *state)
{
	return mdev_vq_get_state(mvnet_vq(cdev, idx), state);
}

static int mvnet_get_vq_stats(struct mdev_class_device *cdev, u16 idx,
			      struct virtio_mdev_vq_stats *stats)
{
	mdev_vq_get_stats(mvnet_vq(cdev, idx), stats);
	return 0;
}

static void mvnet_wake_vq(struct mvnet *net, u16 idx)
{
	struct mvnet_vq *mvq = &net->vqs[idx];

	if (!mdev_vq_is_live(&mvq->vq))
		return;
	if (READ_ONCE(net->ctrl.vq) == mvq)
		mvnet_ctrl_kick(net);
	else
		mvnet_pair_wake(net, idx / 2);
}

static void mvnet_kick_vq(struct mdev_class_device *cdev, u16 idx)
{
	mdev_vq_kicked(mvnet_vq(cdev, idx));
	mvnet_wake_vq(to_mvnet(cdev), idx);
}

static int mvnet_start_vq(struct mvnet *net, u16 idx)
{
	struct mvnet_vq *mvq = &net->vqs[idx];
	unsigned int nr_pairs = mvnet_nr_pairs(net);
	int ret;

	if (!net->cdev->mem)
		return -EFAULT;

	if (idx < 2 * nr_pairs)
		ret = mvnet_pair_prepare(&net->pairs[idx / 2]);
	else if (idx == 2 * nr_pairs && mvnet_has(net, VIRTIO_NET_F_CTRL_VQ))
		ret = mvnet_ctrl_prepare(net, mvq);
	else
		/* A queue that what was negotiated gives no meaning to */
		return 0;
	if (ret)
		return ret;
	return mdev_vq_start(&mvq->vq, net->cdev->mem, net->features);
}

static void mvnet_stop_vq(struct mvnet *net, u16 idx)
{
	struct mvnet_vq *mvq = &net->vqs[idx];

	mdev_vq_stop(&mvq->vq);
	if (net->ctrl.vq == mvq)
		WRITE_ONCE(net->ctrl.vq, NULL);
}

static bool mvnet_is_live(const struct mvnet *net)
{
	return atomic_read(&net->status) & VIRTIO_CONFIG_S_DRIVER_OK;
}

static int mvnet_set_vq_ready(struct mdev_class_device *cdev, u16 idx,
			      bool ready)
{
	struct mvnet *net = to_mvnet(cdev);
	struct mdev_vq *vq = mvnet_vq(cdev, idx);
	int ret;

	if (mdev_vq_is_ready(vq) == ready)
		return 0;

	ret = mdev_vq_set_ready(vq, ready);
	if (ret)
		return ret;
	if (!ready) {
		mvnet_stop_vq(net, idx);
		return 0;
	}
	if (!mvnet_is_live(net))
		return 0;

	ret = mvnet_start_vq(net, idx);
	if (ret) {
		mdev_vq_set_ready(vq, false);
		return ret;
	}
	mvnet_wake_vq(net, idx);
	return 0;
}

static int mvnet_reset_vq(struct mdev_class_device *cdev, u16 idx)
{
	mvnet_stop_vq(to_mvnet(cdev), idx);
	mdev_vq_reset(mvnet_vq(cdev, idx));
	return 0;
}

/* --- the device ------------------------------------------------------------ */

static u16 mvnet_get_vq_count(struct mdev_class_device *cdev)
{
	return to_mvnet(cdev)->nr_vqs;
}

static int mvnet_set_driver_features(struct mdev_class_device *cdev,
				     u64 features)
{
	struct mvnet *net = to_mvnet(cdev);
	int ret;

	ret = mvnet_check_features(net, features);
	if (ret)
		return ret;
	WRITE_ONCE(net->features, features);
	return 0;
}

static u64 mvnet_get_driver_features(struct mdev_class_device *cdev)
{
	return to_mvnet(cdev)->features;
}

static u64 mvnet_get_mdev_features(struct mdev_class_device *cdev)
{
	return VIRTIO_MDEV_F_VERSION_1;
}

static u32 mvnet_get_device_id(struct mdev_class_device *cdev)
{
	return VIRTIO_ID_NET;
}

static u32 mvnet_get_vendor_id(struct mdev_class_device *cdev)
{
	return PCI_VENDOR_ID_REDHAT_QUMRANET;
}

static size_t mvnet_get_config_size(struct mdev_class_device *cdev)
{
	return sizeof(struct virtio_net_config);
}

static u8 mvnet_get_status(struct mdev_class_device *cdev)
{
	return atomic_read(&to_mvnet(cdev)->status);
}

/**
 * mvnet_wake_pairs() - have all queue pairs looked at
 * @net: the instance
 *
 * Context: any.
 */
void mvnet_wake_pairs(struct mvnet *net)
{
	unsigned int i;

	for (i = 0; i < net->max_pairs; i++)
		mvnet_pair_wake(net, i);
}

/* A queue that is ready may have buffers, and its kick may be over. */
static void mvnet_wake_all(struct mvnet *net)
{
	unsigned int i;

	for (i = 0; i < net->nr_vqs; i++)
		mvnet_wake_vq(net, i);
}

/**
 * mvnet_stop() - leave the driver's memory alone
 * @net: the instance
 *
 * Context: process context; sleeps until the workers are out.
 */
void mvnet_stop(struct mvnet *net)
{
	unsigned int i;

	mvnet_doorbell_stop(net);
	for (i = 0; i < net->nr_vqs; i++)
		mvnet_stop_vq(net, i);
}

static int mvnet_start(struct mvnet *net)
{
	unsigned int i;
	int ret;

	for (i = 0; i < net->nr_vqs; i++) {
		if (!mdev_vq_is_ready(&net->vqs[i].vq))
			continue;
		ret = mvnet_start_vq(net, i);
		if (ret) {
			mvnet_stop(net);
			return ret;
		}
	}
	return 0;
}

static int mvnet_set_status(struct mdev_class_device *cdev, u8 status)
{
	struct mvnet *net = to_mvnet(cdev);
	u8 new = status & ~atomic_read(&net->status);
	int ret;

	/* A driver that never set its features has not taken VERSION_1. */
	if (new & (VIRTIO_CONFIG_S_FEATURES_OK | VIRTIO_CONFIG_S_DRIVER_OK)) {
		ret = mvnet_check_features(net, net->features);
		if (ret)
			return ret;
	}
	if (new & VIRTIO_CONFIG_S_DRIVER_OK) {
		ret = mvnet_start(net);
		if (ret)
			return ret;
	}

	/* Only adds bits, so NEEDS_RESET may come in between. */
	atomic_or(status & ~VIRTIO_CONFIG_S_NEEDS_RESET, &net->status);

	if (new & VIRTIO_CONFIG_S_DRIVER_OK) {
		mvnet_doorbell_start(net);
		mvnet_wake_all(net);
	}
	return 0;
}

static int mvnet_reset(struct mdev_class_device *cdev)
{
	struct mvnet *net = to_mvnet(cdev);
	unsigned int i;

	mvnet_stop(net);
	for (i = 0; i < net->nr_vqs; i++)
		mdev_vq_reset(&net->vqs[i].vq);
	/*
	 * The address stays, whoever set it: QEMU sets it once, and resets the
	 * device whenever its guest does.
	 */
	mvnet_filter_reset(net);
	mvnet_change_net_status(net, VIRTIO_NET_S_ANNOUNCE, 0);
	WRITE_ONCE(net->active_pairs, 1);
	WRITE_ONCE(net->suspended, false);
	WRITE_ONCE(net->features, 0);
	atomic_set(&net->status, 0);
	return 0;
}

static int mvnet_suspend(struct mdev_class_device *cdev)
{
	struct mvnet *net = to_mvnet(cdev);
	unsigned int i;

	if (!mvnet_is_live(net))
		return -EINVAL;

	/* For queues that are made ready meanwhile */
	WRITE_ONCE(net->suspended, true);
	for (i = 0; i < net->nr_vqs; i++)
		mdev_vq_pause(&net->vqs[i].vq);
	return 0;
}

static int mvnet_resume(struct mdev_class_device *cdev)
{
	struct mvnet *net = to_mvnet(cdev);
	unsigned int i;

	if (!mvnet_is_live(net))
		return -EINVAL;

	WRITE_ONCE(net->suspended, false);
	for (i = 0; i < net->nr_vqs; i++)
		mdev_vq_resume(&net->vqs[i].vq);
	/* The kicks since the suspend were not counted as work. */
	mvnet_wake_all(net);
	return 0;
}

const struct virtio_mdev_ops mvnet_ops = {
	.set_vq_address = mvnet_set_vq_address,
	.set_vq_num = mvnet_set_vq_num,
	.get_vq_num_max = mvnet_get_vq_num_max,
	.get_vq_size = mvnet_get_vq_size,
	.kick_vq = mvnet_kick_vq,
	.set_vq_cb = mvnet_set_vq_cb,
	.set_vq_ready = mvnet_set_vq_ready,
	.get_vq_ready = mvnet_get_vq_ready,
	.set_vq_state = mvnet_set_vq_state,
	.get_vq_state = mvnet_get_vq_state,
	.reset_vq = mvnet_reset_vq,
	.get_vq_notification = mvnet_get_vq_notification,
	.set_vq_affinity = mvnet_set_vq_affinity,
	.get_vq_affinity = mvnet_get_vq_affinity,
	.get_vq_stats = mvnet_get_vq_stats,
	.get_vq_count = mvnet_get_vq_count,
	.get_device_features = mvnet_get_device_features,
	.set_driver_features = mvnet_set_driver_features,
	.get_driver_features = mvnet_get_driver_features,
	.get_mdev_features = mvnet_get_mdev_features,
	.set_config_cb = mvnet_set_config_cb,
	.get_device_id = mvnet_get_device_id,
	.get_vendor_id = mvnet_get_vendor_id,
	.get_status = mvnet_get_status,
	.set_status = mvnet_set_status,
	.reset = mvnet_reset,
	.suspend = mvnet_suspend,
	.resume = mvnet_resume,
	.get_config_size = mvnet_get_config_size,
	.get_config = mvnet_get_config,
	.set_config = mvnet_set_config,
	.get_generation = mvnet_get_generation,
};
