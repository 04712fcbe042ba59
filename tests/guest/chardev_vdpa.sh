#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=dash
# only: 6.12
# needs: vdpa-sim
# timeout: 900
#
# The same calls to the kernel's vhost-vdpa, with its simulator behind it, and to
# the char device: user-cmp says what came of each, and that is compared line by
# line.
. /tests/lib.sh
. /tests/lib-vhost.sh

MAC=52:54:11:22:33:44

# Differences that are meant, or that are no affair of the char device:
#
#	CASE | CALL | THEIRS | OURS	# why
#
# The first four are patterns of awk, for the whole.  A row that nothing matches
# is a failure, as is a difference that has no row.
cat >/tmp/meant <<'END'
# what the device is
.* | GET_VRING_NUM | 0, 0x100 | 0, 0x400	# mvnet has larger rings
.* | SET_VRING_NUM 0 512 | EINVAL | 0		# the same
.* | GET_VRING_GROUP 2 9 | 0, 0x1 | 0, 0	# a control queue only once it is negotiated
.* | GET_CONFIG pairs | 0 00 00 | 0 01 00	# and MQ
.* | GET_VRING_SIZE [0-2] .* | EOPNOTSUPP | 0, 0x.*	# which the simulator cannot say
# write() says what is wrong, which vhost makes EFAULT of
.* | (UPDATE|INVALIDATE|BATCH_|MISS|ACCESS_FAIL|message|write of).* | EFAULT | E(INVAL|EXIST|PERM)
.* | write from 0x10 | EINVAL | EFAULT
open .* | UPDATE of nothing | EINVAL | EPERM	# the owner is asked for first
# and how much of the message was there, which vhost takes for whole
.* | write of 40 bytes.* | 72 | 40
.* | write of 71 bytes | 72 | 71
# there is an address space there from its first UPDATE or BATCH_BEGIN on
.* | (INVALIDATE|BATCH_END).* | EFAULT | 0
# mappings that mean nothing, or something else than was asked for
.* | INVALIDATE that wraps | 0 | EINVAL
.* | UPDATE with (no permission|permission .*) | 0 | EINVAL
.* | UPDATE at another place of the page | 0 | EINVAL
# an error of the kernel's own that it does not tell from others
.* | mmap .* | error 524 | E(INVAL|OPNOTSUPP)
# what vhost takes, and vhost-vdpa then has no use for
.* | SET_MEM_TABLE .* | (0|EFAULT) | ENOTTY
.* | [GS]ET_VRING_BUSYLOOP_TIMEOUT | 0 | ENOTTY
.* | SET_VRING_ADDR with a log | (0|EINVAL) | EOPNOTSUPP
# the other way about
.* | RESET_OWNER | EFAULT | 0
.* | ioctl 0xfe .* | (ENOBUFS|EFAULT) | ENOTTY	# read as if it were for a virtqueue
# status: bits that there are not, FEATURES_OK without features, DRIVER_OK
# without FEATURES_OK
.* | SET_STATUS 0x[1f]f | 0 | EINVAL
(open|owned|driver|reset) .* | SET_STATUS 0x([78bcf]|4f|8f) | 0 | EINVAL
(pair|random) .* | SET_STATUS 0x[bf] | 0 | EINVAL
features .* | SET_STATUS 0x7 | 0 | EINVAL
.* | then GET_STATUS | 0, 0x4f | 0, 0xf		# NEEDS_RESET is the device's own
# features that are not offered, or do not go without
.* | SET_FEATURES (with bit 63|all|without VERSION_1) | 0 | EINVAL
.* | SET_FEATURES from .* | EBUSY | EFAULT	# both are true
# virtqueues that are not set up, or not where memory is
.* | SET_VRING_ADDR (descriptors unaligned|used at the end) | 0 | EINVAL
.* | SET_VRING_ENABLE 0 (2|0xffffffff) | 0 | EINVAL
(pair|random) .* | SET_STATUS 0xf | 0 | EFAULT
# which break when their memory is taken
.* | then GET_STATUS | 0, 0xf | 0, 0x4f
# the size and place of a virtqueue that is in use, or only suspended
.* | SET_VRING_NUM .* | (0|EINVAL) | EBUSY
(suspended|random) .* | SET_VRING_(BASE|ADDR) .* | (0|EINVAL) | EBUSY
# and its address space, under its feet
(live|suspended|resumed) .* | SET_GROUP_ASID .* | 0 | EBUSY
# an ioctl that there is not, whoever asks
open .* | .* | EPERM | ENOTTY
# a group is no virtqueue, and a backend feature like all that are not offered
.* | SET_GROUP.* | ENOBUFS | EINVAL
.* | SET_BACKEND_FEATURES DESC_ASID | EINVAL | EOPNOTSUPP
END

