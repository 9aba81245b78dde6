/* One metric for Prometheus, in text format 0.0.4. Names are given without
 * "mbasyncserver_". */
#ifndef API_METRIC_H
#define API_METRIC_H

#include <stdint.h>

/* The unit of figures in ns, for metrics in seconds. */
#define NANOSECOND 1e-9

struct histogram;
struct text_writer;

/* Add help and type, which precede the samples of each metric. */
void metric_add_head(struct text_writer *t, const char *name, const char *type,
    const char *help);

/* Add a metric that has one sample. */
void metric_add_one(struct text_writer *t, const char *name, const char *type,
    const char *help, uint64_t value);

/* Add a sample with a label, whose value needs no escapes. */
void metric_add_labelled(struct text_writer *t, const char *name,
    const char *label, const char *value, uint64_t n);

/* unit: the metric's unit is 1/unit of the histogram's, whose bounds and sum
 * are scaled by it. */
void metric_add_histogram(struct text_writer *t, const char *name,
    const char *help, const struct histogram *h, double unit);

#endif
