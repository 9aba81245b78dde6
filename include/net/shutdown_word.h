/*
 * The remote shut-down word: bytes at a frame boundary that are no frame.
 *
 * A word has at least 3 bytes and no NUL, and the third byte of a frame is
 * always 0, so no frame can be the word and no word a frame.
 */
#ifndef NET_SHUTDOWN_WORD_H
#define NET_SHUTDOWN_WORD_H

struct evbuffer;

#define SHUTDOWN_WORD_MIN 3
#define SHUTDOWN_WORD_MAX 250

enum shutdown_word_result {
	SHUTDOWN_WORD_PARTIAL,  /* too short to tell */
	SHUTDOWN_WORD_RECEIVED, /* the word, then nothing but CR and LF */
	SHUTDOWN_WORD_OTHER,    /* something else */
};

/* Compare all of in with word, of SHUTDOWN_WORD_MIN to _MAX bytes, in a time
 * that does not depend on where they differ. Leaves in as it is. */
enum shutdown_word_result
shutdown_word_match(const char *word, struct evbuffer *in);

#endif
