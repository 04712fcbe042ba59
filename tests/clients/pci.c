// SPDX-License-Identifier: GPL-2.0-only
/*
 * The emulated PCI function of class VFIO: regions, registers, capabilities,
 * interrupts, and the order in which VMMs look at it all.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "pci.h"

/*
 * VM_PCI=write, ioeventfd, window or mmap makes programs drive instances of class
 * VFIO, and kick their virtqueues so.  In the environment, as VM_IOMMUFD is.
 */
[[gnu::constructor]] static void pci_by_environment(void)
{
	static const char * const how[] = {
		[PCI_WRITE] = "write",
		[PCI_IOEVENTFD] = "ioeventfd",
		[PCI_WINDOW] = "window",
		[PCI_MMAP] = "mmap",
	};
	const char *v = getenv("VM_PCI");
	unsigned int i;

	if (!v || !*v)
		return;
	for (i = PCI_WRITE; i < ARRAY_SIZE(how); i++)
		if (!strcmp(v, how[i]))
			vm_way.pci = i;
	if (!vm_way.pci)
		die("VM_PCI=%s: write, ioeventfd, window or mmap is expected", v);
}

/* ---- regions ---- */

ssize_t vm_pci_read(struct vm_dev *d, unsigned int region, __u64 offset,
		    void *buf, size_t len)
{
	ssize_t n = pread(d->fd, buf, len, d->pci.region[region].offset + offset);

	return n < 0 ? -errno : n;
}

ssize_t vm_pci_write(struct vm_dev *d, unsigned int region, __u64 offset,
		     const void *buf, size_t len)
{
	ssize_t n = pwrite(d->fd, buf, len,
			   d->pci.region[region].offset + offset);

	return n < 0 ? -errno : n;
}

static int whole(ssize_t n, size_t size)
{
	if (n < 0)
		return n;
	return n == (ssize_t)size ? 0 : -EIO;
}

int vm_pci_get(struct vm_dev *d, unsigned int region, __u64 offset, size_t size,
	       __u64 *val)
{
	__u64 le = 0;
	int ret = whole(vm_pci_read(d, region, offset, &le, size), size);

	*val = le64toh(le);
	return ret;
}

int vm_pci_set(struct vm_dev *d, unsigned int region, __u64 offset, size_t size,
	       __u64 val)
{
	__u64 le = htole64(val);

	return whole(vm_pci_write(d, region, offset, &le, size), size);
}

/* ---- the common configuration structure ---- */

static size_t common_size(unsigned int reg)
{
	switch (reg) {
	case VIRTIO_PCI_COMMON_STATUS:
	case VIRTIO_PCI_COMMON_CFGGENERATION:
		return 1;
	case VIRTIO_PCI_COMMON_DFSELECT:
	case VIRTIO_PCI_COMMON_DF:
	case VIRTIO_PCI_COMMON_GFSELECT:
	case VIRTIO_PCI_COMMON_GF:
		return 4;
	case VIRTIO_PCI_COMMON_Q_DESCLO:
	case VIRTIO_PCI_COMMON_Q_AVAILLO:
	case VIRTIO_PCI_COMMON_Q_USEDLO:
		return 8;
	default:
		return 2;
	}
}

int vm_pci_common_get(struct vm_dev *d, unsigned int reg, __u64 *val)
{
	struct vm_pci_cap *c = &d->pci.cap[VIRTIO_PCI_CAP_COMMON_CFG];

	return vm_pci_get(d, c->bar, c->offset + reg, common_size(reg), val);
}

int vm_pci_common_set(struct vm_dev *d, unsigned int reg, __u64 val)
{
	struct vm_pci_cap *c = &d->pci.cap[VIRTIO_PCI_CAP_COMMON_CFG];

	return vm_pci_set(d, c->bar, c->offset + reg, common_size(reg), val);
}

