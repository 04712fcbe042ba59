/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _VP_MDEV_H
#define _VP_MDEV_H

#include <linux/bits.h>
#include <linux/io.h>
#include <linux/mutex.h>
#include <linux/pci.h>
#include <linux/spinlock.h>
#include <linux/types.h>
#include <linux/virtio_config.h>
#include <linux/virtio_pci_modern.h>

#include <linux/virtio_mdev.h>

struct vp_mdev;

/* Its addresses are those of the IOMMU, and its rings have no legacy layout. */
#define VP_MDEV_REQUIRED_FEATURES	(BIT_ULL(VIRTIO_F_VERSION_1) |	\
					 BIT_ULL(VIRTIO_F_ACCESS_PLATFORM))

/**
 * struct vp_mdev_function - a PCI function that this driver is bound to
 * @pdev: the function
 * @modern: its registers, as the kernel's library maps them
 * @parent: the registration
 * @type_name: of the one type that it has for each class
 * @pretty_name: its name for people
 * @types: the types; constant
 * @lock: guards @vp, which is written to with it held and read without it only
 *	to see whether it is there, and @resets.  Also, whoever changes the state of
 *	the function holds it: the driver's operations and resets by others exclude
 *	each other.  Inner to the locks of class drivers; the locks of callbacks are
 *	inner to it.
 * @vp: the instance, NULL if there is none
 * @resets: odd while the function is being reset by others, or does not come back
 *	from that; changes with each beginning and each end
 * @ended: it was shut down; not used again
 * @prepared: the instance whose class driver knows of the reset that is under way
 *	and cannot go, a reference; guarded by the device lock of @pdev
 * @notify_start: physical address of the structure that doorbells are in; constant
 * @notify_length: its length in bytes, 0 if it is not in memory; constant
 * @ring_reset: the registers for the reset of a virtqueue are there; constant
 */
struct vp_mdev_function {
	struct pci_dev *pdev;
	struct virtio_pci_modern_device modern;
	struct mdev_class_parent *parent;
	char type_name[24];
	char pretty_name[48];
	struct mdev_class_type types[3];
	struct mutex lock;	/* guards vp and resets, see above */
	struct vp_mdev *vp;
	unsigned int resets;
	bool ended;
	struct mdev_class_device *prepared;
	resource_size_t notify_start;
	u32 notify_length;
	bool ring_reset;
};

/**
 * struct vp_mdev_vq - a virtqueue of the function
 * @cb_lock: guards @cb and @signals; held while the callback runs
 * @cb: callback for the interrupt
 * @signals: interrupts
 * @kicks: notifications; counted without a lock, by whoever may use the queue
 * @notify: its doorbell; constant
 * @notify_pa: physical address of that; constant
 * @desc: address of the descriptor table, or of a packed ring
 * @driver: address of the driver area
 * @device: address of the device area
 * @num: entries that the driver wants, 0 if the driver set none
 * @num_max: entries that there can be, read before the function was given @num;
 *	0 as long as the register still has it; guarded by &vp_mdev.select_lock
 * @has_address: the three are set
 * @ready: to be served while the device is live
 * @started: the function has been told of it
 * @affinity: CPUs that were asked for last, if @has_affinity
 * @has_affinity: whether any were
 *
 * What the driver sets up is kept here until the device goes live: registers
 * read as what they were last given, and the features that a driver takes may
 * change how many virtqueues of which size there are.
 */
struct vp_mdev_vq {
	spinlock_t cb_lock;	/* guards the callback, see above */
	struct virtio_mdev_callback cb;
	u64 signals;
	u64 kicks;
	void __iomem *notify;
	resource_size_t notify_pa;
	u64 desc;
	u64 driver;
	u64 device;
	u16 num;
	u16 num_max;
	bool has_address;
	bool ready;
	bool started;
	bool has_affinity;
	struct cpumask affinity;
};

/**
 * struct vp_mdev_vector - an interrupt
 * @vp: the instance
 * @first: the lowest virtqueue that it is for; every &vp_mdev.stride-th follows
 * @config: it is for the configuration space, too
 * @name: in /proc/interrupts
 */
struct vp_mdev_vector {
	struct vp_mdev *vp;
	unsigned int first;
	bool config;
	char name[64];
};

/**
 * struct vp_mdev - the instance of a function
 * @fn: the function
 * @modern: its registers
 * @cdev: the instance
 * @possible: what the function offers; constant
 * @features: what of that the instance offers; constant while a class driver is bound
 * @driver_features: what the driver took
 * @status: what the driver set last, 0 after its reset; guarded by
 *	&vp_mdev_function.lock, and read without it
 * @failed: the state of the function is lost, whatever its status reads; also
 * @told: the driver has been told of that; guarded by the same lock
 * @live: DRIVER_OK was set
 * @generation: of the configuration space at the last reset
 * @config_lock: guards @config_cb; held while the callback runs
 * @config_cb: callback for changes of the configuration space
 * @seen_lock: guards @seen; innermost
 * @seen: the configuration space as it was read last
 * @nr_vectors: length of @vectors; constant
 * @stride: number of vectors that virtqueues are spread over; constant
 * @vectors: interrupts; constant
 * @nr_vqs: length of @vqs; constant
 * @select_lock: guards the selector behind which the registers of a virtqueue lie, until
 *	all that are to be read or written together have been; attributes read how long
 *	a virtqueue can be at any time; innermost
 * @vqs: the virtqueues
 *
 * The class driver serialises the users of everything that has no lock here.
 */
