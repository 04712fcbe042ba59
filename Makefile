# SPDX-License-Identifier: GPL-2.0-only
#
# virtio-mdev, mediated devices with a virtio data path
#
#	make			build the modules for the running kernel
#	make KDIR=DIR		... for the kernel whose headers are in DIR
#	make O=DIR		... in DIR instead of in the source tree
#	make TEST_MODULES=y	... and those that only the tests want
#	make sparse		check with sparse, too
#	make tools		build virtio-mdev, the tool; wants libjson-c-dev
#	make tools-install	... and install it with its manual page, the completion of
#				bash and the callout of mdevctl
#	make clean		delete what was built
#	make install		install modules, headers, manual pages and udev rules
#	make dkms-install	give the source to DKMS, which builds and installs
#				the modules for each kernel that is installed;
#				headers, manual pages and udev rules, too
#	make dkms-remove	take all of that away
#
# DESTDIR and PREFIX (/usr/local) say where things are installed.  Variables of
# Kbuild (W=1, V=1, CC=) are handed on.

top	:= $(patsubst %/,%,$(dir $(abspath $(lastword $(MAKEFILE_LIST)))))
version	:= $(shell sed -n 's/^PACKAGE_VERSION="\(.*\)"$$/\1/p' $(top)/dkms.conf)
running	:= $(shell uname -r)
KDIR	?= /lib/modules/$(running)/build
PREFIX	?= /usr/local

