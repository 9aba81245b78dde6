/*
 * Writes of any length, all or nothing, by the path that a Modbus client's
 * take: as requests of functions 15 and 16 they are decoded, the policy is
 * asked about each, and only then are they executed, one behind the other, with
 * nobody between. The gate is asked once, at the end.
 */
#ifndef SERVICE_WRITING_H
#define SERVICE_WRITING_H

#include <stddef.h>
#include <stdint.h>

#include "modbus/request.h"

struct client;
struct datatable;
struct gate;
struct policy;

/* The unit identifier of who writes over HTTP. */
#define WRITING_UNIT 0

struct writing {
	enum datatable_kind kind;
	uint32_t address;
	uint32_t quantity;     /* address + quantity is at most 65536 */
	const uint16_t *words; /* registers, or packed coils; borrowed. NULL:
				  all zero */
};

/*
 * What the policy says of all of them: MB_EX_NONE is yes. Otherwise refused
 * becomes the range that was refused first.
 */
enum mb_exception writing_check(const struct writing *writings, size_t count,
    const struct policy *policy, const struct client *who,
    struct mb_range *refused);

/* Write them all; they have been checked. Returns the gate's ticket, or 0. */
uint64_t writing_execute(const struct writing *writings, size_t count,
    struct datatable *table, struct gate *gate, const struct client *who);

#endif
