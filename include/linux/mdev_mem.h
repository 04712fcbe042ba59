/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Driver memory: how a software parent reaches the rings and buffers that the
 * driver of an instance placed in its own address space.
 */
#ifndef _LINUX_MDEV_MEM_H
#define _LINUX_MDEV_MEM_H

#include <linux/gfp.h>
#include <linux/types.h>

#include <asm/barrier.h>

struct mdev_mem;

/**
 * DOC: driver memory
 *
 * The addresses that a driver writes into a virtqueue belong to the driver's
 * address space: physical addresses for a kernel driver, I/O virtual addresses
 * (IOVA) of a VFIO container or of IOTLB messages for a user.  The class driver
 * supplies that space as a &struct mdev_mem; the parent never learns which kind
 * it has.
 *
 * There are two ways to reach a byte, and a data path needs both:
 *
 * * Inside a *read section* (mdev_mem_enter() to mdev_mem_leave()),
 *   mdev_mem_lookup() turns an address into a kernel pointer without taking a
 *   lock.  The pointer is valid until the section ends, because the space waits
 *   for its readers before it releases a page.  A section must therefore be short
 *   (some dozens of frames) and must never wait for the driver.
 * * Outside of any section, mdev_mem_fault() makes an address known to
 *   mdev_mem_lookup(), and where it cannot, mdev_mem_read() and
 *   mdev_mem_write() copy through the slow path.  These three sleep, and take
 *   locks under which the space may be waiting for readers: calling them within
 *   a section deadlocks.
 *
 * A device that hands pages to somebody else, as a block device does, *holds* what it
 * has looked up: mdev_mem_hold() in the section, mdev_mem_release() when the pages
 * were given back.  Meanwhile the driver may still take the memory away, and waits for
 * the release if that comes soon enough.
 *
 * Ring words have to be read and written as single words, so a ring is mapped
 * as a whole with mdev_mem_map_ring() and never goes through the copying calls.
 */

/* What an access needs; a mapping may allow less (a read-only VFIO mapping). */
#define MDEV_MEM_READ	0x1
#define MDEV_MEM_WRITE	0x2

/**
 * struct mdev_ring_map - a piece of a virtqueue mapped into the kernel
 * @iova:	address in the driver's address space; set by the caller
 * @len:	length in bytes; set by the caller
 * @perm:	MDEV_MEM_READ, or MDEV_MEM_READ | MDEV_MEM_WRITE; set by the caller
 * @invalidate:	called once, in any context and maybe under a spinlock, when the
 *		driver takes the memory away; set by the caller.  @dead already
 *		reads true then.  It must not sleep and must not call back into
 *		the memory, it may queue work.
 * @addr:	kernel address of the first byte, contiguous for @len bytes; set
 *		by mdev_mem_map_ring().  To be used inside a read section only,
 *		after @dead was seen false in the same section.
 * @dead:	the memory is gone; write-once, read with READ_ONCE()
 * @mem:	the space it was mapped from; set by mdev_mem_map_ring()
 * @priv:	for the memory back end
 */
struct mdev_ring_map {
	u64 iova;
	size_t len;
	unsigned int perm;
	void (*invalidate)(struct mdev_ring_map *map);

	void *addr;
	bool dead;
	struct mdev_mem *mem;
	void *priv;
};

/**
 * struct mdev_mem_ops - what a class driver implements for a kind of memory
 * @enter:	begin a read section; the result is handed to @leave.  The
 *		context is that of mdev_mem_enter(); sections of one context do
 *		not nest.
 * @leave:	end a read section
 * @lookup:	see mdev_mem_lookup()
 * @fault:	see mdev_mem_fault()
 * @read:	see mdev_mem_read()
 * @write:	see mdev_mem_write()
 * @map_ring:	see mdev_mem_map_ring(); @mem is set already, @dead false
 * @unmap_ring:	see mdev_mem_unmap_ring()
 * @hold:	(optional, with @release) see mdev_mem_hold().  A space without it never
 *		releases pages that somebody uses.
 * @release:	(optional, with @hold) see mdev_mem_release()
 */
