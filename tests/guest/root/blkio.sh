#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# shellcheck disable=SC2086,SC2154,SC3045
#
# The commands of docs/libblkio.md, for the device $node.
set -ex
ulimit -l unlimited

cat /tests/root/blkio-hello.c >blkio-hello.c
gcc -o blkio-hello blkio-hello.c -lblkio
./blkio-hello $node

for name in info copy bench; do
	gcc -pthread -o blkio-$name \
		/usr/share/doc/libblkio-dev/examples/blkio-$name.c -lblkio
done
driver=virtio-blk-vhost-vdpa
./blkio-info $driver path=$node capacity max-queues max-queue-size
head -c 32M /dev/urandom >image
./blkio-copy --input-file=image --output-blkio=$driver path=$node
touch copy
./blkio-copy --input-blkio=$driver path=$node --output-file=copy
cmp -n 32M image copy
./blkio-bench --num-threads=2 --iodepth=32 --readwrite=randread \
	--runtime=5 $driver path=$node
