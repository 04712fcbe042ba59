// SPDX-License-Identifier: GPL-2.0-only
/* user-pci info, features, queues, window: what the function says of itself. */
#include <errno.h>
#include <linux/virtio_ids.h>
#include <linux/virtio_pci.h>
#include <stdio.h>
#include <string.h>

#include "user_pci.h"

/* ---- what the ioctls say ---- */

static void check_regions(struct vm_dev *d)
{
	const struct vm_pci_region *r = d->pci.region;
	const __u32 rw = VFIO_REGION_INFO_FLAG_READ | VFIO_REGION_INFO_FLAG_WRITE;
	unsigned int i;

	for (i = 0; i < VFIO_PCI_VGA_REGION_INDEX; i++)
		pci_check(r[i].offset == (__u64)i << 40,
			  "region %u is at %#llx", i,
			  (unsigned long long)r[i].offset);
	for (i = 0; i < VFIO_PCI_VGA_REGION_INDEX; i++) {
		bool there = i < 3 || i == PCI_CONFIG;

		pci_check(!!r[i].size == there &&
			  (r[i].flags & rw) == (there ? rw : 0),
			  "region %u has %#llx bytes, flags %#x", i,
			  (unsigned long long)r[i].size, r[i].flags);
	}
	pci_check(r[PCI_CONFIG].size == PCI_CONFIG_SIZE, "the size of region 7");
	pci_check(r[0].size >= 0x4000, "the size of BAR 0");
	pass("8 regions: BARs of %#llx, %#llx and %#llx bytes, sized as they are",
	     (unsigned long long)r[0].size, (unsigned long long)r[1].size,
	     (unsigned long long)r[2].size);
}

/* Doorbells: a page for each virtqueue, in an area of its own */
static void check_doorbells(struct vm_dev *d)
{
	union {
		struct vfio_region_info info;
		__u8 room[1024];
	} u = { .info = { .argsz = sizeof(u), .index = 2 } };
	struct vfio_region_info_cap_sparse_mmap *cap;
	unsigned int i;

	if (!(d->pci.region[2].flags & VFIO_REGION_INFO_FLAG_MMAP))
		return;
	must(vm_ioctl(d->fd, VFIO_DEVICE_GET_REGION_INFO, &u));
	pci_check(u.info.flags & VFIO_REGION_INFO_FLAG_CAPS && u.info.cap_offset &&
		  u.info.cap_offset + sizeof(*cap) < sizeof(u),
		  "no capability, flags %#x", u.info.flags);
	cap = (void *)(u.room + u.info.cap_offset);
	pci_check(cap->header.id == VFIO_REGION_INFO_CAP_SPARSE_MMAP &&
		  cap->nr_areas == d->nvqs, "capability %u with %u areas",
		  cap->header.id, cap->nr_areas);
	for (i = 0; i < cap->nr_areas; i++)
		pci_check(cap->areas[i].offset == i * VM_PAGE &&
			  cap->areas[i].size == VM_PAGE,
			  "area %u: %llu bytes at %#llx", i,
			  (unsigned long long)cap->areas[i].size,
			  (unsigned long long)cap->areas[i].offset);
	pass("%u doorbells that can be mapped", i);
}

static int irq_info(struct vm_dev *d, __u32 index, struct vfio_irq_info *info)
{
	memset(info, 0, sizeof(*info));
	info->argsz = sizeof(*info);
	info->index = index;
	return vm_ioctl(d->fd, VFIO_DEVICE_GET_IRQ_INFO, info);
}

