/* The addresses of a host, by evdns, which reads /etc/hosts, too. */
#ifndef SHARED_LOOKUP_H
#define SHARED_LOOKUP_H

#include <event2/util.h>
#include <stdint.h>

struct event_base;
struct lookup;

/* Called once, from the event loop: with addresses, to be freed by
 * evutil_freeaddrinfo, or NULL and why, one line. The lookup has ended. */
typedef void (*lookup_fn)(
    void *arg, struct evutil_addrinfo *addresses, const char *why);

/* Begin; it ends within about patience ms. NULL: no memory. */
struct lookup *lookup_start(struct event_base *base, const char *host,
    uint16_t port, unsigned patience, lookup_fn done, void *arg);

/* Its end is not told. It is freed by a later turn of the loop. Accepts NULL.
 */
void lookup_drop(struct lookup *l);

#endif
