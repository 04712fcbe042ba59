// SPDX-License-Identifier: GPL-2.0-only
/*
 * user-pci mig-states: each state from each other one, and what is refused; and
 * mig-blocked: a device that cannot migrate.
 */
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "pci_migrate.h"

#define FRAMES		20
#define EDGE_SIZE	(2 * sizeof(__u64))

struct states {
	struct pci_user u;
	struct mig_stream saved;	/* what the device has at the moment */
	bool live;
	unsigned int rows;
};

static const enum mig_state all[] = {
	MIG_RUNNING, MIG_RUNNING_P2P, MIG_STOP, MIG_STOP_COPY, MIG_RESUMING,
	MIG_PRE_COPY, MIG_PRE_COPY_P2P,
};

/* States that share a session */
static bool is_saving(enum mig_state s)
{
	return s == MIG_STOP_COPY || s == MIG_PRE_COPY || s == MIG_PRE_COPY_P2P;
}

static bool is_allowed(enum mig_state from, enum mig_state to)
{
	return from != MIG_STOP_COPY ||
	       (to != MIG_PRE_COPY && to != MIG_PRE_COPY_P2P);
}

static bool has_session(enum mig_state s)
{
	return is_saving(s) || s == MIG_RESUMING;
}

static bool same_session(enum mig_state from, enum mig_state to)
{
	return from == to || (is_saving(from) && is_saving(to));
}

/* Does the file do what it is for in that state? */
static void check_session(enum mig_state s, int fd, const char *what)
{
	struct mig_precopy_info info;
	__u8 magic[8] = { 0 };
	ssize_t n;

	if (s == MIG_RESUMING) {
		pci_check(mig_read(fd, magic, 8) == -EBADF,
			  "%s: the file to write can be read", what);
		pci_check(mig_precopy(fd, &info) < 0,
			  "%s: the file to write has a size", what);
		return;
	}
	pci_check(mig_write(fd, magic, 8) == -EBADF,
		  "%s: the file to read can be written", what);
	n = mig_read(fd, magic, 8);
	pci_check(n == 8 && !memcmp(magic, "virtmdev", 8),
		  "%s: %zd bytes, no beginning of a stream", what, n);
}

/* A device that leaves RESUMING has to be given what it had. */
static void give_back(struct states *t, int fd)
{
	must(mig_write_all(fd, &t->saved, 4096));
}

static void row(struct states *t, enum mig_state from, enum mig_state to)
{
	struct vm_dev *d = &t->u.d;
	enum mig_state now;
	int old, fd, ret;
	char what[80];

	snprintf(what, sizeof(what), "%s from %s to %s",
		 t->live ? "live," : "idle,", mig_names[from], mig_names[to]);
	t->rows++;
	mig_save(d, &t->saved);
	mig_to(d, MIG_RUNNING);
	old = mig_to(d, from);
	pci_check((old >= 0) == has_session(from), "%s: entering the first gives %s",
		  what, old < 0 ? "no file" : "a file");
	if (from == MIG_RESUMING)
		give_back(t, old);

	ret = mig_set(d, to, &fd);
	now = mig_get(d);
	if (!is_allowed(from, to) || !mig_knows(d, to)) {
		pci_check(ret == -EINVAL, "%s: %s", what, vm_err(ret));
		pci_check(now == from, "%s: refused, but the state is %s", what,
			  mig_names[now]);
		pci_check(fd < 0, "%s: refused, with a file", what);
		to = from;
	} else {
		pci_check(!ret, "%s: %s", what, vm_err(ret));
		pci_check(now == to, "%s: the state is %s", what,
			  mig_names[now]);
		pci_check((fd >= 0) ==
			  (has_session(to) && !same_session(from, to)),
			  "%s: gives %s", what, fd < 0 ? "no file" : "a file");
	}
	if (old >= 0 && !same_session(from, to))
		pci_check(mig_is_dead(old), "%s: the old file is not dead", what);
	if (old >= 0 && same_session(from, to))
		check_session(to, old, what);
	if (fd >= 0)
		check_session(to, fd, what);
	if (to == MIG_RESUMING && from != MIG_RESUMING)
		give_back(t, fd);
	mig_to(d, MIG_RUNNING);
	if (old >= 0) {
		pci_check(mig_is_dead(old), "%s: the old file outlives it", what);
		close(old);
	}
	if (fd >= 0) {
		pci_check(mig_is_dead(fd), "%s: the file outlives it", what);
		close(fd);
	}
	if (t->live)
		pci_traffic(&t->u, FRAMES);
}

