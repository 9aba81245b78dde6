#include "report/trace.h"

#include <stdarg.h>
#include <stdio.h>

#include "base/client.h"
#include "base/log.h"
#include "service/exchange.h"

#define TRACE_MAX         400
#define TRACE_BYTES_SHOWN 32 /* of a PDU that could not be decoded */

struct text {
	char *at;
	size_t room;
};

static void __attribute__((format(printf, 2, 3)))
add(struct text *t, const char *format, ...)
{
	va_list args;
	int n;

	va_start(args, format);
	n = vsnprintf(t->at, t->room, format, args);
	va_end(args);
	if (n < 0)
		return;
	if ((size_t)n >= t->room)
		n = t->room > 0 ? (int)t->room - 1 : 0;
	t->at += n;
	t->room -= (size_t)n;
}

static void
add_range(struct text *t, const char *verb, const struct mb_range *range)
{
	if (range->quantity != 0)
		add(t, " %s address %u quantity %u", verb, range->address,
		    range->quantity);
}

static void
add_function(struct text *t, uint8_t function)
{
	const char *name = mb_function_name(function);

	if (name != NULL)
		add(t, "%s", name);
	else
		add(t, "function %u", function);
}

static void
add_pdu(struct text *t, const struct mbap_frame *frame)
{
	size_t length = mbap_pdu_length(frame);

	add(t, " PDU");
	for (size_t i = 0; i < length && i < TRACE_BYTES_SHOWN; i++)
		add(t, " %02x", mbap_pdu(frame)[i]);
	if (length > TRACE_BYTES_SHOWN)
		add(t, " ... %zu bytes", length);
}

const char *
trace_format(const struct exchange *x, char *text, size_t size)
{
	struct text t = { text, size };
	char peer[ADDRESS_TEXT_MAX];

	add(&t, "trace: %s: transaction %u unit %u ",
	    address_format(&x->client->address, peer),
	    mbap_transaction(x->frame), mbap_unit(x->frame));
	add_function(&t, mbap_pdu(x->frame)[0]);
	if (x->request != NULL) {
		add_range(&t, "read", &x->request->read);
		add_range(&t, "write", &x->request->write);
	} else {
		add_pdu(&t, x->frame);
	}
	if (x->exception == MB_EX_NONE)
		add(&t, ": ok, %zu bytes", x->response_length);
	else
		add(&t, ": exception %02u %s", x->exception,
		    mb_exception_name(x->exception));
	return text;
}

void
trace_exchange(void *arg, const struct exchange *x)
{
	char text[TRACE_MAX];

	(void)arg;
	log_asked(LOG_DEBUG, "%s", trace_format(x, text, sizeof(text)));
}
