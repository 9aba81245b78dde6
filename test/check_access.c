#include "service/access.h"

#include "base/client.h"
#include "suite.h"

static struct access rules;

static void
setup(void)
{
	rules = (struct access){ .overlay = DATATABLE_SEPARATE };
}

static struct client
from(const char *text)
{
	struct client who = { .id = 1 };

	ck_assert_int_eq(address_parse(text, 1, &who.address), 0);
	return who;
}

/* What the policy says to a request that writes. */
static enum mb_exception
judge(const char *client, enum datatable_kind kind, uint16_t address,
    uint16_t quantity)
{
	const struct policy policy = access_policy(&rules);
	struct client who = from(client);
	const struct mb_request request = {
		.kind = kind,
		.write = { address, quantity },
	};

	return policy_may_request(&policy, &who, 1, &request);
}

static bool
may_connect(const char *client)
{
	const struct policy policy = access_policy(&rules);
	struct client who = from(client);

	return policy_may_connect(&policy, &who);
}

static bool
may_shut_down(const char *client)
{
	const struct policy policy = access_policy(&rules);
	struct client who = from(client);

	return policy_may_shut_down(&policy, &who);
}

static void
keep(const char *range)
{
	ck_assert_int_eq(access_add_read_only(&rules, range), 0);
}

START_TEST(without_rules_everyone_may_do_everything)
{
	ck_assert(!access_has_rules(&rules));
	ck_assert(may_connect("203.0.113.9"));
	ck_assert(may_shut_down("203.0.113.9"));
	ck_assert_int_eq(judge("203.0.113.9", DATATABLE_REGISTERS, 0, 123), 0);
}
END_TEST

START_TEST(lists_are_independent_and_any_block_will_do)
{
	ck_assert_int_eq(access_list_add(&rules.connect, "10.0.0.0/8"), 0);
	ck_assert_int_eq(access_list_add(&rules.connect, "2001:db8::/32"), 0);
	ck_assert_int_eq(access_list_add(&rules.write, "10.1.0.0/16"), 0);
	ck_assert(access_has_rules(&rules));
	ck_assert_int_eq(access_list_add(&rules.shut_down, "127.0.0.1"), 0);
	ck_assert(may_connect("10.2.0.1"));
	ck_assert(may_connect("2001:db8::1"));
	ck_assert(may_connect("::ffff:10.2.0.1"));
	ck_assert(!may_connect("11.0.0.1"));
	ck_assert(!may_connect("::1"));
	ck_assert(may_shut_down("127.0.0.1"));
	ck_assert(!may_shut_down("10.1.0.1"));
	ck_assert_int_eq(judge("10.1.0.1", DATATABLE_COILS, 0, 1), MB_EX_NONE);
	ck_assert_int_eq(
	    judge("10.2.0.1", DATATABLE_COILS, 0, 1), MB_EX_ILLEGAL_FUNCTION);
}
END_TEST

START_TEST(reads_are_never_refused)
{
	const struct policy policy = access_policy(&rules);
	struct client who = from("203.0.113.9");
	const struct mb_request request = {
		.kind = DATATABLE_REGISTERS,
		.read = { 0, 10 },
	};

	rules.read_only = true;
	keep("registers:0-65535");
	ck_assert_int_eq(access_list_add(&rules.write, "10.0.0.0/8"), 0);
	ck_assert_int_eq(
	    policy_may_request(&policy, &who, 1, &request), MB_EX_NONE);
}
END_TEST

START_TEST(read_only_refuses_every_write)
{
	rules.read_only = true;
	ck_assert_int_eq(judge("10.0.0.1", DATATABLE_COILS, 65535, 1),
	    MB_EX_ILLEGAL_DATA_ADDRESS);
	ck_assert_int_eq(judge("10.0.0.1", DATATABLE_REGISTERS, 0, 1),
	    MB_EX_ILLEGAL_DATA_ADDRESS);
}
END_TEST

