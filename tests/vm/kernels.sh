#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# kernels.sh 6.1|6.12|7.2|7.3: get a Debian kernel and what modules are built
# against, and print the directory in the cache that they lie in:
#
#	bzImage		the kernel
#	lib/modules/	its modules
#	linux/		its headers, KDIR for our modules
#	release		what uname -r says
#	root/		(7.2, 7.3) a Debian 13 in which to build, see build-modules
#
# Packages are unpacked, never installed on this machine.  What was got once is
# taken from the cache until apt knows a newer version.
set -euo pipefail

here=$(cd "$(dirname "$0")" && pwd)
cache=${VIRTIO_MDEV_CACHE:-$HOME/.cache/virtio-mdev}
PATH=$PATH:/usr/sbin:/sbin

kernel=${1:-}
case $kernel in
6.1)	image=linux-image-amd64 headers=linux-headers-amd64 ;;
6.12)	image=linux-image-6.12-amd64 headers=linux-headers-6.12-amd64 ;;
7.2|7.3)	exec "$here/kernel-backports.sh" "$kernel" ;;
*)
	echo "usage: $0 6.1|6.12|7.2|7.3" >&2
	exit 2 ;;
esac

say()
{
	echo "kernel $kernel: $*" >&2
}

# what the package lists say of the newest version of a package
field()
{
	apt-cache show --no-all-versions "$1" 2>/dev/null | sed -n "s/^$2: //p"
}

base=$cache/kernels/$kernel
mkdir -p "$base"
exec 9>"$base/lock"
flock 9

# what linux-kbuild depends on, and we; a kernel of the cache wants it, too
"$here/need" gcc-12:gcc-12 make:make depmod:kmod dpkg-deb:dpkg pahole:pahole \
	'/usr/lib/*/libelf.so.1:libelf1' '/usr/lib/*/libcrypto.so.3:libssl3' >&2

version=$(field "$image" Version)
if [ -z "$version" ] && [ -e "$base/current/done" ]; then
	# no package lists; what is there will do
	readlink -f "$base/current"
	exit 0
fi
dir=$base/$version
if [ -n "$version" ] && [ -e "$dir/done" ]; then
	echo "$dir"
	exit 0
fi

# depends PACKAGE PATTERN: the packages of its Depends that match
depends()
{
	# shellcheck disable=SC2020 # two characters
	field "$1" Depends | tr ',|' '\n\n' | sed 's/ *(.*//; s/^ *//' |
		grep -E "^$2\$" | head -n 1
}

if [ -z "$version" ] || [ -z "$(depends "$headers" 'linux-headers-.*')" ]; then
	"$here/need" --update
	version=$(field "$image" Version)
	[ -n "$version" ] || {
		say "apt knows no $image: is this Debian 12 with bookworm-security?"
		exit 1
	}
	dir=$base/$version
fi

say "getting $version"
mkdir -p "$dir/deb"
image_pkg=$(depends "$image" 'linux-image-.*')
headers_pkg=$(depends "$headers" 'linux-headers-.*')
release=${image_pkg#linux-image-}
rm -rf "$dir/root"
mkdir -p "$dir/root"
for pkg in "$image_pkg" "$headers_pkg" \
	"$(depends "$headers_pkg" 'linux-headers-.*-common')" \
	"$(depends "$headers_pkg" 'linux-kbuild-.*')"; do
	if [ ! -e "$dir/deb/$pkg" ]; then
		say "downloading $pkg"
		rm -rf "$dir/deb/$pkg.part"
		"$here/need" --fetch "$pkg" "$dir/deb/$pkg.part" >&2
		mv "$dir/deb/$pkg.part" "$dir/deb/$pkg"
	fi
	dpkg-deb -x "$dir/deb/$pkg"/*.deb "$dir/root"
done

# The headers name each other by absolute paths
kdir=$dir/root/usr/src/linux-headers-$release
[ -e "$kdir/Makefile" ] || {
	say "no headers for $release in $headers_pkg"
	exit 1
}
grep -rlE '/usr/(src|lib)/linux-' "$kdir" --include=Makefile \
	--include=.kernelvariables |
	xargs -r sed -i -E "s@(^|[^a-z0-9])/usr/(src|lib)/linux-@\1$dir/root/usr/\2/linux-@g"
ln -sfn "../../../usr/src/linux-headers-$release" \
	"$dir/root/lib/modules/$release/build"
rm -f "$dir/root/lib/modules/$release/source"

depmod -b "$dir/root" "$release"
ln -sfn root/lib "$dir/lib"
ln -sfn "root/usr/src/linux-headers-$release" "$dir/linux"
ln -sfn "root/boot/vmlinuz-$release" "$dir/bzImage"
[ -e "$dir/bzImage" ] || {
	say "no kernel in $image_pkg"
	exit 1
}
echo "$release" >"$dir/release"
touch "$dir/done"
rm -rf "$dir/deb"
ln -sfn "$version" "$base/current"
# the versions before are of no use any more
find "$base" -mindepth 1 -maxdepth 1 -type d ! -name "$version" \
	-exec rm -rf '{}' +
say "got $release"
echo "$dir"
