// SPDX-License-Identifier: GPL-2.0-only
/*
 * Migration: the states of VFIO's protocol, and the arcs between them.
 */

#include <linux/device.h>
#include <linux/err.h>
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/mdev_class.h>
#include <linux/mdev_vfio_device.h>
#include <linux/sysfs.h>
#include <linux/vfio.h>

#include "device.h"
#include "migration.h"
#include "saved.h"
#include "stream.h"
#include "trace.h"
#include "vfio_mdev.h"

static const char *const vfio_mdev_state_names[] = {
	[VFIO_DEVICE_STATE_ERROR] = "error",
	[VFIO_DEVICE_STATE_STOP] = "stop",
	[VFIO_DEVICE_STATE_RUNNING] = "running",
	[VFIO_DEVICE_STATE_STOP_COPY] = "stop_copy",
	[VFIO_DEVICE_STATE_RESUMING] = "resuming",
	[VFIO_DEVICE_STATE_RUNNING_P2P] = "running_p2p",
	[VFIO_DEVICE_STATE_PRE_COPY] = "pre_copy",
	[VFIO_DEVICE_STATE_PRE_COPY_P2P] = "pre_copy_p2p",
};

/* ---- what a state means ---- */

/* The device does nothing by itself: it cannot tell whose memory an address is. */
static bool vfio_mdev_state_stops(enum vfio_device_mig_state state)
{
	return state != VFIO_DEVICE_STATE_RUNNING &&
	       state != VFIO_DEVICE_STATE_PRE_COPY;
}

/* The state is being saved, and a file goes with that. */
static bool vfio_mdev_state_saves(enum vfio_device_mig_state state)
{
	return state == VFIO_DEVICE_STATE_PRE_COPY ||
	       state == VFIO_DEVICE_STATE_PRE_COPY_P2P ||
	       state == VFIO_DEVICE_STATE_STOP_COPY;
}

static bool vfio_mdev_state_has_file(enum vfio_device_mig_state state)
{
	return vfio_mdev_state_saves(state) ||
	       state == VFIO_DEVICE_STATE_RESUMING;
}

/* ---- arcs ---- */

/* The file that @to begins, or NULL if it goes on with the one of @from, or has none */
static struct file *vfio_mdev_arc_file(struct vfio_mdev *fn,
				       enum vfio_device_mig_state from,
				       enum vfio_device_mig_state to)
{
	if (to == VFIO_DEVICE_STATE_RESUMING)
		return vfio_mdev_stream_resume(fn);
	if (vfio_mdev_state_saves(to) && !vfio_mdev_state_saves(from))
		return vfio_mdev_stream_save(fn,
					     to != VFIO_DEVICE_STATE_STOP_COPY);
	return NULL;
}

/* What can fail on the way to @to, before it takes effect */
static int vfio_mdev_arc_prepare(struct vfio_mdev *fn,
				 enum vfio_device_mig_state from,
				 enum vfio_device_mig_state to)
{
	if (from == VFIO_DEVICE_STATE_RESUMING)
		return vfio_mdev_stream_loaded(fn);
	if (from == VFIO_DEVICE_STATE_PRE_COPY_P2P &&
	    to == VFIO_DEVICE_STATE_STOP_COPY)
		return vfio_mdev_stream_finish(fn);
	if (vfio_mdev_state_stops(from) != vfio_mdev_state_stops(to))
		return vfio_mdev_set_stopped(fn, vfio_mdev_state_stops(to));
	return 0;
}

/*
 * From one state to the next.  If it fails, the device is still in the former.  The
 * file that goes with the new one is returned by @file.
 */
static int vfio_mdev_arc(struct vfio_mdev *fn, enum vfio_device_mig_state to,
			 struct file **file)
{
	enum vfio_device_mig_state from = fn->mig_state;
	struct file *new;
	int ret = 0;

	lockdep_assert_held(&fn->session.lock);
	/* Before the device runs, so that no page is missed */
	if (vfio_mdev_state_saves(to) && !vfio_mdev_state_saves(from))
		ret = mdev_vfio_device_copy_begin(&fn->vfio,
						  MDEV_VFIO_COPY_MIGRATION);
	if (!ret)
		ret = vfio_mdev_arc_prepare(fn, from, to);
	if (!ret) {
		new = vfio_mdev_arc_file(fn, from, to);
		ret = PTR_ERR_OR_ZERO(new);
	}
	trace_vfio_mdev_arc(fn->session.name, from, to, ret);
	if (ret)
		to = from;
	else if (new)
		*file = new;
	if (!vfio_mdev_state_saves(to))
		mdev_vfio_device_copy_end(&fn->vfio, MDEV_VFIO_COPY_MIGRATION);
	if (!vfio_mdev_state_has_file(to))
		vfio_mdev_stream_end(fn);
	WRITE_ONCE(fn->mig_state, to);
	return ret;
}

static struct file *vfio_mdev_go(struct vfio_mdev *fn,
				 enum vfio_device_mig_state to)
{
	enum vfio_device_mig_state next;
	struct file *file = NULL;
	int ret = 0;

	lockdep_assert_held(&fn->session.lock);
	while (!ret && fn->mig_state != to) {
		ret = vfio_mig_get_next_state(&fn->vfio.vdev, fn->mig_state, to,
					      &next);
		if (!ret)
			ret = vfio_mdev_arc(fn, next, &file);
	}
	if (!ret)
		return file;
	/* VFIO's paths have no state that begins a file, except at their ends. */
	if (WARN_ON_ONCE(file))
		fput(file);
	return ERR_PTR(ret);
}

