// SPDX-License-Identifier: GPL-2.0-only
/*
 * The state stream of a function: how it is written and checked.
 *
 * Streams are hostile.  All of one is checked here, before any of it takes effect.
 * docs/migration.md has the format.
 */

#include <linux/errno.h>
#include <linux/mdev_class.h>
#include <linux/mdev_state.h>
#include <linux/string.h>
#include <linux/types.h>
#include <linux/virtio_config.h>
#include <linux/virtio_pci.h>

#include "saved.h"

/* What a driver may have set of the status */
#define VFIO_MDEV_SAVED_STATUS	(VIRTIO_CONFIG_S_ACKNOWLEDGE |	\
				 VIRTIO_CONFIG_S_DRIVER |	\
				 VIRTIO_CONFIG_S_DRIVER_OK |	\
				 VIRTIO_CONFIG_S_FEATURES_OK |	\
				 VIRTIO_CONFIG_S_FAILED)

/* Bits of the interrupt status register */
#define VFIO_MDEV_SAVED_ISR	0x3

/* Flags of MDEV_STATE_DEVICE */
#define VFIO_MDEV_SAVED_BROKEN	0x1

/* Flags of a virtqueue */
#define VFIO_MDEV_SAVED_ENABLED	0x1

/* Of a packed virtqueue: the wrap counter in an index */
#define VFIO_MDEV_SAVED_WRAP	0x8000

/* How much of a virtqueue there is in MDEV_STATE_QUEUES, in bytes */
#define VFIO_MDEV_SAVED_QUEUE	34

/* What a parent saves at most, as a rule; for an estimate */
#define VFIO_MDEV_SAVED_OWN	1024

static int vfio_mdev_unfit(struct vfio_mdev_unfit *unfit, const char *what,
			   u64 theirs, u64 ours)
{
	*unfit = (struct vfio_mdev_unfit) {
		.what = what,
		.theirs = theirs,
		.ours = ours,
	};
	return -EINVAL;
}

/* ---- writing ---- */

/**
 * vfio_mdev_saved_put_identity() - write MDEV_STATE_IDENTITY
 * @w: the stream, begun
 * @id: of the function
 */
void vfio_mdev_saved_put_identity(struct mdev_state_writer *w,
				  const struct vfio_mdev_identity *id)
{
	u16 i;

	mdev_state_begin(w, MDEV_STATE_IDENTITY, MDEV_STATE_REQUIRED);
	mdev_state_put32(w, id->device_id);
	mdev_state_put32(w, id->vendor_id);
	mdev_state_put64(w, id->features);
	mdev_state_put32(w, id->config_size);
	mdev_state_put16(w, id->nvqs);
	mdev_state_put16(w, id->nr_vectors);
	for (i = 0; i < id->nvqs; i++)
		mdev_state_put16(w, id->sizes[i]);
	mdev_state_end(w);
}

static void vfio_mdev_put_device(struct mdev_state_writer *w,
				 const struct vfio_mdev_saved *saved)
{
	mdev_state_begin(w, MDEV_STATE_DEVICE, MDEV_STATE_REQUIRED);
	mdev_state_put8(w, saved->status);
	mdev_state_put8(w, saved->broken ? VFIO_MDEV_SAVED_BROKEN : 0);
	mdev_state_put8(w, saved->isr);
	mdev_state_put8(w, saved->generation);
	mdev_state_put16(w, saved->config_vector);
	mdev_state_put16(w, saved->queue_select);
	mdev_state_put32(w, saved->device_select);
	mdev_state_put32(w, saved->driver_select);
	mdev_state_put64(w, saved->driver_features);
	mdev_state_put64(w, saved->features);
	mdev_state_end(w);
}

static void vfio_mdev_put_queues(struct mdev_state_writer *w, u16 nvqs,
				 const struct vfio_mdev_saved *saved)
{
	u16 i;

	mdev_state_begin(w, MDEV_STATE_QUEUES, MDEV_STATE_REQUIRED);
	mdev_state_put16(w, VFIO_MDEV_SAVED_QUEUE);
	for (i = 0; i < nvqs; i++) {
		const struct vfio_mdev_saved_queue *queue = &saved->queues[i];

		mdev_state_put16(w, queue->size);
		mdev_state_put16(w, queue->vector);
		mdev_state_put16(w, queue->enabled ? VFIO_MDEV_SAVED_ENABLED : 0);
		mdev_state_put16(w, queue->avail);
		mdev_state_put16(w, queue->used);
		mdev_state_put64(w, queue->desc);
		mdev_state_put64(w, queue->driver);
		mdev_state_put64(w, queue->device);
	}
	mdev_state_end(w);
}

