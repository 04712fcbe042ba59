// SPDX-License-Identifier: GPL-2.0-only
/*
 * user-pci mig-blk, mig-rng: a disk and an entropy device under whose drivers the
 * device is replaced by another one, there and back.
 */
#include <errno.h>
#include <linux/virtio_blk.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "pci_migrate.h"

#define NUM		64
#define SLOTS		8
#define LEN		8192U
#define SECTOR		512U
#define SPAN		256U	/* sectors that are used, in units of LEN */

struct slot {
	struct virtio_blk_outhdr hdr;
	__u8 status;
};

struct disk {
	struct mig_pair p;
	struct vm_vq vq;
	struct vm_mem mem;
	struct slot *slot;
	__u8 *buf;		/* LEN for each slot */
	__u8 seen[SPAN];	/* what each unit was filled with last */
	unsigned int at[SLOTS];
	bool read[SLOTS];
	unsigned int busy;	/* slots that the device has, a bit each */
	unsigned int moves;
};

/* One vector for the virtqueue, which goes along */
static void move(struct mig_pair *p, struct vm_vq *vq, bool pre_copy)
{
	struct mig_stream s = { 0 };
	int from = VM_NO_FD, to;

	to = mig_to(&p->other, MIG_RESUMING);
	if (pre_copy && mig_knows(&p->u.d, MIG_PRE_COPY)) {
		from = mig_to(&p->u.d, MIG_PRE_COPY);
		pci_check(mig_read_all(from, &s, 4096) == -ENOMSG,
			  "the end of what PRE_COPY has");
		mig_to(&p->u.d, MIG_STOP_COPY);
	} else {
		from = mig_to(&p->u.d, MIG_STOP_COPY);
	}
	must(mig_read_all(from, &s, 4096));
	close(from);
	must(mig_write_all(to, &s, 4096));
	mig_to(&p->u.d, MIG_STOP);
	mig_swap(p);
	must(vm_pci_vector(&p->other, vq->index + 1, VM_NO_FD));
	must(vm_pci_vector(&p->u.d, vq->index + 1, vq->call));
	mig_to(&p->u.d, MIG_RUNNING);
	close(to);
	mig_free(&s);
}

/* ---- a disk ---- */

static void fill(struct disk *t, __u8 *buf, unsigned int unit, __u8 seed)
{
	unsigned int i;

	for (i = 0; i < LEN; i++)
		buf[i] = seed ? seed + i * 7 + (i >> 8) + unit : 0;
}

static void submit(struct disk *t, unsigned int slot, unsigned int unit,
		   __u8 seed)
{
	bool read = !seed;
	__u8 *buf = t->buf + slot * LEN;
	struct slot *s = &t->slot[slot];
	struct vm_sg sg[3] = {
		{ vm_iova(&t->mem, &s->hdr), sizeof(s->hdr) },
		{ vm_iova(&t->mem, buf), LEN },
		{ vm_iova(&t->mem, &s->status), 1 },
	};

	s->hdr.type = htole32(read ? VIRTIO_BLK_T_IN : VIRTIO_BLK_T_OUT);
	s->hdr.ioprio = 0;
	s->hdr.sector = htole64((__u64)unit * LEN / SECTOR);
	s->status = 0xee;
	t->at[slot] = unit;
	t->read[slot] = read;
	if (read) {
		memset(buf, 0xcc, LEN);
	} else {
		t->seen[unit] = seed;
		fill(t, buf, unit, seed);
	}
	must(vm_vq_add(&t->vq, sg, read ? 1 : 2, read ? 2 : 1, slot));
	t->busy |= 1U << slot;
}

static void collect(struct disk *t)
{
	__u64 end = vm_now_ms() + 60000;
	__u8 *want = malloc(LEN);
	int slot;

	if (!want)
		die("no memory");
	while (t->busy) {
		slot = vm_vq_get(&t->vq, NULL);
		if (slot < 0) {
			vm_vq_irq(&t->vq, true);
			vm_eventfd_wait(t->vq.call, 10);
			pci_check(vm_now_ms() < end, "no answer");
			continue;
		}
		pci_check(t->slot[slot].status == VIRTIO_BLK_S_OK,
			  "unit %u: status %#x", t->at[slot],
			  t->slot[slot].status);
		if (t->read[slot]) {
			fill(t, want, t->at[slot], t->seen[t->at[slot]]);
			pci_check(!memcmp(want, t->buf + slot * LEN, LEN),
				  "unit %u has not what was written",
				  t->at[slot]);
		}
		t->busy &= ~(1U << slot);
	}
	free(want);
}

