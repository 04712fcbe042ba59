// SPDX-License-Identifier: GPL-2.0-only
/* user-net lifetimes: how long it lasts what was set, by each way to set it. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "user_net.h"

#define ADMIN	"02:00:00:00:00:aa"
#define USER	"02:00:00:00:00:bb"
#define DRIVER	"02:00:00:00:00:cc"

static void read_mac(const char *text, __u8 *mac)
{
	if (sscanf(text, "%hhx:%hhx:%hhx:%hhx:%hhx:%hhx", &mac[0], &mac[1],
		   &mac[2], &mac[3], &mac[4], &mac[5]) != 6)
		die("no MAC: %s", text);
}

static void sysfs_mac_is(const char *uuid, const char *when, const char *want)
{
	char text[64];

	must(vm_sysfs_read(uuid, "mac", text, sizeof(text)));
	if (strcmp(text, want))
		die("%s sysfs has MAC %s, expected %s", when, text, want);
}

/* For whoever drives the device, and for the administrator */
static void mac_is(struct vm_dev *d, const char *when, const char *want)
{
	__u8 now[6], mac[6];

	read_mac(want, mac);
	must(vm_get_config(d, 0, now, sizeof(now)));
	if (memcmp(now, mac, sizeof(now)))
		die("%s the device has MAC %02x:%02x:%02x:%02x:%02x:%02x, expected %s",
		    when, now[0], now[1], now[2], now[3], now[4], now[5], want);
	sysfs_mac_is(d->uuid, when, want);
	pass("%s the MAC is %s", when, want);
}

static void set_mac_by_config(struct vm_dev *d, const char *text)
{
	__u8 mac[6];

	read_mac(text, mac);
	must(vm_set_config(d, 0, mac, sizeof(mac)));
}

static void ctrl(struct vm_net *n, __u8 class, __u8 cmd, const void *data,
		 size_t len)
{
	int ret = vm_net_ctrl(n, class, cmd, data, len);

	if (ret != VIRTIO_NET_OK)
		die("control command %u of class %u: %d", cmd, class, ret);
}

static void set_mac_by_ctrl(struct vm_net *n, const char *text)
{
	__u8 mac[6];

	read_mac(text, mac);
	ctrl(n, VIRTIO_NET_CTRL_MAC, VIRTIO_NET_CTRL_MAC_ADDR_SET, mac,
	     sizeof(mac));
}

static __u16 config16(struct vm_dev *d, __u32 off)
{
	__u16 val;

	must(vm_get_config(d, off, &val, sizeof(val)));
	return le16toh(val);
}

static void mtu_is(struct vm_dev *d, const char *when, __u16 want)
{
	__u16 mtu = config16(d, offsetof(struct virtio_net_config, mtu));

	if (mtu != want)
		die("%s the MTU is %u, expected %u", when, mtu, want);
	pass("%s the MTU is %u", when, mtu);
}

static void sysfs_is(struct vm_dev *d, const char *name, const char *want)
{
	char text[64];

	must(vm_sysfs_read(d->uuid, name, text, sizeof(text)));
	if (strcmp(text, want))
		die("%s is %s, expected %s", name, text, want);
}

/* What is received, and by which pairs, as a driver finds it at its start */
static void after_reset(struct vm_net *n)
{
	static const __u8 other[6] = { 0x52, 0x54, 0, 1, 2, 3 };
	struct virtio_net_ctrl_mq mq = { .virtqueue_pairs = htole16(2) };
	struct vm_pair *p = &n->pair[1];
	unsigned int i;

	must(vm_set_status(n->dev, 0));
	vm_net_forget(n);
	must(vm_negotiate(n->dev, vm_net_features(&n->o)));
	must(vm_net_rings(n, NULL));
	must(vm_add_status(n->dev, VIRTIO_CONFIG_S_DRIVER_OK));

	memcpy(n->mac, other, sizeof(other));
	p->off = true;
	vm_net_run(n, 10);
	pass("after a reset frames to others are received: the filter is gone");

	/* It is on, as far as the last driver knew. */
	p->off = false;
	p->target = 10;
	for (i = 0; i < 10; i++)
		if (!vm_net_pump(n))
			vm_net_wait(n, 10);
	if (p->sent != 10 || p->done)
		die("after a reset the second pair is served: sent %llu, done %llu",
		    (unsigned long long)p->sent, (unsigned long long)p->done);
	ctrl(n, VIRTIO_NET_CTRL_MQ, VIRTIO_NET_CTRL_MQ_VQ_PAIRS_SET, &mq,
	     sizeof(mq));
	vm_net_run(n, 20);
	pass("after a reset one pair is in use, until the driver wants more");
}

