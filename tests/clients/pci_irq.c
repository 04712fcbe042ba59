// SPDX-License-Identifier: GPL-2.0-only
/* user-pci irqs, broken: how the function interrupts. */
#include <errno.h>
#include <linux/virtio_net.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "user_pci.h"

/* Time in which nothing comes that is not to come */
#define QUIET_MS	100
#define SOON_MS		20000

static __u8 isr(struct vm_dev *d)
{
	struct vm_pci_cap *c = &d->pci.cap[VIRTIO_PCI_CAP_ISR_CFG];
	__u64 val;

	must(vm_pci_get(d, c->bar, c->offset, 1, &val));
	return val;
}

/*
 * What the interrupt status has had when one bit has come and no more follows.  A
 * device signals from a thread of its own.
 */
static __u8 isr_after(struct vm_dev *d, __u8 bit)
{
	__u64 end = vm_now_ms() + SOON_MS;
	__u8 all = 0, now;

	do {
		now = isr(d);
		all |= now;
		if (!(all & bit)) {
			pci_check(vm_now_ms() < end,
				  "the interrupt status does not get %#x", bit);
			vm_sleep_ms(1);
		} else if (now) {
			vm_sleep_ms(QUIET_MS);
		}
	} while (now || !(all & bit));
	return all;
}

/* A change of the device's configuration space */
static void change(struct pci_user *u)
{
	must(vm_sysfs_write(u->d.uuid, "link", "down\n"));
	must(vm_sysfs_write(u->d.uuid, "link", "up\n"));
}

/* Have one frame received, without looking at interrupts. */
static void receive(struct pci_user *u)
{
	struct vm_pair *p = &u->n.pair[0];
	__u64 end = vm_now_ms() + SOON_MS, want = p->got + 1;

	vm_vq_irq(&p->rx, true);
	p->target = p->sent + 1;
	while (p->got < want || p->done < p->target) {
		vm_net_pump(&u->n);
		pci_check(vm_now_ms() < end, "a frame does not come");
	}
	/* Not before the device has signalled it */
	vm_sleep_ms(QUIET_MS);
}

static int irqs_none(struct vm_dev *d, __u32 start, __u32 count)
{
	struct vfio_irq_set set = {
		.argsz = sizeof(set),
		.flags = VFIO_IRQ_SET_DATA_NONE | VFIO_IRQ_SET_ACTION_TRIGGER,
		.index = VFIO_PCI_MSIX_IRQ_INDEX,
		.start = start,
		.count = count,
	};

	return vm_ioctl(d->fd, VFIO_DEVICE_SET_IRQS, &set);
}

static int irqs_bool(struct vm_dev *d, __u32 start, __u32 count, const __u8 *on)
{
	union {
		struct vfio_irq_set set;
		__u8 room[128];
	} a = { .set = {
		.argsz = sizeof(a.set) + count,
		.flags = VFIO_IRQ_SET_DATA_BOOL | VFIO_IRQ_SET_ACTION_TRIGGER,
		.index = VFIO_PCI_MSIX_IRQ_INDEX,
		.start = start,
		.count = count,
	} };

	memcpy(a.set.data, on, count);
	return vm_ioctl(d->fd, VFIO_DEVICE_SET_IRQS, &a);
}

/* ---- what a user fires ---- */

static void fired(struct vm_dev *d)
{
	unsigned int nr = d->pci.nr_vectors, i;
	int *fds = calloc(nr, sizeof(*fds));
	static const __u8 on[] = { 0, 1, 0, 5 };

	if (!fds)
		die("no memory");
	for (i = 0; i < nr; i++)
		fds[i] = must(vm_eventfd());
	must(vm_pci_vectors(d, 0, nr, fds));
	must(irqs_none(d, 0, nr));
	for (i = 0; i < nr; i++)
		pci_check(vm_eventfd_wait(fds[i], 0) == 1,
			  "vector %u of %u is not fired", i, nr);
	must(irqs_none(d, 2, 1));
	for (i = 0; i < nr; i++)
		pci_check(vm_eventfd_wait(fds[i], 0) == (i == 2),
			  "vector %u when number 2 is fired", i);
	if (nr > ARRAY_SIZE(on)) {
		must(irqs_bool(d, 1, ARRAY_SIZE(on), on));
		for (i = 0; i < nr; i++)
			pci_check(vm_eventfd_wait(fds[i], 0) ==
				  (i == 2 || i == 4),
				  "vector %u when 2 and 4 are fired", i);
	}
	/* One by one, as cloud-hypervisor does it */
	for (i = 0; i < nr; i++)
		must(vm_pci_vector(d, i, -1));
	must(irqs_none(d, 0, nr));
	for (i = 0; i < nr; i++)
		pci_check(!vm_eventfd_peek(fds[i]),
			  "vector %u is fired without an eventfd", i);
	/* What fires nobody does not wait for somebody. */
	must(vm_pci_vectors(d, 0, nr, fds));
	for (i = 0; i < nr; i++)
		pci_check(!vm_eventfd_peek(fds[i]), "vector %u was kept", i);
	must(irqs_none(d, 0, 0));
	must(irqs_none(d, 0, nr));
	for (i = 0; i < nr; i++) {
		pci_check(!vm_eventfd_peek(fds[i]),
			  "vector %u is fired after all were removed", i);
		close(fds[i]);
	}
	free(fds);
	pass("%u vectors are set, fired and removed, together and one by one",
	     nr);
}

