// SPDX-License-Identifier: GPL-2.0-only
/* user-net ctrl: what the control queue obeys, and what it refuses. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "user_net.h"

static void ctrl(struct vm_net *n, const char *what, __u8 class, __u8 cmd,
		 const void *data, size_t len, int ack)
{
	int ret = vm_net_ctrl(n, class, cmd, data, len);

	if (ret != ack)
		die("%s: %d%s%s, expected %d", what, ret, ret < 0 ? " " : "",
		    ret < 0 ? vm_err(ret) : "", ack);
	pass("%s: %s", what, ack == VIRTIO_NET_OK ? "OK" : "ERR");
}

static void set_pairs(struct vm_net *n, unsigned int pairs, int ack)
{
	struct virtio_net_ctrl_mq mq = { .virtqueue_pairs = htole16(pairs) };
	char what[40];

	snprintf(what, sizeof(what), "MQ_VQ_PAIRS_SET %u", pairs);
	ctrl(n, what, VIRTIO_NET_CTRL_MQ, VIRTIO_NET_CTRL_MQ_VQ_PAIRS_SET, &mq,
	     sizeof(mq), ack);
}

static void try_mac(struct vm_net *n)
{
	static const __u8 good[6] = { 0x52, 0x54, 0, 0xab, 0xcd, 0xef };
	static const __u8 multi[6] = { 0x53, 0x54, 0, 0xab, 0xcd, 0xef };
	char text[64];
	__u8 now[6];

	ctrl(n, "MAC_ADDR_SET", VIRTIO_NET_CTRL_MAC,
	     VIRTIO_NET_CTRL_MAC_ADDR_SET, good, 6, VIRTIO_NET_OK);
	must(vm_get_config(n->dev, 0, now, 6));
	if (memcmp(now, good, 6))
		die("the config space has not the new MAC");
	must(vm_sysfs_read(n->dev->uuid, "mac", text, sizeof(text)));
	if (strcmp(text, "52:54:00:ab:cd:ef"))
		die("sysfs says MAC %s", text);
	pass("config space and sysfs have the new MAC");
	ctrl(n, "MAC_ADDR_SET of a multicast address", VIRTIO_NET_CTRL_MAC,
	     VIRTIO_NET_CTRL_MAC_ADDR_SET, multi, 6, VIRTIO_NET_ERR);
	ctrl(n, "MAC_ADDR_SET, 5 bytes", VIRTIO_NET_CTRL_MAC,
	     VIRTIO_NET_CTRL_MAC_ADDR_SET, good, 5, VIRTIO_NET_ERR);
	must(vm_get_config(n->dev, 0, now, 6));
	if (memcmp(now, good, 6))
		die("a refused MAC_ADDR_SET changed the MAC");
	pass("refused ones changed nothing");
	memcpy(n->mac, good, 6);
}

static void try_rx_mode(struct vm_net *n)
{
	static const __u8 on = 1;
	/* No unicast addresses, one multicast address; each count is le32. */
	__u8 table[14] = { 0, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0x5e, 0, 0, 1 };
	__u32 wraps = htole32(0x2aaaaaab);

	ctrl(n, "RX_PROMISC on", VIRTIO_NET_CTRL_RX,
	     VIRTIO_NET_CTRL_RX_PROMISC, &on, 1, VIRTIO_NET_OK);
	ctrl(n, "RX_ALLMULTI on", VIRTIO_NET_CTRL_RX,
	     VIRTIO_NET_CTRL_RX_ALLMULTI, &on, 1, VIRTIO_NET_OK);
	ctrl(n, "RX_PROMISC with no data", VIRTIO_NET_CTRL_RX,
	     VIRTIO_NET_CTRL_RX_PROMISC, NULL, 0, VIRTIO_NET_ERR);
	ctrl(n, "MAC_TABLE_SET", VIRTIO_NET_CTRL_MAC,
	     VIRTIO_NET_CTRL_MAC_TABLE_SET, table, sizeof(table),
	     VIRTIO_NET_OK);
	memcpy(table + 4, &wraps, sizeof(wraps));
	ctrl(n, "MAC_TABLE_SET whose count wraps", VIRTIO_NET_CTRL_MAC,
	     VIRTIO_NET_CTRL_MAC_TABLE_SET, table, sizeof(table),
	     VIRTIO_NET_ERR);
}

