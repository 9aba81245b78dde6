#include "fault/rules_file.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "system/error.h"
#include "system/file.h"

/* Read what there is, at most size bytes. Returns their number, or -1. */
static ssize_t
read_up_to(int fd, char *text, size_t size)
{
	size_t length = 0;

	while (length < size) {
		ssize_t n = file_read_at(
		    fd, text + length, size - length, (int64_t)length);

		if (n < 0)
			return -1;
		if (n == 0)
			break;
		length += (size_t)n;
	}
	return (ssize_t)length;
}

/* Returns 0, or -1 with an error, as do the following. */
static int
fail(char *error, const char *why)
{
	snprintf(error, FAULT_RULES_ERROR_MAX, "%s", why);
	return -1;
}

static int
read_text(struct fault_rules *rules, int fd, char *text, char *error)
{
	ssize_t length = read_up_to(fd, text, FAULT_RULES_TEXT_MAX + 1);

	if (length < 0)
		return fail(error, error_text(errno));
	if (length > FAULT_RULES_TEXT_MAX)
		return fail(error, "expected at most 512 KiB");
	return fault_rules_replace(rules, text, (size_t)length, error);
}

static int
read_file(struct fault_rules *rules, int fd, char *error)
{
	const int regular = file_is_regular(fd);
	char *text;
	int result;

	if (regular < 0)
		return fail(error, error_text(errno));
	if (regular == 0)
		return fail(error, "expected a regular file");
	text = malloc(FAULT_RULES_TEXT_MAX + 1);
	if (text == NULL)
		return fail(error, error_text(errno));
	result = read_text(rules, fd, text, error);
	free(text);
	return result;
}

int
fault_rules_read(struct fault_rules *rules, const char *path, char *error)
{
	int fd = file_open(path, FILE_TO_READ);
	int result;

	if (fd < 0)
		return fail(error, error_text(errno));
	result = read_file(rules, fd, error);
	file_close(fd);
	return result;
}
