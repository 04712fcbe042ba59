// SPDX-License-Identifier: GPL-2.0-only
/*
 * Driver memory that lets nobody break its rules, a virtqueue in it, and the
 * driver's end of a split one.
 */

#include <linux/errno.h>

#include <asm/byteorder.h>

#include "unit.h"

bool shim_fail_alloc;
char shim_message[256];

bool pfn_valid(u64 pfn)
{
	return pfn;
}

/* --- memory ---------------------------------------------------------------- */

static struct space *to_space(struct mdev_mem *mem)
{
	return container_of(mem, struct space, mem);
}

static void must_be_outside(struct space *space, const char *what)
{
	if (space->depth)
		unit_fail(__FILE__, __LINE__, "%s inside a section", what);
}

static int space_enter(struct mdev_mem *mem)
{
	must_be_outside(to_space(mem), "another section");
	to_space(mem)->depth++;
	return 42;
}

static void space_leave(struct mdev_mem *mem, int token)
{
	CHECK_EQ(token, 42);
	CHECK_EQ(to_space(mem)->depth, 1);
	to_space(mem)->depth--;
}

static struct region *space_find(struct space *space, u64 iova,
				 unsigned int perm)
{
	unsigned int i;

	for (i = 0; i < space->nr; i++) {
		struct region *r = &space->regions[i];

		if (r->bytes && iova >= r->iova && iova - r->iova < r->len &&
		    (r->perm & perm) == perm)
			return r;
	}
	return NULL;
}

static void *space_lookup(struct mdev_mem *mem, u64 iova, unsigned int perm,
			  size_t *len)
{
	struct space *space = to_space(mem);
	struct region *r = space_find(space, iova, perm);
	u64 off, rest;

	CHECK_EQ(space->depth, 1);
	CHECK(*len);
	space->lookups++;
	if (!r)
		return NULL;
	off = iova - r->iova;
	if (!r->known[off / PAGE])
		return NULL;
	rest = PAGE - iova % PAGE;
	if (rest > r->len - off)
		rest = r->len - off;
	if (*len > rest)
		*len = rest;
	return r->bytes + off;
}

static int space_fault(struct mdev_mem *mem, u64 iova, unsigned int perm)
{
	struct space *space = to_space(mem);
	void (*meanwhile)(struct space *space) = space->meanwhile;
	struct region *r = space_find(space, iova, perm);

	must_be_outside(space, "a fault");
	space->faults++;
	space->meanwhile = NULL;
	if (meanwhile)
		meanwhile(space);
	if (!r)
		return -EFAULT;
	if (r->unpinnable)
		return -EAGAIN;
	if (!r->stubborn)
		r->known[(iova - r->iova) / PAGE] = true;
	return 0;
}

static int space_access(struct mdev_mem *mem, u64 iova, void *to,
			const void *from, size_t len)
{
	unsigned int perm = from ? MDEV_MEM_WRITE : MDEV_MEM_READ;
	struct space *space = to_space(mem);

	must_be_outside(space, "the slow path");
	space->slow++;
	for (; len; len--, iova++) {
		struct region *r = space_find(space, iova, perm);

		if (!r)
			return -EFAULT;
		if (from)
			r->bytes[iova - r->iova] = *(const u8 *)from++;
		else
			*(u8 *)to++ = r->bytes[iova - r->iova];
	}
	return 0;
}

static int space_read(struct mdev_mem *mem, u64 iova, void *buf, size_t len)
{
	return space_access(mem, iova, buf, NULL, len);
}

static int space_write(struct mdev_mem *mem, u64 iova, const void *buf,
		       size_t len)
{
	return space_access(mem, iova, NULL, buf, len);
}

static int space_map_ring(struct mdev_mem *mem, struct mdev_ring_map *map)
{
	struct space *space = to_space(mem);
	struct region *r = space_find(space, map->iova, map->perm);
	unsigned int i;

	must_be_outside(space, "mapping a ring");
	if (!r || map->iova - r->iova + map->len > r->len)
		return -EFAULT;
	map->addr = r->bytes + (map->iova - r->iova);
	for (i = 0; space->maps[i]; i++)
		CHECK(i + 1 < ARRAY_SIZE(space->maps));
	space->maps[i] = map;
	return 0;
}

