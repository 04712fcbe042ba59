/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _LINUX_SMP_H
#define _LINUX_SMP_H

/* The CPU that the device runs on, which a test chooses */
extern int unit_cpu;

#define raw_smp_processor_id()	unit_cpu

#endif
