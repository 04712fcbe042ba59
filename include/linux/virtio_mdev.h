/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Device operations of a mediated virtio device: the one table that every
 * class driver uses and every parent driver fills.
 */
#ifndef _LINUX_VIRTIO_MDEV_H
#define _LINUX_VIRTIO_MDEV_H

#include <linux/bits.h>
#include <linux/cpumask.h>
#include <linux/irqreturn.h>
#include <linux/types.h>
#include <linux/virtio_config.h>
#include <linux/virtio_ring.h>

#include <linux/mdev_class.h>

struct mdev_state_reader;
struct mdev_state_writer;
struct seq_file;

/* Bits of &virtio_mdev_ops.get_mdev_features */
#define VIRTIO_MDEV_F_VERSION_1		BIT_ULL(0)

/*
 * Feature bits about how driver and device communicate, not about what the device
 * does.  A transport passes on only those that it knows: the other side would rely
 * on a bit that nobody acts upon.
 */
#define VIRTIO_MDEV_TRANSPORT_FEATURES	GENMASK_ULL(49, 24)

/* Those of them that concern nothing but the rings: each transport knows them. */
#define VIRTIO_MDEV_RING_FEATURES			\
	(BIT_ULL(VIRTIO_RING_F_INDIRECT_DESC) |		\
	 BIT_ULL(VIRTIO_RING_F_EVENT_IDX) |		\
	 BIT_ULL(VIRTIO_F_VERSION_1) |			\
	 BIT_ULL(VIRTIO_F_RING_PACKED) |		\
	 BIT_ULL(VIRTIO_F_IN_ORDER) |			\
	 BIT_ULL(VIRTIO_F_ORDER_PLATFORM))

/* The largest ring that a virtqueue can have (virtio 1.2, section 2.7) */
#define VIRTIO_MDEV_MAX_NUM		32768

/**
 * struct virtio_mdev_callback - what a device calls when it has news
 * @callback: (optional) used buffers are there to be collected (virtqueue), or
 *	the configuration space or the status changed (device).  A virtqueue's
 *	interrupt in the words of virtio 1.2, section 2.3.
 * @error: (optional) the virtqueue broke and is no longer served
 * @private: argument of both
 *
 * Both are called with bottom halves disabled, from process, softirq or hard
 * interrupt context, and do not sleep.
 */
struct virtio_mdev_callback {
	irqreturn_t (*callback)(void *private);
	void (*error)(void *private);
	void *private;
};

/**
 * struct virtio_mdev_vq_state - where a virtqueue stands
 * @split: state of a split virtqueue
 * @split.avail_index: next entry of the available ring that the device takes
 * @packed: state of a packed virtqueue
 * @packed.last_avail_counter: wrap counter of the driver's side
 * @packed.last_avail_idx: next descriptor that the device takes
 * @packed.last_used_counter: wrap counter of the device's side
 * @packed.last_used_idx: next descriptor that the device writes
 *
 * VIRTIO_F_RING_PACKED determines which of the two members is used.  In
 * the state of a split virtqueue the used index equals @split.avail_index: a
 * device reports a state only between chains.
 */
struct virtio_mdev_vq_state {
	union {
		struct {
			u16 avail_index;
		} split;
		struct {
			u16 last_avail_counter : 1;
			u16 last_avail_idx : 15;
			u16 last_used_counter : 1;
			u16 last_used_idx : 15;
		} packed;
	};
};

/**
 * struct virtio_mdev_notification_area - a doorbell that may be mapped
 * @addr: physical address, page aligned
 * @size: bytes, a multiple of the page size; nothing but the doorbell of this
 *	one virtqueue may be within
 *
 * A hostile user writes any value to any byte of it, and a VMM's guest reads, too:
 * neither may do more than kick this virtqueue.
 */
struct virtio_mdev_notification_area {
	phys_addr_t addr;
	resource_size_t size;
};

/**
 * struct virtio_mdev_vq_stats - counters of a virtqueue since create
 * @kicks: notifications from the driver
 * @signals: interrupts to the driver
 * @chains: descriptor chains used
 * @bytes: payload bytes moved, both directions, without device headers
 * @drops: chains whose contents the device could not pass on
 * @errors: times the virtqueue broke
 */
