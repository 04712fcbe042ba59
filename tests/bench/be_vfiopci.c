// SPDX-License-Identifier: GPL-2.0-only
/*
 * ringbench back end: the PCI function of an instance of class VFIO, -d UUID.
 *
 * It is driven as a VMM and the virtio-pci driver of its guest do it together: each
 * access of that driver to a register is one read or write of the device fd, and
 * interrupts are eventfds of MSI-X vectors.
 */
#include <errno.h>
#include <linux/pci_regs.h>
#include <linux/vfio.h>
#include <linux/virtio_pci.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "ringbench.h"
#include "rb_vfio.h"

/* vector 0 is for changes of the configuration space */
#define VECTOR(q)	((q) + 1)
#define MAX_VECTORS	VECTOR(RB_MAX_VQS)

/* Where things are in the device fd */
struct function {
	struct rb_vfio vfio;
	off_t config;		/* PCI's configuration space */
	off_t common, device, notify;
	uint32_t notify_step;
};

static int region(struct rb_dev *d, unsigned int index, off_t *offset)
{
	struct vfio_region_info info = {
		.argsz = sizeof(info),
		.index = index,
	};

	if (ioctl(d->fd, VFIO_DEVICE_GET_REGION_INFO, &info))
		return -1;
	*offset = info.offset;
	return 0;
}

/* ---- registers of the common configuration structure ---- */

static int reg_read(struct rb_dev *d, unsigned int reg, void *val, size_t size)
{
	struct function *f = d->priv;

	return pread(d->fd, val, size, f->common + reg) == (ssize_t)size ? 0 : -1;
}

static int reg_write(struct rb_dev *d, unsigned int reg, uint64_t val,
		     size_t size)
{
	struct function *f = d->priv;

	return pwrite(d->fd, &val, size, f->common + reg) == (ssize_t)size ?
	       0 : -1;
}

static int set_status(struct rb_dev *d, uint8_t status)
{
	return reg_write(d, VIRTIO_PCI_COMMON_STATUS, status, 1);
}

/* In two halves, as drivers do */
static int set_address(struct rb_dev *d, unsigned int reg, uint64_t addr)
{
	return reg_write(d, reg, addr & UINT32_MAX, 4) ||
	       reg_write(d, reg + 4, addr >> 32, 4) ? -1 : 0;
}

/* ---- the function ---- */

/*
 * Learn from a capability where a structure is.  Returns whether it is one of those
 * that are needed, or -1.
 */
static int read_cap(struct rb_dev *d, const uint8_t *cap)
{
	struct function *f = d->priv;
	uint8_t type = cap[VIRTIO_PCI_CAP_CFG_TYPE];
	uint32_t offset;
	off_t bar;

	if (type != VIRTIO_PCI_CAP_COMMON_CFG &&
	    type != VIRTIO_PCI_CAP_DEVICE_CFG &&
	    type != VIRTIO_PCI_CAP_NOTIFY_CFG)
		return 0;
	if (region(d, cap[VIRTIO_PCI_CAP_BAR], &bar))
		return -1;
	memcpy(&offset, cap + VIRTIO_PCI_CAP_OFFSET, sizeof(offset));
	switch (type) {
	case VIRTIO_PCI_CAP_COMMON_CFG:
		f->common = bar + offset;
		break;
	case VIRTIO_PCI_CAP_DEVICE_CFG:
		f->device = bar + offset;
		break;
	default:
		f->notify = bar + offset;
		memcpy(&f->notify_step, cap + VIRTIO_PCI_NOTIFY_CAP_MULT,
		       sizeof(f->notify_step));
		d->doorbells = f->notify;
	}
	return 1;
}

static int function_open(struct rb_dev *d)
{
	uint16_t command = PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER;
	uint8_t config[256], at;
	struct function *f;
	int ret, found = 0;

	if (rb_vfio_open(d, sizeof(*f)))
		return -1;
	f = d->priv;
	if (region(d, VFIO_PCI_CONFIG_REGION_INDEX, &f->config) ||
	    pread(d->fd, config, sizeof(config), f->config) != sizeof(config))
		return -1;
	for (at = config[PCI_CAPABILITY_LIST]; at;
	     at = config[at + PCI_CAP_LIST_NEXT]) {
		if (config[at + PCI_CAP_LIST_ID] != PCI_CAP_ID_VNDR)
			continue;
		ret = read_cap(d, config + at);
		if (ret < 0)
			return -1;
		found += ret;
	}
	if (found != 3) {
		errno = ENXIO;
		return -1;
	}
	return pwrite(d->fd, &command, sizeof(command),
		      f->config + PCI_COMMAND) == sizeof(command) ? 0 : -1;
}

