/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Software devices: what parents that serve all their virtqueues with mdev_vq
 * have in common.
 */
#ifndef _LINUX_MDEV_SOFT_H
#define _LINUX_MDEV_SOFT_H

#include <linux/atomic.h>
#include <linux/bits.h>
#include <linux/cpumask.h>
#include <linux/spinlock.h>
#include <linux/types.h>
#include <linux/virtio_config.h>
#include <linux/virtio_ring.h>

#include <linux/mdev_class.h>
#include <linux/mdev_vq.h>
#include <linux/mdev_vq_section.h>
#include <linux/mdev_worker.h>
#include <linux/virtio_mdev.h>

struct mdev_soft;
struct mdev_state_reader;
struct mdev_state_writer;
struct task_struct;

/**
 * DOC: software devices
 *
 * Most of &struct virtio_mdev_ops is the same for every device whose
 * virtqueues are &struct mdev_vq: status, features, starting and stopping the
 * queues, suspend, callbacks.  A parent that embeds a &struct mdev_soft in its
 * instance gets all that.  A &struct mdev_worker serves the queues of a program; those
 * of the kernel's own drivers are mostly served in the kick, see
 * &mdev_soft_desc.serve.  The parent adds what its device does with a buffer::
 *
 *	create:	mdev_soft_init(&foo->soft, cdev, &foo_desc);
 *	serve:	while (budget-- && mdev_vq_take(vq, &chain) > 0) {
 *			... mdev_vq_read(), mdev_vq_write() ...
 *			mdev_vq_give(vq, &chain, written);
 *		}
 *	remove:	mdev_soft_destroy(&foo->soft);
 *
 * What a device has beyond that goes into optional members of its &struct
 * mdev_soft_desc: a configuration space, more rules about features, workers of
 * its own in place of the one.  Types that differ in features or in the
 * number of virtqueues have a description each.
 *
 * mdev_soft_init() sets the instance's operations, and its data to the &struct
 * mdev_soft; mdev_soft_of() and container_of() lead back to the parent's own.
 */

/*
 * What the library does for every device: split and packed rings with both
 * options, driver addresses of any kind, and the reset of one virtqueue.  A
 * device that pushes chains in the order in which it popped them adds
 * VIRTIO_F_IN_ORDER.
 */
#define MDEV_SOFT_FEATURES	(BIT_ULL(VIRTIO_F_VERSION_1) |		\
				 BIT_ULL(VIRTIO_F_ACCESS_PLATFORM) |	\
				 BIT_ULL(VIRTIO_F_RING_PACKED) |	\
				 BIT_ULL(VIRTIO_F_RING_RESET) |		\
				 BIT_ULL(VIRTIO_RING_F_INDIRECT_DESC) |	\
				 BIT_ULL(VIRTIO_RING_F_EVENT_IDX))