static void each_arc(struct states *t)
{
	unsigned int i, k, before = t->rows;

	for (i = 0; i < ARRAY_SIZE(all); i++)
		for (k = 0; mig_knows(&t->u.d, all[i]) && k < ARRAY_SIZE(all); k++)
			row(t, all[i], all[k]);
	pass("%u pairs of states, the device being %s", t->rows - before,
	     t->live ? "live" : "idle");
}

/* ---- features ---- */

static void check_features(struct vm_dev *d)
{
	static const struct {
		const char *name;
		__u32 flags;
		size_t len;
		int want;
	} rows[] = {
		{ "probe for MIGRATION",
		  MIG_FEATURE_MIGRATION | VFIO_DEVICE_FEATURE_PROBE, 0, 0 },
		{ "probe for reading MIGRATION",
		  MIG_FEATURE_MIGRATION | VFIO_DEVICE_FEATURE_PROBE |
		  VFIO_DEVICE_FEATURE_GET, 0, 0 },
		{ "set MIGRATION", MIG_FEATURE_MIGRATION |
		  VFIO_DEVICE_FEATURE_SET, 8, -EINVAL },
		{ "read MIGRATION, 7 bytes", MIG_FEATURE_MIGRATION |
		  VFIO_DEVICE_FEATURE_GET, 7, -EINVAL },
		{ "probe for reading and setting the state",
		  MIG_FEATURE_STATE | VFIO_DEVICE_FEATURE_PROBE |
		  VFIO_DEVICE_FEATURE_GET | VFIO_DEVICE_FEATURE_SET, 0, 0 },
		{ "read the state, 7 bytes", MIG_FEATURE_STATE |
		  VFIO_DEVICE_FEATURE_GET, 7, -EINVAL },
		{ "set the state, 7 bytes", MIG_FEATURE_STATE |
		  VFIO_DEVICE_FEATURE_SET, 7, -EINVAL },
		{ "read and set the state", MIG_FEATURE_STATE |
		  VFIO_DEVICE_FEATURE_GET | VFIO_DEVICE_FEATURE_SET, 8,
		  -EINVAL },
		{ "an unknown feature", 99 | VFIO_DEVICE_FEATURE_PROBE, 0,
		  -ENOTTY },
	};
	static const __u32 wrong[] = { MIG_ERROR, MIG_NR_STATES, 255, ~0U };
	__u64 flags = 0, room[2];
	unsigned int i;
	int fd, ret;

	must(mig_flags(d, &flags));
	pci_check(flags == (MIG_STOP_COPY_FLAG | MIG_P2P_FLAG) ||
		  flags == (MIG_STOP_COPY_FLAG | MIG_P2P_FLAG |
			    MIG_PRE_COPY_FLAG),
		  "the flags of migration are %#llx", (unsigned long long)flags);
	pass("STOP_COPY and P2P%s", flags & MIG_PRE_COPY_FLAG ?
	     ", and PRE_COPY" : ", no PRE_COPY");
	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		memset(room, 0, sizeof(room));
		ret = mig_feature(d, rows[i].flags, room, rows[i].len);
		pci_check(ret == rows[i].want, "%s: %s", rows[i].name,
			  vm_err(ret));
	}
	for (i = 0; i < ARRAY_SIZE(wrong); i++) {
		ret = mig_set(d, wrong[i], &fd);
		pci_check(ret == -EINVAL && fd < 0, "state %u: %s, file %d",
			  wrong[i], vm_err(ret), fd);
		pci_check(mig_get(d) == MIG_RUNNING,
			  "the state after state %u was asked for", wrong[i]);
	}
	pass("what is wrong of a feature is refused, and the state stays");
}

/* ---- sizes ---- */

