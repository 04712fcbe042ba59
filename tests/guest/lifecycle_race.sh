#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# kernels: 6.1
# timeout: 300
#
# Instances are created and removed while the parent is unloaded and loaded.
# Single operations may fail, but all of them end, and everything works afterwards.
. /tests/lib.sh

# The number of cycles of each class; fewer on the debug kernel, where each takes
# seconds.  A loop goes on for longer if fewer than SOME cycles have succeeded, or if
# the parent was unloaded fewer than SOME times.
CYCLES=100
[ "$KERNEL" != debug ] || CYCLES=12
SOME=6
RUN=/tmp/race
mkdir -p $RUN
echo 0 >$RUN/virtio.good
echo 0 >$RUN/vhost.good
echo 0 >$RUN/reloads

modprobe virtio_net
modprobe mvnet

# create_remove CLASS: run the cycles, and count those that succeed
create_remove()
{
	_i=0
	_good=0
	while [ $_i -lt $CYCLES ] || [ $_good -lt $SOME ] ||
	      [ "$(cat $RUN/reloads)" -lt $SOME ]; do
		_u=$(new_uuid)
		# a moment without a parent does not count as a cycle
		while [ ! -d "$MDEV_BUS/mvnet0-$1" ]; do
			usleep 10000
		done
		if create_net "$1" "$_u"; then
			remove_mdev "$_u" && _good=$((_good + 1))
			echo $_good >"$RUN/$1.good"
		fi
		_i=$((_i + 1))
	done 2>/dev/null
}

# gets_through CLASS PID GOOD: one more cycle has succeeded, or the loop has ended
gets_through()
{
	modprobe mvnet 2>/dev/null
	[ "$(cat "$RUN/$1.good")" -gt "$3" ] || ! kill -0 "$2" 2>/dev/null
}

create_remove virtio &
virtio=$!
create_remove vhost &
vhost=$!

reloads=0
while kill -0 $virtio 2>/dev/null || kill -0 $vhost 2>/dev/null; do
	rmmod mvnet 2>/dev/null && reloads=$((reloads + 1))
	echo $reloads >$RUN/reloads.new
	mv $RUN/reloads.new $RUN/reloads
	# sometimes a class driver is unloaded, too
	case $((reloads % 8)) in
	3) rmmod virtio_mdev 2>/dev/null ;;
	6) rmmod vhost_mdev 2>/dev/null ;;
	esac
	modprobe mvnet 2>/dev/null
	# The next unload comes at once, or a little later.  Every fourth one waits
	# until a cycle of each class has succeeded, however long that takes.
	if [ $((reloads % 4)) = 3 ]; then
		good=$(cat $RUN/virtio.good)
		wait_for 20 gets_through virtio $virtio "$good"
		good=$(cat $RUN/vhost.good)
		wait_for 20 gets_through vhost $vhost "$good"
	else
		usleep $((reloads % 4 * 150000))
	fi
done
wait $virtio $vhost

note "$CYCLES cycles each, $reloads reloads; whole:" \
	"$(cat $RUN/virtio.good) virtio, $(cat $RUN/vhost.good) vhost"
check "the parent was unloaded often enough while instances came and went ($reloads times)" \
	test $reloads -ge $SOME
check "enough virtio instances were created and removed while the parent was reloaded" \
	test "$(cat $RUN/virtio.good)" -ge $SOME
check "enough vhost instances were created and removed while the parent was reloaded" \
	test "$(cat $RUN/vhost.good)" -ge $SOME

modprobe mvnet
for d in "$INSTANCES"/*; do
	[ ! -d "$d" ] || remove_mdev "$(basename "$d")"
done
check_equal "no instance is left after the race" 0 "$(instances)"
for class in virtio vhost; do
	check_equal "all $class instances are available after the race" 64 \
		"$(cat "$(type_dir mvnet0-$class '*-net8')/available_instances")"
	uuid=$(new_uuid)
	check "a $class instance can be created after the race" \
		create_net $class "$uuid"
	check_equal "a $class instance is bound after the race" \
		${class}_mdev "$(driver_of "$uuid")"
	check "a $class instance can be removed after the race" \
		remove_mdev "$uuid"
done
unload
