// SPDX-License-Identifier: GPL-2.0-only
/*
 * The PCI configuration space: what the function is, its BARs and capabilities.
 */

#include <linux/nospec.h>
#include <linux/pci.h>
#include <linux/string.h>
#include <linux/unaligned.h>
#include <linux/virtio_ids.h>
#include <linux/virtio_mdev.h>
#include <linux/virtio_pci.h>

#include "bar.h"
#include "common_cfg.h"
#include "pci_config.h"
#include "vector.h"
#include "vfio_mdev.h"
#include "window.h"

/* Virtio 1.2, section 4.1.2: the device id is this and the virtio device type. */
#define VFIO_MDEV_PCI_DEVICE	0x1040
#define VFIO_MDEV_PCI_REVISION	1

/* Where the capabilities are, in the order in which they are found */
#define VFIO_MDEV_CAP_PM	0x40
#define VFIO_MDEV_CAP_EXP	0x48
#define VFIO_MDEV_CAP_MSIX	0x84
#define VFIO_MDEV_CAP_COMMON	0x90
#define VFIO_MDEV_CAP_ISR	0xa0
#define VFIO_MDEV_CAP_DEVICE	0xb0
#define VFIO_MDEV_CAP_NOTIFY	0xc0

/* ---- set-up ---- */

static void vfio_mdev_put8(struct vfio_mdev *fn, unsigned int at, u8 val,
			   u8 writable)
{
	fn->pci.bytes[at] = val;
	fn->pci.writable[at] = writable;
}

static void vfio_mdev_put16(struct vfio_mdev *fn, unsigned int at, u16 val,
			    u16 writable)
{
	put_unaligned_le16(val, fn->pci.bytes + at);
	put_unaligned_le16(writable, fn->pci.writable + at);
}

static void vfio_mdev_put32(struct vfio_mdev *fn, unsigned int at, u32 val,
			    u32 writable)
{
	put_unaligned_le32(val, fn->pci.bytes + at);
	put_unaligned_le32(writable, fn->pci.writable + at);
}

/* The class code by which guests choose an icon or a boot device; as QEMU has it */
static u16 vfio_mdev_pci_class(u32 device_id)
{
	switch (device_id) {
	case VIRTIO_ID_NET:
		return PCI_CLASS_NETWORK_ETHERNET;
	case VIRTIO_ID_BLOCK:
	case VIRTIO_ID_SCSI:
		return PCI_CLASS_STORAGE_SCSI;
	case VIRTIO_ID_CONSOLE:
		return PCI_CLASS_COMMUNICATION_OTHER;
	default:
		/* QEMU has this base class as the subclass of base class 0. */
		return PCI_CLASS_OTHERS;
	}
}

static void vfio_mdev_put_header(struct vfio_mdev *fn)
{
	struct mdev_class_device *cdev = vfio_mdev_cdev(fn);
	u16 id = VFIO_MDEV_PCI_DEVICE + cdev->ops->get_device_id(cdev);
	unsigned int i;

	vfio_mdev_put16(fn, PCI_VENDOR_ID, PCI_VENDOR_ID_REDHAT_QUMRANET, 0);
	vfio_mdev_put16(fn, PCI_DEVICE_ID, id, 0);
	vfio_mdev_put16(fn, PCI_COMMAND, 0,
			PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER |
			PCI_COMMAND_PARITY | PCI_COMMAND_SERR |
			PCI_COMMAND_INTX_DISABLE);
	vfio_mdev_put16(fn, PCI_STATUS, PCI_STATUS_CAP_LIST, 0);
	vfio_mdev_put8(fn, PCI_REVISION_ID, VFIO_MDEV_PCI_REVISION, 0);
	vfio_mdev_put16(fn, PCI_CLASS_DEVICE,
			vfio_mdev_pci_class(cdev->ops->get_device_id(cdev)), 0);
	vfio_mdev_put8(fn, PCI_CACHE_LINE_SIZE, 0, 0xff);
	vfio_mdev_put8(fn, PCI_INTERRUPT_LINE, 0, 0xff);
	vfio_mdev_put16(fn, PCI_SUBSYSTEM_VENDOR_ID,
			cdev->ops->get_vendor_id(cdev), 0);
	vfio_mdev_put16(fn, PCI_SUBSYSTEM_ID, id, 0);
	vfio_mdev_put8(fn, PCI_CAPABILITY_LIST, VFIO_MDEV_CAP_PM, 0);

	/* A driver finds the size of a BAR by the bits that it cannot set. */
	for (i = 0; i < VFIO_MDEV_NR_BARS; i++) {
		const struct vfio_mdev_bar *bar = &fn->bars[i];
		unsigned int at = PCI_BASE_ADDRESS_0 + i * sizeof(u32);

		vfio_mdev_put32(fn, at, bar->flags,
				lower_32_bits(~(bar->size - 1)));
		if (bar->flags & PCI_BASE_ADDRESS_MEM_TYPE_64)
			vfio_mdev_put32(fn, at + sizeof(u32), 0,
					upper_32_bits(~(bar->size - 1)));
	}
}

