// SPDX-License-Identifier: GPL-2.0-only
/*
 * An entropy device whose answers take time.  It holds the driver's page meanwhile, as a
 * device does that hands the page on.  For tests only.
 *
 * It fills one buffer at a time, up to the end of its page: in a timer's interrupt "ms"
 * after it was asked, or when "release" is written to, or when it is reset.  "held" is
 * the number of pages that are held.  There is one instance at most.
 */

#include <linux/delay.h>
#include <linux/hrtimer.h>
#include <linux/ktime.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/platform_device.h>
#include <linux/slab.h>
#include <linux/spinlock.h>
#include <linux/string.h>
#include <linux/virtio_ids.h>

#include <linux/mdev_mem_hold.h>
#include <linux/mdev_soft.h>
#include <linux/mdev_vq_section.h>

#define MVHOLD_RING	8	/* largest ring */
#define MVHOLD_BYTE	0x5a	/* what it writes */
#define MVHOLD_FAULTS	50	/* lookups that may miss, and milliseconds */
#define MVHOLD_FAULT_MS	10	/* between two */

/**
 * enum mvhold_state - of the only request
 * @MVHOLD_IDLE: there is none
 * @MVHOLD_HELD: its page is held
 * @MVHOLD_DONE: it was written to, and released
 */
enum mvhold_state {
	MVHOLD_IDLE,
	MVHOLD_HELD,
	MVHOLD_DONE,
};

/**
 * struct mvhold - an instance
 * @soft: what it shares with other software devices
 * @segs: pieces of @chain
 * @chain: the request
 * @timer: ends it
 * @lock: guards @state; taken by @timer
 * @state: what follows is valid unless it is MVHOLD_IDLE
 * @mem: the memory of @page
 * @token: of the hold
 * @page: a reference
 * @buf: in @page
 * @len: bytes of @buf
 */
struct mvhold {
	struct mdev_soft soft;
	struct mdev_vq_seg segs[MDEV_VQ_MAX_SEGS];
	struct mdev_vq_chain chain;
	struct hrtimer timer;
	/* guards state */
	spinlock_t lock;
	enum mvhold_state state;
	struct mdev_mem *mem;
	int token;
	struct page *page;
	void *buf;
	size_t len;
};

/* The instance that there is */
static struct mvhold *mvhold_only;
static DEFINE_MUTEX(mvhold_only_lock);	/* guards mvhold_only */

static unsigned int mvhold_ms;
module_param_named(ms, mvhold_ms, uint, 0644);
MODULE_PARM_DESC(ms, "milliseconds for which a page is held; 0: until it is told otherwise");

/* Do what was asked for, if that was not done yet. */
static void mvhold_end(struct mvhold *h)
{
	unsigned long flags;
	bool held;

	spin_lock_irqsave(&h->lock, flags);
	held = h->state == MVHOLD_HELD;
	if (held) {
		memset(h->buf, MVHOLD_BYTE, h->len);
		h->state = MVHOLD_DONE;
		mdev_mem_release(h->mem, h->token);
	}
	spin_unlock_irqrestore(&h->lock, flags);
	if (held)
		mdev_soft_kick(&h->soft, 0);
}

static enum hrtimer_restart mvhold_timeout(struct hrtimer *timer)
{
	mvhold_end(container_of(timer, struct mvhold, timer));
	return HRTIMER_NORESTART;
}

static enum mvhold_state mvhold_state(struct mvhold *h)
{
	enum mvhold_state state;

	spin_lock_irq(&h->lock);
	state = h->state;
	spin_unlock_irq(&h->lock);
	return state;
}

static int mvhold_release_set(const char *val, const struct kernel_param *kp)
{
	mutex_lock(&mvhold_only_lock);
	if (mvhold_only)
		mvhold_end(mvhold_only);
	mutex_unlock(&mvhold_only_lock);
	return 0;
}

static const struct kernel_param_ops mvhold_release_ops = {
	.set = mvhold_release_set,
};
module_param_cb(release, &mvhold_release_ops, NULL, 0200);
MODULE_PARM_DESC(release, "write anything to have what is held released");

static int mvhold_held_get(char *buf, const struct kernel_param *kp)
{
	bool held;

	mutex_lock(&mvhold_only_lock);
	held = mvhold_only && mvhold_state(mvhold_only) == MVHOLD_HELD;
	mutex_unlock(&mvhold_only_lock);
	return sprintf(buf, "%d\n", held);
}

static const struct kernel_param_ops mvhold_held_ops = {
	.get = mvhold_held_get,
};
module_param_cb(held, &mvhold_held_ops, NULL, 0444);
MODULE_PARM_DESC(held, "number of pages that are held");

/* ---- requests ---- */

/* Returns whether the buffer's page is held. */
static bool mvhold_try(struct mvhold *h)
{
	const struct mdev_vq_seg *seg = h->chain.segs + h->chain.nr_out;
	int token = mdev_mem_enter(h->mem);
	size_t len = seg->len;
	void *buf;

	h->token = mdev_mem_hold(h->mem);
	buf = mdev_mem_lookup(h->mem, seg->iova, MDEV_MEM_WRITE, &len);
	if (buf) {
		h->page = mdev_mem_get_page(h->mem, buf);
		h->buf = buf;
		h->len = len;
	} else {
		mdev_mem_release(h->mem, h->token);
	}
	mdev_mem_leave(h->mem, token);
	return buf;
}

