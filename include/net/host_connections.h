/*
 * How many connections each client address has, whatever its port. A census
 * that is NULL counts nobody, and lets everybody in.
 */
#ifndef NET_HOST_CONNECTIONS_H
#define NET_HOST_CONNECTIONS_H

#include <stddef.h>

#include "base/address.h"

struct census;

/* An empty census, or NULL when there is no memory. */
struct census *census_new(void);

void census_free(struct census *census);

/* How many connections this address has: 0 for one that is not listed. */
size_t census_count(const struct census *census, const struct address *a);

/* Count a connection in. Returns 0, or -1 when there is no memory. */
int census_enter(struct census *census, const struct address *a);

/* Count a connection out that was counted in. */
void census_leave(struct census *census, const struct address *a);

#endif
