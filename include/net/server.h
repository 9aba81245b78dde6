/*
 * The server: listeners, the connections they accept, and the limits over all
 * of them. Everything runs on one event base, on one thread.
 *
 *   server_new → server_listen or server_adopt, once per address → server_start
 *   → server_stop → stopped → server_free
 */
#ifndef NET_SERVER_H
#define NET_SERVER_H

#include <event2/util.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/address.h"
#include "net/conn.h"

struct datagram_figures;
struct entrance;
struct event_base;
struct server;
struct transport;

/* Addresses that one server can listen on. */
#define SERVER_LISTEN_MAX 33

/* Descriptors of the server beside its listeners and connections: a connection
 * that is refused, and one that was evicted, whose descriptor is closed in the
 * next turn of the event loop. */
#define SERVER_DESCRIPTORS 2

/* All pointers are borrowed and outlive the server. */
struct server_config {
	struct service service;    /* its counters are the server's */
	const char *shutdown_word; /* NULL: there is none */

	size_t reserve;         /* descriptors that connections may not use:
				   all others of the program need them */
	size_t max_connections; /* 0: as many as descriptors allow */
	size_t max_per_client;  /* from one address; 0: no limit */
	uint64_t evict_idle;    /* milliseconds: at max_connections, one that
				   has been idle for longer is closed */
	struct conn_deadlines deadlines;

	/* A client has sent the shut-down word; should call server_stop. */
	void (*shut_down)(void *arg, const struct client *who);
	/* After server_stop, once no connection is left. */
	void (*stopped)(void *arg);
	void *arg;
};

/* The defaults: nothing is plugged in, no limits but descriptors, and the
 * default deadlines. */
void server_config_init(struct server_config *config);

/* A server without listeners. config is copied. The server becomes the service
 * of config's order (see struct order) until it is freed. Returns NULL when
 * there is no memory. */
struct server *
server_new(struct event_base *base, const struct server_config *config);

/* Close all connections and listeners at once. NULL is fine. */
void server_free(struct server *s);

/*
 * Where clients come in that are not served at once, such as the handshakes of
 * TLS (net/door.h). Who comes in is inside: it counts as a connection for all
 * limits, until it is admitted or has left. In server_free nobody is inside.
 */
struct entrance {
	void *arg;   /* borrowed, given to each call */
	uint8_t way; /* enum client_way, of clients that come in here */

	/* A client that may connect. fd is the callee's. */
	void (*come_in)(
	    void *arg, evutil_socket_t fd, const struct client *who);

	/* The server stops: all who are inside have to leave, at once. */
	void (*stop)(void *arg);
};

/* One who is inside becomes a connection; its identity may have been added.
 * Takes ownership of fd and of transport, also on failure. Returns 0, or -1
 * when there is no memory; then it has left. */
int server_admit(struct server *s, evutil_socket_t fd,
    struct transport *transport, const struct client *who);

/* One who was inside has left: its descriptor is closed. */
void server_left(struct server *s, const struct client *who);

/* Let nobody in by this entrance, or let them in again; those who come wait in
 * the listen queue. Nobody is kept out at first. */
void server_hold(struct server *s, const struct entrance *e, bool held);

/*
 * Bind one more address, as listener_bind does, SERVER_LISTEN_MAX times at the
 * most; server_start listens on it. entrance is borrowed, and where its clients
 * come in; NULL: they are connections at once. Returns 0, or -1 with errno set.
 */
int server_listen(struct server *s, const struct address *where,
    bool both_families, const struct entrance *entrance);

/*
 * The same at a path of this machine, as socket_bind_path does, which listens
 * at once: who connects before server_start waits. The path, which is borrowed,
 * is removed when the server stops listening.
 */
int server_listen_path(struct server *s, const char *path);

/*
 * Accept from fd, a listening stream socket that another process has opened and
 * may share: it is closed, never shut down. It counts as one of
 * SERVER_LISTEN_MAX. Takes ownership of fd. Returns 0, or -1 with errno set;
 * then fd is still the caller's.
 */
int server_adopt(
    struct server *s, evutil_socket_t fd, const struct entrance *entrance);

/*
 * Bind one more address, for UDP (net/datagrams.h); server_start serves it.
 * both_families: as
 * listener_bind. Returns 0, or -1 with errno set.
 */
int server_listen_udp(
    struct server *s, const struct address *where, bool both_families);

/* The number of addresses that it listens on, and one of them; those of UDP are
 * behind all others. */
size_t server_address_count(const struct server *s);
struct address server_address(const struct server *s, size_t i);

/* The port of the first of them that has one; 0: none has. */
uint16_t server_port(const struct server *s);

/* Listen on all addresses, and accept clients. Returns 0, or -1 with errno set:
 * see socket_listen. */
int server_start(struct server *s);

/*
 * Stop accepting, answer requests that wait, send pending replies, then close
 * all connections and call stopped from the event loop, at most half a second
 * later. A second call has no effect.
 */
void server_stop(struct server *s);

/* What clients have proved by their transports may no longer be good: ask about
 * each connection again, some in each turn of the event loop, and finish those
 * that would not be let in any more. A second call begins anew. */
void server_check_peers(struct server *s);

/* Call what with the figures of each connection, in the order in which they
 * were accepted. what must not close connections. */
void server_each_client(const struct server *s,
    void (*what)(void *arg, const struct conn_figures *figures), void *arg);

/* Its counters; to be read on the event loop's thread. */
const struct counters *server_counters(const struct server *s);

/* What it has counted of UDP; NULL: it does not listen there. */
const struct datagram_figures *server_datagrams(const struct server *s);

/* Its service, for writes from within (service/writing.h). */
const struct service *server_service(const struct server *s);

#endif
