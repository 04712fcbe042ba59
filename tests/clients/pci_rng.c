// SPDX-License-Identifier: GPL-2.0-only
/* user-pci rng: an entropy device, the least that there is. */
#include <linux/virtio_ids.h>
#include <string.h>

#include "user_pci.h"

#define NUM	8
#define BYTES	64

static void ask(struct vm_vq *vq, struct vm_mem *m, __u8 *buf)
{
	struct vm_sg in = { .iova = vm_iova(m, buf), .len = BYTES };
	__u32 len;

	must(vm_vq_add(vq, &in, 0, 1, 1));
	vm_vq_kick(vq);
	while (!vm_vq_has_used(vq))
		pci_check(vm_eventfd_wait(vq->call, 20000), "no answer");
	pci_check(vm_vq_get(vq, &len) == 1 && len == BYTES, "%u bytes", len);
}

int pci_rng(const struct pci_opts *o)
{
	const __u64 want = BIT64(VIRTIO_F_VERSION_1) |
			   BIT64(VIRTIO_F_ACCESS_PLATFORM);
	static const __u8 zero[BYTES];
	struct pci_user u;
	struct vm_vq vq = { 0 };
	struct vm_mem m;
	__u8 *one, *two;

	pci_open(&u, o);
	pci_check(vm_pci_config_get(&u.d, PCI_DEVICE_ID, 2) ==
		  0x1040 + VIRTIO_ID_RNG, "it is no entropy device");
	pci_check(!u.d.pci.cap[VIRTIO_PCI_CAP_DEVICE_CFG].at,
		  "it has a configuration structure");
	must(vm_mem_new(&u.c, &m, vm_vq_bytes(NUM, false) + 2 * VM_PAGE));
	one = vm_alloc(&m, BYTES, 64);
	two = vm_alloc(&m, BYTES, 64);
	must(vm_negotiate(&u.d, want));
	must(vm_vq_init(&vq, &m, 0, NUM, u.d.features));
	must(vm_vq_start(&u.d, &vq, 0));
	must(vm_add_status(&u.d, VIRTIO_CONFIG_S_DRIVER_OK));
	ask(&vq, &m, one);
	ask(&vq, &m, two);
	pci_check(memcmp(one, zero, BYTES) && memcmp(two, zero, BYTES) &&
		  memcmp(one, two, BYTES), "the bytes are not random");
	pass("twice %u bytes, which differ", BYTES);
	must(vm_set_status(&u.d, 0));
	vm_vq_free(&vq);
	vm_mem_free(&m);
	pci_close(&u);
	return 0;
}
