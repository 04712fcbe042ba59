// SPDX-License-Identifier: GPL-2.0-only
/*
 * user-pci fuzz: accesses of all kinds, each chosen by a generator that begins with
 * the seed, so that a run can be repeated.  Nothing is expected of the answers; the
 * kernel has to live through it, and the device to work after a reset.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "pci_migrate.h"

#define NR_FDS		8
#define NR_MEMS		4
#define MEM_SIZE	(16 * VM_PAGE)

struct fuzz {
	struct pci_user u;
	__u64 state;
	int fd[NR_FDS];		/* eventfds, and others at the end */
	__u8 *mem[NR_MEMS];
	__u64 iova[NR_MEMS];
	bool mapped[NR_MEMS];
	int session;		/* the last file of a migration, or -1 */
	__u8 stream[4096];	/* what was read of one */
	size_t len;
	__u64 done[16];		/* how often each kind was tried */
	__u64 taken[16];	/* and how often it had no error */
};

static __u64 next(struct fuzz *f)
{
	f->state ^= f->state << 13;
	f->state ^= f->state >> 7;
	f->state ^= f->state << 17;
	return f->state;
}

static unsigned int below(struct fuzz *f, unsigned int n)
{
	return (next(f) >> 11) % n;
}

/* ---- values that something follows from ---- */

static __u64 some_iova(struct fuzz *f)
{
	__u64 at = f->iova[below(f, NR_MEMS)];

	switch (below(f, 8)) {
	case 0:
		return next(f);
	case 1:
		/* Around the end */
		return at + MEM_SIZE - below(f, 64);
	default:
		return at + below(f, MEM_SIZE / 64) * 64;
	}
}

static __u64 some_value(struct fuzz *f)
{
	static const __u64 values[] = {
		0, 1, 2, 3, 4, 7, 8, 0xf, 0x10, 0x40, 0x80, 0xff, 0x100, 0x8000,
		0xffff, 0x10000, 0xffffffff, ~0ULL,
	};

	switch (below(f, 4)) {
	case 0:
		return next(f);
	case 1:
		return some_iova(f);
	default:
		return values[below(f, ARRAY_SIZE(values))];
	}
}

/* Where something is, mostly */
static __u64 some_offset(struct fuzz *f, unsigned int region)
{
	__u64 size = f->u.d.pci.region[region].size;

	switch (region) {
	case 0:
		switch (below(f, 8)) {
		case 0:
			return 0x1000 + below(f, 4);
		case 1:
			return 0x2000 + below(f, 64);
		case 2:
			break;
		default:
			return below(f, 64);
		}
		break;
	case 2:
		if (below(f, 8))
			return below(f, f->u.d.nvqs) * VM_PAGE + below(f, 8);
		break;
	case PCI_CONFIG:
		if (below(f, 8))
			return below(f, 256);
		break;
	}
	return size ? next(f) % (size + 16) : next(f) % 64;
}

static unsigned int some_region(struct fuzz *f)
{
	static const __u8 regions[] = { 0, 0, 0, 0, 0, 1, 2, 2, 7, 7, 3, 4, 6, 8 };

	return regions[below(f, ARRAY_SIZE(regions))];
}

static size_t some_len(struct fuzz *f)
{
	static const size_t lens[] = { 1, 2, 4, 8 };

	switch (below(f, 16)) {
	case 0:
		return below(f, 64);
	case 1:
		return below(f, 5000);
	default:
		return lens[below(f, ARRAY_SIZE(lens))];
	}
}

/* ---- what is done ---- */

static long do_read(struct fuzz *f)
{
	unsigned int region = some_region(f);
	__u8 buf[5000];

	return vm_pci_read(&f->u.d, region, some_offset(f, region), buf,
			   some_len(f));
}

static long do_write(struct fuzz *f)
{
	unsigned int region = some_region(f);
	__u64 buf[640];
	size_t len = some_len(f), i;

	for (i = 0; i * 8 < len; i++)
		buf[i] = htole64(some_value(f));
	return vm_pci_write(&f->u.d, region, some_offset(f, region), buf, len);
}

