#include "base/json_text.h"

#include <string.h>

#include "base/utf8.h"

size_t
json_text_character(const char *text, size_t length, size_t *used, char *out)
{
	static const char digits[] = "0123456789abcdef";
	static const char replacement[] = { '\xEF', '\xBF', '\xBD' };
	static const char escape[] = { '\\', 'u', '0', '0' };
	size_t bytes = utf8_character(text, length);
	unsigned char first = (unsigned char)*text;
	size_t n = 0;

	*used = bytes == 0 ? 1 : bytes;
	if (bytes == 0) {
		memcpy(out, replacement, sizeof(replacement));
		return sizeof(replacement);
	}
	if (first < ' ') {
		memcpy(out, escape, sizeof(escape));
		out[4] = digits[first / 16];
		out[5] = digits[first % 16];
		return 6;
	}
	if (first == '"' || first == '\\')
		out[n++] = '\\';
	memcpy(out + n, text, bytes);
	return n + bytes;
}