__u64 vm_pci_must_get(struct vm_dev *d, unsigned int reg)
{
	__u64 val;

	must(vm_pci_common_get(d, reg, &val));
	return val;
}

/* ---- the configuration space ---- */

__u64 vm_pci_config_get(struct vm_dev *d, __u64 offset, size_t size)
{
	__u64 val;

	must(vm_pci_get(d, PCI_CONFIG, offset, size, &val));
	return val;
}

void vm_pci_config_set(struct vm_dev *d, __u64 offset, size_t size, __u64 val)
{
	must(vm_pci_set(d, PCI_CONFIG, offset, size, val));
}

void vm_pci_command(struct vm_dev *d, __u16 set, __u16 clear)
{
	__u16 now = vm_pci_config_get(d, PCI_COMMAND, 2);

	vm_pci_config_set(d, PCI_COMMAND, 2, (now & ~clear) | set);
}

unsigned int vm_pci_cap(struct vm_dev *d, __u8 id)
{
	unsigned int at = vm_pci_config_get(d, PCI_CAPABILITY_LIST, 1);
	unsigned int n;

	for (n = 0; at && n < 48; n++) {
		if (vm_pci_config_get(d, at, 1) == id)
			return at;
		at = vm_pci_config_get(d, at + PCI_CAP_LIST_NEXT, 1);
	}
	die("there is no capability %#x", id);
}

void vm_pci_power(struct vm_dev *d, unsigned int state)
{
	vm_pci_config_set(d, vm_pci_cap(d, PCI_CAP_ID_PM) + PCI_PM_CTRL, 2,
			  state);
}

void vm_pci_flr(struct vm_dev *d)
{
	unsigned int at = vm_pci_cap(d, PCI_CAP_ID_EXP) + PCI_EXP_DEVCTL;

	vm_pci_config_set(d, at, 2, vm_pci_config_get(d, at, 2) |
			  PCI_EXP_DEVCTL_BCR_FLR);
}

int vm_pci_reset(struct vm_dev *d)
{
	return vm_ioctl(d->fd, VFIO_DEVICE_RESET, NULL);
}

/* ---- interrupts and kicks ---- */

int vm_pci_vectors(struct vm_dev *d, unsigned int start, unsigned int count,
		   const int *fds)
{
	size_t size = sizeof(struct vfio_irq_set) + count * sizeof(*fds);
	struct vfio_irq_set *set = calloc(1, size);
	int ret;

	if (!set)
		return -ENOMEM;
	set->argsz = size;
	set->flags = VFIO_IRQ_SET_DATA_EVENTFD | VFIO_IRQ_SET_ACTION_TRIGGER;
	set->index = VFIO_PCI_MSIX_IRQ_INDEX;
	set->start = start;
	set->count = count;
	memcpy(set->data, fds, count * sizeof(*fds));
	ret = vm_ioctl(d->fd, VFIO_DEVICE_SET_IRQS, set);
	free(set);
	return ret;
}

int vm_pci_vector(struct vm_dev *d, unsigned int vector, int fd)
{
	return vm_pci_vectors(d, vector, 1, &fd);
}

__u64 vm_pci_notify_at(struct vm_dev *d, unsigned int q)
{
	/* The virtqueue's queue_notify_off is its index here: vm_pci_open() looks. */
	return d->pci.cap[VIRTIO_PCI_CAP_NOTIFY_CFG].offset +
	       (__u64)q * d->pci.notify_step;
}

int vm_pci_ioeventfd(struct vm_dev *d, unsigned int q, int fd)
{
	unsigned int bar = d->pci.cap[VIRTIO_PCI_CAP_NOTIFY_CFG].bar;
	struct vfio_device_ioeventfd set = {
		.argsz = sizeof(set),
		.flags = VFIO_DEVICE_IOEVENTFD_16,
		.offset = d->pci.region[bar].offset + vm_pci_notify_at(d, q),
		.data = q,
		.fd = fd,
	};

	return vm_ioctl(d->fd, VFIO_DEVICE_IOEVENTFD, &set);
}

