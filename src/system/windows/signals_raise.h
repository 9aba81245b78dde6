/* Requests to the process, from the threads that Windows calls it on. */
#ifndef SIGNALS_RAISE_H
#define SIGNALS_RAISE_H

#include <stdbool.h>

#include "system/signals.h"

/* Make a request: it reaches the event loop. how is a constant text. Returns
 * whether it is caught. */
bool signals_raise(enum signals_request request, const char *how);

#endif
