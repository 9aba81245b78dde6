#include "http/compress.h"

#include <event2/buffer.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <zlib.h>

/* A faster level needs more bytes, a better one three times the time. */
#define LEVEL        3
#define WINDOW_BITS  14 /* 64 KiB */
#define MEMORY_LEVEL 7  /* 64 KiB */
#define AS_GZIP      16

#define OUT_BYTES (8 * 1024)

/* Accept-Encoding ----------------------------------------------------------*/

static const char *
skip_blanks(const char *text)
{
	return text + strspn(text, " \t");
}

/* Read a quality, "0", "0.5" or "1.000", in thousandths; *text then points
 * behind it. Returns -1 when it is none. */
static int
take_quality(const char **text)
{
	const char *at = *text;
	int quality = 0, unit = 1000;

	if (*at != '0' && *at != '1')
		return -1;
	quality = (*at++ - '0') * unit;
	if (*at == '.')
		for (at++; *at >= '0' && *at <= '9' && unit > 1; at++) {
			unit /= 10;
			quality += (*at - '0') * unit;
		}
	*text = at;
	return quality <= 1000 ? quality : -1;
}

/* Read what follows a coding, up to its end: nothing, or its quality. */
static int
quality_of(const char *text, const char *end)
{
	int quality;

	text = skip_blanks(text);
	if (text == end)
		return 1000;
	if (*text != ';')
		return -1;
	text = skip_blanks(text + 1);
	if ((*text != 'q' && *text != 'Q') || text[1] != '=')
		return -1;
	text += 2;
	quality = take_quality(&text);
	return skip_blanks(text) == end ? quality : -1;
}

/* Qualities in thousandths; -1: not given. */
struct qualities {
	int gzip, identity, any;
};

/* Where the quality of a coding belongs; NULL: nowhere. */
static int *
place_of(struct qualities *q, const char *name, size_t length)
{
	if ((length == 4 && strncasecmp(name, "gzip", length) == 0) ||
	    (length == 6 && strncasecmp(name, "x-gzip", length) == 0))
		return &q->gzip;
	if (length == 8 && strncasecmp(name, "identity", length) == 0)
		return &q->identity;
	return length == 1 && *name == '*' ? &q->any : NULL;
}

bool
compress_is_accepted(const char *accept_encoding)
{
	struct qualities q = { -1, -1, -1 };
	const char *text = accept_encoding == NULL ? "" : accept_encoding;

	while (*text != '\0') {
		const char *end = text + strcspn(text, ",");
		size_t length;
		int *place;

		text = skip_blanks(text);
		length = strcspn(text, " \t;,");
		place = place_of(&q, text, length);
		if (place != NULL)
			*place = quality_of(text + length, end);
		text = *end == ',' ? end + 1 : end;
	}
	if (q.gzip < 0)
		q.gzip = q.any;
	return q.gzip > 0 && q.gzip >= q.identity;
}

bool
compress_suits(const char *media_type)
{
	static const char *const others[] = { "application/json",
		"application/x-ndjson", "application/x-pcapng" };

	for (size_t i = 0; i < sizeof(others) / sizeof(*others); i++)
		if (strcmp(media_type, others[i]) == 0)
			return true;
	return strncmp(media_type, "text/", 5) == 0 &&
	    strncmp(media_type, "text/event-stream", 17) != 0;
}

/* Compressing --------------------------------------------------------------*/

struct compress {
	z_stream stream;
};

struct compress *
compress_new(void)
{
	struct compress *c = calloc(1, sizeof(*c));

	if (c == NULL)
		return NULL;
	if (deflateInit2(&c->stream, LEVEL, Z_DEFLATED, WINDOW_BITS + AS_GZIP,
		MEMORY_LEVEL, Z_DEFAULT_STRATEGY) == Z_OK)
		return c;
	free(c);
	return NULL;
}

void
compress_free(struct compress *c)
{
	if (c == NULL)
		return;
	deflateEnd(&c->stream);
	free(c);
}

/* Compress all input of the stream. Returns 0, or -1 when memory is exhausted.
 */
static int
deflate_input(struct compress *c, struct evbuffer *out, int flush)
{
	unsigned char bytes[OUT_BYTES];

	do {
		c->stream.next_out = bytes;
		c->stream.avail_out = sizeof(bytes);
		deflate(&c->stream, flush);
		if (evbuffer_add(
			out, bytes, sizeof(bytes) - c->stream.avail_out) != 0)
			return -1;
	} while (c->stream.avail_out == 0);
	return 0;
}

enum compress_result
compress_step(
    struct compress *c, struct evbuffer *in, struct evbuffer *out, bool last)
{
	size_t length = evbuffer_get_length(in);
	size_t n = length < COMPRESS_STEP ? length : COMPRESS_STEP;
	bool done = n == length;
	unsigned char *bytes = evbuffer_pullup(in, (ev_ssize_t)n);

	if (n > 0 && bytes == NULL)
		return COMPRESS_FAILED;
	c->stream.next_in = bytes;
	c->stream.avail_in = (uInt)n;
	if (deflate_input(c, out, done && last ? Z_FINISH : Z_NO_FLUSH) != 0)
		return COMPRESS_FAILED;
	evbuffer_drain(in, n);
	return done ? COMPRESS_DONE : COMPRESS_MORE;
}
