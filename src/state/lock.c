#include "state/lock.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "base/bytes.h"
#include "base/crc32c.h"
#include "state/files.h"

#define MARK_SIZE 16
#define MAGIC     "MBSM"

int
lock_take(const char *state_path, enum lock_kind kind)
{
	char path[FILES_PATH_MAX];
	int flags = kind == LOCK_TO_WRITE ? O_RDWR | O_CREAT : O_RDONLY;
	int fd, error;

	fd = open(files_beside(state_path, "-lock", path),
	    flags | O_CLOEXEC | O_NONBLOCK | O_NOCTTY, 0666);
	if (fd < 0)
		return -1;
	if (flock(fd, LOCK_NB | (kind == LOCK_TO_WRITE ? LOCK_EX : LOCK_SH)) ==
	    0)
		return fd;
	error = errno;
	close(fd);
	errno = error;
	return -1;
}

/* Returns whether there is a valid mark. */
static bool
read_mark(int fd, uint8_t *mark)
{
	return pread(fd, mark, MARK_SIZE, 0) == MARK_SIZE &&
	    memcmp(mark, MAGIC, 4) == 0 &&
	    bytes_get32(mark + 12) == crc32c(0, mark, 12);
}

bool
lock_has_mark(int fd)
{
	uint8_t mark[MARK_SIZE];

	return read_mark(fd, mark);
}

int64_t
lock_read_mark(int fd)
{
	uint8_t mark[MARK_SIZE];

	return read_mark(fd, mark) ? (int64_t)bytes_get64(mark + 4) : 0;
}

int
lock_write_mark(int fd, int64_t number)
{
	uint8_t mark[MARK_SIZE] = MAGIC;
	ssize_t written;

	bytes_put(mark + 4, (uint64_t)number, 8);
	bytes_put(mark + 12, crc32c(0, mark, 12), 4);
	do
		written = pwrite(fd, mark, MARK_SIZE, 0);
	while (written < 0 && errno == EINTR);
	if (written >= 0 && written != MARK_SIZE)
		errno = ENOSPC;
	return written == MARK_SIZE ? 0 : -1;
}
