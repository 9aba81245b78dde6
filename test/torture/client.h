/*
 * One connection to the server under test, over TCP with or without TLS or over
 * a socket of this machine, or one UDP socket, and the frames on it.
 *
 * In RTU what is sent and received are ADUs as well: the client makes frames of
 * them, and replies of frames.
 *
 * Every wait ends: with bytes, with the end of the connection, or in time.
 * Nothing a server does can block, kill or confuse the caller.
 */
#ifndef CLIENT_H
#define CLIENT_H

#include <stdbool.h>
#include <sys/socket.h>

#include "bytes.h"

/* Where the server is, and how patient its clients are. */
struct endpoint {
	struct sockaddr_storage address;
	socklen_t address_length;
	struct ssl_ctx_st *secure; /* owned; for TLS (secure.h), or NULL */
	bool udp;                  /* each send is a datagram; no TLS */
	bool rtu;                  /* RTU frames (rtu.h); neither of these */
	bool uncarried;  /* there was a request that RTU does not carry */
	double timeout;  /* seconds to wait for one answer */
	double deadline; /* of everything, as clock_now tells it */
	double vain;     /* seconds spent on answers that never came */
	double seen; /* when waiting was last begun, gone on with or ended */
	double held; /* seconds that the host did not let this process run */
};

/* Seconds of a clock that only runs forward. */
double clock_now(void);

/* Find the server. Returns 0, or -1 with one line in error, 200 bytes. */
int endpoint_resolve(
    struct endpoint *e, const char *host, const char *port, char *error);

/* The same for a socket of this machine at path. */
int endpoint_at_path(struct endpoint *e, const char *path, char *error);

/* Whether the time for everything is over. */
bool endpoint_expired(const struct endpoint *e);

enum reply_kind {
	REPLY_FRAME,
	REPLY_TIMEOUT,    /* nothing, or a part of a frame, in time */
	REPLY_CLOSED,     /* EOF or reset, or not even connected */
	REPLY_BAD_HEADER, /* not a header of Modbus/TCP, or no reply in RTU; it
			     is in pdu */
};

struct reply {
	enum reply_kind kind;
	uint16_t transaction;
	uint8_t unit;
	struct bytes pdu;
};

/* The PDU, or what came instead of a frame, for people. text has room for
 * REPLY_TEXT bytes; returns text. */
#define REPLY_TEXT (BYTES_TEXT + 40)
const char *reply_text(const struct reply *reply, char *text);

struct client;

/* Connect, and shake hands. NULL when that fails; e must outlive the client. */
struct client *client_open(struct endpoint *e);

/* Close, with close_notify before. NULL is allowed. */
void client_close(struct client *c);

/* Close with RST. */
void client_reset(struct client *c);

/* Send FIN, and close_notify before it; go on reading. */
void client_half_close(struct client *c);

/*
 * Send all bytes, each call in a segment, and a record, of its own if they fit
 * one (TCP_NODELAY). Reads meanwhile, so a server that waits for its replies to
 * be read does not wait in vain. Returns 0, or -1 when the connection is lost
 * or takes no more in time. All functions of a client allow it to be NULL, and
 * then fail as if the connection were lost.
 */
int client_send(struct client *c, const void *data, size_t length);

/* The same for a request. In RTU, one that no frame carries is not sent. */
int client_send_pdu(struct client *c, uint16_t transaction, uint8_t unit,
    const struct bytes *pdu);

/* Whether no RTU frame can carry a request, and RTU it is; then that is
 * remembered. */
bool client_refuses(const struct client *c, const struct bytes *pdu);

/* Send what is taken at once, never reading: the number of bytes, or -1 when
 * the connection is lost. After 0, try again with the same bytes. */
long client_send_some(struct client *c, const void *data, size_t length);

/* The next reply, waited for as long as the endpoint allows. */
struct reply client_receive(struct client *c);

/* The next reply if it comes in so many seconds. Waiting in vain is no fault
 * here and makes nobody less patient. */
struct reply client_receive_within(struct client *c, double seconds);

/* Set the receive buffer, to have less room for replies not read. */
void client_shrink_receive_buffer(struct client *c);

#endif
