// SPDX-License-Identifier: GPL-2.0-only
/*
 * user-pci mig-hold: stay in a state until somebody kills the program; mig-revoked: an
 * instance that is removed in a state.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "pci_migrate.h"

#define HANG_S	60

static enum mig_state wanted(const struct pci_opts *o)
{
	unsigned int i;

	for (i = 0; o->state && i < MIG_NR_STATES; i++)
		if (!strcmp(o->state, mig_names[i]))
			return i;
	die("--state: not %s", o->state ? o->state : "set");
}

/* Live, with frames in flight, and part of the stream read or written */
static int begin(struct pci_user *u, const struct pci_opts *o)
{
	enum mig_state state = wanted(o);
	struct mig_stream s = { 0 };
	__u8 some[20];
	int fd;

	pci_start(u, o);
	if (!mig_knows(&u->d, state))
		return -EOPNOTSUPP;
	if (state == MIG_RESUMING)
		mig_save(&u->d, &s);
	u->n.pair[0].target = u->n.pair[0].sent + 30;
	vm_net_pump(&u->n);
	fd = mig_to(&u->d, state);
	if (state == MIG_RESUMING)
		must(mig_write(fd, s.bytes, s.len / 2));
	else if (fd >= 0)
		must(mig_read(fd, some, sizeof(some)));
	mig_free(&s);
	return fd < 0 ? 0 : fd;
}

int mig_hold(const struct pci_opts *o)
{
	struct pci_user u;

	if (begin(&u, o) == -EOPNOTSUPP)
		vm_info("no such state");
	/* What lib-user.sh waits for */
	vm_info("running");
	for (;;)
		pause();
}

int mig_revoked(const struct pci_opts *o)
{
	struct mig_precopy_info info;
	struct pci_user u;
	__u64 room = 0;
	int fd, status, none;
	pid_t pid;

	alarm(4 * HANG_S);
	fd = begin(&u, o);
	if (fd == -EOPNOTSUPP) {
		pass("this kernel has no state %s", o->state);
		pid = vm_remove_instance(o->uuid);
		pci_close(&u);
		waitpid(pid, &status, 0);
		return 0;
	}
	pid = vm_remove_instance(o->uuid);
	pci_check(waitpid(pid, &status, 0) == pid && !status,
		  "remove failed, status %#x", status);
	pass("remove ends while the device is in %s", o->state);
	if (fd > 0) {
		pci_check(mig_is_dead(fd), "the file is not dead");
		pci_check(mig_precopy(fd, &info) < 0,
			  "the file still has a size");
		close(fd);
	}
	fails(ENODEV, mig_feature(&u.d, MIG_FEATURE_STATE |
				  VFIO_DEVICE_FEATURE_GET, &room, sizeof(room)));
	/* QEMU aborts if it can neither stop a device nor reset it. */
	must(mig_set(&u.d, MIG_RUNNING_P2P, &none));
	must(mig_set(&u.d, MIG_STOP, &none));
	must(mig_set(&u.d, MIG_RUNNING, &none));
	fails(ENODEV, mig_set(&u.d, MIG_STOP_COPY, &none));
	fails(ENODEV, mig_set(&u.d, MIG_RESUMING, &none));
	fails(ENODEV, vm_pci_reset(&u.d));
	pci_check(!vm_pinned(), "%ld pages are still pinned", vm_pinned());
	pass("a device that is gone stops and runs, all else is ENODEV, no page is pinned");
	/* Without a reset, which fails */
	status = u.d.fd;
	u.d.fd = VM_NO_FD;
	vm_net_free(&u.n);
	u.d.fd = status;
	vm_dev_close(&u.d);
	vm_container_close(&u.c);
	return 0;
}
