/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Tracepoints of migration.
 */
#undef TRACE_SYSTEM
#define TRACE_SYSTEM vfio_mdev

#if !defined(_VFIO_MDEV_TRACE_H) || defined(TRACE_HEADER_MULTI_READ)
#define _VFIO_MDEV_TRACE_H

#include <linux/string.h>
#include <linux/tracepoint.h>
#include <linux/uuid.h>

/* By number, as enum vfio_device_mig_state has them; 0 is an error */
#define vfio_mdev_trace_state(state)					\
	__print_symbolic(state,						\
			 { 1, "stop" }, { 2, "running" },		\
			 { 3, "stop_copy" }, { 4, "resuming" },		\
			 { 5, "running_p2p" }, { 6, "pre_copy" },	\
			 { 7, "pre_copy_p2p" })

TRACE_EVENT(vfio_mdev_arc,
	    TP_PROTO(const char *name, unsigned int from, unsigned int to,
		     int error),
	    TP_ARGS(name, from, to, error),
	    TP_STRUCT__entry(__array(char, name, UUID_STRING_LEN + 1)
			     __field(unsigned int, from)
			     __field(unsigned int, to)
			     __field(int, error)),
	    TP_fast_assign(strscpy(__entry->name, name, UUID_STRING_LEN + 1);
			   __entry->from = from;
			   __entry->to = to;
			   __entry->error = error;),
	    TP_printk("%s %s -> %s error %d", __entry->name,
		      vfio_mdev_trace_state(__entry->from),
		      vfio_mdev_trace_state(__entry->to), __entry->error)
);

DECLARE_EVENT_CLASS(vfio_mdev_stream,
		    TP_PROTO(const char *name, size_t len, int error),
		    TP_ARGS(name, len, error),
		    TP_STRUCT__entry(__array(char, name, UUID_STRING_LEN + 1)
				     __field(size_t, len)
				     __field(int, error)),
		    TP_fast_assign(strscpy(__entry->name, name,
					   UUID_STRING_LEN + 1);
				   __entry->len = len;
				   __entry->error = error;),
		    TP_printk("%s %zu bytes error %d", __entry->name,
			      __entry->len, __entry->error)
);

DEFINE_EVENT(vfio_mdev_stream, vfio_mdev_save,
	     TP_PROTO(const char *name, size_t len, int error),
	     TP_ARGS(name, len, error)
);

DEFINE_EVENT(vfio_mdev_stream, vfio_mdev_load,
	     TP_PROTO(const char *name, size_t len, int error),
	     TP_ARGS(name, len, error)
);

#endif /* _VFIO_MDEV_TRACE_H */

#undef TRACE_INCLUDE_PATH
#define TRACE_INCLUDE_PATH .
#undef TRACE_INCLUDE_FILE
#define TRACE_INCLUDE_FILE trace
#include <trace/define_trace.h>
