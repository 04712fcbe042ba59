# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=dash disable=SC2034
#
# For scripts that say "# devices: hardware": functions on the PCI bus and
# parents/vp_mdev.  What there is says tests/vm/qemu.sh.

PCI=/sys/bus/pci
HW_NET=0000:00:10.0
HW_BLK=0000:00:11.0
HW_BLK_FEW=0000:00:12.0
HW_NO_PLATFORM=0000:00:13.0
HW_LEGACY=0000:00:14.0
HW_PAGES=0000:00:17.0
HW_RNG=0000:00:18.0
HW_SLOT=0000:00:19.0
HW_PAIRS=0000:00:1a.0
HW_PEER=0000:00:1b.0
HW_DISK_PORT=0000:00:1c.0
HW_MAC=52:54:00:6d:64:76
HW_PAGES_MAC=52:54:00:6d:64:77
HW_PLUG_MAC=52:54:00:6d:64:78

# pci_driver FUNCTION: the driver that is bound, or nothing
pci_driver()
{
	[ -L "$PCI/devices/$1/driver" ] || return 0
	basename "$(readlink "$PCI/devices/$1/driver")"
}

# rng_quiet FUNCTION: virtio_rng waits for nothing from this function, as far as the
# kernel's checks of DMA can tell: they show no buffer of 64 bytes, which is its
rng_quiet()
{
	! grep -qs " $1 single .* L=40 .* DMA_FROM_DEVICE " /sys/kernel/debug/dma-api/dump
}

# rng_answered FUNCTION: virtio_rng, when it is removed, leaves a buffer mapped that the
# device still has, which the checks of DMA complain of when the function's driver goes
rng_answered()
{
	wait_for 10 rng_quiet "$1"
}

# hw_release FUNCTION: no driver shall be bound, and none bind by itself
hw_release()
{
	rng_answered "$1"
	[ -z "$(pci_driver "$1")" ] ||
		put "$1" "$PCI/devices/$1/driver/unbind" || return 1
	put none "$PCI/devices/$1/driver_override"
}

# hw_bind FUNCTION: vp_mdev, and no other
hw_bind()
{
	hw_release "$1" && put vp_mdev "$PCI/devices/$1/driver_override" &&
		put "$1" $PCI/drivers/vp_mdev/bind
}

# hw_return FUNCTION: to the driver that it had before
hw_return()
{
	hw_release "$1" && put "" "$PCI/devices/$1/driver_override" &&
		put "$1" $PCI/drivers_probe
}

# create_hw FUNCTION virtio|vhost UUID
create_hw()
{
	create "$1-$2" 'mdev_port-vp_mdev-*' "$3"
}

# new_hw_instance FUNCTION CLASS WHAT: bind it, and create the instance UUID
new_hw_instance()
{
	UUID=$(new_uuid)
	[ "$(pci_driver "$1")" = vp_mdev ] ||
		check "vp_mdev takes $1, $3" hw_bind "$1" || exit 1
	check "an instance of class $2 can be created, $3" \
		create_hw "$1" "$2" "$UUID" || exit 1
}

# hw_group FUNCTION: the number of its IOMMU group
hw_group()
{
	basename "$(readlink "$PCI/devices/$1/iommu_group")"
}

# hw_irqs FUNCTION [NAME]: how many interrupts there were, on all CPUs
hw_irqs()
{
	grep "vp_mdev-$1-${2:-}" /proc/interrupts |
		awk '{ n += $2 + $3 } END { print n + 0 }'
}

# hw_vectors FUNCTION: how many interrupts are requested
hw_vectors()
{
	grep -c "vp_mdev-$1-" /proc/interrupts
}

# --- programs on instances of class VHOST: UUID, of the function FUNCTION -----

. /tests/lib-user.sh

# hw_vhost FUNCTION: bind it and create the instance
hw_vhost()
{
	FUNCTION=$1
	UUID=$(new_uuid)
	# no udev here that would load it
	modprobe vfio_iommu_type1
	check "vp_mdev takes $1" hw_bind "$1" || return 1
	check "$1 has an instance of class VHOST" \
		create_hw "$1" vhost "$UUID"
}

# user_hw COMMAND...: of user-hw, with the options in WAY
user_hw()
{
	# shellcheck disable=SC2086 # nothing, or an option
	user-hw --uuid "$UUID" $WAY "$@"
}

# check_user_hw_runs WHAT COMMAND...: user-hw runs in the background, as $victim
check_user_hw_runs()
{
	_begin=$1
	shift
	if user_start user-hw "$@"; then
		pass "$_begin"
		return 0
	fi
	fail "$_begin" "$(cat /tmp/victim.out)"
	return 1
}

# check_came_back PID OUTPUT WHAT: the program "user-hw lost" learned that the function
# was reset, and began again
check_came_back()
{
	check_ended "the program was told of the reset and set up the device again, $3" \
		"$1" "$2"
	sed "s/^/$3: /" "$2" >&2
}

# check_unmapped_safe rings|buffers: the device reaches for memory that was taken from it,
# which the IOMMU reports
check_unmapped_safe()
{
	log_mark
	check "the device does not reach $1 that are unmapped" \
		fault_out fault "$1"
	# shellcheck disable=SC2046 # two words
	set -- "$1" $(sed -n 's/^.* from \(0x[0-9a-f]*\) to \(0x[0-9a-f]*\)$/\1 \2/p' \
		/tmp/fault.out)
	check "the IOMMU reports that the device reached for unmapped $1" \
		dmar_saw "$FUNCTION" "$@"
}

