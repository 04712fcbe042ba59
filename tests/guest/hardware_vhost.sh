#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# kernels: 6.1 7.2
# devices: hardware
# timeout: 600
#
# A program has a function on the PCI bus through the VFIO fd: it maps memory by the
# container, which is the IOMMU's, kicks by a mapped page and gets interrupts by
# eventfd.
. /tests/lib.sh
. /tests/lib-net.sh
. /tests/lib-hw.sh

modprobe vp_mdev
hw_vhost $HW_PAGES || exit 1
DIR=$(instance "$UUID")
check_equal "the port's type says that it is a function of the PCI bus" vfio-vhost "$(cat \
	$MDEV_BUS/$HW_PAGES-vhost/mdev_supported_types/mdev_port-vp_mdev-net/device_api)"
check_equal "the mdev has a link to the function, for its IOMMU group" \
	"$(hw_group $HW_PAGES)" \
	"$(basename "$(readlink "$DIR/dma_device/iommu_group")")"
check "the group has a node" test -c "/dev/vfio/$(hw_group $HW_PAGES)"
check "the VFIO device describes a function in hardware" user-net info --uuid "$UUID"

# --- traffic -----------------------------------------------------------------

# what is counted: signals, interrupts, kicks
counts()
{
	vqstat "$DIR" 0 signals
	hw_irqs $HW_PAGES vq0
	vqstat "$DIR" 1 kicks
}

# count_since BEFORE LINE: how many more of it there are now
count_since()
{
	echo $(($(counts | sed -n "$2p") - $(echo "$1" | sed -n "$2p")))
}

before=$(counts)
vq0=$(awk "/vp_mdev-$HW_PAGES-vq0/ { print \$1 + 0 }" /proc/interrupts)
check "frames come back by DMA, with eventfds" user_hw traffic
check "the receiver's interrupts come with eventfds" test "$(count_since "$before" 2)" -gt 0
check_equal "each of the receiver's interrupts is counted" \
	"$(count_since "$before" 2)" "$(count_since "$before" 1)"
check "the sender's kicks pass through the eventfd" test "$(count_since "$before" 3)" -gt 20
before=$(counts)
check "frames come back by DMA, with mapped doorbells" user_hw traffic --doorbell
check "the receiver's interrupts come with mapped doorbells" \
	test "$(count_since "$before" 2)" -gt 0
check "the sender's kicks pass the kernel by with mapped doorbells" \
	test "$(count_since "$before" 3)" -lt 5
check_equal "the instance is idle after traffic" idle "$(state_of "$UUID")"
check "calls that a function in hardware cannot serve are refused" user_hw calls

# bypass: the interrupt that KVM would get
bypass()
{
	user_hw bypass >/tmp/bypass.out 2>&1
	_rc=$?
	cat /tmp/bypass.out
	return $_rc
}

modprobe mvbypass
check "the interrupt is offered to KVM" bypass
check_equal "the offered interrupt is the receiver's" \
	"$(sed -n 's/^irq //p' /tmp/bypass.out)" "$vq0"

# --- memory ------------------------------------------------------------------

check_unmapped_safe buffers
check_unmapped_safe rings
check "vfio-pci takes another function" vfio_pci_take $HW_RNG
check "another function is in a container with the instance" user_hw share --pci $HW_RNG
check "another function is returned" hw_return $HW_RNG
rmmod vfio_pci 2>/dev/null

# --- users -------------------------------------------------------------------

# use_through WAY: traffic of another program
use_through()
{
	WAY=$1 user_hw traffic
}

WAY=
check_user_hw_runs "a program uses the VFIO device" victim
check_errno "a second user is refused through the VFIO device" EBUSY use_through ""
check_errno "a second user is refused on the char device" EBUSY use_through --chardev
check_errno "vp_mdev cannot be unloaded while a user holds the instance" \
	EAGAIN rmmod vp_mdev
kill -9 "$victim"
wait "$victim"
DOORBELL=1
kill_hw_users 6

check_user_hw_runs "a program uses the VFIO device that lets go when asked" gone
check "the instance can be removed when the user has let go" \
	remove_mdev "$UUID"
wait "$victim"
check_equal "the program that let go of the device has seen no error" 0 $?
cat /tmp/victim.out >&2
check "the user was told through the request's eventfd" grep -q "request" /tmp/victim.out
check_equal "no page is pinned after the removal" 0 "$(pinned_pages)"
check "the function is returned" hw_return $HW_PAGES

# --- doorbells that share a page ---------------------------------------------

hw_vhost $HW_NET || exit 1
DIR=$(instance "$UUID")
check "doorbells cannot be mapped where they share a page" \
	user-net doorbell --absent --uuid "$UUID"
check "frames come back by DMA, with eventfds" user_hw traffic
check "the instance can be removed" remove_mdev "$UUID"
check "the function is returned" hw_return $HW_NET
check_equal "no page is pinned in the end" 0 "$(pinned_pages)"
unload
