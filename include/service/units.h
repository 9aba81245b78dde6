/*
 * Unit identifiers that are served, as a policy: a request to any other is
 * answered as a gateway answers for a device that is not there, before anything
 * else is asked about it, or gets no answer at all. The table is the same for
 * all of them. Who writes over HTTP has no unit, and is not asked.
 */
#ifndef SERVICE_UNITS_H
#define SERVICE_UNITS_H

#include <stdbool.h>
#include <stdint.h>

#include "service/policy.h"

struct units {
	uint32_t served[8]; /* bit n % 32 of word n / 32: unit identifier n */
	bool limited;       /* there is a list; else all are served */
	bool silent;        /* no answer to others */
};

/* What an option expects whose value is such a list, for its error message. */
#define UNITS_EXPECTED                                                         \
	"unit identifiers from 0 to 255, and ranges of them, such as "         \
	"1-10,17,255"

/* Parse a list, in place of any before. Returns 0, or -1 and leaves units
 * undefined. */
int units_parse(const char *text, bool silent, struct units *units);

/* The policy that answers by units, which it borrows. It must be the first of a
 * list, so that its exception comes before all others. */
struct policy units_policy(struct units *units);

#endif
