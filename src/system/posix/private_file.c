#include "system/private_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#define BUT_READING (07777U & ~0444U) /* all other permissions */

/* Whether only root can have written it, and all may read it: as container
 * runtimes hand over secrets. */
static bool
is_handed_over(int fd, const struct stat *file)
{
	struct statvfs mounted;

	return file->st_uid == 0 && (file->st_mode & BUT_READING) == 0 &&
	    fstatvfs(fd, &mounted) == 0 && (mounted.f_flag & ST_RDONLY) != 0;
}

/* Why fd is not fit for a secret, or NULL. */
static const char *
check_file(int fd)
{
	struct stat file;

	if (fstat(fd, &file) != 0)
		return strerror(errno);
	if (!S_ISREG(file.st_mode))
		return "expected a regular file";
	if (file.st_mode & (S_IRWXO | S_IWGRP) && !is_handed_over(fd, &file))
		return "expected a file that others can neither read nor write "
		       "(chmod 600)";
	return NULL;
}

int
private_file_open(const char *path, const char **why)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);

	if (fd < 0) {
		*why = strerror(errno);
		return -1;
	}
	*why = check_file(fd);
	if (*why == NULL)
		return fd;
	close(fd);
	return -1;
}
