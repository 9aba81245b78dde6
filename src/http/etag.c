#include "http/etag.h"

#include <stddef.h>
#include <string.h>

/* Tags are separated by commas; empty ones are allowed. */
#define SEPARATORS " \t,"

bool
etag_is_named(const char *if_none_match, const char *etag)
{
	const char *at = if_none_match;
	size_t length = strlen(etag);

	if (at == NULL)
		return false;
	at += strspn(at, SEPARATORS);
	if (strncmp(at, "*", 1) == 0)
		return at[1 + strspn(at + 1, SEPARATORS)] == '\0';
	while (*at != '\0') {
		const char *end;

		if (strncmp(at, "W/", 2) == 0)
			at += 2;
		end = at[0] == '"' ? strchr(at + 1, '"') : NULL;
		if (end == NULL)
			return false;
		end++;
		if ((size_t)(end - at) == length &&
		    memcmp(at, etag, length) == 0)
			return true;
		at = end + strspn(end, SEPARATORS);
	}
	return false;
}
