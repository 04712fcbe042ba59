// SPDX-License-Identifier: GPL-2.0-only
/*
 * A virtio-blk driver on the VFIO fd of an instance of mvblk:
 *
 *	user-blk UUID COMMAND [ARGUMENT]
 *
 *	config		what the configuration space says
 *	data [FILE]	all kinds of requests, in all kinds of pieces, on all kinds
 *			of rings; the data is compared, and what the device has
 *			at its beginning in the end is written to a file
 *	memlock		the same with hardly any memory that may be pinned
 *	neg		requests that break the rules
 *	ro		a device that is read only
 *	wce		a cache that can be switched off
 *	stuck		data in a page that does not come when it is read
 *	hung		SUSPEND while the disk does not answer
 *	short		a backing file that was cut off after 4096 bytes
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <linux/virtio_ids.h>

#include "user_blk.h"

struct user_blk b = { .seed = 88172645463325252ULL };

__u64 blk_random(__u64 below)
{
	b.seed ^= b.seed << 13;
	b.seed ^= b.seed >> 7;
	b.seed ^= b.seed << 17;
	return b.seed % below;
}

void blk_scramble(__u32 len)
{
	__u32 i;

	for (i = 0; i < len; i += sizeof(__u64)) {
		blk_random(2);
		memcpy(b.buf + i, &b.seed, sizeof(__u64));
	}
}

/* ---- set-up ---- */

void blk_start(__u64 without, unsigned int queues)
{
	unsigned int i;

	must(vm_negotiate(&b.d, ~without));
	for (i = 0; i < queues; i++) {
		must(vm_vq_init(&b.vq[i], &b.mem, i, NUM, b.d.features));
		must(vm_vq_start(&b.d, &b.vq[i], vm_vq_base(&b.vq[i])));
	}
	b.nr_queues = queues;
	b.queue = 0;
	must(vm_add_status(&b.d, VIRTIO_CONFIG_S_DRIVER_OK));
}

void blk_stop(void)
{
	must(vm_set_status(&b.d, 0));
}

void blk_open(const char *uuid)
{
	unsigned int i;

	must(vm_container_open(&b.c));
	must(vm_dev_open(&b.c, &b.d, uuid));
	must(vm_mem_new(&b.c, &b.mem, BUF + (3 + MAX_QUEUES) * VM_PAGE +
			MAX_QUEUES * vm_vq_bytes(NUM, true) +
			vm_vq_bytes(SMALL_NUM, true)));
	b.buf = vm_alloc(&b.mem, BUF, VM_PAGE);
	b.hdr = vm_alloc(&b.mem, sizeof(*b.hdr), 16);
	b.status = vm_alloc(&b.mem, 1, 1);
	b.shadow = calloc(1, SHADOW);
	if (!b.shadow)
		die("no memory");
	b.d.config_call = must(vm_eventfd());
	must(vm_set_config_call(&b.d, b.d.config_call));
	must(vm_get_config(&b.d, 0, &b.capacity, sizeof(b.capacity)));
	b.capacity = le64toh(b.capacity);
	for (i = 0; i < MAX_QUEUES; i++)
		b.vq[i].kick = VM_NO_FD;
}

void blk_close(void)
{
	unsigned int i;

	for (i = 0; i < MAX_QUEUES; i++)
		if (b.vq[i].kick != VM_NO_FD)
			vm_vq_free(&b.vq[i]);
	vm_mem_free(&b.mem);
	vm_dev_close(&b.d);
	vm_container_close(&b.c);
	free(b.shadow);
}

/* ---- requests ---- */

void blk_begin(__u32 type, __u64 sector)
{
	b.hdr->type = htole32(type);
	b.hdr->ioprio = 0;
	b.hdr->sector = htole64(sector);
	*b.status = NO_STATUS;
	b.out = 0;
	b.in = 0;
	b.last = NULL;
}

static void piece(__u64 iova, __u32 len)
{
	if (b.out + b.in == MAX_SG)
		die("too many pieces");
	b.sg[b.out + b.in].iova = iova;
	b.sg[b.out + b.in].len = len;
}

