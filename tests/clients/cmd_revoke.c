// SPDX-License-Identifier: GPL-2.0-only
/*
 * user-net revoked, inherited, blocked-call: the instance is removed, and its user
 * does not close it.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/userfaultfd.h>
#include <linux/vfio.h>
#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "user_net.h"

/* Whatever takes longer hangs. */
#define HANG_S		120

/* When this file is there the fd is closed. */
#define GO		"/tmp/go"

static sigjmp_buf at_sigbus;

static void on_sigbus(int sig)
{
	siglongjmp(at_sigbus, 1);
}

/* ---- what is left of a revoked device ---- */

/* After those that an unplugged device refuses as well */
static void check_calls(struct vm_dev *d)
{
	static const struct {
		const char *name;
		unsigned long req;
	} vhost[] = {
		{ "SET_MEM_TABLE", VHOST_MDEV_SET_MEM_TABLE },
		{ "SET_LOG_BASE", VHOST_MDEV_SET_LOG_BASE },
		{ "SET_LOG_FD", VHOST_MDEV_SET_LOG_FD },
	}, vfio[] = {
		{ "VFIO_DEVICE_GET_INFO", VFIO_DEVICE_GET_INFO },
		{ "VFIO_DEVICE_GET_REGION_INFO", VFIO_DEVICE_GET_REGION_INFO },
		{ "VFIO_DEVICE_GET_IRQ_INFO", VFIO_DEVICE_GET_IRQ_INFO },
		{ "VFIO_DEVICE_SET_IRQS", VFIO_DEVICE_SET_IRQS },
	};
	/* It begins with a size for vfio. */
	__u64 arg[16] = { 64 };
	unsigned int i;

	vm_check_gone(d);
	alarm(4 * HANG_S);
	for (i = 0; i < ARRAY_SIZE(vhost); i++)
		vm_must_be_gone(vhost[i].name,
				vm_ioctl(d->fd, vhost[i].req, arg));
	for (i = 0; !vm_way.chardev && i < ARRAY_SIZE(vfio); i++)
		vm_must_be_gone(vfio[i].name,
				vm_ioctl(d->fd, vfio[i].req, arg));
}

static void check_file(struct vm_dev *d)
{
	__u16 zero = 0;

	if (mmap(NULL, VM_PAGE, PROT_WRITE, MAP_SHARED, d->fd, 0) !=
	    MAP_FAILED || errno != ENODEV)
		die("mmap: %s", vm_err(-errno));
	if (vm_way.chardev) {
		fails(ENODEV, vm_msg(d->fd, 0, VHOST_MDEV_IOTLB_UPDATE,
				     1ULL << 40, VM_PAGE, &zero,
				     VHOST_MDEV_ACCESS_RW));
	} else if (pwrite(d->fd, &zero, sizeof(zero), 0) != -1 ||
		   (errno != ENODEV && errno != EINVAL)) {
		die("pwrite: %s", vm_err(-errno));
	}
	pass("nothing can be mapped, and nothing written");
}

static void check_doorbell(volatile __u16 *doorbell)
{
	if (sigsetjmp(at_sigbus, 1)) {
		pass("an access to the mapped doorbell is a SIGBUS");
		return;
	}
	*doorbell = 0;
	die("the doorbell can still be rung");
}

static void wait_hangup(struct vm_net *n)
{
	struct pollfd p = { .fd = n->dev->fd };

	if (!vm_eventfd_wait(n->pair[0].rx.err, HANG_S * 1000) ||
	    !vm_eventfd_wait(n->pair[0].tx.err, HANG_S * 1000))
		die("no error eventfd came");
	pass("the error eventfds came");
	if (!vm_way.chardev)
		return;
	if (poll(&p, 1, HANG_S * 1000) != 1 || !(p.revents & POLLHUP))
		die("poll: events %#x", p.revents);
	pass("poll says that the device hung up");
}

