/*
 * A points file, for both layouts of the table.
 *
 * Input: the file.
 *
 * Holds: it is read, or there are errors of one line each, the first 20 and a
 * count. A point is found by its name and by its address. What is printed has
 * lines that a file may have, is read again, and prints itself.
 */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/exit_status.h"
#include "base/utf8.h"
#include "fuzz.h"
#include "points/file.h"

struct told {
	unsigned errors;
};

/* The name of the file is there, so a line is not empty. */
static void
check_line(const char *line)
{
	must(line[0] != '\0');
	must(utf8_is_valid(line, strlen(line)));
	for (; *line != '\0'; line++)
		must((unsigned char)*line >= ' ' && *line != 0x7F);
}

static void
take_error(void *arg, const char *line)
{
	struct told *told = arg;

	check_line(line);
	must(++told->errors <= POINTS_ERRORS_TOLD + 1);
}

static void
take_warning(void *arg, const char *line)
{
	(void)arg;
	check_line(line);
}

/* Returns NULL where there are errors. */
static struct points *
read_points(const void *bytes, size_t size, enum datatable_overlay overlay)
{
	struct told told = { 0 };
	const struct points_report report = { take_error, take_warning, &told };
	void *copy = fuzz_copy(size > 0 ? bytes : "", size > 0 ? size : 1);
	FILE *f = fmemopen(copy, size, "rb");
	struct points *ps;
	int status;

	must(f != NULL);
	status = points_read_stream(f, "f", overlay, &report, &ps);
	fclose(f);
	free(copy);
	must(status == EX_OK || status == EX_CONFIG);
	must((status == EX_OK) == (ps != NULL));
	must((status == EX_OK) == (told.errors == 0));
	return ps;
}

/* Whether a walk through what is at a point's address comes to it. */
static bool
is_touched(const struct points *ps, const struct point *p)
{
	struct points_walk walk =
	    points_touched(ps, p->kind, p->address, point_quantity(p));
	const struct point *q;

	while ((q = points_next(&walk)) != NULL)
		if (q == p)
			return true;
	return false;
}

static void
check_point(const struct points *ps, size_t i)
{
	const struct point *p = points_at(ps, i);

	must(points_place(ps, p) == i);
	must(strlen(p->name) > 0 && strlen(p->name) <= POINT_NAME_MAX);
	must(points_find(ps, p->name, strlen(p->name)) == p);
	must(p->address + point_quantity(p) <= 65536);
	must(points_cover(ps, p->kind, p->address, point_quantity(p)));
	must(is_touched(ps, p));
	must(p->scale != 0);
}

static char *
print(const struct points *ps, size_t *length)
{
	static char *text;
	FILE *out = open_memstream(&text, length);

	must(out != NULL);
	points_print(ps, out);
	must(fclose(out) == 0);
	return text;
}

static void
check_lines(const char *text)
{
	while (*text != '\0') {
		size_t length = strcspn(text, "\n");

		must(length <= POINTS_LINE_MAX && text[length] == '\n');
		text += length + 1;
	}
}

static void
try_file(const uint8_t *data, size_t size, enum datatable_overlay overlay)
{
	struct points *ps = read_points(data, size, overlay);
	size_t length, length_again;
	char *text, *again;

	if (ps == NULL)
		return;
	for (size_t i = 0; i < points_count(ps); i++)
		check_point(ps, i);
	text = print(ps, &length);
	points_free(ps);
	must(strlen(text) == length);
	check_lines(text);
	ps = read_points(text, length, overlay);
	must(ps != NULL);
	again = print(ps, &length_again);
	points_free(ps);
	must(length_again == length && memcmp(text, again, length) == 0);
	free(text);
	free(again);
}

int
LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc;
	(void)argv;
	return 0;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	try_file(data, size, DATATABLE_SEPARATE);
	try_file(data, size, DATATABLE_OVERLAID);
	return 0;
}
