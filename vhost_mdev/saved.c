// SPDX-License-Identifier: GPL-2.0-only
/*
 * The stream of VHOST_MDEV_GET_STATE and VHOST_MDEV_SET_STATE: a header (mdev_state.h)
 * and the sections IDENTITY, OWN and END.
 *
 * It comes from another host and is hostile.  Nothing in here knows a device, so that
 * it can be tested in userspace.
 */

#include <linux/mdev_class.h>
#include <linux/mdev_state.h>

#include "saved.h"

/**
 * vhost_mdev_saved_put_identity() - write the section IDENTITY
 * @w: the stream
 * @id: of the device that is saved
 */
void vhost_mdev_saved_put_identity(struct mdev_state_writer *w,
				   const struct vhost_mdev_identity *id)
{
	mdev_state_begin(w, MDEV_STATE_IDENTITY, MDEV_STATE_REQUIRED);
	mdev_state_put32(w, id->device_id);
	mdev_state_put32(w, id->nvqs);
	mdev_state_put32(w, id->config_size);
	mdev_state_put64(w, id->features);
	mdev_state_end(w);
}

static const char *vhost_mdev_check_identity(const struct vhost_mdev_identity *id,
					     struct mdev_state_reader *r)
{
	struct vhost_mdev_identity other;

	other.device_id = mdev_state_get32(r);
	other.nvqs = mdev_state_get32(r);
	other.config_size = mdev_state_get32(r);
	other.features = mdev_state_get64(r);
	if (r->bad)
		return "its identity is too short";
	if (other.device_id != id->device_id)
		return "it is of another type of device";
	if (other.nvqs != id->nvqs)
		return "it is of a device with another number of virtqueues";
	if (other.config_size > id->config_size)
		return "it is of a device with a larger configuration space";
	if (other.features != id->features)
		return "it is of a device with other features negotiated";
	return NULL;
}

/**
 * vhost_mdev_saved_read() - check a stream, and find the device's own state
 * @id: of the device that is to load it
 * @buf: the stream
 * @len: its length
 * @own: a reader of the device's own state, which begins in @buf
 *
 * A section that is not known is skipped if that is allowed.  It takes eight bytes at
 * least, so @len bounds the time that this takes.
 *
 * Return: why the stream cannot be loaded, a part of a sentence; NULL if it can.
 */
const char *vhost_mdev_saved_read(const struct vhost_mdev_identity *id,
				  const void *buf, size_t len,
				  struct mdev_state_reader *own)
{
	bool identity = false, found = false, first;
	struct mdev_state_reader r, content;
	u16 class_id, type, flags;
	const char *why;

	mdev_state_open(&r, buf, len);
	if (mdev_state_get_header(&r, &class_id))
		return "it is no state, or of another version";
	if (class_id != MDEV_CLASS_ID_VHOST)
		return "it was saved by another class driver";
	for (;;) {
		if (mdev_state_get_section(&r, &type, &flags, &content))
			return "it has no end";
		first = type == MDEV_STATE_IDENTITY;
		if (first == identity)
			return "it does not begin with the identity, or has it twice";
		if (type == MDEV_STATE_END)
			break;
		if (first) {
			why = vhost_mdev_check_identity(id, &content);
			if (why)
				return why;
			identity = true;
		} else if (type == MDEV_STATE_OWN) {
			if (found)
				return "it has the device's own part twice";
			*own = content;
			found = true;
		} else if (flags & MDEV_STATE_REQUIRED) {
			return "it has a section that is not known here";
		}
	}
	if (r.len)
		return "something follows its end";
	return found ? NULL : "it lacks the device's own part";
}
