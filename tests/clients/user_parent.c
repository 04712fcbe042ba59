// SPDX-License-Identifier: GPL-2.0-only
/*
 * user-parent - what a device of any parent does for the program that drives it, with
 * nothing known of it but what its virtqueues answer
 *
 *	user-parent [--chardev] [--chain Q:OUT:IN[:w]]... UUID features|rings|suspend|
 *		reset|broken|hold
 *
 * A chain for virtqueue Q is OUT bytes of zeros and IN bytes to be written, and is used at
 * once; with "w" the device uses it when it likes.  Those of some types of devices are
 * known.
 */
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <linux/virtio_ids.h>

#include "client.h"

#define NUM		16
#define MAX_QUEUES	8
#define SLOT		2048	/* bytes for a chain of a virtqueue */
#define PATIENCE	60000	/* ms for an answer, on a busy machine */
#define NOWHERE		0x7f0000000000ULL

struct role {
	__u16 q;
	__u32 out, in;
	bool waits;
};

static const struct {
	__u32 id;
	struct role role[2];
} known[] = {
	/* the smallest frame behind its header */
	{ VIRTIO_ID_NET, { { 0, 0, 1600, true }, { 1, 12 + 60, 0 } } },
	/* read sector 0 */
	{ VIRTIO_ID_BLOCK, { { 0, 16, 512 + 1 } } },
	{ VIRTIO_ID_CONSOLE, { { 0, 0, 64, true }, { 1, 64, 0 } } },
	{ VIRTIO_ID_RNG, { { 0, 0, 64 } } },
};

/* What all types of devices may have, in sets that a driver takes */
static const struct {
	const char *name;
	__u64 features;
} sets[] = {
	{ "split rings", 0 },
	{ "split rings, event index", BIT64(VIRTIO_RING_F_EVENT_IDX) },
	{ "split rings, indirect descriptors", BIT64(VIRTIO_RING_F_INDIRECT_DESC) },
	{ "split rings in order", BIT64(VIRTIO_F_IN_ORDER) },
	{ "packed rings", BIT64(VIRTIO_F_RING_PACKED) },
	{ "packed rings, event index",
	  BIT64(VIRTIO_F_RING_PACKED) | BIT64(VIRTIO_RING_F_EVENT_IDX) },
	{ "packed rings, indirect descriptors",
	  BIT64(VIRTIO_F_RING_PACKED) | BIT64(VIRTIO_RING_F_INDIRECT_DESC) },
	{ "packed rings in order", BIT64(VIRTIO_F_RING_PACKED) | BIT64(VIRTIO_F_IN_ORDER) },
};

static struct queue {
	struct role role;
	struct vm_vq vq;
	__u8 *bufs;
	bool busy[NUM];
	__u64 answers;
} queues[MAX_QUEUES];
static unsigned int nr_queues;

static struct vm_container c;
static struct vm_dev d;
static struct vm_mem rings, bufs;
static bool can_suspend;

/* ---- chains ---- */

static void set_roles(void)
{
	unsigned int i, k;
	__u32 id;

	must(vm_ioctl(d.fd, VHOST_MDEV_GET_DEVICE_ID, &id));
	for (i = 0; !nr_queues && i < ARRAY_SIZE(known); i++)
		for (k = 0; known[i].id == id && k < ARRAY_SIZE(known[i].role); k++)
			if (known[i].role[k].out || known[i].role[k].in)
				queues[nr_queues++].role = known[i].role[k];
	if (!nr_queues)
		die("a device of type %u: say by --chain what it answers", id);
	for (i = 0; i < nr_queues; i++)
		if (queues[i].role.q >= d.nvqs)
			die("it has %u virtqueues, not %u", d.nvqs, queues[i].role.q);
}

/* Make a chain for each buffer that is free, and room in the ring, available. */
static void fill(struct queue *q)
{
	const struct role *r = &q->role;
	unsigned int slot, n;
	struct vm_sg sg[3];
	__u64 iova;

	for (slot = 0; slot < NUM; slot++) {
		if (q->busy[slot])
			continue;
		iova = vm_iova(&bufs, q->bufs + slot * SLOT);
		n = 0;
		if (r->out)
			sg[n++] = (struct vm_sg){ iova, r->out };
		/* The last byte on its own: a status for some, a seam for all */
		if (r->in > 1)
			sg[n++] = (struct vm_sg){ iova + r->out, r->in - 1 };
		if (r->in)
			sg[n++] = (struct vm_sg){ iova + r->out + r->in - 1, 1 };
		memset(q->bufs + slot * SLOT, 0, r->out);
		if (vm_vq_add(&q->vq, sg, !!r->out, n - !!r->out, slot))
			break;
		q->busy[slot] = true;
	}
	vm_vq_kick(&q->vq);
}

