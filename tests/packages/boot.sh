# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# Boot a root file system of Debian with systemd in a guest; sourced by host.

# boot_modules RELEASE DIR: copy what the guest needs to reach its root into DIR, in the
# order in which it is loaded
boot_modules()
{
	local module file count=100
	for module in virtio_pci 9pnet_virtio 9p overlay; do
		modprobe -d /mnt -S "$1" --show-depends "$module"
	done | sed -n 's/^insmod \([^ ]*\).*/\1/p' | awk '!seen[$0]++' |
		while read -r file; do
			count=$((count + 1))
			case $file in
			*.xz)	xz -dc "$file" >"$2/$count.ko" ;;
			*)	cp "$file" "$2/$count.ko" ;;
			esac
		done
}

# boot_initramfs RELEASE DIR: make DIR/initrd
boot_initramfs()
{
	local from=$2/initramfs
	rm -rf "$from"
	mkdir -p "$from"/{bin,proc,dev,sys,modules,share,over,root}
	cp /bin/busybox "$from/bin/"
	boot_modules "$1" "$from/modules"
	cat >"$from/init" <<'END'
#!/bin/busybox sh
b=/bin/busybox
$b mount -t devtmpfs dev /dev
$b mount -t proc proc /proc
for m in /modules/*.ko; do
	$b insmod $m
done
$b mount -t 9p -o trans=virtio,version=9p2000.L,ro,msize=512000,cache=loose root /share
$b mount -t tmpfs over /over
$b mkdir /over/upper /over/work
$b mount -t overlay overlay -o lowerdir=/share,upperdir=/over/upper,workdir=/over/work /root
$b umount /proc /dev
exec $b switch_root /root /lib/systemd/systemd
END
	chmod +x "$from/init"
	(cd "$from" && find . | cpio -o -H newc 2>/dev/null) >"$2/initrd"
}

# boot WHERE TREE DIR: boot /mnt with its kernel, and print the lines of checks that
# guest.sh says there.  The console goes to DIR/console.
boot()
{
	local dir=$3 image release line khz clock="" over=
	image=$(printf '%s\n' /mnt/boot/vmlinuz-* | head -n 1)
	release=${image#*vmlinuz-}
	boot_initramfs "$release" "$dir"

	mkdir -p /mnt/srv/tests
	cp "$2/debian/tests/instances" "$2/tests/packages/guest.sh" "$2/tests/report.sh" \
		/mnt/srv/tests/
	sed '/^#/d; /^$/d' "$2/tests/guest/splats.regex" >/mnt/srv/tests/splats.regex
	echo mvnet >/mnt/etc/modules-load.d/virtio-mdev.conf
	echo "options mvnet mtu=1400" >/mnt/etc/modprobe.d/virtio-mdev.conf
	cat >/mnt/etc/systemd/system/virtio-mdev-test.service <<END
[Unit]
Description=The tests of virtio-mdev
After=systemd-modules-load.service systemd-udevd.service

[Service]
Type=oneshot
TimeoutStartSec=infinity
ExecStart=/bin/sh /srv/tests/guest.sh $1
StandardOutput=file:/dev/ttyS1
StandardError=journal+console
ExecStopPost=/bin/systemctl --force --force poweroff

[Install]
WantedBy=multi-user.target
END
	chroot /mnt systemctl -q enable virtio-mdev-test.service
	# what mdevctl's rule looks for, see docs/mdevctl.md
	ln -s ../bin/mdevctl /mnt/usr/sbin/mdevctl
	# nothing of the guest's is done twice
	chroot /mnt systemctl -q mask getty@tty1.service serial-getty@ttyS0.service \
		apt-daily.timer apt-daily-upgrade.timer man-db.timer dpkg-db-backup.timer

	# a busy host makes an emulated clock uneven
	! khz=$(tsc_khz "$dir") || clock=tsc_early_khz=$khz
	umount -R /mnt/proc /mnt/dev /mnt/tmp
	while IFS= read -r line; do
		line=${line%$'\r'}
		case $line in
		=over)	over=1 ;;
		*)	echo "$line" ;;
		esac
	done < <(timeout -k 5 1800 qemu-system-x86_64 -accel "$("$2/tests/vm/accel")" \
		-cpu max,la57=off -M q35 -smp 2 -m 2048 -nodefaults -display none -no-reboot \
		-serial "file:$dir/console" -serial stdio \
		-fsdev local,id=root,path=/mnt,security_model=none,readonly=on,multidevs=remap \
		-device virtio-9p-pci,fsdev=root,mount_tag=root \
		-kernel "$image" -initrd "$dir/initrd" -append "console=ttyS0 panic=-1 \
			oops=panic mitigations=off tsc=reliable no_timer_check \
			random.trust_cpu=on systemd.show_status=no $clock" 2>"$dir/qemu.log" </dev/null)
	mount -t proc proc /mnt/proc
	mount --rbind /dev /mnt/dev
	mount -t tmpfs tmpfs /mnt/tmp
	chroot /mnt systemctl -q disable virtio-mdev-test.service
	chroot /mnt systemctl -q unmask getty@tty1.service serial-getty@ttyS0.service \
		apt-daily.timer apt-daily-upgrade.timer man-db.timer dpkg-db-backup.timer
	rm -f /mnt/etc/systemd/system/virtio-mdev-test.service \
		/mnt/etc/modules-load.d/virtio-mdev.conf /mnt/usr/sbin/mdevctl \
		/mnt/etc/modprobe.d/virtio-mdev.conf
	[ -n "$over" ]
}
