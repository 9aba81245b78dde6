#ifndef NATIVE_CLOCK_H
#define NATIVE_CLOCK_H

#include <time.h>

/* Of struct timeval, as POSIX calls it. */
typedef long suseconds_t;

/* See clock_steady_us: it goes on while the machine sleeps. */
#define NATIVE_CLOCK_STEADY CLOCK_MONOTONIC

#endif
