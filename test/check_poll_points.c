#include "report/poll_points.h"

#include <stdio.h>
#include <string.h>

#include "one_points.h"
#include "report/client_report.h"
#include "report/hint.h"
#include "suite.h"

#define CSV                                                                    \
	"name,address,type,access\n"                                           \
	"flow,HR20,float32,ro\n"                                               \
	"level,HR22,uint16,\n"                                                 \
	"total,HR24,uint64,\n"                                                 \
	"label,HR30,string7,ro\n"                                              \
	"status,HR40,uint32,\n"                                                \
	"fault,HR40.2,bool,ro\n"                                               \
	"trend,HR50,uint32,\n"                                                 \
	"low,HR50,uint16,\n"                                                   \
	"pump,C2000,bool,ro\n"

#define BOTH (-1)

static const struct {
	int overlay;
	uint8_t function;
	uint16_t address;
	uint16_t quantity;
	const char *names;
	bool half;
	bool unnamed;
} cases[] = {
	{ BOTH, 3, 0, 10, "", false, true },
	{ BOTH, 3, 20, 2, "flow", false, false },
	{ BOTH, 4, 20, 3, "flow, level", false, false },
	{ BOTH, 3, 20, 1, "flow", true, false },
	{ BOTH, 4, 21, 1, "flow", true, false },
	{ BOTH, 3, 21, 2, "flow, level", true, false },
	{ BOTH, 3, 19, 2, "flow", true, true },
	{ BOTH, 3, 22, 1, "level", false, false },
	{ BOTH, 3, 22, 2, "level", false, true },
	{ BOTH, 3, 20, 8, "flow, level, total", false, true },
	{ BOTH, 3, 21, 6, "flow, level, total", true, true },
	{ BOTH, 3, 25, 2, "total", true, false }, /* neither end */
	{ BOTH, 3, 30, 4, "label", false, false },
	{ BOTH, 3, 30, 3, "label", true, false },
	{ BOTH, 3, 33, 1, "label", true, false },
	{ BOTH, 3, 0, 125, "flow, level, total +5", false, true },

	/* A part that is a point of its own. */
	{ BOTH, 3, 50, 1, "trend, low", false, false },
	{ BOTH, 3, 51, 1, "trend", true, false },
	{ BOTH, 3, 40, 1, "status, fault", true, false },
	{ BOTH, 3, 41, 1, "status", true, false },

	/* Coils, which are bits of registers or not. */
	{ DATATABLE_SEPARATE, 1, 320, 16, "", false, true },
	{ DATATABLE_SEPARATE, 1, 2000, 1, "pump", false, false },
	{ DATATABLE_SEPARATE, 3, 125, 1, "", false, true },
	{ DATATABLE_OVERLAID, 1, 320, 16, "flow", true, false },
	{ DATATABLE_OVERLAID, 2, 336, 16, "flow", true, false },
	{ DATATABLE_OVERLAID, 1, 320, 32, "flow", false, false },
	{ DATATABLE_OVERLAID, 1, 320, 31, "flow", true, false },
	{ DATATABLE_OVERLAID, 1, 321, 31, "flow", true, false },
	{ DATATABLE_OVERLAID, 1, 352, 8, "level", false, false },
	{ DATATABLE_OVERLAID, 1, 642, 1, "status, fault", false, false },
	{ DATATABLE_OVERLAID, 1, 641, 2, "status, fault", true, false },
	{ DATATABLE_OVERLAID, 1, 642, 2, "status, fault", true, false },
	{ DATATABLE_OVERLAID, 1, 800, 16, "trend, low", false, false },
	{ DATATABLE_OVERLAID, 1, 800, 17, "trend, low", true, false },
	{ DATATABLE_OVERLAID, 1, 800, 15, "trend, low", true, false },
	{ DATATABLE_OVERLAID, 1, 2000, 1, "pump", false, false },
	{ DATATABLE_OVERLAID, 3, 125, 1, "pump", false, false },
};

#define CASES ((int)(sizeof(cases) / sizeof(*cases)))

static void
check_case(int i, enum datatable_overlay overlay)
{
	const struct report_poll poll = { .function = cases[i].function,
		.address = cases[i].address,
		.quantity = cases[i].quantity };
	struct points *ps = one_points(overlay, CSV);
	const struct poll_points found = poll_points(ps, &poll);
	char text[POINTS_NAMES_TEXT_MAX];

	ck_assert_str_eq(
	    points_names_text(&found.names, "", text), cases[i].names);
	ck_assert_int_eq(found.half, cases[i].half);
	ck_assert_int_eq(found.unnamed, cases[i].unnamed);
	points_free(ps);
}

START_TEST(a_poll_has_names)
{
	if (cases[_i].overlay != DATATABLE_OVERLAID)
		check_case(_i, DATATABLE_SEPARATE);
	if (cases[_i].overlay != DATATABLE_SEPARATE)
		check_case(_i, DATATABLE_OVERLAID);
}
END_TEST

static char hints[2000];

/* What the last of them is about. */
static char about[200];

static void
note_hint(void *arg, const char *hint, const struct report_which *which)
{
	size_t n = strlen(hints);

	ck_assert_ptr_eq(arg, hints);
	snprintf(hints + n, sizeof(hints) - n, "%s\n", hint);
	ck_assert_ptr_null(which->functions);
	snprintf(about, sizeof(about), "%s %s %d:%u+%u",
	    which->exceptions == NULL ? "-" : which->exceptions,
	    which->point == NULL ? "-" : which->point->name, which->kind,
	    which->range.address, which->range.quantity);
}

