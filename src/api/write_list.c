#include "api/write_list.h"

#include <event2/buffer.h>
#include <inttypes.h>

#include "api/text_writer.h"
#include "api/values_json.h"
#include "api/write_events.h"
#include "base/client.h"
#include "base/clock.h"
#include "base/timestamp.h"
#include "base/who.h"
#include "table/datatable.h"
#include "table/last_writer.h"

/* The most bytes of a listed write: of what it has besides values, of a
 * subject, and of each value. */
#define WRITE_BYTES    256
#define SUBJECT_BYTES  (2u * IDENTITY_NAME_SIZE)
#define REGISTER_BYTES 6
#define COIL_BYTES     2

static size_t
bytes_of(const struct datatable_change *change)
{
	return WRITE_BYTES +
	    (change->writer->client->identity != NULL ? SUBJECT_BYTES : 0) +
	    change->quantity *
	    (size_t)(change->kind == DATATABLE_COILS ? COIL_BYTES :
						       REGISTER_BYTES);
}

static bool
is_same(const struct datatable_change *change)
{
	return change->before == change->after;
}

static void
add_time(struct text_writer *t)
{
	char time[TIMESTAMP_TEXT_MAX];

	text_writer_add(t, "\"time\":\"%s\"",
	    timestamp_format_utc_ms(clock_realtime_ms(), time));
}

static void
add_listed(struct text_writer *t, const struct datatable_change *change)
{
	const struct datatable_writer *w = change->writer;

	text_writer_add(t, "{");
	add_time(t);
	text_writer_add(t, ",\"kind\":\"%s\",\"address\":%u,\"values\":[",
	    api_kind_names[change->kind], change->address);
	if (change->kind == DATATABLE_REGISTERS)
		api_add_words(t, false, change->after, change->quantity);
	else
		api_add_coils(t, false, change->after, 0, change->quantity);
	text_writer_add(
	    t, "],\"changed\":%s,", is_same(change) ? "false" : "true");
	api_add_writer(
	    t, &w->client->address, w->client->identity, w->unit, w->function);
	text_writer_add(t, "}");
}

/* Count a write that is not listed. */
static void
count(struct write_list *l, const struct datatable_change *change)
{
	const struct client *client = change->writer->client;
	uint32_t first = change->address, end = first + change->quantity;
	enum datatable_kind kind = change->kind;

	if (l->writes++ == 0) {
		l->client = client->address;
		l->identity = identity_hold(client->identity);
	} else if (!who_is(&l->client, l->identity, client)) {
		l->several = true;
	}
	l->values += change->quantity;
	if (l->end[kind] == 0 || first < l->first[kind])
		l->first[kind] = first;
	if (end > l->end[kind])
		l->end[kind] = end;
}

void
write_list_end(struct write_list *l)
{
	identity_release(l->identity);
	*l = (struct write_list){ .last_writer = l->last_writer };
}

static void
add_write(
    void *arg, struct text_writer *t, const struct datatable_change *change)
{
	struct write_list *l = arg;
	size_t length = evbuffer_get_length(t->out);

	if (length == 0) {
		write_list_end(l);
		text_writer_add(t,
		    "event: writes\ndata: {\"number\":%" PRIu64 ",\"writes\":[",
		    last_writer_totals(l->last_writer).writes);
	} else if (l->writes > 0 ||
	    length + bytes_of(change) > WRITE_LIST_BYTES_MAX) {
		count(l, change);
		return;
	} else {
		text_writer_add(t, ",");
	}
	add_listed(t, change);
}

/* What the writes that are not listed span. */
static void
add_ranges(struct text_writer *t, const struct write_list *l)
{
	const char *comma = "";

	text_writer_add(t, ",\"ranges\":[");
	for (int kind = 0; kind < 2; kind++) {
		if (l->end[kind] == 0)
			continue;
		text_writer_add(t,
		    "%s{\"kind\":\"%s\",\"address\":%" PRIu32
		    ",\"quantity\":%" PRIu32 "}",
		    comma, api_kind_names[kind], l->first[kind],
		    l->end[kind] - l->first[kind]);
		comma = ",";
	}
	text_writer_add(t, "]");
}

static void
add_more(struct text_writer *t, const struct write_list *l)
{
	char ip[ADDRESS_TEXT_MAX];

	text_writer_add(t, ",\"more\":{");
	add_time(t);
	text_writer_add(t, ",\"writes\":%" PRIu64 ",\"values\":%" PRIu64,
	    l->writes, l->values);
	add_ranges(t, l);
	if (l->several) {
		text_writer_add(t, ",\"client\":null}");
		return;
	}
	text_writer_add(
	    t, ",\"client\":\"%s\"", address_format_ip(&l->client, ip));
	api_add_subject(t, "subject", l->identity);
	text_writer_add(t, "}");
}

static void
end_tick(void *arg, struct text_writer *t)
{
	const struct write_list *l = arg;

	if (evbuffer_get_length(t->out) == 0)
		return;
	text_writer_add(t, "]");
	if (l->writes > 0)
		add_more(t, l);
	text_writer_add(t, "}\n\n");
}

struct write_events *
write_list_new(struct write_list *list, struct datatable *table,
    const struct last_writer *last_writer)
{
	static const struct write_events_kind kind = {
		.add = add_write,
		.end = end_tick,
		.numbered = true,
	};

	list->last_writer = last_writer;
	return write_events_new(table, &kind, list);
}
