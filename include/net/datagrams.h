/*
 * Modbus over UDP: the sockets of one server, and who asks there.
 *
 * A datagram is one request, one whole ADU as over TCP, and its reply is one
 * datagram, from the address that was asked. Nothing else is ever sent. What
 * gets no reply:
 *
 *   malformed  it is not exactly one ADU, or is one of a response: its function
 *              code has the bit of exceptions. Two servers that answer each
 *              other's replies would not end
 *   refused    the rules do not let its source connect, or nobody may be
 *              answered there: port 0; an address of many, or sent to one; a
 *              port that is one of ours, where this server or another one may
 *              be
 *   dropped    too many requests wait, or there is no memory
 *   silent     its unit identifier is to be ignored, or the outcome of its
 *              write is not known
 *
 * A source is an address and a port. Its requests are executed and answered in
 * the order in which they arrived, as those of a connection: while one waits
 * for the order (service/order.h), those behind it wait, too. The sources heard
 * last are known; one that has not been heard for long, among many, is a new
 * client when it is heard again.
 *
 *   datagrams_new → datagrams_bind, once per address → datagrams_start →
 *   datagrams_stop → settled → datagrams_free
 */
#ifndef NET_DATAGRAMS_H
#define NET_DATAGRAMS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/address.h"

struct conn_log;
struct datagrams;
struct event_base;
struct service;

/* The most sockets. */
#define DATAGRAMS_SOCKETS_MAX 32

/* Sources that each socket knows. */
#define DATAGRAMS_SOURCES_MAX 256

/* Requests that wait, in all, and of one source. Each takes less than 600
 * bytes. */
#define DATAGRAMS_WAITING_MAX        1024
#define DATAGRAMS_SOURCE_WAITING_MAX 256

/* So many are received in a turn of the event loop, of each socket. */
#define DATAGRAMS_A_TURN 64

/* All borrowed; outlives the datagrams. */
struct datagrams_config {
	const struct service *service;
	struct conn_log *log; /* for requests to units that are not served */

	/* The id of a new client. */
	uint64_t (*new_client)(void *arg);
	/* After datagrams_stop: no request waits any more. */
	void (*settled)(void *arg);
	void *arg;
};

/*
 * What was counted. Each datagram that was received is in one of malformed to
 * lost, or waits.
 */
struct datagram_figures {
	uint64_t received;
	uint64_t malformed, refused, dropped, silent; /* see above */
	uint64_t replied;                             /* replies sent */
	uint64_t lost;  /* replies that the system did not take */
	size_t waiting; /* requests, now */
};

/* Without sockets. config is copied. NULL when there is no memory. */
struct datagrams *
datagrams_new(struct event_base *base, const struct datagrams_config *config);

/* Close the sockets. Writes that wait are still executed, without a reply.
 * NULL is fine. */
void datagrams_free(struct datagrams *d);

/* Bind one more address; with both_families as listener_bind does. Nothing is
 * received. Returns 0, or -1 with errno set. */
int datagrams_bind(
    struct datagrams *d, const struct address *where, bool both_families);

/* The number of sockets, and the address of one of them. */
size_t datagrams_count(const struct datagrams *d);
struct address datagrams_address(const struct datagrams *d, size_t i);

/* Serve. What has come before is dropped: it was not sent to a server that
 * serves. Returns 0 or -1. */
int datagrams_start(struct datagrams *d);

/* Receive no more. Requests that wait are still answered. */
void datagrams_stop(struct datagrams *d);

/* Whether no request waits. */
bool datagrams_are_settled(const struct datagrams *d);

/* To be called about once a second, and at the end: flushes the log, and
 * receives again after an error of the system. */
void datagrams_sweep(struct datagrams *d, bool finally);

/* Borrowed. */
const struct datagram_figures *datagrams_figures(const struct datagrams *d);

#endif