/* Ten frames to an address; whether they come is up to the filter. */
static void try_dest(struct vm_net *n, const char *what, const __u8 *dest,
		     bool comes)
{
	struct vm_pair *p = &n->pair[0];
	__u8 own[6];
	unsigned int i;

	memcpy(own, n->mac, 6);
	memcpy(n->mac, dest, 6);
	n->pair[1].off = true;
	if (comes) {
		vm_net_run(n, p->got + 10);
	} else {
		p->target = p->sent + 10;
		for (i = 0; p->done < p->target && i < 500; i++)
			if (!vm_net_pump(n))
				vm_net_wait(n, 20);
		if (p->done < p->target)
			die("%s: transmit does not end", what);
		vm_sleep_ms(20);
		if (vm_net_pump(n) || p->got == p->sent)
			die("%s: received", what);
		p->got = p->sent;
	}
	n->pair[1].off = false;
	memcpy(n->mac, own, 6);
	pass("%s: %s", what, comes ? "received" : "kept back");
}

static void try_filter(struct vm_net *n)
{
	static const __u8 other[6] = { 0x52, 0x54, 0, 1, 2, 3 };
	static const __u8 group[6] = { 1, 0, 0x5e, 0, 0, 9 };
	static const __u8 member[6] = { 1, 0, 0x5e, 0, 0, 1 };
	static const __u8 all[6] = { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff };
	static const __u8 off, on = 1;

	try_dest(n, "promiscuous, to another", other, true);
	ctrl(n, "RX_PROMISC off", VIRTIO_NET_CTRL_RX,
	     VIRTIO_NET_CTRL_RX_PROMISC, &off, 1, VIRTIO_NET_OK);
	ctrl(n, "RX_ALLMULTI off", VIRTIO_NET_CTRL_RX,
	     VIRTIO_NET_CTRL_RX_ALLMULTI, &off, 1, VIRTIO_NET_OK);
	try_dest(n, "to another", other, false);
	try_dest(n, "to the device", n->mac, true);
	try_dest(n, "broadcast", all, true);
	try_dest(n, "multicast that is in the table", member, true);
	try_dest(n, "multicast that is not", group, false);
	ctrl(n, "RX_ALLMULTI on", VIRTIO_NET_CTRL_RX,
	     VIRTIO_NET_CTRL_RX_ALLMULTI, &on, 1, VIRTIO_NET_OK);
	try_dest(n, "all multicast", group, true);
}

static void vlan(struct vm_net *n, const char *what, __u8 cmd, __u16 id, int ack)
{
	__u16 data = htole16(id);

	ctrl(n, what, VIRTIO_NET_CTRL_VLAN, cmd, &data, sizeof(data), ack);
}

