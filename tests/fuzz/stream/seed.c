// SPDX-License-Identifier: GPL-2.0-only
/*
 * Inputs to begin with.  stream-seed FOLDER writes them there.
 */

#include <sys/stat.h>

#include <linux/virtio_config.h>
#include <linux/virtio_pci.h>

#include <samples/mvblk/saved.h>
#include <mdev_soft_net/saved.h>
#include "stream.h"

static const char *folder;

/* An input of a kind: bytes of the kind's own and a stream */
static void emit(u8 kind, const char *name, const void *head, size_t head_len,
		 const struct mdev_state_writer *w)
{
	char path[4096];
	FILE *out;

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	out = fopen(path, "wb");
	MUST(out, "%s can be written", path);
	fputc(kind, out);
	if (head_len)
		fwrite(head, head_len, 1, out);
	if (w)
		fwrite(w->buf, w->len, 1, out);
	MUST(!ferror(out) && !fclose(out), "%s is written", path);
}

/* Each number once, in some sections */
static void reading(struct mdev_state_writer *w)
{
	static const u8 script[] = {
		10, 0, 1, 2, 3, 3 << 3 | 4, 6, 5, 0, 0, 6,
	};

	mdev_state_begin(w, MDEV_STATE_IDENTITY, MDEV_STATE_REQUIRED);
	mdev_state_put8(w, 1);
	mdev_state_put16(w, 2);
	mdev_state_put32(w, 3);
	mdev_state_put64(w, 4);
	mdev_state_put(w, "abc", 3);
	mdev_state_end(w);
	mdev_state_begin(w, 77, 0);
	mdev_state_put64(w, 0x100000001);
	mdev_state_put8(w, 9);
	mdev_state_end(w);
	mdev_state_begin(w, MDEV_STATE_END, MDEV_STATE_REQUIRED);
	mdev_state_end(w);
	emit(KIND_READ, "read", script, sizeof(script), w);
}

static void writing(u16 size, const char *name)
{
	const u8 script[] = {
		size, size >> 8, 3, 0, 5, 1, 0, 1, 0, 0, 7, 1, 7, 8, 2, 1, 2, 3,
		4, 3, 1, 2, 3, 4, 5, 6, 7, 8, 20 << 3 | 4, 6, 5, 0, 0, 0, 0, 6,
	};

	emit(KIND_WRITE, name, script, sizeof(script), NULL);
}

/* ---- sections that are not as they should be ---- */

/* A stream of sections, one after the other: type, flags, length, and bytes */
struct part {
	u16 type;
	u16 flags;
	const u8 *bytes;
	size_t len;
};

#define MAX_PARTS	12

static void emit_parts(u8 kind, u8 instance, const char *name, u16 class_id,
		       const struct part *part, unsigned int nr)
{
	const u8 head[] = { instance, 5 };
	static u8 buf[MAX_STREAM];
	struct mdev_state_writer w;
	unsigned int i;

	mdev_state_start(&w, buf, sizeof(buf), class_id);
	for (i = 0; i < nr; i++) {
		mdev_state_begin(&w, part[i].type, part[i].flags);
		mdev_state_put(&w, part[i].bytes, part[i].len);
		mdev_state_end(&w);
	}
	emit(kind, name, head, kinds[kind].head - 1, &w);
}

/* The sections of a good stream */
static unsigned int take_apart(const struct mdev_state_writer *w,
			       struct part *part)
{
	static struct ref ref;
	unsigned int i;

	ref_read(&ref, w->buf, w->len);
	MUST(ref.whole && ref.nr < MAX_PARTS, "a good stream");
	for (i = 0; i < ref.nr; i++)
		part[i] = (struct part) {
			.type = ref.section[i].type,
			.flags = ref.section[i].flags,
			.bytes = w->buf + ref.section[i].off,
			.len = ref.section[i].len,
		};
	return ref.nr;
}

/* A byte of a section changed, each of the first */
static void change(u8 kind, u8 instance, const char *name, u16 class_id,
		   struct part *part, unsigned int nr, unsigned int which)
{
	const struct part good = part[which];
	u8 bytes[64];
	char full[80];
	unsigned int i;

	for (i = 0; i < good.len && i < 36; i++) {
		memcpy(bytes, good.bytes, min(good.len, sizeof(bytes)));
		bytes[i] ^= 0x91;
		part[which].bytes = bytes;
		part[which].len = min(good.len, sizeof(bytes));
		snprintf(full, sizeof(full), "%s-byte-%u-%u", name, which, i);
		emit_parts(kind, instance, full, class_id, part, nr);
	}
	part[which] = good;
}

