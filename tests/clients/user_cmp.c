// SPDX-License-Identifier: GPL-2.0-only
/* user-cmp NODE: see user_cmp.h. */
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "user_cmp.h"

const char *const cmp_state_names[NR_STATES] = {
	[S_OPEN] = "open",
	[S_OWNED] = "owned",
	[S_DRIVER] = "driver",
	[S_FEATURES] = "features",
	[S_FEATURES_OK] = "features_ok",
	[S_MAPPED] = "mapped",
	[S_RINGS] = "rings",
	[S_LIVE] = "live",
	[S_SUSPENDED] = "suspended",
	[S_RESUMED] = "resumed",
	[S_RESET] = "reset",
};

const char *cmp_err(long ret)
{
	static char number[32];
	const char *name = strerrorname_np(-ret);

	if (name)
		return name;
	snprintf(number, sizeof(number), "error %ld", -ret);
	return number;
}

void cmp_say(struct cmp *c, const char *fmt, ...)
{
	va_list ap;

	printf("%s: ", c->name);
	va_start(ap, fmt);
	vprintf(fmt, ap);
	va_end(ap);
	putchar('\n');
}

/* ---- one call ---- */

static int event(struct cmp *c)
{
	if (c->nr_fds == CMP_MAX_FDS)
		die("too many eventfds");
	c->fds[c->nr_fds] = must(vm_eventfd());
	return c->fds[c->nr_fds++];
}

static int descriptor(struct cmp *c, enum cmp_fd which)
{
	switch (which) {
	case FD_EVENT:
		return event(c);
	case FD_NONE:
		return VHOST_MDEV_FILE_UNBIND;
	case FD_CLOSED:
		return 1000;
	case FD_NULL:
		c->fds[c->nr_fds] = open("/dev/null", O_RDWR | O_CLOEXEC);
		return c->fds[c->nr_fds++];
	case FD_NEGATIVE:
		return -2;
	}
	die("no such descriptor");
}

static struct vhost_mdev_vring_addr rings(__u32 index, enum cmp_addr how)
{
	__u64 at = CMP_IOVA + index % 3 * 4 * VM_PAGE;
	struct vhost_mdev_vring_addr a = {
		.index = index,
		.desc_user_addr = at,
		.avail_user_addr = at + VM_PAGE,
		.used_user_addr = at + 2 * VM_PAGE,
	};

	switch (how) {
	case ADDR_GOOD:
		break;
	case ADDR_DESC_ODD:
		a.desc_user_addr += 8;
		break;
	case ADDR_AVAIL_ODD:
		a.avail_user_addr += 1;
		break;
	case ADDR_USED_ODD:
		a.used_user_addr += 2;
		break;
	case ADDR_LOG:
		a.flags = 1;
		break;
	case ADDR_FLAG:
		a.flags = 2;
		break;
	case ADDR_NOWHERE:
		a.desc_user_addr += 1ULL << 40;
		a.avail_user_addr += 1ULL << 40;
		a.used_user_addr += 1ULL << 40;
		break;
	case ADDR_LAST:
		a.used_user_addr = ~0ULL - 3;
		break;
	}
	return a;
}

static const void *va_of(struct cmp *c, enum cmp_va va)
{
	switch (va) {
	case VA_MEM:
		return c->mem;
	case VA_MEM_8:
		return c->mem + 8;
	case VA_NOWHERE:
		return (void *)0x10000;
	case VA_READ_ONLY:
		return c->read_only;
	case VA_SHORT:
		return c->mem + (CMP_PAGES - 1) * VM_PAGE;
	}
	return NULL;
}

struct vhost_mdev_msg cmp_update(struct cmp *c, __u32 version)
{
	struct vhost_mdev_msg m = {
		.type = version,
		.iotlb = {
			.type = VHOST_MDEV_IOTLB_UPDATE,
			.iova = CMP_ROOM,
			.size = VM_PAGE,
			.uaddr = (unsigned long)c->mem,
			.perm = VHOST_MDEV_ACCESS_RW,
		},
	};

	return m;
}

static long write_some(struct cmp *c, __u32 version, size_t size)
{
	struct vhost_mdev_msg m[2];
	ssize_t n;

	m[0] = cmp_update(c, version);
	m[1] = m[0];
	n = write(c->fd, m, size);
	return n < 0 ? -errno : n;
}

