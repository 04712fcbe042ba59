// SPDX-License-Identifier: GPL-2.0-only
/*
 * user-pci mig-dirty: the pages that type1 says were written; mig-log: those that the
 * device itself says, in the order in which cloud-hypervisor asks.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "pci_migrate.h"

#define MAX_PAGES	4096

struct bits {
	__u64 word[MAX_PAGES / 64];
	unsigned int pages;
};

/* One that asks for pages written since it asked last */
typedef void (*look_fn)(struct pci_user *u, const struct vm_mem *m,
			struct bits *b);

static bool test_bit(const struct bits *b, unsigned int page)
{
	return b->word[page / 64] >> (page % 64) & 1;
}

static void set_bit(struct bits *b, unsigned int page)
{
	pci_check(page < b->pages, "page %u of %u", page, b->pages);
	b->word[page / 64] |= BIT64(page % 64);
}

static unsigned int count(const struct bits *b)
{
	unsigned int i, n = 0;

	for (i = 0; i < b->pages; i++)
		n += test_bit(b, i);
	return n;
}

static void clear(struct bits *b, const struct vm_mem *m)
{
	memset(b, 0, sizeof(*b));
	b->pages = m->size / VM_PAGE;
	pci_check(b->pages <= MAX_PAGES, "%u pages", b->pages);
}

static void add_range(struct bits *b, const struct vm_mem *m, __u64 iova,
		      __u64 len)
{
	__u64 page;

	for (page = (iova - m->iova) / VM_PAGE;
	     len && page <= (iova + len - 1 - m->iova) / VM_PAGE; page++)
		set_bit(b, page);
}

/* ---- what there has to be ---- */

static void add_ring(struct bits *b, const struct vm_mem *m,
		     const struct vm_vq *v)
{
	add_range(b, m, v->desc_iova, sizeof(struct vring_desc) * v->num);
	if (v->packed) {
		add_range(b, m, v->avail_iova, 4);
		add_range(b, m, v->used_iova, 4);
		return;
	}
	add_range(b, m, v->avail_iova, sizeof(__u16) * (3 + v->num));
	add_range(b, m, v->used_iova, sizeof(struct vring_used_elem) * v->num +
		  sizeof(__u16) * 3);
}

static void ring_pages(struct pci_user *u, struct bits *b)
{
	unsigned int i;

	clear(b, &u->n.rings);
	for (i = 0; i < vm_net_nqs(&u->n); i++)
		add_ring(b, &u->n.rings, vm_net_vq(&u->n, i));
}

/*
 * The pages of the last so many buffers that the device filled, of which none has been
 * offered again: those of a split virtqueue, whose descriptors are still there.
 */
static void frame_pages(struct pci_user *u, unsigned int frames, struct bits *b)
{
	struct vm_vq *v = &u->n.pair[0].rx;
	unsigned int i;

	clear(b, &u->n.bufs);
	for (i = 0; i < frames; i++) {
		__u16 at = v->used_idx - 1 - i;
		struct vring_used_elem *e = &v->used->ring[at & (v->num - 1)];
		struct vring_desc *d = &v->desc[le32toh(e->id)];
		__u32 left = le32toh(e->len), n;

		while (left) {
			n = le32toh(d->len) < left ? le32toh(d->len) : left;
			add_range(b, &u->n.bufs, le64toh(d->addr), n);
			left -= n;
			d = &v->desc[le16toh(d->next)];
		}
	}
}

static void check_same(const struct bits *got, const struct bits *want,
		       const char *what)
{
	unsigned int i;

	for (i = 0; i < got->pages; i++)
		pci_check(test_bit(got, i) == test_bit(want, i),
			  "%s: page %u of %u is %s: %u instead of %u are", what,
			  i, got->pages, test_bit(got, i) ? "dirty" : "clean",
			  count(got), count(want));
}

/*
 * Rings: type1 names all that are pinned.  A log need not name those that the device
 * cannot write, and has to name those that it wrote.
 */
static void check_rings(struct pci_user *u, const struct bits *got, bool wrote,
			const char *what)
{
	struct bits may, must_be;
	unsigned int i;

	ring_pages(u, &may);
	clear(&must_be, &u->n.rings);
	if (wrote && !u->n.o.packed)
		add_range(&must_be, &u->n.rings, u->n.pair[0].rx.used_iova, 4);
	pci_check(!wrote || count(got), "%s: no page of the rings", what);
	for (i = 0; i < got->pages; i++)
		pci_check((!test_bit(got, i) || test_bit(&may, i)) &&
			  (test_bit(got, i) || !test_bit(&must_be, i)),
			  "%s: page %u of the rings is %s", what, i,
			  test_bit(got, i) ? "dirty" : "clean");
}

