/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The state of an instance as a stream of bytes: what is saved at one host, and
 * loaded at another that may run another version.  docs/migration.md describes it.
 */
#ifndef _LINUX_MDEV_STATE_H
#define _LINUX_MDEV_STATE_H

#include <linux/types.h>

/**
 * DOC: state streams
 *
 * A stream is a &struct mdev_state_header and then sections, each a &struct
 * mdev_state_section and its content.  %MDEV_STATE_IDENTITY is the first of them and
 * %MDEV_STATE_END the last.  All numbers are little-endian, and nothing is aligned.
 *
 * Versions understand each other as follows.  A new version adds sections, or fields
 * at the end of the content of one.  A reader skips a section that it does not know
 * unless it has %MDEV_STATE_REQUIRED, and ignores the end of a content that is longer
 * than it knows.  What a reader cannot do without is refused.
 */

#define MDEV_STATE_MAGIC	"virtmdev"
#define MDEV_STATE_VERSION	1

/**
 * struct mdev_state_header - the beginning of a stream
 * @magic: MDEV_STATE_MAGIC, without a NUL
 * @version: MDEV_STATE_VERSION; another one cannot be read
 * @class_id: enum mdev_class_id of the class driver that saved it
 * @reserved: 0
 */
struct mdev_state_header {
	char magic[8];
	__le16 version;
	__le16 class_id;
	__le32 reserved;
} __packed;

/* Flags of a section: a reader that does not know it refuses the stream */
#define MDEV_STATE_REQUIRED	0x1

/**
 * struct mdev_state_section - the beginning of a section
 * @type: enum mdev_state_type
 * @flags: MDEV_STATE_REQUIRED or 0; a reader ignores other bits
 * @len: of the content that follows, in bytes
 */
struct mdev_state_section {
	__le16 type;
	__le16 flags;
	__le32 len;
} __packed;

/**
 * enum mdev_state_type - what a section holds
 * @MDEV_STATE_END: nothing; no section follows
 * @MDEV_STATE_IDENTITY: what the two instances have to have in common
 * @MDEV_STATE_OWN: what &virtio_mdev_ops.save wrote
 * @MDEV_STATE_DEVICE: class VFIO: status, features, registers that select
 * @MDEV_STATE_QUEUES: class VFIO: the virtqueues
 * @MDEV_STATE_PCI: class VFIO: the PCI configuration space
 * @MDEV_STATE_CONFIG: class VFIO: the device's configuration space, as the driver
 *	saw it last
 */
enum mdev_state_type {
	MDEV_STATE_END = 0,
	MDEV_STATE_IDENTITY = 1,
	MDEV_STATE_OWN = 2,
	MDEV_STATE_DEVICE = 3,
	MDEV_STATE_QUEUES = 4,
	MDEV_STATE_PCI = 5,
	MDEV_STATE_CONFIG = 6,
};

/**
 * struct mdev_state_writer - a stream that is being written
 * @buf: for the stream; NULL to find out how long it gets
 * @size: of @buf, in bytes
 * @len: what was written, or would have been
 * @content: where the content of the open section begins
 *
 * What does not fit into @buf is left out, and the caller sees it by @len.
 */
struct mdev_state_writer {
	u8 *buf;
	size_t size;
	size_t len;
	size_t content;
};

/**
 * struct mdev_state_reader - a part of a stream that is being read
 * @pos: the next byte
 * @len: how many there are
 * @bad: something was read that is not there
 */
struct mdev_state_reader {
	const u8 *pos;
	size_t len;
	bool bad;
};

void mdev_state_start(struct mdev_state_writer *w, void *buf, size_t size,
		      u16 class_id);
void mdev_state_begin(struct mdev_state_writer *w, u16 type, u16 flags);
void mdev_state_end(struct mdev_state_writer *w);
void mdev_state_put(struct mdev_state_writer *w, const void *data, size_t len);
void mdev_state_put8(struct mdev_state_writer *w, u8 val);
void mdev_state_put16(struct mdev_state_writer *w, u16 val);
void mdev_state_put32(struct mdev_state_writer *w, u32 val);
void mdev_state_put64(struct mdev_state_writer *w, u64 val);

void mdev_state_open(struct mdev_state_reader *r, const void *buf, size_t len);
int mdev_state_get_header(struct mdev_state_reader *r, u16 *class_id);
int mdev_state_get_section(struct mdev_state_reader *r, u16 *type, u16 *flags,
			   struct mdev_state_reader *content);
void mdev_state_get(struct mdev_state_reader *r, void *data, size_t len);
u8 mdev_state_get8(struct mdev_state_reader *r);
u16 mdev_state_get16(struct mdev_state_reader *r);
u32 mdev_state_get32(struct mdev_state_reader *r);
u64 mdev_state_get64(struct mdev_state_reader *r);

#endif /* _LINUX_MDEV_STATE_H */
