// SPDX-License-Identifier: GPL-2.0-only
/*
 * user-pci mig-streams: streams in odd pieces, and streams that are wrong, a line
 * each; mig-foreign: the stream of another device; mig-mutants: good streams with
 * something changed at random.
 */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../report.h"
#include "pci_migrate_streams.h"

#define FRAMES		30

void result(struct streams *t, bool good, const char *fmt, ...)
{
	va_list ap;

	if (good)
		t->passed++;
	else
		t->failed++;
	va_start(ap, fmt);
	report(good, NULL, fmt, ap);
	va_end(ap);
}

static void set16(__u8 *p, __u16 v)
{
	v = htole16(v);
	memcpy(p, &v, sizeof(v));
}

static void set32(__u8 *p, __u32 v)
{
	v = htole32(v);
	memcpy(p, &v, sizeof(v));
}

static __u16 get16(const __u8 *p)
{
	__u16 v;

	memcpy(&v, p, sizeof(v));
	return le16toh(v);
}

static __u32 get32(const __u8 *p)
{
	__u32 v;

	memcpy(&v, p, sizeof(v));
	return le32toh(v);
}

/* Find the sections of a good stream, which has to be as it is described. */
static void find(struct streams *t)
{
	const struct mig_stream *s = &t->good;
	size_t at = HEADER;

	t->nr = 0;
	pci_check(s->len > HEADER && !memcmp(s->bytes, "virtmdev", 8) &&
		  get16(s->bytes + 8) == 1 && get16(s->bytes + 10) == 1 &&
		  !get32(s->bytes + 12), "the header of a stream");
	while (at < s->len) {
		struct place *p = &t->sec[t->nr];

		pci_check(t->nr++ < MAX_SECTIONS, "too many sections");
		pci_check(s->len - at >= SECTION, "a section that is cut off");
		p->at = at;
		p->type = get16(s->bytes + at);
		p->flags = get16(s->bytes + at + 2);
		p->len = get32(s->bytes + at + 4);
		pci_check(p->len <= s->len - at - SECTION,
			  "a section that is too long");
		at += SECTION + p->len;
	}
	pci_check(t->nr && t->sec[0].type == SEC_IDENTITY,
		  "the first section is no identity");
	pci_check(t->sec[t->nr - 1].type == SEC_END && !t->sec[t->nr - 1].len,
		  "the last section is not the end");
}

struct place *section(struct streams *t, __u16 type)
{
	unsigned int i;

	for (i = 0; i < t->nr; i++)
		if (t->sec[i].type == type)
			return &t->sec[i];
	die("there is no section %u", type);
}

void set_up(struct streams *t)
{
	mig_reset(&t->u.d);
	pci_again(&t->u);
	pci_traffic(&t->u, FRAMES);
	mig_save(&t->u.d, &t->good);
	find(t);
}

/* Whether traffic goes on with what was loaded */
static void go_on(struct streams *t)
{
	mig_to(&t->u.d, MIG_RUNNING);
	pci_traffic(&t->u, FRAMES);
}

/* ---- pieces ---- */

