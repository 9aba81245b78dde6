/*
 * A replica as bytes: magic, mode, number, fingerprint, sessions, registers,
 * coils, and their CRC-32C; numbers are little-endian. They come from outside:
 * decoding is total.
 */
#ifndef SHARED_SNAPSHOT_H
#define SHARED_SNAPSHOT_H

#include <stddef.h>
#include <stdint.h>

#include "shared/replica.h"

/* Room for any snapshot: 131,072 bytes of registers, 8,192 of coils, and what
 * stands before and behind. */
#define SNAPSHOT_MAX (160 * 1024)

/* Encode a replica into out, which has room for SNAPSHOT_MAX bytes. Returns the
 * length. */
size_t snapshot_encode(const struct replica *r, uint8_t *out);

/* Decode into r, whose table is written without observers being told. Returns
 * 0, or -1 with r and its table as they were: damaged, another version, of
 * another mode than r's, or no memory. */
int snapshot_decode(const void *bytes, size_t length, struct replica *r);

#endif
