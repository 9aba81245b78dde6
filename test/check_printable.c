#include "base/printable.h"

#include <string.h>

#include "suite.h"

static char out[PRINTABLE_SIZE];

START_TEST(shows_text_as_it_is)
{
	ck_assert_ptr_eq(printable("a b/\"c\" \xC3\xA4", out), out);
	ck_assert_str_eq(out, "a b/\"c\" \xC3\xA4");
	ck_assert_str_eq(printable("", out), "");
}
END_TEST

START_TEST(shows_control_characters_as_question_marks)
{
	ck_assert_str_eq(printable("a\nb\033[2J\177\t", out), "a?b?[2J??");
}
END_TEST

START_TEST(cuts_what_is_too_long)
{
	char text[1000];

	memset(text, 'x', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	ck_assert_uint_eq(strlen(printable(text, out)), PRINTABLE_SIZE - 1);
	text[PRINTABLE_SIZE - 1] = '\0';
	ck_assert_str_eq(printable(text, out), text);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("printable");
	TCase *tc = tcase_create("printable");

	tcase_add_test(tc, shows_text_as_it_is);
	tcase_add_test(tc, shows_control_characters_as_question_marks);
	tcase_add_test(tc, cuts_what_is_too_long);
	suite_add_tcase(suite, tc);
	return suite_run(suite);
}
