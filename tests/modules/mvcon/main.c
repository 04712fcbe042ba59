// SPDX-License-Identifier: GPL-2.0-only
/*
 * A console (virtio 1.2, section 5.3), written as docs/parent-driver.md says and in
 * no other way.  Its driver spins until the device has used a buffer, with
 * interrupts off and with locks held that its callbacks take.  For tests only.
 *
 * What the driver writes can be read from the attribute "output" of an instance,
 * what is written to "input" is what the driver reads.  "fail" makes the next control
 * message of the driver break its virtqueue.  Not a write to the console: the driver
 * keeps it in its virtqueue then, when it has freed it.  "speak" makes the device print
 * a message when it is served next.
 */

#undef pr_fmt
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/kfifo.h>
#include <linux/minmax.h>
#include <linux/module.h>
#include <linux/platform_device.h>
#include <linux/slab.h>
#include <linux/spinlock.h>
#include <linux/string.h>
#include <linux/sysfs.h>
#include <linux/virtio_console.h>
#include <linux/virtio_ids.h>

#include <linux/mdev_soft.h>

#define MVCON_RING		64	/* largest ring */
#define MVCON_PIECE		128	/* bytes copied at a time */
#define MVCON_BUDGET		8	/* chains in one call, and */
#define MVCON_COST		8192	/* what they cost, see mdev_vq_chain_cost() */
#define MVCON_MOST		16384	/* bytes of a chain that are looked at */
#define MVCON_INPUT		4096	/* bytes on their way to the driver */
#define MVCON_OUTPUT		2048	/* bytes of the driver's that are kept */
#define MVCON_PORTS		2	/* of the type with several */

/**
 * struct mvcon - an instance
 * @soft: what it shares with other software devices.  Its virtqueues are those of
 *	port 0, in and out, then of the control messages, then of port 1; the type
 *	with one port has the first two.
 * @segs: pieces of the chain at hand
 * @buf: its bytes on their way
 * @lock: guards what follows; taken in serve(), so interrupts are off
 * @input: what port 0's driver is going to read
 * @control: messages for the driver
 * @output: what drivers wrote last
 * @output_len: bytes of that
 * @fail: break the virtqueue of the next control message
 * @speak: print a message when a virtqueue is served next; without @lock
 */
struct mvcon {
	struct mdev_soft soft;
	struct mdev_vq_seg segs[MDEV_VQ_MAX_SEGS];
	u8 buf[MVCON_PIECE];

	/* guards the rest, see above */
	spinlock_t lock;
	DECLARE_KFIFO(input, u8, MVCON_INPUT);
	DECLARE_KFIFO(control, struct virtio_console_control, 16);
	char output[MVCON_OUTPUT];
	size_t output_len;
	bool fail;
	bool speak;
};

/* Virtqueues */
enum {
	MVCON_IN,
	MVCON_OUT,
	MVCON_CONTROL_IN,
	MVCON_CONTROL_OUT,
	MVCON_IN_1,
	MVCON_OUT_1,
	MVCON_VQS,
};

static bool mvcon_is(struct mvcon *con, const struct mdev_vq *vq, u16 idx)
{
	return idx < con->soft.desc->nr_vqs &&
	       vq == mdev_soft_vq(&con->soft, idx);
}

static struct mvcon *to_mvcon(const struct mdev_class_device *cdev)
{
	return container_of(mdev_soft_of(cdev), struct mvcon, soft);
}

/* ---- what the driver writes ---- */

static void mvcon_keep(struct mvcon *con, const u8 *buf, size_t len)
{
	size_t drop;

	lockdep_assert_held(&con->lock);
	drop = max(con->output_len + len, sizeof(con->output)) -
	       sizeof(con->output);
	memmove(con->output, con->output + drop, con->output_len - drop);
	con->output_len -= drop;
	memcpy(con->output + con->output_len, buf, len);
	con->output_len += len;
}

static void mvcon_message(struct mvcon *con, u32 id, u16 event, u16 value)
{
	struct virtio_console_control msg = {
		.id = (__force __virtio32)cpu_to_le32(id),
		.event = (__force __virtio16)cpu_to_le16(event),
		.value = (__force __virtio16)cpu_to_le16(value),
	};

	lockdep_assert_held(&con->lock);
	kfifo_put(&con->control, msg);
}

