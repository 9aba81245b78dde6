#include "fault/act_log.h"

#include "base/address.h"
#include "modbus/mbap.h"
#include "suite.h"

static const uint8_t adu[] = { 1, 2, 0, 0, 0, 6, 5, 3, 0, 16, 0, 1 };
static const struct mbap_frame frame = { .adu = adu, .length = sizeof(adu) };

static const char *
format(const struct fault_act *act)
{
	static char text[FAULT_ACT_TEXT_MAX];
	struct address client;
	const struct fault_request request = { &client, 1, 1, &frame };

	ck_assert_int_eq(address_parse("192.0.2.7:40000", 0, &client), 0);
	return fault_act_format(&request, act, text);
}

#define REQUEST "192.0.2.7:40000: transaction 258, unit 5, function 3: "

static const struct {
	struct fault_act act;
	const char *text;
} acts[] = {
	{ { .effect = FAULT_DELAY, .rule = 2, .delay = 312 },
	    REQUEST "delay 312 ms, rule 2" },
	{ { .effect = FAULT_SILENCE, .rule = 1 }, REQUEST "silence, rule 1" },
	{ { .effect = FAULT_EXCEPTION, .rule = 1000, .exception = 6 },
	    REQUEST "exception 6, rule 1000" },
	{ { .effect = FAULT_CLOSE, .rule = 1 }, REQUEST "close, rule 1" },
	{ { .effect = FAULT_CORRUPT, .rule = 1, .part = FAULT_LENGTH },
	    REQUEST "corrupt length, rule 1" },
	{ { .effect = FAULT_SPLIT, .rule = 1 }, REQUEST "split, rule 1" },
};

START_TEST(names_client_transaction_unit_rule_and_effect)
{
	ck_assert_str_eq(format(&acts[_i].act), acts[_i].text);
}
END_TEST

START_TEST(limits_each_effect_apart)
{
	const struct address client = address_any(1);
	const struct fault_request request = { &client, 1, 1, &frame };
	const struct fault_act split = { .effect = FAULT_SPLIT };
	const struct fault_act close = { .effect = FAULT_CLOSE };
	struct fault_act_log log;
	bool limited = false;

	fault_act_log_init(&log);
	for (int i = 0; i < 100; i++) {
		fault_act_log_write(&log, &request, &split);
		limited = limited || log.limits[FAULT_SPLIT].suppressed > 0;
	}
	fault_act_log_write(&log, &request, &close);
	ck_assert(limited);
	ck_assert_uint_eq(log.limits[FAULT_CLOSE].suppressed, 0);
	for (int i = FAULT_PASS + 1; i < FAULT_EFFECTS; i++)
		ck_assert_ptr_nonnull(log.limits[i].kind);
	fault_act_log_flush(&log, 1);
	ck_assert_uint_eq(log.limits[FAULT_SPLIT].suppressed, 0);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("fault_act_log");
	TCase *t = tcase_create("act_log");

	tcase_add_loop_test(t, names_client_transaction_unit_rule_and_effect, 0,
	    (int)(sizeof(acts) / sizeof(*acts)));
	tcase_add_test(t, limits_each_effect_apart);
	suite_add_tcase(s, t);
	return suite_run(s);
}