int cmd_lifetimes(struct vm_opts *o)
{
	struct vm_net_opts no = o->net;
	static const __u8 off, group = 0xff, last = 0xdd;
	struct vm_container c;
	const char *uuid;
	struct vm_net n;
	struct vm_dev d;

	no.mq = true;
	no.pairs = 2;
	uuid = o->uuid[0];
	must(vm_sysfs_write(uuid, "mac", ADMIN "\n"));
	must(vm_sysfs_write(uuid, "mtu", "1500\n"));
	must(vm_sysfs_write(uuid, "busy_poll", "7\n"));
	must(vm_container_open(&c));
	must(vm_dev_open(&c, &d, uuid));
	mac_is(&d, "after open", ADMIN);
	mtu_is(&d, "after open", 1500);

	/* the configuration space: until close */
	set_mac_by_config(&d, USER);
	must(vm_set_config(&d, 0, &group, 1));
	mac_is(&d, "after SET_CONFIG, and one of a group address,", USER);
	must(vm_net_start(&n, &d, &no));
	mac_is(&d, "after the start", USER);

	/* the control queue: until reset */
	set_mac_by_ctrl(&n, DRIVER);
	mac_is(&d, "after a control command", DRIVER);
	ctrl(&n, VIRTIO_NET_CTRL_RX, VIRTIO_NET_CTRL_RX_PROMISC, &off, 1);
	must(vm_sysfs_write(uuid, "announce", "1\n"));
	sysfs_is(&d, "announce", "1");
	must(vm_sysfs_write(uuid, "mtu", "1300\n"));
	mtu_is(&d, "under a driver, whatever the administrator writes,", 1500);
	after_reset(&n);
	mac_is(&d, "after a reset", USER);
	mtu_is(&d, "after a reset", 1300);
	sysfs_is(&d, "announce", "0");
	sysfs_is(&d, "busy_poll", "7");
	sysfs_is(&d, "mtu", "1300");
	pass("after a reset no announcement is wanted, and sysfs is as it was");

	must(vm_sysfs_write(uuid, "link", "down\n"));
	must(vm_net_again(&n));
	if (config16(&d, offsetof(struct virtio_net_config, status)) &
	    VIRTIO_NET_S_LINK_UP)
		die("a reset brings the link up");
	must(vm_sysfs_write(uuid, "link", "up\n"));
	pass("a link that is down stays down over a reset");

	/* the last one to write counts */
	set_mac_by_ctrl(&n, DRIVER);
	must(vm_sysfs_write(uuid, "mac", "02:00:00:00:00:ab\n"));
	mac_is(&d, "after the administrator's last word", "02:00:00:00:00:ab");
	set_mac_by_ctrl(&n, DRIVER);
	must(vm_net_again(&n));
	mac_is(&d, "after a reset, with no SET_CONFIG since then,",
	       "02:00:00:00:00:ab");
	must(vm_sysfs_write(uuid, "mac", ADMIN "\n"));
	must(vm_set_config(&d, 5, &last, 1));
	mac_is(&d, "after SET_CONFIG of the last byte", "02:00:00:00:00:dd");
	set_mac_by_ctrl(&n, DRIVER);
	must(vm_net_again(&n));
	mac_is(&d, "after another reset", "02:00:00:00:00:dd");
	set_mac_by_ctrl(&n, DRIVER);

	/* closed as it is, as by a program that is killed */
	vm_device_put(&d);
	sysfs_mac_is(uuid, "after close", ADMIN);
	pass("after close the MAC is %s", ADMIN);
	vm_net_free(&n);
	vm_dev_close(&d);
	vm_container_close(&c);

	must(vm_container_open(&c));
	must(vm_dev_open(&c, &d, uuid));
	mac_is(&d, "for the next user", ADMIN);
	mtu_is(&d, "for the next user", 1300);
	vm_dev_close(&d);
	vm_container_close(&c);
	return 0;
}
