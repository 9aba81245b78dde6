/*
 * The policy seam: questions put before anything is done.
 *
 * Policies form a list; all are asked in turn, and the first no decides. A
 * question that is NULL is a yes, and so is an empty list. The questions are
 * asked on the event loop's thread, once per connection or request; they must
 * not block.
 */
#ifndef SERVICE_POLICY_H
#define SERVICE_POLICY_H

#include <stdbool.h>
#include <stdint.h>

#include "modbus/request.h"

struct client;

struct policy {
	void *arg;                 /* borrowed, given to each question */
	const struct policy *next; /* borrowed, asked after this one */

	/* May this client be connected at all? No closes the connection. */
	bool (*may_connect)(void *arg, const struct client *who);

	/* May it do this? Asked between decoding and execution. MB_EX_NONE is
	 * yes; anything else is answered as that exception, and nothing is
	 * done. */
	enum mb_exception (*may_request)(void *arg, const struct client *who,
	    uint8_t unit, const struct mb_request *request);

	/* May it stop the server with the shut-down word? */
	bool (*may_shut_down)(void *arg, const struct client *who);
};

/* Put a question to a list of policies; NULL is the empty list. */
bool policy_may_connect(const struct policy *p, const struct client *who);
enum mb_exception policy_may_request(const struct policy *p,
    const struct client *who, uint8_t unit, const struct mb_request *request);
bool policy_may_shut_down(const struct policy *p, const struct client *who);

#endif
