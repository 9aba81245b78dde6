/*
 * What is wrong with a request that does not decode, in a sentence for whoever
 * wrote the client. Pure.
 */
#ifndef MODBUS_EXPLAIN_H
#define MODBUS_EXPLAIN_H

#include <stddef.h>
#include <stdint.h>

/* Room for any such sentence. */
#define MB_EXPLAIN_TEXT_MAX 100

/* pdu has length 1..253 bytes; text has room for MB_EXPLAIN_TEXT_MAX. Returns
 * text. Of a request that decodes it says that nothing is wrong. */
const char *mb_explain(const uint8_t *pdu, size_t length, char *text);

#endif
