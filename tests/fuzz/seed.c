// SPDX-License-Identifier: GPL-2.0-only
/*
 * Inputs to begin with: rings as the unit tests' driver makes them, and scripts
 * that serve them.  seed FOLDER writes them there.
 */

#include <sys/stat.h>

#include "fuzz.h"

#define NEXT	VRING_DESC_F_NEXT
#define WRITE	VRING_DESC_F_WRITE
#define TABLE	VRING_DESC_F_INDIRECT

/* A step of the script, with its variant */
#define STEP(op, variant)	((op) | (variant) << 5)

static const char *folder;

/* What control.c calls the ring sizes */
static u8 num_code(u16 num)
{
	switch (num) {
	case 8:
		return 0;
	case 4:
		return 1;
	case 16:
		return 4;
	case 64:
		return 8;
	case 256:
		return 9;
	default:
		/* packed: 1 + code % 32, if that is large */
		return 0x80 + num - 1;
	}
}

static void emit(struct bench *b, const char *name, u64 features, u16 state,
		 const u8 *script, size_t len)
{
	const u8 head[] = {
		num_code(b->num),
		(features & F_INDIRECT ? 1 : 0) | (features & F_EVENT ? 2 : 0) |
		(features & F_IN_ORDER ? 4 : 0),
		0, state & 0xff, state >> 8,
	};
	char path[4096];
	FILE *out;

	snprintf(path, sizeof(path), "%s/%s-%s", folder,
		 b->is_packed ? "packed" : "split", name);
	out = fopen(path, "wb");
	CHECK(out);
	fwrite(head, sizeof(head), 1, out);
	fwrite(b->ring[0]->bytes, b->ring[0]->len, 1, out);
	fwrite(b->ring[1]->bytes, b->ring[1]->len, 1, out);
	fwrite(b->data->bytes, 8 * 16, 1, out);
	fwrite(script, len, 1, out);
	CHECK(!ferror(out));
	CHECK(!fclose(out));
	bench_destroy(b);
}

#define EMIT(b, name, features, state, ...) do {			\
	const u8 _script[] = { __VA_ARGS__ };				\
	emit(b, name, features, state, _script, sizeof(_script));	\
} while (0)

/* The driver of either layout: a chain of a piece to read and one to write */
static void chain(struct bench *b, unsigned int i, u32 out, u32 in)
{
	u64 addr = DATA_IOVA + 100 + 1000 * i;

	if (b->is_packed) {
		if (out)
			packed_desc(b, addr, out, in ? NEXT : 0, i);
		if (in)
			packed_desc(b, addr + out, in, WRITE, i);
		return;
	}
	if (out)
		drv_desc(b, i, addr, out, in ? NEXT : 0, i + 1);
	if (in)
		drv_desc(b, i + !!out, addr + out, in, WRITE, 0);
	drv_avail(b, i);
}

static void chains(struct bench *b, u16 num, u64 features, u16 state)
{
	bench_init_at(b, num, features, state);
	chain(b, 0, 60, 0);
	chain(b, 1, 12, 300);
	chain(b, 3, 0, 1500);
}

/* A table of three entries; of a split ring, also at the end of a chain */
static void tables(struct bench *b, u64 features, bool alone)
{
	static const struct vring_desc table[] = {
		{ DATA_IOVA + 500, 12, NEXT, 2 },
		{ DATA_IOVA + 6000, 700, WRITE, 0 },
		{ DATA_IOVA + 600, 64, NEXT, 1 },
	};
	static const struct vring_packed_desc packed_table[] = {
		{ DATA_IOVA + 500, 12, 0, 0 },
		{ DATA_IOVA + 600, 64, 0, 0 },
		{ DATA_IOVA + 6000, 700, 0, WRITE },
	};

	bench_init_at(b, 8, features, features & F_PACKED ? WRAP : 0);
	if (b->is_packed) {
		memcpy(b->data->bytes, packed_table, sizeof(packed_table));
		packed_desc(b, DATA_IOVA, sizeof(table), TABLE, 4);
		packed_desc(b, DATA_IOVA, sizeof(table), TABLE, 5);
		return;
	}
	memcpy(b->data->bytes, table, sizeof(table));
	drv_desc(b, 4, DATA_IOVA, sizeof(table), TABLE, 0);
	drv_desc(b, 3, DATA_IOVA + 900, 10, NEXT, 4);
	drv_avail(b, alone ? 4 : 3);
	drv_avail(b, 4);
}

