/* Texts of the program are UTF-8, and of Windows UTF-16; errors are errno, and
 * of Windows numbers of its own. */
#ifndef WIDE_H
#define WIDE_H

#include "api.h"

/* The longest path, in UTF-16. */
#define WIDE_PATH_MAX 32768

/* Returns text in UTF-16, to be freed, or NULL with errno set: EILSEQ when it
 * is not UTF-8. */
wchar_t *wide_new(const char *text);

/* Returns UTF-16 as UTF-8, to be freed, or NULL with errno set. What is not
 * UTF-16 becomes U+FFFD. */
char *wide_to_utf8(const wchar_t *text);

/* Set errno to what error means, one of GetLastError or WSAGetLastError.
 * Returns -1. */
int windows_fail_with(DWORD error);

/* The same of the last error. */
int windows_fail(void);

#endif
