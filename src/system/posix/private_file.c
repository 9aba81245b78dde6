#include "system/private_file.h"

#include <assert.h>
#include <ctype.h>
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

/* The characters of text until a space, or one that is not printable. */
static size_t
word_length(const char *text, size_t length)
{
	size_t n = 0;

	while (n < length && isgraph((unsigned char)text[n]))
		n++;
	return n;
}

const char *
private_file_read_word(const char *path, size_t least, size_t most,
    const char *expected, char *word)
{
	const char *why;
	int fd = private_file_open(path, &why);
	char text[PRIVATE_FILE_WORD_MAX + 1];
	size_t length;
	ssize_t got;

	assert(most <= PRIVATE_FILE_WORD_MAX);
	if (fd < 0)
		return why;
	got = read(fd, text, most + 1);
	why = got < 0 ? strerror(errno) : NULL;
	close(fd);
	if (why != NULL)
		return why;
	length = word_length(text, (size_t)got);
	if (length < least || length > most ||
	    (length < (size_t)got && text[length] != '\n' &&
		text[length] != '\r'))
		return expected;
	memcpy(word, text, length);
	word[length] = '\0';
	return NULL;
}
