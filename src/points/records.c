#include "points/records.h"

#include <string.h>

/* libcsv would also end a row by "\r". */
static int
is_end(unsigned char c)
{
	return c == '\n';
}

void
records_begin(struct records *r, FILE *f, struct complaints *c)
{
	r->complaints = c;
	r->lines.f = f;
	csv_init(&r->csv, CSV_STRICT);
	csv_set_term_func(&r->csv, is_end);
	csv_set_blk_size(&r->csv, POINTS_LINE_MAX);
}

void
records_end(struct records *r)
{
	csv_free(&r->csv);
}

/* --- one row ------------------------------------------------------------- */

static void
add_cell(void *bytes, size_t length, void *arg)
{
	struct records *r = arg;
	char *text = r->text + r->length;

	if (length > 0)
		memcpy(text, bytes, length);
	text[length] = '\0';
	r->length += length + 1;
	if (r->count < RECORDS_CELLS_MAX)
		r->cells[r->count] = (struct cell){ text, length };
	r->count++;
	if (length > 0)
		r->used = r->count;
}

static void
end_row(int end, void *arg)
{
	struct records *r = arg;

	(void)end;
	r->is_open = false;
}

/* Forget what was begun. */
static void
break_row(struct records *r)
{
	csv_fini(&r->csv, NULL, NULL, NULL);
	r->is_open = false;
}

/* A quote that is not closed takes what follows with it. */
static enum records_status
not_closed(struct records *r)
{
	complain(r->complaints, r->line, "quote: not closed");
	return RECORDS_STOP;
}

static enum records_status
stray_quote(struct records *r)
{
	if (r->line != r->lines.number)
		return not_closed(r);
	complain(r->complaints, r->line,
	    "quote: expected around a whole cell, and doubled within it");
	break_row(r);
	return RECORDS_BAD;
}

/* --- its lines ----------------------------------------------------------- */

static bool
is_comment(const struct lines *l)
{
	size_t blanks = 0;

	while (l->text[blanks] == ' ' || l->text[blanks] == '\t')
		blanks++;
	return l->text[blanks] == '#' || l->text[blanks] == '\n';
}

/* The character between the cells: the first of them that the header has,
 * outside quotes. */
static char
find_delimiter(const struct lines *l)
{
	bool quoted = false;

	for (size_t i = 0; i < l->length; i++) {
		quoted ^= l->text[i] == '"';
		if (!quoted && strchr(",;\t", l->text[i]) != NULL &&
		    l->text[i] != '\0')
			return l->text[i];
	}
	return ',';
}

static void
begin_row(struct records *r)
{
	if (!r->has_delimiter)
		csv_set_delim(
		    &r->csv, (unsigned char)find_delimiter(&r->lines));
	r->has_delimiter = true;
	r->is_open = true;
	r->line = r->lines.number;
	r->count = r->used = 0;
	r->bytes = r->length = 0;
}

/* A line, which may end a row, or not yet. Returns RECORDS_ONE for both. */
static enum records_status
take_line(struct records *r)
{
	struct lines *l = &r->lines;

	if (!r->is_open)
		begin_row(r);
	r->bytes += l->length;
	if (r->bytes > RECORDS_BYTES_MAX)
		return not_closed(r);
	if (csv_parse(&r->csv, l->text, l->length, add_cell, end_row, r) ==
	    l->length)
		return RECORDS_ONE;
	if (csv_error(&r->csv) != CSV_EPARSE)
		return RECORDS_NO_MEMORY;
	return stray_quote(r);
}

/* A line of too many bytes. */
static enum records_status
refuse_line(struct records *r, enum lines_status status)
{
	const struct lines *l = &r->lines;

	break_row(r);
	complain(r->complaints, l->number, "%s%zu bytes: expected at most %d",
	    status == LINES_ENDLESS ? "more than " : "", l->length,
	    POINTS_LINE_MAX);
	return status == LINES_ENDLESS ? RECORDS_STOP : RECORDS_BAD;
}

enum records_status
records_next(struct records *r)
{
	enum records_status status;

	r->count = 0;
	do {
		enum lines_status line = lines_next(&r->lines);

		if (line == LINES_FAILED)
			return RECORDS_FAILED;
		if (line == LINES_END)
			return r->is_open ? not_closed(r) : RECORDS_END;
		if (line != LINES_LINE)
			return refuse_line(r, line);
		status = RECORDS_ONE;
		if (!r->is_open && is_comment(&r->lines))
			continue;
		status = take_line(r);
	} while (status == RECORDS_ONE && (r->is_open || r->count == 0));
	return status;
}
