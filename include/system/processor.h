/* What the processor can do that the compiler cannot ask it for. */
#ifndef SYSTEM_PROCESSOR_H
#define SYSTEM_PROCESSOR_H

#include <stdbool.h>

/* On ARM of 64 bits: whether it has the instructions for CRC-32. */
bool processor_has_crc32(void);

#endif
