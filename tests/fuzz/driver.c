// SPDX-License-Identifier: GPL-2.0-only
/*
 * The steps of a driver: what it writes, and what it maps.
 */

#include "fuzz.h"

/* Where the tables lie that are made entry by entry */
#define TABLE	0x200

static void put(u8 *p, const void *val, size_t size)
{
	memcpy(p, val, size);
}

/* Split: the next head, or just the index */
static void driver_offer(struct fuzz *f, u8 variant)
{
	u8 *bytes = f->region[1]->bytes;
	u16 idx, head;

	if (!bytes)
		return;
	head = in8(f);
	memcpy(&idx, bytes + 2, 2);
	put(bytes + 4 + 2 * (idx & (f->num - 1)), &head, 2);
	idx += 1 + (variant == 7);
	put(bytes + 2, &idx, 2);
}

/* What makes a descriptor available where the driver stands; and on it goes. */
static u16 packed_bits(struct fuzz *f)
{
	u16 pos = f->offered;

	f->offered = (pos + 1) % (2 * f->num);
	return pos < f->num ? BIT(VRING_PACKED_DESC_F_AVAIL) :
			      BIT(VRING_PACKED_DESC_F_USED);
}

/**
 * driver_begin() - find where the driver of a packed ring goes on
 * @f: the run, with the ring filled in
 */
void driver_begin(struct fuzz *f)
{
	const u16 both = BIT(VRING_PACKED_DESC_F_AVAIL) |
			 BIT(VRING_PACKED_DESC_F_USED);
	u16 flags, before;
	unsigned int n;

	f->offered = f->model.avail;
	for (n = 0; f->packed && n < f->num; n++) {
		before = f->offered;
		memcpy(&flags, f->region[0]->bytes + before % f->num * 16 + 14,
		       2);
		if ((flags & both) != packed_bits(f)) {
			f->offered = before;
			break;
		}
	}
}

/* Packed: the next descriptor, as it is there; or skip it */
static void driver_offer_packed(struct fuzz *f, u8 variant)
{
	const u16 both = BIT(VRING_PACKED_DESC_F_AVAIL) |
			 BIT(VRING_PACKED_DESC_F_USED);
	u8 *bytes = f->region[0]->bytes;
	size_t at = f->offered % f->num * 16 + 14;
	u16 flags, bits = packed_bits(f);

	if (!bytes || variant == 7)
		return;
	memcpy(&flags, bytes + at, 2);
	flags = (flags & ~both) | bits;
	put(bytes + at, &flags, 2);
}

static void driver_idx(struct fuzz *f)
{
	u16 idx = in16(f);

	if (f->packed)
		f->offered = idx % (2 * f->num);
	else if (f->region[1]->bytes)
		put(f->region[1]->bytes + 2, &idx, 2);
}

/*
 * Mostly what could be right: the three flags come with the operation.  Of a
 * packed ring it is the next descriptor, and available.
 */
static void driver_desc(struct fuzz *f, u8 variant, bool entry)
{
	u8 i = in8(f), where = in8(f), len = in8(f), next = in8(f);
	struct region *r = f->region[entry ? REGION_DATA : 0];
	u64 addr = DATA_IOVA + where * 64;
	u16 flags = variant & 7;
	u32 bytes = len;
	size_t off;

	/* Up to the end of a page, some of them; and tables of a sane size */
	if (where >= 0xf0)
		addr = (where & 1 ? TOP_IOVA : RO_IOVA) + PAGE - len;
	if (flags & VRING_DESC_F_INDIRECT) {
		addr = DATA_IOVA + TABLE + where;
		bytes = 16 * len;
	}

	if (entry)
		off = TABLE + 16 * i;
	else if (f->packed)
		off = f->offered % f->num * 16;
	else
		off = 16 * (i & (f->num - 1));
	if (!entry && f->packed)
		flags |= packed_bits(f);
	if (!r->bytes || off + 16 > r->len)
		return;
	put(r->bytes + off, &addr, 8);
	put(r->bytes + off + 8, &bytes, 4);
	if (f->packed) {
		struct vring_packed_desc *desc = (void *)(r->bytes + off);

		desc->id = next;
		desc->flags = flags;
	} else {
		struct vring_desc *desc = (void *)(r->bytes + off);

		desc->flags = flags;
		desc->next = next;
	}
}

