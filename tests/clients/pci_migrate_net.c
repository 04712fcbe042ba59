// SPDX-License-Identifier: GPL-2.0-only
/*
 * user-pci mig-net: a virtio-net driver under which the device is replaced by another
 * one, there and back; mig-bench: traffic with and without PRE_COPY.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "pci_migrate.h"

#define FRAMES		200
#define IN_FLIGHT	30

static const __u8 new_mac[6] = { 0x52, 0x54, 0, 0x6d, 0x69, 0x67 };
static const __u8 stranger[6] = { 0x52, 0x54, 0, 1, 2, 3 };

enum way {
	WAY_STOPPED,		/* all vCPUs stand still before the device stops */
	WAY_PRE_COPY,		/* traffic in PRE_COPY, then at once to STOP_COPY */
	WAY_P2P,		/* through PRE_COPY_P2P, or RUNNING_P2P without it */
	WAY_CANCELLED,		/* PRE_COPY, and back to RUNNING */
	NR_WAYS,
};

static const char * const ways[NR_WAYS] = {
	[WAY_STOPPED] = "from RUNNING to STOP_COPY",
	[WAY_PRE_COPY] = "from PRE_COPY to STOP_COPY",
	[WAY_P2P] = "through the P2P states",
	[WAY_CANCELLED] = "after a PRE_COPY that was cancelled",
};

static void traffic(struct pci_user *u)
{
	pci_traffic(u, FRAMES);
}

/* Frames that the device has, or is about to give back; kicks are not waited for. */
static void set_off(struct pci_user *u, unsigned int frames)
{
	unsigned int i;

	for (i = 0; i < u->n.o.pairs; i++)
		u->n.pair[i].target = u->n.pair[i].sent + frames;
	vm_net_pump(&u->n);
}

static void kick_all(struct pci_user *u)
{
	unsigned int i;

	for (i = 0; i < vm_net_nqs(&u->n); i++)
		vm_vq_kick_now(vm_net_vq(&u->n, i));
}

/* ---- what a driver has set by the control queue ---- */

static void ctrl(struct vm_net *n, __u8 class, __u8 cmd, const void *data,
		 size_t len)
{
	int ret = vm_net_ctrl(n, class, cmd, data, len);

	pci_check(ret == VIRTIO_NET_OK, "command %u of class %u: %d", cmd, class,
		  ret);
}

static void set_filter(struct pci_user *u)
{
	static const __u8 off;

	ctrl(&u->n, VIRTIO_NET_CTRL_MAC, VIRTIO_NET_CTRL_MAC_ADDR_SET, new_mac,
	     6);
	memcpy(u->n.mac, new_mac, 6);
	ctrl(&u->n, VIRTIO_NET_CTRL_RX, VIRTIO_NET_CTRL_RX_PROMISC, &off, 1);
	ctrl(&u->n, VIRTIO_NET_CTRL_RX, VIRTIO_NET_CTRL_RX_ALLMULTI, &off, 1);
}

/* A frame to somebody else is sent, and does not come back. */
static void check_filter(struct pci_user *u)
{
	struct vm_pair *p = &u->n.pair[0];
	__u64 end = vm_now_ms() + 20000, got = p->got;
	__u8 now[6];

	must(vm_get_config(&u->d, 0, now, 6));
	pci_check(!memcmp(now, new_mac, 6), "the MAC is not the one that was set");
	memcpy(u->n.mac, stranger, 6);
	p->target = p->sent + 1;
	while (p->done < p->target) {
		if (!vm_net_pump(&u->n))
			vm_net_wait(&u->n, 20);
		pci_check(vm_now_ms() < end, "a frame is not sent");
	}
	vm_sleep_ms(20);
	vm_net_pump(&u->n);
	pci_check(p->got == got,
		  "a frame to another address is received");
	p->got = p->sent;
	memcpy(u->n.mac, new_mac, 6);
}

/* The driver is asked to announce itself where it is now. */
static void check_announce(struct pci_user *u)
{
	struct virtio_net_config c;

	must(vm_get_config(&u->d, 0, &c, 12));
	pci_check(le16toh(c.status) & VIRTIO_NET_S_ANNOUNCE,
		  "the driver is not asked to announce itself");
	ctrl(&u->n, VIRTIO_NET_CTRL_ANNOUNCE, VIRTIO_NET_CTRL_ANNOUNCE_ACK, NULL,
	     0);
	must(vm_get_config(&u->d, 0, &c, 12));
	pci_check(!(le16toh(c.status) & VIRTIO_NET_S_ANNOUNCE),
		  "an announcement that was acknowledged is asked for again");
}

