// SPDX-License-Identifier: GPL-2.0-only
/*
 * How inputs are changed.  libFuzzer knows nothing of sections and their lengths, so
 * most changes of its own only make a stream that ends in the middle.
 */

#include "mutate.h"
#include "stream.h"

/* Where the stream of an input begins; @size if there is none */
static size_t stream_of(const u8 *data, size_t size)
{
	const struct kind *kind;
	size_t off;

	if (!size)
		return size;
	kind = &kinds[data[0] % KIND_NR];
	if (!kind->has_stream)
		return size;
	off = kind->head;
	/* behind the script */
	if (data[0] % KIND_NR == KIND_READ && size > 1)
		off += data[1];
	return min(off, size);
}

/* Replace @old bytes at @off by @new of @with, if there is room: the new size. */
static size_t splice(u8 *data, size_t size, size_t max, size_t off, size_t old,
		     const u8 *with, size_t new)
{
	if (size - old + new > max)
		return size;
	memmove(data + off + new, data + off + old, size - off - old);
	if (new)
		memcpy(data + off, with, new);
	return size - old + new;
}

static void set_len(u8 *section, u32 len)
{
	unsigned int i;

	for (i = 0; i < 4; i++)
		section[4 + i] = len >> 8 * i;
}

/* Change the content of the section at @off, and its length along with it. */
static size_t change_content(u8 *data, size_t size, size_t max, size_t off,
			     u32 len)
{
	u8 content[MAX_STREAM];
	size_t new;

	memcpy(content, data + off + 8, len);
	new = fuzz_mutate(content, len,
			  min(sizeof(content), len + (max - size)));
	size = splice(data, size, max, off + 8, len, content, new);
	set_len(data + off, new);
	return size;
}

static size_t change_section(u8 *data, size_t size, size_t max, size_t start,
			     const struct ref *ref, unsigned int seed)
{
	const struct ref_section *s = &ref->section[seed / 16 % ref->nr];
	const struct ref_section *to = &ref->section[seed / 4096 % ref->nr];
	size_t off = start + s->off - 8, whole = s->len + 8, to_off;
	u8 copy[MAX_STREAM];

	memcpy(copy, data + off, whole);
	switch (seed % 16) {
	case 0:
		/* it is not there */
		return splice(data, size, max, off, whole, NULL, 0);
	case 1:
		/* it is there twice */
		return splice(data, size, max, start + to->off - 8, 0, copy,
			      whole);
	case 2:
		/* it is elsewhere */
		to_off = start + to->off - 8;
		if (to_off > off)
			to_off -= whole;
		size = splice(data, size, max, off, whole, NULL, 0);
		return splice(data, size, max, to_off, 0, copy, whole);
	case 3:
		/* another type */
		data[off] = seed / 65536 % 16;
		return size;
	case 4:
		/* of other flags */
		data[off + 2] ^= 1 + seed / 65536 % 4;
		return size;
	case 5:
		/* a new one */
		memset(copy, 0, 8);
		copy[0] = seed / 65536 % 16;
		copy[2] = seed / 16777216 % 2;
		return splice(data, size, max, off, 0, copy, 8);
	case 6:
		/* longer than it has to be */
		if (size + 4 > max)
			return size;
		size = splice(data, size, max, off + whole, 0,
			      (const u8 *)"\x5a\x5a\x5a\x5a", 4);
		set_len(data + off, s->len + 4);
		return size;
	default:
		return change_content(data, size, max, off, s->len);
	}
}

size_t fuzz_change(u8 *data, size_t size, size_t max, unsigned int seed)
{
	size_t start = stream_of(data, size);
	static struct ref ref;

	if (size - start < 16 || seed % 4 == 0 || size - start > MAX_STREAM)
		return fuzz_mutate(data, size, max);
	ref_read(&ref, data + start, size - start);
	if (!ref.nr)
		return fuzz_mutate(data, size, max);
	return change_section(data, size, max, start, &ref, seed / 4);
}
