#include "state/lock.h"

#include <errno.h>
#include <string.h>

#include "base/bytes.h"
#include "base/crc32c.h"
#include "state/files.h"

#define MARK_SIZE 16
#define MAGIC     "MBSM"

int
lock_take(const char *state_path, enum lock_kind kind)
{
	char path[FILES_PATH_MAX];

	return file_open_locked(files_beside(state_path, "-lock", path),
	    kind == LOCK_TO_WRITE ? FILE_LOCK_EXCLUSIVE : FILE_LOCK_SHARED);
}

/* Returns whether there is a valid mark. */
static bool
read_mark(int fd, uint8_t *mark)
{
	return file_read_at(fd, mark, MARK_SIZE, 0) == MARK_SIZE &&
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
	written = file_write_at(fd, mark, MARK_SIZE, 0);
	if (written >= 0 && written != MARK_SIZE)
		errno = ENOSPC;
	return written == MARK_SIZE ? 0 : -1;
}
