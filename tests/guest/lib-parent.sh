# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=dash disable=SC2034,SC2154
#
# What every parent driver has to do, whatever its devices are.  Of a device these
# functions know what is known of its virtio device type; user-parent has what its
# virtqueues answer.

# parent MODULE TYPES [PARAMETER...]: all of it, for the types that match the pattern.
# ATTRIBUTES has what is set before a driver is bound, "NAME=VALUE ..."; CHAINS are
# options of user-parent.
parent()
{
	_module=$1 _types=$2
	shift 2
	_before=" $(echo "$MDEV_BUS"/*) "
	check "$_module can be loaded" modprobe "$_module" "$@" || return
	_ports=
	for _port in "$MDEV_BUS"/*; do
		case $_before in
		*" $_port "*) ;;
		*) [ ! -d "$_port" ] || _ports="$_ports $_port" ;;
		esac
	done
	check "$_module has ports" [ -n "$_ports" ]
	# nothing is bound before its attributes are set
	put 0 /sys/bus/mdev_class/drivers_autoprobe
	for _port in $_ports; do
		for TYPE in "$_port"/mdev_supported_types/*; do
			# shellcheck disable=SC2254 # a pattern
			case ${TYPE##*/mdev_port-} in
			$_types) parent_type ;;
			esac
		done
	done
	parent_unload
	put 1 /sys/bus/mdev_class/drivers_autoprobe
}

# parent_type: what instances of $TYPE do
parent_type()
{
	WHAT="${_port##*/} ${TYPE##*/mdev_port-}"
	_last=$TYPE
	UUID=$(new_uuid)
	DIR=$(instance "$UUID")
	for _file in name device_api description available_instances; do
		check "$WHAT: the type has a file $_file" grep -q . "$TYPE/$_file"
	done
	_free=$(line_of "$TYPE/available_instances")
	check "$WHAT: an instance can be created" put "$UUID" "$TYPE/create" || return
	check "$WHAT: fewer instances are available then" \
		[ "$(line_of "$TYPE/available_instances")" -lt "$_free" ]
	check_errno "$WHAT: a UUID that is in use is refused" EEXIST \
		put "$UUID" "$TYPE/create"
	check_equal "$WHAT: no driver is bound yet" unbound "$(state_of "$UUID")"
	for _set in $ATTRIBUTES; do
		check "$WHAT: ${_set%%=*} can be set" put "${_set#*=}" "$DIR/${_set%%=*}"
	done
	check "$WHAT: a class driver can be bound" put 1 "$DIR/bind"
	case $(line_of "$DIR/class_id") in
	2)	parent_virtio ;;
	3)	parent_vhost ;;
	*)	check "$WHAT: a class driver is bound" bound "$UUID" ;;
	esac
	[ ! -d "$DIR" ] ||
		check "$WHAT: the instance can be removed" remove_mdev "$UUID"
	check_equal "$WHAT: all instances are available again" "$_free" \
		"$(line_of "$TYPE/available_instances")"
}

# ---- class VHOST ----------------------------------------------------------------

# parent_user OPTION...: of user-parent, with the instance
parent_user()
{
	# shellcheck disable=SC2086 # a list
	user-parent $CHAINS "$@"
}

# parent_hold OPTION...: a program, as $victim, that keeps the device busy.  Not for
# check(), which is a shell of its own.
parent_hold()
{
	rm -f /tmp/victim.out
	# shellcheck disable=SC2086 # a list
	user-parent $CHAINS "$@" "$UUID" hold >/tmp/victim.out 2>&1 &
	victim=$!
	wait_for 60 grep -q running /tmp/victim.out
}

parent_vhost()
{
	for _command in features rings suspend reset broken; do
		check "$WHAT: VFIO device: $_command" parent_user "$UUID" $_command
	done
	check "$WHAT: char device: rings" parent_user --chardev "$UUID" rings
	for _way in "" --chardev; do
		# shellcheck disable=SC2086 # nothing, or an option
		parent_hold $_way
		check "$WHAT: a program has traffic${_way:+, char device}" \
			grep running /tmp/victim.out
		kill -9 "$victim"
		wait_for 60 process_ended "$victim"
		check "$WHAT: the instance is idle when its program was killed" \
			wait_for 60 state_is "$UUID" idle
		check_equal "$WHAT: no page is pinned then" 0 "$(pinned_pages)"
	done

	parent_hold
	put 2 /sys/module/vhost_mdev/parameters/remove_grace
	check "$WHAT: the instance can be removed while a program drives it" \
		remove_mdev "$UUID"
	check_ended "$WHAT: the program is told that the device is gone" "$victim" \
		/tmp/victim.out
	check_equal "$WHAT: no page is pinned after that" 0 "$(pinned_pages)"
}

