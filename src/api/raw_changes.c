#include "api/raw_changes.h"

#include <event2/buffer.h>
#include <stdlib.h>

#include "api/text_writer.h"
#include "api/values_json.h"
#include "base/client.h"
#include "base/clock.h"
#include "base/timestamp.h"
#include "table/datatable.h"

struct raw_changes {
	struct datatable *table; /* borrowed */
	struct datatable_observer observer;
	struct evbuffer *events; /* owned */
	size_t readers;
	bool complete;
};

static void
add_items(struct text_writer *t, const struct datatable_change *change,
    const uint16_t *items)
{
	if (change->kind == DATATABLE_REGISTERS)
		api_add_words(t, false, items, change->quantity);
	else
		api_add_coils(t, false, items, 0, change->quantity);
}

static void
add_change(struct text_writer *t, const struct datatable_change *change)
{
	const struct datatable_writer *w = change->writer;
	char time[TIMESTAMP_TEXT_MAX];

	text_writer_add(t,
	    "event: change\ndata: {\"time\":\"%s\",\"kind\":\"%s\","
	    "\"address\":%u,",
	    timestamp_format_utc_ms(clock_realtime_ms(), time),
	    api_kind_names[change->kind], change->address);
	api_add_writer(t, &w->client->address, w->unit, w->function);
	text_writer_add(t, ",\"before\":[");
	add_items(t, change, change->before);
	text_writer_add(t, "],\"after\":[");
	add_items(t, change, change->after);
	text_writer_add(t, "]}\n\n");
}

static void
changed(void *arg, const struct datatable_change *change)
{
	struct raw_changes *rc = arg;
	struct text_writer t;

	if (rc->readers == 0 || !rc->complete)
		return;
	text_writer_begin(&t, rc->events);
	add_change(&t, change);
	if (text_writer_end(&t) != 0 ||
	    evbuffer_get_length(rc->events) > RAW_CHANGES_BYTES_MAX)
		rc->complete = false; /* drop the rest of this tick */
}

struct raw_changes *
raw_changes_new(struct datatable *table)
{
	struct raw_changes *rc = calloc(1, sizeof(*rc));

	if (rc == NULL)
		return NULL;
	rc->events = evbuffer_new();
	if (rc->events == NULL) {
		free(rc);
		return NULL;
	}
	rc->complete = true;
	rc->table = table;
	rc->observer.changed = changed;
	rc->observer.arg = rc;
	datatable_observe(table, &rc->observer);
	return rc;
}

void
raw_changes_free(struct raw_changes *rc)
{
	if (rc == NULL)
		return;
	datatable_unobserve(rc->table, &rc->observer);
	evbuffer_free(rc->events);
	free(rc);
}

void
raw_changes_add_reader(struct raw_changes *rc)
{
	rc->readers++;
}

void
raw_changes_remove_reader(struct raw_changes *rc)
{
	rc->readers--;
}

struct evbuffer *
raw_changes_events(const struct raw_changes *rc, bool *complete)
{
	*complete = rc->complete;
	return rc->events;
}

void
raw_changes_begin_tick(struct raw_changes *rc)
{
	evbuffer_drain(rc->events, evbuffer_get_length(rc->events));
	rc->complete = true;
}
