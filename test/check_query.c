#include "journal/query.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "arguments.h"
#include "one_points.h"
#include "suite.h"

#define NOW INT64_C(1795331767000000)

static struct query q;
static char error[COMMAND_LINE_ERROR_MAX];

/* Parse words that blanks part. */
static int
parse(const char *text)
{
	char **argv;
	int argc = arguments_split("journal", text, " ", &argv);

	return query_parse(argc, argv, NOW, &q, error);
}

static void
parse_well(const char *text)
{
	ck_assert_msg(parse(text) == 0, "%s: %s", text, error);
}

START_TEST(lists_everything_by_default)
{
	parse_well("--state file");
	ck_assert_int_eq(q.action, QUERY_LIST);
	ck_assert_str_eq(q.state, "file");
	ck_assert_int_eq(q.format, QUERY_TEXT);
	ck_assert(!q.unchanged);
	ck_assert_int_eq(q.since, INT64_MIN);
	ck_assert_int_eq(q.until, INT64_MAX);
	ck_assert(
	    query_includes(&q, DATATABLE_SEPARATE, DATATABLE_REGISTERS, 65535));
	ck_assert(query_includes(&q, DATATABLE_OVERLAID, DATATABLE_COILS, 0));
}
END_TEST

START_TEST(takes_every_option)
{
	parse_well("--state file --since -2m --until now --client 192.0.2.0/24 "
		   "--client ::1 --address registers:5-9 --address coils:7 "
		   "--unchanged --csv");
	ck_assert_int_eq(q.since, NOW - 120000000);
	ck_assert_int_eq(q.until, NOW);
	ck_assert_uint_eq(q.clients.count, 2);
	ck_assert_uint_eq(q.range_count, 2);
	ck_assert(q.unchanged);
	ck_assert_int_eq(q.format, QUERY_CSV);
	parse_well("--state file --at -1h --jsonl");
	ck_assert_int_eq(q.action, QUERY_AT);
	ck_assert_int_eq(q.at, NOW - 3600000000);
	ck_assert_int_eq(q.format, QUERY_JSONL);
	parse_well("--state file --restore-at -1s --output new");
	ck_assert_int_eq(q.action, QUERY_RESTORE);
	ck_assert_int_eq(q.at, NOW - 1000000);
	ck_assert_str_eq(q.output, "new");
	parse_well("--help");
	ck_assert_int_eq(q.action, QUERY_HELP);
}
END_TEST

START_TEST(asks_for_whole_parts_of_a_subject)
{
	static const struct {
		const char *subject;
		bool included;
	} cases[] = {
		{ "CN=HMI 3,O=Plant", true },
		{ "O=Plant,CN=HMI 3", true },
		{ "CN=HMI 3", true },
		{ "CN=HMI 30,CN=HMI 3", true },
		{ "CN=HMI 30,O=Plant", false },
		{ "DCN=HMI 3", false },
		{ "O=a\\,CN=HMI 3", false },
		{ "O=a\\\\,CN=HMI 3", true },
		{ "CN=HMI 3\\,4", false },
		{ "", false },
	};
	char state[] = "--state", file[] = "file", option[] = "--subject",
	     hmi[] = "CN=HMI 3", name[] = "journal", whole[] = "O=x,C=DE";
	char *argv[] = { name, state, file, option, hmi, option, whole, NULL };

	ck_assert_int_eq(query_parse(7, argv, NOW, &q, error), 0);
	ck_assert_uint_eq(q.subject_count, 2);
	ck_assert_int_eq(
	    query_includes_subject(&q, cases[_i].subject), cases[_i].included);
	ck_assert(query_includes_subject(&q, "CN=1,O=x,C=DE"));
	ck_assert(!query_includes_subject(&q, "O=x,CN=1,C=DE"));
	parse_well("--state file");
	ck_assert(query_includes_subject(&q, cases[_i].subject));
}
END_TEST

