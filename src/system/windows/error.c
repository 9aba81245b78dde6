#include "system/error.h"

#include <errno.h>
#include <stddef.h>
#include <string.h>

#include "wide.h"

/* Those of which the C library knows the number only. */
static const struct {
	int error;
	const char *text;
} texts[] = {
	{ EADDRINUSE, "Address already in use" },
	{ EADDRNOTAVAIL, "Cannot assign requested address" },
	{ EAFNOSUPPORT, "Address family not supported by protocol" },
	{ EALREADY, "Operation already in progress" },
	{ ECONNABORTED, "Software caused connection abort" },
	{ ECONNREFUSED, "Connection refused" },
	{ ECONNRESET, "Connection reset by peer" },
	{ EHOSTUNREACH, "No route to host" },
	{ EINPROGRESS, "Operation now in progress" },
	{ EISCONN, "Transport endpoint is already connected" },
	{ ENETDOWN, "Network is down" },
	{ ENETRESET, "Network dropped connection on reset" },
	{ ENETUNREACH, "Network is unreachable" },
	{ ENOBUFS, "No buffer space available" },
	{ ENOTCONN, "Transport endpoint is not connected" },
	{ ENOTSOCK, "Socket operation on non-socket" },
	{ EPROTONOSUPPORT, "Protocol not supported" },
	{ ETIMEDOUT, "Connection timed out" },
};

const char *
error_text(int error)
{
	for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++)
		if (texts[i].error == error)
			return texts[i].text;
	return strerror(error);
}

int
error_of_system(int code)
{
	if (code == 0)
		return 0;
	windows_fail_with((DWORD)code);
	return errno;
}
