#include "simulation/replay_file.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/escape.h"
#include "base/number.h"
#include "base/timestamp.h"
#include "points/complaints.h"
#include "points/expected.h"
#include "points/notation.h"
#include "points/records.h"
#include "points/value.h"
#include "simulation/series.h"
#include "system/error.h"
#include "system/file.h"

#define NO_COLUMN RECORDS_CELLS_MAX

/* The name of a column in messages. */
#define COLUMN_NAME_MAX (SIMULATE_MAX + 16)

/* Seconds beyond this are milliseconds, or no time of a record. */
#define SECONDS_MAX  1e11
#define MICROSECONDS 1000000

/* The columns that tell a journal from other files. */
enum {
	JOURNAL_NUMBER,
	JOURNAL_TABLE,
	JOURNAL_ADDRESS,
	JOURNAL_BEFORE,
	JOURNAL_AFTER,
	JOURNAL_COLUMNS,
};

static const char *const journal_names[JOURNAL_COLUMNS] = { "number", "table",
	"address", "before", "after" };

/* A file while it is read. */
struct reading {
	const struct point *point; /* borrowed, as is the shape */
	const struct shape *shape;
	struct complaints complaints;
	struct records records;
	struct replay *replay; /* owned */

	/* Places of columns, or NO_COLUMN. */
	unsigned value, time;
	char value_name[COLUMN_NAME_MAX], time_name[COLUMN_NAME_MAX];

	/* Of a journal: its columns, the write of the last row, and the words
	 * of the point that it has told of. */
	bool is_journal;
	unsigned journal[JOURNAL_COLUMNS];
	uint64_t number;
	bool is_known[POINT_WORDS_MAX];
};

/* --- columns -------------------------------------------------------------- */

static struct cell
cell_at(const struct reading *r, unsigned column)
{
	if (column >= r->records.count || column >= RECORDS_CELLS_MAX)
		return (struct cell){ "", 0 };
	return r->records.cells[column];
}

static unsigned
find_column(const struct reading *r, const char *name)
{
	for (unsigned i = 0; i < r->records.count && i < NO_COLUMN; i++)
		if (strcasecmp(r->records.cells[i].text, name) == 0)
			return i;
	return NO_COLUMN;
}

/* Returns the place of a column that must be there. */
static unsigned
need_column(struct reading *r, const char *name)
{
	unsigned place = find_column(r, name);
	char text[ESCAPED_MAX];

	if (place == NO_COLUMN)
		complain(&r->complaints, r->records.line, "no column \"%s\"",
		    text_escape(name, strlen(name), text));
	return place;
}

static void
find_journal(struct reading *r)
{
	r->is_journal = true;
	for (unsigned i = 0; i < JOURNAL_COLUMNS; i++) {
		r->journal[i] = find_column(r, journal_names[i]);
		r->is_journal &= r->journal[i] != NO_COLUMN;
	}
}

/* The column of values where the shape does not say: of the name of the point,
 * or "value". */
static void
find_value(struct reading *r)
{
	const char *name = r->point->name;
	char text[ESCAPED_MAX];

	r->value = find_column(r, name);
	if (r->value == NO_COLUMN)
		r->value = find_column(r, name = "value");
	if (r->value == NO_COLUMN)
		complain(&r->complaints, r->records.line,
		    "no column \"%s\" or \"value\": expected replay(FILE, "
		    "COLUMN)",
		    text_escape(r->point->name, strlen(r->point->name), text));
	snprintf(r->value_name, sizeof(r->value_name), "%s", name);
}

/* The columns that a header names. */
static void
take_header(struct reading *r)
{
	const struct shape *shape = r->shape;

	find_journal(r);
	if (shape->column.name[0] != '\0') {
		r->value = need_column(r, shape->column.name);
		r->is_journal &= r->value == r->journal[JOURNAL_AFTER];
	} else if (!r->is_journal) {
		find_value(r);
	}
	if (shape->time.name[0] != '\0' && r->complaints.errors == 0)
		r->time = need_column(r, shape->time.name);
}

static void
name_column(const struct shape_column *column, char *name)
{
	snprintf(name, COLUMN_NAME_MAX, "%s%s",
	    column->number != 0 ? "column " : "", column->name);
}

/* Find the columns. A file whose columns have numbers has no header. */
static void
find_columns(struct reading *r)
{
	const struct shape *shape = r->shape;
	enum records_status status;

	r->value = r->time = NO_COLUMN;
	name_column(&shape->column, r->value_name);
	name_column(&shape->time, r->time_name);
	if (shape->column.number != 0) {
		r->value = shape->column.number - 1;
		if (shape->time.number != 0)
			r->time = shape->time.number - 1;
		return;
	}
	status = records_next(&r->records);
	if (status == RECORDS_ONE)
		take_header(r);
	else if (status == RECORDS_END)
		complain(&r->complaints, 0,
		    "no header: expected a line that names the columns");
}

/* --- cells ---------------------------------------------------------------- */

