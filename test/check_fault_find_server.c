#include "fault/find_server.h"

#include <stdio.h>

#include "base/exit_status.h"
#include "base/log.h"
#include "fault/options.h"
#include "suite.h"

/* The options that these arguments are; the first is the server. */
static struct fault_options
options_of(const char *to, const char *listen)
{
	static char name[] = "mbfault", texts[2][80];
	char *argv[] = { name, texts[0], texts[1] };
	char error[FAULT_OPTIONS_ERROR_MAX];
	struct fault_options o;

	snprintf(texts[0], sizeof(texts[0]), "--to=%s", to);
	snprintf(texts[1], sizeof(texts[1]), "%s", listen);
	ck_assert_msg(
	    fault_options_parse(3, argv, &o, error) == 0, "%s", error);
	return o;
}

static const struct {
	const char *to, *listen;
	int status;
	const char *found;
} cases[] = {
	{ "192.0.2.1", "-p1502", EX_OK, "192.0.2.1:502" },
	{ "[2001:db8::1]:1502", "-p1502", EX_OK, "[2001:db8::1]:1502" },
	{ "localhost:1502", "--listen=192.0.2.1:1502", EX_OK, NULL },
	{ "127.0.0.1:1502", "-p1503", EX_OK, "127.0.0.1:1502" },
	{ "127.0.0.1:1502", "--listen=127.0.0.2:1502", EX_OK,
	    "127.0.0.1:1502" },
	{ "127.0.0.1:1502", "-p1502", EX_USAGE, NULL },
	{ "[::1]:1502", "-p1502", EX_USAGE, NULL },
	{ "127.0.0.1:1502", "--listen=127.0.0.1:1502", EX_USAGE, NULL },
	{ "no.invalid", "-p1502", EX_UNAVAILABLE, NULL },
};

START_TEST(finds_the_server_unless_it_is_itself)
{
	struct fault_options o = options_of(cases[_i].to, cases[_i].listen);
	char text[ADDRESS_TEXT_MAX];
	struct address to;

	ck_assert_int_eq(fault_find_server(&o, &to), cases[_i].status);
	if (cases[_i].found != NULL)
		ck_assert_str_eq(address_format(&to, text), cases[_i].found);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("fault_find_server");
	TCase *t = tcase_create("find_server");

	tcase_add_loop_test(t, finds_the_server_unless_it_is_itself, 0,
	    (int)(sizeof(cases) / sizeof(*cases)));
	suite_add_tcase(s, t);
	return suite_run(s);
}
