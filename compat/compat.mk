# SPDX-License-Identifier: GPL-2.0-only
#
# For a Kbuild file that compiles against many kernels.  Sets
#
#	compat-config	a generated header that says what this kernel has;
#			everything that is compiled has to depend on it
#	compat-cflags	flags with which compat/compat.h is there in every file, and
#			VIRTIO_MDEV_VERSION, a string
#
# The header is written to $(compat-generated), if the includer has set that,
# else to the folder "generated" beside the includer.

compat-dir := $(patsubst %/,%,$(dir $(abspath $(lastword $(MAKEFILE_LIST)))))
ifndef compat-generated
compat-generated := $(patsubst %/,%,$(dir $(abspath \
	$(lastword $(filter-out %/compat.mk,$(MAKEFILE_LIST))))))/generated
endif

include $(compat-dir)/require.mk

# The Makefile has said so already, unless somebody came here without it
ifneq ($(strip $(foreach c,$(compat-require),$(if $($(c)),,$(c)))),)
ifneq ($(KBUILD_EXTMOD),)
$(error virtio-mdev: this kernel lacks $(strip \
	$(foreach c,$(compat-require),$(if $($(c)),,$(c)))))
endif
endif

compat-config := $(compat-generated)/compat_config.h
# Of the sources, to which this folder may be a link
compat-version := $(shell sed -n 's/^PACKAGE_VERSION="\(.*\)"$$/\1/p' \
	$(dir $(realpath $(compat-dir)))dkms.conf)
compat-cflags := -I$(compat-dir) -I$(compat-dir)/fallback -I$(compat-generated) \
	-include compat/compat.h -DVIRTIO_MDEV_VERSION=\"$(compat-version)\"

# The probes are compiled with the very flags of the kernel's modules
$(compat-config): FORCE
	$(Q)OBJTREE=$(objtree) $(CONFIG_SHELL) $(compat-dir)/probe.sh $@ $(CC) \
		$(filter-out -Wp$(comma)-M%,$(c_flags)) $(KBUILD_CFLAGS_MODULE) \
		$(CFLAGS_MODULE)
