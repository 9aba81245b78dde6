/* A transport that is the socket itself, for what is to be tested without TLS.
 */
#ifndef BARE_TRANSPORT_H
#define BARE_TRANSPORT_H

#include "service/transport.h"

struct identities;

/* Who all its clients are; their role is "Operator". */
#define BARE_SUBJECT "CN=Bare"

/*
 * It takes as many steps to shake hands as steps says, each of which needs the
 * socket to be readable, and takes no byte from it; or none, and fails, where
 * that is negative: then no client is good any more, either.
 */
struct bare_source {
	struct transport_source source; /* of bare_begin, with itself */
	struct identities *all;         /* borrowed */
	int steps;
	unsigned begun; /* how many there were */
	unsigned freed;
	unsigned shut;
	unsigned asked; /* how often whether a client is still good */
};

void bare_source_init(struct bare_source *b, struct identities *all);

#endif
