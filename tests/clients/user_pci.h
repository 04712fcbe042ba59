/* SPDX-License-Identifier: GPL-2.0-only */
/* The subcommands of user-pci. */
#ifndef USER_PCI_H
#define USER_PCI_H

#include "pci.h"

struct pci_opts {
	const char *uuid;
	__u64 count;		/* of accesses or rounds */
	__u64 seed;
	bool packed;
	const char *to;		/* the instance that another one migrates to */
	const char *state;	/* of migration */
	unsigned int pairs;
	const char *file;	/* that has a stream */
};

/* A device, open; and a virtio-net driver for it */
struct pci_user {
	struct vm_container c;
	struct vm_dev d;
	struct vm_net n;
	int config_call;	/* the eventfd of vector 0 */
};

/* pci_check(): what has to be true, else the program ends with what it was instead. */
#define pci_check(cond, ...)						\
do {									\
	if (!(cond))							\
		die(__VA_ARGS__);					\
} while (0)

void pci_open(struct pci_user *u, const struct pci_opts *o);
/* The same, with a driver and traffic */
void pci_start(struct pci_user *u, const struct pci_opts *o);
/* Reset, and live again with empty rings; the function has to be enabled. */
void pci_again(struct pci_user *u);
void pci_close(struct pci_user *u);
/* So many frames more, on each pair */
void pci_traffic(struct pci_user *u, unsigned int frames);

int pci_info(const struct pci_opts *o);
int pci_features(const struct pci_opts *o);
int pci_queues(const struct pci_opts *o);
int pci_irqs(const struct pci_opts *o);
int pci_resets(const struct pci_opts *o);
int pci_master(const struct pci_opts *o);
int pci_power(const struct pci_opts *o);
int pci_window(const struct pci_opts *o);
int pci_broken(const struct pci_opts *o);
int pci_bytes(const struct pci_opts *o);
int pci_neg(const struct pci_opts *o);
int pci_fuzz(const struct pci_opts *o);
int pci_revoked(const struct pci_opts *o);
int pci_rng(const struct pci_opts *o);

#endif
