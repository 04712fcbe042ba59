// SPDX-License-Identifier: GPL-2.0-only
/*
 * The state of an instance as a stream of bytes.
 *
 * Streams come from another host and are hostile: a reader never goes beyond its end,
 * whatever the lengths in it say.
 */

#include <linux/errno.h>
#include <linux/mdev_state.h>
#include <linux/minmax.h>
#include <linux/module.h>
#include <linux/string.h>
#include <linux/unaligned.h>

/* ---- writing ---- */

/**
 * mdev_state_put() - append bytes
 * @w: the stream
 * @data: the bytes
 * @len: how many
 *
 * Context: any.
 */
void mdev_state_put(struct mdev_state_writer *w, const void *data, size_t len)
{
	if (w->len <= w->size && len <= w->size - w->len)
		memcpy(w->buf + w->len, data, len);
	w->len += len;
}
EXPORT_SYMBOL_GPL(mdev_state_put);

/**
 * mdev_state_put8() - append a number of 8 bits
 * @w: the stream
 * @val: the number
 *
 * Context: any.
 */
void mdev_state_put8(struct mdev_state_writer *w, u8 val)
{
	mdev_state_put(w, &val, sizeof(val));
}
EXPORT_SYMBOL_GPL(mdev_state_put8);

/**
 * mdev_state_put16() - append a number of 16 bits
 * @w: the stream
 * @val: the number
 *
 * Context: any.
 */
void mdev_state_put16(struct mdev_state_writer *w, u16 val)
{
	__le16 le = cpu_to_le16(val);

	mdev_state_put(w, &le, sizeof(le));
}
EXPORT_SYMBOL_GPL(mdev_state_put16);

/**
 * mdev_state_put32() - append a number of 32 bits
 * @w: the stream
 * @val: the number
 *
 * Context: any.
 */
void mdev_state_put32(struct mdev_state_writer *w, u32 val)
{
	__le32 le = cpu_to_le32(val);

	mdev_state_put(w, &le, sizeof(le));
}
EXPORT_SYMBOL_GPL(mdev_state_put32);

/**
 * mdev_state_put64() - append a number of 64 bits
 * @w: the stream
 * @val: the number
 *
 * Context: any.
 */
void mdev_state_put64(struct mdev_state_writer *w, u64 val)
{
	__le64 le = cpu_to_le64(val);

	mdev_state_put(w, &le, sizeof(le));
}
EXPORT_SYMBOL_GPL(mdev_state_put64);

/**
 * mdev_state_start() - begin a stream
 * @w: the stream
 * @buf: for the bytes, or NULL to find out how many there will be
 * @size: of @buf; 0 if it is NULL
 * @class_id: enum mdev_class_id of the caller
 *
 * Context: any.
 */
void mdev_state_start(struct mdev_state_writer *w, void *buf, size_t size,
		      u16 class_id)
{
	*w = (struct mdev_state_writer) {
		.buf = buf,
		.size = size,
	};
	mdev_state_put(w, MDEV_STATE_MAGIC, strlen(MDEV_STATE_MAGIC));
	mdev_state_put16(w, MDEV_STATE_VERSION);
	mdev_state_put16(w, class_id);
	mdev_state_put32(w, 0);
}
EXPORT_SYMBOL_GPL(mdev_state_start);

/**
 * mdev_state_begin() - begin a section
 * @w: the stream, no section open
 * @type: enum mdev_state_type
 * @flags: MDEV_STATE_REQUIRED or 0
 *
 * Context: any.
 */
void mdev_state_begin(struct mdev_state_writer *w, u16 type, u16 flags)
{
	mdev_state_put16(w, type);
	mdev_state_put16(w, flags);
	mdev_state_put32(w, 0);
	w->content = w->len;
}
EXPORT_SYMBOL_GPL(mdev_state_begin);

/**
 * mdev_state_end() - end the section
 * @w: the stream, a section open
 *
 * Context: any.
 */
void mdev_state_end(struct mdev_state_writer *w)
{
	if (w->content <= w->size)
		put_unaligned_le32(w->len - w->content,
				   w->buf + w->content - sizeof(__le32));
}
EXPORT_SYMBOL_GPL(mdev_state_end);

/* ---- reading ---- */