static void check_irqs(struct vm_dev *d)
{
	struct vfio_device_info dev = { .argsz = sizeof(dev) };
	struct vfio_irq_info info;

	must(vm_ioctl(d->fd, VFIO_DEVICE_GET_INFO, &dev));
	pci_check(dev.flags == (VFIO_DEVICE_FLAGS_PCI | VFIO_DEVICE_FLAGS_RESET) &&
		  dev.num_regions == 9 && dev.num_irqs == 5,
		  "flags %#x, %u regions, %u irqs", dev.flags, dev.num_regions,
		  dev.num_irqs);
	must(irq_info(d, VFIO_PCI_INTX_IRQ_INDEX, &info));
	pci_check(!info.count, "%u INTx", info.count);
	must(irq_info(d, VFIO_PCI_MSI_IRQ_INDEX, &info));
	pci_check(!info.count, "%u MSIs", info.count);
	must(irq_info(d, VFIO_PCI_MSIX_IRQ_INDEX, &info));
	pci_check(info.count == d->nvqs + 1 &&
		  info.flags == VFIO_IRQ_INFO_EVENTFD,
		  "%u MSI-X vectors, flags %#x", info.count, info.flags);
	fails(EINVAL, irq_info(d, VFIO_PCI_ERR_IRQ_INDEX, &info));
	must(irq_info(d, VFIO_PCI_REQ_IRQ_INDEX, &info));
	pci_check(info.count == 1, "%u request interrupts", info.count);
	fails(EINVAL, irq_info(d, VFIO_PCI_NUM_IRQS, &info));
	pass("%u MSI-X vectors, a request, no INTx and no MSI", d->pci.nr_vectors);
}

/* ---- the configuration space ---- */

static void check_ids(struct vm_dev *d)
{
	static const struct {
		__u32 id, class;
	} classes[] = {
		{ VIRTIO_ID_NET, 0x020000 },
		{ VIRTIO_ID_BLOCK, 0x010000 },
		{ VIRTIO_ID_RNG, 0x00ff00 },
	};
	__u32 id = vm_pci_config_get(d, PCI_DEVICE_ID, 2) - 0x1040;
	__u32 class = vm_pci_config_get(d, PCI_CLASS_REVISION, 4);
	unsigned int i;

	pci_check(vm_pci_config_get(d, PCI_VENDOR_ID, 2) == 0x1af4,
		  "the vendor id");
	pci_check((class & 0xff) == 1, "revision %u", class & 0xff);
	for (i = 0; i < ARRAY_SIZE(classes); i++)
		if (classes[i].id == id)
			pci_check(class >> 8 == classes[i].class,
				  "virtio type %u has class %#06x", id,
				  class >> 8);
	pci_check(vm_pci_config_get(d, PCI_SUBSYSTEM_ID, 2) == 0x1040 + id,
		  "the subsystem id");
	pci_check(!vm_pci_config_get(d, PCI_INTERRUPT_PIN, 1),
		  "there is an interrupt pin");
	pci_check(vm_pci_config_get(d, PCI_STATUS, 2) & PCI_STATUS_CAP_LIST,
		  "no capability list");
	pass("ids of a virtio device of type %u, class %#06x", id, class >> 8);
}

