// SPDX-License-Identifier: GPL-2.0-only
/* user-pci mig-streams: the fields of a stream, with values that no driver can make. */
#include <errno.h>
#include <linux/virtio_ids.h>
#include <stdio.h>
#include <string.h>

#include "pci_migrate_streams.h"

enum want {
	REFUSED,		/* by the write, or on the way to STOP */
	TAKEN,			/* and traffic goes on */
	NO_START,		/* taken, but the device cannot run */
	EITHER,			/* whatever: the kernel has to live through it */
};

struct field {
	const char *name;
	enum section section;
	unsigned int at;	/* in the content */
	unsigned int len;
	__u64 value;
	enum want want;
	bool packed;		/* of packed virtqueues only */
};

/* Where the entry of virtqueue 0 has its fields */
#define QUEUE		2
#define Q_SIZE		(QUEUE + 0)
#define Q_VECTOR	(QUEUE + 2)
#define Q_FLAGS		(QUEUE + 4)
#define Q_AVAIL		(QUEUE + 6)
#define Q_USED		(QUEUE + 8)
#define Q_DESC		(QUEUE + 10)
#define Q_DRIVER	(QUEUE + 18)
#define Q_DEVICE	(QUEUE + 26)

/* Mapped nowhere */
#define NOWHERE		0x7f0000000000ULL

static const struct field fields[] = {
	{ "another virtio device id", SEC_IDENTITY, 0, 4, VIRTIO_ID_BLOCK, REFUSED },
	{ "virtio device id 2^32 - 1", SEC_IDENTITY, 0, 4, ~0U, REFUSED },
	{ "another subsystem vendor id", SEC_IDENTITY, 4, 4, 0x1234, REFUSED },
	{ "all features offered", SEC_IDENTITY, 8, 8, ~0ULL, REFUSED },
	{ "no features offered", SEC_IDENTITY, 8, 8, 0, TAKEN },
	{ "no configuration space", SEC_IDENTITY, 16, 4, 0, REFUSED },
	{ "a configuration space of 4 GiB", SEC_IDENTITY, 16, 4, ~0U, REFUSED },
	{ "no virtqueues", SEC_IDENTITY, 20, 2, 0, REFUSED },
	{ "one virtqueue", SEC_IDENTITY, 20, 2, 1, REFUSED },
	{ "65535 virtqueues", SEC_IDENTITY, 20, 2, 0xffff, REFUSED },
	{ "no vectors", SEC_IDENTITY, 22, 2, 0, REFUSED },
	{ "65535 vectors", SEC_IDENTITY, 22, 2, 0xffff, REFUSED },
	{ "a larger virtqueue", SEC_IDENTITY, 24, 2, 0xffff, REFUSED },
	{ "a smaller virtqueue", SEC_IDENTITY, 24, 2, 64, TAKEN },

	{ "status: unknown bits", SEC_DEVICE, 0, 1, 0x3f, REFUSED },
	{ "status: NEEDS_RESET", SEC_DEVICE, 0, 1, 0x4f, REFUSED },
	{ "status: DRIVER_OK without FEATURES_OK", SEC_DEVICE, 0, 1, 7, REFUSED },
	{ "status: none, with enabled virtqueues", SEC_DEVICE, 0, 1, 0, REFUSED },
	{ "all flags", SEC_DEVICE, 1, 1, 0xff, EITHER },
	{ "interrupt status: unknown bits", SEC_DEVICE, 2, 1, 4, REFUSED },
	{ "interrupt status", SEC_DEVICE, 2, 1, 3, TAKEN },
	{ "another generation", SEC_DEVICE, 3, 1, 0x77, TAKEN },
	{ "a vector that is not there", SEC_DEVICE, 4, 2, 999, REFUSED },
	{ "no vector of the configuration", SEC_DEVICE, 4, 2, 0xffff, TAKEN },
	{ "a virtqueue selected that is not there", SEC_DEVICE, 6, 2, 999, TAKEN },
	{ "words of features selected that are not there", SEC_DEVICE, 8, 8, ~0ULL,
	  TAKEN },
	{ "all features in the register", SEC_DEVICE, 16, 8, ~0ULL, TAKEN },
	{ "all features accepted", SEC_DEVICE, 24, 8, ~0ULL, REFUSED },
	{ "no features accepted", SEC_DEVICE, 24, 8, 0, REFUSED },

	{ "virtqueues of 0 bytes", SEC_QUEUES, 0, 2, 0, REFUSED },
	{ "virtqueues that are too short", SEC_QUEUES, 0, 2, 33, REFUSED },
	{ "virtqueues that are too long", SEC_QUEUES, 0, 2, 0xffff, REFUSED },
	{ "a virtqueue of no entries", SEC_QUEUES, Q_SIZE, 2, 0, REFUSED },
	{ "a virtqueue of 65535 entries", SEC_QUEUES, Q_SIZE, 2, 0xffff, REFUSED },
	{ "a virtqueue with a vector that is not there", SEC_QUEUES, Q_VECTOR, 2,
	  999, REFUSED },
	{ "all flags of a virtqueue", SEC_QUEUES, Q_FLAGS, 2, 0xffff, TAKEN },
	{ "a virtqueue that is not enabled", SEC_QUEUES, Q_FLAGS, 2, 0, EITHER },
	{ "a virtqueue that has gone far", SEC_QUEUES, Q_AVAIL, 2, 0x7000, EITHER },
	{ "an available place beyond the ring", SEC_QUEUES, Q_AVAIL, 2, 64, REFUSED,
	  true },
	{ "an available place far beyond the ring", SEC_QUEUES, Q_AVAIL, 2, 0xffff,
	  REFUSED, true },
	{ "a used place beyond the ring", SEC_QUEUES, Q_USED, 2, 0x8040, REFUSED,
	  true },
	{ "places with other wrap counters", SEC_QUEUES, Q_AVAIL, 4, 0, EITHER,
	  true },
	{ "descriptors at an odd address", SEC_QUEUES, Q_DESC, 8, 1, REFUSED },
	{ "descriptors at the end of all", SEC_QUEUES, Q_DESC, 8, ~0xfULL, EITHER },
	{ "descriptors that are not mapped", SEC_QUEUES, Q_DESC, 8, NOWHERE,
	  NO_START },
	{ "a driver area that is not mapped", SEC_QUEUES, Q_DRIVER, 8, NOWHERE,
	  NO_START },
	{ "a device area that is not mapped", SEC_QUEUES, Q_DEVICE, 8, NOWHERE,
	  NO_START },

	{ "another vendor of the function", SEC_PCI, 0, 8, ~0ULL, TAKEN },
	{ "no bus master", SEC_PCI, 4, 2, 0, EITHER },
	{ "BARs at the end of all", SEC_PCI, 16, 8, ~0ULL, TAKEN },
	{ "all registers of power management", SEC_PCI, 0x40, 8, ~0ULL, EITHER },
	{ "all registers of PCIe, among them a reset", SEC_PCI, 0x50, 2, 0xffff,
	  EITHER },
	{ "all registers of MSI-X", SEC_PCI, 0x84, 8, ~0ULL, EITHER },
	{ "all of the window", SEC_PCI, 0xd4, 8, ~0ULL, TAKEN },
};

