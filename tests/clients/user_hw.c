// SPDX-License-Identifier: GPL-2.0-only
/*
 * user-hw - drive a NIC on the PCI bus that is an instance of class VHOST, through
 * VFIO or the char device.  It has to be on QEMU's user network.
 */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "hwnet.h"

int cmd_hw_traffic(const struct hw_opts *o)
{
	struct hw_net n;

	hw_open(&n, o);
	must(hw_start(&n));
	hw_traffic(&n, o->frames);
	/* What came where nobody had to wait, or has yet to come */
	n.rx.calls += vm_eventfd_wait(n.rx.call, n.rx.calls ? 0 : 2000);
	pass("ARP and %u echoes by DMA, each byte compared; %llu kicks by %s, %llu interrupts",
	     o->frames, (unsigned long long)(n.rx.kicks + n.tx.kicks),
	     o->doorbell ? "a mapped page" : "eventfd",
	     (unsigned long long)n.rx.calls);
	if (!n.rx.calls)
		die("there was no interrupt");
	/* And once more with what a reset leaves */
	must(hw_start(&n));
	hw_traffic(&n, o->frames);
	pass("again after a reset");
	hw_close(&n);
	return 0;
}

int cmd_hw_victim(const struct hw_opts *o)
{
	struct hw_net n;

	hw_open(&n, o);
	must(hw_start(&n));
	for (;;) {
		hw_traffic(&n, 100);
		if (n.echoes == 100)
			vm_info("running");
	}
}

int cmd_hw_hold(const struct hw_opts *o)
{
	struct hw_net n;

	hw_open(&n, o);
	must(hw_start(&n));
	hw_traffic(&n, 100);
	vm_info("running");
	for (;;)
		/* Whether there is an answer, or not */
		hw_echo(&n, 10, 500);
}

/* ---- calls that hardware answers in its own way ---- */

static void check_features(struct hw_net *n)
{
	__u64 f;

	must(vm_set_status(&n->d, 0));
	must(vm_add_status(&n->d, VIRTIO_CONFIG_S_ACKNOWLEDGE));
	must(vm_add_status(&n->d, VIRTIO_CONFIG_S_DRIVER));
	must(vm_get_features(&n->d, &f));
	if (!(f & BIT64(VIRTIO_F_ACCESS_PLATFORM)))
		die("ACCESS_PLATFORM is not offered");
	fails(EINVAL, vm_set_features(&n->d,
				      f & ~BIT64(VIRTIO_F_ACCESS_PLATFORM)));
	fails(EINVAL, vm_set_features(&n->d, BIT64(VIRTIO_F_ACCESS_PLATFORM)));
	fails(EINVAL, vm_set_features(&n->d, f | BIT64(63)));
	pass("features without ACCESS_PLATFORM or VERSION_1: EINVAL");
	must(vm_get_backend_features(&n->d, &f));
	if (f & (BIT64(VHOST_MDEV_BACKEND_F_SUSPEND) |
		 BIT64(VHOST_MDEV_BACKEND_F_RESUME)))
		die("backend features %#llx, and a function can neither stop nor go on",
		    (unsigned long long)f);
	fails(EOPNOTSUPP, vm_suspend(&n->d));
	fails(EOPNOTSUPP, vm_resume(&n->d));
	pass("SUSPEND and RESUME: EOPNOTSUPP");
}

static void check_base(struct hw_net *n)
{
	unsigned int q;

	must(hw_set_up(n));
	for (q = 0; q < 2; q++) {
		fails(EOPNOTSUPP, vm_vring_base(&n->d, q, 1));
		must(vm_vring_base(&n->d, q, 0));
	}
	must(hw_live(n));
	hw_traffic(n, 10);
	for (q = 0; q < 2; q++)
		fails(EOPNOTSUPP, vm_vring_get_base(&n->d, q));
	pass("SET_VRING_BASE other than 0 and GET_VRING_BASE: EOPNOTSUPP");
	fails(EOPNOTSUPP, vm_vring_enable(&n->d, 0, false));
	hw_traffic(n, 10);
	pass("a virtqueue cannot be disabled alone: EOPNOTSUPP, and it goes on");
}

static void check_config(struct hw_net *n)
{
	int size = must(vm_get_u32(&n->d, VHOST_MDEV_GET_CONFIG_SIZE));
	__u8 *buf = malloc(size + 1);

	if (!buf)
		die("no memory");
	fails(EINVAL, vm_get_config(&n->d, size, buf, 1));
	fails(EINVAL, vm_get_config(&n->d, 0, buf, size + 1));
	fails(EINVAL, vm_get_config(&n->d, 0xfffffffe, buf, 4));
	must(vm_get_config(&n->d, 0, buf, size));
	if (memcmp(buf, n->mac, 6))
		die("the MAC differs by how it is read");
	free(buf);
	pass("%d bytes of configuration space, and EINVAL for more", size);
}

int cmd_hw_calls(const struct hw_opts *o)
{
	struct hw_net n;

	hw_open(&n, o);
	check_features(&n);
	check_base(&n);
	check_config(&n);
	hw_close(&n);
	return 0;
}

/* ---- interrupts without the host ---- */

