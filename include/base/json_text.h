/* Texts as they stand in strings of JSON (RFC 8259, 7). Pure. */
#ifndef BASE_JSON_TEXT_H
#define BASE_JSON_TEXT_H

#include <stddef.h>

/* Bytes of any character, and of each byte that is no UTF-8. */
#define JSON_TEXT_CHARACTER_MAX 6

/*
 * Write the character that text of length bytes, at least one, begins with:
 * escaped if need be, U+FFFD for a byte that is no UTF-8. *used becomes the
 * bytes that it has in text. out has room for JSON_TEXT_CHARACTER_MAX bytes; no
 * NUL. Returns how many are written.
 */
size_t
json_text_character(const char *text, size_t length, size_t *used, char *out);

#endif