/* The driver has sent a control message. */
static void mvcon_answer(struct mvcon *con, const u8 *buf, size_t len)
{
	struct virtio_console_control msg;
	u32 id;
	int i;

	lockdep_assert_held(&con->lock);
	if (len < sizeof(msg))
		return;
	memcpy(&msg, buf, sizeof(msg));
	id = le32_to_cpu((__force __le32)msg.id);
	switch (le16_to_cpu((__force __le16)msg.event)) {
	case VIRTIO_CONSOLE_DEVICE_READY:
		for (i = 0; i < MVCON_PORTS; i++)
			mvcon_message(con, i, VIRTIO_CONSOLE_PORT_ADD, 1);
		break;
	case VIRTIO_CONSOLE_PORT_READY:
		if (!id)
			mvcon_message(con, id, VIRTIO_CONSOLE_CONSOLE_PORT, 1);
		mvcon_message(con, id, VIRTIO_CONSOLE_PORT_OPEN, 1);
		break;
	}
}

/* Take one chain of the driver's.  0 if there is none, or the queue broke. */
static int mvcon_out(struct mvcon *con, struct mdev_vq *vq,
		     struct mdev_vq_chain *chain)
{
	struct mdev_vq_iter iter;
	unsigned long flags;
	bool control, fail;
	size_t len, left;

	if (mdev_vq_take(vq, chain) <= 0)
		return 0;
	control = mvcon_is(con, vq, MVCON_CONTROL_OUT);
	spin_lock_irqsave(&con->lock, flags);
	fail = control && con->fail;
	if (control)
		con->fail = false;
	spin_unlock_irqrestore(&con->lock, flags);

	mdev_vq_iter_out(&iter, chain);
	/* Interrupts are off, and a chain is as long as the driver likes. */
	for (left = min_t(size_t, chain->out_len, MVCON_MOST); left; left -= len) {
		len = min(left, sizeof(con->buf));
		if (fail || mdev_vq_read(mdev_soft_mem(&con->soft), &iter,
					 con->buf, len)) {
			mdev_vq_break(vq, "a write that cannot be read");
			mdev_vq_unpop(vq, chain);
			return 0;
		}
		spin_lock_irqsave(&con->lock, flags);
		if (control)
			mvcon_answer(con, con->buf, len);
		else
			mvcon_keep(con, con->buf, len);
		spin_unlock_irqrestore(&con->lock, flags);
	}
	mdev_vq_count(vq, chain->out_len, 0);
	mdev_vq_give(vq, chain, 0);
	return 1;
}

/* ---- what the driver reads ---- */

/* What there is for the driver in a virtqueue, up to @len bytes of it */
static size_t mvcon_peek(struct mvcon *con, struct mdev_vq *vq, size_t len)
{
	unsigned long flags;

	spin_lock_irqsave(&con->lock, flags);
	if (mvcon_is(con, vq, MVCON_IN))
		len = kfifo_out_peek(&con->input, con->buf, len);
	else if (!mvcon_is(con, vq, MVCON_CONTROL_IN) ||
		 len < sizeof(struct virtio_console_control))
		len = 0;
	else
		len = kfifo_out_peek(&con->control,
				     (struct virtio_console_control *)con->buf,
				     1) * sizeof(struct virtio_console_control);
	spin_unlock_irqrestore(&con->lock, flags);
	return len;
}

static void mvcon_drop(struct mvcon *con, struct mdev_vq *vq, size_t len)
{
	unsigned long flags;

	spin_lock_irqsave(&con->lock, flags);
	if (mvcon_is(con, vq, MVCON_IN))
		while (len--)
			kfifo_skip(&con->input);
	else
		kfifo_skip(&con->control);
	spin_unlock_irqrestore(&con->lock, flags);
}

/* Fill one chain of the driver's.  0 if nothing is left to do, or it broke. */
static int mvcon_in(struct mvcon *con, struct mdev_vq *vq,
		    struct mdev_vq_chain *chain)
{
	struct mdev_vq_iter iter;
	size_t len;

