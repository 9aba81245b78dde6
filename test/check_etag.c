#include "http/etag.h"

#include "suite.h"

static const struct {
	const char *header;
	bool named;
} headers[] = {
	{ NULL, false },
	{ "", false },
	{ "\"a1\"", true },
	{ "W/\"a1\"", true },
	{ "w/\"a1\"", false },
	{ "*", true },
	{ " * ", true },
	{ "*a", false },
	{ "\"b\", \"a1\"", true },
	{ "W/\"b\",W/\"a1\" ,\t\"c\"", true },
	{ ",, \"a1\"", true },
	{ "\"a1", false },
	{ "a1", false },
	{ "\"a\"", false },
	{ "\"a12\"", false },
	{ "\"b,\"a1\"", false },
	{ "\"b\", junk, \"a1\"", false },
	{ "W/", false },
	{ "\"", false },
};

START_TEST(a_header_names_tags)
{
	ck_assert_int_eq(
	    etag_is_named(headers[_i].header, "\"a1\""), headers[_i].named);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("etag");
	TCase *tc = tcase_create("etag");

	tcase_add_loop_test(tc, a_header_names_tags, 0,
	    (int)(sizeof(headers) / sizeof(*headers)));
	suite_add_tcase(suite, tc);
	return suite_run(suite);
}
