/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _LINUX_PERCPU_H
#define _LINUX_PERCPU_H

#include <kernel_shim.h>

#define UNIT_CPUS	3

#define alloc_percpu(type)	((type *)calloc(UNIT_CPUS, sizeof(type)))
#define free_percpu(p)		free(p)
#define per_cpu_ptr(p, cpu)	(&(p)[cpu])
static inline int *unit_first_cpu(int *cpu)
{
	*cpu = -1;
	return cpu;
}

/* false when there are no more */
static inline bool unit_next_cpu(int *cpu)
{
	return ++*cpu < UNIT_CPUS;
}

#define for_each_possible_cpu(cpu) \
	for (int *_cpu = unit_first_cpu(&(cpu)); unit_next_cpu(_cpu);)

#endif