struct virtio_mdev_vq_stats {
	u64 kicks;
	u64 signals;
	u64 chains;
	u64 bytes;
	u64 drops;
	u64 errors;
};

/**
 * struct virtio_mdev_ops - what a parent driver does for a class driver
 *
 * A virtqueue is named by its index, which the caller has checked against
 * @get_vq_count.  Unless said otherwise an operation is called from process
 * context, may sleep, and is serialised by the class driver against all other
 * operations of the same instance except @kick_vq, @get_status, @get_vq_stats,
 * @show_vq, @set_vq_affinity, @get_vq_affinity, @is_present, @get_config,
 * @get_generation, and what attributes show: @get_vq_num_max, @get_vq_count,
 * @get_device_features and @get_driver_features.  These may run at any time from
 * create to remove.  Operations that return int return 0 or a negative errno, which is
 * passed unchanged to the user of the instance; the parent logs what a person cannot
 * tell from it.
 *
 * @set_vq_address:	Set the addresses of the virtqueue.
 *			@desc_area, @driver_area, @device_area: addresses in the
 *			driver's address space (virtio 1.2, section 2.6); the
 *			descriptor table, available and used ring of a split
 *			virtqueue.  -EINVAL if one is not aligned as section 2.7
 *			asks, or the range wraps.  Nothing is accessed before
 *			the queue is ready and the device live.
 * @set_vq_num:		Set the ring size.  -EINVAL if @num is 0, over the
 *			maximum, below the minimum or, for a split virtqueue,
 *			not a power of two.
 * @get_vq_num_max:	The largest ring size of a virtqueue, at most
 *			VIRTIO_MDEV_MAX_NUM.  Constant while a class driver is bound.
 * @set_vq_num_max:	(optional) The administrator wants the rings of all virtqueues to
 *			have @num entries at most.  Called while no class driver is
 *			bound.  -ERANGE if that cannot be, and mdev_class_error()
 *			says what can.
 * @get_vq_num_min:	(optional) The smallest.  Default: 1.
 * @get_vq_size:	(optional) The ring size that this virtqueue has now.
 *			Default: @get_vq_num_max.
 * @kick_vq:		The driver made buffers available (section 2.9.1).
 *			May be called in atomic context with interrupts off, for
 *			a virtqueue in any state, but not in an NMI.  The driver
 *			may hold locks that its callbacks take, so none is
 *			called from here while interrupts are off.  Some of
 *			the kernel's own drivers spin until the buffers are
 *			used, with interrupts off: where memory is direct the
 *			parent serves them here, see &struct mdev_soft_desc.
 *			Return false if the virtqueue is known to be broken, so
 *			that such a driver ends its wait; else true.
 * @set_vq_cb:		Set the virtqueue's callbacks, or remove them if @cb is
 *			NULL.  @cb is copied.  When this returns the former
 *			callbacks neither run nor are called any more.
 * @set_vq_ready:	Start or stop the virtqueue.  A ready queue is served
 *			while the status has DRIVER_OK; one that is made ready
 *			after DRIVER_OK starts at once, or with @resume if the
 *			device is suspended, and an address that does not
 *			resolve gives -EFAULT there.  One that has no address
 *			may be ready, too, and stays idle: some users make all
 *			queues ready.  When a stop returns, rings and buffers are
 *			no longer accessed, and @get_vq_state is exact.
 * @get_vq_ready:	Whether the virtqueue is ready.
 * @set_vq_state:	Set where the virtqueue begins.  -EBUSY if it is live.
 * @get_vq_state:	Where the virtqueue stands: exact if stopped or
 *			suspended, otherwise a snapshot, possibly stale.
 * @reset_vq:		(optional) Reset one virtqueue (section 2.6.1) to the
 *			state after a device reset: not ready, no address, state
 *			0.  A parent that has it offers VIRTIO_F_RING_RESET.
 * @get_vq_group:	(optional) The group of a virtqueue, less than
 *			@get_group_count.  Different groups can be given
 *			different memory.  May depend on the features
 *			until FEATURES_OK.  Default: 0.
 * @get_vq_notification: (optional) The doorbell that a user may map, written
 *			with the queue index.  -EOPNOTSUPP if this queue has
 *			none.  Constant.
 * @get_vq_irq:		(optional) The interrupt that the host gets for used
 *			buffers, if it is for this virtqueue alone: it may be
 *			delivered to the CPUs of a user without the host, and
 *			then no callback is called.  A negative errno if there is
 *			no such interrupt.  It exists from create to remove.
 * @set_vq_affinity:	(optional) Serve the virtqueue on these CPUs; NULL for
 *			any.  Advisory.
 * @get_vq_affinity:	(optional) The CPUs set last, or NULL.
 * @get_vq_stats:	(optional) Read the counters.  Does not sleep.
 * @show_vq:		(optional) Write what is known of the virtqueue to a file of
 *			debugfs: one "name: value" a line.  What the driver can
 *			write to is not read.  Waits for nothing that the driver can
 *			delay, because the removal of the instance waits for it.
 * @get_vq_count:	The number of virtqueues, 1 to 65535.  Constant while a class
 *			driver is bound; mdev_class_vqs_changed() tells of a change.
 * @get_vq_align:	(optional) Alignment for the parts of a virtqueue that
 *			a kernel driver allocates, a power of two.  Default: the
 *			page size.
 * @get_device_features: What the device offers.  Constant while a class driver is
 *			bound.
 * @get_feature_limits: (optional, with @set_device_features) What the device, as it is
 *			set up, can offer (@possible), and cannot do without
 *			(@required).  Called while no class driver is bound.
 * @set_device_features: (optional, with @get_feature_limits) The administrator wants
 *			these to be offered, which are within the limits.  Called
 *			while no class driver is bound.  -EINVAL if they do not go
 *			together, and mdev_class_error() says which.
 * @set_driver_features: What the driver takes, a subset of what is offered.
 *			-EINVAL for a combination that the device cannot serve.
 *			Before FEATURES_OK only.
 * @get_driver_features: What was set last, 0 after a reset.
 * @get_mdev_features:	What of this table the parent supports: VIRTIO_MDEV_F_*.
 *			VIRTIO_MDEV_F_VERSION_1 is required.
 * @set_config_cb:	Set the callback for changes of the configuration space
 *			or of the status, or remove it if @cb is NULL.  As
 *			@set_vq_cb.  It is called only while DRIVER_OK is set and the
 *			device is not suspended; a change before is reported then.
 * @get_device_id:	The virtio device type (section 5).  Constant.
 * @get_vendor_id:	The vendor, as a virtio PCI subsystem vendor id.
 *			Constant.
 * @get_status:		The device status (section 2.1).  Does not sleep.  For
 *			hardware that was reset by somebody else it is what the
 *			driver had set, and DEVICE_NEEDS_RESET, until @reset;
 *			operations that change the device give -EIO meanwhile.
 * @set_status:		Set status bits.  @status is never 0 and has every bit
 *			that is set already, except DEVICE_NEEDS_RESET, which
 *			only the device sets.  With DRIVER_OK the device goes live:
 *			ready virtqueues are mapped and served.  An error leaves
 *			the status as it was; -EFAULT if the address of a ready
 *			virtqueue does not resolve.
 * @reset:		Reset the device to status 0 (section 2.4): no features,
 *			no virtqueue ready, states 0.  Callbacks stay set.  When
 *			it returns, driver memory is no longer accessed, and no
 *			error callback runs or is called.
 * @end_use:		(optional) After a @reset: the user has closed the device, or
 *			lost it, or the class driver unbinds.  What the user wrote
 *			with @set_config is forgotten, so that the next one finds the
 *			device as the administrator has set it up.  Default: it
 *			stays.
 * @suspend:		(optional) Stop a live device so that @get_vq_state is
 *			exact; rings and used indices no longer change when it
 *			returns.  Kicks take effect with @resume.  -EINVAL if not
 *			live; -EBUSY if it cannot be stopped now, because what is
 *			behind it does not answer: then it goes on.
 * @resume:		(optional, with @suspend) Continue where @suspend stopped.
 *			The driver may have replaced its memory meanwhile, also
 *			that of rings: their addresses are resolved again, and a
 *			virtqueue for which there is no memory breaks.
 * @get_migration_blocker: (optional) Why the instance cannot be moved to another host
 *			while it is in use: a part of a sentence, for a message.
 *			NULL if it can.  Asked when a class driver binds.  Default: it
 *			can if there are @suspend, @save and @load.
 * @save:		(optional, with @load) Append the device's own state: what the
 *			driver has set by other ways than these operations, such as
 *			the control queue or @set_config, until the next reset.
 *			The device is suspended, or not live.  The state is for
 *			@load of another version of the parent, too: see
 *			mdev_state.h for how versions go together.
 * @load:		(optional, with @save) Take over what @save has written.  The
 *			device is reset and has its features, and DRIVER_OK follows
 *			later.  The content is hostile: all of it is checked before
 *			any takes effect, -EINVAL.
 * @get_group_count:	(optional, with @get_vq_group) The number of groups of
 *			virtqueues, at least 1.  Constant.  Default: 1.
 * @set_group_asid:	(optional, with @get_vq_group) From now on virtqueues of
 *			@group use @mem, which is the driver's address space
 *			@asid, for rings and buffers.  Set before DRIVER_OK, until
 *			the next @reset; @mem stays valid until then.  -EINVAL
 *			if there is no such group.  Default: all of them use
 *			&mdev_class_device.mem, address space 0, and they do so
 *			after a reset.
 * @get_dma_dev:	(optional) The device that does the DMA, which then goes
 *			through the IOMMU, not through &mdev_class_device.mem:
 *			addresses on rings are those of the DMA API for this
 *			device, and the driver has to accept
 *			VIRTIO_F_ACCESS_PLATFORM, which the parent offers.
 *			Exists from create to remove.  Constant.  Default: none.
 * @is_present:		(optional) Whether the device is still there: false if it was
 *			unplugged, or its bus is down.  Does not sleep.  Without
 *			the device every other operation still returns: -ENODEV
 *			if it has to change something; what it reads is garbage,
 *			except that @get_status has DEVICE_NEEDS_RESET.  A class
 *			driver whose user has to know calls this last, once for
 *			all that it did.  Default: it is there.
 * @get_config_size:	Size of the configuration space in bytes.  Constant.
 * @get_config:		Read from the configuration space; range checked by the
 *			caller.  Little-endian (section 2.5).  Does not sleep.
 *			While hardware is being reset by somebody else it is
 *			what was read last.
 * @set_config:		Write to it; range checked by the caller.  Fields that
 *			the driver cannot write keep their value.  What is
 *			written survives @reset, until @end_use.
 * @get_generation:	(optional) Changes when the configuration space does
 *			(section 2.5.1).  Does not sleep.  Default: 0.
 */