/* Each section missing, twice, shorter, longer, and elsewhere; new ones */
static void vary(u8 kind, u8 instance, const char *name, u16 class_id,
		 const struct mdev_state_writer *w)
{
	static const u8 junk[5];
	struct part good[MAX_PARTS], part[MAX_PARTS + 1];
	unsigned int nr = take_apart(w, good), i, flags;
	char full[80];

#define PARTS(what, n) do {						\
	snprintf(full, sizeof(full), "%s-%s-%u", name, what, i);	\
	emit_parts(kind, instance, full, class_id, part, n);		\
} while (0)
#define COPY(to, from, n) memcpy(part + (to), good + (from), (n) * sizeof(*part))

	COPY(0, 0, nr);
	for (i = 0; i < 5; i++) {
		snprintf(full, sizeof(full), "%s-class-%u", name, i);
		emit_parts(kind, instance, full, i, part, nr);
	}
	for (i = 0; i < nr; i++) {
		COPY(0, 0, nr);
		if (part[i].len < 64)
			change(kind, instance, name, class_id, part, nr, i);

		COPY(0, 0, i);
		COPY(i, i + 1, nr - i - 1);
		PARTS("without", nr - 1);

		COPY(0, 0, i + 1);
		COPY(i + 1, i, nr - i);
		PARTS("twice", nr + 1);

		COPY(0, 0, nr);
		if (part[i].len) {
			part[i].len--;
			PARTS("short", nr);
		}
		if (good[i].len && good[i].len < 300) {
			u8 longer[320];

			memset(longer, 0x5a, sizeof(longer));
			memcpy(longer, good[i].bytes, good[i].len);
			part[i].bytes = longer;
			part[i].len = good[i].len + 16;
			PARTS("long", nr);
		}

		if (i + 1 < nr) {
			COPY(0, 0, nr);
			part[i] = good[i + 1];
			part[i + 1] = good[i];
			PARTS("swapped", nr);
		}
		for (flags = 0; flags < 2; flags++) {
			COPY(0, 0, i);
			part[i] = (struct part) { 9, flags, junk, 5 };
			COPY(i + 1, i, nr - i);
			PARTS(flags ? "required" : "optional", nr + 1);
		}
	}
#undef COPY
#undef PARTS
}

/* ---- class VFIO ---- */

/* A driver has set it up, or nobody has yet. */
static void function(u8 instance, const char *name, bool packed, bool set_up,
		     bool vary_it)
{
	static u8 buf[MAX_STREAM], pci[VFIO_MDEV_SAVED_PCI], config[64];
	const struct vfio_mdev_identity *id = &vfio_instances[instance];
	struct vfio_mdev_saved_queue queues[32] = {};
	const u64 features = id->features &
			     ~(packed ? 0 : BIT_ULL(VIRTIO_F_RING_PACKED));
	const u8 head[] = { instance, packed ? 7 : 0 };
	struct vfio_mdev_saved saved = {
		.status = set_up ? 0xf : 0,
		.isr = set_up,
		.generation = 3,
		.config_vector = set_up ? 0 : VIRTIO_MSI_NO_VECTOR,
		.queue_select = set_up,
		.device_select = set_up,
		.driver_select = set_up,
		.driver_features = features,
		.features = set_up ? features : 0,
		.queues = queues,
		.pci = pci,
		.config = id->config_size ? config : NULL,
		.own = (const u8 *)"own",
		.own_len = 3,
	};
	struct mdev_state_writer w;
	unsigned int i;

	pci[0] = 0xf4;
	pci[1] = 0x1a;
	pci[4] = 6;
	for (i = 0; i < id->nvqs; i++)
		queues[i] = (struct vfio_mdev_saved_queue) {
			.size = id->sizes[i],
			.vector = set_up ? 1 : VIRTIO_MSI_NO_VECTOR,
			.enabled = set_up,
			.avail = set_up ? 0x8005 : 0,
			.used = set_up ? 3 : 0,
			.desc = set_up ? 0x100000 + 0x10000 * i : 0,
			.driver = set_up ? 0x104000 + 0x10000 * i : 0,
			.device = set_up ? 0x105000 + 0x10000 * i : 0,
		};
	mdev_state_start(&w, buf, sizeof(buf), 1);
	vfio_mdev_saved_put_identity(&w, id);
	vfio_mdev_saved_put(&w, id, &saved);
	emit(KIND_VFIO, name, head, sizeof(head), &w);
	if (vary_it)
		vary(KIND_VFIO, instance, name, 1, &w);
}

/* Virtqueues of which a newer version says more, or somebody less */
static void long_queues(void)
{
	static u8 buf[MAX_STREAM];
	struct vfio_mdev_saved_queue queues[4] = {};
	static u8 pci[VFIO_MDEV_SAVED_PCI];
	const struct vfio_mdev_identity *id = &vfio_instances[1];
	struct vfio_mdev_saved saved = {
		.queues = queues,
		.pci = pci,
		.own = pci,
	};
	struct part part[MAX_PARTS];
	struct mdev_state_writer w;
	u8 longer[2 + 3 * 40] = { 40 };
	unsigned int nr, i;

	for (i = 0; i < id->nvqs; i++) {
		queues[i].vector = VIRTIO_MSI_NO_VECTOR;
		queues[i].size = 16 << i;
		queues[i].desc = i + 1;
	}
	mdev_state_start(&w, buf, sizeof(buf), 1);
	vfio_mdev_saved_put_identity(&w, id);
	vfio_mdev_saved_put(&w, id, &saved);
	nr = take_apart(&w, part);
	for (i = 0; i < id->nvqs; i++)
		memcpy(longer + 2 + 40 * i, part[2].bytes + 2 + 34 * i, 34);
	part[2].bytes = longer;
	part[2].len = sizeof(longer);
	emit_parts(KIND_VFIO, 1, "vfio-net-queues-long", 1, part, nr);
	longer[0] = 33;
	emit_parts(KIND_VFIO, 1, "vfio-net-queues-short", 1, part, nr);
}

