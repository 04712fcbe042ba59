// SPDX-License-Identifier: GPL-2.0-only
/*
 * Packed virtqueues: notifications, state and set-up.
 */

#include "unit.h"

#define NEXT	VRING_DESC_F_NEXT

/* --- notifications --------------------------------------------------------- */

static void test_flags(void)
{
	struct bench b;

	bench_init(&b, 4, F_PACKED);

	dev_disable(&b);
	drv_one(&b, 1, 0);
	CHECK(!drv_kick(&b));
	CHECK(dev_enable(&b));
	CHECK_EQ(dev_pop(&b), 1);
	CHECK(!dev_enable(&b));
	drv_one(&b, 1, 1);
	CHECK(drv_kick(&b));

	packed_wish(&b, 0, VRING_PACKED_EVENT_FLAG_DISABLE);
	dev_push(&b, 0);
	CHECK(!dev_publish(&b));
	packed_wish(&b, 0, VRING_PACKED_EVENT_FLAG_ENABLE);
	/* Nothing new */
	CHECK(!dev_publish(&b));
	CHECK_EQ(dev_pop(&b), 1);
	dev_push(&b, 0);
	CHECK(dev_publish(&b));
	bench_destroy(&b);
}

/* What the driver did not negotiate, or nobody can: rather once too often */
static void test_odd_wishes(void)
{
	static const u16 flags[] = {
		VRING_PACKED_EVENT_FLAG_DESC, 3, 0xfffc, 0xffff,
	};
	struct bench b;
	unsigned int i;
	u32 id, len;

	bench_init(&b, 4, F_PACKED);
	for (i = 0; i < 2 * ARRAY_SIZE(flags); i++) {
		packed_wish(&b, i, flags[i / 2]);
		drv_one(&b, 1, 0);
		CHECK_EQ(dev_pop(&b), 1);
		dev_push(&b, 0);
		CHECK(dev_publish(&b));
		CHECK(drv_used(&b, &id, &len));
	}
	/* Reserved bits do not count. */
	packed_wish(&b, 0, 0xfff0 | VRING_PACKED_EVENT_FLAG_DISABLE);
	drv_one(&b, 1, 0);
	CHECK_EQ(dev_pop(&b), 1);
	dev_push(&b, 0);
	CHECK(!dev_publish(&b));
	bench_destroy(&b);
}

/*
 * For each position and each place of the event around it, against counting it
 * out: signalled if the descriptor at the event has been used.
 */
static void event_signal(u16 num)
{
	unsigned int start, batch, off, i, k, slots;
	struct bench b;
	u16 event, pos;
	u32 id, len;
	bool want;

	for (start = 0; start < 2 * num; start++) {
		for (batch = 1; batch <= num; batch++) {
			for (off = 0; off < 2 * num; off++) {
				slots = 1 + (start + off) % 3;
				bench_init_at(&b, num, F_PACKED | F_EVENT,
					      start < num ? start :
					      (start - num) | WRAP);
				/* The first one after the start is special. */
				drv_one(&b, 1, 0);
				CHECK_EQ(dev_pop(&b), 1);
				dev_push(&b, 0);
				CHECK(dev_publish(&b));
				CHECK(drv_used(&b, &id, &len));

				event = packed_next(&b, b.packed.used,
						    2 * num - off);
				packed_wish(&b, event,
					    VRING_PACKED_EVENT_FLAG_DESC);
				pos = b.packed.used;
				want = false;
				for (i = 0; i + slots <= batch; i += slots) {
					for (k = 0; k < slots; k++) {
						packed_desc(&b, DATA_IOVA, 1,
							    k + 1 < slots ?
							    NEXT : 0, i);
						want |= pos == event;
						pos = packed_next(&b, pos, 1);
					}
					CHECK_EQ(dev_pop(&b), 1);
					dev_push(&b, 0);
				}
				/* A whole round: rather once too often */
				want |= i == num;
				CHECK_EQ(dev_publish(&b), want);
				CHECK(!dev_publish(&b));
				bench_destroy(&b);
			}
		}
	}
}

static void test_event_signal(void)
{
	event_signal(4);
	event_signal(7);
}

