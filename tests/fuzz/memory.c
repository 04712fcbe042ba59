// SPDX-License-Identifier: GPL-2.0-only
/*
 * Driver memory: that of the unit tests, with a look at what each access is for.
 */

#include "fuzz.h"

static struct fuzz *to_fuzz(struct mdev_mem *mem)
{
	return container_of(mem, struct fuzz, space.mem);
}

/* Whether @len bytes at @iova are within one piece that @perm is meant for */
static bool in_chain(const struct mdev_vq_chain *chain, u64 iova, size_t len,
		     unsigned int perm)
{
	unsigned int i = perm == MDEV_MEM_WRITE ? chain->nr_out : 0;
	unsigned int end = perm == MDEV_MEM_WRITE ?
			   chain->nr_out + chain->nr_in : chain->nr_out;

	for (; i < end; i++) {
		const struct mdev_vq_seg *seg = &chain->segs[i];

		if (iova - seg->iova < seg->len &&
		    len <= seg->len - (iova - seg->iova))
			return true;
	}
	return false;
}

static void must_be_ours(struct fuzz *f, u64 iova, size_t len,
			 unsigned int perm)
{
	const struct mdev_vq_chain *chain;
	u64 off = iova - f->seen.addr;

	access_count(f);
	switch (f->call) {
	case CALL_POP:
	case CALL_FAULT:
		/* The driver said that a table is there. */
		MUST(f->features & F_INDIRECT, "no table without the feature");
		MUST(perm == MDEV_MEM_READ, "a table is only read");
		MUST(off < f->seen.len && len <= f->seen.len - off,
		     "%zu bytes at %llu of a table of %u", len,
		     (unsigned long long)off, f->seen.len);
		break;
	case CALL_COPY:
		chain = perm == MDEV_MEM_WRITE ? f->dst : f->src;
		MUST(perm == MDEV_MEM_READ || perm == MDEV_MEM_WRITE,
		     "an access is one of the two");
		MUST(chain && in_chain(chain, iova, len, perm),
		     "%zu bytes at %#llx belong to no segment", len,
		     (unsigned long long)iova);
		break;
	default:
		MUST(0, "call %d touches memory", f->call);
	}
}

/* --- lookups give loans ---------------------------------------------------- */

struct loan *memory_loan(struct fuzz *f, const volatile void *p)
{
	unsigned int i;

	for (i = 0; i < f->nr_loans; i++) {
		struct loan *loan = &f->loans[i];

		if ((u8 *)p >= loan->copy && (u8 *)p < loan->copy + loan->len)
			return loan;
	}
	return NULL;
}

static void *lend(struct fuzz *f, u8 *real, size_t len, bool write)
{
	struct loan *loan;

	if (f->nr_loans == f->max_loans) {
		f->max_loans = 2 * f->max_loans + 16;
		f->loans = realloc(f->loans,
				   f->max_loans * sizeof(*f->loans));
	}
	loan = &f->loans[f->nr_loans++];
	loan->real = real;
	loan->len = len;
	loan->write = write;
	loan->copy = malloc(len);
	memcpy(loan->copy, real, len);
	return loan->copy;
}

static void give_back(struct fuzz *f)
{
	unsigned int i;

	for (i = 0; i < f->nr_loans; i++) {
		struct loan *loan = &f->loans[i];

		if (loan->write)
			memcpy(loan->real, loan->copy, loan->len);
		free(loan->copy);
	}
	f->nr_loans = 0;
}

static void *fuzz_lookup(struct mdev_mem *mem, u64 iova, unsigned int perm,
			 size_t *len)
{
	struct fuzz *f = to_fuzz(mem);
	size_t wanted = *len;
	u8 *real;

	must_be_ours(f, iova, *len, perm);
	MUST(f->call == CALL_COPY || !f->broken, "a broken queue has no tables");
	f->seen.lookups++;
	real = f->inner->lookup(mem, iova, perm, len);
	if (real)
		access_tick(f, real, min(*len, (size_t)8));
	/* The driver may have taken the page away, but it lives on until then */
	if (!real) {
		f->seen.missed = true;
		return NULL;
	}
	MUST(*len && *len <= wanted, "a lookup gives what it can");
	return lend(f, real, *len, perm == MDEV_MEM_WRITE);
}

