// SPDX-License-Identifier: GPL-2.0-only
/*
 * The power of a slot of the PCI bus, by the Slot Control register of its port:
 *
 *	slotctl PORT off	whether the slot has no power, as exit status
 *	slotctl PORT yank	have QEMU take the function away at once
 *
 * QEMU takes a function out of a slot that loses its power while the indicator is
 * off.  So "yank" switches both off, and then back to what Linux had them at: it
 * finds the function gone and learns of it by the event only.  The interrupt for
 * the event is held back until the register is as it was, so that Linux does not
 * look at the slot in between.
 */

#include <endian.h>
#include <err.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <linux/pci_regs.h>

#define SLOT_OFF	(PCI_EXP_SLTCTL_PCC | PCI_EXP_SLTCTL_PIC)

static const char *port;
static int config;

static uint8_t read_byte(off_t at)
{
	uint8_t value;

	if (pread(config, &value, 1, at) != 1)
		err(2, "%s: cannot read its configuration space", port);
	return value;
}

static uint16_t read_word(off_t at)
{
	uint16_t value;

	if (pread(config, &value, 2, at) != 2)
		err(2, "%s: cannot read its configuration space", port);
	return le16toh(value);
}

static void write_word(off_t at, uint16_t value)
{
	value = htole16(value);
	if (pwrite(config, &value, 2, at) != 2)
		err(2, "%s: cannot write to its configuration space", port);
}

/* Where the port's Slot Control is.  A hostile list of capabilities ends, too. */
static off_t slot_control(void)
{
	uint8_t at = read_byte(PCI_CAPABILITY_LIST) & ~3;
	int left = 48;

	for (; at && left; left--) {
		if (read_byte(at + PCI_CAP_LIST_ID) == PCI_CAP_ID_EXP)
			return at + PCI_EXP_SLTCTL;
		at = read_byte(at + PCI_CAP_LIST_NEXT) & ~3;
	}
	errx(2, "%s: not a PCI Express port", port);
}

int main(int argc, char **argv)
{
	char path[128];
	uint16_t was;
	bool yank;
	off_t at;

	if (argc != 3 || (strcmp(argv[2], "off") && strcmp(argv[2], "yank")))
		errx(2, "usage: slotctl PORT off|yank");
	port = argv[1];
	yank = !strcmp(argv[2], "yank");

	snprintf(path, sizeof(path), "/sys/bus/pci/devices/%s/config", port);
	config = open(path, yank ? O_RDWR : O_RDONLY);
	if (config < 0)
		err(2, "%s", path);
	at = slot_control();
	was = read_word(at);
	if (!yank)
		return was & PCI_EXP_SLTCTL_PCC ? 0 : 1;

	write_word(at, (was & ~PCI_EXP_SLTCTL_HPIE) | SLOT_OFF);
	write_word(at, was);
	return 0;
}
