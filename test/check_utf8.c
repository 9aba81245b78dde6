#include "base/escape.h"
#include "base/utf8.h"

#include <string.h>

#include "suite.h"

/* Bytes, and those of the character that they begin with. */
static const struct {
	const char *text;
	size_t bytes;
} cases[] = {
	{ "a", 1 },
	{ "\x7F", 1 },
	{ "\x80", 0 }, /* what follows, first */
	{ "\xBF", 0 },
	{ "\xC0\x80", 0 }, /* overlong */
	{ "\xC1\xBF", 0 },
	{ "\xC2\x80", 2 },
	{ "\xDF\xBF", 2 },
	{ "\xC2", 0 }, /* cut off */
	{ "\xC2 ", 0 },
	{ "\xE0\x9F\xBF", 0 }, /* overlong */
	{ "\xE0\xA0\x80", 3 },
	{ "\xE2\x82\xAC", 3 },
	{ "\xE2\x82", 0 },
	{ "\xE2\x82 ", 0 },
	{ "\xED\x9F\xBF", 3 },
	{ "\xED\xA0\x80", 0 }, /* a surrogate */
	{ "\xED\xBF\xBF", 0 },
	{ "\xEE\x80\x80", 3 },
	{ "\xEF\xBF\xBF", 3 },
	{ "\xF0\x8F\xBF\xBF", 0 }, /* overlong */
	{ "\xF0\x90\x80\x80", 4 },
	{ "\xF0\x9F\x98\x80", 4 },
	{ "\xF0\x9F\x98", 0 },
	{ "\xF4\x8F\xBF\xBF", 4 },
	{ "\xF4\x90\x80\x80", 0 }, /* beyond U+10FFFF */
	{ "\xF5\x80\x80\x80", 0 },
	{ "\xFF", 0 },
};

START_TEST(a_character_has_so_many_bytes)
{
	ck_assert_uint_eq(
	    utf8_character(cases[_i].text, strlen(cases[_i].text)),
	    cases[_i].bytes);
}
END_TEST

START_TEST(all_of_a_text_is_checked)
{
	ck_assert(utf8_is_valid("", 0));
	ck_assert_uint_eq(utf8_character("", 0), 0);
	ck_assert(utf8_is_valid("m\xC2\xB3/h", 5));
	ck_assert(utf8_is_valid("a\0b", 3));
	ck_assert(!utf8_is_valid("m\xB3/h", 4));
	ck_assert(!utf8_is_valid("m\xC2", 2));
}
END_TEST

START_TEST(control_characters_are_not_printable)
{
	ck_assert(text_is_printable("", 0, ""));
	ck_assert(text_is_printable(" m\xC2\xB3/h~\xC2\xA0", 9, ""));
	ck_assert(!text_is_printable("a\0b", 3, ""));
	ck_assert(!text_is_printable("a\x1F", 2, ""));
	ck_assert(!text_is_printable("a\x7F", 2, ""));
	ck_assert(!text_is_printable("a\xC2\x80", 3, ""));
	ck_assert(!text_is_printable("a\xC2\x9F", 3, ""));
	ck_assert(!text_is_printable("a\xC2", 2, ""));
	ck_assert(text_is_printable("a\n\tb", 4, "\n\t"));
	ck_assert(!text_is_printable("a\n\rb", 4, "\n\t"));
	ck_assert(!text_is_printable("a\0b", 3, "\n\t"));
}
END_TEST

#define COUNT(table) ((int)(sizeof(table) / sizeof(*(table))))

int
main(void)
{
	Suite *suite = suite_create("utf8");
	TCase *tc = tcase_create("utf8");

	tcase_add_loop_test(tc, a_character_has_so_many_bytes, 0, COUNT(cases));
	tcase_add_test(tc, all_of_a_text_is_checked);
	tcase_add_test(tc, control_characters_are_not_printable);
	suite_add_tcase(suite, tc);
	return suite_run(suite);
}
