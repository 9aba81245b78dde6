#include "simulation/replay.h"

#include <stdio.h>
#include <string.h>

#include "suite.h"

static struct replay *replay;

static void
begin(void)
{
	replay = replay_new(2);
	ck_assert_ptr_nonnull(replay);
}

static void
end(void)
{
	replay_free(replay);
	replay = NULL;
}

/* Add a value whose words are its number and that behind it. */
static void
add(uint16_t number, int64_t milliseconds)
{
	const uint16_t words[] = { number, (uint16_t)(number + 1) };

	ck_assert_int_eq(replay_add(replay, words, milliseconds * 1000), 0);
}

START_TEST(values_are_kept_in_their_order)
{
	ck_assert_uint_eq(replay_count(replay), 0);
	ck_assert_int_eq(replay_last(replay), 0);
	for (uint16_t i = 0; i < 1000; i++)
		add(i, i);
	ck_assert_uint_eq(replay_count(replay), 1000);
	ck_assert_int_eq(replay_last(replay), 999000);
	for (uint16_t i = 0; i < 1000; i++) {
		ck_assert_uint_eq(replay_value(replay, i)[0], i);
		ck_assert_uint_eq(replay_value(replay, i)[1], i + 1);
	}
}
END_TEST

START_TEST(a_value_without_words_is_the_last_one_again)
{
	ck_assert_int_eq(replay_add(replay, NULL, 0), 0);
	ck_assert_uint_eq(replay_value(replay, 0)[0], 0);
	ck_assert_uint_eq(replay_value(replay, 0)[1], 0);
	add(7, 0);
	for (unsigned i = 0; i < 200; i++) /* also where memory moves */
		ck_assert_int_eq(replay_add(replay, NULL, 0), 0);
	ck_assert_uint_eq(replay_value(replay, 201)[0], 7);
	ck_assert_uint_eq(replay_value(replay, 201)[1], 8);
}
END_TEST

START_TEST(values_have_a_limit)
{
	ck_assert_uint_eq(replay_most(replay), REPLAY_ROWS_MAX);
	end();
	replay = replay_new(125);
	ck_assert_uint_eq(replay_most(replay), REPLAY_BYTES_MAX / 250);
}
END_TEST

START_TEST(each_tick_plays_one_row_and_then_the_first_again)
{
	for (uint16_t i = 0; i < 3; i++)
		add(i, 0);
	for (uint64_t tick = 1; tick < 10; tick++)
		ck_assert_uint_eq(
		    replay_by_row(replay, tick)[0], (tick - 1) % 3);
}
END_TEST

START_TEST(a_word_that_was_not_recorded_is_left_as_it_is)
{
	const uint16_t value[] = { 1, 2 }, held[] = { 8, 9 };
	uint16_t words[2];

	replay_put(replay, value, held, words);
	ck_assert_uint_eq(words[0], 1);
	ck_assert_uint_eq(words[1], 2);
	replay_leave(replay, 1);
	replay_put(replay, value, held, words);
	ck_assert_uint_eq(words[0], 1);
	ck_assert_uint_eq(words[1], 9);
	words[1] = 7;
	replay_put(replay, value, words, words);
	ck_assert_uint_eq(words[1], 7);
}
END_TEST

/* Moments of the values 0, 1, 2, ..., and what is played each second. */
static const struct {
	int64_t moments[5]; /* in milliseconds */
	const char *played;
	unsigned count;
} times[] = {
	/* As long as the one before it. */
	{ { 0, 1000, 2000 }, "012012", 3 },
	{ { 5000, 8000, 10000 }, "0001122000112", 3 },
	{ { -3000, -1000, 0 }, "0012001", 3 },
	/* What lies between two ticks is left out. */
	{ { 0, 300, 600, 2000, 3000 }, "0234", 5 },
	/* At no time after another, or alone: one tick. */
	{ { 0, 2000, 2000 }, "002002", 3 },
	{ { 1000 }, "000", 1 },
	{ { 7000, 7000 }, "111", 2 },
	/* Times that no tick meets. */
	{ { 0, 1500 }, "001001", 2 },
};

START_TEST(values_are_played_at_their_moments)
{
	for (unsigned i = 0; i < times[_i].count; i++)
		add((uint16_t)i, times[_i].moments[i]);
	for (unsigned i = 0; times[_i].played[i] != '\0'; i++)
		ck_assert_int_eq(replay_by_time(replay, 1000, i + 1)[0],
		    times[_i].played[i] - '0');
}
END_TEST

START_TEST(a_tick_may_be_a_millisecond_or_an_hour)
{
	add(0, 0);
	add(1, 2);
	add(2, 3600001);
	ck_assert_uint_eq(replay_by_time(replay, 1, 2)[0], 0);
	ck_assert_uint_eq(replay_by_time(replay, 1, 3)[0], 1);
	ck_assert_uint_eq(replay_by_time(replay, 3600000, 2)[0], 1);
	ck_assert_uint_eq(replay_by_time(replay, 1800001, 3)[0], 2);
	ck_assert_uint_eq(replay_by_time(replay, 3600000, 3)[0], 0);
	for (uint64_t tick = UINT64_MAX - 5; tick != 5; tick++) {
		ck_assert_uint_le(replay_by_time(replay, 3600000, tick)[0], 2);
		ck_assert_uint_le(replay_by_row(replay, tick)[0], 2);
	}
}
END_TEST

#define COUNT(table) ((int)(sizeof(table) / sizeof(*(table))))

int
main(void)
{
	Suite *suite = suite_create("replay");
	TCase *tc = tcase_create("replay");

	tcase_add_checked_fixture(tc, begin, end);
	tcase_add_test(tc, values_are_kept_in_their_order);
	tcase_add_test(tc, a_value_without_words_is_the_last_one_again);
	tcase_add_test(tc, values_have_a_limit);
	tcase_add_test(tc, each_tick_plays_one_row_and_then_the_first_again);
	tcase_add_test(tc, a_word_that_was_not_recorded_is_left_as_it_is);
	tcase_add_loop_test(
	    tc, values_are_played_at_their_moments, 0, COUNT(times));
	tcase_add_test(tc, a_tick_may_be_a_millisecond_or_an_hour);
	suite_add_tcase(suite, tc);
	return suite_run(suite);
}
