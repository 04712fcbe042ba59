/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Tracepoints of the address spaces of the char device.
 */
#undef TRACE_SYSTEM
#define TRACE_SYSTEM vhost_mdev

#if !defined(_VHOST_MDEV_TRACE_H) || defined(TRACE_HEADER_MULTI_READ)
#define _VHOST_MDEV_TRACE_H

#include <linux/device.h>
#include <linux/string.h>
#include <linux/tracepoint.h>
#include <linux/uuid.h>

DECLARE_EVENT_CLASS(vhost_mdev_range,
		    TP_PROTO(const struct device *dev, u64 iova, u64 len,
			     u64 ns, int error),
		    TP_ARGS(dev, iova, len, ns, error),
		    TP_STRUCT__entry(__array(char, name, UUID_STRING_LEN + 1)
				     __field(u64, iova)
				     __field(u64, len)
				     __field(u64, ns)
				     __field(int, error)),
		    TP_fast_assign(strscpy(__entry->name, dev_name(dev),
					   UUID_STRING_LEN + 1);
				   __entry->iova = iova;
				   __entry->len = len;
				   __entry->ns = ns;
				   __entry->error = error;),
		    TP_printk("%s %#llx + %#llx took %llu ns error %d",
			      __entry->name, __entry->iova, __entry->len,
			      __entry->ns, __entry->error)
);

/* An IOTLB message maps memory: its pages are pinned. */
DEFINE_EVENT(vhost_mdev_range, vhost_mdev_map,
	     TP_PROTO(const struct device *dev, u64 iova, u64 len, u64 ns,
		      int error),
	     TP_ARGS(dev, iova, len, ns, error)
);

/* An IOTLB message, or the end of the user, unmaps memory. */
DEFINE_EVENT(vhost_mdev_range, vhost_mdev_unmap,
	     TP_PROTO(const struct device *dev, u64 iova, u64 len, u64 ns,
		      int error),
	     TP_ARGS(dev, iova, len, ns, error)
);

#endif /* _VHOST_MDEV_TRACE_H */

#undef TRACE_INCLUDE_PATH
#define TRACE_INCLUDE_PATH .
#undef TRACE_INCLUDE_FILE
#define TRACE_INCLUDE_FILE trace
#include <trace/define_trace.h>