/* Not promiscuous: try_filter() was before. */
static void try_vlan(struct vm_net *n)
{
	static const __u8 long_id[3] = { 5 }, off, on = 1;

	if (!(n->dev->features & BIT64(VIRTIO_NET_F_CTRL_VLAN))) {
		pass("VLANs: not offered");
		return;
	}
	try_dest(n, "without a tag", n->mac, true);
	n->tag = 5;
	try_dest(n, "VLAN 5 that was not added", n->mac, false);
	vlan(n, "VLAN_ADD 5", VIRTIO_NET_CTRL_VLAN_ADD, 5, VIRTIO_NET_OK);
	try_dest(n, "VLAN 5", n->mac, true);
	n->tag = 0xe005;
	try_dest(n, "VLAN 5 with a priority", n->mac, true);
	n->tag = 0xe000;
	try_dest(n, "a priority without a VLAN", n->mac, true);
	n->tag = 69;
	try_dest(n, "VLAN 69 that was not added", n->mac, false);
	n->tag = 4095;
	vlan(n, "VLAN_ADD 4095", VIRTIO_NET_CTRL_VLAN_ADD, 4095, VIRTIO_NET_OK);
	try_dest(n, "VLAN 4095", n->mac, true);
	vlan(n, "VLAN_ADD 4096", VIRTIO_NET_CTRL_VLAN_ADD, 4096, VIRTIO_NET_ERR);
	vlan(n, "VLAN_ADD 65535", VIRTIO_NET_CTRL_VLAN_ADD, 65535,
	     VIRTIO_NET_ERR);
	vlan(n, "VLAN_DEL 4096", VIRTIO_NET_CTRL_VLAN_DEL, 4096, VIRTIO_NET_ERR);
	vlan(n, "a VLAN command that does not exist", 2, 5, VIRTIO_NET_ERR);
	ctrl(n, "VLAN_DEL, 1 byte", VIRTIO_NET_CTRL_VLAN,
	     VIRTIO_NET_CTRL_VLAN_DEL, long_id, 1, VIRTIO_NET_ERR);
	ctrl(n, "VLAN_DEL, 3 bytes", VIRTIO_NET_CTRL_VLAN,
	     VIRTIO_NET_CTRL_VLAN_DEL, long_id, 3, VIRTIO_NET_ERR);
	ctrl(n, "VLAN_DEL, no data", VIRTIO_NET_CTRL_VLAN,
	     VIRTIO_NET_CTRL_VLAN_DEL, NULL, 0, VIRTIO_NET_ERR);
	n->tag = 5;
	try_dest(n, "VLAN 5 after refused commands", n->mac, true);
	vlan(n, "VLAN_DEL 5", VIRTIO_NET_CTRL_VLAN_DEL, 5, VIRTIO_NET_OK);
	try_dest(n, "VLAN 5 that was deleted", n->mac, false);
	ctrl(n, "RX_PROMISC on", VIRTIO_NET_CTRL_RX,
	     VIRTIO_NET_CTRL_RX_PROMISC, &on, 1, VIRTIO_NET_OK);
	try_dest(n, "promiscuous, VLAN 5", n->mac, true);
	ctrl(n, "RX_PROMISC off", VIRTIO_NET_CTRL_RX,
	     VIRTIO_NET_CTRL_RX_PROMISC, &off, 1, VIRTIO_NET_OK);
	n->tag = 0;
}

static void offloads(struct vm_net *n, const char *what, __u64 bits, int ack)
{
	__u64 data = htole64(bits);

	ctrl(n, what, VIRTIO_NET_CTRL_GUEST_OFFLOADS,
	     VIRTIO_NET_CTRL_GUEST_OFFLOADS_SET, &data, sizeof(data), ack);
}

static void try_offloads(struct vm_net *n)
{
	const __u64 csum = BIT64(VIRTIO_NET_F_GUEST_CSUM);
	__u64 data[2] = { 0 };
	unsigned int i;

	if (!(n->dev->features & BIT64(VIRTIO_NET_F_CTRL_GUEST_OFFLOADS))) {
		pass("offloads: not offered");
		return;
	}
	offloads(n, "no offloads", 0, VIRTIO_NET_OK);
	n->guest_csum = VM_CSUM_DEVICE;
	vm_net_run(n, n->pair[0].got + 50);
	pass("checksums are complete without GUEST_CSUM");
	offloads(n, "an offload that was not negotiated",
		 csum | BIT64(VIRTIO_NET_F_GUEST_TSO6), VIRTIO_NET_ERR);
	offloads(n, "a feature that is no offload",
		 csum | BIT64(VIRTIO_NET_F_CTRL_VQ), VIRTIO_NET_ERR);
	offloads(n, "a bit that does not exist", csum | 1ULL << 63,
		 VIRTIO_NET_ERR);
	ctrl(n, "offloads of 7 bytes", VIRTIO_NET_CTRL_GUEST_OFFLOADS,
	     VIRTIO_NET_CTRL_GUEST_OFFLOADS_SET, data, 7, VIRTIO_NET_ERR);
	ctrl(n, "offloads of 9 bytes", VIRTIO_NET_CTRL_GUEST_OFFLOADS,
	     VIRTIO_NET_CTRL_GUEST_OFFLOADS_SET, data, 9, VIRTIO_NET_ERR);
	ctrl(n, "an offload command that does not exist",
	     VIRTIO_NET_CTRL_GUEST_OFFLOADS, 1, data, 8, VIRTIO_NET_ERR);
	vm_net_run(n, n->pair[0].got + 50);
	pass("refused commands change no offload");
	offloads(n, "GUEST_CSUM", csum, VIRTIO_NET_OK);
	/* A host's interface learns of it later. */
	n->guest_csum = VM_CSUM_EITHER;
	n->nr_partial = 0;
	for (i = 0; i < 500 && !n->nr_partial; i++) {
		vm_net_run(n, n->pair[0].got + 50);
		vm_sleep_ms(20);
	}
	n->guest_csum = VM_CSUM_DRIVER;
	n->nr_partial = 0;
	vm_net_run(n, n->pair[0].got + 50);
	if (!n->nr_partial)
		die("no checksum is the driver's to complete");
	pass("checksums are the driver's with GUEST_CSUM");
}

