// SPDX-License-Identifier: GPL-2.0-only
/*
 * xdppin - load an XDP program that gives each frame the same verdict, and pin it where
 * "ip link set dev DEV xdpgeneric pinned FILE" takes it from.
 */
#include <errno.h>
#include <linux/bpf.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#define ARRAY_SIZE(a)	(sizeof(a) / sizeof((a)[0]))

static const struct {
	const char *name;
	int verdict;
} verdicts[] = {
	{ "pass", XDP_PASS },
	{ "drop", XDP_DROP },
	{ "tx", XDP_TX },
};

static int bpf(int cmd, union bpf_attr *attr)
{
	return syscall(SYS_bpf, cmd, attr, sizeof(*attr));
}

/* r0 = verdict; return */
static int load(int verdict)
{
	const struct bpf_insn program[] = {
		{ .code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_0,
		  .imm = verdict },
		{ .code = BPF_JMP | BPF_EXIT },
	};
	union bpf_attr attr;

	memset(&attr, 0, sizeof(attr));
	attr.prog_type = BPF_PROG_TYPE_XDP;
	attr.insns = (uintptr_t)program;
	attr.insn_cnt = ARRAY_SIZE(program);
	attr.license = (uintptr_t)"GPL";
	return bpf(BPF_PROG_LOAD, &attr);
}

static int pin(int fd, const char *path)
{
	union bpf_attr attr;

	memset(&attr, 0, sizeof(attr));
	attr.pathname = (uintptr_t)path;
	attr.bpf_fd = fd;
	return bpf(BPF_OBJ_PIN, &attr);
}

int main(int argc, char **argv)
{
	unsigned int i;

	for (i = 0; argc == 3 && i < ARRAY_SIZE(verdicts); i++) {
		int fd;

		if (strcmp(argv[1], verdicts[i].name))
			continue;
		fd = load(verdicts[i].verdict);
		if (fd < 0 || pin(fd, argv[2])) {
			fprintf(stderr, "xdppin: %s\n", strerror(errno));
			return 1;
		}
		return 0;
	}
	fputs("usage: xdppin pass|drop|tx FILE\n", stderr);
	return 2;
}
