#include "base/utf8.h"

#include <stdint.h>

/* RFC 3629, 4: the first bytes of characters, how many bytes follow, and the
 * least and the greatest of these that the second one may be. */
static const struct {
	uint8_t least, most;
	uint8_t more;
	uint8_t second_least, second_most;
} characters[] = {
	{ 0x00, 0x7F, 0, 0, 0 },
	{ 0xC2, 0xDF, 1, 0x80, 0xBF },
	{ 0xE0, 0xE0, 2, 0xA0, 0xBF },
	{ 0xE1, 0xEC, 2, 0x80, 0xBF },
	{ 0xED, 0xED, 2, 0x80, 0x9F },
	{ 0xEE, 0xEF, 2, 0x80, 0xBF },
	{ 0xF0, 0xF0, 3, 0x90, 0xBF },
	{ 0xF1, 0xF3, 3, 0x80, 0xBF },
	{ 0xF4, 0xF4, 3, 0x80, 0x8F },
};

#define ROWS (sizeof(characters) / sizeof(*characters))

/* Whether a character whose first byte is in that row follows. */
static bool
is_whole(const unsigned char *bytes, size_t length, size_t row)
{
	size_t more = characters[row].more;

	if (length < 1 + more)
		return false;
	if (more > 0 &&
	    (bytes[1] < characters[row].second_least ||
		bytes[1] > characters[row].second_most))
		return false;
	for (size_t i = 2; i <= more; i++)
		if ((bytes[i] & 0xC0) != 0x80)
			return false;
	return true;
}

size_t
utf8_character(const char *text, size_t length)
{
	const unsigned char *bytes = (const unsigned char *)text;

	if (length == 0)
		return 0;
	for (size_t row = 0; row < ROWS; row++)
		if (bytes[0] >= characters[row].least &&
		    bytes[0] <= characters[row].most)
			return is_whole(bytes, length, row) ?
			    1U + characters[row].more :
			    0;
	return 0;
}

bool
utf8_is_valid(const char *text, size_t length)
{
	size_t n;

	for (; length > 0; text += n, length -= n)
		if ((n = utf8_character(text, length)) == 0)
			return false;
	return true;
}
