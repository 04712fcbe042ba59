/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _COMPAT_IRQBYPASS_H
#define _COMPAT_IRQBYPASS_H

#ifndef COMPAT_HAVE_IRQ_BYPASS_EVENTFD
#include <linux/eventfd.h>
#include <linux/irqbypass.h>

static inline int
compat_irq_bypass_register_producer(struct irq_bypass_producer *producer,
				    struct eventfd_ctx *eventfd, int irq)
{
	producer->token = eventfd;
	producer->irq = irq;
	return irq_bypass_register_producer(producer);
}

#define irq_bypass_register_producer	compat_irq_bypass_register_producer

static inline int
compat_irq_bypass_register_consumer(struct irq_bypass_consumer *consumer,
				    struct eventfd_ctx *eventfd)
{
	consumer->token = eventfd;
	return irq_bypass_register_consumer(consumer);
}

#define irq_bypass_register_consumer	compat_irq_bypass_register_consumer
#endif

#endif /* _COMPAT_IRQBYPASS_H */
