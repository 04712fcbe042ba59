/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _LINUX_TRACEPOINT_H
#define _LINUX_TRACEPOINT_H

/* Nobody traces: a tracepoint is a function that does nothing. */
#define TP_PROTO(...)			__VA_ARGS__
#define TP_ARGS(...)			__VA_ARGS__
#define TP_STRUCT__entry(...)
#define TP_fast_assign(...)
#define TP_printk(...)
#define TRACE_EVENT(name, proto, ...)					\
	static inline void trace_##name(proto)				\
	{								\
	}
#define DECLARE_EVENT_CLASS(...)
#define DEFINE_EVENT(template, name, proto, ...)			\
	struct template;						\
	TRACE_EVENT(name, PARAMS(proto))
#define PARAMS(...)			__VA_ARGS__

#endif
