/*
 * JSON text that is written straight into an evbuffer: for long replies of
 * simple structure. All other JSON is jansson's. The metrics, which are plain
 * text, are written with json_text_add as well.
 */
#ifndef API_JSON_H
#define API_JSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/address.h"
#include "table/values.h"

struct evbuffer;

/* A writer of text. When memory is exhausted, text is missing in out, and
 * json_text_end says so. */
struct json_text {
	struct evbuffer *out; /* borrowed */
	bool failed;          /* text is missing */
	size_t length;        /* bytes in buffer */
	char buffer[4096];
};

void json_text_begin(struct json_text *t, struct evbuffer *out);

/* Move what is in the buffer to out. Returns 0, or -1 when text is missing.
 * More may be added, which needs another json_text_end. */
int json_text_end(struct json_text *t);

/* Add formatted text of fewer than 2048 bytes. */
void json_text_add(struct json_text *t, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Add count values, separated by commas, and preceded by one if comma is true.
 * words has count * value_words(type) words. */
void json_text_add_values(struct json_text *t, bool comma, enum value_type type,
    enum value_order order, const uint16_t *words, size_t count);

/* Add coils first..first + count - 1 of packed, as 0 and 1, likewise. */
void json_text_add_coils(struct json_text *t, bool comma,
    const uint16_t *packed, size_t first, size_t count);

/* The names of enum datatable_kind. */
extern const char *const json_text_kinds[2];

/*
 * Add the members of an object that identify a writer: the client's host, the
 * unit identifier and the function code. When host is NULL, the only member is
 * "client":null.
 */
void json_text_add_writer(struct json_text *t, const struct address *host,
    uint8_t unit, uint8_t function);

#endif
