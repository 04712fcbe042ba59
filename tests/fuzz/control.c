// SPDX-License-Identifier: GPL-2.0-only
/*
 * The steps of a class driver: setting up, starting, stopping, and state.
 */

#include "fuzz.h"

static struct fuzz *of(struct mdev_vq *vq)
{
	return container_of(vq, struct fuzz, vq);
}

static void life_wake(struct mdev_vq *vq)
{
	of(vq)->wakes++;
}

static void life_broken(struct mdev_vq *vq)
{
	MUST(++of(vq)->broken == 1, "a queue breaks once");
}

static const struct mdev_vq_ops life_ops = {
	.wake = life_wake,
	.broken = life_broken,
};

static irqreturn_t life_callback(void *private)
{
	struct fuzz *f = private;

	MUST(!f->broken, "a broken queue does not signal");
	return IRQ_HANDLED;
}

static void life_error(void *private)
{
	struct fuzz *f = private;

	f->errors++;
	MUST(f->errors == f->broken, "the status comes before the callback");
}

/* --- start and stop -------------------------------------------------------- */

static void life_start(struct fuzz *f)
{
	int expected = 0, ret;
	unsigned int i;

	f->broken = 0;
	f->errors = 0;
	f->paused = false;
	if (!f->rules->start(f))
		expected = -EINVAL;
	for (i = 0; i < 3; i++)
		if (!f->region[i]->bytes)
			expected = -EFAULT;
	/* A table of lookups that has the right size serves again. */
	if (shim_fail_alloc && (!f->vq.tlb.entries ||
				f->vq.tlb.mask + 1 != roundup_pow_of_two(f->num)))
		expected = -ENOMEM;

	ret = mdev_vq_start(&f->vq, &f->space.mem);
	shim_fail_alloc = false;
	MUST(ret == expected, "start returns %d, not %d", ret, expected);
	MUST(mdev_vq_is_started(&f->vq) == !ret, "started or not");
	for (i = 0; i < 3; i++)
		MUST(!f->window[i].map == !!ret, "area %u", i);
}

static void life_stop(struct fuzz *f)
{
	bool broken = f->broken;
	unsigned int i;

	device_release(f);
	mdev_vq_stop(&f->vq);
	MUST(broken <= f->broken, "a broken queue stays broken");
	for (i = 0; i < 3; i++)
		MUST(!f->window[i].map, "area %u is still mapped", i);
	MUST(!mdev_vq_is_live(&f->vq), "a stopped queue is not live");
	f->popped = 0;
	f->rules->check_state(f);
}

/* What the driver does before it says that the ring is there */
static void life_configure(struct fuzz *f)
{
	mdev_vq_set_features(&f->vq, f->features);
	MUST(!mdev_vq_set_num(&f->vq, f->num), "size %u", f->num);
	MUST(!mdev_vq_set_address(&f->vq, RING_IOVA, RING_IOVA * 2,
				  RING_IOVA * 3), "good addresses");
	mdev_vq_set_ready(&f->vq, true);
}

/* What it negotiates, and what it has in the ring: all of that is input. */
static void life_setup(struct fuzz *f)
{
	static const u16 nums[] = { 8, 4, 2, 1, 16, 8, 4, 32, 64, MAX_NUM };
	u8 num = in8(f), features = in8(f), segs = in8(f);
	u16 where = in16(f);

	mdev_vq_reset(&f->vq);
	MUST(!mdev_vq_is_ready(&f->vq), "nothing is ready after a reset");
	f->num = nums[num % ARRAY_SIZE(nums)];
	/* Any size will do for a packed ring. */
	if (f->packed && num >= 0x80)
		f->num = 1 + num % 32;
	f->features = (features & 1 ? F_INDIRECT : 0) |
		      (features & 2 ? F_EVENT : 0) |
		      (features & 4 ? F_IN_ORDER : 0) |
		      (f->packed ? F_PACKED : 0);
	f->max_segs = segs ? segs : MDEV_VQ_MAX_SEGS;
	f->space.mem.direct = features & 0x80;

	life_configure(f);
	f->rules->set_state(f, where);
	memory_rings(f);
	in_bytes(f, f->region[0]->bytes, f->region[0]->len);
	in_bytes(f, f->region[1]->bytes, f->region[1]->len);
	driver_begin(f);
}

static void life_init(struct fuzz *f)
{
	static struct device dev;
	const struct virtio_mdev_callback cb = {
		.callback = life_callback,
		.error = life_error,
		.private = f,
	};

	memset(&f->vq, 0, sizeof(f->vq));
	mdev_vq_init(&f->vq, &life_ops, &dev, 0, MAX_NUM);
	mdev_vq_set_cb(&f->vq, &cb);
}

