// SPDX-License-Identifier: GPL-2.0-only
/* vmhw gone: the function is unplugged under traffic. */
#include <errno.h>
#include <linux/vfio.h>
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

#define CALLS	16

/*
 * Nothing can be started any more.  What is only written down until then, or
 * read, may give no error, but must not hang.  How many calls are not as they
 * should be
 */
static unsigned int all_calls(struct hw_net *n, bool tell)
{
	struct {
		const char *name;
		bool fails;
		long ret;
	} calls[CALLS];
	unsigned int i, nr = 0, bad = 0;
	struct vm_dev *d = &n->d;
	__u8 config[6] = {};
	__u64 f;

#define CALL(what, must_fail, ...)	(calls[nr].name = (what), \
					 calls[nr].fails = (must_fail), \
					 alarm(HANG_S), \
					 calls[nr++].ret = (__VA_ARGS__))
	CALL("GET_FEATURES", false, vm_get_features(d, &f));
	CALL("GET_CONFIG", false, vm_get_config(d, 0, config, sizeof(config)));
	CALL("SET_CONFIG", false, vm_set_config(d, 0, config, sizeof(config)));
	CALL("SET_VRING_NUM", false, vm_vring_num(d, 0, n->o.num));
	CALL("SET_VRING_BASE", false, vm_vring_base(d, 0, 0));
	CALL("GET_VRING_BASE", true, vm_vring_get_base(d, 0));
	CALL("SET_VRING_CALL", false,
	     vm_vring_fd(d, VHOST_MDEV_SET_VRING_CALL, 0, n->rx.call));
	CALL("SET_VRING_KICK", false,
	     vm_vring_fd(d, VHOST_MDEV_SET_VRING_KICK, 0, n->rx.kick));
	if (!vm_way.chardev)
		CALL("VFIO_DEVICE_RESET", true,
		     vm_ioctl(d->fd, VFIO_DEVICE_RESET, NULL));
	CALL("SET_STATUS 0", true, vm_set_status(d, 0));
	CALL("SET_STATUS ACKNOWLEDGE", true,
	     vm_set_status(d, VIRTIO_CONFIG_S_ACKNOWLEDGE));
	CALL("once more from the beginning", true, hw_start(n));
#undef CALL
	alarm(0);
	for (i = 0; i < nr; i++) {
		bad += calls[i].fails && calls[i].ret >= 0;
		if (tell)
			vm_info("  %s: %s", calls[i].name,
				vm_err(calls[i].ret));
	}
	return bad;
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
	__u64 end;

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
		end = vm_now_ms() + NEWS_MS;
		while (all_calls(&n, false) && vm_now_ms() < end)
			vm_sleep_ms(100);
		if (all_calls(&n, true))
			die("there is no function, and not all calls fail");
		pass("each call that starts something fails, and none hangs");
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
