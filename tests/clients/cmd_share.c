// SPDX-License-Identifier: GPL-2.0-only
/* user-net second, started, request, two, config-irq: users, removers and news. */
#include <errno.h>
#include <fcntl.h>
#include <linux/vfio.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "user_net.h"

/* Nobody else gets the device: not even who has the group. */
static void second_of_group(struct vm_dev *d)
{
	int fd = ioctl(d->group, VFIO_GROUP_GET_DEVICE_FD, d->uuid);

	if (fd >= 0)
		die("a second device fd of the group, expected EBUSY");
	if (errno != EBUSY)
		die("a second device fd: %s, expected EBUSY", vm_err(-errno));
	pass("a second VFIO_GROUP_GET_DEVICE_FD gets EBUSY");
}

/* or opens the node, and the group is not to be had at all. */
static void second_of_node(struct vm_dev *d)
{
	char path[64];
	int fd;

	fd = vm_cdev_open(d->c, d->uuid);
	fails(EINVAL, fd);
	snprintf(path, sizeof(path), "/dev/vfio/%d", vm_group_of(d->uuid));
	fd = open(path, O_RDWR | O_CLOEXEC);
	if (fd >= 0 || errno != EBUSY)
		die("the group of a device that is bound: %s, expected EBUSY",
		    vm_err(fd < 0 ? -errno : 0));
	pass("a second BIND_IOMMUFD gets EINVAL, the group EBUSY");
}

int cmd_second(struct vm_opts *o)
{
	struct vm_container c, c2;
	struct vm_dev d, d2;
	struct vm_net n;
	int status;
	pid_t pid;

	must(vm_container_open(&c));
	must(vm_dev_open(&c, &d, o->uuid[0]));
	must(vm_net_start(&n, &d, &o->net));

	pid = fork();
	if (!pid) {
		must(vm_container_open(&c2));
		fails(vm_taken_errno(), vm_dev_open(&c2, &d2, o->uuid[0]));
		_exit(0);
	}
	if (waitpid(pid, &status, 0) != pid || status)
		die("another process: status %#x", status);
	pass("another process gets %s", vm_err(-vm_taken_errno()));

	if (vm_way.cdev)
		second_of_node(&d);
	else
		second_of_group(&d);

	vm_net_run(&n, o->frames);
	pass("the first user's traffic goes on");
	vm_net_free(&n);
	vm_device_put(&d);
	must(vm_device_get(&d));
	pass("once it has let go, the device can be had again");
	vm_dev_close(&d);
	vm_container_close(&c);
	return 0;
}

/*
 * One process maps memory, another one starts the device and is gone.  Most of
 * the memory cannot be locked, so that the device has to copy it.
 */
int cmd_started(struct vm_opts *o)
{
	struct vm_container c;
	struct vm_dev d;
	struct vm_net n;
	int status;
	pid_t pid;

	must(vm_limit_memlock(65536));
	must(vm_container_open(&c));
	must(vm_dev_open(&c, &d, o->uuid[0]));
	must(vm_net_alloc(&n, &d, &o->net));
	must(vm_net_rings(&n, NULL));
	pid = fork();
	if (!pid) {
		must(vm_net_live(&n));
		_exit(0);
	}
	if (waitpid(pid, &status, 0) != pid || status)
		die("DRIVER_OK of another process: status %#x", status);
	vm_net_run(&n, o->frames);
	pass("a device that another process has started: %llu frames",
	     (unsigned long long)o->frames);
	vm_net_free(&n);
	vm_dev_close(&d);
	vm_container_close(&c);
	return 0;
}

static void join_child(pid_t pid)
{
	unsigned int ms;
	int status;

	for (ms = 0; ms < 60000; ms += 20) {
		pid_t got = waitpid(pid, &status, WNOHANG);

		if (got == pid) {
			if (status)
				die("remove failed, status %#x", status);
			return;
		}
		vm_sleep_ms(20);
	}
	die("remove does not come to an end");
}

static bool present(const char *uuid)
{
	return vm_group_of(uuid) >= 0;
}

int cmd_request(struct vm_opts *o)
{
	struct vfio_irq_info irq = { .argsz = sizeof(irq) };
	struct vm_container c;
	struct vm_net n;
	struct vm_dev d;
	int ev, status;
	__u64 count;
	pid_t pid;

	must(vm_container_open(&c));
	must(vm_dev_open(&c, &d, o->uuid[0]));
	irq.index = vm_request_irq();
	must(vm_ioctl(d.fd, VFIO_DEVICE_GET_IRQ_INFO, &irq));
	if (irq.count != 1 || !(irq.flags & VFIO_IRQ_INFO_EVENTFD))
		die("request irq: count %u flags %#x", irq.count, irq.flags);
	pass("the request interrupt is one eventfd");
	must(vm_net_start(&n, &d, &o->net));
	ev = must(vm_eventfd());
	must(vm_set_irq_eventfd(&d, vm_request_irq(), ev));
	if (vm_eventfd_wait(ev, 200))
		die("a request before anybody removes it");
	vm_net_run(&n, 100);
	pid = vm_remove_instance(d.uuid);
	count = vm_eventfd_wait(ev, 10000);
	if (!count)
		die("remove, and no request");
	pass("remove asks the user to let go");
	vm_net_run(&n, 200);
	if (waitpid(pid, &status, WNOHANG))
		die("remove did not wait for the user: status %#x", status);
	pass("remove waits, while traffic goes on");
	vm_net_free(&n);
	vm_dev_close(&d);
	join_child(pid);
	if (present(o->uuid[0]))
		die("remove returned and the instance is there");
	pass("let go, and the instance is gone");
	close(ev);
	vm_container_close(&c);
	return 0;
}

