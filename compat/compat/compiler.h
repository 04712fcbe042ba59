/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _COMPAT_COMPILER_H
#define _COMPAT_COMPILER_H

#include <linux/compiler.h>

/* Some releases of 6.1 have it and earlier ones do not. */
#ifndef __counted_by
#define __counted_by(member)
#endif

#endif /* _COMPAT_COMPILER_H */
