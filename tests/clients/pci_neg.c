// SPDX-License-Identifier: GPL-2.0-only
/*
 * user-pci neg: everything that a user of the device fd may do wrong, and what comes
 * of it.  A line for each row: "ok - NAME" or "not ok - NAME: what came instead".
 */
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "../report.h"
#include "user_pci.h"

/* What stands for numbers that are only known when the device is open */
#define END		0x7777000000000000ULL	/* of the region; and less */
#define VECTORS		0x77770000U		/* how many; and more */
#define QUEUES		0x7777000000000000ULL	/* the page after the last one */

enum neg_fd { FD_NONE, FD_EVENT, FD_OTHER, FD_PLAIN, FD_CLOSED, NR_FDS };

struct neg {
	struct pci_user u;
	int fd[NR_FDS];
	void *read_only;	/* a page */
	__u8 *edge;		/* the first byte of a page that is not there */
	unsigned int passed, failed;
};

/* As they were before each row: enabled, reset, without eventfds */
static void set_up(struct neg *t)
{
	struct vm_dev *d = &t->u.d;
	unsigned int q;

	for (q = 0; q < d->nvqs; q++)
		vm_pci_ioeventfd(d, q, -1);
	must(vm_pci_reset(d));
	must(vm_ioctl(d->fd, VFIO_DEVICE_SET_IRQS, &(struct vfio_irq_set){
		.argsz = sizeof(struct vfio_irq_set),
		.flags = VFIO_IRQ_SET_DATA_NONE | VFIO_IRQ_SET_ACTION_TRIGGER,
		.index = VFIO_PCI_MSIX_IRQ_INDEX,
	}));
	vm_pci_command(d, PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER, 0);
}

static void answer(char *text, size_t size, long ret)
{
	if (ret < 0)
		snprintf(text, size, "%s", vm_err(ret));
	else
		snprintf(text, size, "%ld", ret);
}

[[gnu::format(printf, 2, 3)]]
static void row(bool good, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	report(good, NULL, fmt, ap);
	va_end(ap);
}

/* @want: a negative errno, or the number that is returned */
[[gnu::format(printf, 4, 5)]]
static void result(struct neg *t, long ret, long want, const char *fmt, ...)
{
	bool good = ret == want;
	char name[160], wanted[80], got[80] = "";
	va_list ap;

	if (good)
		t->passed++;
	else
		t->failed++;
	va_start(ap, fmt);
	vsnprintf(name, sizeof(name), fmt, ap);
	va_end(ap);
	answer(wanted, sizeof(wanted), want);
	if (!good)
		answer(got, sizeof(got), ret);
	row(good, "%s: %s%s%s", name, wanted, good ? "" : ", but there was ",
	    got);
}

/* ---- reads and writes ---- */

struct access_row {
	const char *name;
	unsigned int region;
	__u64 offset;		/* from END on: backwards from the end */
	size_t len;
	long want, want_write;	/* the same, unless it is set */
	__u16 off;		/* bits of the command register that are cleared */
	unsigned int power;
};

