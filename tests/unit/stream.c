// SPDX-License-Identifier: GPL-2.0-only
/*
 * State streams, and what the samples write into them.
 */

#include <linux/mdev_state.h>

#include "unit.h"

#define CLASS	3
#define HEADER	sizeof(struct mdev_state_header)
#define SECTION	sizeof(struct mdev_state_section)

/* A stream of two sections, and its length */
static size_t write_stream(void *buf, size_t size)
{
	struct mdev_state_writer w;

	mdev_state_start(&w, buf, size, CLASS);
	mdev_state_begin(&w, MDEV_STATE_IDENTITY, MDEV_STATE_REQUIRED);
	mdev_state_put8(&w, 0x12);
	mdev_state_put16(&w, 0x3456);
	mdev_state_put32(&w, 0x789abcde);
	mdev_state_put64(&w, 0x0123456789abcdefULL);
	mdev_state_put(&w, "text", 4);
	mdev_state_end(&w);
	mdev_state_begin(&w, MDEV_STATE_END, 0);
	mdev_state_end(&w);
	return w.len;
}

#define CONTENT		(1 + 2 + 4 + 8 + 4)
#define STREAM		(HEADER + SECTION + CONTENT + SECTION)

static void test_same(void)
{
	struct mdev_state_reader r, content;
	u16 class_id, type, flags;
	u8 buf[STREAM];
	char text[4];

	CHECK_EQ(write_stream(buf, sizeof(buf)), STREAM);
	mdev_state_open(&r, buf, sizeof(buf));
	CHECK_EQ(mdev_state_get_header(&r, &class_id), 0);
	CHECK_EQ(class_id, CLASS);
	CHECK_EQ(mdev_state_get_section(&r, &type, &flags, &content), 0);
	CHECK_EQ(type, MDEV_STATE_IDENTITY);
	CHECK_EQ(flags, MDEV_STATE_REQUIRED);
	CHECK_EQ(content.len, CONTENT);
	CHECK_EQ(mdev_state_get8(&content), 0x12);
	CHECK_EQ(mdev_state_get16(&content), 0x3456);
	CHECK_EQ(mdev_state_get32(&content), 0x789abcde);
	CHECK_EQ(mdev_state_get64(&content), 0x0123456789abcdefLL);
	mdev_state_get(&content, text, sizeof(text));
	CHECK(!memcmp(text, "text", 4));
	CHECK(!content.bad && !content.len);
	CHECK_EQ(mdev_state_get_section(&r, &type, &flags, &content), 0);
	CHECK_EQ(type, MDEV_STATE_END);
	CHECK(!r.bad && !r.len && !content.len);
}

static void test_little_endian(void)
{
	static const u8 want[] = {
		'v', 'i', 'r', 't', 'm', 'd', 'e', 'v', 1, 0, CLASS, 0,
		0, 0, 0, 0,
		1, 0, 1, 0, CONTENT, 0, 0, 0,
		0x12, 0x56, 0x34, 0xde, 0xbc, 0x9a, 0x78,
		0xef, 0xcd, 0xab, 0x89, 0x67, 0x45, 0x23, 0x01,
		't', 'e', 'x', 't',
		0, 0, 0, 0, 0, 0, 0, 0,
	};
	u8 buf[STREAM];

	write_stream(buf, sizeof(buf));
	CHECK_EQ(sizeof(want), sizeof(buf));
	CHECK(!memcmp(buf, want, sizeof(want)));
}

static void test_count(void)
{
	CHECK_EQ(write_stream(NULL, 0), STREAM);
}

/* The sanitizer sees any overrun, because each buffer is exactly this large. */
static void test_small(void)
{
	size_t size;
	u8 *buf;

	for (size = 1; size < STREAM; size++) {
		buf = malloc(size);
		CHECK_EQ(write_stream(buf, size), STREAM);
		free(buf);
	}
}

static int read_header(const u8 *from, size_t len)
{
	struct mdev_state_reader r;
	u8 *buf = malloc(len + 1);
	u16 class_id;
	int ret;

	memcpy(buf, from, len);
	mdev_state_open(&r, buf, len);
	ret = mdev_state_get_header(&r, &class_id);
	free(buf);
	return ret;
}

static void test_header(void)
{
	u8 buf[STREAM];
	size_t i;

	write_stream(buf, sizeof(buf));
	CHECK_EQ(read_header(buf, HEADER), 0);
	for (i = 0; i < HEADER; i++)
		CHECK_EQ(read_header(buf, i), -EINVAL);
	/* Magic and version; the class is up to the caller. */
	for (i = 0; i < 10; i++) {
		buf[i] ^= 2;
		CHECK_EQ(read_header(buf, HEADER), -EINVAL);
		buf[i] ^= 2;
	}
}

static int read_section(u32 len, size_t there)
{
	struct mdev_state_reader r, content;
	struct mdev_state_writer w;
	u8 *buf = malloc(SECTION + there);
	u16 type, flags;
	int ret;

	w = (struct mdev_state_writer) { .buf = buf, .size = SECTION };
	mdev_state_put16(&w, 77);
	mdev_state_put16(&w, 0);
	mdev_state_put32(&w, len);
	mdev_state_open(&r, buf, SECTION + there);
	ret = mdev_state_get_section(&r, &type, &flags, &content);
	if (!ret) {
		CHECK_EQ(content.len, len);
		CHECK_EQ(r.len, there - len);
	}
	free(buf);
	return ret;
}

static void test_section(void)
{
	struct mdev_state_reader r, content;
	u8 buf[SECTION] = { 0 };
	u16 type, flags;
	size_t i;

	CHECK_EQ(read_section(0, 0), 0);
	CHECK_EQ(read_section(5, 5), 0);
	CHECK_EQ(read_section(5, 9), 0);
	CHECK_EQ(read_section(6, 5), -EINVAL);
	CHECK_EQ(read_section(U32_MAX, 5), -EINVAL);
	CHECK_EQ(read_section(0x80000000, 5), -EINVAL);
	for (i = 0; i < SECTION; i++) {
		mdev_state_open(&r, buf, i);
		CHECK_EQ(mdev_state_get_section(&r, &type, &flags, &content),
			 -EINVAL);
	}
}

static void test_beyond(void)
{
	struct mdev_state_reader r;
	u8 buf[3] = { 1, 2, 3 };

	mdev_state_open(&r, buf, sizeof(buf));
	CHECK_EQ(mdev_state_get16(&r), 0x0201);
	CHECK(!r.bad);
	CHECK_EQ(mdev_state_get16(&r), 0);
	CHECK(r.bad);
	/* Nothing is left: a smaller number does not find what was skipped. */
	CHECK_EQ(mdev_state_get8(&r), 0);
	CHECK(r.bad);
}

const struct unit_test stream_tests[] = {
	{ "a state stream reads back as it was written", test_same },
	{ "a state stream is little-endian and not aligned", test_little_endian },
	{ "a state stream without a buffer is counted", test_count },
	{ "a buffer that is too small for a state stream is not overrun",
	  test_small },
	{ "a state stream with another magic or version is refused",
	  test_header },
	{ "a section that is longer than its stream is refused", test_section },
	{ "reading beyond the end of a state stream gives zeros and is noticed",
	  test_beyond },
	{ }
};
