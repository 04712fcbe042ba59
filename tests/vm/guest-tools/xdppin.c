// SPDX-License-Identifier: GPL-2.0-only
/*
 * xdppin - load a small XDP program, and pin it where "ip link set dev DEV xdpgeneric
 * pinned FILE" takes it from: one that gives each frame the same verdict; "echo", which
 * returns IPv4 packets to their sender as if the receiver had sent them; or "redirect",
 * to the interface of that index.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#define ARRAY_SIZE(a)	(sizeof(a) / sizeof((a)[0]))

/* A program that is being written */
static struct bpf_insn program[64];
static unsigned int nr;

static void insn(uint8_t code, uint8_t dst, uint8_t src, int16_t off, int32_t imm)
{
	program[nr++] = (struct bpf_insn) {
		.code = code, .dst_reg = dst, .src_reg = src, .off = off, .imm = imm,
	};
}

static void write_return(int verdict)
{
	insn(BPF_ALU64 | BPF_MOV | BPF_K, BPF_REG_0, 0, 0, verdict);
	insn(BPF_JMP | BPF_EXIT, 0, 0, 0, 0);
}

static void write_redirect(int ifindex)
{
	insn(BPF_ALU64 | BPF_MOV | BPF_K, BPF_REG_1, 0, 0, ifindex);
	insn(BPF_ALU64 | BPF_MOV | BPF_K, BPF_REG_2, 0, 0, 0);
	insn(BPF_JMP | BPF_CALL, 0, 0, 0, BPF_FUNC_redirect);
	insn(BPF_JMP | BPF_EXIT, 0, 0, 0, 0);
}

/* Swap 16 bits of the packet, which r2 points to. */
static void write_swap(int a, int b)
{
	insn(BPF_LDX | BPF_MEM | BPF_H, BPF_REG_4, BPF_REG_2, a, 0);
	insn(BPF_LDX | BPF_MEM | BPF_H, BPF_REG_5, BPF_REG_2, b, 0);
	insn(BPF_STX | BPF_MEM | BPF_H, BPF_REG_2, BPF_REG_5, a, 0);
	insn(BPF_STX | BPF_MEM | BPF_H, BPF_REG_2, BPF_REG_4, b, 0);
}

static void write_echo(void)
{
	/* offsets of Ethernet and IPv4 addresses: destination and source */
	static const int swaps[][2] = {
		{ 0, 6 }, { 2, 8 }, { 4, 10 }, { 26, 30 }, { 28, 32 },
	};
	const int header = 34;
	unsigned int i;

	insn(BPF_LDX | BPF_MEM | BPF_W, BPF_REG_2, BPF_REG_1,
	     offsetof(struct xdp_md, data), 0);
	insn(BPF_LDX | BPF_MEM | BPF_W, BPF_REG_3, BPF_REG_1,
	     offsetof(struct xdp_md, data_end), 0);
	insn(BPF_ALU64 | BPF_MOV | BPF_X, BPF_REG_4, BPF_REG_2, 0, 0);
	insn(BPF_ALU64 | BPF_ADD | BPF_K, BPF_REG_4, 0, 0, header);
	/* What is too short, or is no IPv4 packet, passes. */
	insn(BPF_JMP | BPF_JGT | BPF_X, BPF_REG_4, BPF_REG_3, 2, 0);
	insn(BPF_LDX | BPF_MEM | BPF_H, BPF_REG_4, BPF_REG_2, 12, 0);
	insn(BPF_JMP | BPF_JEQ | BPF_K, BPF_REG_4, 0, 2, htons(ETH_P_IP));
	write_return(XDP_PASS);
	for (i = 0; i < ARRAY_SIZE(swaps); i++)
		write_swap(swaps[i][0], swaps[i][1]);
	write_return(XDP_TX);
}

static const struct {
	const char *name;
	void (*write)(int arg);
	int arg;
} programs[] = {
	{ "pass", write_return, XDP_PASS },
	{ "drop", write_return, XDP_DROP },
	{ "tx", write_return, XDP_TX },
	{ "abort", write_return, XDP_ABORTED },
	{ "wrong", write_return, XDP_REDIRECT + 1 },
};

static int bpf(int cmd, union bpf_attr *attr)
{
	return syscall(SYS_bpf, cmd, attr, sizeof(*attr));
}

static int load(void)
{
	union bpf_attr attr;

	memset(&attr, 0, sizeof(attr));
	attr.prog_type = BPF_PROG_TYPE_XDP;
	attr.insns = (uintptr_t)program;
	attr.insn_cnt = nr;
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

/* Write the program that the arguments name.  Returns whether there is one. */
static bool write_program(int argc, char **argv)
{
	unsigned int i;

	if (argc == 4 && !strcmp(argv[1], "redirect")) {
		write_redirect(atoi(argv[2]));
	} else if (argc == 3 && !strcmp(argv[1], "echo")) {
		write_echo();
	} else {
		for (i = 0; argc == 3 && i < ARRAY_SIZE(programs); i++)
			if (!strcmp(argv[1], programs[i].name))
				programs[i].write(programs[i].arg);
	}
	return nr > 0;
}

int main(int argc, char **argv)
{
	int fd;

	if (!write_program(argc, argv)) {
		fputs("usage: xdppin pass|drop|tx|abort|wrong|echo FILE\n"
		      "       xdppin redirect IFINDEX FILE\n", stderr);
		return 2;
	}
	fd = load();
	if (fd < 0 || pin(fd, argv[argc - 1])) {
		fprintf(stderr, "xdppin: %s\n", strerror(errno));
		return 1;
	}
	return 0;
}
