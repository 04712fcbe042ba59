# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# What the checks on the host have in common; sourced by them.

here=$(cd "$(dirname "$0")" && pwd)
# shellcheck disable=SC2034 # for the checks
top=$(cd "$here/../.." && pwd)
cache=${VIRTIO_MDEV_CACHE:-$HOME/.cache/virtio-mdev}
tmp=$(mktemp -d) || exit 1
trap 'rm -rf "$tmp"' EXIT
failures=0
cd "$top" || exit 1

# check WHAT COMMAND...
check()
{
	local what=$1
	shift
	if "$@" >"$tmp/out" 2>&1; then
		echo "ok - host: $what"
	else
		echo "not ok - host: $what"
		head -n 60 "$tmp/out" | sed 's/^/#   /'
		failures=1
	fi
}

# sources PATTERN...: the project's own files of these names, one a line
sources()
{
	local args=() pattern
	for pattern; do
		args+=(-o -name "$pattern")
	done
	find . \( -name .git -o -name generated -o -name '.tmp_*' \) -prune -o \
		-type f ! -name '*.mod.c' \( "${args[@]:1}" \) -print |
		sed 's,^\./,,' | sort
}

# The kernel's own scripts, of Debian's linux-source-6.12, in $scripts
kernel_scripts()
{
	local pkg=linux-source-6.12 version dir have deb
	"$top/tests/vm/need" perl:perl xz:xz-utils dpkg-deb:dpkg || return 1
	version=$(apt-cache policy $pkg 2>/dev/null |
		sed -n 's/^ *Candidate: *//p')
	if [ -z "$version" ] || [ "$version" = "(none)" ]; then
		# no package lists: those that are there will do
		version=$(cat "$cache/scripts/version" 2>/dev/null) ||
			{ echo "apt knows no $pkg: apt-get update"; return 1; }
	fi
	dir=$cache/scripts/$version
	scripts=$dir/$pkg/scripts
	[ ! -e "$dir/done" ] || return 0

	mkdir -p "$cache/scripts"
	exec 8>"$cache/scripts/lock"
	flock 8
	if [ ! -e "$dir/done" ]; then
		rm -rf "$dir"
		mkdir -p "$dir"
		have=$(dpkg-query -W -f '${Version}' $pkg 2>/dev/null || :)
		if [ "$have" = "$version" ] && [ -r /usr/src/$pkg.tar.xz ]; then
			deb=
			tar -C "$dir" -xJf /usr/src/$pkg.tar.xz $pkg/scripts || return 1
		else
			"$top/tests/vm/need" --fetch "$pkg=$version" "$dir" || return 1
			deb=$(echo "$dir/$pkg"_*.deb)
			dpkg-deb --fsys-tarfile "$deb" |
				tar -xO ./usr/src/$pkg.tar.xz |
				tar -C "$dir" -xJ $pkg/scripts || return 1
			rm -f "$deb"
		fi
		echo "$version" >"$cache/scripts/version"
		touch "$dir/done"
	fi
	flock -u 8
}
