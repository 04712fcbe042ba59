// SPDX-License-Identifier: GPL-2.0-only
/*
 * Reading: the header, sections and numbers, beside the reference.  An input is a
 * script, whose length comes first, that says what is read of each content, and the
 * stream.
 */

#include "stream.h"

/* What a step of the script reads: the lower three bits of a byte */
enum {
	READ_8,
	READ_16,
	READ_32,
	READ_64,
	READ_BYTES,	/* as many as the upper five bits say */
	READ_SECTION,
};

struct read_run {
	struct input script;
	const u8 *stream;
	size_t size;
};

/* The numbers @r gives are those at @pos, of which @len bytes are left. */
static void check_number(struct mdev_state_reader *r, unsigned int size)
{
	const struct mdev_state_reader before = *r;
	bool there = !before.bad && size <= before.len;
	u64 want = 0, got;

	if (size <= before.len)
		want = ref_number(before.pos, size);
	switch (size) {
	case 1:
		got = mdev_state_get8(r);
		break;
	case 2:
		got = mdev_state_get16(r);
		break;
	case 4:
		got = mdev_state_get32(r);
		break;
	default:
		got = mdev_state_get64(r);
	}
	MUST(got == want, "a number of %u bytes is %llx, not %llx", size,
	     (unsigned long long)got, (unsigned long long)want);
	MUST(r->bad == !there, "a number that is not there is known as bad");
	MUST(r->len == (size <= before.len ? before.len - size : 0),
	     "%zu bytes are left of %zu", r->len, before.len);
}

static void check_bytes(struct mdev_state_reader *r, unsigned int len)
{
	const struct mdev_state_reader before = *r;
	u8 *to = malloc(len);
	unsigned int i;

	memset(to, 0xa5, len);
	mdev_state_get(r, to, len);
	for (i = 0; i < len; i++)
		MUST(to[i] == (len <= before.len ? before.pos[i] : 0),
		     "byte %u of %u is the stream's, or 0", i, len);
	MUST(r->bad == (before.bad || len > before.len), "bad as it has to be");
	free(to);
}

/* A content, by the script.  Sections within one are read as any. */
static void read_content(struct read_run *run, struct mdev_state_reader r)
{
	const u8 *end = r.pos + r.len;
	unsigned int n;

	for (n = 0; n < 64 && run->script.pos < run->script.end; n++) {
		u8 step = in8(&run->script);

		switch (step & 7) {
		case READ_8:
			check_number(&r, 1);
			break;
		case READ_16:
			check_number(&r, 2);
			break;
		case READ_32:
			check_number(&r, 4);
			break;
		case READ_64:
			check_number(&r, 8);
			break;
		case READ_BYTES:
			check_bytes(&r, step >> 3);
			break;
		case READ_SECTION: {
			struct mdev_state_reader inner;
			u16 type, flags;

			if (mdev_state_get_section(&r, &type, &flags, &inner))
				break;
			MUST(inner.pos + inner.len <= end && !inner.bad,
			     "a section is within what it is in");
			break;
		}
		default:
			return;
		}
		MUST(r.pos <= end && r.len <= (size_t)(end - r.pos),
		     "the reader stays within the content");
	}
}

static void read_sections(struct read_run *run, struct mdev_state_reader *r,
			  const struct ref *ref)
{
	unsigned int i;

	for (i = 0; ; i++) {
		const struct ref_section *want = &ref->section[i];
		struct mdev_state_reader content;
		u16 type, flags;
		int ret;

		ret = mdev_state_get_section(r, &type, &flags, &content);
		MUST(ret == (i < ref->nr ? 0 : -EINVAL),
		     "section %u of %u: %d", i, ref->nr, ret);
		if (ret)
			return;
		MUST(type == want->type && flags == want->flags,
		     "section %u is of type %u", i, want->type);
		MUST(content.pos == run->stream + want->off &&
		     content.len == want->len && !content.bad,
		     "section %u has its content", i);
		read_content(run, content);
	}
}

void read_run(struct input *in)
{
	static struct ref ref;
	struct mdev_state_reader r;
	struct read_run run;
	u16 class_id = 0;
	size_t steps;
	u8 *copy;
	int ret;

	steps = in8(in);
	steps = min(steps, (size_t)(in->end - in->pos));
	run.script = (struct input) { in->pos, in->pos + steps };
	in->pos += steps;
	copy = in_rest(in, &run.size);
	run.stream = copy;
	ref_read(&ref, copy, run.size);
	mdev_state_open(&r, copy, run.size);
	ret = mdev_state_get_header(&r, &class_id);
	MUST(ret == (ref.header ? 0 : -EINVAL), "the header gives %d", ret);
	if (!ret) {
		MUST(class_id == ref.class_id, "the class is %u",
		     ref.class_id);
		read_sections(&run, &r, &ref);
	}
	free(copy);
}
