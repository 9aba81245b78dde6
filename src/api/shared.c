#include "api/shared.h"

#include <inttypes.h>
#include <stdbool.h>

#include "api/metric.h"
#include "api/text_writer.h"
#include "shared/member.h"

/* --- status ------------------------------------------------------------- */

struct servers {
	struct text_writer *t;
	uint64_t newest; /* entry that any of them has said */
	bool any;        /* one is written */
};

static void
find_newest(void *arg, const struct member_peer *peer)
{
	struct servers *s = arg;

	if (peer->entry > s->newest)
		s->newest = peer->entry;
}

static void
add_server(void *arg, const struct member_peer *peer)
{
	struct servers *s = arg;

	text_writer_add(s->t, "%s{\"host\":", s->any ? "," : "");
	text_writer_add_string(s->t, peer->host);
	text_writer_add(s->t,
	    ",\"entry\":%" PRIu64 ",\"behind\":%" PRIu64
	    ",\"own\":%s,\"simulates\":%s}",
	    peer->entry, s->newest - peer->entry, peer->own ? "true" : "false",
	    peer->simulates ? "true" : "false");
	s->any = true;
}

void
shared_write_status(struct member *m, struct text_writer *t)
{
	const struct member_figures *f = member_figures(m);
	const char *trouble = member_trouble(m);
	struct servers servers = { .t = t };

	text_writer_add(t, "{\"engine\":");
	text_writer_add_string(t, member_engine(m));
	text_writer_add(t, ",\"connected\":%s,\"writable\":%s,\"trouble\":",
	    f->connected ? "true" : "false", f->writable ? "true" : "false");
	if (trouble != NULL)
		text_writer_add_string(t, trouble);
	else
		text_writer_add(t, "null");
	text_writer_add(t, ",\"entry\":%" PRIu64 ",\"servers\":[", f->entry);
	member_each_server(m, find_newest, &servers);
	member_each_server(m, add_server, &servers);
	text_writer_add(t, "]}");
}

/* --- metrics ------------------------------------------------------------ */

static void
add_writes(struct text_writer *t, const struct member_figures *f)
{
	metric_add_one(t, "shared_writes_executed_total", "counter",
	    "Writes of all servers that were executed.", f->executed);
	metric_add_one(t, "shared_writes_own_total", "counter",
	    "Those of these that this server's clients have sent.", f->own);
	metric_add_one(t, "shared_writes_refused_total", "counter",
	    "Writes of this server's clients that were not executed, and never "
	    "will be.",
	    f->refused);
	metric_add_one(t, "shared_writes_unknown_total", "counter",
	    "Writes of this server's clients that were left undecided.",
	    f->unknown);
	metric_add_one(t, "shared_writes_late_total", "counter",
	    "Writes that were ignored, as the session of their server was "
	    "closed.",
	    f->late);
	metric_add_one(t, "shared_writes_outstanding", "gauge",
	    "Writes of this server's clients that wait for their outcome.",
	    f->outstanding);
	metric_add_histogram(t, "shared_write_seconds",
	    "Time from a write of a client to its outcome.", &f->took,
	    NANOSECOND);
}

void
shared_write_metrics(struct member *m, struct text_writer *t)
{
	const struct member_figures *f = member_figures(m);

	metric_add_one(t, "shared_connected", "gauge",
	    "1 while the engine is there and the table is up to date, else 0.",
	    f->connected);
	metric_add_one(t, "shared_entry", "gauge",
	    "Number of the last entry of the log that was executed.", f->entry);
	add_writes(t, f);
	metric_add_one(t, "shared_reloads_total", "counter",
	    "Times that the table was loaded anew.", f->reloads);
	metric_add_one(t, "shared_disconnects_total", "counter",
	    "Connections to the engine that were lost.", f->disconnects);
	metric_add_one(t, "shared_snapshots_total", "counter",
	    "Snapshots that this server has made.", f->snapshots);
}
