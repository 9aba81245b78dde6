#include "points/file.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/exit_status.h"
#include "points/builder.h"
#include "points/complaints.h"
#include "points/heading.h"
#include "points/point_row.h"
#include "points/records.h"
#include "points/sharing.h"
#include "system/error.h"
#include "system/file.h"

/* A file while it is read. */
struct reading {
	enum datatable_overlay overlay;
	struct complaints complaints;
	struct records records;
	struct heading heading;
	struct points *points;   /* owned */
	struct sharing *sharing; /* owned */
	unsigned count;          /* of rows behind the header */

	bool has_ambiguous_address; /* the first one was pointed out */
};

/* --- the file ------------------------------------------------------------ */

/* Say what the system says of the file. Returns an exit status. */
static int
fail(struct complaints *c, int error)
{
	complain(c, 0, "%s", error_text(error));
	switch (error) {
	case ENOENT:
	case ENOTDIR:
	case ENAMETOOLONG:
	case ELOOP:
		return EX_CONFIG;
	case EACCES:
	case EPERM:
		return EX_NOPERM;
	case ENOMEM:
		return EX_OSERR;
	default:
		return EX_IOERR;
	}
}

/* What ends the reading. Returns an exit status. */
static int
stop(struct reading *r, enum records_status status)
{
	if (status == RECORDS_FAILED)
		return fail(&r->complaints, errno);
	if (status == RECORDS_NO_MEMORY)
		return fail(&r->complaints, ENOMEM);
	return r->complaints.errors == 0 ? EX_OK : EX_CONFIG;
}

/* --- the header ---------------------------------------------------------- */

/* Spreadsheets call it Unicode. */
static bool
is_utf16(struct cell cell)
{
	return cell.length >= 2 &&
	    (memcmp(cell.text, "\xFF\xFE", 2) == 0 ||
		memcmp(cell.text, "\xFE\xFF", 2) == 0);
}

/* Returns an exit status. */
static int
read_header(struct reading *r)
{
	enum records_status status = records_next(&r->records);

	if (status == RECORDS_END)
		complain(&r->complaints, 0,
		    "no header: expected a line that names the columns");
	if (status != RECORDS_ONE)
		return stop(r, status);
	if (is_utf16(r->records.cells[0])) {
		complain(&r->complaints, 0, "UTF-16: expected UTF-8");
		return EX_CONFIG;
	}
	r->heading.line = r->records.line;
	for (unsigned i = 0; i < r->records.count && i < RECORDS_CELLS_MAX; i++)
		if (heading_add(
			&r->heading, &r->complaints, r->records.cells[i]) != 0)
			return fail(&r->complaints, ENOMEM);
	heading_end(&r->heading, &r->complaints);
	return stop(r, RECORDS_END);
}

/* --- a row --------------------------------------------------------------- */

static void
complain_of(struct reading *r, const struct point_row *row, enum column column,
    struct cell cell, const char *expected)
{
	complain_of_cell(&r->complaints, row->line,
	    heading_spelling(&r->heading, column), cell, expected);
}

/* Arrange the cells by their columns. */
static struct point_row
arrange(const struct reading *r)
{
	struct point_row row = {
		.line = r->records.line,
		.has_addresses = r->heading.spelt[COLUMN_ADDRESS] != NULL,
	};

	for (int i = 0; i < COLUMNS; i++)
		row.cells[i].text = "";
	for (unsigned i = 0; i < r->records.count && i < r->heading.count; i++)
		if (r->heading.columns[i] < COLUMNS)
			row.cells[r->heading.columns[i]] = r->records.cells[i];
	return row;
}

/* What is worth to be told of a row that is right. */
static void
point_out(struct reading *r, const struct point_row *row)
{
	const struct cell *address = &row->cells[COLUMN_ADDRESS];
	struct reference reference;
	char text[REFERENCE_TEXT_MAX];

	if (!r->has_ambiguous_address && row->cells[COLUMN_AREA].length > 0 &&
	    place_is_ambiguous(address->text, &reference)) {
		r->has_ambiguous_address = true;
		complaints_warn(&r->complaints, row->line,
		    "%s: \"%s\": with an area this is address %.5s on the "
		    "wire; %s would be what some call %s",
		    heading_spelling(&r->heading, COLUMN_ADDRESS),
		    address->text, address->text,
		    reference_format(&reference, text), address->text);
	}
}