# ---- class VIRTIO ---------------------------------------------------------------

# file_in GLOB: the first that matches
file_in()
{
	for _f in $1; do
		[ ! -e "$_f" ] || { echo "$_f"; return; }
	done
	return 1
}

# kernel_load: have the kernel's driver use the device, until it is gone
kernel_load()
{
	case $(line_of "$DIR/virtio_device_id") in
	1)	_dev=$(netdev_of "$UUID")
		ip link set "$_dev" up
		ip addr add 192.0.2.1/24 dev "$_dev"
		ip neigh add 192.0.2.2 lladdr 02:00:00:00:00:02 dev "$_dev"
		ping -q -i 0.01 -s 1000 192.0.2.2 ;;
	2)	_dev=/dev/$(basename "$(file_in "$DIR/virtio*/block/*")")
		while dd if="$_dev" of=/dev/null bs=4k count=500 iflag=direct; do :; done ;;
	3)	while echo "as much as has room in a buffer" >/dev/hvc0; do :; done ;;
	4)	grep -o 'virtio_rng[^ ]*' /sys/class/misc/hw_random/rng_available |
			tail -n 1 >/sys/class/misc/hw_random/rng_current
		while dd if=/dev/hwrng of=/dev/null bs=64 count=100; do :; done ;;
	esac
}

# chains: how many the device has used
chains()
{
	cat "$DIR"/vq[0-9]*/chains | awk '{ n += $1 } END { print n + 0 }'
}

more_chains()
{
	[ "$(chains)" -gt $((_chains + 20)) ]
}

# kernel_busy WHEN: start that load, and wait until the device has answered
kernel_busy()
{
	_chains=$(chains)
	# shellcheck disable=SC2016 # for the other shell
	setsid sh -c '. /tests/lib.sh; . /tests/lib-parent.sh
		UUID=$1 DIR=$2; kernel_load' load "$UUID" "$DIR" >/tmp/load.out 2>&1 &
	load=$!
	check "$WHAT: the kernel's driver has traffic$1" wait_for 60 more_chains ||
		note "$(tail -n 3 /tmp/load.out)"
}

# kernel_rest: end it
kernel_rest()
{
	kill -9 -"$load" 2>/dev/null
	wait "$load" 2>/dev/null
}

# kernel_ends: what the load is when the driver is taken off: "under" or "after".
# virtio_console frees what it has just written although it is still in the virtqueue, and
# once more when the device goes.
kernel_ends()
{
	if [ "$(line_of "$DIR/virtio_device_id")" = 3 ]; then
		kernel_rest
		_ends=after
	else
		_ends=under
	fi
}

has_driver()
{
	[ -n "$(file_in "$DIR/virtio*/driver")" ]
}

class_unbind()
{
	put "$UUID" "$DIR/driver/unbind"
}

# kernel_round WHEN: its driver runs, has traffic, and is taken off in the middle of it
kernel_round()
{
	check "$WHAT: the kernel's driver runs$1" wait_for 60 state_is "$UUID" running
	kernel_busy "$1"
	kernel_ends
	check "$WHAT: the class driver can be unbound $_ends load$1" class_unbind
	kernel_rest
}

parent_virtio()
{
	if ! has_driver; then
		skip "$WHAT: the kernel's driver" "this kernel has none"
		return
	fi
	kernel_round ""
	for _features in -RING_PACKED -RING_EVENT_IDX -RING_INDIRECT_DESC; do
		grep -q " ${_features#-}" "$DIR/features" || continue
		put $_features "$DIR/features"
		put 1 "$DIR/bind"
		kernel_round ", without ${_features#-}"
	done
	put 1 "$DIR/bind"
	wait_for 60 state_is "$UUID" running
	kernel_busy " before it is removed"
	kernel_ends
	check "$WHAT: the instance can be removed $_ends load" remove_mdev "$UUID"
	kernel_rest
}

# ---- the module -----------------------------------------------------------------

parent_unload()
{
	UUID=$(new_uuid)
	check "$_module: an instance can be created before it is unloaded" \
		put "$UUID" "$_last/create"
	check "$_module can be unloaded, which removes the instance" rmmod "$_module"
	check_not "$_module leaves no instance" test -e "$(instance "$UUID")"
	for _port in $_ports; do
		check_not "$_module leaves no port ${_port##*/}" test -e "$_port"
	done
}
