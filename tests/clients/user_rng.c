// SPDX-License-Identifier: GPL-2.0-only
/*
 * Read random bytes from an entropy device of class VHOST: the least that a
 * program on the VFIO fd has to do, in the order that docs/uapi.md explains.
 *
 *	user-rng UUID [BYTES]	(64 bytes; at most 4096)
 *
 * Prints the bytes in hexadecimal.
 */
#include <endian.h>
#include <err.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <linux/vfio.h>
#include <linux/vhost_mdev.h>
#include <linux/virtio_config.h>
#include <linux/virtio_ids.h>
#include <linux/virtio_ring.h>

#define NUM	8		/* ring size */
#define IOVA	0x100000ULL	/* where the device sees our memory */

/* All that the device may reach; page-aligned, mapped as one piece. */
struct shared {
	struct vring_desc desc[NUM];
	struct {
		__u16 flags;
		__u16 idx;
		__u16 ring[NUM];
	} avail;
	struct {
		__u16 flags;
		__u16 idx;
		struct vring_used_elem ring[NUM];
	} used;
	unsigned char buf[4096];
};

#define IOVA_OF(member)	(IOVA + offsetof(struct shared, member))

static int open_group(const char *uuid)
{
	char link[PATH_MAX], path[PATH_MAX];
	ssize_t len;
	int fd;

	snprintf(path, sizeof(path), "/sys/bus/mdev/devices/%s/iommu_group",
		 uuid);
	len = readlink(path, link, sizeof(link) - 1);
	if (len < 0)
		err(1, "%s", path);
	link[len] = '\0';

	snprintf(path, sizeof(path), "/dev/vfio/%.16s", strrchr(link, '/') + 1);
	fd = open(path, O_RDWR | O_CLOEXEC);
	if (fd < 0)
		err(1, "%s", path);
	return fd;
}

static void must_ioctl(int fd, unsigned long request, void *arg,
		       const char *what)
{
	if (ioctl(fd, request, arg) < 0)
		err(1, "%s", what);
}

#define IOCTL(fd, request, arg)	must_ioctl(fd, request, arg, #request)

/* Group and container, and from them the device. */
static int open_device(const char *uuid, int *container)
{
	int group, fd;

	*container = open("/dev/vfio/vfio", O_RDWR | O_CLOEXEC);
	if (*container < 0)
		err(1, "/dev/vfio/vfio");

	group = open_group(uuid);
	IOCTL(group, VFIO_GROUP_SET_CONTAINER, container);
	if (ioctl(*container, VFIO_SET_IOMMU, VFIO_TYPE1v2_IOMMU))
		err(1, "VFIO_SET_IOMMU");

	fd = ioctl(group, VFIO_GROUP_GET_DEVICE_FD, uuid);
	if (fd < 0)
		err(1, "VFIO_GROUP_GET_DEVICE_FD");
	return fd;
}

/* Memory for rings and buffers, which the device sees at IOVA. */
static struct shared *map_memory(int container)
{
	size_t page = sysconf(_SC_PAGESIZE);
	struct vfio_iommu_type1_dma_map map = {
		.argsz = sizeof(map),
		.flags = VFIO_DMA_MAP_FLAG_READ | VFIO_DMA_MAP_FLAG_WRITE,
		.iova = IOVA,
		.size = (sizeof(struct shared) + page - 1) & ~(page - 1),
	};
	void *mem;

