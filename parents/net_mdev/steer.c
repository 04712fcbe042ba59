// SPDX-License-Identifier: GPL-2.0-only
/*
 * net_mdev: which pair a frame goes to.
 *
 * A driver that spreads its flows over pairs, and its pairs over CPUs, wants the frames
 * that it receives of a flow on the pair on which it sends that flow (virtio 1.2, section
 * 5.1.6.5.5).  So that is remembered.  Each entry of the table is one word that holds part
 * of the flow's hash and the pair, so it needs no lock.  Flows that collide take the entry
 * from each other, and go by their hash meanwhile.
 */

#include <linux/etherdevice.h>
#include <linux/jhash.h>
#include <linux/kernel.h>
#include <linux/skbuff.h>

#include "net_mdev.h"

/* The part of an entry that is the pair, and one more so that 0 is no entry */
#define NET_MDEV_FLOW_PAIR	0xff

static u32 *net_mdev_flow(struct net_mdev *nm, u32 hash)
{
	return &nm->flows[hash % NET_MDEV_FLOWS];
}

/* What is not in it is in the index. */
static u32 net_mdev_flow_tag(u32 hash)
{
	return hash & ~NET_MDEV_FLOW_PAIR;
}

/* The same for both directions of a flow; @eth is the header of the frame. */
static u32 net_mdev_flow_hash(struct sk_buff *skb, const struct ethhdr *eth)
{
	u64 both;

	if (skb->protocol == htons(ETH_P_IP) ||
	    skb->protocol == htons(ETH_P_IPV6))
		return __skb_get_hash_symmetric(skb);
	/* Of others only the two stations are known, which flow_dissector ignores. */
	both = ether_addr_to_u64(eth->h_source) ^
	       ether_addr_to_u64(eth->h_dest);
	return jhash_3words(lower_32_bits(both), upper_32_bits(both),
			    (__force u32)skb->protocol, 0);
}

/**
 * net_mdev_steer_learn() - the driver has sent a frame
 * @pair: the pair that it was sent on
 * @skb: the frame, after eth_type_trans()
 *
 * Context: the user of the pair's transmit queue.
 */
void net_mdev_steer_learn(struct net_mdev_pair *pair, struct sk_buff *skb)
{
	u32 hash, entry, *flow;

	if (READ_ONCE(pair->nm->dev->real_num_tx_queues) == 1)
		return;
	skb_reset_network_header(skb);
	hash = net_mdev_flow_hash(skb, eth_hdr(skb));
	if (!hash)
		return;
	flow = net_mdev_flow(pair->nm, hash);
	entry = net_mdev_flow_tag(hash) | (pair->index + 1);
	/* It rarely changes, and others read it. */
	if (READ_ONCE(*flow) != entry)
		WRITE_ONCE(*flow, entry);
}

/**
 * net_mdev_steer_forget() - the driver was reset
 * @nm: the instance
 */
void net_mdev_steer_forget(struct net_mdev *nm)
{
	unsigned int i;

	for (i = 0; i < NET_MDEV_FLOWS; i++)
		WRITE_ONCE(nm->flows[i], 0);
}

/**
 * net_mdev_select_queue() - &net_device_ops.ndo_select_queue
 * @dev: the network device
 * @skb: a frame for the driver
 * @sb_dev: a device on top, which has no queues of its own here
 *
 * Return: the queue, which is that of a pair.
 */
u16 net_mdev_select_queue(struct net_device *dev, struct sk_buff *skb,
			  struct net_device *sb_dev)
{
	struct net_mdev *nm = dev_to_net_mdev(dev);
	u32 nr = READ_ONCE(dev->real_num_tx_queues);
	u32 hash, entry, index;

	/* What a BPF program has redirected, any pair does for that. */
	if (unlikely(skb_headlen(skb) < ETH_HLEN))
		return 0;
	/* Packet sockets that pass the qdisc by do not always set skb->mac_header. */
	hash = net_mdev_flow_hash(skb, (const struct ethhdr *)skb->data);
	entry = READ_ONCE(*net_mdev_flow(nm, hash));
	index = (entry & NET_MDEV_FLOW_PAIR) - 1;
	if (hash && net_mdev_flow_tag(entry) == net_mdev_flow_tag(hash) &&
	    index < nr)
		return index;
	return reciprocal_scale(hash, nr);
}
