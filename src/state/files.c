#include "state/files.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define DAMAGED   ".damaged-"
#define NAMES_MAX 100 /* damaged files renamed in one second */

const char *
files_beside(const char *path, const char *suffix, char *out)
{
	snprintf(out, FILES_PATH_MAX, "%s%s", path, suffix);
	return out;
}

/* Write the directory of a path to directory. Returns the name in it. */
static const char *
split(const char *path, char *directory)
{
	const char *slash = strrchr(path, '/');

	if (slash == NULL) {
		snprintf(directory, FILES_PATH_MAX, ".");
		return path;
	}
	snprintf(directory, FILES_PATH_MAX, "%.*s",
	    slash == path ? 1 : (int)(slash - path), path);
	return slash + 1;
}

/* Whether both names are the same file. */
static bool
is_same(const char *one, const char *other)
{
	struct stat a, b;

	return stat(one, &a) == 0 && stat(other, &b) == 0 &&
	    a.st_dev == b.st_dev && a.st_ino == b.st_ino;
}

/* Whether both names would be the same file, if it existed. */
static bool
would_be_same(const char *one, const char *other)
{
	char a[FILES_PATH_MAX], b[FILES_PATH_MAX];

	return strcmp(split(one, a), split(other, b)) == 0 && is_same(a, b);
}

bool
files_belongs(const char *path, const char *state_path)
{
	static const char *const suffixes[] = { "", "-wal", "-lock" };
	char beside[FILES_PATH_MAX];

	for (size_t i = 0; i < sizeof(suffixes) / sizeof(*suffixes); i++) {
		files_beside(state_path, suffixes[i], beside);
		if (is_same(path, beside) || would_be_same(path, beside))
			return true;
	}
	return false;
}

bool
files_is_full(int error)
{
	return error == ENOSPC || error == EDQUOT || error == EFBIG;
}

int
files_create_like(const char *path, const char *other)
{
	struct stat st;
	int fd, result = 0, error;

	if (stat(other, &st) != 0)
		return -1;
	fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, st.st_mode & 0777);
	if (fd < 0)
		return -1;
	if (geteuid() == 0)
		result = fchown(fd, st.st_uid, st.st_gid);
	error = errno;
	close(fd);
	errno = error;
	return result;
}

int
files_sync(const char *path)
{
	int fd, result, error;

	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -1;
	result = fsync(fd);
	error = errno;
	close(fd);
	errno = error;
	return result;
}

int
files_sync_directory(const char *path)
{
	char directory[FILES_PATH_MAX];

	split(path, directory);
	return files_sync(directory);
}

int
files_move(const char *from, const char *to)
{
	if (renameat2(AT_FDCWD, from, AT_FDCWD, to, RENAME_NOREPLACE) == 0)
		return 0;
	if (errno != EINVAL && errno != ENOSYS)
		return -1;
	/* This file system cannot: test first. The lock excludes others. */
	if (access(to, F_OK) == 0) {
		errno = EEXIST;
		return -1;
	}
	return rename(from, to);
}

/* Rename the database to a free name, which becomes to. */
static int
move_database(const char *path, char *to)
{
	time_t now = time(NULL);
	char suffix[48];
	struct tm utc;
	size_t n;

	gmtime_r(&now, &utc);
	n = strftime(suffix, sizeof(suffix), DAMAGED "%Y%m%dT%H%M%SZ", &utc);
	for (int i = 1; i < NAMES_MAX; i++) {
		files_beside(path, suffix, to);
		if (files_move(path, to) == 0)
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
	if (files_move(wal, wal_to) != 0 && errno != ENOENT)
		return -1;
	return files_sync_directory(path);
}

bool
files_find_damaged(const char *path, char *name)
{
	char directory[FILES_PATH_MAX], start[FILES_PATH_MAX];
	const struct dirent *entry;
	bool found = false;
	DIR *d;

	files_beside(split(path, directory), DAMAGED, start);
	d = opendir(directory);
	if (d == NULL)
		return false;
	/* No other thread uses this stream. */
	/* cppcheck-suppress readdirCalled */
	while (!found && (entry = readdir(d)) != NULL) {
		found = strncmp(entry->d_name, start, strlen(start)) == 0 &&
		    snprintf(name, FILES_PATH_MAX, "%s/%s", directory,
			entry->d_name) < FILES_PATH_MAX;
	}
	closedir(d);
	return found;
}