/* ---- what the device sends ---- */

static void pending(struct pci_user *u)
{
	struct vm_vq *rx = &u->n.pair[0].rx;

	/* What was there before */
	receive(u);
	vm_eventfd_wait(rx->call, 0);
	must(vm_pci_vector(&u->d, rx->index + 1, -1));
	receive(u);
	pci_check(!vm_eventfd_peek(rx->call),
		  "an interrupt without its eventfd");
	must(vm_pci_vector(&u->d, rx->index + 1, rx->call));
	pci_check(vm_eventfd_wait(rx->call, SOON_MS),
		  "an interrupt that was pending is not sent");
	vm_sleep_ms(QUIET_MS);
	vm_eventfd_wait(rx->call, 0);
	must(vm_pci_vector(&u->d, rx->index + 1, -1));
	must(vm_pci_vector(&u->d, rx->index + 1, rx->call));
	pci_check(!vm_eventfd_peek(rx->call), "it is sent twice");
	pass("an interrupt without an eventfd waits for one, and comes once");

	must(vm_pci_vector(&u->d, rx->index + 1, -1));
	receive(u);
	must(vm_set_status(&u->d, 0));
	must(vm_pci_vector(&u->d, rx->index + 1, rx->call));
	pci_check(!vm_eventfd_peek(rx->call),
		  "a reset leaves an interrupt pending");
	pass("a reset forgets pending interrupts");
	pci_again(u);
}

static void status(struct pci_user *u)
{
	struct vm_vq *rx = &u->n.pair[0].rx, *tx = &u->n.pair[0].tx;
	struct vm_dev *d = &u->d;

	must(vm_pci_common_set(d, VIRTIO_PCI_COMMON_Q_SELECT, rx->index));
	must(vm_pci_common_set(d, VIRTIO_PCI_COMMON_Q_MSIX,
			       VIRTIO_MSI_NO_VECTOR));
	vm_eventfd_wait(rx->call, 0);
	isr(d);
	receive(u);
	pci_check(!vm_eventfd_peek(rx->call), "a vector that is not set");
	pci_check(isr_after(d, 1) == 1, "the interrupt status of a queue");
	pci_check(!isr(d), "a read does not clear the interrupt status");

	must(vm_pci_common_set(d, VIRTIO_PCI_COMMON_MSIX,
			       VIRTIO_MSI_NO_VECTOR));
	change(u);
	pci_check(isr_after(d, 2) == 2,
		  "the interrupt status of the configuration");
	pci_check(!isr(d), "a read does not clear the interrupt status");
	pass("without a vector the interrupt status tells of it");

	must(vm_set_config_call(d, u->config_call));
	change(u);
	pci_check(vm_eventfd_wait(u->config_call, SOON_MS),
		  "no interrupt of the configuration");
	pci_check(isr(d) == 2,
		  "the interrupt status has no bit of the configuration, with a vector");
	pass("the interrupt status tells of the configuration with a vector, too");

	/* One vector for all */
	must(vm_pci_common_set(d, VIRTIO_PCI_COMMON_Q_MSIX, 0));
	must(vm_pci_common_set(d, VIRTIO_PCI_COMMON_Q_SELECT, tx->index));
	must(vm_pci_common_set(d, VIRTIO_PCI_COMMON_Q_MSIX, 0));
	vm_eventfd_wait(u->config_call, 0);
	receive(u);
	pci_check(vm_eventfd_wait(u->config_call, SOON_MS),
		  "no interrupt by a shared vector");
	pass("one vector serves the configuration and virtqueues");
	pci_again(u);
	pci_traffic(u, 50);
}

