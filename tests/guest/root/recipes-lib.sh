# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash disable=SC2034
#
# For the scripts that have the commands of a page as they are printed.  What builds,
# installs, or asks the firmware is in their place here, because the guest has the modules
# and the programs already: the builds are tested on the host.

PATH=/usr/local/sbin:$PATH
# where the page tells its reader to be
clone=$PWD

make()
{
	if [ "$PWD" != "$clone" ]; then
		echo "make $*: the page does not say that $clone is to be left" >&2
		return 2
	fi
	case "$*" in
	"-C tests/clients O=/tmp/clients")
		ln -sfn "$clone/clients" /tmp/clients ;;
	tools-install)
		install -D virtio-mdev /usr/local/sbin/virtio-mdev
		callouts=/etc/mdevctl.d/scripts.d/callouts
		mkdir -p $callouts
		ln -sfn /usr/local/sbin/virtio-mdev $callouts/virtio-mdev-callout ;;
	esac
}

apt-get() { :; }
mokutil() { :; }
reboot() { :; }
