/* One rule of fault/rules.h: its text, parsed, and whether its conditions hold.
 * Pure. */
#ifndef FAULT_RULE_H
#define FAULT_RULE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/cidr.h"
#include "fault/rules.h"
#include "service/access.h"

/* Bytes of a rule's text, without the NUL. */
#define FAULT_RULE_TEXT_MAX 500

/* A delay, in milliseconds. */
#define FAULT_DELAY_MAX 3600000

/* The parts of one percent that chances consist of. */
#define FAULT_PERCENT 1000

/* The conditions of a rule, in the order in which a message lists them. */
enum fault_condition {
	FAULT_IF_UNIT,
	FAULT_IF_FUNCTION,
	FAULT_IF_COILS,
	FAULT_IF_REGISTERS,
	FAULT_IF_CLIENT,
	FAULT_IF_CHANCE,
	FAULT_IF_AFTER,
	FAULT_IF_FIRST,
	FAULT_CONDITIONS /* how many there are */
};

struct fault_rule {
	enum fault_effect effect;
	unsigned delay_from, delay_to; /* ms, of FAULT_DELAY */
	uint8_t exception;             /* of FAULT_EXCEPTION */
	enum fault_part part;          /* of FAULT_CORRUPT */

	bool given[FAULT_CONDITIONS]; /* the members below count where true */
	uint8_t unit_first, unit_last;
	uint8_t function;
	struct access_range coils, registers;
	struct cidr client;
	unsigned chance;       /* of 100 * FAULT_PERCENT */
	uint64_t after, first; /* requests */
};

/*
 * Parse a rule, which has length bytes. Returns 0, or -1 with one line in
 * error, which has room for FAULT_RULES_ERROR_MAX bytes; then rule is
 * undefined.
 */
int fault_rule_parse(
    const char *text, size_t length, struct fault_rule *rule, char *error);

/* What rules ask of a request: it is decoded once for all of them. */
struct fault_subject {
	const struct fault_request *request;
	bool decodes;              /* it has ranges */
	struct mb_request decoded; /* where it does */
};

/* Whether the conditions hold, but for FAULT_IF_CHANCE and those that count. */
bool fault_rule_concerns(
    const struct fault_rule *rule, const struct fault_subject *subject);

#endif
