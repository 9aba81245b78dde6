#include "fault/act_log.h"

#include <stdio.h>

#include "base/address.h"
#include "modbus/mbap.h"

void
fault_act_log_init(struct fault_act_log *log)
{
	*log =
	    (struct fault_act_log){ .limits = {
					[FAULT_DELAY].kind = "delayed replies",
					[FAULT_SILENCE].kind = "lost replies",
					[FAULT_EXCEPTION].kind =
					    "exceptions by rules",
					[FAULT_CLOSE].kind =
					    "connections closed by rules",
					[FAULT_CORRUPT].kind =
					    "corrupt replies",
					[FAULT_SPLIT].kind = "split replies",
				    } };
}

/* The effect, with its value. */
static void
format_effect(const struct fault_act *act, char *text, size_t size)
{
	const char *name = fault_effect_names[act->effect];

	if (act->effect == FAULT_DELAY)
		snprintf(text, size, "%s %u ms", name, act->delay);
	else if (act->effect == FAULT_EXCEPTION)
		snprintf(text, size, "%s %u", name, act->exception);
	else if (act->effect == FAULT_CORRUPT)
		snprintf(
		    text, size, "%s %s", name, fault_part_names[act->part]);
	else
		snprintf(text, size, "%s", name);
}

const char *
fault_act_format(const struct fault_request *request,
    const struct fault_act *act, char *text)
{
	char client[ADDRESS_TEXT_MAX], effect[32];

	format_effect(act, effect, sizeof(effect));
	snprintf(text, FAULT_ACT_TEXT_MAX,
	    "%s: transaction %u, unit %u, function %u: %s, rule %zu",
	    address_format(request->client, client),
	    mbap_transaction(request->frame), mbap_unit(request->frame),
	    mbap_pdu(request->frame)[0], effect, act->rule);
	return text;
}

void
fault_act_log_write(struct fault_act_log *log,
    const struct fault_request *request, const struct fault_act *act)
{
	char text[FAULT_ACT_TEXT_MAX];

	log_limited(&log->limits[act->effect], LOG_INFO, "act: %s",
	    fault_act_format(request, act, text));
}

void
fault_act_log_flush(struct fault_act_log *log, int finally)
{
	for (int effect = FAULT_PASS + 1; effect < FAULT_EFFECTS; effect++)
		log_limit_flush(&log->limits[effect], finally);
}
