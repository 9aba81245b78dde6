/*
 * How old the rows of the journal are: not by their times, which are those of
 * the system's clock and may be years off, but by the time for which the file
 * was served, "elapsed", in microseconds of the steady clock.
 *
 * Table age has points: at that elapsed time the last row was that number. A
 * row is as old as the first point that includes it. A point is added by the
 * first commit after an hour, and when the file is closed. A commit after more
 * than an hour without one adds another first: for the rows until then. So a
 * row is taken to be up to two hours younger than it is, and younger by more
 * only after a crash.
 *
 * The time between two runs counts, if it is a day at most by the system's
 * clock: a stop is seldom longer, and a clock that is wrong often is by more.
 */
#ifndef STATE_AGE_H
#define STATE_AGE_H

#include <stdint.h>

struct sqlite3;

/* Private to age.c. */
struct age {
	struct sqlite3 *db; /* borrowed; NULL: there are no points */
	int64_t ahead;      /* of elapsed to clock_steady_us */
	int64_t committed;  /* elapsed at the last commit */
	int64_t due;        /* elapsed when a point is to be added */
	int64_t old;        /* rows up to this one are too old */
	int64_t next;       /* elapsed when more may be */
};

/* All but age_begin run within a transaction of the caller. They return
 * SQLite's extended result code. A transaction that fails costs accuracy only:
 * a point is then missing. */

/*
 * Begin with a database of which nothing is served yet; NULL if its version has
 * no table age: then no row is ever too old. The time since it was last served,
 * by the system's clock, is in stopped if it does not count, else 0.
 */
int age_begin(struct age *a, struct sqlite3 *db, int64_t *stopped);

/* Find the last row that is older than keep microseconds, always the same keep;
 * 0 if none is. Takes a query about once an hour. */
int age_find_old(struct age *a, int64_t keep, int64_t *row);

/* A commit: the rows were first..before, and are first..last now. */
int age_commit(struct age *a, int64_t first, int64_t before, int64_t last);

/* The file is being closed: the rows are first..last. */
int age_end(struct age *a, int64_t first, int64_t last);

#endif
