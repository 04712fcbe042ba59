# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=dash disable=SC2034,SC2154
#
# For scripts that cut the power of mvblk's disk.  The device under it is a target of
# the device mapper that logs what reaches stable storage, and a mark is put into its
# log after each flush.  Each mark is where power could have been cut.  They source
# lib-lower.sh, too, and run in /tmp.
MIB=$((1024 * 1024))

# power_up: mvblk, the disk LOW, its log LOG, and the disk CUT for what a power cut leaves
power_up()
{
	check "mvblk can be loaded" modprobe mvblk || exit 1
	lower_up
	modprobe -a dm-log-writes ext4
	check "a disk in memory can be made" null_up low 64 || exit 1
	check "a disk for the log can be made" null_up log 256 || exit 1
	check "a disk for what a power cut leaves can be made" \
		null_up cut 64 || exit 1
	LOW=$(null_dev low)
	LOG=$(null_dev log)
	CUT=$(null_dev cut)
	mkdir -p mnt host
}

power_down()
{
	null_down low
	null_down log
	null_down cut
	rm -rf block model* sums-* mnt host
}

logged_up()
{
	echo "0 $(sectors "$LOW") log-writes $LOW $LOG" | dm_up logged
}

# logged_disk WHAT: a disk on the device that logs
logged_disk()
{
	check "a device that logs can be made for $1" logged_up || exit 1
	disk_on "$(dm_dev logged)"
}

# logged_off WHAT
logged_off()
{
	check "$1 can be removed" remove_mdev "$UUID"
	[ -z "$ON" ] || umount host
	check "the device that logs can be removed after $1" dm_down logged
}

# mark NAME
mark()
{
	dmsetup message logged 0 mark "$1"
}

# power_cut MARK: have the disk CUT as it would be if power had been cut there
power_cut()
{
	blkdiscard "$CUT" && replaylog "$LOG" "$1" "$CUT"
}

# write_block N [conv=fsync]: the 64 KiB with that number, of new data, to the disk
# and to the file that has what must be there
write_block()
{
	random_file block 1
	dd if=block of="$DEV" bs=64k seek="$1" count=1 oflag=direct \
		conv="notrunc${2:+,$2}" 2>/dev/null || return 1
	dd if=block of=model bs=64k seek="$1" count=1 conv=notrunc 2>/dev/null
}

# write_both N: two blocks at once, and then a flush
write_both()
{
	(write_block $((2 * $1))) &
	_first=$!
	dd if=model.more of="$DEV" bs=64k seek=$((2 * $1 + 1)) skip="$1" count=1 \
		oflag=direct conv=notrunc 2>/dev/null || return 1
	dd if=model.more of=model bs=64k seek=$((2 * $1 + 1)) skip="$1" count=1 \
		conv=notrunc 2>/dev/null
	wait $_first && sync "$DEV"
}

# logged_data: flushes of the disk DEV, each with a mark, and then what is not
# flushed
logged_data()
{
	rm -f model
	truncate -s 2M model
	random_file model.more 1
	for _n in 1 2 3; do
		check "data can be written and flushed, power cut $_n" write_both $_n
		mark "flush-$_n"
		cp model "model-$_n"
	done
	check "the cache can be switched off before a power cut" \
		put "write through" "/sys/block/$DISK/cache_type"
	check "data can be written without a cache" write_block 20
	mark through
	cp model model-through
	check "the cache can be switched on again" \
		put "write back" "/sys/block/$DISK/cache_type"
	check "zeroes can be written and flushed" \
		blkop zero "$DEV" 131072 65536
	sync "$DEV"
	zero_in model 131072 65536
	mark zeroes
	cp model model-zeroes
}

# cut_has MARK: the disk, or the file ON that lies on it, has what was flushed
cut_has()
{
	power_cut "$1" || return 1
	if [ -z "$ON" ]; then
		head -c $((2 * MIB)) "$CUT" | cmp - "model-${1#flush-}"
		return
	fi
	mount -t ext4 "$CUT" host || return 1
	head -c $((2 * MIB)) "host/$ON" | cmp - "model-${1#flush-}"
	_rc=$?
	umount host
	e2fsck -fn "$CUT" && return $_rc
}

# check_cuts WHAT
check_cuts()
{
	for _m in flush-1 flush-2 flush-3 through zeroes; do
		check "$1 has all that was flushed before the power cut $_m" \
			cut_has $_m
	done
}
