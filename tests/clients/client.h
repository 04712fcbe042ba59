/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A client of class VHOST instances, through the VFIO fd or the char device:
 * containers or messages and memory, the vhost ioctls, the driver's side of
 * virtqueues, and a virtio-net driver that checks every byte it gets back.
 */
#ifndef CLIENT_H
#define CLIENT_H

#include <stdbool.h>
#include <stddef.h>
#include <endian.h>
#include <sys/types.h>
#include <linux/types.h>
#include <linux/virtio_config.h>
#include <linux/virtio_net.h>
#include <linux/virtio_ring.h>
#include <linux/vhost_mdev.h>

#define ARRAY_SIZE(a)	(sizeof(a) / sizeof((a)[0]))
#define BIT64(n)	(1ULL << (n))
#define VM_PAGE		4096UL
#define VM_NO_FD	(-1)

#define VM_MAX_PAIRS	8
#define VM_MAX_VQS	(2 * VM_MAX_PAIRS + 1)

/* ---- util.c ---- */

[[gnu::noreturn, gnu::format(printf, 3, 4)]]
void vm_die(const char *file, int line, const char *fmt, ...);
#define die(...) vm_die(__FILE__, __LINE__, __VA_ARGS__)

/* What was checked, in words; only a failure ends the program. */
[[gnu::format(printf, 1, 2)]]
void pass(const char *fmt, ...);
[[gnu::format(printf, 1, 2)]]
void vm_info(const char *fmt, ...);