/* A register of the common structure, by its own size */
static long do_register(struct fuzz *f)
{
	static const __u8 regs[] = {
		VIRTIO_PCI_COMMON_DFSELECT, VIRTIO_PCI_COMMON_GFSELECT,
		VIRTIO_PCI_COMMON_GF, VIRTIO_PCI_COMMON_MSIX,
		VIRTIO_PCI_COMMON_STATUS, VIRTIO_PCI_COMMON_Q_SELECT,
		VIRTIO_PCI_COMMON_Q_SIZE, VIRTIO_PCI_COMMON_Q_MSIX,
		VIRTIO_PCI_COMMON_Q_ENABLE, VIRTIO_PCI_COMMON_Q_DESCLO,
		VIRTIO_PCI_COMMON_Q_AVAILLO, VIRTIO_PCI_COMMON_Q_USEDLO,
		PCI_COMMON_Q_RESET,
	};
	unsigned int reg = regs[below(f, ARRAY_SIZE(regs))];
	__u64 val = some_value(f);

	switch (reg) {
	case VIRTIO_PCI_COMMON_Q_SELECT:
	case VIRTIO_PCI_COMMON_Q_MSIX:
		val = below(f, f->u.d.nvqs + 2);
		break;
	case VIRTIO_PCI_COMMON_Q_ENABLE:
		val = 1;
		break;
	case VIRTIO_PCI_COMMON_Q_DESCLO:
	case VIRTIO_PCI_COMMON_Q_AVAILLO:
	case VIRTIO_PCI_COMMON_Q_USEDLO:
		val = some_iova(f);
		break;
	}
	return vm_pci_common_set(&f->u.d, reg, val);
}

static void map(struct fuzz *f, unsigned int i, bool writable)
{
	int ret = vm_dma_map(&f->u.c, f->mem[i], f->iova[i], MEM_SIZE, writable);

	pci_check(!ret, "map: %s", vm_err(ret));
	f->mapped[i] = true;
}

static void unmap(struct fuzz *f, unsigned int i)
{
	int ret = vm_dma_unmap(&f->u.c, f->iova[i], MEM_SIZE);

	pci_check(!ret, "unmap: %s", vm_err(ret));
	f->mapped[i] = false;
}

/*
 * As a driver would, with rings that may be anywhere; each second time it is a driver
 * that a device can start with.
 */
static long do_driver(struct fuzz *f)
{
	const __u64 plain = BIT64(VIRTIO_F_VERSION_1) |
			    BIT64(VIRTIO_F_ACCESS_PLATFORM) |
			    BIT64(VIRTIO_F_RING_PACKED) | BIT64(VIRTIO_F_IN_ORDER) |
			    BIT64(VIRTIO_RING_F_INDIRECT_DESC) |
			    BIT64(VIRTIO_RING_F_EVENT_IDX);
	struct vm_dev *d = &f->u.d;
	unsigned int q, i, n = 1 + below(f, d->nvqs);
	bool good = below(f, 2);
	__u64 features;
	int ret;

	vm_pci_command(d, PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER, 0);
	vm_pci_power(d, 0);
	ret = vm_set_status(d, 0);
	if (ret || vm_get_features(d, &features))
		return ret;
	features &= next(f) | BIT64(VIRTIO_F_VERSION_1);
	if (good)
		features &= plain;
	for (i = 0; good && i < NR_MEMS; i++)
		if (!f->mapped[i])
			map(f, i, true);
	vm_set_status(d, 3);
	vm_set_features(d, features);
	vm_add_status(d, VIRTIO_CONFIG_S_FEATURES_OK);
	for (q = 0; q < n; q++) {
		if (good) {
			__u64 at = f->iova[below(f, NR_MEMS)] +
				   below(f, 8) * VM_PAGE;

			vm_vring_num(d, q, 1 << below(f, 8));
			vm_vring_addr(d, q, at, at + VM_PAGE, at + 2 * VM_PAGE);
		} else {
			vm_vring_num(d, q, 1 << below(f, 9));
			vm_vring_addr(d, q, some_iova(f) & ~15ULL,
				      some_iova(f) & ~3ULL,
				      some_iova(f) & ~3ULL);
		}
		vm_pci_common_set(d, VIRTIO_PCI_COMMON_Q_MSIX,
				  below(f, d->nvqs + 2));
		vm_pci_common_set(d, VIRTIO_PCI_COMMON_Q_ENABLE, 1);
	}
	vm_add_status(d, VIRTIO_CONFIG_S_DRIVER_OK);
	return vm_pci_set(d, 2, vm_pci_notify_at(d, below(f, d->nvqs)), 2, 0);
}

/* Contents of rings, which the device may be reading */
static long do_memory(struct fuzz *f)
{
	__u8 *mem = f->mem[below(f, NR_MEMS)];
	unsigned int i, n = below(f, 32);

	for (i = 0; i < n; i++) {
		size_t at = below(f, MEM_SIZE / 16 - 1) * 16;
		__u64 val = below(f, 2) ? some_iova(f) : some_value(f);

		memcpy(mem + at, &val, sizeof(val));
		val = below(f, 4096) | (__u64)below(f, 8) << 32 |
		      (__u64)below(f, 256) << 48;
		memcpy(mem + at + 8, &val, sizeof(val));
	}
	return 0;
}