/* Each returns 0, or -1 and the complaints know why. */

static int
refuse(struct reading *r, const char *column, struct cell cell,
    const char *expected)
{
	complain_of_cell(
	    &r->complaints, r->records.line, column, cell, expected);
	return -1;
}

/* Seconds, or a date with a time. One without a zone counts as UTC: only
 * differences matter, and a clock that is changed in summer would jump. */
static int
parse_moment(const char *text, int64_t *moment)
{
	char utc[TIMESTAMP_TEXT_MAX];
	double seconds;

	if (notation_is_decimal(text, strlen(text), '.')) {
		seconds = strtod(text, NULL);
		if (!(fabs(seconds) <= SECONDS_MAX))
			return -1;
		*moment = llround(seconds * MICROSECONDS);
		return 0;
	}
	if (!isdigit((unsigned char)text[0]) || strchr(text, '-') == NULL ||
	    strlen(text) >= TIMESTAMP_TEXT_MAX - 1)
		return -1;
	snprintf(utc, sizeof(utc), "%sZ", text);
	if (timestamp_parse(utc, 0, moment) == 0)
		return 0;
	return timestamp_parse(text, 0, moment);
}

/* The moment of a row. The clock of a server may have been set back. */
static int
take_moment(struct reading *r, int64_t *moment)
{
	struct cell cell = cell_at(r, r->time);
	bool is_first = replay_count(r->replay) == 0;
	int64_t last = replay_last(r->replay);

	*moment = 0;
	if (r->time == NO_COLUMN)
		return 0;
	if (strlen(cell.text) != cell.length ||
	    parse_moment(cell.text, moment) != 0)
		return refuse(r, r->time_name, cell,
		    "seconds, or a time such as 2026-11-22T03:12:07.5Z");
	if (is_first || *moment >= last)
		return 0;
	if (!r->is_journal)
		return refuse(r, r->time_name, cell,
		    "no time before that of the row above");
	*moment = last;
	return 0;
}

/* Add a value. */
static int
add(struct reading *r, const uint16_t *words, int64_t moment)
{
	size_t most = replay_most(r->replay);
	char type[POINT_TYPE_MAX];

	if (replay_count(r->replay) == most) {
		complain(&r->complaints, r->records.line,
		    "expected at most %zu values of %s", most,
		    point_type(r->point, type));
		return -1;
	}
	if (replay_add(r->replay, words, moment) == 0)
		return 0;
	complain(&r->complaints, 0, "%s", error_text(ENOMEM));
	return -1;
}

static int
take_row(struct reading *r)
{
	struct cell cell = cell_at(r, r->value);
	char expected[POINT_EXPECTED_MAX];
	uint16_t words[POINT_WORDS_MAX];
	int64_t moment;

	if (point_parse_cell(
		r->point, cell.text, cell.length, words, expected) != 0)
		return refuse(r, r->value_name, cell, expected);
	if (take_moment(r, &moment) != 0)
		return -1;
	return add(r, words, moment);
}

/* --- a journal ------------------------------------------------------------ */

/* Parse a cell of a journal. */
static int
take_number(struct reading *r, unsigned column, uint64_t most, uint64_t *number)
{
	struct cell cell = cell_at(r, r->journal[column]);
	char expected[POINT_EXPECTED_MAX];

	if (strlen(cell.text) == cell.length &&
	    number_parse(cell.text, 0, most, number) == 0)
		return 0;
	expected_words(expected, "a number from 0 to %" PRIu64, most);
	return refuse(r, journal_names[column], cell, expected);
}

/* Which word of the point a row is about. Returns 1, or 0 where it is of
 * another address, or -1. */
static int
find_word(struct reading *r, unsigned *word)
{
	const struct point *p = r->point;
	struct cell table = cell_at(r, r->journal[JOURNAL_TABLE]);
	bool is_coils = strcmp(table.text, "coils") == 0;
	uint64_t address;

	if (!is_coils && strcmp(table.text, "registers") != 0)
		return refuse(r, journal_names[JOURNAL_TABLE], table,
		    "coils or registers");
	if (take_number(r, JOURNAL_ADDRESS, UINT16_MAX, &address) != 0)
		return -1;
	*word = (unsigned)address - p->address;
	return is_coils == (p->kind == DATATABLE_COILS) &&
	    address >= p->address && *word < point_quantity(p);
}

/* What the table has at an address, as a word of the point. */
static uint16_t
word_of(const struct point *p, uint64_t value)
{
	return (uint16_t)(p->bit == POINT_NO_BIT ? value : value >> p->bit & 1);
}

/* A row changes one word of the last value. Before the first one about a word,
 * it was what that row says. */
static void
set_word(struct reading *r, unsigned word, uint16_t before, uint16_t after)
{
	size_t last = replay_count(r->replay) - 1;

	for (size_t i = 0; i < last && !r->is_known[word]; i++)
		replay_value(r->replay, i)[word] = before;
	r->is_known[word] = true;
	replay_value(r->replay, last)[word] = after;
}

