// SPDX-License-Identifier: GPL-2.0-only
/*
 * Writing into a buffer of any size: what fits is there, what does not is only
 * counted, and nothing is written elsewhere.  An input is the size of the buffer, the
 * class and a script; what is written is read again.
 */

#include "stream.h"

/* Steps of the script: the lower three bits of a byte */
enum {
	WRITE_8,
	WRITE_16,
	WRITE_32,
	WRITE_64,
	WRITE_BYTES,	/* as many as the upper five bits say */
	WRITE_BEGIN,
	WRITE_END,
};

/**
 * struct write_run - a stream that is written twice
 * @w: by what is tested
 * @all: by the reference, which has room enough
 * @len: so far
 * @fits: of that, what comes before the first thing that did not fit into @w
 * @cut: there was such a thing
 * @open: a section is open, whose content begins at @content
 */
struct write_run {
	struct mdev_state_writer w;
	u8 all[2 * MAX_STREAM];
	size_t len;
	size_t fits;
	bool cut;
	bool open;
	size_t content;
};

/* The reference: @size bytes at once */
static void put(struct write_run *run, u64 val, unsigned int size)
{
	unsigned int i;

	for (i = 0; i < size; i++)
		run->all[run->len + i] = i < 8 ? val >> 8 * i : i;
	if (run->len + size > run->w.size)
		run->cut = true;
	run->len += size;
	if (!run->cut)
		run->fits = run->len;
}

static void step(struct write_run *run, struct input *in)
{
	struct mdev_state_writer *w = &run->w;
	u8 op = in8(in), n = op >> 3;
	u8 bytes[32];
	u16 type, flags;
	u64 val;

	switch (op & 7) {
	case WRITE_8:
		val = in8(in);
		mdev_state_put8(w, val);
		put(run, val, 1);
		break;
	case WRITE_16:
		val = in16(in);
		mdev_state_put16(w, val);
		put(run, val, 2);
		break;
	case WRITE_32:
		val = in32(in);
		mdev_state_put32(w, val);
		put(run, val, 4);
		break;
	case WRITE_64:
		val = in64(in);
		mdev_state_put64(w, val);
		put(run, val, 8);
		break;
	case WRITE_BYTES:
		memset(bytes, 0, sizeof(bytes));
		for (val = 0; val < 32; val++)
			bytes[val] = val < 8 ? 0 : val;
		mdev_state_put(w, bytes, n);
		put(run, 0, n);
		break;
	case WRITE_BEGIN:
		if (run->open)
			break;
		type = in16(in);
		flags = in16(in);
		mdev_state_begin(w, type, flags);
		put(run, type, 2);
		put(run, flags, 2);
		put(run, 0, 4);
		run->content = run->len;
		run->open = true;
		break;
	default:
		if (!run->open)
			break;
		mdev_state_end(w);
		val = run->len - run->content;
		for (n = 0; n < 4; n++)
			run->all[run->content - 4 + n] = val >> 8 * n;
		run->open = false;
	}
	MUST(w->len == run->len, "%zu bytes are counted, not %zu", w->len,
	     run->len);
}

void write_run(struct input *in)
{
	static struct write_run all;
	struct write_run *run = &all;
	size_t size = in16(in) % MAX_STREAM;
	u16 class_id = in16(in);
	struct mdev_state_reader r;
	u8 *buf = size ? malloc(size) : NULL;
	unsigned int n, i;
	u16 got;

	run->len = 0;
	run->fits = 0;
	run->cut = false;
	run->open = false;
	mdev_state_start(&run->w, buf, size, class_id);
	for (i = 0; i < 8; i++)
		put(run, MDEV_STATE_MAGIC[i], 1);
	/* the magic is written at once */
	if (size < 8)
		run->fits = 0;
	put(run, 1, 2);
	put(run, class_id, 2);
	put(run, 0, 4);
	for (n = 0; n < 128 && in->pos < in->end; n++)
		step(run, in);

	MUST(run->fits <= size, "what fits is within the buffer");
	MUST(!memcmp(buf ? buf : run->all, run->all, run->fits),
	     "what fits is there");
	if (run->len <= size) {
		mdev_state_open(&r, buf, run->len);
		MUST(!mdev_state_get_header(&r, &got) && got == class_id,
		     "what was written can be read");
	}
	free(buf);
}
