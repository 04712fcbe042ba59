// SPDX-License-Identifier: GPL-2.0-only
/* user-neg: the VFIO ioctls of the device fd, and what is no ioctl. */
#include <errno.h>
#include <linux/vfio.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "user_neg.h"

#define VFIO(n, r, p, e)						\
	{ .name = n, .state = S_OPEN, .req = r, .arg = A_PTR, .a = p,	\
	  .err = e }
#define FN(n, f, e)							\
	{ .name = n, .state = S_OPEN, .arg = A_FN, .fn = f, .err = e }

static int region(struct neg *t, __u32 index, __u32 argsz)
{
	struct vfio_region_info r = { .argsz = argsz, .index = index };

	return vm_ioctl(t->d.fd, VFIO_DEVICE_GET_REGION_INFO, &r);
}

static int region_good(struct neg *t)
{
	return region(t, 0, sizeof(struct vfio_region_info));
}

static int region_1(struct neg *t)
{
	return region(t, 1, sizeof(struct vfio_region_info));
}

static int region_max(struct neg *t)
{
	return region(t, 0xffffffff, sizeof(struct vfio_region_info));
}

static int region_argsz(struct neg *t)
{
	return region(t, 0, sizeof(struct vfio_region_info) - 1);
}

static int irq(struct neg *t, __u32 index, __u32 argsz)
{
	struct vfio_irq_info r = { .argsz = argsz, .index = index };

	return vm_ioctl(t->d.fd, VFIO_DEVICE_GET_IRQ_INFO, &r);
}

static int irq_good(struct neg *t)
{
	return irq(t, 0, sizeof(struct vfio_irq_info));
}

static int irq_1(struct neg *t)
{
	return irq(t, 1, sizeof(struct vfio_irq_info));
}

static int irq_argsz(struct neg *t)
{
	return irq(t, 0, sizeof(struct vfio_irq_info) - 1);
}

struct irqs {
	__u32 argsz, flags, index, start, count;
	__s32 fd;
};

static int set_irqs(struct neg *t, struct irqs i)
{
	union {
		struct vfio_irq_set s;
		__u8 room[64];
	} u;

	memset(&u, 0, sizeof(u));
	u.s.argsz = i.argsz;
	u.s.flags = i.flags;
	u.s.index = i.index;
	u.s.start = i.start;
	u.s.count = i.count;
	memcpy(u.s.data, &i.fd, sizeof(i.fd));
	return vm_ioctl(t->d.fd, VFIO_DEVICE_SET_IRQS, &u);
}

#define HDR	sizeof(struct vfio_irq_set)
#define TRIGGER	(VFIO_IRQ_SET_DATA_EVENTFD | VFIO_IRQ_SET_ACTION_TRIGGER)

static int irqs_good(struct neg *t)
{
	return set_irqs(t, (struct irqs){ HDR + 4, TRIGGER, 0, 0, 1,
					  t->event_fd });
}

static int irqs_unset(struct neg *t)
{
	return set_irqs(t, (struct irqs){ HDR + 4, TRIGGER, 0, 0, 1, -1 });
}

static int irqs_disable(struct neg *t)
{
	return set_irqs(t, (struct irqs){ HDR, VFIO_IRQ_SET_DATA_NONE |
					  VFIO_IRQ_SET_ACTION_TRIGGER, 0, 0, 0,
					  0 });
}

static int irqs_index(struct neg *t)
{
	return set_irqs(t, (struct irqs){ HDR + 4, TRIGGER, 1, 0, 1,
					  t->event_fd });
}

static int irqs_start(struct neg *t)
{
	return set_irqs(t, (struct irqs){ HDR + 4, TRIGGER, 0, 1, 1,
					  t->event_fd });
}

static int irqs_count(struct neg *t)
{
	return set_irqs(t, (struct irqs){ HDR + 8, TRIGGER, 0, 0, 2,
					  t->event_fd });
}

static int irqs_wrap(struct neg *t)
{
	return set_irqs(t, (struct irqs){ HDR + 4, TRIGGER, 0, 1, 0xffffffff,
					  t->event_fd });
}

static int irqs_argsz(struct neg *t)
{
	return set_irqs(t, (struct irqs){ HDR + 3, TRIGGER, 0, 0, 1,
					  t->event_fd });
}

static int irqs_header(struct neg *t)
{
	return set_irqs(t, (struct irqs){ HDR - 1, TRIGGER, 0, 0, 1,
					  t->event_fd });
}