static void mvhold_hold(struct mvhold *h, struct mdev_vq *vq)
{
	const struct mdev_vq_seg *seg = h->chain.segs + h->chain.nr_out;
	unsigned int i, ms = READ_ONCE(mvhold_ms);
	bool found = false;
	int ret = 0;

	h->mem = mdev_vq_mem(vq);
	for (i = 0; i < MVHOLD_FAULTS && h->chain.nr_in; i++) {
		found = mvhold_try(h);
		if (found || ret == -EFAULT)
			break;
		/* For a moment after an unmap no data is pinned. */
		if (ret == -EAGAIN)
			msleep(MVHOLD_FAULT_MS);
		ret = mdev_mem_fault(h->mem, seg->iova, MDEV_MEM_WRITE);
	}
	if (!found) {
		mdev_vq_give(vq, &h->chain, 0);
		return;
	}
	spin_lock_irq(&h->lock);
	h->state = MVHOLD_HELD;
	spin_unlock_irq(&h->lock);
	if (ms)
		hrtimer_start(&h->timer, ms_to_ktime(ms), HRTIMER_MODE_REL_HARD);
}

static void mvhold_put(struct mvhold *h)
{
	mdev_mem_put_written_page(h->mem, h->page);
	spin_lock_irq(&h->lock);
	h->state = MVHOLD_IDLE;
	spin_unlock_irq(&h->lock);
}

static bool mvhold_serve(struct mdev_soft *soft, struct mdev_vq *vq)
{
	struct mvhold *h = container_of(soft, struct mvhold, soft);

	switch (mvhold_state(h)) {
	case MVHOLD_HELD:
		return false;
	case MVHOLD_DONE:
		mvhold_put(h);
		mdev_vq_count(vq, h->len, 0);
		mdev_vq_give(vq, &h->chain, h->len);
		return true;
	case MVHOLD_IDLE:
		break;
	}
	h->chain = (struct mdev_vq_chain) {
		.segs = h->segs,
		.max_segs = ARRAY_SIZE(h->segs),
	};
	if (mdev_vq_take(vq, &h->chain) <= 0)
		return false;
	mvhold_hold(h, vq);
	return true;
}

/* The driver is told nothing more, but what it gave is given back. */
static void mvhold_reset(struct mdev_soft *soft)
{
	struct mvhold *h = container_of(soft, struct mvhold, soft);

	hrtimer_cancel(&h->timer);
	mvhold_end(h);
	if (mvhold_state(h) == MVHOLD_DONE)
		mvhold_put(h);
}

static int mvhold_save(struct mdev_soft *soft, struct mdev_state_writer *w)
{
	return 0;
}

static int mvhold_load(struct mdev_soft *soft, struct mdev_state_reader *r)
{
	return 0;
}

static const struct mdev_soft_desc mvhold_desc = {
	.serve = mvhold_serve,
	.serve_sleeps = true,
	.reset = mvhold_reset,
	.save = mvhold_save,
	.load = mvhold_load,
	.device_id = VIRTIO_ID_RNG,
	.features = MDEV_SOFT_FEATURES,
	.nr_vqs = 1,
	.num_max = MVHOLD_RING,
};

/* ---- instances ---- */

static int mvhold_create(struct mdev_class_device *cdev)
{
	struct mvhold *h;
	int ret = -EBUSY;

	h = kvzalloc(sizeof(*h), GFP_KERNEL);
	if (!h)
		return -ENOMEM;
	spin_lock_init(&h->lock);
	hrtimer_setup(&h->timer, mvhold_timeout, CLOCK_MONOTONIC,
		      HRTIMER_MODE_REL_HARD);

	mutex_lock(&mvhold_only_lock);
	if (!mvhold_only)
		ret = mdev_soft_init(&h->soft, cdev, &mvhold_desc);
	if (!ret)
		mvhold_only = h;
	mutex_unlock(&mvhold_only_lock);
	if (ret)
		kvfree(h);
	return ret;
}

static void mvhold_remove(struct mdev_class_device *cdev)
{
	struct mvhold *h = container_of(mdev_soft_of(cdev), struct mvhold,
					soft);

	mutex_lock(&mvhold_only_lock);
	mvhold_only = NULL;
	mutex_unlock(&mvhold_only_lock);
	mdev_soft_destroy(&h->soft);
	kvfree(h);
}

static const struct mdev_class_parent_ops mvhold_parent_ops = {
	.owner = THIS_MODULE,
	.create = mvhold_create,
	.remove = mvhold_remove,
};

static const struct mdev_class_type mvhold_types[] = {
	{
		.name = "mvhold-rng",
		.pretty_name = "entropy device that holds pages",
		.class_id = MDEV_CLASS_ID_VHOST,
		.max_instances = 1,
	},
};

static struct platform_device *mvhold_pdev;
static struct mdev_class_parent *mvhold_parent;

static int __init mvhold_init(void)
{
	mvhold_pdev = platform_device_register_simple("mvhold0",
						      PLATFORM_DEVID_NONE,
						      NULL, 0);
	if (IS_ERR(mvhold_pdev))
		return PTR_ERR(mvhold_pdev);

	mvhold_parent = mdev_class_register_parent(&mvhold_pdev->dev,
						   &mvhold_parent_ops,
						   mvhold_types,
						   ARRAY_SIZE(mvhold_types),
						   NULL);
	if (IS_ERR(mvhold_parent)) {
		platform_device_unregister(mvhold_pdev);
		return PTR_ERR(mvhold_parent);
	}
	return 0;
}

static void __exit mvhold_exit(void)
{
	mdev_class_unregister_parent(mvhold_parent);
	platform_device_unregister(mvhold_pdev);
}

module_init(mvhold_init);
module_exit(mvhold_exit);

MODULE_DESCRIPTION("Entropy device that holds pages of the driver's, for tests");
MODULE_AUTHOR("virtio-mdev developers");
MODULE_LICENSE("GPL");
