/*
 * The function codes that this server has: one row for each, which holds all
 * that is particular to it. Whoever needs a list of function codes, or their
 * names, walks over these rows.
 *
 * To add a function: its number in modbus.h, its row in function.c, and the
 * functions that the row names.
 */
#ifndef MODBUS_FUNCTION_H
#define MODBUS_FUNCTION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "modbus/modbus.h"
#include "table/datatable.h"

struct mb_function;
struct mb_request;

/* The types below are of functions, not of pointers, so that they can declare
 * the functions of a row. */

/*
 * Decode a PDU of length 1..253 bytes into r, which is zero but for its
 * function code and row f. Returns MB_EX_NONE, or an exception, after which r
 * is undefined.
 */
typedef enum mb_exception mb_decode_fn(const struct mb_function *f,
    const uint8_t *pdu, size_t length, struct mb_request *r);

/* Execute r, as mb_execute does. */
typedef size_t
mb_execute_fn(const struct mb_request *r, struct datatable *table,
    const struct datatable_writer *writer, uint8_t *response);

/*
 * Say what is wrong with a PDU of length 1..253 bytes, except for its length,
 * quantities, byte count and addresses, which mb_explain checks by the row.
 * text has room for MB_EXPLAIN_TEXT_MAX bytes. Returns 0, and leaves text
 * alone, when nothing is.
 */
typedef int mb_explain_fn(const uint8_t *pdu, size_t length, char *text);

struct mb_function {
	const char *name; /* the specification's; NULL: no such function */
	mb_decode_fn *decode;
	mb_execute_fn *execute;
	mb_explain_fn *explain; /* NULL: nothing else can be wrong */

	uint8_t length;   /* of the request PDU, in bytes */
	bool longer;      /* the PDU may be longer */
	uint8_t read_at;  /* byte of the PDU where the address and quantity to
			     read are; 0: there are none */
	uint8_t write_at; /* likewise the address, quantity, byte count and
			     values to write */

	enum datatable_kind kind; /* of the items, if it reads or writes any */
	uint16_t most_read;       /* quantity; 0: it reads nothing */
	uint16_t most_written;    /* quantity; 0: it writes nothing */
};

/* The rows by function code. */
extern const struct mb_function mb_functions[MB_FUNCTION_CODES];

/* The row of a function code, or NULL when this server does not have it. */
static inline const struct mb_function *
mb_function(uint8_t code)
{
	return mb_functions[code].name == NULL ? NULL : &mb_functions[code];
}

/* The specification's name of a function code, or NULL when this server does
 * not have it. */
static inline const char *
mb_function_name(uint8_t code)
{
	return mb_functions[code].name;
}

#endif