static void fill_all(void)
{
	unsigned int i;

	for (i = 0; i < nr_queues; i++)
		fill(&queues[i]);
}

/* Take what the device has used; whether there was anything. */
static bool collect(struct queue *q)
{
	bool any = false;
	__u32 len;
	int slot;

	while ((slot = vm_vq_get(&q->vq, &len)) >= 0) {
		if (q->role.in && !q->role.waits && !len)
			die("virtqueue %u: nothing is written to a chain", q->role.q);
		q->busy[slot] = false;
		q->answers++;
		any = true;
	}
	return any;
}

static bool collect_all(void)
{
	bool any = false;
	unsigned int i;

	for (i = 0; i < nr_queues; i++)
		any |= collect(&queues[i]);
	return any;
}

/* Until each virtqueue that does not wait has answered so many more chains */
static void run(unsigned int count, const char *when)
{
	__u64 end = vm_now_ms() + PATIENCE, until[MAX_QUEUES];
	unsigned int i, left;

	for (i = 0; i < nr_queues; i++)
		until[i] = queues[i].answers + count;
	for (;;) {
		fill_all();
		if (collect_all())
			end = vm_now_ms() + PATIENCE;
		for (i = 0, left = 0; i < nr_queues; i++)
			left += !queues[i].role.waits && queues[i].answers < until[i];
		if (!left)
			return;
		if (vm_now_ms() > end)
			die("no answer %s", when);
		for (i = 0; i < nr_queues; i++)
			if (!queues[i].role.waits && !vm_vq_has_used(&queues[i].vq))
				vm_eventfd_wait(queues[i].vq.call, 5);
	}
}

/* ---- the device ---- */

/* Whether a set is offered; what a device insists on comes with it */
static bool offered(unsigned int set, __u64 *features)
{
	*features = sets[set].features | BIT64(VIRTIO_F_VERSION_1) |
		    (d.offered & BIT64(VIRTIO_F_ACCESS_PLATFORM));
	return !(*features & ~d.offered);
}

/* Ready for DRIVER_OK, with empty rings, or with what they have from these on */
static void set_up(__u64 features, const __u32 *base)
{
	unsigned int i;

	must(vm_negotiate(&d, features));
	for (i = 0; i < nr_queues; i++) {
		struct queue *q = &queues[i];

		if (!base) {
			must(vm_vq_init(&q->vq, &rings, q->role.q, NUM, d.features));
			memset(q->busy, 0, sizeof(q->busy));
		}
		must(vm_vq_start(&d, &q->vq, base ? base[i] : vm_vq_base(&q->vq)));
	}
}

static void live(void)
{
	unsigned int i;

	must(vm_add_status(&d, VIRTIO_CONFIG_S_DRIVER_OK));
	for (i = 0; i < nr_queues; i++)
		vm_vq_kick_now(&queues[i].vq);
}

static void start(__u64 features)
{
	set_up(features, NULL);
	live();
}

static void reset(void)
{
	must(vm_set_status(&d, 0));
	if (must(vm_get_status(&d)))
		die("a status after a reset");
}

/* Nothing may be written from now on to what the device had. */
static void must_be_silent(const char *when)
{
	static __u8 *was;
	unsigned int i;
	size_t size = rings.size + bufs.size;

	if (!was)
		was = malloc(size);
	if (!was)
		die("no memory");
	memcpy(was, rings.va, rings.size);
	memcpy(was + rings.size, bufs.va, bufs.size);
	for (i = 0; i < nr_queues; i++)
		vm_vq_kick_now(&queues[i].vq);
	vm_sleep_ms(20);
	if (memcmp(was, rings.va, rings.size) ||
	    memcmp(was + rings.size, bufs.va, bufs.size))
		die("the device writes %s", when);
}

