#include "service/service.h"

#include <string.h>

#include "modbus/execute.h"
#include "modbus/mbap.h"
#include "service/counters.h"
#include "service/exchange.h"
#include "service/policy.h"
#include "table/datatable.h"

/* Not inlined, so that their callers pay for taps only if there are any. */

static void __attribute__((noinline)) tell_run(const struct service *s)
{
	for (const struct tap *t = s->tap; t != NULL; t = t->next)
		if (t->began != NULL)
			t->began(t->arg);
}

static void __attribute__((noinline))
tell_exchange(const struct service *s, const struct exchange *x)
{
	for (const struct tap *t = s->tap; t != NULL; t = t->next)
		t->exchanged(t->arg, x);
}

void
service_begin_run(const struct service *s)
{
	if (s->tap != NULL)
		tell_run(s);
}

static void
decode(const uint8_t *pdu, size_t length, struct judged_request *judged)
{
	judged->exception = mb_request_decode(pdu, length, &judged->request);
	judged->decoded = judged->exception == MB_EX_NONE;
}

/* A request that may not use its function is decoded for the taps only. */
static void __attribute__((noinline)) judge_by_policy(const struct service *s,
    const struct client *client, uint8_t unit, const uint8_t *pdu,
    size_t length, struct judged_request *judged)
{
	enum mb_exception refused =
	    policy_may_use(s->policy, client, unit, pdu[0]);

	decode(pdu, length, judged);
	if (refused != MB_EX_NONE)
		judged->exception = refused;
	else if (judged->decoded)
		judged->exception = policy_may_request(
		    s->policy, client, unit, &judged->request);
}

void
service_judge(const struct service *s, const struct client *client,
    uint8_t unit, const uint8_t *pdu, size_t length,
    struct judged_request *judged)
{
	if (s->policy != NULL)
		judge_by_policy(s, client, unit, pdu, length, judged);
	else
		decode(pdu, length, judged);
}

/* The body of service_execute and of service_execute_late. */
static inline size_t __attribute__((always_inline))
execute(const struct service *s, const struct client *client,
    const struct mbap_frame *frame, const struct judged_request *judged,
    uint8_t *adu)
{
	const struct mb_request *request = &judged->request;
	uint8_t *response = adu + MB_MBAP_LENGTH;
	uint8_t function = mbap_pdu(frame)[0];
	size_t length;

	if (judged->exception == MB_EX_NONE)
		length = mb_execute(request, s->table,
		    &(struct datatable_writer){
			client, mbap_unit(frame), function },
		    response);
	else
		length =
		    mb_put_exception(function, judged->exception, response);
	counters_add_request(
	    s->counters, function, judged->exception, frame->length);
	if (s->tap != NULL)
		tell_exchange(s,
		    &(struct exchange){ client, frame,
			judged->decoded ? request : NULL, judged->exception,
			response, length });
	return mbap_put(adu, frame, length);
}

size_t
service_execute(const struct service *s, const struct client *client,
    const struct mbap_frame *frame, const struct judged_request *judged,
    uint8_t *adu)
{
	return execute(s, client, frame, judged, adu);
}

size_t __attribute__((noinline)) service_execute_late(const struct service *s,
    const struct client *client, const struct mbap_frame *frame,
    const struct judged_request *judged, uint8_t *adu)
{
	return execute(s, client, frame, judged, adu);
}

void
service_ignore(const struct service *s, const struct mbap_frame *frame)
{
	s->counters->requests++;
	s->counters->requests_by_function[mbap_pdu(frame)[0]]++;
	s->counters->ignored++;
	s->counters->bytes_in += frame->length;
}

void
service_answer_batch(const struct service *s, const struct client *client,
    struct service_batch *batch)
{
	struct datatable_writer writer = { .client = client };
	struct counters *n = s->counters;
	const uint8_t *from = batch->requests, *end = batch->requests_end;
	const uint8_t *full = batch->replies_end;
	uint8_t *to = batch->replies;
	uint64_t answered = 0;
	struct mb_request request;
	struct mbap_frame frame;

	for (; end - from > MB_MBAP_LENGTH && to < full; answered++) {
		if (mbap_parse(from, (size_t)(end - from), &frame) !=
			MBAP_READY ||
		    mb_request_decode(mbap_pdu(&frame), mbap_pdu_length(&frame),
			&request) != MB_EX_NONE)
			break;
		writer.unit = mbap_unit(&frame);
		writer.function = request.function;
		n->requests_by_function[request.function]++;
		/* With the function code these are 8 bytes. */
		memcpy(to, from, MB_MBAP_LENGTH + 1);
		to += mbap_resize(to,
		    mb_execute(
			&request, s->table, &writer, to + MB_MBAP_LENGTH));
		from += frame.length;
	}
	n->requests += answered;
	n->exceptions_by_code[MB_EX_NONE] += answered;
	n->bytes_in += (uint64_t)(from - batch->requests);
	batch->requests = from;
	batch->replies = to;
	batch->answered = answered;
}
