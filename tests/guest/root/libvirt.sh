#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# The commands of docs/libvirt.md for a card.
set -e

uuid=83b8f4f2-509f-382f-3c1e-e6bfe0fa1001
mdevctl define --uuid $uuid --parent mvnet0-vfio --type mdev_port-mvnet-net8
mdevctl modify --uuid $uuid --addattr=instance/mac --value=02:00:00:00:23:01

# libvirt looks at mdevctl's directory now and then
until virsh nodedev-list --cap mdev --inactive | grep -q mvnet0_vfio; do
	sleep 1
done

virsh nodedev-start mdev_83b8f4f2_509f_382f_3c1e_e6bfe0fa1001_mvnet0_vfio
virsh nodedev-autostart mdev_83b8f4f2_509f_382f_3c1e_e6bfe0fa1001_mvnet0_vfio