static void check_caps(struct vm_dev *d)
{
	static const __u8 want[][2] = {
		{ 0x40, PCI_CAP_ID_PM },
		{ 0x48, PCI_CAP_ID_EXP },
		{ 0x84, PCI_CAP_ID_MSIX },
		{ 0x90, PCI_CAP_ID_VNDR },
		{ 0xa0, PCI_CAP_ID_VNDR },
		{ 0xb0, PCI_CAP_ID_VNDR },
		{ 0xc0, PCI_CAP_ID_VNDR },
		{ 0xd4, PCI_CAP_ID_VNDR },
	};
	unsigned int at = vm_pci_config_get(d, PCI_CAPABILITY_LIST, 1), i, msix;

	for (i = 0; i < ARRAY_SIZE(want); i++) {
		/* Not there without a configuration space of the device */
		if (want[i][0] == 0xb0 && !d->pci.cap[VIRTIO_PCI_CAP_DEVICE_CFG].at)
			continue;
		pci_check(at == want[i][0] &&
			  vm_pci_config_get(d, at, 1) == want[i][1],
			  "a capability at %#x, expected at %#x", at, want[i][0]);
		at = vm_pci_config_get(d, at + PCI_CAP_LIST_NEXT, 1);
	}
	pci_check(!at, "another capability at %#x", at);
	pci_check(vm_pci_config_get(d, 0x48 + PCI_EXP_DEVCAP, 4) &
		  PCI_EXP_DEVCAP_FLR, "no FLR");
	msix = vm_pci_config_get(d, 0x84 + PCI_MSIX_FLAGS, 2);
	pci_check((msix & PCI_MSIX_FLAGS_QSIZE) + 1 == d->pci.nr_vectors,
		  "an MSI-X table of %u", (msix & PCI_MSIX_FLAGS_QSIZE) + 1);
	for (i = 0; i < 2; i++) {
		unsigned int where = vm_pci_config_get(d, 0x84 + PCI_MSIX_TABLE +
						       4 * i, 4);

		pci_check((where & PCI_MSIX_TABLE_BIR) == 1 &&
			  (where & ~7U) < d->pci.region[1].size,
			  "the MSI-X %s is at %#x", i ? "PBA" : "table", where);
	}
	pci_check(d->pci.cap[VIRTIO_PCI_CAP_NOTIFY_CFG].length ==
		  d->nvqs * d->pci.notify_step &&
		  d->pci.notify_step == VM_PAGE, "%u times %u bytes to notify",
		  d->nvqs, d->pci.notify_step);
	for (i = 0; i < d->nvqs; i++) {
		must(vm_pci_common_set(d, VIRTIO_PCI_COMMON_Q_SELECT, i));
		pci_check(vm_pci_must_get(d, VIRTIO_PCI_COMMON_Q_NOFF) == i,
			  "the place where virtqueue %u is notified", i);
	}
	pass("power management, PCIe with FLR, MSI-X, and the structures");
}

int pci_info(const struct pci_opts *o)
{
	struct pci_user u;

	pci_open(&u, o);
	check_regions(&u.d);
	check_doorbells(&u.d);
	check_irqs(&u.d);
	check_ids(&u.d);
	check_caps(&u.d);
	pci_close(&u);
	return 0;
}

/* ---- features and status ---- */

static void accept(struct vm_dev *d, __u64 features, bool good, const char *what)
{
	const __u8 driver = VIRTIO_CONFIG_S_ACKNOWLEDGE | VIRTIO_CONFIG_S_DRIVER;
	int status;

	must(vm_set_status(d, 0));
	must(vm_set_status(d, driver));
	must(vm_set_features(d, features));
	must(vm_add_status(d, VIRTIO_CONFIG_S_FEATURES_OK));
	status = must(vm_get_status(d));
	pci_check(status == (good ? driver | VIRTIO_CONFIG_S_FEATURES_OK : driver),
		  "%s: status %#x", what, status);
	pass("%s: %s", what, good ? "taken" : "refused");
}

static void check_words(struct vm_dev *d)
{
	__u64 features = d->offered;
	unsigned int i;

	for (i = 0; i < 4; i++) {
		__u64 word;

		must(vm_pci_common_set(d, VIRTIO_PCI_COMMON_DFSELECT, i));
		word = vm_pci_must_get(d, VIRTIO_PCI_COMMON_DF);
		pci_check(word == (i < 2 ? (__u32)(features >> 32 * i) : 0),
			  "word %u of the features is %#llx", i,
			  (unsigned long long)word);
		must(vm_pci_common_set(d, VIRTIO_PCI_COMMON_DF, 0));
		pci_check(vm_pci_must_get(d, VIRTIO_PCI_COMMON_DF) == word,
			  "the device's features can be written");
	}
	must(vm_pci_common_set(d, VIRTIO_PCI_COMMON_GFSELECT, 2));
	must(vm_pci_common_set(d, VIRTIO_PCI_COMMON_GF, 5));
	pci_check(!vm_pci_must_get(d, VIRTIO_PCI_COMMON_GF),
		  "word 2 of the driver's features");
	must(vm_set_features(d, features));
	for (i = 0; i < 2; i++) {
		must(vm_pci_common_set(d, VIRTIO_PCI_COMMON_GFSELECT, i));
		pci_check(vm_pci_must_get(d, VIRTIO_PCI_COMMON_GF) ==
			  (__u32)(features >> 32 * i),
			  "word %u of the driver's features", i);
	}
	pass("features in two words, beyond which there are none");
}

