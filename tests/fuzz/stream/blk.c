// SPDX-License-Identifier: GPL-2.0-only
/*
 * The own part of mvblk.  An input is the content of the section.
 */

#include <samples/mvblk/saved.h>

#include "stream.h"

/* The fixed part, with the length of the name */
#define FIXED		35

/* How much of it this version knows; 0 if it must be refused */
static size_t known_part(const u8 *data, size_t size)
{
	u16 len;

	if (size < FIXED || data[0] & ~3)
		return 0;
	len = ref_number(data + FIXED - 2, 2);
	return len <= 255 && FIXED + len <= size ? FIXED + len : 0;
}

void blk_run(struct input *in)
{
	struct mvblk_saved *saved = malloc(sizeof(*saved));
	static u8 buf[MAX_STREAM];
	struct mdev_state_writer w = { .buf = buf, .size = sizeof(buf) };
	struct mdev_state_reader r;
	size_t size, known;
	u8 *data;
	int ret;

	data = in_rest(in, &size);
	known = known_part(data, size);
	mdev_state_open(&r, data, size);
	memset(saved, 0xa5, sizeof(*saved));
	ret = mvblk_saved_read(&r, saved);
	MUST(ret == (known ? 0 : -EINVAL), "the content gives %d", ret);
	if (!ret) {
		MUST(strnlen(saved->name, sizeof(saved->name)) <
		     sizeof(saved->name), "the name ends");
		MUST(r.len == size - known, "%zu bytes are known", known);
		mvblk_saved_write(&w, saved);
		/* a name ends at its first NUL */
		MUST(w.len <= known &&
		     !memcmp(buf, data, FIXED - 2) &&
		     !memcmp(buf + FIXED, data + FIXED, w.len - FIXED),
		     "saved again it is the same");
	}
	free(data);
	free(saved);
}
