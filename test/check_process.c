#include "system/process.h"

#include <fcntl.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "suite.h"

START_TEST(open_descriptors_are_counted)
{
	uint64_t before = process_open_descriptors();
	int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);

	ck_assert_uint_gt(before, 0);
	ck_assert_int_ge(fd, 0);
	ck_assert_uint_eq(process_open_descriptors(), before + 1);
	close(fd);
	ck_assert_uint_eq(process_open_descriptors(), before);
}
END_TEST

START_TEST(the_limit_is_that_of_the_system)
{
	struct rlimit limit;

	ck_assert_int_eq(getrlimit(RLIMIT_NOFILE, &limit), 0);
	limit.rlim_cur = 100;
	ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &limit), 0);
	ck_assert_uint_eq(process_max_descriptors(), 100);
}
END_TEST

START_TEST(the_limit_is_raised_as_far_as_it_may_be)
{
	struct rlimit limit;

	ck_assert_int_eq(getrlimit(RLIMIT_NOFILE, &limit), 0);
	limit.rlim_max = 200;
	limit.rlim_cur = 100;
	ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &limit), 0);
	ck_assert_uint_eq(process_descriptor_limit(), 100);
	process_raise_descriptor_limit();
	ck_assert_uint_eq(process_descriptor_limit(), 200);
}
END_TEST

START_TEST(the_executable_and_the_machine_have_names)
{
	char path[4096], name[256], cut[2];

	ck_assert_ptr_eq(process_path(path, sizeof(path)), path);
	ck_assert_ptr_nonnull(strstr(path, "check_process"));
	ck_assert_int_eq(process_host_name(name, sizeof(name)), 0);
	ck_assert_uint_gt(strlen(name), 0);
	if (process_host_name(cut, sizeof(cut)) == 0)
		ck_assert_uint_eq(strlen(cut), 1);
}
END_TEST

START_TEST(low_ports_are_privileged)
{
	ck_assert(process_port_is_privileged(502));
	ck_assert(process_port_is_privileged(1023));
	ck_assert(!process_port_is_privileged(1024));
	ck_assert(!process_port_is_privileged(8502));
}
END_TEST

START_TEST(memory_and_time_are_used)
{
	struct process_memory memory = process_memory();
	uint64_t before = process_cpu_ns();

	ck_assert_uint_gt(memory.resident, 0);
	ck_assert_uint_gt(memory.total, memory.resident);
	ck_assert_uint_gt(before, 0);
	while (process_cpu_ns() == before)
		;
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("process");
	TCase *tc = tcase_create("process");

	tcase_add_test(tc, open_descriptors_are_counted);
	tcase_add_test(tc, the_limit_is_that_of_the_system);
	tcase_add_test(tc, the_limit_is_raised_as_far_as_it_may_be);
	tcase_add_test(tc, the_executable_and_the_machine_have_names);
	tcase_add_test(tc, low_ports_are_privileged);
	tcase_add_test(tc, memory_and_time_are_used);
	suite_add_tcase(suite, tc);
	return suite_run(suite);
}