static int kick_window(struct vm_dev *d, unsigned int q)
{
	struct vm_pci_cap *notify = &d->pci.cap[VIRTIO_PCI_CAP_NOTIFY_CFG];
	unsigned int at = d->pci.cap[VIRTIO_PCI_CAP_PCI_CFG].at;
	int ret;

	ret = vm_pci_set(d, PCI_CONFIG, at + VIRTIO_PCI_CAP_BAR, 1, notify->bar);
	if (!ret)
		ret = vm_pci_set(d, PCI_CONFIG, at + VIRTIO_PCI_CAP_OFFSET, 4,
				 vm_pci_notify_at(d, q));
	if (!ret)
		ret = vm_pci_set(d, PCI_CONFIG, at + VIRTIO_PCI_CAP_LENGTH, 4, 2);
	if (!ret)
		ret = vm_pci_set(d, PCI_CONFIG,
				 at + sizeof(struct virtio_pci_cap), 2, q);
	return ret;
}

void vm_pci_kick(struct vm_dev *d, unsigned int q)
{
	struct vm_pci_cap *notify = &d->pci.cap[VIRTIO_PCI_CAP_NOTIFY_CFG];
	volatile __u16 *doorbell = d->pci.doorbell[q];

	if (vm_way.pci == PCI_WINDOW)
		must(kick_window(d, q));
	else if (doorbell)
		*doorbell = htole16(q);
	else
		must(vm_pci_set(d, notify->bar, vm_pci_notify_at(d, q), 2, q));
}

/* ---- opening ---- */

/* What GET_INFO, GET_REGION_INFO and GET_IRQ_INFO say */
static int ask(struct vm_dev *d)
{
	struct vfio_device_info info = { .argsz = sizeof(info) };
	struct vfio_irq_info irq = { .argsz = sizeof(irq) };
	struct vm_pci *p = &d->pci;
	unsigned int i;
	int ret;

	ret = vm_ioctl(d->fd, VFIO_DEVICE_GET_INFO, &info);
	if (ret)
		return ret;
	if (!(info.flags & VFIO_DEVICE_FLAGS_PCI) ||
	    info.num_regions < VM_PCI_REGIONS ||
	    info.num_irqs <= VFIO_PCI_MSIX_IRQ_INDEX)
		return -ENODEV;
	for (i = 0; i < VM_PCI_REGIONS; i++) {
		struct vfio_region_info r = { .argsz = sizeof(r), .index = i };

		ret = vm_ioctl(d->fd, VFIO_DEVICE_GET_REGION_INFO, &r);
		if (ret && i == VFIO_PCI_VGA_REGION_INDEX)
			continue;
		if (ret)
			return ret;
		p->region[i].offset = r.offset;
		p->region[i].size = r.size;
		p->region[i].flags = r.flags;
	}
	irq.index = VFIO_PCI_MSIX_IRQ_INDEX;
	ret = vm_ioctl(d->fd, VFIO_DEVICE_GET_IRQ_INFO, &irq);
	p->nr_vectors = irq.count;
	return ret;
}

/* All ones, and what stays: as firmware and VMMs find out how long BARs are */
static int size_bars(struct vm_dev *d)
{
	unsigned int i;

	for (i = 0; i < 6; i++) {
		unsigned int at = PCI_BASE_ADDRESS_0 + 4 * i;
		__u64 size, old = vm_pci_config_get(d, at, 4);
		bool wide = (old & 7) == PCI_BASE_ADDRESS_MEM_TYPE_64;

		vm_pci_config_set(d, at, 4, 0xffffffff);
		size = vm_pci_config_get(d, at, 4) & ~0xfULL;
		vm_pci_config_set(d, at, 4, old);
		if (wide) {
			vm_pci_config_set(d, at + 4, 4, 0xffffffff);
			size |= vm_pci_config_get(d, at + 4, 4) << 32;
			vm_pci_config_set(d, at + 4, 4, 0);
		} else if (size) {
			size |= 0xffffffffULL << 32;
		}
		if (-size != d->pci.region[i].size) {
			vm_info("BAR %u: sized %#llx, the region has %#llx", i,
				(unsigned long long)-size,
				(unsigned long long)d->pci.region[i].size);
			return -EPROTO;
		}
		/* The second half */
		i += wide;
	}
	return 0;
}