/* By another process, or by the one that is in the way */
static void remove_it(struct vm_opts *o)
{
	char path[128];
	int status;
	pid_t pid;

	if (o->self) {
		snprintf(path, sizeof(path), "/sys/bus/mdev/devices/%s/remove",
			 o->uuid[0]);
		must(vm_write_file(path, "1"));
		pass("the user can remove the instance itself");
		return;
	}
	pid = vm_remove_instance(o->uuid[0]);
	if (waitpid(pid, &status, 0) != pid || status)
		die("remove failed, status %#x", status);
	pass("remove ends while the device is open");
}

int cmd_revoked(struct vm_opts *o)
{
	__u16 *doorbell = NULL;
	struct vm_container c;
	struct vm_net n;
	struct vm_dev d;
	int fd;

	signal(SIGBUS, on_sigbus);
	alarm(4 * HANG_S);
	must(vm_container_open(&c));
	must(vm_dev_open(&c, &d, o->uuid[0]));
	must(vm_net_start(&n, &d, &o->net));
	if (!o->absent) {
		doorbell = mmap(NULL, VM_PAGE, PROT_WRITE, MAP_SHARED, d.fd, 0);
		if (doorbell == MAP_FAILED)
			die("mmap: %s", vm_err(-errno));
		n.pair[0].rx.doorbell = doorbell;
	}
	fd = d.fd;
	vm_net_run(&n, 200);
	pass("traffic");

	remove_it(o);
	if (!access("/sys/bus/mdev/devices", F_OK) &&
	    vm_group_of(o->uuid[0]) >= 0)
		die("remove returned and the instance is there");
	wait_hangup(&n);
	if (doorbell)
		check_doorbell(doorbell);
	check_calls(&d);
	check_file(&d);
	if (vm_pinned())
		die("%ld pages are still pinned", vm_pinned());
	pass("no page is pinned");

	/* Others go on meanwhile. */
	vm_info("revoked");
	while (access(GO, F_OK))
		vm_sleep_ms(50);
	check_calls(&d);
	if (doorbell)
		munmap(doorbell, VM_PAGE);
	if (vm_way.chardev) {
		/* Memory went with the device. */
		n.rings.mapped = false;
		n.bufs.mapped = false;
	}
	/*
	 * Without a reset, which fails.  The container is emptied before the
	 * close: a group that goes with its device takes it along.
	 */
	d.fd = VM_NO_FD;
	vm_net_free(&n);
	d.fd = fd;
	vm_dev_close(&d);
	vm_container_close(&c);
	pass("closed");
	return 0;
}

/* ---- a file that its user did not open ---- */

/* As libvirt hands one to QEMU, and ends */
int cmd_inherited(struct vm_opts *o)
{
	int fd = must(vm_chardev_open_only(o->uuid[0]));
	pid_t opener = getpid();

	if (must(fork()))
		return 0;
	while (getppid() == opener)
		vm_sleep_ms(10);
	must(vm_ioctl(fd, VHOST_MDEV_SET_OWNER, NULL));
	vm_info("user %d running", getpid());
	for (;;)
		pause();
}

/* ---- a call that does not come back ---- */

static void *stuck_page(void)
{
	struct uffdio_register reg = { .mode = UFFDIO_REGISTER_MODE_MISSING };
	struct uffdio_api api = { .api = UFFD_API };
	int fd = syscall(SYS_userfaultfd, O_CLOEXEC);
	void *page;

	if (fd < 0)
		die("userfaultfd: %s", vm_err(-errno));
	must(vm_ioctl(fd, UFFDIO_API, &api));
	page = mmap(NULL, VM_PAGE, PROT_READ | PROT_WRITE,
		    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (page == MAP_FAILED)
		die("mmap");
	reg.range.start = (unsigned long)page;
	reg.range.len = VM_PAGE;
	must(vm_ioctl(fd, UFFDIO_REGISTER, &reg));
	return page;
}

/* The answer to an ioctl goes to a page that never comes. */
int cmd_blocked_call(struct vm_opts *o)
{
	struct vm_container c;
	struct vm_dev d;

	must(vm_container_open(&c));
	must(vm_dev_open(&c, &d, o->uuid[0]));
	vm_info("running");
	vm_ioctl(d.fd, VHOST_MDEV_GET_FEATURES, stuck_page());
	die("the ioctl came back");
}
