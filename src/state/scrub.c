#include "state/scrub.h"

#include <stdlib.h>

#include "base/clock.h"
#include "base/exit_status.h"
#include "state/row.h"
#include "store_private.h"

#define STEP_ROWS 64
#define STEP_NS   UINT64_C(1000000)

/*
 * A search for the first readable row behind an unreadable one. Row bad is not
 * readable; good is, or is 0 while the search still grows.
 *
 *   bad + 1, + 3, + 7, ... until one is good; then the middle of bad and good
 */
struct search {
	bool active;
	int64_t bad;
	int64_t good;
	int64_t jump;
};

struct scrub {
	struct store *store;   /* borrowed */
	struct row_query rows; /* owned: from a number to another */
	int64_t first;
	int64_t last; /* the row after it still has a number */
	int64_t next; /* the first that is not checked */
	struct search search;
	struct damage found;
	bool recorded;         /* that there is damage */
	int64_t recorded_rows; /* how many */
	bool refused;          /* there was no space to record it */
};

/* What a row was found to be. */
enum look {
	LOOK_GOOD,
	LOOK_BAD,   /* damaged or missing */
	LOOK_LATER, /* no memory */
};

static int
prepare(struct scrub *c)
{
	return row_query_prepare(&c->rows, c->store->db, c->store->version,
	    "WHERE number BETWEEN ? AND ? ORDER BY number");
}

struct scrub *
scrub_begin(struct store *s)
{
	struct scrub *c = calloc(1, sizeof(*c));

	if (c == NULL)
		return NULL;
	c->store = s;
	if (prepare(c) != SQLITE_OK) {
		free(c);
		return NULL;
	}
	c->first = s->first;
	c->last = s->last < INT64_MAX ? s->last : INT64_MAX - 1;
	c->next = c->first;
	s->suspect = false;
	s->check.checking = true;
	s->check.rows = c->last - c->first + 1;
	s->check.checked = 0;
	return c;
}

/* Read the next row of the statement, which must be this one. */
static enum look
look_at_next(struct scrub *c, int64_t number)
{
	struct record_journal row;
	int rc = row_next(c->rows.statement, &row);

	if (rc == SQLITE_OK && row.number == number)
		return LOOK_GOOD;
	return sql_classify(rc, 0) == SQL_NO_MEMORY ? LOOK_LATER : LOOK_BAD;
}

static void
select_rows(struct scrub *c, int64_t first, int64_t last)
{
	sqlite3_reset(c->rows.statement);
	sqlite3_bind_int64(c->rows.statement, 1, first);
	sqlite3_bind_int64(c->rows.statement, 2, last);
}

/* All below number is checked, and damaged unless it was removed. */
static void
advance(struct scrub *c, int64_t number)
{
	if (number > c->next)
		damage_add(&c->found, c->next, number - 1);
	c->next = number;
}

/* Rows may have been removed since the last step. */
static void
skip_removed(struct scrub *c)
{
	int64_t first = c->store->first;

	if (first <= c->next)
		return;
	c->next = first <= c->last ? first : c->last + 1;
	c->search.active = false;
}

/* A row behind one that is missing may not be found by its own number: the
 * search finds one that is. Returns whether to go on. */
static bool
check_row(struct scrub *c)
{
	switch (look_at_next(c, c->next)) {
	case LOOK_GOOD:
		c->next++;
		return true;
	case LOOK_BAD:
		c->search = (struct search){ true, c->next, 0, 1 };
		return true;
	case LOOK_LATER:
		break;
	}
	return false;
}

static int64_t
search_target(const struct scrub *c)
{
	const struct search *s = &c->search;

	if (s->good != 0)
		return s->bad + (s->good - s->bad) / 2;
	return s->jump <= c->last - s->bad ? s->bad + s->jump : c->last + 1;
}

/* Narrow the search. The end of the rows counts as a good one. Returns whether
 * to go on. */
