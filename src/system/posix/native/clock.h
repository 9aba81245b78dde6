#ifndef NATIVE_CLOCK_H
#define NATIVE_CLOCK_H

#include <time.h>

/* See clock_steady_us. */
#define NATIVE_CLOCK_STEADY CLOCK_BOOTTIME

#endif
