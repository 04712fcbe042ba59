#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=dash
# kernels: 6.1
# timeout: 240
#
# Every ioctl of the char device called wrongly, every ring filled wrongly.
. /tests/lib.sh
. /tests/lib-vhost.sh

vhost_up
check_wrong_calls vhost chardev
check_wrong_calls rings chardev
check_wrong_calls packed chardev
vhost_down
