// SPDX-License-Identifier: GPL-2.0-only
/* ringbench: what it takes to begin, and to map memory. */
#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "profile.h"
#include "ringbench.h"

void do_setup(void)
{
	struct rb_dev d;
	unsigned int i;
	uint64_t t0, t1, t2;

	profile(true);
	for (i = 0; i < opt.count; i++) {
		t0 = now();
		rb_open(&d);
		rb_start(&d);
		t1 = now();
		rb_close(&d);
		t2 = now();
		result(".open_to_driver_ok", "us", (t1 - t0) / 1e3);
		result(".close", "us", (t2 - t1) / 1e3);
	}
	profile(false);
}

/* In how many physically contiguous pieces is this memory? */
static unsigned int pieces(const uint8_t *p, uint64_t nr_pages)
{
	int fd = open("/proc/self/pagemap", O_RDONLY);
	uint64_t entry, last = 0, i;
	unsigned int n = 0;

	for (i = 0; fd >= 0 && i < nr_pages; i++) {
		if (pread(fd, &entry, sizeof(entry),
			  ((uintptr_t)p / 4096 + i) * sizeof(entry)) !=
		    sizeof(entry))
			break;
		entry &= (1ULL << 55) - 1;
		n += entry != last + 1;
		last = entry;
	}
	if (fd >= 0)
		close(fd);
	return n;
}

/* Touch each page, in random order if neighbours shall not be neighbours. */
static void touch(volatile uint8_t *p, uint64_t nr_pages)
{
	uint64_t i, j, seed = RB_SEED;
	uint32_t *order = malloc(nr_pages * sizeof(*order)), page;

	if (!order)
		die("memory");
	for (i = 0; i < nr_pages; i++)
		order[i] = i;
	for (i = nr_pages - 1; opt.scatter && i > 0; i--) {
		j = rb_random(&seed) % (i + 1);
		page = order[i];
		order[i] = order[j];
		order[j] = page;
	}
	for (i = 0; i < nr_pages; i++)
		p[order[i] * 4096ULL] = 1;
	free(order);
}

void do_map(void)
{
	uint64_t t0, t1, t2, nr_pages = opt.map_len / 4096;
	int fd = memfd_create("map", MFD_CLOEXEC), ret;
	bool batch = !opt.no_batch;
	struct rb_dev d;
	uint8_t *p;

	if (fd < 0 || ftruncate(fd, opt.map_len))
		die("memfd");
	p = mmap(NULL, opt.map_len, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (p == MAP_FAILED)
		die("mmap");
	touch(p, nr_pages);
	result(".pieces", "count", pieces(p, nr_pages));

	rb_open(&d);
	if (d.be->negotiate(&d, rb_features()))
		die("features");
	batch = batch && d.be->batch;
	t0 = now();
	if (batch)
		d.be->batch(&d, true);
	ret = d.be->map(&d, RB_IOVA, opt.map_len, p);
	if (batch)
		d.be->batch(&d, false);
	t1 = now();
	if (ret)
		die("%s.map of %llu bytes", opt.metric,
		    (unsigned long long)opt.map_len);
	if (batch)
		d.be->batch(&d, true);
	if (d.be->unmap(&d, RB_IOVA, opt.map_len))
		die("unmap");
	if (batch)
		d.be->batch(&d, false);
	t2 = now();
	result(".map", "us", (t1 - t0) / 1e3);
	result(".unmap", "us", (t2 - t1) / 1e3);
	d.be->close(&d);
	munmap(p, opt.map_len);
	close(fd);
}