/* As long as a ring of this size allows */
static void longest(struct bench *b, u16 num, u64 features)
{
	unsigned int i;

	bench_init_at(b, num, features, features & F_PACKED ? WRAP : 0);
	for (i = 0; i < num; i++) {
		u16 flags = (i + 1 < num ? NEXT : 0) |
			    (i > num / 2 ? WRITE : 0);

		if (b->is_packed)
			packed_desc(b, DATA_IOVA + 64 * i, 32, flags, 7);
		else
			drv_desc(b, i, DATA_IOVA + 64 * i, 32, flags, i + 1);
	}
	if (!b->is_packed)
		drv_avail(b, 0);
}

/* A chain of one piece to read and one to write, anywhere */
static void anywhere(struct bench *b, u64 p, u64 out, u32 out_len, u64 in,
		     u32 in_len)
{
	bench_init_at(b, 8, p, p ? WRAP : 0);
	if (p) {
		packed_desc(b, out, out_len, NEXT, 1);
		packed_desc(b, in, in_len, WRITE, 1);
		return;
	}
	drv_desc(b, 0, out, out_len, NEXT, 1);
	drv_desc(b, 1, in, in_len, WRITE, 0);
	drv_avail(b, 0);
}

/*
 * @p is F_PACKED or 0.  States are as in control.c: an index, or a position among
 * two rounds.
 */
