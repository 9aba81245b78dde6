/* The metrics of mbfault, for Prometheus, in text format 0.0.4. */
#ifndef FAULT_METRICS_H
#define FAULT_METRICS_H

struct evbuffer;
struct fault_figures;
struct fault_rules;

/* Add all of them to out. Returns 0, or -1 when there is no memory; then some
 * are missing. */
int fault_metrics_put(const struct fault_figures *figures,
    const struct fault_rules *rules, struct evbuffer *out);

#endif
