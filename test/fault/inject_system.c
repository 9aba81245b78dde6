/*
 * System calls. accept4, recv and send are wrapped in our code, which makes
 * them for OpenSSL, too; the others stand here under their own names, so that
 * libevent finds them before libc's.
 */
#include <errno.h>
#include <stdarg.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include "inject.h"

#define IOV_MAX_SHORT 16 /* pieces of a vector that was shortened */

int __real_accept4(int fd, struct sockaddr *from, socklen_t *length, int flags);
int __wrap_accept4(int fd, struct sockaddr *from, socklen_t *length, int flags);

int
__wrap_accept4(int fd, struct sockaddr *from, socklen_t *length, int flags)
{
	static const int errors[] = { EMFILE, ENFILE, ENOMEM, ENOBUFS, EINTR,
		ECONNABORTED, EAGAIN, EPROTO };
	unsigned variant;

	if (!inject_now(INJECT_ACCEPT, &variant))
		return __real_accept4(fd, from, length, flags);
	errno = errors[variant];
	return -1;
}

/* The first pieces of vector, together no more than half of it, and one byte
 * at the least. Returns how many. */
static int
shorten(
    const struct iovec *vector, int n, bool one_byte, struct iovec *shortened)
{
	size_t total = 0;
	size_t most;
	int i;

	for (i = 0; i < n; i++)
		total += vector[i].iov_len;
	most = one_byte || total < 2 ? 1 : total / 2;
	for (i = 0; i < n && i < IOV_MAX_SHORT && most > 0; i++) {
		shortened[i] = vector[i];
		if (shortened[i].iov_len > most)
			shortened[i].iov_len = most;
		most -= shortened[i].iov_len;
	}
	return i;
}

/* Whoever reads, the server itself or libevent, the same can happen. */
static ssize_t
read_vector(int fd, const struct iovec *vector, int n)
{
	static const int errors[] = { ECONNRESET, EINTR, EAGAIN };
	struct iovec shortened[IOV_MAX_SHORT];
	unsigned variant;

	if (inject_now(INJECT_READ, &variant)) {
		if (variant < 3) {
			errno = errors[variant];
			return -1;
		}
		if (variant == 3)
			return 0;
		n = shorten(vector, n, variant == 4, shortened);
		vector = shortened;
	}
	return syscall(SYS_readv, fd, vector, n);
}

static ssize_t
write_vector(int fd, const struct iovec *vector, int n)
{
	static const int errors[] = { EPIPE, EINTR, EAGAIN, ENOBUFS };
	struct iovec shortened[IOV_MAX_SHORT];
	unsigned variant;

	if (inject_now(INJECT_WRITE, &variant)) {
		if (variant < 4) {
			errno = errors[variant];
			return -1;
		}
		n = shorten(vector, n, variant == 4, shortened);
		vector = shortened;
	}
	return syscall(SYS_writev, fd, vector, n);
}

ssize_t
readv(int fd, const struct iovec *vector, int n)
{
	return read_vector(fd, vector, n);
}

ssize_t
writev(int fd, const struct iovec *vector, int n)
{
	return write_vector(fd, vector, n);
}

ssize_t __wrap_recv(int fd, void *bytes, size_t length, int flags);
ssize_t __wrap_send(int fd, const void *bytes, size_t length, int flags);

ssize_t
__wrap_recv(int fd, void *bytes, size_t length, int flags)
{
	(void)flags;
	return read_vector(fd, &(struct iovec){ bytes, length }, 1);
}

/* SIGPIPE is ignored, and so MSG_NOSIGNAL is not missed. */
ssize_t
__wrap_send(int fd, const void *bytes, size_t length, int flags)
{
	union {
		const void *from;
		void *base;
	} piece = { .from = bytes };

	(void)flags;
	return write_vector(fd, &(struct iovec){ piece.base, length }, 1);
}

/* Of a datagram. Others than errors are fewer bytes, or none. */
ssize_t
recvmsg(int fd, struct msghdr *message, int flags)
{
	static const int errors[] = { ENOMEM, EINTR, EAGAIN };
	unsigned variant;
	ssize_t n;

	if (!inject_now(INJECT_READ, &variant))
		return syscall(SYS_recvmsg, fd, message, flags);
	if (variant < 3) {
		errno = errors[variant];
		return -1;
	}
	n = syscall(SYS_recvmsg, fd, message, flags);
	if (n <= 0)
		return n;
	return variant == 3 ? 0 : variant == 4 ? 1 : n / 2;
}

/* All of a datagram, or nothing. */
ssize_t
sendmsg(int fd, const struct msghdr *message, int flags)
{
	static const int errors[] = { EPERM, EINTR, EAGAIN, ENOBUFS, EACCES,
		EMSGSIZE };
	unsigned variant;

	if (!inject_now(INJECT_WRITE, &variant))
		return syscall(SYS_sendmsg, fd, message, flags);
	errno = errors[variant];
	return -1;
}

/* Libevent asks for FIONREAD only; how much there is may be wrong, too. */
int
ioctl(int fd, unsigned long request, ...)
{
	unsigned variant;
	va_list args;
	void *argument;

	va_start(args, request);
	argument = va_arg(args, void *);
	va_end(args);
	if (request == FIONREAD && inject_now(INJECT_IOCTL, &variant)) {
		if (variant == 0) {
			errno = EINVAL;
			return -1;
		}
		*(int *)argument = 1;
		return 0;
	}
	return (int)syscall(SYS_ioctl, fd, request, argument);
}

int
epoll_ctl(int epoll, int operation, int fd, struct epoll_event *event)
{
	unsigned variant;

	if (operation != EPOLL_CTL_DEL && inject_now(INJECT_EPOLL, &variant)) {
		errno = ENOMEM;
		return -1;
	}
	return (int)syscall(SYS_epoll_ctl, epoll, operation, fd, event);
}

int
epoll_wait(int epoll, struct epoll_event *events, int most, int timeout)
{
	unsigned variant;

	if (inject_now(INJECT_WAIT, &variant)) {
		errno = EINTR;
		return -1;
	}
	return (int)syscall(
	    SYS_epoll_pwait, epoll, events, most, timeout, NULL, 8);
}
