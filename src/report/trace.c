#include "report/trace.h"

#include <stdarg.h>
#include <stdio.h>

#include "base/client.h"
#include "base/client_text.h"
#include "base/log.h"
#include "points/names.h"
#include "service/exchange.h"

/* Without names, and with those of the two ranges of function 23. */
#define TRACE_SHORT_MAX (400 + IDENTITY_NAME_SIZE)
#define TRACE_MAX       (TRACE_SHORT_MAX + 2 * POINTS_NAMES_TEXT_MAX)

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
add_names(struct text *t, const struct points *ps, enum datatable_kind kind,
    const struct mb_range *range)
{
	const struct points_names names =
	    points_names_of(ps, kind, range->address, range->quantity);
	char text[POINTS_NAMES_TEXT_MAX];

	if (names.count != 0)
		add(t, " (%s)", points_names_text(&names, "", text));
}

static void
add_range(struct text *t, const char *verb, const struct points *ps,
    enum datatable_kind kind, const struct mb_range *range)
{
	if (range->quantity == 0)
		return;
	add(t, " %s address %u quantity %u", verb, range->address,
	    range->quantity);
	add_names(t, ps, kind, range);
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
trace_format(
    const struct exchange *x, const struct points *ps, char *text, size_t size)
{
	const struct mb_request *q = x->request;
	struct text t = { text, size };
	char peer[CLIENT_TEXT_MAX];

	add(&t, "trace: %s: transaction %u unit %u ",
	    client_format(x->client, peer), mbap_transaction(x->frame),
	    mbap_unit(x->frame));
	add_function(&t, mbap_pdu(x->frame)[0]);
	if (q != NULL) {
		add_range(&t, "read", ps, q->kind, &q->read);
		add_range(&t, "write", ps, q->kind, &q->write);
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

	log_asked(LOG_DEBUG, "%s", trace_format(x, arg, text, sizeof(text)));
}
