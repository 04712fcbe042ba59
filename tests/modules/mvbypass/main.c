// SPDX-License-Identifier: GPL-2.0-only
/*
 * For tests of interrupt bypass: a consumer, in the place of KVM.
 *
 * A program opens /dev/mvbypass, writes the number of an eventfd of its own, and
 * reads which interrupt somebody offers for that: "irq 0" if nobody does.
 */

#include <linux/eventfd.h>
#include <linux/fs.h>
#include <linux/irqbypass.h>
#include <linux/miscdevice.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/slab.h>

/**
 * struct mvbypass - one open file
 * @consumer: what the manager of bypasses knows
 * @lock: guards @eventfd
 * @eventfd: whose interrupt is wanted; a reference, from the first write() until
 *	the file is closed; NULL before
 * @irq: the interrupt that is offered, or 0; written by the manager, which calls
 *	one at a time
 */
struct mvbypass {
	struct irq_bypass_consumer consumer;
	/* guards eventfd */
	struct mutex lock;
	struct eventfd_ctx *eventfd;
	int irq;
};

static int mvbypass_add_producer(struct irq_bypass_consumer *consumer,
				 struct irq_bypass_producer *producer)
{
	struct mvbypass *mb = container_of(consumer, struct mvbypass, consumer);

	WRITE_ONCE(mb->irq, producer->irq);
	return 0;
}

static void mvbypass_del_producer(struct irq_bypass_consumer *consumer,
				  struct irq_bypass_producer *producer)
{
	struct mvbypass *mb = container_of(consumer, struct mvbypass, consumer);

	WRITE_ONCE(mb->irq, 0);
}

static int mvbypass_open(struct inode *inode, struct file *file)
{
	struct mvbypass *mb = kzalloc(sizeof(*mb), GFP_KERNEL);

	if (!mb)
		return -ENOMEM;
	mutex_init(&mb->lock);
	mb->consumer.add_producer = mvbypass_add_producer;
	mb->consumer.del_producer = mvbypass_del_producer;
	file->private_data = mb;
	return 0;
}

static int mvbypass_release(struct inode *inode, struct file *file)
{
	struct mvbypass *mb = file->private_data;

	if (mb->eventfd) {
		irq_bypass_unregister_consumer(&mb->consumer);
		/* Pairs with eventfd_ctx_fdget() in mvbypass_watch() */
		eventfd_ctx_put(mb->eventfd);
	}
	mutex_destroy(&mb->lock);
	kfree(mb);
	return 0;
}

static int mvbypass_watch(struct mvbypass *mb, int fd)
{
	struct eventfd_ctx *eventfd;
	int ret;

	lockdep_assert_held(&mb->lock);
	if (mb->eventfd)
		return -EBUSY;
	eventfd = eventfd_ctx_fdget(fd);
	if (IS_ERR(eventfd))
		return PTR_ERR(eventfd);
	ret = irq_bypass_register_consumer(&mb->consumer, eventfd);
	if (ret) {
		eventfd_ctx_put(eventfd);
		return ret;
	}
	mb->eventfd = eventfd;
	return 0;
}

static ssize_t mvbypass_write(struct file *file, const char __user *buf,
			      size_t count, loff_t *ppos)
{
	struct mvbypass *mb = file->private_data;
	int fd, ret;

	ret = kstrtoint_from_user(buf, count, 10, &fd);
	if (ret)
		return ret;
	mutex_lock(&mb->lock);
	ret = mvbypass_watch(mb, fd);
	mutex_unlock(&mb->lock);
	return ret ?: count;
}

static ssize_t mvbypass_read(struct file *file, char __user *buf, size_t count,
			     loff_t *ppos)
{
	struct mvbypass *mb = file->private_data;
	char text[32];
	int len;

	len = scnprintf(text, sizeof(text), "irq %d\n", READ_ONCE(mb->irq));
	return simple_read_from_buffer(buf, count, ppos, text, len);
}

static const struct file_operations mvbypass_fops = {
	.owner = THIS_MODULE,
	.open = mvbypass_open,
	.release = mvbypass_release,
	.read = mvbypass_read,
	.write = mvbypass_write,
	.llseek = default_llseek,
};

static struct miscdevice mvbypass_misc = {
	.minor = MISC_DYNAMIC_MINOR,
	.name = "mvbypass",
	.fops = &mvbypass_fops,
};
module_misc_device(mvbypass_misc);

MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("Interrupt bypass for tests");