static void space_unmap_ring(struct mdev_mem *mem, struct mdev_ring_map *map)
{
	struct space *space = to_space(mem);
	unsigned int i;

	must_be_outside(space, "unmapping a ring");
	for (i = 0; i < ARRAY_SIZE(space->maps); i++) {
		if (space->maps[i] == map) {
			space->maps[i] = NULL;
			return;
		}
	}
	unit_fail(__FILE__, __LINE__, "a ring is unmapped that is not mapped");
}

static const struct mdev_mem_ops space_ops = {
	.enter = space_enter,
	.leave = space_leave,
	.lookup = space_lookup,
	.fault = space_fault,
	.read = space_read,
	.write = space_write,
	.map_ring = space_map_ring,
	.unmap_ring = space_unmap_ring,
};

void space_init(struct space *space)
{
	memset(space, 0, sizeof(*space));
	space->mem.ops = &space_ops;
}

void space_destroy(struct space *space)
{
	unsigned int i;

	CHECK_EQ(space_nr_maps(space), 0);
	CHECK_EQ(space->depth, 0);
	for (i = 0; i < space->nr; i++)
		free(space->regions[i].bytes);
}

unsigned int space_nr_maps(struct space *space)
{
	unsigned int i, nr = 0;

	for (i = 0; i < ARRAY_SIZE(space->maps); i++)
		nr += !!space->maps[i];
	return nr;
}

struct region *space_map(struct space *space, u64 iova, size_t len,
			 unsigned int perm, bool known)
{
	struct region *r = &space->regions[space->nr++];
	unsigned int i;

	CHECK(space->nr <= MAX_REGIONS);
	CHECK(len <= MAX_PAGES * PAGE);
	r->iova = iova;
	r->len = len;
	r->perm = perm;
	r->bytes = calloc(1, len);
	for (i = 0; i < MAX_PAGES; i++)
		r->known[i] = known;
	return r;
}

unsigned long jiffies;
void (*unit_sleeper)(void *arg);
void *unit_sleeper_arg;

void unit_slept(void)
{
	if (unit_sleeper)
		unit_sleeper(unit_sleeper_arg);
}

/* The rings within are told, and the memory is gone when this returns. */
void space_unmap(struct space *space, struct region *r)
{
	unsigned int i;

	must_be_outside(space, "an unmap");
	for (i = 0; i < ARRAY_SIZE(space->maps); i++) {
		struct mdev_ring_map *map = space->maps[i];

		if (!map || map->dead || map->iova < r->iova ||
		    map->iova - r->iova >= r->len)
			continue;
		WRITE_ONCE(map->dead, true);
		map->invalidate(map);
	}
	free(r->bytes);
	r->bytes = NULL;
}

/* --- a driver and a device ------------------------------------------------- */

static void bench_wake(struct mdev_vq *vq)
{
	container_of(vq, struct bench, vq)->wakes++;
}

static void bench_broken(struct mdev_vq *vq)
{
	container_of(vq, struct bench, vq)->broken++;
}

static const struct mdev_vq_ops bench_ops = {
	.wake = bench_wake,
	.broken = bench_broken,
};

static irqreturn_t bench_callback(void *private)
{
	struct bench *b = private;

	b->signals++;
	return IRQ_HANDLED;
}

static void bench_error(void *private)
{
	struct bench *b = private;

	/* The parent has set its status by now. */
	CHECK_EQ(b->broken, ++b->errors);
}

