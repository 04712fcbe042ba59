# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# Boot a guest; sourced by run, demo and shell.

# hardware_nic ID ADDRESS OPTIONS: a NIC on a user network of QEMU's, which it has
# for itself
hardware_nic()
{
	local net=user,id=$1,restrict=on

	net+=",guestfwd=tcp:10.0.2.100:5001-cmd:seq 1 50000"
	net+=",guestfwd=tcp:10.0.2.100:5002-cmd:cat"
	devices+=(-netdev "$net"
		-device "virtio-net-pci,netdev=$1,romfile=,mac=52:54:00:6d:64:$2,$3")
}

# hardware_devices DIR: set "devices" to an IOMMU and what is behind it, and "become"
# to what QEMU is run by:
#
#	10.0	NIC whose doorbells share a page; on its network 10.0.2.100 sends
#		lines of numbers to clients of port 5001, and clients of port
#		5002 get back what they send
#	11.0	disk with four virtqueues and a vector for each
#	12.0	the same with two vectors
#	13.0	does not offer ACCESS_PLATFORM
#	14.0	a legacy function
#	15.0	bridge, whose two functions are in one IOMMU group
#	17.0	NIC with a page for each doorbell
#	18.0	entropy device for vfio-pci
#	19.0	slot in which there is the device "plug", a NIC with a page for each
#		doorbell that can report errors (AER); without ACPI it is Linux
#		that serves it
#	1a.0	NIC with two pairs of virtqueues, if the host has taps for it
#	1b.0	the NIC that it is connected with
#	1c.0	port with a disk behind it that has a page for each doorbell, can be
#		reset through sysfs and report errors, as the NIC in the slot
#
# and for "hardware outside" besides
#
#	16.0	root bus without an IOMMU, with one function.  No other guest has it,
#		because ACPI's routing table of that bus is a loop that takes the
#		debug kernel twenty seconds, each time a driver enables the function
#
# The disks are files in DIR.  The third serial line is QEMU's own monitor.
hardware_devices()
{
	local i modern=disable-legacy=on,iommu_platform=on
	local tap=tap,script=no,downscript=no

	# shellcheck disable=SC2054 # commas of QEMU's options
	devices=(-device intel-iommu,intremap=on,caching-mode=on
		-global ICH9-LPC.acpi-pci-hotplug-with-bridge-support=off
		-chardev "socket,id=monitor,path=$1/monitor,server=on,wait=off"
		-mon chardev=monitor,mode=readline
		-chardev "socket,id=guest,path=$1/monitor"
		-device isa-serial,chardev=guest)
	for i in 0 1 2; do
		# the third has room for an image of the guest's memory
		truncate -s $((i < 2 ? 64 : 512))M "$1/disk$i"
		devices+=(-drive "if=none,id=disk$i,format=raw,file=$1/disk$i")
	done
	hardware_nic net0 76 "bus=pcie.0,addr=10.0,$modern"
	devices+=(-device "virtio-blk-pci,drive=disk0,addr=11.0,num-queues=4,$modern"
		-device "virtio-blk-pci,drive=disk1,addr=12.0,num-queues=4,vectors=2,$modern"
		-device "virtio-rng-pci,addr=13.0,disable-legacy=on"
		-device "virtio-rng-pci,addr=14.0,disable-legacy=off,disable-modern=on"
		-device "pcie-pci-bridge,id=bridge,addr=15.0"
		-device "virtio-rng-pci,bus=bridge,addr=1.0,$modern"
		-device "virtio-rng-pci,bus=bridge,addr=2.0,$modern")
	[[ $GUEST_DEVICES != *outside ]] ||
		devices+=(-device "pxb-pcie,id=free,bus_nr=64,bypass_iommu=on,addr=16.0"
			-device "i82801b11-bridge,id=freebridge,bus=free"
			-device "virtio-rng-pci,bus=freebridge,addr=1.0,$modern")
	hardware_nic net1 77 "bus=pcie.0,addr=17.0,page-per-vq=on,$modern"
	devices+=(-device "virtio-rng-pci,bus=pcie.0,addr=18.0,$modern"
		-device "pcie-root-port,id=hotslot,bus=pcie.0,addr=19.0,chassis=2")
	hardware_nic net2 78 "id=plug,bus=hotslot,page-per-vq=on,aer=on,$modern"
	devices+=(-device "pcie-root-port,id=diskport,bus=pcie.0,addr=1c.0,chassis=3"
		-device "virtio-blk-pci,id=portdisk,bus=diskport,drive=disk2,num-queues=2,page-per-vq=on,aer=on,$modern")
	if (with_taps true) 2>/dev/null; then
		become=with_taps
		devices+=(-netdev "$tap,id=net3,ifname=pairs,queues=2"
			-device "virtio-net-pci,netdev=net3,mq=on,romfile=,mac=52:54:00:6d:64:79,bus=pcie.0,addr=1a.0,$modern"
			-netdev "$tap,id=net4,ifname=peer"
			-device "virtio-net-pci,netdev=net4,romfile=,mac=52:54:00:6d:64:7a,bus=pcie.0,addr=1b.0,$modern")
	fi
}

