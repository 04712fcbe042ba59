// SPDX-License-Identifier: GPL-2.0-only
/*
 * The calls of vhost_mdev.h, made of accesses to the registers of a function of
 * class VFIO, so that everything that drives an instance of class VHOST drives one
 * of this class, too.  A virtqueue's vector is its index plus 1, that of the
 * configuration space is 0.
 */
#include <errno.h>
#include <string.h>
#include <sys/mman.h>

#include "pci.h"

static int get_features(struct vm_dev *d, __u64 *f)
{
	__u64 low, high;
	int ret;

	ret = vm_pci_common_set(d, VIRTIO_PCI_COMMON_DFSELECT, 0);
	if (!ret)
		ret = vm_pci_common_get(d, VIRTIO_PCI_COMMON_DF, &low);
	if (!ret)
		ret = vm_pci_common_set(d, VIRTIO_PCI_COMMON_DFSELECT, 1);
	if (!ret)
		ret = vm_pci_common_get(d, VIRTIO_PCI_COMMON_DF, &high);
	if (!ret)
		*f = low | high << 32;
	return ret;
}

static int set_features(struct vm_dev *d, __u64 f)
{
	int ret;

	ret = vm_pci_common_set(d, VIRTIO_PCI_COMMON_GFSELECT, 0);
	if (!ret)
		ret = vm_pci_common_set(d, VIRTIO_PCI_COMMON_GF, (__u32)f);
	if (!ret)
		ret = vm_pci_common_set(d, VIRTIO_PCI_COMMON_GFSELECT, 1);
	if (!ret)
		ret = vm_pci_common_set(d, VIRTIO_PCI_COMMON_GF, f >> 32);
	return ret;
}

static int config(struct vm_dev *d, struct vhost_mdev_config *c, bool set)
{
	struct vm_pci_cap *dev = &d->pci.cap[VIRTIO_PCI_CAP_DEVICE_CFG];
	ssize_t n;

	if (!dev->at || c->off + c->len > dev->length)
		return -EINVAL;
	n = set ? vm_pci_write(d, dev->bar, dev->offset + c->off, c->buf, c->len) :
		  vm_pci_read(d, dev->bar, dev->offset + c->off, c->buf, c->len);
	return n < 0 ? n : 0;
}

/* Select a virtqueue, which has to be there, and write a register. */
static int queue_set(struct vm_dev *d, __u32 q, unsigned int reg, __u64 val)
{
	int ret = vm_pci_common_set(d, VIRTIO_PCI_COMMON_Q_SELECT, q);

	return ret ? ret : vm_pci_common_set(d, reg, val);
}

static int queue_addr(struct vm_dev *d, const struct vhost_mdev_vring_addr *a)
{
	int ret;

	ret = queue_set(d, a->index, VIRTIO_PCI_COMMON_Q_DESCLO,
			a->desc_user_addr);
	if (!ret)
		ret = vm_pci_common_set(d, VIRTIO_PCI_COMMON_Q_AVAILLO,
					a->avail_user_addr);
	if (!ret)
		ret = vm_pci_common_set(d, VIRTIO_PCI_COMMON_Q_USEDLO,
					a->used_user_addr);
	return ret;
}

static int queue_kick(struct vm_dev *d, const struct vhost_mdev_vring_file *f)
{
	int ret;

	if (vm_way.pci != PCI_IOEVENTFD)
		return 0;
	if (d->pci.kicked & BIT64(f->index)) {
		ret = vm_pci_ioeventfd(d, f->index, -1);
		if (ret)
			return ret;
		d->pci.kicked &= ~BIT64(f->index);
	}
	if (f->fd < 0)
		return 0;
	ret = vm_pci_ioeventfd(d, f->index, f->fd);
	if (!ret)
		d->pci.kicked |= BIT64(f->index);
	return ret;
}

/* Have what a vector register gets signal an eventfd. */
static int vector(struct vm_dev *d, unsigned int reg, __u16 vector, int fd)
{
	__u64 val;
	int ret;

	ret = vm_pci_common_set(d, reg, vector);
	if (!ret)
		ret = vm_pci_common_get(d, reg, &val);
	if (!ret && val != vector)
		ret = -EBUSY;
	return ret ? ret : vm_pci_vector(d, vector, fd);
}