static void pieces(struct streams *t)
{
	static const size_t sizes[] = { 1, 7, 16, 4096 };
	struct mig_stream s = { 0 };
	struct vm_dev *d = &t->u.d;
	__u8 room[3];
	unsigned int i, k;
	int fd;

	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		set_up(t);
		mig_to(d, MIG_RUNNING);
		s.len = 0;
		fd = mig_to(d, MIG_STOP_COPY);
		must(mig_read_all(fd, &s, sizes[i]));
		result(t, s.len == t->good.len &&
		       !memcmp(s.bytes, t->good.bytes, s.len),
		       "read in pieces of %zu bytes, the stream is the same",
		       sizes[i]);
		result(t, !mig_read(fd, room, 1),
		       "the end of the stream stays the end, pieces of %zu",
		       sizes[i]);
		close(fd);
		fd = mig_to(d, MIG_RESUMING);
		must(mig_write_all(fd, &s, sizes[i]));
		mig_to(d, MIG_STOP);
		close(fd);
		go_on(t);
		result(t, true, "written in pieces of %zu bytes, traffic goes on",
		       sizes[i]);
	}
	/* As the two parts of a session with PRE_COPY */
	for (k = 0; k < 2 && mig_knows(d, MIG_PRE_COPY); k++) {
		s.len = 0;
		fd = mig_to(d, MIG_PRE_COPY);
		if (!k) {
			pci_check(mig_read_all(fd, &s, 5) == -ENOMSG,
				  "the end of what PRE_COPY has");
			pci_traffic(&t->u, FRAMES);
		} else {
			/* Left before all that it has was read */
			pci_check(mig_read(fd, room, 3) == 3,
				  "three bytes in PRE_COPY");
			mig_append(&s, "vir", 3);
		}
		mig_to(d, MIG_STOP_COPY);
		must(mig_read_all(fd, &s, 4096));
		close(fd);
		result(t, !mig_load(d, &s), "a stream of PRE_COPY and STOP_COPY%s",
		       k ? ", PRE_COPY left early" : "");
		go_on(t);
	}
	mig_free(&s);
}

/* ---- wrong streams ---- */

void try(struct streams *t, const struct mig_stream *s, bool taken,
	 const char *what)
{
	enum mig_state now;
	int ret;

	ret = mig_load(&t->u.d, s);
	now = mig_get(&t->u.d);
	if (taken && !ret) {
		go_on(t);
		result(t, now == MIG_STOP, "%s is taken, and traffic goes on",
		       what);
	} else if (taken) {
		result(t, false, "%s is taken: %s", what, vm_err(ret));
	} else {
		result(t, ret == -EINVAL && now == MIG_RESUMING,
		       "%s is refused with EINVAL: %s, state %s", what,
		       vm_err(ret), mig_names[now]);
	}
	set_up(t);
}

static void cut_off(struct streams *t)
{
	struct mig_stream s = { 0 };
	size_t len;
	int ret;

	mig_copy(&s, &t->good);
	for (len = 0; len < t->good.len; len++) {
		s.len = len;
		ret = mig_load(&t->u.d, &s);
		if (ret != -EINVAL || mig_get(&t->u.d) != MIG_RESUMING) {
			result(t, false, "cut off after %zu bytes: %s, state %s",
			       len, vm_err(ret), mig_names[mig_get(&t->u.d)]);
			break;
		}
		mig_reset(&t->u.d);
	}
	result(t, len == t->good.len,
	       "a stream that is cut off is refused with EINVAL, wherever");
	mig_free(&s);
	set_up(t);
}

static void headers(struct streams *t)
{
	struct mig_stream s = { 0 };
	char what[80];
	size_t at;

	/* The last four are for later versions. */
	for (at = 0; at < HEADER - 4; at++) {
		mig_copy(&s, &t->good);
		s.bytes[at] ^= 0x40;
		snprintf(what, sizeof(what), "a header with byte %zu changed", at);
		try(t, &s, false, what);
	}
	mig_copy(&s, &t->good);
	set16(s.bytes + 8, 0);
	try(t, &s, false, "version 0");
	set16(s.bytes + 8, 2);
	try(t, &s, false, "version 2");
	mig_copy(&s, &t->good);
	set16(s.bytes + 10, 3);
	try(t, &s, false, "a stream of class VHOST");
	set16(s.bytes + 10, 2);
	try(t, &s, false, "a stream of class VIRTIO");
	mig_free(&s);
}

static void put_section(struct mig_stream *s, __u16 type, __u16 flags,
			const void *content, __u32 len)
{
	__u8 head[SECTION];

	set16(head, type);
	set16(head + 2, flags);
	set32(head + 4, len);
	mig_append(s, head, SECTION);
	mig_append(s, content, len);
}

