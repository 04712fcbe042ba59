/* SPDX-License-Identifier: GPL-2.0-only */
/* The VFIO device of an instance, for the back ends that drive one. */
#ifndef RB_VFIO_H
#define RB_VFIO_H

#include <stddef.h>
#include <stdint.h>

struct rb_dev;

/* rb_dev.priv begins with this. */
struct rb_vfio {
	int container;
	int group;
};

/*
 * Open container, group and device: rb_dev.fd.  rb_dev.priv gets @size bytes,
 * the rest of which are 0.
 */
int rb_vfio_open(struct rb_dev *d, size_t size);
int rb_vfio_map(struct rb_dev *d, uint64_t iova, uint64_t len, void *va);
int rb_vfio_unmap(struct rb_dev *d, uint64_t iova, uint64_t len);
void rb_vfio_close(struct rb_dev *d);

#endif
