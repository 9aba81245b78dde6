/* One connection of "mbasyncserver health": asks, and waits for the verdict. */
#ifndef HEALTH_PROBE_H
#define HEALTH_PROBE_H

#include <stdbool.h>

#include "base/address.h"
#include "health/reply.h"

struct event_base;
struct probe;

/* What is asked. */
struct probe_kind {
	const char *name;
	size_t (*ask)(const struct address *at, uint8_t *question);
	enum health_verdict (*judge)(
	    const uint8_t *reply, size_t length, bool ended, char *why);
};

extern const struct probe_kind probe_modbus, probe_http;

/* Called once, from the event loop. */
typedef void (*probe_done_fn)(void *arg);

/* Connect, and ask. at is copied, kind borrowed. Returns NULL, with errno, when
 * there are no resources. */
struct probe *probe_new(struct event_base *base, const struct probe_kind *kind,
    const struct address *at, probe_done_fn done, void *arg);

void probe_free(struct probe *p);

const struct probe_kind *probe_kind_of(const struct probe *p);
const struct address *probe_at(const struct probe *p);

/* HEALTH_WAIT until done was called. */
enum health_verdict probe_verdict(const struct probe *p);

/* What is wrong, one line: after HEALTH_UNWELL. */
const char *probe_why(const struct probe *p);

#endif
