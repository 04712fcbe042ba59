/* SPDX-License-Identifier: GPL-2.0 WITH Linux-syscall-note */
/*
 * Userspace ABI of a mediated virtio device of class VHOST.
 *
 * The ioctls have the numbers and layouts of <linux/vhost.h>, so that a program
 * written for those works unchanged, and names of their own, so that this file
 * builds against headers of any age.
 */
#ifndef _UAPI_LINUX_VHOST_MDEV_H
#define _UAPI_LINUX_VHOST_MDEV_H

#include <linux/ioctl.h>
#include <linux/types.h>

/**
 * struct vhost_mdev_vring_state - a number that belongs to a virtqueue
 * @index: the virtqueue
 * @num: ring size, avail index, group, address space or on/off; for the base of
 *	a packed virtqueue, bits 0 to 14 and 15 are the avail index and wrap
 *	counter, 16 to 30 and 31 those of the used side, so that a ring begins
 *	at 0x80008000, for which 0x8000 is taken as well
 */
struct vhost_mdev_vring_state {
	__u32 index;
	__u32 num;
};

/**
 * struct vhost_mdev_vring_file - an eventfd that belongs to a virtqueue
 * @index: the virtqueue
 * @fd: an eventfd, or VHOST_MDEV_FILE_UNBIND for none
 */
struct vhost_mdev_vring_file {
	__u32 index;
	__s32 fd;
};

#define VHOST_MDEV_FILE_UNBIND	(-1)

/**
 * struct vhost_mdev_vring_addr - where a virtqueue lies, in I/O virtual addresses
 * @index: the virtqueue
 * @flags: 0
 * @desc_user_addr: descriptor table, or packed descriptor ring
 * @used_user_addr: used ring, or packed device event suppression
 * @avail_user_addr: available ring, or packed driver event suppression
 * @log_guest_addr: 0
 */
struct vhost_mdev_vring_addr {
	__u32 index;
	__u32 flags;
	__u64 desc_user_addr;
	__u64 used_user_addr;
	__u64 avail_user_addr;
	__u64 log_guest_addr;
};

/**
 * struct vhost_mdev_config - a piece of the configuration space
 * @off: offset of the first byte
 * @len: number of bytes
 * @buf: the bytes, little-endian as in virtio 1.2, section 2.5
 */
struct vhost_mdev_config {
	__u32 off;
	__u32 len;
#if defined(__cplusplus) || !defined(__STDC_VERSION__)
	__u8 buf[1];	/* no flexible array in C++ and C89; the rest follows */
#else
	__u8 buf[];
#endif
};

/**
 * struct vhost_mdev_iova_range - I/O virtual addresses that can be used
 * @first: the lowest
 * @last: the highest
 */
struct vhost_mdev_iova_range {
	__u64 first;
	__u64 last;
};

/**
 * struct vhost_mdev_state - the state of a device, for another host
 * @len: bytes at @data; GET_STATE sets it to the length of the state
 * @reserved: 0
 * @data: address of the bytes
 */
struct vhost_mdev_state {
	__u32 len;
	__u32 reserved;
	__aligned_u64 data;
};

#define VHOST_MDEV_IOCTL	0xAF

/* Device features, see virtio 1.2, section 6 and the device type's own. */
#define VHOST_MDEV_GET_FEATURES		_IOR(VHOST_MDEV_IOCTL, 0x00, __u64)
#define VHOST_MDEV_SET_FEATURES		_IOW(VHOST_MDEV_IOCTL, 0x00, __u64)
/*
 * Bit number in both, on the VFIO device alone and no feature of the driver: the
 * container's log of written pages names the pages that the device writes, and not
 * all that it uses.  Can be set and cleared at any time, with the features that were
 * negotiated; a reset clears it.
 */
#define VHOST_MDEV_F_LOG_ALL		26
/*
 * Note that the device is owned, once; reset it and note that it is not owned.
 * No other command asks for it.  On the VFIO device it does not matter which
 * process calls; on the char device, it is the memory of the process that
 * becomes the owner which can be mapped from then on, by itself alone, and
 * RESET_OWNER unmaps it.
 */
