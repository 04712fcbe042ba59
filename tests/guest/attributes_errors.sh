#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# long: yes
# timeout: 300
#
# Whatever is refused is refused with one line, which the log has and which last_error
# keeps.
. /tests/lib.sh

UUID=$(new_uuid)
IMAGE=/tmp/attributes.img

# error_of FILE: what last_error has.  A kernel without CONFIG_SYMBOLIC_ERRNAME has numbers
# in the place of names.
error_of()
{
	line_of "$1" | sed 's/: -17$/: -EEXIST/; s/: -2$/: -ENOENT/'
}

# refused ATTRIBUTE VALUE ERRNO TEXT: of the instance $DIR
refused()
{
	put "" "$DIR/last_error"
	log_mark
	check_errno "$NAME_OF: '$2' for $1 is refused" "$3" put "$2" "$DIR/$1"
	check_equal "$NAME_OF: last_error says why '$2' for $1 is refused" "$4" \
		"$(error_of "$DIR/last_error")"
	check_equal "$NAME_OF: the log has one line on '$2' for $1" 1 \
		"$(log_new | grep -c " $(basename "$DIR"): $1")"
}

# all_refused: what every instance has
all_refused()
{
	refused features NONSENSE EINVAL \
		"features: there is no feature NONSENSE: write names, such as +MQ -CSUM, or numbers of bits"
	refused features +64 EINVAL \
		"features: there is no feature 64: write names, such as +MQ -CSUM, or numbers of bits"
	refused features "+VERSION_1 IN_ORDER" EINVAL \
		"features: write all that are to be offered, or changes that each have + or - before them"
	refused features "" EINVAL \
		"features: write all that are to be offered, or changes that each have + or - before them"
	refused features -VERSION_1 EINVAL \
		"features: this device has to offer VERSION_1"
	refused features +SR_IOV EINVAL \
		"features: this device cannot offer SR_IOV"
	refused features 0x100000000000000000 EINVAL \
		"features: there is no feature 0x100000000000000000: write names, such as +MQ -CSUM, or numbers of bits"
	refused bind 0 EINVAL \
		"bind: write 1; there is \"unbind\" of the driver for the opposite"
	check_errno "$NAME_OF: last_error cannot be made up" EINVAL \
		put nonsense "$DIR/last_error"
}

net_refused()
{
	refused mac 01:00:5e:00:00:01 EINVAL \
		"mac 01:00:5e:00:00:01: not the address of one station, such as 02:00:00:00:00:01"
	refused mac 00:00:00:00:00:00 EINVAL \
		"mac 00:00:00:00:00:00: not the address of one station, such as 02:00:00:00:00:01"
	refused mac "" EINVAL \
		"mac : not the address of one station, such as 02:00:00:00:00:01"
	refused mtu 67 ERANGE "mtu 67: at least 68"
	refused mtu many EINVAL "mtu many: not a number"
	refused mtu 99999999999 ERANGE "mtu 99999999999: at most $1"
	refused max_pairs 0 ERANGE "max_pairs 0: at least 1"
	refused max_pairs 99 ERANGE "max_pairs 99: at most $2"
	refused queue_size 100 ERANGE "queue_size 100: a power of two, 64 to 1024"
	refused queue_size 32 ERANGE "queue_size 32: a power of two, 64 to 1024"
	refused queue_size 99999 ERANGE "queue_size 99999: at most 32768"
	refused link sideways EINVAL "link: up or down"
	refused announce 1 EOPNOTSUPP \
		"announce: there is no driver that has taken GUEST_ANNOUNCE"
	refused announce maybe EINVAL "announce maybe: 1 or 0"
	refused features -CSUM EINVAL \
		"features: without CSUM this device cannot offer HOST_TSO4 HOST_TSO6${3:-} either"
	refused features -CTRL_VQ EINVAL "features: without CTRL_VQ this device cannot offer CTRL_GUEST_OFFLOADS CTRL_RX CTRL_VLAN CTRL_RX_EXTRA GUEST_ANNOUNCE CTRL_MAC_ADDR either"
}

# new NAME PORT TYPE
new()
{
	NAME_OF=$1
	check "$1 can be created unbound" create "$2" "$3" "$UUID"
	DIR=$(instance "$UUID")
}

gone()
{
	check "$NAME_OF can be removed" remove_mdev "$UUID"
}

modprobe mvnet max_instances=1
modprobe net_mdev
modprobe mvblk
modprobe mvrng
put 0 /sys/bus/mdev_class/drivers_autoprobe