# with_taps COMMAND...: become it, in a network namespace of its own in which two
# taps are on one bridge, because a user network has one queue only.  All of that is
# gone when the process is.
with_taps()
{
	local user=()

	[ "$EUID" = 0 ] || user=(--map-root-user)
	# shellcheck disable=SC2016 # for the other shell
	exec unshare "${user[@]}" --net sh -c '
		set -e
		# user networks run their commands by it
		ip link set dev lo up
		ip link add name hub type bridge
		ip tuntap add dev pairs mode tap multi_queue
		ip tuntap add dev peer mode tap
		ip link set dev pairs master hub up
		ip link set dev peer master hub up
		ip link set dev hub up
		exec "$@"' - "$@"
}

# tsc_khz DIR: what tsc-khz.c prints, built in DIR; fails where it cannot be told
tsc_khz()
{
	gcc -O1 -o "$1/tsc-khz" "${BASH_SOURCE[0]%/*}/tsc-khz.c" && "$1/tsc-khz"
}

# qemu_guest ACCEL KERNEL DIR CONSOLE CMDLINE...
#
# Boot DIR/kernel/bzImage with DIR/initrd.  Becomes QEMU, so it is for a
# subshell.  The console goes to the file CONSOLE, and the guest's second serial
# line is stdin and stdout; with CONSOLE "-" the console is.  The guest may end
# it by writing to port 0x501.
#
# GUEST_DEVICES is "hardware" or "hardware outside" for what hardware_devices has.
#
# CMDLINE may have disk=MIB: the guest has such a disk on virtio-blk, the only one, which
# is empty at first and keeps what a guest before has left there.
#
# GUEST_MEMORY is its memory in MiB, at least; GUEST_SHARES a list of TAG=DIR
# that it may mount by 9p, read-only.
qemu_guest()
{
	local accel=$1 kernel=$2 dir=$3 console=$4
	shift 4
	# an emulated page walk is slow enough with four levels
	local cpu=max,la57=off memory=1024 accel_arg=tcg,thread=multi
	local serial=(-serial "file:$console" -serial stdio)
	local shares=() share machine=q35 devices=() args="" become=exec khz

	[ "$accel" != kvm ] || { cpu=host; accel_arg=kvm; }
	# KASAN takes an eighth, and more
	[ "$kernel" != debug ] || memory=2048
	[ "${GUEST_MEMORY:-0}" -le $memory ] || memory=$GUEST_MEMORY
	[ "$console" != - ] || serial=(-serial mon:stdio)
	if [ -n "${GUEST_DEVICES:-}" ]; then
		hardware_devices "$dir"
		# ACPI leaves slots only to kernels that know more of PCIe than the debug kernel
		args="intel_iommu=on pcie_ports=native"
		# KVM's own cannot remap interrupts
		[ "$accel" != kvm ] || machine+=,kernel-irqchip=split
	fi
	if [ "$accel" = tcg ] && khz=$(tsc_khz "$dir"); then
		args+=" tsc_early_khz=$khz"
	fi
	# on a bus that is named: one that the devices bring might be taken
	for share in ${GUEST_SHARES:-}; do
		shares+=(-fsdev "local,id=fs-${share%%=*},path=${share#*=},security_model=none,readonly=on"
			-device "virtio-9p-pci,bus=pcie.0,fsdev=fs-${share%%=*},mount_tag=${share%%=*}")
	done
	if [[ "$*" =~ (^| )disk=([0-9]+) ]]; then
		truncate -s "${BASH_REMATCH[2]}M" "$dir/disk"
		devices+=(-drive "if=virtio,format=raw,file=$dir/disk")
	fi
	# Shares first: they go to whichever bus QEMU thinks of.
	# shellcheck disable=SC2086 # QEMU_EXTRA is a list
	"$become" qemu-system-x86_64 -accel "$accel_arg" -cpu $cpu -M $machine -smp 2 \
		-m $memory -nodefaults -display none -no-reboot \
		"${serial[@]}" "${shares[@]}" "${devices[@]}" -kernel "$dir/kernel/bzImage" \
		-initrd "$dir/initrd" \
		-device isa-debug-exit,iobase=0x501,iosize=2 ${QEMU_EXTRA:-} \
		-append "console=ttyS0 loglevel=7 log_buf_len=8M panic=-1 \
oops=panic panic_on_warn=1 softlockup_panic=1 watchdog_thresh=30 \
rcupdate.rcu_cpu_stall_timeout=60 mitigations=off tsc=reliable \
no_timer_check random.trust_cpu=on kernel=$kernel $args ${CMDLINE_EXTRA:-} $*"
}

# the programs without which there is no guest
# shellcheck disable=SC2034 # for whoever sources this
GUEST_NEEDS="qemu-system-x86_64:qemu-system-x86 /bin/busybox:busybox-static
	cpio:cpio ip:iproute2 tc:iproute2 vdpa:iproute2 ethtool:ethtool depmod:kmod
	dmsetup:dmsetup e2fsck:e2fsprogs mkfs.ext4:e2fsprogs
	gcc:gcc gcc-12:gcc-12 make:make xz:xz-utils
	/usr/lib/*/libc.a:libc6-dev"