/* The structures of the virtio device, from the configuration space in one piece */
static int find_caps(struct vm_dev *d)
{
	struct virtio_pci_notify_cap cap;
	__u8 space[PCI_CONFIG_SIZE];
	unsigned int at, n;
	ssize_t len;

	len = vm_pci_read(d, PCI_CONFIG, 0, space, sizeof(space));
	if (len != sizeof(space))
		return len < 0 ? len : -EIO;
	at = space[PCI_CAPABILITY_LIST];
	for (n = 0; at && n < 48; n++, at = space[at + PCI_CAP_LIST_NEXT]) {
		struct vm_pci_cap *c;

		if (space[at] != PCI_CAP_ID_VNDR)
			continue;
		memcpy(&cap, space + at, sizeof(cap));
		if (!cap.cap.cfg_type || cap.cap.cfg_type >= VM_PCI_CAPS)
			continue;
		c = &d->pci.cap[cap.cap.cfg_type];
		c->at = at;
		c->bar = cap.cap.bar;
		c->offset = le32toh(cap.cap.offset);
		c->length = le32toh(cap.cap.length);
		if (cap.cap.cfg_type == VIRTIO_PCI_CAP_NOTIFY_CFG)
			d->pci.notify_step =
				le32toh(cap.notify_off_multiplier);
	}
	if (!d->pci.cap[VIRTIO_PCI_CAP_COMMON_CFG].at ||
	    !d->pci.cap[VIRTIO_PCI_CAP_ISR_CFG].at ||
	    !d->pci.cap[VIRTIO_PCI_CAP_NOTIFY_CFG].at ||
	    !d->pci.cap[VIRTIO_PCI_CAP_PCI_CFG].at)
		return -EPROTO;
	return 0;
}

static int map_doorbells(struct vm_dev *d)
{
	unsigned int bar = d->pci.cap[VIRTIO_PCI_CAP_NOTIFY_CFG].bar;
	struct vm_pci_region *r = &d->pci.region[bar];
	__u64 i, nvqs;
	int ret;

	ret = vm_pci_common_get(d, VIRTIO_PCI_COMMON_NUMQ, &nvqs);
	if (ret)
		return ret;
	for (i = 0; i < nvqs && i < VM_MAX_VQS; i++) {
		void *p = mmap(NULL, VM_PAGE, PROT_READ | PROT_WRITE, MAP_SHARED,
			       d->fd, r->offset + vm_pci_notify_at(d, i));

		if (p == MAP_FAILED)
			return -errno;
		d->pci.doorbell[i] = p;
	}
	return 0;
}

int vm_pci_open(struct vm_dev *d)
{
	int ret;

	memset(&d->pci, 0, sizeof(d->pci));
	ret = ask(d);
	if (!ret)
		ret = find_caps(d);
	if (!ret)
		ret = size_bars(d);
	if (ret)
		return ret;
	vm_pci_command(d, PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER, 0);
	return vm_way.pci == PCI_MMAP ? map_doorbells(d) : 0;
}

void vm_pci_close(struct vm_dev *d)
{
	unsigned int i;

	for (i = 0; i < VM_MAX_VQS; i++)
		if (d->pci.doorbell[i])
			munmap(d->pci.doorbell[i], VM_PAGE);
	memset(&d->pci, 0, sizeof(d->pci));
}
