// SPDX-License-Identifier: GPL-2.0-only
/*
 * Which code of the guest's modules runs, as a plugin of QEMU's TCG.
 *
 *	-plugin FILE.so,out=TRACE
 *
 * QEMU translates a block of instructions when it is about to run for the first
 * time, and again after its memory has been written.  So nothing has to be added to
 * what runs: the plugin looks at blocks as they are translated.  An instruction
 * that faults leaves the rest of its block counted although it has not run.
 *
 * The module mvcover in the guest says where modules are and which test script
 * begins.  It does so by loads from 256 bytes, each of which stands for a character;
 * the plugin knows the instruction by its displacement, MARK in mvcover/main.c.
 *
 * A line of the trace is "script NAME" or "MODULE text|init OFFSET BYTES", once for
 * each script.  Scripts begin without modules of ours, so that nothing translated
 * for one is used by the next.
 */

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "qemu_plugin.h"

EXPORT int qemu_plugin_version = 1;

/* x86_64: with or without KASLR, all modules are above this */
#define MODULES_START 0xffffffffa0000000ULL
#define AREAS_MAX 512

/* movzbl MARK(%rdx), %eax */
static const uint8_t mark[] = { 0x0f, 0xb6, 0x82, 0x76, 0x63, 0x76, 0x6d };

/* Text of a module, of its initialisation or the rest */
struct area {
	char name[64];
	const char *kind;
	bool loaded;
	uint64_t base;
	uint64_t size;
	/* of the longest block that began at each offset, in this script */
	uint16_t *longest;
};

/* Guards all that follows: each CPU of the guest is a thread. */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct area areas[AREAS_MAX];
static int n_areas;
static char line[256];
static size_t line_len;
static FILE *trace;

/* find_area() - The area of that name, or a new one. */
static struct area *find_area(const char *name, const char *kind)
{
	struct area *a;

	for (a = areas; a < areas + n_areas; a++)
		if (!strcmp(a->kind, kind) && !strcmp(a->name, name))
			return a;
	if (n_areas == AREAS_MAX) {
		fprintf(stderr, "coverage: too many modules, %s is left out\n", name);
		return NULL;
	}
	n_areas++;
	a->kind = kind;
	snprintf(a->name, sizeof(a->name), "%s", name);
	return a;
}

static void area_load(const char *name, const char *kind, uint64_t base, uint64_t size)
{
	struct area *a = find_area(name, kind);

	if (!a || !size)
		return;
	if (!a->longest || a->size != size) {
		free(a->longest);
		a->longest = calloc(size, sizeof(*a->longest));
		if (!a->longest)
			abort();
	}
	a->base = base;
	a->size = size;
	a->loaded = true;
}

static void area_unload(const char *name, const char *kind)
{
	struct area *a = find_area(name, kind);

	if (a)
		a->loaded = false;
}

static void begin_script(const char *name)
{
	struct area *a;

	for (a = areas; a < areas + n_areas; a++)
		if (a->longest)
			memset(a->longest, 0, a->size * sizeof(*a->longest));
	fprintf(trace, "script %s\n", name);
}

/* obey() - Do what the guest said in "line". */
static void obey(void)
{
	unsigned long long text, size, init, init_size;
	char verb[16], name[64];
	int n;

	n = sscanf(line, "%15s %63s %llx %llx %llx %llx", verb, name,
		   &text, &size, &init, &init_size);
	if (n == 6 && !strcmp(verb, "load")) {
		area_load(name, "text", text, size);
		area_load(name, "init", init, init_size);
	} else if (n == 2 && !strcmp(verb, "live")) {
		area_unload(name, "init");
	} else if (n == 2 && !strcmp(verb, "gone")) {
		area_unload(name, "init");
		area_unload(name, "text");
	} else if (n == 2 && !strcmp(verb, "script")) {
		begin_script(name);
	} else {
		fprintf(stderr, "coverage: what the guest says is not understood: %s\n", line);
	}
}

/* hear() - The guest sends a character, the low byte of an address. */
static void hear(unsigned int cpu, uint32_t info, uint64_t addr, void *data)
{
	char c = addr & 0xff;

	(void)cpu, (void)info, (void)data;
	pthread_mutex_lock(&lock);
	if (c != '\n') {
		if (line_len < sizeof(line) - 1)
			line[line_len++] = c;
	} else {
		line[line_len] = '\0';
		line_len = 0;
		obey();
	}
	pthread_mutex_unlock(&lock);
}

/* record() - The block of that length at addr is about to run. */
static void record(uint64_t addr, uint64_t len)
{
	struct area *a;

	pthread_mutex_lock(&lock);
	for (a = areas; a < areas + n_areas; a++) {
		uint64_t offset = addr - a->base;

		if (!a->loaded || offset >= a->size)
			continue;
		if (len > a->longest[offset]) {
			a->longest[offset] = len;
			fprintf(trace, "%s %s %llu %llu\n", a->name, a->kind,
				(unsigned long long)offset, (unsigned long long)len);
		}
		break;
	}
	pthread_mutex_unlock(&lock);
}

static void translate(uint64_t id, struct qemu_plugin_tb *tb)
{
	size_t i, n = qemu_plugin_tb_n_insns(tb);
	struct qemu_plugin_insn *insn = NULL;
	uint64_t start;

	(void)id;
	if (!n)
		return;
	start = qemu_plugin_insn_vaddr(qemu_plugin_tb_get_insn(tb, 0));
	if (start < MODULES_START)
		return;
	for (i = 0; i < n; i++) {
		insn = qemu_plugin_tb_get_insn(tb, i);
		if (qemu_plugin_insn_size(insn) == sizeof(mark) &&
		    !memcmp(qemu_plugin_insn_data(insn), mark, sizeof(mark)))
			qemu_plugin_register_vcpu_mem_cb(insn, hear, PLUGIN_CB_NO_REGS,
							 PLUGIN_MEM_RW, NULL);
	}
	record(start, qemu_plugin_insn_vaddr(insn) + qemu_plugin_insn_size(insn) - start);
}

int qemu_plugin_install(uint64_t id, const void *info, int argc, char **argv)
{
	(void)info;
	if (argc != 1 || strncmp(argv[0], "out=", 4)) {
		fprintf(stderr, "coverage: out=FILE is missing\n");
		return -1;
	}
	/* another guest of the same run goes on in it */
	trace = fopen(argv[0] + 4, "a");
	if (!trace) {
		perror(argv[0] + 4);
		return -1;
	}
	/* QEMU may be killed at any time */
	setvbuf(trace, NULL, _IOLBF, 0);
	qemu_plugin_register_vcpu_tb_trans_cb(id, translate);
	return 0;
}
