# SPDX-License-Identifier: GPL-2.0-only
#
# How the virtqueue library, and what reads state streams, build in userspace, for
# all that tests them there.
# Wants $(top); gives
#	lib		the sources, in mdev_core/
#	unit_only	those that only the unit tests have: virtqueues do not use
#			them, so that no fuzzer has them
#	lib_headers	what they depend on
#	lib_flags	how to compile them and their users
#	streams		what reads and writes state streams, in the tree
#	models		driver memory and drivers, in tests/unit/
#	unit_tests	the tests themselves, with their main()

unit		:= $(top)/tests/unit
lib		:= $(notdir $(wildcard $(top)/mdev_core/vq*.c)) mem.c
unit_only	:= mem_hold.c
streams		:= mdev_core/state.c vfio_mdev/saved.c mdev_soft_net/saved.c \
			samples/mvblk/saved.c
models		:= $(notdir $(wildcard $(unit)/*model.c))
unit_tests	:= $(filter-out $(models),$(notdir $(wildcard $(unit)/*.c)))
lib_headers	:= $(wildcard $(top)/tests/report.h $(unit)/*.h $(unit)/include/*.h \
			$(unit)/include/*/*.h $(top)/include/linux/*.h \
			$(top)/mdev_core/vq*.h)
lib_flags	:= -std=gnu11 -Wall -Wextra -Wno-unused-parameter \
		   -Wno-sign-compare -fno-strict-aliasing -pthread \
		   -DUNIT_STREAMS='"$(abspath $(top)/tests/guest/streams)"' \
		   -I$(unit)/include -I$(top)/include -I$(top)/mdev_core
