#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# only: 6.12 7.2
# slow: debug
# root: 12-backports
# memory: 2048
# timeout: 3600
#
# The same as client_migrate, longer: with a card, with a disk, with both, and with
# split and packed rings, 20 migrations each; 5 are cancelled, and 5 fail.
. /tests/lib.sh
. /tests/lib-blk.sh
. /tests/lib-root.sh
. /tests/lib-migrate-qemu.sh

migrate_up
# the letters are explained in root/migrate.py
for _rings in "" p; do
	migrate moves "${_rings}mmmmcnmmmmckmmmmclmmmmcnmmmmck" "$CARDS" -
	migrate moves "${_rings}mmmmcdmmmmckmmmmclmmmmcdmmmmck" - "$DISKS"
done
migrate moves mmmmcnmmmmcdmmmmclpmmmmckmmmmcd "$CARDS" "$DISKS"
migrate_down
