// SPDX-License-Identifier: GPL-2.0-only
/*
 * The file through which a state stream is read or written.
 *
 * It may outlive the session, and even the instance.  The VFIO device it keeps, as the
 * device fd does, so that there is always a session to look at.
 */

#include <linux/anon_inodes.h>
#include <linux/errno.h>
#include <linux/fs.h>
#include <linux/kref.h>
#include <linux/mdev_class.h>
#include <linux/mdev_state.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/poll.h>
#include <linux/sizes.h>
#include <linux/slab.h>
#include <linux/uaccess.h>
#include <linux/vfio.h>
#include <linux/wait.h>

#include "saved.h"
#include "state.h"
#include "stream.h"
#include "vfio_mdev.h"

/**
 * struct vfio_mdev_stream - a state stream
 * @ref: one of the file's, and one of the device's until the stream has ended
 * @fn: the device; a reference to its VFIO device
 * @io: serialises the users of the file.  Held while their memory is accessed, for as
 *	long as they like, so it is outer to &mdev_session.lock.
 * @wait: tasks that poll the file
 * @saving: it is read, else written; constant
 * @pre_copy: more will follow what is there to be read.  Written with
 *	&mdev_session.lock held, read without.
 * @ended: the file is of no use any more.  Written and read as @pre_copy.
 * @size: of @buf, in bytes; constant
 * @len: how much of @buf is part of the stream and does not change.  If it is read:
 *	written with &mdev_session.lock held, and read without; if it is written: guarded
 *	by @io.
 * @pos: how much was read; guarded by @io
 * @checked: how much was looked at, of a stream that is written; guarded by @io
 * @complete: all of the stream was written; guarded by @io
 * @error: what a write has failed with for good; guarded by @io
 * @loaded: the device has taken it over; guarded by &mdev_session.lock
 * @buf: the stream
 */
struct vfio_mdev_stream {
	struct kref ref;
	struct vfio_mdev *fn;
	struct mutex io;	/* serialises reads and writes, see above */
	wait_queue_head_t wait;
	bool saving;
	bool pre_copy;
	bool ended;
	size_t size;
	size_t len;
	size_t pos;
	size_t checked;
	bool complete;
	int error;
	bool loaded;
	u8 *buf;
};

/* ---- life ---- */

static void vfio_mdev_stream_release(struct kref *ref)
{
	struct vfio_mdev_stream *stream =
		container_of(ref, struct vfio_mdev_stream, ref);
	struct vfio_mdev *fn = stream->fn;

	kvfree(stream->buf);
	mutex_destroy(&stream->io);
	kfree(stream);
	/* Pairs with vfio_mdev_stream_alloc() */
	vfio_put_device(&fn->vfio.vdev);
}

static void vfio_mdev_stream_put(struct vfio_mdev_stream *stream)
{
	kref_put(&stream->ref, vfio_mdev_stream_release);
}

static struct vfio_mdev_stream *vfio_mdev_stream_alloc(struct vfio_mdev *fn)
{
	struct vfio_mdev_stream *stream;

	stream = kzalloc(sizeof(*stream), GFP_KERNEL_ACCOUNT);
	if (!stream)
		return NULL;
	stream->size = vfio_mdev_saved_max(&fn->identity);
	stream->buf = kvzalloc(stream->size, GFP_KERNEL_ACCOUNT);
	if (!stream->buf) {
		kfree(stream);
		return NULL;
	}
	kref_init(&stream->ref);
	mutex_init(&stream->io);
	init_waitqueue_head(&stream->wait);
	stream->fn = fn;
	/* Pairs with vfio_mdev_stream_release() */
	get_device(&fn->vfio.vdev.device);
	return stream;
}

static int vfio_mdev_stream_close(struct inode *inode, struct file *file)
{
	/* Pairs with vfio_mdev_stream_open() */
	vfio_mdev_stream_put(file->private_data);
	return 0;
}

