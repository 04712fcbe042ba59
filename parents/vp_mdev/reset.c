// SPDX-License-Identifier: GPL-2.0-only
/*
 * A function that loses its state without its driver having asked for it: the
 * host sleeps or ends, somebody resets the function, the bus reports an error.
 */

#include <linux/virtio_config.h>

#include "vp_mdev.h"

/* Each loss is told once. */
static void vp_mdev_tell(struct vp_mdev *vp, const char *why)
{
	lockdep_assert_held(&vp->fn->lock);
	if (!vp->status || vp->told)
		return;
	vp->told = true;
	dev_notice(&vp->cdev->dev,
		   "%s %s with a driver on it, which has to set it up again\n",
		   pci_name(vp->fn->pdev), why);
	vp_mdev_fail(vp);
}

static void vp_mdev_come_back(struct vp_mdev_function *fn)
{
	struct vp_mdev *vp = fn->vp;

	vp_mdev_not_away(fn);
	/* Without an instance it may still do what the last user told it. */
	if ((!vp || !vp->status) && vp_mdev_reset_function(fn))
		return;
	pci_set_master(fn->pdev);
	if (vp && vp_mdev_lost(vp))
		vp_mdev_tell(vp, "was reset");
}

/* No DMA and no interrupt any more */
static void vp_mdev_silence(struct vp_mdev_function *fn)
{
	lockdep_assert_held(&fn->lock);
	/* On failure it logs the cause and disables bus mastering. */
	vp_mdev_reset_function(fn);
	/* The status may read anything when the host is back: others boot it. */
	if (fn->vp && fn->vp->status)
		WRITE_ONCE(fn->vp->failed, true);
	vp_mdev_go_away(fn);
}

/* ---- the host sleeps ---- */

/*
 * The class driver was here before, since the instance is a child.  What is left
 * to stop is a user's device: it does no DMA while an image is made, and has no
 * state afterwards.
 */
static int vp_mdev_suspend(struct device *dev)
{
	struct vp_mdev_function *fn = dev_get_drvdata(dev);

	mutex_lock(&fn->lock);
	vp_mdev_silence(fn);
	mutex_unlock(&fn->lock);
	return 0;
}

static int vp_mdev_resume(struct device *dev)
{
	struct vp_mdev_function *fn = dev_get_drvdata(dev);

	mutex_lock(&fn->lock);
	vp_mdev_come_back(fn);
	mutex_unlock(&fn->lock);
	return 0;
}

const struct dev_pm_ops vp_mdev_pm_ops = {
	SYSTEM_SLEEP_PM_OPS(vp_mdev_suspend, vp_mdev_resume)
};

/**
 * vp_mdev_shutdown() - the host ends, or another kernel takes over
 * @pdev: the function
 *
 * Users may still be active, but the function stops here: it must not write to the
 * memory of the next kernel.
 */
void vp_mdev_shutdown(struct pci_dev *pdev)
{
	struct vp_mdev_function *fn = pci_get_drvdata(pdev);

	mutex_lock(&fn->lock);
	vp_mdev_silence(fn);
	WRITE_ONCE(fn->ended, true);
	pci_clear_master(pdev);
	/* Wake up whoever waits for an answer, perhaps with rtnl held. */
	if (fn->vp)
		vp_mdev_tell(fn->vp, "is shut down");
	mutex_unlock(&fn->lock);
}

/* ---- the function is reset ---- */

/* Tell the class driver, if there is one, and keep it bound. */
static void vp_mdev_prepare_user(struct vp_mdev_function *fn)
{
	struct mdev_class_device *cdev = NULL;

	mutex_lock(&fn->lock);
	if (fn->vp)
		/* Pairs with put_device() here or in vp_mdev_return_user() */
		cdev = fn->vp->cdev;
	if (cdev)
		get_device(&cdev->dev);
	mutex_unlock(&fn->lock);

	if (cdev && !mdev_class_reset_prepare(cdev)) {
		dev_warn(&cdev->dev,
			 "a reset of %s does not wait for the class driver, which comes or goes\n",
			 pci_name(fn->pdev));
		put_device(&cdev->dev);
		cdev = NULL;
	}
	fn->prepared = cdev;
}

static void vp_mdev_return_user(struct vp_mdev_function *fn)
{
	struct mdev_class_device *cdev = fn->prepared;

	fn->prepared = NULL;
	if (!cdev)
		return;
	mdev_class_reset_done(cdev);
	put_device(&cdev->dev);
}

static void vp_mdev_reset_prepare(struct pci_dev *pdev)
{
	struct vp_mdev_function *fn = pci_get_drvdata(pdev);

	vp_mdev_prepare_user(fn);
	mutex_lock(&fn->lock);
	vp_mdev_go_away(fn);
	mutex_unlock(&fn->lock);
}

static void vp_mdev_reset_done(struct pci_dev *pdev)
{
	struct vp_mdev_function *fn = pci_get_drvdata(pdev);

	/* For an error of the bus: the PCI core has consumed the saved state. */
	pci_save_state(pdev);
	mutex_lock(&fn->lock);
	vp_mdev_come_back(fn);
	mutex_unlock(&fn->lock);
	vp_mdev_return_user(fn);
}

/* ---- errors of the bus ---- */

/*
 * The port is going to be reset and may never report back, so tell the driver now
 * that the device is lost.
 */
static pci_ers_result_t vp_mdev_error_detected(struct pci_dev *pdev,
					       pci_channel_state_t state)
{
	struct vp_mdev_function *fn = pci_get_drvdata(pdev);

	/* The function works: it finishes its requests by itself. */
	if (state == pci_channel_io_normal)
		return PCI_ERS_RESULT_CAN_RECOVER;

	mutex_lock(&fn->lock);
	vp_mdev_go_away(fn);
	pci_clear_master(pdev);
	if (fn->vp && fn->vp->status) {
		WRITE_ONCE(fn->vp->failed, true);
		vp_mdev_tell(fn->vp, "met an error of the bus");
	}
	mutex_unlock(&fn->lock);
	return state == pci_channel_io_perm_failure ?
	       PCI_ERS_RESULT_DISCONNECT : PCI_ERS_RESULT_NEED_RESET;
}

static pci_ers_result_t vp_mdev_slot_reset(struct pci_dev *pdev)
{
	pci_restore_state(pdev);
	/* For the next error */
	pci_save_state(pdev);
	if (pci_device_is_present(pdev))
		return PCI_ERS_RESULT_RECOVERED;
	pci_err(pdev, "is not there after a reset of its port\n");
	return PCI_ERS_RESULT_DISCONNECT;
}

static void vp_mdev_error_resume(struct pci_dev *pdev)
{
	struct vp_mdev_function *fn = pci_get_drvdata(pdev);
	bool lost;

	mutex_lock(&fn->lock);
	vp_mdev_come_back(fn);
	/* Also if another function under the port asked for the reset */
	lost = fn->vp && vp_mdev_lost(fn->vp);
	mutex_unlock(&fn->lock);
	if (!lost)
		return;
	vp_mdev_prepare_user(fn);
	vp_mdev_return_user(fn);
}

const struct pci_error_handlers vp_mdev_err_handler = {
	.error_detected = vp_mdev_error_detected,
	.slot_reset = vp_mdev_slot_reset,
	.resume = vp_mdev_error_resume,
	.reset_prepare = vp_mdev_reset_prepare,
	.reset_done = vp_mdev_reset_done,
};