/* must(): a call that returns a negative errno on failure has to succeed. */
#define must(call)							\
({									\
	long __r = (call);						\
									\
	if (__r < 0)							\
		die("%s: %s", #call, vm_err(__r));			\
	__r;								\
})

/* fails(): a call has to fail with this errno (positive). */
#define fails(err, call)						\
do {									\
	long __r = (call), __want = -(err);				\
									\
	if (__r != __want)						\
		die("%s: %s, expected %s", #call, vm_err(__r),		\
		    vm_err(__want));					\
} while (0)

const char *vm_err(long ret);
__u64 vm_now_ms(void);
void vm_sleep_ms(unsigned int ms);
int vm_eventfd(void);
/* Wait for a signal and take it: number of signals, 0 for none in time. */
__u64 vm_eventfd_wait(int fd, int ms);
bool vm_eventfd_peek(int fd);
int vm_write_file(const char *path, const char *text);
int vm_read_file(const char *path, char *buf, size_t len);
/* A file of the instance in sysfs. */
int vm_sysfs_write(const char *uuid, const char *name, const char *text);
int vm_sysfs_read(const char *uuid, const char *name, char *buf, size_t len);
__u64 vm_sysfs_u64(const char *uuid, const char *name);
/* Pages that the kernel holds pinned for anybody, by /proc/vmstat. */
long vm_pinned(void);
/* Give CAP_IPC_LOCK up and limit locked memory. */
int vm_limit_memlock(size_t bytes);
/* Have the instance removed by another process. */
pid_t vm_remove_instance(const char *uuid);

/* ---- chardev.c ---- */

/* How the virtqueues of an emulated PCI function are kicked */
enum vm_pci_kick {
	PCI_NONE,		/* there is no such function */
	PCI_WRITE,		/* by writes to its region */
	PCI_IOEVENTFD,		/* by VFIO_DEVICE_IOEVENTFD */
	PCI_WINDOW,		/* by writes through its configuration space */
	PCI_MMAP,		/* by mapped doorbells */
};

/* By which way devices are opened, and how memory is mapped there */
struct vm_way {
	bool iommufd;	/* /dev/iommu in the place of a container */
	bool cdev;	/* and devices by nodes of their own, not by groups */
	bool chardev;	/* the char device; what follows is about it alone */
	const char *node;	/* not that of an instance, but this one */
	bool wronly;	/* opened for writing only */
	bool v1;	/* messages of version 1 */
	bool batch;	/* between BATCH_BEGIN and BATCH_END */
	bool pieces;	/* a message for each page */
	enum vm_pci_kick pci;	/* class VFIO, and how virtqueues are kicked there */
};

extern struct vm_way vm_way;

/* The node of an instance */
int vm_chardev_path(const char *uuid, char *path, size_t len);
/* and become the owner, with no limit of locked memory */
int vm_chardev_open(const char *uuid);
int vm_chardev_open_only(const char *uuid);
/* One message, of the version that vm_way has; a negative errno on failure */
int vm_msg(int fd, __u32 asid, __u8 type, __u64 iova, __u64 size,
	   const void *va, __u8 perm);
int vm_chardev_map(int fd, const void *va, __u64 iova, size_t size,
		   bool writable);
int vm_chardev_unmap(int fd, __u64 iova, __u64 size);

/* ---- vfio.c ---- */

/* What memory is mapped into: with the char device, that device */
struct vm_container {
	int fd;
	__u32 ioas;		/* with nodes of devices */
	bool has_iommu;
	__u64 next_iova;
};

/* Memory that the device may reach: one mapping. */
struct vm_mem {
	struct vm_container *c;
	__u8 *va;
	__u64 iova;
	size_t size;
	size_t used;
	bool mapped;
};

/* A region of class VFIO */
struct vm_pci_region {
	__u64 offset;		/* in the device fd */
	__u64 size;
	__u32 flags;
};

/* Where a structure of virtio 1.2, section 4.1.4, is */
struct vm_pci_cap {
	__u8 at;		/* in the configuration space; 0: it is not there */
	__u8 bar;
	__u32 offset;
	__u32 length;
};

#define VM_PCI_REGIONS	9
#define VM_PCI_CAPS	6	/* by their type, which begins with 1 */

/* The emulated PCI function of class VFIO, see pci.c */
struct vm_pci {
	struct vm_pci_region region[VM_PCI_REGIONS];
	struct vm_pci_cap cap[VM_PCI_CAPS];
	__u32 notify_step;
	__u32 nr_vectors;
	__u64 kicked;		/* virtqueues that have an ioeventfd */
	bool config_call;	/* there is an eventfd for the configuration */
	void *doorbell[VM_MAX_VQS];
};

struct vm_dev {
	struct vm_container *c;
	char uuid[40];
	int group_nr;
	int group;
	int fd;
	__u64 offered;
	__u64 features;
	__u32 nvqs;
	int config_call;
	struct vm_pci pci;	/* of class VFIO */
};

int vm_container_open(struct vm_container *c);
void vm_container_close(struct vm_container *c);
int vm_group_of(const char *name);
int vm_group_attach(struct vm_container *c, struct vm_dev *d, const char *uuid);
int vm_device_get(struct vm_dev *d);
/* The errno of a device that somebody has; of a node it is vfio's */
int vm_taken_errno(void);
/* vm_group_attach() and vm_device_get() */
int vm_dev_open(struct vm_container *c, struct vm_dev *d, const char *uuid);
void vm_dev_close(struct vm_dev *d);
/* The device alone: the group stays in the container. */
void vm_device_put(struct vm_dev *d);

int vm_dma_map(struct vm_container *c, void *va, __u64 iova, size_t size,
	       bool writable);
int vm_dma_unmap(struct vm_container *c, __u64 iova, size_t size);
int vm_dma_unmap_all(struct vm_container *c);
int vm_mem_new(struct vm_container *c, struct vm_mem *m, size_t size);
int vm_mem_map(struct vm_mem *m);
int vm_mem_unmap(struct vm_mem *m);
/* Map what is not mapped at addresses never used before. */
int vm_mem_move(struct vm_mem *m);
void vm_mem_free(struct vm_mem *m);
void *vm_alloc(struct vm_mem *m, size_t size, size_t align);
__u64 vm_iova(const struct vm_mem *m, const void *va);
int vm_set_irq_eventfd(struct vm_dev *d, unsigned int index, int fd);
/* The index of the eventfd by which a removal asks the user to let go */
unsigned int vm_request_irq(void);

/* ---- iommufd.c: a negative errno on failure ---- */

int vm_ioas_new(int iommufd, __u32 *ioas);
int vm_ioas_map(const struct vm_container *c, void *va, __u64 iova, size_t size,
		bool readable, bool writable);
int vm_ioas_unmap(const struct vm_container *c, __u64 iova, __u64 size);
/* The node of an instance's VFIO device, or of a PCI function's */
int vm_cdev_path(const char *name, char *path, size_t len);
/* opened, bound and attached */
int vm_cdev_open(const struct vm_container *c, const char *name);
int vm_cdev_bind(int fd, int iommufd);
int vm_cdev_attach(int fd, __u32 ioas);
int vm_cdev_detach(int fd);

/* ---- vhost.c: a negative errno on failure ---- */

int vm_ioctl(int fd, unsigned long req, void *arg);
/* A call of vhost_mdev.h; for class VFIO by registers, see pci_vhost.c */
int vm_call(struct vm_dev *d, unsigned long req, void *arg);
int vm_pci_call(struct vm_dev *d, unsigned long req, void *arg);
void vm_pci_kick(struct vm_dev *d, unsigned int q);
int vm_get_features(struct vm_dev *d, __u64 *f);
int vm_set_features(struct vm_dev *d, __u64 f);
int vm_get_backend_features(struct vm_dev *d, __u64 *f);
int vm_set_backend_features(struct vm_dev *d, __u64 f);
int vm_get_status(struct vm_dev *d);
int vm_set_status(struct vm_dev *d, __u8 status);
int vm_add_status(struct vm_dev *d, __u8 bits);
int vm_get_config(struct vm_dev *d, __u32 off, void *buf, __u32 len);
int vm_set_config(struct vm_dev *d, __u32 off, const void *buf, __u32 len);
int vm_vring_num(struct vm_dev *d, __u32 q, __u32 num);
int vm_vring_base(struct vm_dev *d, __u32 q, __u32 base);
long vm_vring_get_base(struct vm_dev *d, __u32 q);
int vm_vring_addr(struct vm_dev *d, __u32 q, __u64 desc, __u64 avail,
		  __u64 used);
int vm_vring_fd(struct vm_dev *d, unsigned long req, __u32 q, int fd);
int vm_vring_enable(struct vm_dev *d, __u32 q, bool on);
int vm_get_u32(struct vm_dev *d, unsigned long req);
int vm_set_config_call(struct vm_dev *d, int fd);
int vm_suspend(struct vm_dev *d);
int vm_resume(struct vm_dev *d);
/* reset, ACKNOWLEDGE, DRIVER, the features wanted and offered, FEATURES_OK */
int vm_negotiate(struct vm_dev *d, __u64 want);

/* ---- vring.c, vring_packed.c ---- */

#define VM_IND_MAX	8

struct vm_sg {
	__u64 iova;
	__u32 len;
};

/* A position in a packed ring has its wrap counter above the index. */
#define VM_WRAP		0x8000

/* What the device has of us */
struct vm_chain {
	int token;		/* -1: nothing */
	__u16 slots;		/* ring descriptors */
	__u32 in_len;
};

struct vm_vq {
	__u16 index;
	__u16 num;
	bool event_idx;
	bool indirect;
	bool in_order;
	bool packed;

	struct vring_desc *desc;
	struct vring_avail *avail;
	struct vring_used *used;
	/* The same memory, in a packed virtqueue */
	struct vring_packed_desc *pdesc;
	struct vring_packed_desc_event *driver;
	struct vring_packed_desc_event *device;
	__u64 desc_iova, avail_iova, used_iova;

	/* VM_IND_MAX descriptors for each head, or id */
	struct vring_desc *ind;
	__u64 ind_iova;

	__u16 free_head;	/* packed: free ids are left from here on */
	__u16 num_free;
	__u16 avail_idx;	/* what we published; packed: a position */
	__u16 kicked_idx;	/* up to where the device was told */
	__u16 used_idx;		/* what we collected */
	__u16 *ids;		/* packed: those that are free */
	struct vm_chain *chain;	/* by head, or id */
	unsigned int added;	/* chains, ever */

	/* IN_ORDER: heads or ids in the order in which they are used */
	__u16 *fifo;
	unsigned int first, last;
	bool in_run;		/* one entry was for all up to run_id */
	__u32 run_id, run_len;
	__u64 passed;		/* chains without an entry of their own */

	int kick, call, err;
	__u16 *doorbell;	/* instead of the kick eventfd */
	struct vm_dev *kicked_by;	/* the same: by vm_pci_kick() */
	__u64 kicks, calls;
};

size_t vm_vq_bytes(unsigned int num, bool indirect);
int vm_vq_init(struct vm_vq *v, struct vm_mem *m, unsigned int index,
	       unsigned int num, __u64 features);
void vm_vq_free(struct vm_vq *v);
/* Where it is now that its memory has another address. */
void vm_vq_moved(struct vm_vq *v, struct vm_mem *m);
/* Tell the device about the queue, with the eventfds, and enable it. */
int vm_vq_start(struct vm_dev *d, struct vm_vq *v, __u32 base);
int vm_vq_add(struct vm_vq *v, const struct vm_sg *sg, unsigned int out,
	      unsigned int in, int token);
void vm_vq_kick(struct vm_vq *v);
void vm_vq_kick_now(struct vm_vq *v);
/* The token of the next chain that the device used, or -1. */
int vm_vq_get(struct vm_vq *v, __u32 *len);
bool vm_vq_has_used(struct vm_vq *v);
void vm_vq_irq(struct vm_vq *v, bool on);
/* The base that the device ought to have, going by what it has used */
__u32 vm_vq_base(struct vm_vq *v);

/* Of a packed virtqueue */
void vm_packed_empty(struct vm_vq *v);
__u16 vm_packed_next(struct vm_vq *v, __u16 pos, unsigned int n);
int vm_packed_add(struct vm_vq *v, const struct vm_sg *sg, unsigned int out,
		  unsigned int in, int token);
bool vm_packed_needs_kick(struct vm_vq *v);
bool vm_packed_is_used(struct vm_vq *v, __u16 pos);
bool vm_packed_peek(struct vm_vq *v, __u32 *id, __u32 *len);
__u32 vm_packed_base(struct vm_vq *v);
void vm_packed_irq(struct vm_vq *v, bool on);

/* ---- stall.c: pages that whoever comes to them waits for ---- */

struct stall {
	int fd;
	__u8 *page;		/* the first one */
	size_t len;		/* of all */
};

/* One page */
void stall_init(struct stall *s);
void stall_init_pages(struct stall *s, unsigned int nr);
/* Whoever comes to a page from now on waits. */
void stall_arm(struct stall *s);
/* The page that somebody waits for, or NULL */
__u8 *stall_where(struct stall *s, int ms);
/* Whether somebody waits for one */
bool stall_caught(struct stall *s, int ms);
/* Let whoever waits for a page have it, or the first one. */
void stall_give(struct stall *s, __u8 *page);
void stall_let_go(struct stall *s);
void stall_free(struct stall *s);

/* ---- gone.c ---- */

/* Dies unless a call of that name gave ENODEV. */
void vm_must_be_gone(const char *name, int ret);
/* Make all calls of a device that is gone: each gives ENODEV. */
void vm_check_gone(struct vm_dev *d);

/* ---- net.c, traffic.c ---- */

struct vm_net_opts {
	unsigned int pairs;
	unsigned int num;	/* ring size */
	unsigned int size;	/* frame, with the Ethernet header */
	bool indirect;
	bool event_idx;
	bool packed;
	bool in_order;
	bool mrg;
	bool csum;
	bool mq;		/* negotiate MQ and the control queue */
	bool ctrl;		/* negotiate the control queue, maybe without MQ */
	bool gso;		/* every fourth frame is a TCP super-frame */
	bool vary;		/* sizes from 60 up to size */
	bool no_count;		/* the device need not count buffers of frames */
};

struct vm_pair {
	struct vm_vq rx, tx;
	__u8 *rxbuf, *txbuf;
	unsigned int rx_slots, tx_slots;
	unsigned int rx_busy;
	unsigned int *tx_free, tx_nfree;
	unsigned int *rx_free, rx_nfree;
	__u64 target;		/* frames to send in all */
	__u64 sent, done, got;
	__u64 bytes;
	bool hold_rx;		/* give the device no more receive buffers */
	bool off;		/* not to be used */
};

/* The end that completes the checksums of frames that are received */
enum vm_csum {
	VM_CSUM_DRIVER,		/* GUEST_CSUM is on */
	VM_CSUM_DEVICE,		/* it is off */
	VM_CSUM_EITHER,		/* it was switched on, and the device may take a while */
};

struct vm_net {
	struct vm_dev *dev;
	struct vm_net_opts o;
	struct vm_mem rings, bufs;
	struct vm_pair pair[VM_MAX_PAIRS];
	struct vm_vq ctrl;
	bool has_ctrl;
	unsigned int max_pairs;
	unsigned int nr_free;	/* queues to be freed */
	__u16 ctrl_index;
	/* added to the addresses of receive and transmit buffers */
	__u64 shift[2];
	/* the same for the control queue's */
	__u64 ctrl_shift;
	__u8 mac[6];
	__u16 tag;		/* of the VLAN that frames are in, 0 for none */
	enum vm_csum guest_csum;
	unsigned int nr_partial; /* frames whose checksum is the driver's to complete */
	size_t rx_size, tx_size;
	__u8 *expect;		/* a frame as it ought to be */
	__u8 *whole;		/* a frame put together from its buffers */
	__u8 *ctrl_buf;
	/* another one after each start, and in each process: all frames have it */
	__u16 run;
};

extern const struct vm_net_opts vm_net_default;

__u64 vm_net_features(const struct vm_net_opts *o);
/* Negotiate; allocate and map rings and buffers; start; DRIVER_OK. */
int vm_net_start(struct vm_net *n, struct vm_dev *d,
		 const struct vm_net_opts *o);
/* Parts of it, for callers that want something in between. */
int vm_net_alloc(struct vm_net *n, struct vm_dev *d,
		 const struct vm_net_opts *o);
/* With the features that the device is going to be given */
int vm_net_prepare(struct vm_net *n, struct vm_dev *d,
		   const struct vm_net_opts *o);
int vm_net_rings(struct vm_net *n, const __u32 *base);
int vm_net_live(struct vm_net *n);
/* Map rings (and buffers, if they are not) elsewhere after they were unmapped. */
void vm_net_move(struct vm_net *n);
/* Empty rings again, after a reset; frames in flight are forgotten. */
void vm_net_forget(struct vm_net *n);
/* Through the char device, for its first address space: memory to read and write */
int vm_net_msg(struct vm_net *n, __u8 type, __u64 iova, __u64 size,
	       const void *va);
/* Reset, and live again with empty rings. */
int vm_net_again(struct vm_net *n);
/* Reset the device, if it is open, and let go of all. */
void vm_net_free(struct vm_net *n);
unsigned int vm_net_nqs(struct vm_net *n);
struct vm_vq *vm_net_vq(struct vm_net *n, unsigned int i);
int vm_net_ctrl(struct vm_net *n, __u8 class, __u8 cmd, const void *data,
		size_t len);

/* One round of sending and collecting; whether anything moved. */
bool vm_net_pump(struct vm_net *n);
/* Sleep until the device has something for us; false if it had not. */
bool vm_net_wait(struct vm_net *n, int ms);
/* Send until each pair sent and got back so many frames in all. */
void vm_net_run(struct vm_net *n, __u64 target);
/*
 * As vm_net_run(), but an error is not the end: -EIO if a queue in use broke,
 * -ETIMEDOUT if nothing moves.
 */
int vm_net_try(struct vm_net *n, __u64 target, int stall_ms);

#endif
