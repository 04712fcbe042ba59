// SPDX-License-Identifier: GPL-2.0-only
/*
 * The stream of a function of class VFIO: whether it is refused or taken, and with what
 * numbers, is decided here a second time.  An input is the instance that gets the
 * stream, how it is cut into writes, and the stream.
 */

#include <linux/virtio_config.h>
#include <linux/virtio_pci.h>

#include "stream.h"

#define MAX_VQS		17
#define QUEUE_LEN	34
#define ALL_OF_THEM	0x7f
#define NEEDED		0x3e

/**
 * struct vfio_input - an input
 * @id: the instance
 * @data: the stream
 * @size: of it
 * @last: the number of its END
 * @ref: as the reference finds it
 */
struct vfio_input {
	const struct vfio_mdev_identity *id;
	u8 *data;
	size_t size;
	unsigned int last;
	struct ref ref;
};

/* ---- the reference ---- */

/* Numbers of a content, one after the other */
static u64 next(const u8 **p, unsigned int size)
{
	u64 val = ref_number(*p, size);

	*p += size;
	return val;
}

static bool identity_fits(const struct vfio_mdev_identity *id, const u8 *p,
			  size_t len)
{
	unsigned int i;

	if (len < 24 + 2u * id->nvqs)
		return false;
	if (next(&p, 4) != id->device_id || next(&p, 4) != id->vendor_id ||
	    next(&p, 8) & ~id->features || next(&p, 4) != id->config_size ||
	    next(&p, 2) != id->nvqs || next(&p, 2) != id->nr_vectors)
		return false;
	for (i = 0; i < id->nvqs; i++)
		if (next(&p, 2) > id->sizes[i])
			return false;
	return true;
}

static bool vector_fits(const struct vfio_mdev_identity *id, u16 vector)
{
	return vector < id->nr_vectors || vector == 0xffff;
}

static bool device_fits(const struct vfio_mdev_identity *id, const u8 *p,
			size_t len)
{
	u64 features;
	u8 status;

	if (len < 32)
		return false;
	status = p[0];
	features = ref_number(p + 24, 8);
	if (status & ~0x8f || (status & 4 && !(status & 8)))
		return false;
	if (features & ~id->features || (features && !(status & 8)))
		return false;
	return p[2] < 4 && vector_fits(id, ref_number(p + 4, 2));
}

static bool queue_fits(const struct vfio_mdev_identity *id, unsigned int i,
		       const u8 *p, bool packed)
{
	u16 size = ref_number(p, 2), flags = ref_number(p + 4, 2);

	if (!vector_fits(id, ref_number(p + 2, 2)))
		return false;
	if (!(flags & 1))
		return true;
	if (!size || size > id->sizes[i])
		return false;
	return !packed || ((ref_number(p + 6, 2) & 0x7fff) < size &&
			   (ref_number(p + 8, 2) & 0x7fff) < size);
}

static bool queues_fit(const struct vfio_mdev_identity *id, const u8 *p,
		       size_t len, bool packed)
{
	unsigned int i, each;

	if (len < 2)
		return false;
	each = ref_number(p, 2);
	if (each < QUEUE_LEN || len - 2 < (size_t)each * id->nvqs)
		return false;
	for (i = 0; i < id->nvqs; i++)
		if (!queue_fits(id, i, p + 2 + i * each, packed))
			return false;
	return true;
}

static const u8 *content(const struct vfio_input *v, u16 type, size_t *len)
{
	const struct ref_section *s = ref_find(&v->ref, v->last, type);

	*len = s ? s->len : 0;
	return s ? v->data + s->off : NULL;
}

