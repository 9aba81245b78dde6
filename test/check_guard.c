#include "http/guard.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

#include "http/own_names.h"
#include "suite.h"

static const char *const names[] = { "plc.example", "Other" };

static const struct {
	const char *host;
	bool allowed;
} hosts[] = {
	{ "localhost", true },
	{ "LocalHost:8080", true },
	{ "127.0.0.1", true },
	{ "127.0.0.1:8080", true },
	{ "192.0.2.7:1", true },
	{ "[::1]", true },
	{ "[2001:db8::1]:8080", true },
	{ "plc.example", true },
	{ "PLC.example:80", true },
	{ "other:80", true },
	{ "", false },
	{ ":80", false },
	{ "evil.example", false },
	{ "localhost.evil.example", false },
	{ "evil.localhost", false },
	{ "plc.example.evil", false },
	{ "plc.exampl", false },
	{ "xplc.example", false },
	{ "localhost:", false },
	{ "localhost:x", false },
	{ "localhost:99999", false },
	{ "localhost:80:80", false },
	{ "127.0.0.1.evil.example", false },
	{ "127.1", false },
	{ "0x7f000001", false },
	{ "[::1", false },
	{ "user@localhost", false },
};

START_TEST(hosts_are_addresses_localhost_and_given_names)
{
	ck_assert_msg(
	    guard_allows_host(hosts[_i].host, names, 2) == hosts[_i].allowed,
	    "%s", hosts[_i].host);
}
END_TEST

START_TEST(without_names_localhost_and_addresses_are_allowed)
{
	ck_assert(guard_allows_host("localhost", NULL, 0));
	ck_assert(guard_allows_host("10.0.0.1:80", NULL, 0));
	ck_assert(!guard_allows_host("plc.example", NULL, 0));
}
END_TEST

static const struct {
	const char *origin;
	const char *host;
	bool allowed;
} origins[] = {
	{ "http://localhost:8080", "localhost:8080", true },
	{ "https://plc.example", "plc.example", true },
	{ "HTTP://LOCALHOST:8080", "localhost:8080", true },
	{ "http://localhost:8081", "localhost:8080", false },
	{ "http://localhost", "localhost:8080", false },
	{ "http://localhost:8080/", "localhost:8080", false },
	{ "http://evil.example", "localhost:8080", false },
	{ "null", "localhost:8080", false },
	{ "", "localhost:8080", false },
	{ "ftp://localhost:8080", "localhost:8080", false },
	{ "http://", "", true },
	/* Behind a proxy that asks for an address. */
	{ "https://plc.example", "127.0.0.1:8080", true },
	{ "https://PLC.example:8443", "127.0.0.1:8080", true },
	{ "http://other", "plc.example", true },
	{ "https://plc.example/", "127.0.0.1:8080", false },
	{ "https://plc.example:x", "127.0.0.1:8080", false },
	{ "https://plc.example.evil", "127.0.0.1:8080", false },
	{ "https://user@plc.example", "127.0.0.1:8080", false },
	{ "https://evil.plc.example", "127.0.0.1:8080", false },
	{ "ftp://plc.example", "127.0.0.1:8080", false },
	{ "plc.example", "127.0.0.1:8080", false },
	{ "https://localhost", "127.0.0.1:8080", false },
	{ "https://127.0.0.1", "127.0.0.1:8080", false },
};

START_TEST(an_origin_must_be_the_host_or_a_given_name)
{
	ck_assert_msg(guard_allows_origin(origins[_i].origin, origins[_i].host,
			  names, 2, false) == origins[_i].allowed,
	    "%s", origins[_i].origin);
}
END_TEST

START_TEST(over_tls_an_origin_must_be_https_too)
{
	bool https = strncasecmp(origins[_i].origin, "https", 5) == 0;

	ck_assert_msg(guard_allows_origin(origins[_i].origin, origins[_i].host,
			  names, 2, true) == (https && origins[_i].allowed),
	    "%s", origins[_i].origin);
}
END_TEST

