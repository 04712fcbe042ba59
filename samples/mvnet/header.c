// SPDX-License-Identifier: GPL-2.0-only
/*
 * mvnet: the header of a frame, which says what its receiver has to do.
 */

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