static const struct access_row accesses[] = {
	{ "no bytes of BAR 0", 0, 0, 0, 0 },
	{ "1 byte at the end of BAR 0", 0, END, 1, -EINVAL },
	{ "4 bytes around the end of BAR 0", 0, END - 2, 4, 2 },
	{ "1 byte after BAR 0", 0, END + 0x1000, 1, -EINVAL },
	{ "the last byte of BAR 0", 0, END - 1, 1, 1 },
	{ "5000 bytes of BAR 0", 0, 64, 5000, 4096 },
	{ "1 byte at the end of BAR 1", 1, END, 1, -EINVAL },
	{ "1 byte at the end of BAR 2", 2, END, 1, -EINVAL },
	{ "8 bytes around the end of BAR 2", 2, END - 4, 8, 4 },
	{ "1 byte of BAR 3, which is the other half of BAR 2", 3, 0, 1, -EINVAL },
	{ "4 bytes of BAR 4", 4, 0, 4, -EINVAL },
	{ "4 bytes of BAR 5", 5, 0, 4, -EINVAL },
	{ "4 bytes of the ROM", 6, 0, 4, -EINVAL },
	{ "4 bytes at the end of the configuration space", 7, END, 4, -EINVAL },
	{ "4 bytes around the end of it", 7, END - 1, 4, 1 },
	{ "5000 bytes of it", 7, 0x100, 5000, 3840 },
	{ "4 bytes of VGA", 8, 0, 4, -EINVAL },
	{ "4 bytes of region 9", 9, 0, 4, -EINVAL },
	{ "4 bytes of region 2^20", 1 << 20, 0, 4, -EINVAL },
	{ "4 bytes of the last region that offsets reach", 0x7fffff,
	  0xfffffffffcULL, 4, -EINVAL },
	{ "2 bytes of a structure, memory enable off", 0, 0x12, 2, -EIO, 0,
	  PCI_COMMAND_MEMORY },
	{ "4 bytes of the MSI-X table, memory enable off", 1, 0, 4, -EIO, 0,
	  PCI_COMMAND_MEMORY },
	{ "2 bytes to notify, memory enable off", 2, 0, 2, -EIO, 0,
	  PCI_COMMAND_MEMORY },
	{ "4 bytes of the configuration space, memory enable off", 7, 0, 4, 4, 0,
	  PCI_COMMAND_MEMORY },
	{ "2 bytes of a structure, no bus master", 0, 0x12, 2, 2, 0,
	  PCI_COMMAND_MASTER },
	{ "2 bytes of a structure in D3hot", 0, 0x12, 2, -EIO, 0, 0, 3 },
	{ "2 bytes to notify in D3hot", 2, 0, 2, -EIO, 0, 0, 3 },
	{ "4 bytes of the configuration space in D3hot", 7, 0, 4, 4, 0, 0, 3 },
};

static long rw(struct neg *t, bool write, __u64 pos, void *buf, size_t len)
{
	ssize_t n = write ? pwrite(t->u.d.fd, buf, len, pos) :
			    pread(t->u.d.fd, buf, len, pos);

	return n < 0 ? -errno : n;
}

static void neg_accesses(struct neg *t)
{
	static __u8 buf[8192];
	unsigned int i, write;

	for (i = 0; i < ARRAY_SIZE(accesses); i++) {
		const struct access_row *r = &accesses[i];
		__u64 offset = r->offset;

		if (offset >= END - 0x1000 && offset < END + 0x10000)
			offset += t->u.d.pci.region[r->region].size - END;
		for (write = 0; write < 2; write++) {
			set_up(t);
			if (r->power)
				vm_pci_power(&t->u.d, r->power);
			vm_pci_command(&t->u.d, 0, r->off);
			memset(buf, 0, sizeof(buf));
			result(t, rw(t, write, ((__u64)r->region << 40) + offset,
				     buf, r->len),
			       write && r->want_write ? r->want_write : r->want,
			       "%s %s", write ? "write" : "read", r->name);
		}
	}
	set_up(t);
	for (write = 0; write < 2; write++) {
		const char *name = write ? "write" : "read";

		result(t, rw(t, write, 0, t->edge, 4), -EFAULT,
		       "%s 4 bytes, to memory that is not there", name);
		result(t, rw(t, write, 0, t->edge - 2, 4), -EFAULT,
		       "%s 4 bytes, to memory that ends", name);
		result(t, rw(t, write, 7ULL << 40, t->edge - 2, 4), -EFAULT,
		       "%s 4 bytes of the configuration space, to memory that ends",
		       name);
		result(t, rw(t, write, -4096ULL, buf, 4), -EINVAL,
		       "%s at a negative offset", name);
	}
	result(t, rw(t, false, 0, t->read_only, 4), -EFAULT,
	       "read 4 bytes, to read-only memory");
	result(t, rw(t, true, 0, t->read_only, 4), 4,
	       "write 4 bytes, from read-only memory");
}

/* ---- GET_INFO, GET_REGION_INFO, GET_IRQ_INFO ---- */

struct info_row {
	const char *name;
	unsigned long req;
	__u32 argsz, index;
	long want;
};

#define INFO	VFIO_DEVICE_GET_INFO
#define REGION	VFIO_DEVICE_GET_REGION_INFO
#define IRQ	VFIO_DEVICE_GET_IRQ_INFO