static const struct {
	const char *text;
	bool is_origin;
} origin_texts[] = {
	{ "http://dash.example", true },
	{ "https://Dash.example:8443", true },
	{ "https://grafana_1:3000", true },
	{ "http://192.0.2.7:80", true },
	{ "http://[2001:db8::1]", true },
	{ "http://[::1]:3000", true },
	{ "", false },
	{ "*", false },
	{ "null", false },
	{ "dash.example", false },
	{ "http://", false },
	{ "http://:80", false },
	{ "http://*.example", false },
	{ "http://dash.example/", false },
	{ "http://dash.example:", false },
	{ "http://dash.example:x", false },
	{ "http://dash.example:65536", false },
	{ "http://user@dash.example", false },
	{ "http://a b", false },
	{ "http://a;sandbox", false },
	{ "http://a\r\nX:y", false },
	{ "http://[fe80::1%eth0]", false },
	{ "http://[::1", false },
	{ "http://[::1];a", false },
	{ "file://dash.example", false },
};

START_TEST(an_origin_is_a_scheme_and_a_host)
{
	ck_assert_msg(guard_is_origin(origin_texts[_i].text) ==
		origin_texts[_i].is_origin,
	    "%s", origin_texts[_i].text);
}
END_TEST

static const char *const listed[] = {
	"https://dash.example",
	"http://192.0.2.7:3000",
	"http://Grafana:80",
	"https://[::1]:443",
};

static const struct {
	const char *origin;
	bool is_listed;
} shared[] = {
	{ "https://dash.example", true },
	{ "https://DASH.example", true },
	{ "https://dash.example:443", true },
	{ "http://192.0.2.7:3000", true },
	{ "http://grafana", true },
	{ "https://[::1]", true },
	{ "http://dash.example", false },
	{ "https://dash.example:80", false },
	{ "https://dash.example:8443", false },
	{ "https://dash.example.evil", false },
	{ "https://evil.dash.example", false },
	{ "https://dash.exampl", false },
	{ "https://dash.example/", false },
	{ "http://192.0.2.7", false },
	{ "http://192.0.2.7:3000:80", false },
	{ "http://grafana:443", false },
	{ "dash.example", false },
	{ "null", false },
	{ ":443", false },
	{ "", false },
};

START_TEST(a_listed_origin_has_the_scheme_the_host_and_the_port)
{
	ck_assert_msg(guard_lists_origin(shared[_i].origin, listed, 4) ==
		shared[_i].is_listed,
	    "%s", shared[_i].origin);
	ck_assert(!guard_lists_origin(shared[_i].origin, NULL, 0));
}
END_TEST

static const struct {
	const char *site;
	const char *mode;
	bool may_read;
	bool may_write;
} fetches[] = {
	{ NULL, NULL, true, true },
	{ NULL, "cors", true, true },
	{ "same-origin", "cors", true, true },
	{ "same-origin", "navigate", true, true },
	{ "none", "navigate", true, true },
	{ "same-site", "cors", false, false },
	{ "same-site", "navigate", true, false },
	{ "cross-site", "cors", false, false },
	{ "cross-site", "no-cors", false, false },
	{ "cross-site", NULL, false, false },
	{ "cross-site", "navigate", true, false },
	{ "Same-Origin", "cors", false, false },
	{ "", "", false, false },
};

START_TEST(pages_of_others_can_only_link)
{
	ck_assert(guard_allows_fetch(fetches[_i].site, fetches[_i].mode,
		      true) == fetches[_i].may_read);
	ck_assert(guard_allows_fetch(fetches[_i].site, fetches[_i].mode,
		      false) == fetches[_i].may_write);
}
END_TEST

