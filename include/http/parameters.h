/*
 * The query of a URL, "address=0&quantity=10". Names and values are letters,
 * digits, '_', '-' and '.': nothing here ever needs to be escaped. Pure.
 */
#ifndef HTTP_PARAMETERS_H
#define HTTP_PARAMETERS_H

#include <stddef.h>

#define PARAMS_PAIRS_MAX 8
#define PARAMS_TEXT_MAX  256 /* bytes, with a NUL */

/* Room for any error text: one sentence, without a full stop. */
#define PARAMS_ERROR_MAX 200

struct params {
	struct params_pair {
		const char *name;  /* into text */
		const char *value; /* likewise */
		int used;
	} pairs[PARAMS_PAIRS_MAX];
	size_t count;
	char text[PARAMS_TEXT_MAX];
	char error[PARAMS_ERROR_MAX]; /* "" as long as all went well */
};

/*
 * Parse text, or NULL for no query at all. On failure q->error says why, and
 * so it is for every call below: the first error stays. They return the
 * default then, so that a caller may ask for everything before it looks.
 */
void params_parse(struct params *q, const char *text);

/* The value of a name, or NULL. Each name is to be given once. */
const char *params_text(struct params *q, const char *name);

/* A decimal number from min to max. */
unsigned long params_number(struct params *q, const char *name,
    unsigned long min, unsigned long max, unsigned long otherwise);

/* One of so many words: its index. */
size_t params_choice(struct params *q, const char *name,
    const char *const *words, size_t count, size_t otherwise);

/* It is an error if something was given that nobody has asked for. Returns
 * NULL, or the error. */
const char *params_finish(struct params *q);

#endif
