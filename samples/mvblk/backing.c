// SPDX-License-Identifier: GPL-2.0-only
/*
 * mvblk: the file or block device that holds the sectors: which one may be used, by
 * how many instances, and how it is opened.
 *
 * Opening some files has an effect (a watchdog is armed, a tape is rewound), and
 * opening others waits for somebody (a FIFO).  So a file is checked before it is
 * opened, and the file that was checked is the one that is opened, even if the name
 * stands for another one by then.
 */

#include <linux/backing-dev.h>
#include <linux/blkdev.h>
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/list.h>
#include <linux/lockdep.h>
#include <linux/namei.h>
#include <linux/pagemap.h>
#include <linux/path.h>
#include <linux/slab.h>
#include <linux/spinlock.h>
#include <linux/stat.h>
#include <linux/wait.h>

#include "mvblk.h"

/* The backings of all instances */
static LIST_HEAD(mvblk_backings);

/* How long a driver waits for requests of the one before it that were abandoned */
#define MVBLK_BACKING_PATIENCE	(10 * HZ)

/* Those that wait so */
static DECLARE_WAIT_QUEUE_HEAD(mvblk_backings_wait);

/*
 * Guards mvblk_backings, what &struct mvblk_backing says is guarded by it, and writes of
 * &mvblk_backing.file; nothing is taken under it.
 */
static DEFINE_SPINLOCK(mvblk_backings_lock);

/*
 * Whether files of a file system only present the kernel's data, as in sysfs and
 * debugfs.  Such a file system stores nothing, so it has no backing device.  It has not
 * set how large a file may be, or, as sysfs on newer kernels, it lets nothing be
 * executed.  For a file system in memory neither is so.
 */
static bool mvblk_backing_is_pseudo(const struct super_block *sb)
{
	return sb->s_bdi == &noop_backing_dev_info &&
	       (sb->s_maxbytes <= MAX_NON_LFS || sb->s_iflags & SB_I_NOEXEC);
}

/* Whether kernel_read() and kernel_write() can do what the device will ask for */
static bool mvblk_backing_has_io(const struct file_operations *fop, bool write)
{
	if (!fop || !fop->read_iter || fop->read)
		return false;
	return !write || (fop->write_iter && !fop->write);
}

/* Check a file that is not open yet. */
static int mvblk_backing_look(struct mvblk *blk, const struct path *path,
			      const char *name)
{
	const struct inode *inode = d_inode(path->dentry);
	struct mdev_class_device *cdev = blk->soft.cdev;

	if (S_ISBLK(inode->i_mode))
		return 0;
	if (blk->bdev_only) {
		mdev_class_error(cdev, "%s is not a block device: use the type mvblk-file",
				 name);
		return -EINVAL;
	}
	if (!S_ISREG(inode->i_mode)) {
		mdev_class_error(cdev, "%s is neither a regular file nor a block device",
				 name);
		return -EINVAL;
	}
	if (mvblk_backing_is_pseudo(inode->i_sb) ||
	    !mvblk_backing_has_io(inode->i_fop, !blk->read_only)) {
		mdev_class_error(cdev,
				 "%s is of the file system %s, which stores no data: use a file of another one",
				 name, inode->i_sb->s_type->name);
		return -EINVAL;
	}
	if (IS_SWAPFILE(inode)) {
		mdev_class_error(cdev, "%s is in use as swap", name);
		return -EBUSY;
	}
	return 0;
}

/*
 * A file is for one instance that writes, or for any number of read-only ones, whose
 * drivers do not expect data to change.
 */
static bool mvblk_backing_clashes(const struct mvblk_backing *a,
				  const struct mvblk_backing *b)
{
	return a->inode == b->inode && (a->write || b->write);
}

/*
 * Shared instances take turns, see mvblk_backing_begin_use(): one that moves from one
 * VMM to another at the same host has the same file at both ends.
 */
