// SPDX-License-Identifier: GPL-2.0-only
/*
 * What the samples save: each field comes back, and each that makes no sense is
 * refused.
 */

#include <linux/if_ether.h>
#include <linux/mdev_state.h>

#include "unit.h"
#include "../../samples/mvblk/saved.h"
#include "../../mdev_soft_net/saved.h"

#define PAIRS	8
#define MAX_MTU	9000
#define MAX	2048

struct content {
	u8 buf[MAX];
	size_t len;
};

/* Read from a buffer of exactly this size, so that the sanitizer sees any overrun. */
static int net_read(const struct content *c, size_t len,
		    struct soft_net_saved *saved)
{
	struct mdev_state_reader r;
	u8 *buf = malloc(len + 1);
	int ret;

	memcpy(buf, c->buf, len);
	mdev_state_open(&r, buf, len);
	ret = soft_net_saved_read(&r, PAIRS, MAX_MTU, saved);
	free(buf);
	return ret;
}

static void net_write(struct content *c, const struct soft_net_saved *saved)
{
	struct mdev_state_writer w = { .buf = c->buf, .size = MAX };

	soft_net_saved_write(&w, saved);
	CHECK(w.len <= MAX);
	c->len = w.len;
}

static const struct soft_net_saved net_saved = {
	.mac = { 2, 1, 2, 3, 4, 5 },
	.mac_by_user = true,
	.driver_mac = { 2, 6, 7, 8, 9, 10 },
	.has_driver_mac = true,
	.draft = { 1, 0xff, 0, 0, 0, 0 },
	.mtu = 1400,
	.pairs_on = 3,
	.pairs_used = 5,
	.filter = {
		.allmulti = true,
		.nouni = true,
		.uni = { .nr = 2, .addr = { { 2, 2 }, { 0xff, 0xff } } },
		.multi = { .overflow = true },
		.vlans = { [0] = 2, [63] = 1ULL << 63 },
	},
	.offloads_off = 1ULL << 7,
};

/* Changes one field, and expects that this is refused. */
#define NET_REFUSED(field, val) do {					\
	struct soft_net_saved _saved = net_saved, _to;			\
	struct content _c;						\
									\
	_saved.field = val;						\
	net_write(&_c, &_saved);					\
	CHECK_EQ(net_read(&_c, _c.len, &_to), -EINVAL);			\
} while (0)

static void net_same(const struct soft_net_saved *from)
{
	struct soft_net_saved to;
	struct content c, again;

	net_write(&c, from);
	memset(&to, 0xa5, sizeof(to));
	CHECK_EQ(net_read(&c, c.len, &to), 0);
	net_write(&again, &to);
	CHECK_EQ(again.len, c.len);
	CHECK(!memcmp(again.buf, c.buf, c.len));
	CHECK(!memcmp(to.mac, from->mac, ETH_ALEN));
	CHECK(!memcmp(to.driver_mac, from->driver_mac, ETH_ALEN));
	CHECK(!memcmp(to.draft, from->draft, ETH_ALEN));
	CHECK_EQ(to.mac_by_user, from->mac_by_user);
	CHECK_EQ(to.has_driver_mac, from->has_driver_mac);
	CHECK_EQ(to.mtu, from->mtu);
	CHECK_EQ(to.pairs_on, from->pairs_on);
	CHECK_EQ(to.pairs_used, from->pairs_used);
	CHECK_EQ(to.filter.promisc, from->filter.promisc);
	CHECK_EQ(to.filter.allmulti, from->filter.allmulti);
	CHECK_EQ(to.filter.alluni, from->filter.alluni);
	CHECK_EQ(to.filter.nomulti, from->filter.nomulti);
	CHECK_EQ(to.filter.nouni, from->filter.nouni);
	CHECK_EQ(to.filter.nobcast, from->filter.nobcast);
	CHECK_EQ(to.filter.uni.nr, from->filter.uni.nr);
	CHECK_EQ(to.filter.uni.overflow, from->filter.uni.overflow);
	CHECK_EQ(to.filter.multi.nr, from->filter.multi.nr);
	CHECK_EQ(to.filter.multi.overflow, from->filter.multi.overflow);
	CHECK(!memcmp(to.filter.vlans, from->filter.vlans,
		      sizeof(to.filter.vlans)));
	CHECK_EQ(to.offloads_off, from->offloads_off);
}

