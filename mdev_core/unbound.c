// SPDX-License-Identifier: GPL-2.0-only
/*
 * Instances that are to be set up before a class driver binds, one by one: the
 * attribute leave_unbound of a port.  drivers_autoprobe of the bus is for all of them,
 * whoever creates them.
 */

#include <linux/slab.h>
#include <linux/spinlock.h>
#include <linux/string.h>
#include <linux/uuid.h>

#include "mdev_core_private.h"

/**
 * mdev_unbound_init() - no instance is to be left unbound
 * @unbound: the memory for it
 */
void mdev_unbound_init(struct mdev_unbound *unbound)
{
	spin_lock_init(&unbound->lock);
	unbound->nr = 0;
}

/* Where it is, or the number of entries */
static unsigned int mdev_unbound_find(struct mdev_unbound *unbound,
				      const guid_t *uuid)
{
	unsigned int i;

	lockdep_assert_held(&unbound->lock);
	for (i = 0; i < unbound->nr; i++)
		if (guid_equal(&unbound->uuids[i], uuid))
			break;
	return i;
}

static void mdev_unbound_del(struct mdev_unbound *unbound, unsigned int at)
{
	lockdep_assert_held(&unbound->lock);
	unbound->nr--;
	memmove(&unbound->uuids[at], &unbound->uuids[at + 1],
		(unbound->nr - at) * sizeof(unbound->uuids[0]));
}

/**
 * mdev_unbound_write() - leave the next instance of this name unbound, or do not
 * @unbound: the port's
 * @text: the UUID, with a line feed or without; a minus sign before it takes that back
 *
 * If there are too many, the oldest is forgotten: whoever asked for it has not created
 * it since.
 *
 * Context: process context.
 * Return: 0; -EINVAL for what is no UUID.
 */
int mdev_unbound_write(struct mdev_unbound *unbound, const char *text)
{
	char word[UUID_STRING_LEN + 1];
	bool back = *text == '-';
	guid_t uuid;

	text += back;
	strscpy(word, text, sizeof(word));
	if (guid_parse(word, &uuid) || !sysfs_streq(word, text))
		return -EINVAL;

	if (back) {
		mdev_unbound_take(unbound, &uuid);
		return 0;
	}
	spin_lock(&unbound->lock);
	if (mdev_unbound_find(unbound, &uuid) == unbound->nr) {
		if (unbound->nr == ARRAY_SIZE(unbound->uuids))
			mdev_unbound_del(unbound, 0);
		unbound->uuids[unbound->nr++] = uuid;
	}
	spin_unlock(&unbound->lock);
	return 0;
}

/**
 * mdev_unbound_take() - whether an instance that is made now is to be left unbound
 * @unbound: the port's
 * @uuid: of the instance; the next one of this name is an ordinary one
 *
 * Context: process context.
 * Return: true if it is.
 */
bool mdev_unbound_take(struct mdev_unbound *unbound, const guid_t *uuid)
{
	unsigned int at;
	bool found;

	spin_lock(&unbound->lock);
	at = mdev_unbound_find(unbound, uuid);
	found = at < unbound->nr;
	if (found)
		mdev_unbound_del(unbound, at);
	spin_unlock(&unbound->lock);
	return found;
}