static void vfio_mdev_put_bytes(struct mdev_state_writer *w, u16 type,
				u16 flags, const u8 *bytes, size_t len)
{
	mdev_state_begin(w, type, flags);
	mdev_state_put(w, bytes, len);
	mdev_state_end(w);
}

/**
 * vfio_mdev_saved_put() - write all that follows MDEV_STATE_IDENTITY
 * @w: the stream
 * @id: of the function
 * @saved: its state
 */
void vfio_mdev_saved_put(struct mdev_state_writer *w,
			 const struct vfio_mdev_identity *id,
			 const struct vfio_mdev_saved *saved)
{
	vfio_mdev_put_device(w, saved);
	vfio_mdev_put_queues(w, id->nvqs, saved);
	vfio_mdev_put_bytes(w, MDEV_STATE_PCI, MDEV_STATE_REQUIRED, saved->pci,
			    VFIO_MDEV_SAVED_PCI);
	if (saved->config)
		vfio_mdev_put_bytes(w, MDEV_STATE_CONFIG, 0, saved->config,
				    id->config_size);
	vfio_mdev_put_bytes(w, MDEV_STATE_OWN, MDEV_STATE_REQUIRED, saved->own,
			    saved->own_len);
	mdev_state_begin(w, MDEV_STATE_END, MDEV_STATE_REQUIRED);
	mdev_state_end(w);
}

/**
 * vfio_mdev_saved_max() - how long a stream may get
 * @id: of the function
 *
 * Return: a number of bytes.
 */
size_t vfio_mdev_saved_max(const struct vfio_mdev_identity *id)
{
	size_t queue = sizeof(u16) + VFIO_MDEV_SAVED_QUEUE;

	return id->nvqs * queue + id->config_size + VFIO_MDEV_SAVED_SPARE;
}

/**
 * vfio_mdev_saved_guess() - how long a stream will be
 * @id: of the function
 *
 * Return: a number of bytes, which the stream hardly exceeds.
 */
size_t vfio_mdev_saved_guess(const struct vfio_mdev_identity *id)
{
	return vfio_mdev_saved_max(id) - VFIO_MDEV_SAVED_SPARE +
	       VFIO_MDEV_SAVED_PCI + VFIO_MDEV_SAVED_OWN;
}

/* ---- identity ---- */

static int vfio_mdev_check_sizes(const struct vfio_mdev_identity *id,
				 struct mdev_state_reader *r,
				 struct vfio_mdev_unfit *unfit)
{
	u16 i, size;

	for (i = 0; i < id->nvqs; i++) {
		size = mdev_state_get16(r);
		if (size > id->sizes[i])
			return vfio_mdev_unfit(unfit, "size of a virtqueue",
					       size, id->sizes[i]);
	}
	return 0;
}

/*
 * The driver knows all of this, and a change would surprise it.  It may find that the
 * device offers more when it resets it.
 */
static int vfio_mdev_check_identity(const struct vfio_mdev_identity *id,
				    struct mdev_state_reader *r,
				    struct vfio_mdev_unfit *unfit)
{
	u32 device_id = mdev_state_get32(r);
	u32 vendor_id = mdev_state_get32(r);
	u64 features = mdev_state_get64(r);
	u32 config_size = mdev_state_get32(r);
	u16 nvqs = mdev_state_get16(r);
	u16 nr_vectors = mdev_state_get16(r);
	int ret;