static void vfio_mdev_put_pm(struct vfio_mdev *fn)
{
	const struct virtio_mdev_ops *ops = vfio_mdev_cdev(fn)->ops;

	vfio_mdev_put8(fn, VFIO_MDEV_CAP_PM, PCI_CAP_ID_PM, 0);
	vfio_mdev_put8(fn, VFIO_MDEV_CAP_PM + PCI_CAP_LIST_NEXT,
		       VFIO_MDEV_CAP_EXP, 0);
	/*
	 * Version 3 of the capability: D0 and D3hot, and no wake-up.  A device that
	 * cannot be suspended has lost its state when it is back in D0.
	 */
	vfio_mdev_put16(fn, VFIO_MDEV_CAP_PM + PCI_PM_PMC, 3, 0);
	vfio_mdev_put16(fn, VFIO_MDEV_CAP_PM + PCI_PM_CTRL,
			ops->suspend ? PCI_PM_CTRL_NO_SOFT_RESET : 0,
			PCI_PM_CTRL_STATE_MASK);
}

static void vfio_mdev_put_exp(struct vfio_mdev *fn)
{
	const u16 link = PCI_EXP_LNKSTA_CLS_2_5GB | PCI_EXP_LNKSTA_NLW_X1;

	vfio_mdev_put8(fn, VFIO_MDEV_CAP_EXP, PCI_CAP_ID_EXP, 0);
	vfio_mdev_put8(fn, VFIO_MDEV_CAP_EXP + PCI_CAP_LIST_NEXT,
		       VFIO_MDEV_CAP_MSIX, 0);
	vfio_mdev_put16(fn, VFIO_MDEV_CAP_EXP + PCI_EXP_FLAGS,
			2 | PCI_EXP_TYPE_ENDPOINT << 4, 0);
	vfio_mdev_put32(fn, VFIO_MDEV_CAP_EXP + PCI_EXP_DEVCAP,
			PCI_EXP_DEVCAP_RBER | PCI_EXP_DEVCAP_FLR, 0);
	vfio_mdev_put16(fn, VFIO_MDEV_CAP_EXP + PCI_EXP_DEVCTL,
			PCI_EXP_DEVCTL_RELAX_EN | PCI_EXP_DEVCTL_NOSNOOP_EN |
			PCI_EXP_DEVCTL_READRQ_512B,
			PCI_EXP_DEVCTL_CERE | PCI_EXP_DEVCTL_NFERE |
			PCI_EXP_DEVCTL_FERE | PCI_EXP_DEVCTL_URRE |
			PCI_EXP_DEVCTL_RELAX_EN | PCI_EXP_DEVCTL_PAYLOAD |
			PCI_EXP_DEVCTL_NOSNOOP_EN | PCI_EXP_DEVCTL_READRQ);
	vfio_mdev_put32(fn, VFIO_MDEV_CAP_EXP + PCI_EXP_LNKCAP,
			PCI_EXP_LNKCAP_SLS_2_5GB | 1 << 4, 0);
	vfio_mdev_put16(fn, VFIO_MDEV_CAP_EXP + PCI_EXP_LNKCTL, 0,
			PCI_EXP_LNKCTL_RCB | PCI_EXP_LNKCTL_CCC);
	vfio_mdev_put16(fn, VFIO_MDEV_CAP_EXP + PCI_EXP_LNKSTA, link, 0);
}

static void vfio_mdev_put_msix(struct vfio_mdev *fn)
{
	vfio_mdev_put8(fn, VFIO_MDEV_CAP_MSIX, PCI_CAP_ID_MSIX, 0);
	vfio_mdev_put8(fn, VFIO_MDEV_CAP_MSIX + PCI_CAP_LIST_NEXT,
		       VFIO_MDEV_CAP_COMMON, 0);
	/* To enable it is for the driver; VFIO_DEVICE_SET_IRQS sets the vectors. */
	vfio_mdev_put16(fn, VFIO_MDEV_CAP_MSIX + PCI_MSIX_FLAGS,
			fn->nr_vectors - 1,
			PCI_MSIX_FLAGS_ENABLE | PCI_MSIX_FLAGS_MASKALL);
	vfio_mdev_put32(fn, VFIO_MDEV_CAP_MSIX + PCI_MSIX_TABLE,
			VFIO_MDEV_BAR_MSIX, 0);
	vfio_mdev_put32(fn, VFIO_MDEV_CAP_MSIX + PCI_MSIX_PBA,
			VFIO_MDEV_BAR_MSIX | vfio_mdev_pba_offset(fn), 0);
}