/* Writes around the read-only registers 100..109 and coils 1600..1759. */
static const struct {
	enum datatable_kind kind;
	uint16_t address, quantity;
	bool separate, overlaid; /* refused? */
} writes[] = {
	{ DATATABLE_REGISTERS, 99, 1, false, false },
	{ DATATABLE_REGISTERS, 99, 2, true, true },
	{ DATATABLE_REGISTERS, 100, 1, true, true },
	{ DATATABLE_REGISTERS, 109, 1, true, true },
	{ DATATABLE_REGISTERS, 109, 100, true, true },
	{ DATATABLE_REGISTERS, 110, 1, false, false },
	{ DATATABLE_REGISTERS, 90, 123, true, true },
	{ DATATABLE_REGISTERS, 65535, 1, false, false },
	{ DATATABLE_COILS, 100, 1, false, false },
	{ DATATABLE_COILS, 1599, 1, false, false },
	{ DATATABLE_COILS, 1600, 1, false, true },
	{ DATATABLE_COILS, 1599, 2, false, true },
	{ DATATABLE_COILS, 1759, 1, false, true },
	{ DATATABLE_COILS, 1760, 1, false, false },
	{ DATATABLE_COILS, 0, 1968, false, true },
	{ DATATABLE_COILS, 65535, 1, false, false },
};

START_TEST(read_only_registers_stay_so_from_both_sides)
{
	keep("registers:100-109");
	ck_assert_int_eq(judge("10.0.0.1", writes[_i].kind, writes[_i].address,
			     writes[_i].quantity) == MB_EX_ILLEGAL_DATA_ADDRESS,
	    writes[_i].separate);
	rules.overlay = DATATABLE_OVERLAID;
	ck_assert_int_eq(judge("10.0.0.1", writes[_i].kind, writes[_i].address,
			     writes[_i].quantity) == MB_EX_ILLEGAL_DATA_ADDRESS,
	    writes[_i].overlaid);
}
END_TEST

START_TEST(read_only_coils_keep_their_registers_when_overlaid)
{
	keep("coils:17-18");
	ck_assert_int_eq(
	    judge("::1", DATATABLE_COILS, 17, 1), MB_EX_ILLEGAL_DATA_ADDRESS);
	ck_assert_int_eq(judge("::1", DATATABLE_COILS, 16, 1), MB_EX_NONE);
	ck_assert_int_eq(judge("::1", DATATABLE_REGISTERS, 1, 1), MB_EX_NONE);
	rules.overlay = DATATABLE_OVERLAID;
	ck_assert_int_eq(
	    judge("::1", DATATABLE_COILS, 16, 1), MB_EX_ILLEGAL_DATA_ADDRESS);
	ck_assert_int_eq(judge("::1", DATATABLE_REGISTERS, 1, 1),
	    MB_EX_ILLEGAL_DATA_ADDRESS);
	ck_assert_int_eq(judge("::1", DATATABLE_REGISTERS, 0, 1), MB_EX_NONE);
	ck_assert_int_eq(judge("::1", DATATABLE_REGISTERS, 2, 1), MB_EX_NONE);
}
END_TEST

START_TEST(any_of_several_ranges_refuses)
{
	keep("coils:5");
	keep("registers:7-7");
	ck_assert_int_eq(
	    judge("::1", DATATABLE_COILS, 5, 1), MB_EX_ILLEGAL_DATA_ADDRESS);
	ck_assert_int_eq(judge("::1", DATATABLE_REGISTERS, 7, 1),
	    MB_EX_ILLEGAL_DATA_ADDRESS);
	ck_assert_int_eq(judge("::1", DATATABLE_COILS, 7, 1), MB_EX_NONE);
	ck_assert_int_eq(judge("::1", DATATABLE_REGISTERS, 5, 1), MB_EX_NONE);
}
END_TEST

