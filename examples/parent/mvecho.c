// SPDX-License-Identifier: GPL-2.0-only
/*
 * An example of a parent driver outside of the tree of virtio-mdev: a console (virtio
 * 1.2, section 5.3) that says what it is told.  It is written on a platform device that
 * it makes itself, where a driver of yours has its hardware.
 */

#include <linux/kfifo.h>
#include <linux/module.h>
#include <linux/platform_device.h>
#include <linux/slab.h>
#include <linux/virtio_ids.h>

#include <linux/mdev_soft.h>
#include <linux/mdev_state.h>

#define MVECHO_RING		64	/* largest ring */
#define MVECHO_PIECE		64	/* bytes copied at a time */
#define MVECHO_MOST		4096	/* bytes of a chain that are looked at */
#define MVECHO_BYTES		4096	/* bytes on their way back, a power of two */
#define MVECHO_INSTANCES	16

/* Virtqueues */
enum {
	MVECHO_IN,		/* what the driver reads */
	MVECHO_OUT,		/* what it writes */
	MVECHO_VQS,
};

/**
 * struct mvecho - an instance
 * @soft: what it shares with other software devices
 * @segs: pieces of the chain at hand
 * @buf: its bytes on their way
 * @bytes: what was written and not yet read.  It needs no lock: serve() is called for
 *	one virtqueue at a time, and everything else while none is served.
 */
struct mvecho {
	struct mdev_soft soft;
	struct mdev_vq_seg segs[MDEV_VQ_MAX_SEGS];
	u8 buf[MVECHO_PIECE];
	DECLARE_KFIFO(bytes, u8, MVECHO_BYTES);
};

static struct mvecho *to_mvecho(struct mdev_soft *soft)
{
	return container_of(soft, struct mvecho, soft);
}

/* A bad chain stops the virtqueue, and is given up. */
static bool mvecho_broken(struct mdev_vq *vq, struct mdev_vq_chain *chain,
			  const char *why)
{
	mdev_vq_break(vq, why);
	mdev_vq_unpop(vq, chain);
	return false;
}

/*
 * The driver has written.  Its kernel driver spins until the buffer is used, so what has
 * no room is dropped, as on a serial line.
 */
static bool mvecho_take(struct mvecho *echo, struct mdev_vq *vq,
			struct mdev_vq_chain *chain)
{
	struct mdev_vq_iter iter;
	size_t len, left;

	if (mdev_vq_take(vq, chain) <= 0)
		return false;
	mdev_vq_iter_out(&iter, chain);
	for (left = min_t(size_t, chain->out_len, MVECHO_MOST); left; left -= len) {
		len = min_t(size_t, left, sizeof(echo->buf));
		if (mdev_vq_read(mdev_soft_mem(&echo->soft), &iter, echo->buf, len))
			return mvecho_broken(vq, chain, "a write that cannot be read");
		kfifo_in(&echo->bytes, echo->buf, len);
	}
	mdev_vq_count(vq, chain->out_len, 0);
	mdev_vq_give(vq, chain, 0);
	mdev_soft_kick(&echo->soft, MVECHO_IN);
	return true;
}

/* The driver has a buffer to be filled, if there is something to fill it with. */
static bool mvecho_fill(struct mvecho *echo, struct mdev_vq *vq,
			struct mdev_vq_chain *chain)
{
	struct mdev_vq_iter iter;
	size_t len;

	if (kfifo_is_empty(&echo->bytes) || mdev_vq_take(vq, chain) <= 0)
		return false;
	len = min_t(size_t, chain->in_len, sizeof(echo->buf));
	len = kfifo_out_peek(&echo->bytes, echo->buf, len);
	mdev_vq_iter_in(&iter, chain);
	if (!len || mdev_vq_write(mdev_soft_mem(&echo->soft), &iter, echo->buf, len))
		return mvecho_broken(vq, chain, "a buffer that cannot be written");
	len = kfifo_out(&echo->bytes, echo->buf, len);
	mdev_vq_count(vq, len, 0);
	mdev_vq_give(vq, chain, len);
	return true;
}

static bool mvecho_serve(struct mdev_soft *soft, struct mdev_vq *vq)
{
	struct mvecho *echo = to_mvecho(soft);
	struct mdev_vq_chain chain = {
		.segs = echo->segs,
		.max_segs = ARRAY_SIZE(echo->segs),
	};

	return vq == mdev_soft_vq(soft, MVECHO_OUT) ? mvecho_take(echo, vq, &chain) :
						      mvecho_fill(echo, vq, &chain);
}