/* Which interrupt is offered for the eventfd that mvbypass was given */
static int offered(int fd)
{
	char text[32] = {};
	int irq;

	if (pread(fd, text, sizeof(text) - 1, 0) <= 0 ||
	    sscanf(text, "irq %d", &irq) != 1)
		die("/dev/mvbypass: %s", vm_err(-errno));
	return irq;
}

int cmd_hw_bypass(const struct hw_opts *o)
{
	struct hw_net n;
	char text[16];
	int fd, irq;

	fd = open("/dev/mvbypass", O_RDWR | O_CLOEXEC);
	if (fd < 0)
		die("/dev/mvbypass: %s", vm_err(-errno));
	hw_open(&n, o);
	must(hw_start(&n));
	snprintf(text, sizeof(text), "%d", n.rx.call);
	if (write(fd, text, strlen(text)) < 0)
		die("/dev/mvbypass: %s", vm_err(-errno));
	irq = offered(fd);
	if (!irq)
		die("no interrupt is offered for the eventfd");
	/* For whoever compares it */
	vm_info("irq %d", irq);
	/* The listener here does nothing with it. */
	hw_traffic(&n, 20);

	must(vm_vring_fd(&n.d, VHOST_MDEV_SET_VRING_CALL, 0, VM_NO_FD));
	if (offered(fd))
		die("the interrupt is offered for an eventfd that is taken away");
	must(vm_vring_fd(&n.d, VHOST_MDEV_SET_VRING_CALL, 0, n.rx.call));
	if (offered(fd) != irq)
		die("the interrupt is not offered again");
	hw_traffic(&n, 20);
	pass("the interrupt is offered as long as the eventfd is there");
	hw_close(&n);
	if (offered(fd))
		die("the interrupt is offered after close");
	close(fd);
	return 0;
}

/* ---- the command line ---- */

static const struct {
	const char *name;
	int (*run)(const struct hw_opts *o);
	const char *help;
} cmds[] = {
	{ "traffic", cmd_hw_traffic, "ARP and echoes of the router" },
	{ "victim", cmd_hw_victim, "traffic until killed" },
	{ "hold", cmd_hw_hold, "traffic, and no attention until killed" },
	{ "calls", cmd_hw_calls, "what hardware refuses" },
	{ "fault", cmd_hw_fault, "memory is unmapped that the device writes to" },
	{ "messages", cmd_hw_messages, "what the char device cannot map" },
	{ "share", cmd_hw_share, "a container with the function of --pci in it" },
	{ "bypass", cmd_hw_bypass, "the interrupt that is offered to KVM" },
	{ "gone", cmd_hw_gone, "traffic until the function is unplugged" },
	{ "lost", cmd_hw_lost, "traffic until the function is reset, and again" },
};

static const struct option longopts[] = {
	{ "uuid", required_argument, NULL, 'u' },
	{ "pci", required_argument, NULL, 'p' },
	{ "frames", required_argument, NULL, 'n' },
	{ "queue-size", required_argument, NULL, 'q' },
	{ "chardev", no_argument, NULL, 'c' },
	{ "doorbell", no_argument, NULL, 'd' },
	{ "rings", no_argument, NULL, 'r' },
	{ "surprise", no_argument, NULL, 's' },
	{ "help", no_argument, NULL, 'h' },
	{ NULL, 0, NULL, 0 },
};

[[gnu::noreturn]]
static void usage(int status)
{
	unsigned int i;

	printf("user-hw COMMAND --uuid UUID [options]\n"
	       "  --chardev       not the VFIO but the char device\n"
	       "  --doorbell      kick by a mapped page\n"
	       "  --frames N      (200)\n"
	       "  --queue-size N  (64)\n"
	       "  --pci FUNCTION  share: that vfio-pci has\n"
	       "  --rings         fault: not the buffers, the rings\n"
	       "  --surprise      gone: without being asked\n");
	for (i = 0; i < ARRAY_SIZE(cmds); i++)
		printf("  %-12s %s\n", cmds[i].name, cmds[i].help);
	exit(status);
}

int main(int argc, char **argv)
{
	struct hw_opts o = { .frames = 200, .num = 64 };
	unsigned int i;
	int c;

	setvbuf(stdout, NULL, _IOLBF, 0);
	while ((c = getopt_long(argc, argv, "h", longopts, NULL)) != -1) {
		switch (c) {
		case 'u':
			o.uuid = optarg;
			break;
		case 'p':
			o.pci = optarg;
			break;
		case 'n':
			o.frames = atoi(optarg);
			break;
		case 'q':
			o.num = atoi(optarg);
			break;
		case 'c':
			vm_way.chardev = true;
			break;
		case 'd':
			o.doorbell = true;
			break;
		case 'r':
			o.rings = true;
			break;
		case 's':
			o.surprise = true;
			break;
		case 'h':
			usage(0);
		default:
			usage(2);
		}
	}
	if (optind + 1 != argc || !o.uuid || o.num < 4 || o.num & (o.num - 1))
		usage(2);
	for (i = 0; i < ARRAY_SIZE(cmds); i++)
		if (!strcmp(cmds[i].name, argv[optind]))
			return cmds[i].run(&o);
	usage(2);
}