void life_begin(struct fuzz *f)
{
	f->rules = f->packed ? &packed_rules : &split_rules;
	life_init(f);
	life_setup(f);
	/* and what begins with tables */
	in_bytes(f, f->region[REGION_DATA]->bytes, 8 * 16);
	life_start(f);
}

void life_end(struct fuzz *f)
{
	life_stop(f);
	mdev_vq_destroy(&f->vq);
}

/* --- the steps ------------------------------------------------------------- */

/* Nobody is let in, nothing is forgotten. */
static void life_pause(struct fuzz *f, u8 variant)
{
	if (!mdev_vq_is_started(&f->vq))
		return;
	if (!f->paused) {
		device_release(f);
		mdev_vq_pause(&f->vq);
		f->paused = true;
		f->rules->check_state(f);
		MUST(!device_claim(f), "nobody gets into a paused queue");
	}
	if (variant & 1)
		return;
	mdev_vq_resume(&f->vq);
	f->paused = false;
}

static void life_restart(struct fuzz *f, u8 variant)
{
	struct virtio_mdev_vq_state state = { 0 };

	life_stop(f);
	switch (variant % 4) {
	case 1:
		/* As another instance that goes on where this one ended */
		MUST(!mdev_vq_get_state(&f->vq, &state), "a state");
		mdev_vq_destroy(&f->vq);
		life_init(f);
		life_configure(f);
		MUST(!mdev_vq_set_state(&f->vq, &state), "a saved state");
		break;
	case 2:
		f->rules->set_state(f, in16(f));
		break;
	case 3:
		return;
	}
	life_start(f);
}

static void life_busy(struct fuzz *f)
{
	const struct virtio_mdev_vq_state state = { 0 };

	if (!mdev_vq_is_started(&f->vq))
		return;
	MUST(mdev_vq_set_num(&f->vq, 4) == -EBUSY, "size");
	MUST(mdev_vq_set_address(&f->vq, 0, 0, 0) == -EBUSY, "addresses");
	MUST(mdev_vq_set_state(&f->vq, &state) == -EBUSY, "state");
}

/* Any size and any address: refused, or good for a start that may fail */
static void life_bad(struct fuzz *f, u8 variant)
{
	u32 num = in32(f);
	u64 addr = in32(f) | (u64)in32(f) << 32;
	u64 area[3] = { RING_IOVA, RING_IOVA * 2, RING_IOVA * 3 };
	bool good;
	int ret;

	life_stop(f);
	good = num && num <= MAX_NUM && (f->packed || !(num & (num - 1)));
	ret = mdev_vq_set_num(&f->vq, num);
	MUST(ret == (good ? 0 : -EINVAL), "size %u gives %d", num, ret);

	area[variant % 3] = addr;
	ret = mdev_vq_set_address(&f->vq, area[0], area[1], area[2]);
	MUST(ret == 0 || ret == -EINVAL, "an address gives %d", ret);
	if (!ret) {
		ret = mdev_vq_start(&f->vq, &f->space.mem);
		/* A packed ring's state may be out of a smaller one. */
		MUST(ret == 0 || ret == -EFAULT || ret == -ENOMEM ||
		     (ret == -EINVAL && f->packed), "start gives %d", ret);
		f->broken = 0;
		f->errors = 0;
		mdev_vq_stop(&f->vq);
	}

	MUST(!mdev_vq_set_num(&f->vq, f->num), "size %u", f->num);
	MUST(!mdev_vq_set_address(&f->vq, RING_IOVA, RING_IOVA * 2,
				  RING_IOVA * 3), "good addresses");
	life_start(f);
}

static void life_count(struct fuzz *f, u8 variant)
{
	struct virtio_mdev_vq_stats before, after;

	mdev_vq_get_stats(&f->vq, &before);
	mdev_vq_kicked(&f->vq);
	mdev_vq_get_stats(&f->vq, &after);
	MUST(after.kicks == before.kicks + 1, "a kick counts");
	MUST(after.chains == before.chains && after.errors == before.errors,
	     "nothing else does");
}

void life_step(struct fuzz *f, u8 op, u8 variant)
{
	switch (op) {
	case OP_PAUSE:
		life_pause(f, variant);
		break;
	case OP_RESTART:
		life_restart(f, variant);
		break;
	case OP_RESET:
		life_stop(f);
		life_setup(f);
		life_start(f);
		break;
	case OP_BUSY:
		life_busy(f);
		break;
	case OP_BAD:
		life_bad(f, variant);
		break;
	case OP_NOMEM:
		shim_fail_alloc = true;
		break;
	case OP_COUNT:
		life_count(f, variant);
		break;
	}
}
