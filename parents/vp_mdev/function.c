// SPDX-License-Identifier: GPL-2.0-only
/*
 * A function: whether it answers, whether it has its state, and its reset.
 */

#include <linux/delay.h>
#include <linux/jiffies.h>

#include "vp_mdev.h"

/* How long a function may take for a reset: some have to stop a link. */
#define VP_MDEV_RESET_TIMEOUT	(10 * HZ)

/* ---- registers, and when not to use them ---- */

/**
 * vp_mdev_away() - whether the function cannot be asked at present
 * @fn: the function
 *
 * Context: any.
 * Return: true from the beginning of a reset by others to its end.
 */
bool vp_mdev_away(struct vp_mdev_function *fn)
{
	return READ_ONCE(fn->resets) & 1;
}

/**
 * vp_mdev_go_away() - the function cannot be asked any more
 * @fn: the function, its lock held
 *
 * It does no DMA until vp_mdev_not_away().
 */
void vp_mdev_go_away(struct vp_mdev_function *fn)
{
	lockdep_assert_held(&fn->lock);
	if (vp_mdev_away(fn))
		return;
	/* A reset by the user does not reach it now, and counts as the end of DMA. */
	pci_clear_master(fn->pdev);
	WRITE_ONCE(fn->resets, fn->resets + 1);
}

/**
 * vp_mdev_not_away() - the function can be asked again
 * @fn: the function, its lock held
 */
void vp_mdev_not_away(struct vp_mdev_function *fn)
{
	lockdep_assert_held(&fn->lock);
	if (vp_mdev_away(fn))
		WRITE_ONCE(fn->resets, fn->resets + 1);
}

/**
 * vp_mdev_gone() - whether a function does not answer any more
 * @fn: the function
 *
 * It was pulled out, or its bus is down.  Then most hosts read registers as all
 * ones, but not all do, so its PCI configuration space is read as well.
 *
 * A function that is being reset does not answer either: it does not count as gone.
 *
 * Context: any.
 * Return: true if the function is gone for good.
 */
bool vp_mdev_gone(struct vp_mdev_function *fn)
{
	unsigned int resets = READ_ONCE(fn->resets);

	if (vp_mdev_away(fn))
		return false;
	if (vp_modern_get_num_queues(&fn->modern) != U16_MAX &&
	    pci_device_is_present(fn->pdev))
		return false;
	return READ_ONCE(fn->resets) == resets;
}

/**
 * vp_mdev_lost() - whether the function has lost what its driver set up
 * @vp: the instance
 *
 * A function that was reset has a status of 0, which no driver writes.
 *
 * Context: any.
 * Return: true if so, until the driver resets the device.
 */
bool vp_mdev_lost(struct vp_mdev *vp)
{
	if (!READ_ONCE(vp->status))
		return false;
	/* A reset by the driver takes vp->status away first, so look again. */
	return READ_ONCE(vp->failed) || vp_mdev_away(vp->fn) ||
	       (!vp_modern_get_status(vp->modern) && READ_ONCE(vp->status));
}

/**
 * vp_mdev_begin() - begin an operation that changes registers
 * @vp: the instance
 *
 * Return: 0, and the function is not reset by others before vp_mdev_end();
 * -ENODEV if it is gone; -EIO if it has lost its state or is being reset.
 */
int vp_mdev_begin(struct vp_mdev *vp)
{
	struct vp_mdev_function *fn = vp->fn;
	int ret = 0;

	mutex_lock(&fn->lock);
	if (vp_mdev_gone(fn))
		ret = -ENODEV;
	else if (vp_mdev_away(fn) || vp_mdev_lost(vp))
		ret = -EIO;
	if (ret)
		mutex_unlock(&fn->lock);
	return ret;
}

/**
 * vp_mdev_end() - end what vp_mdev_begin() began
 * @vp: the instance
 */
void vp_mdev_end(struct vp_mdev *vp)
{
	mutex_unlock(&vp->fn->lock);
}

/* ---- reset ---- */

/**
 * vp_mdev_reset_function() - reset a function
 * @fn: the function
 *
 * Context: process context; sleeps.
 * Return: 0; -ETIMEDOUT if the function does not say that it was reset; then it
 * can do no more DMA; -ENODEV if it is gone.
 */
int vp_mdev_reset_function(struct vp_mdev_function *fn)
{
	unsigned long end = jiffies + VP_MDEV_RESET_TIMEOUT;

	if (vp_mdev_gone(fn))
		return -ENODEV;
	vp_modern_set_status(&fn->modern, 0);
	/* The reset is over, and all DMA, when this reads 0 (section 4.1.4.3). */
	while (vp_modern_get_status(&fn->modern)) {
		if (vp_mdev_gone(fn))
			return -ENODEV;
		if (time_after(jiffies, end)) {
			pci_clear_master(fn->pdev);
			pci_err(fn->pdev,
				"does not reset; it can do no more DMA until it is bound again\n");
			return -ETIMEDOUT;
		}
		usleep_range(100, 1000);
	}
	return 0;
}

/**
 * vp_mdev_wait_back() - wait for a reset by others to come to its end
 * @fn: the function
 *
 * Whoever learned that the function is being reset begins again with a reset, and
 * what follows would fail if that had not come to its end.
 *
 * Context: process context; sleeps, for ten seconds at most.
 */
void vp_mdev_wait_back(struct vp_mdev_function *fn)
{
	unsigned long end = jiffies + VP_MDEV_RESET_TIMEOUT;

	while (vp_mdev_away(fn) && !READ_ONCE(fn->ended) &&
	       time_before(jiffies, end))
		usleep_range(1000, 10000);
}
