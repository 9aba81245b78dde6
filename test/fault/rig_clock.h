/* The rig's time: what the server and libevent take for the monotonic clock. */
#ifndef RIG_CLOCK_H
#define RIG_CLOCK_H

#include <stdint.h>

/* Let so many milliseconds pass at once. */
void rig_clock_pass(uint64_t ms);

/* Milliseconds of the real clock, for how long a test may take. */
uint64_t rig_clock_real(void);

#endif
