/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _COMPAT_MODULE_H
#define _COMPAT_MODULE_H

#include <linux/module.h>

/* Older kernels want a word, and would take a string with its quotes for the name. */
#undef MODULE_IMPORT_NS
#define MODULE_IMPORT_NS(ns)	MODULE_INFO(import_ns, ns)

#endif /* _COMPAT_MODULE_H */
