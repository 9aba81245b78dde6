#include "simulation/simulation.h"

#include <event2/event.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "held_order.h"
#include "one_points.h"
#include "one_table.h"
#include "points/points.h"
#include "rig_clock.h"
#include "service/service.h"
#include "suite.h"

#define PERIOD 100

static struct points *points;
static struct simulation *simulation;
static struct event_base *base;
static struct service service;
static struct held_order held;

/* What the table was told. */
static struct {
	unsigned writes, registers, masked;
	bool by_another;
} seen;

static void
changed(void *arg, const struct datatable_change *change)
{
	(void)arg;
	seen.writes++;
	seen.registers += change->quantity;
	seen.masked += change->writer->function == 22;
	if (!address_same_host(
		&change->writer->client->address, &address_simulation))
		seen.by_another = true;
}

static struct datatable_observer observer = { .changed = changed };

/* Points of the table of that mode, which are simulated. */
static void
begin(int overlay, const char *text)
{
	char error[SERIES_ERROR_MAX];

	start(overlay);
	datatable_observe(table, &observer);
	memset(&seen, 0, sizeof(seen));
	points = one_points((enum datatable_overlay)overlay, text);
	base = event_base_new();
	service = (struct service){ .table = table };
	held_order_init(&held);
	simulation =
	    simulation_new(points, (enum datatable_overlay)overlay, 1, error);
	ck_assert_ptr_nonnull(simulation);
}

static void
run(bool (*may_tick)(void *arg, unsigned period), void *arg)
{
	const struct simulation_world world = { base, &service, may_tick, arg };

	ck_assert_int_eq(simulation_start(simulation, &world), 0);
}

static void
end(void)
{
	simulation_free(simulation);
	held_order_end(&held);
	event_base_free(base);
	points_free(points);
	teardown();
}

static void
turn(unsigned turns)
{
	while (turns-- > 0)
		event_base_loop(base, EVLOOP_NONBLOCK | EVLOOP_ONCE);
}

/* Let time pass at once, and all happen that it brings. */
static void
pass(uint64_t ms)
{
	rig_clock_pass(ms);
	turn(5);
}

static void
settle(enum order_outcome outcome)
{
	held_order_settle(&held, held.submitted, outcome);
}

static struct simulation_figures
figures(void)
{
	return simulation_figures(simulation);
}

/* So many registers from 0 on, all of which count. */
static void
begin_counters(int overlay, unsigned count)
{
	size_t size = 64 * (count + 1);
	char *text = malloc(size);
	size_t n;

	ck_assert_ptr_nonnull(text);
	n = (size_t)snprintf(text, size, "address,simulate\n");
	for (unsigned i = 0; i < count; i++)
		n += (size_t)snprintf(
		    text + n, size - n, "HR%u,count(1) every 100ms\n", i);
	begin(overlay, text);
	free(text);
}

START_TEST(points_move_at_each_tick)
{
	begin(_i,
	    "address,simulate\nHR5,count(1) every 100ms\nHR6,\n"
	    "HR7,count(1) every 200ms\n");
	ck_assert_uint_eq(simulation_points(simulation), 2);
	ck_assert_uint_eq(simulation_seed(simulation), 1);
	run(NULL, NULL);
	pass(PERIOD - 1);
	ck_assert_uint_eq(seen.writes, 0);
	for (unsigned tick = 1; tick <= 10; tick++) {
		pass(tick == 1 ? 1 : PERIOD);
		ck_assert_uint_eq(get_register(5), tick);
		ck_assert_uint_eq(get_register(6), 0);
		ck_assert_uint_eq(get_register(7), tick / 2);
	}
	ck_assert(!seen.by_another);
	ck_assert_uint_eq(figures().ticks, 15);
	ck_assert_uint_eq(figures().submissions, 10);
	ck_assert_uint_eq(figures().written, 15);
	ck_assert_uint_eq(figures().skipped, 0);
	ck_assert_uint_eq(figures().refused, 0);
	end();
}
END_TEST

