// SPDX-License-Identifier: GPL-2.0-only
/*
 * Containers, groups, the device fd, and memory that the device may reach.  A
 * char device takes the place of all of them; an address space of iommufd and a
 * node of each device that of containers and groups.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/vfio.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "client.h"
#include "pci.h"

/* Is there no group to be had? */
static bool no_group(void)
{
	return vm_way.chardev || vm_way.cdev;
}

int vm_container_open(struct vm_container *c)
{
	int ret;

	memset(c, 0, sizeof(*c));
	if (vm_way.chardev) {
		c->fd = VM_NO_FD;
		return 0;
	}
	c->fd = open(vm_way.iommufd ? "/dev/iommu" : "/dev/vfio/vfio",
		     O_RDWR | O_CLOEXEC);
	if (c->fd < 0)
		return -errno;
	if (vm_way.cdev) {
		ret = vm_ioas_new(c->fd, &c->ioas);
		if (ret)
			close(c->fd);
		return ret;
	}
	if (ioctl(c->fd, VFIO_GET_API_VERSION) != VFIO_API_VERSION ||
	    ioctl(c->fd, VFIO_CHECK_EXTENSION, VFIO_TYPE1v2_IOMMU) != 1) {
		close(c->fd);
		return -ENODEV;
	}
	/* The first mapping lies at IOVA 0, which is as good as any other. */
	return 0;
}

void vm_container_close(struct vm_container *c)
{
	if (!vm_way.chardev)
		close(c->fd);
	c->fd = VM_NO_FD;
}

/* Of an instance, behind an IOMMU that of its function; or of a PCI function */
int vm_group_of(const char *name)
{
	static const char * const where[] = {
		"/sys/bus/mdev_class/devices/%s/dma_device/iommu_group",
		"/sys/bus/mdev/devices/%s/iommu_group",
		"/sys/bus/pci/devices/%s/iommu_group",
	};
	char path[256], link[256], *p;
	unsigned int i;
	ssize_t n;

	for (i = 0; i < ARRAY_SIZE(where); i++) {
		snprintf(path, sizeof(path), where[i], name);
		n = readlink(path, link, sizeof(link) - 1);
		if (n < 0)
			continue;
		link[n] = 0;
		p = strrchr(link, '/');
		return p ? atoi(p + 1) : -EINVAL;
	}
	return -errno;
}

int vm_group_attach(struct vm_container *c, struct vm_dev *d, const char *uuid)
{
	struct vfio_group_status st = { .argsz = sizeof(st) };
	char path[64];
	int ret;

	memset(d, 0, sizeof(*d));
	d->c = c;
	d->fd = VM_NO_FD;
	d->group = VM_NO_FD;
	d->config_call = VM_NO_FD;
	snprintf(d->uuid, sizeof(d->uuid), "%s", uuid);
	if (no_group())
		return 0;
	d->group_nr = vm_group_of(uuid);
	if (d->group_nr < 0)
		return d->group_nr;
	snprintf(path, sizeof(path), "/dev/vfio/%d", d->group_nr);
	d->group = open(path, O_RDWR | O_CLOEXEC);
	if (d->group < 0)
		return -errno;
	if (ioctl(d->group, VFIO_GROUP_GET_STATUS, &st)) {
		ret = -errno;
		goto err;
	}
	if (!(st.flags & VFIO_GROUP_FLAGS_VIABLE)) {
		ret = -EPERM;
		goto err;
	}
	if (ioctl(d->group, VFIO_GROUP_SET_CONTAINER, &c->fd)) {
		ret = -errno;
		goto err;
	}
	if (!c->has_iommu) {
		if (ioctl(c->fd, VFIO_SET_IOMMU, VFIO_TYPE1v2_IOMMU)) {
			ret = -errno;
			goto err;
		}
		c->has_iommu = true;
	}
	return 0;
err:
	close(d->group);
	d->group = VM_NO_FD;
	return ret;
}

int vm_device_get(struct vm_dev *d)
{
	int fd, ret;

	if (vm_way.chardev) {
		fd = vm_chardev_open(d->uuid);
		if (fd < 0)
			return fd;
		d->c->fd = fd;
	} else if (vm_way.cdev) {
		fd = vm_cdev_open(d->c, d->uuid);
		if (fd < 0)
			return fd;
	} else {
		fd = ioctl(d->group, VFIO_GROUP_GET_DEVICE_FD, d->uuid);
		if (fd < 0)
			return -errno;
	}
	d->fd = fd;
	ret = vm_way.pci ? vm_pci_open(d) : 0;
	if (!ret)
		ret = vm_get_u32(d, VHOST_MDEV_GET_VQS_COUNT);
	if (ret < 0) {
		vm_device_put(d);
		return ret;
	}
	d->nvqs = ret;
	return 0;
}

int vm_taken_errno(void)
{
	return vm_way.cdev && !vm_way.chardev ? EINVAL : EBUSY;
}

int vm_dev_open(struct vm_container *c, struct vm_dev *d, const char *uuid)
{
	int ret = vm_group_attach(c, d, uuid);

	if (ret)
		return ret;
	ret = vm_device_get(d);
	if (ret && d->group >= 0) {
		close(d->group);
		d->group = VM_NO_FD;
	}
	return ret;
}

