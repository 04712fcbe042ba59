# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# Completion of virtio-mdev for bash: commands, types, UUIDs, attributes.

# _virtio_mdev_attributes UUID: those that can be set, with an equals sign
_virtio_mdev_attributes()
{
	local file
	for file in /sys/bus/mdev_class/devices/"$1"/*; do
		case ${file##*/} in
		bind|driver_override|last_error|uevent) continue ;;
		esac
		[ ! -f "$file" ] || [ ! -w "$file" ] || echo "${file##*/}="
	done
}

# _virtio_mdev_uuids: of instances that are there
_virtio_mdev_uuids()
{
	local dir
	for dir in /sys/bus/mdev_class/devices/*; do
		[ ! -d "$dir" ] || echo "${dir##*/}"
	done
}

# _virtio_mdev_types: PORT/TYPE
_virtio_mdev_types()
{
	local dir port
	for dir in /sys/class/mdev_port/*/mdev_supported_types/*; do
		[ -d "$dir" ] || continue
		port=${dir%/mdev_supported_types/*}
		echo "${port##*/}/${dir##*/mdev_port-}"
	done
}

_virtio_mdev()
{
	local word=${COMP_WORDS[COMP_CWORD]} command="" uuid="" i list="" name names

	COMPREPLY=()
	for ((i = 1; i < COMP_CWORD; i++)); do
		case ${COMP_WORDS[i]} in
		-*) ;;
		????????-????-????-????-????????????)
			uuid=${COMP_WORDS[i]} ;;
		*)
			[ -n "$command" ] || command=${COMP_WORDS[i]} ;;
		esac
	done
	case $word in
	-*)
		list="-j -h -V"
		case $command in
		create) list+=" -n" ;;
		stats) list+=" -i -c" ;;
		esac ;;
	*)
		case $command in
		"")
			list="types list show create set remove bind unbind stats check" ;;
		create)
			list="$(_virtio_mdev_types) mac= mtu= size= backing= serial=" ;;
		show|remove|unbind|stats)
			list=$(_virtio_mdev_uuids) ;;
		set)
			if [ -n "$uuid" ]; then
				list=$(_virtio_mdev_attributes "$uuid")
			else
				list=$(_virtio_mdev_uuids)
			fi ;;
		bind)
			if [ -n "$uuid" ]; then
				list="virtio vhost vfio"
			else
				list=$(_virtio_mdev_uuids)
			fi ;;
		esac ;;
	esac
	# not by compgen -W, which expands what a name has
	read -r -d '' -a names <<<"$list"
	for name in "${names[@]}"; do
		[[ $name != "$word"* ]] || COMPREPLY+=("$name")
	done
	# a value follows
	[[ ${COMPREPLY[0]:-} != *= ]] || compopt -o nospace 2>/dev/null
}
complete -F _virtio_mdev virtio-mdev
