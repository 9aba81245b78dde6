/*
 * The content coding gzip of replies: RFC 9110, 8.4.1.3 and 12.5.3; RFC 1952.
 * A long text is compressed in short steps, with 128 KiB of memory.
 */
#ifndef HTTP_COMPRESS_H
#define HTTP_COMPRESS_H

#include <stdbool.h>
#include <stddef.h>

struct compress;
struct evbuffer;

/* Shorter bodies would gain little: they are a packet or two. */
#define COMPRESS_MIN 2048

/* Bytes that one step takes, in some 0.3 ms. */
#define COMPRESS_STEP (16 * 1024)

/* Whether the value of an Accept-Encoding header, or NULL, accepts gzip, and
 * does not prefer the identity to it. A coding whose quality is no number from
 * 0 to 1 does not count. */
bool compress_is_accepted(const char *accept_encoding);

/* Whether a body of that media type gains by it. */
bool compress_suits(const char *media_type);

/* NULL when memory is exhausted. */
struct compress *compress_new(void);

void compress_free(struct compress *c); /* accepts NULL */

enum compress_result {
	COMPRESS_MORE,   /* another step is needed */
	COMPRESS_DONE,   /* in is empty; if it is the last, out is complete */
	COMPRESS_FAILED, /* memory is exhausted */
};

/* Move up to COMPRESS_STEP bytes of in, compressed, to out. last: nothing
 * follows what is in it. */
enum compress_result compress_step(
    struct compress *c, struct evbuffer *in, struct evbuffer *out, bool last);

#endif
