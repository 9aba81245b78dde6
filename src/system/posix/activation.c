#include "system/activation.h"

#include <fcntl.h>
#include <limits.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/number.h"
#include "base/printable.h"

static int
fail_variable(const char *name, const char *expected, char *error)
{
	char shown[PRINTABLE_SIZE];

	snprintf(error, ACTIVATION_ERROR_MAX, "%s: \"%s\": expected %s", name,
	    printable(getenv(name), shown), expected);
	return -1;
}

/* Whether the variables are for this process, as they may be inherited: 1 or 0,
 * or -1 with error. */
static int
is_for_us(char *error)
{
	const char *text = getenv("LISTEN_PID");
	uint64_t pid;

	if (text == NULL || getenv("LISTEN_FDS") == NULL)
		return 0;
	if (number_parse(text, 1, INT_MAX, &pid) != 0)
		return fail_variable("LISTEN_PID", "a process ID", error);
	return (pid_t)pid == getpid();
}

/* The number of sockets, or -1 with error. */
static int
count_passed(int most, char *error)
{
	int for_us = is_for_us(error);
	uint64_t count;
	char expected[64];

	if (for_us <= 0)
		return for_us;
	if (number_parse(getenv("LISTEN_FDS"), 0, (uint64_t)most, &count) == 0)
		return (int)count;
	snprintf(expected, sizeof(expected), "a number of sockets from 0 to %d",
	    most);
	return fail_variable("LISTEN_FDS", expected, error);
}

/* The name of the i-th socket, printable. Colons separate the names. */
static const char *
name_of(int i, char *out)
{
	const char *name = getenv("LISTEN_FDNAMES");

	for (; name != NULL && i > 0; i--) {
		name = strchr(name, ':');
		if (name != NULL)
			name++;
	}
	printable(name == NULL ? "" : name, out);
	out[strcspn(out, ":")] = '\0';
	return out[0] != '\0' ? out : "unnamed";
}

static bool
socket_is(int fd, int option, int expected)
{
	int value;
	socklen_t length = sizeof(value);

	return getsockopt(fd, SOL_SOCKET, option, &value, &length) == 0 &&
	    value == expected;
}

/* Why a descriptor is not a listening TCP socket, or one of this machine; or
 * NULL. */
static const char *
fault_of(int fd)
{
	int type;
	socklen_t length = sizeof(type);

	if (fcntl(fd, F_GETFD) < 0)
		return "not open";
	if (getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &length) != 0)
		return "not a socket";
	if (!socket_is(fd, SO_DOMAIN, AF_UNIX) &&
	    !socket_is(fd, SO_DOMAIN, AF_INET) &&
	    !socket_is(fd, SO_DOMAIN, AF_INET6))
		return "neither IPv4 nor IPv6, nor of this machine";
	if (type != SOCK_STREAM ||
	    (!socket_is(fd, SO_DOMAIN, AF_UNIX) &&
		!socket_is(fd, SO_PROTOCOL, IPPROTO_TCP)))
		return "not TCP";
	if (!socket_is(fd, SO_ACCEPTCONN, 1))
		return "not listening";
	return NULL;
}

/* Take the i-th socket. Returns 0, or -1 with error. */
static int
take(int i, char *error)
{
	int fd = ACTIVATION_FIRST_FD + i;
	const char *fault = fault_of(fd);
	char name[PRINTABLE_SIZE];

	if (fault == NULL) {
		fcntl(fd, F_SETFD, FD_CLOEXEC);
		return 0;
	}
	snprintf(error, ACTIVATION_ERROR_MAX,
	    "LISTEN_FDS: descriptor %d (%s): %s: expected a listening TCP "
	    "socket, as of a socket unit with ListenStream=PORT and Accept=no",
	    fd, name_of(i, name), fault);
	return -1;
}

int
activation_take(int most, const char *name, uint32_t *named, char *error)
{
	int count = count_passed(most, error);
	char own[PRINTABLE_SIZE];

	*named = 0;
	for (int i = 0; i < count; i++)
		if (take(i, error) != 0)
			count = -1;
		else if (strcmp(name_of(i, own), name) == 0)
			*named |= UINT32_C(1) << i;
	unsetenv("LISTEN_PID");
	unsetenv("LISTEN_FDS");
	unsetenv("LISTEN_FDNAMES");
	return count;
}
