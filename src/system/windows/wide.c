#include "wide.h"

#include <errno.h>
#include <stddef.h>
#include <stdlib.h>

wchar_t *
wide_new(const char *text)
{
	int length = MultiByteToWideChar(
	    CP_UTF8, MB_ERR_INVALID_CHARS, text, -1, NULL, 0);
	wchar_t *wide;

	if (length == 0) {
		errno = EILSEQ;
		return NULL;
	}
	wide = malloc((size_t)length * sizeof(*wide));
	if (wide != NULL)
		MultiByteToWideChar(CP_UTF8, 0, text, -1, wide, length);
	return wide;
}

char *
wide_to_utf8(const wchar_t *text)
{
	int length =
	    WideCharToMultiByte(CP_UTF8, 0, text, -1, NULL, 0, NULL, NULL);
	char *utf8 = malloc((size_t)length + 1);

	if (utf8 == NULL)
		return NULL;
	utf8[length] = '\0';
	WideCharToMultiByte(CP_UTF8, 0, text, -1, utf8, length, NULL, NULL);
	return utf8;
}

/* Not in every winerror.h. */
#define DISK_QUOTA_EXCEEDED 1295

static const struct {
	DWORD error;
	int number;
} numbers[] = {
	{ ERROR_FILE_NOT_FOUND, ENOENT },
	{ ERROR_PATH_NOT_FOUND, ENOENT },
	{ ERROR_INVALID_NAME, ENOENT },
	{ ERROR_BAD_PATHNAME, ENOENT },
	{ ERROR_BAD_NETPATH, ENOENT },
	{ ERROR_INVALID_DRIVE, ENOENT },
	{ ERROR_TOO_MANY_OPEN_FILES, EMFILE },
	{ ERROR_ACCESS_DENIED, EACCES },
	{ ERROR_SHARING_VIOLATION, EBUSY },
	{ ERROR_LOCK_VIOLATION, EAGAIN },
	{ ERROR_IO_PENDING, EAGAIN },
	{ ERROR_WRITE_PROTECT, EROFS },
	{ ERROR_INVALID_HANDLE, EBADF },
	{ ERROR_NOT_ENOUGH_MEMORY, ENOMEM },
	{ ERROR_OUTOFMEMORY, ENOMEM },
	{ ERROR_FILE_EXISTS, EEXIST },
	{ ERROR_ALREADY_EXISTS, EEXIST },
	{ ERROR_BROKEN_PIPE, EPIPE },
	{ ERROR_NO_DATA, EPIPE },
	{ ERROR_DISK_FULL, ENOSPC },
	{ ERROR_HANDLE_DISK_FULL, ENOSPC },
	{ DISK_QUOTA_EXCEEDED, ENOSPC },
	{ ERROR_FILE_TOO_LARGE, EFBIG },
	{ ERROR_FILENAME_EXCED_RANGE, ENAMETOOLONG },
	{ ERROR_DIRECTORY, ENOTDIR },
	{ ERROR_INVALID_PARAMETER, EINVAL },
	{ ERROR_NOT_SUPPORTED, ENOSYS },
	{ ERROR_NEGATIVE_SEEK, EINVAL },
	{ WSAEINTR, EINTR },
	{ WSAEACCES, EACCES },
	{ WSAEFAULT, EFAULT },
	{ WSAEINVAL, EINVAL },
	{ WSAEMFILE, EMFILE },
	{ WSAENOBUFS, ENOBUFS },
	{ WSAEWOULDBLOCK, EAGAIN },
	{ WSAEINPROGRESS, EINPROGRESS },
	{ WSAEALREADY, EALREADY },
	{ WSAENOTSOCK, ENOTSOCK },
	{ WSAEPROTONOSUPPORT, EPROTONOSUPPORT },
	{ WSAEAFNOSUPPORT, EAFNOSUPPORT },
	{ WSAEADDRINUSE, EADDRINUSE },
	{ WSAEADDRNOTAVAIL, EADDRNOTAVAIL },
	{ WSAENETDOWN, ENETDOWN },
	{ WSAENETUNREACH, ENETUNREACH },
	{ WSAENETRESET, ENETRESET },
	{ WSAECONNABORTED, ECONNABORTED },
	{ WSAECONNRESET, ECONNRESET },
	{ WSAEISCONN, EISCONN },
	{ WSAENOTCONN, ENOTCONN },
	{ WSAESHUTDOWN, EPIPE },
	{ WSAETIMEDOUT, ETIMEDOUT },
	{ WSAECONNREFUSED, ECONNREFUSED },
	{ WSAEHOSTUNREACH, EHOSTUNREACH },
};

int
windows_fail_with(DWORD error)
{
	errno = EIO;
	for (size_t i = 0; i < sizeof(numbers) / sizeof(*numbers); i++)
		if (numbers[i].error == error)
			errno = numbers[i].number;
	return -1;
}

int
windows_fail(void)
{
	return windows_fail_with(GetLastError());
}