static void test_event_kick(void)
{
	struct bench b;
	u32 id, len;
	u16 i;

	bench_init_at(&b, 5, F_PACKED | F_EVENT, WRAP | 3);
	CHECK(!dev_enable(&b));
	drv_one(&b, 1, 0);
	CHECK(drv_kick(&b));
	/* Until the device asks again it is not kicked, over the wrap too. */
	for (i = 1; i < 5; i++) {
		drv_one(&b, 1, i);
		CHECK(!drv_kick(&b));
	}
	for (i = 0; i < 20; i++) {
		CHECK(dev_enable(&b));
		CHECK_EQ(dev_pop(&b), 1);
		dev_disable(&b);
		dev_push(&b, 0);
		dev_publish(&b);
		CHECK(drv_used(&b, &id, &len));
		drv_one(&b, 1, id);
		CHECK(!drv_kick(&b));
	}
	while (dev_pop(&b) == 1)
		;
	CHECK(!dev_enable(&b));
	bench_destroy(&b);
}

/* --- state ----------------------------------------------------------------- */

/* Stopped in the middle, and taken up by another device */
static void test_state(void)
{
	struct virtio_mdev_vq_state st;
	unsigned int i, stop;
	struct bench b;
	u32 id, len;

	for (stop = 0; stop <= 6; stop++) {
		bench_init_at(&b, 6, F_PACKED | F_EVENT, WRAP | 3);
		for (i = 0; i < 6; i++)
			drv_one(&b, 9, i);
		for (i = 0; i < stop; i++) {
			CHECK_EQ(dev_pop(&b), 1);
			dev_push(&b, i + 1);
			dev_publish(&b);
		}
		mdev_vq_release(&b.vq);
		mdev_vq_stop(&b.vq);
		CHECK_EQ(mdev_vq_get_state(&b.vq, &st), 0);
		CHECK_EQ(st.packed.last_avail_counter, stop < 3);
		CHECK_EQ(st.packed.last_avail_idx, (3 + stop) % 6);
		CHECK_EQ(st.packed.last_used_counter, stop < 3);
		CHECK_EQ(st.packed.last_used_idx, (3 + stop) % 6);

		mdev_vq_set_features(&b.vq, 0);
		mdev_vq_reset(&b.vq);
		mdev_vq_set_features(&b.vq, F_PACKED | F_EVENT);
		CHECK_EQ(mdev_vq_set_num(&b.vq, 6), 0);
		CHECK_EQ(mdev_vq_set_address(&b.vq, RING_IOVA, RING_IOVA * 2,
					     RING_IOVA * 3), 0);
		CHECK_EQ(mdev_vq_set_state(&b.vq, &st), 0);
		CHECK_EQ(mdev_vq_start(&b.vq, &b.space.mem), 0);
		CHECK(mdev_vq_claim(&b.vq));
		for (; i < 6; i++) {
			CHECK_EQ(dev_pop(&b), 1);
			dev_push(&b, i + 1);
		}
		CHECK_EQ(dev_pop(&b), 0);
		/* The driver may have asked for a signal long ago. */
		packed_wish(&b, WRAP | 1, VRING_PACKED_EVENT_FLAG_DESC);
		CHECK_EQ(dev_publish(&b), stop < 6);
		for (i = 0; i < 6; i++) {
			CHECK(drv_used(&b, &id, &len));
			CHECK_EQ(id, i);
			CHECK_EQ(len, i + 1);
		}
		CHECK(!drv_used(&b, &id, &len));
		bench_destroy(&b);
	}
}

static int start_at(struct bench *b, u16 avail, u16 used)
{
	struct virtio_mdev_vq_state st = {
		.packed = {
			.last_avail_idx = avail % WRAP,
			.last_avail_counter = avail / WRAP,
			.last_used_idx = used % WRAP,
			.last_used_counter = used / WRAP,
		},
	};
	int ret;

	CHECK_EQ(mdev_vq_set_state(&b->vq, &st), 0);
	shim_message[0] = 0;
	ret = mdev_vq_start(&b->vq, &b->space.mem);
	if (!ret)
		mdev_vq_stop(&b->vq);
	CHECK_EQ(space_nr_maps(&b->space), 0);
	CHECK_EQ(!ret, !shim_message[0]);
	return ret;
}

