// SPDX-License-Identifier: GPL-2.0-only
/* user-pci resets, master, power: when the function works, and when it does not. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "user_pci.h"

/* Time in which nothing moves that may not */
#define QUIET_MS	100

static const __u16 enabled = PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER;

/* Frames under way in both directions */
static void set_off(struct pci_user *u)
{
	u->n.pair[0].target = u->n.pair[0].sent + 30;
	vm_net_pump(&u->n);
}

/* ---- resets ---- */

static void check_clean(struct vm_dev *d, const char *what)
{
	unsigned int q;
	int status = must(vm_get_status(d));
	__u64 f;

	pci_check(!status, "%s: status %#x", what, status);
	for (q = 0; q < d->nvqs; q++) {
		must(vm_pci_common_set(d, VIRTIO_PCI_COMMON_Q_SELECT, q));
		pci_check(!vm_pci_must_get(d, VIRTIO_PCI_COMMON_Q_ENABLE) &&
			  !vm_pci_must_get(d, VIRTIO_PCI_COMMON_Q_DESCLO) &&
			  vm_pci_must_get(d, VIRTIO_PCI_COMMON_Q_MSIX) ==
			  VIRTIO_MSI_NO_VECTOR,
			  "%s: virtqueue %u is not as new", what, q);
	}
	pci_check(vm_pci_must_get(d, VIRTIO_PCI_COMMON_MSIX) ==
		  VIRTIO_MSI_NO_VECTOR, "%s: the configuration vector", what);
	must(vm_pci_common_set(d, VIRTIO_PCI_COMMON_GFSELECT, 0));
	f = vm_pci_must_get(d, VIRTIO_PCI_COMMON_GF);
	pci_check(!f, "%s: features %#llx", what, (unsigned long long)f);
}

/* The registers of the function, which a reset of the device alone leaves */
static void check_function(struct vm_dev *d, const char *what)
{
	__u64 val;

	val = vm_pci_config_get(d, PCI_COMMAND, 2);
	pci_check(!val, "%s: command %#llx", what, (unsigned long long)val);
	val = vm_pci_config_get(d, PCI_BASE_ADDRESS_0, 4);
	pci_check(!(val & ~0xfULL), "%s: BAR 0 %#llx", what,
		  (unsigned long long)val);
	fails(EIO, vm_get_status(d));
	vm_pci_command(d, enabled, 0);
}

static void reset(struct pci_user *u, unsigned int how)
{
	static const char * const names[] = {
		"a reset by the driver", "FLR", "VFIO_DEVICE_RESET",
		"VFIO_DEVICE_RESET, twice",
	};
	struct vm_vq *rx = &u->n.pair[0].rx;
	struct vm_dev *d = &u->d;

	vm_pci_config_set(d, PCI_BASE_ADDRESS_0, 4, 0xfe000000);
	set_off(u);
	if (how == 0) {
		must(vm_pci_common_set(d, VIRTIO_PCI_COMMON_STATUS, 0));
		pci_check(vm_pci_config_get(d, PCI_BASE_ADDRESS_0, 4) ==
			  0xfe000000, "BAR 0 after a reset by the driver");
	} else {
		if (how == 1)
			vm_pci_flr(d);
		else
			must(vm_pci_reset(d));
		if (how == 3)
			must(vm_pci_reset(d));
		check_function(d, names[how]);
	}
	check_clean(d, names[how]);
	/* Eventfds stay, as a VMM wants it that resets under its guest. */
	vm_eventfd_wait(rx->call, 0);
	must(vm_ioctl(d->fd, VFIO_DEVICE_SET_IRQS, &(struct vfio_irq_set){
		.argsz = sizeof(struct vfio_irq_set),
		.flags = VFIO_IRQ_SET_DATA_NONE | VFIO_IRQ_SET_ACTION_TRIGGER,
		.index = VFIO_PCI_MSIX_IRQ_INDEX,
		.start = rx->index + 1,
		.count = 1,
	}));
	pci_check(vm_eventfd_wait(rx->call, 0) == 1,
		  "%s: the eventfd of a vector is gone", names[how]);
	pci_again(u);
	pci_traffic(u, 100);
	pass("%s under traffic: all is clean, and traffic goes on", names[how]);
}

/* Not offered by software devices: then a write does nothing. */
static void ring_reset(struct pci_user *u)
{
	struct vm_dev *d = &u->d;

	if (d->features & BIT64(40))
		return;
	must(vm_pci_common_set(d, VIRTIO_PCI_COMMON_Q_SELECT, 0));
	must(vm_pci_common_set(d, PCI_COMMON_Q_RESET, 1));
	pci_check(vm_pci_must_get(d, VIRTIO_PCI_COMMON_Q_ENABLE) == 1,
		  "a virtqueue was reset without RING_RESET");
	pci_traffic(u, 50);
	pass("queue_reset is ignored without RING_RESET");
}

int pci_resets(const struct pci_opts *o)
{
	unsigned int i, count = o->count ? o->count : 1;
	struct pci_user u;

	pci_start(&u, o);
	for (i = 0; i < 4 * count; i++)
		reset(&u, i % 4);
	ring_reset(&u);
	pci_close(&u);
	return 0;
}

/* ---- bus master ---- */