#define VHOST_MDEV_SET_OWNER		_IO(VHOST_MDEV_IOCTL, 0x01)
#define VHOST_MDEV_RESET_OWNER		_IO(VHOST_MDEV_IOCTL, 0x02)
/* Refused: memory is mapped through the VFIO container or with messages. */
#define VHOST_MDEV_SET_MEM_TABLE	_IOW(VHOST_MDEV_IOCTL, 0x03, __u64)
/* Refused with ENOTTY: no log of the pages that the device wrote is kept. */
#define VHOST_MDEV_SET_LOG_BASE		_IOW(VHOST_MDEV_IOCTL, 0x04, __u64)
#define VHOST_MDEV_SET_LOG_FD		_IOW(VHOST_MDEV_IOCTL, 0x07, int)

/*
 * Virtqueue set-up: before DRIVER_OK, or, while suspended, of a virtqueue that
 * is not enabled.
 */
#define VHOST_MDEV_SET_VRING_NUM \
	_IOW(VHOST_MDEV_IOCTL, 0x10, struct vhost_mdev_vring_state)
#define VHOST_MDEV_SET_VRING_ADDR \
	_IOW(VHOST_MDEV_IOCTL, 0x11, struct vhost_mdev_vring_addr)
#define VHOST_MDEV_SET_VRING_BASE \
	_IOW(VHOST_MDEV_IOCTL, 0x12, struct vhost_mdev_vring_state)
/* Exact if the virtqueue is not enabled or the device suspended. */
#define VHOST_MDEV_GET_VRING_BASE \
	_IOWR(VHOST_MDEV_IOCTL, 0x12, struct vhost_mdev_vring_state)
/* eventfds: at any time; the index of the virtqueue, and a file descriptor */
#define VHOST_MDEV_SET_VRING_KICK \
	_IOW(VHOST_MDEV_IOCTL, 0x20, struct vhost_mdev_vring_file)
#define VHOST_MDEV_SET_VRING_CALL \
	_IOW(VHOST_MDEV_IOCTL, 0x21, struct vhost_mdev_vring_file)
#define VHOST_MDEV_SET_VRING_ERR \
	_IOW(VHOST_MDEV_IOCTL, 0x22, struct vhost_mdev_vring_file)

/* What the device side of this interface can do, VHOST_MDEV_BACKEND_F_* */
#define VHOST_MDEV_SET_BACKEND_FEATURES	_IOW(VHOST_MDEV_IOCTL, 0x25, __u64)
#define VHOST_MDEV_GET_BACKEND_FEATURES	_IOR(VHOST_MDEV_IOCTL, 0x26, __u64)

/*
 * Bit numbers of the backend features; the first three and the last are of the
 * char device alone, see struct vhost_mdev_msg.
 */
#define VHOST_MDEV_BACKEND_F_IOTLB_MSG_V2		1
#define VHOST_MDEV_BACKEND_F_IOTLB_BATCH		2
#define VHOST_MDEV_BACKEND_F_IOTLB_ASID			3
#define VHOST_MDEV_BACKEND_F_SUSPEND			4
#define VHOST_MDEV_BACKEND_F_RESUME			5
#define VHOST_MDEV_BACKEND_F_ENABLE_AFTER_DRIVER_OK	6
/* What is mapped stays mapped when the device is reset. */
#define VHOST_MDEV_BACKEND_F_IOTLB_PERSIST		8

/* The virtio device type, the status (section 2.1), configuration space */
#define VHOST_MDEV_GET_DEVICE_ID	_IOR(VHOST_MDEV_IOCTL, 0x70, __u32)
#define VHOST_MDEV_GET_STATUS		_IOR(VHOST_MDEV_IOCTL, 0x71, __u8)
#define VHOST_MDEV_SET_STATUS		_IOW(VHOST_MDEV_IOCTL, 0x72, __u8)
/*
 * The size in these two numbers is that of the header of struct
 * vhost_mdev_config alone, whatever the language makes of its last member.
 */