static void config(struct cmp *c, const struct cmp_call *call)
{
	struct {
		__u32 off, len;
		__u8 buf[256];
	} arg = { call->a, call->b };
	char hex[3 * 16 + 1] = "";
	unsigned int i;
	long ret;

	/* What is written is what may well be there already: bytes of a MAC. */
	for (i = 0; i < 6; i++)
		arg.buf[i] = "\x52\x54\x11\x22\x33\x44"[i];
	ret = vm_ioctl(c->fd, call->req, &arg);
	if (ret < 0) {
		cmp_say(c, "%s = %s", call->name, cmp_err(ret));
		return;
	}
	for (i = 0; i < arg.len && i < 16; i++)
		sprintf(hex + 3 * i, " %02x", arg.buf[i]);
	cmp_say(c, "%s = %ld%s", call->name, ret, hex);
}

void cmp_call(struct cmp *c, const struct cmp_call *call)
{
	union {
		__u8 u8;
		__u16 u16;
		__u32 u32;
		__u64 u64;
		struct vhost_mdev_vring_state state;
		struct vhost_mdev_vring_file file;
		struct vhost_mdev_vring_addr addr;
		struct vhost_mdev_iova_range range;
	} arg = { .u64 = 0 };
	void *argp = &arg;
	__u64 out = 0;
	long ret;

	switch (call->kind) {
	case K_NONE:
		argp = NULL;
		break;
	case K_PTR:
		argp = (void *)(unsigned long)call->a;
		break;
	case K_IN8:
		arg.u8 = call->a;
		break;
	case K_IN32:
		arg.u32 = call->a;
		break;
	case K_IN64:
		arg.u64 = call->a;
		break;
	case K_STATE:
		arg.state.index = call->a;
		arg.state.num = call->b;
		break;
	case K_FILE:
		arg.file.index = call->a;
		arg.file.fd = descriptor(c, call->b);
		break;
	case K_FD:
		arg.u32 = descriptor(c, call->b);
		break;
	case K_ADDR:
		arg.addr = rings(call->a, call->b);
		break;
	case K_CONFIG:
		config(c, call);
		return;
	case K_MSG:
		ret = vm_msg(c->fd, call->asid, call->a, call->iova,
			     call->size, va_of(c, call->va), call->perm);
		cmp_say(c, "%s = %s", call->name, ret ? cmp_err(ret) : "0");
		return;
	case K_WRITE:
	case K_FN:
		if (call->kind == K_FN)
			ret = call->fn(c);
		else
			ret = write_some(c, call->a, call->b);
		if (ret < 0)
			cmp_say(c, "%s = %s", call->name, cmp_err(ret));
		else
			cmp_say(c, "%s = %ld", call->name, ret);
		return;
	default:
		break;
	}

	ret = vm_ioctl(c->fd, call->req, argp);
	if (ret < 0) {
		cmp_say(c, "%s = %s", call->name, cmp_err(ret));
		return;
	}
	switch (call->kind) {
	case K_OUT8:
		out = arg.u8;
		break;
	case K_OUT16:
		out = arg.u16;
		break;
	case K_OUT32:
		out = arg.u32;
		break;
	case K_OUT64:
		out = arg.u64;
		break;
	case K_OFFERED:
		out = arg.u64 & call->a;
		break;
	case K_RANGE:
		cmp_say(c, "%s = %ld, %#llx to %#llx", call->name, ret,
			(unsigned long long)arg.range.first,
			(unsigned long long)arg.range.last);
		return;
	case K_STATE:
		if (_IOC_DIR(call->req) & _IOC_READ) {
			out = arg.state.num;
			break;
		}
		[[fallthrough]];
	default:
		cmp_say(c, "%s = %ld", call->name, ret);
		return;
	}
	cmp_say(c, "%s = %ld, %#llx", call->name, ret, (unsigned long long)out);
}

/* ---- one case ---- */

static void set_up_queue(struct cmp *c, __u32 q)
{
	struct vhost_mdev_vring_addr addr = rings(q, ADDR_GOOD);
	struct vm_dev d = { .fd = c->fd };

	must(vm_vring_num(&d, q, CMP_NUM));
	must(vm_vring_base(&d, q, 0));
	must(vm_ioctl(c->fd, VHOST_MDEV_SET_VRING_ADDR, &addr));
	must(vm_vring_fd(&d, VHOST_MDEV_SET_VRING_KICK, q, event(c)));
	must(vm_vring_fd(&d, VHOST_MDEV_SET_VRING_CALL, q, event(c)));
	must(vm_vring_enable(&d, q, true));
}

