#include "system/random.h"

#include <sys/random.h>

int
random_bytes(void *out, size_t length)
{
	return getrandom(out, length, GRND_NONBLOCK) < 0 ? -1 : 0;
}
