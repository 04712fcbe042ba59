// SPDX-License-Identifier: GPL-2.0-only
/*
 * user-net - drive class VHOST instances of a virtio-net parent through VFIO or
 * the char device.
 *
 * Each subcommand says what it found, and its exit status whether that is as
 * it ought to be.
 */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "user_net.h"

static const struct {
	const char *name;
	int (*run)(struct vm_opts *o);
	unsigned int uuids;	/* at least; one more is optional for some */
	const char *help;
	bool more;
} cmds[] = {
	{ "demo", cmd_demo, 1, "walk through, in words" },
	{ "traffic", cmd_traffic, 1, "frames out and in, each byte compared" },
	{ "ctrl", cmd_ctrl, 1, "the control queue" },
	{ "info", cmd_info, 1, "what the device says of itself" },
	{ "reset", cmd_reset, 1, "VFIO_DEVICE_RESET, RESET_OWNER" },
	{ "reuse", cmd_reuse, 1, "reset, and close and open, --count times" },
	{ "victim", cmd_victim, 1, "traffic until killed" },
	{ "hold", cmd_hold, 1, "hold the device fd until killed" },
	{ "config-irq", cmd_config_irq, 1, "link changes by the config eventfd" },
	{ "second", cmd_second, 1, "a second user is turned away" },
	{ "started", cmd_started, 1, "another process starts the device" },
	{ "request", cmd_request, 1, "remove asks the user to let go" },
	{ "revoked", cmd_revoked, 1, "removed while it is open" },
	{ "inherited", cmd_inherited, 1, "another process opens the char device" },
	{ "blocked-call", cmd_blocked_call, 1,
	  "a call that does not come back until killed" },
	{ "two", cmd_two, 2, "two instances in one container" },
	{ "resume", cmd_resume, 1, "stop, save, set up again, go on" },
	{ "unmap-live", cmd_unmap_live, 1, "UNMAP_DMA of what is in use" },
	{ "half", cmd_half, 1, "DRIVER_OK that fails at the last virtqueue" },
	{ "memlock", cmd_memlock, 1, "traffic with 64 KiB of locked memory" },
	{ "readonly", cmd_readonly, 1, "mappings that the device must not write" },
	{ "write-only", cmd_write_only, 1, "mappings that the device may only write" },
	{ "scatter", cmd_scatter, 1, "threads unmap what is pinned in many places",
	  true },
	{ "reuse-unmap", cmd_reuse_unmap, 1, "mappings replaced during an unmap" },
	{ "race", cmd_race, 2, "unmap and map by threads, under traffic" },
	{ "remap", cmd_remap, 1, "unmap and map live rings, --count times" },
	{ "stall", cmd_stall, 1, "an unmap that its user makes stand still" },
	{ "stalled", cmd_stalled, 1, "the same, until killed" },
	{ "stuck", cmd_stuck, 1, "a page that the device waits for in vain" },
	{ "stuck-killed", cmd_stuck_killed, 1, "the same, until killed" },
	{ "empty", cmd_empty, 1, "a receive queue of descriptors of no bytes" },
	{ "headers", cmd_headers, 1, "wrong headers, to a device that is an echo" },
	{ "deaf", cmd_deaf, 1, "no receive buffers, until signals come" },
	{ "slow", cmd_slow, 1, "pages that come slowly, one after the other" },
	{ "doorbell", cmd_doorbell, 1, "mapped doorbells" },
	{ "exclude", cmd_exclude, 1, "the VFIO and the char device, one a time" },
	{ "messages", cmd_messages, 1, "messages of all kinds to the char device" },
	{ "pieces", cmd_pieces, 1, "many small mappings" },
	{ "owner", cmd_owner, 1, "who may map, and for how long" },
	{ "asid", cmd_asid, 1, "the control queue in an address space of its own" },
	{ "churn", cmd_churn, 1, "messages by threads, under traffic" },
	{ "exchange", cmd_exchange, 1, "memory mapped again under a stopped device" },
	{ "attach", cmd_attach, 1, "one address space, none, another: by VM_IOMMUFD=cdev" },
	{ "lifetimes", cmd_lifetimes, 1, "how long it lasts what was set" },
	{ "log", cmd_log, 1, "which pages were written, and LOG_ALL" },
	{ "state", cmd_state, 1, "the state of one loaded by another", true },
	{ "ping", cmd_ping, 1, "echoes from a station behind the device" },
	{ "order", cmd_order, 1, "calls in the order of other programs" },
};

