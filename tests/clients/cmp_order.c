// SPDX-License-Identifier: GPL-2.0-only
/* user-cmp: calls in all orders, and in those of programs that there are. */
#include <assert.h>
#include <stdio.h>

#include "user_cmp.h"

/*
 * What programs call, and nothing that would make the device read its rings:
 * they may lie in memory that is not mapped, and the kernel's simulator takes
 * addresses for physical ones as long as nothing is mapped at all.
 */
static const struct cmp_call steps[] = {
	{ "SET_OWNER", K_NONE, VHOST_MDEV_SET_OWNER },
	{ "SET_BACKEND_FEATURES", K_IN64, VHOST_MDEV_SET_BACKEND_FEATURES,
	  CMP_BACKEND },
	{ "SET_STATUS 0", K_IN8, VHOST_MDEV_SET_STATUS, 0 },
	{ "SET_STATUS 0x1", K_IN8, VHOST_MDEV_SET_STATUS, 1 },
	{ "SET_STATUS 0x3", K_IN8, VHOST_MDEV_SET_STATUS, 3 },
	{ "SET_FEATURES good", K_IN64, VHOST_MDEV_SET_FEATURES, CMP_FEATURES },
	{ "SET_STATUS 0xb", K_IN8, VHOST_MDEV_SET_STATUS, 0xb },
	{ "UPDATE", K_MSG, 0, VHOST_MDEV_IOTLB_UPDATE, .iova = CMP_IOVA,
	  .size = CMP_PAGES * VM_PAGE, .perm = VHOST_MDEV_ACCESS_RW },
	{ "INVALIDATE", K_MSG, 0, VHOST_MDEV_IOTLB_INVALIDATE,
	  .iova = CMP_IOVA, .size = CMP_PAGES * VM_PAGE },
	{ "BATCH_BEGIN", K_MSG, 0, VHOST_MDEV_IOTLB_BATCH_BEGIN },
	{ "BATCH_END", K_MSG, 0, VHOST_MDEV_IOTLB_BATCH_END },
	{ "SET_VRING_NUM 0 64", K_STATE, VHOST_MDEV_SET_VRING_NUM, 0, CMP_NUM },
	{ "SET_VRING_BASE 0 7", K_STATE, VHOST_MDEV_SET_VRING_BASE, 0, 7 },
	{ "SET_VRING_ADDR 0", K_ADDR, VHOST_MDEV_SET_VRING_ADDR, 0, ADDR_GOOD },
	{ "SET_VRING_KICK 0", K_FILE, VHOST_MDEV_SET_VRING_KICK, 0, FD_EVENT },
	{ "SET_VRING_CALL 0", K_FILE, VHOST_MDEV_SET_VRING_CALL, 0, FD_EVENT },
	{ "SET_VRING_CALL 0 none", K_FILE, VHOST_MDEV_SET_VRING_CALL, 0,
	  FD_NONE },
	{ "SET_VRING_ENABLE 0 1", K_STATE, VHOST_MDEV_SET_VRING_ENABLE, 0, 1 },
	{ "SET_VRING_ENABLE 0 0", K_STATE, VHOST_MDEV_SET_VRING_ENABLE, 0, 0 },
	{ "GET_VRING_BASE 0 9", K_STATE, VHOST_MDEV_GET_VRING_BASE, 0, 9 },
	{ "SET_STATUS 0xf", K_IN8, VHOST_MDEV_SET_STATUS, 0xf },
	{ "SUSPEND", K_NONE, VHOST_MDEV_SUSPEND },
	{ "RESUME", K_NONE, VHOST_MDEV_RESUME },
};

