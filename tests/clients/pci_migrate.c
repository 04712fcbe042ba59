// SPDX-License-Identifier: GPL-2.0-only
/* States of migration, and the files through which a device's state is carried. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "pci_migrate.h"

const char * const mig_names[MIG_NR_STATES] = {
	[MIG_ERROR] = "error",
	[MIG_STOP] = "stop",
	[MIG_RUNNING] = "running",
	[MIG_STOP_COPY] = "stop_copy",
	[MIG_RESUMING] = "resuming",
	[MIG_RUNNING_P2P] = "running_p2p",
	[MIG_PRE_COPY] = "pre_copy",
	[MIG_PRE_COPY_P2P] = "pre_copy_p2p",
};

/* ---- VFIO_DEVICE_FEATURE ---- */

int mig_feature(struct vm_dev *d, __u32 flags, void *data, size_t len)
{
	union {
		struct vfio_device_feature f;
		__u64 room[16];
	} a = { .f = { .argsz = sizeof(a.f) + len, .flags = flags } };
	int ret;

	if (len > sizeof(a) - sizeof(a.f))
		return -EMSGSIZE;
	if (len)
		memcpy(a.f.data, data, len);
	ret = vm_ioctl(d->fd, VFIO_DEVICE_FEATURE, &a);
	if (len)
		memcpy(data, a.f.data, len);
	return ret;
}

int mig_flags(struct vm_dev *d, __u64 *flags)
{
	*flags = 0;
	return mig_feature(d, MIG_FEATURE_MIGRATION | VFIO_DEVICE_FEATURE_GET,
			   flags, sizeof(*flags));
}

bool mig_knows(struct vm_dev *d, enum mig_state state)
{
	__u64 flags, want;

	must(mig_flags(d, &flags));
	switch (state) {
	case MIG_RUNNING_P2P:
		want = MIG_P2P_FLAG;
		break;
	case MIG_PRE_COPY:
		want = MIG_PRE_COPY_FLAG;
		break;
	case MIG_PRE_COPY_P2P:
		want = MIG_PRE_COPY_FLAG | MIG_P2P_FLAG;
		break;
	default:
		want = MIG_STOP_COPY_FLAG;
	}
	return (flags & want) == want;
}

struct state_arg {
	__u32 state;
	__s32 fd;
};

enum mig_state mig_get(struct vm_dev *d)
{
	struct state_arg a = { .state = ~0U, .fd = 7 };
	char text[32];

	must(mig_feature(d, MIG_FEATURE_STATE | VFIO_DEVICE_FEATURE_GET, &a,
			 sizeof(a)));
	pci_check(a.state < MIG_NR_STATES, "the state is %u", a.state);
	pci_check(a.fd == -1, "reading the state gives the file %d", a.fd);
	must(vm_sysfs_read(d->uuid, "migration_state", text, sizeof(text)));
	pci_check(!strcmp(text, mig_names[a.state]),
		  "the state is %s, migration_state says %s",
		  mig_names[a.state], text);
	return a.state;
}

int mig_set(struct vm_dev *d, __u32 state, int *fd)
{
	struct state_arg a = { .state = state, .fd = 7 };
	int ret;

	ret = mig_feature(d, MIG_FEATURE_STATE | VFIO_DEVICE_FEATURE_SET, &a,
			  sizeof(a));
	*fd = a.fd;
	return ret;
}

int mig_to(struct vm_dev *d, enum mig_state state)
{
	enum mig_state now;
	int fd, ret = mig_set(d, state, &fd);

	pci_check(!ret, "to %s, from %s: %s", mig_names[state],
		  mig_names[mig_get(d)], vm_err(ret));
	now = mig_get(d);
	pci_check(now == state, "the state is %s, %s was asked for",
		  mig_names[now], mig_names[state]);
	return fd;
}

void mig_reset(struct vm_dev *d)
{
	must(vm_pci_reset(d));
	vm_pci_command(d, PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER, 0);
}

__u64 mig_data_size(struct vm_dev *d)
{
	__u64 size = 0;

	must(mig_feature(d, MIG_FEATURE_DATA_SIZE | VFIO_DEVICE_FEATURE_GET,
			 &size, sizeof(size)));
	return size;
}

/* ---- files ---- */

ssize_t mig_read(int fd, void *buf, size_t len)
{
	ssize_t n = read(fd, buf, len);

	return n < 0 ? -errno : n;
}

