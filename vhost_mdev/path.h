/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What differs between the ways to a device.
 */
#ifndef _VHOST_MDEV_PATH_H
#define _VHOST_MDEV_PATH_H

#include <linux/types.h>

struct mdev_mem;
struct seq_file;
struct vhost_mdev;

/**
 * struct vhost_mdev_path - what differs between the access paths to a device
 * @name: name of the access path, for messages
 * @mem_way: how the user maps memory, for messages
 * @features: backend features (VHOST_MDEV_BACKEND_F_*) that this access path adds
 *	to those of the parent
 * @mem_open: a user begins to use the device: prepare its memory.  Called with
 *	&mdev_session.lock held; returns 0 or a negative errno.
 * @mem_close: the user has closed the device, or it was revoked.  Called after a
 *	reset, to release all of the user's memory, which must be safe even if the
 *	reset failed.  Same context.
 * @nr_as: (optional) number of address spaces, at least 1, constant; 1 if this is
 *	absent
 * @mem: returns the memory of address space @asid, which is less than @nr_as.  It
 *	is open.  NULL if the device reaches memory by itself, through the IOMMU.
 * @iova_range: (optional) narrow the first and the last address that memory
 *	can have; initially they allow all.  Called with &mdev_session.lock held.
 * @mem_reset: (optional) the device was reset: release memory that is pinned only
 *	because the device used it; same context
 * @log: (optional) from now on, or no longer, have the log of the container name the
 *	pages that the device writes; same context.  Only the first can fail: -EBUSY,
 *	-EINTR.  Absent also means that the state cannot be saved and loaded through
 *	this access path.
 * @migration_blocker: (with @log) why neither is possible with this device, a part of
 *	a sentence; NULL if it is; same context
 * @set_owner: (optional) the calling process becomes the owner; same context
 * @reset_owner: (optional) undo @set_owner, after a reset; same context
 * @ask: (optional) ask the user to close the device.  Returns whether the user can
 *	be asked.  Called without the lock, maybe before @mem_open.
 * @show_mem: write what is known of the memory to a file, see
 *	&mdev_class_driver.show_mem.  Called without the lock, also before @mem_open
 *	and after @mem_close.
 * @as_vhost: wrong calls get the errno of vhost-vdpa, for programs that know it
 */
struct vhost_mdev_path {
	const char *name;
	const char *mem_way;
	u64 features;
	bool as_vhost;
	int (*mem_open)(struct vhost_mdev *vd);
	void (*mem_close)(struct vhost_mdev *vd);
	u32 (*nr_as)(struct vhost_mdev *vd);
	struct mdev_mem *(*mem)(struct vhost_mdev *vd, u32 asid);
	void (*iova_range)(struct vhost_mdev *vd, u64 *first, u64 *last);
	void (*mem_reset)(struct vhost_mdev *vd);
	int (*log)(struct vhost_mdev *vd, bool on);
	const char *(*migration_blocker)(struct vhost_mdev *vd);
	void (*set_owner)(struct vhost_mdev *vd);
	void (*reset_owner)(struct vhost_mdev *vd);
	bool (*ask)(struct vhost_mdev *vd);
	void (*show_mem)(struct vhost_mdev *vd, struct seq_file *m);
};

#endif /* _VHOST_MDEV_PATH_H */
