#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# dkms-install.sh NAME VERSION: have DKMS build and install the source that lies
# in /usr/src/NAME-VERSION, for each kernel that has its headers here, and say which
# of the installed kernels, and whether the running one, got no modules and why.
set -u

name=$1
version=$2
here=$(dirname "$0")
running=$(uname -r)
modules=${MODULES:-/lib/modules}

# options_lacking BUILD: those of dkms.conf that this kernel is built without
options_lacking()
{
	sed -n 's/^BUILD_EXCLUSIVE_CONFIG="\(.*\)"/\1/p' "$here/../dkms.conf" |
		tr ' ' '\n' | while read -r option; do
			grep -q "^$option=[ym]" "$1/.config" || echo "$option"
		done
}

# why_not RELEASE: its state is not "installed"
why_not()
{
	build=$modules/$1/build
	if [ -e "$build/.config" ]; then
		# shellcheck disable=SC2046 # a list
		set -- "$1" $(options_lacking "$build")
	fi
	"$here/advice.sh" "$@"
}

dkms add -m "$name" -v "$version" || exit 1

installed=
failed=
for build in "$modules"/*/build; do
	[ -e "$build/Makefile" ] || continue
	release=${build%/build}
	release=${release##*/}
	dkms install -m "$name" -v "$version" -k "$release"
	case $? in
	0)	installed="$installed $release" ;;
	# BUILD_EXCLUSIVE_CONFIG; dkms has said so, in its way
	77)	# shellcheck disable=SC2046 # a list
		set -- $(options_lacking "$build")
		echo "$name: kernel $release lacks ${*:-an option of dkms.conf}:" \
			"$(why_not "$release")" ;;
	*)	failed="$failed $release" ;;
	esac
done

if [ -n "$failed" ]; then
	echo "$name: not installed for$failed" >&2
	exit 1
fi
if [ -z "$installed" ]; then
	echo "$name: there is no kernel with headers that it can be built for:" \
		"$(why_not "$running")" >&2
	exit 1
fi
echo "$name $version is installed for$installed"
case "$installed " in
*" $running "*) ;;
*)
	# not an error: this may be a root file system that another kernel will boot
	echo "$name: not for the running kernel $running: $(why_not "$running")" >&2 ;;
esac