/**
 * struct mdev_soft_desc - a kind of software device
 * @serve: Serve a virtqueue, which is claimed: take some chains and give them
 *	back.  Do that in here only: elsewhere call mdev_soft_kick().
 *	Return true if at least one was given back and there may be more: it is
 *	called again.  It must be short, because whoever stops the device waits
 *	for it, and so do the other queues.
 *	Called after the driver kicked the queue, when the queue goes live with
 *	something in its ring, when the driver takes its memory away, and after
 *	mdev_soft_kick(); one call at a time.
 *	Where the driver's memory is direct it is called with interrupts off,
 *	also in the context of the kick: it must not sleep, locks that it takes
 *	are taken with interrupts off elsewhere (spin_lock_irqsave()), and
 *	messages are left to mdev_vq_break(), because they may go to a console
 *	that the driver makes of this device.  For other memory the worker of the
 *	device calls it, in process context.
 * @serve_sleeps: @serve sleeps also where memory is direct, so only the worker
 *	calls it, in process context.  Not for a device whose driver spins until
 *	its buffers are used, as those of consoles and network devices do: with
 *	interrupts off that hangs a machine with one CPU.
 * @kick: (optional, in place of @serve) Have the parent look at a virtqueue, for
 *	a parent that does not use the worker of &struct mdev_soft.  It needs a
 *	worker for each instance, because a program can make that wait.  Called
 *	when @serve would be due, for queues in any state.  Any context; also with
 *	spinlocks held when memory goes away, which direct memory never does.
 * @get_vq_worker: (optional, with @kick) The worker that serves a virtqueue, so
 *	that it can be made to leave; started in @prepare_vq, stopped in @reset.
 * @hurry_vq: (optional, with @get_vq_worker) Somebody has waited for a second for a
 *	virtqueue to be left: for parents with more workers than that one, which
 *	give them to mdev_worker_hurry().
 * @vq_hopeless: (optional) Whether what serves a virtqueue waits for something that
 *	does not answer, a disk for example.  Then a suspend, to which that is asked
 *	each second after the first, fails with -EBUSY, and the device goes on.
 * @prepare_vq: (optional) Get all that is needed to serve a virtqueue, which is
 *	about to start; called again at its next start.  The device's memory and
 *	its features are set.  Return 0, a negative errno, or 1 for a queue that
 *	has no meaning with the negotiated features: it is not started.
 * @get_vq_group: (optional, with @nr_groups) As &virtio_mdev_ops.get_vq_group.
 *	Virtqueues that are served together, with memory of mdev_soft_mem(), are
 *	in group 0.  Default: all are.
 * @get_vq_notification: (optional) As &virtio_mdev_ops.get_vq_notification.
 * @set_vq_affinity: (optional) As &virtio_mdev_ops.set_vq_affinity.
 * @get_vq_affinity: (optional) As &virtio_mdev_ops.get_vq_affinity.
 * @check_features: (optional) Whether the device can work with what the driver
 *	takes.  The library has checked that this is a subset of @features with
 *	VIRTIO_F_VERSION_1.  Return 0 or -EINVAL.
 * @check_offer: (optional) Whether these features, which are within the limits of
 *	mdev_soft_limit_features(), can be offered together.  Return 0, or -EINVAL after
 *	mdev_class_error().
 * @start: (optional) The device has gone live.
 * @stop: (optional) Undo @start: the device is about to be reset.
 * @reset: (optional) Forget what the driver set, except through @set_config, and
 *	except what the library keeps.  The virtqueues are stopped.
 * @suspend: (optional, with @resume) The device was suspended: no virtqueue is served.
 * @resume: (optional, with @suspend) Undo @suspend: the virtqueues are about to be
 *	served again.  An error leaves the device suspended.
 * @end_use: (optional) As &virtio_mdev_ops.end_use.  Called after @reset.
 * @get_migration_blocker: (optional) As &virtio_mdev_ops.get_migration_blocker.
 * @save: (optional, with @load) As &virtio_mdev_ops.save.
 * @load: (optional, with @save) As &virtio_mdev_ops.load.
 * @get_config: (optional, with @config_size) Read from the configuration space,
 *	as &virtio_mdev_ops.get_config: at any time, without sleeping.
 * @set_config: (optional, with @config_size) Write to it, as
 *	&virtio_mdev_ops.set_config.  Default: nothing can be written.
 * @get_generation: (optional) As &virtio_mdev_ops.get_generation.
 * @device_id: virtio device type (virtio 1.2, section 5)
 * @vendor_id: vendor, as a virtio PCI subsystem vendor id
 * @features: what is offered, MDEV_SOFT_FEATURES included
 * @config_size: size of the configuration space in bytes
 * @nr_vqs: number of virtqueues, the most that an instance can have
 * @num_max: largest ring size of each, a power of two up to VIRTIO_MDEV_MAX_NUM
 * @num_min: the least that the largest ring size can be set to, a power of two; 0 means 1
 * @nr_groups: number of groups of virtqueues; 0 means 1
 *
 * Unless said otherwise a function is called in process context, may sleep, and
 * is serialised by the class driver like the device operations.
 */
struct mdev_soft_desc {
	/* virtqueues */
	bool (*serve)(struct mdev_soft *soft, struct mdev_vq *vq);
	bool serve_sleeps;
	void (*kick)(struct mdev_soft *soft, u16 idx);
	struct mdev_worker *(*get_vq_worker)(struct mdev_soft *soft, u16 idx);
	void (*hurry_vq)(struct mdev_soft *soft, u16 idx);
	bool (*vq_hopeless)(struct mdev_soft *soft, u16 idx);
	int (*prepare_vq)(struct mdev_soft *soft, u16 idx);
	u32 (*get_vq_group)(struct mdev_soft *soft, u16 idx);
	int (*get_vq_notification)(struct mdev_soft *soft, u16 idx,
				   struct virtio_mdev_notification_area *area);
	int (*set_vq_affinity)(struct mdev_soft *soft, u16 idx,
			       const struct cpumask *mask);
	const struct cpumask *(*get_vq_affinity)(struct mdev_soft *soft,
						 u16 idx);

	/* device */
	int (*check_features)(struct mdev_soft *soft, u64 features);
	int (*check_offer)(struct mdev_soft *soft, u64 features);
	void (*start)(struct mdev_soft *soft);
	void (*stop)(struct mdev_soft *soft);
	void (*reset)(struct mdev_soft *soft);
	void (*suspend)(struct mdev_soft *soft);
	int (*resume)(struct mdev_soft *soft);
	void (*end_use)(struct mdev_soft *soft);
	const char *(*get_migration_blocker)(struct mdev_soft *soft);
	int (*save)(struct mdev_soft *soft, struct mdev_state_writer *w);
	int (*load)(struct mdev_soft *soft, struct mdev_state_reader *r);
	void (*get_config)(struct mdev_soft *soft, unsigned int offset,
			   void *buf, unsigned int len);
	void (*set_config)(struct mdev_soft *soft, unsigned int offset,
			   const void *buf, unsigned int len);
	u32 (*get_generation)(struct mdev_soft *soft);

	u32 device_id;
	u32 vendor_id;
	u64 features;
	u32 config_size;
	u16 nr_vqs;
	u16 num_max;
	u16 num_min;
	u16 nr_groups;
};

