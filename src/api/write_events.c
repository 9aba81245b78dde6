#include "api/write_events.h"

#include <event2/buffer.h>
#include <stdlib.h>

#include "api/text_writer.h"
#include "table/datatable.h"

struct write_events {
	struct datatable *table; /* borrowed */
	struct datatable_observer observer;
	const struct write_events_kind *kind; /* borrowed */
	void *arg;                            /* borrowed: its functions' */
	struct evbuffer *events;              /* owned */
	size_t readers;
	bool complete;
};

/* What was added may not fit: the rest of the tick is dropped. */
static void
end_text(struct write_events *we, struct text_writer *t)
{
	if (text_writer_end(t) != 0 ||
	    evbuffer_get_length(we->events) > WRITE_EVENTS_BYTES_MAX)
		we->complete = false;
}

static void
changed(void *arg, const struct datatable_change *change)
{
	struct write_events *we = arg;
	struct text_writer t;

	if (!we->complete)
		return;
	text_writer_begin(&t, we->events);
	we->kind->add(we->arg, &t, change);
	end_text(we, &t);
}

struct write_events *
write_events_new(
    struct datatable *table, const struct write_events_kind *kind, void *arg)
{
	struct write_events *we = calloc(1, sizeof(*we));

	if (we == NULL)
		return NULL;
	we->events = evbuffer_new();
	if (we->events == NULL) {
		free(we);
		return NULL;
	}
	we->complete = true;
	we->table = table;
	we->kind = kind;
	we->arg = arg;
	we->observer.changed = changed;
	we->observer.arg = we;
	return we;
}

void
write_events_free(struct write_events *we)
{
	if (we == NULL)
		return;
	if (we->readers > 0)
		datatable_unobserve(we->table, &we->observer);
	evbuffer_free(we->events);
	free(we);
}

/* The first reader is not sent what the last one left. */
void
write_events_add_reader(struct write_events *we)
{
	if (we->readers++ > 0)
		return;
	write_events_begin_tick(we);
	datatable_observe(we->table, &we->observer);
}

void
write_events_remove_reader(struct write_events *we)
{
	if (--we->readers == 0)
		datatable_unobserve(we->table, &we->observer);
}

bool
write_events_are_numbered(const struct write_events *we)
{
	return we->kind->numbered;
}

void
write_events_end_tick(struct write_events *we)
{
	struct text_writer t;

	if (we->kind->end == NULL || !we->complete)
		return;
	text_writer_begin(&t, we->events);
	we->kind->end(we->arg, &t);
	end_text(we, &t);
}

struct evbuffer *
write_events_text(const struct write_events *we, bool *complete)
{
	*complete = we->complete;
	return we->events;
}

void
write_events_begin_tick(struct write_events *we)
{
	evbuffer_drain(we->events, evbuffer_get_length(we->events));
	we->complete = true;
}