/* Several rows may be of one write, and then are one value. */
static int
take_journal_row(struct reading *r)
{
	const struct point *p = r->point;
	uint64_t most = p->kind == DATATABLE_COILS ? 1 : UINT16_MAX;
	uint64_t number, before, after;
	unsigned word = 0;
	int64_t moment;
	int found = find_word(r, &word);

	if (found != 1)
		return found;
	if (take_number(r, JOURNAL_NUMBER, INT64_MAX, &number) != 0 ||
	    take_number(r, JOURNAL_BEFORE, most, &before) != 0 ||
	    take_number(r, JOURNAL_AFTER, most, &after) != 0 ||
	    take_moment(r, &moment) != 0)
		return -1;
	if ((replay_count(r->replay) == 0 || number != r->number) &&
	    add(r, NULL, moment) != 0)
		return -1;
	r->number = number;
	set_word(r, word, word_of(p, before), word_of(p, after));
	return 0;
}

/* --- the file ------------------------------------------------------------- */

static void
take_rows(struct reading *r)
{
	enum records_status status;
	int result = 0;

	while (
	    result == 0 && (status = records_next(&r->records)) == RECORDS_ONE)
		if (r->records.used > 0)
			result =
			    r->is_journal ? take_journal_row(r) : take_row(r);
	if (result != 0)
		return;
	if (status == RECORDS_FAILED)
		complain(&r->complaints, 0, "%s", error_text(errno));
	else if (status == RECORDS_NO_MEMORY)
		complain(&r->complaints, 0, "%s", error_text(ENOMEM));
}

/* A journal has what changed: it says nothing of a word that never did. */
static void
leave_others(struct reading *r)
{
	for (unsigned i = 0; i < point_quantity(r->point); i++)
		if (!r->is_known[i])
			replay_leave(r->replay, i);
}

static void
read_all(struct reading *r)
{
	char reference[POINT_REFERENCE_MAX];

	find_columns(r);
	if (r->complaints.errors == 0)
		take_rows(r);
	if (r->complaints.errors == 0 && replay_count(r->replay) == 0)
		complain(&r->complaints, 0, "no values: expected rows of %s",
		    point_reference(r->point, reference));
	if (r->is_journal)
		leave_others(r);
}

/* Keep the first line. */
static void
keep_line(void *arg, const char *line)
{
	char *error = arg;

	if (error[0] == '\0')
		snprintf(error, SERIES_ERROR_MAX, "%s", line);
}

struct replay *
replay_read_stream(const struct point *p, const struct shape *shape, FILE *f,
    const char *path, char *error)
{
	const struct points_report report = { keep_line, keep_line, error };
	struct complaints none = { .file = path, .report = &report };
	struct reading *r = calloc(1, sizeof(*r));
	struct replay *replay = replay_new(point_quantity(p));

	error[0] = '\0';
	if (r == NULL || replay == NULL) {
		complain(&none, 0, "%s", error_text(ENOMEM));
		replay_free(replay);
		free(r);
		return NULL;
	}
	r->point = p;
	r->shape = shape;
	r->complaints = none;
	r->replay = replay;
	records_begin(&r->records, f, &r->complaints);
	read_all(r);
	records_end(&r->records);
	if (r->complaints.errors > 0) {
		replay_free(replay);
		replay = NULL;
	}
	free(r);
	return replay;
}

/* Whether it is a regular file of a size that is read; a pipe might have no
 * end. */
static bool
check_file(const char *path, struct complaints *c)
{
	int fd = file_open(path, FILE_TO_READ);
	bool fits;

	if (fd < 0) {
		complain(c, 0, "%s", error_text(errno));
		return false;
	}
	fits = file_is_regular(fd) == 1 && file_size(fd) <= REPLAY_FILE_MAX;
	file_close(fd);
	if (!fits)
		complain(c, 0, "expected a regular file of at most %d MiB",
		    REPLAY_FILE_MAX / (1024 * 1024));
	return fits;
}

struct replay *
replay_read(const struct point *p, const struct shape *shape, const char *path,
    char *error)
{
	const struct points_report report = { keep_line, keep_line, error };
	struct complaints c = { .file = path, .report = &report };
	struct replay *replay;
	FILE *f;

	error[0] = '\0';
	if (!check_file(path, &c))
		return NULL;
	f = file_stream(path);
	if (f == NULL) {
		complain(&c, 0, "%s", error_text(errno));
		return NULL;
	}
	replay = replay_read_stream(p, shape, f, path, error);
	fclose(f);
	return replay;
}

const char *
replay_path(const char *points_file, const char *file, char *path)
{
	char directory[FILE_PATH_MAX];

	if (file_is_absolute(file) ||
	    file_split(points_file, directory) == points_file)
		snprintf(path, REPLAY_PATH_MAX, "%s", file);
	else
		snprintf(path, REPLAY_PATH_MAX, "%s/%s", directory, file);
	return path;
}