	if (!mvcon_peek(con, vq, sizeof(con->buf)) ||
	    mdev_vq_take(vq, chain) <= 0)
		return 0;
	len = mvcon_peek(con, vq, min_t(size_t, chain->in_len,
					sizeof(con->buf)));
	mdev_vq_iter_in(&iter, chain);
	if (!len || mdev_vq_write(mdev_soft_mem(&con->soft), &iter, con->buf,
				  len)) {
		mdev_vq_break(vq, "a buffer without memory to write to");
		mdev_vq_unpop(vq, chain);
		return 0;
	}
	mvcon_drop(con, vq, len);
	mdev_vq_count(vq, len, 0);
	mdev_vq_give(vq, chain, len);
	return 1;
}

static bool mvcon_serve(struct mdev_soft *soft, struct mdev_vq *vq)
{
	struct mvcon *con = container_of(soft, struct mvcon, soft);
	struct mdev_vq_chain chain = {
		.segs = con->segs,
		.max_segs = ARRAY_SIZE(con->segs),
	};
	bool control = mvcon_is(con, vq, MVCON_CONTROL_OUT), more = true;
	bool out = control || mvcon_is(con, vq, MVCON_OUT) ||
		   mvcon_is(con, vq, MVCON_OUT_1);
	u64 cost = 0;
	int n;

	/* What a parent must not do, but a warning of the kernel's may. */
	if (xchg(&con->speak, false))
		pr_warn("a message in serve()\n");

	for (n = 0; more && n < MVCON_BUDGET && cost < MVCON_COST; n++) {
		more = out ? mvcon_out(con, vq, &chain) :
			     mvcon_in(con, vq, &chain);
		cost += more ? mdev_vq_chain_cost(&chain) : 0;
	}
	/* An answer to a message */
	if (control)
		mdev_soft_kick(soft, MVCON_CONTROL_IN);
	return more;
}

/* ---- the device ---- */

static void mvcon_get_config(struct mdev_soft *soft, unsigned int offset,
			     void *buf, unsigned int len)
{
	struct virtio_console_config config = {
		.cols = (__force __virtio16)cpu_to_le16(80),
		.rows = (__force __virtio16)cpu_to_le16(25),
		.max_nr_ports = (__force __virtio32)cpu_to_le32(MVCON_PORTS),
	};

	memcpy(buf, (u8 *)&config + offset, len);
}

static void mvcon_reset(struct mdev_soft *soft)
{
	struct mvcon *con = container_of(soft, struct mvcon, soft);
	unsigned long flags;

	spin_lock_irqsave(&con->lock, flags);
	kfifo_reset(&con->control);
	spin_unlock_irqrestore(&con->lock, flags);
}

#define MVCON_DESC(_vqs, _features) {					\
	.serve = mvcon_serve,						\
	.reset = mvcon_reset,						\
	.get_config = mvcon_get_config,					\
	.device_id = VIRTIO_ID_CONSOLE,					\
	.features = MDEV_SOFT_FEATURES | BIT_ULL(VIRTIO_F_IN_ORDER) |	\
		    (_features),					\
	.config_size = sizeof(struct virtio_console_config),		\
	.nr_vqs = _vqs,							\
	.num_max = MVCON_RING,						\
}

static const struct mdev_soft_desc mvcon_one =
	MVCON_DESC(2, BIT_ULL(VIRTIO_CONSOLE_F_SIZE));
static const struct mdev_soft_desc mvcon_ports =
	MVCON_DESC(MVCON_VQS, BIT_ULL(VIRTIO_CONSOLE_F_MULTIPORT));

/* ---- attributes ---- */

static ssize_t output_show(struct device *dev, struct device_attribute *attr,
			   char *buf)
{
	struct mvcon *con = to_mvcon(to_mdev_class_device(dev));
	unsigned long flags;
	size_t len;

	spin_lock_irqsave(&con->lock, flags);
	len = con->output_len;
	memcpy(buf, con->output, len);
	spin_unlock_irqrestore(&con->lock, flags);
	return len;
}
static DEVICE_ATTR_RO(output);