/* One virtqueue, with a pointer to its device */
struct mdev_soft_vq {
	struct mdev_vq vq;
	struct mdev_soft *soft;
	/* to serve it, and to call the driver back */
	struct mdev_work work;
	struct mdev_work deliver;
};

/**
 * struct mdev_soft - a software device
 * @cdev: the instance
 * @desc: what kind of device it is
 * @features: what this one offers: those of @desc, except what the parent or the
 *	administrator has removed
 * @nr_vqs: how many virtqueues this one has, see mdev_soft_set_nr_vqs()
 * @num_max: the largest size of their rings
 *
 * These three are constant while a class driver is bound.
 *
 * Embedded by the parent.
 */
struct mdev_soft {
	struct mdev_class_device *cdev;
	const struct mdev_soft_desc *desc;
	u64 features;
	u16 nr_vqs;
	u16 num_max;

	/* private: */
	/* what is to be offered if it is @possible, and what is offered anyway */
	u64 wanted;
	u64 possible;
	u64 required;
	struct mdev_soft_vq *vqs;
	/*
	 * this instance's own, so that no other one can stall it; not used
	 * without &mdev_soft_desc.serve
	 */
	struct mdev_worker worker;
	struct mdev_work config_work;

	/*
	 * Held in &mdev_soft_desc.serve where memory is direct, because the worker
	 * and any task that kicks call that; elsewhere only the worker does.  No
	 * callback of the driver runs under it.  Guards @server, the task in there:
	 * without the lock it is only compared with NULL and the current task.
	 */
	spinlock_t serve_lock;
	struct task_struct *server;

	/* what the class driver set; it serialises this; written under @cb_lock */
	bool suspended;
	/* the same for each group: its memory; NULL: that of @cdev */
	struct mdev_mem **group_mem;

	/* the same; constant from FEATURES_OK to reset */
	u64 driver_features;

	/* bits are set by the class driver, and by a virtqueue that breaks */
	atomic_t status;

	/*
	 * Guards @cb, @config_changed and writes of @suspended, and is held while
	 * the callback runs, so that whoever takes it to replace @cb knows that the
	 * old one does not run any more.
	 */
	spinlock_t cb_lock;
	struct virtio_mdev_callback cb;
	/* a change that the driver is told of with DRIVER_OK, or with a resume */
	bool config_changed;
};

/**
 * mdev_soft_of() - the software device of an instance
 * @cdev: an instance that mdev_soft_init() was called for
 *
 * Context: any.
 * Return: the device.
 */
static inline struct mdev_soft *
mdev_soft_of(const struct mdev_class_device *cdev)
{
	return mdev_class_get_data(cdev);
}

/**
 * mdev_soft_vq() - a virtqueue of a software device
 * @soft: the device
 * @idx: index of the virtqueue, less than &mdev_soft_desc.nr_vqs
 *
 * Context: any.
 * Return: the virtqueue.
 */
static inline struct mdev_vq *mdev_soft_vq(struct mdev_soft *soft, u16 idx)
{
	return &soft->vqs[idx].vq;
}

/**
 * mdev_soft_mem() - the driver's memory
 * @soft: the device
 *
 * The memory of the virtqueues in group 0: of all, if there is no other group.
 * mdev_vq_mem() is the memory of a particular one.
 *
 * Context: the user of a virtqueue, from mdev_vq_claim() to mdev_vq_release(),
 * and &mdev_soft_desc.prepare_vq.
 * Return: the memory.
 */
static inline struct mdev_mem *mdev_soft_mem(const struct mdev_soft *soft)
{
	return soft->group_mem[0] ?: soft->cdev->mem;
}

/**
 * mdev_soft_has_driver() - whether a driver may have looked at the device since its reset
 * @soft: the device
 *
 * Context: any.
 * Return: true if one has announced itself, or a state with features was loaded for one.
 */
static inline bool mdev_soft_has_driver(const struct mdev_soft *soft)
{
	return (atomic_read(&soft->status) & VIRTIO_CONFIG_S_DRIVER) ||
	       READ_ONCE(soft->driver_features);
}

/**
 * mdev_soft_has() - whether a feature was negotiated
 * @soft: the device
 * @bit: number of the feature bit
 *
 * Context: any.
 * Return: true if it was.  Constant while a virtqueue is claimed.
 */
static inline bool mdev_soft_has(const struct mdev_soft *soft, unsigned int bit)
{
	return soft->driver_features & BIT_ULL(bit);
}

void mdev_soft_kick(struct mdev_soft *soft, u16 idx);
int mdev_soft_init(struct mdev_soft *soft, struct mdev_class_device *cdev,
		   const struct mdev_soft_desc *desc);
void mdev_soft_destroy(struct mdev_soft *soft);
void mdev_soft_limit_features(struct mdev_soft *soft, u64 possible,
			      u64 required);
void mdev_soft_remove_features(struct mdev_soft *soft, u64 features);
int mdev_soft_set_nr_vqs(struct mdev_soft *soft, u16 nr_vqs);
void mdev_soft_config_changed(struct mdev_soft *soft);

#endif /* _LINUX_MDEV_SOFT_H */