static const struct {
	const char *authorization;
	bool allowed;
} tokens[] = {
	{ "Bearer sesame-sesame-sesame", true },
	{ "bearer sesame-sesame-sesame", true },
	{ NULL, false },
	{ "", false },
	{ "Bearer", false },
	{ "Bearer ", false },
	{ "Basic sesame-sesame-sesame", false },
	{ "sesame-sesame-sesame", false },
	{ "Bearer sesame-sesame-sesam", false },
	{ "Bearer sesame-sesame-sesamE", false },
	{ "Bearer sesame-sesame-sesame ", false },
	{ "Bearer  sesame-sesame-sesame", false },
	{ "Bearer Sesame-sesame-sesame", false },
};

START_TEST(the_token_must_be_right)
{
	ck_assert(guard_allows_token(tokens[_i].authorization,
		      "sesame-sesame-sesame") == tokens[_i].allowed);
}
END_TEST

START_TEST(names_are_letters_digits_dashes_dots_and_underscores)
{
	char longest[255];

	memset(longest, 'a', sizeof(longest));
	longest[253] = '\0';
	ck_assert(guard_is_name(longest));
	longest[253] = 'a';
	longest[254] = '\0';
	ck_assert(!guard_is_name(longest));
	ck_assert(guard_is_name("PLC-1.example"));
	ck_assert(guard_is_name("my_stack_plc_1"));
	ck_assert(!guard_is_name(""));
	ck_assert(!guard_is_name("a b"));
	ck_assert(!guard_is_name("a:80"));
	ck_assert(!guard_is_name("a/b"));
	ck_assert(!guard_is_name("*"));
}
END_TEST

static char path[] = "/tmp/check_guard.XXXXXX";
static char token[GUARD_TOKEN_MAX + 1];

/* Create a file with a size and a mode. */
static void
make_file(const char *bytes, mode_t mode)
{
	int fd;

	strcpy(path, "/tmp/check_guard.XXXXXX");
	fd = mkstemp(path);
	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(
	    write(fd, bytes, strlen(bytes)), (ssize_t)strlen(bytes));
	ck_assert_int_eq(fchmod(fd, mode), 0);
	close(fd);
}

static const char *
read_file(const char *bytes, mode_t mode)
{
	const char *why;

	make_file(bytes, mode);
	why = guard_read_token(path, token);
	unlink(path);
	return why;
}

static const char *const good_files[] = { "0123456789abcdef",
	"0123456789abcdef\n", "0123456789abcdef\r\n",
	"0123456789abcdef\nand a comment\n" };

START_TEST(a_token_is_the_first_line_of_its_file)
{
	ck_assert_ptr_null(read_file(good_files[_i], 0600));
	ck_assert_str_eq(token, "0123456789abcdef");
}
END_TEST

static const char *const bad_files[] = { "", "\n", "0123456789abcde\n",
	"0123456789 abcdef\n", "0123456789abcdef \n", "0123456789abcdef\x01\n",
	"\xEF\xBB\xBF!123456789abcdef\n" };

START_TEST(other_files_are_refused)
{
	const char *why = read_file(bad_files[_i], 0600);

	ck_assert_ptr_nonnull(why);
	ck_assert_ptr_nonnull(strstr(why, "16 to 256"));
}
END_TEST

START_TEST(a_token_of_256_is_accepted_and_of_257_refused)
{
	char longest[GUARD_TOKEN_MAX + 2];

	memset(longest, 'x', sizeof(longest));
	longest[GUARD_TOKEN_MAX + 1] = '\0';
	ck_assert_ptr_nonnull(read_file(longest, 0600));
	longest[GUARD_TOKEN_MAX] = '\0';
	ck_assert_ptr_null(read_file(longest, 0600));
	ck_assert_str_eq(token, longest);
}
END_TEST

static const mode_t modes[] = { 0604, 0606, 0602, 0620, 0644, 0666 };

START_TEST(a_file_that_others_can_use_is_refused)
{
	const char *why = read_file(good_files[0], modes[_i]);

	ck_assert_ptr_nonnull(why);
	ck_assert_ptr_nonnull(strstr(why, "chmod 600"));
}
END_TEST

START_TEST(a_file_that_a_group_can_read_is_accepted)
{
	ck_assert_ptr_null(read_file(good_files[0], 0640));
}
END_TEST

