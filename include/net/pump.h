/*
 * Moves bytes between a transport and a stream: waits for the socket, in either
 * direction, and sends from an evbuffer what the socket did not take at once.
 *
 * A transport may want to write in order to read, and the reverse. The owner
 * does not see that.
 */
#ifndef NET_PUMP_H
#define NET_PUMP_H

#include <event2/util.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "service/transport.h"

struct evbuffer;
struct event_base;
struct pump;

/* Not to be compiled into loops that every request of a plain socket takes. */
#define PUMP_CALL __attribute__((noinline))

/* Callbacks, which may free the pump. */
struct pump_events {
	void (*readable)(void *arg); /* should call pump_receive */
	void (*sent)(void *arg);     /* bytes of the evbuffer are gone */
	void (*broken)(void *arg, int error); /* the system's error, or -1 */
};

/*
 * A pump that does not read yet. Takes ownership of transport, unless there is
 * no memory: then it returns NULL. fd, out and events are borrowed. Others only
 * add to out, and call pump_wait after.
 */
struct pump *pump_new(struct event_base *base, evutil_socket_t fd,
    struct transport *transport, struct evbuffer *out,
    const struct pump_events *events, void *arg);

/* Tell the peer that nothing more is written, if nothing is unsent; then free
 * the pump with its transport. */
void pump_free(struct pump *p);

/* Call readable when there are bytes, or leave them in the socket. Returns 0,
 * or -1 when there is no memory. */
PUMP_CALL int pump_read(struct pump *p);
PUMP_CALL void pump_pause(struct pump *p);

/*
 * Read at most TRANSPORT_RECORD_MAX bytes into space, which has that room.
 * WANTS_READ: there is nothing yet, the pump will call again.
 *
 * FAILED: what arrives can't be understood. From then on, what is written is
 * lost, and what is read are WANTS_READ and at last EOF.
 */
PUMP_CALL enum transport_step
pump_receive(struct pump *p, void *space, size_t *got);

/* Send, while out is empty, as many bytes as the socket takes. Returns their
 * number. The caller adds the others to out, then calls pump_wait. */
PUMP_CALL size_t pump_send(struct pump *p, const uint8_t *bytes, size_t length);

/* There are bytes in out. Returns 0, or -1 when there is no memory. */
PUMP_CALL int pump_wait(struct pump *p);

/* The transport's answer, and its reason, borrowed from it. */
PUMP_CALL bool pump_is_still_good(struct pump *p);

/* The version of its transport's protocol, a literal. */
PUMP_CALL const char *pump_version(const struct pump *p);
PUMP_CALL const char *pump_reason(const struct pump *p);

/* Nothing is unsent: tell the peer that nothing more is written. Returns
 * whether that was sent; else the pump goes on trying. */
PUMP_CALL bool pump_shut(struct pump *p);

/* The same, then end the sending side of the socket. Returns 0, or -1 with
 * errno set. */
PUMP_CALL int pump_end(struct pump *p);

#endif