/* Whether the stream may be taken */
static bool stream_fits(const struct vfio_input *v)
{
	const u8 *device, *p;
	size_t len;
	u16 type;

	for (type = 0; type < 7; type++)
		if (NEEDED & BIT(type) && !content(v, type, &len))
			return false;
	p = content(v, MDEV_STATE_IDENTITY, &len);
	if (!identity_fits(v->id, p, len))
		return false;
	device = content(v, MDEV_STATE_DEVICE, &len);
	if (!device_fits(v->id, device, len))
		return false;
	p = content(v, MDEV_STATE_QUEUES, &len);
	if (!queues_fit(v->id, p, len,
			ref_number(device + 24, 8) & BIT_ULL(34)))
		return false;
	content(v, MDEV_STATE_PCI, &len);
	if (len < 256)
		return false;
	return !content(v, MDEV_STATE_CONFIG, &len) || len >= v->id->config_size;
}

static bool must_fit(struct vfio_input *v)
{
	return v->ref.header && v->ref.class_id == 1 &&
	       ref_ends(&v->ref, &v->last) &&
	       ref_fits(&v->ref, v->last, ALL_OF_THEM) && stream_fits(v);
}

/* ---- what was taken ---- */

static void check_device(const struct vfio_input *v,
			 const struct vfio_mdev_saved *saved)
{
	size_t len;
	const u8 *p = content(v, MDEV_STATE_DEVICE, &len);

	MUST(saved->status == next(&p, 1), "the status is the stream's");
	MUST(saved->broken == (next(&p, 1) & 1), "broken as in the stream");
	MUST(saved->isr == next(&p, 1), "the interrupt status");
	MUST(saved->generation == next(&p, 1), "the generation");
	MUST(saved->config_vector == next(&p, 2), "the vector");
	MUST(saved->queue_select == next(&p, 2), "queue_select");
	MUST(saved->device_select == next(&p, 4), "device_select");
	MUST(saved->driver_select == next(&p, 4), "driver_select");
	MUST(saved->driver_features == next(&p, 8), "the register of features");
	MUST(saved->features == next(&p, 8), "the features");
}

static void check_queues(const struct vfio_input *v,
			 const struct vfio_mdev_saved *saved)
{
	size_t len, each;
	const u8 *all = content(v, MDEV_STATE_QUEUES, &len), *p;
	unsigned int i;

	each = next(&all, 2);
	for (i = 0; i < v->id->nvqs; i++) {
		const struct vfio_mdev_saved_queue *q = &saved->queues[i];

		p = all + i * each;
		MUST(q->size == next(&p, 2), "queue %u: size", i);
		MUST(q->vector == next(&p, 2), "queue %u: vector", i);
		MUST(q->enabled == (next(&p, 2) & 1), "queue %u: enabled", i);
		MUST(q->avail == next(&p, 2), "queue %u: avail", i);
		MUST(q->used == next(&p, 2), "queue %u: used", i);
		MUST(q->desc == next(&p, 8), "queue %u: descriptors", i);
		MUST(q->driver == next(&p, 8), "queue %u: driver area", i);
		MUST(q->device == next(&p, 8), "queue %u: device area", i);
	}
}

static void check_rest(const struct vfio_input *v,
		       const struct vfio_mdev_saved *saved)
{
	size_t len;

	MUST(saved->pci == content(v, MDEV_STATE_PCI, &len),
	     "the PCI configuration space is the stream's");
	MUST(saved->config == content(v, MDEV_STATE_CONFIG, &len),
	     "the configuration space is the stream's, if it has one");
	MUST(saved->own == content(v, MDEV_STATE_OWN, &len) &&
	     saved->own_len == len, "the parent's part is the stream's");
}

