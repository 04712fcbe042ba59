#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# initramfs.sh GUEST TESTS OUT [NAME...]
#
# Make an initramfs, an uncompressed cpio: busybox, ip, tc, vdpa, ethtool, dmsetup,
# e2fsck and mkfs.ext4 with their libraries, those of the kernel's modules that modules.list (or the
# file MODULES_LIST) names, our modules and programs from GUEST (see guest-files),
# the test scripts of TESTS, and a list of those to run.  EARLY_MODULE is the path
# of a module that is loaded before anything else, and stays; PARENT_CONF that of what
# parent.sh is told.
set -eu

here=$(cd "$(dirname "$0")" && pwd)
guest=$(readlink -f "$1") tests=$(readlink -f "$2") out=$(readlink -f "$3")
shift 3
kernel=$(readlink -f "$guest/kernel")
release=$(cat "$kernel/release")

list=$(readlink -f "${MODULES_LIST:-$here/modules.list}")
cache=${VIRTIO_MDEV_CACHE:-$HOME/.cache/virtio-mdev}

PATH=$PATH:/usr/sbin:/sbin
modules=lib/modules/$release

# with_libs PROGRAM: put it into bin and what ldd says where it was
with_libs()
{
	path=$(command -v "$1") || {
		echo "initramfs: no $1" >&2
		exit 1
	}
	cp -L "$path" bin/
	ldd "$path" 2>/dev/null | grep -oE '/[^ ]+' | while read -r lib; do
		[ -e ".$lib" ] && continue
		mkdir -p ".${lib%/*}"
		cp -L "$lib" ".$lib"
	done
}

# base: what does not change between two runs with the same kernel
base()
{
	mkdir -p bin sbin dev proc sys tmp run etc root lib tests mnt var/run usr
	ln -s ../bin usr/bin
	ln -s ../sbin usr/sbin

	with_libs busybox
	for applet in $(bin/busybox --list); do
		case $applet in
		# the real ones follow
		ip|tc|busybox) continue ;;
		esac
		ln -s busybox "bin/$applet"
	done
	for applet in modprobe insmod rmmod lsmod; do
		ln -s ../bin/busybox "sbin/$applet"
	done
	with_libs ip
	with_libs tc
	with_libs vdpa
	with_libs ethtool
	with_libs dmsetup
	with_libs e2fsck
	with_libs mkfs.ext4

	echo root:x:0:0:root:/root:/bin/sh >etc/passwd
	echo root:x:0: >etc/group
	echo '127.0.0.1 localhost' >etc/hosts

	# the kernel's modules, unpacked for busybox
	src=$kernel/lib/modules/$release
	mkdir -p "$modules"
	cp "$src"/modules.builtin* "$src/modules.order" "$modules/"
	grep -v '^#' "$list" | while read -r mod; do
		[ -n "$mod" ] || continue
		modprobe -q -d "$kernel" -S "$release" -D "$mod" 2>/dev/null || :
	done | sed -n 's/^insmod \([^ ]*\).*/\1/p' | sort -u |
	while read -r ko; do
		rel=${ko#*"/lib/modules/$release/"}
		mkdir -p "$modules/$(dirname "$rel")"
		case $rel in
		*.xz)	xz -dc "$ko" >"$modules/${rel%.xz}" ;;
		*.zst)	zstd -qdc "$ko" >"$modules/${rel%.zst}" ;;
		*.gz)	gzip -dc "$ko" >"$modules/${rel%.gz}" ;;
		*)	cp "$ko" "$modules/$rel" ;;
		esac
	done
	[ -e "$modules/kernel" ] || {
		echo "initramfs: no modules in $src" >&2
		exit 1
	}
}

key=$({
	cat "$here/initramfs.sh" "$list"
	stat -L -c '%n %s %Y' "$kernel" "$(command -v busybox)" \
		"$(command -v ip)" "$(command -v tc)" "$(command -v vdpa)" \
		"$(command -v ethtool)" "$(command -v dmsetup)" \
		"$(command -v e2fsck)" "$(command -v mkfs.ext4)"
} | sha256sum | cut -c1-12)
mkdir -p "$cache/guest"
stage=$(mktemp -d "$cache/guest/tmp.XXXXXX")
trap 'rm -rf "$stage"' EXIT

if [ ! -d "$cache/guest/$key" ]; then
	mkdir "$stage/base"
	cd "$stage/base"
	base
	cd "$stage"
	chmod 755 base
	# another run may have been faster
	mv -T base "$cache/guest/$key" 2>/dev/null || rm -rf base
	find "$cache/guest" -mindepth 1 -maxdepth 1 -mtime +7 -exec rm -rf '{}' +
fi

cp -al "$cache/guest/$key" "$stage/root"
cd "$stage/root"

mkdir "$modules/updates"
find "$guest/modules" -name '*.ko' -exec cp '{}' "$modules/updates/" ';'
depmod -b . "$release"

find "$guest/programs" -maxdepth 1 -type f -perm -u+x -exec cp '{}' bin/ ';'
# the libraries, whichever scripts run
cp "$here/../report.sh" "$here/../report.h" "$here/../guest"/lib*.sh "$here/../guest/leaks.awk" tests/
cp "$tests"/*.sh tests/
for patterns in "$here/../guest"/*.regex; do
	# one expression: a guest's grep tries each line of a file on its own
	sed '/^#/d; /^$/d' "$patterns" | paste -s -d '|' >"tests/${patterns##*/}"
done
[ ! -d "$tests/root" ] || cp -r "$tests/root" tests/
[ ! -d "$tests/streams" ] || cp -r "$tests/streams" tests/
cp -r "$here/../../udev" "$here/../../docs/examples" tests/
cp "$here/demo-guest.sh" "$here/nested-guest.sh" tests/
[ -z "${PARENT_CONF:-}" ] || cp "$PARENT_CONF" tests/parent.conf
[ -z "${EARLY_MODULE:-}" ] || cp "$EARLY_MODULE" early.ko
cp "$here/init" init
chmod +x init tests/*.sh
for test; do
	echo "$test"
done >tests/list

find . -print0 | cpio --null --quiet -R 0:0 -H newc -o >"$out"
