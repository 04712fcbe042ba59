// SPDX-License-Identifier: GPL-2.0-only
/*
 * user-pci bytes: all regions, read and written by all sizes and alignments, and
 * compared with a model of their bytes.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "user_pci.h"

#define MAX_READ	4096

static __u64 state;

static __u64 random64(void)
{
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return state;
}

/* A region, and what it has */
struct model {
	struct vm_dev *d;
	unsigned int region;
	size_t size;
	__u8 *bytes;
	__u8 *writable;		/* bits that a write changes */
};

static void model_init(struct model *m, struct vm_dev *d, unsigned int region)
{
	m->d = d;
	m->region = region;
	m->size = d->pci.region[region].size;
	m->bytes = calloc(1, m->size);
	m->writable = calloc(1, m->size);
	if (!m->bytes || !m->writable)
		die("no memory");
}

static void model_free(struct model *m)
{
	free(m->bytes);
	free(m->writable);
}

static void compare(struct model *m, __u64 offset, size_t len)
{
	__u8 buf[MAX_READ + 64];
	size_t want, i;
	ssize_t n;

	if (len > sizeof(buf))
		len = sizeof(buf);
	want = len;
	if (want > MAX_READ)
		want = MAX_READ;
	if (offset + want > m->size)
		want = m->size - offset;
	memset(buf, 0x5a, sizeof(buf));
	n = vm_pci_read(m->d, m->region, offset, buf, len);
	pci_check(n == (ssize_t)want,
		  "region %u: %zu bytes at %#llx: %zd were read, expected %zu",
		  m->region, len, (unsigned long long)offset, n, want);
	for (i = 0; i < want; i++)
		pci_check(buf[i] == m->bytes[offset + i],
			  "region %u: %zu bytes at %#llx: at %zu there is %#x, expected %#x",
			  m->region, len, (unsigned long long)offset, i, buf[i],
			  m->bytes[offset + i]);
	for (; i < len; i++)
		pci_check(buf[i] == 0x5a, "region %u: written beyond the end",
			  m->region);
}

/* By each size, from first to end; the last ones beyond it */
static void compare_all(struct model *m, __u64 first, __u64 end)
{
	static const size_t sizes[] = { 1, 2, 3, 4, 5, 7, 8, 9, 13, 16, 31, 256 };
	unsigned int i;
	__u64 at;

	for (i = 0; i < ARRAY_SIZE(sizes); i++)
		for (at = first; at < end; at += sizes[i])
			compare(m, at, sizes[i]);
	/* At each alignment */
	for (i = 0; i < 9; i++)
		for (at = first; at < end && at < first + 64; at++)
			compare(m, at, sizes[i]);
	for (at = first; at < end; at += MAX_READ)
		compare(m, at, MAX_READ + 1);
}

static void write_some(struct model *m, __u64 first, __u64 end)
{
	__u64 offset = first + random64() % (end - first);
	__u8 buf[16];
	size_t len = 1 + random64() % sizeof(buf), i;
	ssize_t n;

	if (offset + len > end)
		len = end - offset;
	for (i = 0; i < len; i++)
		buf[i] = random64();
	n = vm_pci_write(m->d, m->region, offset, buf, len);
	pci_check(n == (ssize_t)len,
		  "region %u: %zu bytes at %#llx: %zd were written", m->region,
		  len, (unsigned long long)offset, n);
	for (i = 0; i < len; i++) {
		__u8 *b = &m->bytes[offset + i], w = m->writable[offset + i];

		*b = (*b & ~w) | (buf[i] & w);
	}
}

static void write_all(struct model *m, __u64 first, __u64 end, unsigned int count)
{
	unsigned int i;

	for (i = 0; i < count; i++) {
		write_some(m, first, end);
		if (i % 8 == 7 || m->size <= MAX_READ)
			compare(m, first, end - first);
	}
}

static void put(__u8 *to, __u64 val, size_t size)
{
	__u64 le = htole64(val);

	memcpy(to, &le, size);
}

/* ---- the registers ---- */

