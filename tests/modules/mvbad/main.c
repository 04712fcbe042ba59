// SPDX-License-Identifier: GPL-2.0-only
/*
 * A parent whose instances fail, each type in its own way: what mdev_core and
 * the class drivers make of it is what the tests look at.  For tests only.
 *
 * Apart from the fault an instance is a network device that moves no frame.  Its
 * driver can live with that; that of an entropy device, say, would have its probe
 * wait for the first bytes.
 */

#include <linux/module.h>
#include <linux/platform_device.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/virtio_config.h>
#include <linux/virtio_ids.h>

#include <linux/mdev_class.h>
#include <linux/virtio_mdev.h>

/* What goes wrong; the data of a type */
enum mvbad_fault {
	MVBAD_NOTHING,		/* for comparison */
	MVBAD_CREATE,		/* the parent cannot make it */
	MVBAD_NO_OPS,		/* a required operation is missing */
	MVBAD_NO_API,		/* version 1 of the operations is not spoken */
	MVBAD_NO_QUEUES,	/* no virtqueue */
	MVBAD_LEGACY,		/* VIRTIO_F_VERSION_1 is not offered */
	MVBAD_RESET,		/* reset fails */
	MVBAD_FEATURES,		/* the driver's features are refused */
	MVBAD_QUEUE,		/* the virtqueue's address is refused */
	MVBAD_START,		/* DRIVER_OK fails */
};

struct mvbad {
	enum mvbad_fault fault;
	u64 features;
	u8 status;
	bool ready[2];
};

static struct platform_device *mvbad_pdev;
static struct mdev_class_parent *mvbad_parent;

static struct mvbad *to_mvbad(struct mdev_class_device *cdev)
{
	return mdev_class_get_data(cdev);
}

static int mvbad_set_vq_address(struct mdev_class_device *cdev, u16 idx,
				u64 desc_area, u64 driver_area, u64 device_area)
{
	return to_mvbad(cdev)->fault == MVBAD_QUEUE ? -ENXIO : 0;
}

static int mvbad_set_vq_num(struct mdev_class_device *cdev, u16 idx, u32 num)
{
	return 0;
}

static u16 mvbad_get_vq_num_max(struct mdev_class_device *cdev, u16 idx)
{
	return 16;
}

static bool mvbad_kick_vq(struct mdev_class_device *cdev, u16 idx)
{
	return true;
}

static void mvbad_set_vq_cb(struct mdev_class_device *cdev, u16 idx,
			    const struct virtio_mdev_callback *cb)
{
}

static int mvbad_set_vq_ready(struct mdev_class_device *cdev, u16 idx,
			      bool ready)
{
	to_mvbad(cdev)->ready[idx] = ready;
	return 0;
}

static bool mvbad_get_vq_ready(struct mdev_class_device *cdev, u16 idx)
{
	return to_mvbad(cdev)->ready[idx];
}

static int mvbad_set_vq_state(struct mdev_class_device *cdev, u16 idx,
			      const struct virtio_mdev_vq_state *state)
{
	return 0;
}

static int mvbad_get_vq_state(struct mdev_class_device *cdev, u16 idx,
			      struct virtio_mdev_vq_state *state)
{
	*state = (struct virtio_mdev_vq_state) {};
	return 0;
}

static u16 mvbad_get_vq_count(struct mdev_class_device *cdev)
{
	return to_mvbad(cdev)->fault == MVBAD_NO_QUEUES ? 0 : 2;
}

static u64 mvbad_get_device_features(struct mdev_class_device *cdev)
{
	return to_mvbad(cdev)->fault == MVBAD_LEGACY ?
		0 : BIT_ULL(VIRTIO_F_VERSION_1);
}

static int mvbad_set_driver_features(struct mdev_class_device *cdev,
				     u64 features)
{
	if (to_mvbad(cdev)->fault == MVBAD_FEATURES)
		return -EINVAL;
	to_mvbad(cdev)->features = features;
	return 0;
}

static u64 mvbad_get_driver_features(struct mdev_class_device *cdev)
{
	return to_mvbad(cdev)->features;
}

static u64 mvbad_get_mdev_features(struct mdev_class_device *cdev)
{
	return to_mvbad(cdev)->fault == MVBAD_NO_API ?
		0 : VIRTIO_MDEV_F_VERSION_1;
}

static void mvbad_set_config_cb(struct mdev_class_device *cdev,
				const struct virtio_mdev_callback *cb)
{
}

static u32 mvbad_get_device_id(struct mdev_class_device *cdev)
{
	return VIRTIO_ID_NET;
}

static u32 mvbad_get_vendor_id(struct mdev_class_device *cdev)
{
	return 0;
}

static u8 mvbad_get_status(struct mdev_class_device *cdev)
{
	return to_mvbad(cdev)->status;
}

static int mvbad_set_status(struct mdev_class_device *cdev, u8 status)
{
	if (to_mvbad(cdev)->fault == MVBAD_START &&
	    (status & VIRTIO_CONFIG_S_DRIVER_OK))
		return -EFAULT;
	to_mvbad(cdev)->status = status;
	return 0;
}

