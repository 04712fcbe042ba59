# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=dash
#
# What the test scripts of this directory share: this file, and what it sources,
# lib-check.sh, lib-instance.sh and lib-log.sh.  A script NAME.sh runs in a guest,
# as root, in a directory of its own, with busybox ash:
#
#	#!/bin/sh
#	# SPDX-License-Identifier: GPL-2.0-only
#	. /tests/lib.sh
#	modprobe mvnet
#	uuid=$(new_uuid)
#	check "a type can be created" create_net virtio "$uuid"
#	...
#	unload
#
# It starts with no module of ours loaded and leaves the guest so: the runner
# looks, and reads the kernel log and, on the debug kernel, now and then what
# kmemleak has found.  A script that says exit with a status other than 0 has
# failed, too; after a check that makes the rest pointless, "exit 1".
#
# Comment lines that the runner reads in a script:
#
#	# only: debug		runs on these kernels (6.1 6.12 7.2 debug iommufd);
#	#			7.2 stands for 7.3, too
#	# slow: debug		in a quick run 6.12 has it, not the debug kernel
#	# long: yes		a quick run leaves it out
#	# kernels: 6.1 7.2	a quick run has it on these, too, because compat/
#	#			or the kernel's own code differs there
#	# long: yes		a quick run does without it
#	# timeout: 60		seconds (default 120; four times on debug)
#	# expect-log: REGEX	lines of the kernel log that are no splat here
#	# devices: hardware	there is an IOMMU and virtio functions on the PCI
#	#			bus, see lib-hw.sh
#	# leaks: apart		kmemleak looks before it and right after it, not
#	#			only once for all scripts of a guest

NAME=${NAME:-$(basename "$0" .sh)}
KERNEL=${KERNEL:-unknown}	# 6.1, 6.12, 7.2, 7.3 or debug
OURS=$(find "/lib/modules/$(uname -r)/updates" -name '*.ko' \
	-exec basename '{}' .ko ';' 2>/dev/null)
MDEV_BUS=/sys/class/mdev_bus
INSTANCES=/sys/bus/mdev_class/devices
# where the runner reads; file descriptor 3 of every script
[ -e /proc/self/fd/3 ] || exec 3>&1

# busybox takes its own applets before what is in the path.  These are the real
# ones; a command line of timeout, xargs or sh -c needs /bin/ip, /bin/tc.
ip()
{
	/bin/ip "$@"
}

tc()
{
	/bin/tc "$@"
}

. /tests/report.sh
. /tests/lib-check.sh
. /tests/lib-instance.sh
. /tests/lib-log.sh