	mem = mmap(NULL, map.size, PROT_READ | PROT_WRITE,
		   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (mem == MAP_FAILED)
		err(1, "mmap");
	map.vaddr = (unsigned long)mem;
	IOCTL(container, VFIO_IOMMU_MAP_DMA, &map);
	return mem;
}

/* Status bits are added one by one and never taken back, but by a reset. */
static __u8 add_status(int fd, __u8 bits)
{
	__u8 status;

	IOCTL(fd, VHOST_MDEV_GET_STATUS, &status);
	status |= bits;
	IOCTL(fd, VHOST_MDEV_SET_STATUS, &status);
	IOCTL(fd, VHOST_MDEV_GET_STATUS, &status);
	return status;
}

static void negotiate(int fd)
{
	__u64 features;
	__u8 status = 0;
	__u32 id;

	IOCTL(fd, VHOST_MDEV_GET_DEVICE_ID, &id);
	if (id != VIRTIO_ID_RNG)
		errx(1, "this is no entropy device but of virtio type %u", id);

	IOCTL(fd, VHOST_MDEV_SET_STATUS, &status);
	add_status(fd, VIRTIO_CONFIG_S_ACKNOWLEDGE);
	add_status(fd, VIRTIO_CONFIG_S_DRIVER);

	IOCTL(fd, VHOST_MDEV_GET_FEATURES, &features);
	/* Our addresses are I/O virtual ones: ACCESS_PLATFORM says so. */
	features &= 1ULL << VIRTIO_F_VERSION_1 | 1ULL << VIRTIO_F_ACCESS_PLATFORM;
	IOCTL(fd, VHOST_MDEV_SET_FEATURES, &features);
	if (!(add_status(fd, VIRTIO_CONFIG_S_FEATURES_OK) &
	      VIRTIO_CONFIG_S_FEATURES_OK))
		errx(1, "the device does not take features %#llx", features);
}

static void set_up_ring(int fd, int kick, int call)
{
	struct vhost_mdev_vring_state num = { .index = 0, .num = NUM };
	struct vhost_mdev_vring_state base = { .index = 0, .num = 0 };
	struct vhost_mdev_vring_addr addr = {
		.index = 0,
		.desc_user_addr = IOVA_OF(desc),
		.avail_user_addr = IOVA_OF(avail),
		.used_user_addr = IOVA_OF(used),
	};
	struct vhost_mdev_vring_file kick_file = { .index = 0, .fd = kick };
	struct vhost_mdev_vring_file call_file = { .index = 0, .fd = call };
	struct vhost_mdev_vring_state enable = { .index = 0, .num = 1 };

	IOCTL(fd, VHOST_MDEV_SET_VRING_NUM, &num);
	IOCTL(fd, VHOST_MDEV_SET_VRING_BASE, &base);
	IOCTL(fd, VHOST_MDEV_SET_VRING_ADDR, &addr);
	IOCTL(fd, VHOST_MDEV_SET_VRING_KICK, &kick_file);
	IOCTL(fd, VHOST_MDEV_SET_VRING_CALL, &call_file);
	IOCTL(fd, VHOST_MDEV_SET_VRING_ENABLE, &enable);
	/* The device goes live and maps the ring. */
	add_status(fd, VIRTIO_CONFIG_S_DRIVER_OK);
}

/* One buffer, filled by the device; returns the number of bytes. */
static __u32 fetch(struct shared *sh, __u32 bytes, int kick, int call)
{
	struct pollfd pfd = { .fd = call, .events = POLLIN };
	__u64 one = 1;

	sh->desc[0] = (struct vring_desc) {
		.addr = htole64(IOVA_OF(buf)),
		.len = htole32(bytes),
		.flags = htole16(VRING_DESC_F_WRITE),
	};
	sh->avail.ring[0] = htole16(0);
	__atomic_store_n(&sh->avail.idx, htole16(1), __ATOMIC_RELEASE);
	if (write(kick, &one, sizeof(one)) != sizeof(one))
		err(1, "kick");

	if (poll(&pfd, 1, 30000) != 1)
		errx(1, "the device does not answer");
	if (le16toh(__atomic_load_n(&sh->used.idx, __ATOMIC_ACQUIRE)) != 1)
		errx(1, "the device signals, but used no buffer");
	return le32toh(sh->used.ring[0].len);
}

int main(int argc, char **argv)
{
	unsigned long bytes = argc > 2 ? strtoul(argv[2], NULL, 0) : 64;
	int container, fd, kick, call;
	struct shared *sh;
	__u32 i, len;

	if (argc < 2 || argc > 3 || !bytes || bytes > sizeof(sh->buf))
		errx(2, "usage: user-rng UUID [BYTES (at most 4096)]");

	fd = open_device(argv[1], &container);
	sh = map_memory(container);
	kick = eventfd(0, EFD_CLOEXEC);
	call = eventfd(0, EFD_CLOEXEC);
	if (kick < 0 || call < 0)
		err(1, "eventfd");

	negotiate(fd);
	set_up_ring(fd, kick, call);
	len = fetch(sh, bytes, kick, call);
	if (len > bytes)
		errx(1, "the device says that it wrote %u of %lu bytes", len,
		     bytes);

	for (i = 0; i < len; i++)
		printf("%02x%s", sh->buf[i], i % 32 == 31 ? "\n" : "");
	if (len % 32)
		printf("\n");
	/* Closing the fd resets the device. */
	return 0;
}
