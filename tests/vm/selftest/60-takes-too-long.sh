#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# timeout: 3
. /tests/lib.sh
check "true is true" true
sleep 1000