/* Any two after each other, and many at random, the same each time */
void cmp_orders(struct cmp *c)
{
	static const enum cmp_state from[] = {
		S_OPEN, S_OWNED, S_DRIVER, S_FEATURES_OK, S_RINGS, S_LIVE,
		S_SUSPENDED,
	};
	unsigned int i, k, n;
	__u32 random = 1;

	for (n = 0; n < 2; n++) {
		for (i = 0; i < ARRAY_SIZE(steps); i++) {
			for (k = 0; k < ARRAY_SIZE(steps); k++) {
				cmp_begin(c, n ? S_RINGS : S_OWNED,
					  "pair %s %u %u",
					  n ? "rings" : "owned", i, k);
				cmp_call(c, &steps[i]);
				cmp_call(c, &steps[k]);
				cmp_look(c);
				cmp_end(c);
			}
		}
	}
	for (n = 0; n < 300; n++) {
		enum cmp_state s = from[n % ARRAY_SIZE(from)];

		cmp_begin(c, s, "random %s %u", cmp_state_names[s], n);
		for (i = 0; i < 12; i++) {
			random = random * 1664525 + 1013904223;
			cmp_call(c, &steps[(random >> 16) % ARRAY_SIZE(steps)]);
		}
		cmp_look(c);
		cmp_end(c);
	}
}

/* ---- programs ---- */

enum { OWNER, BACKEND, STATUS_0, STATUS_1, STATUS_3, FEATURES, STATUS_B, MAP,
	UNMAP, BEGIN, END, NUM, BASE, ADDR, KICK, CALL, NO_CALL, ENABLE,
	DISABLE, GET_BASE, STATUS_F, SUSPEND, RESUME, STOP };

static_assert(ARRAY_SIZE(steps) == STOP);

static const struct {
	const char *name;
	__u8 step[48];
} clients[] = {
	{ "QEMU 7.2", { STATUS_0, STATUS_1, STATUS_3, OWNER, CALL, FEATURES,
		STATUS_B, BACKEND, NUM, BASE, ADDR, KICK, ENABLE, BEGIN, MAP,
		END, STATUS_F, STATUS_0, STATUS_3, UNMAP, GET_BASE, NO_CALL,
		STOP } },
	{ "QEMU 10.0", { OWNER, BACKEND, STATUS_0, STATUS_3, FEATURES, STATUS_B,
		MAP, NUM, BASE, ADDR, KICK, CALL, STATUS_F, ENABLE, SUSPEND,
		GET_BASE, STATUS_0, UNMAP, STOP } },
	{ "QEMU 10.2", { BACKEND, OWNER, MAP, STATUS_0, STATUS_3, UNMAP, MAP,
		FEATURES, STATUS_B, NUM, BASE, ADDR, KICK, CALL, STATUS_F,
		ENABLE, SUSPEND, GET_BASE, STATUS_0, UNMAP, STOP } },
	{ "DPDK 22.11", { OWNER, BACKEND, STATUS_0, STATUS_1, STATUS_3, CALL,
		FEATURES, STATUS_B, BEGIN, UNMAP, MAP, END, NUM, BASE, ADDR,
		KICK, ENABLE, STATUS_F, DISABLE, GET_BASE, STATUS_0, STOP } },
	{ "libblkio 1.5", { OWNER, BACKEND, STATUS_0, STATUS_3, FEATURES,
		STATUS_B, MAP, NUM, BASE, ADDR, KICK, CALL, ENABLE, STATUS_F,
		UNMAP, STATUS_0, STOP } },
	{ "one that suspends, saves and restores", { OWNER, BACKEND, STATUS_0,
		STATUS_1, STATUS_3, FEATURES, STATUS_B, MAP, NUM, ADDR, ENABLE,
		STATUS_F, SUSPEND, GET_BASE, RESUME, SUSPEND, GET_BASE,
		STATUS_0, STATUS_3, FEATURES, STATUS_B, NUM, BASE, ADDR,
		ENABLE, STATUS_F, SUSPEND, GET_BASE, STOP } },
};

void cmp_clients(struct cmp *c)
{
	unsigned int i, k;

	for (i = 0; i < ARRAY_SIZE(clients); i++) {
		cmp_begin(c, S_OPEN, "as %s", clients[i].name);
		for (k = 0; clients[i].step[k] != STOP; k++)
			cmp_call(c, &steps[clients[i].step[k]]);
		cmp_look(c);
		cmp_end(c);
	}
}