START_TEST(paths_other_than_regular_files_are_refused)
{
	ck_assert_str_eq(guard_read_token("/nowhere/at/all", token),
	    "No such file or directory");
	ck_assert_str_eq(
	    guard_read_token("/tmp", token), "expected a regular file");
}
END_TEST

static const struct {
	const char *host_name;
	const char *names[OWN_NAMES_MAX + 1]; /* NULL after the last */
} machines[] = {
	{ "plc", { "plc", "plc.local" } },
	{ "plc.plant.example", { "plc.plant.example", "plc", "plc.local" } },
	{ "PLC_1.local", { "PLC_1.local", "PLC_1" } },
	{ "8c1f0e5d", { "8c1f0e5d", "8c1f0e5d.local" } },
	{ "", { NULL } },
	{ ".example", { NULL } },
	{ "(none)", { NULL } },
	{ "a b.example", { NULL } },
};

START_TEST(a_machine_is_known_by_its_names)
{
	struct own_names own;
	size_t count = 0;

	own_names_make(&own, machines[_i].host_name);
	while (machines[_i].names[count] != NULL)
		count++;
	ck_assert_uint_eq(own.count, count);
	for (size_t i = 0; i < count; i++)
		ck_assert_str_eq(own.names[i], machines[_i].names[i]);
}
END_TEST

START_TEST(long_host_names_have_only_the_names_that_fit)
{
	struct own_names own;
	char name[400];

	memset(name, 'a', sizeof(name));
	name[sizeof(name) - 1] = '\0';
	own_names_make(&own, name);
	ck_assert_uint_eq(own.count, 0);
	name[253] = '\0'; /* no room for ".local" */
	own_names_make(&own, name);
	ck_assert_uint_eq(own.count, 1);
	ck_assert_str_eq(own.names[0], name);
	own_names_read(&own);
	ck_assert_uint_le(own.count, OWN_NAMES_MAX);
}
END_TEST

#define COUNT(table) ((int)(sizeof(table) / sizeof(*(table))))

int
main(void)
{
	Suite *suite = suite_create("guard");
	TCase *tc = tcase_create("guard");

	tcase_add_loop_test(
	    tc, hosts_are_addresses_localhost_and_given_names, 0, COUNT(hosts));
	tcase_add_test(tc, without_names_localhost_and_addresses_are_allowed);
	tcase_add_loop_test(
	    tc, an_origin_must_be_the_host_or_a_given_name, 0, COUNT(origins));
	tcase_add_loop_test(
	    tc, over_tls_an_origin_must_be_https_too, 0, COUNT(origins));
	tcase_add_loop_test(
	    tc, an_origin_is_a_scheme_and_a_host, 0, COUNT(origin_texts));
	tcase_add_loop_test(tc,
	    a_listed_origin_has_the_scheme_the_host_and_the_port, 0,
	    COUNT(shared));
	tcase_add_loop_test(
	    tc, pages_of_others_can_only_link, 0, COUNT(fetches));
	tcase_add_loop_test(tc, the_token_must_be_right, 0, COUNT(tokens));
	tcase_add_test(
	    tc, names_are_letters_digits_dashes_dots_and_underscores);
	tcase_add_loop_test(
	    tc, a_token_is_the_first_line_of_its_file, 0, COUNT(good_files));
	tcase_add_loop_test(tc, other_files_are_refused, 0, COUNT(bad_files));
	tcase_add_test(tc, a_token_of_256_is_accepted_and_of_257_refused);
	tcase_add_loop_test(
	    tc, a_file_that_others_can_use_is_refused, 0, COUNT(modes));
	tcase_add_test(tc, a_file_that_a_group_can_read_is_accepted);
	tcase_add_test(tc, paths_other_than_regular_files_are_refused);
	tcase_add_loop_test(
	    tc, a_machine_is_known_by_its_names, 0, COUNT(machines));
	tcase_add_test(tc, long_host_names_have_only_the_names_that_fit);
	suite_add_tcase(suite, tc);
	return suite_run(suite);
}
