/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the virtqueue library uses of the kernel, for userspace.  One thread of
 * the device and one of the driver may run at a time, so barriers and atomics
 * are real, while locks need not be fair.
 */
#ifndef _KERNEL_SHIM_H
#define _KERNEL_SHIM_H

#include <assert.h>
#include <errno.h>
#include <sched.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <linux/types.h>

typedef uint8_t u8;
typedef uint16_t u16;
typedef uint32_t u32;
typedef uint64_t u64;
typedef int64_t s64;
typedef u64 phys_addr_t;
typedef u64 resource_size_t;
typedef u64 resource_size_t;

#define __force
#define __packed		__attribute__((packed))
#define __aligned(x)		__attribute__((aligned(x)))
#define __printf(a, b)		__attribute__((format(printf, a, b)))
#define likely(x)		__builtin_expect(!!(x), 1)
#define unlikely(x)		__builtin_expect(!!(x), 0)
#define EXPORT_SYMBOL_GPL(sym)	static_assert(1, #sym)
#define ARRAY_SIZE(a)		(sizeof(a) / sizeof((a)[0]))
#define BUILD_BUG_ON(cond)	static_assert(!(cond), #cond)
#define U16_MAX			UINT16_MAX
#define U32_MAX			UINT32_MAX
#define BIT(nr)			(1UL << (nr))
#define BIT_ULL(nr)		(1ULL << (nr))
#define GENMASK(high, low)	(BIT((high) + 1) - BIT(low))

#define min(a, b) ({							\
	typeof(a) _min_a = (a);						\
	typeof(b) _min_b = (b);						\
	_min_a < _min_b ? _min_a : _min_b; })

#define min_t(type, a, b) ({						\
	type _min_a = (a), _min_b = (b);				\
	_min_a < _min_b ? _min_a : _min_b; })

#define roundup_pow_of_two(n)	((n) < 2 ? 1U : 1U << (32 - __builtin_clz((n) - 1)))
#define ALIGN_DOWN(x, a)	((x) & ~((typeof(x))(a) - 1))

#define PAGE_SHIFT		12
#define PAGE_SIZE		BIT(PAGE_SHIFT)
#define PAGE_MASK		(~(PAGE_SIZE - 1))
#define offset_in_page(p)	((unsigned long)(p) & ~PAGE_MASK)
#define compat_copy_long(to, from, len)	((void)memcpy(to, from, len))

#define container_of(ptr, type, member) \
	((type *)((char *)(ptr) - offsetof(type, member)))
#define container_of_const(ptr, type, member) container_of(ptr, type, member)

#define check_add_overflow(a, b, res)	__builtin_add_overflow(a, b, res)
#define array_index_nospec(index, size)	((void)(size), (index))

/* --- memory order ---------------------------------------------------------- */

#define READ_ONCE(x)	(*(const volatile typeof(x) *)&(x))
#define WRITE_ONCE(x, val) (*(volatile typeof(x) *)&(x) = (val))
#define smp_mb()	__atomic_thread_fence(__ATOMIC_SEQ_CST)
#define smp_rmb()	__atomic_thread_fence(__ATOMIC_ACQUIRE)
#define smp_wmb()	__atomic_thread_fence(__ATOMIC_RELEASE)
#define smp_mb__after_atomic() smp_mb()
#define xchg(p, v)		__atomic_exchange_n(p, v, __ATOMIC_SEQ_CST)
#define smp_load_acquire(p)	__atomic_load_n(p, __ATOMIC_ACQUIRE)
#define smp_store_release(p, v)	__atomic_store_n(p, v, __ATOMIC_RELEASE)

typedef struct { int counter; } atomic_t;
typedef struct { s64 counter; } atomic64_t;

#define atomic_set(v, i)	__atomic_store_n(&(v)->counter, i, __ATOMIC_RELAXED)
#define atomic_inc(v)		__atomic_add_fetch(&(v)->counter, 1, __ATOMIC_SEQ_CST)
#define atomic_dec_and_test(v) \
	(__atomic_sub_fetch(&(v)->counter, 1, __ATOMIC_SEQ_CST) == 0)
