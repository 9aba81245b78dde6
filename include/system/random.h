/* Random bytes that nobody can predict. */
#ifndef SYSTEM_RANDOM_H
#define SYSTEM_RANDOM_H

#include <stddef.h>

/* Fill out with length bytes, at most 256, without waiting. Returns 0, or -1
 * when the system has none yet; then out is undefined. */
int random_bytes(void *out, size_t length);

#endif
