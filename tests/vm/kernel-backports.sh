#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# kernel-backports.sh VERSION: the newest kernel VERSION.*, 7.2 or 7.3, of
# Debian 13's backports; called by kernels.sh, which says what the result is.
#
# Its modules want Debian 13's compiler, so the headers lie in a Debian 13 of
# their own, root/, that build-modules changes into.  Wants root.
set -euo pipefail

here=$(cd "$(dirname "$0")" && pwd)
cache=${VIRTIO_MDEV_CACHE:-$HOME/.cache/virtio-mdev}
PATH=$PATH:/usr/sbin:/sbin
want=$1
keyring=/usr/share/keyrings/debian-archive-keyring.gpg

say()
{
	echo "kernel $want: $*" >&2
}

base=$cache/kernels/$want
mkdir -p "$base"
exec 9>"$base/lock"
flock 9

# Its packages are not in this machine's lists: once a week is enough to ask
if [ -e "$base/current/done" ] &&
   [ -n "$(find "$base/current/done" -mtime -7)" ]; then
	readlink -f "$base/current"
	exit 0
fi

[ "$(id -u)" = 0 ] || {
	say "run as root: a Debian 13 root has to be made in $base"
	exit 1
}
"$here/need" mmdebstrap:mmdebstrap "$keyring:debian-archive-keyring" \
	depmod:kmod dpkg-deb:dpkg >&2

mirror=$("$here/debian" mirror)
# apt with lists of its own
lists=$base/apt
mkdir -p "$lists/lists/partial" "$lists/archives/partial"
: >"$lists/status"
printf "deb [signed-by=$keyring] $mirror %s main\n" \
	trixie trixie-updates trixie-backports >"$lists/sources.list"
apt_13()
{
	local tool=$1
	shift
	"$tool" -qq -o Dir::State="$lists" -o Dir::State::status="$lists/status" \
		-o Dir::Etc::sourcelist="$lists/sources.list" \
		-o Dir::Etc::sourceparts=/dev/null -o Dir::Cache="$lists" \
		-o APT::Sandbox::User=root -o APT::Get::List-Cleanup=0 "$@"
}
if ! apt_13 apt-get update >&2; then
	if [ -e "$base/current/done" ]; then
		say "no package lists; taking what is there"
		readlink -f "$base/current"
		exit 0
	fi
	exit 1
fi
release=$(apt_13 apt-cache pkgnames "linux-headers-$want." |
	sed -n 's/^linux-headers-\(.*[0-9]+deb13-amd64\)$/\1/p' |
	sort -V | tail -n 1)
[ -n "$release" ] || {
	say "trixie-backports has no linux-headers-$want.*"
	exit 1
}

dir=$base/$release
if [ -e "$dir/done" ]; then
	touch "$dir/done"
	echo "$dir"
	exit 0
fi

say "getting $release"
mkdir -p "$dir/deb"
if [ ! -e "$dir/root.done" ]; then
	rm -rf "$dir/root"
	say "making a Debian 13 root with a compiler and the headers"
	# /dev/null for stdin: mmdebstrap would take sources from there
	mapfile -t options < <("$here/debian" options)
	mmdebstrap --quiet --mode=root --variant=apt "${options[@]}" \
		--include="gcc,make,linux-headers-$release" \
		--aptopt='APT::Install-Recommends "false"' \
		--dpkgopt='path-exclude=/usr/share/doc/*' \
		--dpkgopt='path-exclude=/usr/share/man/*' \
		--dpkgopt='path-exclude=/usr/share/locale/*' \
		--keyring="$keyring" trixie "$dir/root" \
		"deb $mirror trixie main" "deb $mirror trixie-updates main" \
		"deb $mirror trixie-backports main" >&2 </dev/null
	rm -rf "$dir/root/var/lib/apt/lists"/* "$dir/root/var/cache/apt"/*.bin
	touch "$dir/root.done"
fi

for pkg in "linux-binary-$release" "linux-modules-$release"; do
	if ! ls "$dir/deb/$pkg"_*.deb >/dev/null 2>&1; then
		say "downloading $pkg"
		(cd "$dir/deb" && apt_13 apt-get download "$pkg" >&2)
	fi
	dpkg-deb -x "$dir/deb/$pkg"_*.deb "$dir/image"
done
# what depmod reads besides is in a package that the headers want
cp "$dir/root/usr/lib/modules/$release"/modules.* \
	"$dir/image/usr/lib/modules/$release/"
[ -e "$dir/image/lib" ] || ln -s usr/lib "$dir/image/lib"
rm -f "$dir/image/lib/modules/$release/build" \
	"$dir/image/lib/modules/$release/source"
bzimage=$(find "$dir/image/" -name "vmlinuz*" -type f | head -n 1)
[ -n "$bzimage" ] || {
	say "no kernel in linux-binary-$release"
	exit 1
}
depmod -b "$dir/image" "$release"
ln -sfn "${bzimage#"$dir/"}" "$dir/bzImage"
ln -sfn image/lib "$dir/lib"
ln -sfn "root/usr/src/linux-headers-$release" "$dir/linux"
echo "$release" >"$dir/release"
touch "$dir/done"
rm -rf "$dir/deb"
ln -sfn "$release" "$base/current"
find "$base" -mindepth 1 -maxdepth 1 -type d ! -name "$release" ! -name apt \
	-exec rm -rf '{}' +
say "got $release"
echo "$dir"
