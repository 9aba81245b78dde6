/*
 * A connection to a server that speaks RESP: commands go out in sequence, and
 * their replies come in that sequence.
 *
 * It fails when a reply that is due does not come for as long as its patience,
 * counted in turns of a timer, so that a pause of this process does not count;
 * when a reply is malformed, too long, or answers nothing; and when the
 * connection fails or ends.
 */
#ifndef SHARED_RESP_H
#define SHARED_RESP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "shared/reply.h"

struct bufferevent;
struct evbuffer;
struct event_base;
struct resp;

/* Why it failed, where a reply was longer than shared/reply.h allows. */
#define RESP_TOO_LONG "an answer is too long"

/* What a reply is told with. */
struct resp_command {
	unsigned kind;
	unsigned extra; /* ms that its reply may take beside the patience */
	uint64_t tag;
};

/* Text or bytes that are part of a command. */
struct resp_word {
	const void *bytes;
	size_t length;
};

/* Both may free the connection. */
struct resp_events {
	void (*replied)(void *arg, const struct resp_command *command,
	    const struct reply *reply);

	/* Once, with one line; it can only be freed now. It may come from
	 * within a call of bufferevent_socket_connect, no other. */
	void (*failed)(void *arg, const char *why);
};

struct resp_config {
	struct event_base *base; /* borrowed */
	unsigned patience;       /* ms, at least 8 */
	const struct resp_events *events;
	void *arg;
};

/* bev is to be connected by the caller, then or before, and owned, but not on
 * failure: NULL, there is no memory. */
struct resp *
resp_new(const struct resp_config *config, struct bufferevent *bev);

/* No event comes any more. Accepts NULL. */
void resp_free(struct resp *c);

/* Whether it has ever been connected. */
bool resp_is_connected(const struct resp *c);

/* Send a command, whose words are copied. Returns 0, or -1 when there is no
 * memory: then nothing was sent. */
int resp_send(struct resp *c, const struct resp_command *command,
    const struct resp_word *words, size_t count);

/* Add a command's bytes to out. Returns 0, or -1 when there is no memory: then
 * nothing was added. */
int
resp_format(struct evbuffer *out, const struct resp_word *words, size_t count);

/* Send commands that were formatted, of which bytes has all; it is emptied.
 * Returns 0, or -1 when there is no memory: then nothing was sent. */
int resp_send_formatted(struct resp *c, const struct resp_command *commands,
    size_t count, struct evbuffer *bytes);

/* The memory of the reply that is being told: see shared/reply.h. */
struct reply_memory *resp_memory(struct resp *c);
struct reply_memory *resp_keep(struct resp *c);

#endif
