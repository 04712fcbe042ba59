#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=dash
# timeout: 900
# kernels: 6.1
#
# Threads that unmap, all at once, what is pinned in many places, beside traffic
# and while another instance of the container is opened and closed; and mappings
# that are replaced by others while a slow thread unmaps them.  Each of it ten
# times, some of it twice on the debug kernel, or for so many seconds in all as the
# kernel's command line has as scatter_seconds:
# CMDLINE_EXTRA=scatter_seconds=600 tests/vm/run ...
. /tests/lib.sh
. /tests/lib-vhost.sh

vhost_up
b=$(new_uuid)
check "another instance can be created for the same container" \
	create_net1 vhost "$b" || exit 1
w=$(new_uuid)
check "an instance can be created for a user who does no harm" \
	create_net1 vhost "$w" || exit 1
user-net --uuid "$w" victim --queue-size 64 >/tmp/well.out 2>&1 &
well=$!
check "the user who does no harm has traffic" wait_for 60 grep -q running /tmp/well.out

# watch_others: note gaps in the other user's traffic, and tasks that stay in D
watch_others()
{
	_still=0 _last="" _stuck=""
	while sleep 2; do
		_now=$(cat "$(instance "$w")/vq1/chains")
		[ "$_now" = "$_last" ] && _still=$((_still + 1)) || _still=0
		_last=$_now
		[ $_still -lt 5 ] || echo "no frame of $w in $_still looks"
		# those that are seen five times in a row, which takes ten seconds
		_new=""
		# shellcheck disable=SC2013 # a line is a number
		for _t in $(cat /proc/[0-9]*/task/[0-9]*/stat 2>/dev/null |
			sed -n 's/^\([0-9]*\) (user-net) D .*/\1/p'); do
			_n=$(echo "$_stuck" | sed -n "s/^$_t //p")
			_n=$((${_n:-0} + 1))
			[ $_n -lt 5 ] || echo "task $_t is in D at $_n looks"
			_new="$_new
$_t $_n"
		done
		_stuck=$_new
	done
}
watch_others >/tmp/watch.out 2>&1 &
watcher=$!

rows=8
many=10 here_and_there=32 in_a_row=16
# there it takes half a millisecond to unpin a page
[ "$KERNEL" != debug ] || many=2 here_and_there=6 in_a_row=2
# check_scatter WHAT OPTION...
check_scatter()
{
	_what=$1
	shift
	set -- scatter --size 300 --queue-size 64 --count $many "$@"
	[ -z "${scatter_seconds:-}" ] ||
		set -- "$@" --seconds $((scatter_seconds / rows))
	user-net --uuid "$UUID" --uuid "$b" "$@" >/tmp/scatter.out 2>&1
	_rc=$?
	note "$_what: $(tail -n 1 /tmp/scatter.out)"
	if [ $_rc = 0 ]; then
		pass "$_what"
	else
		fail "$_what" "$(tail -n 60 /tmp/scatter.out)"
	fi
	return $_rc
}

check_scatter "2 threads can unmap 4 KiB each" \
	--threads 2 --size-kib 4 --touches 1 &&
check_scatter "8 threads can unmap 2 MiB each, pinned here and there" \
	--threads 8 --size-kib 2048 --touches 8 --stride 64 &&
check_scatter "4 threads can unmap 256 MiB each, pinned here and there" \
	--threads 4 --size-kib 262144 --touches $here_and_there --stride 1024 &&
check_scatter "8 threads can unmap 256 MiB each, pinned in a row" \
	--threads 8 --size-kib 262144 --touches $in_a_row --stride 512 &&
check_scatter "4 threads can unmap 50 single pages each" \
	--threads 4 --size-kib 400 --touches 50 --stride 2 --memlock 4194304 \
	--count 10 &&
check_scatter "8 threads can unmap 120 single pages each" \
	--threads 8 --size-kib 960 --touches 120 --stride 2 --memlock 8388608 &&
check_scatter "8 threads can unmap more single pages than are pinned" \
	--threads 8 --size-kib 1760 --touches 220 --stride 2 --memlock 8388608 &&
check_scatter "2 threads can unmap 450 single pages each" \
	--threads 2 --size-kib 3600 --touches 450 --stride 2 --memlock 8388608

check "mappings can be replaced while a slow thread unmaps them" \
	user-net --uuid "$UUID" reuse-unmap --size 300 --queue-size 64 \
	--memlock 8388608
# after a hang this one would hang as well
kill -9 $well
kill $watcher
wait $well 2>/dev/null
check_equal "the other user's traffic has no gap and no task hangs" "" \
	"$(cat /tmp/watch.out)"
vhost_down