/* Addresses of rings are bytes that stay as written, and cause nothing. */
static void registers(struct vm_dev *d)
{
	struct vm_pci_cap *dev = &d->pci.cap[VIRTIO_PCI_CAP_DEVICE_CFG];
	unsigned int q = d->nvqs - 1, i;
	struct model m;

	must(vm_set_status(d, 0));
	must(vm_get_features(d, &d->offered));
	must(vm_set_status(d, VIRTIO_CONFIG_S_ACKNOWLEDGE));
	must(vm_pci_common_set(d, VIRTIO_PCI_COMMON_Q_SELECT, q));
	model_init(&m, d, 0);
	put(m.bytes + VIRTIO_PCI_COMMON_DFSELECT, 1, 4);
	put(m.bytes + VIRTIO_PCI_COMMON_DF, d->offered >> 32, 4);
	put(m.bytes + VIRTIO_PCI_COMMON_MSIX, VIRTIO_MSI_NO_VECTOR, 2);
	put(m.bytes + VIRTIO_PCI_COMMON_NUMQ, d->nvqs, 2);
	put(m.bytes + VIRTIO_PCI_COMMON_STATUS, VIRTIO_CONFIG_S_ACKNOWLEDGE, 1);
	put(m.bytes + VIRTIO_PCI_COMMON_CFGGENERATION,
	    vm_pci_must_get(d, VIRTIO_PCI_COMMON_CFGGENERATION), 1);
	put(m.bytes + VIRTIO_PCI_COMMON_Q_SELECT, q, 2);
	put(m.bytes + VIRTIO_PCI_COMMON_Q_SIZE,
	    vm_pci_must_get(d, VIRTIO_PCI_COMMON_Q_SIZE), 2);
	put(m.bytes + VIRTIO_PCI_COMMON_Q_MSIX, VIRTIO_MSI_NO_VECTOR, 2);
	put(m.bytes + VIRTIO_PCI_COMMON_Q_NOFF, q, 2);
	for (i = 0; i < dev->length; i++)
		must(vm_get_config(d, i, m.bytes + dev->offset + i, 1));

	compare_all(&m, 0, m.size);
	pass("%zu bytes of registers are the same by each size of read", m.size);

	memset(m.writable + VIRTIO_PCI_COMMON_Q_DESCLO, 0xff, 24);
	write_all(&m, VIRTIO_PCI_COMMON_Q_DESCLO, PCI_COMMON_SIZE, 3000);
	/* What nothing is at */
	write_all(&m, PCI_COMMON_SIZE, dev->at ? dev->offset : m.size, 300);
	write_all(&m, dev->offset + dev->length, m.size, 300);
	compare_all(&m, 0, PCI_COMMON_SIZE);
	pass("writes of all sizes and alignments change the bytes they are for");
	must(vm_set_status(d, 0));
	model_free(&m);
}

/* Part of a register, and registers that take only some values */
static void parts(struct vm_dev *d)
{
	struct vm_pci_cap *c = &d->pci.cap[VIRTIO_PCI_CAP_COMMON_CFG];
	__u64 at = c->offset;

	must(vm_pci_common_set(d, VIRTIO_PCI_COMMON_GFSELECT, 0x11223344));
	must(vm_pci_set(d, c->bar, at + VIRTIO_PCI_COMMON_GFSELECT + 1, 1, 0xaa));
	pci_check(vm_pci_must_get(d, VIRTIO_PCI_COMMON_GFSELECT) == 0x1122aa44,
		  "one byte of a register");
	/* Two registers with one write: the vector, and the number of virtqueues */
	must(vm_pci_set(d, c->bar, at + VIRTIO_PCI_COMMON_MSIX, 4, 0xffff0001));
	pci_check(vm_pci_must_get(d, VIRTIO_PCI_COMMON_MSIX) == 1 &&
		  vm_pci_must_get(d, VIRTIO_PCI_COMMON_NUMQ) == d->nvqs,
		  "two registers with one write");
	/* The selectors come first, in the order of their addresses. */
	must(vm_pci_set(d, c->bar, at + VIRTIO_PCI_COMMON_GFSELECT, 8,
			0xabcd00000001));
	must(vm_pci_common_set(d, VIRTIO_PCI_COMMON_GFSELECT, 1));
	pci_check(vm_pci_must_get(d, VIRTIO_PCI_COMMON_GF) == 0xabcd,
		  "the word that the same write selects");
	must(vm_pci_common_set(d, VIRTIO_PCI_COMMON_GFSELECT, 0));
	pci_check(!vm_pci_must_get(d, VIRTIO_PCI_COMMON_GF), "the other word");
	must(vm_set_status(d, 0));
	pass("a write to part of a register, and one to two registers");
}

