#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# expect-log: nowhere.c:1 of the self-test
. /tests/lib.sh
check "true is true" true
echo "WARNING: CPU: 0 PID: 1 at nowhere.c:1 of the self-test" >/dev/kmsg