/* ---- commands ---- */

static void config(void)
{
	__u32 size = must(vm_get_u32(&d, VHOST_MDEV_GET_CONFIG_SIZE)), at;
	__u8 byte;

	for (at = 0; at < size; at++)
		must(vm_get_config(&d, at, &byte, 1));
	fails(EINVAL, vm_get_config(&d, size, &byte, 1));
	pass("a configuration space of %u bytes, and none behind it", size);
}

static int features(void)
{
	__u64 missing = ~d.offered & BIT64(VIRTIO_F_VERSION_1), all;
	unsigned int bit, set;

	if (missing)
		die("VERSION_1 is not offered");
	must(vm_set_status(&d, 0));
	must(vm_add_status(&d, VIRTIO_CONFIG_S_ACKNOWLEDGE | VIRTIO_CONFIG_S_DRIVER));
	fails(EINVAL, vm_set_features(&d, d.offered & ~BIT64(VIRTIO_F_VERSION_1)));
	for (bit = 0; bit < 64; bit++)
		if (!(d.offered & BIT64(bit)))
			fails(EINVAL, vm_set_features(&d, BIT64(VIRTIO_F_VERSION_1) |
						      BIT64(bit)));
	pass("features without VERSION_1, and those that are not offered, are refused");

	must(vm_negotiate(&d, ~0ULL));
	if (d.features != d.offered)
		die("of %#llx only %#llx is taken", (unsigned long long)d.offered,
		    (unsigned long long)d.features);
	pass("all features that are offered can be taken: %#llx",
	     (unsigned long long)d.offered);
	for (set = 0; set < ARRAY_SIZE(sets); set++) {
		if (!offered(set, &all)) {
			vm_info("not offered: %s", sets[set].name);
			continue;
		}
		must(vm_negotiate(&d, all));
		if (!(must(vm_get_status(&d)) & VIRTIO_CONFIG_S_FEATURES_OK))
			die("%s are refused", sets[set].name);
	}
	pass("each kind of ring that is offered can be taken");
	config();
	reset();
	return 0;
}

static int all_rings(void)
{
	unsigned int set;
	__u64 features;

	for (set = 0; set < ARRAY_SIZE(sets); set++) {
		if (!offered(set, &features))
			continue;
		start(features);
		/* several times around */
		run(20 * NUM, sets[set].name);
		reset();
		must_be_silent("after a reset");
		pass("%s", sets[set].name);
	}
	return 0;
}

/* Stop with chains on their way; leaves where each virtqueue stands. */
static void stop(__u32 *base)
{
	unsigned int i;

	fill_all();
	must(vm_suspend(&d));
	must_be_silent("while it is suspended");
	for (i = 0; i < nr_queues; i++) {
		struct vm_vq *vq = &queues[i].vq;

		base[i] = must(vm_vring_get_base(&d, vq->index));
		if (base[i] != vm_vq_base(vq))
			die("virtqueue %u: base %#x, but by what is used %#x",
			    vq->index, base[i], vm_vq_base(vq));
	}
}

static int suspend(void)
{
	__u32 base[MAX_QUEUES];
	unsigned int set, i;
	__u64 features;

	if (!can_suspend) {
		vm_info("it cannot be suspended");
		return 0;
	}
	for (set = 0; set < ARRAY_SIZE(sets); set++) {
		if (!offered(set, &features))
			continue;
		start(features);
		for (i = 0; i < 5; i++) {
			run(NUM + i, "before a suspend");
			stop(base);
			must(vm_resume(&d));
			run(NUM + i, "after a resume");
		}
		/* and as another host would go on */
		stop(base);
		reset();
		set_up(features, base);
		live();
		run(2 * NUM, "after a suspend, a reset, and a start where it was");
		reset();
		pass("suspend and resume, %s", sets[set].name);
	}
	return 0;
}

static int resets(void)
{
	unsigned int set, i;
	__u64 features;

	for (set = 0; set < ARRAY_SIZE(sets); set++) {
		if (!offered(set, &features))
			continue;
		for (i = 0; i < 10; i++) {
			start(features);
			run(i, "before a reset");
			fill_all();
			reset();
			must_be_silent("after a reset under load");
		}
		pass("reset under load, %s", sets[set].name);
	}
	return 0;
}

