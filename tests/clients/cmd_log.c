// SPDX-License-Identifier: GPL-2.0-only
/* user-net log: the container's log of written pages, with VHOST_MDEV_F_LOG_ALL. */
#include <errno.h>
#include <linux/vfio.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>

#include "user_net.h"

#define LOG_ALL		BIT64(VHOST_MDEV_F_LOG_ALL)
/* What is in a buffer into which the device has not written; see vm_net_pump() */
#define FRESH		0xee

/* One bit for each page of a mapping */
struct pages {
	__u64 nr;
	__u64 *bits;
};

static bool page_is(const struct pages *p, __u64 i)
{
	return p->bits[i / 64] >> (i % 64) & 1;
}

static void page_set(struct pages *p, __u64 i)
{
	p->bits[i / 64] |= BIT64(i % 64);
}

static struct pages pages_new(const struct vm_mem *m)
{
	struct pages p = { .nr = m->size / VM_PAGE };

	p.bits = calloc(p.nr / 64 + 1, sizeof(*p.bits));
	if (!p.bits)
		die("no memory");
	return p;
}

static unsigned int pages_count(const struct pages *p)
{
	unsigned int n = 0;
	__u64 i;

	for (i = 0; i < p->nr; i++)
		n += page_is(p, i);
	return n;
}

static void dirty_tracking(struct vm_container *c, __u32 flag)
{
	struct vfio_iommu_type1_dirty_bitmap d = {
		.argsz = sizeof(d),
		.flags = flag,
	};

	must(vm_ioctl(c->fd, VFIO_IOMMU_DIRTY_PAGES, &d));
}

/* The pages of a mapping that were written since the last look */
static struct pages look(const struct vm_mem *m)
{
	struct {
		struct vfio_iommu_type1_dirty_bitmap d;
		struct vfio_iommu_type1_dirty_bitmap_get get;
	} a = {
		.d.argsz = sizeof(a),
		.d.flags = VFIO_IOMMU_DIRTY_PAGES_FLAG_GET_BITMAP,
		.get = {
			.iova = m->iova,
			.size = m->size,
			.bitmap.pgsize = VM_PAGE,
		},
	};
	struct pages p = pages_new(m);

	a.get.bitmap.size = (p.nr + 63) / 64 * 8;
	a.get.bitmap.data = p.bits;
	must(vm_ioctl(m->c->fd, VFIO_IOMMU_DIRTY_PAGES, &a));
	return p;
}

/* Make all receive buffers fresh, which the device does not count as a write. */
static void refresh(struct vm_net *n)
{
	unsigned int i;

	for (i = 0; i < n->o.pairs; i++)
		memset(n->pair[i].rxbuf, FRESH,
		       n->rx_size * n->pair[i].rx_slots);
}

/* Pages that the device has written, and all pages of the buffers that it has used */
struct writes {
	struct pages sure, may;
};

static bool write_byte(struct vm_net *n, struct writes *w, size_t at)
{
	if (n->bufs.va[at] == FRESH)
		return false;
	page_set(&w->sure, at / VM_PAGE);
	return true;
}

static void write_slot(struct vm_net *n, struct writes *w, size_t at)
{
	bool any = false;
	size_t k;

	for (k = 0; k < n->rx_size; k++)
		any |= write_byte(n, w, at + k);
	for (k = 0; any && k < n->rx_size; k++)
		page_set(&w->may, (at + k) / VM_PAGE);
}

static struct writes written(struct vm_net *n)
{
	struct writes w = { pages_new(&n->bufs), pages_new(&n->bufs) };
	unsigned int i, slot;

	for (i = 0; i < n->o.pairs; i++)
		for (slot = 0; slot < n->pair[i].rx_slots; slot++)
			write_slot(n, &w, n->pair[i].rxbuf - n->bufs.va +
					  slot * n->rx_size);
	return w;
}

static void writes_free(struct writes *w)
{
	free(w->sure.bits);
	free(w->may.bits);
}

static void check_copy_mode(struct vm_net *n, __u64 mode)
{
	__u64 is = vm_sysfs_u64(n->dev->uuid, "copy_mode");

	if (is != mode)
		die("copy_mode is %llu, expected %llu", (unsigned long long)is,
		    (unsigned long long)mode);
}

/* The log has the pages that were written, and of rings those that it always has. */
static void check_log(struct vm_net *n, const struct writes *want,
		      const struct pages *rings, const char *what)
{
	struct pages got = look(&n->bufs), r = look(&n->rings);
	__u64 i;

	for (i = 0; i < got.nr; i++)
		if (page_is(&got, i) ? !page_is(&want->may, i) :
				       page_is(&want->sure, i))
			die("%s: page %llu of buffers is %sin the log", what,
			    (unsigned long long)i,
			    page_is(&got, i) ? "" : "not ");
	for (i = 0; i < r.nr; i++)
		if (page_is(&r, i) != page_is(rings, i))
			die("%s: page %llu of rings is %sin the log", what,
			    (unsigned long long)i, page_is(&r, i) ? "" : "not ");
	pass("%s: %u pages of buffers and %u of rings are in the log", what,
	     pages_count(&got), pages_count(&r));
	free(got.bits);
	free(r.bits);
}

