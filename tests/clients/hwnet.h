/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A virtio-net driver for a function on QEMU's user network, which answers ARP
 * and echoes for its router.
 */
#ifndef HWNET_H
#define HWNET_H

#include "client.h"

#define HW_FRAME_MAX	1514

struct hw_opts {
	const char *uuid;
	const char *pci;	/* a function that vfio-pci has */
	unsigned int num;	/* ring size */
	unsigned int frames;
	bool doorbell;		/* kick by a mapped page */
	bool rings;		/* fault: take away the rings, not the buffers */
	bool surprise;		/* gone: the function, before its driver knows */
};

struct hw_net {
	struct vm_container c;
	struct vm_dev d;
	struct hw_opts o;
	/* Each by itself, since some are unmapped before others; or all one */
	struct vm_mem mem[3];
	struct vm_mem *rings, *rxmem, *txmem;
	struct vm_vq rx, tx;
	__u8 *rxbuf, *txbuf;
	__u8 mac[6], router[6];
	__u16 seq;		/* of echoes */
	__u64 echoes;
};

#define HW_SPARE	(4 * VM_PAGE)

/* Open, map memory; with one mapping for all there is HW_SPARE left. */
void hw_open(struct hw_net *n, const struct hw_opts *o);
/* Negotiate and go live with empty rings, for the first time or again. */
int hw_start(struct hw_net *n);
/* The same without DRIVER_OK */
int hw_set_up(struct hw_net *n);
int hw_live(struct hw_net *n);
/* Reset, if that can be, unmap, close. */
void hw_close(struct hw_net *n);

/* A negative errno if there is no room. */
int hw_send(struct hw_net *n, const void *frame, size_t len);
/* The length of the next frame, 0 if there is none in time */
size_t hw_receive(struct hw_net *n, void *frame, int ms);
/* Ask who the router is. */
void hw_ask(struct hw_net *n);
/* The same, and check each byte of the answer; false: there is none */
bool hw_arp(struct hw_net *n, int ms);
/* So many echoes of the router, compared; how many came */
unsigned int hw_echo(struct hw_net *n, unsigned int count, int ms);
/* All of that has to work. */
void hw_traffic(struct hw_net *n, unsigned int count);

/* Buffers that the device was given are as they were then. */
void hw_check_untouched(struct hw_net *n);

int cmd_hw_traffic(const struct hw_opts *o);
int cmd_hw_victim(const struct hw_opts *o);
int cmd_hw_hold(const struct hw_opts *o);
int cmd_hw_calls(const struct hw_opts *o);
int cmd_hw_fault(const struct hw_opts *o);
int cmd_hw_messages(const struct hw_opts *o);
int cmd_hw_share(const struct hw_opts *o);
int cmd_hw_gone(const struct hw_opts *o);
int cmd_hw_lost(const struct hw_opts *o);
int cmd_hw_bypass(const struct hw_opts *o);

#endif
