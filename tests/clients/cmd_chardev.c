// SPDX-License-Identifier: GPL-2.0-only
/*
 * user-net exclude, messages, pieces, owner: what there is to the char device
 * beyond its ioctls.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "user_net.h"

#define UPDATE		VHOST_MDEV_IOTLB_UPDATE
#define INVALIDATE	VHOST_MDEV_IOTLB_INVALIDATE
#define BATCH_BEGIN	VHOST_MDEV_IOTLB_BATCH_BEGIN
#define BATCH_END	VHOST_MDEV_IOTLB_BATCH_END
#define RW		VHOST_MDEV_ACCESS_RW

static void *pages(unsigned int n)
{
	void *p = mmap(NULL, n * VM_PAGE, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (p == MAP_FAILED)
		die("mmap: %s", vm_err(-errno));
	return p;
}

static bool still_ok(struct vm_net *n)
{
	return !(must(vm_get_status(n->dev)) & VIRTIO_CONFIG_S_NEEDS_RESET);
}

/* ---- exclude ---- */

int cmd_exclude(struct vm_opts *o)
{
	struct vm_container c, c2;
	struct vm_dev d, d2;
	struct vm_net n;
	unsigned int i;

	for (i = 0; i < 4; i++) {
		bool chr = i & 1;

		vm_way.chardev = chr;
		must(vm_container_open(&c));
		must(vm_dev_open(&c, &d, o->uuid[0]));
		must(vm_net_start(&n, &d, &o->net));

		vm_way.chardev = !chr;
		must(vm_container_open(&c2));
		fails(EBUSY, vm_dev_open(&c2, &d2, o->uuid[0]));
		vm_container_close(&c2);

		vm_way.chardev = chr;
		if (chr)
			fails(EBUSY, vm_chardev_open(o->uuid[0]));
		vm_net_run(&n, o->frames);
		vm_net_free(&n);
		vm_dev_close(&d);
		vm_container_close(&c);
		pass("open by the %s: EBUSY from the other one, and traffic goes on",
		     chr ? "char device" : "VFIO device");
	}
	return 0;
}

/* ---- messages ---- */

/* Unmapped at the beginning of each row. */
#define ROOM	0x100000000ULL
#define NO_VA	((void *)0x10000)

struct msg_row {
	const char *name;
	__u8 type;
	__u64 iova, size;
	long va;		/* offset in four pages of memory; -1: NO_VA */
	__u8 perm;
	__u32 asid;
	int err;
};

static const struct msg_row msg_rows[] = {
	{ "UPDATE", UPDATE, ROOM, VM_PAGE, 0, RW, 0, 0 },
	{ "UPDATE for reading", UPDATE, ROOM, VM_PAGE, 0, 1, 0, 0 },
	{ "UPDATE for writing", UPDATE, ROOM, VM_PAGE, 0, 2, 0, 0 },
	{ "UPDATE of four pages", UPDATE, ROOM, 4 * VM_PAGE, 0, RW, 0, 0 },
	{ "UPDATE of a byte", UPDATE, ROOM, 1, 0, RW, 0, 0 },
	{ "UPDATE within pages", UPDATE, ROOM + 8, VM_PAGE, 8, RW, 0, 0 },
	{ "UPDATE at another place of the page", UPDATE, ROOM, VM_PAGE, 8, RW, 0,
	  EINVAL },
	{ "UPDATE of the last page of all", UPDATE, ~0ULL - VM_PAGE + 1, VM_PAGE,
	  0, RW, 0, 0 },
	{ "UPDATE of nothing", UPDATE, ROOM, 0, 0, RW, 0, EINVAL },
	{ "UPDATE of everything", UPDATE, 0, ~0ULL, 0, RW, 0, EINVAL },
	{ "UPDATE that wraps", UPDATE, ~0ULL - VM_PAGE + 1, 2 * VM_PAGE, 0, RW, 0,
	  EINVAL },
	{ "UPDATE with no permission", UPDATE, ROOM, VM_PAGE, 0, 0, 0, EINVAL },
	{ "UPDATE with permission 4", UPDATE, ROOM, VM_PAGE, 0, 4, 0, EINVAL },
	{ "UPDATE with permission 255", UPDATE, ROOM, VM_PAGE, 0, 255, 0,
	  EINVAL },
	{ "UPDATE where no memory is", UPDATE, ROOM, VM_PAGE, -1, RW, 0,
	  EFAULT },
	{ "UPDATE past the end of memory", UPDATE, ROOM, 5 * VM_PAGE, 0, RW, 0,
	  EFAULT },
	{ "UPDATE of 64 pages with memory for four", UPDATE, ROOM,
	  64 * VM_PAGE, 0, RW, 0, EFAULT },
	{ "UPDATE of an address space that is not there", UPDATE, ROOM, VM_PAGE,
	  0, RW, 1000, EINVAL },
	{ "INVALIDATE of what is not mapped", INVALIDATE, ROOM, VM_PAGE, 0, 0, 0,
	  0 },
	{ "INVALIDATE of nothing", INVALIDATE, ROOM, 0, 0, 0, 0, 0 },
	{ "INVALIDATE of everything", INVALIDATE, 0, ~0ULL, 0, 0, 0, 0 },
	{ "INVALIDATE that wraps", INVALIDATE, ~0ULL, 2, 0, 0, 0, EINVAL },
	{ "INVALIDATE of an address space that is not there", INVALIDATE, ROOM,
	  VM_PAGE, 0, 0, 0xffffffff, EINVAL },
	{ "BATCH_BEGIN", BATCH_BEGIN, 0, 0, 0, 0, 0, 0 },
	{ "BATCH_BEGIN of an address space that is not there", BATCH_BEGIN, 0, 0,
	  0, 0, 0x80000000, EINVAL },
	{ "BATCH_END with no batch", BATCH_END, 0, 0, 0, 0, 0, 0 },
	{ "type 0", 0, ROOM, VM_PAGE, 0, RW, 0, EINVAL },
	{ "type 1, MISS", 1, ROOM, VM_PAGE, 0, RW, 0, EINVAL },
	{ "type 4, ACCESS_FAIL", 4, ROOM, VM_PAGE, 0, RW, 0, EINVAL },
	{ "type 255", 255, ROOM, VM_PAGE, 0, RW, 0, EINVAL },
};