static void no_start(struct streams *t, const char *name)
{
	int fd, ret = mig_set(&t->u.d, MIG_RUNNING, &fd);

	result(t, ret == -EFAULT && mig_get(&t->u.d) == MIG_RUNNING_P2P,
	       "%s: cannot run: %s, state %s", name, vm_err(ret),
	       mig_names[mig_get(&t->u.d)]);
}

static void field(struct streams *t, const struct field *f)
{
	struct mig_stream s = { 0 };
	struct place *p = section(t, f->section);
	__u64 value = htole64(f->value);
	int ret, fd;

	if (f->packed && !t->u.n.o.packed)
		return;
	pci_check(f->at + f->len <= p->len, "%s: section %u has %u bytes",
		  f->name, p->type, p->len);
	mig_copy(&s, &t->good);
	memcpy(s.bytes + p->at + SECTION + f->at, &value, f->len);
	if (f->want == REFUSED || f->want == TAKEN) {
		try(t, &s, f->want == TAKEN, f->name);
	} else {
		ret = mig_load(&t->u.d, &s);
		if (f->want == NO_START && !ret) {
			no_start(t, f->name);
		} else {
			if (!ret)
				mig_set(&t->u.d, MIG_RUNNING, &fd);
			result(t, f->want == EITHER,
			       "%s: the kernel lives through it", f->name);
		}
		set_up(t);
	}
	mig_free(&s);
}

void mig_fields(struct streams *t)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(fields); i++)
		field(t, &fields[i]);
}
