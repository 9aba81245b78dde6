/*
 * Modbus RTU frames, to recognise them where Modbus/TCP is expected. Nothing
 * here serves them.
 *
 *   unit identifier | function code | data | CRC-16, low byte first
 *
 * MODBUS over Serial Line V1.02, clauses 2.5.1 and 6.2.2.
 */
#ifndef MODBUS_RTU_H
#define MODBUS_RTU_H

#include <stddef.h>
#include <stdint.h>

/* The CRC-16 of so many bytes. */
uint16_t rtu_crc(const uint8_t *bytes, size_t length);

/*
 * How many whole RTU requests bytes begin with, one behind the other: unit
 * identifier 1 to 247, a function code whose requests have a known length, and
 * a CRC that fits. Bytes that are no request have one that fits by chance once
 * in 65536 times.
 */
size_t rtu_count_requests(const uint8_t *bytes, size_t length);

#endif