static void some_requests(struct disk *t, unsigned int round)
{
	unsigned int i;

	for (i = 0; i < SLOTS; i++)
		submit(t, i, (round * SLOTS + i) % SPAN, 1 + (round * 31 + i) % 250);
	vm_vq_kick(&t->vq);
}

static void read_back(struct disk *t)
{
	unsigned int unit;

	for (unit = 0; unit < SPAN; unit += SLOTS) {
		unsigned int i;

		for (i = 0; i < SLOTS; i++)
			submit(t, i, unit + i, 0);
		vm_vq_kick(&t->vq);
		collect(t);
	}
}

int mig_blk(const struct pci_opts *o)
{
	const __u64 want = BIT64(VIRTIO_F_VERSION_1) |
			   BIT64(VIRTIO_F_ACCESS_PLATFORM) |
			   BIT64(VIRTIO_BLK_F_FLUSH) |
			   (o->packed ? BIT64(VIRTIO_F_RING_PACKED) : 0);
	unsigned int i, rounds = o->count ? o->count : 4;
	__u64 capacity;
	struct disk t;

	memset(&t, 0, sizeof(t));
	mig_open_pair(&t.p, o);
	must(vm_mem_new(&t.p.u.c, &t.mem, vm_vq_bytes(NUM, false) +
			SLOTS * (LEN + sizeof(struct slot)) + 3 * VM_PAGE));
	t.buf = vm_alloc(&t.mem, SLOTS * LEN, VM_PAGE);
	t.slot = vm_alloc(&t.mem, SLOTS * sizeof(struct slot), 64);
	must(vm_negotiate(&t.p.u.d, want));
	must(vm_vq_init(&t.vq, &t.mem, 0, NUM, t.p.u.d.features));
	must(vm_vq_start(&t.p.u.d, &t.vq, 0));
	must(vm_add_status(&t.p.u.d, VIRTIO_CONFIG_S_DRIVER_OK));
	for (i = 0; i < SPAN / SLOTS; i++) {
		some_requests(&t, i);
		collect(&t);
	}
	for (i = 0; i < rounds; i++) {
		some_requests(&t, i);
		move(&t.p, &t.vq, i & 1);
		collect(&t);
		must(vm_get_config(&t.p.u.d, 0, &capacity, sizeof(capacity)));
		pci_check(le64toh(capacity) >= SPAN * LEN / SECTOR,
			  "%llu sectors", (unsigned long long)capacity);
		read_back(&t);
		some_requests(&t, 100 + i);
		collect(&t);
		pass("move %u: requests in flight, and all that was written", i + 1);
	}
	must(vm_set_status(&t.p.u.d, 0));
	vm_vq_free(&t.vq);
	vm_mem_free(&t.mem);
	mig_close_pair(&t.p);
	return 0;
}

/* ---- an entropy device ---- */

int mig_rng(const struct pci_opts *o)
{
	const __u64 want = BIT64(VIRTIO_F_VERSION_1) |
			   BIT64(VIRTIO_F_ACCESS_PLATFORM);
	struct vm_vq vq = { 0 };
	struct mig_pair p;
	struct vm_mem m;
	unsigned int i;
	struct vm_sg in = { .len = 64 };
	__u64 end;
	__u32 len;
	__u8 *buf;

	mig_open_pair(&p, o);
	must(vm_mem_new(&p.u.c, &m, vm_vq_bytes(8, false) + 2 * VM_PAGE));
	buf = vm_alloc(&m, 64, 64);
	in.iova = vm_iova(&m, buf);
	must(vm_negotiate(&p.u.d, want));
	must(vm_vq_init(&vq, &m, 0, 8, p.u.d.features));
	must(vm_vq_start(&p.u.d, &vq, 0));
	must(vm_add_status(&p.u.d, VIRTIO_CONFIG_S_DRIVER_OK));
	for (i = 0; i < 6; i++) {
		must(vm_vq_add(&vq, &in, 0, 1, 1));
		/* Not kicked at all: the next device has to find it by itself. */
		if (i & 1)
			vm_vq_kick(&vq);
		move(&p, &vq, i & 2);
		end = vm_now_ms() + 20000;
		while (!vm_vq_has_used(&vq)) {
			vm_eventfd_wait(vq.call, 10);
			pci_check(vm_now_ms() < end, "no answer");
		}
		pci_check(vm_vq_get(&vq, &len) == 1 && len == 64, "%u bytes",
			  len);
	}
	pass("an entropy device that moves fills buffers, each once");
	must(vm_set_status(&p.u.d, 0));
	vm_vq_free(&vq);
	vm_mem_free(&m);
	mig_close_pair(&p);
	return 0;
}