/* Nothing of what is set off now moves. */
static void check_still(struct pci_user *u, const char *what)
{
	struct vm_pair *p = &u->n.pair[0];

	while (vm_net_pump(&u->n))
		;
	vm_eventfd_wait(p->rx.call, 0);
	vm_eventfd_wait(p->tx.call, 0);
	vm_vq_irq(&p->rx, true);
	vm_vq_irq(&p->tx, true);
	set_off(u);
	vm_vq_kick_now(&p->tx);
	vm_sleep_ms(QUIET_MS);
	pci_check(!vm_vq_has_used(&p->rx) && !vm_vq_has_used(&p->tx),
		  "%s: buffers are used", what);
	pci_check(!vm_eventfd_peek(p->rx.call) && !vm_eventfd_peek(p->tx.call),
		  "%s: there are interrupts", what);
}

static void config_still(struct pci_user *u, const char *what)
{
	vm_eventfd_wait(u->config_call, 0);
	must(vm_sysfs_write(u->d.uuid, "link", "down\n"));
	must(vm_sysfs_write(u->d.uuid, "link", "up\n"));
	vm_sleep_ms(QUIET_MS);
	pci_check(!vm_eventfd_peek(u->config_call),
		  "%s: an interrupt of the configuration", what);
}

static void go_on(struct pci_user *u, const char *what)
{
	pci_check(vm_eventfd_wait(u->config_call, 20000),
		  "%s: the interrupt of the configuration is lost", what);
	vm_net_run(&u->n, u->n.pair[0].sent);
	pci_traffic(u, 100);
	pass("%s: nothing moves, and all comes afterwards", what);
}

int pci_master(const struct pci_opts *o)
{
	unsigned int i, count = o->count ? o->count : 3;
	struct pci_user u;
	struct vm_dev *d = &u.d;

	pci_start(&u, o);
	must(vm_set_config_call(d, u.config_call));
	for (i = 0; i < count; i++) {
		set_off(&u);
		vm_pci_command(d, 0, PCI_COMMAND_MASTER);
		check_still(&u, "no bus master");
		config_still(&u, "no bus master");
		pci_check(must(vm_get_status(d)) == 0xf,
			  "the status of no bus master is %#x",
			  vm_get_status(d));
		vm_pci_command(d, PCI_COMMAND_MASTER, 0);
		go_on(&u, "no bus master");
	}

	/* Started before it is one */
	vm_pci_command(d, 0, PCI_COMMAND_MASTER);
	pci_again(&u);
	check_still(&u, "DRIVER_OK without bus master");
	config_still(&u, "DRIVER_OK without bus master");
	vm_pci_command(d, PCI_COMMAND_MASTER, 0);
	go_on(&u, "DRIVER_OK without bus master");

	/* Reset while it is none */
	set_off(&u);
	vm_pci_command(d, 0, PCI_COMMAND_MASTER);
	must(vm_set_status(d, 0));
	vm_pci_command(d, PCI_COMMAND_MASTER, 0);
	pci_again(&u);
	pci_traffic(&u, 100);
	pass("a reset without bus master");

	set_off(&u);
	vm_pci_command(d, 0, PCI_COMMAND_MEMORY);
	fails(EIO, vm_get_status(d));
	fails(EIO, vm_set_status(d, 0));
	vm_pci_command(d, PCI_COMMAND_MEMORY, 0);
	pci_check(must(vm_get_status(d)) == 0xf, "the status afterwards");
	vm_net_run(&u.n, u.n.pair[0].sent);
	pci_traffic(&u, 100);
	pass("no register without memory enable, and traffic goes on");
	pci_close(&u);
	return 0;
}

int pci_power(const struct pci_opts *o)
{
	unsigned int i, count = o->count ? o->count : 3;
	struct pci_user u;
	struct vm_dev *d = &u.d;
	unsigned int at;

	/* By eventfds: nothing can be written to the BARs. */
	vm_way.pci = PCI_IOEVENTFD;
	pci_start(&u, o);
	at = vm_pci_cap(d, PCI_CAP_ID_PM) + PCI_PM_CTRL;
	must(vm_set_config_call(d, u.config_call));
	for (i = 0; i < count; i++) {
		set_off(&u);
		vm_pci_power(d, 3);
		pci_check((vm_pci_config_get(d, at, 2) & 3) == 3, "not in D3hot");
		check_still(&u, "D3hot");
		config_still(&u, "D3hot");
		fails(EIO, vm_get_status(d));
		vm_pci_power(d, 0);
		pci_check(must(vm_get_status(d)) == 0xf,
			  "the status after D3hot is %#x", vm_get_status(d));
		go_on(&u, "D3hot");
	}
	for (i = 1; i < 3; i++) {
		vm_pci_power(d, i);
		pci_check(!(vm_pci_config_get(d, at, 2) & 3), "in D%u", i);
	}
	vm_pci_power(d, 3);
	must(vm_pci_reset(d));
	pci_check(!(vm_pci_config_get(d, at, 2) & 3), "in D3hot after a reset");
	vm_pci_command(d, enabled, 0);
	pci_again(&u);
	pci_traffic(&u, 100);
	pass("there is no D1 and D2, and a reset ends D3hot");
	pci_close(&u);
	return 0;
}
