/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Tracepoints of instances and of virtqueues that software serves.
 */
#undef TRACE_SYSTEM
#define TRACE_SYSTEM mdev_core

#if !defined(_TRACE_MDEV_CORE_H) || defined(TRACE_HEADER_MULTI_READ)
#define _TRACE_MDEV_CORE_H

#include <linux/device.h>
#include <linux/string.h>
#include <linux/tracepoint.h>
#include <linux/types.h>
#include <linux/uuid.h>
#include <linux/virtio_config.h>

#include <linux/mdev_vq.h>

#define mdev_trace_status(status)					\
	__print_flags(status, "|",					\
		      { VIRTIO_CONFIG_S_ACKNOWLEDGE, "acknowledge" },	\
		      { VIRTIO_CONFIG_S_DRIVER, "driver" },		\
		      { VIRTIO_CONFIG_S_DRIVER_OK, "driver_ok" },	\
		      { VIRTIO_CONFIG_S_FEATURES_OK, "features_ok" },	\
		      { VIRTIO_CONFIG_S_NEEDS_RESET, "needs_reset" },	\
		      { VIRTIO_CONFIG_S_FAILED, "failed" })

/* The driver of an instance writes the device status; 0 is a reset. */
TRACE_EVENT(mdev_status,
	    TP_PROTO(const struct device *dev, u8 status, int error),
	    TP_ARGS(dev, status, error),
	    TP_STRUCT__entry(__array(char, name, UUID_STRING_LEN + 1)
			     __field(u8, status)
			     __field(int, error)),
	    TP_fast_assign(strscpy(__entry->name, dev_name(dev),
				   UUID_STRING_LEN + 1);
			   __entry->status = status;
			   __entry->error = error;),
	    TP_printk("%s %#x (%s) error %d", __entry->name, __entry->status,
		      mdev_trace_status(__entry->status), __entry->error)
);

DECLARE_EVENT_CLASS(mdev_vq_event,
		    TP_PROTO(const struct mdev_vq *vq),
		    TP_ARGS(vq),
		    TP_STRUCT__entry(__array(char, name, UUID_STRING_LEN + 1)
				     __field(u16, index)),
		    TP_fast_assign(strscpy(__entry->name, dev_name(vq->dev),
					   UUID_STRING_LEN + 1);
				   __entry->index = vq->index;),
		    TP_printk("%s vq%u", __entry->name, __entry->index)
);

/* A notification from the driver */
DEFINE_EVENT(mdev_vq_event, mdev_vq_kick,
	     TP_PROTO(const struct mdev_vq *vq),
	     TP_ARGS(vq)
);

/* An interrupt of the driver */
DEFINE_EVENT(mdev_vq_event, mdev_vq_signal,
	     TP_PROTO(const struct mdev_vq *vq),
	     TP_ARGS(vq)
);

/* A chain is taken from the ring; one that was given back is taken again. */
TRACE_EVENT(mdev_vq_take,
	    TP_PROTO(const struct mdev_vq *vq,
		     const struct mdev_vq_chain *chain),
	    TP_ARGS(vq, chain),
	    TP_STRUCT__entry(__array(char, name, UUID_STRING_LEN + 1)
			     __field(u16, index)
			     __field(u16, id)
			     __field(u32, out_len)
			     __field(u32, in_len)),
	    TP_fast_assign(strscpy(__entry->name, dev_name(vq->dev),
				   UUID_STRING_LEN + 1);
			   __entry->index = vq->index;
			   __entry->id = chain->id;
			   __entry->out_len = chain->out_len;
			   __entry->in_len = chain->in_len;),
	    TP_printk("%s vq%u chain %u: %u bytes to read, %u to write",
		      __entry->name, __entry->index, __entry->id,
		      __entry->out_len, __entry->in_len)
);

/* A used entry is written; the driver sees it once it is published. */
TRACE_EVENT(mdev_vq_give,
	    TP_PROTO(const struct mdev_vq *vq,
		     const struct mdev_vq_chain *chain, u32 len),
	    TP_ARGS(vq, chain, len),
	    TP_STRUCT__entry(__array(char, name, UUID_STRING_LEN + 1)
			     __field(u16, index)
			     __field(u16, id)
			     __field(u32, len)),
	    TP_fast_assign(strscpy(__entry->name, dev_name(vq->dev),
				   UUID_STRING_LEN + 1);
			   __entry->index = vq->index;
			   __entry->id = chain->id;
			   __entry->len = len;),
	    TP_printk("%s vq%u chain %u: %u bytes written", __entry->name,
		      __entry->index, __entry->id, __entry->len)
);

/* A queue is given up, with the reason that a person gets, too. */
TRACE_EVENT(mdev_vq_break,
	    TP_PROTO(const struct mdev_vq *vq),
	    TP_ARGS(vq),
	    TP_STRUCT__entry(__array(char, name, UUID_STRING_LEN + 1)
			     __field(u16, index)
			     __array(char, reason, MDEV_VQ_REASON_LEN)),
	    TP_fast_assign(strscpy(__entry->name, dev_name(vq->dev),
				   UUID_STRING_LEN + 1);
			   __entry->index = vq->index;
			   strscpy(__entry->reason, vq->reason,
				   MDEV_VQ_REASON_LEN);),
	    TP_printk("%s vq%u: %s", __entry->name, __entry->index,
		      __entry->reason)
);

#endif /* _TRACE_MDEV_CORE_H */

#include <trace/define_trace.h>
