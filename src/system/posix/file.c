#include "system/file.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

/* Nothing of these waits for a peer, or takes a terminal over. */
#define OPEN_FLAGS (O_CLOEXEC | O_NONBLOCK | O_NOCTTY)

static int
close_failed(int fd)
{
	int error = errno;

	close(fd);
	errno = error;
	return -1;
}

int
file_open(const char *path, enum file_use use)
{
	return open(
	    path, (use == FILE_TO_READ ? O_RDONLY : O_WRONLY) | OPEN_FLAGS);
}

int
file_create(const char *path)
{
	return open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
}

int
file_open_locked(const char *path, enum file_lock lock)
{
	bool exclusive = lock == FILE_LOCK_EXCLUSIVE;
	int flags = exclusive ? O_RDWR | O_CREAT : O_RDONLY;
	int fd = open(path, flags | OPEN_FLAGS, 0666);

	if (fd < 0 || flock(fd, LOCK_NB | (exclusive ? LOCK_EX : LOCK_SH)) == 0)
		return fd;
	return close_failed(fd);
}

void
file_close(int fd)
{
	close(fd);
}

FILE *
file_stream(const char *path)
{
	return fopen(path, "re");
}

int
file_is_regular(int fd)
{
	struct stat st;

	if (fstat(fd, &st) != 0)
		return -1;
	return S_ISREG(st.st_mode);
}

int64_t
file_size(int fd)
{
	struct stat st;

	return fstat(fd, &st) == 0 ? st.st_size : -1;
}

ssize_t
file_read_at(int fd, void *bytes, size_t size, int64_t at)
{
	return pread(fd, bytes, size, at);
}

ssize_t
file_write_at(int fd, const void *bytes, size_t size, int64_t at)
{
	ssize_t written;

	do
		written = pwrite(fd, bytes, size, at);
	while (written < 0 && errno == EINTR);
	return written;
}

int
file_truncate(int fd, int64_t size)
{
	return ftruncate(fd, size);
}

int
file_sync_data(int fd)
{
	return fdatasync(fd);
}

int
file_sync(int fd)
{
	return fsync(fd);
}

bool
file_is_full(int error)
{
	return error == ENOSPC || error == EDQUOT || error == EFBIG;
}