static void test_net_same(void)
{
	struct soft_net_saved saved = net_saved;
	unsigned int i;

	net_same(&saved);
	saved.mac_by_user = false;
	saved.has_driver_mac = false;
	memset(saved.driver_mac, 0, ETH_ALEN);
	saved.pairs_on = PAIRS;
	saved.pairs_used = PAIRS;
	net_same(&saved);
	memset(saved.filter.vlans, 0, sizeof(saved.filter.vlans));
	net_same(&saved);
	/* Each receive mode alone, and full tables */
	saved.filter.uni.nr = MDEV_SOFT_NET_MAX_MACS;
	saved.filter.multi.overflow = false;
	saved.filter.multi.nr = MDEV_SOFT_NET_MAX_MACS;
	for (i = 0; i < 6; i++) {
		saved.filter.promisc = i == 0;
		saved.filter.allmulti = i == 1;
		saved.filter.alluni = i == 2;
		saved.filter.nomulti = i == 3;
		saved.filter.nouni = i == 4;
		saved.filter.nobcast = i == 5;
		net_same(&saved);
	}
}

/* What the first version had ends with the table of addresses. */
static void test_net_earlier(void)
{
	const size_t more = 8 + 2 + 512;
	struct soft_net_saved to;
	struct content c;

	net_write(&c, &net_saved);
	memset(&to, 0xa5, sizeof(to));
	CHECK_EQ(net_read(&c, c.len - more, &to), 0);
	CHECK_EQ(to.offloads_off, 0);
	CHECK_EQ(to.filter.vlans[0], 0);
	CHECK_EQ(to.filter.vlans[63], 0);
	CHECK_EQ(to.filter.multi.overflow, true);
}

static void test_net_vlans(void)
{
	struct soft_net_saved to;
	struct content c;

	net_write(&c, &net_saved);
	CHECK_EQ(c.buf[c.len - 514], 64);
	c.buf[c.len - 514] = 63;
	CHECK_EQ(net_read(&c, c.len, &to), -EINVAL);
	c.buf[c.len - 514] = 65;
	CHECK_EQ(net_read(&c, c.len + 8, &to), -EINVAL);
}

static void test_net_length(void)
{
	const size_t more = 8 + 2 + 512;
	struct soft_net_saved to;
	struct content c;
	size_t len;

	net_write(&c, &net_saved);
	for (len = 0; len < c.len; len++)
		if (len != c.len - more)
			CHECK_EQ(net_read(&c, len, &to), -EINVAL);
	/* A newer version may have more. */
	CHECK_EQ(net_read(&c, c.len + 9, &to), 0);
}

static void test_net_mac(void)
{
	NET_REFUSED(mac[0], 1);
	NET_REFUSED(driver_mac[0], 1);
	NET_REFUSED(has_driver_mac, false);
}

static void test_net_pairs(void)
{
	NET_REFUSED(pairs_on, 0);
	NET_REFUSED(pairs_on, 6);
	NET_REFUSED(pairs_used, PAIRS + 1);
}

static void test_net_rest(void)
{
	struct soft_net_saved to;
	struct content c;

	NET_REFUSED(mtu, 67);
	NET_REFUSED(mtu, MAX_MTU + 1);
	NET_REFUSED(mtu, 0);

	net_write(&c, &net_saved);
	c.buf[0] |= 4;
	CHECK_EQ(net_read(&c, c.len, &to), -EINVAL);
	net_write(&c, &net_saved);
	c.buf[1] |= 0x40;
	CHECK_EQ(net_read(&c, c.len, &to), -EINVAL);
}

static void test_net_table(void)
{
	const size_t nr = 2 + 3 * ETH_ALEN + 3 * 2;
	struct soft_net_saved to;
	struct content c;

	net_write(&c, &net_saved);
	CHECK_EQ(c.buf[nr], 2);
	/* As many addresses as there are bytes for, which are too many */
	memset(c.buf + c.len, 2, MAX - c.len);
	c.buf[nr] = MDEV_SOFT_NET_MAX_MACS + 1;
	CHECK_EQ(net_read(&c, MAX, &to), -EINVAL);
	c.buf[nr] = 0xfe;
	c.buf[nr + 1] = 0xff;
	CHECK_EQ(net_read(&c, MAX, &to), -EINVAL);
}