/* The sections in an order of ours, by their places in the good stream */
static void build(struct streams *t, struct mig_stream *s,
		  const unsigned int *order, unsigned int nr)
{
	unsigned int i;

	s->len = 0;
	mig_append(s, t->good.bytes, HEADER);
	for (i = 0; i < nr; i++) {
		struct place *p = &t->sec[order[i]];

		mig_append(s, t->good.bytes + p->at, SECTION + p->len);
	}
}

static void orders(struct streams *t)
{
	unsigned int order[MAX_SECTIONS + 1], i, k, last;
	struct mig_stream s = { 0 };
	char what[80];

	last = t->nr - 1;
	for (i = 0; i < t->nr; i++) {
		for (k = 0; k < t->nr - 1; k++)
			order[k] = k + (k >= i);
		build(t, &s, order, t->nr - 1);
		snprintf(what, sizeof(what), "a stream without section %u",
			 t->sec[i].type);
		/* What an older version did not have may be missing. */
		if (t->sec[i].flags & REQUIRED || i == last)
			try(t, &s, false, what);
		for (k = 0; k <= t->nr; k++)
			order[k] = k - (k > i);
		build(t, &s, order, t->nr + 1);
		snprintf(what, sizeof(what), "a stream with section %u twice",
			 t->sec[i].type);
		try(t, &s, false, what);
	}
	for (k = 0; k < t->nr; k++)
		order[k] = k;
	order[0] = 1;
	order[1] = 0;
	build(t, &s, order, t->nr);
	try(t, &s, false, "a stream whose identity is not the first section");
	/* Behind the identity the order is free. */
	for (k = 1; k < last; k++)
		order[k] = last - k;
	order[0] = 0;
	order[last] = last;
	build(t, &s, order, t->nr);
	mig_load(&t->u.d, &s);
	set_up(t);
	mig_free(&s);
}

/* After the whole stream, by a write of its own */
static void behind(struct streams *t, const void *more, size_t len,
		   const char *what)
{
	int fd = mig_to(&t->u.d, MIG_RESUMING);
	ssize_t n;

	must(mig_write_all(fd, &t->good, 4096));
	n = mig_write(fd, more, len);
	result(t, n == -EINVAL, "%s written after the whole stream: %s", what,
	       vm_err(n));
	close(fd);
	set_up(t);
}

static void unknowns(struct streams *t)
{
	struct mig_stream s = { 0 };
	__u8 junk[100];
	struct place *end = section(t, SEC_END);

	memset(junk, 0xa5, sizeof(junk));
	mig_append(&s, t->good.bytes, end->at);
	put_section(&s, 999, 0, junk, sizeof(junk));
	put_section(&s, 999, 0, junk, 0);
	put_section(&s, SEC_END, REQUIRED, NULL, 0);
	try(t, &s, true, "a stream with optional sections that are not known");

	end = section(t, SEC_END);
	s.len = 0;
	mig_append(&s, t->good.bytes, end->at);
	put_section(&s, 999, REQUIRED, junk, sizeof(junk));
	put_section(&s, SEC_END, REQUIRED, NULL, 0);
	try(t, &s, false, "a stream with a required section that is not known");

	mig_copy(&s, &t->good);
	mig_append(&s, junk, 1);
	try(t, &s, false, "a stream with a byte behind its end");
	mig_copy(&s, &t->good);
	put_section(&s, 999, 0, junk, 4);
	try(t, &s, false, "a stream with a section behind its end");
	behind(t, junk, 1, "a byte");
	s.len = 0;
	put_section(&s, SEC_END, REQUIRED, NULL, 0);
	behind(t, s.bytes, s.len, "another end");
	behind(t, t->good.bytes, t->good.len, "the stream again");
	mig_free(&s);
}