static void msg_table(int fd, __u8 *mem)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(msg_rows); i++) {
		const struct msg_row *r = &msg_rows[i];
		const void *va = r->va < 0 ? NO_VA : mem + r->va;
		long before = vm_pinned();
		int ret;

		/* Version 1 has no address space. */
		if (vm_way.v1 && r->asid)
			continue;
		ret = vm_msg(fd, r->asid, r->type, r->iova, r->size, va,
			     r->perm);
		if (ret != -r->err)
			die("%s: %s, expected %s", r->name, vm_err(ret),
			    vm_err(-r->err));
		if (r->err && vm_pinned() != before)
			die("%s: pages are pinned in spite of the error",
			    r->name);
		vm_info("  %s: %s", r->name, vm_err(ret));
		must(vm_msg(fd, 0, BATCH_END, 0, 0, NULL, 0));
		must(vm_msg(fd, 0, INVALIDATE, 0, ~0ULL, NULL, 0));
		if (vm_pinned())
			die("%s: pages are pinned after INVALIDATE", r->name);
	}
	pass("%u messages, each with its errno", i);
}

static void msg_overlaps(int fd, __u8 *mem)
{
	static const struct {
		__u64 at, size;
		int err;
	} rows[] = {
		{ 0, 1, EEXIST }, { 1, 1, EEXIST }, { 0, 4, EEXIST },
		{ 1, 2, EEXIST }, { 2, 1, EEXIST }, { 2, 2, EEXIST },
		{ 3, 1, 0 },
	};
	unsigned int i;

	/* The second and the third of four pages, below which is none */
	must(vm_msg(fd, 0, UPDATE, ROOM, 3 * VM_PAGE, mem, RW));
	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		long before = vm_pinned();

		if (vm_msg(fd, 0, UPDATE, ROOM + rows[i].at * VM_PAGE,
			   rows[i].size * VM_PAGE, mem, RW) != -rows[i].err)
			die("overlap %u is not %d", i, rows[i].err);
		if (rows[i].err && vm_pinned() != before)
			die("overlap %u: pages are pinned", i);
	}
	if (vm_pinned() != 4)
		die("%ld pages are pinned, not 4", vm_pinned());
	/* What an INVALIDATE touches goes, and no more. */
	must(vm_msg(fd, 0, INVALIDATE, ROOM + 2 * VM_PAGE - 1, 2, NULL, 0));
	if (vm_pinned() != 2)
		die("%ld pages are pinned, not 2", vm_pinned());
	must(vm_msg(fd, 0, UPDATE, ROOM + VM_PAGE, 2 * VM_PAGE, mem, RW));
	must(vm_msg(fd, 0, INVALIDATE, 0, ~0ULL, NULL, 0));
	/* The same memory twice, at two addresses */
	must(vm_msg(fd, 0, UPDATE, ROOM, VM_PAGE, mem, RW));
	must(vm_msg(fd, 0, UPDATE, 2 * ROOM, VM_PAGE, mem, RW));
	must(vm_msg(fd, 0, INVALIDATE, 0, ~0ULL, NULL, 0));
	if (vm_pinned())
		die("%ld pages are pinned", vm_pinned());
	pass("overlaps: EEXIST, and nothing changes");
}

