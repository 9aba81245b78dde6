/*
 * Checking the journal of an open store, row by row, while a server writes to
 * it: the range and checksum of each row, and that no number is missing. Damage
 * that was found is recorded in the file (key damage of table meta), so that
 * the next start checks all of it.
 *
 * It is done in small steps. Between them the store may commit and checkpoint:
 * rows that are added meanwhile are not checked, rows that are removed
 * meanwhile are not missing. Behind a row that cannot be read, the next
 * readable one is searched for by steps that grow, then halve: readable rows in
 * between may be counted as damaged.
 *
 * The functions are for the thread that uses the store.
 */
#ifndef STATE_SCRUB_H
#define STATE_SCRUB_H

#include <stdbool.h>
#include <stdint.h>

#include "state/damage.h"

struct scrub;
struct store;
struct store_error;

enum scrub_result {
	SCRUB_UNKNOWN, /* none has ended yet */
	SCRUB_SOUND,
	SCRUB_DAMAGED,
};

struct scrub_figures {
	bool checking;   /* rows are left to be checked */
	int64_t rows;    /* of the journal when it began */
	int64_t checked; /* of these, or removed since */
	/* Of the last that has ended; that of the present one already when it
	 * has found damage. */
	enum scrub_result result;
	struct damage damage; /* empty where SQLite has found it elsewhere */
};

enum scrub_state {
	SCRUB_IN_PROGRESS,
	SCRUB_ENDED,
	SCRUB_LOST, /* the disk has failed; why is set, as by store_commit */
};

/* Begin to check the rows of s, borrowed. Returns NULL when memory is
 * exhausted. */
struct scrub *scrub_begin(struct store *s);

/* Check some rows: until 64 were read, or a millisecond has passed. While there
 * is no space to record damage, it stays in progress with its result known. */
enum scrub_state scrub_step(struct scrub *c, struct store_error *why);

/* Free it, complete or not, before the store is closed. Accepts NULL. */
void scrub_end(struct scrub *c);

/* Check the whole journal at once. What is recorded becomes what is found.
 * Returns 0, or -1 with why: EX_IOERR when the disk has failed, EX_OSERR when
 * memory is exhausted. */
int scrub_all(struct store *s, struct store_error *why);

/* Whether the journal must be checked: it has not been since the store was
 * opened, or there has been a sign of damage since the last check began. */
bool scrub_is_due(const struct store *s);

/* What is known of the journal of s. Borrowed. */
const struct scrub_figures *scrub_figures(const struct store *s);

#endif
