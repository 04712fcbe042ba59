// SPDX-License-Identifier: GPL-2.0-only
/*
 * ringbench - drive a virtio-net like pair of rings from user space.
 *
 * The device must return each frame that it takes from its transmit queue on its
 * receive queue.  One thread does all the work, as a small poll-mode driver that
 * falls back to interrupts would.  Results are lines
 *
 *	RES|row|metric|unit|value
 *	ERR|row|text
 */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "ringbench.h"

#define MEM_SIZE	(4UL << 20)

static const struct rb_backend *const backends[] = {
	&be_vfio, &be_vfiopci, &be_vdpa, &be_net,
};

struct rb_options opt = {
	.row = "?",
	.metric = "",
	.backend = "vfio",
	.count = 20000,
	.size = 60,
	.batch = 32,
	.window = 256,
	.num = 256,
	.map_len = 256UL << 20,
	.mac = { 0x52, 0x54, 0x11, 0x22, 0x33, 0x44 },
};

uint8_t *rb_mem;

void die(const char *fmt, ...)
{
	int err = errno;
	va_list ap;

	va_start(ap, fmt);
	printf("ERR|%s|", opt.row);
	vprintf(fmt, ap);
	printf(" (%s)\n", strerror(err));
	va_end(ap);
	exit(1);
}

uint64_t now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000000000ULL + t.tv_nsec;
}

void result(const char *what, const char *unit, double value)
{
	printf("RES|%s|%s%s|%s|%.2f\n", opt.row, opt.metric, what, unit, value);
	fflush(stdout);
}

int rb_by_value(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return x < y ? -1 : x > y;
}

/*
 * Shared memory of a file, since vhost_vdpa in its mode "va" ignores all other;
 * with -A private memory, as a plain VMM may bring.
 */
static void mem_alloc(void)
{
	int fd = memfd_create("ringbench", MFD_CLOEXEC);
	int flags = opt.anon ? MAP_PRIVATE | MAP_ANONYMOUS : MAP_SHARED;

	if (fd < 0 || ftruncate(fd, MEM_SIZE))
		die("memfd");
	rb_mem = mmap(NULL, MEM_SIZE, PROT_READ | PROT_WRITE,
		      MAP_POPULATE | flags, opt.anon ? -1 : fd, 0);
	if (rb_mem == MAP_FAILED)
		die("mmap");
	close(fd);
}

static void init_split(struct rb_vq *v, void *ring)
{
	struct vring_desc *desc, *end;
	uint64_t addr = v->buffers;
	uint32_t len = v->len;
	uint16_t flags = v->flags;

	vring_init(&v->split, v->num, ring, 4096);
	v->desc = rb_iova(v->split.desc);
	v->avail = rb_iova(v->split.avail);
	v->used = rb_iova(v->split.used);
	end = v->split.desc + v->num;
	for (desc = v->split.desc; desc < end; desc++) {
		desc->addr = addr;
		desc->len = len;
		desc->flags = flags;
		addr += RB_BUF_SIZE;
	}
}

static void init_packed(struct rb_vq *v, uint8_t *ring)
{
	v->desc_ring = (void *)ring;
	v->driver_event = (void *)(ring + v->num * sizeof(*v->desc_ring));
	v->device_event = v->driver_event + 1;
	v->desc = rb_iova(v->desc_ring);
	v->avail = rb_iova(v->driver_event);
	v->used = rb_iova(v->device_event);
}

static void init_frame(uint8_t *frame)
{
	uint8_t src[6] = { 0x52, 0x54, 0x99, 0x99, 0x99, 0x99 };
	uint8_t dst[6];

	memcpy(dst, opt.mac, sizeof(dst));
	if (opt.host) {
		memcpy(src, opt.mac, sizeof(src));
		rb_host_mac(dst);
	}
	memset(frame, 0, RB_HDR + opt.size);
	memcpy(frame + RB_HDR, dst, 6);
	memcpy(frame + RB_HDR + 6, src, 6);
	/* local experimental */
	frame[RB_HDR + 12] = 0x88;
	frame[RB_HDR + 13] = 0xb5;
}

