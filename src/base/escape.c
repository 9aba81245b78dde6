#include "base/escape.h"

#include <stdio.h>
#include <string.h>

#include "base/utf8.h"

#define ESCAPE_MAX 4 /* bytes of "\x00", and of a character */

/* Whether a character is one of C0 or C1, or DEL. */
static bool
is_control(const char *character, size_t length)
{
	unsigned char first = (unsigned char)character[0];

	if (length == 1)
		return first < ' ' || first == 0x7F;
	return length == 2 && first == 0xC2 &&
	    (unsigned char)character[1] < 0xA0;
}

/* The bytes of the printable character that text begins with, or 0. */
static size_t
printable_character(const char *text, size_t length)
{
	size_t n = utf8_character(text, length);

	return n != 0 && is_control(text, n) ? 0 : n;
}

bool
text_is_printable(const char *text, size_t length, const char *but_for)
{
	while (length > 0) {
		size_t n = printable_character(text, length);

		if (n == 0 && (*text == '\0' || !strchr(but_for, *text)))
			return false;
		n += n == 0;
		text += n;
		length -= n;
	}
	return true;
}

/* Write a byte that is not printable. Returns the length. */
static size_t
escape_byte(char byte, char *out)
{
	if (byte == '\n' || byte == '\t')
		return (size_t)sprintf(out, "\\%c", byte == '\n' ? 'n' : 't');
	return (size_t)sprintf(out, "\\x%02x", (unsigned char)byte);
}

const char *
text_escape(const char *text, size_t length, char *out)
{
	const size_t room = ESCAPED_MAX - sizeof("...");
	size_t written = 0;

	while (length > 0 && written + ESCAPE_MAX <= room) {
		size_t n = printable_character(text, length);

		if (n == 0)
			written += escape_byte(*text, out + written);
		memcpy(out + written, text, n);
		written += n;
		n += n == 0;
		text += n;
		length -= n;
	}
	snprintf(out + written, ESCAPED_MAX - written, "%s",
	    length > 0 ? "..." : "");
	return out;
}
