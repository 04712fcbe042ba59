# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=dash
#
# What the scripts share in which allocations fail: every one on a way through
# our modules fails once, one at a time.  Each time there is an error or all
# goes well without, nothing is left over, and it works afterwards.
. /tests/lib.sh

# shellcheck disable=SC2034 # for the scripts
MDEVS=/sys/bus/mdev/devices
FAULTS="/sys/kernel/debug/failslab /sys/kernel/debug/fail_page_alloc"

# symbol_range SYMBOL: its first address and that of what follows it
symbol_range()
{
	sort /proc/kallsyms | awk -v sym="$1" '
		found && $1 != at { print at, $1; exit }
		$3 == sym { found = 1; at = $1 }'
}

# spare_function SYMBOL: what that function allocates, it and whom it calls, does not fail;
# one function at a time
spare_function()
{
	reject=$(symbol_range "$1")
	for f in $FAULTS; do
		echo "0x${reject% *}" >"$f/reject-start"
		echo "0x${reject#* }" >"$f/reject-end"
	done
	note "without $1: $reject"
}

# Only what is allocated with one of our modules on the stack is to fail: what
# the rest of the kernel does without memory is not our affair.
aim_at_modules()
{
	range=$(awk -v ours=" $(echo "$OURS" | tr '\n' ' ')" '
		index(ours, " " $1 " ") { print $6, $2 }' /proc/modules | sort)
	# addresses are of equal length, so they sort as text
	start=$(echo "$range" | head -n 1 | cut -d' ' -f1)
	end=$(echo "$range" | tail -n 1)
	end=$(printf '0x%x' $((${end% *} + ${end#* })))
	for f in $FAULTS; do
		# fail-nth makes it fail whatever the probability is
		echo 0 >"$f/probability"
		echo 0 >"$f/verbose"
		echo N >"$f/ignore-gfp-wait"
		echo 32 >"$f/stacktrace-depth"
		echo "$start" >"$f/require-start"
		echo "$end" >"$f/require-end"
	done
	# vfio's own error path warns of itself, and leaks, if this one fails
	spare_function vfio_create_group
	echo 0 >/sys/kernel/debug/fail_page_alloc/min-order
	# Nor what kmemleak and debugobjects note about each allocation: they
	# have reserves, so it would fail to no effect.
	for f in /sys/kernel/slab/*/failslab; do
		case $f in
		*/kmemleak_*|*/debug_objects_cache/*) ;;
		*) echo 1 >"$f" ;;
		esac
	done
	echo Y >/sys/kernel/debug/failslab/cache-filter
	note "allocations from $start to $end"
}

aim_at_nothing()
{
	echo N >/sys/kernel/debug/failslab/cache-filter
	for f in $FAULTS; do
		echo 0 >"$f/require-start"
		echo 0xffffffffffffffff >"$f/require-end"
		echo 0 >"$f/reject-start"
		echo 0 >"$f/reject-end"
	done
}

# faults WHAT [OPTION...] COMMAND...: see failnth
faults()
{
	what=$1
	began=$(cut -d. -f1 /proc/uptime)
	shift
	if out=$(failnth "$@" 2>&1); then
		pass "$what"
		note "$what: $out, in $(($(cut -d. -f1 /proc/uptime) - began)) s"
	else
		fail "$what" "$out"
	fi
}

# failslab_begin [PARENT]: load the modules, mvnet or another, and take aim at them
failslab_begin()
{
	check "the kernel has fault injection" test -w /proc/self/fail-nth -a \
		-w /sys/kernel/debug/failslab/require-start || exit 1

	modprobe -a mdev_core virtio_mdev vhost_mdev "${1:-mvnet}" \
		vfio_iommu_type1
	aim_at_modules
	# hundreds of removals wait for a grace period each
	echo 1 >/sys/kernel/rcu_expedited
}

failslab_end()
{
	aim_at_nothing
	echo 0 >/sys/kernel/rcu_expedited
	unload
}
