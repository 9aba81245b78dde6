#include "state/unsaved.h"

#include "suite.h"

static struct unsaved all;

static struct datatable_change
registers(uint16_t address, uint16_t quantity)
{
	return (struct datatable_change){
		.kind = DATATABLE_REGISTERS,
		.address = address,
		.quantity = quantity,
	};
}

static struct datatable_change
coils(uint16_t address, uint16_t quantity)
{
	return (struct datatable_change){
		.kind = DATATABLE_COILS,
		.address = address,
		.quantity = quantity,
	};
}

static void
add(struct datatable_change change)
{
	unsaved_add(&all, &change);
}

static bool
has(struct datatable_change change)
{
	return unsaved_has(&all, &change);
}

static void
setup(void)
{
	all = (struct unsaved){ .overlay = DATATABLE_SEPARATE };
}

START_TEST(a_change_that_shares_a_word_is_found)
{
	ck_assert(!has(registers(0, 123)) && !all.any);
	add(registers(10, 3));
	ck_assert(all.any);
	ck_assert(!has(registers(0, 10)));
	ck_assert(has(registers(0, 11)));
	ck_assert(has(registers(11, 1)));
	ck_assert(has(registers(12, 100)));
	ck_assert(!has(registers(13, 100)));
}
END_TEST

START_TEST(the_ends_of_the_table_have_bits)
{
	add(registers(65535, 1));
	ck_assert(!has(coils(0, 1)));
	add(coils(65535, 1));
	ck_assert(has(registers(65534, 2)));
	ck_assert(has(coils(65520, 1)) && !has(coils(65519, 1)));
	ck_assert(!has(registers(0, 123)) && !has(coils(0, 2000)));
}
END_TEST

START_TEST(separate_coils_are_no_registers)
{
	add(coils(35, 1));
	ck_assert(!has(registers(0, 123)));
	/* Those of the same word are found, too. */
	ck_assert(has(coils(32, 1)) && has(coils(0, 33)));
	ck_assert(!has(coils(0, 32)) && !has(coils(48, 2000)));
}
END_TEST

START_TEST(overlaid_coils_are_bits_of_registers)
{
	all.overlay = DATATABLE_OVERLAID;
	add(coils(35, 1));
	ck_assert(has(registers(2, 1)));
	ck_assert(!has(registers(0, 2)) && !has(registers(3, 1)));
	add(registers(7, 1));
	ck_assert(has(coils(127, 1)) && !has(coils(128, 100)));
}
END_TEST

START_TEST(cleared_it_has_none)
{
	add(registers(0, 2000));
	add(coils(65535, 1));
	unsaved_clear(&all);
	ck_assert(!all.any);
	add(registers(1, 1));
	ck_assert(!has(registers(0, 1)) && !has(coils(65535, 1)));
	ck_assert(has(registers(1, 1)));
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("unsaved");
	TCase *tc = tcase_create("unsaved");

	tcase_add_checked_fixture(tc, setup, NULL);
	tcase_add_test(tc, a_change_that_shares_a_word_is_found);
	tcase_add_test(tc, the_ends_of_the_table_have_bits);
	tcase_add_test(tc, separate_coils_are_no_registers);
	tcase_add_test(tc, overlaid_coils_are_bits_of_registers);
	tcase_add_test(tc, cleared_it_has_none);
	suite_add_tcase(suite, tc);
	return suite_run(suite);
}