int pci_irqs(const struct pci_opts *o)
{
	struct pci_user u;

	pci_start(&u, o);
	must(vm_set_config_call(&u.d, u.config_call));
	pending(&u);
	status(&u);
	must(vm_set_status(&u.d, 0));
	fired(&u.d);
	pci_close(&u);
	return 0;
}

/* ---- a device that needs a reset ---- */

static void needs_reset(struct pci_user *u, const char *what)
{
	pci_check(vm_eventfd_wait(u->config_call, SOON_MS),
		  "%s: no interrupt of the configuration", what);
	pci_check(must(vm_get_status(&u->d)) & VIRTIO_CONFIG_S_NEEDS_RESET,
		  "%s: status %#x", what, vm_get_status(&u->d));
	pass("%s: NEEDS_RESET, and an interrupt of the configuration", what);
	/* Memory that was taken away comes back. */
	if (!u->n.rings.mapped)
		must(vm_mem_map(&u->n.rings));
	pci_again(u);
	pci_check(!(must(vm_get_status(&u->d)) & VIRTIO_CONFIG_S_NEEDS_RESET),
		  "%s: a reset does not help", what);
	pci_traffic(u, 50);
	/* The virtqueue and the status are two causes: the second may come late. */
	vm_eventfd_wait(u->config_call, 0);
}

static void break_ring(struct pci_user *u)
{
	struct vm_vq *tx = &u->n.pair[0].tx;
	struct vm_sg bad = { .iova = 0x7f0000000000ULL, .len = 100 };

	must(vm_vq_add(tx, &bad, 1, 0, 0));
	vm_vq_kick_now(tx);
	needs_reset(u, "a buffer that is not mapped");
}

/* The kernel takes the memory back: the device may not go on. */
static void unmap(struct pci_user *u)
{
	u->n.pair[0].target = u->n.pair[0].sent + 30;
	vm_net_pump(&u->n);
	must(vm_mem_unmap(&u->n.rings));
	needs_reset(u, "rings that are unmapped under traffic");
}

/* With everything set up except the first virtqueue */
static void enable_wrong(struct pci_user *u, unsigned int reg, __u64 val,
			 const char *what)
{
	struct vm_vq *rx = &u->n.pair[0].rx;
	struct vm_dev *d = &u->d;

	must(vm_negotiate(d, vm_net_features(&u->n.o)));
	must(vm_set_config_call(d, u->config_call));
	must(vm_vring_num(d, rx->index, rx->num));
	must(vm_vring_addr(d, rx->index, rx->desc_iova, rx->avail_iova,
			   rx->used_iova));
	must(vm_pci_common_set(d, reg, val));
	must(vm_pci_common_set(d, VIRTIO_PCI_COMMON_Q_ENABLE, 1));
	pci_check(!vm_pci_must_get(d, VIRTIO_PCI_COMMON_Q_ENABLE),
		  "%s: enabled", what);
	needs_reset(u, what);
}

static void start_nowhere(struct pci_user *u)
{
	struct vm_vq *rx = &u->n.pair[0].rx;
	struct vm_dev *d = &u->d;

	must(vm_negotiate(d, vm_net_features(&u->n.o)));
	must(vm_set_config_call(d, u->config_call));
	must(vm_vring_num(d, rx->index, rx->num));
	must(vm_vring_addr(d, rx->index, 0x7f0000000000ULL, 0x7f0000010000ULL,
			   0x7f0000020000ULL));
	must(vm_pci_common_set(d, VIRTIO_PCI_COMMON_Q_ENABLE, 1));
	must(vm_add_status(d, VIRTIO_CONFIG_S_DRIVER_OK));
	needs_reset(u, "DRIVER_OK with a ring that is not mapped");
}

int pci_broken(const struct pci_opts *o)
{
	struct pci_user u;

	pci_start(&u, o);
	must(vm_set_config_call(&u.d, u.config_call));
	break_ring(&u);
	unmap(&u);
	enable_wrong(&u, VIRTIO_PCI_COMMON_Q_SIZE, 0, "a ring of no entries");
	enable_wrong(&u, VIRTIO_PCI_COMMON_Q_SIZE, 0x8000,
		     "a ring that is too large");
	enable_wrong(&u, VIRTIO_PCI_COMMON_Q_DESCLO, 1, "a ring at address 1");
	start_nowhere(&u);
	pci_close(&u);
	return 0;
}