void vm_device_put(struct vm_dev *d)
{
	if (vm_way.pci)
		vm_pci_close(d);
	close(d->fd);
	d->fd = VM_NO_FD;
	if (vm_way.chardev)
		d->c->fd = VM_NO_FD;
	if (d->config_call >= 0)
		close(d->config_call);
	d->config_call = VM_NO_FD;
}

void vm_dev_close(struct vm_dev *d)
{
	if (d->fd >= 0)
		vm_device_put(d);
	if (d->group >= 0)
		close(d->group);
	d->group = VM_NO_FD;
}

int vm_dma_map(struct vm_container *c, void *va, __u64 iova, size_t size,
	       bool writable)
{
	struct vfio_iommu_type1_dma_map m = {
		.argsz = sizeof(m),
		.flags = VFIO_DMA_MAP_FLAG_READ |
			 (writable ? VFIO_DMA_MAP_FLAG_WRITE : 0),
		.vaddr = (unsigned long)va,
		.iova = iova,
		.size = size,
	};

	if (vm_way.chardev)
		return vm_chardev_map(c->fd, va, iova, size, writable);
	if (vm_way.cdev)
		return vm_ioas_map(c, va, iova, size, true, writable);
	return ioctl(c->fd, VFIO_IOMMU_MAP_DMA, &m) ? -errno : 0;
}

int vm_dma_unmap(struct vm_container *c, __u64 iova, size_t size)
{
	struct vfio_iommu_type1_dma_unmap u = {
		.argsz = sizeof(u),
		.iova = iova,
		.size = size,
	};

	if (vm_way.chardev)
		return vm_chardev_unmap(c->fd, iova, size);
	if (vm_way.cdev)
		return vm_ioas_unmap(c, iova, size);
	if (ioctl(c->fd, VFIO_IOMMU_UNMAP_DMA, &u))
		return -errno;
	return u.size == size ? 0 : -ERANGE;
}

int vm_dma_unmap_all(struct vm_container *c)
{
	struct vfio_iommu_type1_dma_unmap u = {
		.argsz = sizeof(u),
		.flags = VFIO_DMA_UNMAP_FLAG_ALL,
	};

	if (vm_way.chardev)
		return vm_chardev_unmap(c->fd, 0, ~0ULL);
	if (vm_way.cdev)
		return vm_ioas_unmap(c, 0, ~0ULL);
	return vm_ioctl(c->fd, VFIO_IOMMU_UNMAP_DMA, &u);
}

int vm_mem_new(struct vm_container *c, struct vm_mem *m, size_t size)
{
	int ret;

	memset(m, 0, sizeof(*m));
	m->c = c;
	m->size = (size + VM_PAGE - 1) & ~(VM_PAGE - 1);
	m->va = mmap(NULL, m->size, PROT_READ | PROT_WRITE,
		     MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
	if (m->va == MAP_FAILED)
		return -errno;
	m->iova = c->next_iova;
	/* A hole after each mapping catches who runs over its end. */
	c->next_iova += m->size + VM_PAGE;
	ret = vm_mem_map(m);
	if (ret)
		munmap(m->va, m->size);
	return ret;
}

int vm_mem_map(struct vm_mem *m)
{
	int ret = vm_dma_map(m->c, m->va, m->iova, m->size, true);

	if (!ret)
		m->mapped = true;
	return ret;
}

int vm_mem_unmap(struct vm_mem *m)
{
	int ret = vm_dma_unmap(m->c, m->iova, m->size);

	if (!ret)
		m->mapped = false;
	return ret;
}

int vm_mem_move(struct vm_mem *m)
{
	m->iova = m->c->next_iova;
	m->c->next_iova += m->size + VM_PAGE;
	return vm_mem_map(m);
}

void vm_mem_free(struct vm_mem *m)
{
	if (!m->va)
		return;
	if (m->mapped)
		must(vm_mem_unmap(m));
	munmap(m->va, m->size);
	m->va = NULL;
}

void *vm_alloc(struct vm_mem *m, size_t size, size_t align)
{
	size_t at = (m->used + align - 1) & ~(align - 1);

	if (at + size > m->size)
		die("%zu bytes do not fit: %zu of %zu used", size, at, m->size);
	m->used = at + size;
	return m->va + at;
}

__u64 vm_iova(const struct vm_mem *m, const void *va)
{
	return m->iova + ((const __u8 *)va - m->va);
}

int vm_set_irq_eventfd(struct vm_dev *d, unsigned int index, int fd)
{
	union {
		struct vfio_irq_set set;
		__u8 room[sizeof(struct vfio_irq_set) + sizeof(__s32)];
	} u = {
		.set = {
			.argsz = sizeof(u),
			.flags = VFIO_IRQ_SET_DATA_EVENTFD |
				 VFIO_IRQ_SET_ACTION_TRIGGER,
			.index = index,
			.start = 0,
			.count = 1,
		},
	};
	__s32 v = fd;

	memcpy(u.set.data, &v, sizeof(v));
	return ioctl(d->fd, VFIO_DEVICE_SET_IRQS, &u.set) ? -errno : 0;
}

unsigned int vm_request_irq(void)
{
	return vm_way.pci ? VFIO_PCI_REQ_IRQ_INDEX : VHOST_MDEV_IRQ_REQUEST;
}