static int irqs_flags(struct neg *t)
{
	return set_irqs(t, (struct irqs){ HDR + 4, 0x8000 | TRIGGER, 0, 0, 1,
					  t->event_fd });
}

static int irqs_mask(struct neg *t)
{
	return set_irqs(t, (struct irqs){ HDR + 4, VFIO_IRQ_SET_DATA_EVENTFD |
					  VFIO_IRQ_SET_ACTION_MASK, 0, 0, 1,
					  t->event_fd });
}

static int irqs_closed(struct neg *t)
{
	return set_irqs(t, (struct irqs){ HDR + 4, TRIGGER, 0, 0, 1,
					  t->closed_fd });
}

static int irqs_plain(struct neg *t)
{
	return set_irqs(t, (struct irqs){ HDR + 4, TRIGGER, 0, 0, 1,
					  t->plain_fd });
}

static int reset(struct neg *t)
{
	return vm_ioctl(t->d.fd, VFIO_DEVICE_RESET, NULL);
}

static int do_read(struct neg *t)
{
	char c;

	return read(t->d.fd, &c, 1) < 0 ? -errno : 0;
}

static int do_write(struct neg *t)
{
	return write(t->d.fd, "x", 1) < 0 ? -errno : 0;
}

static const struct neg_row rows[] = {
	VFIO("VFIO_DEVICE_GET_INFO at 0", VFIO_DEVICE_GET_INFO, 0, EFAULT),
	VFIO("VFIO_DEVICE_GET_REGION_INFO at 0", VFIO_DEVICE_GET_REGION_INFO, 0,
	     EFAULT),
	VFIO("VFIO_DEVICE_GET_IRQ_INFO at 0", VFIO_DEVICE_GET_IRQ_INFO, 0,
	     EFAULT),
	VFIO("VFIO_DEVICE_SET_IRQS at 0", VFIO_DEVICE_SET_IRQS, 0, EFAULT),
	FN("VFIO_DEVICE_RESET", reset, 0),
	FN("VFIO_DEVICE_GET_REGION_INFO of region 0", region_good, 0),
	FN("VFIO_DEVICE_GET_REGION_INFO of region 1", region_1, EINVAL),
	FN("VFIO_DEVICE_GET_REGION_INFO of region 2^32 - 1", region_max,
	   EINVAL),
	FN("VFIO_DEVICE_GET_REGION_INFO, argsz short", region_argsz, EINVAL),
	FN("VFIO_DEVICE_GET_IRQ_INFO of irq 0", irq_good, 0),
	FN("VFIO_DEVICE_GET_IRQ_INFO of irq 1", irq_1, EINVAL),
	FN("VFIO_DEVICE_GET_IRQ_INFO, argsz short", irq_argsz, EINVAL),
	FN("VFIO_DEVICE_SET_IRQS", irqs_good, 0),
	FN("VFIO_DEVICE_SET_IRQS of -1", irqs_unset, 0),
	FN("VFIO_DEVICE_SET_IRQS, none", irqs_disable, 0),
	FN("VFIO_DEVICE_SET_IRQS of irq 1", irqs_index, EINVAL),
	FN("VFIO_DEVICE_SET_IRQS from 1 on", irqs_start, EINVAL),
	FN("VFIO_DEVICE_SET_IRQS of 2", irqs_count, EINVAL),
	FN("VFIO_DEVICE_SET_IRQS, start and count wrap", irqs_wrap, EINVAL),
	FN("VFIO_DEVICE_SET_IRQS, data short", irqs_argsz, EINVAL),
	FN("VFIO_DEVICE_SET_IRQS, header short", irqs_header, EINVAL),
	FN("VFIO_DEVICE_SET_IRQS, unknown flag", irqs_flags, EINVAL),
	FN("VFIO_DEVICE_SET_IRQS, to mask what has no mask", irqs_mask,
	   EINVAL),
	FN("VFIO_DEVICE_SET_IRQS of a closed fd", irqs_closed, EBADF),
	FN("VFIO_DEVICE_SET_IRQS of no eventfd", irqs_plain, EINVAL),
	FN("read()", do_read, EINVAL),
	FN("write()", do_write, EINVAL),
};

void neg_vfio(struct neg *t)
{
	neg_rows(t, rows, ARRAY_SIZE(rows));
}
