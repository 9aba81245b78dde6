#include "base/json_text.h"

#include <string.h>

#include "suite.h"

/* A text, how its first character stands in JSON, and the bytes of that. */
static const struct {
	const char *text;
	const char *json;
	size_t used;
} cases[] = {
	{ "ab", "a", 1 },
	{ "\"b", "\\\"", 1 },
	{ "\\b", "\\\\", 1 },
	{ "/", "/", 1 },
	{ "\n", "\\u000a", 1 },
	{ "\x1F", "\\u001f", 1 },
	{ "\x7F", "\x7F", 1 },
	{ "\xC2\xB3/h", "\xC2\xB3", 2 },
	{ "\xF0\x9F\x98\x80!", "\xF0\x9F\x98\x80", 4 },
	{ "\xB3/h", "\xEF\xBF\xBD", 1 },
	{ "\xE2\x82", "\xEF\xBF\xBD", 1 },
};

START_TEST(a_character_is_escaped_if_need_be)
{
	char out[JSON_TEXT_CHARACTER_MAX + 1];
	size_t used;

	out[json_text_character(
	    cases[_i].text, strlen(cases[_i].text), &used, out)] = '\0';
	ck_assert_str_eq(out, cases[_i].json);
	ck_assert_uint_eq(used, cases[_i].used);
}
END_TEST

START_TEST(a_nul_is_a_character)
{
	char out[JSON_TEXT_CHARACTER_MAX];
	size_t used;

	ck_assert_uint_eq(json_text_character("", 1, &used, out), 6);
	ck_assert_mem_eq(out, "\\u0000", 6);
	ck_assert_uint_eq(used, 1);
}
END_TEST

#define COUNT(table) ((int)(sizeof(table) / sizeof(*(table))))

int
main(void)
{
	Suite *suite = suite_create("json_text");
	TCase *tc = tcase_create("json_text");

	tcase_add_loop_test(
	    tc, a_character_is_escaped_if_need_be, 0, COUNT(cases));
	tcase_add_test(tc, a_nul_is_a_character);
	suite_add_tcase(suite, tc);
	return suite_run(suite);
}
