// SPDX-License-Identifier: GPL-2.0-only
/*
 * Why something could not be done: a line in the log, which is also kept, so that a
 * tool can repeat it.
 */

#include <linux/export.h>
#include <linux/kernel.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "mdev_core_private.h"

/*
 * What a person does by hand stays below this.  It is for scripts that go on and on,
 * and one instance keeps no other one from the log.
 */
#define MDEV_CLASS_ERROR_INTERVAL	(5 * HZ)
#define MDEV_CLASS_ERROR_BURST		32

/**
 * mdev_error_init() - no error yet
 * @error: the memory for it
 */
void mdev_error_init(struct mdev_error *error)
{
	spin_lock_init(&error->lock);
	ratelimit_state_init(&error->limit, MDEV_CLASS_ERROR_INTERVAL,
			     MDEV_CLASS_ERROR_BURST);
	ratelimit_set_flags(&error->limit, RATELIMIT_MSG_ON_RELEASE);
	error->told = false;
	error->text[0] = '\0';
}

/* Whoever reads it gets one line, whatever is in the name of a file. */
static void mdev_error_clean(char *text)
{
	for (; *text; text++)
		if ((unsigned char)*text < ' ' || *text == 0x7f)
			*text = '?';
}

static void mdev_error_keep(struct mdev_error *error, const char *text)
{
	spin_lock(&error->lock);
	strscpy(error->text, text, sizeof(error->text));
	error->told = true;
	spin_unlock(&error->lock);
}

/* Without memory for the line, whoever has asked gets the errno only. */
static __printf(2, 0)
void mdev_error_log(struct mdev_class_device *cdev, const char *fmt,
		    va_list args)
{
	char *text = kvasprintf(GFP_KERNEL, fmt, args);

	if (!text) {
		mdev_error_keep(&to_mdev_instance(cdev)->error, "out of memory");
		return;
	}
	mdev_error_clean(text);
	mdev_error_keep(&to_mdev_instance(cdev)->error, text);
	if (__ratelimit(&to_mdev_instance(cdev)->error.limit))
		dev_err(&cdev->dev, "%s\n", text);
	kfree(text);
}

void mdev_class_error(struct mdev_class_device *cdev, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	mdev_error_log(cdev, fmt, args);
	va_end(args);
}
EXPORT_SYMBOL_GPL(mdev_class_error);

/**
 * mdev_error_begin() - something is about to be tried
 * @cdev: the instance
 *
 * Context: process context.
 */
void mdev_error_begin(struct mdev_class_device *cdev)
{
	spin_lock(&to_mdev_instance(cdev)->error.lock);
	to_mdev_instance(cdev)->error.told = false;
	spin_unlock(&to_mdev_instance(cdev)->error.lock);
}

/**
 * mdev_error_end() - it has failed
 * @cdev: the instance
 * @fmt: what to say if nobody has said why since mdev_error_begin(), as of printf()
 *
 * Context: process context.
 */
void mdev_error_end(struct mdev_class_device *cdev, const char *fmt, ...)
{
	va_list args;
	bool told;

	spin_lock(&to_mdev_instance(cdev)->error.lock);
	told = to_mdev_instance(cdev)->error.told;
	spin_unlock(&to_mdev_instance(cdev)->error.lock);
	if (told)
		return;
	va_start(args, fmt);
	mdev_error_log(cdev, fmt, args);
	va_end(args);
}

/**
 * mdev_error_hand_on() - the instance goes, and somebody wants to know why
 * @cdev: the instance, which could not be created
 * @to: where the error is kept from now on, with the name of the instance
 *
 * Context: process context.
 */
void mdev_error_hand_on(struct mdev_class_device *cdev, struct mdev_error *to)
{
	char *text;

	spin_lock(&to_mdev_instance(cdev)->error.lock);
	text = kasprintf(GFP_ATOMIC, "%s: %s", dev_name(&cdev->dev),
			 to_mdev_instance(cdev)->error.text);
	spin_unlock(&to_mdev_instance(cdev)->error.lock);
	mdev_error_keep(to, text ?: dev_name(&cdev->dev));
	kfree(text);
}

/**
 * mdev_error_show() - for the attribute last_error
 * @error: the error
 * @buf: result, a page
 *
 * Context: process context.
 * Return: the length.
 */
ssize_t mdev_error_show(struct mdev_error *error, char *buf)
{
	ssize_t len;

	spin_lock(&error->lock);
	len = sysfs_emit(buf, "%s\n", error->text);
	spin_unlock(&error->lock);
	return len;
}

/**
 * mdev_error_clear() - forget the error, for the attribute last_error
 * @error: the error
 *
 * Context: process context.
 */
void mdev_error_clear(struct mdev_error *error)
{
	spin_lock(&error->lock);
	error->text[0] = '\0';
	spin_unlock(&error->lock);
}

/* ---- numbers ---- */

int mdev_class_parse_uint(struct mdev_class_device *cdev, const char *name,
			  const char *buf, unsigned int min, unsigned int max,
			  unsigned int *val)
{
	int len = strcspn(buf, "\n");
	unsigned int read;
	int ret;

	ret = kstrtouint(buf, 0, &read);
	/* A number that is no unsigned int is none of those that are allowed. */
	if (ret == -EINVAL) {
		mdev_class_error(cdev, "%s %.*s: not a number", name,
				 min(len, MDEV_ERROR_WORD), buf);
		return ret;
	}
	if (ret || read > max) {
		mdev_class_error(cdev, "%s %.*s: at most %u", name,
				 min(len, MDEV_ERROR_WORD), buf, max);
		return -ERANGE;
	}
	if (read < min) {
		mdev_class_error(cdev, "%s %u: at least %u", name, read, min);
		return -ERANGE;
	}
	*val = read;
	return 0;
}
EXPORT_SYMBOL_GPL(mdev_class_parse_uint);

int mdev_class_parse_bool(struct mdev_class_device *cdev, const char *name,
			  const char *buf, bool *val)
{
	int len = strcspn(buf, "\n");
	int ret;

	ret = kstrtobool(buf, val);
	if (ret)
		mdev_class_error(cdev, "%s %.*s: 1 or 0", name,
				 min(len, MDEV_ERROR_WORD), buf);
	return ret;
}
EXPORT_SYMBOL_GPL(mdev_class_parse_bool);
