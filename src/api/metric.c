#include "api/metric.h"

#include <inttypes.h>

#include "api/text_writer.h"
#include "base/histogram.h"

void
metric_add_head(
    struct text_writer *t, const char *name, const char *type, const char *help)
{
	text_writer_add(t,
	    "# HELP mbasyncserver_%s %s\n# TYPE mbasyncserver_%s %s\n", name,
	    help, name, type);
}

void
metric_add_one(struct text_writer *t, const char *name, const char *type,
    const char *help, uint64_t value)
{
	metric_add_head(t, name, type, help);
	text_writer_add(t, "mbasyncserver_%s %" PRIu64 "\n", name, value);
}

void
metric_add_labelled(struct text_writer *t, const char *name, const char *label,
    const char *value, uint64_t n)
{
	text_writer_add(t, "mbasyncserver_%s{%s=\"%s\"} %" PRIu64 "\n", name,
	    label, value, n);
}

void
metric_add_histogram(struct text_writer *t, const char *name, const char *help,
    const struct histogram *h, double unit)
{
	uint64_t n = 0;

	metric_add_head(t, name, "histogram", help);
	for (size_t i = 0; i < HISTOGRAM_BUCKETS; i++) {
		n += h->counts[i];
		text_writer_add(t,
		    "mbasyncserver_%s_bucket{le=\"%g\"} %" PRIu64 "\n", name,
		    (double)h->bounds[i] * unit, n);
	}
	n += h->counts[HISTOGRAM_BUCKETS];
	text_writer_add(t,
	    "mbasyncserver_%s_bucket{le=\"+Inf\"} %" PRIu64
	    "\nmbasyncserver_%s_sum %.9f\nmbasyncserver_%s_count %" PRIu64 "\n",
	    name, n, name, (double)h->sum * unit, name, n);
}
