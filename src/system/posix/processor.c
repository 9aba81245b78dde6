#include "system/processor.h"

#include <sys/auxv.h>

/* HWCAP_CRC32 of asm/hwcap.h, which only that processor's has. */
#define ARM64_CRC32 (1UL << 7)

bool
processor_has_crc32(void)
{
	return (getauxval(AT_HWCAP) & ARM64_CRC32) != 0;
}
