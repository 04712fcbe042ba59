#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# kernels: 6.1 7.2
# cmdline: console=hvc0 console=ttyS0
#
# A parent that was written as docs/parent-driver.md says, and a driver that spins,
# with interrupts off and locks held, until the device has used its buffers:
# virtio-console, on two CPUs and on one, for programs and for kernel messages.
. /tests/lib.sh

UUID=$(new_uuid)
DIR=$(instance "$UUID")
PORTS=$(new_uuid)
CPU1=/sys/devices/system/cpu/cpu1/online
TTY=/dev/hvc0

# a module on 6.1
modprobe virtio_console 2>/dev/null
modprobe mvcon

has_output()
{
	grep -q "$1" "$DIR/output"
}

# traffic WHEN: lines to the terminal, messages to the console and input, all at
# once
traffic()
{
	cat <&4 >/tmp/read &
	reader=$!
	seq 100 >&4 &
	writers=$!
	for i in $(seq 30); do
		echo "message $i"
	done | while read -r line; do
		echo "mvcon: $line" >/dev/kmsg
	done &
	writers="$writers $!"
	for i in $(seq 50); do
		put "input $i" "$DIR/input"
	done &
	writers="$writers $!"
	# shellcheck disable=SC2086 # a list
	wait $writers
	put "end of input" "$DIR/input"
	check "all input can be read $1" wait_for 20 grep -q "end of input" \
		/tmp/read
	kill $reader
	wait $reader 2>/dev/null
	check_equal "no input is lost $1" 51 "$(wc -l </tmp/read)"
	echo "last of terminal $1" >&4
	check "what a program writes arrives $1" wait_for 10 \
		has_output "last of terminal $1"
	echo "mvcon: last message $1" >/dev/kmsg
	check "a kernel message arrives $1" wait_for 10 \
		has_output "last message $1"
}

# a port that is no console: its driver spins when the port is opened and closed
ports()
{
	for i in $(seq 20); do
		echo "port $i" >"$PORT" || return
	done
}

port_is_there()
{
	[ "$(count /dev/vport*p1)" -gt 0 ]
}

check "an instance can be created" create mvcon0-virtio '*-one' "$UUID" || exit 1
check "virtio-console drives the instance" wait_for 10 state_is "$UUID" running
# raw, so that nothing that is read is written again
check "the terminal of the instance can be set up" stty -F $TTY raw -echo || exit 1
exec 4<>$TTY
traffic "on two CPUs"

check "an instance with ports can be created" \
	create mvcon0-virtio '*-ports' "$PORTS"
check "the second port of the instance appears" wait_for 10 port_is_there || exit 1
PORT=$(echo /dev/vport*p1)
check "the second port can be opened and written to on two CPUs" ports

check "the second CPU can be taken away" put 0 $CPU1
traffic "on one CPU"
check "the second port can be opened and written to on one CPU" ports

# the driver has nobody to tell it but the device
put 1 "$(instance "$PORTS")/fail"
check "a driver that spins for a virtqueue that breaks goes on" \
	sh -c ": >$PORT"
check "the log says why the virtqueue broke" wait_for 10 sh -c \
	'dmesg | grep -q "virtqueue 3 broke: a write that cannot be read"'
check "the instance with ports can be removed" remove_mdev "$PORTS"

check "the second CPU can be given back" put 1 $CPU1
exec 4>&-

# Lockdep tells what remains: another CPU that prints may wait for serve().
if [ "$KERNEL" != debug ]; then
	put 1 "$DIR/speak"
	check "a message in serve() does not stop the machine" \
		wait_for 20 sh -c 'dmesg | grep -q "mvcon: a message in serve"'
	echo "mvcon: a message after that" >/dev/kmsg
	check "the console goes on after a message in serve()" wait_for 10 \
		has_output "a message after that"
	check_equal "the message in serve() is lost" 0 \
		"$(grep -c "a message in serve" "$DIR/output")"
fi
check "the instance can be removed" remove_mdev "$UUID"
unload