static int mvblk_backing_claim(struct mvblk_backing *backing)
{
	const struct mvblk_backing *other;
	int ret = 0;

	spin_lock(&mvblk_backings_lock);
	list_for_each_entry(other, &mvblk_backings, node)
		if (mvblk_backing_clashes(other, backing) &&
		    !(other->shared && backing->shared))
			ret = -EBUSY;
	if (!ret)
		list_add(&backing->node, &mvblk_backings);
	spin_unlock(&mvblk_backings_lock);
	return ret;
}

/* Whether that was the last user */
static bool mvblk_backing_disclaim(struct mvblk_backing *backing)
{
	bool last;

	spin_lock(&mvblk_backings_lock);
	last = !--backing->users;
	if (last)
		list_del(&backing->node);
	spin_unlock(&mvblk_backings_lock);
	return last;
}

/*
 * The block device that another shared instance has opened.  Its O_EXCL keeps out
 * everybody else, and so it would this instance.  NULL if there is none.
 */
static struct file *mvblk_backing_join(const struct mvblk_backing *backing)
{
	const struct mvblk_backing *other;
	struct file *file = NULL;

	spin_lock(&mvblk_backings_lock);
	list_for_each_entry(other, &mvblk_backings, node) {
		/* It is closed only after it was taken from the list. */
		if (other->inode == backing->inode && other->file &&
		    other->shared && other->write == backing->write) {
			file = get_file(other->file);
			break;
		}
	}
	spin_unlock(&mvblk_backings_lock);
	return file;
}

static struct file *mvblk_backing_open_path(struct mvblk_backing *backing,
					    const struct path *path, int flags)
{
	struct file *file = NULL;
	int ret;

	if (S_ISBLK(backing->inode->i_mode)) {
		flags |= O_EXCL;
		if (backing->shared)
			file = mvblk_backing_join(backing);
	}
	/* The empty name stands for @path itself. */
	if (!file)
		return file_open_root(path, "", flags, 0);

	/* The same permission as for opening it */
	ret = file_permission(file, MAY_READ | (backing->write ? MAY_WRITE : 0));
	if (!ret)
		return file;
	fput(file);
	return ERR_PTR(ret);
}

/* Check a block device, and write back what others have left in its page cache. */
static int mvblk_backing_check_bdev(struct mvblk *blk,
				    const struct mvblk_backing *backing,
				    struct file *file)
{
	struct address_space *mapping = file->f_mapping;
	struct mdev_class_device *cdev = blk->soft.cdev;
	int ret;

	if (bdev_is_zoned(I_BDEV(mapping->host))) {
		mdev_class_error(cdev, "%s is a zoned device, which cannot be written at random",
				 backing->path);
		return -EINVAL;
	}
	ret = filemap_write_and_wait(mapping);
	if (ret) {
		mdev_class_error(cdev, "cannot write the page cache of %s back: %pe",
				 backing->path, ERR_PTR(ret));
		return ret;
	}
	/* What is in use stays, and is looked after later. */
	invalidate_inode_pages2(mapping);
	return 0;
}

/* What direct I/O to a file needs, if the file system can do it */
static void mvblk_backing_look_direct(struct mvblk_backing *backing,
				      struct file *file)
{
	struct kstat stat = { };

	if (!(file->f_mode & FMODE_CAN_ODIRECT))
		return;
	/* What most need; where it does not do, there is the page cache. */
	backing->dio_align = MVBLK_SECTOR - 1;
	backing->dio_block = MVBLK_SECTOR;
	if (vfs_getattr(&file->f_path, &stat, STATX_DIOALIGN,
			AT_STATX_SYNC_AS_STAT) ||
	    !(stat.result_mask & STATX_DIOALIGN))
		return;
	backing->dio_block = stat.dio_offset_align;
	if (stat.dio_mem_align)
		backing->dio_align = stat.dio_mem_align - 1;
}