/* Frames into buffers of which none is offered again for now */
static void some_frames(struct pci_user *u, unsigned int frames)
{
	while (vm_net_pump(&u->n))
		;
	u->n.pair[0].hold_rx = true;
	pci_traffic(u, frames);
	u->n.pair[0].hold_rx = false;
}

/* ---- looks ---- */

static void each_look(struct pci_user *u, look_fn look)
{
	static const unsigned int frames[] = { 0, 0, 5, 40, 1, 0 };
	struct bits rings, bufs, want;
	unsigned int i;
	char what[64];

	/* What there was before */
	look(u, &u->n.rings, &rings);
	look(u, &u->n.bufs, &bufs);
	for (i = 0; i < ARRAY_SIZE(frames); i++) {
		snprintf(what, sizeof(what), "%u frames", frames[i]);
		some_frames(u, frames[i]);
		look(u, &u->n.rings, &rings);
		look(u, &u->n.bufs, &bufs);
		check_rings(u, &rings, frames[i], what);
		if (u->n.o.packed) {
			pci_check(count(&bufs) <= 2 * frames[i] &&
				  count(&bufs) >= frames[i] / 3,
				  "%s: %u pages", what, count(&bufs));
		} else {
			frame_pages(u, frames[i], &want);
			check_same(&bufs, &want, what);
		}
		pass("%s: %u pages of data and %u of rings", what, count(&bufs),
		     count(&rings));
		/* Not before it was seen which ones were filled */
		pci_traffic(u, 100);
		look(u, &u->n.rings, &rings);
		look(u, &u->n.bufs, &bufs);
	}
}

/* ---- by type1 ---- */

static int type1_flag(struct pci_user *u, __u32 flag)
{
	struct vfio_iommu_type1_dirty_bitmap a = {
		.argsz = sizeof(a),
		.flags = flag,
	};

	return vm_ioctl(u->c.fd, VFIO_IOMMU_DIRTY_PAGES, &a);
}

static void type1_look(struct pci_user *u, const struct vm_mem *m,
		       struct bits *b)
{
	union {
		struct vfio_iommu_type1_dirty_bitmap a;
		__u8 room[128];
	} a = { .a = {
		.argsz = sizeof(a.a) +
			 sizeof(struct vfio_iommu_type1_dirty_bitmap_get),
		.flags = VFIO_IOMMU_DIRTY_PAGES_FLAG_GET_BITMAP,
	} };
	struct vfio_iommu_type1_dirty_bitmap_get get = {
		.iova = m->iova,
		.size = m->size,
		.bitmap = {
			.pgsize = VM_PAGE,
			.size = (m->size / VM_PAGE + 63) / 64 * 8,
			.data = b->word,
		},
	};

	clear(b, m);
	memcpy(a.a.data, &get, sizeof(get));
	must(vm_ioctl(u->c.fd, VFIO_IOMMU_DIRTY_PAGES, &a));
}

static void dirty_start(struct pci_user *u, const struct pci_opts *o)
{
	struct vm_net_opts no = vm_net_default;

	pci_open(u, o);
	no.packed = o->packed;
	/* More buffers than are sent between two looks: none is used twice. */
	no.num = 256;
	must(vm_net_start(&u->n, &u->d, &no));
	pci_traffic(u, 300);
}

int mig_dirty(const struct pci_opts *o)
{
	struct bits rings, bufs;
	struct pci_user u;
	int fd;

	dirty_start(&u, o);
	if (!mig_knows(&u.d, MIG_PRE_COPY)) {
		vm_info("this kernel has no PRE_COPY");
		pci_close(&u);
		return 0;
	}
	must(type1_flag(&u, VFIO_IOMMU_DIRTY_PAGES_FLAG_START));
	type1_look(&u, &u.n.bufs, &bufs);
	type1_look(&u, &u.n.bufs, &bufs);
	pci_check(count(&bufs) > 40, "idle without PRE_COPY: %u pages of data",
		  count(&bufs));
	pass("without PRE_COPY all that is pinned is dirty at each look: %u pages",
	     count(&bufs));
	fd = mig_to(&u.d, MIG_PRE_COPY);
	each_look(&u, type1_look);
	mig_to(&u.d, MIG_STOP_COPY);
	type1_look(&u, &u.n.bufs, &bufs);
	type1_look(&u, &u.n.rings, &rings);
	check_rings(&u, &rings, false, "STOP_COPY");
	pci_check(!count(&bufs), "STOP_COPY: %u pages of data", count(&bufs));
	close(fd);
	mig_to(&u.d, MIG_RUNNING);
	pci_check(!vm_sysfs_u64(u.d.uuid, "copy_mode"), "copy_mode is left");
	pci_traffic(&u, 300);
	type1_look(&u, &u.n.bufs, &bufs);
	type1_look(&u, &u.n.bufs, &bufs);
	pci_check(count(&bufs) > 40, "RUNNING again: %u pages of data",
		  count(&bufs));
	pass("after PRE_COPY pages are pinned again: %u", count(&bufs));
	must(type1_flag(&u, VFIO_IOMMU_DIRTY_PAGES_FLAG_STOP));
	pci_close(&u);
	return 0;
}