#define VHOST_MDEV_GET_CONFIG \
	_IOC(_IOC_READ, VHOST_MDEV_IOCTL, 0x73, 2 * sizeof(__u32))
#define VHOST_MDEV_SET_CONFIG \
	_IOC(_IOC_WRITE, VHOST_MDEV_IOCTL, 0x74, 2 * sizeof(__u32))
/* Start (num 1) or stop (num 0) a virtqueue. */
#define VHOST_MDEV_SET_VRING_ENABLE \
	_IOW(VHOST_MDEV_IOCTL, 0x75, struct vhost_mdev_vring_state)
/* The largest ring size of all virtqueues */
#define VHOST_MDEV_GET_VRING_NUM	_IOR(VHOST_MDEV_IOCTL, 0x76, __u16)
/* eventfd for configuration changes; VHOST_MDEV_FILE_UNBIND for none */
#define VHOST_MDEV_SET_CONFIG_CALL	_IOW(VHOST_MDEV_IOCTL, 0x77, int)
#define VHOST_MDEV_GET_IOVA_RANGE \
	_IOR(VHOST_MDEV_IOCTL, 0x78, struct vhost_mdev_iova_range)
#define VHOST_MDEV_GET_CONFIG_SIZE	_IOR(VHOST_MDEV_IOCTL, 0x79, __u32)
/* Address spaces and the groups of virtqueues that are tied to one */
#define VHOST_MDEV_GET_AS_NUM		_IOR(VHOST_MDEV_IOCTL, 0x7A, unsigned int)
#define VHOST_MDEV_GET_VRING_GROUP \
	_IOWR(VHOST_MDEV_IOCTL, 0x7B, struct vhost_mdev_vring_state)
#define VHOST_MDEV_SET_GROUP_ASID \
	_IOW(VHOST_MDEV_IOCTL, 0x7C, struct vhost_mdev_vring_state)
/* Freeze a live device so that its state can be read; and go on. */
#define VHOST_MDEV_SUSPEND		_IO(VHOST_MDEV_IOCTL, 0x7D)
#define VHOST_MDEV_RESUME		_IO(VHOST_MDEV_IOCTL, 0x7E)
/* Refused: a ring is in the address space of the buffers that it names. */
#define VHOST_MDEV_GET_VRING_DESC_GROUP \
	_IOWR(VHOST_MDEV_IOCTL, 0x7F, struct vhost_mdev_vring_state)
#define VHOST_MDEV_GET_VQS_COUNT	_IOR(VHOST_MDEV_IOCTL, 0x80, __u32)
#define VHOST_MDEV_GET_GROUP_NUM	_IOR(VHOST_MDEV_IOCTL, 0x81, __u32)
/* The ring size of one virtqueue */
#define VHOST_MDEV_GET_VRING_SIZE \
	_IOWR(VHOST_MDEV_IOCTL, 0x82, struct vhost_mdev_vring_state)

/*
 * On the char device only: write() of one struct vhost_mdev_msg.
 */

/* Types of messages */
#define VHOST_MDEV_MSG_V1	1
#define VHOST_MDEV_MSG_V2	2

/* What the device may do with mapped memory */
#define VHOST_MDEV_ACCESS_RO	1
#define VHOST_MDEV_ACCESS_WO	2
#define VHOST_MDEV_ACCESS_RW	3

/* What a message asks for */
#define VHOST_MDEV_IOTLB_UPDATE		2
#define VHOST_MDEV_IOTLB_INVALIDATE	3
#define VHOST_MDEV_IOTLB_BATCH_BEGIN	5
#define VHOST_MDEV_IOTLB_BATCH_END	6

