// SPDX-License-Identifier: GPL-2.0-only
/* user-net doorbell: notify by a store to a mapped page. */
#include <errno.h>
#include <linux/vfio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "user_net.h"

static void *map(struct vm_dev *d, size_t size, int prot, int flags,
		 __u64 index)
{
	void *p = mmap(NULL, size, prot, flags, d->fd, index * VM_PAGE);

	return p == MAP_FAILED ? NULL : p;
}

/* mmap() has to be refused, with this errno. */
static void no_map(struct vm_dev *d, const char *what, size_t size, int prot,
		   int flags, __u64 index, int err)
{
	errno = 0;
	if (map(d, size, prot, flags, index))
		die("%s can be mapped", what);
	/* Newer kernels forbid execution by themselves. */
	if (errno == EPERM && (prot & PROT_EXEC))
		err = EPERM;
	if (errno != err)
		die("%s: %s, expected %s", what, vm_err(-errno), vm_err(-err));
	pass("%s: %s", what, vm_err(-err));
}

static void region(struct vm_dev *d, struct vfio_region_info *r)
{
	memset(r, 0, sizeof(*r));
	r->argsz = sizeof(*r);
	r->index = VHOST_MDEV_REGION_NOTIFY;
	must(vm_ioctl(d->fd, VFIO_DEVICE_GET_REGION_INFO, r));
}

static void check_no_region(struct vm_dev *d)
{
	struct vfio_region_info r;

	region(d, &r);
	if (r.size || (r.flags & VFIO_REGION_INFO_FLAG_MMAP))
		die("a region of %llu bytes, flags %#x",
		    (unsigned long long)r.size, r.flags);
	pass("the region is empty");
}

static void check_region(struct vm_dev *d)
{
	struct vfio_region_info r;

	region(d, &r);
	if (r.size != d->nvqs * VM_PAGE || r.offset ||
	    !(r.flags & VFIO_REGION_INFO_FLAG_MMAP) ||
	    !(r.flags & VFIO_REGION_INFO_FLAG_WRITE) ||
	    (r.flags & VFIO_REGION_INFO_FLAG_READ))
		die("region: %llu bytes at %#llx, flags %#x for %u queues",
		    (unsigned long long)r.size, (unsigned long long)r.offset,
		    r.flags, d->nvqs);
	pass("the region has one page a queue, and is for mapping and writing");
}

static int check_absent(struct vm_dev *d)
{
	/* A char device has no regions. */
	if (!vm_way.chardev)
		check_no_region(d);
	no_map(d, "a doorbell that is not there", VM_PAGE, PROT_WRITE,
	       MAP_SHARED, 0, EOPNOTSUPP);
	return 0;
}

static void check_refusals(struct vm_dev *d)
{
	no_map(d, "two pages", 2 * VM_PAGE, PROT_WRITE, MAP_SHARED, 0, EINVAL);
	no_map(d, "the page behind the last queue", VM_PAGE, PROT_WRITE,
	       MAP_SHARED, d->nvqs, EINVAL);
	no_map(d, "page 65536", VM_PAGE, PROT_WRITE, MAP_SHARED, 65536, EINVAL);
	no_map(d, "page 2^40", VM_PAGE, PROT_WRITE, MAP_SHARED, 1ULL << 40,
	       EINVAL);
	no_map(d, "for reading", VM_PAGE, PROT_READ, MAP_SHARED, 0, EINVAL);
	no_map(d, "for reading and writing", VM_PAGE, PROT_READ | PROT_WRITE,
	       MAP_SHARED, 0, EINVAL);
	no_map(d, "for execution", VM_PAGE, PROT_EXEC, MAP_SHARED, 0, EINVAL);
	no_map(d, "a private mapping", VM_PAGE, PROT_WRITE, MAP_PRIVATE, 0,
	       EINVAL);
}

static void check_holds_open(struct vm_dev *d)
{
	void *p = map(d, VM_PAGE, PROT_WRITE, MAP_SHARED, 0);

	if (!p)
		die("mmap: %s", vm_err(-errno));
	vm_device_put(d);
	fails(vm_taken_errno(), vm_device_get(d));
	munmap(p, VM_PAGE);
	must(vm_device_get(d));
	pass("a mapping keeps the device until it is gone");
}

int cmd_doorbell(struct vm_opts *o)
{
	struct vm_net_opts no = o->net;
	struct vm_container c;
	struct vm_net n;
	struct vm_dev d;
	__u64 kicks = 0;
	unsigned int i;

	must(vm_container_open(&c));
	must(vm_dev_open(&c, &d, o->uuid[0]));
	if (o->absent) {
		check_absent(&d);
		vm_dev_close(&d);
		vm_container_close(&c);
		return 0;
	}
	if (!vm_way.chardev)
		check_region(&d);
	check_refusals(&d);
	check_holds_open(&d);

	no.mq = true;
	no.pairs = 2;
	must(vm_net_alloc(&n, &d, &no));
	must(vm_net_rings(&n, NULL));
	for (i = 0; i < vm_net_nqs(&n); i++) {
		struct vm_vq *v = vm_net_vq(&n, i);

		v->doorbell = map(&d, VM_PAGE, PROT_WRITE, MAP_SHARED,
				  v->index);
		if (!v->doorbell)
			die("mmap of queue %u: %s", v->index, vm_err(-errno));
		/* So that nothing but the doorbell can have done it. */
		must(vm_vring_fd(&d, VHOST_MDEV_SET_VRING_KICK, v->index,
				 VM_NO_FD));
	}
	must(vm_net_live(&n));
	vm_net_run(&n, o->frames);
	for (i = 0; i < vm_net_nqs(&n); i++)
		kicks += vm_net_vq(&n, i)->kicks;
	pass("%llu frames on each of %u pairs, %llu kicks by doorbell alone",
	     (unsigned long long)o->frames, no.pairs,
	     (unsigned long long)kicks);
	for (i = 0; i < vm_net_nqs(&n); i++)
		munmap(vm_net_vq(&n, i)->doorbell, VM_PAGE);
	vm_net_free(&n);
	vm_dev_close(&d);
	vm_container_close(&c);
	return 0;
}
