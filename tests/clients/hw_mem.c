// SPDX-License-Identifier: GPL-2.0-only
/* user-hw fault, messages: what the device may reach, and what it may not. */
#include <errno.h>
#include <string.h>
#include <sys/mman.h>

#include "hwnet.h"

#define SILENCE_MS	3000

/*
 * Have the device write to buffers that it cannot.  It may say that it used them,
 * which is another piece of memory, and of no matter here.
 */
static void check_writes_nothing(struct hw_net *n)
{
	hw_ask(n);
	vm_sleep_ms(SILENCE_MS);
	hw_check_untouched(n);
}

int cmd_hw_fault(const struct hw_opts *o)
{
	struct vm_mem *gone;
	struct hw_net n;
	__u16 used;

	hw_open(&n, o);
	n.d.config_call = must(vm_eventfd());
	must(vm_set_config_call(&n.d, n.d.config_call));
	must(hw_start(&n));
	hw_traffic(&n, 20);

	gone = o->rings ? n.rings : n.rxmem;
	used = n.rx.used->idx;
	must(vm_mem_unmap(gone));
	/* For whoever reads the kernel log */
	vm_info("unmapped from %#llx to %#llx", (unsigned long long)gone->iova,
		(unsigned long long)gone->iova + gone->size - 1);
	check_writes_nothing(&n);
	if (o->rings && n.rx.used->idx != used)
		die("the ring was written to");
	pass("nothing came, and memory is as it was");
	vm_info("the status is %#x, %s of the configuration's interrupt",
		(int)must(vm_get_status(&n.d)),
		vm_eventfd_wait(n.d.config_call, 0) ? "with news" : "no news");

	must(vm_mem_map(gone));
	must(hw_start(&n));
	hw_traffic(&n, 20);
	pass("mapped again and reset it works");
	hw_close(&n);
	return 0;
}

/* ---- messages that an IOMMU does not allow ---- */

#define UPDATE		VHOST_MDEV_IOTLB_UPDATE
#define INVALIDATE	VHOST_MDEV_IOTLB_INVALIDATE
#define RO		VHOST_MDEV_ACCESS_RO
#define WO		VHOST_MDEV_ACCESS_WO
#define RW		VHOST_MDEV_ACCESS_RW
#define ROOM		0x100000000ULL
#define MSI		0xfee00000ULL

static const struct {
	const char *name;
	__u64 iova, size;
	__u64 at;	/* in four pages of memory */
	__u8 perm;
	int err;
} rows[] = {
	{ "for reading", ROOM, VM_PAGE, 0, RO, 0 },
	{ "for writing", ROOM, VM_PAGE, 0, WO, 0 },
	{ "four pages", ROOM, 4 * VM_PAGE, 0, RW, 0 },
	{ "half of a page, which is all of it", ROOM, VM_PAGE / 2, 0, RW, 0 },
	{ "within pages, which is both", ROOM + 8, VM_PAGE, 8, RW, 0 },
	{ "memory within pages", ROOM, VM_PAGE, 8, RW, EINVAL },
	{ "nothing", ROOM, 0, 0, RW, EINVAL },
	{ "more memory than there is", ROOM, 5 * VM_PAGE, 0, RW, EFAULT },
	{ "below interrupts", MSI - VM_PAGE, VM_PAGE, 0, RW, 0 },
	{ "where interrupts go", MSI, VM_PAGE, 0, RW, EINVAL },
	{ "up to there", MSI - VM_PAGE, 2 * VM_PAGE, 0, RW, EINVAL },
	{ "from there", MSI + 0x100000 - VM_PAGE, 2 * VM_PAGE, 0, RW, EINVAL },
	{ "above interrupts", MSI + 0x100000, VM_PAGE, 0, RW, 0 },
	{ "above what the IOMMU has", 1ULL << 60, VM_PAGE, 0, RW, EINVAL },
	{ "the last page of all", -VM_PAGE, VM_PAGE, 0, RW, EINVAL },
	{ "addresses that wrap", -VM_PAGE, 2 * VM_PAGE, 0, RW, EINVAL },
};

