/*
 * What mbfault(1) serves over HTTP: its rules, which can be replaced while it
 * runs, and its metrics.
 *
 *   GET /rules     the rules, one a line
 *   PUT /rules     replace them by those of the body
 *   DELETE /rules  remove them
 *   GET /metrics   for Prometheus
 *   GET /healthz   "ok"
 *
 * Who may ask is as for the server (http/trust.h); who replaces or removes
 * rules needs the token, where there is one.
 */
#ifndef FAULT_CONTROL_H
#define FAULT_CONTROL_H

#include <event2/util.h>
#include <stddef.h>

struct event_base;
struct fault_control;
struct fault_proxy;
struct fault_rules;

/* All pointers are borrowed. */
struct fault_control_config {
	struct event_base *base;
	evutil_socket_t fd; /* a listening socket */
	struct fault_rules *rules;
	const struct fault_proxy *proxy;
	const char *token;        /* NULL: none is needed */
	const char *const *hosts; /* names that the Host header may have */
	size_t host_count;
};

/* Descriptors that it takes. */
size_t fault_control_descriptors(void);

/* Serve HTTP on config->fd, which is taken over, also on failure. config is
 * copied. Returns NULL with errno set. */
struct fault_control *
fault_control_new(const struct fault_control_config *config);

/* Close all HTTP connections. Accepts NULL. */
void fault_control_free(struct fault_control *c);

#endif
