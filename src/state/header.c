#include "state/header.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "base/bytes.h"
#include "base/exit_status.h"
#include "state/schema.h"
#include "store_private.h"

#define SIZE           100
#define MAGIC          "SQLite format 3"
#define MODE           18 /* two bytes, to write and to read it */
#define VERSION        60
#define APPLICATION_ID 68

/* Values of the mode's bytes. */
#define ROLLBACK 1
#define WAL      2

static int
read_bytes(const char *path, uint8_t *bytes, struct store_error *why)
{
	int fd = file_open(path, FILE_TO_READ);
	ssize_t n = -1;

	if (fd < 0)
		return store_fail_system(path, "cannot be opened", why);
	if (file_is_regular(fd) == 1)
		n = file_read_at(fd, bytes, SIZE, 0);
	else
		errno = 0;
	if (n < 0 && errno != 0)
		store_fail_system(path, "cannot be read", why);
	else if (n != SIZE || memcmp(bytes, MAGIC, sizeof(MAGIC)) != 0)
		n = store_fail(why, EX_CONFIG, "%s: not a state file", path);
	file_close(fd);
	return n == SIZE ? 0 : -1;
}

static enum header_mode
mode_of(const uint8_t *b)
{
	if (b[0] != b[1])
		return HEADER_UNKNOWN;
	if (b[0] == ROLLBACK)
		return HEADER_ALONE;
	return b[0] == WAL ? HEADER_WITH_LOG : HEADER_UNKNOWN;
}

int
header_read(const char *path, struct header *h, struct store_error *why)
{
	uint8_t bytes[SIZE] = { 0 };

	if (read_bytes(path, bytes, why) != 0)
		return -1;
	if (bytes_get32(bytes + APPLICATION_ID) != SCHEMA_APPLICATION_ID)
		return store_fail(why, EX_CONFIG,
		    "%s: not a state file: a database of another program",
		    path);
	h->version = bytes_get32(bytes + VERSION);
	h->mode = mode_of(bytes + MODE);
	if (h->version >= SCHEMA_OLDEST_VERSION && h->version <= SCHEMA_VERSION)
		return 0;
	return store_fail(why, EX_CONFIG,
	    "%s: state file version %" PRIu32
	    " is not supported: expected a version from %d to %d",
	    path, h->version, SCHEMA_OLDEST_VERSION, SCHEMA_VERSION);
}

int
header_set_alone(const char *path)
{
	static const uint8_t alone[2] = { ROLLBACK, ROLLBACK };
	int fd = file_open(path, FILE_TO_WRITE);
	int result = -1, error;

	if (fd < 0)
		return -1;
	if (file_write_at(fd, alone, sizeof(alone), MODE) == sizeof(alone))
		result = file_sync_data(fd);
	error = errno;
	file_close(fd);
	errno = error;
	return result;
}
