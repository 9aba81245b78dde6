/*
 * Executes decoded requests on the data table. Converts the byte order; checks
 * no limits, as decoding has done so (modbus/request.h).
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
 * MB_PDU_MAX bytes; bytes behind the response may be overwritten.
 *
 * r comes from mb_request_decode and its PDU still exists; response does not
 * overlap it. writer is passed to the table's observers. Cannot fail. Returns
 * the length, 1..253. V1.1b3, clause 6.
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
