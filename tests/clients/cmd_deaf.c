// SPDX-License-Identifier: GPL-2.0-only
/*
 * user-net deaf: a driver that gives its device no receive buffers.  With SIGUSR1 it has
 * some, of which it does not tell the device; with SIGUSR2 it does, and takes what comes,
 * --frames of them.
 */
#include <signal.h>

#include "user_net.h"

static void wait_for_signal(const sigset_t *set, int wanted)
{
	int sig = 0;

	while (sig != wanted)
		if (sigwait(set, &sig))
			die("sigwait");
}

static void give(struct vm_net *n, unsigned int slot)
{
	struct vm_pair *p = &n->pair[0];
	struct vm_sg sg = { vm_iova(&n->bufs, p->rxbuf + slot * n->rx_size), n->rx_size };

	must(vm_vq_add(&p->rx, &sg, 0, 1, slot));
}

int cmd_deaf(struct vm_opts *o)
{
	struct vm_container c;
	struct vm_net n;
	struct vm_dev d;
	unsigned int slot;
	sigset_t set;
	__u32 len;
	__u64 got;
	int ret;

	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	sigaddset(&set, SIGUSR2);
	sigprocmask(SIG_BLOCK, &set, NULL);
	must(vm_container_open(&c));
	must(vm_dev_open(&c, &d, o->uuid[0]));
	must(vm_net_start(&n, &d, &o->net));
	vm_info("running");

	wait_for_signal(&set, SIGUSR1);
	for (slot = 0; slot < n.pair[0].rx_slots; slot++)
		give(&n, slot);
	vm_info("has buffers");

	wait_for_signal(&set, SIGUSR2);
	vm_vq_kick_now(&n.pair[0].rx);
	for (got = 0; got < o->frames;) {
		ret = vm_vq_get(&n.pair[0].rx, &len);
		if (ret < 0) {
			vm_sleep_ms(5);
			continue;
		}
		give(&n, ret);
		vm_vq_kick(&n.pair[0].rx);
		got++;
	}
	pass("%llu frames", (unsigned long long)got);
	vm_net_free(&n);
	vm_dev_close(&d);
	vm_container_close(&c);
	return 0;
}