	if (r->bad)
		return vfio_mdev_unfit(unfit, "length of the identity", 0, 0);
	if (device_id != id->device_id)
		return vfio_mdev_unfit(unfit, "virtio device id", device_id,
				       id->device_id);
	if (vendor_id != id->vendor_id)
		return vfio_mdev_unfit(unfit, "subsystem vendor id", vendor_id,
				       id->vendor_id);
	if (features & ~id->features)
		return vfio_mdev_unfit(unfit, "set of offered features",
				       features, id->features);
	if (config_size != id->config_size)
		return vfio_mdev_unfit(unfit, "size of the configuration space",
				       config_size, id->config_size);
	if (nvqs != id->nvqs)
		return vfio_mdev_unfit(unfit, "number of virtqueues", nvqs,
				       id->nvqs);
	if (nr_vectors != id->nr_vectors)
		return vfio_mdev_unfit(unfit, "number of MSI-X vectors",
				       nr_vectors, id->nr_vectors);
	ret = vfio_mdev_check_sizes(id, r, unfit);
	if (!ret && r->bad)
		ret = vfio_mdev_unfit(unfit, "length of the identity", 0, 0);
	return ret;
}

/* ---- what has arrived ---- */

static int vfio_mdev_check_header(const u8 *buf, size_t len,
				  struct vfio_mdev_unfit *unfit)
{
	struct mdev_state_reader r;
	u16 class_id;

	mdev_state_open(&r, buf, len);
	if (mdev_state_get_header(&r, &class_id))
		return vfio_mdev_unfit(unfit, "version of the stream", 0,
				       MDEV_STATE_VERSION);
	if (class_id != MDEV_CLASS_ID_VFIO)
		return vfio_mdev_unfit(unfit, "class of the instance", class_id,
				       MDEV_CLASS_ID_VFIO);
	return 0;
}

/**
 * vfio_mdev_saved_walk() - look at a stream of which more may come
 * @id: of the function
 * @buf: the beginning of the stream
 * @len: how much of it there is, at most vfio_mdev_saved_max()
 * @next: what was looked at before; 0 at first
 * @unfit: why it is refused
 *
 * A stream for another function is refused as soon as that can be known, so that the
 * migration fails while the device still runs at the source.
 *
 * Return: 1 if the stream is complete; 0 if not; -EINVAL if it is refused.
 */
int vfio_mdev_saved_walk(const struct vfio_mdev_identity *id, const u8 *buf,
			 size_t len, size_t *next,
			 struct vfio_mdev_unfit *unfit)
{
	const size_t begin = sizeof(struct mdev_state_section);
	const size_t max = vfio_mdev_saved_max(id);
	struct mdev_state_reader r;
	u16 type = MDEV_STATE_IDENTITY;
	bool first;
	u32 size;
	int ret;

	if (len < sizeof(struct mdev_state_header))
		return 0;
	if (!*next) {
		ret = vfio_mdev_check_header(buf, len, unfit);
		if (ret)
			return ret;
		*next = sizeof(struct mdev_state_header);
	}
	do {
		if (len - *next < begin)
			return 0;
		mdev_state_open(&r, buf + *next, len - *next);
		first = *next == sizeof(struct mdev_state_header);
		type = mdev_state_get16(&r);
		mdev_state_get16(&r);
		size = mdev_state_get32(&r);
		if (first && type != MDEV_STATE_IDENTITY)
			return vfio_mdev_unfit(unfit, "first section", type,
					       MDEV_STATE_IDENTITY);
		if (size > max - *next - begin)
			return vfio_mdev_unfit(unfit, "length of a section",
					       size, max - *next - begin);
		if (size > r.len)
			return 0;
		r.len = size;
		ret = first ? vfio_mdev_check_identity(id, &r, unfit) : 0;
		if (ret)
			return ret;
		*next += begin + size;
	} while (type != MDEV_STATE_END);
	if (len != *next)
		return vfio_mdev_unfit(unfit, "number of bytes after the end",
				       len - *next, 0);
	return 1;
}

/* ---- reading ---- */

static bool vfio_mdev_is_vector(const struct vfio_mdev_identity *id, u16 vector)
{
	return vector < id->nr_vectors || vector == VIRTIO_MSI_NO_VECTOR;
}

