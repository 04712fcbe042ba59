// SPDX-License-Identifier: GPL-2.0-only
/* Any pool of pages gives out parts of them, without being told to by a flag. */
#include <net/page_pool/helpers.h>

#ifdef PP_FLAG_PAGE_FRAG
#error It has to be told.
#endif
