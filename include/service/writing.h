/*
 * Writes from within: of any length, all or nothing, by the path that a Modbus
 * client's writes take. As requests of functions 15 and 16 they are judged, all
 * of them; only then they are executed, or submitted to the order as one write,
 * one behind the other with nothing between them.
 */
#ifndef SERVICE_WRITING_H
#define SERVICE_WRITING_H

#include <stddef.h>
#include <stdint.h>

#include "modbus/request.h"
#include "service/order.h"

struct service;

/* The unit identifier of those who write by another way than Modbus. */
#define WRITING_UNIT 0

struct writing {
	enum datatable_kind kind;
	uint32_t address;
	uint32_t quantity;     /* address + quantity is at most 65536 */
	const uint16_t *words; /* registers, or packed coils; borrowed. NULL:
				  all zero */
};

/* Called once for what was submitted; after ORDER_EXECUTE it was executed. */
typedef void (*writing_settled_fn)(void *owner, enum order_outcome outcome);

struct writing_result {
	/* MB_EX_NONE, or why nothing was written: what the policy answers, or
	 * 04 when it cannot be done now. */
	enum mb_exception exception;
	struct mb_range refused; /* what the policy refused first */

	/* NULL: it was executed. Else settled will be called, unless the owner
	 * goes: then it must call order_forget first. */
	struct order_write *waits;
};

/*
 * Write all of writings, count of them, for who. They are copied. settled is
 * not called before this returns; s is borrowed until it is.
 */
struct writing_result writing_submit(const struct service *s,
    const struct client *who, const struct writing *writings, size_t count,
    writing_settled_fn settled, void *owner);

#endif