static ssize_t input_store(struct device *dev, struct device_attribute *attr,
			   const char *buf, size_t count)
{
	struct mvcon *con = to_mvcon(to_mdev_class_device(dev));
	unsigned long flags;

	spin_lock_irqsave(&con->lock, flags);
	count = kfifo_in(&con->input, buf, count);
	spin_unlock_irqrestore(&con->lock, flags);
	mdev_soft_kick(&con->soft, MVCON_IN);
	return count ?: -EAGAIN;
}
static DEVICE_ATTR_WO(input);

static ssize_t fail_store(struct device *dev, struct device_attribute *attr,
			  const char *buf, size_t count)
{
	struct mvcon *con = to_mvcon(to_mdev_class_device(dev));
	unsigned long flags;

	spin_lock_irqsave(&con->lock, flags);
	con->fail = true;
	spin_unlock_irqrestore(&con->lock, flags);
	return count;
}
static DEVICE_ATTR_WO(fail);

static ssize_t speak_store(struct device *dev, struct device_attribute *attr,
			   const char *buf, size_t count)
{
	struct mvcon *con = to_mvcon(to_mdev_class_device(dev));

	WRITE_ONCE(con->speak, true);
	mdev_soft_kick(&con->soft, MVCON_IN);
	return count;
}
static DEVICE_ATTR_WO(speak);

static struct attribute *mvcon_attrs[] = {
	&dev_attr_output.attr,
	&dev_attr_input.attr,
	&dev_attr_fail.attr,
	&dev_attr_speak.attr,
	NULL,
};
ATTRIBUTE_GROUPS(mvcon);

/* ---- instances and types ---- */

static int mvcon_create(struct mdev_class_device *cdev)
{
	struct mvcon *con;
	int ret;

	con = kvzalloc(sizeof(*con), GFP_KERNEL);
	if (!con)
		return -ENOMEM;

	spin_lock_init(&con->lock);
	INIT_KFIFO(con->input);
	INIT_KFIFO(con->control);
	mdev_class_set_groups(cdev, mvcon_groups);
	ret = mdev_soft_init(&con->soft, cdev, cdev->type->data);
	if (ret)
		kvfree(con);
	return ret;
}

static void mvcon_remove(struct mdev_class_device *cdev)
{
	struct mvcon *con = to_mvcon(cdev);

	mdev_soft_destroy(&con->soft);
	kvfree(con);
}

static const struct mdev_class_parent_ops mvcon_parent_ops = {
	.owner = THIS_MODULE,
	.create = mvcon_create,
	.remove = mvcon_remove,
};

static const struct mdev_class_type mvcon_types[] = {
	{
		.name = "mvcon-one",
		.class_id = MDEV_CLASS_ID_VIRTIO,
		.max_instances = 2,
		.data = &mvcon_one,
	}, {
		.name = "mvcon-ports",
		.class_id = MDEV_CLASS_ID_VIRTIO,
		.max_instances = 2,
		.data = &mvcon_ports,
	},
};

static struct platform_device *mvcon_pdev;
static struct mdev_class_parent *mvcon_parent;

static int __init mvcon_init(void)
{
	mvcon_pdev = platform_device_register_simple("mvcon0",
						     PLATFORM_DEVID_NONE, NULL,
						     0);
	if (IS_ERR(mvcon_pdev))
		return PTR_ERR(mvcon_pdev);

	mvcon_parent = mdev_class_register_parent(&mvcon_pdev->dev,
						  &mvcon_parent_ops,
						  mvcon_types,
						  ARRAY_SIZE(mvcon_types),
						  NULL);
	if (IS_ERR(mvcon_parent)) {
		platform_device_unregister(mvcon_pdev);
		return PTR_ERR(mvcon_parent);
	}
	return 0;
}

static void __exit mvcon_exit(void)
{
	mdev_class_unregister_parent(mvcon_parent);
	platform_device_unregister(mvcon_pdev);
}

module_init(mvcon_init);
module_exit(mvcon_exit);

MODULE_DESCRIPTION("Console of mediated devices, for tests");
MODULE_AUTHOR("virtio-mdev developers");
MODULE_LICENSE("GPL");
