#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "state/lock.h"
#include "store_private.h"

/* A file must not come into being where another one, or its remains, are.
 * Returns 0, or -1 with why. */
static int
check_place(const char *path, struct store_error *why)
{
	char other[FILES_PATH_MAX];

	if (access(path, F_OK) == 0)
		return store_fail(why, EX_CONFIG, "%s: exists", path);
	if (access(files_beside(path, "-wal", other), F_OK) == 0)
		return store_fail(why, EX_CONFIG,
		    "%s: not made: %s is there, the log of a state file that "
		    "is not; put that file back, or move both away",
		    path, other);
	if (files_find_aside(path, other))
		return store_fail(why, EX_CONFIG,
		    "%s: not made: %s was put aside; restore a backup, or move "
		    "that file away to begin at zero",
		    path, other);
	return 0;
}

/* Whether the file is the first that lock is for, or may take the place of one
 * that is gone. Returns 0, or -1 with why. */
static int
claim(
    const char *path, int lock, enum place_claim claim, struct store_error *why)
{
	char name[FILES_PATH_MAX];

	if (!lock_is_marked(lock))
		return 0;
	if (claim == PLACE_FIRST)
		return store_fail(why, EX_CONFIG,
		    "%s: not made: %s shows that there was one; restore it, or "
		    "move that file away to begin at zero",
		    path, files_beside(path, "-lock", name));
	/* The mark of the one that was here must not outlive a power cut that
	 * the new one does. */
	if (lock_write_mark(lock, 0) != 0 || fsync(lock) != 0)
		return store_fail_system(path, "cannot be made", why);
	return 0;
}

int
store_check_target(
    const struct store *s, const char *path, struct store_error *why)
{
	char made[FILES_PATH_MAX];

	if (!files_belongs(path, s->path) &&
	    !files_belongs(files_beside(path, FILES_UNFINISHED, made), s->path))
		return 0;
	return store_fail(why, EX_CONFIG,
	    "%s: would replace the state file itself, or its log", path);
}

static int
place_under_lock(
    const char *path, store_build_fn build, void *arg, struct store_error *why)
{
	char made[FILES_PATH_MAX];

	files_beside(path, FILES_UNFINISHED, made);
	unlink(made); /* of one who was killed here */
	if (build(arg, made, why) == 0) {
		if (files_sync(made) == 0 && files_move(made, path) == 0 &&
		    files_sync_directory(path) == 0)
			return 0;
		store_fail_system(path, "cannot be made", why);
	}
	unlink(made);
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
		return store_fail_system(path, "cannot be made", why);
	}
	/* SQLite would take "file:x" for more than a name. */
	snprintf(full, sizeof(full), "%s%s", *path == '/' ? "" : "./", path);
	if (check_place(full, why) != 0)
		return -1;
	lock = lock_take(full, LOCK_TO_WRITE);
	if (lock < 0 && errno == EWOULDBLOCK)
		return store_fail(
		    why, EX_TEMPFAIL, "%s: in use by another process", path);
	if (lock < 0)
		return store_fail_system(path, "cannot be made", why);
	/* It may have come into being meanwhile. */
	if (check_place(full, why) == 0 && claim(full, lock, how, why) == 0)
		result = place_under_lock(full, build, arg, why);
	close(lock);
	return result;
}