/**
 * struct vhost_mdev_iotlb_msg - map or unmap memory
 * @iova: first I/O virtual address; of UPDATE and INVALIDATE
 * @size: bytes; of UPDATE and INVALIDATE
 * @uaddr: first address in the process; of UPDATE.  Has the place in its page
 *	that @iova has.
 * @perm: VHOST_MDEV_ACCESS_*; of UPDATE
 * @type: VHOST_MDEV_IOTLB_*
 *
 * UPDATE maps whole pages, all or nothing, and pins them.  They count against
 * RLIMIT_MEMLOCK, whoever the user is.  Nothing may be mapped there.
 *
 * INVALIDATE unmaps all pages that the range touches; that none is mapped is no
 * error.  When the write() returns, the device does not access them any more,
 * and virtqueues that lie in them are broken.
 *
 * BATCH_BEGIN and BATCH_END stand around messages of the same address space.
 * Each is carried out and reports its errors at once, but what was unmapped may
 * be accessed up to BATCH_END.  If the device can be suspended, it stands still
 * from the first INVALIDATE to BATCH_END, and only virtqueues that do not lie in
 * mapped memory then are broken.
 */
struct vhost_mdev_iotlb_msg {
	__aligned_u64 iova;
	__aligned_u64 size;
	__aligned_u64 uaddr;
	__u8 perm;
	__u8 type;
};

/**
 * struct vhost_mdev_msg - what is written to the char device
 * @type: VHOST_MDEV_MSG_V1 or VHOST_MDEV_MSG_V2
 * @asid: the address space, if VHOST_MDEV_BACKEND_F_IOTLB_ASID was acknowledged
 *	and @type is VHOST_MDEV_MSG_V2; else it counts as 0
 * @iotlb: the message
 * @padding: not looked at, and may be left out
 */
struct vhost_mdev_msg {
	__u32 type;
	__u32 asid;
	struct vhost_mdev_iotlb_msg iotlb;
	__u8 padding[32];
};

/*
 * On the VFIO device fd only: what the driver has set up, except virtqueues, features
 * and status, so that a device at another host can go on.
 *
 * GET_STATE copies it to the user.  The device is suspended, or not live.  ENOSPC, and
 * the length that it takes, if there is less room.
 *
 * SET_STATE gives it to a device that has FEATURES_OK, of the features that the other
 * one has, and not DRIVER_OK; once after a reset.
 */
#define VHOST_MDEV_GET_STATE \
	_IOWR(VHOST_MDEV_IOCTL, 0xF0, struct vhost_mdev_state)
#define VHOST_MDEV_SET_STATE \
	_IOW(VHOST_MDEV_IOCTL, 0xF1, struct vhost_mdev_state)
/* What SET_STATE takes at most, in bytes */
#define VHOST_MDEV_STATE_MAX	65536

/*
 * On the VFIO device fd only.
 *
 * VFIO_DEVICE_GET_INFO carries this capability, which no other VFIO device has,
 * if argsz leaves room for it.
 */
#define VHOST_MDEV_DEVICE_INFO_CAP		0x8d01
#define VHOST_MDEV_DEVICE_INFO_CAP_VERSION	1

/**
 * struct vhost_mdev_device_info_cap - "the vhost ioctls are understood here"
 * @id: VHOST_MDEV_DEVICE_INFO_CAP
 * @version: VHOST_MDEV_DEVICE_INFO_CAP_VERSION
 * @next: offset of the next capability, 0 if last; these three are a struct
 *	vfio_info_cap_header
 * @device_id: the virtio device type
 * @vendor_id: the vendor
 * @vq_count: number of virtqueues
 * @config_size: size of the configuration space
 */
struct vhost_mdev_device_info_cap {
	__u16 id;
	__u16 version;
	__u32 next;
	__u32 device_id;
	__u32 vendor_id;
	__u32 vq_count;
	__u32 config_size;
};

/*
 * The only region: doorbells, one page a virtqueue, at page index = virtqueue
 * index of the fd; of size 0 if the instance has none.  The pages can be mapped
 * from the char device, too.  A write of the queue
 * index (__u16, little-endian) at the start of a page notifies that queue.
 */
#define VHOST_MDEV_REGION_NOTIFY	0
#define VHOST_MDEV_NUM_REGIONS		1

/*
 * The only interrupt index: an eventfd that is signalled when the device is
 * about to be removed and its user is asked to let go.
 */
#define VHOST_MDEV_IRQ_REQUEST		0
#define VHOST_MDEV_NUM_IRQS		1

#endif /* _UAPI_LINUX_VHOST_MDEV_H */