static void good(u64 p)
{
	/* Near the end of a round, or of the index */
	const u16 late = p ? 7 : 65534, first = p ? WRAP : 0;
	struct bench b;

	chains(&b, 8, p, first);
	EMIT(&b, "drain", 0, 0, STEP(OP_DRAIN, 7));
	chains(&b, 8, p | F_EVENT, p ? late | WRAP : late);
	EMIT(&b, "drain-event", F_EVENT, late, STEP(OP_DRAIN, 1),
	     STEP(OP_EVENT, 0), 0xff, 0xff, STEP(OP_DRAIN, 7));
	chains(&b, 8, p | F_EVENT | F_INDIRECT, first);
	EMIT(&b, "copy", F_EVENT | F_INDIRECT, 0, OP_STICKY, OP_POP, OP_POP,
	     OP_POP, STEP(OP_COPY, 0), 0, 0, 60, 0,
	     STEP(OP_COPY, 1), 0, 2, 200, 1, STEP(OP_COPY, 2), 1, 2, 12, 0,
	     STEP(OP_PUSH, 0), 0, 0, STEP(OP_PUSH, 1), 12, 0,
	     STEP(OP_PUSH, 2), 50, 0, OP_PUBLISH, OP_ENABLE);
	chains(&b, 8, p, p ? 5 | WRAP : 5);
	EMIT(&b, "slow", 0, 5, OP_PAGES, 0, OP_POP, OP_POP, OP_POP,
	     STEP(OP_COPY, 3), 0, 0, 60, 0, OP_PAGES, 0x10,
	     STEP(OP_COPY, 4), 0, 1, 40, 1, OP_PAGES, 0x20,
	     STEP(OP_COPY, 5), 0, 2, 60, 0, OP_PUSH, 0, 0);
	chains(&b, 16, p, first);
	EMIT(&b, "state", 0, 0, OP_POP, OP_POP, OP_UNPOP, OP_PUSH, 0, 0,
	     STEP(OP_RESTART, 1), OP_POP, OP_PAUSE, OP_DISABLE, OP_ENABLE,
	     OP_DRAIN, STEP(OP_RESTART, 0), OP_DRAIN, OP_BUSY);
	chains(&b, 8, p, first);
	EMIT(&b, "unmap", 0, 0, OP_POP, STEP(OP_UNMAP, 3), STEP(OP_COPY, 3),
	     0, 0, 60, 0, STEP(OP_UNMAP, 2), OP_PUSH, 0, 0, OP_ALIVE,
	     OP_RESET, 0, 0, 0, 0, 0);
	chains(&b, 8, p | F_IN_ORDER, first);
	EMIT(&b, "order", F_IN_ORDER, 0, OP_STICKY, OP_POP, OP_POP, OP_POP,
	     OP_PUSH, 0xff, 0xff, OP_PUSH, 0xff, 0xff, OP_PUBLISH,
	     OP_PUSH, 1, 0, OP_PUBLISH, OP_ENABLE);
	chains(&b, 8, p | F_IN_ORDER, first);
	EMIT(&b, "disorder", F_IN_ORDER, 0, OP_POP, OP_POP, STEP(OP_PUSH, 7),
	     0, 0, STEP(OP_PUSH, 7), 0, 0, OP_PUBLISH, OP_RESTART);
	chains(&b, p ? 5 : 4, p, first);
	EMIT(&b, "rounds", 0, 0, OP_STICKY, STEP(OP_DRAIN, 7), OP_OFFER, 0,
	     STEP(OP_DESC, WRITE), 1, 2, 50, 1, STEP(OP_DRAIN, 7),
	     STEP(OP_DESC, NEXT), 2, 3, 60, 0, STEP(OP_DESC, 0), 0, 4, 9, 2,
	     OP_OFFER, 1, OP_POP, OP_POP, OP_PUSH, 1, 0, OP_PUBLISH);
	tables(&b, p | F_INDIRECT, true);
	EMIT(&b, "table", F_INDIRECT, 0, STEP(OP_DRAIN, 7));
	tables(&b, p | F_INDIRECT, false);
	EMIT(&b, "table-slow", F_INDIRECT, 0, OP_PAGES, 0xe,
	     STEP(OP_DRAIN, 7));
	tables(&b, p | F_INDIRECT, true);
	EMIT(&b, "table-no-memory", F_INDIRECT, 0, OP_PAGES, 0, OP_NOMEM,
	     STEP(OP_DRAIN, 7));
	longest(&b, 64, p);
	EMIT(&b, "long", 0, 0, OP_POP, STEP(OP_COPY, 2), 0, 0, 0, 4, OP_PUSH,
	     0, 0);
	longest(&b, 256, p);
	EMIT(&b, "longer", 0, 0, OP_POP, STEP(OP_COPY, 5), 0, 0, 0, 16,
	     OP_PUSH, 0, 0);
}

/* Each time that a table was fetched another one is wanted. */
static void changing(u64 p)
{
	/* ticks from one load of the address to the next */
	const u8 between = p ? 2 : 4;
	u8 script[128];
	struct bench b;
	size_t n = 0;
	int i;

	tables(&b, p | F_INDIRECT, true);
	script[n++] = OP_PAGES;
	script[n++] = 0x10;
	for (i = 0; i < 14; i++) {
		const u8 arm[] = {
			OP_ARM, i ? between : between / 2, 1, 0, 0, 16, 0,
		};

		memcpy(script + n, arm, sizeof(arm));
		n += sizeof(arm);
	}
	script[n++] = OP_POP;
	emit(&b, "table-changes", F_INDIRECT, 0, script, n);
}

