#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/exit_status.h"
#include "state/lock.h"
#include "store_private.h"

/* A file must not be created where a state file is, its log, or a damaged one.
 * Returns 0, or -1 with why. */
static int
check_place(const char *path, struct store_error *why)
{
	char other[FILES_PATH_MAX];

	if (file_exists(path))
		return store_fail(why, EX_CONFIG, "%s: exists", path);
	if (file_exists(files_beside(path, "-wal", other)))
		return store_fail(why, EX_CONFIG,
		    "%s: not created: %s exists, the log of a missing state "
		    "file; restore that file, or move the log away",
		    path, other);
	if (files_find_damaged(path, other))
		return store_fail(why, EX_CONFIG,
		    "%s: not created: %s is a damaged state file; restore a "
		    "backup, or move that file away to start with zeros",
		    path, other);
	return 0;
}

/* Whether the file is the first one of this lock file, or may replace one that
 * is missing. Returns 0, or -1 with why. */
static int
claim(
    const char *path, int lock, enum place_claim claim, struct store_error *why)
{
	char name[FILES_PATH_MAX];

	if (!lock_has_mark(lock))
		return 0;
	if (claim == PLACE_FIRST)
		return store_fail(why, EX_CONFIG,
		    "%s: not created: %s shows that the state file is missing; "
		    "restore it, or move that file away to start with zeros",
		    path, files_beside(path, "-lock", name));
	/* The mark of the missing file must be cleared durably before the new
	 * file exists. */
	if (lock_write_mark(lock, 0) != 0 || file_sync(lock) != 0)
		return store_fail_system(path, "cannot be created", why);
	return 0;
}

int
store_check_target(
    const struct store *s, const char *path, struct store_error *why)
{
	char temporary[FILES_PATH_MAX];

	if (!files_belongs(path, s->path) &&
	    !files_belongs(
		files_beside(path, FILES_UNFINISHED, temporary), s->path))
		return 0;
	return store_fail(why, EX_CONFIG,
	    "%s: would replace the state file itself, or its log", path);
}

static int
place_under_lock(
    const char *path, store_build_fn build, void *arg, struct store_error *why)
{
	char temporary[FILES_PATH_MAX];

	files_beside(path, FILES_UNFINISHED, temporary);
	file_remove(temporary); /* left by a process that was killed */
	if (build(arg, temporary, why) == 0) {
		if (file_sync_path(temporary) == 0 &&
		    file_move(temporary, path) == 0 &&
		    files_sync_directory(path) == 0)
			return 0;
		store_fail_system(path, "cannot be created", why);
	}
	file_remove(temporary);
	return -1;
}

int
store_place(const char *path, enum place_claim how, store_build_fn build,
    void *arg, struct store_error *why)
{
	char full[FILES_PATH_MAX];
	int lock, result = -1;

	if (strlen(path) >= PATH_MAX) {
		errno = ENAMETOOLONG;
		return store_fail_system(path, "cannot be created", why);
	}
	/* SQLite would take "file:x" for a URI. */
	snprintf(full, sizeof(full), "%s%s", file_is_absolute(path) ? "" : "./",
	    path);
	if (check_place(full, why) != 0)
		return -1;
	lock = lock_take(full, LOCK_TO_WRITE);
	if (lock < 0 && errno == EAGAIN)
		return store_fail(
		    why, EX_TEMPFAIL, "%s: in use by another process", path);
	if (lock < 0)
		return store_fail_system(path, "cannot be created", why);
	/* Another process may have created it meanwhile. */
	if (check_place(full, why) == 0 && claim(full, lock, how, why) == 0)
		result = place_under_lock(full, build, arg, why);
	file_close(lock);
	return result;
}
