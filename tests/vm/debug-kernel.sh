#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# Build the debug kernel from Debian's linux-source-6.12 and the fragment
# beside this script, once, in the cache, and print the directory it lies in:
#
#	linux/		the built tree, KDIR for our modules
#	bzImage		the kernel
#	lib/modules/	the kernel's own modules
#	release		what uname -r says
#
# Takes about ten minutes on two cores when there is something to build.
set -eu

here=$(cd "$(dirname "$0")" && pwd)
cache=${VIRTIO_MDEV_CACHE:-$HOME/.cache/virtio-mdev}
jobs=${JOBS:-$(nproc)}
pkg=linux-source-6.12

say()
{
	echo "debug-kernel: $*" >&2
}

version=$(apt-cache policy $pkg 2>/dev/null |
	sed -n 's/^ *Candidate: *//p')
case $version in
''|'(none)')
	# no package lists: a kernel that was built before will do
	version=$(cat "$cache/debug/version" 2>/dev/null) || {
		say "apt knows no $pkg: run apt-get update"
		exit 1
	} ;;
esac

key=$({ echo "$version"; gcc -dumpfullversion 2>/dev/null; \
	cat "$here/debug-kernel.config"; } | sha256sum | cut -c1-12)
dir=$cache/debug/$key

if [ -e "$dir/done" ]; then
	echo "$dir"
	exit 0
fi

mkdir -p "$cache/debug"
exec 9>"$cache/debug/lock"
flock 9
if [ -e "$dir/done" ]; then
	echo "$dir"
	exit 0
fi

"$here/need" gcc:gcc make:make flex:flex bison:bison bc:bc xz:xz-utils \
	perl:perl kmod:kmod dpkg-deb:dpkg \
	/usr/include/libelf.h:libelf-dev /usr/include/openssl/ssl.h:libssl-dev

mkdir -p "$dir"
cd "$dir"
log=$dir/build.log

if [ ! -e unpacked ]; then
	rm -rf linux "linux-source-6.12"
	tarball=/usr/src/$pkg.tar.xz
	have=$(dpkg-query -W -f '${Version}' $pkg 2>/dev/null || :)
	if [ "$have" = "$version" ] && [ -r $tarball ]; then
		say "unpacking $tarball"
		tar -xJf $tarball
	else
		say "downloading $pkg $version"
		"$here/need" --fetch "$pkg=$version" "$dir"
		say "unpacking"
		for deb in "$dir"/$pkg*.deb; do
			dpkg-deb --fsys-tarfile "$deb" |
				tar -xO ./usr/src/$pkg.tar.xz | tar -xJ
		done
		rm -f "$dir"/$pkg*.deb
	fi
	mv $pkg linux
	touch unpacked
fi

say "building with $jobs jobs, log in $log"
make -C linux allnoconfig KCONFIG_ALLCONFIG="$here/debug-kernel.config" \
	>"$log" 2>&1

# Kconfig drops what it cannot have without a word
if grep '^CONFIG_' "$here/debug-kernel.config" |
   grep -vxF -f linux/.config >missing; then
	say "the configuration lost these lines of the fragment:"
	cat missing >&2
	exit 1
fi

(
	n=0
	# its output would hold the reader of ours
	while sleep 60 >/dev/null 2>&1; do
		n=$((n + 1))
		say "$n min, $(grep -c '^ *\(CC\|AS\|LD\)' "$log") steps"
	done
) >&2 9>&- &
ticker=$!
trap 'kill $ticker 2>/dev/null || :' EXIT

if ! nice -n 10 make -C linux -j"$jobs" bzImage modules >>"$log" 2>&1; then
	say "the build failed:"
	tail -n 20 "$log" >&2
	exit 1
fi

release=$(make -s -C linux kernelrelease)
rm -rf lib
make -C linux modules_install INSTALL_MOD_PATH="$dir" \
	>>"$log" 2>&1
rm -f "lib/modules/$release/build" "lib/modules/$release/source"
cp linux/arch/x86/boot/bzImage bzImage
echo "$release" >release
echo "$version" >"$cache/debug/version"
touch "$dir/done"
# those of former fragments and packages
find "$cache/debug" -mindepth 1 -maxdepth 1 -type d ! -name "$key" -mtime +3 \
	-exec rm -rf '{}' +
say "built $release"
echo "$dir"