/* Bytes that are no message */
static void msg_malformed(int fd, __u8 *mem)
{
	struct vhost_mdev_msg m = {
		.type = VHOST_MDEV_MSG_V2,
		.iotlb = {
			.type = UPDATE, .iova = ROOM, .size = VM_PAGE,
			.uaddr = (unsigned long)mem, .perm = RW,
		},
	};
	struct vhost_mdev_msg two[2];
	struct iovec iov[2] = { { &m, 12 }, { (__u8 *)&m + 12, sizeof(m) - 12 } };
	static const __u32 types[] = { 0, 3, 4, 0x80000001, 0xffffffff };
	static const size_t sizes[] = { 0, 1, 4, 8, 39 };
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(sizes); i++)
		if (write(fd, &m, sizes[i]) != -1 || errno != EINVAL)
			die("a message of %zu bytes", sizes[i]);
	for (i = 0; i < ARRAY_SIZE(types); i++) {
		m.type = types[i];
		if (write(fd, &m, sizeof(m)) != -1 || errno != EINVAL)
			die("a message of type %#x", types[i]);
	}
	m.type = VHOST_MDEV_MSG_V2;
	if (write(fd, NO_VA, sizeof(m)) != -1 || errno != EFAULT)
		die("a message from nowhere");
	if (vm_pinned())
		die("pages are pinned");
	/* Without its padding; in pieces; and only one of two at once */
	if (write(fd, &m, 40) != 40)
		die("a message of 40 bytes: %s", vm_err(-errno));
	fails(EEXIST, vm_msg(fd, 0, UPDATE, ROOM, VM_PAGE, mem, RW));
	m.iotlb.iova = 2 * ROOM;
	if (writev(fd, iov, 2) != sizeof(m))
		die("a message by writev: %s", vm_err(-errno));
	two[0] = m;
	two[1] = m;
	two[0].iotlb.iova = 3 * ROOM;
	two[1].iotlb.iova = 4 * ROOM;
	if (write(fd, two, sizeof(two)) != sizeof(m))
		die("two messages: not one was taken");
	fails(EEXIST, vm_msg(fd, 0, UPDATE, 3 * ROOM, VM_PAGE, mem, RW));
	must(vm_msg(fd, 0, UPDATE, 4 * ROOM, VM_PAGE, mem, RW));
	must(vm_msg(fd, 0, INVALIDATE, 0, ~0ULL, NULL, 0));
	pass("malformed messages: EINVAL and EFAULT");
}

