#include "api/text_writer.h"

#include <event2/buffer.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "suite.h"

static struct evbuffer *out;
static struct text_writer t;

static void
setup(void)
{
	out = evbuffer_new();
	text_writer_begin(&t, out);
}

static void
teardown(void)
{
	evbuffer_free(out);
}

/* What was written, as a string. */
static const char *
written(void)
{
	ck_assert_int_eq(text_writer_end(&t), 0);
	ck_assert_int_eq(evbuffer_add(out, "", 1), 0);
	return (const char *)evbuffer_pullup(out, -1);
}

static const struct {
	const char *text;
	const char *json;
} strings[] = {
	{ "", "\"\"" },
	{ "flow", "\"flow\"" },
	{ "a\"b\\c/", "\"a\\\"b\\\\c/\"" },
	{ "\n\t\x01\x1F\x7F", "\"\\u000a\\u0009\\u0001\\u001f\x7F\"" },
	{ "m\xC2\xB3/h", "\"m\xC2\xB3/h\"" },
	{ "\xC2\xB3\xC2", "\"\xC2\xB3\xEF\xBF\xBD\"" },
	{ "\xFF\xED\xA0\x80",
	    "\"\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD\"" },
};

START_TEST(a_text_becomes_a_json_string)
{
	text_writer_add_string(&t, strings[_i].text);
	ck_assert_str_eq(written(), strings[_i].json);
}
END_TEST

/* As long as a line of a points file, and longer than the writer's buffer. */
START_TEST(a_long_text_stays_whole)
{
	char text[20000];
	json_t *string;

	for (size_t i = 0; i < sizeof(text) - 1; i++)
		text[i] = (char)(1 + i % 127);
	text[sizeof(text) - 1] = '\0';
	text_writer_add(&t, "[");
	text_writer_add_string(&t, text);
	text_writer_add(&t, "]");
	string = json_loads(written(), 0, NULL);
	ck_assert_str_eq(json_string_value(json_array_get(string, 0)), text);
	json_decref(string);
}
END_TEST

/* Around what fits the writer's buffer, and what it moves on at once. */
START_TEST(bytes_of_any_number_follow_one_another)
{
	static const size_t lengths[] = { 0, 1, 2047, 2048, 2049, 4096, 9000 };
	char bytes[9000];
	size_t total = 0;

	memset(bytes, 'x', sizeof(bytes));
	for (size_t i = 0; i < sizeof(lengths) / sizeof(*lengths); i++) {
		text_writer_add_bytes(&t, bytes, lengths[i]);
		text_writer_add(&t, "x");
		total += lengths[i] + 1;
	}
	ck_assert_uint_eq(strspn(written(), "x"), total);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("text_writer");
	TCase *tc = tcase_create("text_writer");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_loop_test(tc, a_text_becomes_a_json_string, 0,
	    (int)(sizeof(strings) / sizeof(*strings)));
	tcase_add_test(tc, a_long_text_stays_whole);
	tcase_add_test(tc, bytes_of_any_number_follow_one_another);
	suite_add_tcase(suite, tc);
	return suite_run(suite);
}
