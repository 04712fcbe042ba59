#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=dash
#
# What runs in a guest's guest: it says "=up", then does what it reads, a line
# at a time, and says "=rc STATUS" after each.
. /tests/lib.sh
. /tests/lib-net.sh
. /tests/lib-hw.sh

cd /tmp || exit 1

# the network device, up, and what talks through it
nested_net()
{
	modprobe virtio_net
	for _d in /sys/bus/virtio/devices/virtio*/net/*; do
		DEV=${_d##*/}
		ip link set dev "$DEV" up && pair_up "$DEV" 1500
		return
	done
	return 1
}

# nested_copy KIB: by TCP, and compare
nested_copy()
{
	dd if=/dev/urandom of=in bs=1k count="$1" 2>/dev/null
	tcp_copy in out && cmp in out
}

# the network device, up, with the address that a DHCP server has for it
nested_dhcp()
{
	modprobe virtio_net
	modprobe af_packet 2>/dev/null
	cat >/tmp/udhcpc.sh <<-END
		[ "\$1" != bound ] || /bin/ip addr replace \$ip/\$mask dev \$interface
	END
	chmod +x /tmp/udhcpc.sh
	for _d in /sys/bus/virtio/devices/virtio*/net/*; do
		DEV=${_d##*/}
		ip link set dev "$DEV" up &&
			udhcpc -i "$DEV" -n -q -t 20 -s /tmp/udhcpc.sh
		return
	done
	return 1
}

# nested_listen FILE: what comes by TCP goes there
nested_listen()
{
	[ -p /tmp/never ] || mkfifo /tmp/never
	nc -l -p 5001 0<>/tmp/never >"$1" &
	wait_for 20 eval 'netstat -ltn | grep -q ":5001 "'
}

# the network device, up, on QEMU's user network
nested_online()
{
	modprobe virtio_net
	for _d in /sys/bus/virtio/devices/virtio*/net/*; do
		DEV=${_d##*/}
		ip link set dev "$DEV" up && ip addr add $HW_IP dev "$DEV"
		return
	done
	return 1
}

nested_download()
{
	seq 1 $HW_LINES >sent
	download got && cmp sent got
}

# nested_disk MIB: /dev/vda has that size
nested_disk()
{
	modprobe virtio_blk && modprobe ext4 && mkdir -p /mnt &&
	[ "$(blockdev --getsize64 /dev/vda)" = $(($1 * 1024 * 1024)) ] &&
	[ -d /sys/bus/virtio/drivers/virtio_blk/virtio0 ]
}

# nested_fill COUNT: files of odd sizes below /mnt
nested_fill()
{
	for _i in $(seq "$1"); do
		dd if=/dev/urandom of="/mnt/file$_i" bs=$((77777 * _i + 1)) \
			count=1 2>/dev/null || return 1
	done
	sync
}

nested_sums()
{
	(cd /mnt && find . -type f -exec sha256sum '{}' '+')
}

# nested_forget: what comes next is read from the disk
nested_forget()
{
	sync
	echo 3 >/proc/sys/vm/drop_caches
	blockdev --flushbufs /dev/vda
}

# --- a guest that moves to another host under load ------------------------------

# what all traffic and all files are made of, each with its number before it
PIECE=/tmp/piece
# the card's own address, of which the other end learns by announcements alone
IPD=10.98.0.1

# load_runs: nobody has asked it to stop
load_runs()
{
	[ ! -e /tmp/stop ]
}

# piece NUMBER
piece()
{
	echo "$1" && cat $PIECE
}

# send_for_ever: pieces until it shall stop; how many they were is in /tmp/sent
send_for_ever()
{
	_n=0
	while load_runs; do
		piece $_n
		_n=$((_n + 1))
		echo $_n >/tmp/sent
	done
}

# receive_pieces: all that there are, which are compared; how many is in /tmp/received
receive_pieces()
{
	_n=0
	while piece $_n >/tmp/want &&
	      dd bs="$(wc -c </tmp/want)" count=1 iflag=fullblock of=/tmp/had &&
	      [ -s /tmp/had ]; do
		cmp /tmp/want /tmp/had || return 1
		_n=$((_n + 1))
		echo $_n >/tmp/received
	done 2>/tmp/receive.err
}

