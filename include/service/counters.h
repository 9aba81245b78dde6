/*
 * What a server has counted since it started. One set per server, written on
 * its event loop's thread only, and read there through server_counters.
 */
#ifndef SERVICE_COUNTERS_H
#define SERVICE_COUNTERS_H

#include <stddef.h>
#include <stdint.h>

#include "modbus/modbus.h"
#include "service/cause.h"

struct counters {
	uint64_t accepted;      /* connections that were served */
	uint64_t refused;       /* by policy, limit, or lack of memory */
	uint64_t accept_errors; /* accept failed, as when out of descriptors */
	uint64_t closed[CONN_CAUSES];
	uint64_t connections; /* open now */
	uint64_t requests;    /* whole frames, answered in any way or none */
	uint64_t requests_by_function[MB_FUNCTION_CODES];
	uint64_t exceptions_by_code[MB_FUNCTION_CODES];
	uint64_t bytes_in;  /* of whole frames */
	uint64_t bytes_out; /* of replies made */
	uint64_t paused;    /* times that a connection stopped reading */
	uint64_t held;      /* requests that waited for the order */
	uint64_t ignored;   /* requests that got no reply */
};

/* Count a request of one ADU of adu_length bytes, and its answer. */
static inline void
counters_add_request(struct counters *n, uint8_t function,
    enum mb_exception exception, size_t adu_length)
{
	n->requests++;
	n->requests_by_function[function]++;
	n->exceptions_by_code[exception]++;
	n->bytes_in += adu_length;
}

#endif
