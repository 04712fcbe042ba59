// SPDX-License-Identifier: GPL-2.0-only
/*
 * mvnet: the content of a frame and its header.
 */

#include <linux/etherdevice.h>
#include <net/checksum.h>

#include "mvnet.h"

static u16 mvnet_get16(__virtio16 val)
{
	return le16_to_cpu((__force __le16)val);
}

static bool mvnet_gso_valid(const struct mvnet *net,
			    const struct virtio_net_hdr_v1 *hdr)
{
	unsigned int feature;

	switch (hdr->gso_type & ~VIRTIO_NET_HDR_GSO_ECN) {
	case VIRTIO_NET_HDR_GSO_NONE:
		return hdr->gso_type == VIRTIO_NET_HDR_GSO_NONE;
	case VIRTIO_NET_HDR_GSO_TCPV4:
		feature = VIRTIO_NET_F_HOST_TSO4;
		break;
	case VIRTIO_NET_HDR_GSO_TCPV6:
		feature = VIRTIO_NET_F_HOST_TSO6;
		break;
	default:
		return false;
	}
	/* HOST_TSO means that there is GUEST_TSO, too: mvnet_check_features() */
	if (!mvnet_has(net, feature))
		return false;
	if (hdr->gso_type & VIRTIO_NET_HDR_GSO_ECN &&
	    !mvnet_has(net, VIRTIO_NET_F_HOST_ECN))
		return false;
	return hdr->flags & VIRTIO_NET_HDR_F_NEEDS_CSUM && hdr->gso_size;
}

/**
 * mvnet_hdr_valid() - whether a transmitted frame may be received as it is
 * @net: the instance
 * @hdr: its header; what the receiver must not see is cleared
 * @len: length of the frame
 *
 * Return: false if the header asks for what was not negotiated, or refers to bytes
 * beyond the end of the frame.
 */
bool mvnet_hdr_valid(const struct mvnet *net,
		     struct virtio_net_hdr_v1 *hdr, u32 len)
{
	u32 start, offset;

	if (!mvnet_gso_valid(net, hdr))
		return false;
	if (hdr->gso_type == VIRTIO_NET_HDR_GSO_NONE) {
		hdr->gso_size = 0;
		hdr->hdr_len = 0;
	}

	hdr->flags &= VIRTIO_NET_HDR_F_NEEDS_CSUM;
	if (!hdr->flags) {
		hdr->csum_start = 0;
		hdr->csum_offset = 0;
		return true;
	}
	start = mvnet_get16(hdr->csum_start);
	offset = mvnet_get16(hdr->csum_offset);
	return mvnet_has(net, VIRTIO_NET_F_CSUM) &&
	       start + offset + sizeof(__sum16) <= len;
}

/**
 * mvnet_complete_csum() - complete the checksum, as the header asks for
 * @hdr: header that mvnet_hdr_valid() has found good, with NEEDS_CSUM
 * @frame: the frame
 * @len: its length
 */
void mvnet_complete_csum(struct virtio_net_hdr_v1 *hdr, void *frame, u32 len)
{
	u32 start = mvnet_get16(hdr->csum_start);
	u32 offset = mvnet_get16(hdr->csum_offset);
	__sum16 sum;

	/* The field holds the pseudo header's part, which is summed up too. */
	sum = csum_fold(csum_partial(frame + start, len - start, 0));
	/*
	 * UDP takes a checksum of 0 to mean that there is none: use the other
	 * zero.
	 */
	if (!sum)
		sum = CSUM_MANGLED_0;
	memcpy(frame + start + offset, &sum, sizeof(sum));

	hdr->flags = 0;
	hdr->csum_start = 0;
	hdr->csum_offset = 0;
}

static bool mvnet_macs_match(const struct mvnet_macs *macs, const u8 *addr)
{
	/* May change under us, but mvnet_accepts() will notice and retry. */
	unsigned int nr = min_t(unsigned int, READ_ONCE(macs->nr),
				MVNET_MAX_MACS);
	unsigned int i;

	if (macs->overflow)
		return true;
	for (i = 0; i < nr; i++) {
		if (ether_addr_equal(macs->addr[i], addr))
			return true;
	}
	return false;
}

static bool mvnet_filter_match(const struct mvnet *net, const u8 *dest)
{
	const struct mvnet_filter *f = &net->filter;

	if (f->promisc)
		return true;
	if (is_broadcast_ether_addr(dest))
		return !f->nobcast;
	if (is_multicast_ether_addr(dest))
		return !f->nomulti &&
		       (f->allmulti || mvnet_macs_match(&f->multi, dest));
	return !f->nouni &&
	       (f->alluni || ether_addr_equal(dest, net->mac) ||
		mvnet_macs_match(&f->uni, dest));
}

/**
 * mvnet_accepts() - the receive filter
 * @net: the instance
 * @dest: destination of a frame
 *
 * Context: any.
 * Return: whether the frame is for this device.
 */
bool mvnet_accepts(struct mvnet *net, const u8 *dest)
{
	unsigned int seq;
	bool match;

	do {
		seq = read_seqbegin(&net->state_lock);
		match = mvnet_filter_match(net, dest);
	} while (read_seqretry(&net->state_lock, seq));
	return match;
}