/* Whether no other point has that name. */
static bool
check_name(
    struct reading *r, const struct point_row *row, const struct point *p)
{
	const struct cell name = { p->name, strlen(p->name) };
	const struct point *other =
	    points_find(r->points, name.text, name.length);
	char expected[POINT_EXPECTED_MAX];

	if (other == NULL)
		return true;
	expected_words(
	    expected, "a name of its own: line %u has it", other->line);
	complain_of(r, row, COLUMN_NAME, name, expected);
	return false;
}

/* Whether it agrees with the others where it shares registers with them. */
static bool
check_sharing(
    struct reading *r, const struct point_row *row, const struct point *p)
{
	enum conflict conflict = sharing_check(r->sharing, p);
	char expected[POINT_EXPECTED_MAX] = "";
	enum column column = COLUMN_ADDRESS;

	if (conflict == CONFLICT_NONE)
		return true;
	if (complaints_are_told(&r->complaints))
		column = conflict_explain(
		    conflict, r->overlay, r->points, p, expected);
	if (column == COLUMN_ADDRESS && row->cells[column].length == 0)
		column = COLUMN_NUMBER;
	complain_of(r, row, column, row->cells[column], expected);
	return false;
}

/* Returns an exit status. */
static int
add_row(struct reading *r)
{
	const struct point_row row = arrange(r);
	struct parsed_row parsed;

	if (r->records.used > r->heading.count) {
		complain(&r->complaints, row.line,
		    "%u cells: expected at most %u", r->records.used,
		    r->heading.count);
		return EX_OK;
	}
	if (point_row_parse(&row, &parsed) != 0) {
		complain_of(r, &row, parsed.column, row.cells[parsed.column],
		    parsed.expected);
		return EX_OK;
	}
	if (!check_name(r, &row, &parsed.point) ||
	    !check_sharing(r, &row, &parsed.point))
		return EX_OK;
	point_out(r, &row);
	sharing_add(r->sharing, &parsed.point);
	if (points_add(r->points, &parsed.point) != 0)
		return fail(&r->complaints, ENOMEM);
	return EX_OK;
}

/* Returns an exit status. */
static int
read_rows(struct reading *r)
{
	enum records_status status;
	int result = EX_OK;

	while (result == EX_OK) {
		status = records_next(&r->records);
		if (status == RECORDS_BAD ||
		    (status == RECORDS_ONE && r->records.used == 0))
			continue;
		if (status != RECORDS_ONE)
			return stop(r, status);
		if (r->count++ == POINTS_MAX) {
			complain(&r->complaints, r->records.line,
			    "expected at most %d points", POINTS_MAX);
			return stop(r, RECORDS_STOP);
		}
		result = add_row(r);
	}
	return result;
}

/* --- everything ---------------------------------------------------------- */

/* Returns an exit status. */
static int
read_all(struct reading *r)
{
	const struct complaints *c = &r->complaints;
	int status;

	r->points = points_new(c->file, r->overlay);
	r->sharing = sharing_new(r->overlay);
	if (r->points == NULL || r->sharing == NULL)
		return fail(&r->complaints, ENOMEM);
	status = read_header(r);
	if (status == EX_OK)
		status = read_rows(r);
	if (status == EX_OK && points_finish(r->points) != 0)
		status = fail(&r->complaints, ENOMEM);
	complaints_end(&r->complaints);
	return status;
}

int
points_read_stream(FILE *stream, const char *file,
    enum datatable_overlay overlay, const struct points_report *report,
    struct points **points)
{
	struct complaints none = { .file = file, .report = report };
	struct reading *r = calloc(1, sizeof(*r));
	int status;

	*points = NULL;
	if (r == NULL)
		return fail(&none, ENOMEM);
	r->overlay = overlay;
	r->complaints = none;
	records_begin(&r->records, stream, &r->complaints);
	status = read_all(r);
	if (status == EX_OK)
		*points = r->points;
	else
		points_free(r->points);
	sharing_free(r->sharing);
	heading_free(&r->heading);
	records_end(&r->records);
	free(r);
	return status;
}

int
points_read(const char *file, enum datatable_overlay overlay,
    const struct points_report *report, struct points **points)
{
	struct complaints none = { .file = file, .report = report };
	FILE *stream = file_stream(file);
	int status;

	*points = NULL;
	if (stream == NULL)
		return fail(&none, errno);
	status = points_read_stream(stream, file, overlay, report, points);
	fclose(stream);
	return status;
}
