/* CRC-32C (Castagnoli; RFC 3720, appendix B.4), which detects damaged records.
 */
#ifndef BASE_CRC32C_H
#define BASE_CRC32C_H

#include <stddef.h>
#include <stdint.h>

/* The CRC of bytes that follow others: crc is that of the others, 0 if there
 * are none. By the processor's instruction, where it has one. Any thread. */
uint32_t crc32c(uint32_t crc, const void *bytes, size_t length);

typedef uint32_t (*crc32c_fn)(uint32_t crc, const void *bytes, size_t length);

/* The same by tables, on every processor. */
uint32_t crc32c_by_tables(uint32_t crc, const void *bytes, size_t length);

/* The same by the processor's instruction, or NULL where it has none. */
crc32c_fn crc32c_by_processor(void);

#endif
