#include "system/datagram.h"

#include <errno.h>
#include <string.h>

#include "bound.h"

/* Room for what the system tells of the local end: of IPv4, of IPv6, or both.
 */
union control {
	struct cmsghdr aligned;
	char bytes[CMSG_SPACE(sizeof(struct in_pktinfo)) +
	    CMSG_SPACE(sizeof(struct in6_pktinfo))];
};

/* Ask to be told the local end of each datagram. A socket of IPv6 that receives
 * IPv4, too, is told by both. Returns 0, or -1 with errno set. */
static int
ask_for_ends(int fd, int family)
{
	if (family == AF_INET6 &&
	    bound_set_option(fd, IPPROTO_IPV6, IPV6_RECVPKTINFO, 1) != 0)
		return -1;
	if (bound_set_option(fd, IPPROTO_IP, IP_PKTINFO, 1) != 0)
		return family == AF_INET ? -1 : 0;
	return 0;
}

static int
bind_and_ask(int fd, const struct sockaddr_storage *where, socklen_t length)
{
	if (ask_for_ends(fd, where->ss_family) != 0)
		return -1;
	return bind(fd, (const struct sockaddr *)where, length);
}

evutil_socket_t
datagram_bind(
    const struct sockaddr_storage *where, socklen_t length, bool both_families)
{
	return bound_new(
	    SOCK_DGRAM, where, length, both_families, bind_and_ask);
}

/* The address in the header is another one than ours when it is not that of one
 * machine. */
static void
take_ipv4(const struct in_pktinfo *info, struct datagram_ends *ends)
{
	const struct sockaddr_in local = {
		.sin_family = AF_INET,
		.sin_addr = info->ipi_spec_dst,
	};

	memcpy(&ends->local, &local, sizeof(local));
	ends->to_many = info->ipi_addr.s_addr != info->ipi_spec_dst.s_addr;
}

/* IPv4 has been told otherwise. A link-local address is one of an interface. */
static void
take_ipv6(const struct in6_pktinfo *info, struct datagram_ends *ends)
{
	struct sockaddr_in6 local = {
		.sin6_family = AF_INET6,
		.sin6_addr = info->ipi6_addr,
	};

	if (IN6_IS_ADDR_V4MAPPED(&info->ipi6_addr))
		return;
	if (IN6_IS_ADDR_LINKLOCAL(&info->ipi6_addr))
		local.sin6_scope_id = info->ipi6_ifindex;
	memcpy(&ends->local, &local, sizeof(local));
	ends->to_many = IN6_IS_ADDR_MULTICAST(&info->ipi6_addr);
}

static void
take_control(struct msghdr *message, struct datagram_ends *ends)
{
	struct in6_pktinfo ipv6;
	struct in_pktinfo ipv4;

	for (struct cmsghdr *c = CMSG_FIRSTHDR(message); c != NULL;
	     c = CMSG_NXTHDR(message, c)) {
		if (c->cmsg_level == IPPROTO_IP && c->cmsg_type == IP_PKTINFO) {
			memcpy(&ipv4, CMSG_DATA(c), sizeof(ipv4));
			take_ipv4(&ipv4, ends);
		} else if (c->cmsg_level == IPPROTO_IPV6 &&
		    c->cmsg_type == IPV6_PKTINFO) {
			memcpy(&ipv6, CMSG_DATA(c), sizeof(ipv6));
			take_ipv6(&ipv6, ends);
		}
	}
}

ssize_t
datagram_receive(
    evutil_socket_t s, void *bytes, size_t room, struct datagram_ends *ends)
{
	struct iovec data = { .iov_base = bytes, .iov_len = room };
	union control control;
	struct msghdr message = {
		.msg_name = &ends->peer,
		.msg_namelen = sizeof(ends->peer),
		.msg_iov = &data,
		.msg_iovlen = 1,
		.msg_control = &control,
		.msg_controllen = sizeof(control),
	};
	ssize_t length;

	ends->peer.ss_family = ends->local.ss_family = 0;
	ends->to_many = false;
	length = recvmsg(s, &message, 0);
	if (length >= 0)
		take_control(&message, ends);
	return length;
}

static void
put_control(struct msghdr *message, int level, int type, const void *info,
    size_t length)
{
	struct cmsghdr *c = message->msg_control;

	c->cmsg_level = level;
	c->cmsg_type = type;
	c->cmsg_len = CMSG_LEN(length);
	memcpy(CMSG_DATA(c), info, length);
	message->msg_controllen = CMSG_SPACE(length);
}

/* From which address the message is sent; from any, if none is known. */
static void
put_local(struct msghdr *message, const struct sockaddr_storage *local)
{
	const struct sockaddr_in6 *ipv6 = (const void *)local;
	const struct sockaddr_in *ipv4 = (const void *)local;

	if (local->ss_family == AF_INET) {
		const struct in_pktinfo from = { .ipi_spec_dst =
						     ipv4->sin_addr };

		put_control(
		    message, IPPROTO_IP, IP_PKTINFO, &from, sizeof(from));
	} else if (local->ss_family == AF_INET6) {
		const struct in6_pktinfo from = { ipv6->sin6_addr,
			ipv6->sin6_scope_id };

		put_control(
		    message, IPPROTO_IPV6, IPV6_PKTINFO, &from, sizeof(from));
	} else {
		message->msg_control = NULL;
	}
}

int
datagram_send(evutil_socket_t s, const void *bytes, size_t length,
    const struct datagram_ends *ends)
{
	struct datagram_ends to = *ends; /* which sendmsg does not change */
	union {
		const void *from;
		void *base;
	} piece = { .from = bytes }; /* sendmsg only reads it */
	struct iovec data = { .iov_base = piece.base, .iov_len = length };
	union control control = { 0 };
	struct msghdr message = {
		.msg_name = &to.peer,
		.msg_namelen = ends->peer.ss_family == AF_INET ?
		    sizeof(struct sockaddr_in) :
		    sizeof(struct sockaddr_in6),
		.msg_iov = &data,
		.msg_iovlen = 1,
		.msg_control = &control,
	};

	put_local(&message, &ends->local);
	return sendmsg(s, &message, MSG_NOSIGNAL) < 0 ? -1 : 0;
}
