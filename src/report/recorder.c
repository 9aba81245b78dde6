#include "report/recorder.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/identity.h"
#include "modbus/modbus.h"

/*
 * The ring has whole records only, in the order of their ids:
 *
 *   0                                              size
 *   | oldest ... last | free                       |
 *   | ... last | free | oldest ...     | unused    |   wrapped
 *              next   first            wrap
 */
struct recorder {
	struct datatable *table; /* borrowed */
	struct datatable_observer observer;
	uint8_t *ring; /* owned */
	size_t size;
	size_t first; /* where the oldest record is */
	size_t next;  /* where free space begins */
	size_t wrap;  /* where the records end, while wrapped */
	bool wrapped;
	uint64_t first_id; /* of the oldest record */
	uint64_t next_id;
	size_t last; /* where the last record is */

	/* The write that was executed last. */
	struct written {
		uint64_t client; /* its id */
		enum datatable_kind kind;
		uint16_t address;
		uint16_t quantity; /* 0: it was recorded, or is too large */
		bool changed;
		uint16_t before[RECORDER_WORDS_MAX];
		uint16_t after[RECORDER_WORDS_MAX];
	} written;
};

/* What a record begins with. The words before, those after if any changed, the
 * ADU and the response PDU follow. */
struct record {
	uint64_t id;
	int64_t time;
	/* struct client, without its gaps. */
	uint64_t connection;
	const struct identity *identity; /* held */
	struct in6_addr ip;
	uint32_t scope;
	uint16_t port;
	uint8_t way;
	bool changed;
	uint16_t length;   /* of the whole record, padded */
	uint16_t previous; /* of the record before */
	uint16_t request;  /* bytes */
	uint8_t response;  /* bytes */
	uint8_t words;
};

#define ALIGNMENT sizeof(uint64_t)
#define RECORD_MAX                                                             \
	(sizeof(struct record) + 4 * RECORDER_WORDS_MAX + MB_ADU_MAX +         \
	    MB_PDU_MAX + ALIGNMENT)

_Static_assert(RECORD_MAX <= UINT16_MAX, "lengths");
_Static_assert(RECORDER_BYTES_MIN >= RECORD_MAX, "each record fits");
_Static_assert(sizeof(struct record) % ALIGNMENT == 0, "words follow");
_Static_assert(MB_MAX_WRITE_REGISTERS <= RECORDER_WORDS_MAX, "registers");
_Static_assert(
    DATATABLE_PACKED_WORDS(MB_MAX_WRITE_COILS) <= RECORDER_WORDS_MAX, "coils");

static const struct record *
record_at(const struct recorder *r, size_t at)
{
	return (const void *)(r->ring + at);
}

/* The words that a write takes in the ring, once. */
static size_t
words_of(enum datatable_kind kind, uint16_t quantity)
{
	return kind == DATATABLE_COILS ? DATATABLE_PACKED_WORDS(quantity) :
					 quantity;
}

static void
changed(void *arg, const struct datatable_change *change)
{
	struct recorder *r = arg;
	struct written *w = &r->written;
	size_t words = words_of(change->kind, change->quantity);

	w->quantity = 0;
	if (words > RECORDER_WORDS_MAX)
		return; /* no request */
	w->client = change->writer->client->id;
	w->kind = change->kind;
	w->address = change->address;
	w->quantity = change->quantity;
	w->changed = change->before != change->after;
	memcpy(w->before, change->before, words * sizeof(uint16_t));
	if (w->changed)
		memcpy(w->after, change->after, words * sizeof(uint16_t));
}

/* The words of the write of a request, 0 if it has written nothing. */
static size_t
take_written(struct recorder *r, const struct exchange *x)
{
	struct written *w = &r->written;
	size_t words;

	if (x->exception != MB_EX_NONE || !mb_request_writes(x->request) ||
	    w->client != x->client->id || w->kind != x->request->kind ||
	    w->address != x->request->write.address ||
	    w->quantity != x->request->write.quantity)
		return 0;
	words = words_of(w->kind, w->quantity);
	w->quantity = 0;
	return words;
}

static bool
is_empty(const struct recorder *r)
{
	return r->first_id == r->next_id;
}

static void
forget_oldest(struct recorder *r)
{
	const struct record *oldest = record_at(r, r->first);

	identity_release(oldest->identity);
	r->first += oldest->length;
	r->first_id++;
	if (r->wrapped && r->first == r->wrap) {
		r->first = 0;
		r->wrapped = false;
	}
	if (is_empty(r))
		r->first = r->next = 0;
}

/* Room for a record, for which the oldest ones go. */
static struct record *
make_room(struct recorder *r, size_t length)
{
	while ((r->wrapped ? r->first : r->size) - r->next < length) {
		if (r->wrapped) {
			forget_oldest(r);
			continue;
		}
		r->wrapped = true;
		r->wrap = r->next;
		r->next = 0;
	}
	return (void *)(r->ring + r->next);
}

