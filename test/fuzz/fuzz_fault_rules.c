/*
 * Rules of mbfault, and requests that they are asked about.
 *
 * Input: the text of the rules up to a byte FF, or all of it; then requests,
 * each a byte from which the length of the PDU is taken, and the PDU. The unit
 * identifier and the client depend on the request's number.
 *
 * Holds: the rules are read, or there is one line that says what is wrong. As
 * they are written they are read again, and decide the same. What happens to a
 * request is within the limits of its rule, and changes a reply as it says.
 */
#include <stdlib.h>
#include <string.h>

#include "base/address.h"
#include "base/escape.h"
#include "fault/rule.h"
#include "fault/rules.h"
#include "fuzz.h"
#include "modbus/mbap.h"

#define SEED         1
#define END_OF_RULES 0xFF

static struct fault_rules *
new_rules(void)
{
	struct fault_rules *rules = fault_rules_new(SEED);

	must(rules != NULL);
	return rules;
}

static void
check_error(const char *error)
{
	size_t length = strnlen(error, FAULT_RULES_ERROR_MAX);

	must(length > 0 && length < FAULT_RULES_ERROR_MAX);
	must(text_is_printable(error, length, ""));
	must(strncmp(error, "line ", 5) == 0);
}

/* The same rules, from what they say they are, one by one. */
static struct fault_rules *
copy(const struct fault_rules *rules)
{
	struct fault_rules *other = new_rules();
	char error[FAULT_RULES_ERROR_MAX];

	for (size_t i = 0; i < fault_rules_count(rules); i++) {
		const char *text = fault_rules_text(rules, i);

		must(strlen(text) <= FAULT_RULE_TEXT_MAX);
		must(fault_rules_add(other, text, error) == 0);
	}
	return other;
}

/* The reply to a request, in place of a server's: an echo. */
static void
check_change(const struct fault_act *act, const struct mbap_frame *request)
{
	uint8_t reply[MB_ADU_MAX], exception[MB_ADU_MAX];
	struct mbap_frame frame;
	size_t length, at;

	memcpy(reply, request->adu, request->length);
	fault_corrupt(act, reply, request->length);
	must(memcmp(reply, request->adu, request->length) != 0 ||
	    (act->part == FAULT_DATA && mbap_pdu_length(request) == 1));
	at = fault_split_at(act, request->length);
	must(at >= 1 && at < request->length);
	length = fault_exception(act, request, exception);
	must(mbap_parse(exception, length, &frame) == MBAP_READY);
	must(frame.length == length);
	must(mbap_pdu_length(&frame) == MB_EXCEPTION_SIZE);
}

static void
check_act(const struct fault_rules *rules, const struct fault_act *act)
{
	struct fault_rule rule;
	char error[FAULT_RULES_ERROR_MAX];
	const char *text;

	if (act->effect == FAULT_PASS) {
		must(act->rule == 0);
		return;
	}
	must(act->rule >= 1 && act->rule <= fault_rules_count(rules));
	text = fault_rules_text(rules, act->rule - 1);
	must(fault_rule_parse(text, strlen(text), &rule, error) == 0);
	must(act->effect == rule.effect);
	must(act->delay >= rule.delay_from && act->delay <= rule.delay_to);
	must(act->part == rule.part && act->part < FAULT_PARTS);
	must(fault_rules_acts(rules, act->rule - 1) > 0);
}

static void
try_request(struct fault_rules *rules, struct fault_rules *other,
    struct input *in, uint64_t number)
{
	uint8_t adu[MB_ADU_MAX] = { 0 };
	size_t length = 1 + input_byte(in) % MB_PDU_MAX;
	const uint8_t *pdu = input_take(in, &length);
	struct mbap_frame frame;
	struct address client = address_any_ipv4(0);
	struct fault_request request = { &client, 1 + number % 3, number,
		&frame };
	struct fault_act act, again;

	if (length > 0)
		memcpy(adu + MB_MBAP_LENGTH, pdu, length);
	adu[6] = (uint8_t)number;
	length = mbap_resize(adu, length > 0 ? length : 1);
	must(mbap_parse(adu, length, &frame) == MBAP_READY);
	client.ip.s6_addr[15] = (uint8_t)number;
	act = fault_rules_judge(rules, &request);
	again = fault_rules_judge(other, &request);
	must(act.effect == again.effect && act.rule == again.rule);
	must(act.random == again.random && act.delay == again.delay);
	check_act(rules, &act);
	check_change(&act, &frame);
}

int
LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc;
	(void)argv;
	return 0;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const uint8_t *end =
	    size == 0 ? NULL : memchr(data, END_OF_RULES, size);
	size_t length = end == NULL ? size : (size_t)(end - data);
	struct input in = { end, size - length };
	struct fault_rules *rules = new_rules(), *other;
	void *text = fuzz_copy(
	    length > 0 ? (const void *)data : "", length + (length == 0));
	char error[FAULT_RULES_ERROR_MAX] = "";

	if (fault_rules_replace(rules, text, length, error) != 0) {
		check_error(error);
		must(fault_rules_count(rules) == 0);
	}
	free(text);
	other = copy(rules);
	if (in.left > 0)
		input_byte(&in);
	for (uint64_t number = 1; in.left > 0; number++)
		try_request(rules, other, &in, number);
	fault_rules_free(other);
	fault_rules_free(rules);
	return 0;
}