static const struct info_row infos[] = {
	{ "GET_INFO, argsz 0", INFO, 0, 0, -EINVAL },
	{ "GET_INFO, argsz 15", INFO, 15, 0, -EINVAL },
	{ "GET_INFO, argsz 16", INFO, 16, 0, 0 },
	{ "GET_INFO, argsz 2^32 - 1", INFO, ~0U, 0, 0 },
	{ "GET_REGION_INFO, argsz 0", REGION, 0, 0, -EINVAL },
	{ "GET_REGION_INFO, argsz 31", REGION, 31, 0, -EINVAL },
	{ "GET_REGION_INFO, argsz 32", REGION, 32, 0, 0 },
	{ "GET_REGION_INFO of BAR 5", REGION, 32, 5, 0 },
	{ "GET_REGION_INFO of the configuration space", REGION, 32, 7, 0 },
	{ "GET_REGION_INFO of VGA", REGION, 32, 8, -EINVAL },
	{ "GET_REGION_INFO of region 9", REGION, 32, 9, -EINVAL },
	{ "GET_REGION_INFO of region 2^32 - 1", REGION, 32, ~0U, -EINVAL },
	{ "GET_IRQ_INFO, argsz 0", IRQ, 0, 2, -EINVAL },
	{ "GET_IRQ_INFO, argsz 15", IRQ, 15, 2, -EINVAL },
	{ "GET_IRQ_INFO, argsz 16", IRQ, 16, 2, 0 },
	{ "GET_IRQ_INFO of INTx", IRQ, 16, 0, 0 },
	{ "GET_IRQ_INFO of MSI", IRQ, 16, 1, 0 },
	{ "GET_IRQ_INFO of errors", IRQ, 16, 3, -EINVAL },
	{ "GET_IRQ_INFO of the request", IRQ, 16, 4, 0 },
	{ "GET_IRQ_INFO of index 5", IRQ, 16, 5, -EINVAL },
	{ "GET_IRQ_INFO of index 2^32 - 1", IRQ, 16, ~0U, -EINVAL },
};

static void neg_infos(struct neg *t)
{
	union {
		struct { __u32 argsz, flags, index; } in;
		__u8 room[256];
	} a;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(infos); i++) {
		memset(&a, 0, sizeof(a));
		a.in.argsz = infos[i].argsz;
		a.in.index = infos[i].index;
		result(t, vm_ioctl(t->u.d.fd, infos[i].req, &a), infos[i].want,
		       "%s", infos[i].name);
	}
	for (i = 0; i < ARRAY_SIZE(infos); i++) {
		if (i && infos[i].req == infos[i - 1].req)
			continue;
		result(t, vm_ioctl(t->u.d.fd, infos[i].req, NULL), -EFAULT,
		       "%.*s at 0", (int)strcspn(infos[i].name, ","),
		       infos[i].name);
		memset(t->edge - 16, 0, 16);
		*(__u32 *)(t->edge - 4) = 16;
		result(t, vm_ioctl(t->u.d.fd, infos[i].req, t->edge - 4), -EFAULT,
		       "%.*s, memory ends", (int)strcspn(infos[i].name, ","),
		       infos[i].name);
	}
}

/* ---- SET_IRQS ---- */

struct irqs_row {
	const char *name;
	__u32 flags, index, start, count;
	enum neg_fd fd;
	long want;
	__s32 argsz;		/* 0: as it has to be; else this much more */
};

#define NONE	(VFIO_IRQ_SET_DATA_NONE | VFIO_IRQ_SET_ACTION_TRIGGER)
#define BOOL	(VFIO_IRQ_SET_DATA_BOOL | VFIO_IRQ_SET_ACTION_TRIGGER)
#define EVENT	(VFIO_IRQ_SET_DATA_EVENTFD | VFIO_IRQ_SET_ACTION_TRIGGER)
#define HDR	sizeof(struct vfio_irq_set)

