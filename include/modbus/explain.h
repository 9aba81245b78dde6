/*
 * Explains why a request does not decode, in one sentence for the author of the
 * client. Pure: no state, no input or output.
 */
#ifndef MODBUS_EXPLAIN_H
#define MODBUS_EXPLAIN_H

#include <stddef.h>
#include <stdint.h>

/* Bytes for any such sentence and its NUL. */
#define MB_EXPLAIN_TEXT_MAX 100

/* Explain the PDU of length 1..253 bytes into text, which has room for
 * MB_EXPLAIN_TEXT_MAX bytes. Returns text. For a request that decodes, text
 * says that nothing is wrong. */
const char *mb_explain(const uint8_t *pdu, size_t length, char *text);

#endif
