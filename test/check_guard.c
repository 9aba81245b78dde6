#include "http/guard.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

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
};

START_TEST(an_origin_must_be_the_host)
{
	ck_assert_msg(guard_allows_origin(origins[_i].origin,
			  origins[_i].host) == origins[_i].allowed,
	    "%s", origins[_i].origin);
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

START_TEST(names_are_letters_digits_dashes_and_dots)
{
	char longest[255];

	memset(longest, 'a', sizeof(longest));
	longest[253] = '\0';
	ck_assert(guard_is_name(longest));
	longest[253] = 'a';
	longest[254] = '\0';
	ck_assert(!guard_is_name(longest));
	ck_assert(guard_is_name("PLC-1.example"));
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

#define COUNT(table) ((int)(sizeof(table) / sizeof(*(table))))

int
main(void)
{
	Suite *suite = suite_create("guard");
	TCase *tc = tcase_create("guard");

	tcase_add_loop_test(
	    tc, hosts_are_addresses_localhost_and_given_names, 0, COUNT(hosts));
	tcase_add_test(tc, without_names_localhost_and_addresses_are_allowed);
	tcase_add_loop_test(tc, an_origin_must_be_the_host, 0, COUNT(origins));
	tcase_add_loop_test(tc, the_token_must_be_right, 0, COUNT(tokens));
	tcase_add_test(tc, names_are_letters_digits_dashes_and_dots);
	tcase_add_loop_test(
	    tc, a_token_is_the_first_line_of_its_file, 0, COUNT(good_files));
	tcase_add_loop_test(tc, other_files_are_refused, 0, COUNT(bad_files));
	tcase_add_test(tc, a_token_of_256_is_accepted_and_of_257_refused);
	tcase_add_loop_test(
	    tc, a_file_that_others_can_use_is_refused, 0, COUNT(modes));
	tcase_add_test(tc, a_file_that_a_group_can_read_is_accepted);
	tcase_add_test(tc, paths_other_than_regular_files_are_refused);
	suite_add_tcase(suite, tc);
	return suite_run(suite);
}