int cmd_two(struct vm_opts *o)
{
	struct vm_container c;
	struct vm_net n[2];
	struct vm_dev d[2];
	unsigned int i;
	__u64 at;
	pid_t pid;
	int ev;

	must(vm_container_open(&c));
	for (i = 0; i < 2; i++)
		must(vm_dev_open(&c, &d[i], o->uuid[i]));
	for (i = 0; i < 2; i++)
		must(vm_net_start(&n[i], &d[i], &o->net));
	for (at = 0; at < o->frames;) {
		at += 100;
		vm_net_run(&n[0], at);
		vm_net_run(&n[1], at);
	}
	pass("two instances in one container, %llu frames through each",
	     (unsigned long long)at);

	ev = must(vm_eventfd());
	must(vm_set_irq_eventfd(&d[1], vm_request_irq(), ev));
	pid = vm_remove_instance(o->uuid[1]);
	for (i = 0; !vm_eventfd_wait(ev, 0); i++) {
		vm_net_run(&n[0], at += 10);
		vm_net_run(&n[1], at);
		if (i > 2000)
			die("remove, and no request");
	}
	vm_dev_close(&d[1]);
	vm_net_free(&n[1]);
	join_child(pid);
	if (present(o->uuid[1]))
		die("remove returned and the instance is there");
	vm_net_run(&n[0], at + 500);
	pass("one of them was removed, the other goes on");
	vm_net_free(&n[0]);
	vm_dev_close(&d[0]);
	vm_container_close(&c);
	return 0;
}

static void wait_link(struct vm_dev *d, int ev, bool up)
{
	struct virtio_net_config c;

	must(vm_sysfs_write(d->uuid, "link", up ? "up\n" : "down\n"));
	if (!vm_eventfd_wait(ev, 10000))
		die("link %s: no config interrupt", up ? "up" : "down");
	must(vm_get_config(d, 0, &c, sizeof(c.mac) + sizeof(c.status)));
	if (!!(le16toh(c.status) & VIRTIO_NET_S_LINK_UP) != up)
		die("link %s: status %#x", up ? "up" : "down",
		    le16toh(c.status));
}

/* Reset, and everything but live; of class VFIO a reset forgets the vector. */
static void almost_live(struct vm_net *n, int ev)
{
	must(vm_set_status(n->dev, 0));
	vm_net_forget(n);
	must(vm_negotiate(n->dev, vm_net_features(&n->o)));
	must(vm_set_config_call(n->dev, ev));
	must(vm_net_rings(n, NULL));
}

/* A driver is told nothing before DRIVER_OK, and then what it has missed. */
static void early_link(struct vm_net *n, int ev)
{
	must(vm_set_status(n->dev, 0));
	must(vm_sysfs_write(n->dev->uuid, "link", "down\n"));
	almost_live(n, ev);
	must(vm_net_live(n));
	if (vm_eventfd_wait(ev, 100))
		die("a config interrupt for a change before the reset");
	pass("no interrupt for what changed before the reset");

	almost_live(n, ev);
	must(vm_sysfs_write(n->dev->uuid, "link", "up\n"));
	if (vm_eventfd_wait(ev, 100))
		die("a config interrupt before DRIVER_OK");
	must(vm_net_live(n));
	if (!vm_eventfd_wait(ev, 10000))
		die("no config interrupt at DRIVER_OK");
	pass("a change before DRIVER_OK is told at DRIVER_OK");
}

int cmd_config_irq(struct vm_opts *o)
{
	struct vm_container c;
	struct vm_net n;
	struct vm_dev d;
	int ev, other;
	unsigned int i;

	must(vm_container_open(&c));
	must(vm_dev_open(&c, &d, o->uuid[0]));
	must(vm_net_start(&n, &d, &o->net));
	ev = must(vm_eventfd());
	other = must(vm_eventfd());
	must(vm_set_config_call(&d, ev));
	if (vm_eventfd_wait(ev, 100))
		die("a config interrupt for nothing");
	for (i = 0; i < 10; i++)
		wait_link(&d, ev, i & 1);
	pass("10 link changes, each with an interrupt and the new status");
	early_link(&n, ev);

	must(vm_set_config_call(&d, other));
	wait_link(&d, other, false);
	if (vm_eventfd_peek(ev))
		die("the eventfd that was replaced is signalled");
	pass("another eventfd takes the place of the first");
	must(vm_set_config_call(&d, VM_NO_FD));
	must(vm_sysfs_write(d.uuid, "link", "up\n"));
	if (vm_eventfd_wait(ev, 100) || vm_eventfd_wait(other, 0))
		die("a config interrupt with no eventfd set");
	pass("none is signalled once it is taken away");
	vm_net_run(&n, o->frames);
	vm_net_free(&n);
	vm_dev_close(&d);
	vm_container_close(&c);
	return 0;
}
