/*
 * The recorder: the last requests with their responses, and for writes the
 * values before and after, in a ring of a fixed number of bytes.
 *
 * A tap gets every request of a connection; an observer of the table gets the
 * values. Both are called one after the other when a write is executed, also
 * late. What the server itself writes, what comes over HTTP, and a write whose
 * connection was closed before it was executed, has no request and no response,
 * and is not recorded.
 *
 * A read of 10 registers takes 104 bytes, a write of one 88.
 */
#ifndef REPORT_RECORDER_H
#define REPORT_RECORDER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/client.h"
#include "modbus/mbap.h"
#include "service/exchange.h"
#include "table/datatable.h"

struct recorder;

/* Bytes of a ring. */
#define RECORDER_BYTES_MIN     (64 * 1024)
#define RECORDER_BYTES_DEFAULT (4 * 1024 * 1024)
#define RECORDER_BYTES_MAX     (1024 * 1024 * 1024)

/* The most words that a request writes: 123 registers, or 1968 coils packed. */
#define RECORDER_WORDS_MAX 123

/* A recorded request. Its pointers are into the ring, valid until the next
 * request is recorded. */
struct recorded {
	/* Rises by 1 with each request, and across restarts: it begins with the
	 * microseconds since 1970. Below 2^53 for some centuries. */
	uint64_t id;
	int64_t time;         /* of its response, microseconds since 1970 */
	struct client client; /* the recorder holds its identity */
	struct mbap_frame frame;
	const uint8_t *response; /* the PDU */
	size_t response_length;
	enum mb_exception exception; /* the one of the response */

	/* What it wrote, as in struct datatable_change. NULL: it has written
	 * nothing; the same pointer: no value changed. */
	const uint16_t *before;
	const uint16_t *after;
};

/* The place of a request in the ring; zero: of none. */
struct recorder_cursor {
	uint64_t id;
	size_t at;
};

/* A ring of so many bytes, RECORDER_BYTES_MIN to RECORDER_BYTES_MAX, that
 * observes the table, borrowed. NULL when memory is exhausted. */
struct recorder *recorder_new(struct datatable *table, size_t bytes);

/* Accepts NULL. The table must still exist. */
void recorder_free(struct recorder *r);

/* The tap that records. The caller sets its next. */
struct tap recorder_tap(struct recorder *r);

/* The bytes of the ring, and the requests in it. */
size_t recorder_bytes(const struct recorder *r);
uint64_t recorder_count(const struct recorder *r);

/* The id of the last request; of the first that will be, less 1, while there is
 * none. */
uint64_t recorder_last_id(const struct recorder *r);

/* Move to the request after the cursor's; to the oldest one, if the cursor's
 * was overwritten, or is none. Returns false, and leaves the cursor, when there
 * is none after it. */
bool recorder_next(const struct recorder *r, struct recorder_cursor *c);

/* Move to the request before the cursor's; to the last one, if the cursor is of
 * none. Returns false, and leaves the cursor, when there is none before it, or
 * the cursor's was overwritten. */
bool recorder_previous(const struct recorder *r, struct recorder_cursor *c);

/* The request to which one of these functions has just moved. */
struct recorded
recorder_read(const struct recorder *r, const struct recorder_cursor *c);

#endif
