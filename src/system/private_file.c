#include "system/private_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Why fd is not fit for a secret, or NULL. */
static const char *
check_file(int fd)
{
	struct stat file;

	if (fstat(fd, &file) != 0)
		return strerror(errno);
	if (!S_ISREG(file.st_mode))
		return "expected a regular file";
	if (file.st_mode & (S_IRWXO | S_IWGRP))
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
