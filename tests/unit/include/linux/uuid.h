/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _LINUX_UUID_H
#define _LINUX_UUID_H

#define UUID_STRING_LEN	36

#endif
