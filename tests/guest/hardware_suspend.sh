#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# kernels: 6.12
# devices: hardware
# cmdline: no_console_suspend
# timeout: 300
#
# The host sleeps with functions in use, all of which lose their state.  The
# kernel's drivers go on afterwards, and programs learn that they have to begin
# again.  Devices in software go on.  To RAM, and to disk where the kernel can: an
# image is written, and the guest goes on from that.
. /tests/lib.sh
. /tests/lib-blk.sh
. /tests/lib-net.sh
. /tests/lib-hw.sh

# The alarm has to be ahead still when the host is asleep.
SLEEP=8
[ "$KERNEL" != debug ] || SLEEP=30

modprobe vp_mdev
modprobe virtio_net
modprobe virtio_blk
modprobe mvnet
modprobe mvblk
modprobe vfio_iommu_type1

# --- everybody is at work ------------------------------------------------------

new_hw_instance $HW_BLK virtio "virtio-blk"
blk_uuid=$UUID
check "virtio-blk drives the function's disk" wait_for 20 blk_vars "$UUID" || exit 1
blk_vars "$UUID"
blk=$DEV
random_file /tmp/sent 2
check "the disk can be written" put_range /tmp/sent 0 2097152

ram_uuid=$(new_uuid)
blk_up ram64m "$ram_uuid" || exit 1
ram=$DEV

new_hw_instance $HW_RNG virtio "without a virtio driver"
rng_uuid=$UUID
rng_state=$(state_of "$UUID")

new_hw_instance $HW_PAGES vhost "a program on the VFIO fd"
vfio_uuid=$UUID
WAY=
check_user_hw_runs "a program has traffic, VFIO" lost || exit 1
vfio_pid=$victim
mv /tmp/victim.out /tmp/vfio.out

plugged=$(hw_plugged)
new_hw_instance "$plugged" vhost "a program on the char device"
chr_uuid=$UUID
WAY=--chardev
check_user_hw_runs "a program has traffic, char device" lost || exit 1
chr_pid=$victim
mv /tmp/victim.out /tmp/chr.out

soft_uuid=$(new_uuid)
check "an instance of mvnet can be created" create_net1 vhost "$soft_uuid"
user-net victim --uuid "$soft_uuid" >/tmp/soft.out 2>&1 &
soft_pid=$!
check "the network device in software has a user" \
	wait_for 30 state_is "$soft_uuid" running

new_hw_instance $HW_NET virtio "virtio-net"
net_uuid=$UUID
net_vars "$UUID"
check "the network device can be set up" hw_net_online
check "the router answers a ping before the host sleeps" ping -c 2 -W 10 $HW_ROUTER

reads_for_ever "$blk" >/tmp/reads.out 2>&1 &
reader=$!
reads_for_ever "$ram" >/tmp/ram.out 2>&1 &
ram_reader=$!
downloads_for_ever >/dev/null 2>&1 &
downloader=$!
check "the network device has traffic" wait_for 30 hw_net_busy

# --- the host sleeps -----------------------------------------------------------

log_mark
check "the host sleeps and wakes up with users at work" sleepctl $SLEEP mem || exit 1
check_log "the host was asleep to RAM" "PM: Waking up from system sleep state S3"

# --- the kernel's drivers ------------------------------------------------------

check "virtio-net is live" wait_for 10 state_is "$net_uuid" running
check "virtio-net's network device still has a carrier" wait_for 20 carrier_is "$DEV" 1
check "ip link answers" timeout 60 /bin/ip link set dev "$DEV" mtu 1400
kill $downloader
check "the router answers a ping after the host's sleep" ping -c 3 -W 10 $HW_ROUTER
check "a download succeeds after the host's sleep" download /tmp/got
check_equal "a download after the host's sleep is complete" "$HW_LINES" "$(wc -l </tmp/got)"

check "virtio-blk is live" wait_for 10 state_is "$blk_uuid" running
kill $reader $ram_reader
check "reads of the disk come to an end" wait_for 20 reads_ended
check_equal "no read of the disk failed" "" "$(cat /tmp/reads.out)"
check_equal "no read of the disk in software failed" "" "$(cat /tmp/ram.out)"
DEV=$blk
check "the disk has after the host's sleep what was written before" same /tmp/sent
random_file /tmp/sent 2
check "the disk can be written after the host's sleep" put_range /tmp/sent 0 2097152
check "the disk has what was written after the host's sleep" same /tmp/sent
check_equal "the device without a driver is as before" "$rng_state" \
	"$(state_of "$rng_uuid")"

# --- programs, and devices in software -----------------------------------------

check_came_back $vfio_pid /tmp/vfio.out "VFIO"
check_came_back $chr_pid /tmp/chr.out "char device"
check_equal "the network device in software is live" running \
	"$(state_of "$soft_uuid")"
check "the user of the network device in software goes on" kill -0 $soft_pid
kill -9 $soft_pid
wait $soft_pid

# --- to disk -------------------------------------------------------------------

# swap_on FUNCTION: it is for the image
swap_on()
{
	for _swap in "$PCI/devices/$1"/virtio*/block/*; do
		_swap=/dev/$(basename "$_swap")
		mkswap "$_swap" && swapon "$_swap"
		return
	done
}

to_disk()
{
	put test_resume /sys/power/disk && put disk /sys/power/state
}

# 6.1 opens the swap once more, for itself alone, and fails with EBUSY.
if [ -e /sys/power/disk ] && [ "$KERNEL" != 6.1 ]; then
	UUID=$vfio_uuid
	WAY=
	check_user_hw_runs "a program has traffic, to disk" lost || exit 1
	check "the host has swap for its image" \
		swap_on "$(hw_behind $HW_DISK_PORT)" || exit 1
	log_mark
	check "the host sleeps to disk and goes on from the image" to_disk
	check_log "the kernel made an image of the host" "PM: hibernation: Creating image"
	swapoff -a
	net_vars "$net_uuid"
	check "the router answers a ping after the host slept to disk" \
		ping -c 2 -W 10 $HW_ROUTER
	DEV=$blk
	check "the disk has after the host slept to disk what was written before" \
		same /tmp/sent
	check_came_back $victim /tmp/victim.out "to disk"
else
	skip "the host sleeps to disk and goes on from the image" \
		"this kernel cannot, or not from a disk that is in use"
fi

for uuid in "$net_uuid" "$blk_uuid" "$rng_uuid" "$vfio_uuid" "$chr_uuid" \
	    "$soft_uuid" "$ram_uuid"; do
	check "instance ${uuid%%-*} can be removed" remove_mdev "$uuid"
done
check_equal "no page is pinned in the end" 0 "$(pinned_pages)"
for function in $HW_NET $HW_BLK $HW_RNG $HW_PAGES "$plugged"; do
	check "virtio_pci takes $function back" hw_return "$function"
done
unload
