// SPDX-License-Identifier: GPL-2.0-only
/*
 * Driver memory: what all kinds have in common, and the memory of the kernel's
 * own drivers.
 */

#include <linux/io.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/overflow.h>

#include <linux/mdev_mem.h>

int mdev_mem_map_ring(struct mdev_mem *mem, struct mdev_ring_map *map)
{
	u64 last;
	int ret;

	if (!map->len || check_add_overflow(map->iova, (u64)map->len - 1, &last))
		return -EINVAL;

	map->addr = NULL;
	map->dead = false;
	map->mem = mem;
	ret = mem->ops->map_ring(mem, map);
	if (ret)
		map->mem = NULL;
	return ret;
}
EXPORT_SYMBOL_GPL(mdev_mem_map_ring);

void mdev_mem_unmap_ring(struct mdev_ring_map *map)
{
	if (!map->mem)
		return;

	map->mem->ops->unmap_ring(map->mem, map);
	map->mem = NULL;
	map->addr = NULL;
}
EXPORT_SYMBOL_GPL(mdev_mem_unmap_ring);

static int mdev_direct_enter(struct mdev_mem *mem)
{
	return 0;
}

static void mdev_direct_leave(struct mdev_mem *mem, int token)
{
}

/*
 * The addresses come from the kernel's own virtio core, which is trusted with
 * all of memory anyway.  An address can be wrong here only if a parent has a bug in
 * a length or an index, and a check of the first page catches that.
 */
static void *mdev_direct_lookup(struct mdev_mem *mem, u64 iova,
				unsigned int perm, size_t *len)
{
	if (WARN_ON_ONCE(!pfn_valid(PHYS_PFN(iova))))
		return NULL;
	return phys_to_virt(iova);
}

static int mdev_direct_fault(struct mdev_mem *mem, u64 iova, unsigned int perm)
{
	/* A second lookup would find no more than the first. */
	return -EFAULT;
}

static int mdev_direct_read(struct mdev_mem *mem, u64 iova, void *buf,
			    size_t len)
{
	void *src = mdev_direct_lookup(mem, iova, MDEV_MEM_READ, &len);

	if (!src)
		return -EFAULT;
	memcpy(buf, src, len);
	return 0;
}

static int mdev_direct_write(struct mdev_mem *mem, u64 iova, const void *buf,
			     size_t len)
{
	void *dst = mdev_direct_lookup(mem, iova, MDEV_MEM_WRITE, &len);

	if (!dst)
		return -EFAULT;
	memcpy(dst, buf, len);
	return 0;
}

static int mdev_direct_map_ring(struct mdev_mem *mem, struct mdev_ring_map *map)
{
	size_t len = map->len;

	map->addr = mdev_direct_lookup(mem, map->iova, map->perm, &len);
	return map->addr ? 0 : -EFAULT;
}

static void mdev_direct_unmap_ring(struct mdev_mem *mem,
				   struct mdev_ring_map *map)
{
}

static const struct mdev_mem_ops mdev_direct_ops = {
	.enter = mdev_direct_enter,
	.leave = mdev_direct_leave,
	.lookup = mdev_direct_lookup,
	.fault = mdev_direct_fault,
	.read = mdev_direct_read,
	.write = mdev_direct_write,
	.map_ring = mdev_direct_map_ring,
	.unmap_ring = mdev_direct_unmap_ring,
};

/* Stateless, so one serves every instance. */
static struct mdev_mem mdev_direct = {
	.ops = &mdev_direct_ops,
	.direct = true,
	.linear = true,
};

struct mdev_mem *mdev_mem_direct(void)
{
	return &mdev_direct;
}
EXPORT_SYMBOL_GPL(mdev_mem_direct);