/* ---- a move ---- */

static void pre_copy(struct mig_pair *p, enum way way, struct mig_stream *s,
		     int *fd)
{
	struct vm_dev *d = &p->u.d;

	if (way == WAY_STOPPED || !mig_knows(d, MIG_PRE_COPY))
		return;
	*fd = mig_to(d, MIG_PRE_COPY);
	pci_check(vm_sysfs_u64(d->uuid, "copy_mode") == 1,
		  "copy_mode is 0 in PRE_COPY");
	traffic(&p->u);
	pci_check(mig_read_all(*fd, s, 100) == -ENOMSG,
		  "the end of what PRE_COPY has");
	traffic(&p->u);
	if (way != WAY_CANCELLED)
		return;
	mig_to(d, MIG_RUNNING);
	pci_check(!vm_sysfs_u64(d->uuid, "copy_mode"),
		  "copy_mode is not 0 after PRE_COPY");
	close(*fd);
	*fd = VM_NO_FD;
	s->len = 0;
	traffic(&p->u);
}

/*
 * In the P2P states of a device the driver still runs: what it sends is done by the
 * other device, which nobody kicks.
 */
static void p2p(struct mig_pair *p, enum way way, int fd)
{
	if (way != WAY_P2P)
		return;
	must(mig_to(&p->u.d, fd >= 0 ? MIG_PRE_COPY_P2P : MIG_RUNNING_P2P) + 1);
	set_off(&p->u, IN_FLIGHT);
	kick_all(&p->u);
}

static void hold(struct pci_user *u, bool on)
{
	unsigned int i;

	for (i = 0; i < u->n.o.pairs; i++)
		u->n.pair[i].hold_rx = on;
}

/* More frames than there are receive buffers for: some wait in the ring. */
static void starve(struct pci_user *u)
{
	__u64 end = vm_now_ms() + 200;

	hold(u, true);
	set_off(u, 100);
	while (vm_now_ms() < end)
		if (!vm_net_pump(&u->n))
			vm_sleep_ms(5);
	pci_check(u->n.pair[0].got < u->n.pair[0].sent,
		  "no frame waits for a receive buffer");
}

static void drain_calls(struct pci_user *u)
{
	unsigned int i;

	for (i = 0; i < vm_net_nqs(&u->n); i++)
		vm_eventfd_wait(vm_net_vq(&u->n, i)->call, 0);
	vm_eventfd_wait(u->config_call, 0);
}

/* Each vector that the driver uses is signalled where the device goes on. */
static void check_calls(struct pci_user *u)
{
	unsigned int i;

	for (i = 0; i < vm_net_nqs(&u->n); i++)
		pci_check(vm_eventfd_wait(vm_net_vq(&u->n, i)->call, 20000),
			  "virtqueue %u is not signalled after a move",
			  vm_net_vq(&u->n, i)->index);
	pci_check(vm_eventfd_wait(u->config_call, 20000),
		  "no interrupt of the configuration after a move");
}

static void move(struct mig_pair *p, enum way way, bool starved)
{
	static const size_t sizes[] = { 4096, 1, 7, 64 };
	struct mig_stream s = { 0 };
	int from = VM_NO_FD, to;

	set_off(&p->u, IN_FLIGHT);
	to = mig_to(&p->other, MIG_RESUMING);
	pre_copy(p, way, &s, &from);
	if (starved)
		starve(&p->u);
	set_off(&p->u, IN_FLIGHT);
	p2p(p, way, from);
	if (from < 0)
		from = mig_to(&p->u.d, MIG_STOP_COPY);
	else
		pci_check(mig_to(&p->u.d, MIG_STOP_COPY) < 0,
			  "another file for STOP_COPY");
	must(mig_read_all(from, &s, sizes[way]));
	close(from);
	drain_calls(&p->u);
	must(mig_write_all(to, &s, sizes[way]));
	mig_to(&p->u.d, MIG_STOP);

	mig_swap(p);
	mig_to(&p->u.d, MIG_RUNNING);
	pci_check(mig_is_dead(to), "the file outlives RESUMING");
	close(to);
	check_calls(&p->u);
	hold(&p->u, false);
	/* In flight: done once, and here */
	vm_net_run(&p->u.n, p->u.n.pair[0].sent);
	traffic(&p->u);
	mig_free(&s);
}

