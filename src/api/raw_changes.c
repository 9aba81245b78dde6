#include "api/raw_changes.h"

#include <event2/buffer.h>
#include <stdlib.h>

#include "base/client.h"
#include "base/clock.h"
#include "api/json.h"
#include "table/datatable.h"

struct every {
	struct datatable *table; /* borrowed */
	struct datatable_observer observer;
	struct evbuffer *events; /* owned */
	size_t readers;
	bool complete;
};

static void
add_items(struct json_text *t, const struct datatable_change *change,
    const uint16_t *items)
{
	if (change->kind == DATATABLE_REGISTERS)
		json_text_add_values(t, false, VALUE_UINT16, VALUE_ABCD, items,
		    change->quantity);
	else
		json_text_add_coils(t, false, items, 0, change->quantity);
}

static void
add_change(struct json_text *t, const struct datatable_change *change)
{
	const struct datatable_writer *w = change->writer;
	char time[JSON_TEXT_TIME_MAX];

	json_text_add(t,
	    "event: change\ndata: {\"time\":\"%s\",\"kind\":\"%s\","
	    "\"address\":%u,",
	    json_text_time(clock_realtime_ms(), time),
	    json_text_kinds[change->kind], change->address);
	json_text_add_writer(t, &w->client->address, w->unit, w->function);
	json_text_add(t, ",\"before\":[");
	add_items(t, change, change->before);
	json_text_add(t, "],\"after\":[");
	add_items(t, change, change->after);
	json_text_add(t, "]}\n\n");
}

static void
changed(void *arg, const struct datatable_change *change)
{
	struct every *e = arg;
	struct json_text t;

	if (e->readers == 0 || !e->complete)
		return;
	json_text_begin(&t, e->events);
	add_change(&t, change);
	if (json_text_end(&t) != 0 ||
	    evbuffer_get_length(e->events) > EVERY_BYTES_MAX)
		e->complete = false; /* no more in this tick */
}

struct every *
every_new(struct datatable *table)
{
	struct every *e = calloc(1, sizeof(*e));

	if (e == NULL)
		return NULL;
	e->events = evbuffer_new();
	if (e->events == NULL) {
		free(e);
		return NULL;
	}
	e->complete = true;
	e->table = table;
	e->observer.changed = changed;
	e->observer.arg = e;
	datatable_observe(table, &e->observer);
	return e;
}

void
every_free(struct every *e)
{
	if (e == NULL)
		return;
	datatable_unobserve(e->table, &e->observer);
	evbuffer_free(e->events);
	free(e);
}

void
every_want(struct every *e, bool more)
{
	if (more)
		e->readers++;
	else
		e->readers--;
}

struct evbuffer *
every_events(const struct every *e, bool *complete)
{
	*complete = e->complete;
	return e->events;
}

void
every_begin(struct every *e)
{
	evbuffer_drain(e->events, evbuffer_get_length(e->events));
	e->complete = true;
}