static void init_vq(struct rb_dev *d, int q)
{
	struct rb_vq *v = &d->vq[q];
	uint8_t *ring = rb_mem + RB_RING_SIZE * q;
	unsigned int i;

	v->num = opt.num;
	v->packed = d->features & BIT64(VIRTIO_F_RING_PACKED);
	v->event_idx = d->features & BIT64(VIRTIO_RING_F_EVENT_IDX);
	v->avail_idx = 0;
	v->published = 0;
	v->used_idx = 0;
	v->bad = -1;
	v->buffers = rb_iova(rb_buf(q, 0));
	v->kicks = 0;
	v->calls = 0;
	v->notify = 0;
	v->len = q == RB_RX ? RB_BUF_SIZE : RB_HDR + opt.size;
	v->flags = q == RB_RX ? VRING_DESC_F_WRITE : 0;
	v->kick = eventfd(0, EFD_CLOEXEC);
	v->call = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (v->kick < 0 || v->call < 0)
		die("eventfd");

	memset(ring, 0, RB_RING_SIZE);
	if (v->packed)
		init_packed(v, ring);
	else
		init_split(v, ring);
	for (i = 0; q == RB_TX && i < v->num; i++)
		init_frame(rb_buf(q, i));
}

void rb_open(struct rb_dev *d)
{
	size_t i;

	memset(d, 0, sizeof(*d));
	for (i = 0; i < ARRAY_SIZE(backends); i++) {
		if (!strcmp(backends[i]->name, opt.backend))
			d->be = backends[i];
	}
	if (!d->be)
		die("no back end '%s'", opt.backend);
	d->path = opt.path;
	d->nr_vqs = opt.blk ? 1 : 2;
	if (d->be->open(d))
		die("open %s", opt.path);
}

uint64_t rb_features(void)
{
	const uint64_t net = BIT64(VIRTIO_NET_F_MTU) |
			     BIT64(VIRTIO_NET_F_MAC) |
			     BIT64(VIRTIO_NET_F_STATUS);
	const uint64_t offloads = BIT64(VIRTIO_NET_F_CSUM) |
				  BIT64(VIRTIO_NET_F_GUEST_CSUM) |
				  BIT64(VIRTIO_NET_F_HOST_TSO4) |
				  BIT64(VIRTIO_NET_F_GUEST_TSO4) |
				  BIT64(VIRTIO_NET_F_MRG_RXBUF);

	return BIT64(VIRTIO_F_VERSION_1) | BIT64(VIRTIO_F_ACCESS_PLATFORM) |
	       (opt.blk ? 0 : net) |
	       (opt.offloads ? offloads : 0) |
	       (opt.packed ? BIT64(VIRTIO_F_RING_PACKED) : 0) |
	       (opt.event_idx ? BIT64(VIRTIO_RING_F_EVENT_IDX) : 0);
}

void rb_start(struct rb_dev *d)
{
	bool batch = !opt.no_batch && d->be->batch;
	unsigned int q;

	if (d->be->negotiate(d, rb_features()))
		die("features");
	if (opt.packed && !(d->features & BIT64(VIRTIO_F_RING_PACKED))) {
		errno = EOPNOTSUPP;
		die("packed rings");
	}
	if (batch)
		d->be->batch(d, true);
	if (d->be->map(d, RB_IOVA, MEM_SIZE, rb_mem))
		die("map");
	if (batch)
		d->be->batch(d, false);
	for (q = 0; q < d->nr_vqs; q++) {
		init_vq(d, q);
		if (d->be->setup_vq(d, q))
			die("virtqueue %u", q);
	}
	if (d->be->start(d))
		die("start");
}

void rb_run(struct rb_dev *d)
{
	rb_open(d);
	rb_start(d);
	if (d->be->settle)
		d->be->settle(d);
	if (opt.host)
		rb_host_wait_up(opt.host);
}

void rb_close(struct rb_dev *d)
{
	unsigned int q;

	d->be->close(d);
	for (q = 0; q < d->nr_vqs; q++) {
		close(d->vq[q].kick);
		close(d->vq[q].call);
	}
}

static const struct {
	const char *name;
	void (*run)(void);
} commands[] = {
	{ "flood", do_flood },
	{ "pingpong", do_pingpong },
	{ "setup", do_setup },
	{ "map", do_map },
	{ "abuse", do_abuse },
	{ "kick", do_kick },
	{ "interrupt", do_interrupt },
	{ "read", do_read },
	{ "fill", do_fill },
	{ "send", do_send },
	{ "receive", do_receive },
	{ "tcpsend", do_tcpsend },
	{ "tcpreceive", do_tcpreceive },
	{ "wake", do_wake },
};