int pci_features(const struct pci_opts *o)
{
	struct pci_user u;
	struct vm_dev *d = &u.d;
	int status;
	__u64 f;

	pci_open(&u, o);
	must(vm_get_features(d, &d->offered));
	f = d->offered;
	pci_check(f & BIT64(VIRTIO_F_VERSION_1) &&
		  f & BIT64(VIRTIO_F_ACCESS_PLATFORM),
		  "features %#llx", (unsigned long long)f);
	check_words(d);
	accept(d, f, true, "all features");
	accept(d, f | BIT64(63), false, "a feature that was not offered");
	accept(d, f & ~BIT64(VIRTIO_F_VERSION_1), false, "no VERSION_1");
	accept(d, f & ~BIT64(VIRTIO_F_ACCESS_PLATFORM), true,
	       "no ACCESS_PLATFORM, with a software device");

	/* Bits stay, except for a reset. */
	must(vm_set_status(d, VIRTIO_CONFIG_S_ACKNOWLEDGE));
	status = must(vm_get_status(d));
	pci_check(status == (VIRTIO_CONFIG_S_ACKNOWLEDGE | VIRTIO_CONFIG_S_DRIVER |
			     VIRTIO_CONFIG_S_FEATURES_OK),
		  "bits of the status were cleared: %#x", status);
	must(vm_set_status(d, 0));
	pci_check(!must(vm_get_status(d)), "the status after a reset");
	must(vm_set_status(d, VIRTIO_CONFIG_S_DRIVER_OK));
	pci_check(!(must(vm_get_status(d)) & VIRTIO_CONFIG_S_DRIVER_OK),
		  "DRIVER_OK without FEATURES_OK");
	must(vm_set_status(d, VIRTIO_CONFIG_S_NEEDS_RESET));
	pci_check(!(must(vm_get_status(d)) & VIRTIO_CONFIG_S_NEEDS_RESET),
		  "the driver sets NEEDS_RESET");
	must(vm_set_status(d, 0));
	pass("bits of the status are added, and removed by a reset alone");
	pci_close(&u);
	return 0;
}

/* ---- virtqueues ---- */

static void check_defaults(struct vm_dev *d, unsigned int q)
{
	must(vm_pci_common_set(d, VIRTIO_PCI_COMMON_Q_SELECT, q));
	pci_check(vm_pci_must_get(d, VIRTIO_PCI_COMMON_Q_SIZE) &&
		  vm_pci_must_get(d, VIRTIO_PCI_COMMON_Q_MSIX) ==
		  VIRTIO_MSI_NO_VECTOR &&
		  !vm_pci_must_get(d, VIRTIO_PCI_COMMON_Q_ENABLE) &&
		  !vm_pci_must_get(d, VIRTIO_PCI_COMMON_Q_DESCLO) &&
		  !vm_pci_must_get(d, VIRTIO_PCI_COMMON_Q_AVAILLO) &&
		  !vm_pci_must_get(d, VIRTIO_PCI_COMMON_Q_USEDLO) &&
		  !vm_pci_must_get(d, PCI_COMMON_Q_RESET),
		  "virtqueue %u is not as after a reset", q);
}

static void check_absent(struct vm_dev *d, unsigned int q)
{
	must(vm_pci_common_set(d, VIRTIO_PCI_COMMON_Q_SELECT, q));
	must(vm_pci_common_set(d, VIRTIO_PCI_COMMON_Q_SIZE, 8));
	must(vm_pci_common_set(d, VIRTIO_PCI_COMMON_Q_DESCLO, 4096));
	must(vm_pci_common_set(d, VIRTIO_PCI_COMMON_Q_MSIX, 0));
	must(vm_pci_common_set(d, VIRTIO_PCI_COMMON_Q_ENABLE, 1));
	must(vm_pci_common_set(d, PCI_COMMON_Q_RESET, 1));
	pci_check(vm_pci_must_get(d, VIRTIO_PCI_COMMON_Q_SELECT) == q &&
		  !vm_pci_must_get(d, VIRTIO_PCI_COMMON_Q_SIZE) &&
		  !vm_pci_must_get(d, VIRTIO_PCI_COMMON_Q_DESCLO) &&
		  !vm_pci_must_get(d, VIRTIO_PCI_COMMON_Q_ENABLE) &&
		  vm_pci_must_get(d, VIRTIO_PCI_COMMON_Q_MSIX) ==
		  VIRTIO_MSI_NO_VECTOR, "there is a virtqueue %u", q);
	pci_check(!must(vm_get_status(d)), "virtqueue %u: status %#x", q,
		  vm_get_status(d));
}