fault_out()
{
	case $2 in
	rings)	set -- "$1" --rings ;;
	*)	set -- "$1" ;;
	esac
	user_hw "$@" >/tmp/fault.out 2>&1
	_rc=$?
	cat /tmp/fault.out
	return $_rc
}

# dmar_saw FUNCTION rings|buffers FROM TO: reads of rings, writes to buffers
dmar_saw()
{
	case $2 in
	rings)	_how=Read ;;
	*)	_how=Write ;;
	esac
	log_new | sed -n "s/.*DMAR: \[DMA $_how.*Request device \[[0-9a-f:]*${1#*:}\] fault addr \(0x[0-9a-f]*\).*/\1/p" |
	while read -r _addr; do
		[ $((_addr)) -lt $(($3)) ] || [ $((_addr)) -gt $(($4)) ] || echo "$_addr"
	done | grep . && return
	log_new
	return 1
}

# hw_options N: what the user with that number is started with
hw_options()
{
	options="--queue-size $((16 << $1 % 4))"
	[ -z "$DOORBELL" ] || [ $(($1 % 2)) = 0 ] || options="$options --doorbell"
}

# kill_hw_users TIMES
kill_hw_users()
{
	kill_users user-hw "$1" hw_options
	check "frames come back after users were killed" user_hw traffic
}

# vfio_pci_take FUNCTION: have vfio-pci bind it
vfio_pci_take()
{
	modprobe vfio-pci
	hw_release "$1" && put vfio-pci "$PCI/devices/$1/driver_override" &&
		put "$1" $PCI/drivers/vfio-pci/bind
}

# --- QEMU's user network: the address that it gives, its router, a server -----

HW_IP=10.0.2.15/24
HW_ROUTER=10.0.2.2
HW_SERVER=10.0.2.100
HW_LINES=50000

# hw_net_online: DEV has an address on QEMU's network
hw_net_online()
{
	ip link set dev "$DEV" up && ip addr replace $HW_IP dev "$DEV" &&
		wait_for 10 carrier_is "$DEV" 1
}

# hw_net_busy: there is traffic on DEV, more than a ping's
hw_net_busy()
{
	[ "$(netstat_of "$DEV" rx_bytes)" -gt 200000 ]
}

# for background jobs, which they never leave by themselves
downloads_for_ever()
{
	while :; do
		download /tmp/got
	done
}

# reads_for_ever DISK: prints "error" for each that fails
reads_for_ever()
{
	while :; do
		dd if="$1" of=/dev/null bs=64k count=16 iflag=direct 2>/dev/null ||
			echo error
	done
}

# reads_ended: each of them has come back, after reads_for_ever was killed
reads_ended()
{
	! pidof dd
}

# download FILE: what the server sends
download()
{
	timeout 100 nc $HW_SERVER 5001 </dev/null >"$1"
}

# echoed FILE OUT: send FILE to the server and keep what comes back
echoed()
{
	_size=$(wc -c <"$1")
	# shellcheck disable=SC2016 # for the other shell
	timeout 100 sh -c 'nc '$HW_SERVER' 5002 <"$1" | head -c "$3" >"$2"' - \
		"$1" "$2" "$_size"
}

# --- QEMU's monitor, and the slot --------------------------------------------

MONITOR=/dev/ttyS2

monitor_open()
{
	[ ! -e /run/monitor ] || return 0
	stty -F $MONITOR raw -echo 115200
	# It said its name, and heard it from us before it had this.
	timeout 2 cat $MONITOR >/dev/null 2>&1
	echo >$MONITOR
	: >/run/monitor
}

# monitor_tell COMMAND...: have QEMU do it, and do not wait for its answer
monitor_tell()
{
	monitor_open
	printf '%s\n' "$*" >$MONITOR
}

# monitor COMMAND...: have QEMU do it, and print its answer
monitor()
{
	monitor_open
	# what comes last, to wait for; the line editor's echo moves about
	printf '%s\nprint /d 424242\n' "$*" >$MONITOR
	timeout 20 sed '/^424242/q' $MONITOR | tr -d '\r' |
		grep -v "$(printf '\033')" | grep -v '^424242'
	return 0
}

# hw_behind PORT: the function that is connected to it
hw_behind()
{
	for _f in "$PCI/devices/$1"/*:*:*.[0-7]; do
		[ -e "$_f/vendor" ] || return 1
		basename "$_f"
		return
	done
}

# hw_plugged: the function in the slot, which has to be there
hw_plugged()
{
	hw_behind $HW_SLOT
}

hw_unplugged()
{
	! hw_plugged >/dev/null
}

# hw_unplug: as by the button: Linux lets go of the function before it is gone
hw_unplug()
{
	monitor device_del plug
}

# hw_yank: gone at once, without Linux having been asked
hw_yank()
{
	slotctl $HW_SLOT yank
}

# hw_slot_off: whether Linux has cut its power
hw_slot_off()
{
	slotctl $HW_SLOT off
}

# hw_plug: a function like the one that was there, which is gone
hw_plug()
{
	# else QEMU takes out what is there when the power goes
	wait_for 20 hw_slot_off || return 1
	sleep 2
	monitor device_add "virtio-net-pci,id=plug,bus=hotslot,netdev=net2,romfile=,mac=$HW_PLUG_MAC,page-per-vq=on,disable-legacy=on,iommu_platform=on"
	wait_for 20 hw_plugged
}
