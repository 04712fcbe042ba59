// SPDX-License-Identifier: GPL-2.0-only
/*
 * Software network devices: the header of a frame, which says what its receiver has to do.
 */

#include <linux/module.h>
#include <net/checksum.h>

#include "soft_net.h"

static u16 soft_net_get16(__virtio16 val)
{
	return le16_to_cpu((__force __le16)val);
}

static bool soft_net_gso_valid(const struct mdev_soft_net *net,
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
	case VIRTIO_NET_HDR_GSO_UDP_L4:
		feature = VIRTIO_NET_F_HOST_USO;
		/* There is no congestion notification without a congestion window. */
		if (hdr->gso_type & VIRTIO_NET_HDR_GSO_ECN)
			return false;
		break;
	default:
		return false;
	}
	if (!mdev_soft_net_has(net, feature))
		return false;
	if (hdr->gso_type & VIRTIO_NET_HDR_GSO_ECN &&
	    !mdev_soft_net_has(net, VIRTIO_NET_F_HOST_ECN))
		return false;
	return hdr->flags & VIRTIO_NET_HDR_F_NEEDS_CSUM && hdr->gso_size;
}

/**
 * mdev_soft_net_gso_fits() - whether the driver can receive a frame to be segmented
 * @net: the device
 * @gso_type: of the frame's header, known to be valid
 *
 * Context: any.
 * Return: false if the driver has not negotiated that, or has switched it off.
 */
bool mdev_soft_net_gso_fits(const struct mdev_soft_net *net, u8 gso_type)
{
	if (gso_type & VIRTIO_NET_HDR_GSO_ECN &&
	    !mdev_soft_net_offload(net, VIRTIO_NET_F_GUEST_ECN))
		return false;

	switch (gso_type & ~VIRTIO_NET_HDR_GSO_ECN) {
	case VIRTIO_NET_HDR_GSO_NONE:
		return true;
	case VIRTIO_NET_HDR_GSO_TCPV4:
		return mdev_soft_net_offload(net, VIRTIO_NET_F_GUEST_TSO4);
	case VIRTIO_NET_HDR_GSO_TCPV6:
		return mdev_soft_net_offload(net, VIRTIO_NET_F_GUEST_TSO6);
	case VIRTIO_NET_HDR_GSO_UDP_L4:
		/* The type does not say of which of the two it is. */
		return mdev_soft_net_offload(net, VIRTIO_NET_F_GUEST_USO4) &&
		       mdev_soft_net_offload(net, VIRTIO_NET_F_GUEST_USO6);
	default:
		return false;
	}
}
EXPORT_SYMBOL_GPL(mdev_soft_net_gso_fits);

/**
 * mdev_soft_net_hdr_valid() - whether a transmitted frame may be received as it is
 * @net: the instance
 * @hdr: its header; what the receiver must not see is cleared
 * @len: length of the frame
 *
 * Return: false if the header asks for what was not negotiated, or refers to bytes
 * beyond the end of the frame.
 */
bool mdev_soft_net_hdr_valid(const struct mdev_soft_net *net,
			     struct virtio_net_hdr_v1 *hdr, u32 len)
{
	u32 start, offset;

	if (!soft_net_gso_valid(net, hdr))
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
	start = soft_net_get16(hdr->csum_start);
	offset = soft_net_get16(hdr->csum_offset);
	return mdev_soft_net_has(net, VIRTIO_NET_F_CSUM) &&
	       start + offset + sizeof(__sum16) <= len;
}
EXPORT_SYMBOL_GPL(mdev_soft_net_hdr_valid);

/**
 * mdev_soft_net_complete_csum() - complete the checksum, as the header asks for
 * @hdr: header that mdev_soft_net_hdr_valid() has found good, with NEEDS_CSUM
 * @frame: the frame
 * @len: its length
 */
void mdev_soft_net_complete_csum(struct virtio_net_hdr_v1 *hdr, void *frame, u32 len)
{
	u32 start = soft_net_get16(hdr->csum_start);
	u32 offset = soft_net_get16(hdr->csum_offset);
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
EXPORT_SYMBOL_GPL(mdev_soft_net_complete_csum);
