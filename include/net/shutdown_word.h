/*
 * The remote shut-down word, which a client may send instead of a frame.
 *
 * A word has at least 3 bytes and no NUL, and the third byte of a frame is
 * always 0: a word is never a frame.
 */
#ifndef NET_SHUTDOWN_WORD_H
#define NET_SHUTDOWN_WORD_H

struct evbuffer;

#define SHUTDOWN_WORD_MIN 3
#define SHUTDOWN_WORD_MAX 250

enum shutdown_word_result {
	SHUTDOWN_WORD_PARTIAL,  /* more bytes are needed */
	SHUTDOWN_WORD_RECEIVED, /* the word, followed by CR and LF only */
	SHUTDOWN_WORD_OTHER,    /* something else */
};

/* Compare all of in with word, of SHUTDOWN_WORD_MIN to SHUTDOWN_WORD_MAX bytes.
 * The time does not depend on where they differ. Does not change in. */
enum shutdown_word_result
shutdown_word_match(const char *word, struct evbuffer *in);

#endif
