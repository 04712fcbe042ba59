// SPDX-License-Identifier: GPL-2.0-only
/*
 * user-pci mig-keep: the stream of a device in use, as text; mig-kept: load such a text,
 * maybe of another version, and see that the device has what it says.
 *
 * A text has a line of hexadecimal digits for the header and one for each section.
 */
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "pci_migrate.h"

#define HEADER		16
#define SECTION		8
#define NUM		64
#define MAX_VQS		32
#define DEVICE_LEN	32	/* what version 1 has of the section DEVICE */
#define QUEUE_LEN	34	/* and of each virtqueue */
#define PCI_LEN		256

enum {
	SEC_END,
	SEC_IDENTITY,
	SEC_OWN,
	SEC_DEVICE,
	SEC_QUEUES,
	SEC_PCI,
};

struct content {
	const __u8 *bytes;
	size_t len;
};

static unsigned int get16(const __u8 *p)
{
	return p[0] | p[1] << 8;
}

/* The section at @at: where it ends */
static size_t section_at(const struct mig_stream *s, size_t at,
			 struct content *c)
{
	pci_check(s->len - at >= SECTION, "a section is cut off");
	c->bytes = s->bytes + at + SECTION;
	c->len = get16(s->bytes + at + 4) |
		 (size_t)get16(s->bytes + at + 6) << 16;
	pci_check(c->len <= s->len - at - SECTION, "a section is too long");
	return at + SECTION + c->len;
}

static struct content find(const struct mig_stream *s, unsigned int type)
{
	struct content c;
	size_t at = HEADER, end;

	for (; at < s->len; at = end) {
		end = section_at(s, at, &c);
		if (get16(s->bytes + at) == type)
			return c;
	}
	die("a stream without section %u", type);
}

/* ---- mig-keep ---- */

static void print_bytes(const __u8 *bytes, size_t len)
{
	while (len--)
		printf("%02x", *bytes++);
	putchar('\n');
}

static void print_stream(const struct mig_stream *s)
{
	struct content c;
	size_t at, end;

	print_bytes(s->bytes, HEADER);
	for (at = HEADER; at < s->len; at = end) {
		end = section_at(s, at, &c);
		print_bytes(s->bytes + at, end - at);
	}
}

/* All virtqueues are live, with nothing in them. */
static void use(struct vm_dev *d, struct vm_vq *vqs, struct vm_mem *m, bool packed)
{
	__u64 want = ~0ULL;
	unsigned int i;

	if (!packed)
		want &= ~BIT64(VIRTIO_F_RING_PACKED);
	must(vm_negotiate(d, want));
	pci_check(d->nvqs <= MAX_VQS, "%u virtqueues", d->nvqs);
	must(vm_mem_new(d->c, m, d->nvqs * (vm_vq_bytes(NUM, true) + VM_PAGE)));
	for (i = 0; i < d->nvqs; i++) {
		must(vm_vq_init(&vqs[i], m, i, NUM, d->features));
		must(vm_vq_start(d, &vqs[i], 0));
	}
	must(vm_add_status(d, VIRTIO_CONFIG_S_DRIVER_OK));
}

/* A network device has had traffic if --pairs says that it is one. */
int mig_keep(const struct pci_opts *o)
{
	struct vm_vq vqs[MAX_VQS] = { 0 };
	struct mig_stream s = { 0 };
	struct vm_mem m = { 0 };
	struct pci_user u;
	unsigned int i;

	if (o->pairs) {
		pci_start(&u, o);
	} else {
		pci_open(&u, o);
		use(&u.d, vqs, &m, o->packed);
	}
	mig_save(&u.d, &s);
	print_stream(&s);
	mig_to(&u.d, MIG_RUNNING);
	if (!o->pairs) {
		for (i = 0; i < u.d.nvqs; i++)
			vm_vq_free(&vqs[i]);
		vm_mem_free(&m);
	}
	pci_close(&u);
	mig_free(&s);
	return 0;
}

