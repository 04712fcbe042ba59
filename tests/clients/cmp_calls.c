// SPDX-License-Identifier: GPL-2.0-only
/* user-cmp: the calls, right and wrong. */
#include <errno.h>
#include <fcntl.h>
#include <linux/vhost.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "user_cmp.h"

#define NOWHERE		0x10ULL

/* Where the kernel's header on this machine is older than the call */
#define DESC_GROUP	_IOWR(VHOST_MDEV_IOCTL, 0x7f, struct vhost_mdev_vring_state)
#define NO_SUCH		_IOWR(VHOST_MDEV_IOCTL, 0xfe, struct vhost_mdev_vring_state)
#define NO_TYPE		_IOWR(0xae, 0x10, struct vhost_mdev_vring_state)

/* ---- what is no ioctl, and no whole message ---- */

static long result(ssize_t n)
{
	return n < 0 ? -errno : n;
}

static long write_nowhere(struct cmp *c)
{
	/* Else the compiler knows better. */
	void *volatile nowhere = (void *)NOWHERE;

	return result(write(c->fd, nowhere, 72));
}

static long write_in_parts(struct cmp *c)
{
	struct vhost_mdev_msg m = cmp_update(c, VHOST_MDEV_MSG_V2);
	struct iovec iov[3] = {
		{ &m, 2 }, { (__u8 *)&m + 2, 10 }, { (__u8 *)&m + 12, 60 },
	};

	return result(writev(c->fd, iov, 3));
}

static long write_twice(struct cmp *c)
{
	struct vhost_mdev_msg m = cmp_update(c, VHOST_MDEV_MSG_V2);
	long ret = result(write(c->fd, &m, sizeof(m)));

	return ret < 0 ? ret : result(write(c->fd, &m, sizeof(m)));
}

/* By another process than the owner */
static long write_by_child(struct cmp *c)
{
	struct vhost_mdev_msg m = cmp_update(c, VHOST_MDEV_MSG_V2);
	int status;
	pid_t pid;

	fflush(stdout);
	pid = fork();
	if (!pid)
		_exit(write(c->fd, &m, sizeof(m)) < 0 ? errno : 0);
	if (waitpid(pid, &status, 0) != pid || !WIFEXITED(status))
		die("child: %#x", status);
	return -WEXITSTATUS(status);
}

static long map_twice(struct cmp *c)
{
	long ret = vm_msg(c->fd, 0, VHOST_MDEV_IOTLB_UPDATE, CMP_ROOM, VM_PAGE,
			  c->mem, VHOST_MDEV_ACCESS_RW);

	return ret ? ret : vm_msg(c->fd, 0, VHOST_MDEV_IOTLB_UPDATE,
				  2 * CMP_ROOM, VM_PAGE, c->mem,
				  VHOST_MDEV_ACCESS_RW);
}

static long map_unmap_map(struct cmp *c)
{
	unsigned int i;
	long ret;

	for (i = 0; i < 3; i++) {
		ret = vm_msg(c->fd, 0, VHOST_MDEV_IOTLB_UPDATE, CMP_ROOM,
			     4 * VM_PAGE, c->mem, VHOST_MDEV_ACCESS_RW);
		if (ret)
			return ret;
		ret = vm_msg(c->fd, 0, VHOST_MDEV_IOTLB_INVALIDATE, CMP_ROOM,
			     4 * VM_PAGE, NULL, 0);
		if (ret)
			return ret;
	}
	return 0;
}

static long read_it(struct cmp *c)
{
	__u8 buf[128];

	return result(read(c->fd, buf, sizeof(buf)));
}

static long seek_it(struct cmp *c)
{
	return result(lseek(c->fd, 0, SEEK_SET));
}

static long poll_it(struct cmp *c)
{
	struct pollfd p = { .fd = c->fd, .events = POLLIN | POLLOUT };
	int n = poll(&p, 1, 0);

	return n < 0 ? -errno : p.revents;
}

static long open_again(struct cmp *c)
{
	int fd = vm_chardev_open_only("");

	if (fd < 0)
		return fd;
	close(fd);
	return 0;
}

