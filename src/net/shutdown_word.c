#include "net/shutdown_word.h"

#include <event2/buffer.h>
#include <stdbool.h>
#include <string.h>

/* The third byte of a frame is 0, and of a word never. */
#define FRAME_ZERO_AT 2

static bool
is_line_end(const unsigned char *bytes, size_t length)
{
	for (size_t i = 0; i < length; i++)
		if (bytes[i] != '\r' && bytes[i] != '\n')
			return false;
	return true;
}

enum shutdown_word_result
shutdown_word_match(const char *word, struct evbuffer *in)
{
	size_t have = evbuffer_get_length(in);
	size_t length = strlen(word);
	const unsigned char *bytes = evbuffer_pullup(in, -1);
	unsigned differ = 0;

	if (have > FRAME_ZERO_AT &&
	    (bytes == NULL || bytes[FRAME_ZERO_AT] == 0))
		return SHUTDOWN_WORD_OTHER;
	if (have < length)
		return SHUTDOWN_WORD_PARTIAL;
	for (size_t i = 0; i < length; i++)
		differ |= bytes[i] ^ (unsigned char)word[i];
	if (differ != 0 || !is_line_end(bytes + length, have - length))
		return SHUTDOWN_WORD_OTHER;
	return SHUTDOWN_WORD_RECEIVED;
}
