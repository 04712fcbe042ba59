#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=dash
# slow: debug
# root: 12-backports
# nested: yes
# memory: 2048
# timeout: 3600
#
# A guest of QEMU 10.0 with a card and a disk of class VFIO migrates to another QEMU with
# instances of its own, during a download by TCP and while a file system is written to.
. /tests/lib.sh
. /tests/lib-blk.sh
. /tests/lib-root.sh
. /tests/lib-nested.sh
. /tests/lib-vfio-pci.sh

IMAGE=$PWD/disk.img
# what QEMU has to say of each device: it would not migrate it unless it was told to
WARNING="warning: .*VFIO device doesn't support device and IOMMU dirty tracking$"

# start SIDE CARD DISK [OPTION...]: a QEMU, in a directory of its own
start()
{
	mkdir "$TOP/$1"
	cd "$TOP/$1" || exit 1
	_card=$2 _disk=$3
	shift 3
	nested_start vfio-migrate.sh "$_card" -device \
		"vfio-pci,sysfsdev=/sys/bus/mdev/devices/$_disk,enable-migration=on" \
		-qmp "unix:$PWD/qmp,server=on,wait=off" "$@"
}

# share INSTANCE: that disk is in the image; a guest moves only to one of the same serial
share()
{
	put 1 "$1/shared" && put moving-disk "$1/serial" && put "$IMAGE" "$1/backing"
}

# said: what the last command of the guest has printed, for the reader
said()
{
	nested_sums_of | while read -r _line; do
		note "$_line"
	done
}

# do_saying WHAT COMMAND: in the guest, and show what it printed
do_saying()
{
	nested_do "$@"
	_rc=$?
	said
	return $_rc
}

# bad_lines LOG...: of the guest's kernel
bad_lines()
{
	cat "$@" | splats "" -e 'I/O error' -e 'EXT4-fs (error|warning)' -e JBD2: \
		-e 'is not a head' -e 'virtio.*[Ff]ailed'
}

TOP=$PWD
modprobe vfio_iommu_type1
check "mvnet and mvblk can be loaded" modprobe -a mvnet mvblk || exit 1
stock_root_up 12-backports
check "what its guest boots is there" nested_up || exit 1
truncate -s 64M "$IMAGE"

for side in from to; do
	card=$(new_uuid) disk=$(new_uuid)
	check "$side: a card is created" create_net vfio "$card" || exit 1
	check "$side: a disk in a file is created" create_blk vfio file "$disk" || exit 1
	check "$side: the disk is in the shared file" share "$(instance "$disk")" || exit 1
	eval "card_$side=$card disk_$side=$disk"
done

# --- the guest at work ------------------------------------------------------------

# shellcheck disable=SC2154
start from "$card_from" "$disk_from"
nested_boots "the guest boots" || exit 1
nested_do "virtio-net has come up" nested_net
# shellcheck disable=SC2016 # for the shell there
nested_do "ping" 'in_ns $NSA ping -c 1 -W 20 -s 1400 $IPB'
nested_do "a file system is made" \
	'nested_disk 64 && mke2fs /dev/vda >/dev/null && mount -t ext4 /dev/vda /mnt'
nested_do "files are written" 'nested_fill 4'
nested_do "the guest sums its files" nested_sums
nested_sums_of >../first
check_equal "the guest has summed all of its files" 4 "$(wc -l <../first)"
nested_do "nothing has announced the card" 'nested_watch && ! nested_announced'
nested_do "a download and writes of files begin" nested_load
do_saying "both go on before the migration" nested_busy
nested_do "the guest counts its interrupts" 'nested_hold && nested_irqs >/tmp/irqs'

# --- the migration ----------------------------------------------------------------

from=$nested
exec 5>&4
# shellcheck disable=SC2154
start to "$card_to" "$disk_to" -incoming defer
check "the other QEMU is up" wait_for 300 test -S qmp || exit 1
cd "$TOP" || exit 1
checks_of python3 /tests/root/migrate_guest.py "$TOP/from/qmp" "$TOP/to/qmp" \
	"$TOP/figures"
note "$(cat figures)"
exec 5>&-
wait "$from"
check_equal "the QEMU that the guest left ends with status 0" 0 $?
check_equal "the QEMU that the guest left prints nothing" "" \
	"$(grep -v "$WARNING" from/guest.err)"
check_equal "the instances that the guest left are idle" "idle idle" \
	"$(state_of "$card_from") $(state_of "$disk_from")"
for _uuid in "$card_to" "$disk_to"; do
	check_equal "an instance that the guest moved to runs, and copies no more" \
		"running running 0" \
		"$(state_of "$_uuid") $(line_of "$(instance "$_uuid")/migration_state") $(line_of "$(instance "$_uuid")/copy_mode")"
done

# --- the guest at its new place -----------------------------------------------------

cd to || exit 1
do_saying "both go on after the migration" nested_busy
do_saying "the card has announced itself" nested_announced
do_saying "there are interrupts of each vector in use" 'nested_irqs_grew /tmp/irqs'
nested_do "download and writes end without an error" nested_load_ends
do_saying "what was downloaded is what was sent" nested_stream_is_whole
nested_do "what comes next is read from the disk" nested_forget
do_saying "the files written meanwhile are as they were written" nested_files_are_whole
nested_do "the guest sums its first files" 'rm -r /mnt/load && nested_sums'
nested_sums_of >../second
check "the first files are as they were written" cmp ../first ../second
# shellcheck disable=SC2016
nested_do "ping after the migration" 'in_ns $NSA ping -c 1 -W 20 -s 1400 $IPB'
nested_do "the guest unmounts its file system" 'umount /mnt'
nested_stop "the guest" "$WARNING"
check_equal "the guest's kernel has nothing bad to say" "" "$(bad_lines ../*/guest.log)"

nested_down
root_down
check_equal "no page is pinned in the end" 0 "$(pinned_pages)"
blk_down
