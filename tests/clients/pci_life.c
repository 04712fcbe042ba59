// SPDX-License-Identifier: GPL-2.0-only
/* user-pci revoked: an instance that is removed while it is open. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <setjmp.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "user_pci.h"

#define HANG_S	60

static sigjmp_buf at_sigbus;

static void on_sigbus(int sig)
{
	siglongjmp(at_sigbus, 1);
}

static void check_calls(struct vm_dev *d)
{
	static const struct {
		const char *name;
		unsigned long req;
	} calls[] = {
		{ "GET_INFO", VFIO_DEVICE_GET_INFO },
		{ "GET_REGION_INFO", VFIO_DEVICE_GET_REGION_INFO },
		{ "GET_IRQ_INFO", VFIO_DEVICE_GET_IRQ_INFO },
		{ "SET_IRQS", VFIO_DEVICE_SET_IRQS },
		{ "RESET", VFIO_DEVICE_RESET },
		{ "IOEVENTFD", VFIO_DEVICE_IOEVENTFD },
		{ "GET_PCI_HOT_RESET_INFO", VFIO_DEVICE_GET_PCI_HOT_RESET_INFO },
	};
	__u64 arg[16] = { 64 };
	unsigned int i;
	int ret;

	for (i = 0; i < ARRAY_SIZE(calls); i++) {
		ret = vm_ioctl(d->fd, calls[i].req, arg);
		pci_check(ret == -ENODEV, "VFIO_DEVICE_%s gives %s",
			  calls[i].name, vm_err(ret));
	}
	pass("each call gives ENODEV");
}

static void check_accesses(struct vm_dev *d)
{
	static const unsigned int regions[] = { 0, 1, 2, PCI_CONFIG };
	unsigned int i;
	__u32 val = 0;
	void *p;

	for (i = 0; i < ARRAY_SIZE(regions); i++) {
		fails(ENODEV, vm_pci_read(d, regions[i], 0, &val, 4));
		fails(ENODEV, vm_pci_write(d, regions[i], 0, &val, 4));
		p = mmap(NULL, VM_PAGE, PROT_READ | PROT_WRITE, MAP_SHARED,
			 d->fd, d->pci.region[regions[i]].offset);
		pci_check(p == MAP_FAILED && errno == ENODEV, "mmap: %s",
			  p == MAP_FAILED ? vm_err(-errno) : "succeeds");
	}
	pass("each read, write and mmap gives ENODEV");
}

static void check_doorbell(volatile __u16 *doorbell)
{
	if (sigsetjmp(at_sigbus, 1)) {
		pass("an access to a mapped doorbell is a SIGBUS");
		return;
	}
	*doorbell = 0;
	die("the doorbell can still be rung");
}

int pci_revoked(const struct pci_opts *o)
{
	int request = must(vm_eventfd()), status, fd;
	volatile __u16 *doorbell;
	struct pci_user u;
	__u64 one = 1;
	pid_t pid;

	signal(SIGBUS, on_sigbus);
	alarm(4 * HANG_S);
	pci_start(&u, o);
	must(vm_pci_ioeventfd(&u.d, 0, u.n.pair[0].rx.kick));
	doorbell = mmap(NULL, VM_PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, u.d.fd,
			2ULL << 40);
	if (doorbell != MAP_FAILED)
		*doorbell = 0;
	must(vm_set_irq_eventfd(&u.d, VFIO_PCI_REQ_IRQ_INDEX, request));
	u.n.pair[0].target = u.n.pair[0].sent + 30;
	vm_net_pump(&u.n);

	pid = vm_remove_instance(o->uuid);
	pci_check(waitpid(pid, &status, 0) == pid && !status,
		  "remove failed, status %#x", status);
	pass("remove ends while the device is open");
	pci_check(vm_eventfd_wait(request, 0), "the user was not asked");
	pass("the user was asked to let go");
	check_calls(&u.d);
	check_accesses(&u.d);
	if (doorbell != MAP_FAILED)
		check_doorbell(doorbell);
	/* Signals that nobody waits for any more */
	pci_check(write(u.n.pair[0].rx.kick, &one, sizeof(one)) == sizeof(one),
		  "a kick by an eventfd");
	pci_check(!vm_pinned(), "%ld pages are still pinned", vm_pinned());
	pass("no page is pinned");
	/* Without a reset, which fails */
	fd = u.d.fd;
	u.d.fd = VM_NO_FD;
	vm_net_free(&u.n);
	u.d.fd = fd;
	vm_dev_close(&u.d);
	vm_container_close(&u.c);
	return 0;
}
