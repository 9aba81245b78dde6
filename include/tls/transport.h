/*
 * TLS as a transport (service/transport.h): sessions of one context, with what
 * is logged and counted about them.
 */
#ifndef TLS_TRANSPORT_H
#define TLS_TRANSPORT_H

#include <stddef.h>
#include <stdint.h>

#include "base/log.h"
#include "service/transport.h"
#include "tls/session.h"

/* Others read members. */
struct tls_source {
	struct transport_source source;
	const struct tls_context *context; /* borrowed */
	unsigned generation;               /* of the context */
	struct tls_sockets *sockets;       /* owned */
	struct identities *identities;     /* borrowed, outlive all clients */
	struct log_limit role_limit;
	uint64_t results[TLS_RESULTS]; /* handshakes that ended so */
	size_t connections; /* whose handshake is done, and that are open */
};

/* s must stay where it is. Returns 0, or -1 when there is no memory; then it
 * may be ended. */
int tls_source_init(struct tls_source *s, const struct tls_context *context,
    struct identities *identities);

/* No transport is left. */
void tls_source_end(struct tls_source *s);

/*
 * From now on clients are let in by another context, borrowed. A handshake that
 * has begun with the one before is done with that, but ends well only if the
 * client's certificate is good by the new one. Whoever has been let in stays,
 * until somebody asks whether it is still good.
 */
void
tls_source_replace(struct tls_source *s, const struct tls_context *context);

#endif