static const struct irqs_row irqs[] = {
	{ "the first vector", EVENT, 2, 0, 1, FD_EVENT, 0 },
	{ "the last vector", EVENT, 2, VECTORS - 1, 1, FD_EVENT, 0 },
	{ "a vector, fd -1", EVENT, 2, 1, 1, FD_NONE, 0 },
	{ "a vector beyond the last one", EVENT, 2, VECTORS, 1, FD_EVENT, -EINVAL },
	{ "vector 2^32 - 1", EVENT, 2, ~0U, 1, FD_EVENT, -EINVAL },
	{ "two vectors from the last one on", EVENT, 2, VECTORS - 1, 2, FD_EVENT,
	  -EINVAL },
	{ "start and count wrap", EVENT, 2, 2, ~0U, FD_EVENT, -EINVAL },
	{ "a closed fd", EVENT, 2, 0, 1, FD_CLOSED, -EBADF },
	{ "no eventfd", EVENT, 2, 0, 1, FD_PLAIN, -EINVAL },
	{ "data short", EVENT, 2, 0, 1, FD_EVENT, -EINVAL, -1 },
	{ "header short", EVENT, 2, 0, 1, FD_EVENT, -EINVAL, -5 },
	{ "data long", EVENT, 2, 0, 1, FD_EVENT, 0, 8 },
	{ "no vectors, by eventfds", EVENT, 2, 0, 0, FD_EVENT, 0 },
	{ "no vectors, by none: all are removed", NONE, 2, 0, 0, FD_EVENT, 0 },
	{ "all vectors, fired", NONE, 2, 0, VECTORS, FD_EVENT, 0 },
	{ "one vector more, fired", NONE, 2, 0, VECTORS + 1, FD_EVENT, -EINVAL },
	{ "a vector, fired by a flag", BOOL, 2, 0, 1, FD_EVENT, 0 },
	{ "a flag short", BOOL, 2, 0, 1, FD_EVENT, -EINVAL, -1 },
	{ "unknown flag", EVENT | 0x40, 2, 0, 1, FD_EVENT, -EINVAL },
	{ "two kinds of data", EVENT | VFIO_IRQ_SET_DATA_BOOL, 2, 0, 1, FD_EVENT,
	  -EINVAL },
	{ "two actions", EVENT | VFIO_IRQ_SET_ACTION_MASK, 2, 0, 1, FD_EVENT,
	  -ENOTTY },
	{ "no action", VFIO_IRQ_SET_DATA_EVENTFD, 2, 0, 1, FD_EVENT, -ENOTTY },
	{ "no data", VFIO_IRQ_SET_ACTION_TRIGGER, 2, 0, 1, FD_EVENT, -EINVAL },
	{ "mask a vector", VFIO_IRQ_SET_DATA_NONE | VFIO_IRQ_SET_ACTION_MASK, 2, 0,
	  1, FD_EVENT, -ENOTTY },
	{ "unmask a vector", VFIO_IRQ_SET_DATA_NONE | VFIO_IRQ_SET_ACTION_UNMASK,
	  2, 0, 1, FD_EVENT, -ENOTTY },
	{ "INTx", EVENT, 0, 0, 1, FD_EVENT, -EINVAL },
	{ "MSI", EVENT, 1, 0, 1, FD_EVENT, -EINVAL },
	{ "errors", EVENT, 3, 0, 1, FD_EVENT, -EINVAL },
	{ "the request", EVENT, 4, 0, 1, FD_EVENT, 0 },
	{ "the request, fired", NONE, 4, 0, 1, FD_EVENT, 0 },
	{ "the request, fd -1", EVENT, 4, 0, 1, FD_NONE, 0 },
	{ "a second request", EVENT, 4, 1, 1, FD_EVENT, -EINVAL },
	{ "mask the request", VFIO_IRQ_SET_DATA_NONE | VFIO_IRQ_SET_ACTION_MASK, 4,
	  0, 1, FD_EVENT, -ENOTTY },
	{ "index 5", EVENT, 5, 0, 1, FD_EVENT, -EINVAL },
	{ "index 2^32 - 1", EVENT, ~0U, 0, 1, FD_EVENT, -EINVAL },
};

static __u32 vectors(struct neg *t, __u32 n)
{
	return n >= VECTORS - 8 && n < VECTORS + 8 ?
	       n - VECTORS + t->u.d.pci.nr_vectors : n;
}

