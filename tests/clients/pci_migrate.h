/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Migration of instances of class VFIO: the states of <linux/vfio.h>, the stream of
 * a device's state, and the pages that a device has written.
 */
#ifndef PCI_MIGRATE_H
#define PCI_MIGRATE_H

#include "user_pci.h"

/* Later than some headers, and by names of our own, so that they do not collide */
#define MIG_FEATURE_MIGRATION		1
#define MIG_FEATURE_STATE		2
#define MIG_FEATURE_LOG_START		6
#define MIG_FEATURE_LOG_STOP		7
#define MIG_FEATURE_LOG_REPORT		8
#define MIG_FEATURE_DATA_SIZE		9

#define MIG_STOP_COPY_FLAG		0x1
#define MIG_P2P_FLAG			0x2
#define MIG_PRE_COPY_FLAG		0x4

enum mig_state {
	MIG_ERROR,
	MIG_STOP,
	MIG_RUNNING,
	MIG_STOP_COPY,
	MIG_RESUMING,
	MIG_RUNNING_P2P,
	MIG_PRE_COPY,
	MIG_PRE_COPY_P2P,
	MIG_NR_STATES,
};

struct mig_precopy_info {
	__u32 argsz;
	__u32 flags;
	__u64 initial_bytes;
	__u64 dirty_bytes;
};

#define MIG_GET_PRECOPY_INFO	_IO(VFIO_TYPE, VFIO_BASE + 21)

/* What a state is called in sysfs */
extern const char * const mig_names[MIG_NR_STATES];

/* Bytes of a stream */
struct mig_stream {
	__u8 *bytes;
	size_t len;
	size_t room;
};

/* ---- pci_migrate.c: a negative errno on failure ---- */

/* VFIO_DEVICE_FEATURE with @len bytes of @data, which are read and written */
int mig_feature(struct vm_dev *d, __u32 flags, void *data, size_t len);
int mig_flags(struct vm_dev *d, __u64 *flags);
/* Whether the device knows a state */
bool mig_knows(struct vm_dev *d, enum mig_state state);
/* The state; the program ends if sysfs has another one. */
enum mig_state mig_get(struct vm_dev *d);
/* Ask for a state; @fd gets the file of a session, or VM_NO_FD. */
int mig_set(struct vm_dev *d, __u32 state, int *fd);
/* mig_set() that has to succeed, and end in that state: the file, or VM_NO_FD */
int mig_to(struct vm_dev *d, enum mig_state state);
/* VFIO_DEVICE_RESET, after which the function is enabled again */
void mig_reset(struct vm_dev *d);
__u64 mig_data_size(struct vm_dev *d);

ssize_t mig_read(int fd, void *buf, size_t len);
ssize_t mig_write(int fd, const void *buf, size_t len);
/* Whether nothing is to be had of the file of a session that is over */
bool mig_is_dead(int fd);
int mig_precopy(int fd, struct mig_precopy_info *info);

void mig_append(struct mig_stream *s, const void *bytes, size_t len);
void mig_copy(struct mig_stream *to, const struct mig_stream *from);
void mig_free(struct mig_stream *s);
/* Read what there is, in pieces: 0 at the end, or the errno that ended it */
int mig_read_all(int fd, struct mig_stream *s, size_t piece);
/* Write it in pieces, up to the first error */
int mig_write_all(int fd, const struct mig_stream *s, size_t piece);
/* From RUNNING to STOP_COPY, and the whole stream */
void mig_save(struct vm_dev *d, struct mig_stream *s);
/* To RESUMING, the stream, and to STOP: 0, or what refused it */
int mig_load(struct vm_dev *d, const struct mig_stream *s);

/* A device that another one migrates to, in the same container */
struct mig_pair {
	struct pci_user u;	/* the device that the driver uses now */
	struct vm_dev other;	/* and the one that it is going to use */
};

void mig_open_pair(struct mig_pair *p, const struct pci_opts *o);
void mig_close_pair(struct mig_pair *p);
/* The driver's part in a move: kicks and interrupts are those of the other device. */
void mig_swap(struct mig_pair *p);

/* The subcommands */
int mig_states(const struct pci_opts *o);
int mig_streams(const struct pci_opts *o);
int mig_foreign(const struct pci_opts *o);
int mig_mutants(const struct pci_opts *o);
int mig_net(const struct pci_opts *o);
int mig_blk(const struct pci_opts *o);
int mig_rng(const struct pci_opts *o);
int mig_dirty(const struct pci_opts *o);
int mig_log(const struct pci_opts *o);
int mig_blocked(const struct pci_opts *o);
int mig_hold(const struct pci_opts *o);
int mig_revoked(const struct pci_opts *o);
int mig_bench(const struct pci_opts *o);
int mig_keep(const struct pci_opts *o);
int mig_kept(const struct pci_opts *o);
int mig_race(const struct pci_opts *o);

#endif