/* ---- mig-kept ---- */

static int digit(int c)
{
	return isdigit(c) ? c - '0' : isxdigit(c) ? tolower(c) - 'a' + 10 : -1;
}

/* Digits may have blanks between them; a line that begins with # is for people. */
static void read_text(const char *path, struct mig_stream *s)
{
	FILE *in = fopen(path, "r");
	char line[8192], *p;
	__u8 byte;

	if (!in)
		die("%s: %s", path, strerror(errno));
	while (fgets(line, sizeof(line), in)) {
		if (line[0] == '#')
			continue;
		for (p = line; *p; p++) {
			if (isspace((unsigned char)*p))
				continue;
			pci_check(digit(p[0]) >= 0 && digit(p[1]) >= 0,
				  "%s is no text of a stream", path);
			byte = digit(p[0]) << 4 | digit(p[1]);
			mig_append(s, &byte, 1);
			p++;
		}
	}
	pci_check(feof(in), "%s cannot be read", path);
	fclose(in);
	pci_check(s->len > HEADER, "%s has no stream", path);
}

static void same(const char *what, const __u8 *is, const __u8 *was, size_t len)
{
	size_t i;

	for (i = 0; i < len; i++)
		pci_check(is[i] == was[i], "%s: byte %zu is %#x, was %#x", what,
			  i, is[i], was[i]);
}

/* What a driver has set up is saved again as it was loaded. */
static void compare(const struct mig_stream *is, const struct mig_stream *was)
{
	struct content a = find(is, SEC_DEVICE), b = find(was, SEC_DEVICE);
	unsigned int each_a, each_b, i;
	char what[40];

	pci_check(a.len >= DEVICE_LEN && b.len >= DEVICE_LEN, "short sections");
	/* The generation, byte 3, may change when the device moves. */
	same("the device", a.bytes, b.bytes, 3);
	same("the device's registers", a.bytes + 4, b.bytes + 4, DEVICE_LEN - 4);

	a = find(is, SEC_QUEUES);
	b = find(was, SEC_QUEUES);
	each_a = get16(a.bytes);
	each_b = get16(b.bytes);
	pci_check(each_a >= QUEUE_LEN && each_b >= QUEUE_LEN,
		  "virtqueues of %u and %u bytes", each_a, each_b);
	pci_check((a.len - 2) / each_a == (b.len - 2) / each_b,
		  "%zu virtqueues, there were %zu", (a.len - 2) / each_a,
		  (b.len - 2) / each_b);
	for (i = 0; i < (a.len - 2) / each_a; i++) {
		snprintf(what, sizeof(what), "virtqueue %u", i);
		same(what, a.bytes + 2 + i * each_a, b.bytes + 2 + i * each_b,
		     QUEUE_LEN);
	}

	a = find(is, SEC_PCI);
	b = find(was, SEC_PCI);
	pci_check(a.len >= PCI_LEN && b.len >= PCI_LEN, "short PCI spaces");
	same("the PCI configuration space", a.bytes, b.bytes, PCI_LEN);
}

int mig_kept(const struct pci_opts *o)
{
	struct mig_stream was = { 0 }, is = { 0 };
	struct pci_user u;
	int fd, ret;

	pci_check(o->file, "--file is missing");
	read_text(o->file, &was);
	pci_open(&u, o);
	ret = mig_load(&u.d, &was);
	if (ret == -EINVAL) {
		pci_check(mig_get(&u.d) == MIG_RESUMING,
			  "a stream that is refused leaves the state %s",
			  mig_names[mig_get(&u.d)]);
		printf("refused\n");
		ret = 3;
		goto out;
	}
	must(ret);
	fd = mig_to(&u.d, MIG_STOP_COPY);
	must(mig_read_all(fd, &is, 4096));
	close(fd);
	compare(&is, &was);
	printf("loaded\n");
out:
	must(vm_pci_reset(&u.d));
	pci_close(&u);
	mig_free(&is);
	mig_free(&was);
	return ret;
}
