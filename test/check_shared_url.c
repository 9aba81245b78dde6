#include "shared/url.h"

#include <stdio.h>
#include <string.h>

#include "suite.h"

static const struct {
	const char *text;
	const char *user, *password, *host;
	unsigned port, database;
	bool tls;
} good[] = {
	{ "redis://localhost", "", "", "localhost", 6379, 0, false },
	{ "rediss://localhost", "", "", "localhost", 6379, 0, true },
	{ "redis://192.0.2.1:1", "", "", "192.0.2.1", 1, 0, false },
	{ "redis://h:65535/3", "", "", "h", 65535, 3, false },
	{ "redis://h/0", "", "", "h", 6379, 0, false },
	{ "redis://h/65535", "", "", "h", 6379, 65535, false },
	{ "redis://[::1]", "", "", "::1", 6379, 0, false },
	{ "redis://[2001:db8::7]:7000/1", "", "", "2001:db8::7", 7000, 1,
	    false },
	{ "redis://u:p@h", "u", "p", "h", 6379, 0, false },
	{ "redis://:p@h", "", "p", "h", 6379, 0, false },
	{ "redis://u@h", "u", "", "h", 6379, 0, false },
	{ "redis://u:@h", "u", "", "h", 6379, 0, false },
	{ "redis://@h", "", "", "h", 6379, 0, false },
	{ "redis://u:p:q@r@h:7", "u", "p:q@r", "h", 7, 0, false },
	{ "redis://u%3A%40:%2f%25%C3%a9,@h", "u:@", "/%\xc3\xa9,", "h", 6379, 0,
	    false },
};

START_TEST(reads_all_parts)
{
	struct shared_url url;

	ck_assert_msg(
	    shared_url_parse(good[_i].text, &url) == 0, "%s", good[_i].text);
	ck_assert_str_eq(url.user, good[_i].user);
	ck_assert_str_eq(url.password, good[_i].password);
	ck_assert_uint_eq(url.count, 1);
	ck_assert_str_eq(url.hosts[0].host, good[_i].host);
	ck_assert_uint_eq(url.hosts[0].port, good[_i].port);
	ck_assert_uint_eq(url.database, good[_i].database);
	ck_assert(url.tls == good[_i].tls);
}
END_TEST

static const char *const bad[] = { "", "redis:", "redis:/", "redis://",
	"http://h", "Redis://h", "localhost", "redis://h:", "redis://h:0",
	"redis://h:65536", "redis://h:7x", "redis://h:-1", "redis://h:1:2",
	"redis://h/", "redis://h/x", "redis://h/-1", "redis://h/65536",
	"redis://h/1/2", "redis://,", "redis://h,", "redis://,h",
	"redis://h,,i", "redis://[::1", "redis://::1", "redis://[]",
	"redis://[h]", "redis://[127.0.0.1]", "redis://[::1]x",
	"redis://[::1]7", "redis://[::1]]", "redis://h h", "redis://h\n",
	"redis://u:p@", "redis://u:%@h", "redis://u:%4@h", "redis://u:%4g@h",
	"redis://u:%00@h", "redis://%zz:p@h", "redis://u:p%4@h", "redis://h?x",
	"redis://h#x", "redis://1,2,3,4,5,6,7,8,9" };

START_TEST(refuses_what_is_none)
{
	struct shared_url url;

	ck_assert_msg(shared_url_parse(bad[_i], &url) == -1, "%s", bad[_i]);
}
END_TEST

START_TEST(reads_eight_hosts)
{
	struct shared_url url;

	ck_assert_int_eq(
	    shared_url_parse("rediss://a,b:2,[::3],d:4,e,f,g,h:8/9", &url), 0);
	ck_assert_uint_eq(url.count, 8);
	ck_assert_str_eq(url.hosts[1].host, "b");
	ck_assert_uint_eq(url.hosts[1].port, 2);
	ck_assert_str_eq(url.hosts[2].host, "::3");
	ck_assert_uint_eq(url.hosts[2].port, 6379);
	ck_assert_str_eq(url.hosts[7].host, "h");
	ck_assert_uint_eq(url.hosts[7].port, 8);
	ck_assert_uint_eq(url.database, 9);
}
END_TEST

/* A part of length bytes, between these texts. */
static int
parse_long(const char *before, size_t length, const char *behind)
{
	struct shared_url url;
	char part[400], text[500];

	memset(part, 'x', length);
	part[length] = '\0';
	snprintf(text, sizeof(text), "%s%s%s", before, part, behind);
	return shared_url_parse(text, &url);
}

START_TEST(limits_the_length_of_each_part)
{
	static const struct {
		const char *before, *behind;
		size_t most;
	} parts[] = {
		{ "redis://", "", SHARED_HOST_SIZE - 1 },
		{ "redis://h,", ":7", SHARED_HOST_SIZE - 1 },
		{ "redis://", "@h", SHARED_SECRET_SIZE - 1 },
		{ "redis://u:", "@h", SHARED_SECRET_SIZE - 1 },
	};

	ck_assert_int_eq(
	    parse_long(parts[_i].before, parts[_i].most, parts[_i].behind), 0);
	ck_assert_int_eq(
	    parse_long(parts[_i].before, parts[_i].most + 1, parts[_i].behind),
	    -1);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("shared_url");
	TCase *tc = tcase_create("url");

	tcase_add_loop_test(
	    tc, reads_all_parts, 0, sizeof(good) / sizeof(*good));
	tcase_add_loop_test(
	    tc, refuses_what_is_none, 0, sizeof(bad) / sizeof(*bad));
	tcase_add_test(tc, reads_eight_hosts);
	tcase_add_loop_test(tc, limits_the_length_of_each_part, 0, 4);
	suite_add_tcase(suite, tc);
	return suite_run(suite);
}