/* Steps away from being wrong, or wrong already */
static void bad(u64 p)
{
	const u16 first = p ? WRAP : 0;
	struct bench b;

	chains(&b, 8, p, first);
	EMIT(&b, "loop", 0, 0, STEP(OP_DESC, NEXT), 0, 4, 4, 0,
	     STEP(OP_DRAIN, 7));
	chains(&b, 8, p, first);
	EMIT(&b, "range", 0, 0, OP_POP, OP_OFFER, 8, STEP(OP_DRAIN, 7),
	     OP_RESTART);
	chains(&b, 8, p, first);
	EMIT(&b, "jump", 0, 0, OP_IDX, 20, 0, OP_OFFER, 0, STEP(OP_DRAIN, 7));
	chains(&b, 8, p, first);
	EMIT(&b, "wrap", 0, 0, STEP(OP_ADDR, 0), 0, 0xf0, 0xff, 0xff, 0xff,
	     0xff, 0xff, 0xff, 0xff, OP_POP);
	bench_init_at(&b, 8, p, first);
	if (p) {
		packed_desc(&b, DATA_IOVA, 0x80000000, WRITE | NEXT, 1);
		packed_desc(&b, DATA_IOVA, 0x80000000, WRITE, 1);
	} else {
		drv_desc(&b, 0, DATA_IOVA, 0x80000000, WRITE | NEXT, 1);
		drv_desc(&b, 1, DATA_IOVA, 0x80000000, WRITE, 0);
		drv_avail(&b, 0);
	}
	EMIT(&b, "total", 0, 0, OP_POP);
	/* Nothing mapped, so that the table is read by the slow path */
	tables(&b, p | F_INDIRECT, true);
	EMIT(&b, "table-others", F_INDIRECT, 0, OP_PAGES, 0,
	     STEP(OP_LEN, 0), p ? 1 : 4, 0x10, 0, 0, 0, STEP(OP_DRAIN, 7));
	/* Where it may not write, after it has read there */
	anywhere(&b, p, RO_IOVA, 64, RO_IOVA + 64, 64);
	EMIT(&b, "read-only", 0, 0, OP_POP, STEP(OP_COPY, 0), 0, 0, 64, 0,
	     STEP(OP_COPY, 1), 0, 0, 64, 0, STEP(OP_COPY, 4), 0, 0, 64, 0);
	/* The ring itself, which is no whole page */
	anywhere(&b, p, RING_IOVA, PAGE, RING_IOVA * 3, 20);
	EMIT(&b, "own-ring", 0, 0, OP_POP, STEP(OP_COPY, 3), 0, 0, 0, 16,
	     STEP(OP_COPY, 4), 0, 0, 20, 0, OP_PUSH, 0, 0, OP_PUBLISH);
	/* What is remembered, and then gone, and then another */
	anywhere(&b, p, DATA_IOVA + 10, 4000, DATA_IOVA + PAGE, 64);
	EMIT(&b, "gone", 0, 0, OP_POP, STEP(OP_COPY, 2), 0, 0, 64, 0,
	     STEP(OP_UNMAP, 3), STEP(OP_COPY, 2), 0, 0, 64, 0, OP_REMAP,
	     STEP(OP_COPY, 5), 0, 0, 64, 0, OP_PAGES, 0xf0,
	     STEP(OP_COPY, 2), 0, 0, 64, 0);
	tables(&b, p | F_INDIRECT, true);
	EMIT(&b, "table-entry", F_INDIRECT, 0, STEP(OP_POKE, 3), 14, 0, 9, 0,
	     OP_POP);
	tables(&b, p | F_INDIRECT, true);
	EMIT(&b, "table-loop", F_INDIRECT, 0, STEP(OP_POKE, 3), 14, 0, 0, 0,
	     STEP(OP_POKE, 3), 8, 0, 0, 0, OP_POP);
	tables(&b, p | F_INDIRECT, true);
	EMIT(&b, "table-len", F_INDIRECT, 0, STEP(OP_LEN, 0), p ? 0 : 4,
	     0x10, 0x40, 0, 0, OP_PAGES, 0, OP_POP);
	tables(&b, p, true);
	EMIT(&b, "table-without", 0, 0, OP_POP);
	chains(&b, 8, p | F_EVENT, first);
	EMIT(&b, "arms", F_EVENT, 0, OP_ARM, 1, 0, 0, 0, 9, 0,
	     OP_ARM, 3, 1, 0, 0, 1, 0, OP_ARM, 4, 6, 1, 0, 0, 0,
	     STEP(OP_DRAIN, 7));
}

int main(int argc, char **argv)
{
	if (argc != 2 || (mkdir(argv[1], 0777) && errno != EEXIST)) {
		fprintf(stderr, "usage: %s FOLDER\n", argv[0]);
		return 2;
	}
	folder = argv[1];
	good(0);
	bad(0);
	changing(0);
	good(F_PACKED);
	bad(F_PACKED);
	changing(F_PACKED);
	return 0;
}
