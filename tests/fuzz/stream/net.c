// SPDX-License-Identifier: GPL-2.0-only
/*
 * The own part of mvnet.  An input is how many queue pairs the instance has, and the
 * content of the section.
 */

#include <mdev_soft_net/saved.h>

#include "stream.h"

/* The fixed part, and an address */
#define FIXED		26
#define MAC		6

#define MAX_MTU		9000

/* A unicast address that is not zero */
static bool mac_fits(const u8 *p)
{
	static const u8 zero[MAC];

	return !(p[0] & 1) && memcmp(p, zero, MAC);
}

/* A half of the table at @off: where it ends, or 0 if it does not fit */
static size_t table_ends(const u8 *data, size_t size, size_t off)
{
	u64 nr;

	if (!off || off + 2 > size)
		return 0;
	nr = ref_number(data + off, 2);
	off += 2;
	if (nr == 0xffff)
		return off;
	return nr <= 64 && off + nr * MAC <= size ? off + nr * MAC : 0;
}

/* What came after the first version, which may be missing */
static size_t more_ends(const u8 *data, size_t size, size_t off)
{
	u64 words;

	if (!off || off == size)
		return off;
	if (off + 10 > size)
		return 0;
	words = ref_number(data + off + 8, 2);
	off += 10;
	if (words && words != 64)
		return 0;
	return off + words * 8 <= size ? off + words * 8 : 0;
}

/* How much of it this version knows; 0 if it must be refused */
static size_t known_part(const u8 *data, size_t size, unsigned int max_pairs)
{
	static const u8 zero[MAC];
	u16 mtu, on, used;

	if (size < FIXED || data[0] & ~3 || data[1] & ~0x3f)
		return 0;
	if (!mac_fits(data + 2))
		return 0;
	if (data[0] & 2 ? !mac_fits(data + 8) : !!memcmp(data + 8, zero, MAC))
		return 0;
	mtu = ref_number(data + 20, 2);
	on = ref_number(data + 22, 2);
	used = ref_number(data + 24, 2);
	if (mtu < 68 || mtu > MAX_MTU || !on || on > used || used > max_pairs)
		return 0;
	return more_ends(data, size, table_ends(data, size,
						table_ends(data, size, FIXED)));
}

static void check_saved(const struct soft_net_saved *s, unsigned int max_pairs)
{
	MUST(s->filter.uni.nr <= MDEV_SOFT_NET_MAX_MACS &&
	     s->filter.multi.nr <= MDEV_SOFT_NET_MAX_MACS, "the tables have room");
	MUST(s->pairs_on && s->pairs_on <= s->pairs_used &&
	     s->pairs_used <= max_pairs, "the pairs are there");
	MUST(mac_fits(s->mac), "the address is one");
}

/* What the first version has is the same bytes; the rest may be in another form. */
static void check_again(const struct soft_net_saved *saved, const u8 *data,
			size_t size, unsigned int max_pairs)
{
	size_t first = table_ends(data, size, table_ends(data, size, FIXED));
	struct soft_net_saved *again = malloc(sizeof(*again));
	static u8 buf[MAX_STREAM];
	struct mdev_state_writer w = { .buf = buf, .size = sizeof(buf) };
	struct mdev_state_reader r;

	soft_net_saved_write(&w, saved);
	MUST(w.len >= first && !memcmp(buf, data, first),
	     "saved again it is the same");
	mdev_state_open(&r, buf, w.len);
	memset(again, 0x5a, sizeof(*again));
	MUST(!soft_net_saved_read(&r, max_pairs, MAX_MTU, again),
	     "what is saved again can be read");
	MUST(again->offloads_off == saved->offloads_off &&
	     !memcmp(again->filter.vlans, saved->filter.vlans,
		     sizeof(saved->filter.vlans)),
	     "offloads and VLANs are the same when they are read again");
	free(again);
}

void net_run(struct input *in)
{
	unsigned int max_pairs = in8(in) & 1 ? 8 : 1;
	struct soft_net_saved *saved = malloc(sizeof(*saved));
	struct mdev_state_reader r;
	size_t size, known;
	u8 *data;
	int ret;

	data = in_rest(in, &size);
	known = known_part(data, size, max_pairs);
	mdev_state_open(&r, data, size);
	memset(saved, 0xa5, sizeof(*saved));
	ret = soft_net_saved_read(&r, max_pairs, MAX_MTU, saved);
	MUST(ret == (known ? 0 : -EINVAL), "the content gives %d", ret);
	if (!ret) {
		check_saved(saved, max_pairs);
		MUST(r.len == size - known, "%zu bytes are known", known);
		check_again(saved, data, size, max_pairs);
	}
	free(data);
	free(saved);
}
