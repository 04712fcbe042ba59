// SPDX-License-Identifier: GPL-2.0-only
/*
 * user-blk: requests that break the rules.  Each has a status that says so, unless
 * there is no room for one, or an address where nothing is: then the queue breaks,
 * and no other one does.
 */
#include <errno.h>
#include <string.h>

#include "user_blk.h"

#define NOWHERE		0x7f0000000000ULL
#define OK		VIRTIO_BLK_S_OK
#define IOERR		VIRTIO_BLK_S_IOERR
#define UNSUPP		VIRTIO_BLK_S_UNSUPP

/* More than a range may have */
#define TOO_MANY	0x40000000U

static void check_status(unsigned int got, unsigned int want, const char *what)
{
	blk_expect(got, want, what);
	pass("%s: status %u", what, want);
}

/* ---- header and type ---- */

static void headers(void)
{
	blk_begin(VIRTIO_BLK_T_IN, 0);
	blk_out(b.hdr, sizeof(*b.hdr) - 1);
	blk_in(b.buf, SECTOR);
	blk_in(b.status, 1);
	check_status(blk_end(), IOERR, "a header of 15 bytes");

	blk_begin(VIRTIO_BLK_T_IN, 0);
	blk_in(b.buf, SECTOR);
	blk_in(b.status, 1);
	check_status(blk_end(), IOERR, "no header");

	blk_begin(2, 0);
	blk_out(b.hdr, sizeof(*b.hdr));
	blk_in(b.status, 1);
	check_status(blk_end(), UNSUPP, "a command of SCSI");

	/* A range without sectors */
	memset(b.buf, 0, 16);
	blk_begin(VIRTIO_BLK_T_SECURE_ERASE, 0);
	blk_out(b.hdr, sizeof(*b.hdr));
	blk_out(b.buf, 16);
	blk_in(b.status, 1);
	check_status(blk_end(),
		     b.d.features & BIT64(VIRTIO_BLK_F_SECURE_ERASE) ? OK :
								       UNSUPP,
		     "a secure erase of nothing");

	blk_begin(~0U, 0);
	blk_out(b.hdr, sizeof(*b.hdr));
	blk_in(b.status, 1);
	check_status(blk_end(), UNSUPP, "a type that there is not");

	blk_begin(VIRTIO_BLK_T_GET_ID, 0);
	blk_out(b.hdr, sizeof(*b.hdr));
	blk_in(b.buf, VIRTIO_BLK_ID_BYTES - 1);
	blk_in(b.status, 1);
	check_status(blk_end(), IOERR, "19 bytes for the serial number");

	blk_begin(VIRTIO_BLK_T_GET_ID, 0);
	blk_out(b.hdr, sizeof(*b.hdr));
	blk_in(b.status, 1);
	check_status(blk_end(), IOERR, "no byte for the serial number");
}

/* ---- read and write ---- */

static void lengths(void)
{
	check_status(blk_read(0, SECTOR - 1), IOERR, "a read of 511 bytes");
	check_status(blk_write(0, SECTOR + 1), IOERR, "a write of 513 bytes");
	check_status(blk_read(0, 0), OK, "a read of nothing");
	check_status(blk_write(b.capacity, 0), OK,
		     "a write of nothing at the end");
	check_status(blk_read(b.capacity + 1, 0), IOERR,
		     "a read of nothing beyond the end");

	blk_begin(VIRTIO_BLK_T_IN, 0);
	blk_out(b.hdr, sizeof(*b.hdr));
	blk_out(b.buf, SECTOR);
	blk_in(b.status, 1);
	check_status(blk_end(), IOERR, "a read with payload to read from");

	blk_begin(VIRTIO_BLK_T_OUT, 0);
	blk_out(b.hdr, sizeof(*b.hdr));
	blk_in(b.buf, SECTOR);
	blk_in(b.status, 1);
	check_status(blk_end(), IOERR, "a write with payload to write to");
}