static int mvbad_reset(struct mdev_class_device *cdev)
{
	struct mvbad *bad = to_mvbad(cdev);

	if (bad->fault == MVBAD_RESET)
		return -EIO;
	bad->status = 0;
	bad->features = 0;
	memset(bad->ready, 0, sizeof(bad->ready));
	return 0;
}

static size_t mvbad_get_config_size(struct mdev_class_device *cdev)
{
	return 0;
}

static void mvbad_get_config(struct mdev_class_device *cdev,
			     unsigned int offset, void *buf, unsigned int len)
{
}

static void mvbad_set_config(struct mdev_class_device *cdev,
			     unsigned int offset, const void *buf,
			     unsigned int len)
{
}

#define MVBAD_OPS						\
	.set_vq_address = mvbad_set_vq_address,			\
	.set_vq_num = mvbad_set_vq_num,				\
	.get_vq_num_max = mvbad_get_vq_num_max,			\
	.set_vq_cb = mvbad_set_vq_cb,				\
	.set_vq_ready = mvbad_set_vq_ready,			\
	.get_vq_ready = mvbad_get_vq_ready,			\
	.set_vq_state = mvbad_set_vq_state,			\
	.get_vq_state = mvbad_get_vq_state,			\
	.get_vq_count = mvbad_get_vq_count,			\
	.get_device_features = mvbad_get_device_features,	\
	.set_driver_features = mvbad_set_driver_features,	\
	.get_driver_features = mvbad_get_driver_features,	\
	.get_mdev_features = mvbad_get_mdev_features,		\
	.set_config_cb = mvbad_set_config_cb,			\
	.get_device_id = mvbad_get_device_id,			\
	.get_vendor_id = mvbad_get_vendor_id,			\
	.get_status = mvbad_get_status,				\
	.set_status = mvbad_set_status,				\
	.reset = mvbad_reset,					\
	.get_config_size = mvbad_get_config_size,		\
	.get_config = mvbad_get_config,				\
	.set_config = mvbad_set_config

static const struct virtio_mdev_ops mvbad_ops = {
	MVBAD_OPS,
	.kick_vq = mvbad_kick_vq,
};

/* Nobody can be told of news */
static const struct virtio_mdev_ops mvbad_ops_incomplete = {
	MVBAD_OPS,
};

static int mvbad_create(struct mdev_class_device *cdev)
{
	const enum mvbad_fault *fault = cdev->type->data;
	struct mvbad *bad;

	if (*fault == MVBAD_CREATE)
		return -ENXIO;

	bad = kzalloc(sizeof(*bad), GFP_KERNEL);
	if (!bad)
		return -ENOMEM;

	bad->fault = *fault;
	mdev_class_set_data(cdev, bad);
	mdev_class_set_virtio_ops(cdev, *fault == MVBAD_NO_OPS ?
				  &mvbad_ops_incomplete : &mvbad_ops);
	return 0;
}

static void mvbad_remove(struct mdev_class_device *cdev)
{
	kfree(to_mvbad(cdev));
}

static const struct mdev_class_parent_ops mvbad_parent_ops = {
	.owner = THIS_MODULE,
	.create = mvbad_create,
	.remove = mvbad_remove,
};

#define MVBAD_TYPE(_name, _fault) {				\
	.name = "mvbad-" _name,					\
	.class_id = MDEV_CLASS_ID_VIRTIO,			\
	.max_instances = 2,					\
	.data = &(const enum mvbad_fault) { _fault },		\
}

static const struct mdev_class_type mvbad_types[] = {
	MVBAD_TYPE("nothing", MVBAD_NOTHING),
	MVBAD_TYPE("create", MVBAD_CREATE),
	MVBAD_TYPE("no-ops", MVBAD_NO_OPS),
	MVBAD_TYPE("no-api", MVBAD_NO_API),
	MVBAD_TYPE("no-queues", MVBAD_NO_QUEUES),
	MVBAD_TYPE("legacy", MVBAD_LEGACY),
	MVBAD_TYPE("reset", MVBAD_RESET),
	MVBAD_TYPE("features", MVBAD_FEATURES),
	MVBAD_TYPE("queue", MVBAD_QUEUE),
	MVBAD_TYPE("start", MVBAD_START),
};

static int __init mvbad_init(void)
{
	mvbad_pdev = platform_device_register_simple("mvbad",
						     PLATFORM_DEVID_NONE, NULL,
						     0);
	if (IS_ERR(mvbad_pdev))
		return PTR_ERR(mvbad_pdev);

	mvbad_parent = mdev_class_register_parent(&mvbad_pdev->dev,
						  &mvbad_parent_ops,
						  mvbad_types,
						  ARRAY_SIZE(mvbad_types),
						  NULL);
	if (IS_ERR(mvbad_parent)) {
		platform_device_unregister(mvbad_pdev);
		return PTR_ERR(mvbad_parent);
	}
	return 0;
}

static void __exit mvbad_exit(void)
{
	mdev_class_unregister_parent(mvbad_parent);
	platform_device_unregister(mvbad_pdev);
}

module_init(mvbad_init);
module_exit(mvbad_exit);

MODULE_DESCRIPTION("Parent of mediated devices that fail, for tests");
MODULE_AUTHOR("virtio-mdev developers");
MODULE_LICENSE("GPL");
