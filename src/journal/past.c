#include "journal/past.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/client.h"
#include "base/exit_status.h"
#include "base/timestamp.h"
#include "journal/query.h"
#include "journal/rows.h"
#include "state/sql.h"
#include "state/store.h"

#define ADDRESSES 65536

struct past {
	struct datatable *table; /* owned */
	enum datatable_overlay overlay;
	int64_t moment;
	int64_t begins;
	bool complete;
	int64_t last;
	int64_t unrecorded;          /* see store_unrecorded */
	int64_t since[2][ADDRESSES]; /* numbers of writes */
	int64_t until[2][ADDRESSES];
	bool is_wanted[2][ADDRESSES]; /* since is to be found */
	unsigned wanted;              /* so many */
};

/* An iteration over the rows, the newest first. */
struct walk {
	struct past *past;
	struct rows *rows; /* owned */
	struct row row;    /* the present one */
};

/* The table has no observers. */
static const struct client nobody = { .id = 0 };
static const struct datatable_writer undoer = { .client = &nobody };

/* Since when the journal is complete: since the file was created, or since the
 * oldest write that is kept. */
static int
find_beginning(struct past *p, struct store *s, struct store_error *why)
{
	sqlite3 *db = store_database(s);
	int64_t first = 1;
	int rc = sql_number(
	    db, "SELECT number FROM journal ORDER BY number LIMIT 1", &first);

	p->complete = first == 1;
	if (rc == SQLITE_OK || rc == SQLITE_EMPTY)
		rc = sql_number(db,
		    p->complete ?
			"SELECT value FROM meta WHERE key = 'created'" :
			"SELECT time FROM journal ORDER BY number LIMIT 1",
		    &p->begins);
	return rc == SQLITE_OK ? 0 : rows_fail_sql(rc, why);
}

static int
fail_beginning(const struct past *p, struct store_error *why)
{
	char asked[TIMESTAMP_TEXT_MAX], begins[TIMESTAMP_TEXT_MAX];

	timestamp_format(p->moment, asked);
	timestamp_format(p->begins, begins);
	if (p->complete)
		return store_fail(why, EX_UNAVAILABLE,
		    "the state file was created at %s, later than %s", begins,
		    asked);
	return store_fail(why, EX_UNAVAILABLE,
	    "the journal begins at %s; the table at %s is unknown", begins,
	    asked);
}

static void
note_until(void *arg, enum datatable_kind kind, uint16_t address)
{
	struct walk *w = arg;

	w->past->until[kind][address] = w->row.record.number;
}

static void
note_since(void *arg, enum datatable_kind kind, uint16_t address)
{
	struct walk *w = arg;
	struct past *p = w->past;

	if (!p->is_wanted[kind][address])
		return;
	p->since[kind][address] = w->row.record.number;
	p->is_wanted[kind][address] = false;
	p->wanted--;
}

/* Whether the table holds the values that the row has written. */
static bool
matches_table(const struct past *p, const struct row *r)
{
	uint16_t now[SCHEMA_QUANTITY_MAX];
	unsigned words = r->record.quantity;

	if (r->kind == DATATABLE_REGISTERS) {
		datatable_read_registers(
		    p->table, r->record.address, r->record.quantity, now);
	} else {
		datatable_read_coils(
		    p->table, r->record.address, r->record.quantity, now);
		words = DATATABLE_PACKED_WORDS(words);
	}
	return memcmp(now, r->after, words * sizeof(*now)) == 0;
}

static int
undo(struct walk *w, struct store_error *why)
{
	const struct row *r = &w->row;
	struct past *p = w->past;

	if (r->record.number > p->unrecorded && !matches_table(p, r))
		return store_fail(why, EX_DATAERR,
		    "the state file is damaged: the table does not match "
		    "write %" PRId64 " of the journal",
		    r->record.number);
	if (r->kind == DATATABLE_REGISTERS)
		datatable_write_registers(p->table, &undoer, r->record.address,
		    r->record.quantity, r->before);
	else
		datatable_write_coils(p->table, &undoer, r->record.address,
		    r->record.quantity, r->before);
	row_each_change(r, p->overlay, note_until, w);
	return 0;
}

/* Undo the writes after the moment. The present row is then the last one before
 * it, if there is one. */
static int
undo_later(struct walk *w, struct store_error *why)
{
	struct past *p = w->past;

	for (;;) {
		switch (rows_next(w->rows, &w->row, why)) {
		case ROWS_FAIL:
			return -1;
		case ROWS_END:
			if (p->complete && p->moment >= p->begins)
				return 0;
			return fail_beginning(p, why);
		case ROWS_ONE:
			break;
		}
		if (w->row.record.time <= p->moment) {
			p->last = w->row.record.number;
			return 0;
		}
		if (undo(w, why) != 0)
			return -1;
	}
}

static void
want(struct past *p, const struct query *q)
{
	static const enum datatable_kind kinds[] = { DATATABLE_COILS,
		DATATABLE_REGISTERS };

	for (size_t k = 0; k < 2; k++)
		for (unsigned i = 0; i < ADDRESSES; i++) {
			bool *wanted = &p->is_wanted[kinds[k]][i];

			*wanted =
			    query_asks(q, p->overlay, kinds[k], (uint16_t)i);
			p->wanted += *wanted;
		}
}

/* From the present row on, find the writes that set the values. Rows behind the
 * last answer are not read. */
static int
find_since(struct walk *w, struct store_error *why)
{
	enum rows_result result = w->past->last == 0 ? ROWS_END : ROWS_ONE;

	while (result == ROWS_ONE) {
		row_each_change(&w->row, w->past->overlay, note_since, w);
		if (w->past->wanted == 0)
			return 0;
		result = rows_next(w->rows, &w->row, why);
	}
	return result == ROWS_END ? 0 : -1;
}

static int
find(struct past *p, struct store *s, const struct query *q,
    struct store_error *why)
{
	struct walk w = { .past = p };
	int result;

	p->overlay = store_overlay(s);
	p->unrecorded = store_unrecorded(s);
	p->table = datatable_new(p->overlay);
	if (p->table == NULL)
		return store_fail(why, EX_OSERR, "out of memory");
	store_load(s, p->table);
	if (find_beginning(p, s, why) != 0)
		return -1;
	w.rows = rows_open(s, ROWS_NEWEST_FIRST, why);
	if (w.rows == NULL)
		return -1;
	result = undo_later(&w, why);
	if (result == 0 && q->action == QUERY_AT) {
		want(p, q);
		result = find_since(&w, why);
	}
	rows_close(w.rows);
	return result;
}

struct past *
past_find(struct store *s, const struct query *q, struct store_error *why)
{
	struct past *p = calloc(1, sizeof(*p));

	if (p == NULL) {
		store_fail(why, EX_OSERR, "out of memory");
		return NULL;
	}
	p->moment = q->at;
	if (find(p, s, q, why) == 0)
		return p;
	past_free(p);
	return NULL;
}

void
past_free(struct past *p)
{
	if (p == NULL)
		return;
	datatable_free(p->table);
	free(p);
}

const struct datatable *
past_table(const struct past *p)
{
	return p->table;
}

int64_t
past_last(const struct past *p)
{
	return p->last;
}

int64_t
past_since(const struct past *p, enum datatable_kind kind, uint16_t address)
{
	return p->since[kind][address];
}

int64_t
past_until(const struct past *p, enum datatable_kind kind, uint16_t address)
{
	return p->until[kind][address];
}

int64_t
past_begins(const struct past *p)
{
	return p->begins;
}

bool
past_is_complete(const struct past *p)
{
	return p->complete;
}
