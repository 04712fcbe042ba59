/* SPDX-License-Identifier: GPL-2.0-only */
/* The format of a stream, and how one is tried; docs/migration.md describes it. */
#ifndef PCI_MIGRATE_STREAMS_H
#define PCI_MIGRATE_STREAMS_H

#include "pci_migrate.h"

#define HEADER		16	/* of a stream: magic, version, class, 0 */
#define SECTION		8	/* of a section: type, flags, length */
#define MAX_SECTIONS	16
#define REQUIRED	1	/* a flag of a section */

enum section {
	SEC_END,
	SEC_IDENTITY,
	SEC_OWN,
	SEC_DEVICE,
	SEC_QUEUES,
	SEC_PCI,
	SEC_CONFIG,
};

struct place {
	size_t at;		/* of the section's head */
	__u16 type;
	__u16 flags;
	__u32 len;		/* of its content */
};

struct streams {
	struct pci_user u;
	struct mig_stream good;
	struct place sec[MAX_SECTIONS];
	unsigned int nr;
	__u64 seed;
	unsigned int passed, failed;
};

[[gnu::format(printf, 3, 4)]]
void result(struct streams *t, bool good, const char *fmt, ...);
struct place *section(struct streams *t, __u16 type);
/* A live device that has had some traffic, and its stream; it is in STOP_COPY. */
void set_up(struct streams *t);
/* Load a stream, which has to be taken, or refused in RESUMING; then set_up() */
void try(struct streams *t, const struct mig_stream *s, bool taken,
	 const char *what);
/* A line for each field */
void mig_fields(struct streams *t);

#endif