void bench_init_at(struct bench *b, u16 num, u64 features, u16 state)
{
	static struct device dev;
	const struct virtio_mdev_callback cb = {
		.callback = bench_callback,
		.error = bench_error,
		.private = b,
	};
	struct virtio_mdev_vq_state st = {
		.split.avail_index = state,
	};
	bool packed = features & F_PACKED, event = features & F_EVENT;
	size_t len[3] = {
		16 * num, 4 + 2 * num + 2 * event, 4 + 8 * num + 2 * event,
	};
	unsigned int i;

	if (packed) {
		st.packed.last_avail_counter = state / WRAP;
		st.packed.last_avail_idx = state % WRAP;
		st.packed.last_used_counter = state / WRAP;
		st.packed.last_used_idx = state % WRAP;
		len[1] = 4;
		len[2] = 4;
	}
	memset(b, 0, sizeof(*b));
	space_init(&b->space);
	b->num = num;
	b->event_idx = event;
	b->is_packed = packed;
	b->avail_idx = state;
	b->kicked_idx = state;
	b->used_idx = state;
	/* Three regions of their own, each no longer than what it has to be */
	for (i = 0; i < 3; i++)
		b->ring[i] = space_map(&b->space, RING_IOVA * (i + 1), len[i],
				       MDEV_MEM_READ | MDEV_MEM_WRITE, false);
	if (packed) {
		packed_init(b, state);
	} else {
		b->desc = (void *)b->ring[0]->bytes;
		b->avail = (void *)b->ring[1]->bytes;
		b->used = (void *)b->ring[2]->bytes;
		b->avail->idx = __cpu_to_le16(state);
		b->used->idx = __cpu_to_le16(state);
	}
	b->data = space_map(&b->space, DATA_IOVA, DATA_LEN,
			    MDEV_MEM_READ | MDEV_MEM_WRITE, true);
	b->chain.segs = b->segs;
	b->chain.max_segs = MDEV_VQ_MAX_SEGS;

	mdev_vq_init(&b->vq, &bench_ops, &dev, 3, 32768);
	mdev_vq_set_cb(&b->vq, &cb);
	mdev_vq_set_features(&b->vq, features);
	CHECK_EQ(mdev_vq_set_num(&b->vq, num), 0);
	CHECK_EQ(mdev_vq_set_address(&b->vq, RING_IOVA, RING_IOVA * 2,
				     RING_IOVA * 3), 0);
	CHECK_EQ(mdev_vq_set_state(&b->vq, &st), 0);
	mdev_vq_set_ready(&b->vq, true);
	CHECK_EQ(mdev_vq_start(&b->vq, &b->space.mem), 0);
	CHECK(mdev_vq_claim(&b->vq));
}

void bench_init(struct bench *b, u16 num, u64 features)
{
	bench_init_at(b, num, features, features & F_PACKED ? WRAP : 0);
}

/* Stop and start, with empty rings and from the beginning */
void bench_restart(struct bench *b, u64 features)
{
	struct virtio_mdev_vq_state st = { 0 };

	CHECK_EQ(!!(features & F_PACKED), b->is_packed);
	mdev_vq_release(&b->vq);
	mdev_vq_stop(&b->vq);
	CHECK_EQ(space_nr_maps(&b->space), 0);
	if (b->is_packed) {
		packed_init(b, WRAP);
		st.packed.last_avail_counter = 1;
		st.packed.last_used_counter = 1;
	} else {
		b->avail->idx = 0;
		b->avail_idx = 0;
		b->kicked_idx = 0;
		b->used_idx = 0;
	}
	mdev_vq_set_features(&b->vq, features);
	CHECK_EQ(mdev_vq_set_state(&b->vq, &st), 0);
	CHECK_EQ(mdev_vq_start(&b->vq, &b->space.mem), 0);
	CHECK(mdev_vq_claim(&b->vq));
}

void bench_destroy(struct bench *b)
{
	mdev_vq_release(&b->vq);
	mdev_vq_stop(&b->vq);
	mdev_vq_destroy(&b->vq);
	space_destroy(&b->space);
	free(b->packed.slots);
}

void drv_desc(struct bench *b, unsigned int i, u64 addr, u32 len, u16 flags,
	      u16 next)
{
	b->desc[i].addr = __cpu_to_le64(addr);
	b->desc[i].len = __cpu_to_le32(len);
	b->desc[i].flags = __cpu_to_le16(flags);
	b->desc[i].next = __cpu_to_le16(next);
}