struct mdev_mem_ops {
	int (*enter)(struct mdev_mem *mem);
	void (*leave)(struct mdev_mem *mem, int token);
	void *(*lookup)(struct mdev_mem *mem, u64 iova, unsigned int perm,
			size_t *len);
	int (*fault)(struct mdev_mem *mem, u64 iova, unsigned int perm);
	int (*read)(struct mdev_mem *mem, u64 iova, void *buf, size_t len);
	int (*write)(struct mdev_mem *mem, u64 iova, const void *buf,
		     size_t len);
	int (*map_ring)(struct mdev_mem *mem, struct mdev_ring_map *map);
	void (*unmap_ring)(struct mdev_mem *mem, struct mdev_ring_map *map);
	int (*hold)(struct mdev_mem *mem);
	void (*release)(struct mdev_mem *mem, int token);
};

/**
 * struct mdev_mem - the driver's address space
 * @ops:	how to reach it
 * @direct:	every lookup succeeds at once and nothing ever sleeps, so that a
 *		parent may work in the context of the kick (atomic, maybe with
 *		interrupts off).  True for the kernel's own drivers.
 * @linear:	addresses are physical, and all of them have a place in the
 *		kernel's linear mapping
 * @rings_return: memory of a virtqueue that the driver takes away may be mapped again
 *	soon, with the same content.  The user of the virtqueue waits for that a while
 *	before it breaks the queue.  Set by the class driver before any ring is mapped.
 * @copied: no data is found by lookups for now, so that each access to it is a copy
 *	that waits, and two small ones cost more than a large one.  A hint, which may
 *	change at any time.
 * @generation:	changes when something that a lookup has found goes away, see
 *		mdev_mem_forget()
 *
 * Embedded by the class driver into its own structure.
 */
struct mdev_mem {
	const struct mdev_mem_ops *ops;
	bool direct;
	bool linear;
	bool rings_return;
	bool copied;
	unsigned long generation;
};

/**
 * mdev_mem_is_copied() - whether it is no use to look data up
 * @mem: the memory
 *
 * Context: any.
 * Return: &mdev_mem.copied
 */
static inline bool mdev_mem_is_copied(const struct mdev_mem *mem)
{
	return READ_ONCE(mem->copied);
}

/**
 * mdev_mem_forget() - invalidate remembered results of lookups
 * @mem: the memory
 *
 * The back end calls this when lookups no longer find what it is about to release,
 * and before it waits for the read sections that may have found it.  Whoever keeps
 * the result of a lookup for longer than a section compares mdev_mem_generation().
 *
 * Context: any; serialised by the back end.
 */
static inline void mdev_mem_forget(struct mdev_mem *mem)
{
	/* Pairs with smp_load_acquire() in mdev_mem_generation() */
	smp_store_release(&mem->generation, mem->generation + 1);
}

/**
 * mdev_mem_generation() - what the validity of remembered lookups depends on
 * @mem: the memory
 *
 * Context: inside a read section, before the first lookup to be remembered, and
 * before a remembered one is used.
 * Return: a number; lookups from any section in which it was the same are still
 * valid in this one.
 */
static inline unsigned long mdev_mem_generation(const struct mdev_mem *mem)
{
	/* Pairs with smp_store_release() in mdev_mem_forget() */
	return smp_load_acquire(&mem->generation);
}

/**
 * mdev_mem_enter() - begin a read section
 * @mem: the driver's memory
 *
 * Context: any but an NMI.  Never sleeps, so that a section may be short in softirq
 * as well, as long as it does not wait for what it misses.
 * Return: a token for mdev_mem_leave().
 */
static inline int mdev_mem_enter(struct mdev_mem *mem)
{
	return mem->ops->enter(mem);
}

/**
 * mdev_mem_leave() - end a read section
 * @mem: the driver's memory
 * @token: what mdev_mem_enter() returned
 *
 * Context: as mdev_mem_enter(), in the context that entered.
 */
static inline void mdev_mem_leave(struct mdev_mem *mem, int token)
{
	mem->ops->leave(mem, token);
}

/**
 * mdev_mem_lookup() - kernel address of a byte of driver memory
 * @mem: the driver's memory
 * @iova: address in the driver's address space
 * @perm: MDEV_MEM_READ, MDEV_MEM_WRITE or both
 * @len: in: bytes wanted, at least 1; out: bytes usable from the result on,
 *       between 1 and the number wanted
 *
 * Context: inside a read section; takes no lock and never sleeps.
 * Return: a pointer that is valid until mdev_mem_leave(), or NULL if the
 * address is not known (yet): leave the section and call mdev_mem_fault().
 */
static inline void *mdev_mem_lookup(struct mdev_mem *mem, u64 iova,
				    unsigned int perm, size_t *len)
{
	return mem->ops->lookup(mem, iova, perm, len);
}

