/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Tracepoints of driver memory behind a VFIO container.
 */
#undef TRACE_SYSTEM
#define TRACE_SYSTEM mdev_vfio

#if !defined(_MDEV_VFIO_TRACE_H) || defined(TRACE_HEADER_MULTI_READ)
#define _MDEV_VFIO_TRACE_H

#include <linux/device.h>
#include <linux/string.h>
#include <linux/tracepoint.h>
#include <linux/uuid.h>

#include <linux/mdev_vfio.h>

DECLARE_EVENT_CLASS(mdev_vfio_range,
		    TP_PROTO(const struct device *dev, u64 iova, u64 len,
			     int error),
		    TP_ARGS(dev, iova, len, error),
		    TP_STRUCT__entry(__array(char, name, UUID_STRING_LEN + 1)
				     __field(u64, iova)
				     __field(u64, len)
				     __field(int, error)),
		    TP_fast_assign(strscpy(__entry->name, dev_name(dev),
					   UUID_STRING_LEN + 1);
				   __entry->iova = iova;
				   __entry->len = len;
				   __entry->error = error;),
		    TP_printk("%s %#llx + %#llx error %d", __entry->name,
			      __entry->iova, __entry->len, __entry->error)
);

/* Pages are pinned: of data, of a ring, or until a copy ends. */
DEFINE_EVENT(mdev_vfio_range, mdev_vfio_pin,
	     TP_PROTO(const struct device *dev, u64 iova, u64 len, int error),
	     TP_ARGS(dev, iova, len, error)
);

DEFINE_EVENT(mdev_vfio_range, mdev_vfio_unpin,
	     TP_PROTO(const struct device *dev, u64 iova, u64 len, int error),
	     TP_ARGS(dev, iova, len, error)
);

/*
 * A page of the driver's is not at hand; an error of -EAGAIN means a copy.  @ns is what
 * it took to find that out, or to pin it.
 */
TRACE_EVENT(mdev_vfio_fault,
	    TP_PROTO(const struct device *dev, u64 iova, u64 len, u64 ns,
		     int error),
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
	    TP_printk("%s %#llx + %#llx took %llu ns error %d", __entry->name,
		      __entry->iova, __entry->len, __entry->ns,
		      __entry->error)
);

/* Type1 calls several times while anything is pinned; @ns is what a call took. */
TRACE_EVENT(mdev_vfio_unmap,
	    TP_PROTO(const struct device *dev, u64 iova, u64 len,
		     unsigned int call, u64 ns),
	    TP_ARGS(dev, iova, len, call, ns),
	    TP_STRUCT__entry(__array(char, name, UUID_STRING_LEN + 1)
			     __field(u64, iova)
			     __field(u64, len)
			     __field(unsigned int, call)
			     __field(u64, ns)),
	    TP_fast_assign(strscpy(__entry->name, dev_name(dev),
				   UUID_STRING_LEN + 1);
			   __entry->iova = iova;
			   __entry->len = len;
			   __entry->call = call;
			   __entry->ns = ns;),
	    TP_printk("%s %#llx + %#llx call %u took %llu ns", __entry->name,
		      __entry->iova, __entry->len, __entry->call, __entry->ns)
);

/* Data is copied instead of pinned from now on, or no longer. */
TRACE_EVENT(mdev_vfio_copy_mode,
	    TP_PROTO(const struct device *dev, unsigned int why, bool on,
		     int error),
	    TP_ARGS(dev, why, on, error),
	    TP_STRUCT__entry(__array(char, name, UUID_STRING_LEN + 1)
			     __field(unsigned int, why)
			     __field(bool, on)
			     __field(int, error)),
	    TP_fast_assign(strscpy(__entry->name, dev_name(dev),
				   UUID_STRING_LEN + 1);
			   __entry->why = why;
			   __entry->on = on;
			   __entry->error = error;),
	    TP_printk("%s %s for %s error %d", __entry->name,
		      __entry->on ? "begins" : "ends",
		      __print_flags(__entry->why, "|",
				    { MDEV_VFIO_COPY_MIGRATION, "migration" },
				    { MDEV_VFIO_COPY_LOG, "log" }),
		      __entry->error)
);

#endif /* _MDEV_VFIO_TRACE_H */

#undef TRACE_INCLUDE_PATH
#define TRACE_INCLUDE_PATH .
#undef TRACE_INCLUDE_FILE
#define TRACE_INCLUDE_FILE trace
#include <trace/define_trace.h>