static void
assert_hints(const struct report_host *h, const char *expected)
{
	struct points *ps = one_points(DATATABLE_SEPARATE, CSV);

	hints[0] = '\0';
	poll_points_hints(ps, h, &(struct hint_receiver){ note_hint, hints });
	ck_assert_str_eq(hints, expected);
	points_free(ps);
}

static void
add_poll(struct report_host *h, uint8_t function, uint16_t address,
    uint16_t quantity, uint64_t count)
{
	h->polls[h->poll_count++] = (struct report_poll){ .function = function,
		.address = address,
		.quantity = quantity,
		.count = count };
}

START_TEST(a_client_that_does_it_right_gets_no_hint)
{
	struct report_host h = { .poll_count = 0 };

	assert_hints(&h, "");
	add_poll(&h, 3, 20, 3, 100);
	add_poll(&h, 1, 2000, 1, 100);
	add_poll(&h, 3, 20, 1, 1); /* once is no poll */
	add_poll(&h, 3, 0, 1, 1);
	assert_hints(&h, "");
}
END_TEST

START_TEST(points_that_are_read_by_halves_are_named_once)
{
	struct report_host h = { .poll_count = 0 };

	add_poll(&h, 3, 20, 1, 2);
	add_poll(&h, 3, 21, 1, 2);
	add_poll(&h, 4, 21, 2, 2);
	assert_hints(&h, "reads half of \"flow\"\n");
	ck_assert_str_eq(about, "none flow 0:0+0");
	add_poll(&h, 3, 26, 1, 2);
	add_poll(&h, 3, 33, 1, 2);
	add_poll(&h, 3, 41, 1, 2);
	add_poll(&h, 3, 51, 1, 2);
	assert_hints(&h, "reads half of \"flow\", \"total\", \"label\" +2\n");
}
END_TEST

START_TEST(polls_without_a_point_have_an_example)
{
	struct report_host h = { .poll_count = 0 };

	add_poll(&h, 4, 100, 10, 2);
	assert_hints(&h,
	    "polls addresses without a point: 1 poll, such as Read Input "
	    "Registers, address 100 quantity 10\n");
	add_poll(&h, 1, 1999, 2, 2);
	assert_hints(&h,
	    "polls addresses without a point: 2 polls, such as Read Input "
	    "Registers, address 100 quantity 10\n");
	ck_assert_str_eq(about, "none - 1:100+10");
}
END_TEST

static void
refuse(struct report_host *h, uint8_t function, uint16_t read,
    uint16_t read_quantity, uint16_t write, uint16_t write_quantity)
{
	const struct mb_request q = { .function = function,
		.read = { read, read_quantity },
		.write = { write, write_quantity } };

	report_refusals_note(&h->refusals, &q);
}

/* What shares a register with a read-only point is read-only too. */
START_TEST(read_only_points_that_are_written_are_named)
{
	struct report_host h = { .poll_count = 0 };

	refuse(&h, 6, 0, 0, 22, 1); /* by some other rule */
	assert_hints(&h, "");
	refuse(&h, 16, 0, 0, 20, 3);
	refuse(&h, 6, 0, 0, 21, 1);
	refuse(&h, 5, 0, 0, 2000, 1);
	refuse(&h, 23, 30, 1, 40, 1);
	assert_hints(&h,
	    "writes what is read-only: \"flow\", \"pump\", \"status\" +1\n");
	ck_assert_str_eq(about, "2 flow 0:0+0");
}
END_TEST

START_TEST(refused_requests_without_a_point_have_an_example)
{
	struct report_host h = { .poll_count = 0 };

	refuse(&h, 16, 0, 0, 19, 2); /* it is read-only in the first place */
	assert_hints(&h, "writes what is read-only: \"flow\"\n");
	refuse(&h, 23, 20, 2, 23, 1);
	assert_hints(&h,
	    "writes what is read-only: \"flow\"\n"
	    "is refused at addresses without a point, such as Read/Write "
	    "Multiple Registers, address 23 quantity 1\n");
	ck_assert_str_eq(about, "2 - 1:23+1");
}
END_TEST

START_TEST(refusals_keep_to_their_limit)
{
	struct report_refusals refusals = { .count = 0 };
	struct mb_request q = { .function = 6, .write = { 9, 1 } };

	report_refusals_note(&refusals, &q);
	report_refusals_note(&refusals, &q);
	for (q.write.address = 10; q.write.address < 100; q.write.address++)
		report_refusals_note(&refusals, &q);
	ck_assert_uint_eq(refusals.count, REPORT_REFUSALS_MAX);
	ck_assert_uint_eq(refusals.list[0].write.address, 9);
	ck_assert_uint_eq(refusals.list[0].count, 2);
	ck_assert_uint_eq(refusals.list[1].count, 1);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("poll_points");
	TCase *tc = tcase_create("poll_points");

	tcase_add_loop_test(tc, a_poll_has_names, 0, CASES);
	tcase_add_test(tc, a_client_that_does_it_right_gets_no_hint);
	tcase_add_test(tc, points_that_are_read_by_halves_are_named_once);
	tcase_add_test(tc, polls_without_a_point_have_an_example);
	tcase_add_test(tc, read_only_points_that_are_written_are_named);
	tcase_add_test(tc, refused_requests_without_a_point_have_an_example);
	tcase_add_test(tc, refusals_keep_to_their_limit);
	suite_add_tcase(suite, tc);
	return suite_run(suite);
}