/* ---- by the device ---- */

struct log_range {
	__u64 iova;
	__u64 len;
};

struct log_start {
	__u64 page_size;
	__u32 nr;
	__u32 reserved;
	__u64 ranges;
};

struct log_report {
	__u64 iova;
	__u64 len;
	__u64 page_size;
	__u64 bitmap;
};

static int log_begin(struct vm_dev *d, const struct log_range *r, __u32 nr,
		     __u64 *page_size)
{
	struct log_start a = {
		.page_size = *page_size,
		.nr = nr,
		.ranges = (unsigned long)r,
	};
	int ret;

	ret = mig_feature(d, MIG_FEATURE_LOG_START | VFIO_DEVICE_FEATURE_SET, &a,
			  sizeof(a));
	*page_size = a.page_size;
	return ret;
}

static int log_end(struct vm_dev *d)
{
	return mig_feature(d, MIG_FEATURE_LOG_STOP | VFIO_DEVICE_FEATURE_SET,
			   NULL, 0);
}

static int log_ask(struct vm_dev *d, __u64 iova, __u64 len, __u64 page_size,
		   void *bitmap)
{
	struct log_report a = {
		.iova = iova,
		.len = len,
		.page_size = page_size,
		.bitmap = (unsigned long)bitmap,
	};

	return mig_feature(d, MIG_FEATURE_LOG_REPORT | VFIO_DEVICE_FEATURE_GET,
			   &a, sizeof(a));
}

static void log_look(struct pci_user *u, const struct vm_mem *m, struct bits *b)
{
	clear(b, m);
	must(log_ask(&u->d, m->iova, m->size, VM_PAGE, b->word));
}

static void check_hostile(struct pci_user *u)
{
	static struct log_range many[300];
	const struct log_range all = { 0, 1ULL << 47 };
	const struct {
		const char *name;
		struct log_range r;
		__u64 page_size;
	} rows[] = {
		{ "a length that is not aligned", { 0, 100 }, 4096 },
		{ "an address that is not aligned", { 100, 4096 }, 4096 },
		{ "a range that wraps", { ~0xfffULL, 0x2000 }, 4096 },
		{ "a range up to the end", { 0, ~0xfffULL }, 4096 },
		{ "an empty range", { 4096, 0 }, 4096 },
		{ "page size 0", { 0, 1 << 20 }, 0 },
		{ "page size 1", { 0, 1 << 20 }, 1 },
		{ "page size 3", { 0, 3 << 20 }, 3 },
		{ "page size 2^63", { 0, 1ULL << 63 }, 1ULL << 63 },
	};
	__u64 size = VM_PAGE, word[512];
	unsigned int i;
	int ret;

	fails(EINVAL, log_begin(&u->d, &all, 0, &size));
	fails(EFAULT, log_begin(&u->d, NULL, 1, &size));
	fails(E2BIG, log_begin(&u->d, many, 300, &size));
	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		size = rows[i].page_size;
		ret = log_begin(&u->d, &rows[i].r, 1, &size);
		vm_info("log start, %s: %s, page size %#llx", rows[i].name,
			vm_err(ret), (unsigned long long)size);
		if (ret)
			continue;
		pci_check(size >= VM_PAGE && !(size & (size - 1)),
			  "page size %#llx", (unsigned long long)size);
		log_ask(&u->d, 0, 1 << 20, VM_PAGE, word);
		must(log_end(&u->d));
	}
	for (i = 0; i < 256; i++)
		many[i] = (struct log_range){ i * 0x100000ULL, 0x1000 };
	size = VM_PAGE;
	must(log_begin(&u->d, many, 256, &size));
	/* Newer kernels pass over memory that is not there. */
	ret = log_ask(&u->d, 0, 1 << 20, VM_PAGE, NULL);
	pci_check(!ret || ret == -EFAULT, "a report to 0: %s", vm_err(ret));
	pci_check(log_ask(&u->d, 0, 1 << 20, 100, word) == -EINVAL &&
		  log_ask(&u->d, ~0xfffULL, 0x2000, VM_PAGE, word) < 0,
		  "a report that is wrong is given");
	must(log_ask(&u->d, 0, 1 << 20, 1 << 16, word));
	must(log_end(&u->d));
	pass("what is wrong of a log is refused, or harmless");
}

