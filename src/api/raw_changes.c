#include "api/raw_changes.h"

#include "api/text_writer.h"
#include "api/values_json.h"
#include "api/write_events.h"
#include "base/client.h"
#include "base/clock.h"
#include "base/timestamp.h"
#include "table/datatable.h"

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
add_change(
    void *arg, struct text_writer *t, const struct datatable_change *change)
{
	const struct datatable_writer *w = change->writer;
	char time[TIMESTAMP_TEXT_MAX];

	(void)arg;
	text_writer_add(t,
	    "event: change\ndata: {\"time\":\"%s\",\"kind\":\"%s\","
	    "\"address\":%u,",
	    timestamp_format_utc_ms(clock_realtime_ms(), time),
	    api_kind_names[change->kind], change->address);
	api_add_writer(
	    t, &w->client->address, w->client->identity, w->unit, w->function);
	text_writer_add(t, ",\"before\":[");
	add_items(t, change, change->before);
	text_writer_add(t, "],\"after\":[");
	add_items(t, change, change->after);
	text_writer_add(t, "]}\n\n");
}

struct write_events *
raw_changes_new(struct datatable *table)
{
	static const struct write_events_kind kind = { .add = add_change };

	return write_events_new(table, &kind, NULL);
}
