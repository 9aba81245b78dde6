#include "service/service.h"

#include <stdbool.h>

#include "modbus/execute.h"
#include "modbus/mbap.h"
#include "service/counters.h"
#include "service/exchange.h"
#include "service/gate.h"
#include "service/policy.h"
#include "table/datatable.h"

/* Apart from their callers, which pay for taps only if there are any. */

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
count(struct counters *n, const struct mbap_frame *frame,
    enum mb_exception exception)
{
	n->requests++;
	n->requests_by_function[mbap_pdu(frame)[0]]++;
	n->exceptions_by_code[exception]++;
	n->bytes_in += frame->length;
}

struct service_reply
service_answer(const struct service *s, const struct client *client,
    const struct mbap_frame *frame, uint8_t *adu)
{
	uint64_t ticket = 0;
	uint8_t *response = adu + MB_MBAP_LENGTH;
	struct mb_request request;
	enum mb_exception exception;
	bool decoded;
	size_t length;

	exception = mb_request_decode(
	    mbap_pdu(frame), mbap_pdu_length(frame), &request);
	decoded = exception == MB_EX_NONE;
	if (decoded && s->policy != NULL)
		exception = policy_may_request(
		    s->policy, client, mbap_unit(frame), &request);
	if (exception == MB_EX_NONE) {
		length = mb_execute(&request, s->table,
		    &(struct datatable_writer){
			client, mbap_unit(frame), request.function },
		    response);
		if (mb_request_writes(&request))
			ticket = gate_hold(s->gate);
	} else {
		length =
		    mb_put_exception(mbap_pdu(frame)[0], exception, response);
	}
	count(s->counters, frame, exception);
	if (s->tap != NULL)
		tell_exchange(s,
		    &(struct exchange){ client, frame,
			decoded ? &request : NULL, exception, response,
			length });
	return (struct service_reply){ mbap_put(adu, frame, length), ticket };
}
