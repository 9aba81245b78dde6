/* The words of a line of a roles file. Pure. */
#ifndef ROLES_WORDS_H
#define ROLES_WORDS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/identity.h"

/* A word as it stands in the file, up to the next blank outside of quotation
 * marks; borrowed. */
struct word {
	const char *text;
	size_t length;
	bool quoted; /* it begins with a quotation mark */
};

/* What is left of a line, without its end. */
struct words {
	const char *at;
	const char *end;
};

enum words_status {
	WORDS_ONE,
	WORDS_END,  /* of the line, or a comment begins */
	WORDS_OPEN, /* quotation marks are not closed: the word is the rest */
};

enum words_status words_next(struct words *w, struct word *word);

/* Whether a word is this one, without quotation marks. */
bool word_is(const struct word *word, const char *text);

/*
 * The name that a word is: 1 to 64 bytes of UTF-8, which the word is known to
 * be, without control characters; bare, or in quotation marks with \" and \\.
 * Returns NULL, or what was expected.
 */
const char *
word_parse_name(const struct word *word, char name[IDENTITY_ROLE_SIZE]);

#endif