/* ---- reading ---- */

/*
 * Whether more will follow, and how much there is.  In this order, so that what is
 * added at the end of pre-copy is seen by whoever sees that it has ended.
 */
static void vfio_mdev_stream_look(struct vfio_mdev_stream *stream,
				  bool *pre_copy, size_t *len)
{
	/* Pair with the releases in vfio_mdev_stream_finish() */
	*pre_copy = smp_load_acquire(&stream->pre_copy);
	/* As above */
	*len = smp_load_acquire(&stream->len);
}

/* How much there is to be read, or what a read returns without it */
static ssize_t vfio_mdev_stream_left(struct vfio_mdev_stream *stream)
{
	bool pre_copy;
	size_t len;

	lockdep_assert_held(&stream->io);
	vfio_mdev_stream_look(stream, &pre_copy, &len);
	if (READ_ONCE(stream->ended))
		return -ENODEV;
	if (len == stream->pos && pre_copy)
		return -ENOMSG;
	return len - stream->pos;
}

static ssize_t vfio_mdev_stream_read(struct file *file, char __user *buf,
				     size_t count, loff_t *pos)
{
	struct vfio_mdev_stream *stream = file->private_data;
	ssize_t ret;

	if (mutex_lock_interruptible(&stream->io))
		return -ERESTARTSYS;
	ret = vfio_mdev_stream_left(stream);
	if (ret > 0) {
		ret = min_t(size_t, count, ret);
		if (copy_to_user(buf, stream->buf + stream->pos, ret))
			ret = -EFAULT;
		else
			stream->pos += ret;
	}
	mutex_unlock(&stream->io);
	return ret;
}

static long vfio_mdev_stream_precopy_info(struct vfio_mdev_stream *stream,
					  void __user *argp)
{
	size_t minsz = offsetofend(struct vfio_precopy_info, dirty_bytes);
	struct vfio_precopy_info info;
	bool pre_copy;
	size_t len;

	if (copy_from_user(&info, argp, minsz))
		return -EFAULT;
	if (info.argsz < minsz)
		return -EINVAL;
	if (mutex_lock_interruptible(&stream->io))
		return -ERESTARTSYS;
	vfio_mdev_stream_look(stream, &pre_copy, &len);
	info.flags = 0;
	info.initial_bytes = len - stream->pos;
	/* The rest of the state is saved at once, when the device has stopped. */
	info.dirty_bytes = 0;
	mutex_unlock(&stream->io);
	if (READ_ONCE(stream->ended))
		return -ENODEV;
	if (!pre_copy)
		return -EINVAL;
	return copy_to_user(argp, &info, minsz) ? -EFAULT : 0;
}

static long vfio_mdev_stream_ioctl(struct file *file, unsigned int cmd,
				   unsigned long arg)
{
	if (cmd != VFIO_MIG_GET_PRECOPY_INFO)
		return -ENOTTY;
	return vfio_mdev_stream_precopy_info(file->private_data,
					     (void __user *)arg);
}

static __poll_t vfio_mdev_stream_poll(struct file *file, poll_table *table)
{
	struct vfio_mdev_stream *stream = file->private_data;
	__poll_t mask = stream->saving ? EPOLLIN | EPOLLRDNORM :
					 EPOLLOUT | EPOLLWRNORM;
	bool pre_copy;
	size_t len;

	poll_wait(file, &stream->wait, table);
	if (READ_ONCE(stream->ended))
		return mask | EPOLLHUP | EPOLLERR;
	/* A snapshot, which may be outdated if another task reads */
	vfio_mdev_stream_look(stream, &pre_copy, &len);
	if (pre_copy && len == READ_ONCE(stream->pos))
		return 0;
	return mask;
}

static const struct file_operations vfio_mdev_save_fops = {
	.owner = THIS_MODULE,
	.read = vfio_mdev_stream_read,
	.unlocked_ioctl = vfio_mdev_stream_ioctl,
	.compat_ioctl = compat_ptr_ioctl,
	.poll = vfio_mdev_stream_poll,
	.release = vfio_mdev_stream_close,
};