/**
 * mdev_state_open() - begin to read
 * @r: the reader
 * @buf: the bytes, which stay as they are while they are read
 * @len: how many
 *
 * Context: any.
 */
void mdev_state_open(struct mdev_state_reader *r, const void *buf, size_t len)
{
	*r = (struct mdev_state_reader) {
		.pos = buf,
		.len = len,
	};
}
EXPORT_SYMBOL_GPL(mdev_state_open);

/**
 * mdev_state_get() - read bytes
 * @r: the reader
 * @data: for the bytes; zeros if there are not that many, and @r->bad is set
 * @len: how many
 *
 * Context: any.
 */
void mdev_state_get(struct mdev_state_reader *r, void *data, size_t len)
{
	if (len > r->len) {
		memset(data, 0, len);
		r->bad = true;
		r->len = 0;
		return;
	}
	memcpy(data, r->pos, len);
	r->pos += len;
	r->len -= len;
}
EXPORT_SYMBOL_GPL(mdev_state_get);

/**
 * mdev_state_get8() - read a number of 8 bits
 * @r: the reader
 *
 * Context: any.
 * Return: the number; 0 if it is not there, and @r->bad is set.
 */
u8 mdev_state_get8(struct mdev_state_reader *r)
{
	u8 val;

	mdev_state_get(r, &val, sizeof(val));
	return val;
}
EXPORT_SYMBOL_GPL(mdev_state_get8);

/**
 * mdev_state_get16() - read a number of 16 bits
 * @r: the reader
 *
 * Context: any.
 * Return: the number; 0 if it is not there, and @r->bad is set.
 */
u16 mdev_state_get16(struct mdev_state_reader *r)
{
	__le16 val;

	mdev_state_get(r, &val, sizeof(val));
	return le16_to_cpu(val);
}
EXPORT_SYMBOL_GPL(mdev_state_get16);

/**
 * mdev_state_get32() - read a number of 32 bits
 * @r: the reader
 *
 * Context: any.
 * Return: the number; 0 if it is not there, and @r->bad is set.
 */
u32 mdev_state_get32(struct mdev_state_reader *r)
{
	__le32 val;

	mdev_state_get(r, &val, sizeof(val));
	return le32_to_cpu(val);
}
EXPORT_SYMBOL_GPL(mdev_state_get32);

/**
 * mdev_state_get64() - read a number of 64 bits
 * @r: the reader
 *
 * Context: any.
 * Return: the number; 0 if it is not there, and @r->bad is set.
 */
u64 mdev_state_get64(struct mdev_state_reader *r)
{
	__le64 val;

	mdev_state_get(r, &val, sizeof(val));
	return le64_to_cpu(val);
}
EXPORT_SYMBOL_GPL(mdev_state_get64);

/**
 * mdev_state_get_header() - read the beginning of a stream
 * @r: the reader
 * @class_id: which class driver saved it
 *
 * Context: any.
 * Return: 0; -EINVAL if that is no stream, or of a version that cannot be read.
 */
int mdev_state_get_header(struct mdev_state_reader *r, u16 *class_id)
{
	struct mdev_state_header header;

	mdev_state_get(r, &header, sizeof(header));
	if (r->bad ||
	    memcmp(header.magic, MDEV_STATE_MAGIC, sizeof(header.magic)) ||
	    le16_to_cpu(header.version) != MDEV_STATE_VERSION)
		return -EINVAL;
	*class_id = le16_to_cpu(header.class_id);
	return 0;
}
EXPORT_SYMBOL_GPL(mdev_state_get_header);

/**
 * mdev_state_get_section() - read the next section
 * @r: the reader
 * @type: enum mdev_state_type, or one that is not known
 * @flags: of the section
 * @content: a reader of its content
 *
 * Context: any.
 * Return: 0; -EINVAL if the stream ends before the section does.
 */
int mdev_state_get_section(struct mdev_state_reader *r, u16 *type, u16 *flags,
			   struct mdev_state_reader *content)
{
	u32 len;

	*type = mdev_state_get16(r);
	*flags = mdev_state_get16(r);
	len = mdev_state_get32(r);
	if (r->bad || len > r->len)
		return -EINVAL;
	mdev_state_open(content, r->pos, len);
	r->pos += len;
	r->len -= len;
	return 0;
}
EXPORT_SYMBOL_GPL(mdev_state_get_section);
