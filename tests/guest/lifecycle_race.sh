#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# kernels: 6.1
# timeout: 300
#
# Instances are created and removed while the parent is unloaded and loaded:
# what fails may fail, but everything ends and works afterwards.
. /tests/lib.sh

# of each class; where each takes seconds, fewer.  More if it takes more until
# some were whole, and the parent was unloaded as often.
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

# create_remove CLASS: that many times; counts what went well
create_remove()
{
	_i=0
	_good=0
	while [ $_i -lt $CYCLES ] || [ $_good -lt $SOME ] ||
	      [ "$(cat $RUN/reloads)" -lt $SOME ]; do
		_u=$(new_uuid)
		# a moment in which there is no parent is no cycle
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

# gets_through CLASS PID GOOD: one more was whole, or there will be no more
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
	# now and then a class driver, too
	case $((reloads % 8)) in
	3) rmmod virtio_mdev 2>/dev/null ;;
	6) rmmod vhost_mdev 2>/dev/null ;;
	esac
	modprobe mvnet 2>/dev/null
	# At once, a little later, and now and then not before one of each has
	# got through, however long that takes here.
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
check "the parent was unloaded in between ($reloads times)" test $reloads -ge $SOME
check "some virtio instances came to life" test "$(cat $RUN/virtio.good)" -ge $SOME
check "some vhost instances came to life" test "$(cat $RUN/vhost.good)" -ge $SOME

modprobe mvnet
for d in "$INSTANCES"/*; do
	[ ! -d "$d" ] || remove_mdev "$(basename "$d")"
done
check_equal "no instance is left" 0 "$(instances)"
for class in virtio vhost; do
	check_equal "all $class instances are available" 64 \
		"$(cat "$(type_dir mvnet0-$class '*-net8')/available_instances")"
	uuid=$(new_uuid)
	check "a $class instance can be created" create_net $class "$uuid"
	check_equal "and is bound" ${class}_mdev "$(driver_of "$uuid")"
	check "and removed" remove_mdev "$uuid"
done
unload
