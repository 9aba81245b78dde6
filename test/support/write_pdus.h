/* Random PDUs that write, of every function that does. */
#ifndef WRITE_PDUS_H
#define WRITE_PDUS_H

#include <stddef.h>
#include <stdint.h>

/* The functions: 5, 6, 15, 16, 22 and 23. */
#define WRITE_PDUS_FUNCTIONS 6

/* The next number of a sequence, which depends on the first *seed, not 0. */
uint32_t write_pdus_random(uint32_t *seed);

/* Write a PDU into pdu, which has room for 253 bytes. which chooses the
 * function, 0..WRITE_PDUS_FUNCTIONS - 1. Returns its length. */
size_t write_pdus_make(uint32_t *seed, unsigned which, uint8_t *pdu);

#endif
