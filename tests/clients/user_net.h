/* SPDX-License-Identifier: GPL-2.0-only */
/* The subcommands of user-net. */
#ifndef USER_NET_H
#define USER_NET_H

#include "client.h"

struct vm_opts {
	const char *uuid[2];
	unsigned int nr_uuids;
	const char *own, *peer;	/* ping: IPv4 addresses */
	__u64 frames;
	unsigned int count;	/* times that a subcommand repeats */
	unsigned int size_kib;
	unsigned int threads, touches, stride, seconds;	/* scatter */
	size_t memlock;		/* bytes that may be locked, 0: no limit */
	bool move;		/* race: to other addresses each time */
	bool absent;		/* the feature is not there: check the refusal */
	bool steered;		/* ctrl: the device chooses the pair of a frame */
	bool self;		/* revoked: by the program itself */
	struct vm_net_opts net;
};

int cmd_demo(struct vm_opts *o);
int cmd_traffic(struct vm_opts *o);
int cmd_ctrl(struct vm_opts *o);
int cmd_info(struct vm_opts *o);
int cmd_reset(struct vm_opts *o);
int cmd_reuse(struct vm_opts *o);
int cmd_victim(struct vm_opts *o);
int cmd_hold(struct vm_opts *o);
int cmd_config_irq(struct vm_opts *o);
int cmd_second(struct vm_opts *o);
int cmd_started(struct vm_opts *o);
int cmd_request(struct vm_opts *o);
int cmd_revoked(struct vm_opts *o);
int cmd_inherited(struct vm_opts *o);
int cmd_blocked_call(struct vm_opts *o);
int cmd_two(struct vm_opts *o);
int cmd_resume(struct vm_opts *o);
int cmd_unmap_live(struct vm_opts *o);
int cmd_half(struct vm_opts *o);
int cmd_memlock(struct vm_opts *o);
int cmd_readonly(struct vm_opts *o);
int cmd_write_only(struct vm_opts *o);
int cmd_scatter(struct vm_opts *o);
int cmd_reuse_unmap(struct vm_opts *o);
int cmd_race(struct vm_opts *o);
int cmd_remap(struct vm_opts *o);
int cmd_stall(struct vm_opts *o);
int cmd_stalled(struct vm_opts *o);
int cmd_stuck(struct vm_opts *o);
int cmd_stuck_killed(struct vm_opts *o);
int cmd_slow(struct vm_opts *o);
int cmd_empty(struct vm_opts *o);
int cmd_headers(struct vm_opts *o);
int cmd_deaf(struct vm_opts *o);
int cmd_doorbell(struct vm_opts *o);
int cmd_exclude(struct vm_opts *o);
int cmd_messages(struct vm_opts *o);
int cmd_pieces(struct vm_opts *o);
int cmd_owner(struct vm_opts *o);
int cmd_order(struct vm_opts *o);
int cmd_asid(struct vm_opts *o);
int cmd_churn(struct vm_opts *o);
int cmd_exchange(struct vm_opts *o);
int cmd_attach(struct vm_opts *o);
int cmd_lifetimes(struct vm_opts *o);
int cmd_log(struct vm_opts *o);
int cmd_state(struct vm_opts *o);
int cmd_ping(struct vm_opts *o);

#endif