void blk_out_at(__u64 iova, __u32 len)
{
	if (b.in)
		die("a piece to read after one to write");
	piece(iova, len);
	b.out++;
}

void blk_in_at(__u64 iova, __u32 len)
{
	piece(iova, len);
	b.in++;
}

void blk_out(const void *p, __u32 len)
{
	blk_out_at(vm_iova(&b.mem, p), len);
}

void blk_in(void *p, __u32 len)
{
	blk_in_at(vm_iova(&b.mem, p), len);
	b.last = (__u8 *)p + len - 1;
}

unsigned int blk_end(void)
{
	struct vm_vq *v = &b.vq[b.queue];
	__u64 begin = vm_now_ms();
	__u32 len, want = 0;
	unsigned int i;

	for (i = b.out; i < b.out + b.in; i++)
		want += b.sg[i].len;
	must(vm_vq_add(v, b.sg, b.out, b.in, 1));
	vm_vq_kick(v);
	while (!vm_vq_has_used(v)) {
		if (vm_eventfd_wait(v->err, 0))
			return BROKEN;
		/* A PCI function does not tell which of its virtqueues broke. */
		if (vm_way.pci && vm_now_ms() > begin + 1000 &&
		    must(vm_get_status(&b.d)) & VIRTIO_CONFIG_S_NEEDS_RESET)
			return BROKEN;
		if (vm_now_ms() > begin + 60000)
			die("no answer");
		vm_eventfd_wait(v->call, 10);
	}
	if (vm_vq_get(v, &len) != 1)
		die("it used another chain");
	/* What failed has written no payload, and the status is behind that. */
	if (b.last && *b.last != VIRTIO_BLK_S_OK && want > 1)
		want = 0;
	if (len != want)
		die("it wrote %u bytes, expected %u", len, want);
	return *b.status;
}

unsigned int blk_write(__u64 sector, __u32 len)
{
	blk_begin(VIRTIO_BLK_T_OUT, sector);
	blk_out(b.hdr, sizeof(*b.hdr));
	if (len)
		blk_out(b.buf, len);
	blk_in(b.status, 1);
	return blk_end();
}

unsigned int blk_read(__u64 sector, __u32 len)
{
	blk_begin(VIRTIO_BLK_T_IN, sector);
	blk_out(b.hdr, sizeof(*b.hdr));
	if (len)
		blk_in(b.buf, len);
	blk_in(b.status, 1);
	return blk_end();
}

unsigned int blk_flush(void)
{
	blk_begin(VIRTIO_BLK_T_FLUSH, 0);
	blk_out(b.hdr, sizeof(*b.hdr));
	blk_in(b.status, 1);
	return blk_end();
}

unsigned int blk_ranges(__u32 type,
			const struct virtio_blk_discard_write_zeroes *seg,
			unsigned int nr)
{
	memcpy(b.buf, seg, nr * sizeof(*seg));
	blk_begin(type, 0);
	blk_out(b.hdr, sizeof(*b.hdr));
	blk_out(b.buf, nr * sizeof(*seg));
	blk_in(b.status, 1);
	return blk_end();
}

unsigned int blk_range(__u32 type, __u64 sector, __u32 sectors, __u32 flags)
{
	const struct virtio_blk_discard_write_zeroes seg = {
		.sector = htole64(sector),
		.num_sectors = htole32(sectors),
		.flags = htole32(flags),
	};

	return blk_ranges(type, &seg, 1);
}

void blk_expect(unsigned int got, unsigned int want, const char *what)
{
	if (got != want)
		die("%s: status %#x, expected %#x", what, got, want);
}

/* ---- data ---- */

/* @len bytes at @p in up to six pieces, some of them odd */
static void pieces(__u8 *p, __u32 len, bool in)
{
	unsigned int left = 1 + blk_random(6);
	__u32 n;

	while (len) {
		n = --left ? 1 + blk_random(len) : len;
		if (in)
			blk_in(p, n);
		else
			blk_out(p, n);
		p += n;
		len -= n;
	}
}

