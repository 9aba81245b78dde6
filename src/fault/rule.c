#include "fault/rule.h"

#include "modbus/mbap.h"

/* Whether a range of a request has an address in common with one of a rule. */
static bool
touches(const struct mb_range *range, const struct access_range *addresses)
{
	return range->quantity != 0 && range->address <= addresses->last &&
	    addresses->first <= range->address + range->quantity - 1;
}

static bool
touches_range(
    const struct fault_subject *subject, const struct access_range *addresses)
{
	const struct mb_request *r = &subject->decoded;

	return subject->decodes && r->kind == addresses->kind &&
	    (touches(&r->read, addresses) || touches(&r->write, addresses));
}

bool
fault_rule_concerns(
    const struct fault_rule *rule, const struct fault_subject *subject)
{
	const struct mbap_frame *frame = subject->request->frame;
	const bool *given = rule->given;

	if (given[FAULT_IF_UNIT] &&
	    (mbap_unit(frame) < rule->unit_first ||
		mbap_unit(frame) > rule->unit_last))
		return false;
	if (given[FAULT_IF_FUNCTION] && mbap_pdu(frame)[0] != rule->function)
		return false;
	if (given[FAULT_IF_CLIENT] &&
	    !cidr_contains(&rule->client, subject->request->client))
		return false;
	if (given[FAULT_IF_COILS] && !touches_range(subject, &rule->coils))
		return false;
	return !given[FAULT_IF_REGISTERS] ||
	    touches_range(subject, &rule->registers);
}