static int vfio_mdev_get_device(const struct vfio_mdev_identity *id,
				struct mdev_state_reader *r,
				struct vfio_mdev_saved *saved,
				struct vfio_mdev_unfit *unfit)
{
	saved->status = mdev_state_get8(r);
	saved->broken = mdev_state_get8(r) & VFIO_MDEV_SAVED_BROKEN;
	saved->isr = mdev_state_get8(r);
	saved->generation = mdev_state_get8(r);
	saved->config_vector = mdev_state_get16(r);
	saved->queue_select = mdev_state_get16(r);
	saved->device_select = mdev_state_get32(r);
	saved->driver_select = mdev_state_get32(r);
	saved->driver_features = mdev_state_get64(r);
	saved->features = mdev_state_get64(r);

	if (saved->status & ~VFIO_MDEV_SAVED_STATUS ||
	    (saved->status & VIRTIO_CONFIG_S_DRIVER_OK &&
	     !(saved->status & VIRTIO_CONFIG_S_FEATURES_OK)))
		return vfio_mdev_unfit(unfit, "device status", saved->status,
				       VFIO_MDEV_SAVED_STATUS);
	if (saved->features & ~id->features ||
	    (saved->features && !(saved->status & VIRTIO_CONFIG_S_FEATURES_OK)))
		return vfio_mdev_unfit(unfit, "set of accepted features",
				       saved->features, id->features);
	if (saved->isr & ~VFIO_MDEV_SAVED_ISR)
		return vfio_mdev_unfit(unfit, "interrupt status", saved->isr,
				       VFIO_MDEV_SAVED_ISR);
	if (!vfio_mdev_is_vector(id, saved->config_vector))
		return vfio_mdev_unfit(unfit, "vector of the configuration",
				       saved->config_vector, id->nr_vectors);
	return 0;
}

static int vfio_mdev_get_queue(const struct vfio_mdev_identity *id, u16 index,
			       struct mdev_state_reader *r,
			       struct vfio_mdev_saved_queue *queue,
			       struct vfio_mdev_unfit *unfit)
{
	queue->size = mdev_state_get16(r);
	queue->vector = mdev_state_get16(r);
	queue->enabled = mdev_state_get16(r) & VFIO_MDEV_SAVED_ENABLED;
	queue->avail = mdev_state_get16(r);
	queue->used = mdev_state_get16(r);
	queue->desc = mdev_state_get64(r);
	queue->driver = mdev_state_get64(r);
	queue->device = mdev_state_get64(r);

	if (!vfio_mdev_is_vector(id, queue->vector))
		return vfio_mdev_unfit(unfit, "vector of a virtqueue",
				       queue->vector, id->nr_vectors);
	/* A driver may write any size to a virtqueue that it does not enable. */
	if (queue->enabled && (!queue->size || queue->size > id->sizes[index]))
		return vfio_mdev_unfit(unfit, "size of an enabled virtqueue",
				       queue->size, id->sizes[index]);
	return 0;
}

/* Each virtqueue takes as much as the stream says, which may be more than is known. */
static int vfio_mdev_get_queues(const struct vfio_mdev_identity *id,
				struct mdev_state_reader *r,
				struct vfio_mdev_saved *saved,
				struct vfio_mdev_unfit *unfit)
{
	u16 size = mdev_state_get16(r);
	struct mdev_state_reader entry;
	u16 i;
	int ret;

	if (size < VFIO_MDEV_SAVED_QUEUE || r->len / size < id->nvqs)
		return vfio_mdev_unfit(unfit, "length of the virtqueues", size,
				       VFIO_MDEV_SAVED_QUEUE);
	for (i = 0; i < id->nvqs; i++) {
		mdev_state_open(&entry, r->pos + i * (size_t)size, size);
		ret = vfio_mdev_get_queue(id, i, &entry, &saved->queues[i],
					  unfit);
		if (ret)
			return ret;
	}
	return 0;
}

static const u8 *vfio_mdev_get_bytes(struct mdev_state_reader *r, size_t len)
{
	if (r->len < len)
		r->bad = true;
	return r->pos;
}