/* Positions out of the ring, and descriptors used before they were available */
static void test_bad_state(void)
{
	struct bench b;

	bench_init(&b, 6, F_PACKED);
	mdev_vq_release(&b.vq);
	mdev_vq_stop(&b.vq);
	CHECK_EQ(start_at(&b, 0, 0), 0);
	CHECK_EQ(start_at(&b, WRAP | 5, WRAP | 5), 0);
	CHECK_EQ(start_at(&b, 6, 5), -EINVAL);
	CHECK_EQ(start_at(&b, WRAP | 32767, WRAP | 32767), -EINVAL);
	CHECK_EQ(start_at(&b, 0, 6), -EINVAL);
	CHECK_STR(shim_message, "a ring of 6");
	/* Some in flight, and the whole ring */
	CHECK_EQ(start_at(&b, 5, 0), 0);
	CHECK_EQ(start_at(&b, 2, WRAP | 3), 0);
	CHECK_EQ(start_at(&b, 0, WRAP), 0);
	CHECK_EQ(start_at(&b, WRAP | 3, 3), 0);
	/* More */
	CHECK_EQ(start_at(&b, 4, 5), -EINVAL);
	CHECK_EQ(start_at(&b, 4, WRAP | 3), -EINVAL);
	CHECK_STR(shim_message, "used 5 descriptors more");
	CHECK_EQ(start_at(&b, WRAP | 0, WRAP | 5), -EINVAL);
	CHECK_EQ(start_at(&b, WRAP | 0, WRAP | 0), 0);
	mdev_vq_destroy(&b.vq);
	space_destroy(&b.space);
	free(b.packed.slots);
}

/* Descriptors in flight are never used, and take their room. */
static void test_in_flight(void)
{
	struct virtio_mdev_vq_state st = {
		.packed = { 0, 1, 1, 2 },	/* wrapped 1, not wrapped 2 */
	};
	struct bench b;
	u32 id, len;

	bench_init(&b, 4, F_PACKED);
	mdev_vq_release(&b.vq);
	mdev_vq_stop(&b.vq);
	CHECK_EQ(mdev_vq_set_state(&b.vq, &st), 0);
	CHECK_EQ(mdev_vq_start(&b.vq, &b.space.mem), 0);
	CHECK(mdev_vq_claim(&b.vq));
	b.packed.used = WRAP | 2;
	b.packed.avail = 1;
	b.packed.desc[1].flags = __cpu_to_le16(0x8080);
	drv_one(&b, 7, 9);
	CHECK_EQ(dev_pop(&b), 1);
	dev_push(&b, 1);
	dev_publish(&b);
	CHECK(drv_used(&b, &id, &len));
	CHECK_EQ(id, 9);
	mdev_vq_get_state(&b.vq, &st);
	CHECK_EQ(st.packed.last_avail_idx, 2);
	CHECK_EQ(st.packed.last_used_idx, 3);
	CHECK_EQ(st.packed.last_used_counter, 1);
	bench_destroy(&b);
}

/* --- set-up ---------------------------------------------------------------- */

static void none(struct mdev_vq *vq)
{
}

static const struct mdev_vq_ops no_ops = { .wake = none, .broken = none };

