#include "state/log_file.h"

#include <pthread.h>
#include <sqlite3.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define NAME        "mbasyncserver"
#define BUFFER_SIZE (64 * 1024)
#define PAGE        4096 /* of the system, in general */
#define AHEAD       (64 * 1024)
#define HEADER_SIZE 32 /* of the log */

/* SQLite allocates it, with room for the file of the default VFS behind it. */
struct log_file {
	sqlite3_file file;  /* what SQLite sees; must be first */
	sqlite3_file *real; /* behind this structure */
	uint8_t *buffer;    /* owned; bytes that are not yet in the file */
	int length;
	sqlite3_int64 at;   /* their place */
	sqlite3_int64 size; /* of the file */
};

static struct log_file *
from(sqlite3_file *file)
{
	return (struct log_file *)file;
}

/* Write to the file itself. */
static int
write_real(struct log_file *f, const void *bytes, int length, sqlite3_int64 at)
{
	int rc = f->real->pMethods->xWrite(f->real, bytes, length, at);

	if (rc == SQLITE_OK && at + length > f->size)
		f->size = at + length;
	return rc;
}

/* Write what is in the buffer, which is empty then, also after an error: the
 * transaction has failed. */
static int
flush(struct log_file *f)
{
	int length = f->length;

	f->length = 0;
	return length == 0 ? SQLITE_OK :
			     write_real(f, f->buffer, length, f->at);
}

/* Where that fails, the file only grows later. */
static void
grow(struct log_file *f)
{
	static const uint8_t zeros[PAGE];
	sqlite3_int64 end = f->size + AHEAD;
	int rc = SQLITE_OK;

	while (rc == SQLITE_OK && f->size < end)
		rc =
		    write_real(f, zeros, PAGE - (int)(f->size % PAGE), f->size);
}

static int
close_log(sqlite3_file *file)
{
	struct log_file *f = from(file);

	free(f->buffer);
	return f->real->pMethods->xClose(f->real);
}

static int
read_log(sqlite3_file *file, void *bytes, int length, sqlite3_int64 at)
{
	struct log_file *f = from(file);
	int rc = flush(f);

	return rc == SQLITE_OK ?
	    f->real->pMethods->xRead(f->real, bytes, length, at) :
	    rc;
}

static int
write_log(sqlite3_file *file, const void *bytes, int length, sqlite3_int64 at)
{
	struct log_file *f = from(file);
	int rc = SQLITE_OK;

	if (at != f->at + f->length || length > BUFFER_SIZE - f->length)
		rc = flush(f);
	if (rc != SQLITE_OK)
		return rc;
	if (length > BUFFER_SIZE)
		return write_real(f, bytes, length, at);
	if (f->length == 0)
		f->at = at;
	memcpy(f->buffer + f->length, bytes, (size_t)length);
	f->length += length;
	return SQLITE_OK;
}

static int
truncate_log(sqlite3_file *file, sqlite3_int64 size)
{
	struct log_file *f = from(file);
	int rc = flush(f);

	if (rc == SQLITE_OK)
		rc = f->real->pMethods->xTruncate(f->real, size);
	if (rc == SQLITE_OK)
		f->size = size;
	return rc;
}

static int
sync_log(sqlite3_file *file, int flags)
{
	struct log_file *f = from(file);
	bool grows = f->length > 0 && f->at >= HEADER_SIZE &&
	    f->at + f->length > f->size;
	int rc = flush(f);

	if (rc != SQLITE_OK)
		return rc;
	if (grows)
		grow(f);
	return f->real->pMethods->xSync(f->real, flags);
}

static int
size_log(sqlite3_file *file, sqlite3_int64 *size)
{
	struct log_file *f = from(file);
	int rc = flush(f);

	return rc == SQLITE_OK ? f->real->pMethods->xFileSize(f->real, size) :
				 rc;
}

static int
lock_log(sqlite3_file *file, int lock)
{
	struct log_file *f = from(file);

	return f->real->pMethods->xLock(f->real, lock);
}

static int
unlock_log(sqlite3_file *file, int lock)
{
	struct log_file *f = from(file);

	return f->real->pMethods->xUnlock(f->real, lock);
}

static int
check_lock(sqlite3_file *file, int *held)
{
	struct log_file *f = from(file);

	return f->real->pMethods->xCheckReservedLock(f->real, held);
}

static int
control_log(sqlite3_file *file, int operation, void *arg)
{
	struct log_file *f = from(file);

	return f->real->pMethods->xFileControl(f->real, operation, arg);
}

static int
sector_size(sqlite3_file *file)
{
	struct log_file *f = from(file);

	return f->real->pMethods->xSectorSize(f->real);
}

static int
characteristics(sqlite3_file *file)
{
	struct log_file *f = from(file);

	return f->real->pMethods->xDeviceCharacteristics(f->real);
}

static const sqlite3_io_methods methods = {
	.iVersion = 1,
	.xClose = close_log,
	.xRead = read_log,
	.xWrite = write_log,
	.xTruncate = truncate_log,
	.xSync = sync_log,
	.xFileSize = size_log,
	.xLock = lock_log,
	.xUnlock = unlock_log,
	.xCheckReservedLock = check_lock,
	.xFileControl = control_log,
	.xSectorSize = sector_size,
	.xDeviceCharacteristics = characteristics,
};

/* The VFS ------------------------------------------------------------------*/

static sqlite3_vfs *real_vfs;
static sqlite3_vfs vfs;
static bool registered;
static pthread_once_t once = PTHREAD_ONCE_INIT;

/* SQLite closes a file that was not opened if it has methods. */
static int
open_log(const char *name, struct log_file *f, int flags, int *out_flags)
{
	int rc;

	*f = (struct log_file){ .real = (sqlite3_file *)(f + 1) };
	f->buffer = malloc(BUFFER_SIZE);
	if (f->buffer == NULL)
		return SQLITE_NOMEM;
	rc = real_vfs->xOpen(real_vfs, name, f->real, flags, out_flags);
	if (rc == SQLITE_OK) {
		rc = f->real->pMethods->xFileSize(f->real, &f->size);
		if (rc == SQLITE_OK) {
			f->file.pMethods = &methods;
			return SQLITE_OK;
		}
	}
	if (f->real->pMethods != NULL)
		f->real->pMethods->xClose(f->real);
	free(f->buffer);
	return rc;
}

static int
open_any(sqlite3_vfs *self, const char *name, sqlite3_file *file, int flags,
    int *out_flags)
{
	(void)self;
	if ((flags & SQLITE_OPEN_WAL) != 0)
		return open_log(name, from(file), flags, out_flags);
	return real_vfs->xOpen(real_vfs, name, file, flags, out_flags);
}

static void
register_vfs(void)
{
	real_vfs = sqlite3_vfs_find(NULL);
	if (real_vfs == NULL)
		return;
	vfs = *real_vfs;
	vfs.zName = NAME;
	vfs.szOsFile += (int)sizeof(struct log_file);
	vfs.xOpen = open_any;
	registered = sqlite3_vfs_register(&vfs, 0) == SQLITE_OK;
}

const char *
log_file_vfs(void)
{
	pthread_once(&once, register_vfs);
	return registered ? NAME : NULL;
}