static void driver_poke(struct fuzz *f, u8 variant)
{
	struct region *r = f->region[variant % 4];
	u16 off = in16(f), val = in16(f);

	if (r->bytes)
		put(r->bytes + off % (r->len - 1), &val, 2);
}

/* A whole word of a descriptor */
static void driver_word(struct fuzz *f, u8 variant, size_t at, size_t size)
{
	u8 *bytes = f->region[variant & 1 ? REGION_DATA : 0]->bytes;
	u8 i = in8(f);
	u64 val = in32(f);

	if (size == 8)
		val |= (u64)in32(f) << 32;
	if (!bytes)
		return;
	bytes += variant & 1 ? TABLE + 16 * (i % 64) : 16 * (i % f->num);
	put(bytes + at, &val, size);
}

static void driver_event(struct fuzz *f)
{
	struct region *r = f->region[1];
	u16 val = in16(f);

	if (f->packed) {
		u16 flags = in8(f);

		if (!r->bytes)
			return;
		put(r->bytes, &val, 2);
		put(r->bytes + 2, &flags, 2);
		return;
	}
	if (r->bytes)
		put(r->bytes + (f->features & F_EVENT ? r->len - 2 : 0), &val,
		    2);
}

/* The memory goes once nobody is in a section. */
static void driver_unmap(struct fuzz *f, u8 variant)
{
	struct region *r = f->region[variant % NR_REGIONS];

	if (f->inside)
		device_leave(f);
	if (!r->bytes)
		return;
	mdev_mem_forget(&f->space.mem);
	space_unmap(&f->space, r);
}

static void driver_pages(struct fuzz *f, u8 variant)
{
	struct region *r = f->region[REGION_DATA];
	u8 bits = in8(f);
	unsigned int i;

	for (i = 0; i < FUZZ_DATA_PAGES; i++)
		memory_page(f, REGION_DATA, i, bits & BIT(i % 4));
	r->unpinnable = bits & BIT(4);
	r->stubborn = bits & BIT(5);
	memory_page(f, REGION_RO, 0, bits & BIT(6));
	memory_page(f, REGION_TOP, 0, bits & BIT(7));
}

/* What it does while the device reads, some reads from now */
static void driver_arm(struct fuzz *f)
{
	struct arm arm;

	arm.countdown = in8(f) % 64;
	arm.kind = in8(f);
	arm.off = in16(f);
	arm.val = in16(f);
	if (f->mutate && f->nr_arms < MAX_ARMS)
		f->arms[f->nr_arms++] = arm;
}

void driver_step(struct fuzz *f, u8 op, u8 variant)
{
	switch (op) {
	case OP_OFFER:
		if (f->packed)
			driver_offer_packed(f, variant);
		else
			driver_offer(f, variant);
		break;
	case OP_IDX:
		driver_idx(f);
		break;
	case OP_DESC:
		driver_desc(f, variant, false);
		break;
	case OP_ENTRY:
		driver_desc(f, variant, true);
		break;
	case OP_POKE:
		driver_poke(f, variant);
		break;
	case OP_ADDR:
		driver_word(f, variant, 0, 8);
		break;
	case OP_LEN:
		driver_word(f, variant, 8, 4);
		break;
	case OP_EVENT:
		driver_event(f);
		break;
	case OP_UNMAP:
		driver_unmap(f, variant);
		break;
	case OP_REMAP:
		/* What was mapped for a ring stays lost. */
		memory_remap(f, REGION_DATA + variant % 3);
		break;
	case OP_PAGES:
		driver_pages(f, variant);
		break;
	case OP_ARM:
		driver_arm(f);
		break;
	}
}
