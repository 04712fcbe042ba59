#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=dash
# slow: debug
# kernels: 6.1
# timeout: 300
#
# Class VFIO: states of migration, pages that were written, and devices that move from
# one instance to another under their drivers.
. /tests/lib.sh
. /tests/lib-vhost.sh
. /tests/lib-vfio.sh
. /tests/lib-blk.sh
. /tests/lib-migrate.sh
. /tests/lib-trace.sh

# moved EVENT UUID WHAT: the trace has it, without an error
moved()
{
	grep -q "$1: $2 $3 error 0" events
}

vfio_up
check_equal "the state of a new instance" running \
	"$(cat "$(instance "$UUID")/migration_state")"
check_equal "a new instance does not copy data" 0 \
	"$(cat "$(instance "$UUID")/copy_mode")"
check "the instance of eight pairs can be removed" remove_mdev "$UUID"

migrate_pair net1
check "each state can be reached from each other one as VFIO has it" \
	user_pci mig-states
check_equal "pages pinned after that" 0 "$(pinned_pages)"
if trace_has vfio_mdev; then
	check "migration can be traced" put 1 $TRACE/events/vfio_mdev/enable
	check "frames, filters and vectors move, split rings" \
		traced vfio_mdev migrate net
	check "the trace has that the source leaves running" \
		moved vfio_mdev_arc "$UUID" "running -> .*"
	check "the trace has that the source saves its state" \
		moved vfio_mdev_save "$UUID" "[1-9][0-9]* bytes"
	check "the trace has that the source reaches stop_copy" \
		moved vfio_mdev_arc "$UUID" ".* -> stop_copy"
	check "the trace has that the destination waits for a state" \
		moved vfio_mdev_arc "$OTHER" "stop -> resuming"
	check "the trace has that the destination loads the state" \
		moved vfio_mdev_load "$OTHER" "[1-9][0-9]* bytes"
	check "the trace has that the destination runs" \
		moved vfio_mdev_arc "$OTHER" "running_p2p -> running"
else
	skip "migration can be traced" "this kernel has no tracepoints"
	check "frames, filters and vectors move, split rings" migrate net
fi
check "frames, filters and vectors move, packed rings" migrate net --packed
if [ "$KERNEL" = 6.1 ]; then
	skip "pages that are written, by the container" "Linux 6.1 has no pre-copy"
else
	check "pages that are written, by the container, split rings" \
		user_pci mig-dirty
	check "pages that are written, by the container, packed rings" \
		user_pci mig-dirty --packed
fi
# 2: this kernel has no log
migrate log >/tmp/log.out 2>&1
rc=$?
case $KERNEL in
6.1|iommufd)	want=0 ;;
*)		want=2 ;;
esac
check_equal "the log of DMA is there with iommufd and on 6.1 alone" $want $rc
[ $rc = $want ] || cat /tmp/log.out
if [ $want = 0 ]; then
	check "pages that are written, by the device's log" migrate log
	check "pages that are written, by the device's log, packed rings" \
		migrate log --packed
fi
note "$(user_pci mig-bench --count 500 2>&1)"
migrate_unpair

migrate_pair net8
check "two queue pairs and the control queue move, kicked by eventfds" \
	by ioeventfd migrate net --pairs 2 --count 3
check "two queue pairs and the control queue move, packed rings" \
	migrate net --pairs 2 --packed --seed 2 --count 3
migrate_unpair

modprobe mvrng
UUID=$(new_uuid) OTHER=$(new_uuid)
create mvrng0-vfio '*-rng' "$UUID"
create mvrng0-vfio '*-rng' "$OTHER"
check "an entropy device moves" migrate rng
check "the entropy device can be removed" remove_mdev "$OTHER"
OTHER=$(new_uuid)
create_net1 vfio "$OTHER"
check "a network device refuses the state of an entropy device" migrate foreign
migrate_unpair

modprobe mvblk
random_file /tmp/disk 16
migrate_disks /tmp/disk
check "a disk moves, split rings" migrate blk
check "a disk moves, packed rings" migrate blk --packed
migrate_unpair
UUID=$(new_uuid)
create_blk vfio ram64m "$UUID"
check_log "the log says why a disk in RAM cannot migrate" \
	"the instance cannot be migrated: its disk is in the memory of this host"
check "a disk in RAM has no feature of migration" user_pci mig-blocked
check_not "a disk in RAM has no state of migration" \
	[ -e "$(instance "$UUID")/migration_state" ]
vhost_down