/* Contents of sections: shorter, longer, and a length that lies */
static void lengths(struct streams *t)
{
	static const __u32 lies[] = { 0x7fffffff, 0x80000000, 0xfffffff8, ~0U };
	struct mig_stream s = { 0 };
	unsigned int i, k;
	char what[80];

	for (i = 0; i < t->nr - 1; i++) {
		struct place p = t->sec[i];
		const __u8 *content = t->good.bytes + p.at + SECTION;
		__u8 longer[4096] = { 0 };

		snprintf(what, sizeof(what), "section %u with a byte less",
			 p.type);
		s.len = 0;
		mig_append(&s, t->good.bytes, p.at);
		if (p.len) {
			put_section(&s, p.type, p.flags, content, p.len - 1);
			mig_append(&s, content + p.len,
				   t->good.len - p.at - SECTION - p.len);
			try(t, &s, false, what);
		}
		p = t->sec[i];
		content = t->good.bytes + p.at + SECTION;
		snprintf(what, sizeof(what), "section %u with fields of a later version",
			 p.type);
		pci_check(p.len + 16 < sizeof(longer), "a long section");
		memcpy(longer, content, p.len);
		memset(longer + p.len, 0x5a, 16);
		s.len = 0;
		mig_append(&s, t->good.bytes, p.at);
		put_section(&s, p.type, p.flags, longer, p.len + 16);
		mig_append(&s, content + p.len,
			   t->good.len - p.at - SECTION - p.len);
		try(t, &s, true, what);
		for (k = 0; k < ARRAY_SIZE(lies); k++) {
			mig_copy(&s, &t->good);
			set32(s.bytes + t->sec[i].at + 4, lies[k]);
			snprintf(what, sizeof(what),
				 "section %u that says it has %#x bytes",
				 t->sec[i].type, lies[k]);
			try(t, &s, false, what);
		}
	}
	mig_free(&s);
}

/* More than a stream can be, which nobody keeps */
static void garbage(struct streams *t)
{
	struct mig_stream s = { 0 };
	__u8 page[VM_PAGE];
	unsigned int i;
	int fd, ret;

	for (i = 0; i < sizeof(page); i++)
		page[i] = i * 7 + 3;
	for (i = 0; i < 256; i++)
		mig_append(&s, page, sizeof(page));
	try(t, &s, false, "1 MiB of garbage");

	/* The same behind a good beginning */
	mig_copy(&s, &t->good);
	s.len = section(t, SEC_END)->at;
	for (i = 0; i < 256; i++)
		put_section(&s, 999, 0, page, sizeof(page));
	fd = mig_to(&t->u.d, MIG_RESUMING);
	ret = mig_write_all(fd, &s, 4096);
	result(t, ret < 0, "1 MiB of sections that are not known: %s",
	       vm_err(ret));
	close(fd);
	set_up(t);
	mig_free(&s);
}

int mig_streams(const struct pci_opts *o)
{
	struct streams t = { 0 };

	pci_start(&t.u, o);
	must(vm_set_config_call(&t.u.d, t.u.config_call));
	pieces(&t);
	set_up(&t);
	cut_off(&t);
	headers(&t);
	orders(&t);
	unknowns(&t);
	lengths(&t);
	mig_fields(&t);
	garbage(&t);
	mig_reset(&t.u.d);
	pci_again(&t.u);
	pci_traffic(&t.u, FRAMES);
	result(&t, true, "traffic after all that");
	pci_close(&t.u);
	mig_free(&t.good);
	printf("# %u rows as expected, %u not\n", t.passed, t.failed);
	return t.failed ? 1 : 0;
}

/* ---- the stream of another device ---- */

int mig_foreign(const struct pci_opts *o)
{
	struct mig_stream s = { 0 };
	struct mig_pair p;
	int ret;

	mig_open_pair(&p, o);
	mig_save(&p.u.d, &s);
	ret = mig_load(&p.other, &s);
	pci_check(ret == -EINVAL, "the stream of another device: %s",
		  vm_err(ret));
	pci_check(mig_get(&p.other) == MIG_RESUMING, "the state is %s",
		  mig_names[mig_get(&p.other)]);
	mig_reset(&p.other);
	mig_to(&p.u.d, MIG_RUNNING);
	mig_save(&p.other, &s);
	must(mig_load(&p.other, &s));
	mig_to(&p.other, MIG_RUNNING);
	pass("the stream of another device is refused, its own one is taken");
	mig_free(&s);
	mig_close_pair(&p);
	return 0;
}

