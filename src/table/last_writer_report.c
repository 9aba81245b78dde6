#include "table/last_writer_report.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>

#include "base/timestamp.h"
#include "base/who.h"
#include "table/last_writer.h"

#define LINE_MAX_BYTES (400 + 2 * IDENTITY_NAME_SIZE)

static const char *const kind_names[] = {
	[DATATABLE_COILS] = "coil",
	[DATATABLE_REGISTERS] = "register",
};

/* Where the lines go. */
struct report {
	const struct last_writer *lw;
	void (*put)(void *arg, const char *line);
	void *arg;
};

/* The first few of many things, the highest rank first. */
struct ranking {
	struct ranked {
		uint64_t rank;
		uint32_t what;
	} best[LAST_WRITER_REPORT_CONTENDED];
	size_t room;
	size_t count;    /* of best */
	uint64_t others; /* that found no place */
};

static void
rank(struct ranking *r, uint64_t value, uint32_t what)
{
	size_t i = r->count;

	if (r->count == r->room) {
		r->others++;
		if (value <= r->best[--i].rank)
			return;
	} else {
		r->count++;
	}
	for (; i > 0 && r->best[i - 1].rank < value; i--)
		r->best[i] = r->best[i - 1];
	r->best[i] = (struct ranked){ value, what };
}

static const char *
time_text(uint64_t ms, char *text)
{
	return timestamp_format((int64_t)ms * 1000, text);
}

static const char *
client_text(
    const struct address *a, const struct identity *identity, char *text)
{
	if (a != NULL)
		return who_format(a, identity, text);
	snprintf(text, WHO_TEXT_MAX, "a forgotten client");
	return text;
}

static void __attribute__((format(printf, 2, 3)))
put(const struct report *r, const char *format, ...)
{
	char line[LINE_MAX_BYTES];
	va_list args;

	va_start(args, format);
	vsnprintf(line, sizeof(line), format, args);
	va_end(args);
	r->put(r->arg, line);
}

static void
put_totals(const struct report *r)
{
	struct last_writer_totals t = last_writer_totals(r->lw);
	const struct writers *w = last_writer_clients(r->lw);

	put(r,
	    "%" PRIu64 " writes by %" PRIu64
	    " clients; %zu registers and %zu coils "
	    "written; %zu registers and %zu coils contended",
	    t.writes, writers_known(w) + writers_forgotten(w),
	    t.written[DATATABLE_REGISTERS], t.written[DATATABLE_COILS],
	    t.contended[DATATABLE_REGISTERS], t.contended[DATATABLE_COILS]);
}

static void
put_client(const struct report *r, uint16_t number)
{
	const struct writer *w =
	    writers_get(last_writer_clients(r->lw), number);
	char client[WHO_TEXT_MAX], time[TIMESTAMP_TEXT_MAX];

	put(r,
	    "client %s: %" PRIu64 " writes, the last %s; last to write %zu "
	    "registers and %zu coils",
	    who_format(&w->address, w->identity, client), w->writes,
	    time_text(w->time, time),
	    last_writer_holds(r->lw, number, DATATABLE_REGISTERS),
	    last_writer_holds(r->lw, number, DATATABLE_COILS));
}

static void
put_clients(const struct report *r)
{
	const struct writers *w = last_writer_clients(r->lw);
	struct ranking most = { .room = LAST_WRITER_REPORT_CLIENTS };

	for (uint16_t n = WRITERS_FIRST; n < WRITERS_END; n++)
		if (writers_get(w, n) != NULL)
			rank(&most, writers_get(w, n)->writes, n);
	for (size_t i = 0; i < most.count; i++)
		put_client(r, (uint16_t)most.best[i].what);
	most.others += writers_forgotten(w);
	if (most.others > 0)
		put(r, "%" PRIu64 " more clients", most.others);
}

static void
put_contended(
    const struct report *r, enum datatable_kind kind, uint16_t address)
{
	char client[WHO_TEXT_MAX], other[WHO_TEXT_MAX];
	char time[TIMESTAMP_TEXT_MAX];
	struct last_write w;

	if (!last_writer_read(r->lw, kind, address, &w))
		return;
	client_text(w.client, w.identity, client);
	if (w.handover == 0)
		put(r, "contended: %s %u: %" PRIu32 " times; written by %s %s",
		    kind_names[kind], address, w.contentions, client,
		    time_text(w.time, time));
	else
		put(r,
		    "contended: %s %u: %" PRIu32 " times; last from %s to %s "
		    "%s",
		    kind_names[kind], address, w.contentions,
		    client_text(w.other, w.other_identity, other), client,
		    time_text(w.handover, time));
}

/* Both kinds in one ranking: what is ranked is the kind and the address. */
static void
put_all_contended(const struct report *r)
{
	struct ranking most = { .room = LAST_WRITER_REPORT_CONTENDED };
	struct last_write w;

	for (uint32_t kind = 0; kind < 2; kind++) {
		int32_t at = last_writer_next_contended(r->lw, kind, 0);

		for (; at >= 0; at = last_writer_next_contended(
				    r->lw, kind, (uint32_t)at + 1))
			if (last_writer_read(r->lw, kind, (uint16_t)at, &w))
				rank(&most, w.contentions,
				    kind << 16 | (uint32_t)at);
	}
	for (size_t i = 0; i < most.count; i++)
		put_contended(
		    r, most.best[i].what >> 16, (uint16_t)most.best[i].what);
	if (most.others > 0)
		put(r, "%" PRIu64 " more addresses are contended", most.others);
}

void
last_writer_report(const struct last_writer *lw,
    void (*put_line)(void *arg, const char *line), void *arg)
{
	const struct report r = { lw, put_line, arg };

	put_totals(&r);
	put_clients(&r);
	put_all_contended(&r);
}