static const struct mvblk_saved blk_saved = {
	.capacity = 0x0102030405060708ULL,
	.block_size = 512,
	.read_only = false,
	.writethrough = true,
	.serial = "0123456789abcdefghij",
	.name = "disk 1.img",
};

static int blk_read(const struct content *c, size_t len,
		    struct mvblk_saved *saved)
{
	struct mdev_state_reader r;
	u8 *buf = malloc(len + 1);
	int ret;

	memcpy(buf, c->buf, len);
	mdev_state_open(&r, buf, len);
	ret = mvblk_saved_read(&r, saved);
	free(buf);
	return ret;
}

static void blk_write(struct content *c, const struct mvblk_saved *saved)
{
	struct mdev_state_writer w = { .buf = c->buf, .size = MAX };

	mvblk_saved_write(&w, saved);
	CHECK(w.len <= MAX);
	c->len = w.len;
}

static void blk_same(const struct mvblk_saved *from)
{
	struct mvblk_saved to;
	struct content c;

	blk_write(&c, from);
	memset(&to, 0xa5, sizeof(to));
	CHECK_EQ(blk_read(&c, c.len, &to), 0);
	CHECK_EQ(to.capacity, from->capacity);
	CHECK_EQ(to.block_size, from->block_size);
	CHECK_EQ(to.read_only, from->read_only);
	CHECK_EQ(to.writethrough, from->writethrough);
	CHECK(!memcmp(to.serial, from->serial, sizeof(to.serial)));
	CHECK(!strcmp(to.name, from->name));
}

static void test_blk_same(void)
{
	struct mvblk_saved saved = blk_saved;

	blk_same(&saved);
	saved.read_only = true;
	saved.writethrough = false;
	saved.name[0] = 0;
	blk_same(&saved);
	memset(saved.name, 'x', sizeof(saved.name) - 1);
	blk_same(&saved);
}

static void test_blk_length(void)
{
	struct mvblk_saved to;
	struct content c;
	size_t len;

	blk_write(&c, &blk_saved);
	for (len = 0; len < c.len; len++)
		CHECK_EQ(blk_read(&c, len, &to), -EINVAL);
	CHECK_EQ(blk_read(&c, c.len + 9, &to), 0);
}

static void test_blk_rest(void)
{
	const size_t name = 1 + 8 + 4 + VIRTIO_BLK_ID_BYTES;
	struct mvblk_saved to;
	struct content c;

	blk_write(&c, &blk_saved);
	c.buf[0] |= 4;
	CHECK_EQ(blk_read(&c, c.len, &to), -EINVAL);

	blk_write(&c, &blk_saved);
	CHECK_EQ(c.buf[name], strlen(blk_saved.name));
	memset(c.buf + c.len, 'x', MAX - c.len);
	c.buf[name] = 0;
	c.buf[name + 1] = 1;
	CHECK_EQ(blk_read(&c, MAX, &to), -EINVAL);
}

const struct unit_test sample_state_tests[] = {
	{ "mvnet's state reads back as it was written", test_net_same },
	{ "mvnet's state that is shorter is refused, longer is accepted",
	  test_net_length },
	{ "mvnet's state of the first version is accepted, and has no VLANs",
	  test_net_earlier },
	{ "mvnet's state with a table of VLANs of another size is refused",
	  test_net_vlans },
	{ "mvnet's state with an address that is not valid is refused",
	  test_net_mac },
	{ "mvnet's state with queue pairs that cannot be in use is refused",
	  test_net_pairs },
	{ "mvnet's state with an MTU or bits that do not exist is refused",
	  test_net_rest },
	{ "mvnet's state with a table of too many addresses is refused",
	  test_net_table },
	{ "mvblk's state reads back as it was written", test_blk_same },
	{ "mvblk's state that is shorter is refused, longer is accepted",
	  test_blk_length },
	{ "mvblk's state with a bit or a name that cannot be is refused",
	  test_blk_rest },
	{ }
};
