#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# debug-kernel.sh [iommufd]: build a debug kernel from Debian's linux-source-6.12
# and debug-kernel.config, once, in the cache, and print the directory it lies in:
#
#	linux/		the built tree, KDIR for our modules
#	bzImage		the kernel
#	lib/modules/	the kernel's own modules
#	release		what uname -r says
#
# Takes about ten minutes on two cores when there is something to build.  The
# one with iommufd has iommufd-kernel.config in addition.  It starts from a copy
# of the first one's tree, and builds again what that changes.
set -eu

here=$(cd "$(dirname "$0")" && pwd)
cache=${VIRTIO_MDEV_CACHE:-$HOME/.cache/virtio-mdev}
jobs=${JOBS:-$(nproc)}
pkg=linux-source-6.12
fragments=$here/debug-kernel.config
variant=${1:-}
case $variant in
'')	;;
iommufd) fragments="$fragments $here/iommufd-kernel.config" ;;
*)
	echo "usage: $0 [iommufd]" >&2
	exit 2 ;;
esac
base=$cache/debug${variant:+-$variant}

say()
{
	echo "debug-kernel${variant:+ $variant}: $*" >&2
}

version=$(apt-cache policy $pkg 2>/dev/null |
	sed -n 's/^ *Candidate: *//p')
case $version in
''|'(none)')
	# no package lists: a kernel that was built before will do
	version=$(cat "$base/version" 2>/dev/null) || {
		say "apt knows no $pkg: run apt-get update"
		exit 1
	} ;;
esac

# shellcheck disable=SC2086 # a list
key=$({ echo "$version"; gcc -dumpfullversion 2>/dev/null; \
	cat $fragments; } | sha256sum | cut -c1-12)
dir=$base/$key

if [ -e "$dir/done" ]; then
	echo "$dir"
	exit 0
fi

mkdir -p "$base"
exec 9>"$base/lock"
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

# copy_of FIRST: start from the tree of the kernel in the directory FIRST
copy_of()
{
	say "copying $1/linux"
	rm -rf linux
	cp -a "$1/linux" linux
	# Rules of tools have absolute paths.  If they do not match, the tools
	# are built again, and then all objects.
	find linux/tools -name '.*.cmd' -exec sed -i "s,$1/,$dir/,g" '{}' +
	touch unpacked
}

# spare_objects: do not build all objects again because linux/sched/user.h, which
# most of them include, mentions iommufd.  It does so beside CONFIG_NET, so that
# nothing changes; what includes one of the two other headers is built again.
spare_objects()
{
	make -C linux syncconfig >>"$log" 2>&1
	(cd linux && grep -rlw --include="*.h" CONFIG_IOMMUFD include \
		arch/x86/include) |
		LC_ALL=C sort >mention
	printf 'include/linux/%s.h\n' iommufd sched/user vfio |
		cmp -s mention - || return 0
	touch -d @0 linux/include/config/IOMMUFD
	# an object without its rule is built
	grep -rlZE 'include/linux/(vfio|iommufd)\.h' linux --include='.*.cmd' |
		xargs -0r rm -f
}

if [ -n "$variant" ] && [ ! -e unpacked ]; then
	copy_of "$("$here/debug-kernel.sh" 9>&-)"
fi
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
		for deb in "$dir/$pkg"*.deb; do
			dpkg-deb --fsys-tarfile "$deb" |
				tar -xO ./usr/src/$pkg.tar.xz | tar -xJ
		done
		rm -f "$dir"/$pkg*.deb
	fi
	mv $pkg linux
	touch unpacked
fi

say "building with $jobs jobs, log in $log"
# shellcheck disable=SC2086 # a list
cat $fragments >fragment
make -C linux allnoconfig KCONFIG_ALLCONFIG="$dir/fragment" >"$log" 2>&1

# Kconfig drops what it cannot have without a word
if grep '^CONFIG_' fragment |
   grep -vxF -f linux/.config >missing; then
	say "the configuration lost these lines of the fragment:"
	cat missing >&2
	exit 1
fi
[ -z "$variant" ] || spare_objects

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
echo "$version" >"$base/version"
touch "$dir/done"
# those of former fragments and packages
find "$base" -mindepth 1 -maxdepth 1 -type d ! -name "$key" -mtime +3 \
	-exec rm -rf '{}' +
say "built $release"
echo "$dir"
