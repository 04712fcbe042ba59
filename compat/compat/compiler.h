/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _COMPAT_COMPILER_H
#define _COMPAT_COMPILER_H

#include <linux/compiler.h>

/* 6.1 got it in the middle of its life. */
#ifndef __counted_by
#define __counted_by(member)
#endif

#endif /* _COMPAT_COMPILER_H */