out	:= $(abspath $(or $(O),$(top)))
# Kbuild would take O for the kernel's own build directory
MAKEOVERRIDES := $(filter-out O=%,$(MAKEOVERRIDES))
unexport O
kbuild	 = $(MAKE) -C $(KDIR) M=$(out) VIRTIO_MDEV_EXTRA="$(extra)"
extra	:= $(if $(filter y,$(TEST_MODULES)),$(patsubst $(top)/%/Kbuild,%,\
		$(wildcard $(top)/tests/modules/*/Kbuild)))

.PHONY: all modules clean help
all: modules

# --- what the kernel must have ---------------------------------------------

include $(top)/compat/require.mk

needs-kernel := all modules install modules_install sparse
ifneq ($(filter $(needs-kernel),$(or $(MAKECMDGOALS),all)),)
conf	:= $(KDIR)/include/config/auto.conf
release	:= $(shell sed -n 's/.*UTS_RELEASE "\(.*\)"/\1/p' \
	$(KDIR)/include/generated/utsrelease.h 2>/dev/null)
ifeq ($(wildcard $(conf)),)
$(error virtio-mdev: no kernel headers in $(KDIR): \
	$(shell $(top)/compat/advice.sh $(running)); or give KDIR=)
endif
missing := $(call compat-missing,\
	$(shell sed -n 's/^\(CONFIG_[A-Z0-9_]*\)=[ym]$$/\1/p' $(conf)))
ifneq ($(strip $(missing)),)
$(error virtio-mdev: the kernel of $(KDIR) lacks $(strip $(missing)): \
	$(shell $(top)/compat/advice.sh $(or $(release),unknown) $(missing)))
endif
endif

# --- build -----------------------------------------------------------------

ifeq ($(out),$(top))
sources	:=
else
sources	:= mirror
endif

modules: $(sources)
	+@$(kbuild) modules

# One Kbuild knows no build directory beside the sources on the kernels that we
# care for, so a build elsewhere is a tree of links.
.PHONY: mirror
mirror:
	@$(top)/compat/mirror.sh $(top) $(out) $(extra)

.PHONY: sparse
sparse: $(sources)
	+@$(kbuild) C=2 modules

clean:
ifeq ($(out),$(top))
	@find $(top) -path $(top)/.git -prune -o \( -name '*.o' -o -name '*.ko' \
		-o -name '*.mod' -o -name '*.mod.c' -o -name '.*.cmd' \
		-o -name '.*.d' -o -name 'modules.order' \
		-o -name 'Module.symvers' -o -name '*.o.ur-safe' \) \
		-type f -exec rm -f '{}' +
	@rm -rf $(top)/generated $(top)/.tmp_*
else
	@[ ! -e $(out) ] || [ -L $(out)/Kbuild ] || { echo \
		"virtio-mdev: $(out) is no build directory of ours"; exit 1; }
	@rm -rf $(out)
endif

# --- install ---------------------------------------------------------------

.PHONY: install modules_install files_install headers_install kit_install man_install \
	udev_install
install: modules_install files_install
# what is no module; "files" of the packages, too
files_install: headers_install kit_install man_install udev_install

# Kbuild runs no depmod if there is no System.map among the headers, but says so
modules_install: modules
	+@$(kbuild) modules_install INSTALL_MOD_PATH=$(DESTDIR) \
		INSTALL_MOD_DIR=updates/virtio-mdev cmd_depmod=:
	@depmod $(if $(DESTDIR),-b $(DESTDIR)) -a $(release)

# for programs
headers := $(DESTDIR)$(PREFIX)/include/linux
headers_install:
	install -D -m 644 -t $(headers) $(top)/uapi/linux/*.h

# for parent drivers that are built elsewhere, the VIRTIO_MDEV of their Makefile;
# dkms.conf has the version
kit	:= $(DESTDIR)$(PREFIX)/share/virtio-mdev
kit_install:
	@rm -rf $(kit)
	@mkdir -p $(kit)
	@cd $(top) && cp -p dkms.conf $(kit)/
	@cd $(top) && find include uapi compat -type f \( -name '*.[ch]' \
		-o -name '*.mk' -o -name probe.sh \) ! -name '.*' \
		-exec cp --parents -p '{}' $(kit)/ ';'
	@chmod -R u=rwX,go=rX $(kit)

man	:= $(DESTDIR)$(PREFIX)/share/man
man_install:
	install -D -m 644 -t $(man)/man4 $(top)/docs/man/*.4

# udevd looks there, too, and notices by itself
rules	:= $(DESTDIR)$(PREFIX)/lib/udev/rules.d
udev_install:
	install -D -m 644 -t $(rules) $(top)/udev/*.rules

# --- the tool --------------------------------------------------------------

tools_out := $(out)/generated/tools
tools_make = $(MAKE) -C $(top)/tools/virtio-mdev O=$(tools_out) PREFIX=$(PREFIX) \
	DESTDIR=$(DESTDIR)

.PHONY: tools tools-install
tools:
	+@$(tools_make)

tools-install:
	+@$(tools_make) install

# --- DKMS ------------------------------------------------------------------

dkms-source := $(DESTDIR)/usr/src/virtio-mdev-$(version)
dkms-folders := compat include uapi mdev_core mdev_vfio virtio_mdev vhost_mdev vfio_mdev \
	mdev_soft_net samples parents

.PHONY: dkms-install dkms-remove dkms-source dkms-needed
dkms-install: dkms-remove dkms-source files_install
	@$(top)/compat/dkms-install.sh virtio-mdev $(version)

# Nothing but sources, whatever has been built in this tree
dkms-source:
	@rm -rf $(dkms-source)
	@mkdir -p $(dkms-source)
	@cd $(top) && cp -p Makefile Kbuild dkms.conf LICENSE $(dkms-source)/
	@cd $(top) && find $(dkms-folders) -type f \( -name '*.[ch]' \
		-o -name Kbuild -o -name Makefile -o -name '*.mk' \
		-o -name '*.sh' \) ! -name '*.mod.c' ! -name '.*' \
		-exec cp --parents -p '{}' $(dkms-source)/ ';'
	@chmod -R u=rwX,go=rX $(dkms-source)

# Debian's package has its files in the same places
dkms-needed:
	@command -v dkms >/dev/null || { echo \
		"virtio-mdev: dkms is missing: apt-get install dkms"; exit 1; }
	@[ ! -e /var/lib/dpkg/info/virtio-mdev-dkms.prerm ] || { echo \
		"virtio-mdev: the package is installed: apt-get remove virtio-mdev-dkms"; \
		exit 1; }

# of whatever version, so that none is left beside the new one
dkms-remove: dkms-needed
	@for dir in /var/lib/dkms/virtio-mdev/[0-9]*; do \
		[ ! -d $$dir ] || \
			dkms remove -m virtio-mdev -v $${dir##*/} --all || exit; \
	done
	@rm -rf $(DESTDIR)/usr/src/virtio-mdev-[0-9]* $(kit)
	@rm -f $(patsubst $(top)/udev/%,$(rules)/%,$(wildcard $(top)/udev/*.rules)) \
		$(patsubst $(top)/uapi/linux/%,$(headers)/%,$(wildcard $(top)/uapi/linux/*.h)) \
		$(patsubst $(top)/docs/man/%,$(man)/man4/%,$(wildcard $(top)/docs/man/*.4))
	@for dir in $(headers) $(man)/man4 $(rules) $(dir $(rules)); do \
		[ ! -d $$dir ] || rmdir --ignore-fail-on-non-empty $$dir; \
	done

# --- tests and the demonstration -------------------------------------------

# not part of the source that DKMS has
-include $(top)/tests/tests.mk

help:
	@sed -n 's/^#	//p' $(top)/Makefile $(wildcard $(top)/tests/tests.mk)
