#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# mirror.sh SOURCE BUILD [FOLDER...]: make BUILD a tree of links to what Kbuild
# wants of SOURCE, so that its output lands in BUILD.  The folders are modules
# beside those that the top Kbuild lists.
set -eu

src=$1
out=$2
shift 2

mkdir -p "$out"
for item in Kbuild include uapi compat; do
	ln -sfn "$src/$item" "$out/$item"
done

for kbuild in "$src"/*/Kbuild "$src"/samples/*/Kbuild "$src"/parents/*/Kbuild; do
	[ ! -e "$kbuild" ] || set -- "$@" "${kbuild%/Kbuild}"
done
for dir; do
	dir=${dir#"$src"/}
	mkdir -p "$out/$dir"
	# a source that was renamed must not be built on
	find "$out/$dir" -type l -delete
	# a module may have folders of its own
	for file in "$src/$dir"/*.[ch] "$src/$dir"/*/*.[ch] "$src/$dir/Kbuild"; do
		case $file in
		*.mod.c|*'*'*) continue ;;
		esac
		to=$out/${file#"$src"/}
		mkdir -p "${to%/*}"
		ln -s "$file" "$to"
	done
done
