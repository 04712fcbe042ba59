// SPDX-License-Identifier: GPL-2.0-only
/*
 * user-net empty: the driver has made all descriptors of its receive queue available,
 * and nearly all of them have no bytes.  It has none left to add, so the device is
 * not to wait for more.
 */
#include <string.h>
#include <unistd.h>

#include "user_net.h"

#define EMPTY_MAX	1024

int cmd_empty(struct vm_opts *o)
{
	static struct vm_sg sg[EMPTY_MAX];
	struct vm_container c;
	struct vm_pair *p;
	unsigned int i;
	struct vm_dev d;
	struct vm_net n;
	__u64 drops;

	alarm(300);
	/* With one buffer for each frame it is clear without that. */
	o->net.mrg = true;
	must(vm_container_open(&c));
	must(vm_dev_open(&c, &d, o->uuid[0]));
	must(vm_net_start(&n, &d, &o->net));
	vm_net_run(&n, 10);
	must(vm_net_again(&n));
	drops = vm_sysfs_u64(d.uuid, "vq1/drops");

	p = &n.pair[0];
	if (p->rx.num > EMPTY_MAX || p->rx.num_free != p->rx.num)
		die("%u descriptors of %u are free", p->rx.num_free, p->rx.num);
	for (i = 0; i < p->rx.num; i++)
		sg[i] = (struct vm_sg){ vm_iova(&n.bufs, p->rxbuf), 0 };
	/* Room for the header, and for 8 bytes of a frame of 60 */
	sg[0].len = 20;
	must(vm_vq_add(&p->rx, sg, 0, p->rx.num, 0));
	vm_vq_kick_now(&p->rx);
	memset(p->txbuf, 0, 12);
	memset(p->txbuf + 12, 0xff, 60);
	sg[0] = (struct vm_sg){ vm_iova(&n.bufs, p->txbuf), 12 + 60 };
	must(vm_vq_add(&p->tx, sg, 1, 0, 0));
	vm_vq_kick_now(&p->tx);
	for (i = 0; vm_sysfs_u64(d.uuid, "vq1/drops") == drops; i += 10) {
		if (i > 30000)
			die("the device waits for receive buffers that cannot come");
		vm_sleep_ms(10);
	}
	pass("a frame is dropped if the receive descriptors have too few bytes");

	must(vm_net_again(&n));
	vm_net_run(&n, 20);
	pass("frames arrive after descriptors of no bytes");
	vm_net_free(&n);
	vm_dev_close(&d);
	vm_container_close(&c);
	return 0;
}
