#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=dash
# kernels: 6.1 7.2
# timeout: 120
#
# Doorbells that are mapped into the user's memory.
. /tests/lib.sh
. /tests/lib-vhost.sh

vhost_up doorbell=1
check "frames come back with mapped doorbells" user_net doorbell --frames 1000
check "frames come back with mapped doorbells and event index" \
	user_net doorbell --frames 1000 --event-idx --indirect
check "frames come back with eventfds on a device that has doorbells" user_net traffic
vhost_down