static void *four_pages(void)
{
	__u8 *p = mmap(NULL, 5 * VM_PAGE, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (p == MAP_FAILED)
		die("mmap: %s", vm_err(-errno));
	/* Nothing is above it: whatever runs over the end faults. */
	mprotect(p + 4 * VM_PAGE, VM_PAGE, PROT_NONE);
	return p;
}

static void check_rows(int fd, __u8 *mem, long before)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		int ret = vm_msg(fd, 0, UPDATE, rows[i].iova, rows[i].size,
				 mem + rows[i].at, rows[i].perm);

		if (ret != -rows[i].err)
			die("UPDATE, %s: %s, expected %s", rows[i].name,
			    vm_err(ret), vm_err(-rows[i].err));
		if (ret && vm_pinned() != before)
			die("UPDATE, %s: pages are pinned in spite of the error",
			    rows[i].name);
		vm_info("  UPDATE, %s: %s", rows[i].name, vm_err(ret));
		if (!ret)
			must(vm_msg(fd, 0, INVALIDATE, rows[i].iova,
				    rows[i].size, NULL, 0));
		if (vm_pinned() != before)
			die("UPDATE, %s: pages are pinned after INVALIDATE",
			    rows[i].name);
	}
	pass("%u messages, each with its errno", i);
}

static void check_overlaps(int fd, __u8 *mem, long before)
{
	must(vm_msg(fd, 0, UPDATE, ROOM, 4 * VM_PAGE, mem, RO));
	/* Other rights, other memory; the same */
	fails(EEXIST, vm_msg(fd, 0, UPDATE, ROOM, 4 * VM_PAGE, mem, RW));
	fails(EEXIST, vm_msg(fd, 0, UPDATE, ROOM + VM_PAGE, VM_PAGE, mem, RO));
	fails(EEXIST, vm_msg(fd, 0, UPDATE, ROOM - VM_PAGE, 2 * VM_PAGE, mem,
			     RW));
	fails(EEXIST, vm_msg(fd, 0, UPDATE, ROOM, 4 * VM_PAGE, mem, RO));
	/* Only what is asked for goes, of a page that is touched all. */
	must(vm_msg(fd, 0, INVALIDATE, ROOM + VM_PAGE, VM_PAGE, NULL, 0));
	if (vm_pinned() != before + 3)
		die("%ld pages are pinned, not 3", vm_pinned() - before);
	must(vm_msg(fd, 0, UPDATE, ROOM + VM_PAGE, VM_PAGE, mem, RW));
	fails(EEXIST, vm_msg(fd, 0, UPDATE, ROOM, VM_PAGE, mem, RW));
	must(vm_msg(fd, 0, INVALIDATE, ROOM, 4 * VM_PAGE, NULL, 0));
	if (vm_pinned() != before)
		die("%ld pages are pinned", vm_pinned() - before);
	pass("overlaps: EEXIST, and nothing changes; a part can be unmapped");
}

/* Memory that the device may only read stays as it is. */
static void check_read_only(struct hw_net *n)
{
	must(vm_mem_unmap(n->rxmem));
	must(vm_dma_map(&n->c, n->rxmem->va, n->rxmem->iova, n->rxmem->size,
			false));
	vm_info("for reading from %#llx to %#llx",
		(unsigned long long)n->rxmem->iova,
		(unsigned long long)n->rxmem->iova + n->rxmem->size - 1);
	check_writes_nothing(n);
	pass("the device cannot write where it may only read");
	n->rxmem->mapped = true;
	must(vm_mem_unmap(n->rxmem));
	must(vm_mem_map(n->rxmem));
	must(hw_start(n));
	hw_traffic(n, 20);
}

int cmd_hw_messages(const struct hw_opts *o)
{
	__u8 *mem = four_pages();
	struct hw_net n;
	long before;

	vm_way.chardev = true;
	hw_open(&n, o);
	before = vm_pinned();
	/* Before it is live, and beside traffic */
	check_rows(n.d.fd, mem, before);
	must(hw_start(&n));
	hw_traffic(&n, 20);
	check_rows(n.d.fd, mem, before);
	check_overlaps(n.d.fd, mem, before);
	hw_traffic(&n, 20);
	check_read_only(&n);
	hw_close(&n);
	if (vm_pinned())
		die("%ld pages are pinned in the end", vm_pinned());
	return 0;
}