static int vfio_mdev_get_section(const struct vfio_mdev_identity *id, u16 type,
				 u16 flags, struct mdev_state_reader *r,
				 struct vfio_mdev_saved *saved,
				 struct vfio_mdev_unfit *unfit)
{
	switch (type) {
	case MDEV_STATE_END:
		return 0;
	case MDEV_STATE_IDENTITY:
		return vfio_mdev_check_identity(id, r, unfit);
	case MDEV_STATE_DEVICE:
		return vfio_mdev_get_device(id, r, saved, unfit);
	case MDEV_STATE_QUEUES:
		return vfio_mdev_get_queues(id, r, saved, unfit);
	case MDEV_STATE_PCI:
		saved->pci = vfio_mdev_get_bytes(r, VFIO_MDEV_SAVED_PCI);
		return 0;
	case MDEV_STATE_CONFIG:
		saved->config = vfio_mdev_get_bytes(r, id->config_size);
		return 0;
	case MDEV_STATE_OWN:
		saved->own = r->pos;
		saved->own_len = r->len;
		return 0;
	default:
		if (flags & MDEV_STATE_REQUIRED)
			return vfio_mdev_unfit(unfit, "required section", type,
					       MDEV_STATE_CONFIG);
		return 0;
	}
}

/* The wrap counters of packed virtqueues leave 15 bits for an index. */
static int vfio_mdev_check_places(const struct vfio_mdev_identity *id,
				  const struct vfio_mdev_saved *saved,
				  struct vfio_mdev_unfit *unfit)
{
	u16 i;

	for (i = 0; i < id->nvqs; i++) {
		const struct vfio_mdev_saved_queue *queue = &saved->queues[i];
		u16 avail = queue->avail & ~VFIO_MDEV_SAVED_WRAP;
		u16 used = queue->used & ~VFIO_MDEV_SAVED_WRAP;

		if (!queue->enabled)
			continue;
		if (!(saved->features & 1ULL << VIRTIO_F_RING_PACKED))
			continue;
		if (avail >= queue->size)
			return vfio_mdev_unfit(unfit, "place in a virtqueue",
					       avail, queue->size);
		if (used >= queue->size)
			return vfio_mdev_unfit(unfit, "place in a virtqueue",
					       used, queue->size);
	}
	return 0;
}

/**
 * vfio_mdev_saved_get() - read a stream
 * @id: of the function
 * @buf: the stream, which stays as it is for as long as @saved is used
 * @len: its length
 * @saved: for the state; with memory for the virtqueues.  Undefined after an error.
 * @unfit: why the stream is refused
 *
 * Return: 0; -EINVAL if the stream is refused.
 */
int vfio_mdev_saved_get(const struct vfio_mdev_identity *id, const u8 *buf,
			size_t len, struct vfio_mdev_saved *saved,
			struct vfio_mdev_unfit *unfit)
{
	const u32 needed = 1u << MDEV_STATE_IDENTITY | 1u << MDEV_STATE_DEVICE |
			   1u << MDEV_STATE_QUEUES | 1u << MDEV_STATE_PCI |
			   1u << MDEV_STATE_OWN;
	struct mdev_state_reader r, content;
	u16 class_id, type, flags;
	u32 seen = 0;
	int ret;

	*saved = (struct vfio_mdev_saved) { .queues = saved->queues };
	ret = vfio_mdev_check_header(buf, len, unfit);
	if (ret)
		return ret;
	mdev_state_open(&r, buf, len);
	mdev_state_get_header(&r, &class_id);
	do {
		if (mdev_state_get_section(&r, &type, &flags, &content))
			return vfio_mdev_unfit(unfit, "length of the stream",
					       len, 0);
		if (!seen && type != MDEV_STATE_IDENTITY)
			return vfio_mdev_unfit(unfit, "first section", type,
					       MDEV_STATE_IDENTITY);
		if (type <= MDEV_STATE_CONFIG && seen & 1u << type)
			return vfio_mdev_unfit(unfit, "second section of a type",
					       type, 0);
		if (type <= MDEV_STATE_CONFIG)
			seen |= 1u << type;
		ret = vfio_mdev_get_section(id, type, flags, &content, saved,
					    unfit);
		if (ret)
			return ret;
		if (content.bad)
			return vfio_mdev_unfit(unfit, "length of section", type,
					       0);
	} while (type != MDEV_STATE_END);

	if (r.len)
		return vfio_mdev_unfit(unfit, "number of bytes after the end",
				       r.len, 0);
	if ((seen & needed) != needed)
		return vfio_mdev_unfit(unfit, "set of sections", seen, needed);
	return vfio_mdev_check_places(id, saved, unfit);
}
