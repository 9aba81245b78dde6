/*
 * RTU frames over a socket as a transport (service/transport.h): what arrives
 * as RTU frames is read as ADUs of Modbus/TCP, with transaction identifiers
 * that it counts itself, and ADUs that are written leave as RTU frames. There
 * is no handshake.
 *
 * As on a serial line (MODBUS over Serial Line V1.02, 2.5.1), a frame whose
 * CRC does not fit gets no answer: it is dropped, with all that has arrived
 * behind it; and silence ends a frame that is incomplete. Silence is noticed
 * when the next bytes arrive.
 */
#ifndef RTU_TRANSPORT_H
#define RTU_TRANSPORT_H

#include <event2/util.h>
#include <stdint.h>

#include "base/log.h"
#include "modbus/rtu.h"
#include "modbus/rtu_frame.h"
#include "service/transport.h"

struct client;

/* Milliseconds of silence that end an incomplete frame: one of which bytes are
 * missing, and one that may have ended, as only its CRC tells, and did not
 * fit. Behind that nothing is understood, so that others must not wait long. */
#define RTU_SILENCE_MS      1000
#define RTU_SILENCE_OPEN_MS 200

/* The most bytes that are received at once. */
#define RTU_RECEIVE_MAX 4096

/* What all these transports of one event base share. Others read members. */
struct rtu_source {
	size_t connections;
	uint64_t requests;   /* frames that were read */
	uint64_t crc_errors; /* times that bytes were no frame */
	uint64_t incomplete; /* frames that silence or the peer has ended */
	struct log_limit dropped_limit;
	struct log_limit mbap_limit;
	uint8_t space[TRANSPORT_RECORD_MAX + RTU_FRAMES_GROW];
};

/* NULL when there is no memory. */
struct rtu_source *rtu_source_new(void);

/* No transport is left. NULL is fine. */
void rtu_source_free(struct rtu_source *s);

/* A transport for a connected, non-blocking socket, which is borrowed; who is
 * its client, for the log. arg is the source. For admission_init: returns NULL
 * when there is no memory. */
struct transport *
rtu_begin(void *arg, evutil_socket_t fd, const struct client *who);

#endif