static int mvblk_backing_open_file(struct mvblk *blk,
				   struct mvblk_backing *backing,
				   const struct path *path)
{
	/*
	 * O_NONBLOCK: do not wait for the holder of a lease, or for a drive
	 * without a medium.  O_EXCL claims a block device, so that no file
	 * system, swap or other instance can have claimed it as well.
	 */
	int flags = (backing->write ? O_RDWR : O_RDONLY) | O_LARGEFILE |
		    O_NONBLOCK;
	struct mdev_class_device *cdev = blk->soft.cdev;
	struct file *file;
	loff_t size;
	int ret;

	file = mvblk_backing_open_path(backing, path, flags);
	if (IS_ERR(file)) {
		mdev_class_error(cdev, "cannot open %s: %pe", backing->path, file);
		return PTR_ERR(file);
	}
	/* Reads and writes are to wait. */
	spin_lock(&file->f_lock);
	file->f_flags &= ~O_NONBLOCK;
	spin_unlock(&file->f_lock);
	size = i_size_read(file->f_mapping->host);
	if (size < MVBLK_SECTOR) {
		mdev_class_error(cdev, "%s has %lld bytes, less than a sector",
				 backing->path, size);
		filp_close(file, NULL);
		return -EINVAL;
	}
	if (S_ISBLK(backing->inode->i_mode)) {
		ret = mvblk_backing_check_bdev(blk, backing, file);
		if (ret) {
			filp_close(file, NULL);
			return ret;
		}
		backing->bdev = I_BDEV(file->f_mapping->host);
		mvblk_bdev_look(backing);
	} else {
		mvblk_backing_look_direct(backing, file);
	}
	spin_lock(&mvblk_backings_lock);
	backing->file = file;
	spin_unlock(&mvblk_backings_lock);
	return 0;
}

/**
 * mvblk_backing_open() - open a file for its sectors
 * @blk: the instance
 * @name: name of the file; a partial sector at its end is not used
 * @shared: other instances that are shared may have it, too
 *
 * The file is opened with the caller's permissions.
 *
 * Context: process context; sleeps, for as long as the file system takes.  No
 * lock is held that others wait for.
 * Return: the open file, for mvblk_backing_close(); -EBUSY if another instance,
 * a file system or swap uses it; -EINVAL if it cannot be used; -ENOMEM; what
 * looking it up or opening it failed with.
 */
struct mvblk_backing *mvblk_backing_open(struct mvblk *blk, const char *name,
					 bool shared)
{
	struct mdev_class_device *cdev = blk->soft.cdev;
	struct mvblk_backing *backing;
	struct path path;
	int ret = -ENOMEM;

	backing = kzalloc(sizeof(*backing), GFP_KERNEL);
	if (!backing)
		return ERR_PTR(-ENOMEM);
	backing->path = kstrdup(name, GFP_KERNEL);
	if (!backing->path)
		goto err_free;

	ret = kern_path(name, LOOKUP_FOLLOW, &path);
	if (ret) {
		mdev_class_error(cdev, "cannot open %s: %pe", name, ERR_PTR(ret));
		goto err_free;
	}
	ret = mvblk_backing_look(blk, &path, name);
	if (ret)
		goto err_path;

	/* @path keeps the inode, as does the file once it is open. */
	backing->inode = d_inode(path.dentry);
	backing->write = !blk->read_only;
	backing->shared = shared;
	backing->users = 1;
	ret = mvblk_backing_claim(backing);
	if (ret) {
		mdev_class_error(cdev,
				 "%s is in use by another instance: only instances that are read only, or all set to shared, can have the same file",
				 name);
		goto err_path;
	}
	ret = mvblk_backing_open_file(blk, backing, &path);
	if (ret)
		goto err_claim;
	path_put(&path);
	return backing;

err_claim:
	mvblk_backing_disclaim(backing);
err_path:
	path_put(&path);
err_free:
	kfree(backing->path);
	kfree(backing);
	return ERR_PTR(ret);
}

/**
 * mvblk_backing_close() - undo mvblk_backing_open()
 * @backing: the open file, which the caller does not use any more, or NULL.  It stays
 *	open while there are others that do
 *
 * Context: as mvblk_backing_open(), because closing may write data back.
 */
void mvblk_backing_close(struct mvblk_backing *backing)
{
	if (!backing || !mvblk_backing_disclaim(backing))
		return;
	filp_close(backing->file, NULL);
	kfree(backing->path);
	kfree(backing);
}