static void check_sizes(struct states *t)
{
	struct mig_precopy_info info;
	struct mig_stream s = { 0 };
	struct vm_dev *d = &t->u.d;
	__u64 size, most = 0, zero = 0;
	unsigned int i;
	int fd;

	if (mig_feature(d, MIG_FEATURE_DATA_SIZE | VFIO_DEVICE_FEATURE_PROBE,
			&zero, 0) == -ENOTTY) {
		vm_info("this kernel has no MIG_DATA_SIZE");
	} else {
		for (i = 0; i < ARRAY_SIZE(all); i++) {
			if (!mig_knows(d, all[i]))
				continue;
			close(mig_to(d, all[i]));
			size = mig_data_size(d);
			most = size > most ? size : most;
			if (all[i] == MIG_RESUMING)
				mig_reset(d);
			else
				mig_to(d, MIG_RUNNING);
		}
	}
	if (t->live)
		pci_again(&t->u);
	mig_save(d, &s);
	if (most)
		pci_check(most >= s.len, "a size of %llu, but %zu bytes",
			  (unsigned long long)most, s.len);
	pci_check(s.len + most < 8192 && s.len < 4096,
		  "%zu bytes for %u virtqueues", s.len, d->nvqs);
	mig_to(d, MIG_RUNNING);
	pass("%zu bytes of state, at most %llu were said", s.len,
	     (unsigned long long)most);
	mig_free(&s);
	if (!mig_knows(d, MIG_PRE_COPY))
		return;

	fd = mig_to(d, MIG_PRE_COPY);
	must(mig_precopy(fd, &info));
	pci_check(info.initial_bytes >= 16 && info.initial_bytes < 4096,
		  "%llu initial bytes", (unsigned long long)info.initial_bytes);
	size = info.initial_bytes;
	pci_check(mig_read_all(fd, &s, 7) == -ENOMSG,
		  "the end of what there is in PRE_COPY");
	pci_check(s.len == size, "%zu bytes in PRE_COPY, %llu were said", s.len,
		  (unsigned long long)size);
	must(mig_precopy(fd, &info));
	pci_check(!info.initial_bytes && !info.dirty_bytes,
		  "bytes left after all were read");
	mig_to(d, MIG_PRE_COPY_P2P);
	must(mig_precopy(fd, &info));
	pci_check(!info.initial_bytes, "initial bytes again in PRE_COPY_P2P");
	info.argsz = sizeof(info) - 1;
	fails(EINVAL, vm_ioctl(fd, MIG_GET_PRECOPY_INFO, &info));
	fails(EFAULT, vm_ioctl(fd, MIG_GET_PRECOPY_INFO, NULL));
	fails(ENOTTY, vm_ioctl(fd, VFIO_DEVICE_RESET, NULL));
	mig_to(d, MIG_STOP_COPY);
	fails(EINVAL, mig_precopy(fd, &info));
	must(mig_read_all(fd, &s, 4096));
	pci_check(s.len > size, "no more bytes in STOP_COPY");
	mig_to(d, MIG_RUNNING);
	pci_check(mig_precopy(fd, &info) < 0, "a size of a session that is over");
	close(fd);
	pass("%llu initial bytes, then none", (unsigned long long)size);
	mig_free(&s);
}

/* ---- resets, and the last close ---- */

static void check_resets(struct states *t)
{
	struct vm_dev *d = &t->u.d;
	unsigned int i;
	int fd;

	for (i = 0; i < ARRAY_SIZE(all); i++) {
		if (!mig_knows(d, all[i]))
			continue;
		fd = mig_to(d, all[i]);
		mig_reset(d);
		pci_check(mig_get(d) == MIG_RUNNING, "a reset in %s leads to %s",
			  mig_names[all[i]], mig_names[mig_get(d)]);
		pci_check(!must(vm_get_status(d)),
			  "a reset in %s leaves a status", mig_names[all[i]]);
		if (fd >= 0) {
			pci_check(mig_is_dead(fd),
				  "a reset in %s leaves the file",
				  mig_names[all[i]]);
			close(fd);
		}
		pci_again(&t->u);
		pci_traffic(&t->u, FRAMES);
	}
	pass("VFIO_DEVICE_RESET in each state leads to RUNNING, and to traffic");
}

