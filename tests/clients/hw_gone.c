// SPDX-License-Identifier: GPL-2.0-only
/* user-hw gone: the function is unplugged under traffic. */
#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include "hwnet.h"

/* Whatever takes longer hangs. */
#define HANG_S		60
#define NEWS_MS		90000

static sigjmp_buf no_doorbell;

static void on_sigbus(int sig)
{
	siglongjmp(no_doorbell, 1);
}

/* What of it the user hears first, or NULL */
static const char *news(struct hw_net *n, int request)
{
	int ret;

	if (vm_eventfd_peek(request))
		return "the request's eventfd";
	if (vm_eventfd_peek(n->rx.err) || vm_eventfd_peek(n->tx.err))
		return "a virtqueue's error eventfd";
	ret = vm_get_status(&n->d);
	if (ret < 0)
		return "an error of GET_STATUS";
	if (ret & VIRTIO_CONFIG_S_NEEDS_RESET)
		return "the status";
	return NULL;
}

/* Traffic, as long as there is any */
static const char *wait_news(struct hw_net *n, int request)
{
	__u64 end = vm_now_ms() + NEWS_MS;
	const char *what;

	if (sigsetjmp(no_doorbell, 1))
		return "SIGBUS at the doorbell";
	while (vm_now_ms() < end) {
		hw_echo(n, 8, 300);
		what = news(n, request);
		if (what)
			return what;
	}
	die("nothing says that the function is gone");
}

/* Also calls whose arguments are right for sure */
static void check_calls(struct hw_net *n)
{
	struct vm_dev *d = &n->d;
	__u8 mac[6];

	vm_check_gone(d);
	alarm(HANG_S);
	vm_must_be_gone("GET_CONFIG", vm_get_config(d, 0, mac, sizeof(mac)));
	vm_must_be_gone("SET_VRING_NUM", vm_vring_num(d, 0, n->o.num));
	vm_must_be_gone("SET_VRING_KICK",
			vm_vring_fd(d, VHOST_MDEV_SET_VRING_KICK, 0,
				    n->rx.kick));
	vm_must_be_gone("SET_STATUS",
			vm_set_status(d, VIRTIO_CONFIG_S_ACKNOWLEDGE));
	alarm(0);
}

/* Whoever sleeps on these has to be woken. */
static void check_eventfds(struct hw_net *n, int request)
{
	if (!vm_eventfd_wait(n->rx.err, NEWS_MS) ||
	    !vm_eventfd_wait(n->tx.err, 1000))
		die("no error eventfd came");
	if (!vm_way.chardev && !vm_eventfd_wait(request, NEWS_MS))
		die("the request's eventfd did not come");
	pass("the error eventfds came%s",
	     vm_way.chardev ? "" : ", and the request's");
}

int cmd_hw_gone(const struct hw_opts *o)
{
	int request = must(vm_eventfd());
	struct hw_net n;
	unsigned int i;

	signal(SIGBUS, on_sigbus);
	hw_open(&n, o);
	if (!vm_way.chardev)
		must(vm_set_irq_eventfd(&n.d, VHOST_MDEV_IRQ_REQUEST, request));
	must(hw_start(&n));
	hw_traffic(&n, 100);
	vm_info("running");

	pass("the news came by %s, after %llu echoes", wait_news(&n, request),
	     (unsigned long long)n.echoes);
	if (o->surprise) {
		check_eventfds(&n, request);
		check_calls(&n);
	} else {
		/* There it is, while we have it. */
		hw_traffic(&n, 10);
	}
	alarm(HANG_S);
	if (vm_way.chardev)
		/* It goes with the device. */
		for (i = 0; i < ARRAY_SIZE(n.mem); i++)
			n.mem[i].mapped = false;
	hw_close(&n);
	close(request);
	alarm(0);
	pass("closed");
	return 0;
}
