# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# Boot a guest; sourced by run, demo and shell.

# qemu_guest ACCEL KERNEL DIR CONSOLE CMDLINE...
#
# Boot DIR/kernel/bzImage with DIR/initrd.  Becomes QEMU, so it is for a
# subshell.  The console goes to the file CONSOLE, and the guest's second serial
# line is stdin and stdout; with CONSOLE "-" the console is.  The guest may end
# it by writing to port 0x501.
#
# GUEST_MEMORY is its memory in MiB, at least; GUEST_SHARES a list of TAG=DIR
# that it may mount by 9p, read-only.
qemu_guest()
{
	local accel=$1 kernel=$2 dir=$3 console=$4
	shift 4
	# an emulated page walk is slow enough with four levels
	local cpu=max,la57=off memory=1024 accel_arg=tcg,thread=multi
	local serial=(-serial "file:$console" -serial stdio)
	local shares=() share

	[ "$accel" != kvm ] || { cpu=host; accel_arg=kvm; }
	# KASAN takes an eighth, and more
	[ "$kernel" != debug ] || memory=2048
	[ "${GUEST_MEMORY:-0}" -le $memory ] || memory=$GUEST_MEMORY
	[ "$console" != - ] || serial=(-serial mon:stdio)
	for share in ${GUEST_SHARES:-}; do
		shares+=(-virtfs "local,path=${share#*=},mount_tag=${share%%=*},security_model=none,readonly=on")
	done
	# shellcheck disable=SC2086 # QEMU_EXTRA is a list
	exec qemu-system-x86_64 -accel "$accel_arg" -cpu $cpu -M q35 -smp 2 \
		-m $memory -nodefaults -display none -no-reboot \
		"${serial[@]}" "${shares[@]}" -kernel "$dir/kernel/bzImage" \
		-initrd "$dir/initrd" \
		-device isa-debug-exit,iobase=0x501,iosize=2 ${QEMU_EXTRA:-} \
		-append "console=ttyS0 loglevel=7 log_buf_len=8M panic=-1 \
oops=panic panic_on_warn=1 softlockup_panic=1 watchdog_thresh=30 \
rcupdate.rcu_cpu_stall_timeout=60 mitigations=off tsc=reliable \
no_timer_check random.trust_cpu=on kernel=$kernel ${CMDLINE_EXTRA:-} $*"
}

# the programs without which there is no guest
GUEST_NEEDS="qemu-system-x86_64:qemu-system-x86 /bin/busybox:busybox-static
	cpio:cpio ip:iproute2 tc:iproute2 vdpa:iproute2 ethtool:ethtool depmod:kmod
	gcc:gcc gcc-12:gcc-12 make:make xz:xz-utils
	/usr/lib/*/libc.a:libc6-dev"
