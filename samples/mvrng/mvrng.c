// SPDX-License-Identifier: GPL-2.0-only
/*
 * The smallest parent driver: a virtio entropy device (virtio 1.2, section 5.4)
 * on a platform device that it makes itself.  docs/parent-driver.md explains it
 * line by line.
 */

#include <linux/module.h>
#include <linux/platform_device.h>
#include <linux/random.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/virtio_ids.h>

#include <linux/mdev_soft.h>

#define MVRNG_RING		64	/* largest ring */
#define MVRNG_BYTES		256	/* most that one request gets */
#define MVRNG_INSTANCES		16

struct mvrng {
	struct mdev_soft soft;
	struct mdev_vq_seg segs[MDEV_VQ_MAX_SEGS];
	u8 buf[MVRNG_BYTES];
};

/* The driver wants one buffer filled.  Returns whether there may be another. */
static bool mvrng_serve(struct mdev_soft *soft, struct mdev_vq *vq)
{
	struct mvrng *rng = container_of(soft, struct mvrng, soft);
	struct mdev_vq_chain chain = {
		.segs = rng->segs,
		.max_segs = ARRAY_SIZE(rng->segs),
	};
	struct mdev_vq_iter iter;
	size_t len;

	if (mdev_vq_take(vq, &chain) <= 0)
		return false;

	len = min_t(size_t, chain.in_len, sizeof(rng->buf));
	get_random_bytes(rng->buf, len);
	mdev_vq_iter_in(&iter, &chain);
	if (!len || mdev_vq_write(mdev_soft_mem(soft), &iter, rng->buf, len)) {
		mdev_vq_break(vq, "a request without memory to write to");
		mdev_vq_unpop(vq, &chain);
		return false;
	}

	/* It is the driver's secret now. */
	memzero_explicit(rng->buf, len);
	mdev_vq_count(vq, len, 0);
	mdev_vq_give(vq, &chain, len);
	return true;
}

/* A request leaves nothing behind, so a device that moves takes nothing along. */
static int mvrng_save(struct mdev_soft *soft, struct mdev_state_writer *w)
{
	return 0;
}

static int mvrng_load(struct mdev_soft *soft, struct mdev_state_reader *r)
{
	return 0;
}

static const struct mdev_soft_desc mvrng_desc = {
	.serve = mvrng_serve,
	.save = mvrng_save,
	.load = mvrng_load,
	.device_id = VIRTIO_ID_RNG,
	.features = MDEV_SOFT_FEATURES | BIT_ULL(VIRTIO_F_IN_ORDER),
	.nr_vqs = 1,
	.num_max = MVRNG_RING,
};

static int mvrng_create(struct mdev_class_device *cdev)
{
	struct mvrng *rng;
	int ret;

	rng = kvzalloc(sizeof(*rng), GFP_KERNEL);
	if (!rng)
		return -ENOMEM;

	ret = mdev_soft_init(&rng->soft, cdev, &mvrng_desc);
	if (ret)
		kvfree(rng);
	return ret;
}

static void mvrng_remove(struct mdev_class_device *cdev)
{
	struct mvrng *rng = container_of(mdev_soft_of(cdev), struct mvrng,
					 soft);

	mdev_soft_destroy(&rng->soft);
	kvfree(rng);
}

static const struct mdev_class_parent_ops mvrng_parent_ops = {
	.owner = THIS_MODULE,
	.create = mvrng_create,
	.remove = mvrng_remove,
};

static const struct mdev_class_type mvrng_types[] = {
	{
		.name = "mvrng-rng",
		.pretty_name = "virtio entropy device",
		.class_id = MDEV_CLASS_ID_VFIO,
		.max_instances = MVRNG_INSTANCES,
	}, {
		.name = "mvrng-rng",
		.pretty_name = "virtio entropy device",
		.class_id = MDEV_CLASS_ID_VIRTIO,
		.max_instances = MVRNG_INSTANCES,
	}, {
		.name = "mvrng-rng",
		.pretty_name = "virtio entropy device",
		.class_id = MDEV_CLASS_ID_VHOST,
		.max_instances = MVRNG_INSTANCES,
	},
};

static struct platform_device *mvrng_pdev;
static struct mdev_class_parent *mvrng_parent;

static int __init mvrng_init(void)
{
	mvrng_pdev = platform_device_register_simple("mvrng0",
						     PLATFORM_DEVID_NONE,
						     NULL, 0);
	if (IS_ERR(mvrng_pdev))
		return PTR_ERR(mvrng_pdev);

	mvrng_parent = mdev_class_register_parent(&mvrng_pdev->dev,
						  &mvrng_parent_ops,
						  mvrng_types,
						  ARRAY_SIZE(mvrng_types),
						  NULL);
	if (IS_ERR(mvrng_parent)) {
		platform_device_unregister(mvrng_pdev);
		return PTR_ERR(mvrng_parent);
	}
	return 0;
}

static void __exit mvrng_exit(void)
{
	mdev_class_unregister_parent(mvrng_parent);
	platform_device_unregister(mvrng_pdev);
}

module_init(mvrng_init);
module_exit(mvrng_exit);

MODULE_DESCRIPTION("Virtio entropy device, the smallest parent driver");
MODULE_AUTHOR("virtio-mdev developers");
MODULE_VERSION(VIRTIO_MDEV_VERSION);
MODULE_LICENSE("GPL");
