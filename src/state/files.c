#include "state/files.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/calendar.h"

#define DAMAGED   ".damaged-"
#define NAMES_MAX 100 /* damaged files renamed in one second */

const char *
files_beside(const char *path, const char *suffix, char *out)
{
	snprintf(out, FILES_PATH_MAX, "%s%s", path, suffix);
	return out;
}

/* Whether both names would be the same file, if it existed. */
static bool
would_be_same(const char *one, const char *other)
{
	char a[FILES_PATH_MAX], b[FILES_PATH_MAX];

	return strcmp(file_split(one, a), file_split(other, b)) == 0 &&
	    file_is_same(a, b);
}

bool
files_belongs(const char *path, const char *state_path)
{
	static const char *const suffixes[] = { "", "-wal", "-lock" };
	char beside[FILES_PATH_MAX];

	for (size_t i = 0; i < sizeof(suffixes) / sizeof(*suffixes); i++) {
		files_beside(state_path, suffixes[i], beside);
		if (file_is_same(path, beside) || would_be_same(path, beside))
			return true;
	}
	return false;
}

int
files_sync_directory(const char *path)
{
	char directory[FILES_PATH_MAX];

	file_split(path, directory);
	return file_sync_directory(directory);
}

/* Rename the database to a free name, which becomes to. */
static int
move_database(const char *path, char *to)
{
	char suffix[48];
	struct tm utc;
	size_t n;

	calendar_utc(time(NULL), &utc);
	n = strftime(suffix, sizeof(suffix), DAMAGED "%Y%m%dT%H%M%SZ", &utc);
	for (int i = 1; i < NAMES_MAX; i++) {
		files_beside(path, suffix, to);
		if (file_move(path, to) == 0)
			return 0;
		if (errno != EEXIST)
			return -1;
		snprintf(suffix + n, sizeof(suffix) - n, ".%d", i);
	}
	return -1;
}

int
files_rename_damaged(const char *path, char *to)
{
	char wal[FILES_PATH_MAX], wal_to[FILES_PATH_MAX];

	if (move_database(path, to) != 0)
		return -1;
	files_beside(path, "-wal", wal);
	files_beside(to, "-wal", wal_to);
	if (file_move(wal, wal_to) != 0 && errno != ENOENT)
		return -1;
	return files_sync_directory(path);
}

bool
files_find_damaged(const char *path, char *name)
{
	char directory[FILES_PATH_MAX], start[FILES_PATH_MAX];

	files_beside(file_split(path, directory), DAMAGED, start);
	return file_find(directory, start, name);
}
