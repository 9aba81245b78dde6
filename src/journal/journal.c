#include "journal/journal.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/exit_status.h"
#include "base/printable.h"
#include "journal/past.h"
#include "journal/print.h"
#include "journal/query.h"
#include "journal/rows.h"
#include "points/file.h"
#include "points/names.h"
#include "state/restore.h"
#include "state/store.h"
#include "system/error.h"

#define ADDRESSES 65536

/* Returns why's exit status. */
static int
report(struct store_error *why)
{
	printable_line(why->text);
	fprintf(stderr, "mbasyncserver: journal: %s\n", why->text);
	return why->status;
}

/* Whether the query includes the time and the client of a row. */
static bool
matches(const struct query *q, const struct row *r)
{
	struct address client;

	if (r->record.time < q->since || r->record.time > q->until ||
	    !query_includes_subject(q, r->record.subject))
		return false;
	if (q->clients.count == 0)
		return true;
	return address_parse_client(r->record.client, &client) == 0 &&
	    access_list_contains(&q->clients, &client);
}

/* The names of the points at an address, in text, which has room for
 * POINTS_NAMES_TEXT_MAX bytes; NULL where there are no points. */
static const char *
names_at(const struct points *ps, enum datatable_kind kind, unsigned address,
    char *text)
{
	struct points_names names;

	if (ps == NULL)
		return NULL;
	names = points_names_of(ps, kind, address, 1);
	return points_names_text(&names, "", text);
}

static struct print
print_of(const struct query *q, const struct points *ps, const struct store *s)
{
	return (struct print){
		.out = stdout,
		.format = q->format,
		.identities = store_has_subjects(s),
		.points = ps != NULL,
	};
}

static void
list_row(const struct query *q, const struct points *ps,
    enum datatable_overlay overlay, const struct print *p, const struct row *r)
{
	char text[POINTS_NAMES_TEXT_MAX];

	for (unsigned i = 0; i < r->record.quantity; i++) {
		unsigned address = r->record.address + i;

		if ((q->unchanged || row_before(r, i) != row_after(r, i)) &&
		    query_includes(q, overlay, r->kind, (uint16_t)address))
			print_change(
			    p, r, i, names_at(ps, r->kind, address, text));
	}
}

/* Reads every row, whatever times are asked for: behind any time there may be
 * an earlier one, where the clock was set back. */
static int
list(const struct query *q, const struct points *ps, struct store *s,
    struct store_error *why)
{
	struct rows *rows = rows_open(s, ROWS_OLDEST_FIRST, why);
	const struct print print = print_of(q, ps, s);
	enum rows_result result;
	struct row r;

	if (rows == NULL)
		return -1;
	print_change_names(&print);
	while ((result = rows_next(rows, &r, why)) == ROWS_ONE)
		if (matches(q, &r))
			list_row(q, ps, store_overlay(s), &print, &r);
	rows_close(rows);
	return result == ROWS_END ? 0 : -1;
}

/* The row that was looked up last: adjacent addresses often have the same. */
struct lookup {
	struct store *store;
	struct row row;
	int64_t number; /* 0: none yet */
};

/* *row becomes NULL for number 0. Returns 0, or -1 with why. */
static int
look_up(struct lookup *l, int64_t number, const struct row **row,
    struct store_error *why)
{
	*row = NULL;
	if (number == 0)
		return 0;
	if (l->number != number) {
		l->number = 0;
		if (rows_get(l->store, number, &l->row, why) != 0)
			return -1;
		l->number = number;
	}
	*row = &l->row;
	return 0;
}

/* The table at a time, to be printed. */
struct show {
	const struct query *query;
	const struct points *points; /* or NULL */
	enum datatable_overlay overlay;
	const struct past *past;
	struct print print;
	struct lookup by, until;
};

static uint16_t
value_of(const struct show *show, enum datatable_kind kind, uint16_t address)
{
	uint16_t value;

	if (kind == DATATABLE_COILS)
		datatable_read_coils(
		    past_table(show->past), address, 1, &value);
	else
		datatable_read_registers(
		    past_table(show->past), address, 1, &value);
	return value;
}

/* Without --address, addresses that have always been zero are not shown. */
static bool
is_shown(const struct show *show, enum datatable_kind kind, uint16_t address)
{
	const struct query *q = show->query;

	if (!query_asks(q, show->overlay, kind, address))
		return false;
	return q->range_count != 0 || value_of(show, kind, address) != 0 ||
	    past_since(show->past, kind, address) != 0 ||
	    past_until(show->past, kind, address) != 0;
}

static int
show_address(struct show *show, enum datatable_kind kind, uint16_t address,
    struct store_error *why)
{
	const struct past *p = show->past;
	char names[POINTS_NAMES_TEXT_MAX];
	struct print_value v = {
		.kind = kind,
		.address = address,
		.value = value_of(show, kind, address),
		.since = past_begins(p),
		.created = past_is_complete(p),
		.names = names_at(show->points, kind, address, names),
	};

