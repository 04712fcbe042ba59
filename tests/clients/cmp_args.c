// SPDX-License-Identifier: GPL-2.0-only
/* user-cmp: arguments that are wrong for whatever takes such. */
#include <stdio.h>

#include "user_cmp.h"

enum { VRING = 1, EVENTFD = 2 };

static const struct {
	const char *name;
	unsigned long req;
	unsigned int takes;
} all[] = {
#define I(r, ...) { #r, VHOST_MDEV_##r, ##__VA_ARGS__ }
	I(GET_FEATURES),
	I(SET_FEATURES),
	I(GET_BACKEND_FEATURES),
	I(SET_BACKEND_FEATURES),
	I(GET_DEVICE_ID),
	I(GET_STATUS),
	I(SET_STATUS),
	I(GET_CONFIG),
	I(SET_CONFIG),
	I(SET_CONFIG_CALL),
	I(GET_CONFIG_SIZE),
	I(GET_IOVA_RANGE),
	I(GET_VRING_NUM),
	I(GET_VQS_COUNT),
	I(GET_GROUP_NUM),
	I(GET_AS_NUM),
	I(SET_GROUP_ASID),
	I(GET_VRING_GROUP, VRING),
	I(GET_VRING_SIZE, VRING),
	I(SET_VRING_ENABLE, VRING),
	I(SET_VRING_NUM, VRING),
	I(SET_VRING_ADDR),	/* whose rings have to be good: cmp_calls.c */
	I(SET_VRING_BASE, VRING),
	I(GET_VRING_BASE, VRING),
	I(SET_VRING_KICK, VRING | EVENTFD),
	I(SET_VRING_CALL, VRING | EVENTFD),
	I(SET_VRING_ERR, VRING | EVENTFD),
#undef I
};

static void one(struct cmp *c, enum cmp_state s, unsigned int *n,
		const struct cmp_call *call)
{
	cmp_begin(c, s, "%s arg %u", cmp_state_names[s], (*n)++);
	cmp_call(c, call);
	cmp_look(c);
	cmp_end(c);
}

static void pointers(struct cmp *c, enum cmp_state s, unsigned int *n,
		     unsigned int i)
{
	static const __u64 where[] = { 0, 0x10, 0xffff888000001000ULL, ~7ULL };
	char name[80];
	struct cmp_call call = { name, K_PTR, all[i].req };
	unsigned int k;

	for (k = 0; k < ARRAY_SIZE(where); k++) {
		snprintf(name, sizeof(name), "%s from %#llx", all[i].name,
			 (unsigned long long)where[k]);
		call.a = where[k];
		one(c, s, n, &call);
	}
}

static void queues(struct cmp *c, enum cmp_state s, unsigned int *n,
		   unsigned int i)
{
	/* An eventfd that is none is as good as one here. */
	static const __u32 index[] = { 3, 65536, 0x80000000, 0xffffffff };
	char name[80];
	struct cmp_call call = { name, K_STATE, all[i].req };
	unsigned int k;

	call.b = 1;
	if (all[i].takes & EVENTFD) {
		call.kind = K_FILE;
		call.b = FD_NONE;
	}
	for (k = 0; k < ARRAY_SIZE(index); k++) {
		snprintf(name, sizeof(name), "%s of virtqueue %u", all[i].name,
			 index[k]);
		call.a = index[k];
		one(c, s, n, &call);
	}
}

static void eventfds(struct cmp *c, enum cmp_state s, unsigned int *n,
		     unsigned int i)
{
	static const struct {
		const char *name;
		enum cmp_fd fd;
	} fds[] = {
		{ "an eventfd", FD_EVENT },
		{ "none", FD_NONE },
		{ "a closed one", FD_CLOSED },
		{ "-2", FD_NEGATIVE },
		{ "/dev/null", FD_NULL },
	};
	char name[80];
	struct cmp_call call = { name, K_FILE, all[i].req };
	unsigned int k;

	for (call.a = 0; call.a < 3; call.a += 2) {
		for (k = 0; k < ARRAY_SIZE(fds); k++) {
			snprintf(name, sizeof(name), "%s %u: %s", all[i].name,
				 (unsigned int)call.a, fds[k].name);
			call.b = fds[k].fd;
			one(c, s, n, &call);
		}
	}
}

void cmp_args(struct cmp *c, enum cmp_state s)
{
	unsigned int i, n = 0;

	for (i = 0; i < ARRAY_SIZE(all); i++) {
		pointers(c, s, &n, i);
		if (all[i].takes & VRING)
			queues(c, s, &n, i);
		if (all[i].takes & EVENTFD)
			eventfds(c, s, &n, i);
	}
}