#define atomic_dec_return(v)	__atomic_sub_fetch(&(v)->counter, 1, __ATOMIC_SEQ_CST)
#define atomic_read(v)		__atomic_load_n(&(v)->counter, __ATOMIC_RELAXED)
#define atomic_read_acquire(v)	__atomic_load_n(&(v)->counter, __ATOMIC_ACQUIRE)
#define atomic64_inc(v)		__atomic_add_fetch(&(v)->counter, 1, __ATOMIC_SEQ_CST)
#define atomic64_read(v)	__atomic_load_n(&(v)->counter, __ATOMIC_RELAXED)

typedef struct { bool held; } spinlock_t;

static inline void spin_lock_init(spinlock_t *lock)
{
	lock->held = false;
}

static inline void spin_lock_bh(spinlock_t *lock)
{
	while (__atomic_test_and_set(&lock->held, __ATOMIC_ACQUIRE))
		sched_yield();
}

static inline void spin_unlock_bh(spinlock_t *lock)
{
	__atomic_clear(&lock->held, __ATOMIC_RELEASE);
}

/* There are no interrupts. */
#define spin_lock_irqsave(lock, flags)					\
	do { (flags) = 0; spin_lock_bh(lock); } while (0)
#define spin_unlock_irqrestore(lock, flags)				\
	do { (void)(flags); spin_unlock_bh(lock); } while (0)

#define wait_var_event(var, cond) \
	do { (void)(var); while (!(cond)) sched_yield(); } while (0)
#define HZ	100
#define wait_var_event_timeout(var, cond, timeout)			\
({									\
	unsigned int _tries = 0;					\
	bool _done;							\
									\
	(void)(var);							\
	while (!(_done = (cond)) && ++_tries < 1000 * (timeout))	\
		sched_yield();						\
	_done;								\
})
#define wake_up_var(var)	((void)(var))

/* The result is not used. */
static inline void strscpy(char *to, const char *from, size_t size)
{
	size_t len = strnlen(from, size - 1);

	memcpy(to, from, len);
	to[len] = '\0';
}

/* --- the rest -------------------------------------------------------------- */

#define __percpu

#define WARN_ON_ONCE(cond) ({						\
	bool _warn = !!(cond);						\
	if (_warn) {							\
		fprintf(stderr, "warning at %s:%d: %s\n", __FILE__,	\
			__LINE__, #cond);				\
		abort();						\
	}								\
	_warn; })

typedef int gfp_t;
#define GFP_KERNEL		0
#define GFP_KERNEL_ACCOUNT	1

/* A test may have the next allocation fail. */
extern bool shim_fail_alloc;

static inline void *kvmalloc(size_t size, int gfp)
{
	(void)gfp;
	if (shim_fail_alloc) {
		shim_fail_alloc = false;
		return NULL;
	}
	return malloc(size);
}

#define kvfree(p)	free(p)

static inline void *kvmalloc_array(size_t n, size_t size, int gfp)
{
	return kvmalloc(n * size, gfp);
}

static inline void *kvcalloc(size_t n, size_t size, int gfp)
{
	void *p = kvmalloc(n * size, gfp);

	if (p)
		memset(p, 0, n * size);
	return p;
}

static inline int vscnprintf(char *buf, size_t size, const char *fmt,
			     va_list args)
{
	int len = vsnprintf(buf, size, fmt, args);

	return len < (int)size ? len : (int)size - 1;
}

/* The last message, for tests to look at */
extern char shim_message[256];

#define dev_err_ratelimited(dev, fmt, ...)				\
	((void)(dev), snprintf(shim_message, sizeof(shim_message), fmt,	\
			       ##__VA_ARGS__))

/* Physical memory is the process's own. */
#define PHYS_PFN(x)	((x) >> 12)
#define phys_to_virt(x)	((void *)(uintptr_t)(x))
bool pfn_valid(u64 pfn);

typedef int irqreturn_t;
#define IRQ_HANDLED	1

#define dev_warn_ratelimited(dev, fmt, ...) \
	dev_err_ratelimited(dev, fmt, ##__VA_ARGS__)

/* Time passes only where the device sleeps; what happens then is up to a test. */
extern unsigned long jiffies;
void unit_slept(void);

static inline long schedule_timeout_interruptible(long timeout)
{
	jiffies += timeout;
	unit_slept();
	return 0;
}

#define time_after_eq(a, b)	((long)((a) - (b)) >= 0)

/* Nobody makes the device give up. */
#define fatal_signal_pending(task)	((void)(task), false)
#define current				NULL

struct device_driver { const char *name; };
struct device { const char *name; };
struct cpumask;

#endif /* _KERNEL_SHIM_H */