struct vp_mdev {
	struct vp_mdev_function *fn;
	struct virtio_pci_modern_device *modern;
	struct mdev_class_device *cdev;
	u64 possible;
	u64 features;
	u64 driver_features;
	u8 status;
	bool failed;
	bool told;
	bool live;
	u32 generation;
	spinlock_t config_lock;	/* guards config_cb, see above */
	struct virtio_mdev_callback config_cb;
	spinlock_t seen_lock;	/* guards seen */
	u8 *seen;
	unsigned int nr_vectors;
	unsigned int stride;
	struct vp_mdev_vector *vectors;
	u16 nr_vqs;
	struct mutex select_lock;	/* guards the selector, see above */
	struct vp_mdev_vq vqs[] __counted_by(nr_vqs);
};

static inline struct vp_mdev *to_vp_mdev(struct mdev_class_device *cdev)
{
	return mdev_class_get_data(cdev);
}

/* function.c */
bool vp_mdev_away(struct vp_mdev_function *fn);
void vp_mdev_go_away(struct vp_mdev_function *fn);
void vp_mdev_not_away(struct vp_mdev_function *fn);
bool vp_mdev_gone(struct vp_mdev_function *fn);
bool vp_mdev_lost(struct vp_mdev *vp);
int vp_mdev_begin(struct vp_mdev *vp);
void vp_mdev_end(struct vp_mdev *vp);
int vp_mdev_reset_function(struct vp_mdev_function *fn);
void vp_mdev_wait_back(struct vp_mdev_function *fn);

/* instance.c */
int vp_mdev_create(struct mdev_class_device *cdev);
void vp_mdev_remove(struct mdev_class_device *cdev);

/* irq.c */
int vp_mdev_request_irqs(struct vp_mdev *vp);
void vp_mdev_free_irqs(struct vp_mdev *vp);
void vp_mdev_config_changed(struct vp_mdev *vp);
void vp_mdev_fail(struct vp_mdev *vp);
u16 vp_mdev_vq_vector(struct vp_mdev *vp, u16 idx);
int vp_mdev_get_vq_irq(struct mdev_class_device *cdev, u16 idx);
void vp_mdev_set_vq_cb(struct mdev_class_device *cdev, u16 idx,
		       const struct virtio_mdev_callback *cb);
void vp_mdev_set_config_cb(struct mdev_class_device *cdev,
			   const struct virtio_mdev_callback *cb);
int vp_mdev_set_vq_affinity(struct mdev_class_device *cdev, u16 idx,
			    const struct cpumask *mask);
const struct cpumask *
vp_mdev_get_vq_affinity(struct mdev_class_device *cdev, u16 idx);

/* ops.c */
extern const struct virtio_mdev_ops vp_mdev_ops;
extern const struct virtio_mdev_ops vp_mdev_ops_vq_reset;
void vp_mdev_load_config(struct vp_mdev *vp, unsigned int offset, void *buf,
			 unsigned int len);

/* reset.c */
extern const struct dev_pm_ops vp_mdev_pm_ops;
extern const struct pci_error_handlers vp_mdev_err_handler;
void vp_mdev_shutdown(struct pci_dev *pdev);

/* vq.c */
int vp_mdev_start_vqs(struct vp_mdev *vp);
void vp_mdev_kick_vqs(struct vp_mdev *vp);
void vp_mdev_forget_vqs(struct vp_mdev *vp);
int vp_mdev_set_vq_address(struct mdev_class_device *cdev, u16 idx,
			   u64 desc_area, u64 driver_area, u64 device_area);
int vp_mdev_set_vq_num(struct mdev_class_device *cdev, u16 idx, u32 num);
u16 vp_mdev_get_vq_num_max(struct mdev_class_device *cdev, u16 idx);
u16 vp_mdev_get_vq_size(struct mdev_class_device *cdev, u16 idx);
bool vp_mdev_kick_vq(struct mdev_class_device *cdev, u16 idx);
int vp_mdev_set_vq_ready(struct mdev_class_device *cdev, u16 idx, bool ready);
bool vp_mdev_get_vq_ready(struct mdev_class_device *cdev, u16 idx);
int vp_mdev_set_vq_state(struct mdev_class_device *cdev, u16 idx,
			 const struct virtio_mdev_vq_state *state);
int vp_mdev_get_vq_state(struct mdev_class_device *cdev, u16 idx,
			 struct virtio_mdev_vq_state *state);
int vp_mdev_reset_vq(struct mdev_class_device *cdev, u16 idx);
int vp_mdev_get_vq_notification(struct mdev_class_device *cdev, u16 idx,
				struct virtio_mdev_notification_area *area);
void vp_mdev_show_vq(struct mdev_class_device *cdev, u16 idx,
		     struct seq_file *m);
int vp_mdev_get_vq_stats(struct mdev_class_device *cdev, u16 idx,
			 struct virtio_mdev_vq_stats *stats);

#endif /* _VP_MDEV_H */