static uint8_t *
append(uint8_t *to, const void *from, size_t length)
{
	memcpy(to, from, length);
	return to + length;
}

static void
exchanged(void *arg, const struct exchange *x)
{
	struct recorder *r = arg;
	const struct written *w = &r->written;
	size_t words = take_written(r, x);
	size_t bytes = words * sizeof(uint16_t);
	bool differs = words != 0 && w->changed;
	size_t length = sizeof(struct record) + bytes * (differs ? 2 : 1) +
	    x->frame->length + x->response_length;
	bool first = is_empty(r);
	struct record *record;
	uint8_t *to;

	length = (length + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
	record = make_room(r, length);
	*record = (struct record){
		.id = r->next_id,
		.time = clock_realtime_us(),
		.connection = x->client->id,
		.identity = identity_hold(x->client->identity),
		.ip = x->client->address.ip,
		.scope = x->client->address.scope,
		.port = x->client->address.port,
		.way = x->client->way,
		.length = (uint16_t)length,
		.previous = first ? 0 : record_at(r, r->last)->length,
		.request = (uint16_t)x->frame->length,
		.response = (uint8_t)x->response_length,
		.words = (uint8_t)words,
		.changed = differs,
	};
	to = append((uint8_t *)(record + 1), w->before, bytes);
	to = append(to, w->after, differs ? bytes : 0);
	to = append(to, x->frame->adu, x->frame->length);
	append(to, x->response, x->response_length);
	r->last = r->next;
	r->next += length;
	r->next_id++;
}

struct recorder *
recorder_new(struct datatable *table, size_t bytes)
{
	struct recorder *r = calloc(1, sizeof(*r));

	assert(bytes >= RECORDER_BYTES_MIN && bytes <= RECORDER_BYTES_MAX);
	if (r == NULL)
		return NULL;
	r->size = bytes / ALIGNMENT * ALIGNMENT;
	r->ring = malloc(r->size);
	if (r->ring == NULL) {
		free(r);
		return NULL;
	}
	r->first_id = r->next_id = (uint64_t)clock_realtime_us();
	r->table = table;
	r->observer.changed = changed;
	r->observer.arg = r;
	datatable_observe(table, &r->observer);
	return r;
}

void
recorder_free(struct recorder *r)
{
	if (r == NULL)
		return;
	datatable_unobserve(r->table, &r->observer);
	while (!is_empty(r))
		forget_oldest(r);
	free(r->ring);
	free(r);
}

struct tap
recorder_tap(struct recorder *r)
{
	return (struct tap){ .exchanged = exchanged, .arg = r };
}

size_t
recorder_bytes(const struct recorder *r)
{
	return r->size;
}

uint64_t
recorder_count(const struct recorder *r)
{
	return r->next_id - r->first_id;
}

uint64_t
recorder_last_id(const struct recorder *r)
{
	return r->next_id - 1;
}

bool
recorder_next(const struct recorder *r, struct recorder_cursor *c)
{
	size_t at;

	if (is_empty(r) || c->id + 1 >= r->next_id)
		return false;
	if (c->id < r->first_id) {
		*c = (struct recorder_cursor){ r->first_id, r->first };
		return true;
	}
	at = c->at + record_at(r, c->at)->length;
	if (r->wrapped && at == r->wrap)
		at = 0;
	*c = (struct recorder_cursor){ c->id + 1, at };
	return true;
}

bool
recorder_previous(const struct recorder *r, struct recorder_cursor *c)
{
	size_t end;

	if (c->id == 0 && !is_empty(r)) {
		*c = (struct recorder_cursor){ r->next_id - 1, r->last };
		return true;
	}
	if (c->id <= r->first_id)
		return false;
	end = c->at == 0 ? r->wrap : c->at;
	*c = (struct recorder_cursor){ c->id - 1,
		end - record_at(r, c->at)->previous };
	return true;
}

static struct client
client_of(const struct record *record)
{
	return (struct client){
		.id = record->connection,
		.address = { record->ip, record->scope, record->port },
		.way = record->way,
		.identity = record->identity,
	};
}

struct recorded
recorder_read(const struct recorder *r, const struct recorder_cursor *c)
{
	const struct record *record = record_at(r, c->at);
	const uint16_t *before = (const uint16_t *)(record + 1);
	const uint16_t *after = before + (record->changed ? record->words : 0);
	const uint8_t *adu = (const uint8_t *)(after + record->words);
	const uint8_t *response = adu + record->request;
	struct recorded out = {
		.id = record->id,
		.time = record->time,
		.client = client_of(record),
		.frame = { .adu = adu, .length = record->request },
		.response = response,
		.response_length = record->response,
	};

	assert(c->id >= r->first_id && c->id == record->id);
	if (record->words != 0) {
		out.before = before;
		out.after = after;
	}
	if ((response[0] & MB_EXCEPTION_FLAG) != 0)
		out.exception = (enum mb_exception)response[1];
	return out;
}