static const struct {
	const char *line;
	const char *begin; /* of the error */
} bad[] = {
	{ "", "--state: missing" },
	{ "--at now", "--state: missing" },
	{ "--state", "--state: no value" },
	{ "--state f --at 25:00", "--at: \"25:00\": expected a time" },
	{ "--state f --since x", "--since: \"x\": expected a time" },
	{ "--state f --until x", "--until: \"x\": expected a time" },
	{ "--state f --restore-at x --output n",
	    "--restore-at: \"x\": expected a time" },
	{ "--state f --address 5", "--address: \"5\": expected HR16, " },
	{ "--state f --address coils:2-1", "--address: \"coils:2-1\"" },
	{ "--state f --address registers:65536", "--address: " },
	{ "--state f --address 40017", "--address: \"40017\": expected " },
	{ "--state f --address HR5-C6", "--address: " },
	{ "--state f --client 192.0.2.0/33", "--client: \"192.0.2.0/33\"" },
	{ "--state f --restore-at now", "--restore-at: expected with" },
	{ "--state f --output n", "--output: expected with" },
	{ "--state f --at now --output n", "--output: expected with" },
	{ "--state f --at now --restore-at now --output n",
	    "--restore-at: expected without --at" },
	{ "--state f --restore-at now --output n --address coils:1",
	    "--address: expected without" },
	{ "--state f --at now --since now", "--since, --until, " },
	{ "--state f --at now --client ::1", "--since, --until, " },
	{ "--state f --at now --subject O=x", "--since, --until, " },
	{ "--state f --subject=", "--subject: \"\": expected a subject" },
	{ "--state f --restore-at now --output n --unchanged",
	    "--since, --until, " },
	{ "--state f --points", "--points: no value" },
	{ "--state f --points=", "--points: \"\": expected the name of a " },
	{ "--state f --point a", "--point: requires --points" },
	{ "--state f --points p --point=", "--point: \"\": expected the " },
	{ "--state f --points p --restore-at now --output n",
	    "--points: expected without --restore-at" },
	{ "--state f --since now --until -1s", "--until: expected a time" },
	{ "--state f --csv=x", "--csv: expected no value" },
	{ "--state f --trace", "--trace: unknown option" },
	{ "--state f g", "g: unknown option" },
};

START_TEST(refuses)
{
	ck_assert_msg(parse(bad[_i].line) == -1, "%s", bad[_i].line);
	ck_assert_msg(strncmp(error, bad[_i].begin, strlen(bad[_i].begin)) == 0,
	    "%s", error);
	ck_assert_ptr_null(strchr(error, '\n'));
}
END_TEST

START_TEST(takes_internal_clients_by_their_words)
{
	parse_well("--state file --client start --client 192.0.2.0/24");
	ck_assert_uint_eq(q.clients.count, 2);
	ck_assert(access_list_contains(&q.clients, &address_start));
	ck_assert(!access_list_contains(&q.clients, &address_simulation));
	parse_well("--state file --client simulation");
	ck_assert(!access_list_contains(&q.clients, &address_start));
	ck_assert(access_list_contains(&q.clients, &address_simulation));
}
END_TEST

START_TEST(takes_64_ranges_and_no_more)
{
	char line[4000] = "--state=f";

	for (unsigned i = 0; i < QUERY_RANGES_MAX; i++)
		strcat(line, " --address=coils:1");
	ck_assert_int_eq(parse(line), 0);
	ck_assert_int_eq(parse(strcat(line, " --address=coils:2")), -1);
}
END_TEST

START_TEST(names_count_as_ranges)
{
	char line[4000] = "--state=f --points=p";

	for (unsigned i = 0; i < QUERY_RANGES_MAX / 2; i++)
		strcat(line, " --address=coils:1 --point=a");
	ck_assert_int_eq(parse(line), 0);
	ck_assert_int_eq(parse(strcat(line, " --point=b")), -1);
}
END_TEST

