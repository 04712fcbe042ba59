// SPDX-License-Identifier: GPL-2.0-only
/*
 * Feature bits and their names: what an instance offers, as an administrator sees it
 * and sets it up.  The names are those of vdpa(8), which come from the specification.
 */

#include <linux/ctype.h>
#include <linux/export.h>
#include <linux/kernel.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/virtio_ids.h>

#include <linux/virtio_mdev.h>

#include "mdev_core_private.h"

#define MDEV_FEATURE_BITS	64

/* virtio 1.2, section 6, and those of the ring before it */
static const char * const mdev_feature_common[MDEV_FEATURE_BITS] = {
	[24] = "NOTIFY_ON_EMPTY",
	[27] = "ANY_LAYOUT",
	[28] = "RING_INDIRECT_DESC",
	[29] = "RING_EVENT_IDX",
	[32] = "VERSION_1",
	[33] = "ACCESS_PLATFORM",
	[34] = "RING_PACKED",
	[35] = "IN_ORDER",
	[36] = "ORDER_PLATFORM",
	[37] = "SR_IOV",
	[38] = "NOTIFICATION_DATA",
	[39] = "NOTIF_CONFIG_DATA",
	[40] = "RING_RESET",
	[41] = "ADMIN_VQ",
};

/* section 5.1.3 */
static const char * const mdev_feature_net[MDEV_FEATURE_BITS] = {
	[0] = "CSUM",
	[1] = "GUEST_CSUM",
	[2] = "CTRL_GUEST_OFFLOADS",
	[3] = "MTU",
	[5] = "MAC",
	[7] = "GUEST_TSO4",
	[8] = "GUEST_TSO6",
	[9] = "GUEST_ECN",
	[10] = "GUEST_UFO",
	[11] = "HOST_TSO4",
	[12] = "HOST_TSO6",
	[13] = "HOST_ECN",
	[14] = "HOST_UFO",
	[15] = "MRG_RXBUF",
	[16] = "STATUS",
	[17] = "CTRL_VQ",
	[18] = "CTRL_RX",
	[19] = "CTRL_VLAN",
	[20] = "CTRL_RX_EXTRA",
	[21] = "GUEST_ANNOUNCE",
	[22] = "MQ",
	[23] = "CTRL_MAC_ADDR",
	[53] = "NOTF_COAL",
	[54] = "GUEST_USO4",
	[55] = "GUEST_USO6",
	[56] = "HOST_USO",
	[57] = "HASH_REPORT",
	[59] = "GUEST_HDRLEN",
	[60] = "RSS",
	[61] = "RSC_EXT",
	[62] = "STANDBY",
	[63] = "SPEED_DUPLEX",
};

/* section 5.2.3 */
static const char * const mdev_feature_blk[MDEV_FEATURE_BITS] = {
	[1] = "SIZE_MAX",
	[2] = "SEG_MAX",
	[4] = "GEOMETRY",
	[5] = "RO",
	[6] = "BLK_SIZE",
	[9] = "FLUSH",
	[10] = "TOPOLOGY",
	[11] = "CONFIG_WCE",
	[12] = "MQ",
	[13] = "DISCARD",
	[14] = "WRITE_ZEROES",
	[15] = "LIFETIME",
	[16] = "SECURE_ERASE",
};

/* section 5.3.3 */
static const char * const mdev_feature_console[MDEV_FEATURE_BITS] = {
	[0] = "SIZE",
	[1] = "MULTIPORT",
	[2] = "EMERG_WRITE",
};

static const char *mdev_feature_name(u32 device_id, unsigned int bit)
{
	const char * const *names = NULL;

	if (device_id == VIRTIO_ID_NET)
		names = mdev_feature_net;
	else if (device_id == VIRTIO_ID_BLOCK)
		names = mdev_feature_blk;
	else if (device_id == VIRTIO_ID_CONSOLE)
		names = mdev_feature_console;
	return mdev_feature_common[bit] ?: names ? names[bit] : NULL;
}

void mdev_class_feature_names(struct mdev_class_device *cdev, u64 features,
			      char *buf, size_t size)
{
	u32 device_id = cdev->ops->get_device_id(cdev);
	const char *name;
	unsigned int bit;
	size_t len = 0;

	buf[0] = '\0';
	for (bit = 0; bit < MDEV_FEATURE_BITS; bit++) {
		if (!(features & BIT_ULL(bit)))
			continue;
		name = mdev_feature_name(device_id, bit);
		if (name)
			len += scnprintf(buf + len, size - len, "%s%s",
					 len ? " " : "", name);
		else
			len += scnprintf(buf + len, size - len, "%s%u",
					 len ? " " : "", bit);
	}
}
EXPORT_SYMBOL_GPL(mdev_class_feature_names);