static void test_set_up(void)
{
	struct virtio_mdev_vq_state st = { .split.avail_index = 1234 };
	struct mdev_vq vq = { 0 };
	u64 top = 0;

	mdev_vq_init(&vq, &no_ops, NULL, 0, 256);
	CHECK_EQ(mdev_vq_set_num(&vq, 100), -EINVAL);
	CHECK_EQ(mdev_vq_set_state(&vq, &st), 0);
	CHECK_EQ(mdev_vq_set_address(&vq, 16, 2, 4), 0);
	/* Of the same layout, so the state stays. */
	mdev_vq_set_features(&vq, F_EVENT);
	mdev_vq_get_state(&vq, &st);
	CHECK_EQ(st.split.avail_index, 1234);

	mdev_vq_set_features(&vq, F_PACKED);
	mdev_vq_get_state(&vq, &st);
	CHECK_EQ(st.packed.last_avail_counter, 1);
	CHECK_EQ(st.packed.last_avail_idx, 0);
	CHECK_EQ(st.packed.last_used_counter, 1);
	CHECK_EQ(st.packed.last_used_idx, 0);
	CHECK_EQ(mdev_vq_set_num(&vq, 100), 0);
	CHECK_EQ(mdev_vq_set_num(&vq, 255), 0);
	CHECK_EQ(mdev_vq_set_num(&vq, 0), -EINVAL);
	CHECK_EQ(mdev_vq_set_num(&vq, 257), -EINVAL);
	CHECK_EQ(mdev_vq_set_address(&vq, 16, 4, 4), 0);
	CHECK_EQ(mdev_vq_set_address(&vq, 8, 4, 4), -EINVAL);
	CHECK_EQ(mdev_vq_set_address(&vq, 16, 2, 4), -EINVAL);
	CHECK_EQ(mdev_vq_set_address(&vq, 16, 4, 2), -EINVAL);
	CHECK_EQ(mdev_vq_set_address(&vq, top - 255 * 16, top - 4, top - 4), 0);
	CHECK_EQ(mdev_vq_set_address(&vq, top - 254 * 16, 4, 4), -EINVAL);

	/* A reset of the virtqueue alone leaves the layout. */
	mdev_vq_reset(&vq);
	mdev_vq_get_state(&vq, &st);
	CHECK_EQ(st.packed.last_avail_counter, 1);
	CHECK_EQ(mdev_vq_set_num(&vq, 100), 0);
	mdev_vq_destroy(&vq);
}

/* Set before the features were, for the other layout */
static void test_set_up_early(void)
{
	struct bench b;

	bench_init(&b, 8, F_PACKED);
	mdev_vq_release(&b.vq);
	mdev_vq_stop(&b.vq);

	mdev_vq_set_features(&b.vq, 0);
	CHECK_EQ(mdev_vq_set_address(&b.vq, RING_IOVA, RING_IOVA * 2 + 2,
				     RING_IOVA * 3), 0);
	mdev_vq_set_features(&b.vq, F_PACKED);
	CHECK_EQ(mdev_vq_start(&b.vq, &b.space.mem), -EINVAL);
	CHECK_STR(shim_message, "after the features");
	CHECK_EQ(mdev_vq_set_address(&b.vq, RING_IOVA, RING_IOVA * 2,
				     RING_IOVA * 3), 0);

	CHECK_EQ(mdev_vq_set_num(&b.vq, 7), 0);
	mdev_vq_set_features(&b.vq, 0);
	CHECK_EQ(mdev_vq_start(&b.vq, &b.space.mem), -EINVAL);
	mdev_vq_set_features(&b.vq, F_PACKED);
	CHECK_EQ(mdev_vq_start(&b.vq, &b.space.mem), 0);
	mdev_vq_stop(&b.vq);

	/* The device writes to two of the three areas. */
	b.ring[1]->perm = MDEV_MEM_READ;
	CHECK_EQ(mdev_vq_start(&b.vq, &b.space.mem), 0);
	mdev_vq_stop(&b.vq);
	b.ring[0]->perm = MDEV_MEM_READ;
	CHECK_EQ(mdev_vq_start(&b.vq, &b.space.mem), -EFAULT);
	b.ring[0]->perm |= MDEV_MEM_WRITE;
	b.ring[2]->perm = MDEV_MEM_READ;
	CHECK_EQ(mdev_vq_start(&b.vq, &b.space.mem), -EFAULT);
	CHECK_EQ(space_nr_maps(&b.space), 0);
	mdev_vq_destroy(&b.vq);
	space_destroy(&b.space);
	free(b.packed.slots);
}

const struct unit_test packed_state_tests[] = {
	{ "a packed queue's flags switch kicks and signals", test_flags },
	{ "packed event flags that were not negotiated count as enabled",
	  test_odd_wishes },
	{ "the event position asks for signals, around the wrap",
	  test_event_signal },
	{ "the event position asks for kicks, around the wrap",
	  test_event_kick },
	{ "a packed queue's state is saved and restored in the middle",
	  test_state },
	{ "a packed state that cannot be is refused", test_bad_state },
	{ "a packed state with descriptors in flight is restored",
	  test_in_flight },
	{ "the layout follows the features, and decides over sizes and addresses",
	  test_set_up },
	{ "sizes and addresses of the other layout are refused at the start",
	  test_set_up_early },
	{ }
};
