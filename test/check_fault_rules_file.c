#include "fault/rules_file.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "scratch.h"
#include "suite.h"

static struct fault_rules *rules;
static char error[FAULT_RULES_ERROR_MAX];

static void
begin(void)
{
	scratch_begin();
	rules = fault_rules_new(1);
	ck_assert_ptr_nonnull(rules);
	ck_assert_int_eq(fault_rules_add(rules, "silence", error), 0);
}

static void
end(void)
{
	fault_rules_free(rules);
	scratch_end();
}

static int
read_text(const char *text, size_t length)
{
	scratch_write("rules", text, length);
	return fault_rules_read(rules, scratch_path("rules"), error);
}

/* Reading failed so, and the rules are as they were. */
static void
check_failed(int result, const char *expected)
{
	ck_assert_int_eq(result, -1);
	ck_assert_str_eq(error, expected);
	ck_assert_uint_eq(fault_rules_count(rules), 1);
	ck_assert_str_eq(fault_rules_text(rules, 0), "silence");
}

START_TEST(replaces_the_rules_by_those_of_the_file)
{
	const char text[] = "# two\nclose unit 1\nsplit\n";

	ck_assert_int_eq(read_text(text, sizeof(text) - 1), 0);
	ck_assert_uint_eq(fault_rules_count(rules), 2);
	ck_assert_str_eq(fault_rules_text(rules, 0), "close unit 1");
}
END_TEST

START_TEST(an_empty_file_is_no_rules)
{
	ck_assert_int_eq(read_text("", 0), 0);
	ck_assert_uint_eq(fault_rules_count(rules), 0);
}
END_TEST

START_TEST(names_the_line_that_is_wrong)
{
	const char text[] = "split\nclsoe\n";

	check_failed(read_text(text, sizeof(text) - 1),
	    "line 2: \"clsoe\": expected delay, silence, exception, close, "
	    "corrupt or split");
}
END_TEST

START_TEST(refuses_a_file_that_is_too_long)
{
	const size_t length = FAULT_RULES_TEXT_MAX;
	char *text = malloc(length + 1);

	ck_assert_ptr_nonnull(text);
	memset(text, '\n', length + 1);
	ck_assert_int_eq(read_text(text, length), 0);
	ck_assert_int_eq(fault_rules_add(rules, "silence", error), 0);
	check_failed(read_text(text, length + 1), "expected at most 512 KiB");
	free(text);
}
END_TEST

START_TEST(refuses_what_is_no_file)
{
	check_failed(fault_rules_read(rules, scratch_path("none"), error),
	    "No such file or directory");
	check_failed(fault_rules_read(rules, scratch_path("."), error),
	    "expected a regular file");
	ck_assert_int_eq(mkfifo(scratch_path("fifo"), 0600), 0);
	check_failed(fault_rules_read(rules, scratch_path("fifo"), error),
	    "expected a regular file");
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("fault_rules_file");
	TCase *t = tcase_create("rules_file");

	tcase_add_checked_fixture(t, begin, end);
	tcase_add_test(t, replaces_the_rules_by_those_of_the_file);
	tcase_add_test(t, an_empty_file_is_no_rules);
	tcase_add_test(t, names_the_line_that_is_wrong);
	tcase_add_test(t, refuses_a_file_that_is_too_long);
	tcase_add_test(t, refuses_what_is_no_file);
	suite_add_tcase(s, t);
	return suite_run(s);
}
