#include "report/client_report.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/client.h"
#include "base/clock.h"
#include "base/hosts.h"
#include "base/who.h"
#include "modbus/explain.h"
#include "modbus/function.h"

/* Open addressing, at most half full. Slots are not freed singly: when
 * connections are evicted, the table is built again. */
#define SLOTS (4 * REPORT_CONNECTIONS_MAX)
#define FREE  0

#define SECOND 1000000 /* microseconds */

struct client_report {
	struct hosts *known;                        /* owned */
	struct report_host hosts[REPORT_HOSTS_MAX]; /* by number in known */
	struct report_connection connections[REPORT_CONNECTIONS_MAX];
	size_t connection_count;
	uint16_t slots[SLOTS]; /* 1 + place in connections */

	uint8_t places[MB_FUNCTION_CODES]; /* of functions */

	struct report_connection *current; /* of the previous request */
	uint64_t run; /* requests in the present run; 0: a run starts */
};

/* Hosts. */

/* Make room for another. */
static void
forget_host(struct client_report *r)
{
	struct report_host *h = &r->hosts[hosts_evict(r->known)];

	for (size_t i = 0; i < r->connection_count; i++)
		if (r->connections[i].host == h)
			r->connections[i].host = NULL;
	identity_release(h->identity);
	h->identity = NULL;
	h->requests = 0;
}

/* A host, which is new as long as it has no request. */
static struct report_host *
find_host(struct client_report *r, const struct client *who, uint64_t now)
{
	struct report_host *h;
	uint32_t number;

	while ((number = who_use(r->known, who, 0)) == HOSTS_NONE)
		forget_host(r);
	h = &r->hosts[number];
	if (h->requests == 0)
		*h = (struct report_host){
			.identity = identity_hold(who->identity),
			.first = now,
		};
	h->host = who_host(who);
	return h;
}

/* Connections. */

static size_t
slot_of(const struct client_report *r, uint64_t id)
{
	size_t slot = (size_t)(id * UINT64_C(0x9E3779B97F4A7C15) >> 32) % SLOTS;

	while (r->slots[slot] != FREE &&
	    r->connections[r->slots[slot] - 1].id != id)
		slot = (slot + 1) % SLOTS;
	return slot;
}

static void
index_connections(struct client_report *r)
{
	memset(r->slots, 0, sizeof(r->slots));
	for (size_t i = 0; i < r->connection_count; i++)
		r->slots[slot_of(r, r->connections[i].id)] = (uint16_t)(i + 1);
}

static int
is_later(const void *a, const void *b)
{
	const struct report_connection *x = a;
	const struct report_connection *y = b;

	return (x->last < y->last) - (x->last > y->last);
}

/* Evict the less recently active half, so that this is seldom needed. */
static void
forget_connections(struct client_report *r)
{
	qsort(r->connections, r->connection_count, sizeof(*r->connections),
	    is_later);
	r->connection_count /= 2;
	index_connections(r);
	r->current = NULL;
}

static struct report_connection *
enter_connection(
    struct client_report *r, const struct client *who, uint64_t now)
{
	struct report_connection *c;

	if (r->connection_count == REPORT_CONNECTIONS_MAX)
		forget_connections(r);
	c = &r->connections[r->connection_count++];
	*c = (struct report_connection){
		.id = who->id,
		.peer = who->address,
		.first = now,
	};
	r->slots[slot_of(r, who->id)] = (uint16_t)r->connection_count;
	return c;
}

static struct report_connection *
connection_of(struct client_report *r, const struct client *who, uint64_t now)
{
	struct report_connection *c = r->current;

	if (c == NULL || c->id != who->id) {
		uint16_t place = r->slots[slot_of(r, who->id)];

		c = place == FREE ? enter_connection(r, who, now) :
				    &r->connections[place - 1];
	}
	if (c->host != NULL && who_is(&c->host->host, c->host->identity, who)) {
		hosts_touch(r->known, (uint32_t)(c->host - r->hosts));
	} else {
		c->host = find_host(r, who, now);
		c->host->connections++;
	}
	return c;
}

/* Counting. */

uint8_t
report_function(size_t place)
{
	for (unsigned i = 0; i < MB_FUNCTION_CODES; i++)
		if (mb_function((uint8_t)i) != NULL && place-- == 0)
			return (uint8_t)i;
	return 0;
}

static void
place_functions(struct client_report *r)
{
	memset(r->places, REPORT_FUNCTIONS_MAX, sizeof(r->places));
	for (uint8_t i = 0; i < REPORT_FUNCTIONS_MAX; i++)
		if (report_function(i) != 0)
			r->places[report_function(i)] = i;
}

static void
count_rate(struct report_rate *rate, uint64_t now)
{
	uint32_t second = (uint32_t)(now / SECOND);

	if (second != rate->second) {
		rate->before = second == rate->second + 1 ? rate->present : 0;
		rate->present = 0;
		rate->second = second;
	}
	rate->present++;
}