static void neg_irqs(struct neg *t)
{
	union {
		struct vfio_irq_set set;
		__u8 room[1024];
	} a;
	unsigned int i;
	int fds[2];

	for (i = 0; i < ARRAY_SIZE(irqs); i++) {
		const struct irqs_row *r = &irqs[i];
		__u32 type = r->flags & VFIO_IRQ_SET_DATA_TYPE_MASK;
		__u32 count = vectors(t, r->count);

		set_up(t);
		memset(&a, 0, sizeof(a));
		a.set.argsz = HDR + r->argsz;
		if (count < 64 && type == VFIO_IRQ_SET_DATA_EVENTFD)
			a.set.argsz += 4 * count;
		else if (count < 64 && type == VFIO_IRQ_SET_DATA_BOOL)
			a.set.argsz += count;
		a.set.flags = r->flags;
		a.set.index = r->index;
		a.set.start = vectors(t, r->start);
		a.set.count = count;
		fds[0] = t->fd[r->fd];
		fds[1] = fds[0];
		memcpy(a.set.data, fds, sizeof(fds));
		result(t, vm_ioctl(t->u.d.fd, VFIO_DEVICE_SET_IRQS, &a), r->want,
		       "SET_IRQS: %s", r->name);
	}
	set_up(t);
	result(t, vm_ioctl(t->u.d.fd, VFIO_DEVICE_SET_IRQS, NULL), -EFAULT,
	       "SET_IRQS at 0");
	memset(&a, 0, sizeof(a));
	a.set.argsz = HDR + 8;
	a.set.flags = EVENT;
	a.set.index = VFIO_PCI_MSIX_IRQ_INDEX;
	a.set.count = 2;
	memcpy(t->edge - HDR, &a, HDR);
	result(t, vm_ioctl(t->u.d.fd, VFIO_DEVICE_SET_IRQS, t->edge - HDR),
	       -EFAULT, "SET_IRQS, memory ends before the fds");

	/* All of them, or none */
	fds[0] = t->fd[FD_EVENT];
	fds[1] = t->fd[FD_CLOSED];
	result(t, vm_pci_vectors(&t->u.d, 0, 2, fds), -EBADF,
	       "SET_IRQS of a good and a closed fd");
	vm_eventfd_wait(fds[0], 0);
	a.set.argsz = HDR;
	a.set.flags = NONE;
	must(vm_ioctl(t->u.d.fd, VFIO_DEVICE_SET_IRQS, &a));
	result(t, vm_eventfd_wait(fds[0], 0), 0,
	       "SET_IRQS that failed has set the good one");
}

/* ---- IOEVENTFD ---- */

struct kick_row {
	const char *name;
	__u64 offset;		/* in BAR 2, or from QUEUES on: after the last one */
	__u32 flags;
	enum neg_fd fd;
	long want;
	__s32 argsz;
	unsigned int bar;	/* 0: BAR 2; else this one, less 1 */
};

static const struct kick_row kicks[] = {
	{ "1 byte", 0, 1, FD_EVENT, 0 },
	{ "2 bytes", 0, 2, FD_EVENT, 0 },
	{ "4 bytes", 0, 4, FD_EVENT, 0 },
	{ "8 bytes", 0, 8, FD_EVENT, 0 },
	{ "at another place of the page", 0x8, 8, FD_EVENT, 0 },
	{ "the last virtqueue", QUEUES - 4096, 2, FD_EVENT, 0 },
	{ "a virtqueue beyond the last one", QUEUES, 2, FD_EVENT, -EINVAL },
	{ "no size", 0, 0, FD_EVENT, -EINVAL },
	{ "two sizes", 0, 3, FD_EVENT, -EINVAL },
	{ "unknown flag", 0, 0x12, FD_EVENT, -EINVAL },
	{ "not aligned", 1, 2, FD_EVENT, -EINVAL },
	{ "across two virtqueues", 4092, 8, FD_EVENT, -EINVAL },
	{ "a closed fd", 0, 2, FD_CLOSED, -EBADF },
	{ "no eventfd", 0, 2, FD_PLAIN, -EINVAL },
	{ "remove what is not there", 0, 2, FD_NONE, -ENODEV },
	{ "argsz short", 0, 2, FD_EVENT, -EINVAL, -5 },
	{ "argsz 0", 0, 2, FD_EVENT, -EINVAL, -32 },
	{ "in the registers", 0, 2, FD_EVENT, -EINVAL, 0, 1 },
	{ "in the MSI-X table", 0, 2, FD_EVENT, -EINVAL, 0, 2 },
	{ "in the configuration space", 0, 2, FD_EVENT, -EINVAL, 0, 8 },
	{ "in region 9", 0, 2, FD_EVENT, -EINVAL, 0, 10 },
	{ "in region 2^24 - 1", 0, 2, FD_EVENT, -EINVAL, 0, 1 << 24 },
};

