/*
 * A tap that logs one decoded line per request: peer, transaction, unit,
 * function, addresses, quantities and result.
 */
#ifndef REPORT_TRACE_H
#define REPORT_TRACE_H

#include <stddef.h>

struct exchange;

/* For struct tap; arg is not used. */
void trace_exchange(void *arg, const struct exchange *x);

/*
 * Write the line for x, without level and time, into text, which has room for
 * size bytes; a longer line is cut. Returns text.
 */
const char *trace_format(const struct exchange *x, char *text, size_t size);

#endif
