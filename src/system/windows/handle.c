#include "handle.h"

#include <errno.h>
#include <fcntl.h>
#include <io.h>
#include <stdint.h>
#include <stdlib.h>

#include "wide.h"

HANDLE
handle_open(const char *path, DWORD access, DWORD how, DWORD flags)
{
	wchar_t *wide = wide_new(path);
	HANDLE file;

	if (wide == NULL)
		return INVALID_HANDLE_VALUE;
	file = CreateFileW(wide, access,
	    FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE, NULL, how,
	    flags, NULL);
	if (file == INVALID_HANDLE_VALUE)
		windows_fail();
	free(wide);
	return file;
}

int
handle_descriptor(HANDLE file)
{
	int fd;

	if (file == INVALID_HANDLE_VALUE)
		return -1;
	fd = _open_osfhandle((intptr_t)file, _O_BINARY | _O_NOINHERIT);
	if (fd < 0)
		CloseHandle(file);
	return fd;
}

HANDLE
handle_of(int fd)
{
	return (HANDLE)_get_osfhandle(fd);
}