/* Header and payload are neighbours in memory, if @joined, and maybe in a piece. */
static void odd_write(__u64 sector, __u32 len)
{
	__u8 *p = b.buf + SECTOR - sizeof(*b.hdr);

	blk_begin(VIRTIO_BLK_T_OUT, sector);
	memcpy(p, b.hdr, sizeof(*b.hdr));
	pieces(p, sizeof(*b.hdr) + len, false);
	blk_in(b.status, 1);
	blk_expect(blk_end(), VIRTIO_BLK_S_OK, "write");
}

static void odd_read(__u64 sector, __u32 len)
{
	blk_begin(VIRTIO_BLK_T_IN, sector);
	pieces((__u8 *)b.hdr, sizeof(*b.hdr), false);
	/* The status right behind the payload, and maybe in one piece with it */
	b.buf[SECTOR + len] = NO_STATUS;
	pieces(b.buf + SECTOR, len + 1, true);
	blk_end();
	blk_expect(b.buf[SECTOR + len], VIRTIO_BLK_S_OK, "read");
}

static void compare(const __u8 *got, __u64 sector, __u32 len, const char *what)
{
	__u32 i;

	for (i = 0; i < len; i++)
		if (got[i] != b.shadow[sector * SECTOR + i])
			die("%s of %u bytes at sector %llu: byte %u differs",
			    what, len, (unsigned long long)sector, i);
}

static void compare_all(const char *what)
{
	__u64 sector;

	for (sector = 0; sector < SHADOW / SECTOR; sector += BUF / SECTOR) {
		blk_expect(blk_read(sector, BUF), VIRTIO_BLK_S_OK, what);
		compare(b.buf, sector, BUF, what);
	}
}

static void some_request(void)
{
	__u64 sector = blk_random(SHADOW / SECTOR);
	__u32 nr = 1 + blk_random(blk_random(4) ? 16 : 512);

	if (nr > SHADOW / SECTOR - sector)
		nr = SHADOW / SECTOR - sector;
	b.queue = blk_random(b.nr_queues);
	switch (blk_random(10)) {
	case 0:
		blk_expect(blk_range(VIRTIO_BLK_T_DISCARD, sector, nr, 0),
			   VIRTIO_BLK_S_OK, "discard");
		/* That it reads zeroes is this device's, and the file's. */
		memset(b.shadow + sector * SECTOR, 0, nr * SECTOR);
		break;
	case 1:
		blk_expect(blk_range(VIRTIO_BLK_T_WRITE_ZEROES, sector, nr,
				     blk_random(2)),
			   VIRTIO_BLK_S_OK, "write zeroes");
		memset(b.shadow + sector * SECTOR, 0, nr * SECTOR);
		break;
	case 2:
		blk_expect(blk_flush(), VIRTIO_BLK_S_OK, "flush");
		break;
	case 3:
	case 4:
	case 5:
	case 6:
		blk_scramble(SECTOR + nr * SECTOR);
		memcpy(b.shadow + sector * SECTOR, b.buf + SECTOR, nr * SECTOR);
		odd_write(sector, nr * SECTOR);
		break;
	default:
		odd_read(sector, nr * SECTOR);
		compare(b.buf + SECTOR, sector, nr * SECTOR, "a read");
	}
}

static void traffic(__u64 without, const char *what, unsigned int count)
{
	unsigned int i;

	blk_start(without, MAX_QUEUES);
	/* What was there before is not ours. */
	memset(b.buf, 0, BUF);
	memset(b.shadow, 0, SHADOW);
	for (i = 0; i < SHADOW / BUF; i++)
		blk_expect(blk_write(i * (BUF / SECTOR), BUF), VIRTIO_BLK_S_OK,
			   "first write");
	for (i = 0; i < count; i++)
		some_request();
	compare_all("the last read");
	blk_stop();
	pass("data is right, %s", what);
}

static void ids(void)
{
	char want[2 * VIRTIO_BLK_ID_BYTES] = "";

	blk_start(0, 1);
	must(vm_sysfs_read(b.d.uuid, "serial", want, sizeof(want)));
	want[strcspn(want, "\n")] = 0;
	memset(b.buf, NO_STATUS, VIRTIO_BLK_ID_BYTES);
	blk_begin(VIRTIO_BLK_T_GET_ID, 0);
	blk_out(b.hdr, sizeof(*b.hdr));
	blk_in(b.buf, VIRTIO_BLK_ID_BYTES);
	blk_in(b.status, 1);
	blk_expect(blk_end(), VIRTIO_BLK_S_OK, "get id");
	if (memcmp(b.buf, want, VIRTIO_BLK_ID_BYTES))
		die("the serial number is %.20s, expected %s", b.buf, want);
	blk_stop();
	pass("the serial number is that of sysfs");
}

