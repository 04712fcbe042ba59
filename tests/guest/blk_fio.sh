#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=dash disable=SC2034
# slow: debug
# root: 12-blk
# long: yes
# timeout: 900
#
# fio writes to mvblk's disk by requests of all sizes, many at once, and verifies what
# it reads, whatever the disk lies on.  And requests to a disk on a slow device wait for
# the device at the same time; the rates are printed.
. /tests/lib.sh
. /tests/lib-blk.sh
. /tests/lib-lower.sh
. /tests/lib-root.sh

cd /tmp || exit 1
UUID=$(new_uuid)
MIB=$((1024 * 1024))
# milliseconds: where data is compared, and where requests are counted, so long that what
# a processor does for one hardly matters
DELAY=20
LONG=200

lower_up
modprobe -a loop dm-delay ext4
check "a Debian with fio can be mounted" root_up 12-blk || exit 1
note "$(in_root fio --version)"
check "a disk in memory can be made" null_up low 64 || exit 1
LOW=$(null_dev low)

# fio_on DEV OPTION...
fio_on()
{
	_dev=$1
	shift
	in_root fio --name=job --filename="$_dev" --direct=1 --ioengine=libaio \
		--thread --group_reporting "$@"
}

# check_verify WHAT: with $DEV on it
check_verify()
{
	check "$1 keeps what fio writes at random" fio_on "$DEV" \
		--rw=randwrite --bsrange=512-128k --iodepth=32 \
		--numjobs=2 --size=8M --offset_increment=8M \
		--verify=crc32c --verify_fatal=1 --do_verify=1
	check "$1 keeps what fio writes while it reads and flushes" fio_on "$DEV" \
		--rw=randrw --bs=4k --iodepth=16 --size=4M --fsync=16 \
		--verify=crc32c --verify_fatal=1 --verify_backlog=64
	check "$1 serves buffers that begin anywhere in a page" fio_on "$DEV" \
		--rw=randwrite --bs=4k --iodepth=8 --size=1M --mem_align=512 \
		--iomem_align=512 --verify=crc32c --verify_fatal=1 --do_verify=1
	check "$1 serves discards between reads" fio_on "$DEV" \
		--rw=randtrim --bs=64k --size=8M --iodepth=4
}

disk_off()
{
	check_equal "no request to the disk on $1 failed" \
		0 "$(vq_sum "$UUID" drops)"
	check "the disk on $1 can be removed" remove_mdev "$UUID"
}

# --- verify --------------------------------------------------------------------

check "mvblk can be loaded" modprobe mvblk || exit 1
disk_on "$LOW"
check_verify "a disk on null_blk"
disk_off null_blk

# delay MILLISECONDS: a table
delay()
{
	echo "0 $(sectors "$LOW") delay $LOW 0 $1"
}

delay_up()
{
	delay $DELAY | dm_up slow
}

delay_is()
{
	delay "$1" | dm_change slow
}
check "a slow device can be made" delay_up || exit 1
SLOW=$(dm_dev slow)
disk_on "$SLOW"
check_verify "a disk on a slow device"
disk_off "a slow device"

truncate -s 64M image
loop=$(losetup -f)
check "a loop device can be set up" losetup "$loop" image
disk_on "$loop"
check_verify "a disk on a loop device"
disk_off "a loop device"
losetup -d "$loop"

for direct in 0 1; do
	disk_on /tmp/image $direct
	check_verify "a disk in a file in memory, direct $direct,"
	disk_off "a file in memory, direct $direct"
done
rm image

# --- rate ----------------------------------------------------------------------

# rate_of DEV [OPTION...]: requests a second of eight readers
rate_of()
{
	fio_on "$@" --rw=randread --bs=4k --iodepth=1 --numjobs=8 --norandommap \
		--size=32M --runtime=8 --time_based --output-format=terse |
		awk -F ';' 'NF > 8 { print $8 }'
}

# check_rate WHAT: of $DEV
check_rate()
{
	drop_caches
	_rate=$(rate_of "$DEV")
	note "$1: ${_rate:-0} requests a second, the device has $RAW"
	# One after the other would be half of that; more is for a benchmark.
	check "$1 serves several readers at once" \
		test "${_rate:-0}" -ge $((2 * 1000 / LONG))
}

check "the device can be made slower" delay_is $LONG
RAW=$(rate_of "$SLOW")
check "the slow device serves eight readers at once" \
	test "${RAW:-0}" -ge $((2 * 1000 / LONG)) || exit 1
disk_on "$SLOW"
check_rate "a disk on the device"
disk_off "the device"

delay_is $DELAY
check "a file system can be made on the slow device" mkfs.ext4 -q "$SLOW"
mkdir -p host
mount -t ext4 "$SLOW" host
dd if=/dev/urandom of=host/image bs=1M count=40 2>/dev/null
sync
for direct in 0 1; do
	disk_on host/image $direct
	check "the device can be made slower again" delay_is $LONG
	check_rate "a disk in a file, direct $direct,"
	delay_is $DELAY
	check_verify "a disk in a file on a slow device, direct $direct,"
	disk_off "a file on a slow device, direct $direct"
done
umount host
dm_down slow
root_down
blk_down
null_down low
rmdir host
