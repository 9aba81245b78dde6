/*
 * The tap seam: told of each request together with its response, once the
 * response is made. For the trace, and for whatever reports on clients.
 */
#ifndef SERVICE_EXCHANGE_H
#define SERVICE_EXCHANGE_H

#include <stddef.h>
#include <stdint.h>

#include "modbus/mbap.h"
#include "modbus/request.h"

struct client;

/* All of it is borrowed, and gone when the tap returns. */
struct exchange {
	const struct client *client;
	const struct mbap_frame *frame;   /* the request as it came */
	const struct mb_request *request; /* NULL when it did not decode */
	enum mb_exception exception;      /* MB_EX_NONE when it was done */
	const uint8_t *response;          /* the response PDU */
	size_t response_length;
};

struct tap {
	/* Requests of one client that came together are about to be answered,
	 * maybe none. NULL: it does not matter. */
	void (*began)(void *arg);
	void (*exchanged)(void *arg, const struct exchange *x);
	void *arg;
	const struct tap *next; /* borrowed, told after this one */
};

#endif
