/* Values of the data table, and those who wrote them, as JSON. */
#ifndef API_VALUES_JSON_H
#define API_VALUES_JSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/address.h"
#include "table/values.h"

struct identity;
struct text_writer;

/* The names of enum datatable_kind. */
extern const char *const api_kind_names[2];

/* Add count values, separated by commas, and preceded by one if comma is true.
 * words has count * value_form_words(form) words. */
void api_add_values(struct text_writer *t, bool comma,
    const struct value_form *form, const uint16_t *words, size_t count);

/* Add registers as they are, likewise. */
void api_add_words(
    struct text_writer *t, bool comma, const uint16_t *words, size_t count);

/* Add coils first..first + count - 1 of packed, as 0 and 1, likewise. */
void api_add_coils(struct text_writer *t, bool comma, const uint16_t *packed,
    size_t first, size_t count);

/*
 * Add the members of an object that identify a writer: the client's host, its
 * subject, if it has an identity, the unit identifier and the function code.
 * When host is NULL, the only member is "client":null.
 */
void api_add_writer(struct text_writer *t, const struct address *host,
    const struct identity *identity, uint8_t unit, uint8_t function);

/* Add a member of this name, and a comma before it, with the subject of an
 * identity; nothing for NULL. */
void api_add_subject(
    struct text_writer *t, const char *name, const struct identity *identity);

/* Add members subject and, if there is one, role, likewise. */
void api_add_identity(struct text_writer *t, const struct identity *identity);

#endif
