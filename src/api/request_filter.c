#include "api/request_filter.h"

#include <stdint.h>
#include <string.h>

#include "api/context.h"
#include "api/point_request.h"
#include "base/clock.h"
#include "base/number.h"
#include "base/timestamp.h"
#include "http/parameters.h"
#include "http/request.h"
#include "points/point.h"
#include "service/access.h"

#define CODES 256

/* A list of words, and the codes that each stands for. */
struct code_word {
	const char *word;
	uint8_t first;
	uint8_t last;
};

static void
add_codes(struct request_codes *codes, unsigned first, unsigned last)
{
	for (unsigned i = first; i <= last; i++)
		codes->bits[i / 8] |= (uint8_t)(1 << i % 8);
}

static bool
has_code(const struct request_codes *codes, uint8_t code)
{
	return codes->any || (codes->bits[code / 8] >> code % 8 & 1) != 0;
}

/* Add what one item of a list stands for, of length bytes. Returns 0, or -1. */
static int
add_item(struct request_codes *codes, const char *item, size_t length,
    const struct code_word *words, size_t count)
{
	const char *end;
	uint64_t code;

	for (size_t i = 0; i < count; i++)
		if (strlen(words[i].word) == length &&
		    strncmp(words[i].word, item, length) == 0) {
			add_codes(codes, words[i].first, words[i].last);
			return 0;
		}
	end = number_take(item, CODES - 1, &code);
	if (end != item + length || code == 0)
		return -1;
	add_codes(codes, (unsigned)code, (unsigned)code);
	return 0;
}

/* Read a list such as "3,16", or NULL. Returns 0, or -1. */
static int
read_codes(struct request_codes *codes, const char *text,
    const struct code_word *words, size_t count)
{
	*codes = (struct request_codes){ .any = text == NULL };
	while (text != NULL) {
		size_t length = strcspn(text, ",");

		if (add_item(codes, text, length, words, count) != 0)
			return -1;
		text = text[length] == ',' ? text + length + 1 : NULL;
	}
	return 0;
}

static int
read_client(struct http_request *request, struct parameters *q,
    struct request_filter *filter)
{
	const char *text = parameters_text(q, "client");

	filter->has_client = text != NULL;
	if (text == NULL || address_parse_client(text, &filter->client) == 0)
		return 0;
	http_request_fail(request, 400,
	    "client: expected an address such as 192.0.2.7, 192.0.2.7:40000 or "
	    "[2001:db8::7]:40000");
	return -1;
}

static int
read_subject(struct http_request *request, struct parameters *q,
    struct request_filter *filter)
{
	const char *text = parameters_text(q, "subject");
	size_t length;

	filter->has_subject = text != NULL;
	if (text == NULL)
		return 0;
	length = strlen(text);
	if (length < sizeof(filter->subject)) {
		memcpy(filter->subject, text, length + 1);
		return 0;
	}
	http_request_fail(request, 400,
	    "subject: expected that of a certificate, such as "
	    "CN=HMI 3,O=Plant, at most 200 bytes");
	return -1;
}

static int
read_function(struct http_request *request, struct parameters *q,
    struct request_filter *filter)
{
	if (read_codes(&filter->functions, parameters_text(q, "function"), NULL,
		0) == 0)
		return 0;
	http_request_fail(request, 400,
	    "function: expected function codes from 1 to 255, such as 3 or "
	    "3,16");
	return -1;
}

static int
read_exception(struct http_request *request, struct parameters *q,
    struct request_filter *filter)
{
	static const struct code_word words[] = { { "none", 0, 0 },
		{ "any", 1, CODES - 1 } };

	if (read_codes(&filter->exceptions, parameters_text(q, "exception"),
		words, sizeof(words) / sizeof(*words)) == 0)
		return 0;
	http_request_fail(request, 400,
	    "exception: expected none, any, or exception codes such as 2 or "
	    "1,2");
	return -1;
}

static int
read_range(struct http_request *request, struct parameters *q,
    struct request_filter *filter)
{
	const char *text = parameters_text(q, "address");
	const struct point *p;
	struct access_range range;

	if (api_point_of_query(request, q, &p) != 0)
		return -1;
	filter->has_range = text != NULL || p != NULL;
	if (p != NULL) {
		filter->kind = p->kind;
		filter->address = p->address;
		filter->quantity = point_quantity(p);
	} else if (text != NULL) {
		if (access_range_parse(text, &range) != 0) {
			http_request_fail(request, 400,
			    "address: expected a range such as HR16-20, C5, "
			    "registers:16-20 or coils:5");
			return -1;
		}
		filter->kind = range.kind;
		filter->address = range.first;
		filter->quantity = range.last - range.first + 1U;
	}
	return 0;
}

/* An id is a number, a moment never one. */
static int
read_since(struct http_request *request, struct parameters *q,
    struct request_filter *filter)
{
	const char *text = parameters_text(q, "since");

	filter->since_id = 0;
	filter->since_time = INT64_MIN;
	if (text == NULL ||
	    number_parse(text, 0, UINT64_MAX, &filter->since_id) == 0 ||
	    timestamp_parse(text, clock_realtime_us(), &filter->since_time) ==
		0)
		return 0;
	http_request_fail(request, 400,
	    "since: expected the id of a request, or %s", TIMESTAMP_EXPECTED);
	return -1;
}

int
request_filter_read(struct http_request *request, struct parameters *q,
    struct request_filter *filter)
{
	const struct api *api = request->context;

	filter->overlay = api->config.overlay;
	if (read_client(request, q, filter) != 0 ||
	    read_subject(request, q, filter) != 0 ||
	    read_function(request, q, filter) != 0 ||
	    read_exception(request, q, filter) != 0 ||
	    read_range(request, q, filter) != 0 ||
	    read_since(request, q, filter) != 0)
		return -1;
	return 0;
}

bool
request_filter_is_since(
    const struct request_filter *filter, const struct recorded *q)
{
	return q->id > filter->since_id && q->time > filter->since_time;
}

static const char *
subject_of(const struct recorded *q)
{
	return q->client.identity == NULL ? "" : q->client.identity->subject;
}

bool
request_filter_matches(const struct request_filter *f, const struct recorded *q,
    const struct asked *a)
{
	if (f->has_client &&
	    (!address_same_host(&f->client, &q->client.address) ||
		(f->client.port != 0 &&
		    f->client.port != q->client.address.port)))
		return false;
	if (f->has_subject && strcmp(f->subject, subject_of(q)) != 0)
		return false;
	return has_code(&f->functions, a->function) &&
	    has_code(&f->exceptions, (uint8_t)q->exception) &&
	    (!f->has_range ||
		asked_touches(a, f->overlay, f->kind, f->address, f->quantity));
}