static void frames(struct vm_net *n, __u64 *at, unsigned int nr,
		   const struct pages *rings)
{
	struct writes want;
	char what[40];

	refresh(n);
	vm_net_run(n, *at += nr);
	want = written(n);
	if (!pages_count(&want.sure))
		die("no buffer was written");
	snprintf(what, sizeof(what), "after %u frames", nr);
	check_log(n, &want, rings, what);
	writes_free(&want);
}

/* While data is pinned all of it is in the log. */
static void check_pinned(struct vm_net *n, __u64 *at)
{
	struct writes want;
	struct pages got;

	refresh(n);
	vm_net_run(n, *at += 10);
	want = written(n);
	free(look(&n->bufs).bits);
	got = look(&n->bufs);
	if (pages_count(&got) <= pages_count(&want.may))
		die("without LOG_ALL %u pages are in the log, and %u were written",
		    pages_count(&got), pages_count(&want.may));
	pass("without LOG_ALL all pages that are pinned are in the log: %u",
	     pages_count(&got));
	writes_free(&want);
	free(got.bits);
}

static void check_refused(struct vm_net *n)
{
	__u64 f = n->dev->features;

	fails(EBUSY, vm_set_features(n->dev, f ^ BIT64(VIRTIO_NET_F_MTU)));
	fails(EBUSY, vm_set_features(n->dev, (f ^ BIT64(VIRTIO_NET_F_MTU)) |
				     LOG_ALL));
	fails(EBUSY, vm_set_features(n->dev, LOG_ALL));
	check_copy_mode(n, 0);
	pass("other features than the negotiated ones are refused of a live device");
}

/* It can be set with the features, and is set again after each reset or not. */
static void check_reset(struct vm_net *n)
{
	struct vm_dev *d = n->dev;

	must(vm_set_features(d, d->features | LOG_ALL));
	check_copy_mode(n, 1);
	must(vm_ioctl(d->fd, VFIO_DEVICE_RESET, NULL));
	check_copy_mode(n, 0);
	must(vm_set_status(d, VIRTIO_CONFIG_S_ACKNOWLEDGE |
			   VIRTIO_CONFIG_S_DRIVER));
	must(vm_set_features(d, d->features | LOG_ALL));
	check_copy_mode(n, 1);
	must(vm_set_features(d, d->features));
	check_copy_mode(n, 0);
	must(vm_set_features(d, d->features | LOG_ALL));
	must(vm_set_status(d, 0));
	check_copy_mode(n, 0);
	pass("LOG_ALL can be set before FEATURES_OK, and a reset clears it");
}

/* There is none through the char device. */
static int no_log(struct vm_dev *d)
{
	__u64 offered;

	must(vm_get_features(d, &offered));
	if (offered & LOG_ALL)
		die("LOG_ALL is offered");
	fails(EINVAL, vm_set_features(d, (offered & vm_net_features(&vm_net_default)) |
				      LOG_ALL));
	pass("LOG_ALL is neither offered nor taken");
	return 0;
}

int cmd_log(struct vm_opts *o)
{
	struct vm_container c;
	struct pages rings;
	struct writes none;
	struct vm_net n;
	struct vm_dev d;
	__u64 at = 0, offered;
	unsigned int i;

	must(vm_container_open(&c));
	must(vm_dev_open(&c, &d, o->uuid[0]));
	if (vm_way.chardev) {
		no_log(&d);
		goto out;
	}
	must(vm_get_features(&d, &offered));
	if (!(offered & LOG_ALL))
		die("LOG_ALL is not offered");
	must(vm_net_start(&n, &d, &o->net));
	vm_net_run(&n, at += 4ULL * n.o.num);
	check_refused(&n);
	dirty_tracking(&c, VFIO_IOMMU_DIRTY_PAGES_FLAG_START);
	check_pinned(&n, &at);

	must(vm_set_features(&d, d.features | LOG_ALL));
	check_copy_mode(&n, 1);
	/* what was pinned when somebody looked last is named once more */
	free(look(&n.bufs).bits);
	free(look(&n.rings).bits);
	rings = look(&n.rings);
	if (!pages_count(&rings))
		die("no page of a ring is in the log");
	none = (struct writes){ pages_new(&n.bufs), pages_new(&n.bufs) };
	check_log(&n, &none, &rings, "idle");
	for (i = 1; i <= 256; i *= 4)
		frames(&n, &at, i, &rings);
	must(vm_suspend(&d));
	check_log(&n, &none, &rings, "suspended");
	must(vm_set_features(&d, d.features));
	check_copy_mode(&n, 0);
	must(vm_set_features(&d, d.features | LOG_ALL));
	must(vm_resume(&d));
	frames(&n, &at, 5, &rings);
	must(vm_set_features(&d, d.features));
	check_pinned(&n, &at);
	dirty_tracking(&c, VFIO_IOMMU_DIRTY_PAGES_FLAG_STOP);
	vm_net_run(&n, at += 4ULL * n.o.num);
	pass("%llu frames in all, in order", (unsigned long long)at);

	check_reset(&n);
	must(vm_net_again(&n));
	must(vm_set_features(&d, d.features | LOG_ALL));
	vm_net_run(&n, 100);
	/* and a close ends it, which the next user sees */
	vm_device_put(&d);
	if (vm_sysfs_u64(d.uuid, "copy_mode"))
		die("copy_mode after the device was closed");
	must(vm_device_get(&d));
	writes_free(&none);
	free(rings.bits);
	vm_net_free(&n);
out:
	vm_dev_close(&d);
	vm_container_close(&c);
	return 0;
}
