#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=dash
# slow: debug
# root: 13
# memory: 2048
# timeout: 600
#
# libblkio of Debian 13, unmodified, on the char device of an instance of mvblk.
. /tests/lib.sh
. /tests/lib-blk.sh
. /tests/lib-lower.sh
. /tests/lib-vhost.sh
. /tests/lib-root.sh

DIR=/tmp/blkio
DRIVER=virtio-blk-vhost-vdpa

# check_idle WHAT: nothing of a program is left
check_idle()
{
	check "the instance is idle afterwards, $1" wait_for 10 state_is "$UUID" idle
	check_equal "no page is pinned afterwards, $1" 0 "$(pinned_pages)"
}

# in_dir COMMAND...: what is built there
in_dir()
{
	in_root env -C $DIR "$@"
}

# traced PATTERN: whether the trace of system calls has it
traced()
{
	grep -qE "$1" $DIR/trace
}

modprobe vfio_iommu_type1
check "mvblk can be loaded" modprobe mvblk || exit 1
new_blk ram64m
check "a Debian 13 can be mounted" root_up 13 || exit 1
mkdir $DIR

# --- what the guide says -----------------------------------------------------

check "the commands of the guide succeed" \
	in_dir node="$NODE" sh /tests/root/blkio.sh || exit 1
check_idle "the commands of the guide"

# --- how libblkio asks -------------------------------------------------------

# the ways that no other client goes
ulimit -l unlimited
check "system calls can be traced" in_dir strace -f -x -s 72 -o trace \
	-P "$NODE" ./blkio-hello "$NODE"
cat $DIR/trace
check "libblkio opens the node for writing only" traced 'openat\(.*O_WRONLY'
check "libblkio writes messages of version 1" \
	traced 'write\([0-9]+, "\\x01\\x00'
check_not "libblkio writes no other messages" sh -c "grep 'write(' $DIR/trace |
	grep -vE 'write\\([0-9]+, \"\\\\x01\\\\x00\\\\x00\\\\x00.*, 72\\) = 72\$'"
check "libblkio maps memory at address 0" traced \
	'write\([0-9]+, "(\\x[0-9a-f]{2}){8}(\\x00){8}'

# --- everything that it can ask for ------------------------------------------

check "a program with libblkio can be built" in_dir \
	gcc -O2 -Wall -Werror -I/tests -o blkio /tests/root/blkio.c -lblkio || exit 1
checks_of $DIR/blkio "$NODE" data $((64 * 1024 * 1024))
check_idle "data"
checks_of $DIR/blkio "$NODE" poll
check_idle "poll"
check_log "the log says how large rings may be" \
	"asks for 2048 entries of virtqueue 0, which has 1024 at most"
checks_of $DIR/blkio "$NODE" memlock
check_idle "memlock"
check "blkio-bench writes with two threads that poll" \
	in_dir ./blkio-bench --poll --num-threads=2 \
	--iodepth=16 --readwrite=randwrite --runtime=2 $DRIVER "path=$NODE"
check_idle "blkio-bench"

# --- users in the way --------------------------------------------------------

# a limit of the shell, which all programs after it would have
memlock()
(
	ulimit -l "$1"
	in_dir ./blkio-hello "$NODE"
)
check_errno "a program that may pin no memory is refused" ENOMEM memlock 0
check_idle "no memory may be pinned"

in_root $DIR/blkio "$NODE" hold >$DIR/hold 2>&1 &
check "a program can open the disk and start it" wait_for 30 grep -q running $DIR/hold
check "the memory of the disk's user is pinned" test "$(pinned_pages)" -ge 256
# libblkio says EIO, whatever it was
check_not "another program cannot have the disk" in_dir ./blkio-hello "$NODE"
check_log "the log names the program that has the instance open" \
	"blkio\[[0-9]+\] has the instance open"
kill -9 "$(sed -n 's/running //p' $DIR/hold)"
wait
check_idle "killed"
check "the next program can have the disk" in_dir ./blkio-hello "$NODE"
check "the disk in RAM can be removed" remove_mdev "$UUID"

# --- in a file ---------------------------------------------------------------

new_blk file
truncate -s 32M $DIR/backing
check "the disk in a file can be given a file" \
	put $DIR/backing "$(instance "$UUID")/backing"
check "blkio-copy copies an image to the disk" in_dir ./blkio-copy --input-file=image \
	--output-blkio=$DRIVER "path=$NODE"
check "the image that was copied to the disk is in its file" cmp $DIR/image $DIR/backing
check_idle "a copy"
check "the disk in a file can be removed" remove_mdev "$UUID"

# --- on a block device -------------------------------------------------------

lower_up
check "a block device of 64 MiB can be made" null_up low 64 || exit 1
new_blk bdev
check "the disk can lie on the block device" \
	put "$(null_dev low)" "$(instance "$UUID")/backing"
checks_of $DIR/blkio "$NODE" data $((64 * 1024 * 1024))
check_idle "data on a block device"
check "blkio-bench reads with two threads from a disk on a block device" \
	in_dir ./blkio-bench --num-threads=2 --iodepth=32 --readwrite=randread \
	--runtime=2 $DRIVER "path=$NODE"
check_idle "blkio-bench on a block device"
check "blkio-copy copies an image to a disk on a block device" \
	in_dir ./blkio-copy --input-file=image --output-blkio=$DRIVER "path=$NODE"
check "the disk on a block device can be removed" remove_mdev "$UUID"
check "the image that was copied to the disk is on the block device" \
	cmp -n $((32 << 20)) $DIR/image "$(null_dev low)"
null_down low

# --- read only ---------------------------------------------------------------

put 1 /sys/module/mvblk/parameters/read_only
new_blk ram64m
in_dir ./blkio-hello "$NODE" >$DIR/hello 2>&1
check_equal "a disk that is read only cannot be opened for writing" 1 $?
cat $DIR/hello
check_equal "a disk that is read only can be opened for reading" \
	67108864 "$(in_dir ./blkio-info $DRIVER \
	read-only=true "path=$NODE" capacity)"
check_idle "read only"

rm -rf $DIR
root_down
vhost_down