static bool mvblk_backing_taken(const struct mvblk_backing *backing)
{
	const struct mvblk_backing *other;

	lockdep_assert_held(&mvblk_backings_lock);
	list_for_each_entry(other, &mvblk_backings, node)
		if (other != backing && (other->used || other->orphans) &&
		    mvblk_backing_clashes(other, backing))
			return true;
	return false;
}

/**
 * mvblk_backing_begin_use() - begin to read and write the file
 * @backing: the open file; nothing happens if it is in use by the caller
 *
 * Of those that share a file only one uses it at a time.
 *
 * Context: process context.
 * Return: 0; -EBUSY while another instance uses it.
 */
int mvblk_backing_begin_use(struct mvblk_backing *backing)
{
	bool taken;

	spin_lock(&mvblk_backings_lock);
	taken = mvblk_backing_taken(backing);
	if (!taken)
		backing->used = true;
	spin_unlock(&mvblk_backings_lock);
	return taken ? -EBUSY : 0;
}

/**
 * mvblk_backing_end_use() - undo mvblk_backing_begin_use()
 * @backing: the open file, which nobody reads or writes now; it need not be in use
 *
 * Context: process context.
 */
void mvblk_backing_end_use(struct mvblk_backing *backing)
{
	spin_lock(&mvblk_backings_lock);
	backing->used = false;
	spin_unlock(&mvblk_backings_lock);
}

/**
 * mvblk_backing_is_taken() - whether mvblk_backing_begin_use() would fail
 * @backing: the open file
 *
 * Context: process context.
 * Return: whether that is so; it may change.
 */
bool mvblk_backing_is_taken(const struct mvblk_backing *backing)
{
	bool taken;

	spin_lock(&mvblk_backings_lock);
	taken = mvblk_backing_taken(backing);
	spin_unlock(&mvblk_backings_lock);
	return taken;
}

/**
 * mvblk_backing_is_alone() - whether no other instance of this host has the file
 * @backing: the open file
 *
 * Context: process context.
 * Return: whether that is so; it may change.
 */
bool mvblk_backing_is_alone(const struct mvblk_backing *backing)
{
	const struct mvblk_backing *other;
	bool alone = true;

	spin_lock(&mvblk_backings_lock);
	list_for_each_entry(other, &mvblk_backings, node)
		if (other != backing && other->inode == backing->inode)
			alone = false;
	spin_unlock(&mvblk_backings_lock);
	return alone;
}

/**
 * mvblk_backing_get() - have it stay open
 * @backing: the open file; mvblk_backing_close() undoes this
 *
 * Context: process context.
 */
void mvblk_backing_get(struct mvblk_backing *backing)
{
	spin_lock(&mvblk_backings_lock);
	backing->users++;
	spin_unlock(&mvblk_backings_lock);
}

/**
 * mvblk_backing_begin_orphans() - some requests are not waited for any more
 * @backing: the open file, which stays open for them
 *
 * Context: process context.
 */
void mvblk_backing_begin_orphans(struct mvblk_backing *backing)
{
	spin_lock(&mvblk_backings_lock);
	backing->users++;
	backing->orphans++;
	spin_unlock(&mvblk_backings_lock);
}

/**
 * mvblk_backing_end_orphans() - undo mvblk_backing_begin_orphans()
 * @backing: the open file, not to be used any more
 *
 * Context: process context; sleeps.
 */
void mvblk_backing_end_orphans(struct mvblk_backing *backing)
{
	spin_lock(&mvblk_backings_lock);
	backing->orphans--;
	spin_unlock(&mvblk_backings_lock);
	wake_up_all(&mvblk_backings_wait);
	mvblk_backing_close(backing);
}

/**
 * mvblk_backing_wait_orphans() - wait for requests that were abandoned
 * @backing: the open file
 *
 * Context: process context; sleeps, but not for long.
 * Return: 0; -EBUSY if there are still some; -EINTR for a task that is being killed.
 */
int mvblk_backing_wait_orphans(struct mvblk_backing *backing)
{
	long left;

	left = wait_event_killable_timeout(mvblk_backings_wait,
					   !READ_ONCE(backing->orphans),
					   MVBLK_BACKING_PATIENCE);
	if (left < 0)
		return -EINTR;
	return left ? 0 : -EBUSY;
}
