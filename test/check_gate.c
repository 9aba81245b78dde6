#include "service/gate.h"

#include <stdlib.h>
#include <string.h>

#include "suite.h"

static uint64_t next_ticket;
static struct gate *gate;

static uint64_t
hold(void *arg)
{
	uint64_t *ticket = arg;

	return *ticket;
}

static void
setup(void)
{
	next_ticket = 0;
	gate = gate_new(hold, &next_ticket);
	ck_assert_ptr_nonnull(gate);
}

static void
teardown(void)
{
	gate_free(gate);
}

/* The names of the waiters that were told, in order, and what. */
static char told[16];
static uint64_t last_up_to;
static enum gate_verdict last_verdict;

struct named {
	struct gate_waiter waiter; /* first, so that they share an address */
	char name;
};

static void
record(struct gate_waiter *waiter, uint64_t up_to, enum gate_verdict verdict)
{
	size_t length = strlen(told);

	ck_assert_uint_lt(length, sizeof(told) - 1);
	told[length] = ((struct named *)waiter)->name;
	last_up_to = up_to;
	last_verdict = verdict;
}

static void
record_and_leave(
    struct gate_waiter *waiter, uint64_t up_to, enum gate_verdict verdict)
{
	record(waiter, up_to, verdict);
	gate_leave(gate, waiter);
}

/* As a connection does that the verdict closes. */
static void
record_and_free(
    struct gate_waiter *waiter, uint64_t up_to, enum gate_verdict verdict)
{
	record_and_leave(waiter, up_to, verdict);
	memset(waiter, 0xFF, sizeof(struct named));
	free(waiter);
}

static struct named *
join(char name, gate_verdict_fn decided)
{
	struct named *n = calloc(1, sizeof(*n));

	ck_assert_ptr_nonnull(n);
	n->name = name;
	n->waiter.decided = decided;
	gate_join(gate, &n->waiter);
	return n;
}

static void
part(struct named *n)
{
	gate_leave(gate, &n->waiter);
	free(n);
}

static void
assert_told(const char *names)
{
	ck_assert_str_eq(told, names);
	memset(told, 0, sizeof(told));
}

START_TEST(no_gate_is_always_open)
{
	ck_assert_uint_eq(gate_hold(NULL), 0);
	gate_free(NULL);
}
END_TEST

START_TEST(hands_out_the_tickets_of_its_owner)
{
	ck_assert_uint_eq(gate_hold(gate), 0);
	next_ticket = 1;
	ck_assert_uint_eq(gate_hold(gate), 1);
	ck_assert_uint_eq(gate_hold(gate), 1);
	next_ticket = UINT64_MAX;
	ck_assert_uint_eq(gate_hold(gate), UINT64_MAX);
}
END_TEST

START_TEST(verdict_with_nobody_waiting_is_no_matter)
{
	gate_decide(gate, 1, GATE_SAFE);
	assert_told("");
}
END_TEST

static const struct {
	uint64_t up_to;
	enum gate_verdict verdict;
} verdicts[] = {
	{ 1, GATE_SAFE },
	{ 2, GATE_FAILED },
	{ UINT64_MAX, GATE_LOST },
};

START_TEST(passes_the_verdict_as_it_is)
{
	struct named *a = join('a', record);

	gate_decide(gate, verdicts[_i].up_to, verdicts[_i].verdict);
	assert_told("a");
	ck_assert_uint_eq(last_up_to, verdicts[_i].up_to);
	ck_assert_int_eq(last_verdict, verdicts[_i].verdict);
	part(a);
}
END_TEST

START_TEST(tells_waiters_in_the_order_in_which_they_came)
{
	struct named *a = join('a', record);
	struct named *b = join('b', record);
	struct named *c = join('c', record);

	gate_decide(gate, 1, GATE_SAFE);
	assert_told("abc");
	gate_leave(gate, &a->waiter);
	gate_join(gate, &a->waiter);
	gate_decide(gate, 2, GATE_SAFE);
	assert_told("bca");
	part(a);
	part(b);
	part(c);
}
END_TEST

START_TEST(who_has_left_is_not_told)
{
	struct named *a = join('a', record);
	struct named *b = join('b', record);
	struct named *c = join('c', record);

	part(b);
	gate_decide(gate, 1, GATE_SAFE);
	assert_told("ac");
	part(a);
	gate_decide(gate, 2, GATE_SAFE);
	assert_told("c");
	part(c);
	gate_decide(gate, 3, GATE_SAFE);
	assert_told("");
}
END_TEST

START_TEST(waiter_may_leave_while_it_is_told)
{
	struct named *a = join('a', record_and_leave);
	struct named *b = join('b', record);
	struct named *c = join('c', record_and_leave);

	gate_decide(gate, 1, GATE_SAFE);
	assert_told("abc");
	gate_decide(gate, 2, GATE_SAFE);
	assert_told("b");
	part(b);
	free(a);
	free(c);
}
END_TEST

START_TEST(waiter_may_free_itself_while_it_is_told)
{
	struct named *c;

	join('a', record_and_free);
	join('b', record_and_free);
	c = join('c', record);
	join('d', record_and_free);
	gate_decide(gate, 1, GATE_LOST);
	assert_told("abcd");
	gate_decide(gate, 2, GATE_SAFE);
	assert_told("c");
	part(c);
}
END_TEST

START_TEST(gates_are_apart)
{
	uint64_t other_ticket = 9;
	struct gate *other = gate_new(hold, &other_ticket);
	struct named *a = join('a', record);

	ck_assert_ptr_nonnull(other);
	ck_assert_uint_eq(gate_hold(other), 9);
	ck_assert_uint_eq(gate_hold(gate), 0);
	gate_decide(other, 9, GATE_SAFE);
	assert_told("");
	part(a);
	gate_free(other);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("gate");
	TCase *tc = tcase_create("gate");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, no_gate_is_always_open);
	tcase_add_test(tc, hands_out_the_tickets_of_its_owner);
	tcase_add_test(tc, verdict_with_nobody_waiting_is_no_matter);
	tcase_add_loop_test(tc, passes_the_verdict_as_it_is, 0,
	    sizeof(verdicts) / sizeof(*verdicts));
	tcase_add_test(tc, tells_waiters_in_the_order_in_which_they_came);
	tcase_add_test(tc, who_has_left_is_not_told);
	tcase_add_test(tc, waiter_may_leave_while_it_is_told);
	tcase_add_test(tc, waiter_may_free_itself_while_it_is_told);
	tcase_add_test(tc, gates_are_apart);
	suite_add_tcase(suite, tc);
	return suite_run(suite);
}
