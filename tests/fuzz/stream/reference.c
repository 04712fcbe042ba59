// SPDX-License-Identifier: GPL-2.0-only
/*
 * A second reader of streams, which shares nothing with the first one: it counts
 * offsets from the start.
 */

#include "stream.h"

/* A little-endian number of @size bytes */
u64 ref_number(const u8 *p, unsigned int size)
{
	u64 val = 0;

	while (size--)
		val = val << 8 | p[size];
	return val;
}

void ref_read(struct ref *ref, const u8 *data, size_t size)
{
	static const u8 begin[] = {
		'v', 'i', 'r', 't', 'm', 'd', 'e', 'v', 1, 0,
	};
	size_t off = 16;

	ref->header = size >= off && !memcmp(data, begin, sizeof(begin));
	ref->class_id = ref->header ? ref_number(data + 10, 2) : 0;
	ref->nr = 0;
	ref->whole = false;
	if (!ref->header)
		return;

	while (off + 8 <= size) {
		u64 len = ref_number(data + off + 4, 4);

		if (off + 8 + len > size || ref->nr == MAX_SECTIONS)
			return;
		ref->section[ref->nr++] = (struct ref_section) {
			.type = ref_number(data + off, 2),
			.flags = ref_number(data + off + 2, 2),
			.off = off + 8,
			.len = len,
		};
		off += 8 + len;
	}
	ref->whole = off == size;
}

/* Whether there is an END, and nothing behind it; @last is its number. */
bool ref_ends(const struct ref *ref, unsigned int *last)
{
	for (*last = 0; *last < ref->nr; (*last)++)
		if (ref->section[*last].type == MDEV_STATE_END)
			return ref->whole && *last == ref->nr - 1;
	return false;
}

/* The section of @type up to @last; NULL if there is none, or more than one */
const struct ref_section *ref_find(const struct ref *ref, unsigned int last,
				   u16 type)
{
	const struct ref_section *found = NULL;
	unsigned int i;

	for (i = 0; i <= last; i++) {
		if (ref->section[i].type != type)
			continue;
		if (found)
			return NULL;
		found = &ref->section[i];
	}
	return found;
}

/*
 * Whether a reader that knows the types in @known, a bit for each, may take the stream:
 * the identity first, each of them once at most, and no other is required.
 */
bool ref_fits(const struct ref *ref, unsigned int last, u16 known)
{
	unsigned int i;

	if (!ref->nr || ref->section[0].type != MDEV_STATE_IDENTITY)
		return false;
	for (i = 0; i <= last; i++) {
		const struct ref_section *s = &ref->section[i];

		if (s->type < 16 && known & BIT(s->type)) {
			if (!ref_find(ref, last, s->type))
				return false;
		} else if (s->flags & MDEV_STATE_REQUIRED) {
			return false;
		}
	}
	return true;
}
