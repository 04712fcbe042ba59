# SPDX-License-Identifier: GPL-2.0-only
#
#	make demo		see it work, in a guest
#	make check		all tests but these:
#	make check-debug	... in guests with a debug kernel
#	make check-7.2		... in guests with Linux 7.2 and 7.3
#	make check-clients	QEMU, DPDK, libblkio on the char device
#	make check-vfio		class VFIO, with an unmodified QEMU and with libvirt
#	make check-migrate	live migration, with an unmodified QEMU
#	make check-hardware	virtio functions on the PCI bus, emulated by QEMU
#				behind an IOMMU
#	make check-net		net_mdev: bridges, Open vSwitch, guests, DPDK at its other end
#	make check-blk		mvblk's disks on devices that fail, hang, vanish or lose
#				power
#	make deb		build the Debian packages for Debian 12 and 13, and
#				say where they are; DEB= has options, see packaging/deb
#	make rpm		build those of rpm; RPM= has options, see packaging/rpm
#	make qemu		build a QEMU that takes VFIO devices of ours, and
#				say where it is; QEMU= has options, see qemu/build
#	make check-qemu		... and test it
#	make check-parent MODULE=...	what any parent driver has to do, on one of yours,
#				see tests/parent
#	make qemu-deb		build Debian 13's packages of QEMU with the same series, and
#				say where they are; QEMU_DEB= has options, see qemu/deb
#	make check-deb		the packages, in clean Debian roots and booted guests
#	make check SETS="..."	several of these at once: check, debug, 7.2, clients,
#				vfio, migrate, hardware, net, blk, qemu; with QUICK=1 a script runs only on
#				kernels where what it tests differs
#	make fuzz		fuzz the virtqueue library, for FUZZ_SECONDS (3600)
#	make coverage		print which lines of the modules the scripts of guests
#				with Linux 6.12 run; COVERAGE= has options, see
#				tests/cover/run
#	make bench		measure it beside what does the same job, in a
#				guest; BENCH= has options, see tests/bench/run
#	make hooks		have git look at what is committed here, see
#				CONTRIBUTING.md
#
# They install what is missing (as root), and keep what they download and build
# in $VIRTIO_MDEV_CACHE, ~/.cache/virtio-mdev by default.

SETS ?= check
export QUICK

demo:
	@$(top)/tests/vm/demo

check:
	@$(top)/tests/check $(SETS)

check-debug:
	@$(top)/tests/check debug

check-7.2:
	@$(top)/tests/check 7.2

check-clients:
	@$(top)/tests/check clients

check-vfio:
	@$(top)/tests/check vfio

check-migrate:
	@$(top)/tests/check migrate

check-hardware:
	@$(top)/tests/check hardware

check-net:
	@$(top)/tests/check net

check-blk:
	@$(top)/tests/check blk

check-parent: export MODULE := $(MODULE)
check-parent: export KERNEL := $(KERNEL)
check-parent: export TYPES := $(TYPES)
check-parent: export PARAMETERS := $(PARAMETERS)
check-parent: export ATTRIBUTES := $(ATTRIBUTES)
check-parent: export CHAINS := $(CHAINS)
check-parent:
	@$(top)/tests/parent

check-deb:
	@$(top)/tests/packages/run $(SUITES)

deb:
	@$(top)/packaging/deb $(DEB)

rpm:
	@$(top)/packaging/rpm $(RPM)

qemu:
	@$(top)/qemu/build $(QEMU)

qemu-deb:
	@$(top)/qemu/deb $(QEMU_DEB)

check-qemu:
	@$(top)/tests/check qemu

fuzz:
	@$(top)/tests/fuzz/run

bench:
	@$(top)/tests/bench/run $(BENCH)

coverage:
	@$(top)/tests/cover/run $(COVERAGE)

hooks:
	@$(top)/tools/install-hooks

.PHONY: deb rpm check-deb demo fuzz bench coverage qemu qemu-deb hooks check check-debug check-7.2 check-clients \
	check-vfio check-migrate check-hardware check-net check-blk check-parent \
	check-qemu
