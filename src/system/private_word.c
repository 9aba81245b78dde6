#include <assert.h>
#include <ctype.h>
#include <errno.h>
#include <stddef.h>
#include <string.h>

#include "system/error.h"
#include "system/file.h"
#include "system/private_file.h"

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
	got = file_read_at(fd, text, most + 1, 0);
	why = got < 0 ? error_text(errno) : NULL;
	file_close(fd);
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
