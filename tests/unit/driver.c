// SPDX-License-Identifier: GPL-2.0-only
/*
 * A whole driver: it keeps account of descriptors and chains, in a split or a
 * packed ring, with IN_ORDER or without.
 */

#include "unit.h"

void driver_init(struct driver *d, struct bench *b, u64 features)
{
	unsigned int i;

	memset(d, 0, sizeof(*d));
	d->b = b;
	d->in_order = features & F_IN_ORDER;
	d->chains = calloc(b->num, sizeof(*d->chains));
	d->fifo = calloc(b->num, sizeof(*d->fifo));
	d->free = calloc(b->num, sizeof(*d->free));
	for (i = 0; i < b->num; i++)
		d->free[i] = i;
	d->nr_free_names = b->num;
	d->nr_free = b->num;
}

void driver_destroy(struct driver *d)
{
	free(d->chains);
	free(d->fifo);
	free(d->free);
}

/* Any one of those that are free */
static u16 driver_take_name(struct driver *d)
{
	unsigned int i = unit_random(d->nr_free_names);
	u16 name = d->free[i];

	d->free[i] = d->free[--d->nr_free_names];
	return name;
}

static void driver_give_name(struct driver *d, u16 name)
{
	CHECK(d->nr_free_names < d->b->num);
	d->free[d->nr_free_names++] = name;
}

static u16 driver_take_desc(struct driver *d)
{
	u16 i = d->next;

	if (!d->in_order)
		return driver_take_name(d);
	/* From the first to the last, around and around (section 2.7.8) */
	d->next = (i + 1) % d->b->num;
	return i;
}

static void driver_chain(struct driver *d, u16 name, u32 token, u32 in_len,
			 unsigned int nr)
{
	struct driver_chain *c = &d->chains[name];

	CHECK(!c->busy);
	c->busy = true;
	c->token = token;
	c->in_len = in_len;
	c->nr = nr;
	d->nr_free -= nr;
	d->fifo[d->last++ % d->b->num] = name;
}

static void driver_add_split(struct driver *d, const struct mdev_vq_seg *segs,
			     unsigned int out, unsigned int nr, u16 flags,
			     u32 in_len, u32 token)
{
	u16 descs[MAX_CHAIN];
	unsigned int i;

	for (i = 0; i < nr; i++)
		descs[i] = driver_take_desc(d);
	for (i = 0; i < nr; i++)
		drv_desc(d->b, descs[i], segs[i].iova, segs[i].len, flags |
			 (i >= out ? VRING_DESC_F_WRITE : 0) |
			 (i + 1 < nr ? VRING_DESC_F_NEXT : 0),
			 i + 1 < nr ? descs[i + 1] : 0);
	driver_chain(d, descs[0], token, in_len, nr);
	memcpy(d->chains[descs[0]].descs, descs, sizeof(descs));
	drv_avail(d->b, descs[0]);
}

static void driver_add_packed(struct driver *d, const struct mdev_vq_seg *segs,
			      unsigned int out, unsigned int nr, u16 flags,
			      u32 in_len, u32 token)
{
	u16 id = driver_take_name(d);
	unsigned int i;

	driver_chain(d, id, token, in_len, nr);
	for (i = 0; i < nr; i++)
		packed_desc(d->b, segs[i].iova, segs[i].len, flags |
			    (i >= out ? VRING_DESC_F_WRITE : 0) |
			    (i + 1 < nr ? VRING_DESC_F_NEXT : 0), id);
}

static u32 driver_in_len(const struct mdev_vq_seg *segs, unsigned int out,
			 unsigned int in)
{
	unsigned int i;
	u32 len = 0;

	for (i = out; i < out + in; i++)
		len += segs[i].len;
	return len;
}

/* Make a chain available.  False if there is no room. */
bool driver_add(struct driver *d, const struct mdev_vq_seg *segs,
		unsigned int out, unsigned int in, u32 token)
{
	u32 in_len = driver_in_len(segs, out, in);

	CHECK(out + in <= MAX_CHAIN);
	if (out + in > d->nr_free)
		return false;
	if (d->b->is_packed)
		driver_add_packed(d, segs, out, out + in, 0, in_len, token);
	else
		driver_add_split(d, segs, out, out + in, 0, in_len, token);
	return true;
}

/* The same by an indirect table, which is written to @table */
bool driver_add_table(struct driver *d, u8 *table, u64 iova,
		      const struct mdev_vq_seg *segs, unsigned int out,
		      unsigned int in, u32 token)
{
	const struct mdev_vq_seg seg = {
		.iova = iova,
		.len = (out + in) * sizeof(struct vring_desc),
	};
	u32 in_len = driver_in_len(segs, out, in);
	unsigned int i, nr = out + in;

	if (!d->nr_free)
		return false;
	for (i = 0; i < nr; i++) {
		u16 flags = i >= out ? VRING_DESC_F_WRITE : 0;
		struct vring_packed_desc p = {
			.addr = __cpu_to_le64(segs[i].iova),
			.len = __cpu_to_le32(segs[i].len),
			.flags = __cpu_to_le16(flags),
		};
		struct vring_desc s = {
			.addr = p.addr,
			.len = p.len,
			.flags = __cpu_to_le16(flags | (i + 1 < nr ?
					       VRING_DESC_F_NEXT : 0)),
			.next = __cpu_to_le16(i + 1),
		};

		memcpy(table + i * 16, d->b->is_packed ? (void *)&p : &s, 16);
	}
	if (d->b->is_packed)
		driver_add_packed(d, &seg, 1, 1, VRING_DESC_F_INDIRECT, in_len,
				  token);
	else
		driver_add_split(d, &seg, 1, 1, VRING_DESC_F_INDIRECT, in_len,
				 token);
	return true;
}

static void driver_done(struct driver *d, u32 name, u32 *token)
{
	struct driver_chain *c = &d->chains[name];
	unsigned int i;

	c->busy = false;
	d->nr_free += c->nr;
	if (d->b->is_packed)
		driver_give_name(d, name);
	for (i = 0; !d->b->is_packed && !d->in_order && i < c->nr; i++)
		driver_give_name(d, c->descs[i]);
	*token = c->token;
}

/* The next chain, which may have been used by the entry of a later one */
static bool driver_get_in_order(struct driver *d, u32 *token, u32 *len)
{
	struct bench *b = d->b;
	u16 name;

	if (!d->in_run) {
		if (!drv_peek(b, &d->run_id, &d->run_len))
			return false;
		d->in_run = true;
	}
	CHECK(d->first != d->last);
	name = d->fifo[d->first++ % b->num];
	*len = d->chains[name].in_len;
	if (name == d->run_id) {
		*len = d->run_len;
		d->in_run = false;
	} else {
		d->passed++;
	}
	if (b->is_packed) {
		b->packed.used = packed_next(b, b->packed.used,
					     d->chains[name].nr);
	} else {
		CHECK(__le16_to_cpu(b->used->idx) != b->used_idx);
		b->used_idx++;
	}
	driver_done(d, name, token);
	return true;
}

/* A chain that the device has used.  False if there is none. */
bool driver_get(struct driver *d, u32 *token, u32 *len)
{
	u32 id;

	if (d->in_order)
		return driver_get_in_order(d, token, len);
	if (!drv_used(d->b, &id, len))
		return false;
	CHECK(id < d->b->num);
	CHECK(d->chains[id].busy);
	driver_done(d, id, token);
	return true;
}