START_TEST(names_are_found_among_the_points)
{
	struct points *ps = one_points(DATATABLE_SEPARATE,
	    "name,address,type\n"
	    "flow,HR20,float32\n"
	    "Flow,HR22,string5\n"
	    "fault,HR40.2,bool\n"
	    "pump,C65535,bool\n");
	static const struct access_range expected[] = {
		{ DATATABLE_REGISTERS, 20, 21 },
		{ DATATABLE_REGISTERS, 22, 24 },
		{ DATATABLE_REGISTERS, 40, 40 },
		{ DATATABLE_COILS, 65535, 65535 },
	};

	parse_well("--state f --points p --point flow --point Flow "
		   "--point fault --point pump --address coils:7");
	ck_assert_str_eq(q.points, "p");
	ck_assert_int_eq(query_find_points(&q, ps, error), 0);
	ck_assert_uint_eq(q.range_count, 5);
	ck_assert_uint_eq(q.ranges[0].first, 7);
	for (size_t i = 0; i < 4; i++) {
		ck_assert_int_eq(q.ranges[i + 1].kind, expected[i].kind);
		ck_assert_uint_eq(q.ranges[i + 1].first, expected[i].first);
		ck_assert_uint_eq(q.ranges[i + 1].last, expected[i].last);
	}

	parse_well("--state f --points p");
	ck_assert_int_eq(query_find_points(&q, ps, error), 0);
	ck_assert_uint_eq(q.range_count, 0); /* all */

	parse_well("--state f --points p --point flow --point fl\now");
	ck_assert_int_eq(query_find_points(&q, ps, error), -1);
	ck_assert_ptr_eq(
	    strstr(error, "--point: \"fl?ow\": no such point in "), error);
	points_free(ps);
}
END_TEST

static bool
wants(int overlay, enum datatable_kind kind, unsigned address)
{
	return query_includes(
	    &q, (enum datatable_overlay)overlay, kind, (uint16_t)address);
}

/* Overlaid, the coils of registers 2 to 3, and the registers of coils 47 to
 * 80; either way 32 to 63, and 2 to 5. */
START_TEST(overlaid_registers_include_their_coils)
{
	bool overlaid = _i == DATATABLE_OVERLAID;

	parse_well("--state f --address HR2-3");
	ck_assert(!wants(_i, DATATABLE_REGISTERS, 1));
	ck_assert(wants(_i, DATATABLE_REGISTERS, 2));
	ck_assert(wants(_i, DATATABLE_REGISTERS, 3));
	ck_assert(!wants(_i, DATATABLE_REGISTERS, 4));
	ck_assert(!wants(_i, DATATABLE_COILS, 31));
	ck_assert(wants(_i, DATATABLE_COILS, 32) == overlaid);
	ck_assert(wants(_i, DATATABLE_COILS, 63) == overlaid);
	ck_assert(!wants(_i, DATATABLE_COILS, 64));
	ck_assert(wants(_i, DATATABLE_COILS, 2) == false);

	parse_well("--state f --address coils:47-80");
	ck_assert(wants(_i, DATATABLE_COILS, 47));
	ck_assert(!wants(_i, DATATABLE_COILS, 81));
	ck_assert(!wants(_i, DATATABLE_REGISTERS, 1));
	ck_assert(wants(_i, DATATABLE_REGISTERS, 2) == overlaid);
	ck_assert(wants(_i, DATATABLE_REGISTERS, 5) == overlaid);
	ck_assert(!wants(_i, DATATABLE_REGISTERS, 6));
}
END_TEST

START_TEST(help_names_every_option)
{
	static const char *const names[] = { "--state FILE", "--at TIME",
		"--address RANGE", "--points FILE", "--point NAME",
		"--client CIDR", "--since TIME", "--until TIME", "--unchanged",
		"--csv", "--jsonl", "--restore-at TIME", "--output NEWFILE",
		"--help" };
	char *help = query_help();

	ck_assert_ptr_nonnull(help);
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		ck_assert_msg(strstr(help, names[i]) != NULL, "%s", names[i]);
	for (const char *line = help; *line != '\0';
	     line += strcspn(line, "\n") + 1)
		ck_assert_uint_le(strcspn(line, "\n"), 82);
	free(help);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("query");
	TCase *tc = tcase_create("query");

	tcase_add_test(tc, lists_everything_by_default);
	tcase_add_test(tc, takes_every_option);
	tcase_add_loop_test(tc, refuses, 0, (int)(sizeof(bad) / sizeof(*bad)));
	tcase_add_loop_test(tc, asks_for_whole_parts_of_a_subject, 0, 10);
	tcase_add_test(tc, takes_internal_clients_by_their_words);
	tcase_add_test(tc, takes_64_ranges_and_no_more);
	tcase_add_test(tc, names_count_as_ranges);
	tcase_add_test(tc, names_are_found_among_the_points);
	tcase_add_loop_test(tc, overlaid_registers_include_their_coils, 0, 2);
	tcase_add_test(tc, help_names_every_option);
	suite_add_tcase(suite, tc);
	return suite_run(suite);
}