START_TEST(adjacent_points_are_one_write)
{
	begin_counters(_i, 123);
	run(NULL, NULL);
	pass(PERIOD);
	ck_assert_uint_eq(seen.writes, 1);
	ck_assert_uint_eq(seen.registers, 123);
	end();
}
END_TEST

START_TEST(bits_leave_the_rest_of_their_register)
{
	begin(_i,
	    "address,simulate\nHR100.3,toggle(100ms) every 100ms\n"
	    "HR100.15,toggle(100ms) every 100ms\n"
	    "C17,toggle(100ms) every 100ms\n");
	set_register(100, 0x0FF0);
	set_coil(16, 1);
	set_coil(18, 1);
	memset(&seen, 0, sizeof(seen));
	run(NULL, NULL);
	for (unsigned tick = 1; tick <= 4; tick++) {
		uint16_t word;

		pass(PERIOD);
		word = get_register(100);
		ck_assert_uint_eq(word & 0x7FF7, 0x0FF0);
		ck_assert_uint_eq(word >> 15 & 1, word >> 3 & 1);
		ck_assert_uint_eq(get_coil(17), word >> 3 & 1);
		ck_assert_uint_eq(get_coil(16) + get_coil(18), 2);
	}
	ck_assert_uint_eq(seen.masked, 4);
	ck_assert_uint_eq(seen.writes, 8);
	end();
}
END_TEST

/* A turn of the loop computes so many, and there are as many submissions. */
START_TEST(many_points_take_many_turns)
{
	const unsigned turns = 4;
	const unsigned count = (turns - 1) * SIMULATION_POINTS_A_TURN + 1;

	begin_counters(_i, count);
	run(NULL, NULL);
	rig_clock_pass(PERIOD);
	for (unsigned t = 1; t <= turns; t++) {
		turn(1);
		ck_assert_uint_eq(figures().submissions, t);
		ck_assert_uint_eq(figures().written,
		    t < turns ? t * SIMULATION_POINTS_A_TURN : count);
	}
	turn(5);
	ck_assert_uint_eq(figures().submissions, turns);
	ck_assert_uint_eq(figures().ticks, 1);
	for (unsigned i = 0; i < count; i++)
		ck_assert_uint_eq(get_register(i), 1);
	end();
}
END_TEST

/* The word counts; and of its bits, one row before it and one behind it. */
START_TEST(points_that_share_a_register_end_as_the_later_row_says)
{
	begin(_i,
	    "address,simulate\nHR9.1,toggle(100ms) every 100ms\n"
	    "HR9,count(1) every 100ms\nHR9.15,toggle(100ms) every 100ms\n");
	run(NULL, NULL);
	for (unsigned tick = 1; tick < 9; tick++) {
		uint16_t before = get_register(9);

		pass(PERIOD);
		ck_assert_uint_eq(
		    get_register(9) & 0x7FFF, (before + 1) & 0x7FFF);
	}
	ck_assert_uint_eq(seen.writes, 8);
	end();
}
END_TEST

START_TEST(time_that_is_lost_is_not_caught_up)
{
	begin_counters(_i, 3);
	run(NULL, NULL);
	pass(PERIOD);
	pass(12034);
	ck_assert_uint_eq(get_register(0), 2);
	ck_assert_uint_eq(figures().ticks, 2);
	ck_assert_uint_eq(figures().skipped, 119);
	pass(65);
	ck_assert_uint_eq(figures().ticks, 2);
	pass(1);
	ck_assert_uint_eq(get_register(0), 3);
	end();
}
END_TEST

