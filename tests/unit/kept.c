// SPDX-License-Identifier: GPL-2.0-only
/*
 * Streams that were kept of each version, see tests/guest/streams/README: as
 * vfio_migrate_kept loads them in a guest, here without one.
 */

#include <ctype.h>
#include <dirent.h>

#include "unit.h"
#include "../../samples/mvblk/saved.h"
#include "../../mdev_soft_net/saved.h"
#include "../../vfio_mdev/saved.h"

#define MAX_STREAM	4096
#define MAX_VQS		17

static u8 stream[MAX_STREAM];
static size_t stream_len;

static unsigned int digit(int c)
{
	CHECK(isxdigit(c));
	return isdigit(c) ? c - '0' : tolower(c) - 'a' + 10;
}

static void read_text(const char *path)
{
	char line[2 * MAX_STREAM + 2], *p;
	FILE *in = fopen(path, "r");

	CHECK(in);
	stream_len = 0;
	while (fgets(line, sizeof(line), in)) {
		if (line[0] == '#')
			continue;
		for (p = line; isxdigit((unsigned char)*p); p += 2) {
			CHECK(stream_len < MAX_STREAM);
			stream[stream_len++] = digit(p[0]) << 4 | digit(p[1]);
		}
		CHECK(*p == '\n');
	}
	fclose(in);
}

/* The function that has saved the stream, by what it says of itself */
static void identify(struct vfio_mdev_identity *id, u16 *sizes)
{
	struct mdev_state_reader r, content;
	u16 class_id, type, flags, i;

	mdev_state_open(&r, stream, stream_len);
	CHECK(!mdev_state_get_header(&r, &class_id));
	CHECK(!mdev_state_get_section(&r, &type, &flags, &content));
	CHECK_EQ(type, MDEV_STATE_IDENTITY);
	id->device_id = mdev_state_get32(&content);
	id->vendor_id = mdev_state_get32(&content);
	id->features = mdev_state_get64(&content);
	id->config_size = mdev_state_get32(&content);
	id->nvqs = mdev_state_get16(&content);
	id->nr_vectors = mdev_state_get16(&content);
	id->sizes = sizes;
	CHECK(id->nvqs <= MAX_VQS);
	for (i = 0; i < id->nvqs; i++)
		sizes[i] = mdev_state_get16(&content);
	CHECK(!content.bad);
}

/* The part of the parent that has this virtio device id */
static int read_own(u32 device_id, const struct vfio_mdev_saved *saved)
{
	struct mdev_state_reader r;
	struct soft_net_saved net;
	struct mvblk_saved blk;

	mdev_state_open(&r, saved->own, saved->own_len);
	switch (device_id) {
	case 1:
		return soft_net_saved_read(&r, 8, 9000, &net);
	case 2:
		return mvblk_saved_read(&r, &blk);
	default:
		return 0;
	}
}

static void check_stream(const char *path, const char *name, bool taken)
{
	struct vfio_mdev_saved_queue queues[MAX_VQS];
	struct vfio_mdev_saved saved = { .queues = queues };
	struct vfio_mdev_identity id = {};
	struct vfio_mdev_unfit unfit = {};
	const u64 packed = BIT_ULL(VIRTIO_F_RING_PACKED);
	u16 sizes[MAX_VQS], i;
	size_t next = 0;
	int ret;

	read_text(path);
	identify(&id, sizes);
	ret = vfio_mdev_saved_get(&id, stream, stream_len, &saved, &unfit);
	if (!taken) {
		CHECK_EQ(ret, -EINVAL);
		return;
	}
	if (ret)
		unit_fail(__FILE__, __LINE__, "%s: %s is %llx, not %llx", name,
			  unfit.what, (unsigned long long)unfit.theirs,
			  (unsigned long long)unfit.ours);
	CHECK_EQ(vfio_mdev_saved_walk(&id, stream, stream_len, &next, &unfit), 1);
	CHECK(!read_own(id.device_id, &saved));
	/* A driver was at work. */
	CHECK_EQ(saved.status, 0xf);
	CHECK_EQ(!!(saved.features & packed), !!strstr(name, "-packed"));
	for (i = 0; i < id.nvqs; i++)
		CHECK(!queues[i].enabled || queues[i].driver);
	CHECK(queues[0].enabled);
}

/* Each stream of a folder; how many there were */
static unsigned int check_folder(const char *folder, bool taken)
{
	char dir[1024], path[2048];
	struct dirent *entry;
	unsigned int n = 0;
	DIR *d;

	snprintf(dir, sizeof(dir), "%s/%s", UNIT_STREAMS, folder);
	d = opendir(dir);
	CHECK(d);
	while ((entry = readdir(d))) {
		if (!strstr(entry->d_name, ".hex"))
			continue;
		snprintf(path, sizeof(path), "%s/%s", dir, entry->d_name);
		check_stream(path, entry->d_name, taken);
		n++;
	}
	closedir(d);
	return n;
}

static void test_version_1(void)
{
	/* Two NICs, a disk and an entropy device; split and packed rings; VLANs */
	CHECK_EQ(check_folder("v1", true), 9);
}

static void test_newer(void)
{
	CHECK(check_folder("newer", true));
}

static void test_refused(void)
{
	CHECK(check_folder("refused", false));
}

const struct unit_test kept_tests[] = {
	{ "the state streams that were kept of version 1 can be read",
	  test_version_1 },
	{ "a state stream with more than this version knows can be read",
	  test_newer },
	{ "a state stream that requires more than this version knows is refused",
	  test_refused },
	{ }
};
