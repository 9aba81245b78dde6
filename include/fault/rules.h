/*
 * The rules of mbfault(1): which requests get which fault.
 *
 *   rule      = effect { condition }
 *   effect    = delay TIME[..TIME] | silence | exception N | close
 *             | corrupt transaction|unit|function|length|data | split
 *   condition = unit N[-M] | function N | coils:A-B | registers:A-B
 *             | client CIDR | chance P% | after N | first N
 *
 * A word is followed by its value: "unit 1-9"; blanks separate them. TIME is
 * "100ms", "2s" or "1m", 60 minutes at most. A-B are addresses as in
 * table/reference.h; a named one needs no word: "HR16-20". Each condition is
 * given once at most.
 *
 * The first rule all of whose conditions hold acts. Every decision is a
 * function of the seed, the rule, the connection's number and the request's
 * number on it: the same requests get the same faults.
 *
 * A request has a range if it decodes (modbus/request.h), and meets one of a
 * rule where it reads or writes any of its addresses. "after N" and "first N"
 * count the requests, of all connections, that come to the rule, as no earlier
 * one has acted, and meet its other conditions but for the chance: the first N
 * do not count as met, or are all that do. With both, "first" counts those
 * behind "after".
 */
#ifndef FAULT_RULES_H
#define FAULT_RULES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct address;
struct fault_rules;
struct mbap_frame;

enum fault_effect {
	FAULT_PASS,      /* no rule holds */
	FAULT_DELAY,     /* the reply comes later */
	FAULT_SILENCE,   /* the request is forwarded, its reply is lost */
	FAULT_EXCEPTION, /* this reply in place of the server's, which does not
			    get the request */
	FAULT_CLOSE,     /* the connection ends in place of a reply; the server
			    does not get the request */
	FAULT_CORRUPT,   /* a part of the reply is another one */
	FAULT_SPLIT,     /* the reply comes in two segments */
	FAULT_EFFECTS    /* how many there are */
};

/* Their names: "pass", "delay". */
extern const char *const fault_effect_names[FAULT_EFFECTS];

/* What is changed by FAULT_CORRUPT. */
enum fault_part {
	FAULT_TRANSACTION,
	FAULT_UNIT,
	FAULT_FUNCTION,
	FAULT_LENGTH,
	FAULT_DATA, /* of the PDU, behind the function code */
	FAULT_PARTS
};

/* Their names: "transaction", "unit". */
extern const char *const fault_part_names[FAULT_PARTS];

/* A request that rules are asked about. All of it is borrowed. */
struct fault_request {
	const struct address *client;
	uint64_t connection; /* its number in the order of arrival, from 1 on */
	uint64_t number;     /* of the request on that connection, from 1 on */
	const struct mbap_frame *frame;
};

struct fault_act {
	enum fault_effect effect;
	size_t rule;       /* which one, from 1 on; 0 with FAULT_PASS */
	unsigned delay;    /* ms, of FAULT_DELAY */
	uint8_t exception; /* of FAULT_EXCEPTION */
	enum fault_part part;
	uint64_t random; /* decides how the reply is changed */
};

/* Room for any error text of the functions below. */
#define FAULT_RULES_ERROR_MAX 512

#define FAULT_RULES_MAX 1000

/* No rules yet. NULL: no memory. */
struct fault_rules *fault_rules_new(uint64_t seed);
void fault_rules_free(struct fault_rules *rules); /* accepts NULL */

/* Add one rule, as an option has it. Returns 0, or -1 with one line in error,
 * which names the word and what was expected. */
int fault_rules_add(struct fault_rules *rules, const char *text, char *error);

/* Replace all of them: one a line of text, empty lines and those that begin
 * with "#" are skipped. The counts of "after" and "first" begin anew. Returns
 * 0; or -1 with one line in error that names the line, and the rules are as
 * they were. */
int fault_rules_replace(
    struct fault_rules *rules, const char *text, size_t length, char *error);

size_t fault_rules_count(const struct fault_rules *rules);

/* Rule i, from 0 on, as it was written; how often it has acted. */
const char *fault_rules_text(const struct fault_rules *rules, size_t i);
uint64_t fault_rules_acts(const struct fault_rules *rules, size_t i);

/* What happens to a request. Counts for "after" and "first". */
struct fault_act fault_rules_judge(
    struct fault_rules *rules, const struct fault_request *request);

/* Change the reply of an act of FAULT_CORRUPT: one whole ADU, whose length
 * stays. The part differs from what it was. */
void fault_corrupt(const struct fault_act *act, uint8_t *adu, size_t length);

/* Where an act of FAULT_SPLIT cuts a reply: 1..length - 1. */
size_t fault_split_at(const struct fault_act *act, size_t length);

/* The reply of an act of FAULT_EXCEPTION. adu has room for MB_ADU_MAX bytes.
 * Returns its length. */
size_t fault_exception(const struct fault_act *act,
    const struct mbap_frame *request, uint8_t *adu);

#endif