int pci_queues(const struct pci_opts *o)
{
	struct pci_user u;
	struct vm_dev *d = &u.d;
	unsigned int q, v;

	pci_open(&u, o);
	for (q = 0; q < d->nvqs; q++)
		check_defaults(d, q);
	check_absent(d, d->nvqs);
	check_absent(d, 0xffff);
	pass("%u virtqueues, and none beyond them", d->nvqs);

	/* Each has registers of its own. */
	for (q = 0; q < d->nvqs; q++) {
		must(vm_pci_common_set(d, VIRTIO_PCI_COMMON_Q_SELECT, q));
		must(vm_pci_common_set(d, VIRTIO_PCI_COMMON_Q_SIZE, 8));
		must(vm_pci_common_set(d, VIRTIO_PCI_COMMON_Q_DESCLO,
				       0x123400000000ULL + q * 4096));
		must(vm_pci_common_set(d, VIRTIO_PCI_COMMON_Q_MSIX, q + 1));
	}
	for (q = 0; q < d->nvqs; q++) {
		must(vm_pci_common_set(d, VIRTIO_PCI_COMMON_Q_SELECT, q));
		pci_check(vm_pci_must_get(d, VIRTIO_PCI_COMMON_Q_SIZE) == 8 &&
			  vm_pci_must_get(d, VIRTIO_PCI_COMMON_Q_DESCLO) ==
			  0x123400000000ULL + q * 4096 &&
			  vm_pci_must_get(d, VIRTIO_PCI_COMMON_Q_MSIX) == q + 1,
			  "the registers of virtqueue %u", q);
	}
	for (v = d->pci.nr_vectors; v < 0x10000; v += 0x1fff) {
		must(vm_pci_common_set(d, VIRTIO_PCI_COMMON_Q_MSIX, v));
		pci_check(vm_pci_must_get(d, VIRTIO_PCI_COMMON_Q_MSIX) ==
			  VIRTIO_MSI_NO_VECTOR, "vector %u is taken", v);
		must(vm_pci_common_set(d, VIRTIO_PCI_COMMON_MSIX, v));
		pci_check(vm_pci_must_get(d, VIRTIO_PCI_COMMON_MSIX) ==
			  VIRTIO_MSI_NO_VECTOR,
			  "vector %u is taken for the configuration", v);
	}
	must(vm_set_status(d, 0));
	for (q = 0; q < d->nvqs; q++)
		check_defaults(d, q);
	pass("each virtqueue has registers of its own, which a reset clears");
	pci_close(&u);
	return 0;
}

/* ---- the window ---- */

struct window {
	struct vm_dev *d;
	unsigned int at;
};

static void point(const struct window *w, __u8 bar, __u32 offset, __u32 length)
{
	vm_pci_config_set(w->d, w->at + VIRTIO_PCI_CAP_BAR, 1, bar);
	vm_pci_config_set(w->d, w->at + VIRTIO_PCI_CAP_OFFSET, 4, offset);
	vm_pci_config_set(w->d, w->at + VIRTIO_PCI_CAP_LENGTH, 4, length);
}

#define WINDOW_DATA	sizeof(struct virtio_pci_cap)