static void try_announce(struct vm_net *n)
{
	struct virtio_net_config c;
	int ev = must(vm_eventfd());
	unsigned int i;

	must(vm_set_config_call(n->dev, ev));
	must(vm_sysfs_write(n->dev->uuid, "announce", "1\n"));
	if (!vm_eventfd_wait(ev, 5000))
		die("announce: no config interrupt");
	must(vm_get_config(n->dev, 0, &c, 12));
	if (!(le16toh(c.status) & VIRTIO_NET_S_ANNOUNCE))
		die("announce: status %#x", le16toh(c.status));
	ctrl(n, "ANNOUNCE_ACK", VIRTIO_NET_CTRL_ANNOUNCE,
	     VIRTIO_NET_CTRL_ANNOUNCE_ACK, NULL, 0, VIRTIO_NET_OK);
	for (i = 0; i < 100; i++) {
		must(vm_get_config(n->dev, 0, &c, 12));
		if (!(le16toh(c.status) & VIRTIO_NET_S_ANNOUNCE))
			break;
		vm_sleep_ms(20);
	}
	if (i == 100)
		die("ANNOUNCE_ACK: the bit stays in the status");
	pass("announce is asked for and acknowledged");
	must(vm_set_config_call(n->dev, VM_NO_FD));
}

/* Frames that were sent when the pair was on, and have not gone when it is not */
static void try_pair_off(struct vm_net *n)
{
	struct vm_pair *p = &n->pair[1];
	unsigned int i;
	__u64 drops;

	drops = vm_sysfs_u64(n->dev->uuid, "vq3/drops");
	must(vm_sysfs_write(n->dev->uuid, "link", "down\n"));
	p->target = p->sent + 10;
	while (p->sent < p->target)
		vm_net_pump(n);
	set_pairs(n, 1, VIRTIO_NET_OK);
	must(vm_sysfs_write(n->dev->uuid, "link", "up\n"));
	for (i = 0; p->done < p->target && i < 500; i++)
		if (!vm_net_pump(n))
			vm_net_wait(n, 20);
	if (p->done < p->target)
		die("a pair that is off: transmit does not end");
	if (p->got != p->sent - 10)
		die("a pair that is off: received");
	drops = vm_sysfs_u64(n->dev->uuid, "vq3/drops") - drops;
	if (drops != 10)
		die("a pair that is off: %llu drops", (unsigned long long)drops);
	p->got = p->sent;
	pass("a pair that is off: what it still had is dropped, and counted");
	set_pairs(n, 2, VIRTIO_NET_OK);
}

int cmd_ctrl(struct vm_opts *o)
{
	struct vm_net_opts no = o->net;
	struct vm_container c;
	struct vm_net n;
	struct vm_dev d;

	no.mq = true;
	no.pairs = 2;
	must(vm_container_open(&c));
	must(vm_dev_open(&c, &d, o->uuid[0]));
	must(vm_net_start(&n, &d, &no));
	pass("the control queue is queue %u", n.ctrl_index);
	set_pairs(&n, 1, VIRTIO_NET_OK);
	set_pairs(&n, 2, VIRTIO_NET_OK);
	set_pairs(&n, 0, VIRTIO_NET_ERR);
	set_pairs(&n, n.max_pairs + 1, VIRTIO_NET_ERR);
	set_pairs(&n, 0xffff, VIRTIO_NET_ERR);
	try_mac(&n);
	try_rx_mode(&n);
	try_filter(&n);
	try_vlan(&n);
	n.pair[1].off = o->steered;
	try_offloads(&n);
	try_announce(&n);
	if (!o->steered)
		try_pair_off(&n);
	ctrl(&n, "a class that does not exist", 99, 0, NULL, 0, VIRTIO_NET_ERR);
	ctrl(&n, "a command that does not exist", VIRTIO_NET_CTRL_MQ, 99, NULL,
	     0, VIRTIO_NET_ERR);
	vm_net_run(&n, n.pair[0].got + 200);
	pass("traffic goes on after all that");
	vm_net_free(&n);
	vm_dev_close(&d);
	vm_container_close(&c);
	return 0;
}