struct virtio_mdev_ops {
	/* virtqueue */
	int (*set_vq_address)(struct mdev_class_device *cdev, u16 idx,
			      u64 desc_area, u64 driver_area, u64 device_area);
	int (*set_vq_num)(struct mdev_class_device *cdev, u16 idx, u32 num);
	u16 (*get_vq_num_max)(struct mdev_class_device *cdev, u16 idx);
	int (*set_vq_num_max)(struct mdev_class_device *cdev, u16 num);
	u16 (*get_vq_num_min)(struct mdev_class_device *cdev, u16 idx);
	u16 (*get_vq_size)(struct mdev_class_device *cdev, u16 idx);
	bool (*kick_vq)(struct mdev_class_device *cdev, u16 idx);
	void (*set_vq_cb)(struct mdev_class_device *cdev, u16 idx,
			  const struct virtio_mdev_callback *cb);
	int (*set_vq_ready)(struct mdev_class_device *cdev, u16 idx,
			    bool ready);
	bool (*get_vq_ready)(struct mdev_class_device *cdev, u16 idx);
	int (*set_vq_state)(struct mdev_class_device *cdev, u16 idx,
			    const struct virtio_mdev_vq_state *state);
	int (*get_vq_state)(struct mdev_class_device *cdev, u16 idx,
			    struct virtio_mdev_vq_state *state);
	int (*reset_vq)(struct mdev_class_device *cdev, u16 idx);
	u32 (*get_vq_group)(struct mdev_class_device *cdev, u16 idx);
	int (*get_vq_notification)(struct mdev_class_device *cdev, u16 idx,
				   struct virtio_mdev_notification_area *area);
	int (*get_vq_irq)(struct mdev_class_device *cdev, u16 idx);
	int (*set_vq_affinity)(struct mdev_class_device *cdev, u16 idx,
			       const struct cpumask *mask);
	const struct cpumask *(*get_vq_affinity)(struct mdev_class_device *cdev,
						 u16 idx);
	int (*get_vq_stats)(struct mdev_class_device *cdev, u16 idx,
			    struct virtio_mdev_vq_stats *stats);
	void (*show_vq)(struct mdev_class_device *cdev, u16 idx,
			struct seq_file *m);