uint32_t
report_rate_now(const struct report_rate *rate, uint64_t now)
{
	uint32_t second = (uint32_t)(now / SECOND);

	if (second == rate->second)
		return rate->before;
	return second == rate->second + 1 ? rate->present : 0;
}

/* Polls. */

static bool
is_poll(const struct report_poll *p, const struct exchange *x)
{
	return p->unit == mbap_unit(x->frame) &&
	    p->function == x->request->function &&
	    p->address == x->request->read.address &&
	    p->quantity == x->request->read.quantity;
}

/* The poll to replace: the least recently active one of those that were read
 * once, or else of all. */
static struct report_poll *
poll_to_forget(struct report_host *h)
{
	struct report_poll *worst = &h->polls[0];

	for (size_t i = 1; i < REPORT_POLLS_MAX; i++) {
		struct report_poll *p = &h->polls[i];
		bool once = p->count == 1, worst_once = worst->count == 1;

		if (once != worst_once ? once : p->last < worst->last)
			worst = p;
	}
	h->polls_forgotten++;
	return worst;
}

static struct report_poll *
new_poll(struct report_host *h, const struct exchange *x)
{
	struct report_poll *p = h->poll_count < REPORT_POLLS_MAX ?
	    &h->polls[h->poll_count++] :
	    poll_to_forget(h);

	*p = (struct report_poll){
		.unit = mbap_unit(x->frame),
		.function = x->request->function,
		.address = x->request->read.address,
		.quantity = x->request->read.quantity,
	};
	return p;
}

/* Update mean and variance by Welford's algorithm. */
static void
time_poll(struct report_poll *p, uint64_t now)
{
	double period = (double)(now - p->last);
	double apart = period - p->period;

	if (p->count == 1 || period < p->least)
		p->least = period;
	if (period > p->most)
		p->most = period;
	p->period += apart / (double)p->count;
	p->squares += apart * (period - p->period);
}

double
report_poll_jitter(const struct report_poll *p)
{
	return p->count < 3 ? 0 : sqrt(p->squares / (double)(p->count - 2));
}

static void
note_poll(struct report_host *h, const struct exchange *x, uint64_t now)
{
	struct report_poll *p = h->polls;
	struct report_poll *end = p + h->poll_count;

	while (p < end && !is_poll(p, x))
		p++;
	if (p == end)
		p = new_poll(h, x);
	else
		time_poll(p, now);
	p->count++;
	p->last = now;
}

/* Reads of one item at adjacent addresses. */
static void
note_single(struct report_connection *c, const struct exchange *x)
{
	const struct mb_request *q = x->request;
	bool single =
	    q != NULL && q->read.quantity == 1 && !mb_request_writes(q);
	bool next = single && c->single_function == q->function &&
	    q->read.address == c->single_address + 1;
	struct report_host *h = c->host;

	c->single_run = next ? c->single_run + 1 : single;
	if (next) {
		h->singles++;
		if (c->single_run > h->singles_max)
			h->singles_max = c->single_run;
		if (c->single_run == REPORT_SINGLES_MIN)
			h->single_runs++;
	}
	c->single_function = single ? q->function : 0;
	c->single_address = single ? q->read.address : 0;
}

/* Refusals. */

static struct report_illegal *
find_illegal(struct report_host *h, uint8_t function, uint8_t exception)
{
	struct report_illegal *least = &h->illegals[0];

	for (size_t i = 0; i < h->illegal_count; i++) {
		struct report_illegal *other = &h->illegals[i];

		if (other->function == function &&
		    other->exception == exception)
			return other;
		if (other->count < least->count)
			least = other;
	}
	if (h->illegal_count < REPORT_ILLEGALS_MAX)
		least = &h->illegals[h->illegal_count++];
	*least = (struct report_illegal){ function, exception, 0, "" };
	return least;
}

static uint64_t
hash_request(const struct mbap_frame *frame)
{
	uint64_t h = UINT64_C(14695981039346656037) ^ mbap_unit(frame);

	for (size_t i = 0; i < mbap_pdu_length(frame); i++)
		h = (h ^ mbap_pdu(frame)[i]) * UINT64_C(1099511628211);
	return h | 1; /* not 0 */
}

/* The server cannot do it now, so repeating the request is right. */
static void
note_unavailable(struct report_connection *c)
{
	c->host->exceptions++;
	c->host->unavailable++;
	c->refused_hash = 0;
}

/* No device is there; to look for it again is no fault. */
static void
note_elsewhere(struct report_connection *c)
{
	c->host->exceptions++;
	c->host->elsewhere++;
	c->refused_hash = 0;
}

/* Whether the policy has refused it, rather than the specification. */
static bool
is_refused_by_policy(const struct exchange *x)
{
	struct mb_request request;

	return x->request != NULL ||
	    mb_request_decode(mbap_pdu(x->frame), mbap_pdu_length(x->frame),
		&request) != x->exception;
}

/* Whether roles may have refused what the policy has: access rules give this
 * exception to writes only, and only once they are decoded. */
static bool
is_by_roles(const struct exchange *x)
{
	return x->exception == MB_EX_ILLEGAL_FUNCTION &&
	    (x->client->way == CLIENT_TLS || x->request == NULL ||
		!mb_request_writes(x->request));
}

