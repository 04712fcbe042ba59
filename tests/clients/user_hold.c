// SPDX-License-Identifier: GPL-2.0-only
/*
 * user-hold - take memory from a device that holds it: of mvhold, the entropy device of
 * tests/modules that answers late
 *
 *	user-hold --uuid UUID [--chardev] COMMAND
 *
 * The virtqueue and the buffers are mapped apart, so that buffers can be unmapped.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "client.h"

#define NUM	8
#define BYTES	1024
#define BYTE	0x5a		/* what the device writes */
#define KNOBS	"/sys/module/mvhold/parameters/"

static struct vm_container c;
static struct vm_dev d;
static struct vm_mem rings, bufs;
static struct vm_vq vq;
static __u8 *buf;

static void set_knob(const char *name, const char *value)
{
	char path[100];
	int fd;

	snprintf(path, sizeof(path), KNOBS "%s", name);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0 || write(fd, value, strlen(value)) < 0)
		die("%s: %s", path, strerror(errno));
	close(fd);
}

static bool is_held(void)
{
	char text[8] = "";
	int fd = open(KNOBS "held", O_RDONLY | O_CLOEXEC);

	if (fd < 0 || read(fd, text, sizeof(text) - 1) < 1)
		die(KNOBS "held: %s", strerror(errno));
	close(fd);
	return text[0] == '1';
}

/* Ask for bytes, and wait until the device holds their page. */
static void ask(void)
{
	struct vm_sg sg = { .iova = vm_iova(&bufs, buf), .len = BYTES };
	unsigned int ms;

	memset(buf, 0, BYTES);
	must(vm_vq_add(&vq, &sg, 0, 1, 1));
	vm_vq_kick_now(&vq);
	for (ms = 0; !is_held(); ms += 5) {
		if (vm_vq_has_used(&vq))
			die("the device answers at once");
		if (ms > 20000)
			die("the device does not hold the page");
		vm_sleep_ms(5);
	}
}

/* Whether all or, unless it is, none of the buffer is written */
static bool is_written(void)
{
	__u8 all[BYTES];

	memset(all, BYTE, BYTES);
	if (!memcmp(buf, all, BYTES))
		return true;
	memset(all, 0, BYTES);
	if (memcmp(buf, all, BYTES))
		die("a part of the buffer is written");
	return false;
}

static void collect(void)
{
	__u32 len;

	while (!vm_vq_has_used(&vq))
		if (!vm_eventfd_wait(vq.call, 20000))
			die("no answer");
	if (vm_vq_get(&vq, &len) != 1 || len != BYTES)
		die("%u bytes are said to be written", len);
	if (!is_written())
		die("nothing was written");
}

static int log_all(bool on)
{
	return vm_set_features(&d, d.features |
			       (on ? BIT64(VHOST_MDEV_F_LOG_ALL) : 0));
}

static void live(void)
{
	must(vm_mem_new(&c, &rings, vm_vq_bytes(NUM, false) + VM_PAGE));
	must(vm_mem_new(&c, &bufs, VM_PAGE));
	buf = vm_alloc(&bufs, BYTES, 64);
	must(vm_negotiate(&d, BIT64(VIRTIO_F_VERSION_1) |
			  BIT64(VIRTIO_F_ACCESS_PLATFORM)));
	must(vm_vq_init(&vq, &rings, 0, NUM, d.features));
	must(vm_vq_start(&d, &vq, 0));
	must(vm_add_status(&d, VIRTIO_CONFIG_S_DRIVER_OK));
}

/* The device keeps a page for a moment. */
static void moment(void)
{
	set_knob("ms", "200");
	ask();
	must(vm_mem_unmap(&bufs));
	if (!is_written())
		die("the device had the page when its unmap returned");
	pass("an unmap waits for a page that is held");
	collect();
	must(vm_mem_map(&bufs));
}

/* It keeps a page until told. */
static void forever(void)
{
	__u64 begin;

	set_knob("ms", "0");
	ask();
	must(vm_mem_unmap(&bufs));
	if (!is_held() || is_written())
		die("the device does not hold the page any more");
	pass("an unmap does not wait for ever for a page that is held");

	/* It was waited for, and is not again. */
	must(vm_mem_map(&bufs));
	begin = vm_now_ms();
	must(vm_mem_unmap(&bufs));
	printf("# the next unmap took %llu ms\n",
	       (unsigned long long)(vm_now_ms() - begin));
	must(vm_mem_map(&bufs));
}

static void told(void)
{
	set_knob("release", "1");
	collect();
	pass("what the device writes to a page that it held all the time is there");
}

static void unmap(void)
{
	moment();
	forever();
	told();
	moment();
}

/* As unmap(), and what a log of writes does meanwhile, which the char device lacks */
static void log_writes(void)
{
	set_knob("ms", "300");
	ask();
	must(log_all(true));
	if (!is_written())
		die("a log began while a page was held");
	pass("a log begins when no page is held any more");
	must(log_all(false));
	collect();

	set_knob("ms", "0");
	ask();
	fails(EBUSY, log_all(true));
	pass("no log begins while a page is held");
	told();

	/* Data would not be held if it were copied. */
	moment();
	forever();
	told();
	must(log_all(true));
	pass("a log begins after the page was released");
	must(log_all(false));
	moment();
}

/* To be killed while the device holds a page */
static void victim(void)
{
	set_knob("ms", "0");
	ask();
	printf("running\n");
	pause();
}

/* The same, in an unmap that waits for the page */
static void unmapping_victim(void)
{
	set_knob("ms", "0");
	ask();
	printf("running\n");
	must(vm_mem_unmap(&bufs));
	pause();
}

static const struct {
	const char *name;
	void (*run)(void);
} cmds[] = {
	{ "unmap", unmap },
	{ "log", log_writes },
	{ "victim", victim },
	{ "unmapping-victim", unmapping_victim },
};

int main(int argc, char **argv)
{
	const char *uuid = NULL, *name = NULL;
	unsigned int i;
	int a;

	setvbuf(stdout, NULL, _IOLBF, 0);
	for (a = 1; a < argc; a++) {
		if (!strcmp(argv[a], "--chardev"))
			vm_way.chardev = true;
		else if (!strcmp(argv[a], "--uuid") && a + 1 < argc)
			uuid = argv[++a];
		else
			name = argv[a];
	}
	for (i = 0; i < ARRAY_SIZE(cmds); i++)
		if (uuid && name && !strcmp(name, cmds[i].name))
			break;
	if (i == ARRAY_SIZE(cmds))
		die("usage: user-hold --uuid UUID [--chardev] unmap|log|victim|unmapping-victim");

	must(vm_container_open(&c));
	must(vm_dev_open(&c, &d, uuid));
	live();
	cmds[i].run();
	must(vm_set_status(&d, 0));
	vm_vq_free(&vq);
	vm_mem_free(&bufs);
	vm_mem_free(&rings);
	vm_dev_close(&d);
	vm_container_close(&c);
	return 0;
}