/* Many requests on their way, in one kick */
static void many(void)
{
	const unsigned int nr = 100;
	bool ordered, seen[100] = { };
	struct vm_vq *v;
	int id;
	__u32 len;
	unsigned int i, done = 0;
	__u8 *hdrs, *statuses;

	blk_start(BIT64(VIRTIO_F_RING_PACKED), 1);
	ordered = b.d.features & BIT64(VIRTIO_F_IN_ORDER);
	v = &b.vq[0];
	hdrs = b.buf + nr * SECTOR;
	statuses = hdrs + nr * sizeof(*b.hdr);
	memset(b.buf, NO_STATUS, nr * SECTOR);
	memset(statuses, NO_STATUS, nr);
	for (i = 0; i < nr; i++) {
		blk_begin(VIRTIO_BLK_T_IN, i);
		memcpy(hdrs + i * sizeof(*b.hdr), b.hdr, sizeof(*b.hdr));
		blk_out(hdrs + i * sizeof(*b.hdr), sizeof(*b.hdr));
		blk_in(b.buf + i * SECTOR, SECTOR);
		blk_in(statuses + i, 1);
		must(vm_vq_add(v, b.sg, b.out, b.in, i));
	}
	vm_vq_kick(v);
	while (done < nr) {
		if (!vm_vq_has_used(v)) {
			/* Ask for a call, and look again, because it may be late. */
			vm_vq_irq(v, true);
			if (!vm_vq_has_used(v) &&
			    !vm_eventfd_wait(v->call, 30000))
				die("%u of %u requests done", done, nr);
			continue;
		}
		id = vm_vq_get(v, &len);
		if (id < 0 || id >= (int)nr || seen[id])
			die("request %d, which is not in progress", id);
		if (ordered && id != (int)done)
			die("not in the order in which they came");
		seen[id] = true;
		done++;
	}
	for (i = 0; i < nr; i++) {
		blk_expect(statuses[i], VIRTIO_BLK_S_OK, "one of many");
		compare(b.buf + i * SECTOR, i, SECTOR, "one of many");
	}
	blk_stop();
	pass("%u requests at once", nr);
}

static void data(unsigned int count)
{
	const __u64 packed = BIT64(VIRTIO_F_RING_PACKED);
	const __u64 indirect = BIT64(VIRTIO_RING_F_INDIRECT_DESC);
	const __u64 rest = BIT64(VIRTIO_RING_F_EVENT_IDX) |
			   BIT64(VIRTIO_F_IN_ORDER);

	traffic(0, "all that it offers", count);
	traffic(packed, "split rings", count);
	traffic(packed | indirect | rest, "split rings, no options", count);
	traffic(indirect | rest, "packed rings, no options", count);
	many();
	ids();
}

static void dump(const char *path)
{
	FILE *f = fopen(path, "w");

	if (!f || fwrite(b.shadow, SHADOW, 1, f) != 1 || fclose(f))
		die("%s: %s", path, vm_err(-errno));
}

/* ---- what it says of itself ---- */

__u32 blk_seg_max(void)
{
	__u32 val;

	must(vm_get_config(&b.d, offsetof(struct virtio_blk_config, seg_max),
			   &val, sizeof(val)));
	return le32toh(val);
}