static void vfio_mdev_put_virtio(struct vfio_mdev *fn, unsigned int at,
				 unsigned int next, u8 type, u8 size, u8 bar,
				 u32 offset, u32 length)
{
	vfio_mdev_put8(fn, at + VIRTIO_PCI_CAP_VNDR, PCI_CAP_ID_VNDR, 0);
	vfio_mdev_put8(fn, at + VIRTIO_PCI_CAP_NEXT, next, 0);
	vfio_mdev_put8(fn, at + VIRTIO_PCI_CAP_LEN, size, 0);
	vfio_mdev_put8(fn, at + VIRTIO_PCI_CAP_CFG_TYPE, type, 0);
	vfio_mdev_put8(fn, at + VIRTIO_PCI_CAP_BAR, bar, 0);
	vfio_mdev_put32(fn, at + VIRTIO_PCI_CAP_OFFSET, offset, 0);
	vfio_mdev_put32(fn, at + VIRTIO_PCI_CAP_LENGTH, length, 0);
}

/* Virtio 1.2, section 4.1.4 */
static void vfio_mdev_put_structures(struct vfio_mdev *fn)
{
	const u64 notify = (u64)fn->nvqs * VFIO_MDEV_NOTIFY_STEP;

	vfio_mdev_put_virtio(fn, VFIO_MDEV_CAP_COMMON, VFIO_MDEV_CAP_ISR,
			     VIRTIO_PCI_CAP_COMMON_CFG,
			     sizeof(struct virtio_pci_cap),
			     VFIO_MDEV_BAR_REGISTERS, VFIO_MDEV_COMMON_OFFSET,
			     VFIO_MDEV_COMMON_SIZE);
	vfio_mdev_put_virtio(fn, VFIO_MDEV_CAP_ISR,
			     fn->config_size ? VFIO_MDEV_CAP_DEVICE :
					       VFIO_MDEV_CAP_NOTIFY,
			     VIRTIO_PCI_CAP_ISR_CFG,
			     sizeof(struct virtio_pci_cap),
			     VFIO_MDEV_BAR_REGISTERS, VFIO_MDEV_ISR_OFFSET, 1);
	if (fn->config_size)
		vfio_mdev_put_virtio(fn, VFIO_MDEV_CAP_DEVICE,
				     VFIO_MDEV_CAP_NOTIFY,
				     VIRTIO_PCI_CAP_DEVICE_CFG,
				     sizeof(struct virtio_pci_cap),
				     VFIO_MDEV_BAR_REGISTERS,
				     VFIO_MDEV_DEVICE_OFFSET, fn->config_size);
	vfio_mdev_put_virtio(fn, VFIO_MDEV_CAP_NOTIFY, VFIO_MDEV_CAP_PCI,
			     VIRTIO_PCI_CAP_NOTIFY_CFG,
			     sizeof(struct virtio_pci_notify_cap),
			     VFIO_MDEV_BAR_NOTIFY, 0, min_t(u64, notify, U32_MAX));
	vfio_mdev_put32(fn, VFIO_MDEV_CAP_NOTIFY + VIRTIO_PCI_NOTIFY_CAP_MULT,
			VFIO_MDEV_NOTIFY_STEP, 0);

	vfio_mdev_put_virtio(fn, VFIO_MDEV_CAP_PCI, 0, VIRTIO_PCI_CAP_PCI_CFG,
			     sizeof(struct virtio_pci_cfg_cap), 0, 0, 0);
	vfio_mdev_put8(fn, VFIO_MDEV_WINDOW_BAR, 0, 0xff);
	vfio_mdev_put32(fn, VFIO_MDEV_WINDOW_OFFSET, 0, U32_MAX);
	vfio_mdev_put32(fn, VFIO_MDEV_WINDOW_LENGTH, 0, U32_MAX);
}

/**
 * vfio_mdev_pci_config_init() - the configuration space as it is after a reset
 * @fn: the device, with its BARs and everything set that is constant; its lock held
 */
void vfio_mdev_pci_config_init(struct vfio_mdev *fn)
{
	lockdep_assert_held(&fn->session.lock);
	memset(&fn->pci, 0, sizeof(fn->pci));
	vfio_mdev_put_header(fn);
	vfio_mdev_put_pm(fn);
	vfio_mdev_put_exp(fn);
	vfio_mdev_put_msix(fn);
	vfio_mdev_put_structures(fn);
}

/* ---- what the function may do ---- */

/* The byte of a register that has the power state */
#define VFIO_MDEV_POWER		(VFIO_MDEV_CAP_PM + PCI_PM_CTRL)

static bool vfio_mdev_powered(const struct vfio_mdev *fn)
{
	return !(fn->pci.bytes[VFIO_MDEV_POWER] & PCI_PM_CTRL_STATE_MASK);
}