/* Chains in memory that is not mapped: an answer is as good as a broken virtqueue. */
static int broken(void)
{
	struct vm_sg sg[2];
	unsigned int i;
	__u64 features;

	offered(0, &features);
	for (i = 0; i < nr_queues; i++) {
		struct queue *q = &queues[i];

		if (q->role.waits)
			continue;
		start(features);
		sg[0] = (struct vm_sg){ NOWHERE, q->role.out ?: q->role.in };
		sg[1] = (struct vm_sg){ NOWHERE, q->role.in };
		must(vm_vq_add(&q->vq, sg, !!q->role.out, !!q->role.in, 0));
		vm_vq_kick_now(&q->vq);
		if (!vm_eventfd_wait(q->vq.err, 0) && !vm_vq_has_used(&q->vq) &&
		    !vm_eventfd_wait(q->vq.err, 2000) && !vm_vq_has_used(&q->vq))
			vm_info("virtqueue %u: no word of it", q->role.q);
		reset();
		start(features);
		run(NUM, "after a chain in memory that is not mapped");
		reset();
		pass("virtqueue %u works again after a chain in memory that is not mapped",
		     q->role.q);
	}
	return 0;
}

/* Keep it busy until it is gone, or the program is killed. */
static int hold(void)
{
	__u64 features, n;
	int status;

	offered(0, &features);
	start(features);
	run(NUM, "at first");
	vm_info("running");
	for (n = 0;; n++) {
		fill_all();
		collect_all();
		status = vm_get_status(&d);
		if (status < 0)
			break;
	}
	vm_must_be_gone("GET_STATUS", status);
	return 0;
}

static const struct {
	const char *name;
	int (*run)(void);
} cmds[] = {
	{ "features", features },
	{ "rings", all_rings },
	{ "suspend", suspend },
	{ "reset", resets },
	{ "broken", broken },
	{ "hold", hold },
};

static void add_role(const char *text)
{
	struct role *r = &queues[nr_queues].role;
	unsigned int q, out, in;
	char waits = 0;

	if (nr_queues == MAX_QUEUES ||
	    sscanf(text, "%u:%u:%u:%c", &q, &out, &in, &waits) < 3 ||
	    (!out && !in) || out + in > SLOT || (waits && waits != 'w'))
		die("--chain %s: Q:OUT:IN or Q:OUT:IN:w, of %u bytes at most", text, SLOT);
	*r = (struct role){ q, out, in, waits };
	nr_queues++;
}

static void open_device(const char *uuid)
{
	unsigned int i;
	__u64 backend;

	must(vm_container_open(&c));
	must(vm_dev_open(&c, &d, uuid));
	must(vm_get_backend_features(&d, &backend));
	can_suspend = backend & BIT64(VHOST_MDEV_BACKEND_F_SUSPEND) &&
		      backend & BIT64(VHOST_MDEV_BACKEND_F_RESUME);
	must(vm_get_features(&d, &d.offered));
	set_roles();
	must(vm_mem_new(&c, &rings, nr_queues * (vm_vq_bytes(NUM, true) + VM_PAGE)));
	must(vm_mem_new(&c, &bufs, nr_queues * NUM * SLOT));
	for (i = 0; i < nr_queues; i++)
		queues[i].bufs = vm_alloc(&bufs, NUM * SLOT, 64);
}

int main(int argc, char **argv)
{
	static const struct option longopts[] = {
		{ "chardev", no_argument, NULL, 'c' },
		{ "chain", required_argument, NULL, 'q' },
		{ }
	};
	unsigned int i;
	int o, ret;

	while ((o = getopt_long(argc, argv, "", longopts, NULL)) != -1) {
		if (o == 'c')
			vm_way.chardev = true;
		else if (o == 'q')
			add_role(optarg);
		else
			return 2;
	}
	for (i = 0; optind + 2 == argc && i < ARRAY_SIZE(cmds); i++) {
		if (strcmp(argv[optind + 1], cmds[i].name))
			continue;
		open_device(argv[optind]);
		ret = cmds[i].run();
		vm_dev_close(&d);
		vm_container_close(&c);
		return ret;
	}
	die("usage: user-parent [--chardev] [--chain Q:OUT:IN[:w]]... UUID COMMAND");
}
