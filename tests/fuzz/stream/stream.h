/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * State streams of hostile hosts: what reads them, from the same source files as the
 * kernel's, and what must hold whatever they say.
 */
#ifndef _FUZZ_STREAM_H
#define _FUZZ_STREAM_H

#include <kernel_shim.h>

#include <asm/byteorder.h>

#include <linux/mdev_state.h>

#include <vfio_mdev/saved.h>
#include <vhost_mdev/saved.h>

#include "entry.h"
#include "must.h"

#define MAX_STREAM	4096

/**
 * struct input - what is left of an input
 * @pos: the next byte
 * @end: where it ends
 */
struct input {
	const u8 *pos;
	const u8 *end;
};

/* Numbers of an input: zeroes when it has ended */
static inline u8 in8(struct input *in)
{
	return in->pos < in->end ? *in->pos++ : 0;
}

static inline u16 in16(struct input *in)
{
	u16 low = in8(in);

	return low | in8(in) << 8;
}

static inline u32 in32(struct input *in)
{
	u32 low = in16(in);

	return low | (u32)in16(in) << 16;
}

static inline u64 in64(struct input *in)
{
	u64 low = in32(in);

	return low | (u64)in32(in) << 32;
}

/**
 * struct ref_section - a section, as the reference finds it
 * @type: enum mdev_state_type, or any other number
 * @flags: of the section
 * @off: of its content in the stream
 * @len: of its content
 */
struct ref_section {
	u16 type;
	u16 flags;
	size_t off;
	u32 len;
};

#define MAX_SECTIONS	(MAX_STREAM / sizeof(struct mdev_state_section))

/**
 * struct ref - a stream, as the reference finds it
 * @header: there is one that can be read
 * @class_id: of it
 * @nr: sections that are whole, up to the first one that is not, whatever they hold
 * @section: those
 * @whole: nothing is left behind them
 */
struct ref {
	bool header;
	u16 class_id;
	unsigned int nr;
	struct ref_section section[MAX_SECTIONS];
	bool whole;
};

/* reference.c */
u64 ref_number(const u8 *p, unsigned int size);
void ref_read(struct ref *ref, const u8 *data, size_t size);
bool ref_ends(const struct ref *ref, unsigned int *last);
const struct ref_section *ref_find(const struct ref *ref, unsigned int last,
				   u16 type);
bool ref_fits(const struct ref *ref, unsigned int last, u16 known);

/* The input's bytes in memory of their very number, so that the sanitizer sees more */
static inline u8 *in_rest(struct input *in, size_t *len)
{
	u8 *copy;

	*len = min((size_t)(in->end - in->pos), (size_t)MAX_STREAM);
	copy = malloc(*len);
	if (*len)
		memcpy(copy, in->pos, *len);
	return copy;
}

/* instances.c: entropy device, NIC with a queue pair and with eight, disk; NIC, disk */
#define VFIO_INSTANCES	4
#define VHOST_INSTANCES	2

extern const struct vfio_mdev_identity vfio_instances[VFIO_INSTANCES];
extern const struct vhost_mdev_identity vhost_instances[VHOST_INSTANCES];

/**
 * struct kind - a part of what reads and writes streams
 * @head: bytes of an input before its stream, with the one that says the kind
 * @has_stream: there is a whole one
 * @run: with the input behind its first byte
 */
struct kind {
	size_t head;
	bool has_stream;
	void (*run)(struct input *in);
};

/* The kinds of inputs: the first byte, modulo KIND_NR */
enum {
	KIND_READ,
	KIND_WRITE,
	KIND_VFIO,
	KIND_NET,
	KIND_BLK,
	KIND_VHOST,
	KIND_NR,
};

extern const struct kind kinds[KIND_NR];

/* read.c, write.c, vfio.c, net.c, blk.c, vhost.c */
void read_run(struct input *in);
void write_run(struct input *in);
void vfio_run(struct input *in);
void net_run(struct input *in);
void blk_run(struct input *in);
void vhost_run(struct input *in);

#endif /* _FUZZ_STREAM_H */