/* ---- mutants ---- */

static __u64 next(struct streams *t)
{
	t->seed ^= t->seed << 13;
	t->seed ^= t->seed >> 7;
	t->seed ^= t->seed << 17;
	return t->seed;
}

static unsigned int below(struct streams *t, unsigned int n)
{
	return (next(t) >> 11) % n;
}

static void mutate(struct streams *t, struct mig_stream *s)
{
	static const __u64 values[] = {
		0, 1, 2, 0x7f, 0x80, 0xff, 0x7fff, 0x8000, 0xffff, 0x10000,
		0x7fffffff, 0x80000000, 0xffffffff, 1ULL << 63, ~0ULL,
	};
	struct place *p = &t->sec[below(t, t->nr)];
	size_t at = below(t, s->len), len = 1 << below(t, 4);
	__u64 value = below(t, 2) ? values[below(t, ARRAY_SIZE(values))] :
				    next(t);

	/* Mostly in a section that is not long: it has what matters. */
	if (below(t, 4) && p->len && p->at + SECTION + p->len <= s->len)
		at = p->at + SECTION + below(t, p->len);
	if (len > s->len - at)
		len = 1;
	value = htole64(value);
	switch (below(t, 8)) {
	case 0:
		s->len = at;
		break;
	case 1:
		mig_append(s, s->bytes + at, len);
		break;
	case 2:
		memmove(s->bytes + at, s->bytes + at + len, s->len - at - len);
		s->len -= len;
		break;
	case 3:
		s->bytes[at] ^= 1 << below(t, 8);
		break;
	default:
		memcpy(s->bytes + at, &value, len);
	}
}

int mig_mutants(const struct pci_opts *o)
{
	__u64 count = o->count ? o->count : 2000, i, taken = 0, live = 0;
	struct mig_stream s = { 0 };
	struct streams t = { .seed = o->seed * 0x9e3779b97f4a7c15ULL | 1 };
	struct vm_dev *d = &t.u.d;
	unsigned int k;
	int fd;

	pci_start(&t.u, o);
	set_up(&t);
	for (i = 0; i < count; i++) {
		mig_copy(&s, &t.good);
		for (k = 1 + below(&t, 3); k && s.len; k--)
			mutate(&t, &s);
		if (!mig_load(d, &s)) {
			taken++;
			live += !mig_set(d, MIG_RUNNING, &fd);
			k = below(&t, d->nvqs);
			vm_pci_command(d, PCI_COMMAND_MEMORY |
				       PCI_COMMAND_MASTER, 0);
			/* EIO if it was loaded without power */
			vm_pci_set(d, d->pci.cap[VIRTIO_PCI_CAP_NOTIFY_CFG].bar,
				   vm_pci_notify_at(d, k), 2, k);
			if (!below(&t, 4) && !mig_set(d, MIG_STOP_COPY, &fd)) {
				s.len = 0;
				must(mig_read_all(fd, &s, 4096));
				close(fd);
			}
		}
		mig_reset(d);
		if (i % 500 == 499)
			set_up(&t);
	}
	mig_reset(d);
	pci_again(&t.u);
	pci_traffic(&t.u, 500);
	pci_check(taken && taken < count, "%llu of %llu mutants are taken",
		  (unsigned long long)taken, (unsigned long long)count);
	pass("%llu mutants by seed %llu: %llu taken, %llu of them run; traffic afterwards",
	     (unsigned long long)count, (unsigned long long)o->seed,
	     (unsigned long long)taken, (unsigned long long)live);
	pci_close(&t.u);
	mig_free(&s);
	mig_free(&t.good);
	return 0;
}
