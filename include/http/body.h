/*
 * Parsing of JSON bodies. Arrays, objects and values are counted before jansson
 * parses a body, since a body of 1 MiB can become a tree of 100 MiB. Pure.
 */
#ifndef HTTP_BODY_H
#define HTTP_BODY_H

#include <jansson.h>
#include <stddef.h>

#include "table/reference.h"
#include "table/values.h"

/* The most of these that a body may contain, outside of strings. */
#define BODY_CONTAINERS_MAX 8     /* "[" and "{" */
#define BODY_VALUES_MAX     70000 /* 1 + the number of "," */

/* Bytes of an error text, including the NUL: one sentence. */
#define BODY_ERROR_MAX 240

/* Parse an object. Returns a reference that the caller owns, or NULL with an
 * error, which has room for BODY_ERROR_MAX bytes. */
json_t *body_parse(const char *text, size_t length, char *error);

/*
 * Find the members of an object: members[i], borrowed, becomes the one named
 * names[i], or NULL. Returns 0, or -1 with an error, also when there is a
 * member that names does not list.
 */
int body_members(json_t *object, const char *const *names, size_t count,
    json_t **members, char *error);

/*
 * Read an address of that kind, a number or a string as table/reference.h has
 * it, without a bit; NULL is an error. note, which has room for
 * REFERENCE_NOTE_MAX bytes, becomes what reference_note says of it. Returns 0,
 * or -1 with an error, as do the following.
 */
int body_address(const json_t *member, const char *name,
    enum datatable_kind kind, uint16_t *address, char *note, char *error);

/* The same of a register, or of a bit of one: *bit is -1 where there is none.
 */
int body_register_or_bit(const json_t *member, const char *name,
    uint16_t *address, int *bit, char *note, char *error);

/* Read a string that is one of words, as its index. */
int
body_choice(const json_t *member, const char *name, const char *const *words,
    size_t count, size_t fallback, size_t *choice, char *error);

/* Read what registers hold, a type and an order; uint16 and ABCD when they are
 * NULL. */
int body_form(const json_t *type, const json_t *order, struct value_form *form,
    char *error);

/*
 * Read an array of values of that form into words, which has room for `most`
 * words. Returns the number of words, or -1 with an error. An empty array is an
 * error.
 */
long body_values(const json_t *member, const char *name,
    const struct value_form *form, uint16_t *words, size_t most, char *error);

/* Read an array of true and false or 1 and 0 into packed, which has room for
 * `most` coils. Returns the number of coils, or -1 with an error. */
long body_coils(const json_t *member, const char *name, uint16_t *packed,
    size_t most, char *error);

#endif
