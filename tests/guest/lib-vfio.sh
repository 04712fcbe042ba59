# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=dash disable=SC2034
#
# For scripts that drive an instance of mvnet's of class VFIO, with user-pci and with
# the programs that know class VHOST: VM_PCI has them use the emulated PCI function.
# Wants lib-vhost.sh, too.

# vfio_up [PARAMETER...]: load mvnet with these, and create an instance of class
# VFIO, UUID; without it there is nothing to test
vfio_up()
{
	# no udev here that would load it
	modprobe vfio_iommu_type1
	check "mvnet can be loaded" modprobe mvnet "$@" || exit 1
	UUID=$(new_uuid)
	check "an instance of class VFIO is created" \
		create_net vfio "$UUID" || exit 1
	export VM_PCI=write
}

# user_pci COMMAND...: of user-pci, on the instance UUID
user_pci()
{
	user-pci --uuid "$UUID" "$@"
}

# by HOW COMMAND...: with virtqueues kicked by write, ioeventfd, window or mmap
by()
{
	_how=$1
	shift
	VM_PCI=$_how "$@"
}
