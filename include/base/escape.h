/* Texts from outside: which are printable, and how others are shown. Pure. */
#ifndef BASE_ESCAPE_H
#define BASE_ESCAPE_H

#include <stdbool.h>
#include <stddef.h>

/* Whether text is UTF-8 without control characters, of C0 or C1, but for those
 * listed. */
bool text_is_printable(const char *text, size_t length, const char *but_for);

/* Bytes of any escaped text, with the NUL. */
#define ESCAPED_MAX 80

/* Write text with what is not printable as "\x00", "\n" or "\t", and its end,
 * where it is long, as "...". out has room for ESCAPED_MAX bytes. Returns out.
 */
const char *text_escape(const char *text, size_t length, char *out);

#endif
