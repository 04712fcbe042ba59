#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
. /tests/lib.sh
check "a guest was booted for what was left" true
