/*
 * Two connections to one Redis, a primary: one to read, one to write. Both
 * authenticate themselves, select the database, and ask for the role.
 */
#ifndef SHARED_LINK_H
#define SHARED_LINK_H

#include <stdint.h>

#include "shared/resp.h"
#include "shared/url.h"

struct evbuffer;
struct event_base;
struct link;
struct ssl_ctx_st;

enum link_side {
	LINK_READER,
	LINK_WRITER,
	LINK_SIDES,
};

/* Commands of kinds below are the link's own. */
#define LINK_KINDS 3

/* Room for why, with its NUL. */
#define LINK_WHY_SIZE REPLY_LINE_SIZE

/* Why it is lost where a reply is not of the type or shape that it must be. */
#define LINK_UNFIT "an answer that does not fit"

/* Each may disconnect, or free the link. None comes from within a call. */
struct link_events {
	void (*ready)(void *arg);
	void (*lost)(void *arg, const char *why);
	void (*replied)(void *arg, const struct resp_command *command,
	    const struct reply *reply);
};

struct link_config {
	struct event_base *base;      /* borrowed */
	const struct shared_url *url; /* copied */
	struct ssl_ctx_st *tls;       /* borrowed; NULL: none */
	unsigned patience;            /* ms */
	const struct link_events *events;
	void *arg;
};

/* NULL: no memory. */
struct link *link_new(const struct link_config *config);
void link_free(struct link *l);

/* Connect to the next host of the URL. */
void link_connect(struct link *l);

/* Drop both connections; no event comes any more. */
void link_disconnect(struct link *l);

/* The host that it is, or was last, connected to, with its port. Borrowed until
 * the next link_connect. */
const char *link_host(const struct link *l);

/* Send a command. Nothing is sent, nor told, where the link is lost; without
 * memory, it is lost. */
void link_send(struct link *l, enum link_side side,
    const struct resp_command *command, const struct resp_word *words,
    size_t count);

/* The same, of commands that resp_format has formatted: bytes has all. */
void link_send_formatted(struct link *l, enum link_side side,
    const struct resp_command *commands, size_t count, struct evbuffer *bytes);

/* Drop both connections; lost comes from the event loop. why is copied. */
void link_fail(struct link *l, const char *why);

/* The side on which a reply is being told. */
struct resp *link_resp(struct link *l, enum link_side side);

#endif
