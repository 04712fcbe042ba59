// SPDX-License-Identifier: GPL-2.0-only
/* struct virtio_config_ops::find_vqs takes an array of struct virtqueue_info. */
#include <linux/virtio_config.h>

static_assert(__same_type(((struct virtio_config_ops *)NULL)->find_vqs,
			  int (*)(struct virtio_device *, unsigned int,
				  struct virtqueue **, struct virtqueue_info *,
				  struct irq_affinity *)));
