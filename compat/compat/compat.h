/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Included before every source file by the compiler's command line.
 *
 * The code is written to the newest kernel; these headers bring an older one up
 * to that.  What is there was found out by compiling (see probe.sh): a version
 * number does not tell what a distribution has backported.
 */
#ifndef _COMPAT_COMPAT_H
#define _COMPAT_COMPAT_H

/* The probes find out what goes into compat_config.h */
#ifndef COMPAT_PROBING

#include "compat_config.h"

#include "cgroup.h"
#include "compiler.h"
#include "copy.h"
#include "device.h"
#include "eventfd.h"
#include "hrtimer.h"
#include "iommu.h"
#include "irqbypass.h"
#include "mm.h"
#include "module.h"
#include "page_pool.h"
#include "sched.h"
#include "vfio.h"
#include "virtio.h"
#include "xdp.h"

#endif /* COMPAT_PROBING */

#endif /* _COMPAT_COMPAT_H */