static void ranges(void)
{
	check_status(blk_read(b.capacity - 1, SECTOR), OK, "the last sector");
	check_status(blk_read(b.capacity - 1, 2 * SECTOR), IOERR,
		     "the last sector, and one more");
	check_status(blk_write(b.capacity, SECTOR), IOERR,
		     "the first one that there is not");
	check_status(blk_read(~0ULL, SECTOR), IOERR, "a sector that wraps");
	check_status(blk_write(~0ULL - 1, 4 * SECTOR), IOERR,
		     "sectors that wrap");
	/* In bytes it is 0. */
	check_status(blk_write(1ULL << 55, SECTOR), IOERR,
		     "a sector whose place in bytes wraps");
	check_status(blk_read(1ULL << 63, SECTOR), IOERR,
		     "a sector that is negative");
}

static void pieces(unsigned int nr)
{
	unsigned int i;

	blk_begin(VIRTIO_BLK_T_IN, 0);
	blk_out(b.hdr, sizeof(*b.hdr));
	for (i = 0; i < nr; i++)
		blk_in(b.buf + i * SECTOR, SECTOR);
	blk_in(b.status, 1);
}

static void segments(void)
{
	pieces(254);
	check_status(blk_end(), OK, "as many pieces as are asked for");
	pieces(255);
	check_status(blk_end(), OK, "one piece more than are asked for");
	pieces(490);
	check_status(blk_end(), OK, "nearly as many pieces as the ring has");
}

/* ---- discard and zeroes ---- */

static void discards(void)
{
	struct virtio_blk_discard_write_zeroes seg[17] = { };
	unsigned int i;

	check_status(blk_range(VIRTIO_BLK_T_DISCARD, 0, 8, 2), UNSUPP,
		     "a discard with a flag that there is not");
	check_status(blk_range(VIRTIO_BLK_T_DISCARD, 0, 8, 1), UNSUPP,
		     "a discard that shall unmap");
	check_status(blk_range(VIRTIO_BLK_T_DISCARD, b.capacity - 1, 2, 0),
		     IOERR, "a discard beyond the end");
	check_status(blk_range(VIRTIO_BLK_T_DISCARD, ~0ULL, 2, 0), IOERR,
		     "a discard that wraps");
	check_status(blk_range(VIRTIO_BLK_T_DISCARD, 0, TOO_MANY, 0), IOERR,
		     "a discard of too many sectors");
	check_status(blk_range(VIRTIO_BLK_T_DISCARD, 0, 0, 0), OK,
		     "a discard of none");

	for (i = 0; i < ARRAY_SIZE(seg); i++)
		seg[i].num_sectors = htole32(1);
	check_status(blk_ranges(VIRTIO_BLK_T_DISCARD, seg, 16), OK,
		     "16 ranges");
	check_status(blk_ranges(VIRTIO_BLK_T_DISCARD, seg, 17), IOERR,
		     "17 ranges");

	blk_begin(VIRTIO_BLK_T_DISCARD, 0);
	blk_out(b.hdr, sizeof(*b.hdr));
	blk_out(b.buf, sizeof(seg[0]) - 1);
	blk_in(b.status, 1);
	check_status(blk_end(), IOERR, "a range of 15 bytes");

	blk_begin(VIRTIO_BLK_T_DISCARD, 0);
	blk_out(b.hdr, sizeof(*b.hdr));
	blk_in(b.status, 1);
	check_status(blk_end(), IOERR, "no range");
}

static void zeroes(void)
{
	struct virtio_blk_discard_write_zeroes seg[2] = { };

	check_status(blk_range(VIRTIO_BLK_T_WRITE_ZEROES, 0, 8, 2), UNSUPP,
		     "zeroes with a flag that there is not");
	check_status(blk_range(VIRTIO_BLK_T_WRITE_ZEROES, b.capacity, 1, 0),
		     IOERR, "zeroes beyond the end");
	check_status(blk_range(VIRTIO_BLK_T_WRITE_ZEROES, ~0ULL - 3, 8, 1),
		     IOERR, "zeroes that wrap");
	check_status(blk_range(VIRTIO_BLK_T_WRITE_ZEROES, 0, TOO_MANY, 0),
		     IOERR, "too many zeroes");
	seg[0].num_sectors = htole32(1);
	seg[1] = seg[0];
	check_status(blk_ranges(VIRTIO_BLK_T_WRITE_ZEROES, seg, 2), IOERR,
		     "two ranges of zeroes");
}