static const struct {
	const char *text;
	enum datatable_kind kind;
	uint16_t first;
	uint16_t last;
} ranges[] = {
	{ "registers:16", DATATABLE_REGISTERS, 16, 16 },
	{ "registers:16-20", DATATABLE_REGISTERS, 16, 20 },
	{ "coils:0-65535", DATATABLE_COILS, 0, 65535 },
	{ "coils:0000000000000000000000005", DATATABLE_COILS, 5, 5 },
	{ "HR16", DATATABLE_REGISTERS, 16, 16 },
	{ "HR16-HR20", DATATABLE_REGISTERS, 16, 20 },
	{ "hr16-20", DATATABLE_REGISTERS, 16, 20 },
	{ "IR16-HR20", DATATABLE_REGISTERS, 16, 20 },
	{ "400017-400021", DATATABLE_REGISTERS, 16, 20 },
	{ "300017", DATATABLE_REGISTERS, 16, 16 },
	{ "HR16-40017", DATATABLE_REGISTERS, 16, 40017 },
	{ "registers:40017", DATATABLE_REGISTERS, 40017, 40017 },
	{ "registers:400017-20", DATATABLE_REGISTERS, 16, 20 },
	{ "registers:16-HR20", DATATABLE_REGISTERS, 16, 20 },
	{ "C5", DATATABLE_COILS, 5, 5 },
	{ "DI5-7", DATATABLE_COILS, 5, 7 },
	{ "coils:C5-100008", DATATABLE_COILS, 5, 7 },
};

START_TEST(a_range_is_written_in_several_ways)
{
	struct access_range range;

	ck_assert_msg(access_range_parse(ranges[_i].text, &range) == 0, "%s",
	    ranges[_i].text);
	ck_assert_int_eq(range.kind, ranges[_i].kind);
	ck_assert_uint_eq(range.first, ranges[_i].first);
	ck_assert_uint_eq(range.last, ranges[_i].last);
}
END_TEST

static const char *const bad_ranges[] = { "", "coils", "coils:", "coils:-",
	"coils:1-", "coils:-1", "coils:2-1", "coils:65536", "coils:0-65536",
	"registers:1-2x", "registers:1 -2", "inputs:1", "Coils:1",
	"registers:1-2-3", "16", "16-20", "40017", "000005", "400016-C5",
	"HR16-", "HR16-C20", "HR20-16", "HR16.3", "HR16-20.3", "HR65536",
	"HR0-65536", "400000", "C5-HR6", "coils:HR5", "registers:C5",
	"coils:5-HR6", "registers:100006", "HR16,20", "HR16--20" };

START_TEST(refuses_what_is_not_a_range)
{
	ck_assert_msg(access_add_read_only(&rules, bad_ranges[_i]) == -1, "%s",
	    bad_ranges[_i]);
}
END_TEST

START_TEST(list_takes_no_more_than_it_holds)
{
	for (int i = 0; i < ACCESS_LIST_MAX; i++)
		ck_assert_int_eq(
		    access_list_add(&rules.write, "10.0.0.0/8"), 0);
	ck_assert_int_eq(access_list_add(&rules.write, "10.0.0.0/8"), -1);
	ck_assert_int_eq(access_list_add(&rules.connect, "nonsense"), -1);
	ck_assert_uint_eq(rules.connect.count, 0);
	for (int i = 0; i < ACCESS_LIST_MAX; i++)
		keep("coils:5");
	ck_assert_int_eq(access_add_read_only(&rules, "coils:5"), -1);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("access");
	TCase *tc = tcase_create("access");

	tcase_add_checked_fixture(tc, setup, NULL);
	tcase_add_test(tc, without_rules_everyone_may_do_everything);
	tcase_add_test(tc, lists_are_independent_and_any_block_will_do);
	tcase_add_test(tc, reads_are_never_refused);
	tcase_add_test(tc, read_only_refuses_every_write);
	tcase_add_loop_test(tc, read_only_registers_stay_so_from_both_sides, 0,
	    sizeof(writes) / sizeof(*writes));
	tcase_add_test(tc, read_only_coils_keep_their_registers_when_overlaid);
	tcase_add_test(tc, any_of_several_ranges_refuses);
	tcase_add_loop_test(tc, a_range_is_written_in_several_ways, 0,
	    sizeof(ranges) / sizeof(*ranges));
	tcase_add_loop_test(tc, refuses_what_is_not_a_range, 0,
	    sizeof(bad_ranges) / sizeof(*bad_ranges));
	tcase_add_test(tc, list_takes_no_more_than_it_holds);
	suite_add_tcase(suite, tc);
	return suite_run(suite);
}
