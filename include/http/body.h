/*
 * JSON that clients send. Before jansson takes the text apart, its shape is
 * looked at, so that no text of a megabyte becomes a tree of a hundred: a few
 * arrays and objects, and as many values as the table has. Pure.
 */
#ifndef HTTP_BODY_H
#define HTTP_BODY_H

#include <jansson.h>
#include <stddef.h>

#include "table/values.h"

/* What a text may have of these, outside of strings. */
#define BODY_CONTAINERS_MAX 8     /* "[" and "{" */
#define BODY_VALUES_MAX     70000 /* "," and one more each */

/* Room for any error text: one sentence. */
#define BODY_ERROR_MAX 200

/* Parse an object. Returns NULL with an error, which has room for
 * BODY_ERROR_MAX bytes. */
json_t *body_parse(const char *text, size_t length, char *error);

/*
 * Take the members of an object apart. Each member is looked for in names, and
 * put at its place in members, which are borrowed; those that are not there
 * become NULL. Returns 0, or -1 with an error: what names don't list is one.
 */
int body_members(json_t *object, const char *const *names, size_t count,
    json_t **members, char *error);

/* A whole number from 0 to max; otherwise when it is NULL. Returns 0 or -1. */
int body_number(const json_t *member, const char *name, size_t max,
    size_t otherwise, size_t *number, char *error);

/* One of so many words: its index. Returns 0 or -1. */
int
body_choice(const json_t *member, const char *name, const char *const *words,
    size_t count, size_t otherwise, size_t *choice, char *error);

/*
 * An array of numbers into words, which has room for most words. Returns how
 * many, or -1 with an error. An empty array is one.
 */
long body_values(const json_t *member, const char *name, enum value_type type,
    enum value_order order, uint16_t *words, size_t most, char *error);

/* An array of true and false or 1 and 0 into packed words, which has room for
 * most coils and is cleared before. Returns how many, or -1. */
long body_coils(const json_t *member, const char *name, uint16_t *packed,
    size_t most, char *error);

#endif
