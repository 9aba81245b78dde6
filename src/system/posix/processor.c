#include "system/processor.h"

#include <sys/auxv.h>

bool
processor_has_crc32(void)
{
	return (getauxval(AT_HWCAP) & HWCAP_CRC32) != 0;
}
