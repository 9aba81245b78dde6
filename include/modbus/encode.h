/*
 * Encodes write requests, for writers that are no Modbus clients but whose
 * writes take the same path. Pure: no state, no input or output.
 */
#ifndef MODBUS_ENCODE_H
#define MODBUS_ENCODE_H

#include <stddef.h>
#include <stdint.h>

#include "modbus/request.h"

/*
 * Write into pdu, which has room for MB_PDU_MAX bytes, a request of function 15
 * or 16 for quantity items from address on: 1..MB_MAX_WRITE_COILS packed coils
 * or 1..MB_MAX_WRITE_REGISTERS registers, in host byte order.
 *
 * Returns its length. It decodes if address + quantity is at most 65536.
 * V1.1b3, clauses 6.11 and 6.12.
 */
size_t mb_encode_write(enum datatable_kind kind, uint16_t address,
    uint16_t quantity, const uint16_t *words, uint8_t *pdu);

/* Bytes of a request of function 22. */
#define MB_MASK_WRITE_LENGTH 7

/*
 * Write into pdu a request of function 22 that sets the bits of mask in one
 * register to those of value, and leaves the others.
 *
 * Returns its length, MB_MASK_WRITE_LENGTH. V1.1b3, clause 6.16.
 */
size_t mb_encode_mask_write(
    uint16_t address, uint16_t mask, uint16_t value, uint8_t *pdu);

#endif