static int queue_call(struct vm_dev *d, const struct vhost_mdev_vring_file *f)
{
	int ret;

	ret = vm_pci_common_set(d, VIRTIO_PCI_COMMON_Q_SELECT, f->index);
	return ret ? ret : vector(d, VIRTIO_PCI_COMMON_Q_MSIX, f->index + 1,
				  f->fd);
}

static int queue_enable(struct vm_dev *d, __u32 q, bool on)
{
	__u64 val;
	int ret;

	/* There is no way to stop one except a reset. */
	if (!on)
		return -EOPNOTSUPP;
	ret = queue_set(d, q, VIRTIO_PCI_COMMON_Q_ENABLE, 1);
	if (!ret)
		ret = vm_pci_common_get(d, VIRTIO_PCI_COMMON_Q_ENABLE, &val);
	if (ret)
		return ret;
	return val ? 0 : -EINVAL;
}

/* A reset forgets the vector of the configuration; of class VHOST it stays. */
static int set_status(struct vm_dev *d, __u8 status)
{
	int ret = vm_pci_common_set(d, VIRTIO_PCI_COMMON_STATUS, status);

	if (!ret && !status && d->pci.config_call)
		ret = vm_pci_common_set(d, VIRTIO_PCI_COMMON_MSIX, 0);
	return ret;
}

static int get_number(struct vm_dev *d, unsigned int reg, __u32 *to)
{
	__u64 val;
	int ret = vm_pci_common_get(d, reg, &val);

	if (!ret)
		*to = val;
	return ret;
}

int vm_pci_call(struct vm_dev *d, unsigned long req, void *arg)
{
	struct vhost_mdev_vring_state *state = arg;
	__u64 val;
	int ret;

	switch (req) {
	case VHOST_MDEV_GET_FEATURES:
		return get_features(d, arg);
	case VHOST_MDEV_SET_FEATURES:
		return set_features(d, *(__u64 *)arg);
	case VHOST_MDEV_GET_BACKEND_FEATURES:
		*(__u64 *)arg = 0;
		return 0;
	case VHOST_MDEV_SET_BACKEND_FEATURES:
		return 0;
	case VHOST_MDEV_GET_STATUS:
		ret = vm_pci_common_get(d, VIRTIO_PCI_COMMON_STATUS, &val);
		*(__u8 *)arg = val;
		return ret;
	case VHOST_MDEV_SET_STATUS:
		return set_status(d, *(__u8 *)arg);
	case VHOST_MDEV_GET_CONFIG:
		return config(d, arg, false);
	case VHOST_MDEV_SET_CONFIG:
		return config(d, arg, true);
	case VHOST_MDEV_GET_CONFIG_SIZE:
		*(__u32 *)arg = d->pci.cap[VIRTIO_PCI_CAP_DEVICE_CFG].length;
		return 0;
	case VHOST_MDEV_GET_DEVICE_ID:
		*(__u32 *)arg = vm_pci_config_get(d, PCI_DEVICE_ID, 2) - 0x1040;
		return 0;
	case VHOST_MDEV_GET_VQS_COUNT:
		return get_number(d, VIRTIO_PCI_COMMON_NUMQ, arg);
	case VHOST_MDEV_SET_VRING_NUM:
		return queue_set(d, state->index, VIRTIO_PCI_COMMON_Q_SIZE,
				 state->num);
	case VHOST_MDEV_SET_VRING_BASE:
		/* Where rings begin; there is no other place. */
		return state->num && state->num != (VM_WRAP | (__u32)VM_WRAP << 16) ?
		       -EOPNOTSUPP : 0;
	case VHOST_MDEV_SET_VRING_ADDR:
		return queue_addr(d, arg);
	case VHOST_MDEV_SET_VRING_KICK:
		return queue_kick(d, arg);
	case VHOST_MDEV_SET_VRING_CALL:
		return queue_call(d, arg);
	case VHOST_MDEV_SET_VRING_ERR:
		/* NEEDS_RESET tells it of the whole device. */
		return 0;
	case VHOST_MDEV_SET_VRING_ENABLE:
		return queue_enable(d, state->index, state->num);
	case VHOST_MDEV_SET_CONFIG_CALL:
		d->pci.config_call = *(int *)arg >= 0;
		return vector(d, VIRTIO_PCI_COMMON_MSIX, 0, *(int *)arg);
	default:
		return -ENOTTY;
	}
}
