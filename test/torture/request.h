/*
 * A request to one of the data tables, judged by its answer and by what it has
 * done to the table.
 */
#ifndef REQUEST_H
#define REQUEST_H

#include "run.h"

#define ITEMS_MAX 2048 /* more than any request reads or writes */

enum shape {
	READ,
	WRITE_ONE,
	MASK,
	WRITE_MANY,
	READ_WRITE,
};

struct function {
	uint8_t code;
	enum shape shape;
	enum table table;
	uint32_t most; /* items; of function 23, those that are written */
	const char *clause;
};

/* A request to judge by its answer and by what it has done. */
struct request {
	const struct function *function;
	struct bytes pdu;
	uint8_t exception; /* due, or 0 */
	uint32_t address;  /* of the items written or read */
	uint32_t quantity;
	uint16_t values[ITEMS_MAX]; /* written */
	uint16_t and_mask;          /* function 22 */
	uint32_t read_address;      /* function 23 */
	uint32_t read_quantity;
};

/* A request of so many items at 0, with new values; the caller may change it
 * before request_build. */
struct request
request_new(struct run *r, const struct function *f, uint32_t quantity);

/* Make the PDU out of the other members. */
void request_build(struct request *q);

/* The check: arg is a struct request. */
struct verdict check_request(struct run *r, const void *arg);

#endif
