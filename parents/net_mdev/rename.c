// SPDX-License-Identifier: GPL-2.0-only
/*
 * net_mdev: giving the network interface another name.
 *
 * The kernel exports no function for that, so ask for it in the way in which programs
 * do, by rtnetlink, with the rights of the task that writes the attribute.
 */

#include <linux/err.h>
#include <linux/file.h>
#include <linux/net.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <linux/string.h>
#include <net/net_namespace.h>
#include <net/netlink.h>

#include "net_mdev.h"

/* What "ip link set dev OLD name NEW" sends */
struct net_mdev_rename_request {
	struct nlmsghdr nlh;
	struct ifinfomsg ifi;
	struct nlattr attr;
	char name[IFNAMSIZ];
};

struct net_mdev_rename_answer {
	struct nlmsghdr nlh;
	struct nlmsgerr err;
	/* there may be more, which is cut off */
};

static int net_mdev_rename_ask(struct socket *sock, int index, const char *name)
{
	struct net_mdev_rename_request request = {
		.nlh = {
			.nlmsg_len = sizeof(request),
			.nlmsg_type = RTM_SETLINK,
			.nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK,
		},
		.ifi.ifi_index = index,
		.attr = {
			.nla_len = NLA_HDRLEN + IFNAMSIZ,
			.nla_type = IFLA_IFNAME,
		},
	};
	struct net_mdev_rename_answer answer = {};
	struct sockaddr_nl to = { .nl_family = AF_NETLINK };
	struct msghdr msg = { .msg_name = &to, .msg_namelen = sizeof(to) };
	struct kvec vec = { &request, sizeof(request) };
	int ret;

	strscpy(request.name, name, sizeof(request.name));
	ret = kernel_sendmsg(sock, &msg, &vec, 1, sizeof(request));
	if (ret < 0)
		return ret;

	/* The request has been done, and its answer is there. */
	memset(&msg, 0, sizeof(msg));
	vec = (struct kvec){ &answer, sizeof(answer) };
	ret = kernel_recvmsg(sock, &msg, &vec, 1, sizeof(answer), MSG_DONTWAIT);
	if (ret < 0)
		return ret;
	if (ret < sizeof(answer) || answer.nlh.nlmsg_type != NLMSG_ERROR)
		return -EPROTO;
	return answer.err.error;
}

/* In the network namespace that the interface is in, which may not be the caller's */
static int net_mdev_rename_in(struct net *netns, int index, const char *name)
{
	struct socket *sock;
	struct file *file;
	int ret;

	ret = __sock_create(netns, PF_NETLINK, SOCK_RAW, NETLINK_ROUTE, &sock,
			    0);
	if (ret)
		return ret;
	/* The rights of whoever opened the socket are looked at in its file. */
	file = sock_alloc_file(sock, 0, NULL);
	if (IS_ERR(file))
		return PTR_ERR(file);
	ret = net_mdev_rename_ask(sock, index, name);
	fput(file);
	return ret;
}

/**
 * net_mdev_rename() - give the network interface another name
 * @nm: the instance
 * @name: the name; may have a %d for a number
 *
 * Context: process context; takes the rtnl.
 * Return: 0, or what the kernel has against it.
 */
int net_mdev_rename(struct net_mdev *nm, const char *name)
{
	struct net *netns;
	int index, ret;

	rtnl_lock();
	netns = maybe_get_net(dev_net(nm->dev));
	index = nm->dev->ifindex;
	rtnl_unlock();
	/* The interface is about to return to the first namespace. */
	if (!netns)
		return -EAGAIN;
	ret = net_mdev_rename_in(netns, index, name);
	put_net(netns);
	return ret;
}
