/*
 * The query of a URL, "address=0&quantity=10". Names consist of letters,
 * digits, '_', '-' and '.'. Values are any bytes but NUL, those that need it
 * percent-encoded; "+" is a blank. Pure.
 */
#ifndef HTTP_PARAMETERS_H
#define HTTP_PARAMETERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "table/datatable.h"
#include "table/values.h"

#define PARAMETERS_PAIRS_MAX 8
#define PARAMETERS_TEXT_MAX  512 /* bytes, including the NUL */

/* Bytes of an error text, including the NUL: one sentence of printable ASCII,
 * no full stop. */
#define PARAMETERS_ERROR_MAX 200

struct parameters {
	struct parameters_pair {
		const char *name;  /* into text */
		const char *value; /* likewise */
		bool used;
	} pairs[PARAMETERS_PAIRS_MAX];
	size_t count;
	char text[PARAMETERS_TEXT_MAX];
	char error[PARAMETERS_ERROR_MAX]; /* "": no error */
};

/*
 * Parse a query; text may be NULL: no query. q->error is then "" or says what
 * is wrong with it. The functions below set it, too, and return their fallback
 * then; the first error stays. So a handler reads all its parameters and then
 * calls parameters_finish.
 */
void parameters_parse(struct parameters *q, const char *text);

/* Add a parameter that came another way. Both texts are borrowed. It is an
 * error when the query has it, too. */
void parameters_add(struct parameters *q, const char *name, const char *value);

/* The value of a parameter, or NULL. */
const char *parameters_text(struct parameters *q, const char *name);

/* A decimal number from min to max; fallback when it is not given. */
uint64_t parameters_number(struct parameters *q, const char *name, uint64_t min,
    uint64_t max, uint64_t fallback);

/* An address of that kind, as table/reference.h has it, without a bit; fallback
 * when it is not given. */
uint16_t parameters_address(struct parameters *q, const char *name,
    enum datatable_kind kind, uint16_t fallback);

/* The index of the value in words; fallback when it is not given. */
size_t parameters_choice(struct parameters *q, const char *name,
    const char *const *words, size_t count, size_t fallback);

/* What registers hold: "type" and "order"; uint16 and ABCD when they are not
 * given. */
struct value_form parameters_form(struct parameters *q);

/* A parameter that was given but not read is an error. Returns NULL, or the
 * error. */
const char *parameters_finish(struct parameters *q);

#endif