static int kick(struct neg *t, __u64 pos, __u32 flags, __u64 data, int fd,
		__s32 argsz)
{
	struct vfio_device_ioeventfd set = {
		.argsz = sizeof(set) + argsz,
		.flags = flags,
		.offset = pos,
		.data = data,
		.fd = fd,
	};

	return vm_ioctl(t->u.d.fd, VFIO_DEVICE_IOEVENTFD, &set);
}

static void neg_kicks(struct neg *t)
{
	const __u64 at = 2ULL << 40;
	unsigned int i;
	int event = t->fd[FD_EVENT], other = t->fd[FD_OTHER];

	for (i = 0; i < ARRAY_SIZE(kicks); i++) {
		const struct kick_row *r = &kicks[i];
		__u64 offset = r->offset;
		int ret;

		if (offset >= QUEUES - 0x10000 && offset < QUEUES + 0x10000)
			offset += t->u.d.nvqs * VM_PAGE - QUEUES;
		offset += r->bar ? (__u64)(r->bar - 1) << 40 : at;
		set_up(t);
		ret = kick(t, offset, r->flags, 1, t->fd[r->fd], r->argsz);
		result(t, ret, r->want, "IOEVENTFD: %s", r->name);
		if (!ret)
			result(t, kick(t, offset, r->flags, 1, -1, 0), 0,
			       "IOEVENTFD: %s, removed", r->name);
	}
	set_up(t);
	result(t, kick(t, at, 2, 1, event, 0), 0, "IOEVENTFD of virtqueue 0");
	result(t, kick(t, at, 2, 1, other, 0), -EEXIST, "IOEVENTFD, again");
	result(t, kick(t, at, 4, 2, other, 0), -EEXIST,
	       "IOEVENTFD of the same virtqueue, another size and value");
	result(t, kick(t, at, 2, 2, -1, 0), -ENODEV,
	       "IOEVENTFD, remove another value");
	result(t, kick(t, at, 4, 1, -1, 0), -ENODEV,
	       "IOEVENTFD, remove another size");
	result(t, kick(t, at + 2, 2, 1, -1, 0), -ENODEV,
	       "IOEVENTFD, remove another place");
	result(t, kick(t, at, 2, 1, -2, 0), -EINVAL, "IOEVENTFD, fd -2");
	result(t, kick(t, at, 2, 1, -1, 0), 0, "IOEVENTFD, removed");
	result(t, kick(t, at, 2, 1, -1, 0), -ENODEV, "IOEVENTFD, removed again");
	result(t, vm_ioctl(t->u.d.fd, VFIO_DEVICE_IOEVENTFD, NULL), -EFAULT,
	       "IOEVENTFD at 0");
}

/* ---- all else ---- */

static long map(struct neg *t, __u64 pos, size_t len, int prot, int flags)
{
	void *p = mmap(NULL, len, prot, flags, t->u.d.fd, pos);

	/* Newer kernels forbid execution by themselves. */
	if (p == MAP_FAILED && errno == EPERM && (prot & PROT_EXEC))
		return -EINVAL;
	if (p == MAP_FAILED)
		return -errno;
	munmap(p, len);
	return 0;
}

