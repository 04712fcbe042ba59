#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
. /tests/lib.sh
check "true is true" true
check_not "false is false" false
check_errno "mkdir of what is there" EEXIST mkdir /tmp
check_equal "one is one" 1 1
check "mdev can be loaded" modprobe mdev
unload