/**
 * mdev_features_show() - features as a number and by name, for an attribute
 * @cdev: the instance
 * @features: the features
 * @buf: result, a page
 *
 * Context: process context.
 * Return: the length.
 */
ssize_t mdev_features_show(struct mdev_class_device *cdev, u64 features,
			   char *buf)
{
	/* All names are far less than a page. */
	int len = sysfs_emit(buf, "%#llx", (unsigned long long)features);

	if (features) {
		buf[len++] = ' ';
		mdev_class_feature_names(cdev, features, buf + len,
					 PAGE_SIZE - 1 - len);
		len += strlen(buf + len);
	}
	buf[len++] = '\n';
	return len;
}

/* A name, the number of a bit, or a number with 0x that stands for several bits */
static int mdev_features_word(struct mdev_class_device *cdev, const char *word,
			      u64 *mask)
{
	u32 device_id = cdev->ops->get_device_id(cdev);
	unsigned long long number;
	unsigned int bit;
	const char *name;

	if (isdigit(*word)) {
		if (kstrtoull(word, 0, &number))
			return -EINVAL;
		if (word[0] == '0' && tolower(word[1]) == 'x')
			*mask = number;
		else if (number < MDEV_FEATURE_BITS)
			*mask = BIT_ULL(number);
		else
			return -EINVAL;
		return 0;
	}
	for (bit = 0; bit < MDEV_FEATURE_BITS; bit++) {
		name = mdev_feature_name(device_id, bit);
		if (!name || strcasecmp(name, word))
			continue;
		*mask = BIT_ULL(bit);
		return 0;
	}
	return -EINVAL;
}

/* Words with + or - change what there is in @features; words without replace it. */
static int mdev_features_parse(struct mdev_class_device *cdev, char *text,
			       u64 *features)
{
	bool change = false, replace = false;
	u64 mask, all = 0;
	char *word, sign;

	while ((word = strsep(&text, " ,\t\n"))) {
		if (!*word)
			continue;
		sign = *word == '+' || *word == '-' ? *word++ : 0;
		if (mdev_features_word(cdev, word, &mask)) {
			mdev_class_error(cdev,
					 "features: there is no feature %.*s: write names, such as +MQ -CSUM, or numbers of bits",
					 MDEV_ERROR_WORD, word);
			return -EINVAL;
		}
		change |= sign;
		replace |= !sign;
		if (sign == '-')
			*features &= ~mask;
		else if (sign)
			*features |= mask;
		else
			all |= mask;
	}
	if (change == replace) {
		mdev_class_error(cdev,
				 "features: write all that are to be offered, or changes that each have + or - before them");
		return -EINVAL;
	}
	if (replace)
		*features = all;
	return 0;
}

static int mdev_features_check(struct mdev_class_device *cdev, u64 features)
{
	u64 possible, required, wrong;
	char names[MDEV_ERROR_TEXT / 2];

	cdev->ops->get_feature_limits(cdev, &possible, &required);
	wrong = features & ~possible;
	if (wrong) {
		mdev_class_feature_names(cdev, wrong, names, sizeof(names));
		mdev_class_error(cdev, "features: this device cannot offer %s",
				 names);
		return -EINVAL;
	}
	wrong = required & ~features;
	if (wrong) {
		mdev_class_feature_names(cdev, wrong, names, sizeof(names));
		mdev_class_error(cdev, "features: this device has to offer %s",
				 names);
		return -EINVAL;
	}
	return 0;
}

/**
 * mdev_features_store() - set the features that an instance offers
 * @cdev: the instance
 * @buf: what was written
 *
 * Context: process context.
 * Return: 0; -EBUSY if a class driver is bound; -EINVAL; -ENOMEM.
 */
int mdev_features_store(struct mdev_class_device *cdev, const char *buf)
{
	u64 features;
	char *text;
	int ret;

	text = kstrdup(buf, GFP_KERNEL);
	if (!text)
		return -ENOMEM;
	ret = mdev_class_setup_begin(cdev, "features");
	if (ret)
		goto out;
	features = cdev->ops->get_device_features(cdev);
	ret = mdev_features_parse(cdev, text, &features);
	if (!ret)
		ret = mdev_features_check(cdev, features);
	if (!ret)
		ret = cdev->ops->set_device_features(cdev, features);
	mdev_class_setup_end(cdev);
out:
	kfree(text);
	return ret;
}