/* Of a device without doorbells, which there are in tests of those */
static void neg_maps(struct neg *t)
{
	const int rw = PROT_READ | PROT_WRITE;
	static const struct {
		const char *name;
		unsigned int region;
	} regions[] = {
		{ "the registers", 0 }, { "the MSI-X table", 1 },
		{ "BAR 3", 3 }, { "BAR 5", 5 }, { "the ROM", 6 },
		{ "the configuration space", 7 }, { "VGA", 8 },
		{ "region 9", 9 }, { "region 2^20", 1 << 20 },
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(regions); i++)
		result(t, map(t, (__u64)regions[i].region << 40, VM_PAGE, rw,
			      MAP_SHARED), -EINVAL, "mmap of %s",
		       regions[i].name);
	result(t, map(t, 2ULL << 40, VM_PAGE, rw, MAP_SHARED), -EOPNOTSUPP,
	       "mmap of a doorbell of a device that has none");
	result(t, map(t, 2ULL << 40, VM_PAGE, rw, MAP_PRIVATE), -EINVAL,
	       "mmap of a doorbell, private");
	result(t, map(t, 2ULL << 40, 2 * VM_PAGE, rw, MAP_SHARED), -EINVAL,
	       "mmap of two doorbells");
	result(t, map(t, 2ULL << 40, VM_PAGE, rw | PROT_EXEC, MAP_SHARED),
	       -EINVAL, "mmap of a doorbell, executable");
	result(t, map(t, 2ULL << 40, VM_PAGE, PROT_READ, MAP_SHARED), -EINVAL,
	       "mmap of a doorbell, read-only");
	result(t, map(t, (2ULL << 40) + t->u.d.nvqs * VM_PAGE, VM_PAGE, rw,
		      MAP_SHARED), -EINVAL, "mmap behind the last virtqueue");
}

static void neg_others(struct neg *t)
{
	static const struct {
		const char *name;
		unsigned long req;
	} calls[] = {
		{ "VFIO_DEVICE_GET_PCI_HOT_RESET_INFO",
		  VFIO_DEVICE_GET_PCI_HOT_RESET_INFO },
		{ "VFIO_DEVICE_PCI_HOT_RESET", VFIO_DEVICE_PCI_HOT_RESET },
		{ "VFIO_DEVICE_QUERY_GFX_PLANE", VFIO_DEVICE_QUERY_GFX_PLANE },
		{ "VFIO_DEVICE_GET_GFX_DMABUF", VFIO_DEVICE_GET_GFX_DMABUF },
		{ "VHOST_MDEV_GET_STATUS", VHOST_MDEV_GET_STATUS },
		{ "VHOST_MDEV_SET_OWNER", VHOST_MDEV_SET_OWNER },
		{ "VHOST_MDEV_GET_FEATURES", VHOST_MDEV_GET_FEATURES },
		{ "an ioctl of another type", 0x5401 },
	};
	__u8 arg[256] = { 64 };
	unsigned int i;

	set_up(t);
	for (i = 0; i < ARRAY_SIZE(calls); i++)
		result(t, vm_ioctl(t->u.d.fd, calls[i].req, arg), -ENOTTY, "%s",
		       calls[i].name);
	result(t, vm_pci_reset(&t->u.d), 0, "VFIO_DEVICE_RESET");
}

int pci_neg(const struct pci_opts *o)
{
	struct vm_net_opts no = vm_net_default;
	struct neg t;
	__u8 *p;

	memset(&t, 0, sizeof(t));
	pci_open(&t.u, o);
	t.fd[FD_NONE] = -1;
	t.fd[FD_EVENT] = must(vm_eventfd());
	t.fd[FD_OTHER] = must(vm_eventfd());
	t.fd[FD_PLAIN] = open("/proc/self/stat", O_RDONLY | O_CLOEXEC);
	t.fd[FD_CLOSED] = must(vm_eventfd());
	close(t.fd[FD_CLOSED]);
	t.read_only = mmap(NULL, VM_PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS,
			   -1, 0);
	p = mmap(NULL, 2 * VM_PAGE, PROT_READ | PROT_WRITE,
		 MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (t.fd[FD_PLAIN] < 0 || t.read_only == MAP_FAILED || p == MAP_FAILED)
		die("set-up: %s", vm_err(-errno));
	munmap(p + VM_PAGE, VM_PAGE);
	t.edge = p + VM_PAGE;

	neg_accesses(&t);
	neg_infos(&t);
	neg_irqs(&t);
	neg_kicks(&t);
	neg_maps(&t);
	neg_others(&t);

	set_up(&t);
	must(vm_net_start(&t.u.n, &t.u.d, &no));
	pci_traffic(&t.u, 500);
	result(&t, 0, 0, "traffic after all that");
	pci_close(&t.u);
	printf("# %u rows as expected, %u not\n", t.passed, t.failed);
	return t.failed ? 1 : 0;
}