enum {
	OPT_MRG = 256, OPT_NO_CSUM, OPT_GSO, OPT_VARY, OPT_ABSENT, OPT_MQ, OPT_CTRL,
	OPT_MOVE, OPT_PACKED, OPT_IN_ORDER, OPT_CHARDEV, OPT_V1, OPT_BATCH,
	OPT_PIECES, OPT_WRONLY, OPT_THREADS, OPT_TOUCHES, OPT_STRIDE, OPT_SECONDS,
	OPT_MEMLOCK, OPT_SIZE_KIB, OPT_SELF, OPT_OWN, OPT_PEER, OPT_STEERED,
};

static const struct option longopts[] = {
	{ "uuid", required_argument, NULL, 'u' },
	{ "frames", required_argument, NULL, 'n' },
	{ "size", required_argument, NULL, 's' },
	{ "pairs", required_argument, NULL, 'p' },
	{ "queue-size", required_argument, NULL, 'q' },
	{ "count", required_argument, NULL, 'c' },
	{ "indirect", no_argument, NULL, 'i' },
	{ "event-idx", no_argument, NULL, 'e' },
	{ "packed", no_argument, NULL, OPT_PACKED },
	{ "in-order", no_argument, NULL, OPT_IN_ORDER },
	{ "mrg", no_argument, NULL, OPT_MRG },
	{ "no-csum", no_argument, NULL, OPT_NO_CSUM },
	{ "gso", no_argument, NULL, OPT_GSO },
	{ "vary", no_argument, NULL, OPT_VARY },
	{ "mq", no_argument, NULL, OPT_MQ },
	{ "ctrl", no_argument, NULL, OPT_CTRL },
	{ "move", no_argument, NULL, OPT_MOVE },
	{ "absent", no_argument, NULL, OPT_ABSENT },
	{ "steered", no_argument, NULL, OPT_STEERED },
	{ "self", no_argument, NULL, OPT_SELF },
	{ "own", required_argument, NULL, OPT_OWN },
	{ "peer", required_argument, NULL, OPT_PEER },
	{ "chardev", no_argument, NULL, OPT_CHARDEV },
	{ "v1", no_argument, NULL, OPT_V1 },
	{ "batch", no_argument, NULL, OPT_BATCH },
	{ "pieces", no_argument, NULL, OPT_PIECES },
	{ "wronly", no_argument, NULL, OPT_WRONLY },
	{ "threads", required_argument, NULL, OPT_THREADS },
	{ "touches", required_argument, NULL, OPT_TOUCHES },
	{ "stride", required_argument, NULL, OPT_STRIDE },
	{ "seconds", required_argument, NULL, OPT_SECONDS },
	{ "memlock", required_argument, NULL, OPT_MEMLOCK },
	{ "size-kib", required_argument, NULL, OPT_SIZE_KIB },
	{ "help", no_argument, NULL, 'h' },
	{ NULL, 0, NULL, 0 },
};

[[gnu::noreturn]]
static void usage(int status)
{
	unsigned int i;

	printf("user-net COMMAND --uuid UUID [--uuid UUID] [options]\n"
	       "  --frames N      frames to send on each pair (1000)\n"
	       "  --size BYTES    of a frame, 60 to 9014 (1514)\n"
	       "  --vary          sizes from 60 to that\n"
	       "  --pairs N       queue pairs, 1 to 8 (1)\n"
	       "  --queue-size N  (256); a power of two, unless packed\n"
	       "  --count N       repetitions, where a command has such\n"
	       "  --packed --in-order\n"
	       "  --indirect --event-idx --mrg --no-csum --gso --mq --ctrl\n"
	       "  --move          race: other addresses each time\n"
	       "  --threads N --size-kib N --touches N --stride PAGES --seconds N\n"
	       "                  scatter: unmappers, and what each of them unmaps\n"
	       "  --memlock BYTES scatter, reuse-unmap: what may be locked\n"
	       "  --absent        doorbell, state: check that there is none\n"
	       "  --own ADDRESS --peer ADDRESS\n"
	       "                  ping: of this station and of the other one\n"
	       "  --steered       ctrl: the device chooses the pair of a frame\n"
	       "  --self          revoked: by the program itself\n"
	       "  --chardev       not the VFIO but the char device, and there\n"
	       "  --wronly        opened for writing only\n"
	       "  --v1 --batch    messages of version 1; in batches\n"
	       "  --pieces        each page mapped by itself\n");
	for (i = 0; i < ARRAY_SIZE(cmds); i++)
		printf("  %-12s %s\n", cmds[i].name, cmds[i].help);
	exit(status);
}

