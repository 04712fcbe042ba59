// SPDX-License-Identifier: GPL-2.0-only
/*
 * Driver memory: that of the unit tests, with a look at what each access is for.
 */

#include <sanitizer/asan_interface.h>

#include "fuzz.h"

/* --- guards ----------------------------------------------------------------- */

/*
 * While the library runs, the sanitizer takes all driver memory for foreign,
 * except what the call may read or write, and can reach without asking again.
 */
void memory_guard(struct fuzz *f)
{
	unsigned int i;

	for (i = 0; i < NR_REGIONS; i++)
		if (f->region[i]->bytes)
			ASAN_POISON_MEMORY_REGION(f->region[i]->bytes,
						  f->region[i]->len);
}

void memory_unguard(struct fuzz *f)
{
	unsigned int i;

	for (i = 0; i < NR_REGIONS; i++)
		if (f->region[i]->bytes)
			ASAN_UNPOISON_MEMORY_REGION(f->region[i]->bytes,
						    f->region[i]->len);
}

/* What there is of @len bytes at @iova; of known pages only, or of all */
static void permit(struct fuzz *f, u64 iova, u64 len, unsigned int perm,
		   bool all)
{
	unsigned int i;
	u64 at, n;

	for (i = 0; i < NR_REGIONS; i++) {
		struct region *r = f->region[i];
		u64 first = iova > r->iova ? iova - r->iova : 0;
		u64 last = min(iova + len - 1, r->iova + r->len - 1) - r->iova;

		if (!r->bytes || (r->perm & perm) != perm ||
		    iova > r->iova + r->len - 1 || iova + len - 1 < r->iova)
			continue;
		/* Page by page */
		for (at = first; at <= last; at += n) {
			n = min(last - at + 1, (u64)PAGE - at % PAGE);
			if (all || r->known[at / PAGE] ||
			    f->leaving[i] & BIT(at / PAGE))
				ASAN_UNPOISON_MEMORY_REGION(r->bytes + at, n);
		}
	}
}

static void permit_segs(struct fuzz *f, const struct mdev_vq_seg *segs,
			unsigned int nr, unsigned int perm)
{
	for (; nr; nr--, segs++)
		permit(f, segs->iova, segs->len, perm, false);
}

/* What the present call may do, now that more is known of it */
void memory_permit(struct fuzz *f)
{
	if (f->src)
		permit_segs(f, f->src->segs, f->src->nr_out, MDEV_MEM_READ);
	if (f->dst)
		permit_segs(f, f->dst->segs + f->dst->nr_out, f->dst->nr_in,
			    MDEV_MEM_WRITE);
	if (f->seen.table && f->seen.len)
		permit(f, f->seen.addr, f->seen.len, MDEV_MEM_READ, false);
}

/**
 * memory_table() - the driver said that there is an indirect table
 * @f: the run; where was seen already
 */
void memory_table(struct fuzz *f)
{
	u64 last;

	/* One that wraps is none. */
	f->seen.table = f->seen.len &&
			!check_add_overflow(f->seen.addr,
					    (u64)f->seen.len - 1, &last);
	memory_permit(f);
}

/**
 * memory_page() - lookups find a page, or do not any more
 * @f: the run
 * @region: of which region
 * @page: its number there
 * @known: which of both
 */
void memory_page(struct fuzz *f, unsigned int region, unsigned int page,
		 bool known)
{
	struct region *r = f->region[region];

	if (r->known[page] && !known) {
		/* A caller in a section may have found it just before. */
		if (f->inside || f->space.depth)
			f->leaving[region] |= BIT(page);
		mdev_mem_forget(&f->space.mem);
	}
	r->known[page] = known;
}

/* --- what an access is for --------------------------------------------------- */

/*
 * Whether bytes at @iova are of a piece that @perm is meant for: all of them, or
 * for a lookup, which is of pages, some.
 */
static bool in_piece(u64 start, u64 size, u64 iova, size_t len, bool some)
{
	if (some)
		return iova <= start + size - 1 && start <= iova + len - 1;
	return iova - start < size && len <= size - (iova - start);
}

static bool in_chain(const struct mdev_vq_chain *chain, u64 iova, size_t len,
		     unsigned int perm, bool some)
{
	unsigned int i = perm == MDEV_MEM_WRITE ? chain->nr_out : 0;
	unsigned int end = perm == MDEV_MEM_WRITE ?
			   chain->nr_out + chain->nr_in : chain->nr_out;

	for (; i < end; i++)
		if (in_piece(chain->segs[i].iova, chain->segs[i].len, iova,
			     len, some))
			return true;
	return false;
}

