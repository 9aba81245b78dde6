#include "system/random.h"

#include "api.h"

#include <bcrypt.h>

int
random_bytes(void *out, size_t length)
{
	return BCryptGenRandom(NULL, out, (ULONG)length,
		   BCRYPT_USE_SYSTEM_PREFERRED_RNG) == 0 ?
	    0 :
	    -1;
}
