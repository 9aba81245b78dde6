#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "rename_new.h"
#include "system/file.h"

bool
file_exists(const char *path)
{
	return access(path, F_OK) == 0;
}

bool
file_is_same(const char *one, const char *other)
{
	struct stat a, b;

	return stat(one, &a) == 0 && stat(other, &b) == 0 &&
	    a.st_dev == b.st_dev && a.st_ino == b.st_ino;
}

int64_t
file_size_of(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 ? st.st_size : -1;
}

static int
close_with(int fd, int result)
{
	int error = errno;

	close(fd);
	errno = error;
	return result;
}

int
file_create_like(const char *path, const char *other)
{
	struct stat st;
	int fd;

	if (stat(other, &st) != 0)
		return -1;
	fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, st.st_mode & 0777);
	if (fd < 0)
		return -1;
	return close_with(
	    fd, geteuid() == 0 ? fchown(fd, st.st_uid, st.st_gid) : 0);
}

int
file_sync_path(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	return fd < 0 ? -1 : close_with(fd, fsync(fd));
}

int
file_sync_directory(const char *directory)
{
	return file_sync_path(directory);
}

int
file_replace(const char *from, const char *to)
{
	return rename(from, to);
}

int
file_move(const char *from, const char *to)
{
	if (rename_new(from, to) == 0)
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

int
file_remove(const char *path)
{
	return unlink(path);
}

bool
file_find(const char *directory, const char *prefix, char *found)
{
	const struct dirent *entry;
	bool any = false;
	DIR *d = opendir(directory);

	if (d == NULL)
		return false;
	/* No other thread uses this stream. */
	/* cppcheck-suppress readdirCalled */
	while (!any && (entry = readdir(d)) != NULL)
		any = strncmp(entry->d_name, prefix, strlen(prefix)) == 0 &&
		    snprintf(found, FILE_PATH_MAX, "%s/%s", directory,
			entry->d_name) < FILE_PATH_MAX;
	closedir(d);
	return any;
}

const char *
file_split(const char *path, char *directory)
{
	const char *slash = strrchr(path, '/');

	if (slash == NULL) {
		snprintf(directory, FILE_PATH_MAX, ".");
		return path;
	}
	snprintf(directory, FILE_PATH_MAX, "%.*s",
	    slash == path ? 1 : (int)(slash - path), path);
	return slash + 1;
}

bool
file_is_absolute(const char *path)
{
	return path[0] == '/';
}

int
file_resolve(const char *path, char *out)
{
	return realpath(path, out) == NULL ? -1 : 0;
}