/* Both devices have to get there. */
static void enter(struct cmp *c, enum cmp_state state)
{
	struct vm_dev d = { .fd = c->fd };

	if (state >= S_OWNED) {
		must(vm_ioctl(c->fd, VHOST_MDEV_SET_OWNER, NULL));
		must(vm_set_backend_features(&d, CMP_BACKEND));
	}
	if (state >= S_DRIVER) {
		must(vm_set_status(&d, 0));
		must(vm_set_status(&d, VIRTIO_CONFIG_S_ACKNOWLEDGE));
		must(vm_add_status(&d, VIRTIO_CONFIG_S_DRIVER));
	}
	if (state >= S_FEATURES)
		must(vm_set_features(&d, CMP_FEATURES));
	if (state >= S_FEATURES_OK)
		must(vm_add_status(&d, VIRTIO_CONFIG_S_FEATURES_OK));
	if (state >= S_MAPPED)
		must(vm_msg(c->fd, 0, VHOST_MDEV_IOTLB_UPDATE, CMP_IOVA,
			    CMP_PAGES * VM_PAGE, c->mem,
			    VHOST_MDEV_ACCESS_RW));
	if (state >= S_RINGS) {
		set_up_queue(c, 0);
		set_up_queue(c, 1);
	}
	if (state >= S_LIVE)
		must(vm_add_status(&d, VIRTIO_CONFIG_S_DRIVER_OK));
	if (state == S_SUSPENDED || state == S_RESUMED)
		must(vm_suspend(&d));
	if (state == S_RESUMED)
		must(vm_resume(&d));
	if (state == S_RESET)
		must(vm_set_status(&d, 0));
}

void cmp_begin(struct cmp *c, enum cmp_state state, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(c->name, sizeof(c->name), fmt, ap);
	va_end(ap);
	memset(c->mem, 0, CMP_PAGES * VM_PAGE);
	c->nr_fds = 0;
	c->fd = must(vm_chardev_open_only(""));
	enter(c, state);
}

void cmp_end(struct cmp *c)
{
	close(c->fd);
	while (c->nr_fds)
		close(c->fds[--c->nr_fds]);
}

void cmp_look(struct cmp *c)
{
	static const struct cmp_call look[] = {
		{ "then GET_STATUS", K_OUT8, VHOST_MDEV_GET_STATUS },
		{ "then GET_VRING_BASE 0", K_STATE, VHOST_MDEV_GET_VRING_BASE,
		  0 },
		{ "then GET_VRING_BASE 1", K_STATE, VHOST_MDEV_GET_VRING_BASE,
		  1 },
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(look); i++)
		cmp_call(c, &look[i]);
}

/* ---- all of it ---- */

/* Each call in each state */
static void matrix(struct cmp *c)
{
	static const enum cmp_state args[] = {
		S_OPEN, S_OWNED, S_LIVE, S_SUSPENDED,
	};
	unsigned int i, s;

	for (s = 0; s < NR_STATES; s++) {
		for (i = 0; i < cmp_nr_calls; i++) {
			cmp_begin(c, s, "%s %u", cmp_state_names[s], i);
			cmp_call(c, &cmp_calls[i]);
			cmp_look(c);
			cmp_end(c);
		}
	}
	for (i = 0; i < ARRAY_SIZE(args); i++)
		cmp_args(c, args[i]);
}

int main(int argc, char **argv)
{
	struct cmp c = { .fd = VM_NO_FD };

	if (argc != 2) {
		fprintf(stderr, "usage: user-cmp NODE\n");
		return 2;
	}
	vm_way.chardev = true;
	vm_way.node = argv[1];
	c.mem = mmap(NULL, (CMP_PAGES + 1) * VM_PAGE, PROT_READ | PROT_WRITE,
		     MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	c.read_only = mmap(NULL, VM_PAGE, PROT_READ,
			   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (c.mem == MAP_FAILED || c.read_only == MAP_FAILED)
		die("mmap: %s", vm_err(-errno));
	munmap(c.mem + CMP_PAGES * VM_PAGE, VM_PAGE);

	matrix(&c);
	cmp_orders(&c);
	cmp_clients(&c);
	cmp_traffic();
	puts("end: all calls made = 0");
	return 0;
}
