// SPDX-License-Identifier: GPL-2.0-only
/* container_of() that keeps the qualifier is there. */
#include <linux/container_of.h>
#include <linux/list.h>

struct sample {
	int first;
	struct list_head node;
};

const struct sample *sample_of(const struct list_head *node)
{
	return container_of_const(node, struct sample, node);
}