/* The registers that make up the rest of a PCI function */
static void check_registers(struct vm_dev *d)
{
	unsigned int i;

	pci_check(vm_pci_config_get(d, PCI_BASE_ADDRESS_0, 4) == 0xfe000000,
		  "BAR 0 has %#llx after a move",
		  (unsigned long long)vm_pci_config_get(d, PCI_BASE_ADDRESS_0,
							4));
	pci_check(vm_pci_config_get(d, PCI_INTERRUPT_LINE, 1) == 0x5a,
		  "the interrupt line register after a move");
	for (i = 0; i < d->nvqs; i++) {
		must(vm_pci_common_set(d, VIRTIO_PCI_COMMON_Q_SELECT, i));
		if (vm_pci_must_get(d, VIRTIO_PCI_COMMON_Q_ENABLE))
			pci_check(vm_pci_must_get(d, VIRTIO_PCI_COMMON_Q_MSIX) ==
				  i + 1, "the vector of virtqueue %u", i);
	}
}

static void start(struct mig_pair *p, const struct pci_opts *o)
{
	struct vm_net_opts no = vm_net_default;

	mig_open_pair(p, o);
	no.packed = o->packed;
	no.num = 64;
	no.ctrl = true;
	no.pairs = o->pairs ? o->pairs : 1;
	no.event_idx = o->seed & 1;
	must(vm_net_start(&p->u.n, &p->u.d, &no));
	must(vm_set_config_call(&p->u.d, p->u.config_call));
	vm_pci_config_set(&p->u.d, PCI_BASE_ADDRESS_0, 4, 0xfe000000);
	vm_pci_config_set(&p->u.d, PCI_INTERRUPT_LINE, 1, 0x5a);
}

int mig_net(const struct pci_opts *o)
{
	unsigned int i, rounds = o->count ? o->count : 2 * NR_WAYS;
	struct mig_pair p;
	char what[80];

	start(&p, o);
	traffic(&p.u);
	set_filter(&p.u);
	traffic(&p.u);
	for (i = 0; i < rounds; i++) {
		enum way way = i % NR_WAYS;

		snprintf(what, sizeof(what), "move %u, %s", i + 1, ways[way]);
		move(&p, way, i % 3 == 1);
		check_registers(&p.u.d);
		check_filter(&p.u);
		check_announce(&p.u);
		traffic(&p.u);
		/* The source is used again as it is, or reset before. */
		if (i & 1)
			mig_reset(&p.other);
		pass("%s: frames in flight, MAC, filter, vectors, registers",
		     what);
	}
	mig_reset(&p.other);
	mig_close_pair(&p);
	return 0;
}

/* ---- figures ---- */

static __u64 frames_in(struct pci_user *u, unsigned int ms)
{
	__u64 before = u->n.pair[0].got, begin = vm_now_ms(), end = begin + ms;

	while (vm_now_ms() < end)
		vm_net_run(&u->n, u->n.pair[0].got + 200);
	return (u->n.pair[0].got - before) * 1000 / (vm_now_ms() - begin);
}

int mig_bench(const struct pci_opts *o)
{
	unsigned int ms = o->count ? o->count : 1000;
	__u64 before, during, after;
	struct pci_user u;

	pci_start(&u, o);
	if (!mig_knows(&u.d, MIG_PRE_COPY)) {
		vm_info("this kernel has no PRE_COPY");
		pci_close(&u);
		return 0;
	}
	frames_in(&u, ms / 4);
	before = frames_in(&u, ms);
	close(mig_to(&u.d, MIG_PRE_COPY));
	during = frames_in(&u, ms);
	mig_to(&u.d, MIG_RUNNING);
	after = frames_in(&u, ms);
	pass("frames a second: %llu, in PRE_COPY %llu (%llu %%), then %llu",
	     (unsigned long long)before, (unsigned long long)during,
	     (unsigned long long)(before ? during * 100 / before : 0),
	     (unsigned long long)after);
	pci_close(&u);
	return 0;
}