/* All of that has changed nothing. */
static void unharmed(void)
{
	blk_scramble(64 * SECTOR);
	memcpy(b.shadow, b.buf, 64 * SECTOR);
	blk_expect(blk_write(0, 64 * SECTOR), OK, "write");
	headers();
	lengths();
	ranges();
	segments();
	zeroes();
	check_status(blk_range(VIRTIO_BLK_T_DISCARD, 1, b.capacity, 0), IOERR,
		     "a discard of one sector more than are left");
	blk_expect(blk_read(0, 64 * SECTOR), OK, "read");
	if (memcmp(b.buf, b.shadow, 64 * SECTOR))
		die("the data is not what it was");
	pass("no data was changed");
	discards();
}

/* ---- a table that is larger than its ring ---- */

static void small_ring(void)
{
	const __u64 without = BIT64(VIRTIO_F_RING_PACKED) |
			      BIT64(VIRTIO_F_IN_ORDER) |
			      BIT64(VIRTIO_RING_F_EVENT_IDX);
	const unsigned int nr = 400, len = nr * SECTOR;
	struct vring_desc *table = (void *)(b.buf + len);
	struct vm_sg ring = {
		.iova = vm_iova(&b.mem, table),
		.len = (nr + 2) * sizeof(*table),
	};
	static struct vm_vq v;
	unsigned int i, head;

	must(vm_negotiate(&b.d, ~without));
	must(vm_vq_init(&v, &b.mem, 0, SMALL_NUM, b.d.features));
	must(vm_vq_start(&b.d, &v, vm_vq_base(&v)));
	if (blk_seg_max() != SMALL_NUM - 2)
		die("seg_max is %u with rings of %u", blk_seg_max(), SMALL_NUM);
	must(vm_add_status(&b.d, VIRTIO_CONFIG_S_DRIVER_OK));

	blk_scramble(len);
	memcpy(b.shadow, b.buf, len);
	blk_begin(VIRTIO_BLK_T_OUT, 0);
	memset(table, 0, ring.len);
	for (i = 0; i <= nr; i++) {
		void *p = i ? b.buf + (i - 1) * SECTOR : (void *)b.hdr;

		table[i].addr = htole64(vm_iova(&b.mem, p));
		table[i].len = htole32(i ? SECTOR : sizeof(*b.hdr));
		table[i].flags = htole16(VRING_DESC_F_NEXT);
		table[i].next = htole16(i + 1);
	}
	table[nr + 1].addr = htole64(vm_iova(&b.mem, b.status));
	table[nr + 1].len = htole32(1);
	table[nr + 1].flags = htole16(VRING_DESC_F_WRITE);
	/* The library of the test makes smaller tables only. */
	head = v.free_head;
	v.indirect = false;
	v.desc[head].flags = 0;
	must(vm_vq_add(&v, &ring, 0, 1, 1));
	v.desc[head].flags = htole16(VRING_DESC_F_INDIRECT);
	vm_vq_kick_now(&v);
	if (!vm_eventfd_wait(v.call, 30000) || vm_vq_get(&v, NULL) != 1)
		die("no answer to a table that is larger than its ring");
	blk_expect(*b.status, OK, "a table that is larger than its ring");
	blk_stop();
	vm_vq_free(&v);

	blk_start(0, 1);
	blk_expect(blk_read(0, len), OK, "read");
	if (memcmp(b.buf, b.shadow, len))
		die("the data of a table that is larger than its ring differs");
	if (blk_seg_max() != 254)
		die("seg_max is %u after a reset", blk_seg_max());
	blk_stop();
	pass("a ring of %u takes a request of %u pieces in a table", SMALL_NUM,
	     nr);
}

/* ---- features ---- */

