/*
 * The tap seam: a tap is called for each request with its response, once the
 * response is made. The trace and the client report are taps.
 */
#ifndef SERVICE_EXCHANGE_H
#define SERVICE_EXCHANGE_H

#include <stddef.h>
#include <stdint.h>

#include "modbus/mbap.h"
#include "modbus/request.h"

struct client;

/* All of it is borrowed until the tap returns. */
struct exchange {
	const struct client *client;
	const struct mbap_frame *frame;   /* the request as it came */
	const struct mb_request *request; /* NULL when it did not decode */
	enum mb_exception exception;      /* MB_EX_NONE when it was executed */
	const uint8_t *response;          /* the response PDU */
	size_t response_length;
};

struct tap {
	/* A group of requests of one client, which arrived together, is about
	 * to be answered; it may be empty. NULL: not called. */
	void (*began)(void *arg);
	void (*exchanged)(void *arg, const struct exchange *x);
	void *arg;
	const struct tap *next; /* borrowed, called after this one */
};

#endif