static void
note_refusal(struct report_connection *c, const struct exchange *x)
{
	uint64_t hash = hash_request(x->frame);
	struct report_host *h = c->host;

	h->exceptions++;
	if (hash == c->refused_hash)
		h->ignored++;
	c->refused_hash = hash;
	if (is_refused_by_policy(x)) {
		h->refused++;
		h->by_roles = h->by_roles || is_by_roles(x);
		if (x->request != NULL &&
		    x->exception == MB_EX_ILLEGAL_DATA_ADDRESS)
			report_refusals_note(&h->refusals, x->request);
		return;
	}
	struct report_illegal *i =
	    find_illegal(h, mbap_pdu(x->frame)[0], (uint8_t)x->exception);

	h->illegal++;
	if (i->count++ == 0 || h->illegal % 64 == 0) /* seldom, as it is slow */
		mb_explain(
		    mbap_pdu(x->frame), mbap_pdu_length(x->frame), i->wrong);
}

/* The tap. */

static void
began(void *arg)
{
	struct client_report *r = arg;

	r->run = 0;
}

static void
note_run(struct client_report *r, struct report_host *h)
{
	if (r->run++ == 0)
		h->runs++;
	if (r->run > h->depth_max)
		h->depth_max = r->run;
}

static void
exchanged(void *arg, const struct exchange *x)
{
	struct client_report *r = arg;
	uint64_t now = clock_us();
	struct report_connection *c = connection_of(r, x->client, now);
	struct report_host *h = c->host;

	r->current = c;
	c->last = h->last = now;
	c->requests++;
	h->requests++;
	c->bytes_in += x->frame->length;
	c->bytes_out += MB_MBAP_LENGTH + x->response_length;
	c->functions[r->places[mbap_pdu(x->frame)[0]]]++;
	count_rate(&c->rate, now);
	count_rate(&h->rate, now);
	note_run(r, h);
	note_single(c, x);
	if (x->exception != MB_EX_NONE) {
		c->exceptions[x->exception % REPORT_EXCEPTIONS]++;
		if (x->exception == MB_EX_SERVER_DEVICE_FAILURE)
			note_unavailable(c);
		else if (x->exception == MB_EX_GATEWAY_TARGET_FAILED)
			note_elsewhere(c);
		else
			note_refusal(c, x);
		return;
	}
	c->refused_hash = 0;
	if (x->request->read.quantity != 0)
		note_poll(h, x, now);
}

struct client_report *
client_report_new(void)
{
	struct client_report *r = calloc(1, sizeof(*r));

	if (r == NULL)
		return NULL;
	r->known = hosts_new(REPORT_HOSTS_MAX);
	if (r->known == NULL) {
		free(r);
		return NULL;
	}
	place_functions(r);
	return r;
}

void
client_report_free(struct client_report *r)
{
	if (r == NULL)
		return;
	for (size_t i = 0; i < REPORT_HOSTS_MAX; i++)
		identity_release(r->hosts[i].identity);
	hosts_free(r->known);
	free(r);
}

struct tap
client_report_tap(struct client_report *r)
{
	return (struct tap){ .began = began, .exchanged = exchanged, .arg = r };
}

/* Reading. */

/* Coils are the discrete inputs, holding registers the input registers. */
static bool
same_table(uint8_t a, uint8_t b)
{
	return mb_functions[a].kind == mb_functions[b].kind;
}

static bool
overlap(const struct report_poll *a, const struct report_poll *b)
{
	return a != b && a->count > 1 && b->count > 1 &&
	    same_table(a->function, b->function) &&
	    a->address < b->address + b->quantity &&
	    b->address < a->address + a->quantity;
}

static void
find_overlaps(struct report_host *h)
{
	for (size_t i = 0; i < h->poll_count; i++) {
		h->polls[i].overlaps = false;
		for (size_t j = 0; j < h->poll_count; j++)
			if (overlap(&h->polls[i], &h->polls[j]))
				h->polls[i].overlaps = true;
	}
}

const struct report_host *
client_report_host(struct client_report *r, size_t slot)
{
	if (slot >= hosts_count(r->known))
		return NULL;
	find_overlaps(&r->hosts[slot]);
	return &r->hosts[slot];
}

const struct report_host *
client_report_of(struct client_report *r, const struct report_connection *c)
{
	return c->host == NULL ?
	    NULL :
	    client_report_host(r, (size_t)(c->host - r->hosts));
}

double
report_reconnects_a_minute(const struct report_host *h)
{
	double minutes = (double)(h->last - h->first) / SECOND / 60;

	/* A second is too short to tell a rate per minute. */
	return minutes * 60 < 1 ? 0 : (double)(h->connections - 1) / minutes;
}

const struct report_connection *
client_report_connection(const struct client_report *r, size_t slot)
{
	return slot < r->connection_count ? &r->connections[slot] : NULL;
}

int
client_report_slot(const struct client_report *r, uint64_t id)
{
	return r->slots[slot_of(r, id)] - 1;
}
