/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _LINUX_PERCPU_H
#define _LINUX_PERCPU_H

#include <kernel_shim.h>

#define UNIT_CPUS	3

#define alloc_percpu(type)	((type *)calloc(UNIT_CPUS, sizeof(type)))
#define free_percpu(p)		free(p)
#define per_cpu_ptr(p, cpu)	(&(p)[cpu])
#define for_each_possible_cpu(cpu) for ((cpu) = 0; (cpu) < UNIT_CPUS; (cpu)++)

#endif
