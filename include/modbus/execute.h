/*
 * A decoded request carried out on the data table. Knows the byte order on the
 * wire; knows no limits (request.h has checked them) and no socket.
 */
#ifndef MODBUS_EXECUTE_H
#define MODBUS_EXECUTE_H

#include <stddef.h>
#include <stdint.h>

#include "modbus/request.h"

struct datatable;
struct datatable_writer;

/*
 * Execute r and write the response PDU into response, which has room for
 * MB_PDU_MAX bytes; those behind the response may be written too.
 *
 * r comes from mb_request_decode and its PDU is still there; response does not
 * overlap it. Cannot fail. Returns the length, 1..253. writer is told to the
 * table's observers. V1.1b3, clause 6.
 */
size_t mb_execute(const struct mb_request *r, struct datatable *table,
    const struct datatable_writer *writer, uint8_t *response);

/*
 * Write the exception response to a request of the given function code: the
 * code with its top bit set, also where the request had set it, then the
 * exception code. Returns its length, MB_EXCEPTION_SIZE. V1.1b3, clause 7.
 */
size_t mb_put_exception(
    uint8_t function, enum mb_exception exception, uint8_t *response);

#endif
