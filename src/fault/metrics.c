#include "fault/metrics.h"

#include <event2/buffer.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdbool.h>
#include <string.h>

#include "fault/proxy.h"
#include "fault/rules.h"

/* Where they are put. */
struct metrics {
	struct evbuffer *out; /* borrowed */
	bool failed;          /* something is missing */
};

static void __attribute__((format(printf, 2, 3)))
put(struct metrics *m, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	if (evbuffer_add_vprintf(m->out, format, args) < 0)
		m->failed = true;
	va_end(args);
}

/* Help and type, which precede the samples of each metric. */
static void
put_head(
    struct metrics *m, const char *name, const char *type, const char *help)
{
	put(m, "# HELP mbfault_%s %s\n# TYPE mbfault_%s %s\n", name, help, name,
	    type);
}

static void
put_one(struct metrics *m, const char *name, const char *type, const char *help,
    uint64_t value)
{
	put_head(m, name, type, help);
	put(m, "mbfault_%s %" PRIu64 "\n", name, value);
}

static void
put_effects(struct metrics *m, const struct fault_figures *f)
{
	put_head(m, "acts_total", "counter",
	    "Requests by what happened to them; pass is no fault.");
	for (int effect = FAULT_PASS; effect < FAULT_EFFECTS; effect++)
		put(m, "mbfault_acts_total{effect=\"%s\"} %" PRIu64 "\n",
		    fault_effect_names[effect], f->acts[effect]);
}

/* The value of a label, quoted. */
static void
put_label(struct metrics *m, const char *text)
{
	put(m, "\"");
	while (*text != '\0') {
		const size_t plain = strcspn(text, "\"\\");

		put(m, "%.*s", (int)plain, text);
		text += plain;
		if (*text != '\0')
			put(m, "\\%c", *text++);
	}
	put(m, "\"");
}

static void
put_rules(struct metrics *m, const struct fault_rules *rules)
{
	const size_t count = fault_rules_count(rules);

	put_one(m, "rules", "gauge", "Rules in force.", count);
	if (count == 0)
		return;
	put_head(m, "rule_acts_total", "counter",
	    "Requests that a rule has acted on since it is in force.");
	for (size_t i = 0; i < count; i++) {
		put(m, "mbfault_rule_acts_total{rule=\"%zu\",text=", i + 1);
		put_label(m, fault_rules_text(rules, i));
		put(m, "} %" PRIu64 "\n", fault_rules_acts(rules, i));
	}
}

int
fault_metrics_put(const struct fault_figures *f,
    const struct fault_rules *rules, struct evbuffer *out)
{
	struct metrics m = { .out = out };

	put_one(&m, "connections", "gauge", "Open connections of clients.",
	    f->connections);
	put_one(&m, "connections_accepted_total", "counter",
	    "Connections accepted.", f->accepted);
	put_one(&m, "connections_refused_total", "counter",
	    "Connections refused, as there were too many.", f->refused);
	put_one(&m, "connections_unreachable_total", "counter",
	    "Connections closed, as the server could not be reached.",
	    f->unreachable);
	put_one(
	    &m, "requests_total", "counter", "Requests received.", f->requests);
	put_one(&m, "replies_total", "counter",
	    "Replies received from the server.", f->replies);
	put_effects(&m, f);
	put_rules(&m, rules);
	return m.failed ? -1 : 0;
}
