# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=dash disable=SC2034
#
# For scripts that drive an instance of mvnet with vmnet, on its VFIO fd.

# vhost_up [PARAMETER...]: load mvnet with these, and create an instance of class
# VHOST, UUID; without it there is nothing to test
vhost_up()
{
	# no udev here that would load it
	modprobe vfio_iommu_type1
	check "mvnet can be loaded" modprobe mvnet "$@" || exit 1
	UUID=$(new_uuid)
	check "an instance of class VHOST is created" \
		create_net vhost "$UUID" || exit 1
}

# v COMMAND...: of vmnet, on the instance UUID; in the background $! is a shell
v()
{
	vmnet --uuid "$UUID" "$@"
}

# vhost_down: when no program runs any more
vhost_down()
{
	check_equal "pages pinned in the end" 0 "$(pinned_pages)"
	unload
}