void drv_avail(struct bench *b, u16 head)
{
	b->avail->ring[b->avail_idx & (b->num - 1)] = __cpu_to_le16(head);
	/* the entry before the index */
	smp_wmb();
	WRITE_ONCE(b->avail->idx, __cpu_to_le16(++b->avail_idx));
}

/* A chain of one readable descriptor, which the id names */
void drv_one(struct bench *b, u32 len, u16 id)
{
	if (b->is_packed) {
		packed_desc(b, DATA_IOVA, len, 0, id);
		return;
	}
	drv_desc(b, id, DATA_IOVA, len, 0, 0);
	drv_avail(b, id);
}

/* Whether the driver has to kick for what it made available since last time */
bool drv_kick(struct bench *b)
{
	u16 old = b->kicked_idx, event;

	if (b->is_packed)
		return packed_kick(b);

	b->kicked_idx = b->avail_idx;
	/* the index before the device's wish */
	smp_mb();
	if (!b->event_idx)
		return !(__le16_to_cpu(READ_ONCE(b->used->flags)) &
			 VRING_USED_F_NO_NOTIFY);
	event = __le16_to_cpu(READ_ONCE(*(u16 *)&b->used->ring[b->num]));
	return vring_need_event(event, b->avail_idx, old);
}

/* Look at the next used entry. */
bool drv_peek(struct bench *b, u32 *id, u32 *len)
{
	struct vring_used_elem *elem;

	if (b->is_packed)
		return packed_peek(b, id, len);

	if (__le16_to_cpu(READ_ONCE(b->used->idx)) == b->used_idx)
		return false;
	/* the index before the entry */
	smp_rmb();
	elem = &b->used->ring[b->used_idx & (b->num - 1)];
	*id = __le32_to_cpu(elem->id);
	*len = __le32_to_cpu(elem->len);
	return true;
}

/* Take it, and step over the chain. */
bool drv_used(struct bench *b, u32 *id, u32 *len)
{
	if (b->is_packed)
		return packed_used(b, id, len);

	if (!drv_peek(b, id, len))
		return false;
	b->used_idx++;
	return true;
}

/* Ask to be signalled; true if there is something to collect already. */
bool drv_wait_used(struct bench *b)
{
	if (b->is_packed)
		return packed_wait_used(b);

	if (b->event_idx)
		WRITE_ONCE(b->avail->ring[b->num], __cpu_to_le16(b->used_idx));
	else
		WRITE_ONCE(b->avail->flags, 0);
	/* the wish before the last look */
	smp_mb();
	return __le16_to_cpu(READ_ONCE(b->used->idx)) != b->used_idx;
}

int dev_pop(struct bench *b)
{
	int token = mdev_mem_enter(&b->space.mem);
	int ret = mdev_vq_pop(&b->vq, &b->chain);

	mdev_mem_leave(&b->space.mem, token);
	return ret;
}

void dev_push(struct bench *b, u32 len)
{
	int token = mdev_mem_enter(&b->space.mem);

	mdev_vq_push(&b->vq, &b->chain, len);
	mdev_mem_leave(&b->space.mem, token);
}

bool dev_publish(struct bench *b)
{
	int token = mdev_mem_enter(&b->space.mem);
	bool signal;

	mdev_vq_publish(&b->vq);
	signal = mdev_vq_need_signal(&b->vq);
	mdev_mem_leave(&b->space.mem, token);
	return signal;
}

bool dev_enable(struct bench *b)
{
	int token = mdev_mem_enter(&b->space.mem);
	bool more = mdev_vq_enable_notify(&b->vq);

	mdev_mem_leave(&b->space.mem, token);
	return more;
}

void dev_disable(struct bench *b)
{
	int token = mdev_mem_enter(&b->space.mem);

	mdev_vq_disable_notify(&b->vq);
	mdev_mem_leave(&b->space.mem, token);
}

bool dev_alive(struct bench *b)
{
	int token = mdev_mem_enter(&b->space.mem);
	bool alive = mdev_vq_alive(&b->vq);

	mdev_mem_leave(&b->space.mem, token);
	return alive;
}