# files_for_ever: files of a piece, each stored before the next one, and read back
# from the disk.  The last FILES_KEPT of them stay, and so do those that files_held
# names.  How many they were is in /tmp/written.
FILES_KEPT=40

files_for_ever()
{
	_n=0
	while load_runs; do
		piece $_n | dd of=/mnt/load/$_n bs=64k iflag=fullblock conv=fsync &&
		dd if=/mnt/load/$_n bs=4k iflag=direct | cmp - /mnt/load/$_n || return 1
		files_held $((_n - FILES_KEPT)) || rm -f /mnt/load/$((_n - FILES_KEPT))
		_n=$((_n + 1))
		echo $_n >/tmp/written
	done 2>/tmp/files.err
}

# nested_hold: files written shortly before and after this moment stay
nested_hold()
{
	cp /tmp/written /tmp/held
}

# files_held NUMBER
files_held()
{
	[ -e /tmp/held ] && read -r _held </tmp/held &&
	[ "$1" -ge $((_held - FILES_KEPT)) ] && [ "$1" -lt $((_held + 200)) ]
}

# nested_load: a download from one end to the other, and a file system at work
nested_load()
{
	head -c 65536 /dev/urandom >$PIECE
	mkdir -p /mnt/load
	rm -f /tmp/stop
	for _f in sent received written; do
		echo 0 >/tmp/$_f
	done
	mkfifo /tmp/never
	in_ns $NSB nc -l -p 5001 0<>/tmp/never | receive_pieces &
	receiver=$!
	wait_for 100 listening $NSB 5001 || return 1
	send_for_ever | in_ns $NSA tcpsend $IPB 5001 &
	sender=$!
	files_for_ever &
	files=$!
}

# grows NAME: there are more of these before long
grows()
{
	_was=$(cat "/tmp/$1")
	if ! wait_for 300 grown "$1"; then
		echo "no more than $_was $1"
		return 1
	fi
	echo "$_was $1, then $(cat "/tmp/$1")"
}

grown()
{
	[ "$(cat "/tmp/$1")" != "$_was" ]
}

# nested_busy: both go on
nested_busy()
{
	grows received && grows written
}

# nested_load_ends: the load stops, and has not failed
nested_load_ends()
{
	: >/tmp/stop
	wait "$sender" && wait "$receiver" && wait "$files" && return
	cat /tmp/receive.err /tmp/files.err | tail -n 4
	return 1
}

# nested_stream_is_whole: all that was sent has been received, and compared
nested_stream_is_whole()
{
	echo "$(cat /tmp/sent) pieces sent, $(cat /tmp/received) received"
	[ "$(cat /tmp/sent)" = "$(cat /tmp/received)" ]
}

# nested_files_are_whole: those that were to stay
nested_files_are_whole()
{
	_count=$(cat /tmp/written)
	_n=0 _whole=0
	while [ $_n -lt "$_count" ]; do
		if [ $_n -ge $((_count - FILES_KEPT)) ] || files_held $_n; then
			piece $_n | cmp - /mnt/load/$_n || return 1
			_whole=$((_whole + 1))
		fi
		_n=$((_n + 1))
	done
	echo "$_count files were written, $(cat /tmp/held) of them before the migration; $_whole compared"
}

# nested_irqs: how many interrupts each vector of the two devices has had
nested_irqs()
{
	awk '$NF ~ /^virtio[0-9]+-/ { print $NF, $2 }' /proc/interrupts
}

# nested_irqs_grew FILE: since nested_irqs wrote it, those of each vector in use did
nested_irqs_grew()
{
	nested_irqs | awk '
		NR == FNR	{ was[$1] = $2; next }
				{ print $1 ": " was[$1] ", then " $2 }
		was[$1] && $2 <= was[$1] { bad = 1 }
		END		{ exit bad }' "$1" -
}

# nested_watch: from here on the other end keeps the card's address if it is announced
nested_watch()
{
	ip addr add $IPD/24 dev "$DEV" &&
	in_ns $NSB sh -c 'echo 1 >/proc/sys/net/ipv4/conf/vepab/arp_accept'
}

# nested_announced: it was
nested_announced()
{
	ip -n $NSB neigh show $IPD | grep -i "$(cat "/sys/class/net/$DEV/address")"
}

echo "=up $(uname -r)"
while read -r line; do
	eval "$line" 2>&1
	echo "=rc $?"
done
