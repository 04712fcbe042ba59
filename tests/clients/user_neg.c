// SPDX-License-Identifier: GPL-2.0-only
/*
 * user-neg - do everything wrong that can be done by the device fd of a class
 * VHOST instance of mvnet, or its char device, and compare the errno.  A line for each row:
 * "ok - NAME" or "not ok - NAME: what came instead".
 */
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "../report.h"
#include "user_neg.h"

void neg_result(struct neg *t, bool good, const char *fmt, ...)
{
	va_list ap;

	if (good)
		t->passed++;
	else
		t->failed++;
	va_start(ap, fmt);
	report(good, NULL, fmt, ap);
	va_end(ap);
}

/* Of the char device it is the owner's memory that is mapped. */
static void neg_own(struct neg *t, bool own)
{
	vm_ioctl(t->d.fd, VHOST_MDEV_RESET_OWNER, NULL);
	if (!own)
		return;
	must(vm_ioctl(t->d.fd, VHOST_MDEV_SET_OWNER, NULL));
	must(vm_mem_map(&t->n.rings));
	must(vm_mem_map(&t->n.bufs));
}

void neg_go(struct neg *t, enum neg_state s)
{
	struct vm_dev *d = &t->d;

	must(vm_set_status(d, 0));
	if (vm_way.chardev)
		neg_own(t, s >= S_DRIVER);
	if (s == S_OWNED)
		must(vm_ioctl(d->fd, VHOST_MDEV_SET_OWNER, NULL));
	if (s < S_DRIVER)
		return;
	if (s == S_DRIVER) {
		must(vm_set_status(d, VIRTIO_CONFIG_S_ACKNOWLEDGE |
				   VIRTIO_CONFIG_S_DRIVER));
		return;
	}
	must(vm_negotiate(d, vm_net_features(&t->n.o)));
	vm_net_forget(&t->n);
	if (s >= S_RINGS)
		must(vm_net_rings(&t->n, NULL));
	if (s >= S_LIVE)
		must(vm_net_live(&t->n));
	if (s >= S_SUSPENDED)
		must(vm_suspend(d));
}

static int neg_fd(struct neg *t, __s64 fd)
{
	switch (fd) {
	case FD_PLAIN:
		return t->plain_fd;
	case FD_CLOSED:
		return t->closed_fd;
	case FD_EVENT:
		return t->event_fd;
	default:
		return fd;
	}
}

static int neg_call(struct neg *t, const struct neg_row *r)
{
	struct vm_vq *v = &t->n.pair[0].rx;
	struct vhost_mdev_config *conf;
	struct vhost_mdev_vring_state state;
	struct vhost_mdev_vring_file file;
	struct vhost_mdev_vring_addr addr;
	__u32 index = r->index == Q_COUNT ? t->d.nvqs : r->index;
	__u64 u64 = r->a;
	int i = r->a;
	__u8 u8 = r->a;
	int ret;

	switch (r->arg) {
	case A_NONE:
		return vm_ioctl(t->d.fd, r->req, NULL);
	case A_PTR:
		return vm_ioctl(t->d.fd, r->req, (void *)(unsigned long)r->a);
	case A_STATE:
		state.index = index;
		state.num = r->a;
		return vm_ioctl(t->d.fd, r->req, &state);
	case A_FILE:
		file.index = index;
		file.fd = neg_fd(t, r->a);
		return vm_ioctl(t->d.fd, r->req, &file);
	case A_ADDR:
		memset(&addr, 0, sizeof(addr));
		addr.index = index;
		addr.desc_user_addr = r->a == GOOD ? v->desc_iova : r->a;
		addr.avail_user_addr = r->b == GOOD ? v->avail_iova : r->b;
		addr.used_user_addr = r->c == GOOD ? v->used_iova : r->c;
		return vm_ioctl(t->d.fd, r->req, &addr);
	case A_U64:
		return vm_ioctl(t->d.fd, r->req, &u64);
	case A_INT:
		i = neg_fd(t, (__s64)r->a);
		return vm_ioctl(t->d.fd, r->req, &i);
	case A_U8:
		return vm_ioctl(t->d.fd, r->req, &u8);
	case A_CONFIG:
		conf = calloc(1, sizeof(*conf) + 65536);
		if (!conf)
			die("no memory");
		conf->off = r->a;
		conf->len = r->b;
		ret = vm_ioctl(t->d.fd, r->req, conf);
		free(conf);
		return ret;
	case A_FN:
		return r->fn(t);
	}
	return -EINVAL;
}

void neg_rows(struct neg *t, const struct neg_row *r, unsigned int nr)
{
	unsigned int i;

	for (i = 0; i < nr; i++, r++) {
		int ret, err = r->err;

		if (vm_way.chardev && r->err_chr)
			err = r->err_chr;
		neg_go(t, r->state);
		ret = neg_call(t, r);
		if (ret > 0)
			ret = 0;
		if (ret == -err)
			neg_result(t, true, "%s: %s", r->name,
				   err ? vm_err(ret) : "taken");
		else
			neg_result(t, false, "%s: %s, expected %s", r->name,
				   vm_err(ret), vm_err(-err));
		/* Whoever owns it lets go; EPERM if nobody does. */
		vm_ioctl(t->d.fd, VHOST_MDEV_RESET_OWNER, NULL);
	}
}

static void set_up(struct neg *t)
{
	struct vm_net_opts no = t->o->net;
	__u8 *p;

	no.mq = true;
	no.pairs = 2;
	no.num = 64;
	no.indirect = true;
	must(vm_container_open(&t->c));
	must(vm_dev_open(&t->c, &t->d, t->o->uuid[0]));
	must(vm_net_alloc(&t->n, &t->d, &no));

	t->plain_fd = open("/proc/self/stat", O_RDONLY | O_CLOEXEC);
	t->event_fd = must(vm_eventfd());
	t->closed_fd = must(vm_eventfd());
	close(t->closed_fd);
	t->read_only = mmap(NULL, VM_PAGE, PROT_READ,
			    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	p = mmap(NULL, 2 * VM_PAGE, PROT_READ | PROT_WRITE,
		 MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (t->plain_fd < 0 || t->read_only == MAP_FAILED || p == MAP_FAILED)
		die("set-up: %s", vm_err(-errno));
	munmap(p + VM_PAGE, VM_PAGE);
	t->edge = p + VM_PAGE;
}

int main(int argc, char **argv)
{
	struct vm_opts o = { .net = vm_net_default };
	struct neg t = { .o = &o };
	const char *part = argc > 2 ? argv[2] : "";

	setvbuf(stdout, NULL, _IOLBF, 0);
	if (argc < 2) {
		printf("user-neg UUID [vhost|vfio|rings|packed [chardev]]\n");
		return 2;
	}
	o.uuid[0] = argv[1];
	vm_way.chardev = argc > 3 && !strcmp(argv[3], "chardev");
	set_up(&t);
	if (!*part || !strcmp(part, "vhost"))
		neg_vhost(&t);
	if (!*part || !strcmp(part, "vfio"))
		neg_vfio(&t);
	if (!*part || !strcmp(part, "rings"))
		neg_rings(&t);
	if (!*part || !strcmp(part, "packed"))
		neg_packed(&t);

	neg_go(&t, S_LIVE);
	vm_net_run(&t.n, 500);
	neg_result(&t, true, "%s%sframes come back on two pairs after all calls",
		   part, *part ? ": " : "");
	vm_net_free(&t.n);
	vm_dev_close(&t.d);
	vm_container_close(&t.c);
	printf("# %u rows as expected, %u not\n", t.passed, t.failed);
	return t.failed ? 1 : 0;
}