static long do_kick(struct fuzz *f)
{
	__u64 one = 1;

	if (below(f, 2))
		return vm_pci_set(&f->u.d, 2,
				  vm_pci_notify_at(&f->u.d,
						   below(f, f->u.d.nvqs)), 2, 0);
	return write(f->fd[below(f, NR_FDS - 2)], &one, sizeof(one));
}

static long do_irqs(struct fuzz *f)
{
	union {
		struct vfio_irq_set set;
		__u8 room[256];
	} a;
	unsigned int nr = f->u.d.pci.nr_vectors, i;
	int fd;

	a.set.argsz = below(f, 8) ? sizeof(a) : below(f, sizeof(a));
	a.set.flags = below(f, 8) ? 1U << below(f, 3) | 8U << below(f, 3) :
				    next(f);
	a.set.index = below(f, 4) ? VFIO_PCI_MSIX_IRQ_INDEX : below(f, 6);
	a.set.start = below(f, 8) ? below(f, nr) : next(f);
	a.set.count = below(f, 8) ? below(f, nr + 2) : next(f);
	for (i = 0; i < 32; i++) {
		fd = below(f, 3) ? f->fd[below(f, NR_FDS - 1)] : -1;
		if (!below(f, 16))
			fd = f->fd[NR_FDS - 1];
		memcpy(a.set.data + 4 * i, &fd, sizeof(fd));
	}
	return vm_ioctl(f->u.d.fd, VFIO_DEVICE_SET_IRQS, &a);
}

static long do_ioeventfd(struct fuzz *f)
{
	struct vfio_device_ioeventfd set = {
		.argsz = below(f, 16) ? (__u32)sizeof(set) : (__u32)next(f),
		.flags = below(f, 16) ? 1U << below(f, 4) : (__u32)next(f),
		.offset = below(f, 16) ?
			  (2ULL << 40) + below(f, f->u.d.nvqs + 1) * VM_PAGE :
			  next(f),
		.fd = below(f, 2) ? f->fd[below(f, NR_FDS)] : -1,
	};

	return vm_ioctl(f->u.d.fd, VFIO_DEVICE_IOEVENTFD, &set);
}

static long do_mmap(struct fuzz *f)
{
	unsigned int region = below(f, 3) ? 2 : some_region(f);
	__u64 at = (__u64)region << 40 | below(f, 32) * VM_PAGE;
	volatile __u16 *p;

	p = mmap(NULL, (1 + below(f, 2)) * VM_PAGE, below(f, 8),
		 below(f, 4) ? MAP_SHARED : MAP_PRIVATE, f->u.d.fd, at);
	if (p == MAP_FAILED)
		return -errno;
	munmap((void *)p, VM_PAGE);
	/* With a doorbell, one that can be rung */
	p = mmap(NULL, VM_PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, f->u.d.fd,
		 at);
	if (p == MAP_FAILED)
		return 0;
	*p = 0;
	munmap((void *)p, VM_PAGE);
	return 0;
}

static long do_map(struct fuzz *f)
{
	unsigned int i = below(f, NR_MEMS);

	if (f->mapped[i])
		unmap(f, i);
	else
		map(f, i, below(f, 8));
	return 0;
}

static long do_reset(struct fuzz *f)
{
	int ret = 0;

	if (below(f, 2))
		vm_pci_flr(&f->u.d);
	else
		ret = vm_pci_reset(&f->u.d);
	vm_pci_command(&f->u.d, PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER, 0);
	return ret;
}

static long do_command(struct fuzz *f)
{
	vm_pci_command(&f->u.d, next(f) & 6, 0);
	if (!below(f, 2))
		vm_pci_command(&f->u.d, 0, next(f) & 6);
	if (!below(f, 8))
		vm_pci_power(&f->u.d, below(f, 4));
	return 0;
}

/* The file of a session may be dead, and what it is given is seldom a whole stream. */
static long do_session(struct fuzz *f)
{
	size_t part = 1 + below(f, sizeof(f->stream));
	struct mig_precopy_info info;
	ssize_t n;

	switch (below(f, 4)) {
	case 0:
		n = mig_read(f->session, f->stream, part);
		f->len = n > 0 ? (size_t)n : f->len;
		return n;
	case 1:
		if (f->len && below(f, 2))
			f->stream[below(f, f->len)] ^= 1 << below(f, 8);
		return mig_write(f->session, f->stream,
				 below(f, 2) ? f->len : part);
	case 2:
		return mig_precopy(f->session, &info);
	default:
		/* All of the state at once, so that some can be given back */
		n = mig_read(f->session, f->stream, sizeof(f->stream));
		f->len = n > 0 ? (size_t)n : f->len;
		return n;
	}
}