/* ---- operations of VFIO ---- */

static struct vfio_mdev *vdev_to_vfio_mdev(struct vfio_device *vdev)
{
	return to_vfio_mdev(to_mdev_vfio_device(vdev));
}

static struct file *vfio_mdev_set_state(struct vfio_device *vdev,
					enum vfio_device_mig_state state)
{
	struct vfio_mdev *fn = vdev_to_vfio_mdev(vdev);
	struct file *file;
	int ret;

	ret = mdev_session_lock(&fn->session);
	/*
	 * A device that was taken away does nothing in any state.  QEMU cannot stop a
	 * machine whose device neither stops nor takes a reset: it aborts.
	 */
	if (ret == -ENODEV && !vfio_mdev_state_has_file(state))
		return NULL;
	if (ret)
		return ERR_PTR(ret);
	file = vfio_mdev_go(fn, state);
	mdev_session_unlock(&fn->session);
	return file;
}

static int vfio_mdev_get_state(struct vfio_device *vdev,
			       enum vfio_device_mig_state *state)
{
	struct vfio_mdev *fn = vdev_to_vfio_mdev(vdev);
	int ret;

	ret = mdev_session_lock(&fn->session);
	if (ret)
		return ret;
	*state = fn->mig_state;
	mdev_session_unlock(&fn->session);
	return 0;
}

/* A kernel that has no such operation does not refer to it. */
static int __maybe_unused vfio_mdev_get_data_size(struct vfio_device *vdev,
						  unsigned long *len)
{
	*len = vfio_mdev_saved_guess(&vdev_to_vfio_mdev(vdev)->identity);
	return 0;
}

static const struct vfio_migration_ops vfio_mdev_migration_ops = {
	.migration_set_state = vfio_mdev_set_state,
	.migration_get_state = vfio_mdev_get_state,
	COMPAT_VFIO_MIG_DATA_SIZE_OP(vfio_mdev_get_data_size)
};

/* ---- life ---- */

/**
 * vfio_mdev_migration_init() - offer migration if the instance can be migrated
 * @fn: the device, not registered yet
 */
void vfio_mdev_migration_init(struct vfio_mdev *fn)
{
	struct mdev_class_device *cdev = vfio_mdev_cdev(fn);
	const char *why = mdev_vfio_device_migration_blocker(cdev);
	struct vfio_device *vdev = &fn->vfio.vdev;

	fn->mig_state = VFIO_DEVICE_STATE_RUNNING;
	if (why) {
		dev_info(&cdev->dev, "the instance cannot be migrated: %s\n",
			 why);
		return;
	}
	vdev->mig_ops = &vfio_mdev_migration_ops;
	vdev->migration_flags = VFIO_MIGRATION_STOP_COPY | VFIO_MIGRATION_P2P |
				COMPAT_VFIO_MIGRATION_PRE_COPY;
}

/**
 * vfio_mdev_migration_reset() - end all that has to do with migration
 * @fn: the device, reset, its lock held
 */
void vfio_mdev_migration_reset(struct vfio_mdev *fn)
{
	lockdep_assert_held(&fn->session.lock);
	if (fn->mig_state != VFIO_DEVICE_STATE_RUNNING)
		trace_vfio_mdev_arc(fn->session.name, fn->mig_state,
				    VFIO_DEVICE_STATE_RUNNING, 0);
	vfio_mdev_stream_end(fn);
	mdev_vfio_device_copy_end(&fn->vfio, MDEV_VFIO_COPY_MIGRATION);
	WRITE_ONCE(fn->mig_state, VFIO_DEVICE_STATE_RUNNING);
	/* Without DRIVER_OK there is nothing that could fail to start. */
	vfio_mdev_set_stopped(fn, false);
}

/* ---- attributes ---- */

/*
 * They exist while the driver is bound, so that the device does, too.  No lock: a
 * remover holds the one of the instance while it waits for readers.
 */

static ssize_t migration_state_show(struct device *dev,
				    struct device_attribute *attr, char *buf)
{
	struct vfio_mdev *fn = dev_get_drvdata(dev);

	return sysfs_emit(buf, "%s\n",
			  vfio_mdev_state_names[READ_ONCE(fn->mig_state)]);
}
static DEVICE_ATTR_RO(migration_state);

static ssize_t copy_mode_show(struct device *dev,
			      struct device_attribute *attr, char *buf)
{
	struct vfio_mdev *fn = dev_get_drvdata(dev);

	return mdev_vfio_device_show_copying(&fn->vfio, buf);
}
static DEVICE_ATTR_RO(copy_mode);

static struct attribute *vfio_mdev_attrs[] = {
	&dev_attr_migration_state.attr,
	&dev_attr_copy_mode.attr,
	NULL,
};

static umode_t vfio_mdev_attr_visible(struct kobject *kobj,
				      struct attribute *attr, int n)
{
	struct vfio_mdev *fn = dev_get_drvdata(kobj_to_dev(kobj));

	if (attr == &dev_attr_migration_state.attr && !fn->vfio.vdev.mig_ops)
		return 0;
	return attr->mode;
}

static const struct attribute_group vfio_mdev_group = {
	.attrs = vfio_mdev_attrs,
	.is_visible = vfio_mdev_attr_visible,
};

const struct attribute_group *vfio_mdev_groups[] = {
	&vfio_mdev_group,
	NULL,
};
