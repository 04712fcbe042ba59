# SPDX-License-Identifier: GPL-2.0-only
#
# The kernel options without which nothing can be built, for the Makefile (which
# says so before anything is started), for Kbuild and for dkms.conf's test.

compat-require := CONFIG_64BIT CONFIG_MODULES CONFIG_VFIO CONFIG_VFIO_MDEV \
	CONFIG_VFIO_VIRQFD CONFIG_VIRTIO CONFIG_VIRTIO_PCI_LIB CONFIG_EVENTFD \
	CONFIG_IRQ_BYPASS_MANAGER CONFIG_PAGE_POOL

# $(call compat-missing,OPTIONS THAT ARE SET)
compat-missing = $(filter-out $(1),$(compat-require))