static int function_negotiate(struct rb_dev *d, uint64_t want)
{
	uint8_t status = VIRTIO_CONFIG_S_ACKNOWLEDGE;
	uint32_t offered[2];
	unsigned int i;

	if (set_status(d, 0) || set_status(d, status))
		return -1;
	status |= VIRTIO_CONFIG_S_DRIVER;
	if (set_status(d, status))
		return -1;
	for (i = 0; i < 2; i++) {
		if (reg_write(d, VIRTIO_PCI_COMMON_DFSELECT, i, 4) ||
		    reg_read(d, VIRTIO_PCI_COMMON_DF, &offered[i], 4))
			return -1;
	}
	d->features = want & (offered[0] | (uint64_t)offered[1] << 32);
	for (i = 0; i < 2; i++) {
		if (reg_write(d, VIRTIO_PCI_COMMON_GFSELECT, i, 4) ||
		    reg_write(d, VIRTIO_PCI_COMMON_GF,
			      d->features >> 32 * i & UINT32_MAX, 4))
			return -1;
	}
	status |= VIRTIO_CONFIG_S_FEATURES_OK;
	if (set_status(d, status) ||
	    reg_read(d, VIRTIO_PCI_COMMON_STATUS, &status, 1))
		return -1;
	return status & VIRTIO_CONFIG_S_FEATURES_OK ? 0 : -1;
}

static int function_config(struct rb_dev *d, void *buf, size_t len)
{
	struct function *f = d->priv;

	return pread(d->fd, buf, len, f->device) == (ssize_t)len ? 0 : -1;
}

/* ---- virtqueues ---- */

/* Have an eventfd stand for a write to the notification region, as KVM uses it. */
static int set_ioeventfd(struct rb_dev *d, const struct rb_vq *v, off_t offset)
{
	struct vfio_device_ioeventfd set = {
		.argsz = sizeof(set),
		.flags = VFIO_DEVICE_IOEVENTFD_16,
		.offset = offset,
		.fd = v->kick,
	};

	return ioctl(d->fd, VFIO_DEVICE_IOEVENTFD, &set);
}

static int function_setup_vq(struct rb_dev *d, int q)
{
	struct function *f = d->priv;
	struct rb_vq *v = &d->vq[q];
	uint16_t index;
	off_t offset;

	if (reg_write(d, VIRTIO_PCI_COMMON_Q_SELECT, q, 2) ||
	    reg_write(d, VIRTIO_PCI_COMMON_Q_SIZE, v->num, 2) ||
	    set_address(d, VIRTIO_PCI_COMMON_Q_DESCLO, v->desc) ||
	    set_address(d, VIRTIO_PCI_COMMON_Q_AVAILLO, v->avail) ||
	    set_address(d, VIRTIO_PCI_COMMON_Q_USEDLO, v->used) ||
	    reg_write(d, VIRTIO_PCI_COMMON_Q_MSIX, VECTOR(q), 2) ||
	    reg_write(d, VIRTIO_PCI_COMMON_Q_ENABLE, 1, 2) ||
	    reg_read(d, VIRTIO_PCI_COMMON_Q_NOFF, &index, 2))
		return -1;
	offset = f->notify + (off_t)index * f->notify_step;
	if (opt.ioeventfd)
		return set_ioeventfd(d, v, offset);
	v->region = d->fd;
	v->notify = offset;
	return 0;
}

static int set_vectors(struct rb_dev *d)
{
	struct {
		struct vfio_irq_set set;
		int32_t fds[MAX_VECTORS];
	} irqs = {
		.set = {
			.argsz = sizeof(irqs),
			.flags = VFIO_IRQ_SET_DATA_EVENTFD |
				 VFIO_IRQ_SET_ACTION_TRIGGER,
			.index = VFIO_PCI_MSIX_IRQ_INDEX,
			.count = VECTOR(d->nr_vqs),
		},
		.fds[0] = -1,
	};
	unsigned int q;

	for (q = 0; q < d->nr_vqs; q++)
		irqs.fds[VECTOR(q)] = d->vq[q].call;
	return ioctl(d->fd, VFIO_DEVICE_SET_IRQS, &irqs);
}

static int function_start(struct rb_dev *d)
{
	if (set_vectors(d))
		return -1;
	return set_status(d, VIRTIO_CONFIG_S_ACKNOWLEDGE |
			     VIRTIO_CONFIG_S_DRIVER |
			     VIRTIO_CONFIG_S_FEATURES_OK |
			     VIRTIO_CONFIG_S_DRIVER_OK);
}

const struct rb_backend be_vfiopci = {
	.name = "vfiopci",
	.help = "an instance of class VFIO, -d UUID",
	.open = function_open,
	.negotiate = function_negotiate,
	.config = function_config,
	.map = rb_vfio_map,
	.unmap = rb_vfio_unmap,
	.setup_vq = function_setup_vq,
	.start = function_start,
	.close = rb_vfio_close,
};
