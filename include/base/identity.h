/*
 * Who a client is by its certificate. An identity is interned by issuer,
 * subject and role: who comes back, from whichever address, gets the same one,
 * so that pointers can be compared. It is counted: whoever keeps a pointer
 * holds it, and releases it.
 *
 * Everything here is for the event loop's thread. Other threads may read the
 * texts of an identity that somebody holds.
 */
#ifndef BASE_IDENTITY_H
#define BASE_IDENTITY_H

#include <stdint.h>

#include "base/queue.h"

/* Bytes of a subject or an issuer, and of a role, with the NUL. */
#define IDENTITY_NAME_SIZE 201
#define IDENTITY_ROLE_SIZE 65

struct identity {
	const char *subject; /* printable ASCII, as RFC 4514 writes it; never
				empty */
	const char *issuer;  /* likewise; may be empty */
	const char *role;    /* UTF-8 without control characters; empty: none */

	/* Only identity.c uses these. */
	LIST_ENTRY(identity) link;
	uint32_t hash;
	unsigned holders;
};

/* Those that somebody holds. */
struct identities {
	LIST_HEAD(, identity) held;
};

/* An empty set. It must outlive its identities. */
void identities_init(struct identities *all);

/* The one with these texts, held for the caller; longer texts are cut. NULL
 * when there is no memory. */
const struct identity *identity_of(struct identities *all, const char *subject,
    const char *issuer, const char *role);

/* Hold it once more. NULL is fine. Returns it. */
const struct identity *identity_hold(const struct identity *who);

/* Give it up; the last holder frees it. NULL is fine. */
void identity_release(const struct identity *who);

#endif
