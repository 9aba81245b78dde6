/*
 * The policy seam: questions that are asked before anything is done.
 *
 * Policies form a list; all are asked in turn, and the first no decides. A
 * question that is NULL is answered yes, and so is an empty list. Questions are
 * asked on the event loop's thread, once per connection or request; they must
 * not block.
 *
 * Internal clients (base/address.h) are no peers: nobody may connect from one
 * of their addresses, whatever the list says; and what they write, by
 * service/writing.h, is not asked about.
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

	/* May this client connect? No closes the connection. */
	bool (*may_connect)(void *arg, const struct client *who);

	/* May it use this function code at this unit identifier, whatever
	 * else the request says? Asked before decoding, so that its exception
	 * comes before those for lengths, quantities, values and addresses
	 * (MB-TCP-Security, R-31). MB_EX_NONE is yes; anything else is the
	 * exception of the reply, and the request is not executed;
	 * MB_NO_ANSWER: there is no reply. */
	enum mb_exception (*may_use)(void *arg, const struct client *who,
	    uint8_t unit, uint8_t function);

	/* May it do this? Asked between decoding and execution; answered as
	 * may_use, but always by a reply. */
	enum mb_exception (*may_request)(void *arg, const struct client *who,
	    uint8_t unit, const struct mb_request *request);

	/* May it stop the server with the shut-down word? */
	bool (*may_shut_down)(void *arg, const struct client *who);
};

/* Ask a list of policies; NULL is the empty list. An internal client may not
 * connect. */
bool policy_may_connect(const struct policy *p, const struct client *who);
enum mb_exception policy_may_use(const struct policy *p,
    const struct client *who, uint8_t unit, uint8_t function);
enum mb_exception policy_may_request(const struct policy *p,
    const struct client *who, uint8_t unit, const struct mb_request *request);
bool policy_may_shut_down(const struct policy *p, const struct client *who);

#endif