static void functions(void)
{
	long_queues();

	function(0, "vfio-rng", false, true, false);
	function(0, "vfio-rng-packed", true, true, true);
	function(0, "vfio-rng-new", false, false, false);
	function(1, "vfio-net", false, true, false);
	function(1, "vfio-net-packed", true, true, false);
	function(2, "vfio-net-8", false, true, false);
	function(2, "vfio-net-8-new", false, false, false);
	function(3, "vfio-blk", false, true, true);
	function(3, "vfio-blk-packed", true, true, false);
	function(3, "vfio-blk-new", false, false, false);
}

/* ---- class VHOST ---- */

static void vhost(u8 instance, const char *name, const char *own)
{
	static u8 buf[MAX_STREAM];
	struct mdev_state_writer w;

	mdev_state_start(&w, buf, sizeof(buf), 3);
	vhost_mdev_saved_put_identity(&w, &vhost_instances[instance]);
	mdev_state_begin(&w, MDEV_STATE_OWN, MDEV_STATE_REQUIRED);
	mdev_state_put(&w, own, strlen(own));
	mdev_state_end(&w);
	mdev_state_begin(&w, MDEV_STATE_END, MDEV_STATE_REQUIRED);
	mdev_state_end(&w);
	emit(KIND_VHOST, name, &instance, 1, &w);
	if (*own)
		vary(KIND_VHOST, instance, name, 3, &w);
}

/* ---- the parents' own parts ---- */

/* With each of the first bytes changed, and cut off */
static void emit_own(u8 kind, const char *name, const void *head, size_t head_len,
		     struct mdev_state_writer *w)
{
	char full[80];
	size_t i;

	emit(kind, name, head, head_len, w);
	for (i = 0; i < w->len && i < 48; i++) {
		w->buf[i] ^= 0x91;
		snprintf(full, sizeof(full), "%s-byte-%zu", name, i);
		emit(kind, full, head, head_len, w);
		w->buf[i] ^= 0x91;
	}
	w->len--;
	snprintf(full, sizeof(full), "%s-short", name);
	emit(kind, full, head, head_len, w);
}

static void net(const char *name, u8 pairs, bool overflow, unsigned int nr)
{
	static const u8 mac[] = { 2, 0, 0, 1, 2, 3 };
	struct soft_net_saved saved = {
		.mac_by_user = nr,
		.has_driver_mac = overflow,
		.mtu = 1500,
		.pairs_on = 1,
		.pairs_used = pairs ? 8 : 1,
		.filter = {
			.promisc = !nr,
			.nobcast = overflow,
			.uni.nr = nr,
			.multi.nr = nr / 2,
			.multi.overflow = overflow,
			.vlans[1] = overflow,
		},
		.offloads_off = nr,
	};
	static u8 buf[MAX_STREAM];
	struct mdev_state_writer w = { .buf = buf, .size = sizeof(buf) };

	memcpy(saved.mac, mac, sizeof(mac));
	memcpy(saved.draft, mac, sizeof(mac));
	if (overflow)
		memcpy(saved.driver_mac, mac, sizeof(mac));
	soft_net_saved_write(&w, &saved);
	emit_own(KIND_NET, name, &pairs, 1, &w);
}

static void blk(const char *name, const char *file)
{
	struct mvblk_saved saved = {
		.capacity = 2048,
		.block_size = 512,
		.read_only = !*file,
		.writethrough = *file,
		.serial = "0123456789",
	};
	static u8 buf[MAX_STREAM];
	struct mdev_state_writer w = { .buf = buf, .size = sizeof(buf) };

	memcpy(saved.name, file, strlen(file));
	mvblk_saved_write(&w, &saved);
	emit_own(KIND_BLK, name, NULL, 0, &w);
}

int main(int argc, char **argv)
{
	static u8 buf[MAX_STREAM];
	struct mdev_state_writer w;

	if (argc != 2 || (mkdir(argv[1], 0777) && errno != EEXIST)) {
		fprintf(stderr, "usage: %s FOLDER\n", argv[0]);
		return 2;
	}
	folder = argv[1];
	mdev_state_start(&w, buf, sizeof(buf), 3);
	reading(&w);
	writing(0, "write-none");
	writing(30, "write-some");
	writing(500, "write-all");
	functions();
	vhost(0, "vhost-net", "own");
	vhost(1, "vhost-blk", "");
	net("net", 0, false, 0);
	net("net-table", 0, false, 4);
	net("net-full", 1, false, 64);
	net("net-overflow", 1, true, 2);
	blk("blk", "disk.img");
	blk("blk-nameless", "");
	return 0;
}
