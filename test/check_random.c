#include "system/random.h"

#include "suite.h"

/* That 32 bytes are the same by chance will not be seen. */
START_TEST(bytes_are_not_the_same_twice)
{
	unsigned char one[32] = { 0 }, other[32] = { 0 };

	ck_assert_int_eq(random_bytes(one, sizeof(one)), 0);
	ck_assert_int_eq(random_bytes(other, sizeof(other)), 0);
	ck_assert_mem_ne(one, other, sizeof(one));
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("random");
	TCase *tc = tcase_create("random");

	tcase_add_test(tc, bytes_are_not_the_same_twice);
	suite_add_tcase(suite, tc);
	return suite_run(suite);
}