/* Saved again it is the same, without what this version does not know. */
static void check_again(const struct vfio_input *v,
			const struct vfio_mdev_saved *saved)
{
	struct vfio_mdev_saved_queue queues[MAX_VQS];
	struct vfio_mdev_saved back = { .queues = queues };
	static struct vfio_input again;
	static u8 buf[2 * MAX_STREAM];
	struct vfio_mdev_unfit unfit;
	struct mdev_state_writer w;
	size_t pos = 0;
	int ret;

	mdev_state_start(&w, buf, sizeof(buf), 1);
	vfio_mdev_saved_put_identity(&w, v->id);
	vfio_mdev_saved_put(&w, v->id, saved);
	MUST(w.len <= sizeof(buf), "the stream has room");
	MUST(w.len <= vfio_mdev_saved_max(v->id) ||
	     saved->own_len > VFIO_MDEV_SAVED_SPARE / 2,
	     "%zu bytes are within the limit", w.len);
	ret = vfio_mdev_saved_get(v->id, buf, w.len, &back, &unfit);
	MUST(!ret, "what was saved again is loaded: %d", ret);
	again.id = v->id;
	again.data = buf;
	again.size = w.len;
	ref_read(&again.ref, buf, w.len);
	MUST(must_fit(&again), "what was saved again fits");
	check_device(&again, saved);
	check_queues(&again, saved);
	MUST(back.own_len == saved->own_len &&
	     !memcmp(back.own, saved->own, back.own_len), "the parent's part");
	MUST(!memcmp(back.pci, saved->pci, 256), "the PCI space");
	MUST(!back.config == !saved->config &&
	     (!back.config ||
	      !memcmp(back.config, saved->config, v->id->config_size)),
	     "the configuration space");
	ret = vfio_mdev_saved_walk(v->id, buf, w.len, &pos, &unfit);
	MUST(ret == 1 && pos == w.len, "what was saved again is complete");
}

/* ---- by pieces ---- */

/* As writes of @cut bytes bring it, or one write if that is 0 */
static void check_pieces(struct vfio_input *v, u8 cut, bool fits)
{
	size_t max = vfio_mdev_saved_max(v->id), len = 0, pos = 0, before;
	struct vfio_mdev_unfit unfit = {};
	int ret = 0;

	while (len < v->size && !ret) {
		u8 *copy;

		len = min(v->size, len + (cut ? cut : v->size));
		if (len > max)
			return;
		copy = malloc(len);
		memcpy(copy, v->data, len);
		before = pos;
		ret = vfio_mdev_saved_walk(v->id, copy, len, &pos, &unfit);
		free(copy);
		MUST(pos >= before && pos <= len, "what was looked at grows");
		MUST(ret == 0 || ret == 1 || (ret == -EINVAL && unfit.what),
		     "a look gives %d", ret);
		if (ret == 1)
			MUST(pos == len, "there is nothing behind the end");
		if (fits)
			MUST(ret == (len == v->size),
			     "a stream that fits: %d after %zu of %zu", ret,
			     len, v->size);
	}
	/* A section for which there will never be room is refused at once. */
	if (!ret && pos >= 16 && len - pos >= 8)
		MUST(ref_number(v->data + pos + 4, 4) <= max - pos - 8,
		     "the section at %zu has room", pos);
	/* One for another function is known before its end. */
	if (!ret && v->ref.header && v->ref.class_id == 1 && v->ref.nr)
		MUST(v->ref.section[0].type == MDEV_STATE_IDENTITY &&
		     identity_fits(v->id, v->data + v->ref.section[0].off,
				   v->ref.section[0].len),
		     "a wrong identity is known at once");
}

void vfio_run(struct input *in)
{
	struct vfio_mdev_saved_queue queues[MAX_VQS];
	struct vfio_mdev_saved saved = { .queues = queues };
	static struct vfio_input input;
	struct vfio_input *v = &input;
	struct vfio_mdev_unfit unfit = {};
	bool fits;
	u8 cut;
	int ret;

	v->id = &vfio_instances[in8(in) % VFIO_INSTANCES];
	cut = in8(in);
	v->data = in_rest(in, &v->size);
	ref_read(&v->ref, v->data, v->size);
	fits = must_fit(v);

	ret = vfio_mdev_saved_get(v->id, v->data, v->size, &saved, &unfit);
	MUST(ret == (fits ? 0 : -EINVAL), "the stream gives %d (%s)", ret,
	     ret && unfit.what ? unfit.what : "");
	if (ret) {
		MUST(unfit.what, "a refusal has a reason");
	} else {
		check_device(v, &saved);
		check_queues(v, &saved);
		check_rest(v, &saved);
		check_again(v, &saved);
	}
	check_pieces(v, cut, fits);
	free(v->data);
}
