/*
 * JSON that is long and simple, written straight into evbuffers; jansson does
 * the rest. An evbuffer that has had no memory is short: text_failed tells.
 */
#ifndef API_JSON_H
#define API_JSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/address.h"
#include "table/values.h"

struct evbuffer;

struct text {
	struct evbuffer *out; /* borrowed */
	bool failed;          /* something is missing */
	size_t length;        /* of what is in buffer */
	char buffer[4096];
};

void text_begin(struct text *t, struct evbuffer *out);

/* Everything is in the evbuffer. Returns 0, or -1 when something is missing. */
int text_end(struct text *t);

void text_add(struct text *t, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Values, separated by commas, the first one also from what stands before if
 * comma is true. words has count * value_words(type) words. */
void text_add_values(struct text *t, bool comma, enum value_type type,
    enum value_order order, const uint16_t *words, size_t count);

/* Coils first..first + count - 1 of packed, as 0 and 1, likewise. */
void text_add_coils(struct text *t, bool comma, const uint16_t *packed,
    size_t first, size_t count);

/* A host without its port, "192.0.2.1" or "2001:db8::1". */
#define TEXT_HOST_MAX ADDRESS_TEXT_MAX
const char *text_host(const struct address *host, char *text);

/* What a kind of address is called, by enum datatable_kind. */
extern const char *const text_kinds[2];

/*
 * Members of an object that say who wrote, without what stands around them:
 * the client's host, the unit and the function. A NULL host, and function 0,
 * which takes back what could not be kept, are nobody: only "client":null.
 */
void text_add_writer(
    struct text *t, const struct address *host, uint8_t unit, uint8_t function);

/* A moment, milliseconds since 1970, as "2026-11-22T15:04:05.123Z". */
#define TEXT_TIME_MAX 32
const char *text_time(uint64_t moment, char *text);

/* Now, in milliseconds since 1970. */
uint64_t text_now(void);

#endif
