/*
 * The door: an entrance (net/server.h) where each client shakes hands by its
 * transport before it is a connection. Here such a client is called a guest.
 *
 * A handshake costs milliseconds of processor time, and many clients may come
 * at once. So guests whose sockets are ready stand in a queue, and each turn of
 * the event loop takes one step of one handshake: no other client waits for
 * more than that.
 *
 *   waiting   for the client: its next bytes. Ends when its socket is ready,
 *             or with a deadline.
 *   queued    for its turn. Then: done, which makes it a connection; waiting
 *             again; or refused.
 *   leaving   refused. Our sending side is shut, and what still arrives is
 *             dropped until EOF or a deadline, so that the client gets the
 *             reason, which closing with unread bytes would destroy.
 */
#ifndef NET_DOOR_H
#define NET_DOOR_H

#include <stddef.h>
#include <stdint.h>

struct door;
struct entrance;
struct event_base;
struct server;
struct transport_source;

/* Times are in milliseconds. */
struct door_limits {
	size_t guests; /* then nobody comes in, and those behind wait in the
			  listen queue */
	uint64_t handshake; /* for all of it */
	uint64_t patience;  /* with that many guests: for a client, in all */
	uint64_t leaving;
};

/* The defaults: 512 guests, 10 s, 3 s, 1 s. */
void door_limits_init(struct door_limits *limits);

/* A door to server, which outlives it, as does source. Both are borrowed,
 * limits are copied. NULL when there is no memory. */
struct door *door_new(struct event_base *base, struct server *server,
    const struct transport_source *source, const struct door_limits *limits);

/* Close the connections of all guests. NULL is fine. */
void door_free(struct door *d);

/* For server_listen and server_adopt. */
const struct entrance *door_entrance(const struct door *d);

/* How many guests there are. */
size_t door_guests(const struct door *d);

#endif
