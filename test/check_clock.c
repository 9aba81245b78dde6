#include "base/clock.h"

#include <errno.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "suite.h"

/* As where time_t has 32 bits, and the time of day does not fit. */
static bool beyond;

int
clock_gettime(clockid_t id, struct timespec *now)
{
	if (id != CLOCK_REALTIME || !beyond)
		return (int)syscall(SYS_clock_gettime, id, now);
	errno = EOVERFLOW;
	return -1;
}

START_TEST(tells_whether_the_time_can_be_read)
{
	ck_assert(clock_can_tell_time());
	beyond = true;
	ck_assert(!clock_can_tell_time());
	ck_assert_int_eq(errno, EOVERFLOW);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("clock");
	TCase *tc = tcase_create("clock");

	tcase_add_test(tc, tells_whether_the_time_can_be_read);
	suite_add_tcase(suite, tc);
	return suite_run(suite);
}