static bool
search_on(struct scrub *c)
{
	struct search *s = &c->search;
	int64_t target = search_target(c);
	enum look look = LOOK_GOOD;

	if (target <= c->last) {
		select_rows(c, target, target);
		look = look_at_next(c, target);
	}
	if (look == LOOK_LATER)
		return false;
	if (look == LOOK_GOOD)
		s->good = target;
	else
		s->bad = target;
	if (s->good == 0)
		s->jump *= 2;
	if (s->good != s->bad + 1)
		return true;
	s->active = false;
	advance(c, s->good);
	select_rows(c, c->next, c->last);
	return true;
}

/* Returns false when memory was exhausted. */
static bool
check_rows(struct scrub *c)
{
	const uint64_t end = clock_ns() + STEP_NS;
	bool more = true;

	if (prepare(c) != SQLITE_OK)
		return false;
	select_rows(c, c->next, c->last);
	for (unsigned i = 0; more && c->next <= c->last && i < STEP_ROWS &&
	     (i == 0 || clock_ns() < end);
	     i++)
		more = c->search.active ? search_on(c) : check_row(c);
	/* No transaction stays open: a checkpoint would stop at it. */
	sqlite3_reset(c->rows.statement);
	return more;
}

static bool
has_ended(const struct scrub *c)
{
	return c->next > c->last;
}

static bool
is_damaged(const struct scrub *c)
{
	return c->found.rows != 0 || c->store->unpruned;
}

/* Damage is recorded when the first is found, so that no kill can hide it, and
 * at the end. Where there was no space, the end is early enough. */
static bool
must_record(const struct scrub *c)
{
	if (!is_damaged(c) ||
	    (c->recorded && c->recorded_rows == c->found.rows))
		return false;
	return has_ended(c) || (!c->recorded && !c->refused);
}

/* After a refusal, space is probed first, as the log must then be emptied. */
static enum store_outcome
record(struct scrub *c, struct store_error *why)
{
	enum store_outcome outcome = STORE_DONE;

	if (c->refused)
		outcome = store_probe(c->store, why);
	if (outcome == STORE_DONE)
		outcome = store_record_damage(c->store, &c->found, why);
	c->refused = outcome == STORE_FULL;
	c->recorded = outcome == STORE_DONE;
	c->recorded_rows = c->found.rows;
	return outcome;
}

static void
show(const struct scrub *c)
{
	struct scrub_figures *f = &c->store->check;

	f->checked = c->next - c->first;
	if (is_damaged(c))
		f->result = SCRUB_DAMAGED;
	else if (has_ended(c))
		f->result = SCRUB_SOUND;
	if (c->found.rows != 0 || has_ended(c))
		f->damage = c->found;
	f->checking = !has_ended(c);
}

enum scrub_state
scrub_step(struct scrub *c, struct store_error *why)
{
	skip_removed(c);
	if (!has_ended(c))
		check_rows(c);
	show(c);
	if (must_record(c) && record(c, why) == STORE_LOST)
		return SCRUB_LOST;
	return has_ended(c) && !must_record(c) ? SCRUB_ENDED :
						 SCRUB_IN_PROGRESS;
}

void
scrub_end(struct scrub *c)
{
	if (c == NULL)
		return;
	c->store->check.checking = false;
	row_query_end(&c->rows);
	free(c);
}

static int
fail_memory(const struct store *s, struct store_error *why)
{
	return store_fail(why, EX_OSERR, "%s: out of memory", s->path);
}

static int
run_all(struct scrub *c, struct store_error *why)
{
	enum store_outcome outcome;

	while (!has_ended(c))
		if (!check_rows(c))
			return fail_memory(c->store, why);
	show(c);
	outcome = store_record_damage(
	    c->store, is_damaged(c) ? &c->found : NULL, why);
	return outcome == STORE_LOST ? -1 : 0;
}

int
scrub_all(struct store *s, struct store_error *why)
{
	struct scrub *c = scrub_begin(s);
	int result;

	if (c == NULL)
		return fail_memory(s, why);
	result = run_all(c, why);
	scrub_end(c);
	return result;
}

bool
scrub_is_due(const struct store *s)
{
	return s->suspect ||
	    (s->check.result == SCRUB_UNKNOWN && !s->check.checking);
}

const struct scrub_figures *
scrub_figures(const struct store *s)
{
	return &s->check;
}
