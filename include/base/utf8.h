/* UTF-8, as RFC 3629 defines it: no overlong forms, no surrogates, at most
 * U+10FFFF. Pure. */
#ifndef BASE_UTF8_H
#define BASE_UTF8_H

#include <stdbool.h>
#include <stddef.h>

/* The bytes of the character that text begins with, 1 to 4; 0 when its length
 * bytes begin with none. A NUL is a character. */
size_t utf8_character(const char *text, size_t length);

/* Whether all of text is UTF-8. */
bool utf8_is_valid(const char *text, size_t length);

#endif
