#include "system/file.h"

#include "api.h"

#include <errno.h>
#include <io.h>

#include "handle.h"
#include "wide.h"

/* A lock of Windows keeps others from the bytes: so it is on one that no file
 * has. */
#define LOCKED_AT_HIGH 0x7fffffff

int
file_open(const char *path, enum file_use use)
{
	return handle_descriptor(handle_open(path,
	    use == FILE_TO_READ ? GENERIC_READ : GENERIC_WRITE, OPEN_EXISTING,
	    0));
}

int
file_create(const char *path)
{
	return handle_descriptor(
	    handle_open(path, GENERIC_READ | GENERIC_WRITE, CREATE_NEW, 0));
}

int
file_open_locked(const char *path, enum file_lock lock)
{
	bool exclusive = lock == FILE_LOCK_EXCLUSIVE;
	OVERLAPPED at = { .OffsetHigh = LOCKED_AT_HIGH };
	HANDLE file = handle_open(path,
	    exclusive ? GENERIC_READ | GENERIC_WRITE : GENERIC_READ,
	    exclusive ? OPEN_ALWAYS : OPEN_EXISTING, 0);

	if (file == INVALID_HANDLE_VALUE)
		return -1;
	if (LockFileEx(file,
		LOCKFILE_FAIL_IMMEDIATELY |
		    (exclusive ? LOCKFILE_EXCLUSIVE_LOCK : 0),
		0, 1, 0, &at))
		return handle_descriptor(file);
	windows_fail();
	CloseHandle(file);
	return -1;
}

void
file_close(int fd)
{
	_close(fd);
}

FILE *
file_stream(const char *path)
{
	int fd = file_open(path, FILE_TO_READ);
	FILE *stream = fd < 0 ? NULL : _fdopen(fd, "rb");

	if (fd >= 0 && stream == NULL)
		_close(fd);
	return stream;
}

int
file_is_regular(int fd)
{
	return GetFileType(handle_of(fd)) == FILE_TYPE_DISK;
}

int64_t
file_size(int fd)
{
	LARGE_INTEGER size;

	return GetFileSizeEx(handle_of(fd), &size) ? size.QuadPart :
						     windows_fail();
}

static OVERLAPPED
place(int64_t at)
{
	return (OVERLAPPED){
		.Offset = (DWORD)at,
		.OffsetHigh = (DWORD)(at >> 32),
	};
}

ssize_t
file_read_at(int fd, void *bytes, size_t size, int64_t at)
{
	OVERLAPPED where = place(at);
	DWORD n;

	if (ReadFile(handle_of(fd), bytes, (DWORD)size, &n, &where))
		return (ssize_t)n;
	return GetLastError() == ERROR_HANDLE_EOF ? 0 : windows_fail();
}

ssize_t
file_write_at(int fd, const void *bytes, size_t size, int64_t at)
{
	OVERLAPPED where = place(at);
	DWORD n;

	if (WriteFile(handle_of(fd), bytes, (DWORD)size, &n, &where))
		return (ssize_t)n;
	return windows_fail();
}

int
file_truncate(int fd, int64_t size)
{
	FILE_END_OF_FILE_INFO end = { .EndOfFile.QuadPart = size };

	return SetFileInformationByHandle(
		   handle_of(fd), FileEndOfFileInfo, &end, sizeof(end)) ?
	    0 :
	    windows_fail();
}

/* FlushFileBuffers flushes the disk's own cache, too. */
int
file_sync(int fd)
{
	return FlushFileBuffers(handle_of(fd)) ? 0 : windows_fail();
}

int
file_sync_data(int fd)
{
	return file_sync(fd);
}

bool
file_is_full(int error)
{
	return error == ENOSPC || error == EFBIG;
}