static void mvecho_reset(struct mdev_soft *soft)
{
	kfifo_reset(&to_mvecho(soft)->bytes);
}

/* What the driver has not read yet moves along with it. */
static int mvecho_save(struct mdev_soft *soft, struct mdev_state_writer *w)
{
	struct mvecho *echo = to_mvecho(soft);
	u8 *bytes;
	u16 len;

	bytes = kvmalloc(MVECHO_BYTES, GFP_KERNEL);
	if (!bytes)
		return -ENOMEM;
	len = kfifo_out_peek(&echo->bytes, bytes, MVECHO_BYTES);
	mdev_state_put16(w, len);
	mdev_state_put(w, bytes, len);
	kvfree(bytes);
	return 0;
}

static int mvecho_load(struct mdev_soft *soft, struct mdev_state_reader *r)
{
	struct mvecho *echo = to_mvecho(soft);
	u16 len = mdev_state_get16(r);
	u8 *bytes;

	if (r->bad || len > MVECHO_BYTES)
		return -EINVAL;
	bytes = kvzalloc(MVECHO_BYTES, GFP_KERNEL);
	if (!bytes)
		return -ENOMEM;
	mdev_state_get(r, bytes, len);
	if (!r->bad)
		kfifo_in(&echo->bytes, bytes, len);
	kvfree(bytes);
	return r->bad ? -EINVAL : 0;
}

static const struct mdev_soft_desc mvecho_desc = {
	.serve = mvecho_serve,
	.reset = mvecho_reset,
	.save = mvecho_save,
	.load = mvecho_load,
	.device_id = VIRTIO_ID_CONSOLE,
	.features = MDEV_SOFT_FEATURES | BIT_ULL(VIRTIO_F_IN_ORDER),
	.nr_vqs = MVECHO_VQS,
	.num_max = MVECHO_RING,
};

/* ---- instances ---- */

static int mvecho_create(struct mdev_class_device *cdev)
{
	struct mvecho *echo;
	int ret;

	echo = kvzalloc(sizeof(*echo), GFP_KERNEL);
	if (!echo)
		return -ENOMEM;
	INIT_KFIFO(echo->bytes);
	ret = mdev_soft_init(&echo->soft, cdev, &mvecho_desc);
	if (ret)
		kvfree(echo);
	return ret;
}

static void mvecho_remove(struct mdev_class_device *cdev)
{
	struct mvecho *echo = to_mvecho(mdev_soft_of(cdev));

	mdev_soft_destroy(&echo->soft);
	kvfree(echo);
}

static const struct mdev_class_parent_ops mvecho_parent_ops = {
	.owner = THIS_MODULE,
	.create = mvecho_create,
	.remove = mvecho_remove,
};

#define MVECHO_TYPE(class)						\
{									\
	.name = "mvecho-console",					\
	.pretty_name = "virtio console that says what it is told",	\
	.class_id = MDEV_CLASS_ID_##class,				\
	.max_instances = MVECHO_INSTANCES,				\
}

static const struct mdev_class_type mvecho_types[] = {
	MVECHO_TYPE(VFIO), MVECHO_TYPE(VIRTIO), MVECHO_TYPE(VHOST),
};

/* ---- the module ---- */

static struct platform_device *mvecho_pdev;
static struct mdev_class_parent *mvecho_parent;

static int __init mvecho_init(void)
{
	mvecho_pdev = platform_device_register_simple("mvecho0", PLATFORM_DEVID_NONE,
						      NULL, 0);
	if (IS_ERR(mvecho_pdev))
		return PTR_ERR(mvecho_pdev);
	mvecho_parent = mdev_class_register_parent(&mvecho_pdev->dev, &mvecho_parent_ops,
						   mvecho_types, ARRAY_SIZE(mvecho_types),
						   NULL);
	if (IS_ERR(mvecho_parent)) {
		platform_device_unregister(mvecho_pdev);
		return PTR_ERR(mvecho_parent);
	}
	return 0;
}

static void __exit mvecho_exit(void)
{
	mdev_class_unregister_parent(mvecho_parent);
	platform_device_unregister(mvecho_pdev);
}

module_init(mvecho_init);
module_exit(mvecho_exit);

MODULE_DESCRIPTION("Virtio console that says what it is told, an example of a parent");
MODULE_AUTHOR("virtio-mdev developers");
MODULE_VERSION("1.0");
MODULE_LICENSE("GPL");
/* modprobe gets it even where depmod ran before it was installed */
MODULE_SOFTDEP("pre: mdev_core");
