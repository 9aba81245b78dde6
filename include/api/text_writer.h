/* Formatted text that is written into an evbuffer, for long replies: JSON of
 * simple structure, and the metrics. All other JSON is jansson's. */
#ifndef API_TEXT_WRITER_H
#define API_TEXT_WRITER_H

#include <stdbool.h>
#include <stddef.h>

struct evbuffer;

/* When memory is exhausted, text is missing in out, and text_writer_end says
 * so. */
struct text_writer {
	struct evbuffer *out; /* borrowed */
	bool failed;          /* text is missing */
	size_t length;        /* bytes in buffer */
	char buffer[4096];
};

void text_writer_begin(struct text_writer *t, struct evbuffer *out);

/* Move what is in the buffer to out. Returns 0, or -1 when text is missing.
 * More may be added, which needs another text_writer_end. */
int text_writer_end(struct text_writer *t);

/* Add formatted text of fewer than 2048 bytes. */
void text_writer_add(struct text_writer *t, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Add a text as a JSON string, quoted. Bytes that are no UTF-8 become U+FFFD.
 */
void text_writer_add_string(struct text_writer *t, const char *text);

/* Add any number of bytes. */
void
text_writer_add_bytes(struct text_writer *t, const char *bytes, size_t length);

/* Returns room for so many bytes, at most 2048. What is written there is added
 * by text_writer_commit; end is the byte after it. */
char *text_writer_reserve(struct text_writer *t, size_t bytes);
void text_writer_commit(struct text_writer *t, const char *end);

#endif
