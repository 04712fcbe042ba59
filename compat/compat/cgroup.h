/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _COMPAT_CGROUP_H
#define _COMPAT_CGROUP_H

/*
 * compat_same_cgroups(a, b): whether two tasks are in the same control groups of
 * all hierarchies, for files that include linux/cgroup.h.  A kernel can be built
 * without any.
 */
#ifdef CONFIG_CGROUPS
#define compat_same_cgroups(a, b)					\
({									\
	bool __same;							\
									\
	rcu_read_lock();						\
	__same = task_css_set(a) == task_css_set(b);			\
	rcu_read_unlock();						\
	__same;								\
})
#else
#define compat_same_cgroups(a, b)	((void)(a), (void)(b), true)
#endif

/*
 * compat_memcg_tryget(memcg): mem_cgroup_tryget(), which older kernels do not have, for
 * files that include linux/memcontrol.h.
 */
#ifdef CONFIG_MEMCG
#define compat_memcg_tryget(memcg)					\
	(!(memcg) || css_tryget(&(memcg)->css))
#else
#define compat_memcg_tryget(memcg)	((void)(memcg), true)
#endif

#endif /* _COMPAT_CGROUP_H */