new mvnet mvnet0-vhost '*-net1'
all_refused
net_refused 9000 1
refused mtu 90000 ERANGE "mtu 90000: at most 9000"
refused busy_poll 10001 ERANGE "busy_poll 10001: at most 10000"
refused features -GUEST_TSO4 EINVAL \
	"features: without GUEST_TSO4 this device cannot offer HOST_TSO4 either"
check "mvnet: features that need each other can be taken away together" \
	put "-HOST_TSO4 -GUEST_TSO4" "$DIR/features"

# --- create --------------------------------------------------------------------

PORT=$MDEV_BUS/mvnet0-vhost
other=$(new_uuid)
check_errno "a second instance is refused where one is the limit" EUSERS \
	create mvnet0-vhost '*-net1' "$other"
check_equal "last_error of the port says why the second instance is refused" \
	"$other: mvnet0-vhost has no more instances: remove one first" \
	"$(line_of "$PORT/last_error")"
check "last_error of the port can be cleared" put "" "$PORT/last_error"
check_equal "last_error of the port is empty after it was cleared" "" \
	"$(line_of "$PORT/last_error")"
check_errno "last_error of the port cannot be made up" EINVAL \
	put nonsense "$PORT/last_error"

# --- bind ------------------------------------------------------------------------

put nonsense "$DIR/driver_override"
refused bind 1 ENODEV \
	"bind: no driver has the name in driver_override: write the right one, or an empty line"
put "" "$DIR/driver_override"
check "mvnet: it can be bound" put 1 "$DIR/bind"
refused bind 1 EBUSY \
	"bind: bound already: to set it up, unbind it first, and write 1 to bind at last"
gone

# --- others -----------------------------------------------------------------------

new net_mdev net_mdev-vhost '*-one'
all_refused
net_refused 65535 1 "$(grep -q HOST_USO "$DIR/features" && echo ' HOST_USO')"
refused stall 0 ERANGE "stall 0: at least 1"
refused ifname a/b EINVAL \
	"ifname a/b: no name of a network interface: at most 15 characters, no blank, no slash"
refused ifname lo EEXIST "ifname lo: cannot rename the interface: -EEXIST"
gone

new mvrng mvrng0-vhost '*-rng'
all_refused
refused queue_size 128 ERANGE "queue_size 128: a power of two, 1 to 64"
gone

truncate -s 1M $IMAGE
new mvblk mvblk0-vhost '*-file'
all_refused
refused size 4096 EOPNOTSUPP \
	"size: it is that of the file, and cannot be changed here"
refused queues 17 ERANGE "queues 17: at most 16"
refused queue_size 2 ERANGE "queue_size 2: a power of two, 4 to 1024"
refused read_only perhaps EINVAL "read_only perhaps: 1 or 0"
refused features +RO EINVAL "features: this device cannot offer RO"
refused features -FLUSH EINVAL \
	"features: without FLUSH this device cannot offer CONFIG_WCE either"
refused serial "has a blank" EINVAL \
	"serial has a blank: at most 20 printable characters, no blanks"
refused serial 123456789012345678901 EINVAL \
	"serial 123456789012345678901: at most 20 printable characters, no blanks"
put "" "$DIR/last_error"
check_errno "mvblk: a backing that does not exist is refused" ENOENT \
	put /nonexistent "$DIR/backing"
check_equal "last_error says that the backing does not exist" \
	"cannot open /nonexistent: -ENOENT" "$(error_of "$DIR/last_error")"
check "mvblk: a backing can be attached" put $IMAGE "$DIR/backing"
refused backing $IMAGE EBUSY \
	"backing: there is one already: write an empty line first to let go of it"
refused shared 1 EBUSY \
	"shared: there is a backing already: this comes before it"
gone

new "mvblk in RAM" mvblk0-vhost '*-ram64m'
refused size 513 EINVAL \
	"size 513: a multiple of 512 bytes, with K, M, G or T behind it if wanted"
refused size big EINVAL \
	"size big: a multiple of 512 bytes, with K, M, G or T behind it if wanted"
gone

put /nonexistent /sys/module/mvblk/parameters/backing
check_errno "a disk is refused whose file does not exist" ENOENT \
	create mvblk0-vhost '*-file' "$UUID"
check_equal "last_error of the port says why the disk is refused" \
	"$UUID: cannot open /nonexistent: -ENOENT" \
	"$(error_of "$MDEV_BUS/mvblk0-vhost/last_error")"
rm -f $IMAGE
unload