static long do_migrate(struct fuzz *f)
{
	__u64 data[4] = { VM_PAGE, 1, 0, 0 };
	int fd, ret;

	if (below(f, 3) && f->session >= 0)
		return do_session(f);
	if (!below(f, 8)) {
		data[2] = (unsigned long)f->mem[below(f, NR_MEMS)];
		return mig_feature(&f->u.d, below(f, 12) |
				   VFIO_DEVICE_FEATURE_GET << below(f, 3),
				   data, below(f, sizeof(data) + 1));
	}
	ret = mig_set(&f->u.d, below(f, MIG_NR_STATES + 1), &fd);
	if (!ret && fd >= 0) {
		if (f->session >= 0)
			close(f->session);
		f->session = fd;
	}
	return ret;
}

static const struct {
	const char *name;
	long (*run)(struct fuzz *f);
	unsigned int weight;	/* of all of them */
} kinds[] = {
	{ "reads", do_read, 260 },
	{ "writes", do_write, 200 },
	{ "registers", do_register, 200 },
	{ "drivers", do_driver, 10 },
	{ "contents", do_memory, 50 },
	{ "kicks", do_kick, 60 },
	{ "SET_IRQS", do_irqs, 80 },
	{ "IOEVENTFD", do_ioeventfd, 30 },
	{ "mmaps", do_mmap, 30 },
	{ "mappings", do_map, 10 },
	{ "resets", do_reset, 5 },
	{ "command", do_command, 25 },
	{ "migration", do_migrate, 40 },
};

#define SUM	1000

static void one(struct fuzz *f)
{
	unsigned int i, n = below(f, SUM);
	long ret;

	for (i = 0; n >= kinds[i].weight; i++)
		n -= kinds[i].weight;
	ret = kinds[i].run(f);
	f->done[i]++;
	f->taken[i] += ret >= 0;
}

static void set_up(struct fuzz *f, const struct pci_opts *o)
{
	unsigned int i;

	memset(f, 0, sizeof(*f));
	f->state = o->seed * 0x9e3779b97f4a7c15ULL | 1;
	f->session = VM_NO_FD;
	pci_open(&f->u, o);
	for (i = 0; i < NR_FDS; i++)
		f->fd[i] = must(vm_eventfd());
	/* One that is none any more, and one that never was */
	close(f->fd[NR_FDS - 1]);
	dup2(STDIN_FILENO, f->fd[NR_FDS - 2]);
	for (i = 0; i < NR_MEMS; i++) {
		f->mem[i] = mmap(NULL, MEM_SIZE, PROT_READ | PROT_WRITE,
				 MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
		if (f->mem[i] == MAP_FAILED)
			die("no memory");
		f->iova[i] = 0x100000 + i * 2 * MEM_SIZE;
		map(f, i, true);
	}
}

int pci_fuzz(const struct pci_opts *o)
{
	__u64 count = o->count ? o->count : 6000, i, sum = 0;
	struct vm_net_opts no = vm_net_default;
	struct fuzz f;
	unsigned int k;

	for (k = 0; k < ARRAY_SIZE(kinds); k++)
		sum += kinds[k].weight;
	pci_check(sum == SUM, "the weights are %llu in all",
		  (unsigned long long)sum);
	set_up(&f, o);
	vm_info("seed %llu", (unsigned long long)o->seed);
	for (i = 0; i < count; i++) {
		one(&f);
		if (i % 100000 == 99999)
			vm_info("%llu accesses", (unsigned long long)i + 1);
	}
	for (k = 0; k < ARRAY_SIZE(kinds); k++)
		vm_info("%-10s %8llu, %llu of them without an error",
			kinds[k].name, (unsigned long long)f.done[k],
			(unsigned long long)f.taken[k]);

	/* As a user would go on with it */
	for (k = 0; k < f.u.d.nvqs; k++) {
		struct vfio_device_ioeventfd set = { .argsz = sizeof(set),
						     .fd = -1 };
		unsigned int size;

		for (size = 1; size <= 8; size *= 2) {
			set.flags = size;
			set.offset = (2ULL << 40) + k * VM_PAGE;
			vm_ioctl(f.u.d.fd, VFIO_DEVICE_IOEVENTFD, &set);
		}
	}
	must(vm_pci_reset(&f.u.d));
	vm_pci_command(&f.u.d, PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER, 0);
	for (k = 0; k < NR_MEMS; k++)
		if (f.mapped[k])
			unmap(&f, k);
	must(vm_net_start(&f.u.n, &f.u.d, &no));
	pci_traffic(&f.u, 500);
	pass("%llu accesses by seed %llu, and traffic afterwards",
	     (unsigned long long)count, (unsigned long long)o->seed);
	pci_close(&f.u);
	return 0;
}
