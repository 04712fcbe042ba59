// SPDX-License-Identifier: GPL-2.0-only
/*
 * user-pci - drive the emulated PCI function of an instance of class VFIO as a VMM
 * and the driver in its guest do.  Traffic of all kinds is what user-net and others
 * have; here is what only a PCI function has.
 *
 * Each subcommand says what it found, and its exit status whether that is as it
 * ought to be.
 */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "pci_migrate.h"

static const struct {
	const char *name;
	int (*run)(const struct pci_opts *o);
	const char *help;
} cmds[] = {
	{ "info", pci_info, "regions, interrupts and capabilities" },
	{ "features", pci_features, "how features are negotiated, and the status" },
	{ "queues", pci_queues, "the registers of virtqueues" },
	{ "irqs", pci_irqs, "vectors, pending interrupts, the interrupt status" },
	{ "resets", pci_resets, "each kind of reset under traffic, --count times" },
	{ "master", pci_master, "traffic while the function is no bus master" },
	{ "power", pci_power, "traffic in D3hot" },
	{ "window", pci_window, "registers through the configuration space" },
	{ "broken", pci_broken, "rings that break, and NEEDS_RESET" },
	{ "bytes", pci_bytes, "all regions by all sizes of access" },
	{ "neg", pci_neg, "everything called wrongly, a line each" },
	{ "fuzz", pci_fuzz, "--count accesses of all kinds, by --seed" },
	{ "revoked", pci_revoked, "removed while it is open" },
	{ "rng", pci_rng, "an entropy device" },
	{ "mig-states", mig_states, "migration: each state from each other one" },
	{ "mig-streams", mig_streams, "streams of state that are wrong, a line each" },
	{ "mig-foreign", mig_foreign, "the stream of another device, --to that one" },
	{ "mig-mutants", mig_mutants, "--count streams with something changed" },
	{ "mig-net", mig_net, "a network device moves --to another and back" },
	{ "mig-blk", mig_blk, "a disk does" },
	{ "mig-rng", mig_rng, "an entropy device does" },
	{ "mig-dirty", mig_dirty, "pages that are written, by the container" },
	{ "mig-log", mig_log, "the same by the device, which moves --to another" },
	{ "mig-blocked", mig_blocked, "a device that cannot migrate" },
	{ "mig-hold", mig_hold, "stay in --state until killed" },
	{ "mig-revoked", mig_revoked, "removed while it is in --state" },
	{ "mig-keep", mig_keep, "print the stream of a device in use" },
	{ "mig-kept", mig_kept, "load the stream that --file has as text" },
	{ "mig-race", mig_race, "--count states, while all else is done, too" },
	{ "mig-bench", mig_bench, "frames a second, with and without PRE_COPY" },
};

void pci_open(struct pci_user *u, const struct pci_opts *o)
{
	memset(u, 0, sizeof(*u));
	if (!vm_way.pci)
		vm_way.pci = PCI_WRITE;
	must(vm_container_open(&u->c));
	must(vm_dev_open(&u->c, &u->d, o->uuid));
	u->config_call = must(vm_eventfd());
}

void pci_start(struct pci_user *u, const struct pci_opts *o)
{
	struct vm_net_opts no = vm_net_default;

	pci_open(u, o);
	no.packed = o->packed;
	no.num = 64;
	must(vm_net_start(&u->n, &u->d, &no));
	pci_traffic(u, 100);
}

void pci_again(struct pci_user *u)
{
	must(vm_net_again(&u->n));
	must(vm_set_config_call(&u->d, u->config_call));
}

void pci_close(struct pci_user *u)
{
	if (u->n.dev)
		vm_net_free(&u->n);
	vm_dev_close(&u->d);
	vm_container_close(&u->c);
}

void pci_traffic(struct pci_user *u, unsigned int frames)
{
	vm_net_run(&u->n, u->n.pair[0].got + frames);
}

[[gnu::noreturn]]
static void usage(int status)
{
	unsigned int i;

	printf("user-pci COMMAND --uuid UUID [--count N] [--seed N] [--packed]\n"
	       "         [--to UUID] [--state STATE] [--pairs N] [--file F]\n");
	for (i = 0; i < ARRAY_SIZE(cmds); i++)
		printf("  %-11s %s\n", cmds[i].name, cmds[i].help);
	exit(status);
}

int main(int argc, char **argv)
{
	static const struct option longopts[] = {
		{ "uuid", required_argument, NULL, 'u' },
		{ "count", required_argument, NULL, 'c' },
		{ "seed", required_argument, NULL, 's' },
		{ "packed", no_argument, NULL, 'p' },
		{ "to", required_argument, NULL, 't' },
		{ "state", required_argument, NULL, 'S' },
		{ "pairs", required_argument, NULL, 'P' },
		{ "file", required_argument, NULL, 'f' },
		{ NULL, 0, NULL, 0 },
	};
	struct pci_opts o = { .seed = 1 };
	unsigned int i;
	int c;

	setvbuf(stdout, NULL, _IOLBF, 0);
	while ((c = getopt_long(argc, argv, "u:c:s:pt:S:P:f:", longopts, NULL)) != -1) {
		switch (c) {
		case 'u':
			o.uuid = optarg;
			break;
		case 'c':
			o.count = strtoull(optarg, NULL, 0);
			break;
		case 's':
			o.seed = strtoull(optarg, NULL, 0);
			break;
		case 'p':
			o.packed = true;
			break;
		case 't':
			o.to = optarg;
			break;
		case 'S':
			o.state = optarg;
			break;
		case 'P':
			o.pairs = strtoul(optarg, NULL, 0);
			break;
		case 'f':
			o.file = optarg;
			break;
		default:
			usage(2);
		}
	}
	if (optind + 1 != argc || !o.uuid)
		usage(2);
	for (i = 0; i < ARRAY_SIZE(cmds); i++)
		if (!strcmp(cmds[i].name, argv[optind]))
			return cmds[i].run(&o);
	usage(2);
}