static void fuzz_leave(struct mdev_mem *mem, int token)
{
	struct fuzz *f = to_fuzz(mem);

	give_back(f);
	f->inner->leave(mem, token);
	access_section_ends(f);
}

static int fuzz_fault(struct mdev_mem *mem, u64 iova, unsigned int perm)
{
	must_be_ours(to_fuzz(mem), iova, 1, perm);
	return to_fuzz(mem)->inner->fault(mem, iova, perm);
}

static int fuzz_read(struct mdev_mem *mem, u64 iova, void *buf, size_t len)
{
	must_be_ours(to_fuzz(mem), iova, len, MDEV_MEM_READ);
	return to_fuzz(mem)->inner->read(mem, iova, buf, len);
}

static int fuzz_write(struct mdev_mem *mem, u64 iova, const void *buf,
		      size_t len)
{
	must_be_ours(to_fuzz(mem), iova, len, MDEV_MEM_WRITE);
	return to_fuzz(mem)->inner->write(mem, iova, buf, len);
}

static int fuzz_map_ring(struct mdev_mem *mem, struct mdev_ring_map *map)
{
	struct fuzz *f = to_fuzz(mem);
	int ret = f->inner->map_ring(mem, map);

	if (!ret)
		window_open(f, map);
	return ret;
}

static void fuzz_unmap_ring(struct mdev_mem *mem, struct mdev_ring_map *map)
{
	window_close(to_fuzz(mem), map);
	to_fuzz(mem)->inner->unmap_ring(mem, map);
}

/* --- what the driver maps --------------------------------------------------- */

static const struct {
	u64 iova;
	size_t len;
	unsigned int perm;
} others[NR_REGIONS] = {
	[REGION_DATA] = {
		DATA_IOVA, FUZZ_DATA_LEN, MDEV_MEM_READ | MDEV_MEM_WRITE,
	},
	[REGION_RO] = { RO_IOVA, PAGE, MDEV_MEM_READ },
	[REGION_TOP] = { TOP_IOVA, PAGE, MDEV_MEM_READ | MDEV_MEM_WRITE },
};

/**
 * memory_rings() - map the three areas of the ring anew, no longer than needed
 * @f: the run; the virtqueue is stopped and has its size
 */
void memory_rings(struct fuzz *f)
{
	unsigned int i;

	for (i = 0; i < 3; i++) {
		struct region *r = f->region[i];

		free(r->bytes);
		r->len = f->vq.layout->map_len(&f->vq, i);
		r->bytes = calloc(1, r->len);
	}
}

void memory_remap(struct fuzz *f, unsigned int i)
{
	struct region *r = f->region[i];

	if (!r->bytes)
		r->bytes = calloc(1, r->len);
}

void memory_init(struct fuzz *f)
{
	unsigned int i;

	space_init(&f->space);
	f->inner = f->space.mem.ops;
	f->mem_ops = *f->inner;
	f->mem_ops.lookup = fuzz_lookup;
	f->mem_ops.leave = fuzz_leave;
	f->mem_ops.fault = fuzz_fault;
	f->mem_ops.read = fuzz_read;
	f->mem_ops.write = fuzz_write;
	f->mem_ops.map_ring = fuzz_map_ring;
	f->mem_ops.unmap_ring = fuzz_unmap_ring;
	f->space.mem.ops = &f->mem_ops;

	for (i = 0; i < 3; i++)
		f->region[i] = space_map(&f->space, RING_IOVA * (i + 1), 16,
					 MDEV_MEM_READ | MDEV_MEM_WRITE, false);
	for (; i < NR_REGIONS; i++)
		f->region[i] = space_map(&f->space, others[i].iova,
					 others[i].len, others[i].perm, true);
}

void memory_destroy(struct fuzz *f)
{
	space_destroy(&f->space);
	free(f->loans);
}
