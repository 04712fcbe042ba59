#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
. /tests/lib.sh
check "false is true" false
check_not "true is false" true
check_not "a signal is no failure" sh -c "kill -9 \$\$"
check_errno "another errno" EBUSY mkdir /tmp
check_errno "success" EEXIST true
check_errno "an errno that nobody knows" EWHATEVER mkdir /tmp
check_equal "one is two" 1 2