/* Once with the pages that a device of class VFIO would be asked for by a VMM */
static void start_log(struct pci_user *u)
{
	const struct log_range r[2] = {
		{ u->n.rings.iova, u->n.rings.size },
		{ u->n.bufs.iova, u->n.bufs.size },
	};
	__u64 size = VM_PAGE;

	must(log_begin(&u->d, r, 2, &size));
	pci_check(size == VM_PAGE, "the page size of the log is %llu",
		  (unsigned long long)size);
	pci_check(vm_sysfs_u64(u->d.uuid, "copy_mode") == 1,
		  "copy_mode is 0 while there is a log");
	fails(EEXIST, log_begin(&u->d, r, 2, &size));
}

static int log_is_there(struct vm_dev *d)
{
	return mig_feature(d, MIG_FEATURE_LOG_START | VFIO_DEVICE_FEATURE_PROBE |
			   VFIO_DEVICE_FEATURE_SET, NULL, 0);
}

/* From one device to another, as cloud-hypervisor does it */
static void log_move(struct mig_pair *p)
{
	struct mig_stream s = { 0 };
	struct bits rings, bufs, want;
	int from = VM_NO_FD, to;
	unsigned int i;

	must(log_is_there(&p->u.d));
	start_log(&p->u);
	if (mig_knows(&p->u.d, MIG_PRE_COPY))
		from = mig_to(&p->u.d, MIG_PRE_COPY);
	for (i = 0; i < 3; i++) {
		pci_traffic(&p->u, 50);
		log_look(&p->u, &p->u.n.rings, &rings);
		log_look(&p->u, &p->u.n.bufs, &bufs);
	}
	some_frames(&p->u, 30);
	if (from >= 0)
		mig_to(&p->u.d, MIG_PRE_COPY_P2P);
	if (from >= 0)
		mig_to(&p->u.d, MIG_STOP_COPY);
	else
		from = mig_to(&p->u.d, MIG_STOP_COPY);
	log_look(&p->u, &p->u.n.rings, &rings);
	log_look(&p->u, &p->u.n.bufs, &bufs);
	if (!p->u.n.o.packed) {
		frame_pages(&p->u, 30, &want);
		check_same(&bufs, &want, "the last look");
	}
	check_rings(&p->u, &rings, true, "the last look");
	must(mig_read_all(from, &s, 4096));
	must(log_end(&p->u.d));
	close(from);

	to = mig_to(&p->other, MIG_RESUMING);
	must(mig_write_all(to, &s, 4096));
	mig_swap(p);
	mig_to(&p->u.d, MIG_RUNNING);
	close(to);
	vm_net_run(&p->u.n, p->u.n.pair[0].sent);
	pci_traffic(&p->u, 300);
	pass("a log, PRE_COPY, STOP_COPY, the state, and traffic on the other device");
	mig_free(&s);
}

int mig_log(const struct pci_opts *o)
{
	struct vm_net_opts no = vm_net_default;
	struct mig_pair p;
	__u64 word[64];

	mig_open_pair(&p, o);
	if (log_is_there(&p.u.d) == -ENOTTY) {
		pass("this kernel has no log of DMA: ENOTTY");
		mig_close_pair(&p);
		return 2;
	}
	no.packed = o->packed;
	must(vm_net_start(&p.u.n, &p.u.d, &no));
	pci_traffic(&p.u, 300);
	fails(EINVAL, log_ask(&p.u.d, 0, 1 << 20, VM_PAGE, word));
	must(log_end(&p.u.d));
	pass("without a log there is no report, and nothing to stop");
	check_hostile(&p.u);
	pci_traffic(&p.u, 300);
	start_log(&p.u);
	each_look(&p.u, log_look);
	must(log_end(&p.u.d));
	pci_check(!vm_sysfs_u64(p.u.d.uuid, "copy_mode"), "copy_mode is left");
	pci_traffic(&p.u, 300);
	fails(EINVAL, log_ask(&p.u.d, 0, 1 << 20, VM_PAGE, word));
	log_move(&p);
	log_move(&p);
	/* Closed with a log: the next user has none. */
	start_log(&p.u);
	mig_close_pair(&p);
	mig_open_pair(&p, o);
	fails(EINVAL, log_ask(&p.u.d, 0, 1 << 20, VM_PAGE, word));
	pass("a log does not outlive its user");
	mig_close_pair(&p);
	return 0;
}
