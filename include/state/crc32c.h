/* CRC-32C (Castagnoli; RFC 3720, appendix B.4), which detects damaged records.
 */
#ifndef STATE_CRC32C_H
#define STATE_CRC32C_H

#include <stddef.h>
#include <stdint.h>

/* The CRC of bytes that follow others: crc is that of the others, 0 if there
 * are none. */
uint32_t crc32c(uint32_t crc, const void *bytes, size_t length);

#endif
