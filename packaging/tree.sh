# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# What packages are built from; sourced by the scripts that build them.

# tree_files: the tree's own files, one a line; in the current folder
tree_files()
{
	{
		git ls-files --cached --others --exclude-standard 2>/dev/null ||
			find . -type f ! -path './.*' ! -name '*.o' ! -name '*.ko' \
				! -name '*.mod' ! -name '*.mod.c' | sed 's,^\./,,'
	} | while read -r file; do
		[ ! -e "$file" ] || echo "$file"
	done
}

# tree_copy TREE DIR [VERSION]: copy it, with the modes that every umask leaves, as
# another version if one is given
tree_copy()
{
	mkdir "$2"
	(cd "$1" && tree_files | xargs -d '\n' cp -P --parents -t "$2") || return
	chmod -R u=rwX,go=rX "$2"
	[ -n "${3:-}" ] || return 0
	sed -i "s/^PACKAGE_VERSION=.*/PACKAGE_VERSION=\"$3\"/" "$2/dkms.conf"
	sed -i "1s/(.*)/($3)/" "$2/debian/changelog"
	sed -i "s/^\(Version:[[:space:]]*\).*/\1$3/" "$2/packaging/virtio-mdev.spec"
}