/* ---- writing ---- */

/* The stream is complete.  The device takes it over if the file is still its own. */
static int vfio_mdev_stream_load(struct vfio_mdev_stream *stream)
{
	struct vfio_mdev *fn = stream->fn;
	int ret;

	lockdep_assert_held(&stream->io);
	ret = mdev_session_lock(&fn->session);
	if (ret)
		return ret;
	ret = -ENODEV;
	if (!stream->ended)
		ret = vfio_mdev_load(fn, stream->buf, stream->len);
	stream->loaded = !ret;
	mdev_session_unlock(&fn->session);
	return ret;
}

/* Look at what has arrived. */
static int vfio_mdev_stream_check(struct vfio_mdev_stream *stream)
{
	struct vfio_mdev_unfit unfit;
	int ret;

	ret = vfio_mdev_saved_walk(&stream->fn->identity, stream->buf,
				   stream->len, &stream->checked, &unfit);
	if (ret < 0)
		vfio_mdev_refused(stream->fn, &unfit);
	if (ret <= 0)
		return ret;
	stream->complete = true;
	return vfio_mdev_stream_load(stream);
}

static ssize_t vfio_mdev_stream_take(struct vfio_mdev_stream *stream,
				     const char __user *buf, size_t count)
{
	int ret;

	lockdep_assert_held(&stream->io);
	if (READ_ONCE(stream->ended))
		return -ENODEV;
	if (stream->error)
		return stream->error;
	/* The device has its state already, which this does not change. */
	if (stream->complete)
		return -EINVAL;
	if (count > stream->size - stream->len)
		return -EFBIG;
	if (copy_from_user(stream->buf + stream->len, buf, count))
		return -EFAULT;
	stream->len += count;
	ret = vfio_mdev_stream_check(stream);
	/* What was written stays: there is no way back to before it. */
	stream->error = ret;
	return ret ?: count;
}

static ssize_t vfio_mdev_stream_write(struct file *file,
				      const char __user *buf, size_t count,
				      loff_t *pos)
{
	struct vfio_mdev_stream *stream = file->private_data;
	ssize_t ret;

	if (!count)
		return 0;
	if (mutex_lock_interruptible(&stream->io))
		return -ERESTARTSYS;
	ret = vfio_mdev_stream_take(stream, buf, count);
	mutex_unlock(&stream->io);
	return ret;
}

static const struct file_operations vfio_mdev_resume_fops = {
	.owner = THIS_MODULE,
	.write = vfio_mdev_stream_write,
	.poll = vfio_mdev_stream_poll,
	.release = vfio_mdev_stream_close,
};

/* ---- for the state machine ---- */

static struct file *vfio_mdev_stream_open(struct vfio_mdev_stream *stream)
{
	struct vfio_mdev *fn = stream->fn;
	struct file *file;

	file = anon_inode_getfile("vfio_mdev_migration",
				  stream->saving ? &vfio_mdev_save_fops :
						   &vfio_mdev_resume_fops,
				  stream, stream->saving ? O_RDONLY : O_WRONLY);
	if (IS_ERR(file)) {
		vfio_mdev_stream_put(stream);
		return file;
	}
	/* Pairs with vfio_mdev_stream_close() */
	kref_get(&stream->ref);
	stream_open(file->f_inode, file);
	/* Pairs with vfio_mdev_stream_end() */
	fn->stream = stream;
	return file;
}

/* Returns what the stream has now, so that the parts of it can be added. */
static struct mdev_state_writer
vfio_mdev_stream_writer(struct vfio_mdev_stream *stream)
{
	return (struct mdev_state_writer) {
		.buf = stream->buf,
		.size = stream->size,
		.len = stream->len,
	};
}

