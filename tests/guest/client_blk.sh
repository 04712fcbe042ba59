#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=dash
# slow: debug
# root: 12-backports
# nested: yes
# memory: 2048
# timeout: 3600
#
# QEMU of Debian 12's backports, whose vhost-vdpa-device-pci takes whatever device
# it is, on the char device of a disk.  Its guest makes a file system on it; what
# is in there is seen by this kernel's virtio-blk afterwards, and by another guest.
. /tests/lib.sh
. /tests/lib-blk.sh
. /tests/lib-vhost.sh
. /tests/lib-root.sh
. /tests/lib-nested.sh

# what udev does elsewhere
modprobe vfio_iommu_type1
check "mvblk can be loaded" modprobe mvblk || exit 1
new_blk ram64m
check "a Debian 12 can be mounted" root_up 12-backports || exit 1
check "the files that the inner guest boots from are there" nested_up || exit 1
note "$(in_root qemu-system-x86_64 --version | head -n 1)"

# sums_are FILE: the same as in FILE
sums_are()
{
	nested_sums_of >now
	[ -s now ] && cmp "$1" now
}

# --- a guest makes a file system ----------------------------------------------

nested_start disk.sh "$NODE"
if nested_boots "the guest boots" &&
   nested_do "the guest has a disk of 64 MiB" "nested_disk 64"; then
	check_equal "the instance is running while the guest uses it" \
		running "$(state_of "$UUID")"
	nested_do "the guest makes a file system" 'mke2fs /dev/vda >/dev/null'
	nested_do "the guest mounts its file system" 'mount -t ext4 /dev/vda /mnt'
	nested_do "the guest writes files" 'nested_fill 8'
	nested_do "the guest sums its files" nested_sums
	nested_sums_of >first
	check_equal "the guest has summed all of its files" 8 "$(wc -l <first)"
	nested_do "the guest unmounts its file system" 'umount /mnt'
	nested_do "the guest forgets what it has cached" nested_forget
	nested_do "the guest mounts its file system again" 'mount -t ext4 /dev/vda /mnt'
	nested_do "the guest reads the files again" nested_sums
	check "the guest reads the files as it wrote them" sums_are first
	nested_do "the guest unmounts its file system again" 'umount /mnt'
fi
nested_stop "the guest"
check_equal "the instance is idle after the guest's end" idle "$(state_of "$UUID")"

# --- this kernel looks ---------------------------------------------------------

modprobe -a virtio_mdev virtio_blk ext4
mkdir -p mnt
check "the instance can be given to virtio_mdev" rebind "$UUID" virtio_mdev
check "virtio-blk in the host drives the guest's disk" wait_for 10 blk_vars "$UUID"
blk_vars "$UUID"
check "the host can mount the guest's file system" mount -t ext4 "$DEV" mnt
check "the host reads the files as the guest wrote them" \
	sh -c 'cd mnt && sha256sum -c ../first'
random_file mnt/ours 5
check "the host adds a file to the guest's file system" \
	sh -c 'cd mnt && sha256sum ./ours >../ours'
check "the host unmounts the file system" umount mnt
sort -k 2 first ours >second
check "the instance can be given back to vhost_mdev" rebind "$UUID" vhost_mdev

# --- another guest looks -------------------------------------------------------

NODE=/dev/$(chardev_of "$UUID")
# with a ring that has room for few requests, each of which may be larger than it
nested_start disk.sh "$NODE" -global vhost-vdpa-device.queue-size=64
if nested_boots "another guest boots, with a ring of 64" &&
   nested_do "another guest has the disk" "nested_disk 64"; then
	# twice the ring; for a large one it would be 256
	# shellcheck disable=SC2016 # for the shell there
	nested_do "the other guest's driver knows the size of the ring" \
		'test "$(cat /sys/block/vda/queue/nr_requests)" -le 128'
	nested_do "another guest reads by requests of 1 MiB" \
		'dd if=/dev/vda of=/dev/null bs=1M count=4 iflag=direct'
	nested_do "another guest mounts the file system" \
		'mount -t ext4 -o ro /dev/vda /mnt'
	nested_do "another guest reads the files" nested_sums
	check "another guest reads the files as they were written, and the host's" \
		sums_are second
	nested_do "another guest unmounts the file system" 'umount /mnt'
fi
nested_stop "the other guest"
check_equal "the instance is idle after the other guest's end" idle "$(state_of "$UUID")"

nested_down
root_down
check_equal "no page is pinned in the end" 0 "$(pinned_pages)"
blk_down