static void must_be_ours(struct fuzz *f, u64 iova, size_t len,
			 unsigned int perm, bool some)
{
	const struct mdev_vq_chain *chain;

	access_count(f);
	switch (f->call) {
	case CALL_POP:
	case CALL_FAULT:
		MUST(f->features & F_INDIRECT, "no table without the feature");
		MUST(perm == MDEV_MEM_READ, "a table is only read");
		MUST(f->seen.table &&
		     in_piece(f->seen.addr, f->seen.len, iova, len, some),
		     "%zu bytes at %#llx, and a table of %u at %#llx", len,
		     (unsigned long long)iova, f->seen.len,
		     (unsigned long long)f->seen.addr);
		break;
	case CALL_COPY:
		chain = perm == MDEV_MEM_WRITE ? f->dst : f->src;
		MUST(perm == MDEV_MEM_READ || perm == MDEV_MEM_WRITE,
		     "an access is one of the two");
		MUST(chain && in_chain(chain, iova, len, perm, some),
		     "%zu bytes at %#llx belong to no segment", len,
		     (unsigned long long)iova);
		break;
	default:
		MUST(0, "call %d touches memory", f->call);
	}
}

/* --- the operations ---------------------------------------------------------- */

static struct fuzz *to_fuzz(struct mdev_mem *mem)
{
	return container_of(mem, struct fuzz, space.mem);
}

static void *fuzz_lookup(struct mdev_mem *mem, u64 iova, unsigned int perm,
			 size_t *len)
{
	struct fuzz *f = to_fuzz(mem);
	size_t wanted = *len;
	u8 *real;

	must_be_ours(f, iova, *len, perm, true);
	MUST(f->call == CALL_COPY || !f->broken, "a broken queue has no tables");
	real = f->inner->lookup(mem, iova, perm, len);
	if (!real) {
		f->seen.missed = true;
		return NULL;
	}
	MUST(*len && *len <= wanted, "a lookup gives what it can");
	access_tick(f, real, *len < 8 ? 1 : 8);
	return real;
}

static void fuzz_leave(struct mdev_mem *mem, int token)
{
	struct fuzz *f = to_fuzz(mem);

	f->inner->leave(mem, token);
	access_section_ends(f);
	if (f->call == CALL_NONE)
		return;
	/* What was good until now is not any more. */
	memory_guard(f);
	memory_permit(f);
}

static int fuzz_fault(struct mdev_mem *mem, u64 iova, unsigned int perm)
{
	struct fuzz *f = to_fuzz(mem);
	int ret;

	must_be_ours(f, iova, 1, perm, false);
	ret = f->inner->fault(mem, iova, perm);
	memory_permit(f);
	return ret;
}

/* The slow path reaches what no lookup finds. */
static int fuzz_read(struct mdev_mem *mem, u64 iova, void *buf, size_t len)
{
	struct fuzz *f = to_fuzz(mem);
	int ret;

	must_be_ours(f, iova, len, MDEV_MEM_READ, false);
	permit(f, iova, len, MDEV_MEM_READ, true);
	ret = f->inner->read(mem, iova, buf, len);
	memory_guard(f);
	memory_permit(f);
	return ret;
}

static int fuzz_write(struct mdev_mem *mem, u64 iova, const void *buf,
		      size_t len)
{
	struct fuzz *f = to_fuzz(mem);
	int ret;

	must_be_ours(f, iova, len, MDEV_MEM_WRITE, false);
	permit(f, iova, len, MDEV_MEM_WRITE, true);
	ret = f->inner->write(mem, iova, buf, len);
	memory_guard(f);
	memory_permit(f);
	return ret;
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
 * memory_rings() - map the three areas of the ring again, no longer than needed
 * @f: the run; the virtqueue is stopped and has its size
 */
void memory_rings(struct fuzz *f)
{
	unsigned int i;

	for (i = 0; i < 3; i++) {
		struct region *r = f->region[i];

		free(r->bytes);
		memset(r->known, 0, sizeof(r->known));
		r->len = f->vq.layout->map_len(&f->vq, i);
		r->bytes = calloc(1, r->len);
	}
	mdev_mem_forget(&f->space.mem);
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
}
