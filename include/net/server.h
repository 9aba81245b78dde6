/*
 * The server: listeners, the connections they accept, and the limits over all
 * of them. Everything runs on one event base, on one thread.
 *
 *   server_new → server_listen or server_adopt, once per address → server_start
 *   → server_stop → stopped → server_free
 */
#ifndef NET_SERVER_H
#define NET_SERVER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/address.h"
#include "net/conn.h"

struct bufferevent;
struct event_base;
struct server;

/* Addresses that one server can listen on. */
#define SERVER_LISTEN_MAX 16

/* Descriptors of the server beside its listeners and connections: a connection
 * that is refused, and one that was evicted, whose descriptor is closed in the
 * next turn of the event loop. */
#define SERVER_DESCRIPTORS 2

/*
 * Make a bufferevent that owns the connected socket fd, and closes it when
 * freed. Returns NULL on failure; then fd is still the caller's.
 */
typedef struct bufferevent *(*bufferevent_factory_fn)(
    void *arg, struct event_base *base, int fd);

/* All pointers are borrowed and outlive the server. */
struct server_config {
	struct service service;    /* its counters are the server's */
	const char *shutdown_word; /* NULL: there is none */

	bufferevent_factory_fn factory; /* NULL: plain TCP */
	void *factory_arg;

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
 * Listen on one more address, as listener_open does, SERVER_LISTEN_MAX times
 * at the most. Returns 0, or -1 with errno set.
 */
int server_listen(
    struct server *s, const struct address *where, bool both_families);

/*
 * Listen on fd, a listening TCP socket that another process has opened and may
 * share: it is closed, never shut down. It counts as one of SERVER_LISTEN_MAX.
 * Takes ownership of fd. Returns 0, or -1 with errno set; then fd is still the
 * caller's.
 */
int server_adopt(struct server *s, int fd);

/* The number of addresses that it listens on, and one of them. */
size_t server_address_count(const struct server *s);
struct address server_address(const struct server *s, size_t i);

/* Start accepting clients. Returns 0, or -1 when there is no memory. */
int server_start(struct server *s);

/*
 * Stop accepting, answer requests that wait, send pending replies, then close
 * all connections and call stopped from the event loop, at most half a second
 * later. A second call has no effect.
 */
void server_stop(struct server *s);

/* Call what with the figures of each connection, in the order in which they
 * were accepted. what must not close connections. */
void server_each_client(const struct server *s,
    void (*what)(void *arg, const struct conn_figures *figures), void *arg);

/* Its counters; to be read on the event loop's thread. */
const struct counters *server_counters(const struct server *s);

/* Its service, for writes from within (service/writing.h). */
const struct service *server_service(const struct server *s);

#endif
