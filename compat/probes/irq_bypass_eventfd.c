// SPDX-License-Identifier: GPL-2.0-only
/* Producers and consumers of interrupts find each other by an eventfd. */
#include <linux/eventfd.h>
#include <linux/irqbypass.h>

int offer(struct irq_bypass_producer *producer, struct eventfd_ctx *eventfd)
{
	return irq_bypass_register_producer(producer, eventfd, 1);
}