START_TEST(there_is_no_second_submission_while_one_waits)
{
	begin_counters(_i, 300);
	service.order = &held.order;
	run(NULL, NULL);
	pass(PERIOD);
	pass(PERIOD);
	pass(PERIOD);
	ck_assert_uint_eq(held.submitted, 1);
	ck_assert_uint_eq(figures().written, 0);
	settle(ORDER_EXECUTE);
	turn(5);
	ck_assert_uint_eq(held.submitted, 2);
	ck_assert_uint_eq(get_register(0), 1);
	ck_assert_uint_eq(get_register(299), 0);
	settle(ORDER_EXECUTE);
	ck_assert_uint_eq(get_register(299), 1);
	turn(5);
	/* The tick of now; one of those before it was skipped. */
	ck_assert_uint_eq(held.submitted, 3);
	ck_assert_uint_eq(figures().ticks, 2);
	ck_assert_uint_eq(figures().skipped, 1);
	settle(ORDER_EXECUTE);
	turn(1);
	settle(ORDER_EXECUTE);
	ck_assert_uint_eq(get_register(299), 2);
	ck_assert_uint_eq(figures().written, 600);
	end();
}
END_TEST

/* _i: whether it is refused at once, or later, or its outcome is unknown. */
START_TEST(a_refused_tick_is_left_out)
{
	begin_counters(DATATABLE_SEPARATE, 300);
	service.order = &held.order;
	run(NULL, NULL);
	held.refuses = _i == 0;
	pass(PERIOD);
	if (_i > 0)
		settle(_i == 1 ? ORDER_REFUSED : ORDER_UNKNOWN);
	turn(5);
	ck_assert_uint_eq(held.submitted, _i > 0);
	ck_assert_uint_eq(figures().refused, 1);
	ck_assert_uint_eq(figures().written, 0);
	ck_assert_uint_eq(seen.writes, 0);
	held.refuses = false;
	service.order = NULL;
	pass(PERIOD);
	ck_assert_uint_eq(get_register(0), 1);
	ck_assert_uint_eq(get_register(299), 1);
	ck_assert_uint_eq(figures().refused, 1);
	ck_assert_uint_eq(figures().ticks, 2);
	ck_assert_uint_eq(figures().skipped, 0);
	end();
}
END_TEST

START_TEST(it_can_be_paused)
{
	begin_counters(_i, 300);
	ck_assert(simulation_is_running(simulation));
	run(NULL, NULL);
	pass(PERIOD);
	rig_clock_pass(PERIOD);
	turn(1);
	ck_assert_uint_eq(get_register(0), 2);
	simulation_set_running(simulation, false); /* in the midst of a tick */
	ck_assert(!simulation_is_running(simulation));
	pass(1050);
	ck_assert_uint_eq(get_register(0), 2);
	ck_assert_uint_eq(get_register(299), 1);
	simulation_set_running(simulation, true);
	pass(49);
	ck_assert_uint_eq(get_register(0), 2);
	pass(1);
	ck_assert_uint_eq(get_register(0), 3);
	ck_assert_uint_eq(get_register(299), 2);
	ck_assert_uint_eq(figures().skipped, 0);
	end();
}
END_TEST

START_TEST(it_can_be_paused_while_a_submission_waits)
{
	begin_counters(_i, 300);
	service.order = &held.order;
	run(NULL, NULL);
	pass(PERIOD);
	simulation_set_running(simulation, false);
	pass(PERIOD);
	simulation_set_running(simulation, true);
	pass(PERIOD);
	ck_assert_uint_eq(held.submitted, 1);
	settle(ORDER_EXECUTE);
	ck_assert_uint_eq(get_register(0), 1);
	turn(1);
	ck_assert_uint_eq(held.submitted, 2);
	simulation_set_running(simulation, false);
	settle(ORDER_EXECUTE);
	ck_assert_uint_eq(get_register(0), 2);
	pass(PERIOD);
	ck_assert_uint_eq(held.submitted, 2);
	end();
}
END_TEST

START_TEST(it_may_begin_with_a_pause)
{
	begin_counters(_i, 1);
	simulation_set_running(simulation, false);
	run(NULL, NULL);
	pass(PERIOD);
	ck_assert_uint_eq(get_register(0), 0);
	simulation_set_running(simulation, true);
	simulation_set_running(simulation, true);
	pass(PERIOD);
	ck_assert_uint_eq(get_register(0), 1);
	end();
}
END_TEST

