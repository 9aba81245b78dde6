#include "net/shutdown_word.h"

#include <event2/buffer.h>
#include <stdbool.h>
#include <string.h>

/* The third byte of a frame is 0, and of a word never. */
#define FRAME_ZERO_AT 2

static bool
is_line_end(const char *bytes, size_t length)
{
	for (size_t i = 0; i < length; i++)
		if (bytes[i] != '\r' && bytes[i] != '\n')
			return false;
	return true;
}

enum shutdown_word_result
shutdown_word_match(const char *word, struct evbuffer *in)
{
	char bytes[SHUTDOWN_WORD_MAX + 2]; /* CR and LF may follow */
	size_t word_length = strlen(word);
	ev_ssize_t have = evbuffer_copyout(in, bytes, sizeof(bytes));
	unsigned char differ = 0;

	if (have > FRAME_ZERO_AT && bytes[FRAME_ZERO_AT] == 0)
		return SHUTDOWN_WORD_OTHER;
	if (have < (ev_ssize_t)word_length)
		return SHUTDOWN_WORD_PARTIAL;
	for (size_t i = 0; i < word_length; i++)
		differ |= (unsigned char)(bytes[i] ^ word[i]);
	if (differ != 0 || evbuffer_get_length(in) > sizeof(bytes) ||
	    !is_line_end(bytes + word_length, (size_t)have - word_length))
		return SHUTDOWN_WORD_OTHER;
	return SHUTDOWN_WORD_RECEIVED;
}
