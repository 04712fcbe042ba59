/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _COMPAT_DEVICE_H
#define _COMPAT_DEVICE_H

/*
 * compat_match_const, compat_uevent_const, compat_class_uevent_const: "const"
 * where the arguments of a bus' and a class' operations have it.
 */
#ifdef COMPAT_HAVE_BUS_MATCH_CONST
#define compat_match_const	const
#else
#define compat_match_const
#endif

#ifdef COMPAT_HAVE_BUS_UEVENT_CONST
#define compat_uevent_const	const
#else
#define compat_uevent_const
#endif

#ifdef COMPAT_HAVE_CLASS_DEV_UEVENT_CONST
#define compat_class_uevent_const	const
#else
#define compat_class_uevent_const
#endif

/* Not in the first releases of 6.1 */
#ifndef COMPAT_HAVE_CONTAINER_OF_CONST
#include <linux/container_of.h>

#define container_of_const(ptr, type, member)				\
	__builtin_choose_expr(__same_type(ptr, const typeof(*(ptr)) *),	\
			      (const type *)container_of(ptr, type, member), \
			      container_of(ptr, type, member))
#endif

#endif /* _COMPAT_DEVICE_H */
