#include "fault/held.h"

#include "suite.h"

static struct held held;

static void
begin(void)
{
	held_init(&held);
}

static void
end(void)
{
	held_free(&held);
	ck_assert(held_is_empty(&held));
	ck_assert_uint_eq(held.memory, 0);
}

static void
add(uint8_t value, size_t length)
{
	struct held_piece *piece = held_add(&held, length);

	ck_assert_ptr_nonnull(piece);
	ck_assert_uint_eq(piece->length, length);
	ck_assert_uint_eq(piece->due, 0);
	ck_assert_uint_eq(piece->cut, 0);
	ck_assert_uint_eq(piece->gone, 0);
	ck_assert(!piece->closes);
	for (size_t i = 0; i < length; i++)
		piece->bytes[i] = value;
}

START_TEST(holds_nothing_at_first)
{
	ck_assert(held_is_empty(&held));
	ck_assert_ptr_null(held_first(&held));
	ck_assert_uint_eq(held.memory, 0);
}
END_TEST

START_TEST(pieces_come_out_as_they_went_in)
{
	for (uint8_t i = 1; i <= 100; i++)
		add(i, i);
	for (uint8_t i = 1; i <= 100; i++) {
		const struct held_piece *piece = held_first(&held);

		ck_assert_uint_eq(piece->length, i);
		ck_assert_uint_eq(piece->bytes[0], i);
		ck_assert_uint_eq(piece->bytes[i - 1], i);
		held_drop(&held);
	}
	ck_assert(held_is_empty(&held));
	add(1, 1);
	ck_assert_uint_eq(held_first(&held)->length, 1);
}
END_TEST

START_TEST(counts_the_memory_of_all)
{
	add(1, 100);
	ck_assert_uint_ge(held.memory, 100);
	add(2, 0);
	ck_assert_uint_gt(held.memory, 2 * sizeof(struct held_piece));
	held_drop(&held);
	held_drop(&held);
	ck_assert_uint_eq(held.memory, 0);
}
END_TEST

START_TEST(frees_what_is_left)
{
	for (int i = 0; i < 10; i++)
		add(1, 260);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("fault_held");
	TCase *t = tcase_create("held");

	tcase_add_checked_fixture(t, begin, end);
	tcase_add_test(t, holds_nothing_at_first);
	tcase_add_test(t, pieces_come_out_as_they_went_in);
	tcase_add_test(t, counts_the_memory_of_all);
	tcase_add_test(t, frees_what_is_left);
	suite_add_tcase(s, t);
	return suite_run(s);
}