/* D1 and D2 do not exist: the function stays in the state that it was in. */
static void vfio_mdev_fix_power(struct vfio_mdev *fn, u8 old)
{
	u8 *power = &fn->pci.bytes[VFIO_MDEV_POWER];
	u8 state = *power & PCI_PM_CTRL_STATE_MASK;

	if (state == (__force u8)PCI_D1 || state == (__force u8)PCI_D2)
		*power = old;
}

/**
 * vfio_mdev_memory_enabled() - whether the function answers accesses to its BARs
 * @fn: the device, its lock held
 *
 * Return: true if it does.
 */
bool vfio_mdev_memory_enabled(const struct vfio_mdev *fn)
{
	lockdep_assert_held(&fn->session.lock);
	return vfio_mdev_powered(fn) &&
	       get_unaligned_le16(fn->pci.bytes + PCI_COMMAND) &
	       PCI_COMMAND_MEMORY;
}

/**
 * vfio_mdev_bus_master() - whether the function may reach memory and interrupt
 * @fn: the device, its lock held
 *
 * Return: true if it may.
 */
bool vfio_mdev_bus_master(const struct vfio_mdev *fn)
{
	lockdep_assert_held(&fn->session.lock);
	return vfio_mdev_powered(fn) &&
	       get_unaligned_le16(fn->pci.bytes + PCI_COMMAND) &
	       PCI_COMMAND_MASTER;
}

/**
 * vfio_mdev_msix_enabled() - whether the driver has enabled MSI-X
 * @fn: the device, its lock held
 *
 * Return: true if it has.
 */
bool vfio_mdev_msix_enabled(const struct vfio_mdev *fn)
{
	lockdep_assert_held(&fn->session.lock);
	return get_unaligned_le16(fn->pci.bytes + VFIO_MDEV_CAP_MSIX +
				  PCI_MSIX_FLAGS) & PCI_MSIX_FLAGS_ENABLE;
}

/* ---- access ---- */

/**
 * vfio_mdev_pci_config_read() - read from the configuration space
 * @fn: the device, its lock held
 * @offset: where; the range is within %PCI_CFG_SPACE_EXP_SIZE
 * @buf: for what is read
 * @len: how many bytes
 */
void vfio_mdev_pci_config_read(struct vfio_mdev *fn, u64 offset, u8 *buf,
			       unsigned int len)
{
	unsigned int n;

	lockdep_assert_held(&fn->session.lock);
	memset(buf, 0, len);
	if (offset >= PCI_CFG_SPACE_SIZE)
		return;
	offset = array_index_nospec(offset, PCI_CFG_SPACE_SIZE);
	n = min_t(unsigned int, len, PCI_CFG_SPACE_SIZE - offset);
	memcpy(buf, fn->pci.bytes + offset, n);
}

/**
 * vfio_mdev_pci_config_write() - write to the configuration space
 * @fn: the device, its lock held
 * @offset: where; the range is within %PCI_CFG_SPACE_EXP_SIZE
 * @buf: what
 * @len: how many bytes
 *
 * Return: true if the driver asks for a reset of the function.
 */
bool vfio_mdev_pci_config_write(struct vfio_mdev *fn, u64 offset,
				const u8 *buf, unsigned int len)
{
	/* The byte of the device control register that has the reset */
	const unsigned int control = VFIO_MDEV_CAP_EXP + PCI_EXP_DEVCTL + 1;
	u8 power = fn->pci.bytes[VFIO_MDEV_POWER];
	bool reset = false;
	unsigned int i;

	lockdep_assert_held(&fn->session.lock);
	for (i = 0; i < len && offset + i < PCI_CFG_SPACE_SIZE; i++) {
		unsigned int at = array_index_nospec(offset + i,
						     PCI_CFG_SPACE_SIZE);
		u8 writable = fn->pci.writable[at];

		fn->pci.bytes[at] &= ~writable;
		fn->pci.bytes[at] |= buf[i] & writable;
		if (at == control && buf[i] & (PCI_EXP_DEVCTL_BCR_FLR >> 8))
			reset = true;
	}
	vfio_mdev_fix_power(fn, power);
	return reset;
}

/**
 * vfio_mdev_pci_config_load() - set what a driver wrote at another host
 * @fn: the device, reset, its lock held
 * @bytes: the configuration space there, %PCI_CFG_SPACE_SIZE bytes
 *
 * What cannot be written is as this function has it.
 */
void vfio_mdev_pci_config_load(struct vfio_mdev *fn, const u8 *bytes)
{
	/* No bit of these resets the function: that one always reads as 0. */
	vfio_mdev_pci_config_write(fn, 0, bytes, PCI_CFG_SPACE_SIZE);
}
