# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# What the scripts of tests/fuzz/ have in common; sourced by them.

# shellcheck disable=SC2154 # set by whoever sources this
top=$(cd "$here/../.." && pwd)
. "$top/tests/collect.sh"
cache=${VIRTIO_MDEV_CACHE:-$HOME/.cache/virtio-mdev}
# each tree has its own
build=$cache/build/$(printf '%s' "$top" | sha256sum | cut -c1-8)/fuzz
# shellcheck disable=SC2034 # these are for the scripts
{
corpus=$build/corpus			# as it is in the tree
seeds=$build/seeds			# for each target, what to begin with
found=$cache/fuzz/found			# what was found since, by all trees
crashes=$cache/fuzz/crashes
# An input takes no millisecond; what takes this long hangs.
options=(-timeout=60 -rss_limit_mb=2048)
}
targets=$(make -s --no-print-directory -C "$here" print-targets)

fuzz_build()
{
	"$top/tests/vm/need" clang-14:clang-14 gcc:gcc make:make xz:xz-utils \
		'/usr/lib/llvm-14/lib/clang/*/lib/linux/libclang_rt.fuzzer-*.a:libclang-rt-14-dev' &&
	mkdir -p "$build" &&
	exec 9>"$build.lock" && flock 9 &&
	make -s -C "$here" O="$build" && fuzz_seeds
}

# what the unit tests' driver does, for all targets of rings; streams of each kind
fuzz_seeds()
{
	local target
	rm -rf "$seeds"
	mkdir "$seeds" || return
	for target in $targets; do
		case $target in
		stream)	"$build/stream-seed" "$seeds/$target" || return ;;
		*)	"$build/seed" "$seeds/$target" || return ;;
		esac
	done
}

# set_inputs TARGET: leaves in $inputs options, and folders of inputs
set_inputs()
{
	local max_len=4096
	[ "$1" != stream ] || max_len=1200
	# shellcheck disable=SC2034 # for the scripts
	inputs=("${options[@]}" -max_len="$max_len" "$corpus/$1" "$seeds/$1")
}

# unpack the corpora into $corpus
fuzz_corpus()
{
	local target
	for target in $targets; do
		rm -rf "${corpus:?}/$target"
		mkdir -p "$corpus/$target"
		# a new target has none
		[ -e "$here/corpus/$target.tar.xz" ] || continue
		tar -C "$corpus/$target" -xJf "$here/corpus/$target.tar.xz" ||
			return 1
	done
}
