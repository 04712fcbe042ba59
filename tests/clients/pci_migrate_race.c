// SPDX-License-Identifier: GPL-2.0-only
/*
 * user-pci mig-race: states are set, files of streams read, written, polled and closed,
 * registers written and the device reset, all at the same time, some of it by another
 * process.  Whatever comes out of that, the kernel survives it, and the device works
 * after a reset.
 */
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "pci_migrate.h"

#define SLOTS	4	/* files that are open at the same time */
#define FRAMES	200
#define MORE	50	/* times the rounds, until each has happened once */

enum {
	STATES,
	FILES_1,
	FILES_2,
	REGISTERS,
	NR_THREADS,
};

struct race {
	struct pci_user u;
	struct mig_stream good;
	atomic_int fd[SLOTS];
	atomic_bool over;
	__u64 rounds;
	__u64 seed;
	atomic_ulong set, loaded, saved;
};

struct racer {
	struct race *r;
	__u64 seed;
	pthread_t thread;
};

static unsigned int below(__u64 *seed, unsigned int n)
{
	*seed ^= *seed << 13;
	*seed ^= *seed >> 7;
	*seed ^= *seed << 17;
	return (*seed >> 11) % n;
}

/* ---- states ---- */

static void *set_states(void *arg)
{
	struct racer *me = arg;
	struct race *r = me->r;
	/* On a busy machine nobody may have got at a file after the rounds. */
	__u64 i, most = MORE * r->rounds;
	int fd, old;

	for (i = 0; i < r->rounds || (!r->saved && i < most); i++) {
		fd = VM_NO_FD;
		/* One more than there are */
		if (mig_set(&r->u.d, below(&me->seed, MIG_NR_STATES + 1), &fd))
			continue;
		r->set++;
		if (fd < 0)
			continue;
		old = atomic_exchange(&r->fd[below(&me->seed, SLOTS)], fd);
		if (old >= 0)
			close(old);
		/* So that others get at it before the next state ends it */
		usleep(below(&me->seed, 2000));
	}
	r->over = true;
	return NULL;
}

/* ---- files ---- */

/* The good stream from its beginning, in pieces */
static void write_good(struct race *r, int fd, __u64 *seed)
{
	size_t at = 0, len;
	ssize_t n;

	while (at < r->good.len) {
		len = 1 + below(seed, 400);
		if (len > r->good.len - at)
			len = r->good.len - at;
		n = mig_write(fd, r->good.bytes + at, len);
		if (n <= 0)
			return;
		at += n;
	}
	r->loaded++;
}

static void use_file(struct race *r, int fd, __u64 *seed)
{
	struct pollfd p = { .fd = fd, .events = POLLIN | POLLOUT };
	struct mig_precopy_info info;
	__u8 buf[700] = { 0 };

	switch (below(seed, 8)) {
	case 0:
	case 1:
		while (mig_read(fd, buf, 1 + below(seed, sizeof(buf))) > 0)
			r->saved++;
		break;
	case 2:
	case 3:
		write_good(r, fd, seed);
		break;
	case 4:
		mig_precopy(fd, &info);
		break;
	case 5:
		poll(&p, 1, 0);
		break;
	case 6:
		mig_write(fd, buf, below(seed, sizeof(buf)));
		break;
	default:
		/* Memory that is not there */
		mig_read(fd, (void *)8, 100);
		mig_write(fd, (void *)8, 100);
	}
}

/* Another process has the files, too. */
static void use_in_child(struct race *r, __u64 *seed)
{
	unsigned int i;
	int status;
	pid_t pid;

	pid = fork();
	if (!pid) {
		for (i = 0; i < 20; i++)
			use_file(r, r->fd[below(seed, SLOTS)], seed);
		_exit(0);
	}
	if (pid > 0)
		waitpid(pid, &status, 0);
}

static void *use_files(void *arg)
{
	struct racer *me = arg;
	struct race *r = me->r;
	unsigned int slot;
	int fd;

	while (!r->over) {
		slot = below(&me->seed, SLOTS);
		if (!below(&me->seed, 400)) {
			use_in_child(r, &me->seed);
		} else if (!below(&me->seed, 50)) {
			fd = atomic_exchange(&r->fd[slot], VM_NO_FD);
			if (fd >= 0)
				close(fd);
		} else if (r->fd[slot] >= 0) {
			use_file(r, r->fd[slot], &me->seed);
		}
	}
	return NULL;
}

/* ---- registers ---- */

/* EIO if the function does not answer accesses to memory, as after a reset */
static void try_kick(struct vm_dev *d, unsigned int q)
{
	vm_pci_set(d, d->pci.cap[VIRTIO_PCI_CAP_NOTIFY_CFG].bar,
		   vm_pci_notify_at(d, q), 2, q);
}

static void *set_registers(void *arg)
{
	static const __u8 status[] = { 0, 1, 3, 0xb, 0xf, 0x8f };
	struct racer *me = arg;
	struct vm_dev *d = &me->r->u.d;

	while (!me->r->over) {
		switch (below(&me->seed, 8)) {
		case 0:
			vm_pci_reset(d);
			break;
		case 1:
			vm_pci_common_set(d, VIRTIO_PCI_COMMON_STATUS,
					  status[below(&me->seed, sizeof(status))]);
			break;
		case 2:
			vm_pci_set(d, PCI_CONFIG, PCI_COMMAND, 2,
				   below(&me->seed, 8));
			break;
		case 3:
			vm_pci_common_set(d, VIRTIO_PCI_COMMON_Q_SELECT,
					  below(&me->seed, 4));
			vm_pci_common_set(d, VIRTIO_PCI_COMMON_Q_ENABLE, 1);
			break;
		case 4:
			vm_pci_common_set(d, PCI_COMMON_Q_RESET, 1);
			break;
		default:
			try_kick(d, below(&me->seed, d->nvqs));
		}
	}
	return NULL;
}

int mig_race(const struct pci_opts *o)
{
	static void *(*const run[NR_THREADS])(void *) = {
		set_states, use_files, use_files, set_registers,
	};
	struct racer racers[NR_THREADS];
	struct race r = { 0 };
	unsigned int i;

	alarm(600);
	pci_start(&r.u, o);
	mig_save(&r.u.d, &r.good);
	r.rounds = o->count ? o->count : 2000;
	for (i = 0; i < SLOTS; i++)
		r.fd[i] = VM_NO_FD;
	for (i = 0; i < NR_THREADS; i++) {
		racers[i].r = &r;
		racers[i].seed = (o->seed + i) * 0x9e3779b97f4a7c15ULL | 1;
		pci_check(!pthread_create(&racers[i].thread, NULL, run[i],
					  &racers[i]), "pthread_create");
	}
	for (i = 0; i < NR_THREADS; i++)
		pthread_join(racers[i].thread, NULL);
	for (i = 0; i < SLOTS; i++)
		if (r.fd[i] >= 0)
			close(r.fd[i]);

	mig_reset(&r.u.d);
	pci_check(mig_get(&r.u.d) == MIG_RUNNING, "the state after a reset is %s",
		  mig_names[mig_get(&r.u.d)]);
	pci_again(&r.u);
	pci_traffic(&r.u, FRAMES);
	pci_check(r.set && r.saved, "%lu states were reached, %lu reads", r.set,
		  r.saved);
	pass("%llu states asked for, %lu reached, %lu streams loaded; traffic afterwards",
	     (unsigned long long)r.rounds, r.set, r.loaded);
	pci_close(&r.u);
	mig_free(&r.good);
	return 0;
}
