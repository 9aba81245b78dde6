/*
 * What a check found, the lines that say so, and the score.
 */
#ifndef SCORE_H
#define SCORE_H

#include <stdbool.h>
#include <stddef.h>

enum outcome {
	PASSED,
	FAILED,
	NOT_APPLICABLE, /* the server need not have what is tested */
};

#define VERDICT_TEXT 480

struct verdict {
	enum outcome outcome;
	char text[VERDICT_TEXT]; /* why, unless passed */
};

struct verdict pass(void);
struct verdict
fail(const char *format, ...) __attribute__((format(printf, 1, 2)));
struct verdict
not_applicable(const char *format, ...) __attribute__((format(printf, 1, 2)));

struct tally {
	unsigned count[3]; /* by outcome */
};

struct score {
	bool quiet; /* print only failures and scores */
	const char *group;
	struct tally in_group;
	struct tally total;
};

/* Begin a group; name is borrowed. */
void score_begin(struct score *s, const char *group);

/* Count one check and print its line: ok, FAIL or n/a. */
void score_add(struct score *s, const char *name, const char *clause,
    const struct verdict *v);

/* End a group: print its score and add it to the total. */
void score_end(struct score *s);

/* Print the total. Returns whether nothing failed and something passed. */
bool score_finish(const struct score *s);

#endif
