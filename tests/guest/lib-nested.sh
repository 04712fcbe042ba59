# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=dash
#
# For scripts that have a QEMU of Debian run a guest of its own: Linux 6.1 with
# the initrd of tests/vm/nested, which does what it is told, a line at a time.
# They say
#
#	# nested: yes		or "yes disk" for an image from which firmware boots it
#
# beside what lib-root.sh wants.

# Seconds.  An emulation in another boots in one minute, or in several if the
# machine has something else to do.
NESTED_BOOT=900
NESTED_COMMAND=900

# Its kernel's command line leaves out what takes long.
NESTED_CMDLINE="console=ttyS0 loglevel=7 panic=-1 mitigations=off tsc=reliable no_timer_check random.trust_cpu=on cryptomgr.notests rodata=off apparmor=0 initcall_blacklist=init_kprobe_trace nested=1"

# nested_up: what such a guest boots
nested_up()
{
	mkdir -p "$ROOT/nested"
	share_mount nested "$ROOT/nested"
}

nested_down()
{
	umount "$ROOT/nested"
}

# nested_start SCRIPT INSTANCE [OPTION...]: QEMU by a script of root/, for the
# instance that it gets as $node and $uuid
nested_start()
{
	_script=$1 _node=$2
	shift 2
	nested_start_disk "$_script" "$_node" -kernel /nested/vmlinux \
		-initrd /nested/initrd -append "$NESTED_CMDLINE" "$@"
}

# nested_start_disk SCRIPT INSTANCE [OPTION...]: the same without a kernel, which is
# on a disk among the devices
nested_start_disk()
{
	_script=$1 _node=$2
	shift 2
	# A machine with little in it.  The clock goes by what the processor has
	# done: by itself it would run away from one this slow, which then does
	# nothing but tick.
	_options=$(printf '%s\n' -M \
		smm=off,hpet=off,sata=off,smbus=off,i8042=off,usb=off,vmport=off \
		-accel tcg -icount shift=3 -cpu qemu64 -m 256 -nodefaults \
		-display none -pidfile "$PWD/guest.pid" -serial "file:$PWD/guest.log" \
		-serial stdio "$@")
	rm -f guest.*
	mkfifo guest.in
	boots=0 commands=0
	in_root node="$_node" uuid="$_node" options="$_options" sh "/tests/root/$_script" \
		<guest.in >guest.out 2>guest.err &
	nested=$!
	# it may be gone before it has read everything
	trap '' PIPE
	exec 4>guest.in
}

nested_gone()
{
	! kill -0 "$nested" 2>/dev/null
}

# nested_said PATTERN COUNT
nested_said()
{
	[ "$(grep -c "$1" guest.out)" -ge "$2" ]
}

# nested_wait SECONDS COMMAND...: until the command succeeds, or cannot any more.
# wait_for looks so often that it takes the guest's time.
nested_wait()
{
	_end=$(($(cut -d. -f1 /proc/uptime) + $1))
	shift
	until "$@" || nested_gone; do
		[ "$(cut -d. -f1 /proc/uptime)" -lt $_end ] || return 1
		sleep 2
	done
	"$@"
}

# nested_boots WHAT
nested_boots()
{
	boots=$((boots + 1))
	_start=$(cut -d. -f1 /proc/uptime)
	if ! nested_wait $NESTED_BOOT nested_said '^=up ' $boots; then
		fail "$1" "$(cat guest.err)
$(tail -n 30 guest.log)"
		return 1
	fi
	pass "$1"
	note "$(tail -n 1 guest.out), $(($(cut -d. -f1 /proc/uptime) - _start)) s"
}

# nested_do WHAT COMMAND: in the guest; it has to succeed
nested_do()
{
	commands=$((commands + 1))
	echo "$2" >&4
	if nested_wait $NESTED_COMMAND nested_said '^=rc [0-9]' $commands &&
	   tail -n 1 guest.out | grep -qx '=rc 0'; then
		pass "$1"
		return 0
	fi
	fail "$1" "$2
$(tail -n 20 guest.out)
$(tail -n 20 guest.log)"
	return 1
}

# nested_sums_of: what files there are, if the last command was nested_sums
nested_sums_of()
{
	awk '/^=/ { last = text; text = ""; next }
	     { text = text $0 "\n" }
	     END { printf "%s", last }' guest.out | sort -k 2
}

# nested_reboot: nested_boots has to follow
nested_reboot()
{
	echo "reboot -f" >&4
}

# nested_stop WHAT [PATTERN]: it shuts down, and QEMU has printed nothing, except
# lines that are expected: if the device refuses something, it goes on without, and
# says so there only
nested_stop()
{
	echo "poweroff -f" >&4
	exec 4>&-
	if ! nested_wait $NESTED_COMMAND nested_gone; then
		fail "$1 shuts down" "$(tail -n 30 guest.log)"
		kill -9 "$(cat guest.pid)"
	fi
	wait "$nested"
	check_equal "QEMU of $1 ends with status 0" 0 $?
	check_equal "QEMU of $1 prints nothing" "" \
		"$(grep -v "${2:-^\$}" guest.err)"
}
