#include "bound.h"

#include <errno.h>
#include <unistd.h>

int
bound_set_option(int fd, int level, int option, int value)
{
	return setsockopt(fd, level, option, &value, sizeof(value));
}

int
bound_new(int type, const struct sockaddr_storage *where, socklen_t length,
    bool both_families, bound_bind_fn bind)
{
	int fd =
	    socket(where->ss_family, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	int error;

	if (fd < 0)
		return -1;
	if ((where->ss_family != AF_INET6 ||
		bound_set_option(
		    fd, IPPROTO_IPV6, IPV6_V6ONLY, !both_families) == 0) &&
	    bind(fd, where, length) == 0)
		return fd;
	error = errno;
	close(fd);
	errno = error;
	return -1;
}
