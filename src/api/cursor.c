#include "api/cursor.h"

#include <event2/buffer.h>

#include "table/changes.h"
#include "api/json.h"

/* So many values of one run at a time. */
#define RUN_MAX 256

bool
pass_begin(struct pass *p, struct changes *changes)
{
	if (p->underway)
		return true;
	p->target = changes_tick(changes);
	p->underway = p->target != p->cursor;
	p->kind = DATATABLE_COILS;
	p->address = 0;
	return p->underway;
}

/* The next run, or false at the end. */
static bool
next_run(struct pass *p, const struct changes *changes, struct changes_run *run)
{
	if (changes_next(changes, p->kind, p->cursor, p->address, RUN_MAX, run))
		return true;
	if (p->kind == DATATABLE_REGISTERS)
		return false;
	p->kind = DATATABLE_REGISTERS;
	p->address = 0;
	return changes_next(changes, p->kind, p->cursor, 0, RUN_MAX, run);
}

static void
add_run(struct json_text *t, const struct datatable *table,
    enum datatable_kind kind, const struct changes_run *run)
{
	const struct changes_writer *w = run->writer;
	uint16_t coils[DATATABLE_PACKED_WORDS(RUN_MAX)];

	json_text_add(t, "{\"kind\":\"%s\",\"address\":%u,\"values\":[",
	    json_text_kinds[kind], run->address);
	if (kind == DATATABLE_REGISTERS) {
		json_text_add_values(t, false, VALUE_UINT16, VALUE_ABCD,
		    datatable_registers(table, run->address), run->quantity);
	} else {
		datatable_read_coils(table, run->address, run->quantity, coils);
		json_text_add_coils(t, false, coils, 0, run->quantity);
	}
	json_text_add(t, "],");
	if (w == NULL)
		json_text_add_writer(t, NULL, 0, 0);
	else
		json_text_add_writer(t, &w->host, w->unit, w->function);
	json_text_add(t, "}");
}

unsigned
pass_add_runs(struct pass *p, const struct changes *changes,
    const struct datatable *table, struct json_text *t, size_t length)
{
	struct changes_run run;
	unsigned n = 0;

	while (evbuffer_get_length(t->out) < length) {
		if (!next_run(p, changes, &run)) {
			p->underway = false;
			p->cursor = p->target;
			break;
		}
		if (n++ > 0)
			json_text_add(t, ",");
		add_run(t, table, p->kind, &run);
		p->address = run.address + run.quantity;
	}
	return n;
}
