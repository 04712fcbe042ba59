// SPDX-License-Identifier: GPL-2.0-only
/*
 * Ring words.  The library gets ring addresses at which no memory is, so that
 * whatever does not go through READ_ONCE() and WRITE_ONCE() faults.  Those two
 * come by here, where each access is checked, and where a driver that means ill
 * gets its chance to write in between.
 */

#include <sys/mman.h>

#include "fuzz.h"

#define WINDOW		0x100000UL
#define WINDOW_GUARD	0x10000UL

struct fuzz *fuzz;

static u8 *windows;

void window_init(void)
{
	if (windows)
		return;
	windows = mmap(NULL, 3 * WINDOW, PROT_NONE,
		       MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (windows == MAP_FAILED) {
		perror("mmap");
		exit(2);
	}
}

/* Give @map an address that looks like its own. */
void window_open(struct fuzz *f, struct mdev_ring_map *map)
{
	unsigned int area = map - f->vq.maps;
	struct window *w = &f->window[area];

	MUST(area < 3 && !w->map, "area %u is mapped once", area);
	w->map = map;
	w->real = map->addr;
	w->base = windows + area * WINDOW + WINDOW_GUARD + map->iova % PAGE;
	w->doomed = false;
	map->addr = w->base;
}

void window_close(struct fuzz *f, struct mdev_ring_map *map)
{
	struct window *w = &f->window[map - f->vq.maps];

	MUST(w->map == map, "what is unmapped was mapped");
	w->map = NULL;
	w->real = NULL;
}

static struct window *window_find(struct fuzz *f, const volatile void *p)
{
	uintptr_t off = (uintptr_t)p - (uintptr_t)windows;

	return f && off < 3 * WINDOW ? &f->window[off / WINDOW] : NULL;
}

/* --- calls ----------------------------------------------------------------- */

/**
 * call_begin() - the library is about to be called
 * @f: the run
 * @call: what for
 * @budget: accesses that it may need at most, so that it never hangs
 */
void call_begin(struct fuzz *f, enum fuzz_call call, unsigned int budget)
{
	unsigned int i;

	f->call = call;
	f->budget = budget;
	memset(&f->seen, 0, sizeof(f->seen));
	for (i = 0; i < 3; i++)
		if (f->window[i].map)
			memset(f->window[i].loads, 0,
			       (f->window[i].map->len + 1) / 2 * sizeof(u16));
	memory_guard(f);
	memory_permit(f);
}

/* Unless the queue broke, all is done that had to be. */
void call_end(struct fuzz *f)
{
	unsigned int i;

	for (i = 0; i < f->seen.nr_expect && !f->broken; i++)
		MUST(f->seen.expect[i].maybe,
		     "call %d writes %#x to %zu of area %d", f->call,
		     f->seen.expect[i].val, f->seen.expect[i].off,
		     f->seen.expect[i].area);
	memory_unguard(f);
	f->call = CALL_NONE;
}

static struct expect *expect_add(struct fuzz *f, enum mdev_vq_area area,
				 size_t off, unsigned int size, u32 val)
{
	struct expect *e = &f->seen.expect[f->seen.nr_expect++];

	MUST(f->seen.nr_expect <= ARRAY_SIZE(f->seen.expect), "there is room");
	*e = (struct expect) {
		.area = area, .off = off, .size = size, .val = val,
	};
	return e;
}

/**
 * expect() - the library must write a word during the present call
 * @f: the run
 * @area: where
 * @off: where in there
 * @size: of the word
 * @val: what
 */
void expect(struct fuzz *f, enum mdev_vq_area area, size_t off,
	    unsigned int size, u32 val)
{
	expect_add(f, area, off, size, val);
}

/* As expect(), but it may know that the word is the same already. */
void expect_maybe(struct fuzz *f, enum mdev_vq_area area, size_t off,
		  unsigned int size, u32 val)
{
	expect_add(f, area, off, size, val)->maybe = true;
}

/* As expect(), and after all others */
void expect_last(struct fuzz *f, enum mdev_vq_area area, size_t off,
		 unsigned int size, u32 val)
{
	expect_add(f, area, off, size, val)->last = true;
}

/* Nothing is written but what is expected, and once. */
static void expect_met(struct fuzz *f, enum mdev_vq_area area, size_t off,
		       unsigned int size, u64 val)
{
	struct expect *e = f->seen.expect;
	struct expect *end = e + f->seen.nr_expect;

	for (; e < end; e++)
		if (e->area == area && e->off == off)
			break;
	MUST(e < end, "call %d writes %#llx to %zu of area %d", f->call,
	     (unsigned long long)val, off, area);
	MUST(e->size == size && !((e->val ^ val) & (~0ULL >> (64 - 8 * size))),
	     "call %d writes %#llx, not %#x, to %zu of area %d", f->call,
	     (unsigned long long)val, e->val, off, area);
	MUST(!e->last || f->seen.nr_expect == 1,
	     "call %d gives away what it has not written", f->call);
	*e = *--end;
	f->seen.nr_expect--;
}

void access_count(struct fuzz *f)
{
	MUST(f->budget, "call %d comes to an end", f->call);
	f->budget--;
}

/* --- a driver that writes while the device reads --------------------------- */

/* Past the guards: see memory_guard() */
__attribute__((no_sanitize("address")))
static void poke(volatile u8 *p, unsigned int size, u64 val)
{
	for (; size; size--, val >>= 8)
		*p++ = val;
}

__attribute__((no_sanitize("address")))
static u64 peek(const volatile u8 *p, unsigned int size)
{
	u64 val = 0;

	while (size--)
		val = val << 8 | p[size];
	return val;
}

/* The memory goes when the section ends, as its readers are waited for. */
static void doom(struct fuzz *f, unsigned int area)
{
	struct window *w = &f->window[area];

	if (!w->map || w->map->dead)
		return;
	w->doomed = true;
	memory_page(f, area, 0, false);
	WRITE_ONCE(w->map->dead, true);
	w->map->invalidate(w->map);
}

/**
 * access_tick() - a moment at which the driver may strike
 * @f: the run
 * @self: what was just read
 * @size: its size
 */
void access_tick(struct fuzz *f, u8 *self, unsigned int size)
{
	struct arm *arm = &f->arms[f->next_arm];
	struct window *w;
	struct region *r;
	u64 old;

	if (f->next_arm == f->nr_arms)
		return;
	if (arm->countdown) {
		arm->countdown--;
		return;
	}
	f->next_arm++;

	old = peek(self, size);
	switch (arm->kind % 8) {
	case 0:
		poke(self, size, arm->val);
		break;
	case 1:
		poke(self, size, old + (u64)(int16_t)arm->val);
		break;
	case 2:
		poke(self, size, old ^ BIT_ULL(arm->val % (8 * size)));
		break;
	case 3:
	case 4:
		w = &f->window[arm->kind % 8 - 3];
		if (w->map && !(w->map->dead && !w->doomed))
			poke(w->real + arm->off % (w->map->len - 1), 2,
			     arm->val);
		break;
	case 5:
		r = f->region[REGION_DATA];
		if (r->bytes)
			poke(r->bytes + arm->off % (r->len - 1), 2, arm->val);
		break;
	case 6:
		doom(f, arm->off % 3);
		break;
	case 7:
		memory_page(f, REGION_DATA, arm->off % FUZZ_DATA_PAGES,
			    arm->val & 1);
		/* What was not known when the call began may be by now. */
		memory_permit(f);
		break;
	}
}

void access_section_ends(struct fuzz *f)
{
	unsigned int i;

	memset(f->leaving, 0, sizeof(f->leaving));
	for (i = 0; i < 3; i++) {
		struct region *r = f->region[i];

		if (!f->window[i].doomed)
			continue;
		f->window[i].doomed = false;
		free(r->bytes);
		r->bytes = NULL;
	}
}

/* --- the accessors --------------------------------------------------------- */

static u64 plain_load(const volatile void *p, unsigned int size)
{
	switch (size) {
	case 1:
		return __atomic_load_n((const volatile u8 *)p,
				       __ATOMIC_ACQUIRE);
	case 2:
		return __atomic_load_n((const volatile u16 *)p,
				       __ATOMIC_ACQUIRE);
	case 4:
		return __atomic_load_n((const volatile u32 *)p,
				       __ATOMIC_ACQUIRE);
	default:
		return __atomic_load_n((const volatile u64 *)p,
				       __ATOMIC_ACQUIRE);
	}
}

static void plain_store(volatile void *p, unsigned int size, u64 val)
{
	switch (size) {
	case 1:
		__atomic_store_n((volatile u8 *)p, val, __ATOMIC_RELEASE);
		break;
	case 2:
		__atomic_store_n((volatile u16 *)p, val, __ATOMIC_RELEASE);
		break;
	case 4:
		__atomic_store_n((volatile u32 *)p, val, __ATOMIC_RELEASE);
		break;
	default:
		__atomic_store_n((volatile u64 *)p, val, __ATOMIC_RELEASE);
		break;
	}
}

/* What holds for each access to a ring: the word's offset within its area */
static size_t access_check(struct fuzz *f, struct window *w,
			   const volatile void *p, unsigned int size)
{
	int area = w - f->window;
	size_t off = (u8 *)p - w->base;

	MUST(w->map, "area %d is touched when not mapped", area);
	MUST((u8 *)p >= w->base && off < w->map->len &&
	     size <= w->map->len - off,
	     "access of %u bytes at %zd in area %d of %zu", size,
	     (u8 *)p - w->base, area, w->map->len);
	MUST(!(off % size), "access of %u bytes at %zu", size, off);
	MUST(f->call != CALL_NONE && f->call != CALL_FAULT &&
	     f->call != CALL_COPY, "area %d is touched in call %d", area,
	     f->call);
	MUST(f->space.depth == 1, "area %d is touched outside of a section",
	     area);
	MUST(f->alive, "area %d is touched in a section that found it dead",
	     area);
	MUST(!w->map->dead || w->doomed, "area %d is touched when unmapped",
	     area);
	MUST(!f->broken, "area %d of a broken queue is touched", area);
	access_count(f);
	return off;
}

u64 fuzz_load(const volatile void *p, unsigned int size)
{
	struct fuzz *f = fuzz;
	struct window *w = window_find(f, p);
	size_t off, i;
	u64 val;

	if (!w)
		return plain_load(p, size);

	off = access_check(f, w, p, size);
	val = peek(w->real + off, size);
	for (i = off / 2; i < (off + size + 1) / 2; i++)
		w->loads[i]++;
	f->rules->load(f, w - f->window, off, size, val);
	access_tick(f, w->real + off, size);
	return val;
}

void fuzz_store(volatile void *p, unsigned int size, u64 val)
{
	struct fuzz *f = fuzz;
	struct window *w = window_find(f, p);
	size_t off;

	if (!w) {
		plain_store(p, size, val);
		return;
	}

	off = access_check(f, w, p, size);
	MUST(w->map->perm & MDEV_MEM_WRITE, "area %d is written to",
	     (int)(w - f->window));
	expect_met(f, w - f->window, off, size, val);
	poke(w->real + off, size, val);
}

unsigned long fuzz_index(unsigned long i, unsigned long size)
{
	if (fuzz) {
		MUST(i < size, "index %lu of %lu", i, size);
		access_count(fuzz);
	}
	return i;
}