/* ---- other BARs ---- */

static void msix(struct vm_dev *d)
{
	unsigned int pba = vm_pci_config_get(d, vm_pci_cap(d, PCI_CAP_ID_MSIX) +
					     PCI_MSIX_PBA, 4) & ~7U;
	struct model m;

	model_init(&m, d, 1);
	memset(m.bytes, 0xff, pba);
	compare_all(&m, 0, m.size);
	write_all(&m, 0, m.size, 300);
	compare_all(&m, 0, m.size);
	pass("the MSI-X table has no content, and there is nothing pending");
	model_free(&m);
}

static void notify(struct vm_dev *d)
{
	struct model m;

	model_init(&m, d, 2);
	compare_all(&m, 0, 2 * VM_PAGE);
	compare_all(&m, m.size - VM_PAGE, m.size);
	/* There is no ring: nothing follows from a kick. */
	write_all(&m, 0, m.size, 300);
	pass("places to notify read 0, and take writes of each size");
	model_free(&m);
}

/* ---- the configuration space ---- */

static void write_mask(struct model *m, unsigned int at, __u32 mask, size_t size)
{
	put(m->writable + at, mask, size);
}

static void config(struct vm_dev *d)
{
	struct model m;
	unsigned int i;

	model_init(&m, d, PCI_CONFIG);
	for (i = 0; i < 256; i++)
		m.bytes[i] = vm_pci_config_get(d, i, 1);
	/* The window, which is elsewhere */
	memset(m.bytes + d->pci.cap[VIRTIO_PCI_CAP_PCI_CFG].at +
	       sizeof(struct virtio_pci_cap), 0, 4);
	compare_all(&m, 0, m.size);
	pass("%zu bytes of configuration space are the same by each size of read",
	     m.size);

	write_mask(&m, PCI_COMMAND, 0x546, 2);
	write_mask(&m, PCI_CACHE_LINE_SIZE, 0xff, 1);
	write_mask(&m, PCI_INTERRUPT_LINE, 0xff, 1);
	for (i = 0; i < 3; i++)
		write_mask(&m, PCI_BASE_ADDRESS_0 + 4 * i,
			   -d->pci.region[i].size, 4);
	write_mask(&m, PCI_BASE_ADDRESS_3, 0xffffffff, 4);
	write_all(&m, 0, vm_pci_cap(d, PCI_CAP_ID_PM), 3000);
	/* The window's own registers are writable, and what is behind it is not it. */
	write_mask(&m, vm_pci_cap(d, PCI_CAP_ID_MSIX) + PCI_MSIX_FLAGS,
		   PCI_MSIX_FLAGS_ENABLE | PCI_MSIX_FLAGS_MASKALL, 2);
	i = d->pci.cap[VIRTIO_PCI_CAP_PCI_CFG].at;
	write_mask(&m, i + VIRTIO_PCI_CAP_BAR, 0xff, 1);
	write_mask(&m, i + VIRTIO_PCI_CAP_OFFSET, 0xffffffff, 4);
	write_mask(&m, i + VIRTIO_PCI_CAP_LENGTH, 0xffffffff, 4);
	write_all(&m, vm_pci_cap(d, PCI_CAP_ID_MSIX),
		  i + sizeof(struct virtio_pci_cap), 1000);
	write_all(&m, i + sizeof(struct virtio_pci_cfg_cap), m.size, 100);
	pass("writes to the configuration space change what is writable");
	model_free(&m);
	must(vm_pci_reset(d));
	vm_pci_command(d, PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER, 0);
}

int pci_bytes(const struct pci_opts *o)
{
	struct pci_user u;

	state = o->seed * 0x9e3779b97f4a7c15ULL | 1;
	pci_open(&u, o);
	registers(&u.d);
	parts(&u.d);
	msix(&u.d);
	notify(&u.d);
	config(&u.d);
	pci_close(&u);
	return 0;
}
