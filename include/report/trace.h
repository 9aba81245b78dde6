/*
 * A tap that logs one decoded line per request: peer, subject, transaction,
 * unit, function, addresses, quantities and result; and where there are points,
 * the names of those at the addresses: the first three, and how many more.
 */
#ifndef REPORT_TRACE_H
#define REPORT_TRACE_H

#include <stddef.h>

struct exchange;
struct points;

/* For struct tap; arg is a const struct points, or NULL. */
void trace_exchange(void *arg, const struct exchange *x);

/*
 * Write the line for x, without level and time, into text, which has room for
 * size bytes; a longer line is cut. ps may be NULL. Returns text.
 */
const char *trace_format(
    const struct exchange *x, const struct points *ps, char *text, size_t size);

#endif