static long map_it(struct cmp *c, size_t len, int prot, int flags, off_t at)
{
	void *p = mmap(NULL, len, prot, flags, c->fd, at);

	if (p == MAP_FAILED)
		return -errno;
	munmap(p, len);
	return 0;
}

static long mmap_doorbell(struct cmp *c)
{
	return map_it(c, VM_PAGE, PROT_WRITE, MAP_SHARED, 0);
}

static long mmap_read(struct cmp *c)
{
	return map_it(c, VM_PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, 0);
}

static long mmap_private(struct cmp *c)
{
	return map_it(c, VM_PAGE, PROT_WRITE, MAP_PRIVATE, 0);
}

static long mmap_two(struct cmp *c)
{
	return map_it(c, 2 * VM_PAGE, PROT_WRITE, MAP_SHARED, 0);
}

static long mmap_far(struct cmp *c)
{
	return map_it(c, VM_PAGE, PROT_WRITE, MAP_SHARED, 1 << 30);
}

/* ---- the table ---- */

#define IN8(r, v)	{ #r " " #v, K_IN8, VHOST_MDEV_##r, v }
#define IN64(r, n, v)	{ #r " " n, K_IN64, VHOST_MDEV_##r, v }
#define STATE(r, q, n)	{ #r " " #q " " #n, K_STATE, VHOST_MDEV_##r, q, n }
#define GET(r, k)	{ #r, K_OUT##k, VHOST_MDEV_##r }
#define MSG(n, t, ...)							\
	{ n, K_MSG, 0, VHOST_MDEV_IOTLB_##t, .perm = 3, .size = VM_PAGE,	\
	  .iova = CMP_ROOM, ##__VA_ARGS__ }
#define FN(n, f)	{ n, K_FN, .fn = f }

/* Messages have what is usual, and then what is not. */
#pragma GCC diagnostic ignored "-Woverride-init"
const struct cmp_call cmp_calls[] = {
	/* who */
	{ "SET_OWNER", K_NONE, VHOST_MDEV_SET_OWNER },
	{ "RESET_OWNER", K_NONE, VHOST_MDEV_RESET_OWNER },
	FN("open again", open_again),

	/* numbers of the device */
	{ "GET_FEATURES", K_OFFERED, VHOST_MDEV_GET_FEATURES, CMP_FEATURES },
	{ "GET_BACKEND_FEATURES", K_OFFERED, VHOST_MDEV_GET_BACKEND_FEATURES,
	  ~0ULL },
	GET(GET_DEVICE_ID, 32),
	GET(GET_STATUS, 8),
	GET(GET_VRING_NUM, 16),
	GET(GET_CONFIG_SIZE, 32),
	GET(GET_VQS_COUNT, 32),
	GET(GET_GROUP_NUM, 32),
	GET(GET_AS_NUM, 32),
	{ "GET_IOVA_RANGE", K_RANGE, VHOST_MDEV_GET_IOVA_RANGE },

	/* features */
	IN64(SET_FEATURES, "good", CMP_FEATURES),
	IN64(SET_FEATURES, "less", BIT64(VIRTIO_F_VERSION_1) |
				   BIT64(VIRTIO_F_ACCESS_PLATFORM)),
	IN64(SET_FEATURES, "none", 0),
	IN64(SET_FEATURES, "without ACCESS_PLATFORM",
	     CMP_FEATURES & ~BIT64(VIRTIO_F_ACCESS_PLATFORM)),
	IN64(SET_FEATURES, "without VERSION_1",
	     CMP_FEATURES & ~BIT64(VIRTIO_F_VERSION_1)),
	IN64(SET_FEATURES, "with bit 63", CMP_FEATURES | BIT64(63)),
	IN64(SET_FEATURES, "all", ~0ULL),
	IN64(SET_BACKEND_FEATURES, "none", 0),
	IN64(SET_BACKEND_FEATURES, "IOTLB_MSG_V2", 1ULL << 1),
	IN64(SET_BACKEND_FEATURES, "IOTLB_BATCH", 1ULL << 2),
	IN64(SET_BACKEND_FEATURES, "IOTLB_ASID", 1ULL << 3),
	IN64(SET_BACKEND_FEATURES, "SUSPEND", 1ULL << 4),
	IN64(SET_BACKEND_FEATURES, "RESUME", 1ULL << 5),
	IN64(SET_BACKEND_FEATURES, "SUSPEND and RESUME", 3ULL << 4),
	IN64(SET_BACKEND_FEATURES, "ENABLE_AFTER_DRIVER_OK", 1ULL << 6),
	IN64(SET_BACKEND_FEATURES, "DESC_ASID", 1ULL << 7),
	IN64(SET_BACKEND_FEATURES, "DESC_ASID and IOTLB_ASID",
	     1ULL << 7 | 1ULL << 3),
	IN64(SET_BACKEND_FEATURES, "IOTLB_PERSIST", 1ULL << 8),
	IN64(SET_BACKEND_FEATURES, "good", CMP_BACKEND),
	IN64(SET_BACKEND_FEATURES, "bit 0", 1),
	IN64(SET_BACKEND_FEATURES, "bit 9", 1ULL << 9),
	IN64(SET_BACKEND_FEATURES, "bit 63", 1ULL << 63),
	IN64(SET_BACKEND_FEATURES, "all", ~0ULL),

	/* status */
	IN8(SET_STATUS, 0), IN8(SET_STATUS, 0x1), IN8(SET_STATUS, 0x2),
	IN8(SET_STATUS, 0x3), IN8(SET_STATUS, 0x7), IN8(SET_STATUS, 0x8),
	IN8(SET_STATUS, 0xb), IN8(SET_STATUS, 0xc), IN8(SET_STATUS, 0xf),
	IN8(SET_STATUS, 0x1f), IN8(SET_STATUS, 0x4f), IN8(SET_STATUS, 0x80),
	IN8(SET_STATUS, 0x8f), IN8(SET_STATUS, 0xff),
	{ "SUSPEND", K_NONE, VHOST_MDEV_SUSPEND },
	{ "RESUME", K_NONE, VHOST_MDEV_RESUME },
	{ "SUSPEND with a pointer", K_PTR, VHOST_MDEV_SUSPEND, NOWHERE },

	/* configuration space */
	{ "GET_CONFIG mac", K_CONFIG, VHOST_MDEV_GET_CONFIG, 0, 6 },
	{ "GET_CONFIG status", K_CONFIG, VHOST_MDEV_GET_CONFIG, 6, 2 },
	{ "GET_CONFIG pairs", K_CONFIG, VHOST_MDEV_GET_CONFIG, 8, 2 },
	{ "GET_CONFIG mtu", K_CONFIG, VHOST_MDEV_GET_CONFIG, 10, 2 },
	{ "GET_CONFIG of nothing", K_CONFIG, VHOST_MDEV_GET_CONFIG, 0, 0 },
	{ "GET_CONFIG of a byte at 200", K_CONFIG, VHOST_MDEV_GET_CONFIG, 200,
	  1 },
	{ "GET_CONFIG of 200 bytes", K_CONFIG, VHOST_MDEV_GET_CONFIG, 0, 200 },
	{ "GET_CONFIG of 4 GiB", K_CONFIG, VHOST_MDEV_GET_CONFIG, 0, ~0U },
	{ "GET_CONFIG at 4 GiB", K_CONFIG, VHOST_MDEV_GET_CONFIG, ~0U, 2 },
	{ "SET_CONFIG mac", K_CONFIG, VHOST_MDEV_SET_CONFIG, 0, 6 },
	{ "SET_CONFIG of nothing", K_CONFIG, VHOST_MDEV_SET_CONFIG, 0, 0 },
	{ "SET_CONFIG of a byte at 200", K_CONFIG, VHOST_MDEV_SET_CONFIG, 200,
	  1 },
	{ "SET_CONFIG of 200 bytes", K_CONFIG, VHOST_MDEV_SET_CONFIG, 0, 200 },
	{ "SET_CONFIG of 4 GiB", K_CONFIG, VHOST_MDEV_SET_CONFIG, 0, ~0U },
	{ "SET_CONFIG_CALL", K_FD, VHOST_MDEV_SET_CONFIG_CALL, 0, FD_EVENT },
	{ "SET_CONFIG_CALL none", K_FD, VHOST_MDEV_SET_CONFIG_CALL, 0,
	  FD_NONE },
	{ "SET_CONFIG_CALL closed", K_FD, VHOST_MDEV_SET_CONFIG_CALL, 0,
	  FD_CLOSED },
	{ "SET_CONFIG_CALL -2", K_FD, VHOST_MDEV_SET_CONFIG_CALL, 0,
	  FD_NEGATIVE },
	{ "SET_CONFIG_CALL /dev/null", K_FD, VHOST_MDEV_SET_CONFIG_CALL, 0,
	  FD_NULL },

	/* virtqueues */
	STATE(SET_VRING_NUM, 0, 64), STATE(SET_VRING_NUM, 0, 1),
	STATE(SET_VRING_NUM, 0, 2), STATE(SET_VRING_NUM, 0, 256),
	STATE(SET_VRING_NUM, 2, 64), STATE(SET_VRING_NUM, 0, 0),
	STATE(SET_VRING_NUM, 0, 63), STATE(SET_VRING_NUM, 0, 512),
	STATE(SET_VRING_NUM, 0, 32768), STATE(SET_VRING_NUM, 0, 65536),
	STATE(SET_VRING_NUM, 0, 0x80000000),
	STATE(SET_VRING_BASE, 0, 0), STATE(SET_VRING_BASE, 0, 7),
	STATE(SET_VRING_BASE, 0, 0xffff), STATE(SET_VRING_BASE, 0, 0x10000),
	STATE(SET_VRING_BASE, 0, 0x80008000), STATE(SET_VRING_BASE, 2, 7),
	STATE(GET_VRING_BASE, 0, 9), STATE(GET_VRING_BASE, 2, 9),
	{ "SET_VRING_ADDR 0", K_ADDR, VHOST_MDEV_SET_VRING_ADDR, 0,
	  ADDR_GOOD },
	{ "SET_VRING_ADDR 2", K_ADDR, VHOST_MDEV_SET_VRING_ADDR, 2,
	  ADDR_GOOD },
	{ "SET_VRING_ADDR descriptors unaligned", K_ADDR,
	  VHOST_MDEV_SET_VRING_ADDR, 0, ADDR_DESC_ODD },
	{ "SET_VRING_ADDR avail unaligned", K_ADDR, VHOST_MDEV_SET_VRING_ADDR,
	  0, ADDR_AVAIL_ODD },
	{ "SET_VRING_ADDR used unaligned", K_ADDR, VHOST_MDEV_SET_VRING_ADDR,
	  0, ADDR_USED_ODD },
	{ "SET_VRING_ADDR with a log", K_ADDR, VHOST_MDEV_SET_VRING_ADDR, 0,
	  ADDR_LOG },
	{ "SET_VRING_ADDR with flag 2", K_ADDR, VHOST_MDEV_SET_VRING_ADDR, 0,
	  ADDR_FLAG },
	{ "SET_VRING_ADDR not mapped", K_ADDR, VHOST_MDEV_SET_VRING_ADDR, 0,
	  ADDR_NOWHERE },
	{ "SET_VRING_ADDR used at the end", K_ADDR, VHOST_MDEV_SET_VRING_ADDR,
	  0, ADDR_LAST },
	{ "SET_VRING_ADDR 3", K_ADDR, VHOST_MDEV_SET_VRING_ADDR, 3,
	  ADDR_GOOD },
	{ "SET_VRING_ADDR 0xffffffff", K_ADDR, VHOST_MDEV_SET_VRING_ADDR, ~0U,
	  ADDR_GOOD },
	STATE(SET_VRING_ENABLE, 0, 1), STATE(SET_VRING_ENABLE, 0, 0),
	STATE(SET_VRING_ENABLE, 2, 0), STATE(SET_VRING_ENABLE, 0, 2),
	STATE(SET_VRING_ENABLE, 0, 0xffffffff), STATE(SET_VRING_ENABLE, 2, 1),
	STATE(GET_VRING_SIZE, 0, 9), STATE(GET_VRING_SIZE, 2, 9),

	/* groups and address spaces */
	STATE(GET_VRING_GROUP, 0, 9), STATE(GET_VRING_GROUP, 1, 9),
	STATE(GET_VRING_GROUP, 2, 9),
	STATE(SET_GROUP_ASID, 0, 0), STATE(SET_GROUP_ASID, 1, 0),
	STATE(SET_GROUP_ASID, 1, 1), STATE(SET_GROUP_ASID, 0, 1),
	STATE(SET_GROUP_ASID, 2, 0), STATE(SET_GROUP_ASID, 0, 2),
	STATE(SET_GROUP_ASID, 0, 0xffffffff),
	STATE(SET_GROUP_ASID, 0xffffffff, 0),
	{ "GET_VRING_DESC_GROUP 0", K_STATE, DESC_GROUP, 0 },
	{ "GET_VRING_DESC_GROUP 3", K_STATE, DESC_GROUP, 3 },

	/* of vhost, not of vhost-vdpa; and of nobody */
	{ "SET_MEM_TABLE from 0x10", K_PTR, VHOST_MDEV_SET_MEM_TABLE,
	  NOWHERE },
	{ "SET_MEM_TABLE of nothing", K_IN64, VHOST_MDEV_SET_MEM_TABLE, 0 },
	{ "SET_LOG_BASE", K_IN64, VHOST_MDEV_SET_LOG_BASE, 0 },
	{ "SET_LOG_FD", K_FD, VHOST_MDEV_SET_LOG_FD, 0, FD_EVENT },
	{ "SET_VRING_ENDIAN", K_STATE, VHOST_SET_VRING_ENDIAN, 0, 0 },
	{ "GET_VRING_ENDIAN", K_STATE, VHOST_GET_VRING_ENDIAN, 0, 0 },
	{ "SET_VRING_BUSYLOOP_TIMEOUT", K_STATE,
	  VHOST_SET_VRING_BUSYLOOP_TIMEOUT, 0, 1 },
	{ "GET_VRING_BUSYLOOP_TIMEOUT", K_STATE,
	  VHOST_GET_VRING_BUSYLOOP_TIMEOUT, 0, 9 },
	{ "NET_SET_BACKEND", K_FILE, VHOST_NET_SET_BACKEND, 0, FD_NONE },
	{ "SCSI_GET_ABI_VERSION", K_OUT32, VHOST_SCSI_GET_ABI_VERSION },
	{ "ioctl 0xfe", K_STATE, NO_SUCH, 0, 0 },
	{ "ioctl 0xfe of virtqueue 3", K_STATE, NO_SUCH, 3, 0 },
	{ "ioctl 0xfe from 0x10", K_PTR, NO_SUCH, NOWHERE },
	{ "ioctl of another type", K_STATE, NO_TYPE, 0, 0 },

	/* messages */
	MSG("UPDATE", UPDATE), MSG("UPDATE read", UPDATE, .perm = 1),
	MSG("UPDATE write", UPDATE, .perm = 2),
	MSG("UPDATE at 0", UPDATE, .iova = 0),
	MSG("UPDATE of 16 pages", UPDATE, .size = 16 * VM_PAGE),
	MSG("UPDATE of the last page of all", UPDATE, .iova = -VM_PAGE),
	MSG("UPDATE of nothing", UPDATE, .size = 0),
	MSG("UPDATE of a byte", UPDATE, .size = 1),
	MSG("UPDATE within pages", UPDATE, .iova = CMP_ROOM + 8, .va = VA_MEM_8),
	MSG("UPDATE at another place of the page", UPDATE, .va = VA_MEM_8),
	MSG("UPDATE that wraps", UPDATE, .iova = -VM_PAGE,
	    .size = 2 * VM_PAGE),
	MSG("UPDATE of everything", UPDATE, .iova = 0, .size = ~0ULL),
	MSG("UPDATE with no permission", UPDATE, .perm = 0),
	MSG("UPDATE with permission 4", UPDATE, .perm = 4),
	MSG("UPDATE with permission 255", UPDATE, .perm = 255),
	MSG("UPDATE where no memory is", UPDATE, .va = VA_NOWHERE),
	MSG("UPDATE past the end of memory", UPDATE, .va = VA_SHORT,
	    .size = 2 * VM_PAGE),
	MSG("UPDATE write of read-only memory", UPDATE, .va = VA_READ_ONLY),
	MSG("UPDATE read of read-only memory", UPDATE, .va = VA_READ_ONLY,
	    .perm = 1),
	MSG("UPDATE where something is mapped", UPDATE, .iova = CMP_IOVA),
	MSG("UPDATE of address space 1", UPDATE, .asid = 1),
	MSG("UPDATE of address space 2", UPDATE, .asid = 2),
	MSG("UPDATE of address space 0xffffffff", UPDATE, .asid = ~0U),
	MSG("INVALIDATE of what is not mapped", INVALIDATE),
	MSG("INVALIDATE of nothing", INVALIDATE, .size = 0),
	MSG("INVALIDATE of everything", INVALIDATE, .iova = 0, .size = ~0ULL),
	MSG("INVALIDATE that wraps", INVALIDATE, .iova = ~0ULL, .size = 2),
	MSG("INVALIDATE of address space 1", INVALIDATE, .asid = 1),
	MSG("INVALIDATE of address space 2", INVALIDATE, .asid = 2),
	MSG("BATCH_BEGIN", BATCH_BEGIN),
	MSG("BATCH_BEGIN of address space 1", BATCH_BEGIN, .asid = 1),
	MSG("BATCH_BEGIN of address space 2", BATCH_BEGIN, .asid = 2),
	MSG("BATCH_END", BATCH_END),
	MSG("message 0", UPDATE, .a = 0), MSG("MISS", UPDATE, .a = 1),
	MSG("ACCESS_FAIL", UPDATE, .a = 4), MSG("message 7", UPDATE, .a = 7),
	MSG("message 255", UPDATE, .a = 255),
	FN("UPDATE of the same memory twice", map_twice),
	FN("UPDATE and INVALIDATE, thrice", map_unmap_map),
	FN("UPDATE by another process", write_by_child),
	FN("UPDATE again", write_twice),
	FN("UPDATE by writev", write_in_parts),
	{ "write of no bytes", K_WRITE, 0, VHOST_MDEV_MSG_V2, 0 },
	{ "write of 3 bytes", K_WRITE, 0, VHOST_MDEV_MSG_V2, 3 },
	{ "write of 4 bytes", K_WRITE, 0, VHOST_MDEV_MSG_V2, 4 },
	{ "write of 8 bytes", K_WRITE, 0, VHOST_MDEV_MSG_V2, 8 },
	{ "write of 39 bytes", K_WRITE, 0, VHOST_MDEV_MSG_V2, 39 },
	{ "write of 40 bytes", K_WRITE, 0, VHOST_MDEV_MSG_V2, 40 },
	{ "write of 71 bytes", K_WRITE, 0, VHOST_MDEV_MSG_V2, 71 },
	{ "write of 73 bytes", K_WRITE, 0, VHOST_MDEV_MSG_V2, 73 },
	{ "write of two messages", K_WRITE, 0, VHOST_MDEV_MSG_V2, 144 },
	{ "write of version 1", K_WRITE, 0, VHOST_MDEV_MSG_V1, 72 },
	{ "write of 39 bytes, version 1", K_WRITE, 0, VHOST_MDEV_MSG_V1, 39 },
	{ "write of 40 bytes, version 1", K_WRITE, 0, VHOST_MDEV_MSG_V1, 40 },
	{ "write of version 0", K_WRITE, 0, 0, 72 },
	{ "write of version 3", K_WRITE, 0, 3, 72 },
	{ "write of version -1", K_WRITE, 0, ~0U, 72 },
	{ "write of 4 bytes, version 3", K_WRITE, 0, 3, 4 },
	FN("write from 0x10", write_nowhere),

	/* other calls of files */
	FN("read", read_it), FN("lseek", seek_it), FN("poll", poll_it),
	FN("mmap of a doorbell", mmap_doorbell),
	FN("mmap for reading", mmap_read), FN("mmap, private", mmap_private),
	FN("mmap of two pages", mmap_two), FN("mmap past the end", mmap_far),
};

const unsigned int cmp_nr_calls = ARRAY_SIZE(cmp_calls);
