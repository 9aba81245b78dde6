#include "net/rtu_detect.h"

#include <stdio.h>

#include "suite.h"

#define FRAME "\x01\x03\x00\x00\x00\x0A\xC5\xCD"
#define START 1000 /* milliseconds */

static struct rtu_detect detect;

static void
setup(void)
{
	detect = (struct rtu_detect){ .hosts[0].frames = 0 };
}

static bool
sees(const char *host, uint64_t now, const char *text, size_t length)
{
	struct address address;

	ck_assert_int_eq(address_parse(host, 1, &address), 0);
	return rtu_detect(
	    &detect, &address, now, (const uint8_t *)text, length);
}

#define SEES(host, now, text) sees(host, now, text, sizeof(text) - 1)

START_TEST(two_frames_at_once_are_reported)
{
	ck_assert(SEES("192.0.2.1:5", START, FRAME FRAME));
}
END_TEST

START_TEST(two_frames_of_one_host_are_reported)
{
	ck_assert(!SEES("192.0.2.1:5", START, FRAME));
	ck_assert(!SEES("192.0.2.2:5", START, FRAME));
	ck_assert(SEES("192.0.2.1:6", START + 5000, FRAME));
	ck_assert(SEES("192.0.2.2:6", START + 5000, FRAME));
}
END_TEST

START_TEST(a_host_is_reported_once_while_it_is_remembered)
{
	uint64_t now = START;

	ck_assert(SEES("192.0.2.1", now, FRAME FRAME));
	for (int i = 0; i < 100; i++)
		ck_assert(!SEES("192.0.2.1", now += RTU_DETECT_MEMORY_MS,
		    FRAME FRAME FRAME));
	ck_assert(
	    SEES("192.0.2.1", now + RTU_DETECT_MEMORY_MS + 1, FRAME FRAME));
}
END_TEST

START_TEST(a_frame_is_forgotten)
{
	ck_assert(!SEES("192.0.2.1", START, FRAME));
	ck_assert(!SEES("192.0.2.1", START + RTU_DETECT_MEMORY_MS + 1, FRAME));
}
END_TEST

START_TEST(other_bytes_are_nothing)
{
	for (int i = 0; i < 100; i++)
		ck_assert(!SEES("192.0.2.1", START, "GET / HTTP/1.1\r\n\r\n"));
	ck_assert(!SEES("192.0.2.1", START, ""));
	ck_assert(!SEES("192.0.2.1", START, FRAME));
}
END_TEST

START_TEST(the_hosts_that_were_seen_last_are_remembered)
{
	char host[32];

	for (unsigned i = 0; i <= RTU_DETECT_HOSTS; i++) {
		snprintf(host, sizeof(host), "192.0.2.%u", i);
		ck_assert(!SEES(host, START + i, FRAME));
	}
	for (unsigned i = 1; i <= RTU_DETECT_HOSTS; i++) {
		snprintf(host, sizeof(host), "192.0.2.%u", i);
		ck_assert(SEES(host, START + 100 + i, FRAME));
	}
	ck_assert(!SEES("192.0.2.0", START + 200, FRAME));
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("rtu_detect");
	TCase *tc = tcase_create("rtu_detect");

	tcase_add_checked_fixture(tc, setup, NULL);
	tcase_add_test(tc, two_frames_at_once_are_reported);
	tcase_add_test(tc, two_frames_of_one_host_are_reported);
	tcase_add_test(tc, a_host_is_reported_once_while_it_is_remembered);
	tcase_add_test(tc, a_frame_is_forgotten);
	tcase_add_test(tc, other_bytes_are_nothing);
	tcase_add_test(tc, the_hosts_that_were_seen_last_are_remembered);
	suite_add_tcase(suite, tc);
	return suite_run(suite);
}
