// SPDX-License-Identifier: GPL-2.0-only
/*
 * user-net attach: the device node, by itself, with an I/O address space, without
 * one again, and with another, each change under traffic.
 */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <string.h>
#include <unistd.h>

#include "user_net.h"

/* Nothing but BIND_IOMMUFD works before it, and that works once. */
static void bind_first(struct vm_container *c, const char *uuid)
{
	__u8 status;
	char path[300];
	int fd;

	must(vm_cdev_path(uuid, path, sizeof(path)));
	fd = open(path, O_RDWR | O_CLOEXEC);
	if (fd < 0)
		die("%s: %s", path, vm_err(-errno));
	fails(EINVAL, vm_ioctl(fd, VHOST_MDEV_GET_STATUS, &status));
	fails(EINVAL, vm_ioctl(fd, VHOST_MDEV_SET_OWNER, NULL));
	fails(EINVAL, vm_cdev_attach(fd, c->ioas));
	fails(EINVAL, vm_cdev_bind(fd, VM_NO_FD));
	must(vm_cdev_bind(fd, c->fd));
	fails(EINVAL, vm_cdev_bind(fd, c->fd));
	must(vm_ioctl(fd, VHOST_MDEV_GET_STATUS, &status));
	if (status)
		die("status %#x after BIND_IOMMUFD", status);
	close(fd);
	pass("the node can do nothing before BIND_IOMMUFD");
}

static void *pump(void *arg)
{
	struct vm_net *n = arg;

	return (void *)(long)vm_net_try(n, 1ULL << 40, 20000);
}

static void *unmap(void *arg)
{
	return (void *)(long)vm_mem_unmap(arg);
}

/*
 * Under traffic take the device from its address space, and give it @ioas if
 * there is that.  With @unmapped another thread unmaps that at the same time.
 */
static void change_under_traffic(struct vm_net *n, const __u32 *ioas,
				 struct vm_mem *unmapped)
{
	struct vm_dev *d = n->dev;
	pthread_t t[2];
	void *ret;

	must(vm_net_again(n));
	vm_net_run(n, 50);
	if (!vm_pinned())
		die("nothing is pinned under traffic");
	if (pthread_create(&t[0], NULL, pump, n))
		die("pthread_create");
	vm_sleep_ms(30);
	if (unmapped && pthread_create(&t[1], NULL, unmap, unmapped))
		die("pthread_create");
	if (ioas)
		must(vm_cdev_attach(d->fd, *ioas));
	else
		must(vm_cdev_detach(d->fd));
	if (!unmapped && vm_pinned())
		die("%ld pages are pinned when the device was detached",
		    vm_pinned());
	pthread_join(t[0], &ret);
	if ((long)ret != -EIO)
		die("traffic ended by %s, expected EIO", vm_err((long)ret));
	if (unmapped) {
		pthread_join(t[1], &ret);
		if (ret)
			die("the unmap: %s", vm_err((long)ret));
		if (vm_pinned())
			die("%ld pages are pinned after detach and unmap",
			    vm_pinned());
	}
	if (!(must(vm_get_status(d)) & VIRTIO_CONFIG_S_NEEDS_RESET))
		die("the rings are gone, and there is no NEEDS_RESET");
}

static void detach_and_attach(struct vm_net *n, unsigned int count)
{
	struct vm_container *c = n->dev->c;
	unsigned int i;

	for (i = 0; i < count; i++) {
		change_under_traffic(n, NULL, i & 1 ? &n->bufs : NULL);
		if (i & 1)
			must(vm_mem_map(&n->bufs));
		fails(EFAULT, vm_net_again(n));
		if (vm_pinned())
			die("%ld pages are pinned without an address space",
			    vm_pinned());
		must(vm_cdev_attach(n->dev->fd, c->ioas));
		must(vm_net_again(n));
		vm_net_run(n, 100);
	}
	pass("detached under traffic, %u times: nothing stays pinned", count);
}

/* The same memory at the same addresses, in another address space */
static void replace(struct vm_net *n, unsigned int count)
{
	struct vm_container *c = n->dev->c;
	struct vm_container other = *c;
	unsigned int i;

	must(vm_ioas_new(c->fd, &other.ioas));
	must(vm_dma_map(&other, n->rings.va, n->rings.iova, n->rings.size,
			true));
	must(vm_dma_map(&other, n->bufs.va, n->bufs.iova, n->bufs.size, true));
	for (i = 0; i < count; i++) {
		change_under_traffic(n, &other.ioas, NULL);
		must(vm_net_again(n));
		vm_net_run(n, 100);
		change_under_traffic(n, &c->ioas, NULL);
	}
	must(vm_net_again(n));
	vm_net_run(n, 100);
	/* Nothing of it is in use. */
	must(vm_ioas_unmap(&other, 0, ~0ULL));
	vm_net_run(n, 200);
	pass("another address space attached under traffic, and back, %u times",
	     count);
}

int cmd_attach(struct vm_opts *o)
{
	unsigned int count = o->count ? o->count : 6;
	struct vm_container c;
	struct vm_net n;
	struct vm_dev d;

	must(vm_container_open(&c));
	bind_first(&c, o->uuid[0]);
	must(vm_dev_open(&c, &d, o->uuid[0]));
	must(vm_net_start(&n, &d, &o->net));
	vm_net_run(&n, 100);
	detach_and_attach(&n, count);
	replace(&n, count / 2);
	vm_net_run(&n, o->frames);
	vm_net_free(&n);
	vm_dev_close(&d);
	vm_container_close(&c);
	return 0;
}