static void config(void)
{
	struct virtio_blk_config cfg = { };
	/* Up to the fields of the cache and of discards, or of erasing, too */
	__u32 id, size = 60, seg_max;
	__u64 offered;
	char text[32];

	must(vm_call(&b.d, VHOST_MDEV_GET_DEVICE_ID, &id));
	if (id != VIRTIO_ID_BLOCK)
		die("device id %u", id);
	must(vm_call(&b.d, VHOST_MDEV_GET_FEATURES, &offered));
	if (offered & BIT64(VIRTIO_BLK_F_SECURE_ERASE))
		size = 72;
	if (must(vm_get_u32(&b.d, VHOST_MDEV_GET_CONFIG_SIZE)) != (int)size)
		die("a configuration space of another size");
	must(vm_get_config(&b.d, 0, &cfg, size));
	must(vm_sysfs_read(b.d.uuid, "size", text, sizeof(text)));
	if (le64toh(cfg.capacity) * SECTOR != strtoull(text, NULL, 10))
		die("%llu sectors, and %s bytes in sysfs",
		    (unsigned long long)le64toh(cfg.capacity), text);
	if (le32toh(cfg.blk_size) != 512 ||
	    cfg.physical_block_exp > 3 || cfg.alignment_offset ||
	    le16toh(cfg.num_queues) != b.d.nvqs || !cfg.write_zeroes_may_unmap ||
	    !cfg.max_discard_sectors || !cfg.max_discard_seg ||
	    !cfg.max_write_zeroes_sectors || !cfg.max_write_zeroes_seg)
		die("a field that is not what it ought to be");
	pass("the configuration space is what it ought to be");

	/* Without tables it has to fit a ring that has no size yet. */
	seg_max = offered & BIT64(VIRTIO_RING_F_INDIRECT_DESC) ? 254 : 2;
	if (blk_seg_max() != seg_max)
		die("seg_max is %u, expected %u", blk_seg_max(), seg_max);
	pass("requests of up to %u pieces are asked for", seg_max);

	fails(EINVAL, vm_get_config(&b.d, 1, &cfg, size));
	/* Nothing but the cache can be written. */
	must(vm_set_config(&b.d, 0, &(__u64){ 0 }, sizeof(__u64)));
	must(vm_get_config(&b.d, 0, &cfg, size));
	if (!cfg.capacity)
		die("the capacity can be written");
	pass("the capacity cannot be written");
}

static void read_only(void)
{
	const __u64 bits = BIT64(VIRTIO_BLK_F_DISCARD) |
			   BIT64(VIRTIO_BLK_F_WRITE_ZEROES);

	blk_start(0, 1);
	if (!(b.d.offered & BIT64(VIRTIO_BLK_F_RO)) || b.d.offered & bits)
		die("features %#llx", (unsigned long long)b.d.offered);
	memset(b.buf, 1, SECTOR);
	blk_expect(blk_write(0, SECTOR), VIRTIO_BLK_S_IOERR, "write");
	memset(b.buf, 1, SECTOR);
	blk_expect(blk_read(0, SECTOR), VIRTIO_BLK_S_OK, "read");
	compare(b.buf, 0, SECTOR, "read");
	blk_expect(blk_range(VIRTIO_BLK_T_DISCARD, 0, 1, 0),
		   VIRTIO_BLK_S_UNSUPP, "discard");
	blk_expect(blk_range(VIRTIO_BLK_T_WRITE_ZEROES, 0, 1, 0),
		   VIRTIO_BLK_S_UNSUPP, "write zeroes");
	blk_stop();
	pass("nothing can be written");
}

static __u8 wce(void)
{
	__u8 val;

	must(vm_get_config(&b.d, offsetof(struct virtio_blk_config, wce), &val,
			   sizeof(val)));
	return val;
}

static void set_wce(__u8 val)
{
	must(vm_set_config(&b.d, offsetof(struct virtio_blk_config, wce), &val,
			   sizeof(val)));
}