	/* device */
	u16 (*get_vq_count)(struct mdev_class_device *cdev);
	u32 (*get_vq_align)(struct mdev_class_device *cdev);
	u64 (*get_device_features)(struct mdev_class_device *cdev);
	void (*get_feature_limits)(struct mdev_class_device *cdev,
				   u64 *possible, u64 *required);
	int (*set_device_features)(struct mdev_class_device *cdev,
				   u64 features);
	int (*set_driver_features)(struct mdev_class_device *cdev,
				   u64 features);
	u64 (*get_driver_features)(struct mdev_class_device *cdev);
	u64 (*get_mdev_features)(struct mdev_class_device *cdev);
	void (*set_config_cb)(struct mdev_class_device *cdev,
			      const struct virtio_mdev_callback *cb);
	u32 (*get_device_id)(struct mdev_class_device *cdev);
	u32 (*get_vendor_id)(struct mdev_class_device *cdev);
	u8 (*get_status)(struct mdev_class_device *cdev);
	int (*set_status)(struct mdev_class_device *cdev, u8 status);
	int (*reset)(struct mdev_class_device *cdev);
	void (*end_use)(struct mdev_class_device *cdev);
	int (*suspend)(struct mdev_class_device *cdev);
	int (*resume)(struct mdev_class_device *cdev);
	const char *(*get_migration_blocker)(struct mdev_class_device *cdev);
	int (*save)(struct mdev_class_device *cdev,
		    struct mdev_state_writer *w);
	int (*load)(struct mdev_class_device *cdev,
		    struct mdev_state_reader *r);
	u32 (*get_group_count)(struct mdev_class_device *cdev);
	int (*set_group_asid)(struct mdev_class_device *cdev, u32 group,
			      u32 asid, struct mdev_mem *mem);
	struct device *(*get_dma_dev)(struct mdev_class_device *cdev);
	bool (*is_present)(struct mdev_class_device *cdev);
	size_t (*get_config_size)(struct mdev_class_device *cdev);
	void (*get_config)(struct mdev_class_device *cdev, unsigned int offset,
			   void *buf, unsigned int len);
	void (*set_config)(struct mdev_class_device *cdev, unsigned int offset,
			   const void *buf, unsigned int len);
	u32 (*get_generation)(struct mdev_class_device *cdev);
};

/**
 * virtio_mdev_dma_dev() - the device that does the DMA of an instance
 * @cdev: the instance
 *
 * Context: from create to remove.
 * Return: what &virtio_mdev_ops.get_dma_dev says; NULL if the parent reaches
 * rings and buffers through &mdev_class_device.mem.
 */
static inline struct device *
virtio_mdev_dma_dev(struct mdev_class_device *cdev)
{
	return cdev->ops->get_dma_dev ? cdev->ops->get_dma_dev(cdev) : NULL;
}

#endif /* _LINUX_VIRTIO_MDEV_H */
