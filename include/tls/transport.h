/*
 * TLS as a transport (service/transport.h): sessions of one context, with what
 * is logged and counted about them.
 */
#ifndef TLS_TRANSPORT_H
#define TLS_TRANSPORT_H

#include <stdint.h>

#include "base/log.h"
#include "service/transport.h"
#include "tls/session.h"

/* Others read members, and may put another context in its place. */
struct tls_source {
	struct transport_source source;
	const struct tls_context *context; /* borrowed */
	struct identities *identities;     /* borrowed, outlive all clients */
	struct log_limit role_limit;
	uint64_t results[TLS_RESULTS]; /* handshakes that ended so */
};

/* s must stay where it is. */
void tls_source_init(struct tls_source *s, const struct tls_context *context,
    struct identities *identities);

#endif
