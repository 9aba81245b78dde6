/*
 * A whole server and its clients, on one thread. The server runs on its event
 * base, and only there do failures happen; the clients are plain sockets,
 * served between its turns.
 *
 * A client keeps what it has asked, and asks the model as each reply comes: so
 * it knows at once when a reply is missing, wrong or not its own. For that it
 * keeps to addresses that no other client uses at the time.
 */
#ifndef RIG_H
#define RIG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "held_order.h"
#include "rig_clock.h"

struct datatable;
struct door;
struct event_base;
struct server;

/* Registers, and coils, that are a client's own. */
#define RIG_AREA 100

#define RIG_CLIENTS     16
#define RIG_ASKED_MAX   (32 * 1024)
#define RIG_WORD        "stop now"
#define RIG_FAILED_UNIT 0xFA /* what this unit writes will be refused */
#define RIG_PATIENCE_MS 60000

/* End the program, loudly, unless the expression holds. */
#define must(expression)                                                       \
	((expression) ? (void)0 : rig_fail(#expression, __FILE__, __LINE__))

_Noreturn void rig_fail(const char *expression, const char *file, int line);

/* Serve over "plain" sockets, or through the door over a "transport", or over
 * "tls", or frames of "rtu". Returns whether it is one of these. */
bool rig_choose(const char *way);

/* Whether the server knows bytes that are no request from the beginning of one:
 * it closes the connection, or knows the shut-down word. In "rtu", only silence
 * or the end tells. */
bool rig_tells_frames_apart(void);

/* A bit, 1 << kind, for each kind of call that the server makes on this way,
 * but OpenSSL's memory: one handshake is thousands of calls, and fault_tls.c
 * goes through them. */
unsigned rig_kinds(void);

/* What is being done, for rig_fail to tell. */
void rig_say(const char *format, ...) __attribute__((format(printf, 1, 2)));

struct rig_client {
	int fd;             /* -1: not connected */
	struct ssl_st *ssl; /* owned; NULL: no TLS */
	uint16_t area;      /* its first address */
	uint16_t transaction;
	bool reading;
	bool closed;  /* the server has closed it */
	size_t burst; /* bytes it sends between two turns; 0: all it can */

	/* Requests, whole ADUs one after another, and what came of them. */
	uint8_t asked[RIG_ASKED_MAX];
	size_t asked_length;
	size_t sent;
	size_t begun; /* of "rtu": bytes sent of the frame after these */
	size_t answered;
	unsigned replies;

	uint8_t in[512]; /* part of a reply */
	size_t in_length;
};

struct rig {
	struct event_base *base;
	struct server *server;
	struct door *door; /* NULL: plain sockets */
	struct held_order order;
	struct datatable *table;
	bool calm;    /* nothing fails for now */
	bool holding; /* writes wait for rig_settle_writes */
	unsigned stops;
	struct rig_client clients[RIG_CLIENTS];
};

/* Once, first of all. */
void rig_init(void);

/*
 * Make a server that listens, on a base of its own. Failures may keep it from
 * starting. Returns whether it did; rig_end is due in any case.
 */
bool rig_begin(struct rig *r);

/* Free everything, and check that nothing is left: no block of memory, no
 * descriptor. */
void rig_end(struct rig *r);

/* Turn the loop once, with failures unless calm, and serve the clients. Returns
 * whether anything has moved. */
bool rig_turn(struct rig *r);

/* Turn until nothing moves any more. */
void rig_settle(struct rig *r);

/* Turn until the expression is true, and insist on that. Once anything has
 * failed, time flies while nothing moves. */
#define rig_await(r, expression)                                               \
	do {                                                                   \
		uint64_t until_ = rig_clock_real() + RIG_PATIENCE_MS;          \
                                                                               \
		while (!(expression)) {                                        \
			rig_idle(r);                                           \
			if (rig_clock_real() > until_)                         \
				rig_fail(#expression, __FILE__, __LINE__);     \
		}                                                              \
	} while (0)

void rig_idle(struct rig *r);

/* Settle writes, up to the one of this number, as if from the server's loop. */
void
rig_settle_writes(struct rig *r, uint64_t up_to, enum order_outcome outcome);

/* Stop as an operator does. */
void rig_stop(struct rig *r);

/* --- clients ------------------------------------------------------------ */

/* Connect, with a small or the usual receive buffer. */
struct rig_client *rig_connect(struct rig *r, int which, bool small);

/* Ask something; it is sent as the loop turns. There has to be room. */
void
rig_ask(struct rig_client *c, uint8_t unit, const uint8_t *pdu, size_t length);

/* A request of five bytes, at an address of the client's own. */
void rig_ask_for(
    struct rig_client *c, uint8_t function, uint16_t address, uint16_t value);

/* One of many kinds of request, all within the client's area. */
void rig_ask_kind(struct rig_client *c, unsigned kind, uint16_t value);

/* Bytes that are no request, behind all that was asked. */
void rig_send_raw(struct rig_client *c, const void *bytes, size_t length);

/* Room for one more request of any kind. */
bool rig_has_room(const struct rig_client *c);

/* Whether it has a reply to all it has asked. */
bool rig_is_answered(const struct rig_client *c);

/* Whether it has that, or was closed by the server. */
bool rig_is_served(const struct rig_client *c);

/* Send what can be sent now, then half-close. */
void rig_half_close(struct rig_client *c);

/* Close; with a reset if so. */
void rig_disconnect(struct rig_client *c, bool reset);

/* A new client gets an answer, once no more fails. */
void rig_check_serves(struct rig *r);

#endif
