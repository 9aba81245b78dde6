/*
 * Requests of a client that were refused at their addresses, with exception 02,
 * although they are in the range of the specification: by access rules, or
 * because of the points there.
 */
#ifndef REPORT_REFUSAL_H
#define REPORT_REFUSAL_H

#include <stddef.h>
#include <stdint.h>

#include "modbus/request.h"

#define REPORT_REFUSALS_MAX 8

/* Requests with the same function and the same addresses. */
struct report_refusal {
	uint8_t function;
	struct mb_range read;
	struct mb_range write;
	uint64_t count;
};

/* Zero: none. The least frequent is replaced by a new one. */
struct report_refusals {
	struct report_refusal list[REPORT_REFUSALS_MAX];
	size_t count;
};

void report_refusals_note(
    struct report_refusals *refusals, const struct mb_request *request);

#endif