__attribute__((noreturn))
static void usage(void)
{
	size_t i;

	fputs("usage: ringbench -b BACKEND -d PATH [OPTION...] COMMAND\n"
	      "  flood     -n frames, at most -w in flight, a kick per -B\n"
	      "  pingpong  one frame at a time: kick, wait for the call\n"
	      "  setup     from open() to DRIVER_OK, and close(), -n times\n"
	      "  map       map -L bytes into the device, and unmap them\n"
	      "  abuse     not speed but manners, if rings are wrong\n"
	      "  kick      -n times by eventfd, and by a mapped doorbell\n"
	      "  interrupt what one takes of the time, up to the eventfd\n"
	      "  read      -n blocks of 4 KiB, -w at a time; with -k\n"
	      "  fill      write all blocks; with -k\n"
	      "  send      -n frames to interface -i, which drops them\n"
	      "  receive   -n frames that interface -i sends\n"
	      "  tcpsend   -n KiB to a socket of the host, by interface -i\n"
	      "  tcpreceive  -n KiB from there\n"
	      "  wake      two processes, no device: what pingpong pays for both\n"
	      "  -R row  -M metric  -s bytes of a frame  -q ring size  -m MAC\n"
	      "  -P spin instead of interrupts  -E EVENT_IDX  -K packed rings\n"
	      "  -F scattered pages  -N no batch of mappings\n"
	      "  -A private anonymous memory\n"
	      "  -I kick by an eventfd where a register is usual\n"
	      "  -k a block device: one queue\n"
	      "  -z what is read from it is not looked at\n"
	      "  -i the host's interface at the other end; of pingpong: a\n"
	      "     process there returns the frames\n"
	      "  -X an XDP program drops the frames of send there\n", stderr);
	for (i = 0; i < ARRAY_SIZE(backends); i++)
		fprintf(stderr, "  -b %s: %s\n", backends[i]->name,
			backends[i]->help);
	exit(2);
}

static void set_mac(const char *text)
{
	uint8_t *m = opt.mac;

	if (sscanf(text, "%hhx:%hhx:%hhx:%hhx:%hhx:%hhx", m, m + 1, m + 2,
		   m + 3, m + 4, m + 5) != 6)
		usage();
}

static void parse(int argc, char **argv)
{
	int c;

	while ((c = getopt(argc, argv, "R:M:b:d:n:s:B:w:q:PEKm:L:FNAIkzi:X")) != -1) {
		switch (c) {
		case 'R':
			opt.row = optarg;
			break;
		case 'M':
			opt.metric = optarg;
			break;
		case 'b':
			opt.backend = optarg;
			break;
		case 'd':
			opt.path = optarg;
			break;
		case 'n':
			opt.count = atoi(optarg);
			break;
		case 's':
			opt.size = atoi(optarg);
			break;
		case 'B':
			opt.batch = atoi(optarg);
			break;
		case 'w':
			opt.window = atoi(optarg);
			break;
		case 'q':
			opt.num = atoi(optarg);
			break;
		case 'P':
			opt.spin = true;
			break;
		case 'E':
			opt.event_idx = true;
			break;
		case 'K':
			opt.packed = true;
			break;
		case 'L':
			opt.map_len = strtoull(optarg, NULL, 0);
			break;
		case 'F':
			opt.scatter = true;
			break;
		case 'N':
			opt.no_batch = true;
			break;
		case 'A':
			opt.anon = true;
			break;
		case 'I':
			opt.ioeventfd = true;
			break;
		case 'k':
			opt.blk = true;
			break;
		case 'z':
			opt.no_data = true;
			break;
		case 'X':
			opt.xdp = true;
			break;
		case 'i':
			opt.host = optarg;
			break;
		case 'm':
			set_mac(optarg);
			break;
		default:
			usage();
		}
	}
	if (optind + 1 != argc || !opt.path || !opt.count || !opt.batch ||
	    !opt.window || !opt.num || opt.num > RB_MAX_NUM ||
	    opt.num & (opt.num - 1) || opt.size < 40 ||
	    opt.size > RB_BUF_SIZE - RB_HDR)
		usage();
	if (opt.batch > opt.num)
		opt.batch = opt.num;
	if (opt.window > opt.num)
		opt.window = opt.num;
}

int main(int argc, char **argv)
{
	/* what is pinned counts */
	struct rlimit unlimited = { RLIM_INFINITY, RLIM_INFINITY };
	size_t i;

	parse(argc, argv);
	setrlimit(RLIMIT_MEMLOCK, &unlimited);
	mem_alloc();
	for (i = 0; i < ARRAY_SIZE(commands); i++) {
		if (!strcmp(argv[optind], commands[i].name)) {
			commands[i].run();
			return 0;
		}
	}
	usage();
}