static void features(void)
{
	blk_start(BIT64(VIRTIO_BLK_F_DISCARD) |
		  BIT64(VIRTIO_BLK_F_WRITE_ZEROES) | BIT64(VIRTIO_BLK_F_FLUSH),
		  1);
	check_status(blk_range(VIRTIO_BLK_T_DISCARD, 0, 8, 0), UNSUPP,
		     "a discard, not negotiated");
	check_status(blk_range(VIRTIO_BLK_T_WRITE_ZEROES, 0, 8, 0), UNSUPP,
		     "zeroes, not negotiated");
	check_status(blk_flush(), UNSUPP, "a flush, not negotiated");
	check_status(blk_read(0, SECTOR), OK, "a read");
	blk_stop();

	blk_start(BIT64(VIRTIO_BLK_F_MQ), 2);
	check_status(blk_read(0, SECTOR), OK, "a read by the first queue");
	b.queue = 1;
	blk_begin(VIRTIO_BLK_T_IN, 0);
	blk_out(b.hdr, sizeof(*b.hdr));
	blk_in(b.buf, SECTOR);
	blk_in(b.status, 1);
	must(vm_vq_add(&b.vq[1], b.sg, b.out, b.in, 1));
	vm_vq_kick_now(&b.vq[1]);
	if (vm_eventfd_wait(b.vq[1].call, 200) || *b.status != NO_STATUS)
		die("an answer by a queue that was not negotiated");
	pass("without MQ there is one queue");
	blk_stop();
}

/* ---- what breaks a queue ---- */

static void restart(__u64 without)
{
	blk_start(without, 2);
	b.queue = 1;
}

static void is_broken(unsigned int got, __u64 without, const char *what)
{
	blk_expect(got, BROKEN, what);
	if (!(must(vm_get_status(&b.d)) & VIRTIO_CONFIG_S_NEEDS_RESET))
		die("%s: no NEEDS_RESET", what);
	if (!vm_eventfd_wait(b.d.config_call, 30000))
		die("%s: the driver is not told", what);
	if (*b.status != NO_STATUS)
		die("%s: a status", what);
	b.queue = 0;
	blk_expect(blk_read(0, SECTOR), OK, "the other queue");
	pass("%s breaks that queue alone", what);
	blk_stop();
	restart(without);
	blk_expect(blk_read(0, SECTOR), OK, "after the reset");
}

static void breaks(__u64 without)
{
	restart(without);

	blk_begin(VIRTIO_BLK_T_OUT, 0);
	blk_out(b.hdr, sizeof(*b.hdr));
	blk_out(b.buf, SECTOR);
	is_broken(blk_end(), without, "a request without a status");

	blk_begin(VIRTIO_BLK_T_IN, 0);
	blk_out_at(NOWHERE, sizeof(*b.hdr));
	blk_in(b.buf, SECTOR);
	blk_in(b.status, 1);
	is_broken(blk_end(), without, "a header nowhere");

	blk_begin(VIRTIO_BLK_T_IN, 0);
	blk_out(b.hdr, sizeof(*b.hdr));
	blk_in(b.buf, SECTOR);
	blk_in_at(NOWHERE, SECTOR);
	blk_in(b.status, 1);
	is_broken(blk_end(), without, "a read to nowhere");

	blk_begin(VIRTIO_BLK_T_OUT, 0);
	blk_out(b.hdr, sizeof(*b.hdr));
	blk_out_at(NOWHERE, 8 * SECTOR);
	blk_in(b.status, 1);
	is_broken(blk_end(), without, "a write from nowhere");

	blk_begin(VIRTIO_BLK_T_DISCARD, 0);
	blk_out(b.hdr, sizeof(*b.hdr));
	blk_out_at(NOWHERE, 16);
	blk_in(b.status, 1);
	is_broken(blk_end(), without, "ranges from nowhere");

	blk_begin(VIRTIO_BLK_T_FLUSH, 0);
	blk_out(b.hdr, sizeof(*b.hdr));
	blk_in_at(NOWHERE, 1);
	is_broken(blk_end(), without, "a status to nowhere");
	blk_stop();
}

void blk_neg(void)
{
	/* A chain of 256 needs a ring that is not in use by tables. */
	const __u64 packed = BIT64(VIRTIO_F_RING_PACKED);

	vm_info("packed rings");
	blk_start(0, 1);
	unharmed();
	blk_stop();
	breaks(0);
	vm_info("split rings");
	blk_start(packed, 1);
	unharmed();
	blk_stop();
	breaks(packed);
	small_ring();
	features();
}