struct permission {
	bool may;
	unsigned asked;
	unsigned period;
};

static bool
may_tick(void *arg, unsigned period)
{
	struct permission *p = arg;

	p->asked++;
	p->period = period;
	return p->may;
}

START_TEST(it_asks_before_each_tick)
{
	struct permission p = { .may = false };

	begin(_i,
	    "address,simulate\nHR1,count(1) every 1s\n"
	    "HR0,count(1) every 100ms\n");
	run(may_tick, &p);
	pass(PERIOD);
	pass(PERIOD);
	ck_assert_uint_eq(p.asked, 2);
	ck_assert_uint_eq(p.period, PERIOD);
	ck_assert_uint_eq(seen.writes, 0);
	p.may = true;
	pass(PERIOD);
	ck_assert_uint_eq(get_register(0), 1);
	ck_assert_uint_eq(p.asked, 3);
	ck_assert_uint_eq(figures().ticks, 1);
	ck_assert_uint_eq(figures().skipped, 0);
	end();
}
END_TEST

START_TEST(what_waits_at_the_end_has_no_owner)
{
	begin_counters(_i, 2);
	service.order = &held.order;
	held.order.service = &service;
	run(NULL, NULL);
	pass(PERIOD);
	simulation_free(simulation);
	simulation = NULL;
	settle(ORDER_EXECUTE);
	ck_assert_uint_eq(get_register(0), 1);
	end();
}
END_TEST

START_TEST(without_simulated_points_nothing_happens)
{
	begin(_i, "address\nHR0\n");
	run(NULL, NULL);
	ck_assert_uint_eq(simulation_points(simulation), 0);
	pass(100000);
	simulation_set_running(simulation, false);
	simulation_set_running(simulation, true);
	pass(100000);
	ck_assert_uint_eq(seen.writes, 0);
	ck_assert_uint_eq(figures().ticks + figures().submissions, 0);
	end();
	simulation_free(NULL);
}
END_TEST

START_TEST(what_a_series_needs_is_told)
{
	char error[SERIES_ERROR_MAX];

	points = one_points(DATATABLE_SEPARATE,
	    "address,simulate\nHR0,count(1)\nHR1,replay(none.csv)\n");
	ck_assert_ptr_null(
	    simulation_new(points, DATATABLE_SEPARATE, 1, error));
	ck_assert_ptr_nonnull(strstr(error, "No such file"));
	points_free(points);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("simulation");
	TCase *tc = tcase_create("simulation");

	tcase_add_loop_test(tc, points_move_at_each_tick, 0, 2);
	tcase_add_loop_test(tc, adjacent_points_are_one_write, 0, 2);
	tcase_add_loop_test(tc, bits_leave_the_rest_of_their_register, 0, 2);
	tcase_add_loop_test(tc, many_points_take_many_turns, 0, 2);
	tcase_add_loop_test(
	    tc, points_that_share_a_register_end_as_the_later_row_says, 0, 2);
	tcase_add_loop_test(tc, time_that_is_lost_is_not_caught_up, 0, 2);
	tcase_add_loop_test(
	    tc, there_is_no_second_submission_while_one_waits, 0, 2);
	tcase_add_loop_test(tc, a_refused_tick_is_left_out, 0, 3);
	tcase_add_loop_test(tc, it_can_be_paused, 0, 2);
	tcase_add_loop_test(
	    tc, it_can_be_paused_while_a_submission_waits, 0, 2);
	tcase_add_loop_test(tc, it_may_begin_with_a_pause, 0, 2);
	tcase_add_loop_test(tc, it_asks_before_each_tick, 0, 2);
	tcase_add_loop_test(tc, what_waits_at_the_end_has_no_owner, 0, 2);
	tcase_add_loop_test(tc, without_simulated_points_nothing_happens, 0, 2);
	tcase_add_test(tc, what_a_series_needs_is_told);
	suite_add_tcase(suite, tc);
	return suite_run(suite);
}