	if (look_up(&show->by, past_since(p, kind, address), &v.by, why) != 0 ||
	    look_up(
		&show->until, past_until(p, kind, address), &v.until, why) != 0)
		return -1;
	print_value(&show->print, &v);
	return 0;
}

static int
show_table(struct show *show, struct store_error *why)
{
	static const enum datatable_kind kinds[] = { DATATABLE_REGISTERS,
		DATATABLE_COILS };

	print_value_names(&show->print);
	for (size_t k = 0; k < 2; k++)
		for (unsigned i = 0; i < ADDRESSES; i++)
			if (is_shown(show, kinds[k], (uint16_t)i) &&
			    show_address(show, kinds[k], (uint16_t)i, why) != 0)
				return -1;
	return 0;
}

static int
show_at(const struct query *q, const struct points *ps, struct store *s,
    struct store_error *why)
{
	struct past *past = past_find(s, q, why);
	struct show show = {
		.query = q,
		.points = ps,
		.overlay = store_overlay(s),
		.past = past,
		.print = print_of(q, ps, s),
		.by.store = s,
		.until.store = s,
	};
	int result;

	if (past == NULL)
		return -1;
	result = show_table(&show, why);
	past_free(past);
	return result;
}

static int
restore(const struct query *q, struct store *s, struct store_error *why)
{
	struct past *past = past_find(s, q, why);
	int result;

	if (past == NULL)
		return -1;
	result = restore_create(
	    s, q->output, past_table(past), past_last(past), why);
	past_free(past);
	return result;
}

/* Adds advice to the error when a server uses the file. */
static struct store *
open_store(const struct query *q, struct store_error *why)
{
	struct store *s = store_open(q->state, STORE_READ, NULL, why);

	if (s == NULL && why->status == EX_TEMPFAIL)
		store_fail(why, EX_TEMPFAIL,
		    "%s: in use by another process; make a backup "
		    "(--state-backup, SIGUSR1) and query that",
		    q->state);
	return s;
}

static void
put_error(void *arg, const char *line)
{
	(void)arg;
	fprintf(stderr, "mbasyncserver: journal: %s\n", line);
}

/* The server that uses the file warns. */
static void
ignore(void *arg, const char *line)
{
	(void)arg;
	(void)line;
}

/* Read the points file, if one is given, and find the points that the query
 * names. Returns an exit status. */
static int
read_points(
    struct query *q, enum datatable_overlay overlay, struct points **points)
{
	const struct points_report report = { .error = put_error,
		.warn = ignore };
	char error[COMMAND_LINE_ERROR_MAX];
	int status;

	*points = NULL;
	if (q->points == NULL)
		return EX_OK;
	status = points_read(q->points, overlay, &report, points);
	if (status != EX_OK || query_find_points(q, *points, error) == 0)
		return status;
	put_error(NULL, error);
	return EX_USAGE;
}

/* Returns an exit status. */
static int
answer(const struct query *q, const struct points *ps, struct store *s)
{
	struct store_error why;
	int result = -1;

	switch (q->action) {
	case QUERY_LIST:
		result = list(q, ps, s, &why);
		break;
	case QUERY_AT:
		result = show_at(q, ps, s, &why);
		break;
	case QUERY_RESTORE:
		result = restore(q, s, &why);
		break;
	case QUERY_HELP:
		break;
	}
	return result == 0 ? EX_OK : report(&why);
}

static int
run_query(struct query *q)
{
	struct store_error why, ignored;
	struct store *s = open_store(q, &why);
	struct points *points;
	int status;

	if (s == NULL)
		return report(&why);
	status = read_points(q, store_overlay(s), &points);
	if (status == EX_OK)
		status = answer(q, points, s);
	points_free(points);
	store_close(s, &ignored);
	return status;
}

/* Writing to standard output may fail, for example on a full disk. */
static int
end_output(int status)
{
	if (fflush(stdout) == 0 && !ferror(stdout))
		return status;
	fprintf(stderr, "mbasyncserver: journal: standard output: %s\n",
	    error_text(errno));
	return EX_IOERR;
}

static int
print_help(void)
{
	char *help = query_help();

	if (help == NULL)
		return EX_OSERR;
	fputs(help, stdout);
	free(help);
	return EX_OK;
}

int
journal_main(int argc, char **argv)
{
	struct query q;
	char error[COMMAND_LINE_ERROR_MAX];

	if (query_parse(argc, argv, clock_realtime_us(), &q, error) != 0) {
		fprintf(stderr, "mbasyncserver: journal: %s\n", error);
		return EX_USAGE;
	}
	if (q.action == QUERY_HELP)
		return end_output(print_help());
	return end_output(run_query(&q));
}