ssize_t mig_write(int fd, const void *buf, size_t len)
{
	ssize_t n = write(fd, buf, len);

	return n < 0 ? -errno : n;
}

bool mig_is_dead(int fd)
{
	int mode = fcntl(fd, F_GETFL) & O_ACCMODE;
	__u8 byte = 0;

	if (mode == O_WRONLY)
		return mig_write(fd, &byte, 1) == -ENODEV;
	return mig_read(fd, &byte, 1) == -ENODEV;
}

int mig_precopy(int fd, struct mig_precopy_info *info)
{
	memset(info, 0, sizeof(*info));
	info->argsz = sizeof(*info);
	return vm_ioctl(fd, MIG_GET_PRECOPY_INFO, info);
}

void mig_append(struct mig_stream *s, const void *bytes, size_t len)
{
	if (s->len + len > s->room) {
		s->room = 2 * (s->len + len);
		s->bytes = realloc(s->bytes, s->room);
		if (!s->bytes)
			die("no memory");
	}
	memcpy(s->bytes + s->len, bytes, len);
	s->len += len;
}

void mig_copy(struct mig_stream *to, const struct mig_stream *from)
{
	to->len = 0;
	mig_append(to, from->bytes, from->len);
}

void mig_free(struct mig_stream *s)
{
	free(s->bytes);
	memset(s, 0, sizeof(*s));
}

int mig_read_all(int fd, struct mig_stream *s, size_t piece)
{
	__u8 buf[4096];
	ssize_t n;

	for (;;) {
		n = mig_read(fd, buf, piece);
		if (n <= 0)
			return n;
		pci_check((size_t)n <= piece, "%zd bytes were read, of %zu", n,
			  piece);
		mig_append(s, buf, n);
		pci_check(s->len < 1 << 20, "a stream without an end");
	}
}

int mig_write_all(int fd, const struct mig_stream *s, size_t piece)
{
	size_t at = 0;
	ssize_t n;

	while (at < s->len) {
		n = mig_write(fd, s->bytes + at,
			      piece < s->len - at ? piece : s->len - at);
		if (n < 0)
			return n;
		pci_check(n, "nothing was written");
		at += n;
	}
	return 0;
}

void mig_save(struct vm_dev *d, struct mig_stream *s)
{
	int fd = mig_to(d, MIG_STOP_COPY);

	s->len = 0;
	must(mig_read_all(fd, s, 4096));
	close(fd);
}

int mig_load(struct vm_dev *d, const struct mig_stream *s)
{
	int none, fd = mig_to(d, MIG_RESUMING), ret;

	ret = mig_write_all(fd, s, 4096);
	if (!ret)
		ret = mig_set(d, MIG_STOP, &none);
	close(fd);
	return ret;
}

/* ---- two devices ---- */

void mig_open_pair(struct mig_pair *p, const struct pci_opts *o)
{
	memset(p, 0, sizeof(*p));
	pci_check(o->to, "--to is missing");
	pci_open(&p->u, o);
	must(vm_dev_open(&p->u.c, &p->other, o->to));
}

void mig_close_pair(struct mig_pair *p)
{
	vm_dev_close(&p->other);
	pci_close(&p->u);
}

void mig_swap(struct mig_pair *p)
{
	struct vm_dev old = p->u.d, *now = &p->u.d;
	unsigned int i;

	*now = p->other;
	p->other = old;
	now->features = old.features;
	now->offered = old.offered;
	now->pci.config_call = old.pci.config_call;
	now->pci.kicked = old.pci.kicked;
	p->other.pci.config_call = false;
	p->other.pci.kicked = 0;
	if (!p->u.n.dev)
		return;
	for (i = 0; i < vm_net_nqs(&p->u.n); i++) {
		struct vm_vq *v = vm_net_vq(&p->u.n, i);

		must(vm_pci_vector(&p->other, v->index + 1, VM_NO_FD));
		must(vm_pci_vector(now, v->index + 1, v->call));
		if (vm_way.pci == PCI_IOEVENTFD) {
			must(vm_pci_ioeventfd(&p->other, v->index, VM_NO_FD));
			must(vm_pci_ioeventfd(now, v->index, v->kick));
		}
	}
	must(vm_pci_vector(&p->other, 0, VM_NO_FD));
	must(vm_pci_vector(now, 0, p->u.config_call));
}
