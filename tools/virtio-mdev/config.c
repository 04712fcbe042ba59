// SPDX-License-Identifier: GPL-2.0-only
/*
 * The configuration space of a device, field by field.  A field is there if the device
 * offers the feature that it belongs to, and its space is long enough.
 */
#include <stdio.h>
#include <string.h>

#include "tool.h"

#define CONFIG_MAX	1024
/* a field that every device of the type has */
#define ALWAYS		64

enum field_form {
	NUMBER,
	SIGNED,
	MAC,
	LINK,	/* VIRTIO_NET_S_LINK_UP and _ANNOUNCE, two fields of ours */
};

struct field {
	const char *name;
	unsigned int offset, size;
	unsigned int feature;
	enum field_form form;
};

struct layout {
	unsigned int device_id;
	const struct field *fields;
	unsigned int nr;
};

static const struct field net[] = {
	{ "mac", 0, 6, 5, MAC },
	{ "link", 6, 2, 16, LINK },
	{ "max_virtqueue_pairs", 8, 2, 22 },
	{ "mtu", 10, 2, 3 },
	{ "speed", 12, 4, 63, SIGNED },
	{ "duplex", 16, 1, 63 },
	{ "rss_max_key_size", 17, 1, 60 },
	{ "rss_max_indirection_table_length", 18, 2, 60 },
	{ "supported_hash_types", 20, 4, 60 },
};

static const struct field block[] = {
	{ "capacity", 0, 8, ALWAYS },
	{ "size_max", 8, 4, 1 },
	{ "seg_max", 12, 4, 2 },
	{ "cylinders", 16, 2, 4 },
	{ "heads", 18, 1, 4 },
	{ "sectors", 19, 1, 4 },
	{ "blk_size", 20, 4, 6 },
	{ "physical_block_exp", 24, 1, 10 },
	{ "alignment_offset", 25, 1, 10 },
	{ "min_io_size", 26, 2, 10 },
	{ "opt_io_size", 28, 4, 10 },
	{ "writeback", 32, 1, 11 },
	{ "num_queues", 34, 2, 12 },
	{ "max_discard_sectors", 36, 4, 13 },
	{ "max_discard_seg", 40, 4, 13 },
	{ "discard_sector_alignment", 44, 4, 13 },
	{ "max_write_zeroes_sectors", 48, 4, 14 },
	{ "max_write_zeroes_seg", 52, 4, 14 },
	{ "write_zeroes_may_unmap", 56, 1, 14 },
	{ "max_secure_erase_sectors", 60, 4, 16 },
	{ "max_secure_erase_seg", 64, 4, 16 },
	{ "secure_erase_sector_alignment", 68, 4, 16 },
};

static const struct field console[] = {
	{ "cols", 0, 2, 0 },
	{ "rows", 2, 2, 0 },
	{ "max_nr_ports", 4, 4, 1 },
};

/* an entropy device has none */
static const struct layout layouts[] = {
	{ 1, net, ARRAY_SIZE(net) },
	{ 2, block, ARRAY_SIZE(block) },
	{ 3, console, ARRAY_SIZE(console) },
};

static size_t config_bytes(const char *digits, uint8_t *bytes, size_t max)
{
	unsigned int byte;
	size_t n = 0;

	while (n < max && sscanf(digits + 2 * n, "%2x", &byte) == 1) {
		bytes[n++] = byte;
		if (strlen(digits) < 2 * n + 2)
			break;
	}
	return n;
}

static uint64_t little_endian(const uint8_t *bytes, unsigned int size)
{
	uint64_t value = 0;

	while (size--)
		value = value << 8 | bytes[size];
	return value;
}

static void field_decode(struct json_object *to, const struct field *field,
			 const uint8_t *bytes)
{
	uint64_t value = little_endian(bytes, field->size);
	char mac[sizeof("02:00:00:00:00:01")];

	switch (field->form) {
	case NUMBER:
		tool_add_uint(to, field->name, value);
		break;
	case SIGNED:
		json_object_object_add(to, field->name,
				       json_object_new_int((int32_t)value));
		break;
	case MAC:
		snprintf(mac, sizeof(mac), "%02x:%02x:%02x:%02x:%02x:%02x",
			 bytes[0], bytes[1], bytes[2], bytes[3], bytes[4],
			 bytes[5]);
		tool_add(to, field->name, mac);
		break;
	case LINK:
		tool_add(to, field->name, value & 1 ? "up" : "down");
		json_object_object_add(to, "announce",
				       json_object_new_boolean(value >> 1 & 1));
		break;
	}
}

struct json_object *config_decode(unsigned int device_id, uint64_t features,
				  const char *digits)
{
	struct json_object *fields = json_object_new_object();
	const struct layout *layout = NULL;
	uint8_t bytes[CONFIG_MAX];
	size_t len = config_bytes(digits, bytes, sizeof(bytes));
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(layouts); i++)
		if (layouts[i].device_id == device_id)
			layout = &layouts[i];
	for (i = 0; layout && i < layout->nr; i++) {
		const struct field *field = &layout->fields[i];

		if (field->feature != ALWAYS && !(features >> field->feature & 1))
			continue;
		if (field->offset + field->size <= len)
			field_decode(fields, field, bytes + field->offset);
	}
	return fields;
}