static void msg_memory(int fd)
{
	__u8 *ro = mmap(NULL, VM_PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS,
			-1, 0);
	__u8 *shared = mmap(NULL, VM_PAGE, PROT_READ | PROT_WRITE,
			    MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	if (ro == MAP_FAILED || shared == MAP_FAILED)
		die("mmap: %s", vm_err(-errno));
	fails(EFAULT, vm_msg(fd, 0, UPDATE, ROOM, VM_PAGE, ro, RW));
	fails(EFAULT, vm_msg(fd, 0, UPDATE, ROOM, VM_PAGE, ro, 2));
	must(vm_msg(fd, 0, UPDATE, ROOM, VM_PAGE, ro, 1));
	must(vm_msg(fd, 0, UPDATE, 0, VM_PAGE, shared, RW));
	must(vm_msg(fd, 0, INVALIDATE, 0, ~0ULL, NULL, 0));
	if (vm_pinned())
		die("pages are pinned");
	munmap(ro, VM_PAGE);
	munmap(shared, VM_PAGE);
	pass("memory that may not be written: for reading only; shared memory");
}

/* What is unmapped in a batch is gone at its end, and can be mapped at once. */
static void msg_batch_live(struct vm_net *n)
{
	int fd = n->dev->fd, i;
	__u8 *mem = pages(4);

	must(vm_msg(fd, 0, UPDATE, ROOM, 4 * VM_PAGE, mem, RW));
	must(vm_msg(fd, 0, BATCH_BEGIN, 0, 0, NULL, 0));
	for (i = 0; i < 4; i++)
		must(vm_msg(fd, 0, INVALIDATE, ROOM + i * VM_PAGE, VM_PAGE,
			    NULL, 0));
	must(vm_msg(fd, 0, UPDATE, ROOM + VM_PAGE, 2 * VM_PAGE, mem, RW));
	fails(EEXIST, vm_msg(fd, 0, UPDATE, ROOM, 4 * VM_PAGE, mem, RW));
	must(vm_msg(fd, 0, BATCH_END, 0, 0, NULL, 0));
	must(vm_msg(fd, 0, UPDATE, ROOM, VM_PAGE, mem, RW));
	must(vm_msg(fd, 0, INVALIDATE, ROOM, 4 * VM_PAGE, NULL, 0));
	munmap(mem, 4 * VM_PAGE);
	vm_net_run(n, n->pair[0].target + 100);
	if (!still_ok(n))
		die("the device is broken");
	pass("a batch beside traffic");
}

int cmd_messages(struct vm_opts *o)
{
	struct vm_container c;
	struct vm_net n;
	struct vm_dev d;
	__u8 *mem;

	vm_way.chardev = true;
	must(vm_container_open(&c));
	must(vm_dev_open(&c, &d, o->uuid[0]));
	if (!vm_way.v1)
		must(vm_set_backend_features(&d, BIT64(VHOST_MDEV_BACKEND_F_IOTLB_ASID)));
	/* Nothing is above it: whatever runs over the end faults. */
	mem = pages(5);
	munmap(mem + 4 * VM_PAGE, VM_PAGE);
	msg_table(d.fd, mem);
	msg_overlaps(d.fd, mem);
	msg_malformed(d.fd, mem);
	msg_memory(d.fd);

	must(vm_net_start(&n, &d, &o->net));
	vm_net_run(&n, 100);
	/* Beside what is in use */
	fails(EEXIST, vm_msg(d.fd, 0, UPDATE, n.rings.iova, VM_PAGE, mem, RW));
	fails(EFAULT, vm_msg(d.fd, 0, UPDATE, ROOM, 5 * VM_PAGE, mem, RW));
	must(vm_msg(d.fd, 0, INVALIDATE, ROOM, ROOM, NULL, 0));
	msg_batch_live(&n);
	vm_net_free(&n);
	vm_dev_close(&d);
	vm_container_close(&c);
	return 0;
}

/* ---- pieces ---- */

#define PIECES	65535U

int cmd_pieces(struct vm_opts *o)
{
	unsigned int i, nr = o->count ? o->count : PIECES;
	struct vm_container c;
	struct vm_dev d;
	__u64 t, half;
	__u8 *mem;

	vm_way.chardev = true;
	must(vm_container_open(&c));
	must(vm_dev_open(&c, &d, o->uuid[0]));
	/* One page behind all of them; every other address, so none joins. */
	mem = pages(1);
	*mem = 1;
	t = vm_now_ms();
	half = 0;
	for (i = 0; i < nr; i++) {
		if (i == nr / 2)
			half = vm_now_ms() - t;
		must(vm_msg(d.fd, 0, UPDATE, i * 2 * VM_PAGE, VM_PAGE, mem, RW));
	}
	t = vm_now_ms() - t;
	vm_info("%u pieces mapped in %llu ms, the first half in %llu", nr,
		(unsigned long long)t, (unsigned long long)half);
	/* Linear: a generous bound, because time is not reliable. */
	if (t > 100 && t > 4 * half)
		die("the second half of the pieces takes longer than the first");
	if (vm_pinned() < (long)nr)
		die("%ld pages are pinned", vm_pinned());
	t = vm_now_ms();
	for (i = 0; i < nr; i++)
		must(vm_msg(d.fd, 0, INVALIDATE, i * 2 * VM_PAGE, VM_PAGE,
			    NULL, 0));
	vm_info("and unmapped in %llu ms",
		(unsigned long long)(vm_now_ms() - t));
	if (vm_pinned())
		die("%ld pages are pinned in the end", vm_pinned());
	for (i = 0; i < nr; i++)
		must(vm_msg(d.fd, 0, UPDATE, i * 2 * VM_PAGE, VM_PAGE, mem, RW));
	must(vm_msg(d.fd, 0, INVALIDATE, 0, ~0ULL, NULL, 0));
	if (vm_pinned())
		die("%ld pages are pinned in the end", vm_pinned());
	pass("%u pieces, unmapped one by one and all at once", nr);
	vm_dev_close(&d);
	vm_container_close(&c);
	return 0;
}

/* ---- owner ---- */

static void in_child(int fd, void *mem)
{
	int status;
	pid_t pid = fork();

	if (!pid) {
		fails(EPERM, vm_msg(fd, 0, UPDATE, ROOM, VM_PAGE, mem, RW));
		fails(EPERM, vm_msg(fd, 0, INVALIDATE, 0, ~0ULL, NULL, 0));
		_exit(0);
	}
	if (waitpid(pid, &status, 0) != pid || status)
		die("another process: status %#x", status);
}

static void memlock(struct vm_dev *d)
{
	__u8 *mem = pages(64);

	must(vm_limit_memlock(16 * VM_PAGE));
	fails(ENOMEM, vm_msg(d->fd, 0, UPDATE, ROOM, 64 * VM_PAGE, mem, RW));
	fails(ENOMEM, vm_msg(d->fd, 0, UPDATE, ROOM, 17 * VM_PAGE, mem, RW));
	if (vm_pinned())
		die("pages are pinned in spite of ENOMEM");
	must(vm_msg(d->fd, 0, UPDATE, ROOM, 16 * VM_PAGE, mem, RW));
	fails(ENOMEM, vm_msg(d->fd, 0, UPDATE, 0, VM_PAGE, mem, RW));
	must(vm_msg(d->fd, 0, INVALIDATE, ROOM, VM_PAGE, NULL, 0));
	must(vm_msg(d->fd, 0, UPDATE, 0, VM_PAGE, mem, RW));
	must(vm_msg(d->fd, 0, INVALIDATE, 0, ~0ULL, NULL, 0));
	must(vm_msg(d->fd, 0, UPDATE, ROOM, 16 * VM_PAGE, mem, RW));
	pass("64 KiB of locked memory: 16 pages, and ENOMEM for more");
	munmap(mem, 64 * VM_PAGE);
}

int cmd_owner(struct vm_opts *o)
{
	struct vm_container c;
	struct vm_dev d;
	__u8 *mem = pages(4);

	vm_way.chardev = true;
	*mem = 1;
	must(vm_container_open(&c));
	must(vm_dev_open(&c, &d, o->uuid[0]));
	fails(EBUSY, vm_ioctl(d.fd, VHOST_MDEV_SET_OWNER, NULL));
	in_child(d.fd, mem);
	must(vm_msg(d.fd, 0, UPDATE, ROOM, 4 * VM_PAGE, mem, RW));
	in_child(d.fd, mem);
	pass("another process may not map or unmap");

	/* A reset leaves what is mapped, RESET_OWNER does not. */
	must(vm_set_status(&d, 0));
	if (vm_pinned() != 4)
		die("%ld pages are pinned after a reset", vm_pinned());
	must(vm_ioctl(d.fd, VHOST_MDEV_RESET_OWNER, NULL));
	if (vm_pinned())
		die("%ld pages are pinned after RESET_OWNER", vm_pinned());
	fails(EPERM, vm_msg(d.fd, 0, UPDATE, ROOM, VM_PAGE, mem, RW));
	fails(EPERM, vm_ioctl(d.fd, VHOST_MDEV_RESET_OWNER, NULL));
	must(vm_ioctl(d.fd, VHOST_MDEV_SET_OWNER, NULL));
	must(vm_msg(d.fd, 0, UPDATE, ROOM, 4 * VM_PAGE, mem, RW));
	pass("RESET_OWNER unmaps, and the next owner begins again");

	/* The memory goes, its pages stay for the device. */
	munmap(mem, 4 * VM_PAGE);
	if (vm_pinned() != 4)
		die("%ld pages are pinned after munmap", vm_pinned());
	must(vm_msg(d.fd, 0, INVALIDATE, ROOM, 4 * VM_PAGE, NULL, 0));
	memlock(&d);
	vm_dev_close(&d);
	if (vm_pinned())
		die("%ld pages are pinned after close", vm_pinned());
	pass("close unmaps the rest");
	vm_container_close(&c);
	return 0;
}