/**
 * mdev_mem_fault() - make an address known to mdev_mem_lookup()
 * @mem: the driver's memory
 * @iova: address in the driver's address space
 * @perm: MDEV_MEM_READ, MDEV_MEM_WRITE or both
 *
 * Context: process context, outside of any read section; sleeps.
 * Return: 0 if the lookup is worth another try (it may miss again, because
 * the driver can take the memory away in between); -EAGAIN if the page cannot be
 * pinned right now (it is being unmapped, or RLIMIT_MEMLOCK is reached), so that
 * mdev_mem_read() or mdev_mem_write() has to do; -EFAULT if the driver mapped
 * nothing there or not with @perm; -ENOMEM.
 */
static inline int mdev_mem_fault(struct mdev_mem *mem, u64 iova,
				 unsigned int perm)
{
	return mem->ops->fault(mem, iova, perm);
}

/**
 * mdev_mem_read() - copy from driver memory through the slow path
 * @mem: the driver's memory
 * @iova: address in the driver's address space
 * @buf: kernel buffer
 * @len: bytes
 *
 * For payload only: a ring word could be torn.
 *
 * Context: process context, outside of any read section; sleeps.
 * Return: 0, or -EFAULT if any of it is not mapped for reading; then the
 * contents of @buf are undefined.
 */
static inline int mdev_mem_read(struct mdev_mem *mem, u64 iova, void *buf,
				size_t len)
{
	return mem->ops->read(mem, iova, buf, len);
}

/**
 * mdev_mem_write() - copy to driver memory through the slow path
 * @mem: the driver's memory
 * @iova: address in the driver's address space
 * @buf: kernel buffer
 * @len: bytes
 *
 * Context: process context, outside of any read section; sleeps.
 * Return: 0, or -EFAULT if any of it is not mapped for writing; then a part
 * may have been written.
 */
static inline int mdev_mem_write(struct mdev_mem *mem, u64 iova,
				 const void *buf, size_t len)
{
	return mem->ops->write(mem, iova, buf, len);
}

/**
 * mdev_mem_map_ring() - map a piece of a virtqueue for the life of the queue
 * @mem: the driver's memory
 * @map: @iova, @len, @perm and @invalidate filled in by the caller; must not
 *       move until mdev_mem_unmap_ring()
 *
 * Context: process context if @mem is not direct, outside of any read section;
 * may sleep.
 * Return: 0; -EINVAL if @len is 0 or the range wraps; -EFAULT if any of it is
 * not mapped by the driver with @perm; -ENOMEM if memory or RLIMIT_MEMLOCK is
 * exhausted; -EINTR if a signal came while it waited for an unmap to finish;
 * -EBUSY if it waited for too long.
 */
int mdev_mem_map_ring(struct mdev_mem *mem, struct mdev_ring_map *map);

/**
 * mdev_mem_unmap_ring() - undo mdev_mem_map_ring()
 * @map: mapped piece; one that is not mapped (@mem NULL) is left alone
 *
 * The caller has made sure that no read section uses @map any more.  Once this
 * returns @invalidate is neither running nor called.
 *
 * Context: as mdev_mem_map_ring().
 */
void mdev_mem_unmap_ring(struct mdev_ring_map *map);

/**
 * mdev_mem_gfp() - flags to allocate memory that the driver is charged for
 * @mem: the driver's memory
 *
 * For memory that is needed to serve the driver, from its start to its reset.  It
 * is charged to the program whose task, or &struct mdev_worker, allocates it, unless
 * the driver is one of the kernel's own.
 *
 * Context: any.
 * Return: GFP_KERNEL or GFP_KERNEL_ACCOUNT.
 */
static inline gfp_t mdev_mem_gfp(const struct mdev_mem *mem)
{
	return mem->direct ? GFP_KERNEL : GFP_KERNEL_ACCOUNT;
}

/**
 * mdev_mem_direct() - the memory of the kernel's own drivers
 *
 * Addresses are physical and within the kernel's linear mapping, which is what
 * a virtio driver uses when VIRTIO_F_ACCESS_PLATFORM is not negotiated (virtio
 * 1.2, section 6.1).
 *
 * Context: any.
 * Return: the one instance, which needs no release.
 */
struct mdev_mem *mdev_mem_direct(void);

#endif /* _LINUX_MDEV_MEM_H */
