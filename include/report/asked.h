/* A recorded request, decoded for people. */
#ifndef REPORT_ASKED_H
#define REPORT_ASKED_H

#include <stdbool.h>
#include <stdint.h>

#include "modbus/explain.h"
#include "modbus/request.h"
#include "points/rights.h"
#include "report/recorder.h"

/* What a range was meant to be; of a request that does not decode it may be
 * longer than the table, or empty. */
struct asked_range {
	uint16_t address;
	uint16_t quantity;
};

struct asked {
	uint8_t function;
	const char *name; /* the function's, or NULL: there is none */
	bool decoded;

	/* Of its ranges, where it has any, also where it does not decode as
	 * long as it is not too short. */
	enum datatable_kind kind;
	bool reads;
	bool writes;
	struct asked_range read;
	struct asked_range write;

	struct mb_request request; /* if decoded */
};

struct asked asked_decode(const struct recorded *q);

/* Whether one of its ranges and that of quantity items from address on have an
 * item in common; where coils are bits of registers, also one of the other
 * kind. */
bool asked_touches(const struct asked *a, enum datatable_overlay overlay,
    enum datatable_kind kind, uint32_t address, uint32_t quantity);

/* The values of what it has read, as in struct datatable_change. Returns
 * whether there are any; words has room for ASKED_WORDS_MAX. */
#define ASKED_WORDS_MAX 125
bool
asked_values(const struct asked *a, const struct recorded *q, uint16_t *words);

/* Bytes of a reason, with the NUL. */
#define ASKED_REASON_MAX                                                       \
	(MB_EXPLAIN_TEXT_MAX > RIGHTS_REASON_MAX ? MB_EXPLAIN_TEXT_MAX :       \
						   RIGHTS_REASON_MAX)

/*
 * Write into text, which has room for ASKED_REASON_MAX bytes, why it was
 * answered by an exception: a sentence, in which the name of a point may be in
 * quotation marks. ps and rights may be NULL, where there are none; roles is
 * whether there is a roles file. Returns text; "" when there was no exception.
 */
const char *asked_reason(const struct asked *a, const struct recorded *q,
    const struct points *ps, const struct rights *rights, bool roles,
    char *text);

#endif
