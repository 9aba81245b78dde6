/*
 * When a scrub (state/scrub.h) is done: after each start, and again after a
 * sign of damage; gently, a step now and then while nothing is committed.
 *
 * The functions are for the thread that uses the store. Times are of clock_ns.
 */
#ifndef STATE_SCRUBBER_H
#define STATE_SCRUBBER_H

#include <stdbool.h>
#include <stdint.h>

struct scrub;
struct store;
struct store_error;

struct scrubber {
	struct store *store; /* borrowed */
	struct scrub *scrub; /* owned: the one that is going on, or NULL */
	uint64_t from;       /* its pause ends */
	uint64_t worked_at;  /* a commit ended */
};

struct scrubber_turn {
	uint64_t due; /* the next step; UINT64_MAX: when there is a reason */
	bool stepped; /* the figures may have changed */
	bool ended;   /* all rows are checked */
	bool lost;    /* the disk has failed; why is set */
};

void scrubber_init(struct scrubber *s, struct store *store);

/* Before the store is closed. */
void scrubber_end(struct scrubber *s);

/* A commit has just ended. Returns whether there is something to check. */
bool scrubber_worked(struct scrubber *s);

/* Do a step, if one is due. */
struct scrubber_turn scrubber_step(struct scrubber *s, struct store_error *why);

#endif
