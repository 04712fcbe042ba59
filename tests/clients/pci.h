/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Instances of class VFIO: an emulated virtio PCI function, by the regions of the
 * device fd, as a VMM or a driver in userspace sees it.
 */
#ifndef PCI_H
#define PCI_H

#include <linux/pci_regs.h>
#include <linux/vfio.h>
#include <linux/virtio_pci.h>

#include "client.h"

/* Later than some headers */
#define PCI_COMMON_Q_RESET	58
#define PCI_COMMON_SIZE		60

#define PCI_CONFIG		VFIO_PCI_CONFIG_REGION_INDEX
#define PCI_CONFIG_SIZE		4096

/*
 * Look at the function in the order in which VMMs do, enable it, and find its
 * structures: part of vm_device_get().
 */
int vm_pci_open(struct vm_dev *d);
void vm_pci_close(struct vm_dev *d);

/* Any number of bytes of a region: how many were read or written, or an errno */
ssize_t vm_pci_read(struct vm_dev *d, unsigned int region, __u64 offset,
		    void *buf, size_t len);
ssize_t vm_pci_write(struct vm_dev *d, unsigned int region, __u64 offset,
		     const void *buf, size_t len);

/* A register of 1, 2, 4 or 8 bytes; 0 or a negative errno */
int vm_pci_get(struct vm_dev *d, unsigned int region, __u64 offset, size_t size,
	       __u64 *val);
int vm_pci_set(struct vm_dev *d, unsigned int region, __u64 offset, size_t size,
	       __u64 val);

/* The same of the common configuration structure; the size is the register's. */
int vm_pci_common_get(struct vm_dev *d, unsigned int reg, __u64 *val);
int vm_pci_common_set(struct vm_dev *d, unsigned int reg, __u64 val);

/* Registers that have to be there: a failure ends the program. */
__u64 vm_pci_must_get(struct vm_dev *d, unsigned int reg);
__u64 vm_pci_config_get(struct vm_dev *d, __u64 offset, size_t size);
void vm_pci_config_set(struct vm_dev *d, __u64 offset, size_t size, __u64 val);
/* Set bits of the command register, and clear others. */
void vm_pci_command(struct vm_dev *d, __u16 set, __u16 clear);
/* Where a capability is; the program ends if there is none. */
unsigned int vm_pci_cap(struct vm_dev *d, __u8 id);
void vm_pci_power(struct vm_dev *d, unsigned int state);
void vm_pci_flr(struct vm_dev *d);
int vm_pci_reset(struct vm_dev *d);

/* VFIO_DEVICE_SET_IRQS for eventfds of MSI-X vectors; fd -1 removes one. */
int vm_pci_vectors(struct vm_dev *d, unsigned int start, unsigned int count,
		   const int *fds);
int vm_pci_vector(struct vm_dev *d, unsigned int vector, int fd);
/* VFIO_DEVICE_IOEVENTFD at the place where a virtqueue is kicked */
int vm_pci_ioeventfd(struct vm_dev *d, unsigned int q, int fd);
__u64 vm_pci_notify_at(struct vm_dev *d, unsigned int q);

#endif