int pci_window(const struct pci_opts *o)
{
	static const struct {
		__u8 bar;
		__u32 offset, length;
	} bad[] = {
		{ 3, 0, 4 }, { 6, 0, 4 }, { 255, 0, 4 },
		{ 0, 0, 0 }, { 0, 0, 3 }, { 0, 0, 8 }, { 0, 0, 0xffffffff },
		{ 0, 1, 2 }, { 0, 2, 4 }, { 0, 0xfffffffc, 4 },
	};
	struct pci_user u;
	struct window w = { .d = &u.d };
	struct vm_pci_cap *c = u.d.pci.cap;
	__u8 bytes[80];
	unsigned int i, n;
	__u64 val;

	pci_open(&u, o);
	w.at = c[VIRTIO_PCI_CAP_PCI_CFG].at;
	point(&w, 0, c[VIRTIO_PCI_CAP_COMMON_CFG].offset +
	      VIRTIO_PCI_COMMON_NUMQ, 2);
	val = vm_pci_config_get(&u.d, w.at + WINDOW_DATA, 2);
	pci_check(val == u.d.nvqs, "%llu virtqueues through the window",
		  (unsigned long long)val);
	point(&w, 0, c[VIRTIO_PCI_CAP_COMMON_CFG].offset +
	      VIRTIO_PCI_COMMON_GFSELECT, 4);
	vm_pci_config_set(&u.d, w.at + WINDOW_DATA, 4, 0xdeadbeef);
	pci_check(vm_pci_must_get(&u.d, VIRTIO_PCI_COMMON_GFSELECT) ==
		  0xdeadbeef, "a write of 4 bytes through the window");
	point(&w, 0, c[VIRTIO_PCI_CAP_COMMON_CFG].offset +
	      VIRTIO_PCI_COMMON_STATUS, 1);
	vm_pci_config_set(&u.d, w.at + WINDOW_DATA, 1, 1);
	pci_check(must(vm_get_status(&u.d)) == 1,
		  "a write of 1 byte through the window");
	pci_check(vm_pci_config_get(&u.d, w.at + WINDOW_DATA, 1) == 1,
		  "a read of 1 byte through the window");
	pass("registers through the window, by 1, 2 and 4 bytes");

	/* Wherever a read of more begins, its end is no access to the window. */
	point(&w, 0, c[VIRTIO_PCI_CAP_COMMON_CFG].offset +
	      VIRTIO_PCI_COMMON_NUMQ, 2);
	for (n = 1; n <= sizeof(bytes) - 4; n++) {
		pci_check(vm_pci_read(&u.d, PCI_CONFIG, w.at + WINDOW_DATA - n,
				      bytes, n + 4) == (ssize_t)n + 4,
			  "a read of %u bytes", n + 4);
		pci_check(bytes[n] == 1 && !bytes[n + 1],
			  "a read from %u bytes before the window moves it", n);
	}
	pci_check(vm_pci_config_get(&u.d, w.at + WINDOW_DATA, 2) == u.d.nvqs,
		  "the window after reads of more");
	point(&w, 0, c[VIRTIO_PCI_CAP_COMMON_CFG].offset +
	      VIRTIO_PCI_COMMON_STATUS, 1);
	pass("a read of more than the window's data is no access to registers");

	/* What firmware does before it gives BARs addresses */
	vm_pci_command(&u.d, 0, PCI_COMMAND_MEMORY);
	pci_check(vm_pci_config_get(&u.d, w.at + WINDOW_DATA, 1) == 1,
		  "the window needs memory enable");
	vm_pci_command(&u.d, PCI_COMMAND_MEMORY, 0);
	pass("the window is there without memory enable");

	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		point(&w, bad[i].bar, bad[i].offset, bad[i].length);
		vm_pci_config_set(&u.d, w.at + WINDOW_DATA, 4, 0);
		val = vm_pci_config_get(&u.d, w.at + WINDOW_DATA, 4);
		pci_check(!val, "%u bytes at %#x of BAR %u read as %#llx",
			  bad[i].length, bad[i].offset, bad[i].bar,
			  (unsigned long long)val);
	}
	pci_check(must(vm_get_status(&u.d)) == 1, "a wrong window wrote");
	pass("a window set to what is not there reads 0, and writes nothing");
	pci_close(&u);
	return 0;
}
