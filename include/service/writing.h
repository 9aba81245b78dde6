/*
 * Writes from within the program, of any length, all or nothing, by the path of
 * a Modbus client's writes. They become requests of functions 15, 16 and 22.
 * All of those are judged first; then they are executed, or submitted to the
 * order as one write, one behind the other with nothing between them.
 */
#ifndef SERVICE_WRITING_H
#define SERVICE_WRITING_H

#include <stddef.h>
#include <stdint.h>

#include "modbus/request.h"
#include "service/order.h"

struct service;

/* The unit identifier of these writes. */
#define WRITING_UNIT 0

struct writing {
	enum datatable_kind kind;
	uint32_t address;
	uint32_t quantity;     /* address + quantity is at most 65536 */
	const uint16_t *words; /* registers, or packed coils; borrowed. NULL:
				  all zeros */
	/* Registers only: the bits of each that are written, by one request of
	 * function 22 for each; borrowed. NULL: all of them. */
	const uint16_t *masks;
};

/* The requests that writings become. */
struct writing_requests {
	size_t count;
	struct order_pdu pdus[]; /* their bytes are in the same block */
};

/* The requests of all of the count writings, which are copied. To be freed by
 * free(); NULL when there is no memory. */
struct writing_requests *
writing_encode(const struct writing *writings, size_t count);

/* Called once for what was submitted; after ORDER_EXECUTE it was executed. */
typedef void (*writing_settled_fn)(void *owner, enum order_outcome outcome);

struct writing_result {
	/* MB_EX_NONE, or why nothing was written: the policy's answer, or 04
	 * when writes are refused for now or there is no memory. */
	enum mb_exception exception;
	struct mb_range refused; /* what the policy refused first */
	enum datatable_kind refused_kind;

	/* NULL: it was executed. Otherwise settled will be called, unless
	 * order_forget is called first, as when the owner goes. */
	struct order_write *waits;
};

/*
 * Write all of the count writings, on behalf of who. They are copied. The
 * policy is asked, unless who is an internal client (base/address.h); what the
 * simulation writes is unrecorded. settled is not called before this returns; s
 * is borrowed until settled is called.
 */
struct writing_result writing_submit(const struct service *s,
    const struct client *who, const struct writing *writings, size_t count,
    writing_settled_fn settled, void *owner);

#endif
