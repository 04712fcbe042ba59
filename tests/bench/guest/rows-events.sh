# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=dash disable=SC2034
#
# Not of the table unless asked for: how often the kernel does what is dear, per
# packet.  Kprobes count it.

TRACING=/sys/kernel/tracing
EVENTS="iotlb_translate kthread_queue_work kthread_use_mm try_to_wake_up
	eventfd_signal_mask vring_interrupt __napi_schedule dma_map_page_attrs
	mdev_vfio_lookup mdev_direct_lookup"

# count METRIC COUNT COMMAND...
count()
{
	_event=$1
	_per=$2
	shift 2
	echo >$TRACING/kprobe_events
	for _f in $EVENTS; do
		# those that there are
		echo "p:$_f $_f" 2>/dev/null >>$TRACING/kprobe_events
	done
	echo 1 >$TRACING/events/kprobes/enable
	"$@" >/dev/null
	echo 0 >$TRACING/events/kprobes/enable
	awk -v metric="$_event" -v count="$_per" '{
		printf "RES|events|%s.%s|per-packet|%.3f\n",
			metric, $1, $2 / count
	}' $TRACING/kprobe_profile
	echo >$TRACING/kprobe_events
}

count_rings()
{
	_r=$1
	count "$_r.flood64" 8000 run_ringbench "$_r" flood64 8000 flood
	count "$_r.pingpong" 2000 run_ringbench "$_r" pingpong 2000 pingpong
}

count_netdev()
{
	_r=$1
	count "$_r.burst32" 8000 pgbench -d "$DEV" -x "$DEV" -m "$2" \
		-n 8000 -B 32 -D 4000000
	count "$_r.burst1" 4000 pgbench -d "$DEV" -x "$DEV" -m "$2" \
		-n 4000 -D 400000
}

setup_events()
{
	[ -e $TRACING/kprobe_events ] || mount -t tracefs tracefs $TRACING
}

run_events()
{
	setup_virtio_vdpa && count_netdev virtio_vdpa "$MAC"
	teardown_virtio_vdpa
	setup_mvnet_virtio && count_netdev mvnet_virtio \
		"$(cat "/sys/class/net/$DEV/address")"
	teardown_mvnet_virtio
	setup_vhost_vdpa && count_rings vhost_vdpa
	teardown_vhost_vdpa
	setup_vhost_net && count_rings vhost_net
	teardown_vhost_net
	setup_mvnet_vfio && count_rings mvnet_vfio
	teardown_mvnet_vfio
	setup_mvnet_chardev && count_rings mvnet_chardev
	teardown_mvnet_chardev
}

teardown_events()
{
	:
}