/**
 * vfio_mdev_stream_save() - begin a stream that is read
 * @fn: the device, without a stream, its lock held
 * @pre_copy: only what does not change is there until vfio_mdev_stream_finish()
 *
 * Return: the file, of which the caller has the reference; an ERR_PTR().
 */
struct file *vfio_mdev_stream_save(struct vfio_mdev *fn, bool pre_copy)
{
	struct vfio_mdev_stream *stream;
	struct mdev_state_writer w;
	int ret = 0;

	lockdep_assert_held(&fn->session.lock);
	stream = vfio_mdev_stream_alloc(fn);
	if (!stream)
		return ERR_PTR(-ENOMEM);
	stream->saving = true;
	stream->pre_copy = pre_copy;
	mdev_state_start(&w, stream->buf, stream->size, MDEV_CLASS_ID_VFIO);
	vfio_mdev_save_identity(fn, &w);
	if (!pre_copy)
		ret = vfio_mdev_save(fn, &w);
	if (ret) {
		vfio_mdev_stream_put(stream);
		return ERR_PTR(ret);
	}
	stream->len = w.len;
	return vfio_mdev_stream_open(stream);
}

/**
 * vfio_mdev_stream_finish() - add what follows pre-copy
 * @fn: the device, stopped, its lock held
 *
 * Return: 0; what the state cannot be saved with.
 */
int vfio_mdev_stream_finish(struct vfio_mdev *fn)
{
	struct vfio_mdev_stream *stream = fn->stream;
	struct mdev_state_writer w = vfio_mdev_stream_writer(stream);
	int ret;

	lockdep_assert_held(&fn->session.lock);
	ret = vfio_mdev_save(fn, &w);
	if (ret)
		return ret;
	/* Pair with the acquires in vfio_mdev_stream_look() */
	smp_store_release(&stream->len, w.len);
	/* As above */
	smp_store_release(&stream->pre_copy, false);
	wake_up_interruptible_poll(&stream->wait, EPOLLIN | EPOLLRDNORM);
	return 0;
}

/**
 * vfio_mdev_stream_resume() - begin a stream that is written
 * @fn: the device, without a stream, its lock held
 *
 * Return: the file, of which the caller has the reference; an ERR_PTR().
 */
struct file *vfio_mdev_stream_resume(struct vfio_mdev *fn)
{
	struct vfio_mdev_stream *stream;

	lockdep_assert_held(&fn->session.lock);
	stream = vfio_mdev_stream_alloc(fn);
	if (!stream)
		return ERR_PTR(-ENOMEM);
	return vfio_mdev_stream_open(stream);
}

/**
 * vfio_mdev_stream_loaded() - whether the device has taken over what was written
 * @fn: the device, with such a stream, its lock held
 *
 * Return: 0 if it has; -EINVAL if the stream is not complete, or was refused.
 */
int vfio_mdev_stream_loaded(struct vfio_mdev *fn)
{
	lockdep_assert_held(&fn->session.lock);
	if (fn->stream->loaded)
		return 0;
	dev_warn_ratelimited(&vfio_mdev_cdev(fn)->dev,
			     "the device cannot leave the resuming state: the migrated state is not complete, or was refused\n");
	return -EINVAL;
}

/**
 * vfio_mdev_stream_end() - end the stream
 * @fn: the device, its lock held
 *
 * Calls on the file fail from now on.  Nothing happens if there is no stream.
 */
void vfio_mdev_stream_end(struct vfio_mdev *fn)
{
	struct vfio_mdev_stream *stream = fn->stream;

	lockdep_assert_held(&fn->session.lock);
	if (!stream)
		return;
	fn->stream = NULL;
	WRITE_ONCE(stream->ended, true);
	wake_up_interruptible_poll(&stream->wait, EPOLLHUP | EPOLLERR);
	/* Pairs with vfio_mdev_stream_open() */
	vfio_mdev_stream_put(stream);
}