static void cache(void)
{
	blk_start(0, 1);
	if (wce() != 1)
		die("no cache with FLUSH");
	set_wce(0);
	if (wce())
		die("the cache cannot be switched off");
	blk_scramble(BUF);
	memcpy(b.shadow, b.buf, BUF);
	blk_expect(blk_write(0, BUF), VIRTIO_BLK_S_OK, "write");
	blk_expect(blk_range(VIRTIO_BLK_T_WRITE_ZEROES, 8, 8, 1),
		   VIRTIO_BLK_S_OK, "write zeroes");
	memset(b.shadow + 8 * SECTOR, 0, 8 * SECTOR);
	blk_expect(blk_read(0, BUF), VIRTIO_BLK_S_OK, "read");
	compare(b.buf, 0, BUF, "without a cache");
	set_wce(1);
	if (wce() != 1)
		die("the cache cannot be switched on");
	set_wce(0);
	blk_stop();
	pass("the cache can be switched off and on");

	blk_start(0, 1);
	if (wce())
		die("a reset brings the cache back");
	blk_stop();
	blk_start(BIT64(VIRTIO_BLK_F_CONFIG_WCE), 1);
	if (wce() != 1)
		die("no cache for a driver that cannot switch it off");
	blk_stop();
	pass("a cache that is off stays off over a reset of a driver that can switch it");

	blk_start(BIT64(VIRTIO_BLK_F_FLUSH), 1);
	if (wce())
		die("a cache without FLUSH");
	blk_stop();
	blk_start(BIT64(VIRTIO_BLK_F_CONFIG_WCE), 1);
	set_wce(0);
	if (wce() != 1)
		die("it can be switched off though that was not negotiated");
	blk_stop();
	pass("the write cache follows from the features");
}

static void stuck(void)
{
	const __u64 iova = BIT64(40);
	struct stall page;

	/* What is to come back and does not is the failure. */
	alarm(300);
	stall_init(&page);
	/* For reading only, so that the device copies and does not pin. */
	must(vm_dma_map(&b.c, page.page, iova, VM_PAGE, false));
	blk_start(0, 1);
	stall_arm(&page);
	blk_begin(VIRTIO_BLK_T_OUT, 0);
	blk_out(b.hdr, sizeof(*b.hdr));
	blk_out_at(iova, 512);
	blk_in(b.status, 1);
	must(vm_vq_add(&b.vq[0], b.sg, b.out, b.in, 1));
	vm_vq_kick(&b.vq[0]);
	if (!stall_caught(&page, 30000))
		die("the device does not come to the page");
	blk_stop();
	pass("data in a page that does not come: status 0 works");
	blk_start(0, 1);
	blk_expect(blk_write(0, 512), VIRTIO_BLK_S_OK, "write");
	blk_stop();
	pass("the device works after a page that does not come");
	stall_free(&page);
}

static void cut_off(void)
{
	blk_start(0, 1);
	blk_expect(blk_read(0, 8 * SECTOR), VIRTIO_BLK_S_OK, "a read");
	/* blk_end() compares the length of the used entry. */
	blk_expect(blk_read(7, 2 * SECTOR), VIRTIO_BLK_S_IOERR,
		   "a read of which the file has a part");
	blk_expect(blk_read(8, 8 * SECTOR), VIRTIO_BLK_S_IOERR,
		   "a read of which the file has nothing");
	blk_stop();
	blk_start(BIT64(VIRTIO_F_IN_ORDER) | BIT64(VIRTIO_F_RING_PACKED), 1);
	blk_expect(blk_read(7, 2 * SECTOR), VIRTIO_BLK_S_IOERR,
		   "a read of which the file has a part");
	blk_stop();
	pass("reads that fail have written nothing");
}

int main(int argc, char **argv)
{
	if (argc < 3)
		die("user-blk UUID config|data|memlock|neg|ro|wce|stuck|short|hung|turns [X]");
	blk_open(argv[1]);
	if (!strcmp(argv[2], "config")) {
		config();
	} else if (!strcmp(argv[2], "data")) {
		data(200);
		if (argc > 3)
			dump(argv[3]);
	} else if (!strcmp(argv[2], "memlock")) {
		/* For rings, and little else */
		must(vm_limit_memlock(48 * VM_PAGE));
		data(20);
	} else if (!strcmp(argv[2], "neg")) {
		blk_neg();
	} else if (!strcmp(argv[2], "ro")) {
		read_only();
	} else if (!strcmp(argv[2], "wce")) {
		cache();
	} else if (!strcmp(argv[2], "stuck")) {
		stuck();
	} else if (!strcmp(argv[2], "hung")) {
		blk_hung();
	} else if (!strcmp(argv[2], "short")) {
		cut_off();
	} else if (!strcmp(argv[2], "turns") && argc > 3) {
		blk_turns(argv[3]);
	} else {
		die("no command %s", argv[2]);
	}
	blk_close();
	return 0;
}