static void check_opts(const struct vm_opts *o)
{
	if (o->net.pairs < 1 || o->net.pairs > VM_MAX_PAIRS ||
	    o->net.size < 60 || o->net.size > 9014 || o->net.num < 4 ||
	    (!o->net.packed && (o->net.num & (o->net.num - 1))) || !o->frames)
		usage(2);
}

int main(int argc, char **argv)
{
	struct vm_opts o = {
		.frames = 1000,
		.stride = 1,
		.net = vm_net_default,
	};
	unsigned int i;
	int c;

	setvbuf(stdout, NULL, _IOLBF, 0);
	while ((c = getopt_long(argc, argv, "u:n:s:p:q:c:ieh", longopts,
				NULL)) != -1) {
		switch (c) {
		case 'u':
			if (o.nr_uuids == ARRAY_SIZE(o.uuid))
				usage(2);
			o.uuid[o.nr_uuids++] = optarg;
			break;
		case 'n':
			o.frames = strtoull(optarg, NULL, 0);
			break;
		case 's':
			o.net.size = atoi(optarg);
			break;
		case 'p':
			o.net.pairs = atoi(optarg);
			break;
		case 'q':
			o.net.num = atoi(optarg);
			break;
		case 'c':
			o.count = atoi(optarg);
			break;
		case 'i':
			o.net.indirect = true;
			break;
		case 'e':
			o.net.event_idx = true;
			break;
		case OPT_PACKED:
			o.net.packed = true;
			break;
		case OPT_IN_ORDER:
			o.net.in_order = true;
			break;
		case OPT_MRG:
			o.net.mrg = true;
			break;
		case OPT_NO_CSUM:
			o.net.csum = false;
			break;
		case OPT_GSO:
			o.net.gso = true;
			break;
		case OPT_VARY:
			o.net.vary = true;
			break;
		case OPT_MQ:
			o.net.mq = true;
			break;
		case OPT_CTRL:
			o.net.ctrl = true;
			break;
		case OPT_MOVE:
			o.move = true;
			break;
		case OPT_ABSENT:
			o.absent = true;
			break;
		case OPT_THREADS:
			o.threads = atoi(optarg);
			break;
		case OPT_TOUCHES:
			o.touches = atoi(optarg);
			break;
		case OPT_STRIDE:
			o.stride = atoi(optarg);
			break;
		case OPT_SECONDS:
			o.seconds = atoi(optarg);
			break;
		case OPT_MEMLOCK:
			o.memlock = strtoull(optarg, NULL, 0);
			break;
		case OPT_SIZE_KIB:
			o.size_kib = atoi(optarg);
			break;
		case OPT_STEERED:
			o.steered = true;
			break;
		case OPT_SELF:
			o.self = true;
			break;
		case OPT_OWN:
			o.own = optarg;
			break;
		case OPT_PEER:
			o.peer = optarg;
			break;
		case OPT_CHARDEV:
			vm_way.chardev = true;
			break;
		case OPT_WRONLY:
			vm_way.wronly = true;
			break;
		case OPT_V1:
			vm_way.v1 = true;
			break;
		case OPT_BATCH:
			vm_way.batch = true;
			break;
		case OPT_PIECES:
			vm_way.pieces = true;
			break;
		case 'h':
			usage(0);
		default:
			usage(2);
		}
	}
	check_opts(&o);
	if (optind + 1 != argc)
		usage(2);
	for (i = 0; i < ARRAY_SIZE(cmds); i++) {
		if (strcmp(cmds[i].name, argv[optind]))
			continue;
		if (o.nr_uuids != cmds[i].uuids &&
		    !(cmds[i].more && o.nr_uuids == cmds[i].uuids + 1)) {
			printf("%s wants --uuid %u times\n", cmds[i].name,
			       cmds[i].uuids);
			return 2;
		}
		return cmds[i].run(&o);
	}
	usage(2);
}
