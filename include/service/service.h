/*
 * Answers requests, in two steps. service_judge asks the policy, and decodes a
 * request; nothing changes. service_execute executes it on the table, counts
 * it, makes the reply and calls the taps. Between the two a write may have to
 * wait for the order (service/order.h).
 *
 * While no policy, tap or order is plugged in, service_answer_batch does both
 * steps for all whole frames of a read in one loop. A request of 10 registers
 * then costs a tenth fewer instructions, and a quarter fewer where 16 of them
 * come in one read: test/README.md has the counts.
 */
#ifndef SERVICE_SERVICE_H
#define SERVICE_SERVICE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "modbus/request.h"

struct client;
struct counters;
struct datatable;
struct mbap_frame;
struct order;
struct policy;
struct tap;

/* All borrowed; what is plugged in may be NULL. */
struct service {
	struct datatable *table;
	struct counters *counters;   /* of requests and their bytes */
	const struct policy *policy; /* NULL: everyone may do everything */
	const struct tap *tap;       /* NULL: there are none */
	struct order *order;         /* NULL: writes are executed at once */
};

/* A request that was judged. One that the policy has refused, by its function
 * code or by what it asks for, may be decoded all the same. */
struct judged_request {
	struct mb_request request;   /* of its function only, if not decoded */
	enum mb_exception exception; /* MB_EX_NONE: it may be executed;
					MB_NO_ANSWER: service_ignore */
	bool decoded;
};

/* Whether the request must be submitted to the order, if there is one. */
static inline bool
judged_request_writes(const struct judged_request *judged)
{
	return judged->exception == MB_EX_NONE &&
	    mb_request_writes(&judged->request);
}

/* Tell the taps that a group of requests of one client, which arrived together,
 * may follow. */
void service_begin_run(const struct service *s);

/*
 * Judge a request PDU of 1..253 bytes: ask the policy about its function code,
 * decode it, and ask the policy about the request. Nothing changes. Total:
 * every byte string becomes a request that may be executed, or one that is
 * answered by an exception, or by nothing. judged borrows from the PDU.
 */
void service_judge(const struct service *s, const struct client *client,
    uint8_t unit, const uint8_t *pdu, size_t length,
    struct judged_request *judged);

/*
 * Execute a judged request, or make its exception response; count it, and call
 * the taps. frame is the frame that was judged, still in memory.
 *
 * The reply goes into adu, which has room for MB_ADU_MAX bytes and is not where
 * the frame lies. Returns the length of the whole ADU, 9..260. Cannot fail.
 */
size_t service_execute(const struct service *s, const struct client *client,
    const struct mbap_frame *frame, const struct judged_request *judged,
    uint8_t *adu);

/* The same for requests that have waited. A function of its own, so that
 * service_execute is compiled into its only caller. */
size_t service_execute_late(const struct service *s,
    const struct client *client, const struct mbap_frame *frame,
    const struct judged_request *judged, uint8_t *adu);

/* Count a request that gets no reply. Taps are not called, as it is no
 * exchange. */
void service_ignore(const struct service *s, const struct mbap_frame *frame);

/* Whether nothing is plugged in, so that service_answer_batch may be called. */
static inline bool
service_is_bare(const struct service *s)
{
	return s->policy == NULL && s->tap == NULL && s->order == NULL;
}

/* Frames of one client, one behind the other, and room for replies. */
struct service_batch {
	const uint8_t *requests; /* the first byte that is in no frame yet */
	const uint8_t *requests_end; /* behind the last byte */
	uint8_t *replies;            /* where the next reply goes */
	const uint8_t *replies_end;  /* a reply may begin before it, and needs
					room for MB_ADU_MAX bytes */
	uint64_t answered;           /* frames, by the last call */
};

/*
 * Answer frames one behind the other, with the same result as service_judge and
 * service_execute for each. Only while service_is_bare.
 *
 * Stops when a reply would begin at or behind replies_end, before bytes that
 * are not a whole frame, and before a request that is answered by an exception.
 */
void service_answer_batch(const struct service *s, const struct client *client,
    struct service_batch *batch);

#endif