static void check_closes(const struct pci_opts *o)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(all); i++) {
		struct pci_user u;
		char text[32];
		int fd;

		pci_start(&u, o);
		if (!mig_knows(&u.d, all[i])) {
			pci_close(&u);
			continue;
		}
		fd = mig_to(&u.d, all[i]);
		vm_device_put(&u.d);
		if (fd >= 0) {
			pci_check(mig_is_dead(fd), "the file of %s outlives the device",
				  mig_names[all[i]]);
			close(fd);
		}
		must(vm_sysfs_read(o->uuid, "migration_state", text,
				   sizeof(text)));
		pci_check(!strcmp(text, "running"),
			  "closed in %s, the state is %s", mig_names[all[i]],
			  text);
		pci_check(!vm_pinned(), "closed in %s, %ld pages are pinned",
			  mig_names[all[i]], vm_pinned());
		vm_net_free(&u.n);
		vm_dev_close(&u.d);
		vm_container_close(&u.c);
	}
	pass("a device that is closed in a state is as new, and its file is dead");
}

/* Registers and kicks of a device that is stopped: nothing moves, nothing breaks. */
static void check_still(struct states *t)
{
	static const enum mig_state stopped[] = {
		MIG_RUNNING_P2P, MIG_STOP, MIG_STOP_COPY, MIG_PRE_COPY_P2P,
	};
	struct vm_pair *p = &t->u.n.pair[0];
	struct vm_dev *d = &t->u.d;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(stopped); i++) {
		const char *name = mig_names[stopped[i]];
		int fd;

		if (!mig_knows(d, stopped[i]))
			continue;
		pci_traffic(&t->u, FRAMES);
		while (vm_net_pump(&t->u.n))
			;
		fd = mig_to(d, stopped[i]);
		vm_eventfd_wait(p->rx.call, 0);
		vm_eventfd_wait(t->u.config_call, 0);
		vm_vq_irq(&p->rx, true);
		p->target = p->sent + 10;
		vm_net_pump(&t->u.n);
		vm_vq_kick_now(&p->tx);
		must(vm_sysfs_write(d->uuid, "link", "down\n"));
		must(vm_sysfs_write(d->uuid, "link", "up\n"));
		vm_sleep_ms(50);
		pci_check(!vm_vq_has_used(&p->rx) && !vm_vq_has_used(&p->tx),
			  "%s: buffers are used", name);
		pci_check(!vm_eventfd_peek(p->rx.call) &&
			  !vm_eventfd_peek(t->u.config_call),
			  "%s: there are interrupts", name);
		must(vm_get_status(d));
		vm_pci_config_get(d, PCI_COMMAND, 2);
		mig_to(d, MIG_RUNNING);
		close(fd);
		pci_check(vm_eventfd_wait(t->u.config_call, 20000),
			  "%s: the interrupt of the configuration is lost", name);
		vm_net_run(&t->u.n, p->sent);
	}
	pass("a device that is stopped neither uses buffers nor interrupts, and then does");
}

int mig_states(const struct pci_opts *o)
{
	struct states t = { 0 };

	pci_open(&t.u, o);
	check_features(&t.u.d);
	each_arc(&t);
	check_sizes(&t);
	pci_close(&t.u);

	pci_start(&t.u, o);
	must(vm_set_config_call(&t.u.d, t.u.config_call));
	t.live = true;
	check_sizes(&t);
	must(vm_set_config_call(&t.u.d, t.u.config_call));
	check_still(&t);
	each_arc(&t);
	check_resets(&t);
	pci_close(&t.u);
	check_closes(o);
	mig_free(&t.saved);
	return 0;
}

/* ---- a device that cannot migrate ---- */

int mig_blocked(const struct pci_opts *o)
{
	struct pci_user u;
	__u64 room[2] = { 0 };
	__u32 f;

	pci_open(&u, o);
	for (f = MIG_FEATURE_MIGRATION; f <= MIG_FEATURE_DATA_SIZE; f++) {
		if (f == 3 || f == 4 || f == 5)
			continue;
		pci_check(mig_feature(&u.d, f | VFIO_DEVICE_FEATURE_PROBE, room,
				      0) == -ENOTTY ||
			  f >= MIG_FEATURE_LOG_START,
			  "feature %u of a device that cannot migrate", f);
	}
	pass("a device that cannot migrate has no such feature");
	pci_close(&u);
	return 0;
}