# compare THEIRS OURS: prints what is wrong, at last a summary
compare()
{
	paste "$1" "$2" | awk -F '\t' '
	function result(line)
	{
		return substr(line, index(line, " = ") + 3)
	}
	function is(text, pattern)
	{
		return text ~ "^(" pattern ")$"
	}
	BEGIN {
		while ((getline line <"/tmp/meant") > 0) {
			sub(/[ \t]*#.*/, "", line)
			if (line == "")
				continue
			row[++rows] = line
			n = split(line, part, / \| /)
			if (n != 4)
				print "not a row: " line
			for (i = 1; i <= 4; i++)
				want[rows, i] = part[i]
		}
	}
	{
		key = substr($1, 1, index($1, " = ") - 1)
		if (key == "" || key != substr($2, 1, index($2, " = ") - 1)) {
			print "not the same calls: " $0
			exit
		}
		name = substr(key, 1, index(key, ": ") - 1)
		call = substr(key, index(key, ": ") + 2)
		if (name == apart) {
			skipped++
			next
		}
		theirs = result($1)
		ours = result($2)
		if (theirs == ours) {
			alike++
			next
		}
		# the number of a case does not matter, and patterns are slow
		kind = name
		gsub(/[0-9]+/, "0", kind)
		what = kind SUBSEP call SUBSEP theirs SUBSEP ours
		if (!(what in found)) {
			for (i = 1; i <= rows; i++)
				if (is(call, want[i, 2]) &&
				    is(kind, want[i, 1]) &&
				    is(theirs, want[i, 3]) &&
				    is(ours, want[i, 4]))
					break
			found[what] = i
		}
		i = found[what]
		if (i > rows) {
			print key ": " theirs ", and ours " ours
		} else {
			used[i]++
			meant++
		}
		# from here on the devices are in different states
		if ((theirs ~ /^[E-]/) != (ours ~ /^[E-]/))
			apart = name
	}
	END {
		for (i = 1; i <= rows; i++)
			if (!used[i])
				print "nothing is like that: " row[i]
		printf "= %d %d %d\n", alike, meant, skipped
	}'
}

modprobe vfio_iommu_type1
check "mvnet can be loaded" modprobe mvnet mtu=1500 || exit 1
UUID=$(new_uuid)
# as many virtqueues as the simulator has
check "an instance of class VHOST is created" create_net1 vhost "$UUID" || exit 1
node=/dev/$(chardev_of "$UUID")
put "$MAC" "$(instance "$UUID")/mac"
modprobe vdpa
put 0 /sys/bus/vdpa/drivers_autoprobe
modprobe vhost_vdpa
# pages pinned and translated, as for a device that is not a simulator
modprobe vdpa_sim use_va=0
check "the simulator can be loaded" modprobe vdpa_sim_net || exit 1
check "the simulator has a device" vdpa dev add name sim mgmtdev vdpasim_net \
	mac "$MAC" || exit 1
put sim /sys/bus/vdpa/drivers/vhost_vdpa/bind
wait_for 10 [ -c /dev/vhost-vdpa-0 ]

check "the program makes all calls to the simulator" \
	sh -c 'user-cmp /dev/vhost-vdpa-0 >/tmp/theirs' ||
	tail -n 3 /tmp/theirs
# shellcheck disable=SC2016 # the shell inside expands it
check "the program makes all calls to the char device" \
	sh -c 'user-cmp "$1" >/tmp/ours' - "$node" ||
	tail -n 3 /tmp/ours
check_equal "both devices have the same number of results" \
	"$(wc -l </tmp/theirs)" "$(wc -l </tmp/ours)"
compare /tmp/theirs /tmp/ours >/tmp/compared
# shellcheck disable=SC2046 # words
set -- $(sed -n 's/^= //p' /tmp/compared)
note "${1:-0} results alike, ${2:-0} different and meant to be, ${3:-0} after such"
check "most results of the char device are those of the simulator" [ "${1:-0}" -gt 12000 ]
sed -i '/^= /d' /tmp/compared
check_equal "no result of the char device differs without a reason in the table" \
	"" "$(head -n 40 /tmp/compared)"

vdpa dev del sim
rmmod vdpa_sim_net vdpa_sim vringh vhost_vdpa
vhost_down
