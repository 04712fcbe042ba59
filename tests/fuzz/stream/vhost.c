// SPDX-License-Identifier: GPL-2.0-only
/*
 * The stream of VHOST_MDEV_SET_STATE.  An input is the instance that gets it, and the
 * stream.
 */

#include "stream.h"

#define KNOWN		0x7

static bool identity_fits(const struct vhost_mdev_identity *id, const u8 *p,
			  size_t len)
{
	return len >= 20 && ref_number(p, 4) == id->device_id &&
	       ref_number(p + 4, 4) == id->nvqs &&
	       ref_number(p + 8, 4) <= id->config_size &&
	       ref_number(p + 12, 8) == id->features;
}

/* The own part of a stream that may be taken, else NULL */
static const struct ref_section *must_fit(const struct vhost_mdev_identity *id,
					  const u8 *data, const struct ref *ref)
{
	unsigned int last;

	if (!ref->header || ref->class_id != 3 || !ref_ends(ref, &last) ||
	    !ref_fits(ref, last, KNOWN) ||
	    !identity_fits(id, data + ref->section[0].off, ref->section[0].len))
		return NULL;
	return ref_find(ref, last, MDEV_STATE_OWN);
}

static void check_again(const struct vhost_mdev_identity *id,
			const struct mdev_state_reader *own)
{
	static u8 buf[2 * MAX_STREAM];
	struct mdev_state_reader back;
	struct mdev_state_writer w;
	const char *why;

	mdev_state_start(&w, buf, sizeof(buf), 3);
	vhost_mdev_saved_put_identity(&w, id);
	mdev_state_begin(&w, MDEV_STATE_OWN, MDEV_STATE_REQUIRED);
	mdev_state_put(&w, own->pos, own->len);
	mdev_state_end(&w);
	mdev_state_begin(&w, MDEV_STATE_END, MDEV_STATE_REQUIRED);
	mdev_state_end(&w);
	why = vhost_mdev_saved_read(id, buf, w.len, &back);
	MUST(!why && back.len == own->len &&
	     !memcmp(back.pos, own->pos, own->len),
	     "what was saved again is loaded: %s", why ? why : "");
}

void vhost_run(struct input *in)
{
	const struct vhost_mdev_identity *id =
		&vhost_instances[in8(in) % VHOST_INSTANCES];
	const struct ref_section *want;
	struct mdev_state_reader own = {};
	static struct ref ref;
	const char *why;
	size_t size;
	u8 *data;

	data = in_rest(in, &size);
	ref_read(&ref, data, size);
	want = must_fit(id, data, &ref);
	why = vhost_mdev_saved_read(id, data, size, &own);
	MUST(!why == !!want, "the stream is %s", why ? why : "taken");
	if (!why) {
		MUST(own.pos == data + want->off && own.len == want->len &&
		     !own.bad, "the parent's part is the stream's");
		check_again(id, &own);
	}
	free(data);
}
