#include "api/cursor.h"

#include <event2/buffer.h>

#include "api/text_writer.h"
#include "api/values_json.h"
#include "table/changes.h"

/* The most values of one object. */
#define RUN_MAX 256

bool
cursor_begin_scan(struct change_cursor *c, struct changes *changes)
{
	if (c->scanning)
		return true;
	c->target = changes_tick(changes);
	c->scanning = c->target != c->tick;
	c->kind = DATATABLE_COILS;
	c->address = 0;
	return c->scanning;
}

/* Find the next run. Returns false at the end of the scan. */
static bool
next_run(struct change_cursor *c, const struct changes *changes,
    struct changes_run *run)
{
	if (changes_next(changes, c->kind, c->tick, c->address, RUN_MAX, run))
		return true;
	if (c->kind == DATATABLE_REGISTERS)
		return false;
	c->kind = DATATABLE_REGISTERS;
	c->address = 0;
	return changes_next(changes, c->kind, c->tick, 0, RUN_MAX, run);
}

static void
add_run(struct text_writer *t, const struct datatable *table,
    enum datatable_kind kind, const struct changes_run *run)
{
	const struct changes_writer *w = run->writer;
	uint16_t coils[DATATABLE_PACKED_WORDS(RUN_MAX)];

	text_writer_add(t, "{\"kind\":\"%s\",\"address\":%u,\"values\":[",
	    api_kind_names[kind], run->address);
	if (kind == DATATABLE_REGISTERS) {
		api_add_words(t, false,
		    datatable_registers(table, run->address), run->quantity);
	} else {
		datatable_read_coils(table, run->address, run->quantity, coils);
		api_add_coils(t, false, coils, 0, run->quantity);
	}
	text_writer_add(t, "],");
	if (w == NULL)
		api_add_writer(t, NULL, NULL, 0, 0);
	else
		api_add_writer(t, &w->host, w->identity, w->unit, w->function);
	text_writer_add(t, "}");
}

unsigned
cursor_add_runs(struct change_cursor *c, const struct changes *changes,
    const struct datatable *table, struct text_writer *t, size_t length)
{
	struct changes_run run;
	unsigned n = 0;

	while (evbuffer_get_length(t->out) < length) {
		if (!next_run(c, changes, &run)) {
			c->scanning = false;
			c->tick = c->target;
			break;
		}
		if (n++ > 0)
			text_writer_add(t, ",");
		add_run(t, table, c->kind, &run);
		c->address = run.address + run.quantity;
	}
	return n;
}
