/* A table that is written as a file of points makes the same table when the
 * file is read. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/exit_status.h"
#include "one_table.h"
#include "points/file.h"
#include "points/value.h"
#include "suite.h"

#define POINTS 600

static struct points *points;

static void
add_error(void *arg, const char *line)
{
	(void)arg;
	ck_abort_msg("%s", line);
}

static void
add_warning(void *arg, const char *line)
{
	(void)arg;
	(void)line;
}

static const struct points_report report = { add_error, add_warning, NULL };

static void
forget(void)
{
	points_free(points);
	points = NULL;
	teardown();
}

/* Random numbers, the same in each run. */
static unsigned
choose(unsigned count)
{
	static uint64_t state = 13;

	state = state * UINT64_C(6364136223846793005) + 1442695040888963407;
	return (unsigned)(state >> 33) % count;
}

/* Factors that points may have. */
static const char *const factors[] = { "", "", "0.1", "-10", "3", "0.001",
	"1e9", "-273.15", "1e300", "5e-324" };

/* The cells of a type, its scaling, and the registers that it takes. */
static unsigned
add_form(FILE *f, unsigned *place)
{
	static const unsigned words[] = { 1, 1, 2, 2, 2, 4, 4, 4 };
	unsigned type = choose(VALUE_TYPES + 4);
	const char *scale = factors[choose(10)], *offset = factors[choose(10)];
	bool divides = choose(2) == 1;

	if (type >= VALUE_TYPES) {
		unsigned bytes = 1 + choose(choose(2) == 0 ? 8 : 250);

		fprintf(f, "HR%u,string%u,%s,,,\n", *place, bytes,
		    value_order_names[choose(VALUE_ORDERS)]);
		return (bytes + 1) / 2;
	}
	fprintf(f, "HR%u,%s,%s,%s,%s,%s\n", *place, value_type_names[type],
	    value_order_names[choose(VALUE_ORDERS)], divides ? "" : scale,
	    divides ? scale : "", offset);
	return words[type];
}

/* A file of points without values: registers, bits of some, and coils. */
static void
add_points(FILE *f)
{
	unsigned place = 0;

	fputs("address,type,order,scale,divisor,offset\n", f);
	for (int i = 0; i < POINTS; i++) {
		unsigned first = place;

		place += add_form(f, &place);
		for (unsigned n = choose(3); n > 0; n--)
			fprintf(f, "HR%u.%u,bool,,,,\n", first, n * 5);
		if (choose(3) == 0 && first < 4096)
			fprintf(f, "C%u,bool,,,,\n", first * 16 + 3);
	}
}

static void
read_points(FILE *f, enum datatable_overlay overlay)
{
	points_free(points);
	ck_assert_int_eq(
	    points_read_stream(f, "plant.csv", overlay, &report, &points),
	    EX_OK);
	fclose(f);
}

/* Registers of any values; many of them as in texts, or zero. */
static void
fill_table(void)
{
	for (unsigned i = 0; i < 65536; i++) {
		unsigned value = choose(65536);
		unsigned kind = i / 64 % 4;

		set_register(i,
		    (uint16_t)(kind == 0 ? 0 :
			    kind == 1    ? (value & 0x3F3F) | 0x2020 :
			    kind == 2    ? value & 0x0F0F :
					   value));
		if (value % 8 == 0)
			set_coil(i, value / 8 % 2);
	}
}

/* What points_print writes of the points, which is again what was read. */
static void
must_be_printed_as(const char *text, size_t length)
{
	char *printed;
	size_t size;
	FILE *f = open_memstream(&printed, &size);

	ck_assert_ptr_nonnull(f);
	points_print(points, f);
	fclose(f);
	ck_assert_uint_eq(size, length);
	ck_assert_mem_eq(printed, text, size);
	free(printed);
}

static void
write_file(FILE *f)
{
	static char row[POINTS_ROW_MAX];
	uint16_t raw[POINT_WORDS_MAX];

	fprintf(f, "%s\n", points_header);
	for (size_t i = 0; i < points_count(points); i++) {
		const struct point *p = points_at(points, i);

		point_read(p, table, raw);
		fwrite(row, 1, points_format_row(p, raw, row), f);
	}
}

START_TEST(the_table_is_the_same)
{
	enum datatable_overlay overlay = (enum datatable_overlay)(_i % 2);
	uint16_t raw[POINT_WORDS_MAX];
	FILE *f = tmpfile();
	char *text;
	size_t length;

	ck_assert_ptr_nonnull(f);
	for (int i = 0; i < _i * 1000; i++)
		choose(2);
	add_points(f);
	rewind(f);
	read_points(f, overlay);
	start((int)overlay);
	fill_table();
	f = open_memstream(&text, &length);
	ck_assert_ptr_nonnull(f);
	write_file(f);
	fclose(f);
	f = fmemopen(text, length, "r");
	ck_assert_ptr_nonnull(f);
	read_points(f, overlay);
	must_be_printed_as(text, length);
	free(text);
	ck_assert_uint_gt(points_count(points), POINTS);
	for (size_t i = 0; i < points_count(points); i++) {
		const struct point *p = points_at(points, i);

		point_read(p, table, raw);
		ck_assert_ptr_nonnull(p->value);
		ck_assert_mem_eq(
		    p->value, raw, point_quantity(p) * sizeof(*raw));
	}
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("points_again");
	TCase *tc = tcase_create("points_again");

	tcase_add_checked_fixture(tc, NULL, forget);
	tcase_add_loop_test(tc, the_table_is_the_same, 0, 6);
	suite_add_tcase(suite, tc);
	return suite_run(suite);
}
